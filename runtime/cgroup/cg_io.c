// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a group may do with block devices; see cg_io.h. Devices are known by path until a group is
 * made, since their numbers may be others after the next boot. Runs in the supervisor only.
 */
#include "runtime/cgroup/cg_io.h"

#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_demand.h"
#include "runtime/cgroup/cg_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
	const char *v1_file;
	const char *v2_key; /* of io.max */
} rates[] = {
	[CG_IO_READ_BPS] = {"blkio.throttle.read_bps_device", "rbps"},
	[CG_IO_WRITE_BPS] = {"blkio.throttle.write_bps_device", "wbps"},
	[CG_IO_READ_IOPS] = {"blkio.throttle.read_iops_device", "riops"},
	[CG_IO_WRITE_IOPS] = {"blkio.throttle.write_iops_device", "wiops"},
};

/* Who weighs is there or not by the kernel's configuration and by what is loaded; all are told. */
static const struct weigher {
	bool v2;
	const char *file;
	const char *device_file;
	const char *prefix; /* of the weight that is for no device in particular */
	bool wide;	    /* 1..10000 instead of 10..1000 */
} weighers[] = {
	{true, "io.weight", "io.weight", "default ", true},
	{true, "io.bfq.weight", "io.bfq.weight", "", false},
	{false, "blkio.bfq.weight", "blkio.bfq.weight_device", "", false},
	{false, "blkio.weight", "blkio.weight_device", "", false},
};

static int make_v1(int mount_fd, const char *path, struct err *err)
{
	if (mkdirat(mount_fd, path, 0755) < 0 && errno != EEXIST)
		return err_set(err, errno, "cgroup: make '%s' for blkio", path);
	return 0;
}

int cg_io_open(struct cg_tree *tree, struct err *err)
{
	return cg_demand_open(tree, CG_IO, make_v1, err);
}

static bool is_there(const struct cg_tree *tree, const struct weigher *weigher)
{
	return weigher->v2 == (tree->layout == CG_V2) &&
	       faccessat(cg_dir(tree, CG_IO), weigher->file, W_OK, 0) == 0;
}

bool cg_io_weighs(const struct cg_tree *tree)
{
	for (size_t i = 0; i < ARRAY_SIZE(weighers); i++)
		if (is_there(tree, &weighers[i]))
			return true;
	return false;
}

/* The kernel limits whole disks only, and says no more than that there is no such device. */
static int find_disk(const char *path, dev_t *ret_number, struct err *err)
{
	char partition[64];
	struct stat st;

	if (stat(path, &st) < 0)
		return err_say(err, ENXIO, "device %s: %s", path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return err_say(err, ENXIO, "device %s: is no disk", path);
	snprintf(partition, sizeof(partition), "/sys/dev/block/%u:%u/partition", major(st.st_rdev),
		 minor(st.st_rdev));
	if (access(partition, F_OK) == 0)
		return err_say(err, ENXIO, "device %s: a partition has no limits, only its disk",
			       path);
	*ret_number = st.st_rdev;
	return 0;
}

int cg_io_check(struct cg_tree *tree, const struct cg_limits *limits, unsigned *ret_index,
		struct err *err)
{
	dev_t number = 0;

	*ret_index = (unsigned)limits->io_count;
	if (!limits->io_count && !limits->io_weight)
		return 0;
	int r = cg_io_open(tree, err);

	for (unsigned i = 0; r == 0 && i < limits->io_count; i++) {
		*ret_index = i;
		r = find_disk(limits->io[i].device, &number, err);
	}
	return r;
}

/* The same proportions on the wider scale, as the runtimes of engines compute it. */
static int64_t scaled(const struct weigher *weigher, int64_t weight)
{
	return weigher->wide ? 1 + (weight - 10) * 9999 / 990 : weight;
}

/* @number: NULL for all devices */
static int set_weight(const struct cg *cg, const dev_t *number, int64_t weight, struct err *err)
{
	char text[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(weighers); i++) {
		const struct weigher *weigher = &weighers[i];

		if (!is_there(cg->tree, weigher))
			continue;
		if (number)
			snprintf(text, sizeof(text), "%u:%u %" PRId64, major(*number),
				 minor(*number), scaled(weigher, weight));
		else
			snprintf(text, sizeof(text), "%s%" PRId64, weigher->prefix,
				 scaled(weigher, weight));
		r = cg_file_write(cg_dir(cg->tree, CG_IO), cg->name,
				  number ? weigher->device_file : weigher->file, text, err);
		/* The device's scheduler is one that does not weigh, or not by device. */
		if (number && (r == -EOPNOTSUPP || r == -ENOENT))
			r = 0;
	}
	return r;
}

static int set_rate(const struct cg *cg, dev_t number, const struct cg_io *io, struct err *err)
{
	bool v2 = cg->tree->layout == CG_V2;
	char value[24] = "max";
	char text[96];

	if (io->value || !v2)
		snprintf(value, sizeof(value), "%" PRId64, io->value);
	snprintf(text, sizeof(text), "%u:%u %s%s%s", major(number), minor(number),
		 v2 ? rates[io->kind].v2_key : "", v2 ? "=" : "", value);
	return cg_file_write(cg_dir(cg->tree, CG_IO), cg->name,
			     v2 ? "io.max" : rates[io->kind].v1_file, text, err);
}

int cg_io_limit(const struct cg *cg, const struct cg_limits *limits, struct err *err)
{
	int r = limits->io_weight ? set_weight(cg, NULL, limits->io_weight, err) : 0;

	for (size_t i = 0; r == 0 && i < limits->io_count; i++) {
		const struct cg_io *io = &limits->io[i];
		dev_t number = 0;

		r = find_disk(io->device, &number, err);
		if (r == 0 && io->kind == CG_IO_WEIGHT)
			r = set_weight(cg, &number, io->value, err);
		else if (r == 0)
			r = set_rate(cg, number, io, err);
	}
	return r;
}
