// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a service needs of this host and is not there, as far as that is seen from outside of a
 * root and without making anything: for who only says what `up` would do. Looks, and changes
 * nothing.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/buf.h"

/*
 * Its root directory, its devices, and the sources of its mounts that `up` does not make.
 *
 * @volumes_dir	where named volumes are
 * @lines	"file:line:col: error: web: …" is added for each, in the words of `up`;
 *		see strv_add() for want of memory
 */
void missing_list(const struct stack *stack, const struct service *service, const char *volumes_dir,
		  struct strv *lines);
