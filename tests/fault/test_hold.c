// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What waits for a service while an allocation of the holder fails may be lost; what comes later,
 * when the supervisor has said again who serves, is not, and no descriptor is left. Tries every
 * allocation.
 */
#include "launcher/hold/place.h"
#include "runtime/base/cleanup.h"
#include "tests/fault/alloc.h"
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS	   50
#define TRIALS_MAX 1000

static const struct target local = {.four = {4, {127, 0, 0, 1}}};

static bool on_say(void *data, char answer, const char *key)
{
	(void)data;
	(void)answer;
	(void)key;
	return true;
}

static void on_hear(void *data)
{
	(void)data;
}

static int bind_socket(int type, struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	*ret_address = address;
	return fd;
}

/* The lowest number that is free. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* A service, its instance, and whoever calls it. */
/* A hall lasts as long as its process, and so do the places that it has known. */
static struct hall halls[TRIALS_MAX];

struct world {
	struct hall *hall;
	struct sockaddr_in datagrams, streams, instance;
	int datagram_fd, stream_fd, instance_fd;
	int client_fd, caller_fd;
};

static void open_world(struct world *world, struct hall *hall)
{
	*hall = (struct hall){
		.loop_fd = sources_open(NULL), .most = 8, .say = on_say, .hear = on_hear};
	*world = (struct world){.hall = hall};
	world->datagram_fd = bind_socket(SOCK_DGRAM, &world->datagrams);
	world->stream_fd = bind_socket(SOCK_STREAM, &world->streams);
	world->instance_fd = bind_socket(SOCK_DGRAM, &world->instance);
	world->client_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	world->caller_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(world->client_fd, (struct sockaddr *)&world->datagrams,
				 sizeof(world->datagrams)),
			 0);
	assert_int_equal(connect(world->caller_fd, (struct sockaddr *)&world->streams,
				 sizeof(world->streams)),
			 0);
}

static void close_world(struct world *world)
{
	place_lead(world->hall, "web", NULL);
	place_forget(world->hall, "web");
	(void)place_tick(world->hall, sources_now_ms());
	close(world->hall->loop_fd);
	close(world->datagram_fd);
	close(world->stream_fd);
	close(world->instance_fd);
	close(world->client_fd);
	close(world->caller_fd);
}

static void tell(struct world *world)
{
	const struct place_socket how = {ntohs(world->instance.sin_port), 10000};

	place_listen(world->hall, "web", &how, fcntl(world->datagram_fd, F_DUPFD_CLOEXEC, 0));
	place_listen(world->hall, "web", &how, fcntl(world->stream_fd, F_DUPFD_CLOEXEC, 0));
	place_lead(world->hall, "web", &local);
}

/* Says something, and whether an answer has come. */
static bool is_answered(struct world *world)
{
	char text[8];

	(void)!send(world->client_fd, "x", 1, 0);
	for (int i = 0; i < TURNS; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);

		(void)place_tick(world->hall, sources_now_ms());
		sources_wait(world->hall->loop_fd, i < TURNS / 2 ? 1 : 20);
		if (recvfrom(world->instance_fd, text, sizeof(text), 0, (struct sockaddr *)&from,
			     &len) > 0)
			(void)!sendto(world->instance_fd, "y", 1, 0, (struct sockaddr *)&from, len);
		if (recv(world->client_fd, text, sizeof(text), 0) > 0)
			return true;
	}
	return false;
}

static void what_comes_after_a_failure_is_answered(void **unused)
{
	bool failed = true;

	(void)unused;
	for (uint64_t nth = 1; failed; nth++) {
		int before = next_fd();
		struct world world;

		assert_true(nth < TRIALS_MAX);
		open_world(&world, &halls[nth]);
		alloc_arm(nth);
		tell(&world);
		(void)is_answered(&world);
		failed = alloc_disarm() > 0;
		tell(&world);
		if (!is_answered(&world))
			fail_msg("allocation %d: no answer", (int)nth);
		close_world(&world);
		assert_int_equal(next_fd(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_after_a_failure_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
