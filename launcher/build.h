// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a builder is told: `build` of a service as the words of `buildah build`, which podman
 * understands as well. Pure: looks at no file, starts nothing.
 */
#pragma once

#include "manifests/stack.h"
#include "runtime/base/buf.h"

struct build_command {
	struct strv argv;
	const char *input; /* what its standard input is to hold, of the service; NULL: nothing */
};

/*
 * @store_dir	where external secrets are; NULL: not known
 * @ret		out: build_command_free(), also after a failure
 *
 * Returns 0; -EINVAL when something cannot be handed to a builder (err says what); -ENOMEM.
 */
int build_command_make(const struct stack *stack, const struct service *service,
		       const char *store_dir, struct build_command *ret,
		       struct err *err) must_check;

void build_command_free(struct build_command *command);
#define autobuild __attribute__((cleanup(build_command_free)))

/* The same for a person to type, quoted for a shell. */
void build_command_text(const struct build_command *command, struct buf *out);
