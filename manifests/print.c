// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stack as the manifest that would load to it again: every value in its long form, defaults left
 * out unless asked for, paths absolute, variables resolved and remaining dollar signs doubled.
 */
#include "manifests/print.h"
#include "manifests/emit.h"
#include "manifests/manifest.h"
#include "manifests/scalar.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void put_depends_on(struct printer *printer, struct node *node,
			   const struct service *service)
{
	static const char *const conditions[] = {[DEPENDS_STARTED] = "service_started",
						 [DEPENDS_HEALTHY] = "service_healthy",
						 [DEPENDS_COMPLETED] =
							 "service_completed_successfully"};
	struct node *all = print_mapping(printer);

	for (size_t i = 0; i < service->depends_on_count; i++) {
		const struct dependency *dependency = &service->depends_on[i];
		struct node *one = print_mapping(printer);

		print_put_text(printer, one, "condition", conditions[dependency->condition]);
		print_put(printer, one, "required", print_bool(printer, dependency->required));
		if (dependency->restart || printer->resolved)
			print_put(printer, one, "restart",
				  print_bool(printer, dependency->restart));
		print_put(printer, all, dependency->service, one);
	}
	if (service->depends_on_count)
		print_put(printer, node, "depends_on", all);
}

/* Those that are written. */
static void put_times(struct printer *printer, struct node *node, const struct healthcheck *check)
{
	const struct {
		const char *key;
		int64_t ms;
	} times[] = {{"interval", check->interval_ms},
		     {"timeout", check->timeout_ms},
		     {"start_period", check->start_period_ms},
		     {"start_interval", check->start_interval_ms}};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i].ms)
			print_put(printer, node, times[i].key,
				  print_duration(printer, times[i].ms));
	if (check->retries)
		print_put(printer, node, "retries", print_number(printer, check->retries));
}

static void put_healthcheck(struct printer *printer, struct node *node,
			    const struct healthcheck *check)
{
	struct node *all = print_mapping(printer);
	struct node *test = print_list(printer);

	if (check->disabled)
		print_put(printer, all, "disable", print_bool(printer, true));
	if (check->of_image)
		put_times(printer, all, check);
	if (all->count)
		print_put(printer, node, "healthcheck", all);
	if (!check->present)
		return;
	tree_append(&printer->tree, test, print_string(printer, "CMD"));
	for (size_t i = 0; i < check->test.count; i++)
		tree_append(&printer->tree, test,
			    print_string(printer, check->test.items[i].value));
	print_put(printer, all, "test", test);
	print_put(printer, all, "interval", print_duration(printer, check->interval_ms));
	print_put(printer, all, "timeout", print_duration(printer, check->timeout_ms));
	print_put(printer, all, "start_period", print_duration(printer, check->start_period_ms));
	print_put(printer, all, "start_interval",
		  print_duration(printer, check->start_interval_ms));
	print_put(printer, all, "retries", print_number(printer, check->retries));
	print_put(printer, node, "healthcheck", all);
}

static void put_ports(struct printer *printer, struct node *node, const struct service *service)
{
	static const char *const protocols[] = {
		[PROTOCOL_TCP] = "tcp", [PROTOCOL_UDP] = "udp", [PROTOCOL_SCTP] = "sctp"};
	struct node *all = print_list(printer);

	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_spec *port = &service->ports[i];
		struct node *one = print_mapping(printer);

		print_put(printer, one, "target", print_number(printer, port->target));
		if (port->published_last)
			print_put_text(printer, one, "published",
				       arena_format(&printer->arena, "%u-%u", port->published,
						    port->published_last));
		else if (port->published)
			print_put_text(printer, one, "published",
				       arena_format(&printer->arena, "%u", port->published));
		print_put_text(printer, one, "host_ip", port->host_ip);
		print_put_text(printer, one, "protocol", protocols[port->protocol]);
		tree_append(&printer->tree, all, one);
	}
	if (service->port_count)
		print_put(printer, node, "ports", all);
}

static struct node *ends(struct printer *printer, const struct end_set *set)
{
	struct node *all = print_list(printer);

	for (unsigned code = 0; code < 256; code++)
		if (set->codes[code / 64] >> (code % 64) & 1)
			tree_append(&printer->tree, all, print_number(printer, code));
	for (int number = 1; number <= 64; number++) {
		char name[SIG_NAME_MAX];

		sig_name(number, name);
		if (set->signals >> (number - 1) & 1)
			tree_append(&printer->tree, all,
				    print_string(printer, arena_text(&printer->arena, name)));
	}
	return all;
}

/* As text, like cpus: the printers know no fractions. */
static void put_milli(struct printer *printer, struct node *node, const char *key, unsigned milli)
{
	print_put_text(printer, node, key,
		       arena_format(&printer->arena, "%u.%03u", milli / 1000, milli % 1000));
}

/* The curve is left out where a fixed delay stands in its place. */
static void put_x_restart(struct printer *printer, struct node *node,
			  const struct restart_spec *restart)
{
	static const struct restart_tuning without = RESTART_TUNING_DEFAULT;
	const struct restart_tuning *tuning = restart->tuning.present ? &restart->tuning : &without;
	struct node *all = print_mapping(printer);
	struct node *prevent = ends(printer, &tuning->prevent);
	struct node *force = ends(printer, &tuning->force);

	if (!restart->tuning.present && !(printer->resolved && restart->condition != RESTART_NO))
		return;
	if (restart->delay_ms < 0) {
		print_put(printer, all, "delay", print_duration(printer, tuning->delay_ms));
		put_milli(printer, all, "factor", tuning->factor_milli);
		print_put(printer, all, "max_delay", print_duration(printer, tuning->max_delay_ms));
	}
	print_put(printer, all, "reset_after", print_duration(printer, tuning->reset_after_ms));
	put_milli(printer, all, "jitter", tuning->jitter_milli);
	if (tuning->burst) {
		print_put(printer, all, "burst", print_number(printer, tuning->burst));
		print_put(printer, all, "interval", print_duration(printer, tuning->interval_ms));
	}
	if (prevent->count)
		print_put(printer, all, "prevent_exit_codes", prevent);
	if (force->count)
		print_put(printer, all, "force_exit_codes", force);
	print_put(printer, node, "x-restart", all);
}

/* What only deploy.restart_policy can say: a delay, a window, attempts for every exit. */
static struct node *restart_policy(struct printer *printer, const struct restart_spec *restart)
{
	struct node *policy = print_mapping(printer);
	static const char *const conditions[] = {[RESTART_NO] = "none",
						 [RESTART_ON_FAILURE] = "on-failure",
						 [RESTART_ALWAYS] = "any",
						 [RESTART_UNLESS_STOPPED] = "unless-stopped"};

	print_put_text(printer, policy, "condition", conditions[restart->condition]);
	if (restart->delay_ms >= 0)
		print_put(printer, policy, "delay", print_duration(printer, restart->delay_ms));
	print_put(printer, policy, "max_attempts", print_number(printer, restart->max_attempts));
	if (restart->window_ms)
		print_put(printer, policy, "window", print_duration(printer, restart->window_ms));
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
		print_put(printer, deploy, "restart_policy", restart_policy(printer, restart));
	else if (restart->max_attempts)
		print_put_text(
			printer, node, "restart",
			arena_format(&printer->arena, "on-failure:%u", restart->max_attempts));
	else if (restart->condition != RESTART_NO || printer->resolved)
		print_put_text(printer, node, "restart", words[restart->condition]);
}

static void put_deploy(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *deploy = print_mapping(printer);

	if (service->replicas != 1 || printer->resolved)
		print_put(printer, deploy, "replicas", print_number(printer, service->replicas));
	print_deploy(printer, node, deploy, service);
	put_restart(printer, node, deploy, &service->restart);
	put_x_restart(printer, node, &service->restart);
	if (deploy->count)
		print_put(printer, node, "deploy", deploy);
}

void print_ulimits(struct printer *printer, struct node *node, const struct ulimit_spec *items,
		   size_t count)
{
	struct node *all = print_mapping(printer);

	for (size_t i = 0; i < count; i++) {
		const struct ulimit_spec *limit = &items[i];
		struct node *one = print_mapping(printer);

		print_put(printer, one, "soft", print_number(printer, limit->soft));
		print_put(printer, one, "hard", print_number(printer, limit->hard));
		print_put(printer, all, limit->name, one);
	}
	if (count)
		print_put(printer, node, "ulimits", all);
}

/* An empty one is printed as well where it is written: it stands in place of the image's. */
static void put_words(struct printer *printer, struct node *node, const char *key,
		      const struct text_list *words, bool cleared)
{
	print_put_list(printer, node, key, words);
	if (cleared)
		print_put(printer, node, key, print_list(printer));
}

static void put_process(struct printer *printer, struct node *node, const struct service *service)
{
	bool image = service->rootfs == ROOTFS_IMAGE; /* whose defaults are not ours */
	char signal[16];

	if (!service->build.names_image || printer->resolved)
		print_put_text(printer, node, "image", service->image.value);
	print_build(printer, node, service);
	if (service->rootfs == ROOTFS_HOST || service->rootfs == ROOTFS_DIR)
		print_put_text(printer, node, "x-rootfs",
			       service->rootfs == ROOTFS_DIR ? service->rootfs_dir : "host");
	put_words(printer, node, "entrypoint", &service->entrypoint, service->no_entrypoint);
	put_words(printer, node, "command", &service->command, service->no_command);
	print_put_pairs(printer, node, "environment", &service->environment);
	print_put_default(printer, node, "working_dir", service->working_dir.value,
			  image ? NULL : "/");
	print_put_default(printer, node, "user", service->user.value, image ? NULL : "0:0");
	print_put_list(printer, node, "group_add", &service->group_add);
	print_put_text(printer, node, "hostname", service->hostname.value);
	print_put_text(printer, node, "domainname", service->domainname.value);
	print_put_text(printer, node, "container_name", service->container_name.value);
	sig_name(service->stop_signal, signal);
	if (!image || service->stop_signal_set)
		print_put_text(printer, node, "stop_signal", signal);
	print_put(printer, node, "stop_grace_period",
		  print_duration(printer, service->stop_grace_ms));
}

static struct node *service_node(struct printer *printer, const struct service *service)
{
	struct node *node = print_mapping(printer);

	put_process(printer, node, service);
	put_depends_on(printer, node, service);
	put_healthcheck(printer, node, &service->healthcheck);
	print_mounts(printer, node, service);
	print_service_files(printer, node, service);
	put_ports(printer, node, service);
	print_put_pairs(printer, node, "labels", &service->labels);
	print_put_pairs(printer, node, "annotations", &service->annotations);
	print_put_list(printer, node, "expose", &service->expose);
	print_ulimits(printer, node, service->ulimits, service->ulimit_count);
	print_put_list(printer, node, "profiles", &service->profiles);
	put_deploy(printer, node, service);
	if (service->detached || printer->resolved)
		print_put(printer, node, "attach", print_bool(printer, !service->detached));
	print_put_list(printer, node, "cap_add", &service->cap_add);
	print_put_list(printer, node, "cap_drop", &service->cap_drop);
	print_service_network(printer, node, service);
	if (service->read_only || printer->resolved)
		print_put(printer, node, "read_only", print_bool(printer, service->read_only));
	print_resources(printer, node, service);
	print_probes(printer, node, service);
	print_kept(printer, node, service);
	return node;
}

static struct node *stack_node(struct printer *printer, const struct stack *stack)
{
	struct node *root = print_mapping(printer);
	struct node *services = print_mapping(printer);

	for (size_t i = 0; i < stack->service_count && !arena_low(&printer->arena); i++)
		print_put(printer, services, stack->services[i].name,
			  service_node(printer, &stack->services[i]));
	print_put_text(printer, root, "name", stack->name);
	print_put(printer, root, "services", services);
	print_networks(printer, root, stack, NULL);
	print_top_volumes(printer, root, stack, NULL);
	print_top_files(printer, root, stack);
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

int manifest_print_service(const struct stack *stack, const struct service *service,
			   struct buf *out, struct err *err)
{
	struct printer printer = {0};
	int r = arena_open(&printer.arena, err);

	if (r < 0)
		return r;
	printer.tree.arena = &printer.arena;
	struct node *root = print_mapping(&printer);

	print_put(&printer, root, "service", service_node(&printer, service));
	print_networks(&printer, root, stack, service);
	print_top_volumes(&printer, root, stack, service);
	if (arena_low(&printer.arena))
		r = err_say(err, ENOMEM, "service %s is too large to print", service->name);
	else
		r = emit_json(root, out, err);
	arena_close(&printer.arena);
	return r < 0 ? r : buf_check(out, err);
}
