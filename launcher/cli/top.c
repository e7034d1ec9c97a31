// SPDX-License-Identifier: GPL-2.0-or-later
/* davit top: finds the stack, then becomes davit-top. */
#include "launcher/cli/commands.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int run(struct cli *cli, int argc, char **argv)
{
	struct args args = {.argc = argc, .argv = argv};
	char self[PATH_MAX];
	autofree char *stack = NULL;
	autofree char *program = NULL;
	struct err err = {0};
	int code = cli_parse(cli, &args, NULL);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	code = cli_stack_seen(cli, &stack);
	if (code != EXIT_DONE)
		return code;
	if (paths_helper("davit-top", &program, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return cli_complain(EXIT_FAILED, "read '/proc/self/exe': %s",
				    strerrordesc_np(errno));
	self[len] = '\0';
	execl(program, "davit-top", stack, self, (char *)NULL);
	return cli_complain(EXIT_FAILED, "start %s: %s", program, strerrordesc_np(errno));
}

const struct command command_top = {
	.name = "top",
	.words = "",
	.summary = "Watch instances on a full screen; look into them, scale them.",
	.run = run,
};
