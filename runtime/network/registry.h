// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private to runtime/network: networks by the names that all stacks of the host know them by, so
 * that several can use one. A directory for each network, in memory as long as the host runs:
 *
 *	place		where it is, and which stack makes it
 *	stacks/STACK	who is in it; what is in the file is the stack's to say
 *	claims/ADDRESS	a link that says "STACK WHAT": who has the address
 *
 * A claim is one system call that either succeeds or does not, whoever else is at it; what changes
 * who is in a network is done with the registry locked. A stack is there as long as its lock file
 * is (DIRECTORY/../STACK/lock), whether or not it has a process at the moment. No loop, no netlink.
 */
#pragma once

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/ip.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define REGISTRY_STACK_MAX 256

/* What a joining stack has to know of a network. */
struct registry_place {
	char owner[REGISTRY_STACK_MAX]; /* the stack that makes it */
	char bridge[IF_NAMESIZE];
	struct ip_prefix subnet;
	struct ip first; /* addresses are given from here */
	struct ip last;	 /* to here */
	struct ip gateway;
	struct ip_prefix subnet6; /* its address is where addresses are counted from; family 0:
				     there is no IPv6 */
	struct ip gateway6;
	bool internal;
	unsigned mtu;	    /* 0: as usual */
	uint32_t made_from; /* a hash of its definition */
	bool left;	    /* its owner has gone, and others are in it; read: or who
				       is in it does not have its owner */
};

/* The registry, made where it is not there, and locked until the descriptor is closed. Waits half a
 * second for who has it; -EAGAIN then. */
int registry_lock(const char *directory, int *ret_fd, struct err *err) must_check;

/* The registry as it is, for who does not change who is in a network; -ENOENT: there is none. */
int registry_open(const char *directory, int *ret_fd, struct err *err) must_check;

/* Removes it when it is empty. */
void registry_tidy(const char *directory);

/* The directory of one network; -ENOENT: there is none of that name. */
int registry_find(int registry_fd, const char *name, int *ret_fd, struct err *err) must_check;

/* The same, which is made where it is not there. */
int registry_make(int registry_fd, const char *name, int *ret_fd, struct err *err) must_check;

/* Removes a network with all claims. */
int registry_remove(int registry_fd, const char *name, struct err *err) must_check;

/* All names. */
int registry_list(int registry_fd, struct strv *ret_names, struct err *err) must_check;

/* -ENOENT: it has no place (yet). */
int registry_read(int network_fd, struct registry_place *ret_place, struct err *err) must_check;
int registry_write(int network_fd, const struct registry_place *place, struct err *err) must_check;

/* From here on the stack is in the network. Who is gone for good is forgotten. */
int registry_enter(int network_fd, const char *stack, struct err *err) must_check;

bool registry_has(int network_fd, const char *stack);

/* Forgets the stack and all that it has claimed. */
void registry_leave(int network_fd, const char *stack);

/* Whether a stack is there, running or not. */
bool registry_is_alive(int network_fd, const char *stack);

/* The directory of who is in it, or -errno. */
int registry_stacks(int network_fd);

/* Appends who is in the network beside @stack. @others has failed when that is not known now. */
void registry_others(int network_fd, const char *stack, struct strv *others);

/* Claims that are the network's own: they outlast every stack. */
#define REGISTRY_ITSELF "."

/*
 * Takes an address for a stack, which may have it already.
 *
 * @what	what for, such as "web-1"
 *
 * Returns 0; -EEXIST, without a message, when another one has it; -errno.
 */
int registry_claim(int network_fd, const struct ip *address, const char *stack, const char *what,
		   struct err *err) must_check;

/* Gives it back, if it is this stack's. */
void registry_disclaim(int network_fd, const struct ip *address, const char *stack);

/* Calls @say for every address that @stack has. */
void registry_claims(int network_fd, const char *stack,
		     void (*say)(void *data, const struct ip *address, const char *what),
		     void *data);
