// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing what a service may do to its surroundings, and what it may use of them.
 */
#include "manifests/print.h"

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
	static const char *const userns[] = {
		[USERNS_DEFAULT] = NULL, [USERNS_HOST] = "host", [USERNS_KEEP_ID] = "keep-id"};

	put_pull(printer, node, service);
	put_security(printer, node, &service->security);
	print_put_text(printer, node, "userns_mode", userns[service->userns_mode]);
	put_devices(printer, node, service);
}
