// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control groups as a test sees them: through the mounts, past the code under test. Helpers fail
 * the running test by themselves.
 */
#pragma once

#include "runtime/cgroup/cg.h"
#include "tests/unit/cmocka_all.h"

#include <stdbool.h>

extern struct cg_tree *tree;
extern char top[32];   /* of this run of the test, so that two runs do not meet */
extern char stack[64]; /* the tree's name */

void pause_ms(int ms);

/* Where the controller of a control file is mounted; "cgroup" is the cgroup2 mount. */
void mount_of(const char *controller, char *path, size_t size);

/* The first line of a control file of a group of the tree, such as "memory.max"; NULL: none. */
const char *control(const char *group, const char *file);
void set_control(const char *group, const char *file, const char *value);

/* True when the top group, or "/a/b" below it, is there in any hierarchy. */
bool group_exists(const char *below);

/* Opens the tree, or ends the program as skipped; removes it, and all that is left of it fails. */
int world_set_up(void **unused);
int world_tear_down(void **unused);
