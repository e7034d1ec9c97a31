// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tick of the scaler over services and their instances: who is looked at, how often, and whose
 * number is changed. What would be measured, and what comes of a decision, is told here.
 */
#include "launcher/js.h"
#include "launcher/supervisor/events.h"
#include "launcher/supervisor/forecasts.h"
#include "launcher/supervisor/gauge.h"
#include "launcher/supervisor/look.h"
#include "launcher/supervisor/measure.h"
#include "launcher/supervisor/publish.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/scaler.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/cgroup/cg_load.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

#define TICK_US	 250000
#define SERVICES 3
#define EACH	 2 /* instances of a service */

static struct {
	int64_t now_us;
	int64_t armed_ms; /* of the scaler's timer; 0: not armed */
	loop_fn on_tick;
	void *data;
	unsigned busy_percent[SERVICES]; /* of its instances */
	unsigned cpu_reads[SERVICES], net_reads[SERVICES], idle_looks[SERVICES];
	unsigned saves;
	bool over; /* nobody has called for as long as idle says */
} world;

/* ---- what there is ---- */

static struct service services[SERVICES] = {
	{.name = (char *)"api"}, {.name = (char *)"mail"}, {.name = (char *)"web"}};
static struct plan plans[SERVICES];
static struct instance instances[SERVICES * EACH];
static struct unit units[SERVICES];
static struct stack stack = {.services = services, .service_count = SERVICES};
static struct manifest manifest = {.stack = &stack};
static struct supervisor sup;

static size_t service_at(const struct instance *instance)
{
	return (size_t)(instance->plan->service - services);
}

int64_t loop_clock_us(void)
{
	return world.now_us;
}

int64_t loop_now_ms(struct loop *loop)
{
	return world.now_us / 1000;
}

int loop_watch_timer(struct loop *loop, loop_fn fn, void *data, struct watch **ret_watch,
		     struct err *err)
{
	world.on_tick = fn;
	world.data = data;
	*ret_watch = (struct watch *)&world;
	return 0;
}

void watch_arm(struct watch *timer, int64_t delay_ms)
{
	world.armed_ms = delay_ms;
}

void watch_free(struct watch *watch)
{
}

/* ---- what is measured ---- */

static uint64_t used_usec(size_t service)
{
	return (uint64_t)world.now_us * world.busy_percent[service] / 100;
}

int cg_load_cpu_all(const struct cg_tree *tree, uint64_t *ret_usec, struct err *err)
{
	*ret_usec = 0;
	for (size_t i = 0; i < SERVICES; i++)
		*ret_usec += EACH * used_usec(i);
	return 0;
}

int64_t measure_cpu_usec(struct instance *instance)
{
	world.cpu_reads[service_at(instance)]++;
	return TICK_US * (int64_t)world.busy_percent[service_at(instance)] / 100;
}

struct measured_net measure_net(struct instance *instance, bool open)
{
	world.net_reads[service_at(instance)]++;
	return (struct measured_net){.known = true, .span_ms = TICK_US / 1000};
}

struct measured_rest measure_rest(struct instance *instance)
{
	return (struct measured_rest){0};
}

bool gauge_read(struct instance *instance, enum scale_signal signal, int64_t *ret_milli)
{
	return false;
}

void idle_count(struct supervisor *unused, int64_t now_ms)
{
}

bool idle_is_due(const struct scaling *scaling, int64_t now_ms)
{
	return false;
}

bool idle_is_over(const struct look *look, bool needed)
{
	world.idle_looks[look->service - services]++;
	return world.over && look->service->autoscale.idle_ms > 0;
}

/* ---- what comes of it ---- */

void forecasts_update(const struct supervisor *unused, struct scaling *scaling)
{
}

void forecasts_note(struct scaling *scaling)
{
}

void forecasts_end(const struct supervisor *unused, struct scaling *scaling)
{
}

void events_service(struct supervisor *unused, const char *service, const char *action,
		    const char *reason, struct json_t *attributes)
{
	js_free(attributes);
}

void metrics_count_scaling(struct supervisor *unused, const char *service, bool by_load, bool more)
{
}

void publish_ports(struct supervisor *unused)
{
}

void save_stack_now(struct supervisor *unused)
{
	world.saves++;
}

void supervisor_touch(struct supervisor *unused)
{
}

void supervisor_log(const struct supervisor *unused, const char *fmt, ...)
{
}

/* ---- tests ---- */

/* Instances follow one another by service and number, as the supervisor keeps them. */
static int make_world(void **unused)
{
	struct err err = {0};

	memset(&world, 0, sizeof(world));
	world.now_us = 1000 * TICK_US;
	sup = (struct supervisor){.manifest = &manifest,
				  .units = units,
				  .instances = instances,
				  .instance_count = SERVICES * EACH};
	for (size_t i = 0; i < SERVICES; i++) {
		services[i].autoscale = (struct autoscale){
			.present = true,
			.min = EACH,
			.max = 8,
			.targets = {[SCALE_CPU] = {.present = true, .milli = 70 * SCALE_MILLI}},
			.up = {.tolerance_milli = 50,
			       .policies = {{4, false, 1000}},
			       .policy_count = 1},
			.down = {.stabilization_ms = 1000,
				 .policies = {{100, true, 1000}},
				 .policy_count = 1}};
		plans[i] = (struct plan){.service = &services[i]};
		units[i] = (struct unit){.replicas = EACH, .selected = true, .plan = &plans[i]};
	}
	for (size_t i = 0; i < SERVICES * EACH; i++)
		instances[i] = (struct instance){.sup = &sup,
						 .plan = &plans[i / EACH],
						 .state = INSTANCE_READY,
						 .next = i + 1 < SERVICES * EACH ? &instances[i + 1]
										 : NULL};
	return scaler_open(&sup, &err);
}

static int drop_world(void **unused)
{
	scaler_close(&sup);
	return 0;
}

static void tick(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		assert_true(world.armed_ms > 0);
		world.armed_ms = 0;
		world.now_us += TICK_US;
		world.on_tick(world.data);
	}
}

static void forget_reads(void)
{
	memset(world.cpu_reads, 0, sizeof(world.cpu_reads));
	memset(world.net_reads, 0, sizeof(world.net_reads));
}

static void each_instance_is_looked_at_once_and_counts_for_its_own_service(void **unused)
{
	scaler_update(&sup);
	world.busy_percent[1] = 95;
	tick(2);
	forget_reads();
	tick(1);
	for (size_t i = 0; i < SERVICES; i++)
		assert_int_equal(world.cpu_reads[i], EACH);
	tick(80);
	assert_int_equal(units[0].replicas, EACH);
	assert_true(units[1].replicas > EACH);
	assert_int_equal(units[2].replicas, EACH);
	assert_true(world.saves > 0);
}

static void a_stack_at_rest_is_looked_at_every_two_seconds(void **unused)
{
	scaler_update(&sup);
	tick(32);
	forget_reads();
	tick(16);
	for (size_t i = 0; i < SERVICES; i++) {
		assert_int_equal(world.cpu_reads[i], 2 * EACH);
		assert_int_equal(world.net_reads[i], 2 * EACH);
	}
}

static void of_who_rests_beside_others_only_the_processor_is_looked_at(void **unused)
{
	scaler_update(&sup);
	world.busy_percent[2] = 50;
	tick(32);
	forget_reads();
	tick(16);
	assert_int_equal(world.cpu_reads[0], 16 * EACH);
	assert_int_equal(world.net_reads[0], 2 * EACH);
	assert_int_equal(world.net_reads[2], 16 * EACH);
}

static void who_has_nothing_to_scale_is_left_alone(void **unused)
{
	units[0].replicas = 0; /* by hand */
	units[1].stopped = true;
	services[2].autoscale.present = false;
	scaler_update(&sup);
	assert_int_equal(world.armed_ms, 0);
	/* One that comes later, before the others, is found beside them. */
	units[1].stopped = false;
	scaler_update(&sup);
	tick(10);
	units[0].replicas = EACH;
	scaler_update(&sup);
	tick(10);
	assert_true(world.cpu_reads[0] > 0 && world.cpu_reads[1] > 0);
	assert_int_equal(world.cpu_reads[2], 0);
	assert_non_null(sup.scalings->next);
	assert_null(sup.scalings->next->next);
	units[1].stopped = true;
	scaler_update(&sup);
	assert_string_equal(sup.scalings->service, "api");
	assert_null(sup.scalings->next);
}

static void a_service_without_instances_costs_no_other_its_own(void **unused)
{
	instances[EACH - 1].next = &instances[2 * EACH]; /* mail has none yet */
	scaler_update(&sup);
	tick(12);
	assert_true(world.cpu_reads[0] > 0 && world.cpu_reads[2] > 0);
	assert_int_equal(world.cpu_reads[1], 0);
	assert_int_equal(units[1].replicas, EACH);
}

static void who_is_not_called_sleeps_until_he_is_woken(void **unused)
{
	services[0].autoscale.present = services[2].autoscale.present = false;
	services[1].autoscale.idle_ms = 60000;
	scaler_update(&sup);
	tick(10);
	assert_false(units[1].asleep);
	world.over = true;
	while (world.armed_ms > 0)
		tick(1);
	assert_true(units[1].asleep);
	assert_int_equal(units[1].replicas, 0);
	forget_reads();
	scaler_wake(&sup, 1, "woken by a call");
	assert_false(units[1].asleep);
	assert_int_equal(units[1].replicas, EACH);
	assert_true(world.armed_ms > 0);
}

static void a_schedule_is_looked_at_while_all_sleep(void **unused)
{
	services[0].autoscale.present = services[2].autoscale.present = false;
	services[1].autoscale.idle_ms = 60000;
	services[1].autoscale.forecast = SCALE_FORECAST_DAILY;
	units[1].replicas = 0;
	units[1].asleep = true;
	scaler_update(&sup);
	tick(1);
	assert_int_equal(world.armed_ms, 15000);
	assert_int_equal(world.cpu_reads[1], 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
	const struct CMUnitTest tests[] = {
		TEST(each_instance_is_looked_at_once_and_counts_for_its_own_service),
		TEST(a_stack_at_rest_is_looked_at_every_two_seconds),
		TEST(of_who_rests_beside_others_only_the_processor_is_looked_at),
		TEST(who_has_nothing_to_scale_is_left_alone),
		TEST(a_service_without_instances_costs_no_other_its_own),
		TEST(who_is_not_called_sleeps_until_he_is_woken),
		TEST(a_schedule_is_looked_at_while_all_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
