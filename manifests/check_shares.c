// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What services share of each other's instances: who is meant by a name, and that who shares
 * something starts after whom it belongs to.
 */
#include "manifests/check_networks.h"
#include "manifests/scalar.h"
#include "manifests/stack.h"

#include <string.h>

void check_add_dependency(const struct network_check *check, struct service *service,
			  const char *target, struct pos pos)
{
	size_t count = service->depends_on_count;
	struct dependency *all = arena_new(check->keep, struct dependency, count + 1);
	size_t at = 0;

	while (at < count && strcmp(service->depends_on[at].service, target) < 0)
		at++;
	if (at < count && strcmp(service->depends_on[at].service, target) == 0) {
		service->depends_on[at].restart = true;
		return;
	}
	if (count) {
		memcpy(all, service->depends_on, at * sizeof(*all));
		memcpy(all + at + 1, service->depends_on + at, (count - at) * sizeof(*all));
	}
	all[at] = (struct dependency){.service = arena_text(check->keep, target),
				      .required = true,
				      .restart = true,
				      .pos = pos};
	service->depends_on = all;
	service->depends_on_count = count + 1;
}

/* SERVICE-N, as davit calls instances, also with the stack's name in front, as other tools do. */
static const struct service *numbered(const struct network_check *check, const char *name,
				      unsigned *ret_index)
{
	size_t len = strlen(check->stack->name);
	size_t cut = strlen(name);
	int64_t index = 0;

	while (cut && name[cut - 1] >= '0' && name[cut - 1] <= '9')
		cut--;
	if (cut < 2 || !strchr("-_", name[cut - 1]) ||
	    scalar_int(name + cut, 1, UINT32_MAX, &index, NULL) < 0)
		return NULL;
	const char *service = arena_copy(check->scratch, name, cut - 1);
	const struct service *found = stack_service(check->stack, service);

	if (!found && strncmp(service, check->stack->name, len) == 0 && service[len] &&
	    strchr("-_", service[len]))
		found = stack_service(check->stack, service + len + 1);
	*ret_index = (unsigned)index;
	return found;
}

const struct service *check_instance_named(const struct network_check *check, const char *name,
					   unsigned *ret_index)
{
	const struct stack *stack = check->stack;

	for (size_t i = 0; i < stack->service_count; i++) {
		const char *given = stack->services[i].container_name.value;

		if (!given || strcmp(given, name) != 0)
			continue;
		*ret_index = 1;
		return &stack->services[i];
	}
	return numbered(check, name, ret_index);
}

static void check_share(const struct network_check *check, struct service *service, const char *key,
			struct share_spec *share)
{
	const struct service *target = NULL;

	if (share->kind == SHARE_SERVICE)
		share->service = share->name;
	if (share->kind != SHARE_CONTAINER)
		return;
	target = check_instance_named(check, share->name, &share->index);
	check->report->service = service->name;
	if (!target)
		report_note(check->report, share->pos,
			    "services.%s.%s: container:%.80s is not supported yet: no instance of "
			    "this stack is called so",
			    service->name, key, share->name);
	else if (target == service)
		report_error(check->report, share->pos,
			     "services.%s.%s: a service cannot share its own", service->name, key);
	else
		check_add_dependency(check, service, target->name, share->pos);
	check->report->service = NULL;
	share->service = target && target != service ? target->name : NULL;
}

void check_shares(const struct network_check *check)
{
	for (size_t i = 0; i < check->stack->service_count; i++) {
		struct service *service = &check->stack->services[i];

		check_share(check, service, "ipc", &service->process.ipc);
		check_share(check, service, "pid", &service->process.pid);
	}
}
