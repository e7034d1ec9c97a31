// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of images and of what is mounted: builds, volumes, configs and secrets; see keys.h. */
#include "manifests/keys.h"

#define NO_DRIVERS  "is not supported: there are no plugins"
#define NO_BUILDKIT "has no effect: it is an option of another builder"

const struct key_info keys_build[] = {
	{"additional_contexts"},
	{"args"},
	{"cache_from"},
	{"cache_to"},
	{"context"},
	{"dockerfile"},
	{"dockerfile_inline"},
	{"extra_hosts"},
	{"isolation"},
	{"labels"},
	{"network"},
	{"no_cache"},
	{"no_cache_filter"},
	{"platforms"},
	{"privileged"},
	{"pull"},
	{"secrets"},
	{"shm_size"},
	{"ssh"},
	{"tags"},
	{"target"},
	{"ulimits"},
	{"entitlements", KEY_IGNORE, NO_BUILDKIT},
	{"provenance", KEY_IGNORE, NO_BUILDKIT},
	{"sbom", KEY_IGNORE, NO_BUILDKIT},
	{NULL},
};

const struct key_info keys_mount[] = {
	{"bind"},
	{"read_only"},
	{"source"},
	{"target"},
	{"tmpfs"},
	{"type"},
	{"volume"},
	{"consistency", KEY_IGNORE, "has no effect on Linux"},
	{"image", KEY_LATER},
	{NULL},
};

const struct key_info keys_mount_bind[] = {
	{"create_host_path"},
	{"propagation"},
	{"recursive"},
	{"selinux", KEY_IGNORE, "has no effect without SELinux"},
	{NULL},
};

const struct key_info keys_mount_volume[] = {
	{"labels"},
	{"nocopy"},
	{"subpath"},
	{NULL},
};

const struct key_info keys_mount_tmpfs[] = {
	{"mode"},
	{"size"},
	{NULL},
};

const struct key_info keys_volume[] = {
	{"driver"}, {"driver_opts"}, {"external"}, {"labels"}, {"name"}, {NULL},
};

const struct key_info keys_external[] = {
	{"name"},
	{NULL},
};

const struct key_info keys_file_object[] = {
	{"content"},
	{"environment"},
	{"external"},
	{"file"},
	{"labels"},
	{"name"},
	{"driver", KEY_REFUSE, NO_DRIVERS},
	{"driver_opts", KEY_REFUSE, NO_DRIVERS},
	{"template_driver", KEY_REFUSE, NO_DRIVERS},
	{NULL},
};

const struct key_info keys_file_grant[] = {
	{"gid"}, {"mode"}, {"source"}, {"target"}, {"uid"}, {NULL},
};
