// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit simulate: what a scaling policy would have done under a load, beside what others would have
 * done. Needs no supervisor, no root.
 */
#include "launcher/cli/chart.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/table.h"
#include "launcher/cli/text.h"
#include "launcher/policy/simulate_loads.h"
#include "launcher/policy/simulate_policies.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES_MAX 8
#define LOAD_MAX     (64 * 1024 * 1024)
#define LINE_COLUMNS 60
#define SVG_POINTS   480
#define LABEL_MAX    32
#define FIXED_MAX    10000
#define BEGIN_LOAD   0.7 /* of what they manage is what the first instances have to do */

struct values {
	const char *service;
	const char *load;
	struct strv policies;
	int64_t peak;
	int64_t capacity;
	int64_t concurrency;
	int64_t start_ms;
	int64_t late_ms;
	int64_t seed;
	const char *svg;
	bool json;
};

static const struct option_spec options[] = {
	{0, "service", OPTION_TEXT, offsetof(struct values, service), "SERVICE",
	 "whose x-autoscale (default: the only one that has it)"},
	{0, "load", OPTION_TEXT, offsetof(struct values, load), "FILE|SHAPE",
	 "lines of 'seconds,requests per second', or step, ramp, spike, daily, bursty, on-off"},
	{0, "policy", OPTION_LIST, offsetof(struct values, policies), "davit|hpa|kpa|fixed:N",
	 "who decides; may be repeated (default davit, hpa, kpa)"},
	{0, "peak", OPTION_NUMBER, offsetof(struct values, peak), "N",
	 "requests per second at the load's highest (default: as recorded; a shape: what half of "
	 "the greatest number of instances manages)"},
	{0, "capacity", OPTION_NUMBER, offsetof(struct values, capacity), "N",
	 "requests per second that an instance manages (default 50)"},
	{0, "concurrency", OPTION_NUMBER, offsetof(struct values, concurrency), "N",
	 "how many of them at once (default 8)"},
	{0, "start", OPTION_DURATION, offsetof(struct values, start_ms), "DURATION",
	 "how long an instance takes to be ready (default 2s)"},
	{0, "late", OPTION_DURATION, offsetof(struct values, late_ms), "DURATION",
	 "a request that waits for longer is late (default 100ms)"},
	{0, "seed", OPTION_NUMBER, offsetof(struct values, seed), "N",
	 "another run of the same chances (default 1)"},
	{0, "svg", OPTION_TEXT, offsetof(struct values, svg), "FILE", "draw a picture, too"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
};

/* One policy's run. */
struct trial {
	char label[LABEL_MAX];
	struct sim_result result;
	struct sim_point points[SVG_POINTS];
};

static void load_free(struct sim_load *load)
{
	free(load->rates);
}

#define autoload __attribute__((cleanup(load_free)))

static const struct service *find_service(const struct stack *stack, const char *name)
{
	const struct service *only = NULL;

	if (name)
		return stack_service(stack, name);
	for (size_t i = 0; i < stack->service_count; i++) {
		if (!stack->services[i].autoscale.present)
			continue;
		if (only)
			return NULL;
		only = &stack->services[i];
	}
	return only;
}

static int read_load(const struct values *values, unsigned most, struct sim_load *ret,
		     struct err *err)
{
	double peak = (double)values->peak;
	autofree char *text = NULL;

	for (size_t i = 0; sim_shapes[i]; i++)
		if (strcmp(values->load, sim_shapes[i]) == 0)
			return sim_load_shape(
				values->load,
				peak > 0 ? peak : (double)(values->capacity * most) / 2, ret, err);
	int r = fs_read(values->load, LOAD_MAX, &text, NULL, err);

	if (r < 0)
		return r;
	r = sim_load_csv(text, peak, ret, err);
	return r < 0 ? err_prefix(err, "%s", values->load) : 0;
}

/* Which policy @name is; -EINVAL. */
static int choose(const char *name, struct sim_state *state, const struct autoscale *autoscale,
		  const struct sim_service *service, struct sim_policy *ret)
{
	int64_t instances = 0;

	if (strcmp(name, "davit") == 0)
		*ret = sim_policy_davit(state, autoscale, service);
	else if (strcmp(name, "hpa") == 0)
		*ret = sim_policy_hpa(state, autoscale, service);
	else if (strcmp(name, "kpa") == 0)
		*ret = sim_policy_kpa(state, autoscale, service);
	else if (strncmp(name, "fixed:", 6) == 0 && text_number(name + 6, &instances) == 0 &&
		 instances > 0 && instances <= FIXED_MAX)
		*ret = sim_policy_fixed(state, (unsigned)instances);
	else
		return -EINVAL;
	return 0;
}

static int run_trial(const char *name, const struct autoscale *autoscale,
		     const struct sim_service *service, const struct sim_load *load,
		     struct trial *trial)
{
	autofree struct sim_state *state = calloc(1, sizeof(*state));
	struct sim_policy policy = {0};
	struct err err = {0};
	unsigned begin =
		(unsigned)ceil(load->rates[0].per_s / service->capacity_per_s / BEGIN_LOAD);

	if (!state)
		return cli_complain(EXIT_FAILED, "out of memory");
	if (choose(name, state, autoscale, service, &policy) < 0)
		return cli_complain(EXIT_USAGE,
				    "simulate: '%s' is no policy: davit, hpa, kpa or fixed:N",
				    name);
	if (begin < autoscale->min)
		begin = autoscale->min;
	if (begin > autoscale->max)
		begin = autoscale->max;
	policy.begin = state->fixed ? state->fixed : begin;
	snprintf(trial->label, sizeof(trial->label), "%s", name);
	trial->result.points = trial->points;
	trial->result.point_count = SVG_POINTS;
	if (simulate(load, service, &policy, &trial->result, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return EXIT_DONE;
}

/* ---- what is shown ---- */

enum column { POLICY, LATE_S, LATE, LONGEST, COST, MEAN, MOST, CHANGES, REVERSALS };

static const char *const columns[] = {"POLICY", ">LATE s", ">LATE %",  ">LONGEST WAIT", ">COST",
				      ">MEAN",	">MOST",   ">CHANGES", ">BACK",		NULL};

static double duration_s(const struct sim_load *load)
{
	return (double)load->rates[load->count - 1].offset_ms / 1000;
}

static double late_percent(const struct sim_result *result)
{
	return result->requests > 0 ? 100 * result->late / result->requests : 0;
}

static void set_number(struct table *table, struct libscols_line *row, enum column column,
		       double value, int decimals)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", decimals, value);
	table_set(table, row, column, text, NULL);
}

static int put_table(const struct cli *cli, const struct trial *trials, size_t count,
		     const struct sim_load *load, struct buf *out)
{
	autotable struct table table = {0};
	struct err err = {0};

	if (table_open(&table, columns, cli->colour, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < count; i++) {
		const struct sim_result *result = &trials[i].result;
		struct libscols_line *row = table_row(&table);
		autobuf struct buf longest = {0};

		if (!row)
			return cli_complain(EXIT_FAILED, "out of memory");
		buf_printf(&longest, "%.2fs", result->longest_ms / 1000);
		table_set(&table, row, POLICY, trials[i].label, NULL);
		set_number(&table, row, LATE_S, result->late_s, 1);
		set_number(&table, row, LATE, late_percent(result), 2);
		table_set(&table, row, LONGEST, longest.data, NULL);
		set_number(&table, row, COST, result->instance_s, 0);
		set_number(&table, row, MEAN, result->instance_s / duration_s(load), 2);
		set_number(&table, row, MOST, result->most, 0);
		set_number(&table, row, CHANGES, result->changes, 0);
		set_number(&table, row, REVERSALS, result->reversals, 0);
	}
	if (table_print(&table, out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	buf_puts(out,
		 "LATE s: seconds in which somebody waited for too long; COST: instance seconds; "
		 "BACK: changes that undo the one before.\n");
	return EXIT_DONE;
}

enum picture { PICTURE_LOAD, PICTURE_INSTANCES, PICTURE_WAIT };

static double value_of(const struct sim_point *point, enum picture picture)
{
	switch (picture) {
	case PICTURE_LOAD:
		return point->per_s;
	case PICTURE_INSTANCES:
		return point->instances;
	case PICTURE_WAIT:
		break;
	}
	return point->wait_ms;
}

/* @columns means of the points, or the most where it is a wait. Answers the greatest. */
static double condense(const struct trial *trial, enum picture picture, double *ret, size_t width)
{
	double top = 0;

	for (size_t i = 0; i < width; i++) {
		size_t from = i * SVG_POINTS / width;
		size_t to = (i + 1) * SVG_POINTS / width;

		ret[i] = 0;
		for (size_t j = from; j < to; j++) {
			double value = value_of(&trial->points[j], picture);

			if (picture == PICTURE_WAIT)
				ret[i] = fmax(ret[i], value);
			else
				ret[i] += value / (double)(to - from);
		}
		top = fmax(top, ret[i]);
	}
	return top;
}

/* One line per trial below each other with one scale; the load only once. */
static void put_lines(const struct trial *trials, size_t count, enum picture picture,
		      struct buf *out)
{
	static const char *const units[] = {[PICTURE_LOAD] = "requests/s",
					    [PICTURE_INSTANCES] = "instances",
					    [PICTURE_WAIT] = "ms waited"};
	double values[LINE_COLUMNS];
	double top = 0;

	for (size_t i = 0; i < count; i++)
		top = fmax(top, condense(&trials[i], picture, values, LINE_COLUMNS));
	buf_printf(out, "%s, to %.0f\n", units[picture], top);
	for (size_t i = 0; i < count; i++) {
		condense(&trials[i], picture, values, LINE_COLUMNS);
		buf_printf(out, "%-10.10s ", picture == PICTURE_LOAD ? "load" : trials[i].label);
		chart_line(out, values, LINE_COLUMNS, top);
		buf_puts(out, "\n");
		if (picture == PICTURE_LOAD)
			break;
	}
}

static void put_svg(const struct trial *trials, size_t count, const struct sim_load *load,
		    struct buf *out)
{
	static const char *const titles[] = {"load, requests per second", "instances",
					     "longest wait, ms"};
	static double values[3][POLICIES_MAX][SVG_POINTS];
	struct chart_curve curves[3][POLICIES_MAX];
	struct chart_panel panels[3];

	for (size_t picture = 0; picture < 3; picture++) {
		for (size_t i = 0; i < count; i++) {
			condense(&trials[i], (enum picture)picture, values[picture][i], SVG_POINTS);
			curves[picture][i] = (struct chart_curve){trials[i].label,
								  values[picture][i], SVG_POINTS};
		}
		panels[picture] = (struct chart_panel){titles[picture], curves[picture],
						       picture == PICTURE_LOAD ? 1 : count};
	}
	chart_svg(out, panels, 3, duration_s(load));
}

static int write_svg(const char *path, const struct trial *trials, size_t count,
		     const struct sim_load *load)
{
	autobuf struct buf out = {0};
	struct err err = {0};

	put_svg(trials, count, load, &out);
	if (out.failed)
		return cli_complain(EXIT_FAILED, "out of memory");
	if (fs_write_atomic(path, out.data, out.len, 0644, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return EXIT_DONE;
}

static int put_json(const struct trial *trials, size_t count, const struct sim_load *load)
{
	autojs struct json_t *answer =
		js_pack("{s:i, s:f, s:[]}", "schema", 1, "seconds", duration_s(load), "policies");
	struct json_t *list = js_get(answer, "policies");

	for (size_t i = 0; i < count; i++) {
		const struct sim_result *result = &trials[i].result;
		struct json_t *one = js_pack(
			"{s:s, s:f, s:f, s:f, s:f, s:f, s:i, s:i, s:i}", "policy", trials[i].label,
			"requests", result->requests, "late", result->late, "late_seconds",
			result->late_s, "longest_wait_seconds", result->longest_ms / 1000,
			"instance_seconds", result->instance_s, "most", (int)result->most,
			"changes", (int)result->changes, "reversals", (int)result->reversals);

		if (!one || !js_append(list, one))
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	return cli_output_json(answer);
}

static int show(const struct cli *cli, const struct values *values, const struct trial *trials,
		const struct sim_load *load)
{
	size_t count = values->policies.count;
	autobuf struct buf out = {0};
	int code = EXIT_DONE;

	if (values->svg)
		code = write_svg(values->svg, trials, count, load);
	if (code == EXIT_DONE && values->json)
		return put_json(trials, count, load);
	if (code == EXIT_DONE)
		code = put_table(cli, trials, count, load, &out);
	if (code != EXIT_DONE)
		return code;
	put_lines(trials, count, PICTURE_LOAD, &out);
	put_lines(trials, count, PICTURE_INSTANCES, &out);
	put_lines(trials, count, PICTURE_WAIT, &out);
	return cli_output(&out);
}

/* ---- what is asked ---- */

static int check_values(const struct values *values)
{
	if (!values->load)
		return cli_complain(EXIT_USAGE, "simulate: --load is missing: a file or a shape");
	if (values->capacity < 1 || values->concurrency < 1)
		return cli_complain(EXIT_USAGE,
				    "simulate: --capacity and --concurrency are at least 1");
	if (values->policies.count > POLICIES_MAX)
		return cli_complain(EXIT_USAGE, "simulate: at most %d policies", POLICIES_MAX);
	return EXIT_DONE;
}

static int compare(const struct cli *cli, const struct values *values,
		   const struct service *service)
{
	autofree struct trial *trials = calloc(POLICIES_MAX, sizeof(*trials));
	autoload struct sim_load load = {0};
	struct err err = {0};
	int code = EXIT_DONE;
	struct sim_service model = {
		.capacity_per_s = (double)values->capacity,
		.concurrency = (unsigned)values->concurrency,
		.start_ms = values->start_ms,
		.late_ms = values->late_ms,
		.seed = (uint64_t)values->seed,
	};

	if (!trials)
		return cli_complain(EXIT_FAILED, "out of memory");
	if (read_load(values, service->autoscale.max, &load, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	for (size_t i = 0; code == EXIT_DONE && i < values->policies.count; i++)
		code = run_trial(values->policies.items[i], &service->autoscale, &model, &load,
				 &trials[i]);
	return code == EXIT_DONE ? show(cli, values, trials, &load) : code;
}

static void add_default_policies(struct values *values)
{
	static const char *const defaults[] = {"davit", "hpa", "kpa"};

	for (size_t i = 0; values->policies.count == i && i < ARRAY_SIZE(defaults); i++)
		strv_add(&values->policies, defaults[i]);
}

static int simulate_service(struct cli *cli, struct values *values)
{
	autodiagnostics struct diagnostics diags = {0};
	autostack struct stack *stack = NULL;
	int code = cli_load(cli, &stack, &diags);

	if (code == EXIT_DONE)
		code = cli_diagnose(&diags);
	if (code != EXIT_DONE)
		return code;
	const struct service *service = find_service(stack, values->service);

	if (!service && values->service)
		return cli_complain(EXIT_USAGE, "simulate: no such service: '%s'", values->service);
	if (!service)
		return cli_complain(EXIT_USAGE,
				    "simulate: say which service has the load: --service SERVICE");
	if (!service->autoscale.present)
		return cli_complain(EXIT_USAGE, "simulate: %s has no x-autoscale: %s",
				    service->name, "add for example x-autoscale: {max: 8}");
	return compare(cli, values, service);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {
		.capacity = 50, .concurrency = 8, .start_ms = 2000, .late_ms = 100, .seed = 1};
	struct args args = {.argc = argc, .argv = argv};
	struct err err = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 1);
	if (code < 0) {
		code = check_values(&values);
		add_default_policies(&values);
		if (args.word_count)
			strv_add(&cli->files, args.words[0]);
		if (strv_check(&values.policies, &err) < 0 || strv_check(&cli->files, &err) < 0)
			code = cli_fail(&err, EXIT_FAILED);
		if (code == EXIT_DONE)
			code = simulate_service(cli, &values);
	}
	strv_free(&values.policies);
	return code;
}

const struct command command_simulate = {
	.name = "simulate",
	.words = "[FILE]",
	.summary = "Show what x-autoscale would do under a load, beside others.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
