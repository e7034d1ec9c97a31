// SPDX-License-Identifier: GPL-2.0-or-later
/* See describe.h. */
#include "launcher/cli/describe.h"

#include "launcher/cli/eventline.h"
#include "launcher/cli/format.h"
#include "launcher/cli/text.h"
#include "runtime/base/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "  key          value", nothing where there is no value. The value is emptied. */
static void put_row(struct buf *out, const char *key, struct buf *value)
{
	if (value->len > 0) {
		buf_printf(out, "  %-*s ", DESCRIBE_INDENT - 3, key);
		text_escape(out, value->data, value->len);
		buf_puts(out, "\n");
	}
	buf_free(value);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	autobuf struct buf value = {0};

	buf_puts(&value, text ? text : "");
	put_row(out, key, &value);
}

/* "a b c" */
static void join(struct buf *out, const struct json_t *list)
{
	for (size_t i = 0; i < js_count(list); i++) {
		const char *text = js_string(js_at(list, i));

		if (i > 0)
			buf_puts(out, " ");
		if (text)
			buf_puts(out, text);
		else
			buf_printf(out, "%" PRId64, js_number(js_at(list, i), 0));
	}
}

static void put_list(struct buf *out, const char *key, const struct json_t *list)
{
	autobuf struct buf value = {0};

	join(&value, list);
	put_row(out, key, &value);
}

/* "memory 64M, held back above 48M, 32M reserved" */
static void join_memory(struct buf *value, const struct json_t *limits)
{
	static const struct {
		const char *key;
		const char *before;
		const char *behind;
	} all[] = {{"memory_bytes", "memory ", ""},
		   {"memory_high_bytes", "held back above ", ""},
		   {"memory_reserved_bytes", "", " reserved"}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int64_t bytes = js_int(limits, all[i].key, 0);

		if (!bytes)
			continue;
		buf_printf(value, "%s%s", value->len ? ", " : "", all[i].before);
		text_bytes(value, bytes);
		buf_puts(value, all[i].behind);
	}
}

static void put_limits(struct buf *out, const struct json_t *limits)
{
	autobuf struct buf value = {0};
	int64_t cpu = js_int(limits, "cpu_mcpu", 0);
	int64_t pids = js_int(limits, "pids", 0);

	if (cpu)
		buf_printf(&value, "cpu %g", (double)cpu / 1000);
	if (js_text(limits, "cpus"))
		buf_printf(&value, "%scpus %s", value.len ? ", " : "", js_text(limits, "cpus"));
	join_memory(&value, limits);
	if (pids)
		buf_printf(&value, "%spids %" PRId64, value.len ? ", " : "", pids);
	put_row(out, "limits", &value);
}

/* "own: mount pid; host: network" */
static void put_namespaces(struct buf *out, struct json_t *namespaces)
{
	static const char *const whose[] = {"own", "shared", "host"};
	autobuf struct buf value = {0};

	for (size_t i = 0; i < ARRAY_SIZE(whose); i++) {
		bool any = false;

		for (void *it = js_first(namespaces); it; it = js_next(namespaces, it)) {
			const char *is = js_text(namespaces, js_key(it));

			if (!is || strcmp(is, whose[i]) != 0)
				continue;
			if (!any)
				buf_printf(&value, "%s%s:", value.len ? "; " : "", whose[i]);
			buf_printf(&value, " %s", js_key(it));
			any = true;
		}
	}
	put_row(out, "namespaces", &value);
}

static void put_isolation(struct buf *out, const struct json_t *isolation)
{
	const struct json_t *filter = js_get(isolation, "seccomp");
	int64_t first = js_int(isolation, "first_id", 0);
	int64_t count = js_int(isolation, "id_count", 0);
	autobuf struct buf value = {0};

	if (js_kind(isolation) != JS_OBJECT) {
		put_text(out, "isolation", "as its last supervisor has made it");
		return;
	}
	put_namespaces(out, js_get(isolation, "namespaces"));
	buf_printf(&value, "%" PRId64 ":%" PRId64, js_int(isolation, "uid", 0),
		   js_int(isolation, "gid", 0));
	if (js_count(js_get(isolation, "groups")) > 0)
		buf_puts(&value, ", groups ");
	join(&value, js_get(isolation, "groups"));
	if (count)
		buf_printf(&value, "; 0 inside is %" PRId64 " on the host", first);
	put_row(out, "user", &value);
	put_list(out, "capabilities", js_get(isolation, "capabilities"));
	put_list(out, "ambient", js_get(isolation, "ambient_capabilities"));
	if (js_text(filter, "profile"))
		buf_printf(&value, "%s, %" PRId64 " instructions", js_text(filter, "profile"),
			   js_int(filter, "instructions", 0));
	else
		buf_puts(&value, "unconfined");
	put_row(out, "seccomp", &value);
	put_text(out, "privileges",
		 js_bool(isolation, "no_new_privileges") ? "no new ones"
							 : "new ones by set-user-ID programs");
	put_text(out, "devices", js_bool(isolation, "device_filter") ? "filtered" : "not filtered");
	if (js_int(isolation, "landlock", 0))
		buf_printf(&value, "version %" PRId64, js_int(isolation, "landlock", 0));
	put_row(out, "landlock", &value);
	put_text(out, "root", js_bool(isolation, "read_only_root") ? "read-only" : "writable");
	put_list(out, "masked", js_get(isolation, "masked"));
	put_list(out, "read-only", js_get(isolation, "read_only"));
}

static void put_mounts(struct buf *out, const struct json_t *mounts)
{
	for (size_t i = 0; i < js_count(mounts); i++) {
		const struct json_t *mount = js_at(mounts, i);
		const char *source = js_text(mount, "source");
		const char *at = js_text(mount, "defined_at");
		autobuf struct buf value = {0};

		buf_printf(&value, "%s %s%s%s%s", js_text(mount, "type"), source ? source : "",
			   source ? " on " : "", js_text(mount, "target"),
			   js_bool(mount, "read_only") ? ", read-only" : "");
		if (at)
			buf_printf(&value, " (%s)", at);
		put_row(out, "mount", &value);
	}
}

static void put_probes(struct buf *out, const struct json_t *probes)
{
	for (size_t i = 0; i < js_count(probes); i++) {
		const struct json_t *probe = js_at(probes, i);
		const char *status = js_text(probe, "status");
		int64_t failures = js_int(probe, "failures", 0);
		autobuf struct buf value = {0};

		buf_printf(&value, "%s for ", js_text(probe, "method"));
		join(&value, js_get(probe, "roles"));
		if (js_int(probe, "interval_ms", 0) > 0)
			buf_printf(&value, ", every %gs",
				   (double)js_int(probe, "interval_ms", 0) / 1000);
		if (status)
			buf_printf(&value, ": %s", status);
		if (failures)
			buf_printf(&value, ", failed %" PRId64 " of %" PRId64 " times", failures,
				   js_int(probe, "retries", 0));
		put_row(out, "probe", &value);
	}
}

static void put_dependencies(struct buf *out, const struct json_t *list)
{
	for (size_t i = 0; i < js_count(list); i++) {
		autobuf struct buf value = {0};

		buf_printf(&value, "%s (%s)", js_text(js_at(list, i), "service"),
			   js_text(js_at(list, i), "condition"));
		put_row(out, "depends on", &value);
	}
}

/* "10.213.0.254 in front as web www" */
static void put_networks(struct buf *out, const struct json_t *networks)
{
	for (size_t i = 0; i < js_count(networks); i++) {
		const struct json_t *network = js_at(networks, i);
		const struct json_t *names = js_get(network, "names");
		const char *address = js_text(network, "address");
		const char *address6 = js_text(network, "address6");
		autobuf struct buf value = {0};

		buf_printf(&value, "%s%s%s in %s", address ? address : "its instances",
			   address6 ? " and " : "", address6 ? address6 : "",
			   js_text(network, "network"));
		buf_puts(&value, " as ");
		join(&value, names);
		put_row(out, "reached at", &value);
	}
}

static void put_callers(struct buf *out, const struct json_t *callers)
{
	if (js_kind(callers) == JS_ARRAY && js_count(callers) == 0)
		put_text(out, "called by", "nobody");
	else
		put_list(out, "called by", callers);
}

/* What service and instance have in common. */
static void put_common(struct buf *out, const struct json_t *about)
{
	autobuf struct buf value = {0};

	format_ports(&value, js_get(about, "ports"));
	put_row(out, "ports", &value);
	put_list(out, "exposed", js_get(about, "expose"));
	put_networks(out, js_get(about, "networks"));
	put_callers(out, js_get(about, "callers"));
	put_text(out, "defined at", js_text(about, "defined_at"));
	put_text(out, "image", js_text(about, "image"));
	put_list(out, "command", js_get(about, "command"));
	put_limits(out, js_get(about, "limits"));
	put_dependencies(out, js_get(about, "depends_on"));
	put_probes(out, js_get(about, "probes"));
	put_mounts(out, js_get(about, "mounts"));
	put_isolation(out, js_get(about, "isolation"));
}

void describe_instance(struct buf *out, const struct json_t *about)
{
	autobuf struct buf value = {0};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	buf_printf(out, "%s  %s\n", js_text(about, "instance"), js_text(about, "state"));
	put_text(out, "reason", js_text(about, "reason"));
	put_text(out, "says", js_text(about, "status_text"));
	if (js_int(about, "pid", 0) > 0) {
		buf_printf(&value, "%" PRId64 ", up ", js_int(about, "pid", 0));
		format_since(&value, js_text(about, "started_at"),
			     now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
		put_row(out, "process", &value);
		format_cpu(&value, js_real(about, "cpu_seconds", 0));
		buf_puts(&value, " of cpu, ");
		format_memory(&value, about);
		put_row(out, "uses", &value);
	}
	buf_printf(&value, "%" PRId64, js_int(about, "restarts", 0));
	put_row(out, "restarts", &value);
	buf_printf(&value, "%s%s", js_text(about, "revision"),
		   js_bool(about, "current") ? "" : ", not the service's present one");
	put_row(out, "revision", &value);
	put_text(out, "address", js_text(about, "address"));
	put_common(out, about);
}

/* "cpu 73.5%, 280 arrivals/s" */
static void format_edges(struct buf *value, const struct json_t *edges, const char *between)
{
	static const struct {
		const char *name, *before, *unit;
	} signals[] = {{"cpu", "cpu ", "%"},
		       {"memory", "memory ", "%"},
		       {"pressure", "pressure ", "%"},
		       {"connections", "", " connections each"},
		       {"arrivals", "", " arrivals/s"},
		       {"rate", "", " arrivals/s each"},
		       {"command", "command ", " each"},
		       {"prometheus", "prometheus ", " each"}};
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		double edge = js_real(edges, signals[i].name, 0);

		if (edge <= 0)
			continue;
		buf_puts(value, comma);
		buf_printf(value, "%s%.4g%s", signals[i].before, edge, signals[i].unit);
		comma = between;
	}
}

/* Why there are so many, and what would change it. */
static void put_scaling(struct buf *out, const struct json_t *scaling)
{
	autobuf struct buf value = {0};

	if (js_kind(scaling) != JS_OBJECT)
		return;
	buf_printf(&value, "%" PRId64 "-%" PRId64 ": %s", js_int(scaling, "min", 0),
		   js_int(scaling, "max", 0), js_text(scaling, "why"));
	put_row(out, "scaled", &value);
	format_edges(&value, js_get(scaling, "more_above"), " or ");
	if (value.len)
		put_row(out, "more above", &value);
	format_edges(&value, js_get(scaling, "fewer_below"), " and ");
	if (value.len) {
		buf_printf(&value, ", for %" PRId64 "s", js_int(scaling, "window_ms", 0) / 1000);
		put_row(out, "fewer below", &value);
	}
}

/* "30 3 * * * (UTC), next run in 4h" */
static void put_schedule(struct buf *out, const struct json_t *schedule)
{
	autobuf struct buf value = {0};

	if (js_kind(schedule) != JS_OBJECT)
		return;
	buf_printf(&value, "%s (%s)%s", js_text(schedule, "cron"), js_text(schedule, "tz"),
		   js_text(schedule, "next") ? ", " : "");
	format_next_run(&value, schedule);
	put_row(out, "runs at", &value);
}

/* Sizes are numbers of bytes in a manifest that is printed. */
static bool is_size(const char *field)
{
	static const char *const fields[] = {"memswap_limit",
					     "x-memory-high",
					     "shm_size",
					     "deploy.resources.limits.memory",
					     "deploy.resources.reservations.memory",
					     "ulimits.memlock.soft",
					     "ulimits.memlock.hard"};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(field, fields[i]) == 0)
			return true;
	return false;
}

static void format_field(struct buf *value, const char *field, const char *text)
{
	char *end = NULL;
	long long number = text ? strtoll(text, &end, 10) : 0;

	if (!text)
		buf_puts(value, "-");
	else if (is_size(field) && end != text && !*end && number > 0)
		text_bytes(value, number);
	else
		buf_puts(value, text);
}

/* "image: a → b", and of what may be secret "environment.MODE" */
static void put_field(struct buf *out, const char *key, const struct json_t *one)
{
	const char *field = js_text(one, "field");
	const char *from = js_text(one, "from");
	const char *to = js_text(one, "to");
	autobuf struct buf value = {0};

	if (!field)
		return;
	buf_printf(&value, "%s", field);
	if (!from || !to || strcmp(from, to) != 0) {
		buf_puts(&value, ": ");
		format_field(&value, field, from);
		buf_puts(&value, " \342\206\222 ");
		format_field(&value, field, to);
	}
	put_row(out, key, &value);
}

/* What the revision before was without. */
static void put_changed(struct buf *out, const struct json_t *changed)
{
	const struct json_t *fields = js_get(changed, "fields");
	const char *at = js_text(changed, "at");
	int64_t more = js_int(changed, "more", 0);
	autobuf struct buf value = {0};

	if (js_kind(changed) != JS_OBJECT)
		return;
	buf_printf(&value, "%s, before that %s", at ? at : "?", js_text(changed, "from"));
	put_row(out, "changed", &value);
	for (size_t i = 0; i < js_count(fields); i++)
		put_field(out, "", js_at(fields, i));
	if (js_count(fields) == 0)
		buf_puts(&value,
			 "nothing of its own: a service whose namespaces it shares, or davit");
	if (more)
		buf_printf(&value, "and %" PRId64 " more", more);
	put_row(out, "", &value);
}

void describe_service(struct buf *out, const struct json_t *about)
{
	const struct json_t *instances = js_get(about, "instances");
	autobuf struct buf value = {0};

	buf_printf(out, "%s  %s, %" PRId64 " of %" PRId64 " ready\n", js_text(about, "service"),
		   js_text(about, "state"), js_int(about, "ready", 0), js_int(about, "desired", 0));
	put_text(out, "reason", js_text(about, "reason"));
	for (size_t i = 0; i < js_count(instances); i++) {
		const struct json_t *instance = js_at(instances, i);
		const char *reason = js_text(instance, "reason");

		buf_printf(&value, "%s %s%s%s", js_text(instance, "instance"),
			   js_text(instance, "state"), reason ? ": " : "", reason ? reason : "");
		put_row(out, "instance", &value);
	}
	put_scaling(out, js_get(about, "scaling"));
	put_schedule(out, js_get(about, "schedule"));
	put_text(out, "revision", js_text(about, "revision"));
	put_changed(out, js_get(about, "changed"));
	put_common(out, about);
}

void describe_history(struct buf *out, const struct json_t *history)
{
	for (size_t i = 0; i < js_count(history); i++) {
		autobuf struct buf line = {0};

		eventline_put(&line, js_at(history, i));
		put_row(out, i == 0 ? "history" : "", &line);
	}
}

static void put_listener(struct buf *out, const struct json_t *listens)
{
	autobuf struct buf value = {0};
	const char *token_file = js_text(listens, "token_file");

	if (!js_text(listens, "url"))
		return;
	buf_printf(&value, "%s%s%s", js_text(listens, "url"),
		   token_file ? ", to control it the token in " : "", token_file ? token_file : "");
	put_row(out, "page", &value);
}

void describe_stack(struct buf *out, const struct json_t *version, const struct json_t *services)
{
	autobuf struct buf value = {0};
	int64_t keeper = js_int(version, "keeper", 0);

	buf_printf(out, "%s\n", js_text(version, "stack"));
	buf_printf(&value, "%" PRId64 ", davit %s, since %s", js_int(version, "pid", 0),
		   js_text(version, "version"), js_text(version, "started_at"));
	put_row(out, "supervisor", &value);
	if (keeper)
		buf_printf(&value, "%" PRId64, keeper);
	put_row(out, "keeper", &value);
	put_list(out, "manifest", js_get(version, "files"));
	put_listener(out, js_get(version, "listens"));
	for (size_t i = 0; i < js_count(services); i++) {
		const struct json_t *service = js_at(services, i);
		const char *reason = js_text(service, "reason");

		buf_printf(&value, "%s %s, %" PRId64 " of %" PRId64 " ready%s%s",
			   js_text(service, "service"), js_text(service, "state"),
			   js_int(service, "ready", 0), js_int(service, "desired", 0),
			   reason ? ": " : "", reason ? reason : "");
		put_row(out, "service", &value);
	}
}
