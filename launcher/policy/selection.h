// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which services of a stack an `up` is about: all enabled ones, or those it names with what they
 * depend on. Pure.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/err.h"

struct selection {
	char *const *names; /* borrowed */
	size_t count;	    /* 0: all enabled services */
	bool no_deps;	    /* only the named ones */
	bool only_deps;	    /* not the named ones themselves */
};

/*
 * @ret_selected	out: one per service of the stack, by position; set by the caller to false
 *
 * Returns 0; -ENOENT with "no service 'x' in stack y"; -ELOOP with the names of a cycle; -ENOMEM.
 */
int selection_make(const struct stack *stack, const struct selection *selection, bool *ret_selected,
		   struct err *err) must_check;

/*
 * The same as names.
 *
 * @ret_names	out: NULL-terminated; the array is owned by the caller, free(), the names by @stack
 */
int selection_names(const struct stack *stack, const struct selection *selection,
		    const char ***ret_names, struct err *err) must_check;
