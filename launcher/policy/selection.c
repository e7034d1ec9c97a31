// SPDX-License-Identifier: GPL-2.0-or-later
/* Which services an `up` is about; see selection.h. */
#include "launcher/policy/selection.h"

#include "launcher/policy/depgraph.h"
#include "launcher/policy/observed.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>

int selection_make(const struct stack *stack, const struct selection *selection, bool *ret_selected,
		   struct err *err)
{
	autodepgraph struct depgraph graph = {0};

	for (size_t i = 0; i < stack->service_count && selection->count == 0; i++)
		ret_selected[i] = stack->services[i].enabled;
	for (size_t i = 0; i < selection->count; i++) {
		long service = observed_service(stack, selection->names[i]);

		if (service < 0)
			return err_say(err, ENOENT, "no service '%s' in stack %s",
				       selection->names[i], stack->name);
		ret_selected[service] = true;
	}
	int r = depgraph_build(stack, &graph, err);

	if (r == 0 && selection->count > 0 && !selection->no_deps)
		depgraph_mark_dependencies(&graph, ret_selected);
	for (size_t i = 0; r == 0 && selection->only_deps && i < selection->count; i++)
		ret_selected[observed_service(stack, selection->names[i])] = false;
	return r;
}

int selection_names(const struct stack *stack, const struct selection *selection,
		    const char ***ret_names, struct err *err)
{
	autofree bool *selected = calloc(stack->service_count + 1, sizeof(*selected));
	autofree const char **names = calloc(stack->service_count + 1, sizeof(*names));
	size_t count = 0;

	if (!selected || !names)
		return err_set(err, ENOMEM, "select services");
	int r = selection_make(stack, selection, selected, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < stack->service_count; i++)
		if (selected[i])
			names[count++] = stack->services[i].name;
	*ret_names = take_ptr(names);
	return 0;
}
