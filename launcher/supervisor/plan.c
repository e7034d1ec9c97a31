// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prepared revisions: what all runs of a service's instances have in common, made once. A plan
 * lives as long as an instance or the unit of its service refers to it.
 */
#include "launcher/js.h"
#include "launcher/lower.h"
#include "launcher/one_off.h"
#include "launcher/paths.h"
#include "launcher/supervisor/images.h"
#include "launcher/supervisor/resolver.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/volumes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/cg_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct manifest *manifest_make(struct stack *stack, const char *directory)
{
	struct manifest *manifest = calloc(1, sizeof(*manifest));
	char *copy = strdup(directory);

	if (manifest && copy) {
		*manifest = (struct manifest){stack, copy, 1};
		return manifest;
	}
	stack_free(stack);
	free(copy);
	free(manifest);
	return NULL;
}

struct manifest *manifest_ref(struct manifest *manifest)
{
	manifest->refs++;
	return manifest;
}

void manifest_unref(struct manifest *manifest)
{
	if (!manifest || --manifest->refs > 0)
		return;
	stack_free(manifest->stack);
	free(manifest->directory);
	images_free(manifest->images);
	free(manifest);
}

struct plan *plan_ref(struct plan *plan)
{
	plan->refs++;
	return plan;
}

void plan_unref(struct plan *plan)
{
	if (!plan || --plan->refs > 0)
		return;
	container_plan_free(plan->container);
	/* Only what is still empty goes. */
	for (size_t i = plan->made.count; i > 0 && !plan->used; i--)
		(void)rmdir(plan->made.items[i - 1]);
	strv_free(&plan->made);
	if (plan->state_dir)
		err_ignore(fs_remove_tree(plan->state_dir, NULL)); /* `down` removes what is left */
	if (plan->own && plan->anonymous_dir)
		err_ignore(fs_remove_tree(plan->anonymous_dir, NULL)); /* of no use to anybody */
	free(plan->state_dir);
	free(plan->anonymous_dir);
	one_off_free(plan->own);
	js_free(plan->change);
	manifest_unref(plan->manifest);
	free(plan);
}

/* Makes a directory where there is none yet. */
static int make_missing(struct plan *plan, const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 || errno != ENOENT)
		return 0;
	int r = fs_make_dirs(path, 0755, err);

	if (r < 0)
		return r;
	strv_add(&plan->made, path);
	return strv_check(&plan->made, err);
}

/* Where a link leads to nothing there is nothing to be made: whoever has put it there for a place
 * elsewhere on the host is told, rather than given an empty directory. Any other failure is told of
 * by whoever opens what is missing then. */
static int make_bind(struct plan *plan, const struct container_mount *mount, struct err *err)
{
	char below[PATH_MAX];
	int r = make_missing(plan, mount->source, err);

	if (r < 0 || !mount->subpath)
		return r;
	autoclose int top_fd = open(mount->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = top_fd < 0 ? -1 : path_open_in(top_fd, mount->subpath, O_PATH);

	if (top_fd < 0 || fd != -ENOENT)
		return 0;
	snprintf(below, sizeof(below), "/%s", mount->subpath);
	fd = path_make_plain(top_fd, below, true);
	return fd != -ELOOP
		       ? 0
		       : err_say(err, ELOOP,
				 "volume %s%s: a link leads to nothing in %s, and no link there "
				 "leads out of what instances can write to",
				 mount->source, below, mount->source);
}

/* External volumes and directories that volumes stand for are somebody else's: they must exist. */
static bool is_made_here(const struct plan *plan, const struct mount_spec *mount)
{
	const struct volume *volume =
		mount->source ? stack_volume(plan->manifest->stack, mount->source) : NULL;

	return mount->kind == MOUNT_VOLUME && !(volume && (volume->external || volume->device));
}

/* Those that an image has something for are there: fills_ready(). @ret_fresh: made now with nothing
 * in it, so that it is nobody's yet */
static int make_volume(struct plan *plan, const struct lowered *lowered, size_t index,
		       bool *ret_fresh, struct err *err)
{
	int r = volumes_make(lowered->sources[index], ret_fresh, err);

	if (r < 0 || !*ret_fresh)
		return r;
	strv_add(&plan->made, lowered->sources[index]);
	return strv_check(&plan->made, err);
}

/* @fresh: which volumes were made now and have nothing of an image's in them */
static int make_sources(struct plan *plan, const struct lowered *lowered, bool *fresh,
			struct container_fault *fault)
{
	for (size_t i = 0; i < plan->service->mount_count; i++) {
		const struct mount_spec *mount = &plan->service->mounts[i];
		int r = 0;

		/* A missing source of a short-form bind is made, as Compose does. */
		if (mount->kind == MOUNT_BIND && mount->create_host_path)
			r = make_bind(plan, &lowered->mounts[i], &fault->err);
		else if (is_made_here(plan, mount))
			r = make_volume(plan, lowered, i, &fresh[i], &fault->err);
		if (r < 0) {
			fault->item = CONTAINER_ITEM_MOUNT;
			fault->index = (unsigned)i;
			return r;
		}
	}
	return 0;
}

/* A new volume belongs to the user who is to write to it. */
static int give_volumes(const struct plan *plan, const struct lowered *lowered, const bool *fresh,
			struct container_fault *fault)
{
	uid_t uid = 0;
	gid_t gid = 0;

	container_plan_owner(plan->container, &uid, &gid);
	for (size_t i = 0; i < plan->service->mount_count; i++) {
		if (!fresh[i] || lchown(lowered->sources[i], uid, gid) == 0)
			continue;
		fault->item = CONTAINER_ITEM_MOUNT;
		fault->index = (unsigned)i;
		return err_set(&fault->err, errno, "owner of volume '%s'", lowered->sources[i]);
	}
	return 0;
}

char *plan_anonymous_dir(const struct supervisor *sup, const struct service *service,
			 unsigned index)
{
	char *path = NULL;

	return asprintf(&path, "%s/.anonymous/%s/%s-%u", sup->volumes_dir, sup->name, service->name,
			index) < 0
		       ? NULL
		       : path;
}

/* Where it is; known before anything is there. */
static int plan_place(const struct supervisor *sup, struct plan *plan, unsigned number,
		      struct err *err)
{
	plan->number = number;
	if (asprintf(&plan->state_dir, "%s/plans/%u", sup->run_dir, number) < 0)
		plan->state_dir = NULL;
	plan->anonymous_dir = plan_anonymous_dir(sup, plan->service, plan->index);
	return plan->state_dir && plan->anonymous_dir
		       ? 0
		       : err_set(err, ENOMEM, "%s", plan->service->name);
}

/* What is in the directory of a predecessor's container is in use. */
static char *make_box(const struct supervisor *sup, const struct plan *plan, struct err *err)
{
	char *box = NULL;

	if (asprintf(&box, "%s/%u", plan->state_dir, sup->generation) < 0) {
		err_ignore(err_set(err, ENOMEM, "%s", plan->service->name));
		return NULL;
	}
	if (fs_remove_tree(box, err) == 0 && fs_make_dirs(box, 0700, err) == 0)
		return box;
	free(box);
	return NULL;
}

/* A device that is not there is told before anything is started. */
static int check_io(const struct supervisor *sup, const struct service *service,
		    struct container_fault *fault)
{
	struct cg_limits limits = lower_limits(service);
	autofree struct cg_io *io = lower_io(service);
	unsigned index = 0;

	if (!io)
		return err_set(&fault->err, ENOMEM, "%s", service->name);
	limits.io = io;
	int r = cg_io_check(sup->cgroups, &limits, &index, &fault->err);

	if (r < 0) {
		fault->item = CONTAINER_ITEM_IO;
		fault->index = index;
	}
	return r;
}

static int plan_prepare(struct supervisor *sup, struct plan *plan, struct container_fault *fault)
{
	const struct service *service = plan->service;
	autofree char *init = NULL;
	autofree char *enter = NULL;
	autofree bool *fresh = calloc(service->mount_count + 1, sizeof(*fresh));
	autofree char *resolv_conf = NULL;
	autofree char *box = make_box(sup, plan, &fault->err);
	autolowered struct lowered lowered = {0};

	if (!box)
		return -fault->err.code;
	if (!fresh)
		return err_set(&fault->err, ENOMEM, "%s", service->name);
	int r = check_io(sup, service, fault);

	if (r == 0)
		r = resolver_write(sup, plan, &resolv_conf, &fault->err);
	if (r == 0 && service->process.init)
		r = paths_helper("davit-init", &init, &fault->err);
	if (r == 0 && lower_may_trace(service))
		r = paths_helper("davit-enter", &enter, &fault->err);
	if (r < 0)
		return r;
	/* What davit had before its keeper saw to it that both are spared. */
	const char *spared = getenv("DAVIT_OOM_SCORE_ADJ");
	const struct lower_place place = {
		.init = init,
		.enter = enter,
		.volumes_dir = sup->volumes_dir,
		.anonymous_dir = plan->anonymous_dir,
		.state_dir = box,
		.filter_dir = sup->filters_dir,
		.resolv_conf = resolv_conf ? resolv_conf : sup->resolv_conf,
		.nofile_hard = sup->nofile_hard,
		.oom_score_adj = spared ? atoi(spared) : 0,
		.layers_dir = sup->layers_dir,
		.root_layers = images_layers(plan->manifest, service->rootfs_dir),
		.ids = sup->ids.userns_fd < 0 ? NULL : &sup->ids,
	};
	r = fs_make_own_dir(sup->layers_dir, 0700, &fault->err);
	if (r == 0)
		r = lower_service(plan->manifest->stack, service, &place, &lowered, &fault->err);
	if (r == 0)
		r = make_sources(plan, &lowered, fresh, fault);
	if (r == 0)
		r = container_prepare(&lowered.config, &plan->container, fault);
	if (r == 0)
		r = give_volumes(plan, &lowered, fresh, fault);
	return r;
}

/* Takes @own, also on failure. */
static struct plan *plan_alloc(const struct plan_source *source, struct service *own)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan) {
		one_off_free(own);
		return NULL;
	}
	plan->refs = 1;
	plan->manifest = manifest_ref(source->manifest);
	plan->service = source->service;
	plan->own = own;
	plan->index = source->index;
	return plan;
}

static int plan_new(struct supervisor *sup, const struct plan_source *source, struct service *own,
		    struct plan **ret_plan, struct container_fault *fault)
{
	struct plan *plan = plan_alloc(source, own);

	*fault = (struct container_fault){.item = CONTAINER_ITEM_NONE};
	if (!plan)
		return err_set(&fault->err, ENOMEM, "prepare");
	revision_of(source->manifest->stack, source->service, &plan->revision);
	int r = plan_place(sup, plan, ++sup->plans_made, &fault->err);

	if (r == 0)
		r = plan_prepare(sup, plan, fault);
	if (r < 0) {
		plan_unref(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

int plan_restore(struct supervisor *sup, const struct plan_source *source,
		 const struct plan_record *record, struct plan **ret_plan, struct err *err)
{
	struct service *own = record->change ? (struct service *)source->service : NULL;
	struct plan *plan = plan_alloc(source, own);

	if (!plan)
		return err_set(err, ENOMEM, "plan");
	plan->revision = record->revision;
	plan->used = true;
	int r = plan_place(sup, plan, record->number, err);

	if (r == 0)
		r = fs_make_dirs(plan->state_dir, 0700, err);
	if (r == 0 && record->change)
		plan->change = js_copy(record->change);
	if (r == 0 && record->change && !plan->change)
		r = err_set(err, ENOMEM, "plan");
	if (r < 0) {
		plan_unref(plan);
		return r;
	}
	if (sup->plans_made < record->number)
		sup->plans_made = record->number;
	*ret_plan = plan;
	return 0;
}

int plan_ready(struct supervisor *sup, struct plan *plan, struct container_fault *fault)
{
	int r = 0;

	if (plan->container)
		return 0;
	if (!plan->own)
		r = images_attach(sup, plan->manifest, plan->service, NULL, fault);
	return r < 0 ? r : plan_prepare(sup, plan, fault);
}

int plan_make(struct supervisor *sup, const struct plan_source *source, struct plan **ret_plan,
	      struct container_fault *fault)
{
	return plan_new(sup, source, NULL, ret_plan, fault);
}

int plan_make_own(struct supervisor *sup, const struct plan_source *source, struct plan **ret_plan,
		  struct container_fault *fault)
{
	return plan_new(sup, source, (struct service *)source->service, ret_plan, fault);
}
