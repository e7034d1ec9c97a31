// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of check.h that is about limits, kernel settings and shared namespaces.
 */
#pragma once

#include "manifests/report.h"

void check_resources(const struct stack *stack, struct report *report);
