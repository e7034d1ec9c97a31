// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports of the host: taken by binding a socket that never listens, so that connections no rule
 * sends elsewhere are refused by the kernel; and who has one that is taken.
 *
 * The search for the holder reads other processes' /proc entries and runs only after a failure.
 */
#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Bounds of the search on a host with very many processes and descriptors. */
#define SEARCH_PIDS_MAX 65536
#define SEARCH_FDS_MAX	1048576

union net_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static uint16_t port_of(const union net_address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->six.sin6_port
							: address->four.sin_port);
}

struct search {
	int protocol;
	uint16_t port;
	struct ip ip;
	unsigned long inode; /* of the socket in the way; 0: not listed in /proc/net */
	unsigned pids_left;
	unsigned fds_left;
	char holder[160]; /* "name (pid N)" */
};

/* A part of an address as these files have it: as a number of this machine. */
static uint32_t word_of(const char *hex)
{
	char digits[9] = "";

	memcpy(digits, hex, 8);
	return (uint32_t)strtoul(digits, NULL, 16);
}

/* An IPv4 socket's column is 8 hex digits, an IPv6 one's 32; IPv4 in IPv6 has the address last. A
 * socket for all addresses is in everybody's way. */
static bool address_conflicts(const char *hex, const struct ip *ip)
{
	size_t len = strlen(hex), words = ip->family == 6 ? 4 : 1;
	bool mapped = len == 32 && strncmp(hex, "0000000000000000FFFF0000", 24) == 0;
	bool same = len == 8 * words || (mapped && words == 1);

	if (strspn(hex, "0") == len || (ip_is_any(ip) && same))
		return true;
	if (len < 8 || !same)
		return false;
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		memcpy(&word, ip->bytes + 4 * i, sizeof(word));
		same = same && word == word_of(hex + len - 8 * (words - i));
	}
	return same;
}

/* One line: "sl: ADDRESS:PORT remote state queues timers retransmits uid timeout inode …". */
static unsigned long line_inode(const char *line, const struct search *search)
{
	char address[40];
	unsigned port = 0;
	unsigned long inode = 0;

	if (sscanf(line, " %*u: %39[0-9A-F]:%x %*s %*s %*s %*s %*s %*s %*s %lu", address, &port,
		   &inode) != 3)
		return 0;
	return port == search->port && address_conflicts(address, &search->ip) ? inode : 0;
}

static void find_inode(struct search *search)
{
	const char *const files[] = {
		search->protocol == IPPROTO_UDP ? "/proc/net/udp" : "/proc/net/tcp",
		search->protocol == IPPROTO_UDP ? "/proc/net/udp6" : "/proc/net/tcp6",
	};
	char line[512];

	for (size_t i = 0; !search->inode && i < ARRAY_SIZE(files); i++) {
		autofile FILE *file = fopen(files[i], "re");

		while (file && !search->inode && fgets(line, sizeof(line), file))
			search->inode = line_inode(line, search);
	}
}

static void read_name(int pid_dir, char name[32])
{
	autoclose int fd = openat(pid_dir, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, 31);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

/* Of a supervisor its stack too, which is what people know: " of stack NAME"; "" of others. */
static void read_stack(int pid_dir, char stack[96])
{
	autoclose int fd = openat(pid_dir, "cmdline", O_RDONLY | O_CLOEXEC);
	char words[512];
	ssize_t n = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);

	stack[0] = '\0';
	words[n > 0 ? n : 0] = '\0';
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(words + at) + 1)
		if (strcmp(words + at, "--stack") == 0 && at + 8 < n)
			snprintf(stack, 96, " of stack %.80s", words + at + 8);
}

/* The same port of another network namespace is nobody's concern. A kernel that does not tell has
 * few of them. */
static bool is_ours(int socket_fd)
{
	struct stat own, other;
	autoclose int fd = ioctl(socket_fd, SIOCGSKNS);

	if (fd < 0 || fstat(fd, &other) < 0 || stat("/proc/thread-self/ns/net", &own) < 0)
		return true;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Is descriptor @fd of the process a socket bound to the port? The only way to see a reservation of
 * ours: a TCP socket that does not listen is in no list. */
static bool is_reservation(int pidfd, int fd, const struct search *search)
{
	union net_address address = {0};
	socklen_t len = sizeof(address);
	int protocol = 0;
	socklen_t protocol_len = sizeof(protocol);
	autoclose int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (copy < 0 || getsockname(copy, &address.any, &len) < 0)
		return false;
	if (getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_len) < 0)
		return false;
	return address.any.sa_family == (search->ip.family == 6 ? AF_INET6 : AF_INET) &&
	       port_of(&address) == search->port && protocol == search->protocol && is_ours(copy);
}

/* @link: "socket:[INODE]" */
static bool is_the_socket(const struct search *search, const char *link, int pidfd, int fd)
{
	unsigned long inode = 0;

	if (sscanf(link, "socket:[%lu]", &inode) != 1)
		return false;
	return search->inode ? inode == search->inode
			     : pidfd >= 0 && is_reservation(pidfd, fd, search);
}

static bool has_the_socket(struct search *search, int pid_dir, int pidfd)
{
	autoclose int fd = openat(pid_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char link[64];

	if (!dir)
		return false;
	(void)take_fd(&fd);
	while (search->fds_left > 0 && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		search->fds_left--;
		if (n < 0)
			continue;
		link[n] = '\0';
		if (is_the_socket(search, link, pidfd, atoi(entry->d_name)))
			return true;
	}
	return false;
}

static bool process_holds(struct search *search, int proc_dir, const char *pid)
{
	char name[32], stack[96] = "";
	autoclose int pid_dir = openat(proc_dir, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int pidfd = -1;

	if (pid_dir < 0)
		return false;
	read_name(pid_dir, name);
	/* Other programs' descriptors are not opened, only listed. */
	if (!search->inode) {
		if (strncmp(name, "davit", 5) != 0)
			return false;
		pidfd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
	}
	if (!has_the_socket(search, pid_dir, pidfd))
		return false;
	if (strncmp(name, "davit-", 6) == 0)
		read_stack(pid_dir, stack);
	snprintf(search->holder, sizeof(search->holder), "%s%s (pid %d)", name, stack, atoi(pid));
	return true;
}

static void find_holder(struct search *search)
{
	autodir DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && search->pids_left > 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		search->pids_left--;
		if (process_holds(search, dirfd(dir), entry->d_name))
			return;
	}
}

int net_port_in_use(int protocol, const struct ip *ip, uint16_t port, struct err *err)
{
	if (!err)
		return -EADDRINUSE;
	const char *proto = protocol == IPPROTO_UDP ? "udp" : "tcp";
	struct search search = {.protocol = protocol,
				.port = port,
				.ip = *ip,
				.pids_left = SEARCH_PIDS_MAX,
				.fds_left = SEARCH_FDS_MAX};

	find_inode(&search);
	find_holder(&search);
	if (*search.holder)
		return err_say(err, EADDRINUSE, "port %u/%s is in use by %s", port, proto,
			       search.holder);
	return err_say(err, EADDRINUSE, "port %u/%s is in use", port, proto);
}

static int say_failure(int code, int protocol, const struct ip *ip, uint16_t port, struct err *err)
{
	char address[IP_TEXT_MAX];

	if (code == EADDRINUSE && port)
		return net_port_in_use(protocol, ip, port, err);
	if (code == EADDRINUSE)
		return err_say(err, code,
			       "no port is free of those that net.ipv4.ip_local_port_range says");
	ip_format(ip, address);
	if (code == EADDRNOTAVAIL)
		return err_say(err, code, "%s is not an address of this host", address);
	return err_set(err, code, "bind port %u of %s", port, address);
}

static socklen_t fill_address(const struct ip *ip, uint16_t port, union net_address *ret)
{
	if (ip->family == 6) {
		ret->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&ret->six.sin6_addr, ip->bytes, sizeof(ret->six.sin6_addr));
		return sizeof(ret->six);
	}
	ret->four = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip_in(ip)};
	return sizeof(ret->four);
}

int net_port_reserve(int protocol, const struct ip *host_ip, uint16_t *port, int *ret_fd,
		     struct err *err)
{
	const int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM, yes = 1;
	union net_address address = {0};
	socklen_t len = fill_address(host_ip, *port, &address);
	autoclose int fd =
		socket(address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	/* The IPv4 side of the port is for another socket to take, or for somebody else. */
	if (fd < 0 || (host_ip->family == 6 &&
		       setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0))
		return err_set(err, errno, "open a socket");
	/* No SO_REUSEADDR: with it, others that use it too could bind and even listen on the port,
	 * as ours does not listen. */
	if (bind(fd, &address.any, len) < 0)
		return say_failure(errno, protocol, host_ip, *port, err);
	if (getsockname(fd, &address.any, &len) < 0)
		return err_set(err, errno, "read a socket's address");
	*port = port_of(&address);
	*ret_fd = take_fd(&fd);
	return 0;
}
