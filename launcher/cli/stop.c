// SPDX-License-Identifier: GPL-2.0-or-later
/* davit stop: of some services, or of all. */
#include "launcher/cli/change.h"
#include "launcher/cli/commands.h"
#include "runtime/base/cleanup.h"

static const struct option_spec options[] = {
	{'t', "timeout", OPTION_DURATION, offsetof(struct change_lifecycle_values, timeout_ms),
	 "SECONDS", "grace before what does not stop is killed"},
};

static int run(struct cli *cli, int argc, char **argv)
{
	const struct change_lifecycle lifecycle = {.path = "/v1/stop", .judge = false};

	return change_run(cli, &lifecycle, argc, argv);
}

const struct command command_stop = {
	.name = "stop",
	.words = "[SERVICE…]",
	.summary = "Stop services without forgetting them.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
