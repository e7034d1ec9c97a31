// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On which TCP ports a service listens, as far as that is said: by what it publishes, by `expose`,
 * and by its image. Pure.
 *
 * And whether it is ready no sooner than it does. That is what `startup: listen` of x-probe asks
 * for; unasked it is so where instances come while others are called (a service that is scaled
 * with its load, `order: start-first`) and nothing else says when one is ready: no startup and no
 * readiness probe, not even `none`, and no health check.
 *
 * Ports and health check of an image are known once the supervisor has found it (image_ports,
 * healthcheck.present); before that the answers are those for the manifest alone.
 */
#pragma once

#include "manifests/stack.h"

/* A set of ports. Zero-initialise. */
struct listens {
	unsigned char bits[(UINT16_MAX + 1) / 8];
};

/* Adds those of a service. */
void listens_add(struct listens *listens, const struct service *service);

bool listens_on(const struct listens *listens, uint16_t port);

/* It listens on any. */
bool listens_somewhere(const struct listens *listens);

/*
 * Whether an instance is ready no sooner than it listens.
 *
 * @service	the one that it was made from
 * @now		as the manifest has it at present; mostly the same
 */
bool listens_first(const struct service *service, const struct service *now);

/* "80, 8000-8010", as far as @text has room. */
void listens_text(const struct listens *listens, char *text, size_t size);
