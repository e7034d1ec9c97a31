// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of a plan: copies of what the configuration has, wiped when the plan goes.
 */
#include "runtime/plan.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Which id the mapping of the container does not know. */
static int check_ids(const struct container_plan *plan, const struct container_file *file,
		     struct err *err)
{
	int64_t worst = file->uid > file->gid ? file->uid : file->gid;

	if (plan->userns_fd < 0 || worst < (int64_t)plan->id_count)
		return 0;
	return err_say(err, EOPNOTSUPP, "id %lld is not among the %u that a stack has",
		       (long long)worst, plan->id_count);
}

int plan_files_copy(struct container_plan *plan, const struct container_config *config,
		    struct container_fault *fault)
{
	plan->files = calloc(config->file_count + 1, sizeof(*plan->files));
	if (!plan->files)
		return err_set(&fault->err, ENOMEM, "files");
	for (unsigned i = 0; i < config->file_count; i++) {
		const struct container_file *from = &config->files[i];
		struct plan_file *file = &plan->files[i];

		if (check_ids(plan, from, &fault->err) < 0)
			return fault_of(fault, CONTAINER_ITEM_FILE, i);
		*file = (struct plan_file){
			.uid = from->uid, .gid = from->gid, .mode = from->mode & 0777};
		file->bytes = malloc(from->len + 1);
		if (!file->bytes) {
			err_set(&fault->err, ENOMEM, "copy");
			return fault_of(fault, CONTAINER_ITEM_FILE, i);
		}
		memcpy(file->bytes, from->bytes, from->len);
		file->len = from->len;
		plan->file_count = i + 1;
	}
	return 0;
}

void plan_files_free(struct container_plan *plan)
{
	for (size_t i = 0; i < plan->file_count; i++) {
		explicit_bzero(plan->files[i].bytes, plan->files[i].len);
		free(plan->files[i].bytes);
	}
	free(plan->files);
}
