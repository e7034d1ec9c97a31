// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where davit keeps and finds things: run, log and state directories of a stack, its control
 * socket, and the helper programs. Computes names only: creates, opens and removes nothing.
 * Shared by the command line and the supervisor, so that both ends always agree.
 */
#pragma once

#include "runtime/base/err.h"

#include <stdbool.h>

enum paths_root {
	PATHS_RUN,   /* DAVIT_RUN_DIR, /run/davit, or below XDG_RUNTIME_DIR */
	PATHS_LOG,   /* DAVIT_LOG_DIR, /var/log/davit, or below XDG_STATE_HOME */
	PATHS_STATE, /* DAVIT_STATE_DIR, /var/lib/davit, or below XDG_DATA_HOME */
};

/* A stack's name becomes part of paths: [a-z0-9][a-z0-9_-]*, at most 63 characters. */
bool paths_is_stack_name(const char *name);

/*
 * The directory of one kind, or of one stack below it.
 *
 * @stack	NULL: the root of all stacks; else paths_is_stack_name() must hold or -EINVAL
 * @ret_path	out: absolute, owned by the caller, free()
 */
int paths_dir(enum paths_root root, const char *stack, char **ret_path, struct err *err) must_check;

/* RUN/STACK/control.sock. -ENAMETOOLONG when it does not fit into a socket address. */
int paths_socket(const char *stack, char **ret_path, struct err *err) must_check;

/* STATE/images: the image store, one for all stacks. */
int paths_images(char **ret_path, struct err *err) must_check;

/*
 * A helper program such as "davit-supervisor": in DAVIT_LIBEXEC, else beside the running
 * executable (also where the build tree has it), else in the installed libexec directory.
 * -ENOENT names the places that were tried.
 */
int paths_helper(const char *name, char **ret_path, struct err *err) must_check;
