// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One entry of `services`: the table of its keys, and those too simple for a file of their own.
 */
#include "manifests/decode_files.h"
#include "manifests/decode_networks.h"
#include "manifests/decode_probes.h"
#include "manifests/decode_resources.h"

#include "runtime/base/cleanup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void decode_rootfs(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;
	const char *text = decode_scalar(decoder, node, key);

	/* A faulty one is told here; "has no root file system" would be noise after it. */
	service->rootfs = ROOTFS_HOST;
	service->rootfs_pos = node->pos;
	if (!text || strcmp(text, "host") == 0)
		return;
	if (!text[0] || !strchr("./~", text[0])) {
		decode_error(decoder, node, key,
			     "'%.60s' is neither host nor a directory: a path starts with / or ./",
			     text);
		return;
	}
	service->rootfs = ROOTFS_DIR;
	service->rootfs_dir = decode_path(decoder, decoder->stack->directory, text);
	if (strcmp(service->rootfs_dir, "/") == 0)
		decode_error(decoder, node, key, "the host's / is not handed out: write host");
}

static void require_rootfs(struct decoder *decoder)
{
	struct service *service = decoder->service;

	if (service->rootfs != ROOTFS_NONE)
		return;
	if (!service->image.value && service->build.present)
		decode_built_image(decoder);
	if (service->image.value) {
		service->rootfs = ROOTFS_IMAGE;
		service->rootfs_pos = service->image.pos;
		return;
	}
	report_error(decoder->report, service->pos,
		     "%s needs an image, a build, or x-rootfs: host or a directory", decoder->path);
}

/* A missing program is told where nothing else is wrong: "comand" is one fault, not two. */
static void require_command(struct decoder *decoder, size_t errors_before)
{
	const struct service *service = decoder->service;

	if (decoder->report->list->error_count == errors_before && !service->command.count &&
	    !service->entrypoint.count && service->rootfs != ROOTFS_NONE &&
	    service->rootfs != ROOTFS_IMAGE)
		report_error(decoder->report, service->pos,
			     "%s needs a command: there is no image to take one from",
			     decoder->path);
}

static void decode_isolation(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_scalar(decoder, node, key);

	if (text && strcmp(text, "default") != 0)
		decode_error(decoder, node, key, "'%.60s' is not supported: it is for Windows",
			     text);
}

static void decode_attach(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->service->detached = !decode_bool(decoder, node, key, true);
}

static void decode_read_only(struct decoder *decoder, const struct node *node, const char *key)
{
	decoder->service->read_only = decode_bool(decoder, node, key, false);
}

static void decode_grace(struct decoder *decoder, const struct node *node, const char *key)
{
	decode_duration(decoder, node, key, &decoder->service->stop_grace_ms);
}

static void decode_container_name(struct decoder *decoder, const struct node *node, const char *key)
{
	const char *text = decode_string(decoder, node, key);

	if (text && text[0] && !decode_is_name(text, DECODE_STORE_NAME_MAX))
		decode_error(decoder, node, key, "'%.80s' is not a name: letters, digits, _ . -",
			     text);
	else if (text && text[0])
		decode_text(decoder, node, key, &decoder->service->container_name);
}

static void add_annotation(struct decoder *decoder, const char *name, const char *value,
			   struct pos pos, void *ctx)
{
	if (strchr(name, '='))
		report_error(decoder->report, pos,
			     "%s.annotations: the name '%.60s' contains a =", decoder->path, name);
	else
		vars_set(ctx, name, value ? value : "", pos);
}

static void decode_annotations(struct decoder *decoder, const struct node *node, const char *key)
{
	struct vars annotations = {.arena = decoder->scratch};

	decode_pairs(decoder, node, key, add_annotation, &annotations);
	decoder->service->annotations = vars_list(&annotations, decoder->keep);
}

static void decode_profiles(struct decoder *decoder, const struct node *node, const char *key)
{
	struct service *service = decoder->service;

	decode_list(decoder, node, key, false, &service->profiles);
	for (size_t i = 0; i < service->profiles.count; i++) {
		const struct text *profile = &service->profiles.items[i];

		if (!decode_is_name(profile->value, DECODE_NAME_MAX))
			report_error(decoder->report, profile->pos,
				     "%s.%s: '%.60s' is not a profile name: letters, digits, _ . -",
				     decoder->path, key, profile->value);
		if (strv_has(decoder->profiles, profile->value))
			service->enabled = true;
	}
	if (service->profiles.count && !service->enabled)
		service->enabled = strv_has(decoder->profiles, "*");
}

static const struct decode_field service_fields[] = {
	{"image", decode_image},
	{"build", decode_build},
	{"x-rootfs", decode_rootfs},
	{"command", decode_command},
	{"entrypoint", decode_entrypoint},
	{"working_dir", decode_working_dir},
	{"user", decode_user},
	{"hostname", decode_hostname},
	{"depends_on", decode_depends_on},
	{"links", decode_links},
	{"healthcheck", decode_healthcheck},
	{"restart", decode_restart},
	{"stop_signal", decode_stop_signal},
	{"stop_grace_period", decode_grace},
	{"volumes", decode_volumes},
	{"tmpfs", decode_tmpfs},
	{"ports", decode_ports},
	{"annotations", decode_annotations},
	{"attach", decode_attach},
	{"container_name", decode_container_name},
	{"domainname", decode_domainname},
	{"expose", decode_expose},
	{"group_add", decode_group_add},
	{"ulimits", decode_ulimits},
	{"read_only", decode_read_only},
	{"cap_add", decode_cap_add},
	{"cap_drop", decode_cap_drop},
	{"networks", decode_service_networks},
	{"network_mode", decode_network_mode},
	{"mac_address", decode_mac_address},
	{"extra_hosts", decode_extra_hosts},
	{"dns", decode_dns},
	{"dns_opt", decode_dns_opt},
	{"dns_search", decode_dns_search},
	{"external_links", decode_external_links},
	{"isolation", decode_isolation},
	{"volumes_from", decode_volumes_from}, /* after depends_on, which it adds to */
	{"init", decode_init},
	{"tty", decode_tty},
	{"stdin_open", decode_stdin_open},
	{"privileged", decode_privileged},
	{"oom_score_adj", decode_oom_score_adj},
	{"shm_size", decode_shm_size},
	{"sysctls", decode_sysctls},
	{"cgroup", decode_cgroup},
	{"ipc", decode_ipc},
	{"pid", decode_pid},
	{"uts", decode_uts},
	{"logging", decode_logging},
	{"pull_policy", decode_pull_policy},
	{"platform", decode_platform},
	{"security_opt", decode_security_opt},
	{"userns_mode", decode_userns_mode},
	{"devices", decode_devices},
	{"blkio_config", decode_blkio},
	{"x-probe", decode_x_probe},
	{"x-autoscale", decode_x_autoscale},
	{"x-schedule", decode_x_schedule},
	{"x-drain", decode_x_drain},
	{"x-balance", decode_x_balance},
	{"x-allow", decode_x_allow},
};

static void decode_service(struct decoder *decoder, const struct node *key,
			   const struct node *value)
{
	struct service *service = decoder->service;
	const struct node *profiles = node_get(value, "profiles");
	size_t errors = decoder->report->list->error_count;

	*service = (struct service){
		.name = arena_text(decoder->keep, key->text),
		.pos = key->pos,
		.command_pos = key->pos,
		.stop_signal = SIGTERM,
		.stop_grace_ms = 10000,
		.replicas = 1,
		.restart = {.delay_ms = -1},
		.traffic = {.drain_ms = -1},
	};
	decoder->mount_cap = decoder->port_cap = 0;
	decoder->path = arena_format(decoder->scratch, "services.%s", key->text);
	if (!decode_is_name(key->text, DECODE_NAME_MAX))
		report_error(decoder->report, key->pos,
			     "'%.80s' is not a service name: letters, digits, _ . -, at most 63",
			     key->text);
	if (!keys_check(decoder->report, value, keys_service, decoder->path)) {
		/* Told already: nothing that refers to it shall complain too. */
		service->enabled = true;
		return;
	}
	service->enabled = node_is_null(profiles);
	if (!node_is_null(profiles)) {
		decode_profiles(decoder, profiles, "profiles");
		service->enabled |= !service->profiles.count;
	}
	decode_fields(decoder, value, service_fields, ARRAY_SIZE(service_fields));
	decode_environment(decoder, value);
	decode_service_labels(decoder, value);
	decode_deploy(decoder, value);
	decode_service_files(decoder, value);
	decode_kept(decoder, value);
	if (value->faulty)
		return; /* what it lacks may be in the base it could not have */
	require_rootfs(decoder);
	require_command(decoder, errors);
}

static int compare_services(const void *left, const void *right)
{
	return strcmp(((const struct service *)left)->name, ((const struct service *)right)->name);
}

void decode_services(struct decoder *decoder, const struct node *services)
{
	struct stack *stack = decoder->stack;

	if (services->kind != NODE_MAPPING) {
		report_error(decoder->report, services->pos,
			     "services must be a mapping, this is %s", node_kind_name(services));
		return;
	}
	stack->services = arena_new(decoder->keep, struct service, services->count);
	for (size_t i = 0; i < services->count; i++) {
		if (!decode_room(decoder, services))
			break;
		decoder->service = &stack->services[stack->service_count++];
		decoder->report->service = services->pairs[i].key->text;
		decode_service(decoder, services->pairs[i].key, services->pairs[i].value);
	}
	decoder->report->service = NULL;
	decoder->path = "";
	if (stack->service_count)
		qsort(stack->services, stack->service_count, sizeof(*stack->services),
		      compare_services);
}
