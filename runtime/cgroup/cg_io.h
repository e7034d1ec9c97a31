// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a group may do with block devices: rates that are not exceeded, and weights where the kernel
 * and the device's scheduler weigh. Few groups want it: its controller is theirs only.
 */
#pragma once

#include "runtime/cgroup/cg.h"

enum cg_io_kind {
	CG_IO_WEIGHT, /* against the other groups, 10..1000 */
	CG_IO_READ_BPS,
	CG_IO_WRITE_BPS,
	CG_IO_READ_IOPS,
	CG_IO_WRITE_IOPS,
};

struct cg_io {
	enum cg_io_kind kind;
	const char *device; /* host path of a whole disk */
	int64_t value;	    /* of a rate 0: unlimited */
};

/*
 * Whether a group with these limits could be made: the controller is there, and all devices.
 *
 * @ret_index	out: after a failure, which of limits->io it was, io_count when it was all of them
 *
 * Returns 0; -ENOTSUP; -ENXIO; -errno.
 */
int cg_io_check(struct cg_tree *tree, const struct cg_limits *limits, unsigned *ret_index,
		struct err *err) must_check;

/* Whether weights have any effect here; after cg_io_check(). */
bool cg_io_weighs(const struct cg_tree *tree);
