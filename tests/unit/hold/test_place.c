// SPDX-License-Identifier: GPL-2.0-or-later
/* Who waits at a place when there is no room for him. */
#include "tests/unit/cmocka_all.h"

#include "launcher/hold/place.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct in_addr target = {0x0100007f};
static struct hall hall;
static struct sockaddr_in address; /* where one listens for "web" */
static char said[64];		   /* the last word, and whom it is about */

static bool on_say(void *data, char answer, const char *key)
{
	(void)data;
	snprintf(said, sizeof(said), "%c %s", answer, key);
	return true;
}

static void on_hear(void *data)
{
	(void)data;
}

static void open_hall(unsigned most)
{
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	said[0] = '\0';
	/* A place is for ever. */
	hall = (struct hall){.loop_fd = sources_open(NULL),
			     .places = hall.places,
			     .most = most,
			     .say = on_say,
			     .hear = on_hear};
	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = target};
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	place_listen(&hall, "web", &(struct place_socket){80, 200}, fd);
	place_lead(&hall, "web", &target);
}

static int call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* What it takes until the call is reset: turns of the loop. */
static unsigned turns_until_reset(int fd)
{
	unsigned turns = 0;
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) {
		(void)place_tick(&hall, sources_now_ms());
		sources_wait(hall.loop_fd, 10);
		turns++;
	}
	assert_int_equal(errno, ECONNRESET);
	return turns;
}

static void close_hall(void)
{
	place_forget(&hall, "web");
	(void)place_tick(&hall, sources_now_ms());
	fd_drop(&hall.loop_fd);
}

static void who_finds_no_room_is_reset_in_time_and_that_is_told(void **unused)
{
	(void)unused;
	open_hall(0);
	autoclose int fd = call();

	assert_true(turns_until_reset(fd) < 100);
	(void)place_tick(&hall, sources_now_ms());
	assert_string_equal(said, "g web 1");
	close_hall();
}

static void without_descriptors_it_is_tried_again_after_a_pause(void **unused)
{
	struct rlimit before, none;

	(void)unused;
	open_hall(8);
	autoclose int fd = call();

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){(rlim_t)fd, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++)
		sources_wait(hall.loop_fd, place_tick(&hall, sources_now_ms()));
	assert_false(sources_wait(hall.loop_fd, 0));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* It has come by no balancer. */
	assert_true(turns_until_reset(fd) < 100);
	assert_int_equal(hall.most, 8);
	close_hall();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_finds_no_room_is_reset_in_time_and_that_is_told),
		cmocka_unit_test(without_descriptors_it_is_tried_again_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
