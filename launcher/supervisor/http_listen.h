// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets for http_open(): a local one, or over TCP. */
#pragma once

#include "runtime/base/err.h"

#define HTTP_BACKLOG 64

/* @path: a stale file there is replaced; at most 107 bytes */
int http_listen(const char *path, int *ret_fd, struct err *err) must_check;

#define HTTP_ADDRESS_SIZE 64

/* "127.0.0.1:9000", "[::1]:9000", or "9000" alone, which is the first, as http_listens_at() would
 * write it. -EINVAL. */
int http_address(const char *address, char ret_text[static HTTP_ADDRESS_SIZE],
		 struct err *err) must_check;

/* A socket at such an address; port 0: any. */
int http_listen_tcp(const char *address, int *ret_fd, struct err *err) must_check;

/* Where it listens. */
int http_listens_at(int listen_fd, char ret_text[static HTTP_ADDRESS_SIZE],
		    struct err *err) must_check;
