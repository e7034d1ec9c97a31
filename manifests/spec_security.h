// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a service may do to its surroundings: `security_opt`, `userns_mode`, `devices`.
 */
#pragma once

#include "manifests/spec.h"

enum seccomp_kind {
	SECCOMP_DEFAULT, /* davit's own profile */
	SECCOMP_UNCONFINED,
	SECCOMP_FILE,
};

/* `security_opt`. */
struct security_spec {
	enum seccomp_kind seccomp;
	char *seccomp_path;	/* SECCOMP_FILE: absolute path of a profile in JSON */
	char *seccomp_shown;	/* SECCOMP_FILE: the same for messages */
	char *seccomp_profile;	/* SECCOMP_FILE: what was in it, any text */
	struct pos seccomp_pos; /* line 0: not written */
	bool new_privileges;	/* no-new-privileges:false */
	struct pos new_privileges_pos;
	bool unmasked; /* systempaths=unconfined: nothing of /proc and /sys is hidden */
	struct pos unmasked_pos;
};

/* `userns_mode`. */
enum userns_mode {
	USERNS_DEFAULT, /* what davit thinks best; also written as auto */
	USERNS_HOST,	/* the host's user ids */
};

/* One entry of `devices`. */
struct device_spec {
	char *source; /* absolute, normalised path of the host */
	char *target; /* absolute, normalised path in the instance */
	bool read;
	bool write;
	bool mknod;
	struct pos pos;
};
