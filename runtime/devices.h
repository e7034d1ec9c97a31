// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which devices the processes of a control group may use: a small program in the kernel, asked at
 * every open and mknod of a device. Needs a cgroup2 mount; none of its controllers.
 */
#pragma once

#include "runtime/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	DEVICES_MKNOD = 1, /* as the kernel numbers them: BPF_DEVCG_ACC_* */
	DEVICES_READ = 2,
	DEVICES_WRITE = 4,
	DEVICES_ALL = 7,
};

#define DEVICES_ANY -1

struct device_rule {
	char type; /* 'c' or 'b' */
	int64_t major;
	int64_t minor; /* DEVICES_ANY: every one of the major number */
	unsigned access;
};

#define DEVICES_RULES_MAX 128

/*
 * Loads the program that allows what one of the rules allows, and nothing else.
 *
 * @ret_fd	out: owned by the caller
 *
 * Returns 0; -E2BIG for more than DEVICES_RULES_MAX rules; -errno of bpf(2).
 */
int devices_load(const struct device_rule *rules, size_t count, int *ret_fd,
		 struct err *err) must_check;

/* From now on it decides for the group whose cgroup2 directory is @group_fd, until that is gone. */
int devices_attach(int program_fd, int group_fd, struct err *err) must_check;
