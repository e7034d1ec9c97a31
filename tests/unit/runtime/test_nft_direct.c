// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Against the real kernel: what is put together here is what libnftables makes of the texts, in two
 * tables that nothing is connected to.
 */
#include "runtime/network/nft_direct.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/conntrack.h"
#include "runtime/network/nft.h"
#include "runtime/network/nft_guard.h"
#include "tests/unit/runtime/net_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>

static const struct nft_speaker web = {.port = "dv0badcafe00001",
				       .mac = {2, 0x64, 10, 213, 5, 2},
				       .address = {0x0205d50a},
				       .address6 = {6, {0xfd, 0x01, [15] = 2}}};
static const struct nft_speaker db = {
	.port = "dv0badcafe00002", .mac = {2, 0x64, 10, 213, 5, 3}, .address = {0x0305d50a}};

static struct nft *nft;
static int fd = -1;

static void run_text(const struct buf *text)
{
	struct err err = {0};

	assert_int_equal(buf_check(text, NULL), 0);
	if (nft_run(nft, text->data, &err) < 0)
		fail_msg("%s", err.text);
}

static void make_table(const char *stack)
{
	autobuf struct buf text = {0};

	nft_guard_table(&text, stack, "dv0badcafe");
	run_text(&text);
}

static int put(bool comes, const char *stack, const struct nft_speaker *speaker)
{
	struct nft_batch batch = {0};

	nft_guard_encode(&batch, comes, stack, speaker);
	int r = nft_direct_run(fd, &batch, NULL);

	nft_batch_free(&batch);
	return r;
}

/* Only what is in the set. Owned by the caller. */
static char *elements_of(const char *stack, const char *set)
{
	autobuf struct buf text = {0};
	const char *output = NULL;

	buf_printf(&text, "list set bridge davit_%s %s", stack, set);
	assert_int_equal(nft_read(nft, text.data, &output, NULL), 0);
	const char *found = strstr(output, "elements");

	return strdup(found ? found : "");
}

static void assert_elements(const char *stack, const char *set, const char *expected)
{
	autofree char *found = elements_of(stack, set);

	if (!strstr(found, expected))
		fail_msg("%s of %s: '%s'", set, stack, found);
}

static void what_is_put_directly_is_what_the_text_says(void **unused)
{
	static const char *const sets[] = {"speakers", "speakers6", "neighbours6"};
	autobuf struct buf text = {0};

	(void)unused;
	nft_guard_admit(&text, "text", &web);
	run_text(&text);
	assert_int_equal(put(true, "bytes", &web), 0);
	for (size_t i = 0; i < 3; i++) {
		autofree char *expected = elements_of("text", sets[i]);

		assert_true(strlen(expected) > 0);
		assert_elements("bytes", sets[i], expected);
	}
}

static void who_goes_is_in_no_set_any_more(void **unused)
{
	(void)unused;
	assert_int_equal(put(true, "bytes", &web), 0);
	assert_int_equal(put(true, "bytes", &db), 0);
	assert_int_equal(put(false, "bytes", &web), 0);
	autofree char *speakers = elements_of("bytes", "speakers");
	autofree char *neighbours = elements_of("bytes", "neighbours6");

	assert_null(strstr(speakers, web.port));
	assert_non_null(strstr(speakers, db.port));
	assert_string_equal(neighbours, "");
}

static void all_of_it_is_done_or_nothing(void **unused)
{
	struct nft_batch batch = {0};
	struct err err = {0};

	(void)unused;
	nft_guard_encode(&batch, true, "bytes", &db);
	nft_guard_encode(&batch, false, "bytes", &web); /* which is not there */
	assert_int_equal(nft_direct_run(fd, &batch, &err), -ENOENT);
	assert_string_equal(err.text, "network: nftables: change a set: No such file or directory");
	nft_batch_free(&batch);
	autofree char *speakers = elements_of("bytes", "speakers");

	assert_string_equal(speakers, "");
}

static void many_at_once_are_one_transaction(void **unused)
{
	struct nft_batch batch = {0};
	char port[16];

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		struct nft_speaker one = db;

		snprintf(port, sizeof(port), "dv0badcafe%05x", i);
		one.port = port;
		nft_guard_encode(&batch, true, "bytes", &one);
	}
	assert_int_equal(nft_direct_run(fd, &batch, NULL), 0);
	nft_batch_free(&batch);
	assert_int_equal(output_lines("nft list set bridge davit_bytes speakers | "
				      "grep -o '\"dv[0-9a-f]*\"'"),
			 1000);
}

static void a_table_that_is_not_there_is_said_once(void **unused)
{
	(void)unused;
	assert_int_equal(put(true, "none", &web), -ENOENT);
	assert_int_equal(put(true, "bytes", &web), 0);
}

static int set_up(void **unused)
{
	(void)unused;
	make_table("text");
	make_table("bytes");
	return 0;
}

/* All that programs which wait by select() can have, until the end. */
static int take_low_numbers(void)
{
	struct rlimit limit = {0};
	int taken = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	do
		taken = open("/dev/null", O_PATH | O_CLOEXEC);
	while (taken >= 0 && taken <= FD_SETSIZE);
	return taken;
}

static void who_has_many_descriptors_open_changes_rules_all_the_same(void **unused)
{
	(void)unused;
	nft_rest(nft);
	int last = take_low_numbers();

	if (last <= FD_SETSIZE) {
		print_message("not so many descriptors may be open here\n");
		skip();
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nft_run(nft, "add table bridge davit_try", NULL), 0);
		nft_rest(nft);
	}
	struct nft *other = NULL;

	assert_int_equal(nft_open(&other, NULL), 0);
	assert_true(nft_run(nft, "list tables", NULL) < 0); /* and is not aborted */
	nft_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_put_directly_is_what_the_text_says, set_up),
		cmocka_unit_test_setup(who_goes_is_in_no_set_any_more, set_up),
		cmocka_unit_test_setup(all_of_it_is_done_or_nothing, set_up),
		cmocka_unit_test_setup(many_at_once_are_one_transaction, set_up),
		cmocka_unit_test_setup(a_table_that_is_not_there_is_said_once, set_up),
		cmocka_unit_test(who_has_many_descriptors_open_changes_rules_all_the_same),
	};
	autobuf struct buf text = {0};

	set_up_world();
	buf_puts(&text, "add table bridge davit_try");
	if (nft_open(&nft, NULL) < 0 || conntrack_open(&fd, NULL) < 0 ||
	    nft_run(nft, text.data, NULL) < 0) {
		print_message("no nftables for bridges in this kernel\n");
		return 77;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	nft_close(nft);
	fd_drop(&fd);
	return failed;
}
