// SPDX-License-Identifier: GPL-2.0-or-later
/* The server as resolvers meet it, over sockets of the loopback: a process, as davit-dns is one. */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/dns/query.h"

#include "launcher/dns/server.h"
#include "launcher/dns/words.h"
#include "launcher/helper/words.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define A	 1
#define AAAA	 28
#define MANY	 100
#define ROOM	 4096
#define CUT	 0x02 /* in the third byte */
#define RECURSES 0x80 /* in the fourth */

static pid_t server_pid;
static int control_fd;
static struct sockaddr_in udp_address, tcp_address;

static int bound(int type, const char *text, struct sockaddr_in *ret)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (ret)
		assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	return fd;
}

static void tell_names(const char *web)
{
	autobuf struct buf text = {0};
	autoclose int fd = memfd_create("names", MFD_CLOEXEC);

	buf_printf(&text, "network back 127.0.0.1/32 open\nname web %s\n", web);
	for (int i = 0; i < MANY; i++)
		buf_printf(&text, "name many 10.0.1.%d\n", i + 1);
	buf_puts(&text, "view back\nclient 127.0.0.1\n");
	assert_int_equal(write(fd, text.data, text.len), (ssize_t)text.len);
	assert_int_equal(words_send(control_fd, DNS_WORD_NAMES, "", fd), 0);
}

static int start(void **unused)
{
	struct server *server = NULL;
	int pair[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	server_pid = fork();
	if (server_pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		if (server_open(pair[1], &server, NULL) == 0)
			server_run(server);
		_exit(1);
	}
	close(pair[1]);
	control_fd = pair[0];
	autoclose int udp_fd = bound(SOCK_DGRAM, "127.0.0.1", &udp_address);
	autoclose int tcp_fd = bound(SOCK_STREAM, "127.0.0.1", &tcp_address);

	assert_int_equal(listen(tcp_fd, 8), 0);
	tell_names("10.0.1.254");
	assert_int_equal(words_send(control_fd, DNS_WORD_UDP, "back", udp_fd), 0);
	assert_int_equal(words_send(control_fd, DNS_WORD_TCP, "back", tcp_fd), 0);
	return 0;
}

static int stop(void **unused)
{
	(void)unused;
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	close(control_fd);
	return 0;
}

/* A socket of a client that is connected to the server. */
static int client(int type, const char *from)
{
	const struct timeval late = {.tv_sec = 20};
	const struct sockaddr_in *to = type == SOCK_DGRAM ? &udp_address : &tcp_address;
	int fd = bound(type, from, NULL);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &late, sizeof(late)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
	return fd;
}

static void ask(int fd, const char *name, uint8_t type, unsigned edns_size)
{
	uint8_t bytes[300];
	size_t len = query_make(name, type, edns_size, bytes);

	assert_int_equal(send(fd, bytes, len, 0), (ssize_t)len);
}

static size_t hear(int fd, uint8_t bytes[static ROOM])
{
	ssize_t n = recv(fd, bytes, ROOM, 0);

	assert_true(n >= 12);
	assert_int_equal(bytes[0] << 8 | bytes[1], 0x1234);
	return (size_t)n;
}

static unsigned answers_in(const uint8_t *bytes)
{
	assert_int_equal(bytes[3] & 0x0f, 0); /* no error */
	return (unsigned)bytes[6] << 8 | bytes[7];
}

/* As Go's resolver asks, which takes an empty answer of who does not recurse for no answer. */
static void both_families_are_asked_for_at_once(void **unused)
{
	autoclose int four = client(SOCK_DGRAM, "127.0.0.1");
	autoclose int six = client(SOCK_DGRAM, "127.0.0.1");
	uint8_t bytes[ROOM];

	(void)unused;
	ask(four, "web", A, 1232);
	ask(six, "web", AAAA, 1232);
	hear(six, bytes);
	assert_int_equal(answers_in(bytes), 0);
	assert_true(bytes[3] & RECURSES);
	hear(four, bytes);
	assert_int_equal(answers_in(bytes), 1);
	assert_true(bytes[3] & RECURSES);
}

static void hear_piece(int fd, uint8_t *bytes, size_t len)
{
	assert_int_equal(recv(fd, bytes, len, MSG_WAITALL), (ssize_t)len);
}

static size_t hear_stream(int fd, uint8_t bytes[static ROOM])
{
	uint8_t head[2];

	hear_piece(fd, head, 2);
	size_t len = (size_t)head[0] << 8 | head[1];

	assert_true(len >= 12 && len <= ROOM);
	hear_piece(fd, bytes, len);
	return len;
}

static size_t frame(const char *name, uint8_t *bytes)
{
	size_t len = query_make(name, A, 0, bytes + 2);

	bytes[0] = (uint8_t)(len >> 8);
	bytes[1] = (uint8_t)len;
	return len + 2;
}

static void what_a_datagram_has_no_room_for_is_cut_and_whole_over_a_stream(void **unused)
{
	autoclose int datagrams = client(SOCK_DGRAM, "127.0.0.1");
	autoclose int stream = client(SOCK_STREAM, "127.0.0.1");
	uint8_t bytes[ROOM];

	(void)unused;
	ask(datagrams, "many", A, 0);
	assert_true(hear(datagrams, bytes) <= 512);
	assert_true(bytes[2] & CUT);
	ask(datagrams, "many", A, 4000);
	hear(datagrams, bytes);
	size_t len = frame("many", bytes);

	assert_int_equal(send(stream, bytes, len, 0), (ssize_t)len);
	hear_stream(stream, bytes);
	assert_false(bytes[2] & CUT);
	assert_int_equal(answers_in(bytes), MANY);
}

static void a_stream_has_several_questions_in_any_pieces(void **unused)
{
	autoclose int stream = client(SOCK_STREAM, "127.0.0.1");
	uint8_t questions[600], bytes[ROOM];
	size_t len = frame("web", questions);

	(void)unused;
	len += frame("many", questions + len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(send(stream, questions + i, 1, 0), 1);
	hear_stream(stream, bytes);
	assert_int_equal(answers_in(bytes), 1);
	hear_stream(stream, bytes);
	assert_int_equal(answers_in(bytes), MANY);
}

/* The next answer that comes is that to the question behind it. */
static void what_is_no_question_gets_no_answer(void **unused)
{
	autoclose int fd = client(SOCK_DGRAM, "127.0.0.1");
	uint8_t bytes[ROOM];
	size_t len = query_make("many", A, 0, bytes);

	(void)unused;
	assert_int_equal(send(fd, bytes, 0, 0), 0);
	assert_int_equal(send(fd, bytes, 11, 0), 11);
	bytes[2] |= 0x80; /* an answer */
	assert_int_equal(send(fd, bytes, len, 0), (ssize_t)len);
	ask(fd, "web", A, 0);
	hear(fd, bytes);
	assert_int_equal(answers_in(bytes), 1);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
}

static void who_is_not_known_gets_no_answer(void **unused)
{
	autoclose int stranger = client(SOCK_DGRAM, "127.0.0.2");
	autoclose int known = client(SOCK_DGRAM, "127.0.0.1");
	uint8_t bytes[ROOM];

	(void)unused;
	ask(stranger, "web", A, 0);
	ask(known, "web", A, 0);
	hear(known, bytes);
	assert_int_equal(recv(stranger, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void what_was_told_before_a_question_holds_for_it(void **unused)
{
	autoclose int fd = client(SOCK_DGRAM, "127.0.0.1");
	uint8_t bytes[ROOM];

	(void)unused;
	for (unsigned i = 0; i < 20; i++) {
		char web[16];

		snprintf(web, sizeof(web), "10.0.2.%u", i);
		tell_names(web);
		ask(fd, "web", A, 0);
		size_t len = hear(fd, bytes);

		assert_int_equal(answers_in(bytes), 1);
		assert_int_equal(bytes[len - 1], i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_are_asked_for_at_once),
		cmocka_unit_test(what_a_datagram_has_no_room_for_is_cut_and_whole_over_a_stream),
		cmocka_unit_test(a_stream_has_several_questions_in_any_pieces),
		cmocka_unit_test(what_is_no_question_gets_no_answer),
		cmocka_unit_test(who_is_not_known_gets_no_answer),
		cmocka_unit_test(what_was_told_before_a_question_holds_for_it),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
