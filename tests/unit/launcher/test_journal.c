// SPDX-License-Identifier: GPL-2.0-or-later
/* The journal, played by a socket of ours: what it is sent, and that nobody waits for it. */
#include "launcher/supervisor/journal.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIELDS                                                                                     \
	"SYSLOG_IDENTIFIER=tag\nCONTAINER_NAME=name\nCONTAINER_TAG=tag\nDAVIT_STACK=shop\n"        \
	"DAVIT_SERVICE=web\nDAVIT_INSTANCE=web-1\n"

struct world {
	char top[48];
	char path[64];
	int fd;
	struct journal *journal;
	unsigned begun, ended;
	uint64_t lost;
	int code;
};

static void on_trouble(void *data, const struct log_news *news)
{
	struct world *world = data;

	assert_true(news->journal);
	world->begun += news->code != 0;
	world->ended += news->code == 0;
	if (news->code)
		world->code = news->code;
	else
		world->lost = news->lost;
}

static void listen_again(struct world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	world->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(address.sun_path, world->path, sizeof(world->path));
	assert_int_equal(bind(world->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void stop_listening(struct world *world)
{
	fd_drop(&world->fd);
	assert_int_equal(unlink(world->path), 0);
}

static int make_world(void **state)
{
	static struct world world;

	world = (struct world){.top = "/tmp/davit-test-journal.XXXXXX", .fd = -1};
	*state = &world;
	if (!mkdtemp(world.top))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/socket", world.top);
	const struct journal_config config = {.socket = world.path,
					      .stack = "shop",
					      .service = "web",
					      .instance = "web-1",
					      .name = "name",
					      .tag = "tag"};
	const struct log_trouble trouble = {on_trouble, &world};

	listen_again(&world);
	return journal_open(&config, &trouble, &world.journal, NULL);
}

static int drop_world(void **state)
{
	struct world *world = *state;

	journal_close(world->journal);
	fd_drop(&world->fd);
	return fs_remove_tree(world->top, NULL);
}

static void expect(const struct world *world, const char *wanted)
{
	char message[20000];
	ssize_t n = recv(world->fd, message, sizeof(message) - 1, 0);

	assert_true(n > 0);
	message[n] = '\0';
	assert_memory_equal(message, FIELDS, strlen(FIELDS));
	assert_string_equal(message + strlen(FIELDS), wanted);
}

static size_t count_messages(const struct world *world)
{
	char message[20000];
	size_t count = 0;

	while (recv(world->fd, message, sizeof(message), 0) > 0)
		count++;
	return count;
}

static void each_line_is_a_message_with_its_priority(void **state)
{
	const struct world *world = *state;

	journal_write(world->journal, false, "one\n\ntwo", 8);
	journal_write(world->journal, true, "three\n", 6);
	expect(world, "PRIORITY=6\nMESSAGE=one\n");
	expect(world, "PRIORITY=6\nMESSAGE=\n");
	expect(world, "PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=two\n");
	expect(world, "PRIORITY=3\nMESSAGE=three\n");
	assert_int_equal(count_messages(world), 0);
	assert_int_equal(world->begun, 0);
}

static void a_long_line_comes_in_parts(void **state)
{
	const struct world *world = *state;
	char line[40001];

	memset(line, 'x', sizeof(line) - 1);
	line[40000] = '\n';
	journal_write(world->journal, false, line, sizeof(line));
	assert_int_equal(count_messages(world), 3);
}

static void a_slow_journal_costs_messages_and_nobody_waits(void **state)
{
	struct world *world = *state;
	size_t taken = 0;

	for (int i = 0; i < 2000; i++)
		journal_write(world->journal, false, "line\n", 5);
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->code, EAGAIN);
	taken = count_messages(world);
	assert_true(taken < 2000);
	journal_write(world->journal, false, "again\n", 6);
	assert_int_equal(world->ended, 1);
	assert_int_equal(world->lost, 2000 - taken);
	char wanted[96];

	snprintf(wanted, sizeof(wanted), "PRIORITY=4\nMESSAGE=davit: %zu messages are lost\n",
		 2000 - taken);
	expect(world, wanted);
	expect(world, "PRIORITY=6\nMESSAGE=again\n");
}

static void a_journal_may_go_and_come_back(void **state)
{
	struct world *world = *state;

	stop_listening(world);
	journal_write(world->journal, false, "unheard\n", 8);
	journal_write(world->journal, false, "unheard\n", 8);
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->code, ENOENT);
	listen_again(world);
	journal_write(world->journal, false, "heard\n", 6);
	expect(world, "PRIORITY=4\nMESSAGE=davit: 2 messages are lost\n");
	expect(world, "PRIORITY=6\nMESSAGE=heard\n");
	assert_int_equal(world->lost, 2);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(each_line_is_a_message_with_its_priority),
		WORLD_TEST(a_long_line_comes_in_parts),
		WORLD_TEST(a_slow_journal_costs_messages_and_nobody_waits),
		WORLD_TEST(a_journal_may_go_and_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
