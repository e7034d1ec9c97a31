// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of what the keeper has; see kept.h. */
#include "launcher/supervisor/kept.h"

#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

static const char *const parts[] = {
	[KEPT_STDOUT] = "stdout",   [KEPT_STDERR] = "stderr",	[KEPT_TERMINAL] = "terminal",
	[KEPT_NETWORK] = "network", [KEPT_PROCESS] = "process",
};
_Static_assert(ARRAY_SIZE(parts) == KEPT_PARTS, "every part has a name");

/* Longer than what is kept: of an instance with such a name nothing is. */
struct name {
	char text[INSTANCE_NAME_MAX + 32];
};

static struct name process_name(const char *instance, unsigned run)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "%.*s.%u.%s", INSTANCE_NAME_MAX, instance, run,
		 parts[KEPT_PROCESS]);
	return name;
}

static struct name name_of(const struct instance *instance, enum kept_part part)
{
	struct name name;

	if (part == KEPT_PROCESS)
		return process_name(instance->name, instance->run);
	snprintf(name.text, sizeof(name.text), "%s.%s", instance->name, parts[part]);
	return name;
}

void kept_store(const struct instance *instance, enum kept_part part, int fd)
{
	err_ignore(keep_store(instance->sup->keep, name_of(instance, part).text, fd, NULL));
}

int kept_take(const struct instance *instance, enum kept_part part)
{
	int fd = keep_take(instance->sup->keep, name_of(instance, part).text);

	return fd < 0 ? -1 : fd;
}

void kept_drop(const struct instance *instance, enum kept_part part)
{
	keep_drop(instance->sup->keep, name_of(instance, part).text);
}

int kept_take_process(struct keep *keep, const char *instance, unsigned run)
{
	int fd = keep_take(keep, process_name(instance, run).text);

	return fd < 0 ? -1 : fd;
}

void kept_drop_process(struct keep *keep, const char *instance, unsigned run)
{
	keep_drop(keep, process_name(instance, run).text);
}
