// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A supervisor without a stack ends by itself when nobody is connected to it: the `davit up` that
 * started it has died before it could say of what.
 */
#pragma once

#include "runtime/base/err.h"

struct supervisor;

/* Looks every ten seconds, until there is a stack. */
int vacancy_open(struct supervisor *sup, struct err *err) must_check;
