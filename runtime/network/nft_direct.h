// SPDX-License-Identifier: GPL-2.0-or-later
/* Private to runtime/network: hands transactions of elements to the kernel, past libnftables. */
#pragma once

#include "runtime/network/nft_batch.h"

/*
 * All of @batch, or nothing. Does not wait.
 *
 * @fd	a socket of the kernel's netfilter, in the network namespace of the tables
 */
int nft_direct_run(int fd, struct nft_batch *batch, struct err *err) must_check;
