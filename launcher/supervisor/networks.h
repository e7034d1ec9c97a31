// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The networks of the stack's manifest as those of the kernel: opened when a service first needs
 * them, kept until the stack is gone.
 */
#pragma once

#include "launcher/js.h"
#include "launcher/supervisor/instance.h"
#include "manifests/stack.h"

/* What a network was made from. */
struct network_made {
	struct network_made *next;
	char *key;
	char *definition;
	bool internal;
	bool joined; /* another stack makes it */
	char *told;  /* what neighbours.c has told other stacks; NULL: nothing */
};

/*
 * Makes sure that the networks @service is attached to are there.
 *
 * @problems	gets a positioned line for each that is not to be had
 */
void networks_open(struct supervisor *sup, const struct stack *stack, const struct service *service,
		   struct strv *problems);

/*
 * Gives @service an address of its own in each of its networks, where its name means one address
 * and there is room for it. After all fixed addresses are kept.
 */
void networks_addresses(struct supervisor *sup, const struct stack *stack,
			const struct service *service);

/* The address that stands for all instances of @service in @network; INADDR_ANY: none, its name
 * means the instances. */
struct in_addr networks_address(const struct service *service, const struct net_network *network);

/* Goes on with the networks of a predecessor; @text: as stack_text.c has it. */
void networks_restore(struct supervisor *sup, const struct json_t *text);

/* Who may call whom, as the manifest in effect has it, from here on. */
void networks_allow(struct supervisor *sup);

/* Removes what is left of one that nobody goes on with. */
int networks_purge(const struct supervisor *sup, struct err *err) must_check;

/* Removes what is left of the predecessor's and nobody has taken over. */
void networks_restored(struct supervisor *sup);

/* Closes all. */
void networks_close(struct supervisor *sup);

/* Makes the endpoint of an instance of a service that is attached to networks. */
int networks_attach(struct instance *instance, struct err *err) must_check;

/* Whether it is, or will be, reached over IPv6, too. */
bool networks_main_has_six(const struct supervisor *sup, const struct stack *stack,
			   const struct service *service);

/* The network that an attached service's address is in, and through which it is reached from
 * outside: NULL before it is opened. */
const struct net_network *networks_main(const struct supervisor *sup, const struct stack *stack,
					const struct service *service);
