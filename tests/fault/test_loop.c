// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No timer is lost to a turn of the loop that fails for want of memory: what never fires is waited
 * for, for ever. Tries every allocation.
 */
#include "launcher/supervisor/loop.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <stdbool.h>

/* As many as sd-event has room for at first: who is due next needs more. */
#define DEFERRED 16

struct scene {
	struct loop *loop;
	struct watch *timer;
	struct watch *deferred[DEFERRED];
};

static void on_fired(void *data)
{
	const struct scene *scene = data;

	loop_stop(scene->loop, 0);
}

static void open_scene(struct scene *scene)
{
	struct err err = {0};

	*scene = (struct scene){0};
	assert_int_equal(loop_open(&scene->loop, &err), 0);
	for (size_t i = 0; i < DEFERRED; i++)
		assert_int_equal(loop_watch_deferred(scene->loop, on_fired, scene,
						     &scene->deferred[i], &err),
				 0);
	assert_int_equal(loop_watch_timer(scene->loop, on_fired, scene, &scene->timer, &err), 0);
	watch_arm(scene->timer, 1);
}

static void close_scene(struct scene *scene)
{
	for (size_t i = 0; i < DEFERRED; i++)
		watch_free(scene->deferred[i]);
	watch_free(scene->timer);
	loop_close(scene->loop);
}

/* One whose wake-up is lost does not come back from here. Returns whether one has failed. */
static bool run_with(uint64_t nth)
{
	struct scene scene;

	open_scene(&scene);
	alloc_arm(nth);
	int r = loop_run(scene.loop);
	bool failed = alloc_disarm() > 0;

	assert_int_equal(r, 0);
	close_scene(&scene);
	return failed;
}

static void a_timer_whose_turn_fails_fires_all_the_same(void **unused)
{
	uint64_t nth = 1;

	(void)unused;
	while (run_with(nth))
		nth++;
	assert_true(nth > 1); /* one at least was there to fail */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_whose_turn_fails_fires_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
