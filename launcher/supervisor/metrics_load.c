// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each instance uses, for Prometheus. A metric's samples must follow one another, and an
 * instance is best looked at once: so each metric collects its own text until all have been seen.
 */
#include "launcher/supervisor/listing.h"
#include "launcher/supervisor/metrics.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_load.h"

#include <inttypes.h>

enum kind {
	SECONDS, /* of microseconds */
	WHOLE,
};

static const struct family {
	const char *name;
	const char *type;
	const char *help;
	const char *label; /* more of them, from the comma on */
	enum kind kind;
	size_t offset; /* of the uint64_t in struct cg_load */
	bool pressure; /* only where it is known */
	bool io;
} families[] = {
	{"davit_instance_cpu_seconds_total", "counter", "Processor time used.", "", SECONDS,
	 offsetof(struct cg_load, usage.cpu_usec), false, false},
	{"davit_instance_cpu_throttled_seconds_total", "counter",
	 "Time that its quota did not allow it to run.", "", SECONDS,
	 offsetof(struct cg_load, throttled_usec), false, false},
	{"davit_instance_memory_bytes", "gauge", "Memory used, page cache included.", "", WHOLE,
	 offsetof(struct cg_load, usage.memory_bytes), false, false},
	{"davit_instance_memory_working_set_bytes", "gauge",
	 "Memory used, less file pages that nothing has touched lately.", "", WHOLE,
	 offsetof(struct cg_load, working_set_bytes), false, false},
	{"davit_instance_processes", "gauge", "Processes and threads.", "", WHOLE,
	 offsetof(struct cg_load, usage.pids), false, false},
	{"davit_instance_pressure_waiting_seconds_total", "counter",
	 "Time that some of its processes waited for a resource.", ",resource=\"cpu\"", SECONDS,
	 offsetof(struct cg_load, cpu.some_usec), true, false},
	{"davit_instance_pressure_waiting_seconds_total", NULL, NULL, ",resource=\"memory\"",
	 SECONDS, offsetof(struct cg_load, memory.some_usec), true, false},
	{"davit_instance_pressure_waiting_seconds_total", NULL, NULL, ",resource=\"io\"", SECONDS,
	 offsetof(struct cg_load, io.some_usec), true, false},
	{"davit_instance_disk_read_bytes_total", "counter", "Bytes read from disks.", "", WHOLE,
	 offsetof(struct cg_load, read_bytes), false, true},
	{"davit_instance_disk_written_bytes_total", "counter", "Bytes written to disks.", "", WHOLE,
	 offsetof(struct cg_load, write_bytes), false, true},
};

struct samples {
	struct supervisor *sup;
	struct buf texts[ARRAY_SIZE(families)];
};

static void put_sample(const struct family *family, const struct instance *instance,
		       const struct cg_load *load, struct buf *text)
{
	uint64_t value = *(const uint64_t *)(const void *)((const char *)load + family->offset);

	if ((family->pressure && !load->has_pressure) || (family->io && !load->has_io))
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
	struct cg_load load;

	if (!instance->cg || cg_load_read(instance->cg, &load, NULL) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		put_sample(&families[i], instance, &load, &samples->texts[i]);
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
