// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a service or an instance is reached within the stack, as JSON. Reads, never changes. */
#pragma once

struct instance;
struct json_t;
struct service;
struct supervisor;

/*
 * By network: the address and the names it has there. A service's address is the one that stands
 * for its instances, null where its name means these. A reference of the caller's; NULL without
 * memory.
 */
struct json_t *reach_service(const struct supervisor *sup, const struct service *service);
struct json_t *reach_instance(const struct instance *instance);
