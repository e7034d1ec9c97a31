// SPDX-License-Identifier: GPL-2.0-or-later
/* See habits.h. */
#include "launcher/cli/habits.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static const struct habit {
	const char *command;
	const char *option; /* NULL: the command itself */
	const char *instead;
} habits[] = {
	{"attach", NULL, "'davit logs -f' shows what it writes, 'davit exec' runs a shell in it"},
	{"compose", NULL, "leave that word out: 'davit up'"},
	{"convert", NULL, "'davit config' prints what the manifest resolves to"},
	{"down", "--remove-orphans", "down removes all instances of the stack anyway"},
	{"down", "--rmi", "'davit image prune' removes images that nothing needs"},
	{"port", "--index", "all instances of a service have the same published ports"},
	{"port", "--protocol", "'davit port SERVICE 53/udp' has it behind the port"},
	{"ps", "--all", "ps lists all anyway, those that have ended, too"},
	{"ps", "-a", "ps lists all anyway, those that have ended, too"},
	{"ps", "--format", "--json is for programs"},
	{"ps", "--services", "'davit config --services' lists their names"},
	{"rm", NULL, "'davit stop' removes the instances of services"},
	{"stats", "--no-stream", "stats looks once anyway, unless there is --watch"},
	{"up", "--build", "'pull_policy: build' in the manifest has it built each time"},
	{"up", "--dry-run", "'davit plan' says what up would do"},
	{"up", "--force-recreate", "'davit restart' makes instances anew"},
	{"up", "--remove-orphans", "up removes what the manifest no longer has anyway"},
	{"wait", "--down-project", "'davit down' after it takes the stack down"},
};

static const char *find(const char *command, const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
		if (strcmp(habits[i].command, command) == 0 && !habits[i].option == !option &&
		    (!option || strcmp(habits[i].option, option) == 0))
			return habits[i].instead;
	return NULL;
}

const char *habits_option(const char *command, const char *option)
{
	return find(command, option);
}

const char *habits_command(const char *name)
{
	return find(name, NULL);
}
