// SPDX-License-Identifier: GPL-2.0-or-later
/* Load of a group, on every layout; see cg_load.h. */
#include "runtime/cgroup/cg_load.h"

#include "runtime/base/cleanup.h"
#include "runtime/cgroup/cg_file.h"
#include "runtime/cgroup/cg_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NSEC_PER_USEC 1000

/* The total of the line that begins with @kind: "some avg10=0.00 avg60=0.00 avg300=0.00 total=7" */
static uint64_t total_of(const char *text, const char *kind)
{
	const char *line = strstr(text, kind);
	const char *total = line ? strstr(line, "total=") : NULL;
	uint64_t value = 0;

	return total && sscanf(total, "total=%" SCNu64, &value) == 1 ? value : 0;
}

static bool read_pressure(const struct cg *cg, const char *file, struct cg_pressure *ret)
{
	struct cg_text text;

	/* The files are there without psi, too: opening them is what fails then. */
	if (cg_file_read(cg_dir(cg->tree, CG_UNIFIED), cg->name, file, &text, NULL) < 0)
		return false;
	ret->some_usec = total_of(text.bytes, "some ");
	ret->full_usec = total_of(text.bytes, "full ");
	return true;
}

static void read_pressures(const struct cg *cg, struct cg_load *load)
{
	if (cg_dir(cg->tree, CG_UNIFIED) < 0)
		return;
	load->has_pressure = read_pressure(cg, "cpu.pressure", &load->cpu) &&
			     read_pressure(cg, "memory.pressure", &load->memory) &&
			     read_pressure(cg, "io.pressure", &load->io);
}

static int read_working_set(const struct cg *cg, struct cg_load *load, struct err *err)
{
	bool v2 = cg->tree->layout == CG_V2;
	struct cg_text text;
	int r = cg_file_read(cg_dir(cg->tree, CG_MEMORY), cg->name, "memory.stat", &text, err);

	if (r < 0)
		return r;
	uint64_t idle = cg_text_key(text.bytes, v2 ? "inactive_file" : "total_inactive_file");
	uint64_t bytes = load->usage.memory_bytes;

	load->working_set_bytes = idle < bytes ? bytes - idle : 0;
	return 0;
}

static int read_throttling(const struct cg *cg, struct cg_load *load, struct err *err)
{
	bool v2 = cg->tree->layout == CG_V2;
	struct cg_text text;
	int r = cg_file_read(cg_dir(cg->tree, CG_CPU), cg->name, "cpu.stat", &text, err);

	if (r < 0)
		return r;
	load->throttled_usec = v2 ? cg_text_key(text.bytes, "throttled_usec")
				  : cg_text_key(text.bytes, "throttled_time") / NSEC_PER_USEC;
	return 0;
}

/* Sums what follows @key, with " " or "=", on the lines of all devices. */
static uint64_t sum_of(const char *text, const char *key)
{
	uint64_t sum = 0;
	uint64_t value = 0;

	for (text = strstr(text, key); text; text = strstr(text, key)) {
		text += strlen(key);
		if (sscanf(text, "%" SCNu64, &value) == 1)
			sum += value;
	}
	return sum;
}

static void read_io(const struct cg *cg, struct cg_load *load)
{
	bool v2 = cg->tree->layout == CG_V2;
	const char *file = v2 ? "io.stat" : "blkio.throttle.io_service_bytes_recursive";
	struct cg_text text;

	if (!cg->io && !v2)
		return;
	if (cg_file_read(cg_dir(cg->tree, CG_IO), cg->name, file, &text, NULL) < 0)
		return;
	load->has_io = true;
	load->read_bytes = sum_of(text.bytes, v2 ? " rbytes=" : " Read ");
	load->write_bytes = sum_of(text.bytes, v2 ? " wbytes=" : " Write ");
}

int cg_load_read(const struct cg *cg, struct cg_load *ret_load, struct err *err)
{
	struct cg_load load = {0};
	int r = cg_read(cg, &load.usage, err);

	if (r == 0)
		r = read_working_set(cg, &load, err);
	if (r == 0)
		r = read_throttling(cg, &load, err);
	if (r < 0)
		return r;
	read_pressures(cg, &load);
	read_io(cg, &load);
	*ret_load = load;
	return 0;
}

/* @fd: see cg_kept_file. */
static int read_cpu(const struct cg_tree *tree, const char *name, int *fd, uint64_t *ret_usec,
		    struct err *err)
{
	uint64_t nsec = 0;
	struct cg_text text;
	int r;

	if (tree->layout != CG_V2) {
		const struct cg_kept_file usage = {fd, cg_dir(tree, CG_CPUACCT), name,
						   "cpuacct.usage"};

		r = cg_file_u64_kept(&usage, &nsec, err);
		*ret_usec = nsec / NSEC_PER_USEC;
		return r;
	}
	const struct cg_kept_file stat = {fd, cg_dir(tree, CG_UNIFIED), name, "cpu.stat"};

	r = cg_file_read_kept(&stat, &text, err);
	if (r == 0)
		*ret_usec = cg_text_key(text.bytes, "usage_usec");
	return r;
}

int cg_load_cpu(struct cg *cg, uint64_t *ret_usec, struct err *err)
{
	return read_cpu(cg->tree, cg->name, &cg->cpu_fd, ret_usec, err);
}

int cg_load_cpu_all(const struct cg_tree *tree, uint64_t *ret_usec, struct err *err)
{
	autoclose int fd = -1;

	return read_cpu(tree, ".", &fd, ret_usec, err);
}

int cg_load_memory(struct cg *cg, uint64_t *ret_bytes, struct err *err)
{
	bool v2 = cg->tree->layout == CG_V2;
	const struct cg_kept_file memory = {&cg->memory_fd, cg_dir(cg->tree, CG_MEMORY), cg->name,
					    v2 ? "memory.current" : "memory.usage_in_bytes"};

	return cg_file_u64_kept(&memory, ret_bytes, err);
}

int cg_load_use(struct cg *cg, struct cg_usage *ret_usage, struct err *err)
{
	struct cg_usage usage = {0};
	int r = cg_load_cpu(cg, &usage.cpu_usec, err);

	if (r == 0)
		r = cg_load_memory(cg, &usage.memory_bytes, err);
	if (r == 0)
		*ret_usage = usage;
	return r;
}
