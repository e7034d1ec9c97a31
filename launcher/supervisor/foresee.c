// SPDX-License-Identifier: GPL-2.0-or-later
/* `plan`: what an `up` would change. Compares as that does, and has nothing to commit. */
#include "launcher/changes.h"
#include "launcher/missing.h"
#include "launcher/policy/reconcile.h"
#include "launcher/policy/surplus.h"
#include "launcher/supervisor/apply_change.h"
#include "launcher/supervisor/images.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The revision that a service is going to have. */
static void foresee_revision(struct change *change, size_t i, struct revision *ret)
{
	const struct service *service = &change->manifest->stack->services[i];
	const struct unit *before = change_unit_before(change->sup, service->name);
	struct container_fault fault = {.item = CONTAINER_ITEM_NONE};

	if (!change->targeted[i] && before && before->plan) {
		*ret = before->plan->revision;
		return;
	}
	if (images_attach(change->sup, change->manifest, service, NULL, &fault) < 0) {
		change_add_problem(change, service, &fault);
		return;
	}
	revision_of(change->manifest->stack, service, ret);
	/* One that is as it was is not prepared again. */
	if (!before || !before->plan || strcmp(before->plan->revision.hex, ret->hex) != 0)
		missing_list(change->manifest->stack, service, change->sup->volumes_dir,
			     &change->problems);
}

/* NULL: no memory. */
static struct json_t *print_revision(const struct plan *before, const struct changes_side *after)
{
	const struct changes_side side = {before->manifest->stack, before->service};
	autojs struct json_t *between = NULL;
	autobuf struct buf names = {0};

	if (changes_between(&side, after, &between, NULL) < 0)
		return NULL;
	changes_names(between, &names);
	if (!js_put(between, "service", js_pack("s", after->service->name)) ||
	    !js_put(between, "why", names.failed ? NULL : js_lossy(names.len ? names.data : "")))
		return NULL;
	return take_ptr(between);
}

/* Which services get another revision, and by what. */
static struct json_t *print_revisions(const struct change *change, const struct desired *desired)
{
	const struct stack *stack = change->manifest->stack;
	autojs struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && i < stack->service_count; i++) {
		const struct changes_side after = {stack, &stack->services[i]};
		const struct unit *before = change_unit_before(change->sup, after.service->name);
		const struct plan *plan = before ? before->plan : NULL;

		if (plan && change->selected[i] &&
		    strcmp(plan->revision.hex, desired[i].revision) != 0 &&
		    !js_append(list, print_revision(plan, &after)))
			return NULL;
	}
	return take_ptr(list);
}

static struct reply foresee_changes(struct change *change, const struct desired *desired)
{
	const struct stack *stack = change->manifest->stack;
	autosituation struct situation now = {0};
	autoreconcile struct reconcile_plan plan = {0};
	struct err err = {0};
	int r = situation_collect(change->sup, &now, &err);

	for (size_t i = 0; i < now.count; i++) {
		long s = observed_service(stack, now.observed[i].service);

		now.observed[i].replace |=
			s >= 0 && change_revives(change, (size_t)s, now.instances[i]);
	}
	if (r == 0) {
		surplus_mark(stack, desired, now.observed, now.count, now.scratch);
		r = reconcile(stack, desired, now.observed, now.count, RECONCILE_ALL, &plan, &err);
	}
	if (r < 0)
		return reply_error(500, 1, "%s", err.text);
	return (struct reply){200, js_pack("{s:i, s:s, s:o, s:o, s:o}", "schema", 1, "stack",
					   change->sup->name, "changes",
					   apply_print_plan(stack, &plan, now.observed), "services",
					   print_revisions(change, desired), "warnings",
					   change_lines(&change->warnings))};
}

static struct reply foresee(struct change *change)
{
	size_t count = change->manifest->stack->service_count;
	autofree struct revision *revisions = calloc(count + 1, sizeof(*revisions));
	autofree struct desired *desired = calloc(count + 1, sizeof(*desired));

	if (!revisions || !desired)
		return reply_error(500, 1, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct unit *unit = &change->units[i];

		if (change->selected[i])
			foresee_revision(change, i, &revisions[i]);
		desired[i] = (struct desired){
			.replicas = unit->selected && !unit->stopped ? unit->replicas : 0,
			.revision = revisions[i].hex,
			.scheduled = change->manifest->stack->services[i].schedule.present};
	}
	return change_has_problems(change)
		       ? change_refusal(400, 1, "up would change nothing", &change->problems)
		       : foresee_changes(change, desired);
}

struct reply apply_plan(struct supervisor *sup, const struct json_t *request)
{
	struct change change = {.sup = sup, .foresees = true};
	struct reply reply;

	if (sup->ending)
		return reply_error(409, 1, "stack %s is being taken down", sup->name);
	if (change_load(&change, request, &reply) == 0 &&
	    change_decide(&change, request, &reply) == 0)
		reply = foresee(&change);
	change_free(&change);
	return reply;
}
