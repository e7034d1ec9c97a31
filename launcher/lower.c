// SPDX-License-Identifier: GPL-2.0-or-later
/* Service to container; see lower.h. Pure, used by the supervisor only. */
#include "launcher/lower.h"

#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

/* Enough for a JVM or a database, too few for a fork bomb to hurt the host. */
/* select() breaks above 1024 descriptors: programs that want more raise it themselves. */
#define NOFILE_SOFT 1024
/* As the engines' driver `local`. */
#define LOG_BYTES_DEFAULT (20 << 20)
#define LOG_FILES_DEFAULT 5
/* cpu_shares: what one instance has without it, and what the kernel takes. */
#define SHARES_OF_ONE 1024
#define SHARES_MIN    2
#define SHARES_MAX    262144

/* Shares the strings: only the array is ours. */
static char **list_of(const struct text_list *first, const struct text_list *second)
{
	size_t count = first->count + (second ? second->count : 0);
	char **list = calloc(count + 1, sizeof(*list));

	for (size_t i = 0; list && i < count; i++)
		list[i] = i < first->count ? first->items[i].value
					   : second->items[i - first->count].value;
	return list;
}

char *lower_volume_path(const struct stack *stack, const struct service *service, size_t index,
			const struct lower_place *place)
{
	const struct mount_spec *mount = &service->mounts[index];
	const struct volume *volume = mount->source ? stack_volume(stack, mount->source) : NULL;
	char *path = NULL;
	int r = volume && volume->device ? asprintf(&path, "%s", volume->device)
		: volume ? asprintf(&path, "%s/%s", place->volumes_dir, volume->name)
			 : asprintf(&path, "%s/%zu", place->anonymous_dir, index);

	return r < 0 ? NULL : path;
}

bool lower_has_anonymous_volumes(const struct service *service)
{
	for (size_t i = 0; i < service->mount_count; i++)
		if (service->mounts[i].kind == MOUNT_VOLUME && !service->mounts[i].source)
			return true;
	return false;
}

static bool has_target(const struct service *service, const char *target)
{
	for (size_t i = 0; i < service->mount_count; i++)
		if (strcmp(service->mounts[i].target, target) == 0)
			return true;
	return false;
}

/* What is below a directory that instances write to is found as they would find it: a link that one
 * of them has put there leads nowhere else on the host. */
static void lower_bind(const struct stack *stack, const struct mount_spec *spec,
		       struct container_mount *mount)
{
	const char *top = spec->engine_socket ? NULL : stack_writable_above(stack, spec->source);

	mount->source = top ? top : spec->source;
	mount->subpath = top ? spec->source + strlen(top) + 1 : NULL;
}

/* The same of one that stands for a directory. @ret_text: owned by the caller */
static int lower_device(const char *device, const char *top, struct container_mount *mount,
			char **ret_text)
{
	const char *subpath = mount->subpath;
	char *below = NULL;

	if (asprintf(&below, "%s%s%s", device + strlen(top) + 1, subpath ? "/" : "",
		     subpath ? subpath : "") < 0)
		return -ENOMEM;
	mount->source = top;
	mount->subpath = below;
	*ret_text = below;
	return 0;
}

static int lower_volume(const struct stack *stack, const struct service *service, size_t i,
			const struct lower_place *place, struct lowered *lowered)
{
	const struct mount_spec *spec = &service->mounts[i];
	const struct volume *volume = spec->source ? stack_volume(stack, spec->source) : NULL;
	const char *top =
		volume && volume->device ? stack_writable_above(stack, volume->device) : NULL;

	if (top)
		return lower_device(volume->device, top, &lowered->mounts[i], &lowered->sources[i]);
	lowered->sources[i] = lower_volume_path(stack, service, i, place);
	lowered->mounts[i].source = lowered->sources[i];
	return lowered->sources[i] ? 0 : -ENOMEM;
}

static int lower_mounts(const struct stack *stack, const struct service *service,
			const struct lower_place *place, struct lowered *lowered)
{
	static const unsigned long propagations[] = {
		[PROPAGATION_SLAVE] = MS_SLAVE,
		[PROPAGATION_RSLAVE] = MS_SLAVE,
		[PROPAGATION_SHARED] = MS_SHARED,
		[PROPAGATION_RSHARED] = MS_SHARED,
	};

	lowered->mounts = calloc(service->mount_count + 2, sizeof(*lowered->mounts));
	lowered->sources = calloc(service->mount_count + 2, sizeof(*lowered->sources));
	if (!lowered->mounts || !lowered->sources)
		return -ENOMEM;
	lowered->config.mounts = lowered->mounts;
	lowered->config.mount_count = service->mount_count;
	for (size_t i = 0; i < service->mount_count; i++) {
		const struct mount_spec *spec = &service->mounts[i];
		struct container_mount *mount = &lowered->mounts[i];

		*mount = (struct container_mount){
			.kind = spec->kind == MOUNT_TMPFS ? CONTAINER_MOUNT_TMPFS
							  : CONTAINER_MOUNT_BIND,
			.target = spec->target,
			.subpath = spec->subpath,
			.propagation = propagations[spec->propagation],
			.shallow = spec->recursion == RECURSION_DISABLED,
			.shallow_ro = spec->recursion == RECURSION_WRITABLE,
			.read_only = spec->read_only,
			.bytes = spec->tmpfs_bytes,
			.optional = spec->engine_socket,
			.mode = spec->tmpfs_mode >= 0 ? (unsigned)spec->tmpfs_mode : 0,
			.inodes = spec->tmpfs_inodes,
			.uid = spec->tmpfs_uid > 0 ? (uid_t)spec->tmpfs_uid : 0,
			.gid = spec->tmpfs_gid > 0 ? (gid_t)spec->tmpfs_gid : 0,
			.no_exec = !spec->tmpfs_exec,
		};
		if (spec->kind == MOUNT_BIND)
			lower_bind(stack, spec, mount);
		if (spec->kind == MOUNT_VOLUME &&
		    lower_volume(stack, service, i, place, lowered) < 0)
			return -ENOMEM;
	}
	/* Shared memory has two faces: one of them is a file system. */
	if (service->process.ipc.kind == SHARE_HOST && !has_target(service, "/dev/shm"))
		lowered->mounts[lowered->config.mount_count++] = (struct container_mount){
			.kind = CONTAINER_MOUNT_BIND, .source = "/dev/shm", .target = "/dev/shm"};
	return 0;
}

static int lower_files(const struct stack *stack, const struct service *service,
		       struct lowered *lowered, struct err *err)
{
	lowered->files = calloc(service->files.count + 1, sizeof(*lowered->files));
	if (!lowered->files)
		return err_set(err, ENOMEM, "%s", service->name);
	lowered->config.files = lowered->files;
	lowered->config.file_count = service->files.count;
	for (size_t i = 0; i < service->files.count; i++) {
		const struct file_grant *grant = &service->files.items[i];
		const struct file_object *object = stack_file(stack, grant->kind, grant->source);

		if (!object || !object->bytes)
			return err_say(err, ENOENT, "the content of %s could not be read",
				       grant->source);
		lowered->files[i] = (struct container_file){
			.target = grant->target,
			.bytes = object->bytes,
			.len = object->len,
			.uid = grant->uid,
			.gid = grant->gid,
			.mode = grant->mode,
		};
	}
	return 0;
}

static rlim_t rlimit_of(int64_t value)
{
	return value < 0 ? RLIM_INFINITY : (rlim_t)value;
}

static int lower_rlimits(const struct service *service, const struct lower_place *place,
			 struct lowered *lowered)
{
	struct container_rlimit *next = calloc(service->ulimit_count + 1, sizeof(*next));
	rlim_t hard = place->nofile_hard;
	bool nofile = false;

	lowered->rlimits = next;
	if (!next)
		return -ENOMEM;
	for (size_t i = 0; i < service->ulimit_count; i++) {
		const struct ulimit_spec *spec = &service->ulimits[i];

		*next++ = (struct container_rlimit){spec->resource,
						    {rlimit_of(spec->soft), rlimit_of(spec->hard)}};
		nofile |= spec->resource == RLIMIT_NOFILE;
	}
	if (!nofile)
		*next++ = (struct container_rlimit){
			RLIMIT_NOFILE, {hard < NOFILE_SOFT ? hard : NOFILE_SOFT, hard}};
	lowered->config.rlimits = lowered->rlimits;
	lowered->config.rlimit_count = (size_t)(next - lowered->rlimits);
	return 0;
}

static int lower_devices(const struct service *service, struct lowered *lowered)
{
	lowered->devices = calloc(service->device_count + 1, sizeof(*lowered->devices));
	if (!lowered->devices)
		return -ENOMEM;
	for (size_t i = 0; i < service->device_count; i++) {
		const struct device_spec *spec = &service->devices[i];

		lowered->devices[i] = (struct container_device){
			spec->source, spec->target, spec->read, spec->write, spec->mknod};
	}
	lowered->config.devices = lowered->devices;
	lowered->config.device_count = service->device_count;
	return 0;
}

/* Such capabilities count with the host's ids only, which it is given therefore. */
static void lower_privileged(struct container_config *config)
{
	static const char *const all[] = {"ALL", NULL};

	config->privileged = true;
	config->seccomp_unconfined = true;
	config->cap_add = all;
}

int lower_service(const struct stack *stack, const struct service *service,
		  const struct lower_place *place, struct lowered *ret, struct err *err)
{
	*ret = (struct lowered){
		.argv = list_of(&service->entrypoint, &service->command),
		.envp = list_of(&service->environment, NULL),
		.cap_add = (const char **)list_of(&service->cap_add, NULL),
		.cap_drop = (const char **)list_of(&service->cap_drop, NULL),
		.groups = (const char **)list_of(&service->group_add, NULL),
		.sysctls = (const char **)list_of(&service->process.sysctls, NULL),
	};
	if (!ret->argv || !ret->envp || !ret->cap_add || !ret->cap_drop || !ret->groups ||
	    !ret->sysctls || lower_mounts(stack, service, place, ret) < 0 ||
	    lower_rlimits(service, place, ret) < 0 || lower_devices(service, ret) < 0)
		return err_set(err, ENOMEM, "%s", service->name);
	struct container_config *config = &ret->config;

	config->state_dir = place->state_dir;
	config->root = service->rootfs == ROOTFS_DIR	 ? CONTAINER_ROOT_DIR
		       : service->rootfs == ROOTFS_IMAGE ? CONTAINER_ROOT_LAYERS
							 : CONTAINER_ROOT_HOST;
	config->root_dir = service->rootfs_dir;
	config->root_layers = place->root_layers;
	config->read_only = service->read_only;
	config->argv = ret->argv;
	config->envp = ret->envp;
	config->working_dir = service->working_dir.value;
	config->user = service->user.value;
	config->groups = ret->groups;
	config->cap_add = ret->cap_add;
	config->cap_drop = ret->cap_drop;
	config->ids = service->userns_mode == USERNS_HOST ? NULL : place->ids;
	config->layers_dir = place->layers_dir;
	config->seccomp_unconfined = service->security.seccomp == SECCOMP_UNCONFINED;
	config->new_privileges = service->security.new_privileges;
	config->unmasked = service->security.unmasked;
	if (service->process.privileged)
		lower_privileged(config);
	config->seccomp_profile = service->security.seccomp_profile;
	config->filter_dir = place->filter_dir;
	config->seccomp_name = service->security.seccomp_shown;
	config->host_network = stack_network_owner(stack, service)->network.mode == NETWORK_HOST;
	/* Whose network is shared may be without such capabilities. */
	config->own_network = stack_network_owner(stack, service) == service;
	config->resolv_conf = place->resolv_conf;
	config->init = service->process.init ? place->init : NULL;
	config->enter = place->enter;
	config->shm_bytes = service->process.shm_bytes;
	config->oom_score_adj = service->process.oom_score_adj ? service->process.oom_score_adj
							       : place->oom_score_adj;
	config->sysctls = ret->sysctls;
	config->host_ipc = service->process.ipc.kind == SHARE_HOST;
	config->no_shm = service->process.ipc.kind == SHARE_NONE;
	config->host_pid = service->process.pid.kind == SHARE_HOST;
	config->host_uts = service->process.uts.kind == SHARE_HOST;
	config->host_cgroup = service->process.cgroup.kind == SHARE_HOST;
	return lower_files(stack, service, ret, err);
}

void lowered_free(struct lowered *lowered)
{
	for (size_t i = 0; lowered->sources && i < lowered->config.mount_count; i++)
		free(lowered->sources[i]);
	free(lowered->sources);
	free(lowered->mounts);
	free(lowered->files);
	free(lowered->argv);
	free(lowered->envp);
	free(lowered->groups);
	free(lowered->sysctls);
	free(lowered->devices);
	free(lowered->rlimits);
	free(lowered->cap_add);
	free(lowered->cap_drop);
	*lowered = (struct lowered){0};
}

bool lower_may_trace(const struct service *service)
{
	/* Not spelt out here: ALL is one of the ways to ask for it. */
	return service->process.privileged || service->cap_add.count;
}

/* Reserved cores weigh as much as they are against the usual weight of one. */
static int64_t shares_of(const struct limits *limits)
{
	int64_t shares = limits->cpu_reserved_mcpu * SHARES_OF_ONE / 1000;

	if (limits->cpu_shares || !limits->cpu_reserved_mcpu)
		return limits->cpu_shares;
	return shares < SHARES_MIN ? SHARES_MIN : shares > SHARES_MAX ? SHARES_MAX : shares;
}

struct cg_limits lower_limits(const struct service *service)
{
	const struct limits *limits = &service->limits;

	return (struct cg_limits){
		.cpu_mcpu = limits->cpu_mcpu,
		.memory_bytes = limits->memory_bytes,
		.pids = limits->pids == 0  ? LIMITS_PIDS_DEFAULT
			: limits->pids < 0 ? 0
					   : limits->pids,
		.cpu_quota_usec = limits->cpu_quota_us,
		.cpu_period_usec = limits->cpu_period_us,
		.cpu_shares = shares_of(limits),
		.memory_low_bytes = limits->memory_reserved_bytes,
		.memory_high_bytes = limits->memory_high_bytes,
		.memory_swap_bytes = limits->memory_swap_bytes,
		.cpus = limits->cpuset.value,
		.io_weight = limits->blkio.weight,
		.io_count = limits->blkio.device_count,
	};
}

struct cg_io *lower_io(const struct service *service)
{
	static const enum cg_io_kind kinds[] = {[BLKIO_WEIGHT] = CG_IO_WEIGHT,
						[BLKIO_READ_BPS] = CG_IO_READ_BPS,
						[BLKIO_WRITE_BPS] = CG_IO_WRITE_BPS,
						[BLKIO_READ_IOPS] = CG_IO_READ_IOPS,
						[BLKIO_WRITE_IOPS] = CG_IO_WRITE_IOPS};
	const struct blkio_spec *blkio = &service->limits.blkio;
	struct cg_io *all = calloc(blkio->device_count + 1, sizeof(*all));

	for (size_t i = 0; all && i < blkio->device_count; i++)
		all[i] = (struct cg_io){kinds[blkio->devices[i].kind], blkio->devices[i].path,
					blkio->devices[i].value};
	return all;
}

struct log_limits lower_log_limits(const struct service *service)
{
	const struct logging_spec *logging = &service->logging;

	return (struct log_limits){
		.max_bytes = logging->max_bytes == 0  ? LOG_BYTES_DEFAULT
			     : logging->max_bytes < 0 ? 0
						      : logging->max_bytes,
		.max_files = logging->max_files ? logging->max_files : LOG_FILES_DEFAULT,
	};
}

struct pos lower_fault_pos(const struct service *service, const struct container_fault *fault)
{
	switch (fault->item) {
	case CONTAINER_ITEM_ROOT:
		return service->rootfs_pos;
	case CONTAINER_ITEM_MOUNT:
		if (fault->index < service->mount_count)
			return service->mounts[fault->index].source_pos.line
				       ? service->mounts[fault->index].source_pos
				       : service->mounts[fault->index].pos;
		return service->pos;
	case CONTAINER_ITEM_FILE:
		if (fault->index < service->files.count)
			return service->files.items[fault->index].pos;
		break;
	case CONTAINER_ITEM_USER:
		return service->user.value ? service->user.pos : service->pos;
	case CONTAINER_ITEM_WORKING_DIR:
		return service->working_dir.value ? service->working_dir.pos : service->pos;
	case CONTAINER_ITEM_PROGRAM:
		return service->command_pos.line ? service->command_pos : service->pos;
	case CONTAINER_ITEM_CAPABILITY:
		if (service->cap_add.count)
			return service->cap_add.items[0].pos;
		return service->cap_drop.count ? service->cap_drop.items[0].pos : service->pos;
	case CONTAINER_ITEM_LIMIT:
		if (fault->index < service->ulimit_count)
			return service->ulimits[fault->index].pos;
		break;
	case CONTAINER_ITEM_GROUP:
		if (fault->index < service->group_add.count)
			return service->group_add.items[fault->index].pos;
		break;
	case CONTAINER_ITEM_SECCOMP:
		if (service->security.seccomp_pos.line)
			return service->security.seccomp_pos;
		break;
	case CONTAINER_ITEM_DEVICE:
		if (fault->index < service->device_count)
			return service->devices[fault->index].pos;
		break;
	case CONTAINER_ITEM_SYSCTL:
		if (fault->index < service->process.sysctls.count)
			return service->process.sysctls.items[fault->index].pos;
		break;
	case CONTAINER_ITEM_OOM_SCORE:
		return service->process.oom_pos.line ? service->process.oom_pos : service->pos;
	case CONTAINER_ITEM_CPUS:
		return service->limits.cpuset.value ? service->limits.cpuset.pos : service->pos;
	case CONTAINER_ITEM_IO:
		if (fault->index < service->limits.blkio.device_count)
			return service->limits.blkio.devices[fault->index].pos;
		return service->limits.blkio.pos.line ? service->limits.blkio.pos : service->pos;
	case CONTAINER_ITEM_NONE:
		break;
	}
	return service->pos;
}

void lower_fault_add(const struct service *service, const struct container_fault *fault,
		     struct strv *lines)
{
	diagnostic_add(lines, SEVERITY_ERROR, lower_fault_pos(service, fault), service->name, "%s",
		       fault->err.text);
}
