// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each instance uses, for Prometheus. A metric's samples must follow one another, and an
 * instance is best looked at once: so each metric collects its own text until all have been seen.
 */
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/logs.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/metrics.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_load.h"

#include <inttypes.h>

enum kind {
	SECONDS, /* of microseconds */
	WHOLE,
};

/* All that is looked at of an instance. */
struct look {
	struct cg_load load;
	struct net_traffic traffic;
	uint64_t waiting; /* of the traffic */
	struct log_counts log;
	bool has_traffic;
};

enum only { ALWAYS, WITH_PRESSURE, WITH_IO, WITH_TRAFFIC };

static const struct family {
	const char *name;
	const char *type;
	const char *help;
	const char *label; /* more of them, from the comma on */
	enum kind kind;
	size_t offset;	/* of the uint64_t in struct look */
	enum only only; /* where it is known */
} families[] = {
	{"davit_instance_cpu_seconds_total", "counter", "Processor time used.", "", SECONDS,
	 offsetof(struct look, load.usage.cpu_usec), ALWAYS},
	{"davit_instance_cpu_throttled_seconds_total", "counter",
	 "Time that its quota did not allow it to run.", "", SECONDS,
	 offsetof(struct look, load.throttled_usec), ALWAYS},
	{"davit_instance_memory_bytes", "gauge", "Memory used, page cache included.", "", WHOLE,
	 offsetof(struct look, load.usage.memory_bytes), ALWAYS},
	{"davit_instance_memory_working_set_bytes", "gauge",
	 "Memory used, less file pages that nothing has touched lately.", "", WHOLE,
	 offsetof(struct look, load.working_set_bytes), ALWAYS},
	{"davit_instance_processes", "gauge", "Processes and threads.", "", WHOLE,
	 offsetof(struct look, load.usage.pids), ALWAYS},
	{"davit_instance_pressure_waiting_seconds_total", "counter",
	 "Time that some of its processes waited for a resource.", ",resource=\"cpu\"", SECONDS,
	 offsetof(struct look, load.cpu.some_usec), WITH_PRESSURE},
	{"davit_instance_pressure_waiting_seconds_total", NULL, NULL, ",resource=\"memory\"",
	 SECONDS, offsetof(struct look, load.memory.some_usec), WITH_PRESSURE},
	{"davit_instance_pressure_waiting_seconds_total", NULL, NULL, ",resource=\"io\"", SECONDS,
	 offsetof(struct look, load.io.some_usec), WITH_PRESSURE},
	{"davit_instance_disk_read_bytes_total", "counter", "Bytes read from disks.", "", WHOLE,
	 offsetof(struct look, load.read_bytes), WITH_IO},
	{"davit_instance_disk_written_bytes_total", "counter", "Bytes written to disks.", "", WHOLE,
	 offsetof(struct look, load.write_bytes), WITH_IO},
	{"davit_instance_connections", "gauge", "TCP connections, of both directions.", "", WHOLE,
	 offsetof(struct look, traffic.established), WITH_TRAFFIC},
	{"davit_instance_connections_waiting", "gauge",
	 "Connections that its listeners have not accepted yet.", "", WHOLE,
	 offsetof(struct look, waiting), WITH_TRAFFIC},
	{"davit_instance_connections_accepted_total", "counter",
	 "Connections from outside, since its network was made.", "", WHOLE,
	 offsetof(struct look, traffic.accepted), WITH_TRAFFIC},
	{"davit_instance_connections_dropped_total", "counter",
	 "Connections that found a listener's queue full.", "", WHOLE,
	 offsetof(struct look, traffic.dropped), WITH_TRAFFIC},
	{"davit_instance_log_written_bytes_total", "counter", "Bytes written to its log.", "",
	 WHOLE, offsetof(struct look, log.written_bytes), ALWAYS},
	{"davit_instance_log_lost_lines_total", "counter",
	 "Lines that could not be written to its log.", "", WHOLE,
	 offsetof(struct look, log.lost_lines), ALWAYS},
};

struct samples {
	struct supervisor *sup;
	struct buf texts[ARRAY_SIZE(families)];
};

static bool is_known(const struct look *look, enum only only)
{
	return only == ALWAYS || (only == WITH_PRESSURE && look->load.has_pressure) ||
	       (only == WITH_IO && look->load.has_io) ||
	       (only == WITH_TRAFFIC && look->has_traffic);
}

static void put_sample(const struct family *family, const struct instance *instance,
		       const struct look *look, struct buf *text)
{
	uint64_t value = *(const uint64_t *)(const void *)((const char *)look + family->offset);

	if (!is_known(look, family->only))
		return;
	buf_printf(text, "%s{service=\"%s\",instance=\"%s\"%s} ", family->name,
		   instance->plan->service->name, instance->name, family->label);
	if (family->kind == SECONDS)
		buf_printf(text, "%.6f\n", (double)value / 1e6);
	else
		buf_printf(text, "%" PRIu64 "\n", value);
}

static void samples_put(void *context, struct instance *instance, bool first, struct buf *text)
{
	struct samples *samples = context;
	struct look look = {0};

	if (!instance->cg || cg_load_read(instance->cg, &look.load, NULL) < 0)
		return;
	look.has_traffic = measure_peek(instance, &look.traffic);
	look.waiting = look.traffic.waiting;
	if (instance->log)
		look.log = log_counts(instance->log);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		put_sample(&families[i], instance, &look, &samples->texts[i]);
}

static void samples_finish(void *context, struct buf *text)
{
	struct samples *samples = context;

	metrics_print(samples->sup, text);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (families[i].type)
			metrics_head(text, families[i].name, families[i].type, families[i].help);
		buf_put(text, samples->texts[i].data, samples->texts[i].len);
		text->failed |= samples->texts[i].failed;
		buf_free(&samples->texts[i]);
	}
}

static void samples_free(void *context)
{
	struct samples *samples = context;

	for (size_t i = 0; samples && i < ARRAY_SIZE(families); i++)
		buf_free(&samples->texts[i]);
	free(samples);
}

static const struct listing_kind kind = {
	.put = samples_put,
	.finish = samples_finish,
	.free = samples_free,
	.filler = "#\n", /* a comment */
};

void metrics_answer(struct supervisor *sup, struct http_answer *answer)
{
	struct samples *samples = calloc(1, sizeof(*samples));

	if (samples)
		samples->sup = sup;
	listing_answer(samples ? listing_new(sup, &kind, samples, "") : NULL, answer);
	answer->content_type = "text/plain; version=0.0.4";
}
