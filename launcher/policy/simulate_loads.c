// SPDX-License-Identifier: GPL-2.0-or-later
/* Shapes and recordings; see simulate_loads.h. */
#include "launcher/policy/simulate_loads.h"
#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 1e7 /* more than a hundred days */
#define RATE_MAX    1e9

struct list {
	struct sim_rate *items;
	size_t count, room;
	bool failed; /* no memory */
};

static void add(struct list *list, double at_s, double per_s)
{
	if (list->count == list->room && !list->failed) {
		size_t room = list->room ? list->room * 2 : 256;
		struct sim_rate *items = reallocarray(list->items, room, sizeof(*items));

		list->failed = !items;
		list->items = items ? items : list->items;
		list->room = items ? room : list->room;
	}
	if (!list->failed)
		list->items[list->count++] = (struct sim_rate){llround(at_s * 1000), per_s};
}

static void make_step(struct list *list, double peak)
{
	add(list, 0, peak / 8);
	add(list, 300, peak);
	add(list, 900, peak / 8);
	add(list, 1500, 0);
}

static void make_ramp(struct list *list, double peak)
{
	for (int at_s = 0; at_s < 1200; at_s++)
		add(list, at_s, peak * (0.1 + 0.9 * (600 - abs(at_s - 600)) / 600));
	add(list, 1200, 0);
}

static void make_spike(struct list *list, double peak)
{
	for (int i = 0; i < 10; i++) {
		add(list, i * 300, peak / 10);
		add(list, i * 300 + 150, peak);
		add(list, i * 300 + 170, peak / 10);
	}
	add(list, 3000, 0);
}

static void make_daily(struct list *list, double peak)
{
	for (int minute = 0; minute < 1440; minute++)
		add(list, minute * 60, peak * (0.55 - 0.45 * cos(2 * M_PI * minute / 1440)));
	add(list, 86400, 0);
}

/* Spans of Pareto lengths, each at one of six heights. */
static void make_bursty(struct list *list, double peak)
{
	unsigned seed = 7;
	double at_s = 0;

	while (at_s < 3600) {
		double share = (rand_r(&seed) + 1.0) / (RAND_MAX + 2.0);
		int height = rand_r(&seed) % 2 ? 0 : rand_r(&seed) % 6;

		add(list, at_s, peak * (0.1 + 0.9 * height / 5));
		at_s += floor(fmin(5 * pow(share, -1 / 1.5), 300));
	}
	add(list, 3600, 0);
}

static void make_on_off(struct list *list, double peak)
{
	for (int i = 0; i < 15; i++) {
		add(list, i * 240, peak);
		add(list, i * 240 + 120, peak / 60);
	}
	add(list, 3600, 0);
}

static void (*const makers[])(struct list *, double) = {make_step,  make_ramp,	 make_spike,
							make_daily, make_bursty, make_on_off};

const char *const sim_shapes[] = {"step", "ramp", "spike", "daily", "bursty", "on-off", NULL};

static int hand_over(struct list *list, struct sim_load *ret_load, struct err *err)
{
	if (list->failed) {
		free(list->items);
		return err_say(err, ENOMEM, "no memory for the load");
	}
	*ret_load = (struct sim_load){list->items, list->count};
	return 0;
}

int sim_load_shape(const char *name, double peak_per_s, struct sim_load *ret_load, struct err *err)
{
	for (size_t i = 0; sim_shapes[i]; i++) {
		struct list list = {0};

		if (strcmp(name, sim_shapes[i]) != 0)
			continue;
		makers[i](&list, peak_per_s);
		return hand_over(&list, ret_load, err);
	}
	return err_say(err, ENOENT, "no load '%.60s'", name);
}

/* "60,211.30" up to the end of its line; false: it is not. */
static bool read_sample(const char *line, size_t len, double *ret_at_s, double *ret_per_s)
{
	char text[64];
	char *end;

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	*ret_at_s = strtod(text, &end);
	if (end == text || *end != ',')
		return false;
	const char *second = end + 1;

	*ret_per_s = strtod(second, &end);
	while (isspace((unsigned char)*end))
		end++;
	return end != second && !*end && *ret_at_s >= 0 && *ret_at_s < SECONDS_MAX &&
	       *ret_per_s >= 0 && *ret_per_s < RATE_MAX;
}

static int read_line(struct list *list, const char *line, size_t len, unsigned number,
		     struct err *err)
{
	double at_s = 0;
	double per_s = 0;
	bool words = number == 1 && len && isalpha((unsigned char)line[0]);

	if (!len || line[0] == '#' || words || (len == 1 && line[0] == '\r'))
		return 0;
	if (!read_sample(line, len, &at_s, &per_s))
		return err_say(err, EINVAL,
			       "line %u: expected 'seconds,requests per second', both from 0",
			       number);
	if (list->count && llround(at_s * 1000) <= list->items[list->count - 1].offset_ms)
		return err_say(err, EINVAL, "line %u: its time is not after the one before",
			       number);
	add(list, at_s, per_s);
	return 0;
}

static void scale_to(struct list *list, double peak_per_s)
{
	double most = 0;

	for (size_t i = 0; i < list->count; i++)
		most = fmax(most, list->items[i].per_s);
	for (size_t i = 0; most > 0 && i < list->count; i++)
		list->items[i].per_s *= peak_per_s / most;
}

int sim_load_csv(const char *text, double peak_per_s, struct sim_load *ret_load, struct err *err)
{
	struct list list = {0};
	unsigned number = 1;
	int r = 0;

	for (const char *line = text; r == 0 && *line; number++) {
		size_t len = strcspn(line, "\n");

		r = read_line(&list, line, len, number, err);
		line += len + (line[len] == '\n');
	}
	if (r == 0 && list.count < 2)
		r = err_say(err, EINVAL, "a load needs two samples at least");
	if (r < 0) {
		free(list.items);
		return r;
	}
	const struct sim_rate *last = &list.items[list.count - 1];

	add(&list, (double)(2 * last->offset_ms - last[-1].offset_ms) / 1000, 0);
	if (peak_per_s > 0 && !list.failed)
		scale_to(&list, peak_per_s);
	return hand_over(&list, ret_load, err);
}
