// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stack as the manifest that would load to it again: every value in its long form, defaults left
 * out unless asked for, paths absolute, variables resolved and remaining dollar signs doubled.
 */
#include "manifests/emit.h"
#include "manifests/manifest.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct printer {
	bool resolved; /* defaults are written */
	struct tree tree;
	struct arena arena;
};

static const struct pos nowhere;

static struct node *mapping(struct printer *printer)
{
	return tree_node(&printer->tree, NODE_MAPPING, nowhere);
}

static struct node *list(struct printer *printer)
{
	return tree_node(&printer->tree, NODE_SEQUENCE, nowhere);
}

static struct node *string(struct printer *printer, const char *text)
{
	size_t dollars = 0;

	for (const char *at = text; *at; at++)
		dollars += *at == '$';
	char *escaped = arena_alloc(&printer->arena, strlen(text) + dollars + 1);
	char *end = escaped;

	for (; *text; text++) {
		if (*text == '$')
			*end++ = '$';
		*end++ = *text;
	}
	return tree_scalar(&printer->tree, escaped, false, nowhere);
}

static struct node *number(struct printer *printer, int64_t value)
{
	return tree_scalar(&printer->tree, arena_format(&printer->arena, "%" PRId64, value), true,
			   nowhere);
}

static struct node *yes_or_no(struct printer *printer, bool value)
{
	return tree_scalar(&printer->tree, value ? "true" : "false", true, nowhere);
}

static struct node *duration(struct printer *printer, int64_t ms)
{
	const char *text = ms % 1000 ? arena_format(&printer->arena, "%" PRId64 "ms", ms)
				     : arena_format(&printer->arena, "%" PRId64 "s", ms / 1000);

	return string(printer, text);
}

/* Keys are not interpolated: they keep their dollar signs. */
static void put(struct printer *printer, struct node *node, const char *key, struct node *value)
{
	tree_put(&printer->tree, node, tree_scalar(&printer->tree, key, false, nowhere), value);
}

static void put_text(struct printer *printer, struct node *node, const char *key, const char *text)
{
	if (text)
		put(printer, node, key, string(printer, text));
}

/* A text that is absent as its default, where defaults are written. */
static void put_default(struct printer *printer, struct node *node, const char *key,
			const char *text, const char *fallback)
{
	put_text(printer, node, key, text || !printer->resolved ? text : fallback);
}

static void put_list(struct printer *printer, struct node *node, const char *key,
		     const struct text_list *texts)
{
	struct node *items = list(printer);

	for (size_t i = 0; i < texts->count && !arena_low(&printer->arena); i++)
		tree_append(&printer->tree, items, string(printer, texts->items[i].value));
	if (texts->count)
		put(printer, node, key, items);
}

/* "A=b" texts as a mapping. */
static void put_pairs(struct printer *printer, struct node *node, const char *key,
		      const struct text_list *texts)
{
	struct node *pairs = mapping(printer);

	for (size_t i = 0; i < texts->count && !arena_low(&printer->arena); i++) {
		const char *text = texts->items[i].value;
		size_t len = strcspn(text, "=");

		put(printer, pairs, arena_copy(&printer->arena, text, len),
		    string(printer, text + len + (text[len] == '=')));
	}
	if (texts->count)
		put(printer, node, key, pairs);
}

static void put_depends_on(struct printer *printer, struct node *node,
			   const struct service *service)
{
	static const char *const conditions[] = {[DEPENDS_STARTED] = "service_started",
						 [DEPENDS_HEALTHY] = "service_healthy",
						 [DEPENDS_COMPLETED] =
							 "service_completed_successfully"};
	struct node *all = mapping(printer);

	for (size_t i = 0; i < service->depends_on_count; i++) {
		const struct dependency *dependency = &service->depends_on[i];
		struct node *one = mapping(printer);

		put_text(printer, one, "condition", conditions[dependency->condition]);
		put(printer, one, "required", yes_or_no(printer, dependency->required));
		if (dependency->restart || printer->resolved)
			put(printer, one, "restart", yes_or_no(printer, dependency->restart));
		put(printer, all, dependency->service, one);
	}
	if (service->depends_on_count)
		put(printer, node, "depends_on", all);
}

static void put_healthcheck(struct printer *printer, struct node *node,
			    const struct healthcheck *check)
{
	struct node *all = mapping(printer);
	struct node *test = list(printer);

	if (!check->present)
		return;
	tree_append(&printer->tree, test, string(printer, "CMD"));
	for (size_t i = 0; i < check->test.count; i++)
		tree_append(&printer->tree, test, string(printer, check->test.items[i].value));
	put(printer, all, "test", test);
	put(printer, all, "interval", duration(printer, check->interval_ms));
	put(printer, all, "timeout", duration(printer, check->timeout_ms));
	put(printer, all, "start_period", duration(printer, check->start_period_ms));
	put(printer, all, "start_interval", duration(printer, check->start_interval_ms));
	put(printer, all, "retries", number(printer, check->retries));
	put(printer, node, "healthcheck", all);
}

static struct node *mount_node(struct printer *printer, const struct mount_spec *mount)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};
	struct node *all = mapping(printer);
	struct node *inner = mapping(printer);

	put_text(printer, all, "type", kinds[mount->kind]);
	put_text(printer, all, "source", mount->source);
	put_text(printer, all, "target", mount->target);
	if (mount->read_only || printer->resolved)
		put(printer, all, "read_only", yes_or_no(printer, mount->read_only));
	if (mount->kind == MOUNT_BIND)
		put(printer, inner, "create_host_path",
		    yes_or_no(printer, mount->create_host_path));
	if (mount->tmpfs_bytes)
		put_text(printer, inner, "size",
			 arena_format(&printer->arena, "%" PRId64, mount->tmpfs_bytes));
	if (mount->tmpfs_mode >= 0)
		put_text(printer, inner, "mode",
			 arena_format(&printer->arena, "%04o", (unsigned)mount->tmpfs_mode));
	else if (mount->kind == MOUNT_TMPFS && printer->resolved)
		put_text(printer, inner, "mode", "1777");
	if (inner->count)
		put(printer, all, kinds[mount->kind], inner);
	return all;
}

static void put_mounts(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *all = list(printer);

	for (size_t i = 0; i < service->mount_count; i++)
		tree_append(&printer->tree, all, mount_node(printer, &service->mounts[i]));
	if (service->mount_count)
		put(printer, node, "volumes", all);
}

static void put_ports(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *all = list(printer);

	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_spec *port = &service->ports[i];
		struct node *one = mapping(printer);

		put(printer, one, "target", number(printer, port->target));
		if (port->published)
			put_text(printer, one, "published",
				 arena_format(&printer->arena, "%u", port->published));
		put_text(printer, one, "host_ip", port->host_ip);
		put_text(printer, one, "protocol", port->protocol == PROTOCOL_TCP ? "tcp" : "udp");
		tree_append(&printer->tree, all, one);
	}
	if (service->port_count)
		put(printer, node, "ports", all);
}

static struct node *ends(struct printer *printer, const struct end_set *set)
{
	struct node *all = list(printer);

	for (unsigned code = 0; code < 256; code++)
		if (set->codes[code / 64] >> (code % 64) & 1)
			tree_append(&printer->tree, all, number(printer, code));
	for (int number = 1; number <= 64; number++) {
		char name[16];

		scalar_signal_name(number, name);
		if (set->signals >> (number - 1) & 1)
			tree_append(&printer->tree, all,
				    string(printer, arena_text(&printer->arena, name)));
	}
	return all;
}

/* As text, like cpus: the printers know no fractions. */
static void put_milli(struct printer *printer, struct node *node, const char *key, unsigned milli)
{
	put_text(printer, node, key,
		 arena_format(&printer->arena, "%u.%03u", milli / 1000, milli % 1000));
}

/* The curve is left out where a fixed delay stands in its place. */
static void put_x_restart(struct printer *printer, struct node *node,
			  const struct restart_spec *restart)
{
	const struct restart_tuning *tuning = &restart->tuning;
	struct node *all = mapping(printer);
	struct node *prevent = ends(printer, &tuning->prevent);
	struct node *force = ends(printer, &tuning->force);

	if (!tuning->present)
		return;
	if (restart->delay_ms < 0) {
		put(printer, all, "delay", duration(printer, tuning->delay_ms));
		put_milli(printer, all, "factor", tuning->factor_milli);
		put(printer, all, "max_delay", duration(printer, tuning->max_delay_ms));
	}
	put(printer, all, "reset_after", duration(printer, tuning->reset_after_ms));
	put_milli(printer, all, "jitter", tuning->jitter_milli);
	if (tuning->burst) {
		put(printer, all, "burst", number(printer, tuning->burst));
		put(printer, all, "interval", duration(printer, tuning->interval_ms));
	}
	if (prevent->count)
		put(printer, all, "prevent_exit_codes", prevent);
	if (force->count)
		put(printer, all, "force_exit_codes", force);
	put(printer, node, "x-restart", all);
}

/* What only deploy.restart_policy can say: a delay, a window, attempts for every exit. */
static struct node *restart_policy(struct printer *printer, const struct restart_spec *restart)
{
	struct node *policy = mapping(printer);
	const char *condition = restart->condition == RESTART_NO	   ? "none"
				: restart->condition == RESTART_ON_FAILURE ? "on-failure"
									   : "any";

	put_text(printer, policy, "condition", condition);
	if (restart->delay_ms >= 0)
		put(printer, policy, "delay", duration(printer, restart->delay_ms));
	put(printer, policy, "max_attempts", number(printer, restart->max_attempts));
	if (restart->window_ms)
		put(printer, policy, "window", duration(printer, restart->window_ms));
	return policy;
}

static void put_restart(struct printer *printer, struct node *node, struct node *deploy,
			const struct restart_spec *restart)
{
	static const char *const words[] = {[RESTART_NO] = "no",
					    [RESTART_ON_FAILURE] = "on-failure",
					    [RESTART_ALWAYS] = "always",
					    [RESTART_UNLESS_STOPPED] = "unless-stopped"};
	bool attempts = restart->max_attempts && restart->condition != RESTART_ON_FAILURE;

	if (restart->delay_ms >= 0 || restart->window_ms || attempts)
		put(printer, deploy, "restart_policy", restart_policy(printer, restart));
	else if (restart->max_attempts)
		put_text(printer, node, "restart",
			 arena_format(&printer->arena, "on-failure:%u", restart->max_attempts));
	else if (restart->condition != RESTART_NO || printer->resolved)
		put_text(printer, node, "restart", words[restart->condition]);
}

static void put_limits(struct printer *printer, struct node *deploy, const struct limits *limits)
{
	struct node *resources = mapping(printer);
	struct node *all = mapping(printer);

	if (limits->cpu_mcpu)
		put_text(printer, all, "cpus",
			 arena_format(&printer->arena, "%" PRId64 ".%03" PRId64,
				      limits->cpu_mcpu / 1000, limits->cpu_mcpu % 1000));
	if (limits->memory_bytes)
		put_text(printer, all, "memory",
			 arena_format(&printer->arena, "%" PRId64, limits->memory_bytes));
	if (limits->pids)
		put(printer, all, "pids", number(printer, limits->pids));
	if (!all->count)
		return;
	put(printer, resources, "limits", all);
	put(printer, deploy, "resources", resources);
}

static void put_deploy(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *deploy = mapping(printer);

	if (service->replicas != 1 || printer->resolved)
		put(printer, deploy, "replicas", number(printer, service->replicas));
	put_limits(printer, deploy, &service->limits);
	put_restart(printer, node, deploy, &service->restart);
	put_x_restart(printer, node, &service->restart);
	if (deploy->count)
		put(printer, node, "deploy", deploy);
}

static void put_ulimits(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *all = mapping(printer);

	for (size_t i = 0; i < service->ulimit_count; i++) {
		const struct ulimit_spec *limit = &service->ulimits[i];
		struct node *one = mapping(printer);

		put(printer, one, "soft", number(printer, limit->soft));
		put(printer, one, "hard", number(printer, limit->hard));
		put(printer, all, limit->name, one);
	}
	if (service->ulimit_count)
		put(printer, node, "ulimits", all);
}

static void put_process(struct printer *printer, struct node *node, const struct service *service)
{
	char signal[16];

	put_text(printer, node, "image", service->image.value);
	put_text(printer, node, "x-rootfs",
		 service->rootfs == ROOTFS_DIR ? service->rootfs_dir : "host");
	put_list(printer, node, "entrypoint", &service->entrypoint);
	put_list(printer, node, "command", &service->command);
	put_pairs(printer, node, "environment", &service->environment);
	put_default(printer, node, "working_dir", service->working_dir.value, "/");
	put_default(printer, node, "user", service->user.value, "0:0");
	put_list(printer, node, "group_add", &service->group_add);
	put_text(printer, node, "hostname", service->hostname.value);
	put_text(printer, node, "domainname", service->domainname.value);
	put_text(printer, node, "container_name", service->container_name.value);
	scalar_signal_name(service->stop_signal, signal);
	put_text(printer, node, "stop_signal", signal);
	put(printer, node, "stop_grace_period", duration(printer, service->stop_grace_ms));
}

static struct node *service_node(struct printer *printer, const struct service *service)
{
	static const char *const networks[] = {
		[NETWORK_BRIDGE] = NULL, [NETWORK_HOST] = "host", [NETWORK_NONE] = "none"};
	struct node *node = mapping(printer);

	put_process(printer, node, service);
	put_depends_on(printer, node, service);
	put_healthcheck(printer, node, &service->healthcheck);
	put_mounts(printer, node, service);
	put_ports(printer, node, service);
	put_pairs(printer, node, "labels", &service->labels);
	put_pairs(printer, node, "annotations", &service->annotations);
	put_list(printer, node, "expose", &service->expose);
	put_ulimits(printer, node, service);
	put_list(printer, node, "profiles", &service->profiles);
	put_deploy(printer, node, service);
	if (service->detached || printer->resolved)
		put(printer, node, "attach", yes_or_no(printer, !service->detached));
	put_list(printer, node, "cap_add", &service->cap_add);
	put_list(printer, node, "cap_drop", &service->cap_drop);
	put_default(printer, node, "network_mode", networks[service->network_mode], "bridge");
	if (service->read_only || printer->resolved)
		put(printer, node, "read_only", yes_or_no(printer, service->read_only));
	return node;
}

static struct node *volume_node(struct printer *printer, const struct volume *volume)
{
	struct node *node = mapping(printer);

	put_text(printer, node, "name", volume->name);
	if (volume->external || printer->resolved)
		put(printer, node, "external", yes_or_no(printer, volume->external));
	put_pairs(printer, node, "labels", &volume->labels);
	return node;
}

static struct node *stack_node(struct printer *printer, const struct stack *stack)
{
	struct node *root = mapping(printer);
	struct node *services = mapping(printer);
	struct node *volumes = mapping(printer);

	for (size_t i = 0; i < stack->service_count && !arena_low(&printer->arena); i++)
		put(printer, services, stack->services[i].name,
		    service_node(printer, &stack->services[i]));
	for (size_t i = 0; i < stack->volume_count; i++)
		put(printer, volumes, stack->volumes[i].key,
		    volume_node(printer, &stack->volumes[i]));
	put_text(printer, root, "name", stack->name);
	put(printer, root, "services", services);
	if (volumes->count)
		put(printer, root, "volumes", volumes);
	return root;
}

int manifest_print(const struct stack *stack, enum manifest_format format, struct buf *out,
		   struct err *err)
{
	struct printer printer = {.resolved = format >= MANIFEST_RESOLVED};
	int r = arena_open(&printer.arena, err);

	if (r < 0)
		return r;
	printer.tree.arena = &printer.arena;
	const struct node *root = stack_node(&printer, stack);

	if (arena_low(&printer.arena))
		r = err_say(err, ENOMEM, "the stack is too large to print");
	else if (format % MANIFEST_RESOLVED == MANIFEST_JSON)
		r = emit_json(root, out, err);
	else
		emit_yaml(&printer.tree, root, out);
	arena_close(&printer.arena);
	return r < 0 ? r : buf_check(out, err);
}
