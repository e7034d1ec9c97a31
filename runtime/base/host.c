// SPDX-License-Identifier: GPL-2.0-or-later
/* See host.h. */
#include "runtime/base/host.h"

#include "runtime/base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024

int64_t host_available_bytes(void)
{
	autoclose int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return -1;
	text[n] = '\0';
	const char *line = strstr(text, "MemAvailable:");
	int64_t kib = 0;

	return line && sscanf(line, "MemAvailable: %" SCNd64, &kib) == 1 ? kib * KIB : -1;
}

int64_t host_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}
