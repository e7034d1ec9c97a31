// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On which TCP ports a service listens, as far as that is said: by what it publishes, by `expose`,
 * and by its image. Pure.
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

/* "80, 8000-8010", as far as @text has room. */
void listens_text(const struct listens *listens, char *text, size_t size);
