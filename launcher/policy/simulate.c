// SPDX-License-Identifier: GPL-2.0-or-later
/* The queue, step by step; see simulate.h. */
#include "launcher/policy/simulate.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define STEP_S	   (SIM_STEP_MS / 1000.0)
#define MS_PER_S   1000.0
#define NORMAL_MIN 30.0 /* from this mean on a Poisson number is as good as a normal one */

/* Requests that came in one step and were not served yet: a ring that grows. */
struct cohort {
	int64_t at_ms;
	double count;
};

struct queue {
	struct cohort *cohorts;
	size_t size, head, used;
	double waiting;
};

struct world {
	const struct sim_service *service;
	struct queue queue;
	int64_t *starts_ms; /* when those that start will be ready, in order */
	size_t start_room, start_count;
	unsigned wanted, ready;
	uint64_t random;
	int direction; /* of the last change: -1, 0, 1 */
};

/* Of one step. */
struct flow {
	double per_s, arrived, finished, busy;
};

/* xorshift64*: any stream of numbers does, but always the same one. */
static double random_unit(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 11) / 9007199254740992.0;
}

static double random_poisson(uint64_t *state, double mean)
{
	if (mean >= NORMAL_MIN) {
		double radius = sqrt(-2.0 * log(1.0 - random_unit(state)));
		double count = mean + sqrt(mean) * radius * cos(2.0 * M_PI * random_unit(state));

		return count > 0 ? floor(count + 0.5) : 0;
	}
	double limit = exp(-mean);
	double product = random_unit(state);
	double count = 0;

	while (product > limit) {
		product *= random_unit(state);
		count++;
	}
	return count;
}

static int queue_push(struct queue *queue, int64_t now_ms, double count)
{
	if (count <= 0)
		return 0;
	if (queue->used == queue->size) {
		size_t size = queue->size ? queue->size * 2 : 256;
		struct cohort *cohorts = calloc(size, sizeof(*cohorts));

		if (!cohorts)
			return -ENOMEM;
		for (size_t i = 0; i < queue->used; i++)
			cohorts[i] = queue->cohorts[(queue->head + i) % queue->size];
		free(queue->cohorts);
		*queue = (struct queue){.cohorts = cohorts,
					.size = size,
					.used = queue->used,
					.waiting = queue->waiting};
	}
	queue->cohorts[(queue->head + queue->used++) % queue->size] =
		(struct cohort){now_ms, count};
	queue->waiting += count;
	return 0;
}

/* Serves up to @room requests, the oldest first; answers how many. */
static double queue_serve(struct queue *queue, int64_t now_ms, double room, int64_t late_ms,
			  struct sim_result *result)
{
	double served = 0;

	while (queue->used && room - served > 1e-9) {
		struct cohort *first = &queue->cohorts[queue->head];
		double part = first->count < room - served ? first->count : room - served;

		served += part;
		first->count -= part;
		if (now_ms - first->at_ms > late_ms)
			result->late += part;
		if (first->count > 1e-9)
			break;
		queue->head = (queue->head + 1) % queue->size;
		queue->used--;
	}
	queue->waiting = queue->used ? queue->waiting - served : 0;
	return served;
}

static int64_t queue_age_ms(const struct queue *queue, int64_t now_ms)
{
	return queue->used ? now_ms - queue->cohorts[queue->head].at_ms : 0;
}

static void become_ready(struct world *world, int64_t now_ms)
{
	size_t done = 0;

	while (done < world->start_count && world->starts_ms[done] <= now_ms)
		done++;
	for (size_t i = done; i < world->start_count; i++)
		world->starts_ms[i - done] = world->starts_ms[i];
	world->start_count -= done;
	world->ready += (unsigned)done;
}

/* Those that are still starting go first. */
static int set_wanted(struct world *world, int64_t now_ms, unsigned wanted,
		      struct sim_result *result)
{
	int direction = (wanted > world->wanted) - (wanted < world->wanted);

	if (!direction)
		return 0;
	result->changes++;
	result->reversals += world->direction == -direction;
	world->direction = direction;
	for (; world->wanted < wanted; world->wanted++) {
		if (world->start_count == world->start_room) {
			size_t room = world->start_room ? world->start_room * 2 : 64;
			int64_t *more = reallocarray(world->starts_ms, room, sizeof(*more));

			if (!more)
				return -ENOMEM;
			world->starts_ms = more;
			world->start_room = room;
		}
		world->starts_ms[world->start_count++] = now_ms + world->service->start_ms;
	}
	for (; world->wanted > wanted; world->wanted--) {
		if (world->start_count)
			world->start_count--;
		else
			world->ready--;
	}
	if (wanted > result->most)
		result->most = wanted;
	return 0;
}

static int step(struct world *world, int64_t now_ms, double per_s, struct flow *flow,
		struct sim_result *result)
{
	double room = world->ready * world->service->capacity_per_s * STEP_S;

	become_ready(world, now_ms);
	flow->per_s = per_s;
	flow->arrived = random_poisson(&world->random, per_s * STEP_S);
	if (queue_push(&world->queue, now_ms, flow->arrived) < 0)
		return -ENOMEM;
	flow->finished = queue_serve(&world->queue, now_ms, room, world->service->late_ms, result);
	flow->busy = room > 0 ? flow->finished / room : 0;
	int64_t age_ms = queue_age_ms(&world->queue, now_ms);

	result->requests += flow->arrived;
	result->instance_s += world->wanted * STEP_S;
	result->late_s += age_ms > world->service->late_ms ? STEP_S : 0;
	if ((double)age_ms > result->longest_ms)
		result->longest_ms = (double)age_ms;
	return 0;
}

static void draw(const struct world *world, int64_t now_ms, int64_t end_ms, const struct flow *flow,
		 struct sim_result *result)
{
	size_t i = (size_t)((__int128)now_ms * (int64_t)result->point_count / end_ms);
	double steps = (double)end_ms / SIM_STEP_MS / (double)result->point_count;
	double age_ms = (double)queue_age_ms(&world->queue, now_ms);

	if (i >= result->point_count)
		return;
	result->points[i].per_s += flow->per_s / steps;
	result->points[i].instances += world->wanted / steps;
	if (age_ms > result->points[i].wait_ms)
		result->points[i].wait_ms = age_ms;
}

static void add_flow(struct sim_view *view, const struct flow *flow)
{
	view->span_ms += SIM_STEP_MS;
	view->arrived += flow->arrived;
	view->finished += flow->finished;
	view->busy += flow->busy;
}

/* Fills in what is of now, asks, and begins the next span. */
static int ask(struct world *world, int64_t now_ms, const struct sim_policy *policy,
	       struct sim_view *view, struct sim_result *result)
{
	view->now_ms = now_ms;
	view->wanted = world->wanted;
	view->ready = world->ready;
	view->busy /= (double)(view->span_ms / SIM_STEP_MS);
	/* By Little's law; in a step of fluid nobody is seen at work. */
	view->in_flight =
		world->queue.waiting + view->busy * world->ready * world->service->concurrency;
	view->waiting = world->queue.waiting;
	unsigned wanted = policy->decide(policy->state, view);

	*view = (struct sim_view){0};
	return set_wanted(world, now_ms, wanted, result);
}

static int run(struct world *world, const struct sim_load *load, const struct sim_policy *policy,
	       struct sim_result *result)
{
	int64_t end_ms = load->rates[load->count - 1].offset_ms;
	struct sim_view view = {0};
	size_t at = 0;

	for (int64_t now_ms = 0; now_ms < end_ms; now_ms += SIM_STEP_MS) {
		struct flow flow;

		while (at + 1 < load->count && load->rates[at + 1].offset_ms <= now_ms)
			at++;
		if (step(world, now_ms, load->rates[at].per_s, &flow, result) < 0)
			return -ENOMEM;
		add_flow(&view, &flow);
		draw(world, now_ms, end_ms, &flow, result);
		if (view.span_ms >= policy->every_ms &&
		    ask(world, now_ms + SIM_STEP_MS, policy, &view, result) < 0)
			return -ENOMEM;
	}
	return 0;
}

int simulate(const struct sim_load *load, const struct sim_service *service,
	     const struct sim_policy *policy, struct sim_result *result, struct err *err)
{
	struct world world = {
		.service = service,
		.wanted = policy->begin,
		.ready = policy->begin,
		.random = service->seed ? service->seed : 1,
	};
	struct sim_point *points = result->points;
	size_t point_count = result->point_count;

	if (load->count < 2 || load->rates[load->count - 1].offset_ms <= load->rates[0].offset_ms)
		return err_say(err, EINVAL, "a load needs a beginning and an end");
	*result = (struct sim_result){
		.most = policy->begin, .points = points, .point_count = point_count};
	for (size_t i = 0; i < point_count; i++)
		points[i] = (struct sim_point){0};
	int r = run(&world, load, policy, result);

	free(world.queue.cohorts);
	free(world.starts_ms);
	return r < 0 ? err_say(err, ENOMEM, "no memory for the requests that wait") : 0;
}
