// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/runtime/net_world.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int host_ns = -1, outside_ns = -1;

void shell(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

int output_lines(const char *command)
{
	char line[512];
	int lines = 0;
	FILE *pipe = popen(command, "re");

	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe))
		lines++;
	pclose(pipe);
	return lines;
}

void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

int socket_in(int ns, int type)
{
	enter(ns);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enter(host_ns);
	assert_true(fd >= 0);
	return fd;
}

struct in_addr ip(const char *text)
{
	return (struct in_addr){inet_addr(text)};
}

struct sockaddr_in address(struct in_addr host, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr = host, .sin_port = htons(port)};
}

int listen_in(int ns, uint16_t port)
{
	struct sockaddr_in any = address((struct in_addr){0}, port);
	int fd = socket_in(ns, SOCK_STREAM), on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

int try_connect(int ns, struct in_addr host, uint16_t port, int ms, int *ret_fd)
{
	struct sockaddr_in to = address(host, port);
	autoclose int fd = socket_in(ns, SOCK_STREAM);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return errno;
	if (poll(&poll_fd, 1, ms) == 0)
		return ETIMEDOUT;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	if (!error && ret_fd)
		*ret_fd = take_fd(&fd);
	return error;
}

int connect_from(int ns, struct in_addr host, uint16_t port)
{
	int fd = -1;
	int error = try_connect(ns, host, port, LATE_MS, &fd);

	if (error)
		fail_msg("connect to %s:%u: %s", inet_ntoa(host), port, strerror(error));
	return fd;
}

struct in_addr gateway_of(const struct net *net)
{
	return net_gateway(net_network_find(net, "default"));
}

struct net_endpoint *attach(struct net *to, const char *name)
{
	const struct net_link link = {.network = net_network_find(to, "default"), .main = true};
	autofree char *group = strndup(name, strcspn(name, "-"));
	const struct net_attach_request request = {name, &link, 1, group};
	struct net_endpoint *endpoint = NULL;
	struct err err = {0};

	if (net_attach(to, &request, &endpoint, &err) < 0 ||
	    net_endpoint_connect(endpoint, -1, &err) < 0)
		fail_msg("%s", err.text);
	return endpoint;
}

struct net *open_stack(const char *stack)
{
	const struct net_network_config network = {.name = "default"};
	struct net_network *made = NULL;
	struct net *opened = NULL;
	struct err err = {0};

	if (net_open(&(struct net_config){.stack = stack}, &opened, &err) < 0 ||
	    net_network_open(opened, &network, &made, &err) < 0)
		fail_msg("%s", err.text);
	return opened;
}

static int open_ns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_world(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	outside_ns = open_ns();
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	host_ns = open_ns();
	shell("ip link set lo up");
	shell("ip link add dvt-up type veth peer name dvt-out netns /proc/%d/fd/%d", getpid(),
	      outside_ns);
	shell("ip addr add 192.0.2.2/24 dev dvt-up && ip link set dvt-up up");
	enter(outside_ns);
	shell("ip link set lo up && ip addr add 192.0.2.1/24 dev dvt-out && ip link set dvt-out up "
	      "&& ip route add 10.213.0.0/16 via 192.0.2.2");
	enter(host_ns);
	return 0;
}

int which_accepts(const int *listeners, int count, int *ret_fd)
{
	struct pollfd poll_fds[4] = {0};

	for (int i = 0; i < count; i++)
		poll_fds[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
	assert_true(poll(poll_fds, (nfds_t)count, LATE_MS) > 0);
	for (int i = 0; i < count; i++) {
		if (!poll_fds[i].revents)
			continue;
		int fd = accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC);
		assert_true(fd >= 0);
		if (ret_fd)
			*ret_fd = fd;
		else
			close(fd);
		return i;
	}
	return -1;
}

void balance(struct net *net, const struct net_port *port, struct net_endpoint **targets,
	     size_t count)
{
	struct in_addr addresses[3];
	struct err err = {0};
	const struct net_group group = {
		.name = "web",
		.network = net_network_find(net, "default"),
		.targets = addresses,
		.target_count = count,
	};
	const struct net_balance wanted = {&group, 1, port, port ? 1 : 0};

	for (size_t i = 0; i < count; i++)
		addresses[i] = net_endpoint_address(targets[i]);
	if (net_balance(net, &wanted, &err) < 0)
		fail_msg("%s", err.text);
}

void publish(struct net *net, int protocol, struct net_endpoint **targets, size_t count)
{
	const struct net_port port = {
		.protocol = protocol,
		.host_ip = {.family = 4},
		.host_port = PUBLISHED,
		.target_port = PORT,
	};

	balance(net, &port, targets, count);
}

void set_up_world(void)
{
	if (geteuid() != 0) {
		print_message("SKIP: making network namespaces needs root\n");
		exit(77);
	}
	if (make_world() < 0) {
		print_message("SKIP: the kernel makes no network namespace: %s\n", strerror(errno));
		exit(77);
	}
}

int count_fds(void)
{
	autodir DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	return count;
}

int count_links(void)
{
	return output_lines("ip -o link show | grep ': dv-\\?[0-9a-f]\\{8,\\}'");
}

int reach(struct net_endpoint *endpoint)
{
	autoclose int listener = listen_in(net_endpoint_netns(endpoint), PORT);
	autoclose int fd = -1;

	return try_connect(host_ns, net_endpoint_address(endpoint), PORT, LATE_MS, &fd);
}
