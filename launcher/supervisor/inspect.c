// SPDX-License-Identifier: GPL-2.0-or-later
/* See inspect.h: what the manifest asks for, what the runtime made of it, how it goes. */
#include "launcher/supervisor/inspect.h"

#include "launcher/supervisor/probe.h"
#include "launcher/supervisor/reach.h"
#include "launcher/supervisor/record.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/view.h"
#include "manifests/listens.h"
#include "runtime/base/cleanup.h"
#include "runtime/facts.h"

#include <errno.h>
#include <string.h>

/* "shop.yaml:14:9"; NULL (JSON's null) for what is not written. */
static struct json_t *place_of(const struct pos *pos)
{
	autobuf struct buf text = {0};

	if (pos->line == 0)
		return NULL;
	buf_printf(&text, "%s:%u:%u", pos->file, pos->line, pos->col);
	return text.failed ? NULL : js_lossy(text.data);
}

/* 0 is null. */
static struct json_t *number_or_null(int64_t value)
{
	return value ? js_pack("I", (long long)value) : NULL;
}

static struct json_t *limits_of(const struct limits *limits)
{
	int64_t pids = limits->pids ? limits->pids : LIMITS_PIDS_DEFAULT;

	return js_pack(
		"{s:o?, s:o?, s:o?, s:o?, s:o?, s:o?, s:o?, s:s?}", "cpu_mcpu",
		number_or_null(limits->cpu_mcpu), "cpu_shares", number_or_null(limits->cpu_shares),
		"memory_bytes", number_or_null(limits->memory_bytes), "memory_reserved_bytes",
		number_or_null(limits->memory_reserved_bytes), "memory_high_bytes",
		number_or_null(limits->memory_high_bytes), "memory_swap_bytes",
		number_or_null(limits->memory_swap_bytes), "pids",
		pids > 0 ? js_pack("I", (long long)pids) : NULL, "cpus", limits->cpuset.value);
}

static struct json_t *names_of(uint64_t capabilities)
{
	autostrv struct strv names = {0};
	struct err err;

	container_capability_names(capabilities, &names);
	if (strv_check(&names, &err) < 0)
		return NULL;
	return js_strings((const char *const *)names.items, NULL);
}

static const char *word(bool hosts)
{
	return hosts ? "host" : "own";
}

static struct json_t *namespaces_of(const struct container_facts *facts,
				    const struct service *service)
{
	bool joined = service->network.mode == NETWORK_SERVICE ||
		      service->network.mode == NETWORK_CONTAINER;

	return js_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "mount", "own", "network",
		       joined ? "shared" : word(facts->shares_network), "pid",
		       word(facts->shares_pid), "ipc", word(facts->shares_ipc), "uts",
		       word(facts->shares_uts), "cgroup", word(facts->shares_cgroup), "user",
		       word(facts->id_count == 0));
}

static struct json_t *groups_of(const struct container_facts *facts)
{
	struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && i < facts->group_count; i++)
		if (!js_append(list, js_pack("I", (long long)facts->groups[i])))
			break;
	return list;
}

static struct json_t *filter_of(const struct container_facts *facts, const struct service *service)
{
	if (!facts->filtered)
		return NULL;
	return js_pack("{s:s, s:i}", "profile",
		       facts->own_profile ? service->security.seccomp_shown : "default",
		       "instructions", (int)facts->filter_length);
}

/* Targets of the mounts of one kind: "masked", "read-only". */
static struct json_t *targets_of(const struct container_plan *plan, const char *what)
{
	struct json_t *list = js_pack("[]");
	struct container_mount_fact mount;

	for (size_t i = 0; list && container_plan_mount(plan, i, &mount); i++)
		if (strcmp(mount.what, what) == 0 && !js_append(list, js_lossy(mount.target)))
			break;
	return list;
}

/* NULL (null) for a plan that was taken over and is not prepared yet. */
static struct json_t *isolation_of(const struct plan *plan)
{
	const struct service *service = plan->service;
	struct container_facts facts;

	if (!plan->container)
		return NULL;
	container_plan_facts(plan->container, &facts);
	return js_pack(
		"{s:o, s:I, s:I, s:o, s:o?, s:o?, s:o, s:o, s:o?, s:o?, s:b, s:b, s:b, s:o, s:o}",
		"namespaces", namespaces_of(&facts, service), "uid", (long long)facts.uid, "gid",
		(long long)facts.gid, "groups", groups_of(&facts), "first_id",
		facts.id_count ? js_pack("I", (long long)facts.first_id) : NULL, "id_count",
		number_or_null(facts.id_count), "capabilities", names_of(facts.capabilities),
		"ambient_capabilities", names_of(facts.ambient), "seccomp",
		filter_of(&facts, service), "landlock", number_or_null(facts.landlock),
		"device_filter", facts.device_filter, "no_new_privileges", !facts.new_privileges,
		"read_only_root", !facts.writable, "masked", targets_of(plan->container, "masked"),
		"read_only", targets_of(plan->container, "read-only"));
}

static struct json_t *mount_of(const struct mount_spec *mount)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

	return js_pack("{s:s, s:o, s:o?, s:b, s:o?}", "type", kinds[mount->kind], "target",
		       js_lossy(mount->target), "source",
		       mount->source ? js_lossy(mount->source) : NULL, "read_only",
		       mount->read_only, "defined_at", place_of(&mount->pos));
}

static struct json_t *mounts_of(const struct service *service)
{
	struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && i < service->mount_count; i++)
		if (!js_append(list, mount_of(&service->mounts[i])))
			break;
	return list;
}

static struct json_t *roles_of(const struct probe_use *use)
{
	static const char *const roles[PROBE_ROLES] = {[PROBE_STARTUP] = "startup",
						       [PROBE_READINESS] = "readiness",
						       [PROBE_LIVENESS] = "liveness"};
	struct json_t *list = js_pack("[]");

	for (unsigned role = 0; list && role < PROBE_ROLES; role++)
		if (use->roles & 1u << role && !js_append(list, js_pack("s", roles[role])))
			break;
	return list;
}

static const char *method_name(enum probe_method method)
{
	static const char *const methods[] = {
		[PROBE_UNWRITTEN] = "none", [PROBE_NONE] = "none", [PROBE_HTTP] = "http",
		[PROBE_TCP] = "tcp",	    [PROBE_EXEC] = "exec", [PROBE_NOTIFY] = "notify",
		[PROBE_LISTEN] = "listen"};

	return methods[method];
}

/* What is asked, and of an instance with a run what it has answered. @unit: of the service in the
 * present manifest; NULL: it is not there any more. */
static struct json_t *probes_of(const struct supervisor *sup, const struct unit *unit,
				const struct instance *instance)
{
	const struct service *now =
		unit ? &sup->manifest->stack->services[unit - sup->units] : NULL;
	const struct service *service = (instance ? instance->plan : unit->plan)->service;
	struct json_t *list = js_pack("[]");
	struct record_vitals found = {0};
	struct probe_set set;

	probe_set_of(service, &set);
	if (instance && instance->probes)
		probe_save(instance, &found);
	if (found.set ? found.awaits_listener : now && listens_first(service, now))
		probe_set_await_listener(&set);
	for (size_t i = 0; list && i < set.count; i++) {
		const struct probe_use *use = &set.uses[i];
		bool known = found.set && i < found.count;
		const char *status = known ? health_status_name(found.of[i].status) : NULL;

		if (!js_append(list,
			       js_pack("{s:s, s:o, s:I, s:I, s:i, s:s?, s:o?}", "method",
				       method_name(use->method), "roles", roles_of(use),
				       "interval_ms", (long long)use->timing.interval_ms,
				       "timeout_ms", (long long)use->timing.timeout_ms, "retries",
				       (int)use->timing.retries, "status", status, "failures",
				       known ? js_pack("i", (int)found.of[i].streak) : NULL)))
			break;
	}
	return list;
}

static struct json_t *depends_of(const struct service *service)
{
	static const char *const conditions[] = {[DEPENDS_STARTED] = "service_started",
						 [DEPENDS_HEALTHY] = "service_healthy",
						 [DEPENDS_COMPLETED] =
							 "service_completed_successfully"};
	struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && i < service->depends_on_count; i++)
		if (!js_append(list,
			       js_pack("{s:s, s:s}", "service", service->depends_on[i].service,
				       "condition", conditions[service->depends_on[i].condition])))
			break;
	return list;
}

static struct json_t *texts_of(const struct text_list *texts)
{
	struct json_t *list = js_pack("[]");

	for (size_t i = 0; list && i < texts->count; i++)
		if (!js_append(list, js_lossy(texts->items[i].value)))
			break;
	return list;
}

/* Who may call it; null: whoever is in one of its networks. */
static struct json_t *callers_of(const struct traffic *traffic)
{
	return traffic->restricted ? texts_of(&traffic->allow) : js_pack("n");
}

static struct json_t *command_of(const struct plan *plan)
{
	struct container_facts facts;

	if (!plan->container)
		return NULL;
	container_plan_facts(plan->container, &facts);
	return js_strings((const char *const *)facts.argv, NULL);
}

/* What all instances of a revision have in common. */
static bool put_plan(struct json_t *document, const struct plan *plan)
{
	const struct service *service = plan->service;
	char revision[REVISION_SHOWN + 1];

	snprintf(revision, sizeof(revision), "%.*s", REVISION_SHOWN, plan->revision.hex);
	return js_put(document, "revision", js_pack("s", revision)) &&
	       js_put(document, "image",
		      service->image.value ? js_lossy(service->image.value) : js_pack("n")) &&
	       js_put(document, "command", command_of(plan) ?: js_pack("n")) &&
	       js_put(document, "limits", limits_of(&service->limits)) &&
	       js_put(document, "isolation", isolation_of(plan) ?: js_pack("n")) &&
	       js_put(document, "mounts", mounts_of(service)) &&
	       js_put(document, "depends_on", depends_of(service)) &&
	       js_put(document, "expose", texts_of(&service->expose)) &&
	       js_put(document, "callers", callers_of(&service->traffic)) &&
	       js_put(document, "defined_at", place_of(&service->pos) ?: js_pack("n"));
}

static const struct unit *unit_of(const struct supervisor *sup, const char *service)
{
	const struct stack *stack = sup->manifest ? sup->manifest->stack : NULL;

	for (size_t i = 0; stack && i < stack->service_count; i++)
		if (strcmp(stack->services[i].name, service) == 0)
			return &sup->units[i];
	return NULL;
}

static struct reply inspect_instance(struct supervisor *sup, const char *name)
{
	struct instance *instance = instance_find(sup, name);

	if (!instance)
		return reply_error(404, 1, "no instance '%s' in stack %s", name, sup->name);
	const struct unit *unit = unit_of(sup, instance->plan->service->name);
	autojs struct json_t *document = view_instance(instance);
	bool current = unit && unit->plan &&
		       strcmp(unit->plan->revision.hex, instance->plan->revision.hex) == 0;

	if (!document || !put_plan(document, instance->plan) ||
	    !js_put(document, "current", js_pack("b", current)) ||
	    !js_put(document, "networks", reach_instance(instance)) ||
	    !js_put(document, "probes", probes_of(sup, unit, instance)))
		return reply_error(500, 1, "out of memory");
	return (struct reply){200, js_pack("{s:i, s:s, s:O}", "schema", 1, "stack", sup->name,
					   "instance", document)};
}

static struct json_t *instances_of(const struct supervisor *sup, const char *service)
{
	struct json_t *list = js_pack("[]");

	for (struct instance *instance = sup->instances; list && instance;
	     instance = instance->next)
		if (strcmp(instance->plan->service->name, service) == 0 &&
		    !js_append(list, view_instance(instance)))
			break;
	return list;
}

static struct reply inspect_service(struct supervisor *sup, const char *name)
{
	const struct unit *unit = unit_of(sup, name);
	autojs struct json_t *document = unit ? view_service(sup, name) : NULL;

	if (!unit)
		return reply_error(404, 1, "no service '%s' in stack %s", name, sup->name);
	if (!unit->plan)
		return reply_error(409, 1, "service '%s' was not launched", name);
	if (!document || !put_plan(document, unit->plan) ||
	    !js_put(document, "probes", probes_of(sup, unit, NULL)) ||
	    !js_put(document, "scaling",
		    scaler_explain(sup, unit->plan->service, unit->replicas) ?: js_pack("n")) ||
	    !js_put(document, "networks", reach_service(sup, unit->plan->service)) ||
	    !js_put(document, "changed", unit->changed ? js_copy(unit->changed) : js_pack("n")) ||
	    !js_put(document, "instances", instances_of(sup, name)))
		return reply_error(500, 1, "out of memory");
	return (struct reply){200, js_pack("{s:i, s:s, s:O}", "schema", 1, "stack", sup->name,
					   "service", document)};
}

struct reply inspect_answer(struct supervisor *sup, const struct json_t *request)
{
	const char *service = js_text(request, "service");
	const char *instance = js_text(request, "instance");

	if (!service == !instance)
		return reply_error(400, 2, "bad request: either 'service' or 'instance' is needed");
	return instance ? inspect_instance(sup, instance) : inspect_service(sup, service);
}
