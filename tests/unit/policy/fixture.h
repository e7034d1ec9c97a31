// SPDX-License-Identifier: GPL-2.0-or-later
/* Short ways to write services, instances and wishes down in a test. */
#pragma once

#include "launcher/policy/surplus.h"
#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of a random test: told, so that it can be had again by setting DAVIT_TEST_SEED. */
static inline uint64_t fixture_seed(void)
{
	const char *given = getenv("DAVIT_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	printf("# DAVIT_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed * 2654435761u + 88172645463325252u;
}

/* As the supervisor does before it asks any decider. */
static inline const struct observed *marked(const struct stack *stack,
					    const struct desired *desired, struct observed *seen,
					    size_t count)
{
	autofree struct observed **scratch = calloc(count + 1, sizeof(struct observed *));

	if (!scratch)
		abort();
	surplus_mark(stack, desired, seen, count, scratch);
	return seen;
}

/* A text in a field of type char *; nothing under test writes through it. */
#define TEXT(literal) ((char *)(literal))

#define NEEDS(name, how)                                                                           \
	{                                                                                          \
		.service = TEXT(name), .condition = (how), .required = true                        \
	}
#define WOULD_LIKE(name, how)                                                                      \
	{                                                                                          \
		.service = TEXT(name), .condition = (how)                                          \
	}

/* A service with the dependencies given as further arguments. */
#define SERVICE(title, ...)                                                                        \
	{                                                                                          \
		.name = TEXT(title), .enabled = true, .replicas = 1,                               \
		.depends_on = (struct dependency[]){__VA_ARGS__},                                  \
		.depends_on_count =                                                                \
			sizeof((struct dependency[]){__VA_ARGS__}) / sizeof(struct dependency),    \
	}
#define LONER(title)                                                                               \
	{                                                                                          \
		.name = TEXT(title), .enabled = true, .replicas = 1                                \
	}

/* Services must be written in the order of their names, as the loader has them. */
#define STACK(array)                                                                               \
	{                                                                                          \
		.name = TEXT("shop"), .services = (array), .service_count = ARRAY_SIZE(array)      \
	}
