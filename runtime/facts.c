// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans, told; see facts.h. */
#include "runtime/facts.h"

#include "runtime/caps.h"
#include "runtime/plan_mounts.h"

#include <sys/mount.h>

void container_plan_facts(const struct container_plan *plan, struct container_facts *ret_facts)
{
	*ret_facts = (struct container_facts){
		.argv = plan->argv.items,
		.working_dir = plan->working_dir,
		.uid = plan->user.uid,
		.gid = plan->user.gid,
		.groups = plan->user.groups,
		.group_count = plan->user.group_count,
		.capabilities = plan->caps.keep,
		.ambient = plan->caps.ambient,
		.writable = plan->writable,
		.first_id = plan->first_id,
		.id_count = plan->userns_fd < 0 ? 0 : plan->id_count,
		.filtered = plan->filter,
		.own_profile = plan->own_filter,
		.filter_length = plan->filter ? secc_length(plan->filter) : 0,
		.landlock = plan->landlock,
		.device_filter = plan->devices_fd >= 0,
		.new_privileges = plan->new_privileges,
		.shares_network = plan->host_network,
		.shares_pid = plan->host_pid,
		.shares_ipc = plan->host_ipc,
		.shares_uts = plan->host_uts,
		.shares_cgroup = plan->host_cgroup,
	};
}

static const char *kind_name(const struct plan_mount *mount)
{
	switch (mount->kind) {
	case PLAN_MOUNT_NEW:
		return mount->type;
	case PLAN_MOUNT_DEV:
		return "dev";
	case PLAN_MOUNT_BIND:
		return "bind";
	case PLAN_MOUNT_FILE:
		return "file";
	case PLAN_MOUNT_MASK:
		return "masked";
	case PLAN_MOUNT_READ_ONLY:
		return "read-only";
	}
	return "?";
}

bool container_plan_mount(const struct container_plan *plan, size_t index,
			  struct container_mount_fact *ret_mount)
{
	if (index >= plan->mount_count)
		return false;
	const struct plan_mount *mount = &plan->mounts[index];

	*ret_mount = (struct container_mount_fact){
		.target = mount->target,
		.what = kind_name(mount),
		.read_only = mount->read_only || mount->flags & MS_RDONLY ||
			     mount->kind == PLAN_MOUNT_FILE || mount->kind == PLAN_MOUNT_READ_ONLY,
	};
	return true;
}

void container_capability_names(uint64_t set, struct strv *ret_names)
{
	for (unsigned number = 0; number < 64; number++) {
		char name[CAPS_NAME_MAX];

		if (!(set >> number & 1))
			continue;
		caps_name(number, name, sizeof(name));
		strv_add(ret_names, name);
	}
}
