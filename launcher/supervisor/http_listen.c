// SPDX-License-Identifier: GPL-2.0-or-later
/* The sockets themselves; see http_listen.h. */
#include "launcher/supervisor/http_listen.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int http_listen(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(err, errno, "control socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "control socket '%s'", path);
	strcpy(address.sun_path, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, errno, "control socket '%s'", path);
	mode_t mask = umask(0177);
	int r = bind(fd, (struct sockaddr *)&address, sizeof(address));

	(void)umask(mask);
	if (r < 0 || listen(fd, HTTP_BACKLOG) < 0)
		return err_set(err, errno, "control socket '%s'", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A client that is gone without a word, a laptop that was closed, keeps no place for ever. */
#define DEAD_AFTER_S 60

union tcp_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_port(const char *text, in_port_t *ret_port)
{
	char *end = NULL;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || port > 65535)
		return false;
	*ret_port = htons((in_port_t)port);
	return true;
}

/* Returns its length, 0: that is no address. */
static socklen_t parse_address(const char *text, union tcp_address *address)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN] = "127.0.0.1";
	bool brackets = len > 1 && text[0] == '[' && text[len - 1] == ']';
	in_port_t port = 0;

	if (len - 2 * brackets >= sizeof(host) || !parse_port(colon ? colon + 1 : text, &port))
		return 0;
	if (colon)
		snprintf(host, sizeof(host), "%.*s", (int)(len - 2 * brackets), text + brackets);
	if (brackets) {
		address->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
		return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1 ? sizeof(address->v6)
									      : 0;
	}
	address->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1 ? sizeof(address->v4) : 0;
}

static void print_address(const union tcp_address *address, char text[static HTTP_ADDRESS_SIZE])
{
	bool is_v6 = address->any.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->any.sa_family,
		  is_v6 ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr, host,
		  sizeof(host));
	snprintf(text, HTTP_ADDRESS_SIZE, is_v6 ? "[%s]:%u" : "%s:%u", host,
		 ntohs(is_v6 ? address->v6.sin6_port : address->v4.sin_port));
}

int http_address(const char *text, char ret_text[static HTTP_ADDRESS_SIZE], struct err *err)
{
	union tcp_address address = {0};

	if (parse_address(text, &address) == 0)
		return err_say(err, EINVAL,
			       "cannot listen on '%s': write ADDRESS:PORT, such as 127.0.0.1:9000",
			       text);
	print_address(&address, ret_text);
	return 0;
}

int http_listen_tcp(const char *text, int *ret_fd, struct err *err)
{
	const int on = 1, dead_after_ms = DEAD_AFTER_S * 1000, dead_after_s = DEAD_AFTER_S;
	union tcp_address address = {0};
	char normal[HTTP_ADDRESS_SIZE];
	socklen_t len = parse_address(text, &address);
	int r = http_address(text, normal, err);

	if (r < 0)
		return r;
	autoclose int fd =
		socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &dead_after_s, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_after_ms, sizeof(on)) < 0 ||
	    bind(fd, &address.any, len) < 0 || listen(fd, HTTP_BACKLOG) < 0)
		return err_set(err, errno, "listen on %s", normal);
	*ret_fd = take_fd(&fd);
	return 0;
}

int http_listens_at(int listen_fd, char ret_text[static HTTP_ADDRESS_SIZE], struct err *err)
{
	union tcp_address address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(listen_fd, &address.any, &len) < 0)
		return err_set(err, errno, "listening socket");
	print_address(&address, ret_text);
	return 0;
}
