// SPDX-License-Identifier: GPL-2.0-or-later
/* What the host has to give. */
#pragma once

#include <stdint.h>

/* Memory that could be had without swapping, as the kernel reckons; -1: not known. */
int64_t host_available_bytes(void);

/* Processors that are there and this process may run on, at least 1. */
int64_t host_processors(void);
