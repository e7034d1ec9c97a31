// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small world for network tests: the program's own network namespace plays the host, one more
 * plays the world outside. Listening and connecting sockets of all of them live in this one
 * process: a socket stays in the namespace it was opened in, and the kernel completes a handshake
 * without anybody accepting. Helpers fail the running test by themselves.
 */
#pragma once

#include "runtime/network/net.h"
#include "tests/unit/cmocka_all.h"

#define STACK	  "davit-test"
#define PORT	  80
#define PUBLISHED 18080
#define SOON_MS	  300	/* long enough for what happens, short enough to wait for what does not */
#define LATE_MS	  60000 /* nothing takes that long, on a busy machine either */

extern int host_ns, outside_ns;

/*
 * Makes the two namespaces: the host is 192.0.2.2 on "dvt-up"; outside is 192.0.2.1, with a route
 * to the pool as if it were a router that an attacker controls. Ends the program with 77, saying
 * why, where that is not possible.
 */
void set_up_world(void);

/* Runs a shell command, quick to write and read, in the current namespace. */
void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How many lines a shell command prints. */
int output_lines(const char *command);

void enter(int ns);
int socket_in(int ns, int type);
int listen_in(int ns, uint16_t port);

struct in_addr ip(const char *text);
struct sockaddr_in address(struct in_addr host, uint16_t port);

/* 0 when the handshake completed within @ms, else the errno; ETIMEDOUT when nothing came back. */
int try_connect(int ns, struct in_addr host, uint16_t port, int ms, int *ret_fd);
int connect_from(int ns, struct in_addr host, uint16_t port);

/* Which of the listeners got a connection; it is accepted. */
int which_accepts(const int *listeners, int count, int *ret_fd);

/* With a network called "default". */
struct net *open_stack(const char *stack);
struct in_addr gateway_of(const struct net *net);

/* To the network "default" alone; "web-1" is of the group "web". */
struct net_endpoint *attach(struct net *to, const char *name);

/* A group "web" of "default" with these targets, and where it is not NULL a port that leads there.
 */
void balance(struct net *net, const struct net_port *port, struct net_endpoint **targets,
	     size_t count);

/* Publishes PUBLISHED on all addresses of the host to PORT of the targets. */
void publish(struct net *net, int protocol, struct net_endpoint **targets, size_t count);

/* Of this process, and of stacks in the current namespace. */
int count_fds(void);
int count_links(void);

/* Whether the host gets through to what listens there: as try_connect(). */
int reach(struct net_endpoint *endpoint);
