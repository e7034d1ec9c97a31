// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consistency of what a service may use and share: limits that contradict each other, namespaces of
 * services that do not exist.
 */
#include "manifests/check_resources.h"

#include <string.h>

static void check_cpu(const struct service *service, struct report *report)
{
	const struct limits *limits = &service->limits;
	bool quota = limits->cpu_quota_us != 0;

	if (limits->cpu_mcpu && (quota || limits->cpu_period_us))
		report_error(report, quota ? limits->cpu_quota_pos : limits->cpu_period_pos,
			     "services.%s.%s: cpus on line %u says the same in one number: write "
			     "one of them",
			     service->name, quota ? "cpu_quota" : "cpu_period",
			     limits->cpu_pos.line);
}

static void check_memory(const struct service *service, struct report *report)
{
	const struct limits *limits = &service->limits;
	int64_t most = limits->memory_bytes;

	if (most && limits->memory_reserved_bytes > most)
		report_error(report, limits->memory_reserved_pos,
			     "services.%s: the reserved memory is more than the limit on line %u",
			     service->name, limits->memory_pos.line);
	if (most && limits->memory_high_bytes >= most)
		report_error(report, limits->memory_high_pos,
			     "services.%s.x-memory-high: nothing is held back before the limit on "
			     "line %u: write less than that",
			     service->name, limits->memory_pos.line);
	if (limits->memory_swap_bytes > 0 && !most)
		report_error(report, limits->memory_swap_pos,
			     "services.%s.memswap_limit counts memory and swap: it needs a "
			     "mem_limit",
			     service->name);
	else if (limits->memory_swap_bytes > 0 && limits->memory_swap_bytes < most)
		report_error(report, limits->memory_swap_pos,
			     "services.%s.memswap_limit counts memory and swap: it is less than "
			     "the memory on line %u",
			     service->name, limits->memory_pos.line);
}

static void check_sysctls(const struct service *service, struct report *report)
{
	const struct text_list *sysctls = &service->process.sysctls;

	for (size_t i = 0; i < sysctls->count; i++) {
		const char *text = sysctls->items[i].value;
		bool net = strncmp(text, "net.", 4) == 0;
		bool host = net ? service->network.mode == NETWORK_HOST
				: service->process.ipc.kind == SHARE_HOST;

		if (host)
			report_error(report, sysctls->items[i].pos,
				     "services.%s.sysctls: '%.*s' is the host's own with %s: host",
				     service->name, (int)strcspn(text, "="), text,
				     net ? "network_mode" : "ipc");
	}
}

void check_resources(const struct stack *stack, struct report *report)
{
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		check_cpu(service, report);
		check_memory(service, report);
		check_sysctls(service, report);
	}
}
