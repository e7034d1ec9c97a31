// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is behind the addresses of the services and behind the published ports: instances that are
 * ready. Derived anew from the instances; the network sends the kernel what differs.
 */
#pragma once

#include "runtime/base/err.h"

struct supervisor;

int balance_write(struct supervisor *sup, struct err *err) must_check;
