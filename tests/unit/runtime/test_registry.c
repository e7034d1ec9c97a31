// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/network/registry.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char top[] = "/tmp/davit-test-registry-XXXXXX";
static char directory[64];
static int lock_fd = -1, network_fd = -1;

static void set_alive(const char *stack, bool alive)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, stack);
	assert_int_equal(fs_make_dirs(path, 0700, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/lock", top, stack);
	if (alive)
		assert_int_equal(fs_write_atomic(path, "", 0, 0600, NULL), 0);
	else
		assert_int_equal(unlink(path), 0);
}

static int open_one(void **unused)
{
	(void)unused;
	strcpy(top + strlen(top) - 6, "XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(directory, sizeof(directory), "%s/.networks", top);
	set_alive("shop", true);
	set_alive("proxy", true);
	assert_int_equal(registry_lock(directory, &lock_fd, NULL), 0);
	assert_int_equal(registry_make(lock_fd, "front", &network_fd, NULL), 0);
	return 0;
}

static int close_one(void **unused)
{
	(void)unused;
	fd_drop(&network_fd);
	fd_drop(&lock_fd);
	return fs_remove_tree(top, NULL);
}

static struct ip address(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return ip;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix prefix;

	assert_int_equal(ip_prefix_parse(text, &prefix, NULL), 0);
	return prefix;
}

static int claim(const char *text, const char *stack, const char *what)
{
	const struct ip ip = address(text);

	return registry_claim(network_fd, &ip, stack, what, NULL);
}

static void disclaim(const char *text, const char *stack)
{
	const struct ip ip = address(text);

	registry_disclaim(network_fd, &ip, stack);
}

static void what_is_written_is_read(void **unused)
{
	struct registry_place back, place = {
					    .owner = "shop",
					    .bridge = "dv-0badcafe",
					    .subnet = prefix("10.213.4.0/24"),
					    .first = address("10.213.4.1"),
					    .last = address("10.213.4.254"),
					    .gateway = address("10.213.4.1"),
					    .internal = true,
					    .mtu = 1400,
					    .made_from = 0xdeadbeef,
				    };

	(void)unused;
	assert_int_equal(registry_read(network_fd, &back, NULL), -ENOENT);
	assert_int_equal(registry_enter(network_fd, "shop", NULL), 0);
	assert_int_equal(registry_write(network_fd, &place, NULL), 0);
	assert_int_equal(registry_read(network_fd, &back, NULL), 0);
	assert_memory_equal(&back, &place, sizeof(back));
	place.subnet6 = prefix("fd00:1::/64");
	place.gateway6 = address("fd00:1::1");
	place.left = true;
	assert_int_equal(registry_write(network_fd, &place, NULL), 0);
	assert_int_equal(registry_read(network_fd, &back, NULL), 0);
	assert_memory_equal(&back, &place, sizeof(back));
}

static void what_is_written_of_an_owner_who_is_not_in_it_is_left(void **unused)
{
	struct registry_place place = {
		.owner = "shop",
		.bridge = "dv-0badcafe",
		.subnet = prefix("10.213.4.0/24"),
		.first = address("10.213.4.1"),
		.last = address("10.213.4.254"),
		.gateway = address("10.213.4.1"),
	};

	(void)unused;
	assert_int_equal(registry_enter(network_fd, "shop", NULL), 0);
	assert_int_equal(registry_write(network_fd, &place, NULL), 0);
	registry_leave(network_fd, "shop");
	assert_int_equal(registry_read(network_fd, &place, NULL), 0);
	assert_true(place.left);
}

static void who_keeps_the_lock_is_not_waited_for_without_end(void **unused)
{
	struct err err = {0};
	int fd = -1;

	(void)unused;
	assert_int_equal(registry_lock(directory, &fd, &err), -EAGAIN);
	assert_string_equal(err.text, "network: another stack is making or leaving one: try again");
	assert_int_equal(registry_open(directory, &fd, &err), 0);
	fd_drop(&fd);
	fd_drop(&lock_fd);
	assert_int_equal(registry_lock(directory, &lock_fd, &err), 0);
}

static void what_makes_no_sense_is_said_to(void **unused)
{
	static const char *const bad[] = {
		"",
		"owner shop\nbridge dv-1\n",
		"owner shop\nbridge dv-1\nsubnet 10.1.0.0/24\nfirst 10.2.0.1\nlast 10.1.0.9\n"
		"gateway 10.1.0.1\n",
		"owner shop\nbridge dv-1\nsubnet 10.1.0.0/24\nfirst 10.1.0.9\nlast 10.1.0.1\n"
		"gateway 10.1.0.1\n",
		"owner shop\nbridge dv-1\nsubnet fd00::/64\nfirst fd00::1\nlast fd00::9\n"
		"gateway fd00::1\n",
		"owner shop\nbridge dv-1\nsubnet 10.1.0.0/24\nfirst 10.1.0.1\nlast 10.1.0.9\n"
		"gateway 10.1.0.1\nsubnet6 fd00::/64\n",
	};
	struct registry_place place = {.mtu = 7};
	struct err err = {0};
	char path[128];

	(void)unused;
	snprintf(path, sizeof(path), "%s/front/place", directory);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(fs_write_atomic(path, bad[i], strlen(bad[i]), 0600, NULL), 0);
		assert_int_equal(registry_read(network_fd, &place, &err), -EBADMSG);
		assert_int_equal(place.mtu, 7);
	}
}

static void an_address_is_one_stacks_at_a_time(void **unused)
{
	(void)unused;
	assert_int_equal(claim("10.1.0.2", "shop", "web-1"), 0);
	assert_int_equal(claim("10.1.0.2", "shop", "web-1"), 0);
	assert_int_equal(claim("10.1.0.2", "proxy", "web-1"), -EEXIST);
	disclaim("10.1.0.2", "proxy");
	assert_int_equal(claim("10.1.0.2", "proxy", "web-1"), -EEXIST);
	disclaim("10.1.0.2", "shop");
	assert_int_equal(claim("10.1.0.2", "proxy", "web-1"), 0);
	assert_int_equal(claim("fd00::2", "proxy", "web-1"), 0);
	assert_int_equal(claim("fd00::2", "shop", "web-1"), -EEXIST);
}

static void count_claim(void *data, const struct ip *address, const char *what)
{
	(void)address;
	*(unsigned *)data += strncmp(what, "the ", 4) == 0 ? 100 : 1;
}

static unsigned claims_of(const char *stack)
{
	unsigned count = 0;

	registry_claims(network_fd, stack, count_claim, &count);
	return count;
}

static void who_leaves_takes_all_with_him(void **unused)
{
	autostrv struct strv others = {0};

	(void)unused;
	assert_int_equal(registry_enter(network_fd, "shop", NULL), 0);
	assert_int_equal(registry_enter(network_fd, "proxy", NULL), 0);
	assert_int_equal(claim("10.1.0.2", "shop", "web-1"), 0);
	assert_int_equal(claim("10.1.0.3", "shop", "the name server"), 0);
	assert_int_equal(claim("10.1.0.4", "proxy", "web-1"), 0);
	assert_int_equal(claims_of("shop"), 101);
	registry_others(network_fd, "proxy", &others);
	assert_int_equal(others.count, 1);
	assert_string_equal(others.items[0], "shop");
	registry_leave(network_fd, "shop");
	assert_false(registry_has(network_fd, "shop"));
	assert_true(registry_has(network_fd, "proxy"));
	assert_int_equal(claims_of("shop"), 0);
	assert_int_equal(claims_of("proxy"), 1);
}

static void who_is_gone_for_good_is_forgotten_when_somebody_enters(void **unused)
{
	autostrv struct strv others = {0};

	(void)unused;
	assert_int_equal(registry_enter(network_fd, "shop", NULL), 0);
	assert_int_equal(claim("10.1.0.1", REGISTRY_ITSELF, "the gateway"), 0);
	assert_int_equal(claim("10.1.0.2", "shop", "web-1"), 0);
	set_alive("shop", false);
	registry_others(network_fd, "proxy", &others);
	assert_int_equal(others.count, 0);
	assert_int_equal(claim("10.1.0.2", "proxy", "web-1"), -EEXIST);
	assert_int_equal(registry_enter(network_fd, "proxy", NULL), 0);
	assert_false(registry_has(network_fd, "shop"));
	assert_int_equal(claim("10.1.0.2", "proxy", "web-1"), 0);
	assert_int_equal(claim("10.1.0.1", "proxy", "web-2"), -EEXIST);
}

static void networks_are_listed_and_removed_and_the_last_takes_the_registry(void **unused)
{
	autostrv struct strv names = {0};
	int fd = -1;

	(void)unused;
	assert_int_equal(registry_list(lock_fd, &names, NULL), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "front");
	assert_int_equal(claim("10.1.0.1", "shop", "web-1"), 0);
	registry_tidy(directory);
	assert_int_equal(access(directory, F_OK), 0);
	assert_int_equal(registry_remove(lock_fd, "front", NULL), 0);
	assert_int_equal(registry_find(lock_fd, "front", &fd, NULL), -ENOENT);
	registry_tidy(directory);
	assert_int_equal(access(directory, F_OK), -1);
	/* Who waited for the lock makes another one. */
	fd_drop(&lock_fd);
	assert_int_equal(registry_lock(directory, &lock_fd, NULL), 0);
	assert_int_equal(access(directory, F_OK), 0);
}

static void what_cannot_be_written_is_an_error(void **unused)
{
	const struct ip ip = address("10.1.0.2");
	struct registry_place place = {0};
	struct err err = {0};
	char path[128];
	int fd = -1;

	(void)unused;
	snprintf(path, sizeof(path), "%s/file", top);
	assert_int_equal(fs_write_atomic(path, "", 0, 0600, NULL), 0);
	assert_int_equal(registry_lock(path, &fd, &err), -ENOTDIR);
	assert_int_equal(registry_open(path, &fd, &err), -ENOTDIR);
	assert_int_equal(registry_remove(lock_fd, "front", NULL), 0);
	assert_int_equal(registry_claim(network_fd, &ip, "shop", "web-1", &err), -ENOENT);
	assert_string_equal(err.text, "network: claim 10.1.0.2: No such file or directory");
	assert_int_equal(registry_enter(network_fd, "shop", &err), -ENOENT);
	assert_int_equal(registry_write(network_fd, &place, &err), -ENOENT);
	assert_int_equal(registry_stacks(network_fd), -ENOENT);
}

int main(void)
{
#define WITH_ONE(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)
	const struct CMUnitTest tests[] = {
		WITH_ONE(what_is_written_is_read),
		WITH_ONE(what_is_written_of_an_owner_who_is_not_in_it_is_left),
		WITH_ONE(who_keeps_the_lock_is_not_waited_for_without_end),
		WITH_ONE(what_makes_no_sense_is_said_to),
		WITH_ONE(an_address_is_one_stacks_at_a_time),
		WITH_ONE(who_leaves_takes_all_with_him),
		WITH_ONE(who_is_gone_for_good_is_forgotten_when_somebody_enters),
		WITH_ONE(networks_are_listed_and_removed_and_the_last_takes_the_registry),
		WITH_ONE(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
