// SPDX-License-Identifier: GPL-2.0-or-later
/* Words with a key and a descriptor. */
#include "tests/unit/cmocka_all.h"

#include "launcher/helper/words.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

struct pair {
	int ends[2];
};

static struct pair pair_make(void)
{
	struct pair pair;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.ends), 0);
	return pair;
}

static void a_word_comes_with_its_key_and_descriptor(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1], fd = -1;
	char key[WORDS_KEY_MAX + 1];
	char word;

	(void)unused;
	assert_int_equal(words_receive(in, &word, key, &fd), -EAGAIN);
	assert_int_equal(words_send(out, 'u', "front", 0), 0);
	assert_int_equal(words_receive(in, &word, key, &fd), 0);
	assert_int_equal(word, 'u');
	assert_string_equal(key, "front");
	assert_true(fd > 2);
}

static void a_word_needs_no_key(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1], fd = -1;
	char key[WORDS_KEY_MAX + 1];
	char word;

	(void)unused;
	assert_int_equal(words_send(out, 'n', "", 0), 0);
	assert_int_equal(words_receive(in, &word, key, &fd), 0);
	assert_string_equal(key, "");
}

static void a_word_needs_no_descriptor(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1], fd = -1;
	char key[WORDS_KEY_MAX + 1];
	char word;

	(void)unused;
	assert_int_equal(words_send(out, 'w', "web", -1), 0);
	assert_int_equal(words_receive(in, &word, key, &fd), 0);
	assert_int_equal(word, 'w');
	assert_string_equal(key, "web");
	assert_int_equal(fd, -1);
}

/* Who sends more than a word may have cannot have it in our table. */
static void send_two(int out)
{
	int fds[2] = {out, out};
	char word[] = "ufront";
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = {.head = {CMSG_LEN(sizeof(fds)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec part = {word, 6};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control.space)};

	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	assert_int_equal(sendmsg(out, &message, 0), 6);
}

static void no_descriptor_is_left_of_a_word_with_two(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1], fd = -1;
	int next = fcntl(in, F_DUPFD_CLOEXEC, 0);
	char key[WORDS_KEY_MAX + 1];
	char word;

	(void)unused;
	close(next);
	send_two(out);
	assert_int_equal(words_receive(in, &word, key, &fd), -EBADMSG);
	assert_int_equal(fd, -1);
	fd = fcntl(in, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(fd, next);
}

static void an_end_that_is_gone_is_told(void **unused)
{
	struct pair pair = pair_make();
	autoclose int in = pair.ends[1], fd = -1;
	char key[WORDS_KEY_MAX + 1];
	char word;

	(void)unused;
	close(pair.ends[0]);
	assert_int_equal(words_receive(in, &word, key, &fd), -ENOTCONN);
	assert_int_equal(words_send(in, 'n', "", 0), -EPIPE);
}

static void a_key_has_a_length(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1];
	char key[WORDS_KEY_MAX + 2];

	(void)unused;
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_int_equal(words_send(out, 't', key, in), -ENAMETOOLONG);
}

static void who_does_not_listen_is_behind(void **unused)
{
	struct pair pair = pair_make();
	autoclose int out = pair.ends[0], in = pair.ends[1];
	int r = 0;

	(void)unused;
	for (int i = 0; r == 0 && i < 100000; i++)
		r = words_send(out, 'n', "", in);
	assert_int_equal(r, -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_comes_with_its_key_and_descriptor),
		cmocka_unit_test(a_word_needs_no_key),
		cmocka_unit_test(a_word_needs_no_descriptor),
		cmocka_unit_test(no_descriptor_is_left_of_a_word_with_two),
		cmocka_unit_test(an_end_that_is_gone_is_told),
		cmocka_unit_test(a_key_has_a_length),
		cmocka_unit_test(who_does_not_listen_is_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
