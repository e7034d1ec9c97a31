// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every isolation default, as data in one place: what a container gets that its configuration does
 * not speak of.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Which kinds of root a default is meant for. */
enum {
	DEFAULTS_HOST = 1,
	DEFAULTS_DIR_READ_ONLY = 2,
	DEFAULTS_DIR_WRITABLE = 4,
	DEFAULTS_ANY = 7,
};

/* A file system of its own in every run. */
struct defaults_mount {
	const char *target;
	const char *type;
	const char *options; /* NULL: none */
	unsigned long flags; /* MS_* */
	gid_t gid;	     /* of the container, for its entries; 0: not told */
	unsigned roots;	     /* DEFAULTS_* */
};

struct defaults_device {
	const char *name; /* in /dev, mode 0666 */
	unsigned major;
	unsigned minor;
};

/* What of the devices a container may use besides those in its /dev. */
struct defaults_device_rule {
	unsigned major;
	int minor; /* -1: any */
};

struct defaults_link {
	const char *name;
	const char *target;
};

struct defaults_dir {
	const char *path; /* relative to the root */
	mode_t mode;
};

/* Lists end with a zero entry. */
const struct defaults_mount *defaults_mounts(void);
const struct defaults_device *defaults_devices(void);
const struct defaults_device_rule *defaults_device_rules(void);
const struct defaults_link *defaults_dev_links(void);
const struct defaults_dir *defaults_dev_dirs(void);

/* Below /proc and /sys: made read-only; hidden under /dev/null or an empty directory, '*' being the
 * number of each processor. */
const char *const *defaults_read_only_paths(void);
const char *const *defaults_masked_paths(void);

/* CONTAINER_ROOT_HOST: what the empty root has besides the host's programs, and what of the host's
 * /etc is hidden although it is readable by everyone. Patterns of fnmatch(3), relative to /etc; a
 * name without wildcard is hidden also when it appears later. */
const struct defaults_dir *defaults_host_dirs(void);
const struct defaults_link *defaults_host_links(void);
const char *const *defaults_host_programs(void);
const char *const *defaults_host_secrets(void);

const char *const *defaults_capabilities(void);

/* Those that the kernel honours in a user namespace that is not the host's: all others have the
 * container share the host's. */
const char *const *defaults_mapped_capabilities(void);

#define DEFAULTS_PATH  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULTS_UMASK 022
