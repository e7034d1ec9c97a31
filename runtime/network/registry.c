// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks as files of the run directory; see registry.h. */
#include "runtime/network/registry.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* Whoever has the lock needs it for some system calls; one that is stopped keeps it. */
#define LOCK_TRIES   50
#define LOCK_WAIT_NS 10000000 /* between two of them */

#define PLACE_MAX  2048
#define TARGET_MAX 512

static int open_dir(int at_fd, const char *path)
{
	return openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* -EAGAIN: another one has it, or has removed the directory, which is empty then. */
static int try_lock(const char *directory, int *ret_fd, struct err *err)
{
	struct stat st;
	int r = fs_make_dirs(directory, 0700, err);

	if (r < 0)
		return r;
	autoclose int fd = open_dir(AT_FDCWD, directory);

	if (fd < 0 && errno == ENOENT)
		return -EAGAIN;
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN
					    : err_set(err, errno, "network: lock '%s'", directory);
	if (!st.st_nlink)
		return -EAGAIN;
	*ret_fd = take_fd(&fd);
	return 0;
}

int registry_lock(const char *directory, int *ret_fd, struct err *err)
{
	int r = -EAGAIN;

	for (int tries = 0; r == -EAGAIN && tries < LOCK_TRIES; tries++) {
		if (tries)
			(void)nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_NS}, NULL);
		r = try_lock(directory, ret_fd, err);
	}
	return r == -EAGAIN ? err_say(err, EAGAIN,
				      "network: another stack is making or leaving one: try again")
			    : r;
}

int registry_open(const char *directory, int *ret_fd, struct err *err)
{
	int fd = open_dir(AT_FDCWD, directory);

	if (fd < 0)
		return err_set(err, errno, "network: open '%s'", directory);
	*ret_fd = fd;
	return 0;
}

void registry_tidy(const char *directory)
{
	(void)rmdir(directory); /* refuses when there are networks */
}

int registry_find(int registry_fd, const char *name, int *ret_fd, struct err *err)
{
	int fd = open_dir(registry_fd, name);

	if (fd < 0)
		return err_set(err, errno, "network: find '%s'", name);
	*ret_fd = fd;
	return 0;
}

static int make_dir(int at_fd, const char *path, const char *name, struct err *err)
{
	if (mkdirat(at_fd, path, 0700) == 0 || errno == EEXIST)
		return 0;
	return err_set(err, errno, "network: write down '%s'", name);
}

int registry_make(int registry_fd, const char *name, int *ret_fd, struct err *err)
{
	autoclose int fd = -1;
	int r = make_dir(registry_fd, name, name, err);

	if (r == 0)
		r = registry_find(registry_fd, name, &fd, err);
	if (r == 0)
		r = make_dir(fd, "stacks", name, err);
	if (r == 0)
		r = make_dir(fd, "claims", name, err);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

int registry_remove(int registry_fd, const char *name, struct err *err)
{
	char path[PLACE_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", registry_fd, name);
	return fs_remove_tree(path, err);
}

/* All entries of a directory but hidden ones. */
static int list(int at_fd, const char *path, struct strv *names, struct err *err)
{
	autoclose int fd = open_dir(at_fd, path);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return err_set(err, errno, "network: list '%s'", path);
	(void)take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (*entry->d_name != '.')
			strv_add(names, entry->d_name);
	return strv_check(names, err);
}

int registry_list(int registry_fd, struct strv *ret_names, struct err *err)
{
	return list(registry_fd, ".", ret_names, err);
}

bool registry_is_alive(int network_fd, const char *stack)
{
	char path[REGISTRY_STACK_MAX + 16];

	if (strcmp(stack, REGISTRY_ITSELF) == 0)
		return true;
	snprintf(path, sizeof(path), "../../%s/lock", stack);
	return faccessat(network_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void member_path(const char *stack, char path[static REGISTRY_STACK_MAX + 16])
{
	snprintf(path, REGISTRY_STACK_MAX + 16, "stacks/%s", stack);
}

bool registry_has(int network_fd, const char *stack)
{
	char path[REGISTRY_STACK_MAX + 16];

	member_path(stack, path);
	return faccessat(network_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void put_ip(struct buf *text, const char *key, const struct ip *ip)
{
	char shown[IP_TEXT_MAX];

	if (ip->family)
		buf_printf(text, "%s %s\n", key, ip_format(ip, shown));
}

static void put_prefix(struct buf *text, const char *key, const struct ip_prefix *prefix)
{
	char shown[IP_PREFIX_TEXT_MAX];

	if (prefix->ip.family)
		buf_printf(text, "%s %s\n", key, ip_prefix_format(prefix, shown));
}

int registry_write(int network_fd, const struct registry_place *place, struct err *err)
{
	autobuf struct buf text = {0};

	buf_printf(&text, "owner %s\nbridge %s\n", place->owner, place->bridge);
	put_prefix(&text, "subnet", &place->subnet);
	put_ip(&text, "first", &place->first);
	put_ip(&text, "last", &place->last);
	put_ip(&text, "gateway", &place->gateway);
	put_prefix(&text, "subnet6", &place->subnet6);
	put_ip(&text, "gateway6", &place->gateway6);
	buf_printf(&text, "internal %d\nmtu %u\nmade_from %" PRIu32 "\nleft %d\n", place->internal,
		   place->mtu, place->made_from, place->left);
	int r = buf_check(&text, err);

	if (r < 0)
		return r;
	autoclose int fd = openat(network_fd, "place.new",
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, errno, "network: write down");
	ssize_t n = write(fd, text.data, text.len);

	if (n != (ssize_t)text.len)
		return err_set(err, n < 0 ? errno : ENOSPC, "network: write down");
	if (renameat(network_fd, "place.new", network_fd, "place") < 0)
		return err_set(err, errno, "network: write down");
	return 0;
}

static void read_ip(const char *value, struct ip *ip)
{
	err_ignore(ip_parse(value, ip, NULL)); /* read_place() finds what is missing */
}

static void read_prefix(const char *value, struct ip_prefix *prefix)
{
	err_ignore(ip_prefix_parse(value, prefix, NULL));
}

static void read_word(const char *key, const char *value, struct registry_place *place)
{
	if (strcmp(key, "owner") == 0)
		snprintf(place->owner, sizeof(place->owner), "%s", value);
	else if (strcmp(key, "bridge") == 0)
		snprintf(place->bridge, sizeof(place->bridge), "%.15s", value);
	else if (strcmp(key, "subnet") == 0)
		read_prefix(value, &place->subnet);
	else if (strcmp(key, "first") == 0)
		read_ip(value, &place->first);
	else if (strcmp(key, "last") == 0)
		read_ip(value, &place->last);
	else if (strcmp(key, "gateway") == 0)
		read_ip(value, &place->gateway);
	else if (strcmp(key, "subnet6") == 0)
		read_prefix(value, &place->subnet6);
	else if (strcmp(key, "gateway6") == 0)
		read_ip(value, &place->gateway6);
	else if (strcmp(key, "internal") == 0)
		place->internal = *value == '1';
	else if (strcmp(key, "mtu") == 0)
		place->mtu = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(key, "made_from") == 0)
		place->made_from = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "left") == 0)
		place->left = *value == '1';
}

static bool is_whole(const struct registry_place *place)
{
	return *place->owner && *place->bridge && place->subnet.ip.family == 4 &&
	       place->first.family == 4 && place->last.family == 4 && place->gateway.family == 4 &&
	       ip_prefix_has(&place->subnet, &place->first) &&
	       ip_prefix_has(&place->subnet, &place->last) &&
	       ip_compare(&place->first, &place->last) <= 0 &&
	       (place->subnet6.ip.family == 6) == (place->gateway6.family == 6);
}

int registry_read(int network_fd, struct registry_place *ret_place, struct err *err)
{
	autoclose int fd = openat(network_fd, "place", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofile FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	struct registry_place place = {0};
	char line[PLACE_MAX], key[32], value[REGISTRY_STACK_MAX];

	if (!file)
		return err_set(err, errno, "network: read where it is");
	(void)take_fd(&fd);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s %255s", key, value) == 2)
			read_word(key, value, &place);
	if (!is_whole(&place))
		return err_say(err, EBADMSG, "network: nobody can tell where it is");
	/* Also one who could not write it down. */
	place.left |= !registry_has(network_fd, place.owner);
	*ret_place = place;
	return 0;
}

/* What a claim says: false when it is none (any more). */
static bool read_claim(int network_fd, const char *address, char stack[static TARGET_MAX],
		       const char **ret_what)
{
	char path[IP_TEXT_MAX + 16];

	snprintf(path, sizeof(path), "claims/%.45s", address);
	ssize_t n = readlinkat(network_fd, path, stack, TARGET_MAX - 1);

	stack[n < 0 ? 0 : n] = '\0';
	char *space = strchr(stack, ' ');

	if (!space)
		return false;
	*space = '\0';
	*ret_what = space + 1;
	return true;
}

static void remove_claim(int network_fd, const char *address)
{
	char path[IP_TEXT_MAX + 16];

	snprintf(path, sizeof(path), "claims/%.45s", address);
	(void)unlinkat(network_fd, path, 0); /* what is gone already is as well */
}

int registry_stacks(int network_fd)
{
	int fd = open_dir(network_fd, "stacks");

	return fd < 0 ? -errno : fd;
}

void registry_others(int network_fd, const char *stack, struct strv *others)
{
	autostrv struct strv members = {0};

	int r = list(network_fd, "stacks", &members, NULL);

	others->failed |= err_is_shortage(r);
	for (size_t i = 0; i < members.count; i++)
		if (strcmp(members.items[i], stack) != 0 &&
		    registry_is_alive(network_fd, members.items[i]))
			strv_add(others, members.items[i]);
}

/* Claims of who is gone for good, or with @leaving those of that stack. */
static void sweep_claims(int network_fd, const char *leaving)
{
	autostrv struct strv addresses = {0};
	char stack[TARGET_MAX];
	const char *what;

	err_ignore(list(network_fd, "claims", &addresses, NULL));
	for (size_t i = 0; i < addresses.count; i++)
		if (read_claim(network_fd, addresses.items[i], stack, &what) &&
		    (leaving ? strcmp(stack, leaving) == 0 : !registry_is_alive(network_fd, stack)))
			remove_claim(network_fd, addresses.items[i]);
}

static void remove_member(int network_fd, const char *stack)
{
	char path[REGISTRY_STACK_MAX + 16];

	member_path(stack, path);
	(void)unlinkat(network_fd, path, 0); /* nobody there is what is wanted */
}

static void sweep(int network_fd)
{
	autostrv struct strv members = {0};

	err_ignore(list(network_fd, "stacks", &members, NULL));
	for (size_t i = 0; i < members.count; i++)
		if (!registry_is_alive(network_fd, members.items[i]))
			remove_member(network_fd, members.items[i]);
	sweep_claims(network_fd, NULL);
}

int registry_enter(int network_fd, const char *stack, struct err *err)
{
	char path[REGISTRY_STACK_MAX + 16];

	sweep(network_fd);
	member_path(stack, path);
	autoclose int fd =
		openat(network_fd, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? err_set(err, errno, "network: enter as '%s'", stack) : 0;
}

void registry_leave(int network_fd, const char *stack)
{
	sweep_claims(network_fd, stack);
	remove_member(network_fd, stack);
}

int registry_claim(int network_fd, const struct ip *address, const char *stack, const char *what,
		   struct err *err)
{
	char target[TARGET_MAX], holder[TARGET_MAX], shown[IP_TEXT_MAX], path[IP_TEXT_MAX + 16];
	const char *what_before;

	ip_format(address, shown);
	snprintf(target, sizeof(target), "%s %s", stack, what);
	snprintf(path, sizeof(path), "claims/%s", shown);
	if (symlinkat(target, network_fd, path) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(err, errno, "network: claim %s", shown);
	return read_claim(network_fd, shown, holder, &what_before) && strcmp(holder, stack) == 0
		       ? 0
		       : -EEXIST;
}

void registry_disclaim(int network_fd, const struct ip *address, const char *stack)
{
	char holder[TARGET_MAX], shown[IP_TEXT_MAX];
	const char *what;

	ip_format(address, shown);
	if (read_claim(network_fd, shown, holder, &what) && strcmp(holder, stack) == 0)
		remove_claim(network_fd, shown);
}

void registry_claims(int network_fd, const char *stack,
		     void (*say)(void *data, const struct ip *address, const char *what),
		     void *data)
{
	autostrv struct strv addresses = {0};
	char holder[TARGET_MAX];
	const char *what;
	struct ip ip;

	err_ignore(list(network_fd, "claims", &addresses, NULL));
	for (size_t i = 0; i < addresses.count; i++)
		if (ip_parse(addresses.items[i], &ip, NULL) == 0 &&
		    read_claim(network_fd, addresses.items[i], holder, &what) &&
		    strcmp(holder, stack) == 0)
			say(data, &ip, what);
}
