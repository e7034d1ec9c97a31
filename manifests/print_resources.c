// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing what a service may do to its surroundings, and what it may use of them.
 */
#include "manifests/print.h"

#include <inttypes.h>

static void put_item(struct printer *printer, struct node *list, const char *text)
{
	tree_append(&printer->tree, list, print_string(printer, text));
}

static void put_security(struct printer *printer, struct node *node,
			 const struct security_spec *security)
{
	struct node *all = print_list(printer);

	if (security->new_privileges || printer->resolved)
		put_item(printer, all,
			 security->new_privileges ? "no-new-privileges:false"
						  : "no-new-privileges:true");
	if (security->seccomp == SECCOMP_FILE)
		put_item(printer, all,
			 arena_format(&printer->arena, "seccomp=%s", security->seccomp_path));
	else if (security->seccomp == SECCOMP_UNCONFINED)
		put_item(printer, all, "seccomp=unconfined");
	if (security->unmasked)
		put_item(printer, all, "systempaths=unconfined");
	if (all->count)
		print_put(printer, node, "security_opt", all);
}

static void put_devices(struct printer *printer, struct node *node, const struct service *service)
{
	struct node *all = print_list(printer);

	for (size_t i = 0; i < service->device_count; i++) {
		const struct device_spec *device = &service->devices[i];
		struct node *one = print_mapping(printer);

		print_put_text(printer, one, "source", device->source);
		print_put_text(printer, one, "target", device->target);
		print_put_text(printer, one, "permissions",
			       arena_format(&printer->arena, "%s%s%s", device->read ? "r" : "",
					    device->write ? "w" : "", device->mknod ? "m" : ""));
		tree_append(&printer->tree, all, one);
	}
	if (service->device_count)
		print_put(printer, node, "devices", all);
}

static void put_blkio(struct printer *printer, struct node *node, const struct blkio_spec *blkio)
{
	static const char *const keys[] = {[BLKIO_WEIGHT] = "weight_device",
					   [BLKIO_READ_BPS] = "device_read_bps",
					   [BLKIO_WRITE_BPS] = "device_write_bps",
					   [BLKIO_READ_IOPS] = "device_read_iops",
					   [BLKIO_WRITE_IOPS] = "device_write_iops"};
	struct node *all = print_mapping(printer);
	struct node *list = NULL;

	if (blkio->weight)
		print_put(printer, all, "weight", print_number(printer, blkio->weight));
	for (size_t i = 0; i < blkio->device_count; i++) {
		const struct blkio_device *device = &blkio->devices[i];
		struct node *one = print_mapping(printer);

		if (i == 0 || device[-1].kind != device->kind) {
			list = print_list(printer);
			print_put(printer, all, keys[device->kind], list);
		}
		print_put_text(printer, one, "path", device->path);
		print_put(printer, one, device->kind == BLKIO_WEIGHT ? "weight" : "rate",
			  print_number(printer, device->value));
		tree_append(&printer->tree, list, one);
	}
	if (all->count)
		print_put(printer, node, "blkio_config", all);
}

static void put_wish(struct printer *printer, struct node *node, const char *key, bool value)
{
	if (value || printer->resolved)
		print_put(printer, node, key, print_bool(printer, value));
}

static void put_share(struct printer *printer, struct node *node, const char *key,
		      const struct share_spec *share)
{
	static const char *const words[] = {[SHARE_DEFAULT] = NULL,
					    [SHARE_PRIVATE] = "private",
					    [SHARE_HOST] = "host",
					    [SHARE_SERVICE] = "service:",
					    [SHARE_CONTAINER] = "container:",
					    [SHARE_SHAREABLE] = "shareable",
					    [SHARE_NONE] = "none"};
	const char *word = words[share->kind];

	if (share->name)
		word = arena_format(&printer->arena, "%s%s", word, share->name);
	print_put_default(printer, node, key, word, "private");
}

static void put_process(struct printer *printer, struct node *node,
			const struct process_spec *process)
{
	put_wish(printer, node, "init", process->init);
	put_wish(printer, node, "tty", process->tty);
	put_wish(printer, node, "stdin_open", process->stdin_open);
	put_wish(printer, node, "privileged", process->privileged);
	if (process->oom_score_adj || printer->resolved)
		print_put(printer, node, "oom_score_adj",
			  print_number(printer, process->oom_score_adj));
	if (process->shm_bytes)
		print_put_text(printer, node, "shm_size",
			       arena_format(&printer->arena, "%" PRId64, process->shm_bytes));
	print_put_pairs(printer, node, "sysctls", &process->sysctls);
	put_share(printer, node, "cgroup", &process->cgroup);
	put_share(printer, node, "ipc", &process->ipc);
	put_share(printer, node, "pid", &process->pid);
	put_share(printer, node, "uts", &process->uts);
}

static void put_logging(struct printer *printer, struct node *node,
			const struct logging_spec *logging)
{
	static const char *const drivers[] = {
		[LOG_DEFAULT] = NULL,	     [LOG_JSON_FILE] = "json-file", [LOG_LOCAL] = "local",
		[LOG_JOURNALD] = "journald", [LOG_NONE] = "none",	    [LOG_OTHER] = NULL};
	struct node *all = print_mapping(printer);

	print_put_default(printer, all, "driver",
			  logging->name ? logging->name : drivers[logging->driver], "json-file");
	print_put_pairs(printer, all, "options", &logging->options);
	if (all->count)
		print_put(printer, node, "logging", all);
}

static void put_pull(struct printer *printer, struct node *node, const struct service *service)
{
	static const char *const policies[] = {[PULL_DEFAULT] = NULL,
					       [PULL_MISSING] = "missing",
					       [PULL_ALWAYS] = "always",
					       [PULL_NEVER] = "never",
					       [PULL_BUILD] = "build"};

	print_put_text(printer, node, "pull_policy", policies[service->pull.policy]);
	print_put_text(printer, node, "platform", service->platform.value);
}

void print_resources(struct printer *printer, struct node *node, const struct service *service)
{
	static const char *const userns[] = {[USERNS_DEFAULT] = NULL, [USERNS_HOST] = "host"};

	put_pull(printer, node, service);
	put_process(printer, node, &service->process);
	put_logging(printer, node, &service->logging);
	put_security(printer, node, &service->security);
	print_put_text(printer, node, "userns_mode", userns[service->userns_mode]);
	put_devices(printer, node, service);
	put_blkio(printer, node, &service->limits.blkio);
}
