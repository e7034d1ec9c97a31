// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `up`: a manifest becomes what is desired. Everything that can fail comes first (loading,
 * preparing revisions, reserving ports); from the commit on nothing fails, so a refused `up`
 * changes nothing.
 */
#include "launcher/changes.h"
#include "launcher/js.h"
#include "launcher/lower.h"
#include "launcher/policy/selection.h"
#include "launcher/supervisor/applied.h"
#include "launcher/supervisor/apply.h"
#include "launcher/supervisor/apply_change.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/gauge.h"
#include "launcher/supervisor/images.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/rollouts.h"
#include "launcher/supervisor/stamp.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/wall.h"
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void describe_all(struct change *change)
{
	for (size_t i = 0; i < change->diags.count; i++) {
		const struct diagnostic *item = &change->diags.items[i];

		diagnostic_add(item->severity == SEVERITY_ERROR ? &change->problems
								: &change->warnings,
			       item->severity, item->pos, NULL, "%s", item->message);
	}
}

/* Every line counts, also one that quotes a path that is not UTF-8. */
struct json_t *change_lines(const struct strv *lines)
{
	struct json_t *array = js_pack("[]");

	for (size_t i = 0; array && i < lines->count; i++)
		if (!js_append(array, js_lossy(lines->items[i])))
			break;
	return array;
}

bool change_has_problems(const struct change *change)
{
	return change->problems.count > 0 || change->problems.failed;
}

struct reply change_refusal(unsigned status, int exit_code, const char *error,
			    const struct strv *lines)
{
	if (lines->failed)
		return reply_error(500, 1, "out of memory");
	return (struct reply){status,
			      js_pack("{s:i, s:o, s:i, s:o}", "schema", 1, "error", js_lossy(error),
				      "exit_code", exit_code, "diagnostics", change_lines(lines))};
}

/* Loads what the request names. On failure @refusal is the answer. */
int change_load(struct change *change, const struct json_t *request, struct reply *refusal)
{
	struct err err = {0};
	int r = change->foresees ? applied_read(change->sup, request, &change->diags,
						&change->manifest, &err)
				 : applied_load(change->sup, request, &change->diags,
						&change->manifest, &err);

	if (r == 0)
		return 0;
	describe_all(change);
	*refusal = r == -ENOMEM ? reply_error(500, 1, "out of memory")
				: change_refusal(400, 2, err.text, &change->problems);
	return r;
}

/* What davit cannot do yet is an error when a service needs it that is to be launched. */
static int judge(struct change *change, const struct selection *selection, struct reply *refusal)
{
	autofree const char **names = NULL;
	struct err err = {0};

	if (selection_names(change->manifest->stack, selection, &names, &err) < 0) {
		*refusal = reply_error(500, 1, "%s", err.text);
		return -ENOMEM;
	}
	diagnostics_judge(&change->diags, names);
	describe_all(change);
	if (change->diags.error_count > 0)
		*refusal = change_refusal(400, 2, "nothing was changed", &change->problems);
	return change->diags.error_count > 0 ? -EINVAL : 0;
}

static int select_services(struct change *change, const struct json_t *request,
			   struct reply *refusal)
{
	autostrv struct strv names = {0};
	struct err err = {0};

	js_collect(js_get(request, "services"), &names);
	const struct selection selection = {names.items, names.count, js_bool(request, "no_deps"),
					    js_bool(request, "only_deps")};
	int r = names.failed ? err_set(&err, ENOMEM, "select services")
			     : selection_make(change->manifest->stack, &selection, change->targeted,
					      &err);

	if (r == -ENOENT)
		*refusal = reply_error(404, 1, "%s", err.text);
	else if (r < 0)
		*refusal = reply_error(400, 2, "%s", err.text);
	return r < 0 ? r : judge(change, &selection, refusal);
}

const struct unit *change_unit_before(const struct supervisor *sup, const char *service)
{
	long i = sup->manifest ? observed_service(sup->manifest->stack, service) : -1;

	return i >= 0 && sup->units[i].selected ? &sup->units[i] : NULL;
}

/* What only tunes is not refused for want of the kernel's support. */
static void warn_weight(struct change *change, const struct service *service)
{
	const struct blkio_spec *blkio = &service->limits.blkio;
	struct pos pos = blkio->weight_pos;

	if (!blkio->weight && blkio->device_count && blkio->devices[0].kind == BLKIO_WEIGHT)
		pos = blkio->devices[0].pos;
	if (pos.line && !cg_io_weighs(change->sup->cgroups))
		diagnostic_add(&change->host_warnings, SEVERITY_WARNING, pos, service->name,
			       "the weight has no effect: this kernel does not weigh the use of "
			       "devices");
}

static void warn_high(struct change *change, const struct service *service)
{
	if (service->limits.memory_high_bytes && cg_tree_layout(change->sup->cgroups) != CG_V2)
		diagnostic_add(&change->host_warnings, SEVERITY_WARNING,
			       service->limits.memory_high_pos, service->name,
			       "x-memory-high has no effect: control groups of version 1 hold "
			       "nothing back before the limit");
}

void change_add_problem(struct change *change, const struct service *service,
			const struct container_fault *fault)
{
	lower_fault_add(service, fault, &change->problems);
}

/* What the plan of a service is to be made of; one that is as it was keeps it. */
static void settle_one(struct change *change, size_t i)
{
	const struct service *service = &change->manifest->stack->services[i];
	const struct unit *before = change_unit_before(change->sup, service->name);
	const struct plan_source source = {change->manifest, service, 1};
	struct container_fault fault = {.item = CONTAINER_ITEM_NONE};
	struct revision revision;

	if (images_attach(change->sup, change->manifest, service, NULL, &fault) < 0) {
		change_add_problem(change, service, &fault);
		return;
	}
	revision_of(change->manifest->stack, service, &revision);
	if (before && before->plan &&
	    (!change->targeted[i] || strcmp(before->plan->revision.hex, revision.hex) == 0)) {
		change->units[i].plan = plan_ref(before->plan);
		return;
	}
	int r = fills_ready(change->sup, &source, false, &fault);

	if (r == -EINPROGRESS)
		change->later = true;
	else if (r < 0)
		change_add_problem(change, service, &fault);
}

/* A revision that cannot be prepared is a problem. */
static void prepare_one(struct change *change, size_t i)
{
	const struct service *service = &change->manifest->stack->services[i];
	const struct plan_source source = {change->manifest, service, 1};
	struct container_fault fault = {.item = CONTAINER_ITEM_NONE};

	if (change->units[i].plan)
		return;
	if (plan_make(change->sup, &source, &change->units[i].plan, &fault) < 0) {
		change_add_problem(change, service, &fault);
		return;
	}
	warn_weight(change, service);
	warn_high(change, service);
}

static void prepare_all(struct change *change)
{
	size_t count = change->manifest->stack->service_count;

	for (size_t i = 0; i < count; i++)
		if (change->selected[i])
			settle_one(change, i);
	for (size_t i = 0; i < count && !change->later && !change_has_problems(change); i++)
		if (change->selected[i])
			prepare_one(change, i);
}

/* By which it ran until now, which its plan may be older than; NULL: by none. */
static const struct run_schedule *schedule_before(const struct supervisor *sup,
						  const struct unit *before)
{
	const struct run_schedule *schedule =
		before ? &sup->manifest->stack->services[before - sup->units].schedule : NULL;

	return schedule && schedule->present ? schedule : NULL;
}

static bool is_same_schedule(const struct run_schedule *a, const struct run_schedule *b)
{
	return strcmp(a->cron.text, b->cron.text) == 0 && strcmp(a->tz, b->tz) == 0;
}

/* How many there shall be where the request does not say: what the load has made of it
 * stays, within what the manifest allows now. */
static unsigned replicas_after(const struct service *service, const struct unit *before,
			       bool targeted)
{
	const struct autoscale *autoscale = &service->autoscale;
	unsigned least = autoscale->min ? autoscale->min : 1;

	if (!before || (targeted && !autoscale->present) || (before->asleep && !autoscale->idle_ms))
		return service->replicas;
	if (!autoscale->present || !targeted)
		return before->replicas;
	if (before->asleep)
		return 0;
	if (before->replicas < least)
		return least;
	return before->replicas > autoscale->max ? autoscale->max : before->replicas;
}

static void fill_units(struct change *change, const struct json_t *scale)
{
	const struct stack *stack = change->manifest->stack;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		const struct unit *before = change_unit_before(change->sup, service->name);
		const struct run_schedule *schedule = schedule_before(change->sup, before);
		struct unit *unit = &change->units[i];

		change->selected[i] = change->targeted[i] || before;
		unit->selected = change->selected[i];
		unit->stopped = before && before->stopped && !change->targeted[i];
		unit->turned_back = before && before->turned_back && !change->targeted[i];
		unit->replicas = !service->schedule.present
					 ? replicas_after(service, before, change->targeted[i])
				 : schedule ? before->replicas
					    : 0;
		unit->replicas = (unsigned)js_int(scale, service->name, unit->replicas);
		if (service->schedule.present && schedule &&
		    is_same_schedule(schedule, &service->schedule))
			unit->times = before->times;
		unit->changed = before && before->changed ? js_copy(before->changed) : NULL;
		if (before && !js_get(scale, service->name)) {
			unit->asleep = before->asleep && unit->replicas == 0;
			unit->held = before->held && service->autoscale.idle_ms > 0 &&
				     (unit->asleep || unit->replicas > 0);
		}
	}
}

static void open_networks(struct change *change)
{
	const struct stack *stack = change->manifest->stack;

	for (size_t i = 0; i < stack->service_count; i++)
		if (change->selected[i])
			networks_open(change->sup, stack, &stack->services[i], &change->problems);
	for (size_t i = 0; change->sup->net && i < stack->service_count; i++)
		if (change->selected[i])
			networks_addresses(change->sup, stack, &stack->services[i]);
}

static bool scale_is_valid(const struct change *change, struct json_t *scale, struct reply *refusal)
{
	for (void *it = js_first(scale); it; it = js_next(scale, it)) {
		const char *name = js_key(it);
		long service = observed_service(change->manifest->stack, name);

		if (service < 0) {
			*refusal = reply_error(404, 2, "no service '%s' in stack %s", name,
					       change->sup->name);
			return false;
		}
		if (!apply_scale_fits(&change->manifest->stack->services[service],
				      js_int(scale, name, -1), refusal))
			return false;
	}
	return true;
}

static void check_zone(struct change *change, const struct service *service, const char *tz,
		       const struct pos *pos)
{
	if (!wall_knows(tz))
		diagnostic_add(&change->problems, SEVERITY_ERROR, *pos, service->name,
			       "this host does not know the time zone '%s'", tz);
}

static void check_zones(struct change *change)
{
	for (size_t i = 0; i < change->manifest->stack->service_count; i++) {
		const struct service *service = &change->manifest->stack->services[i];
		const struct autoscale *autoscale = &service->autoscale;

		if (!change->selected[i])
			continue;
		if (service->schedule.present)
			check_zone(change, service, service->schedule.tz, &service->schedule.pos);
		for (size_t k = 0; k < autoscale->schedule_count; k++)
			check_zone(change, service, autoscale->schedule[k].tz,
				   &autoscale->schedule[k].pos);
	}
}

/* How many instances of which services there shall be. */
int change_decide(struct change *change, const struct json_t *request, struct reply *refusal)
{
	size_t count = change->manifest->stack->service_count + 1;
	struct json_t *scale = js_get(request, "scale");

	change->units = calloc(count, sizeof(*change->units));
	change->targeted = calloc(count, sizeof(bool));
	change->selected = calloc(count, sizeof(bool));
	if (!change->units || !change->targeted || !change->selected) {
		*refusal = reply_error(500, 1, "out of memory");
		return -ENOMEM;
	}
	int r = select_services(change, request, refusal);

	if (r < 0)
		return r;
	if (!scale_is_valid(change, scale, refusal))
		return -EINVAL;
	fill_units(change, scale);
	check_zones(change);
	return 0;
}

/* Everything that can fail. */
static int prepare(struct change *change, struct reply *refusal)
{
	prepare_all(change);
	if (change->later && !change_has_problems(change)) {
		*refusal = (struct reply){REPLY_LATER, NULL};
		return -EINPROGRESS;
	}
	open_networks(change);
	if (publish_reserve(change->sup, change->manifest->stack, change->selected, &change->ports,
			    &change->problems) < 0)
		change->problems.failed = true;
	if (!change_has_problems(change))
		return 0;
	*refusal = change_refusal(400, 1, "nothing was changed", &change->problems);
	return -EINVAL;
}

/* Without memory it is not told. */
static struct json_t *change_of(const struct plan *before, const struct plan *after,
				struct buf *names)
{
	const struct changes_side sides[] = {{before->manifest->stack, before->service},
					     {after->manifest->stack, after->service}};
	autojs struct json_t *changes = NULL;
	char at[STAMP_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (changes_between(&sides[0], &sides[1], &changes, NULL) < 0 ||
	    !js_put(changes, "at", js_pack("s", stamp_text(&now, 0, at))) ||
	    !js_put(changes, "from", js_pack("s#", before->revision.hex, REVISION_SHOWN)))
		return NULL;
	changes_names(changes, names);
	return take_ptr(changes);
}

/* What makes its instances other ones is remembered, and an event. */
static void tell_change(struct supervisor *sup, const struct unit *before, struct unit *after)
{
	autobuf struct buf names = {0};

	if (!before->plan || !after->plan ||
	    strcmp(before->plan->revision.hex, after->plan->revision.hex) == 0)
		return;
	js_free(after->changed);
	after->changed = change_of(before->plan, after->plan, &names);
	events_service(sup, after->plan->service->name, "change",
		       names.len && !names.failed ? names.data : NULL,
		       js_pack("{s:s#, s:s#}", "from", before->plan->revision.hex, REVISION_SHOWN,
			       "to", after->plan->revision.hex, REVISION_SHOWN));
}

bool change_revives(const struct change *change, size_t i, const struct instance *instance)
{
	return change->targeted[i] && instance->state == INSTANCE_FAILED &&
	       !change->manifest->stack->services[i].schedule.present;
}

/* From here on nothing fails. */
static void commit(struct change *change)
{
	struct supervisor *sup = change->sup;

	for (size_t i = 0; i < change->manifest->stack->service_count; i++) {
		const char *name = change->manifest->stack->services[i].name;
		const struct unit *before = change_unit_before(sup, name);

		if (!before || !change->units[i].selected)
			continue;
		apply_tell_scale(sup, name, before->replicas, change->units[i].replicas);
		tell_change(sup, before, &change->units[i]);
		rollouts_begin(before, &change->units[i]);
	}
	publish_commit(sup, &change->ports);
	for (struct instance *one = sup->instances; one; one = one->next)
		gauge_stop(one);
	units_free(sup->units, sup->manifest ? sup->manifest->stack->service_count : 0);
	manifest_unref(sup->manifest);
	sup->units = take_ptr(change->units);
	for (struct instance *instance = sup->instances; instance; instance = instance->next) {
		long i = observed_service(change->manifest->stack, instance->plan->service->name);

		if (i >= 0 && change_revives(change, (size_t)i, instance))
			instance_replace(instance);
	}
	sup->manifest = take_ptr(change->manifest);
	networks_allow(sup);
}

void change_free(struct change *change)
{
	if (change->ports.items)
		publish_abandon(change->sup, &change->ports);
	if (change->manifest)
		units_free(change->units, change->manifest->stack->service_count);
	manifest_unref(change->manifest);
	free(change->targeted);
	free(change->selected);
	diagnostics_free(&change->diags);
	strv_free(&change->problems);
	strv_free(&change->warnings);
	strv_free(&change->host_warnings);
}

struct reply apply_up(struct supervisor *sup, const struct json_t *request)
{
	struct change change = {.sup = sup};
	struct reply reply;

	if (sup->ending)
		return reply_error(409, 1, "stack %s is being taken down", sup->name);
	if (change_load(&change, request, &reply) == 0 &&
	    change_decide(&change, request, &reply) == 0 && prepare(&change, &reply) == 0) {
		commit(&change);
		reply = apply_changes(sup);
		if (!js_put(reply.document, "warnings", change_lines(&change.warnings)) ||
		    !js_put(reply.document, "host_warnings", change_lines(&change.host_warnings)))
			supervisor_log(sup, "event=up warnings=lost");
	}
	change_free(&change);
	if (reply.status != REPLY_LATER)
		fills_drop_unwanted(sup);
	if (!sup->manifest && reply.status != REPLY_LATER) {
		sup->ending = true; /* a first `up` that fails leaves nothing behind */
		supervisor_touch(sup);
	}
	return reply;
}
