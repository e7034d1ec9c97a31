// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-probe`: how an instance is asked whether it has started, is ready, and is alive.
 */
#pragma once

#include "manifests/spec.h"

enum probe_role {
	PROBE_STARTUP,	 /* gates the other two */
	PROBE_READINESS, /* decides who gets connections */
	PROBE_LIVENESS,	 /* decides who is started again */
	PROBE_ROLES,
};

enum probe_method {
	PROBE_UNWRITTEN,
	PROBE_NONE, /* "none": no such probe, and `healthcheck` is none either */
	PROBE_HTTP,
	PROBE_TCP,
	PROBE_EXEC,
	PROBE_NOTIFY, /* the instance speaks itself, as sd_notify(3) does */
	PROBE_LISTEN, /* startup alone: unwritten, too, for who is scaled */
};

struct probe_http {
	bool tls;			 /* the certificate is not looked at */
	char *path;			 /* with the query, starts with a slash */
	struct text_list headers;	 /* "NAME=value", sorted by name */
	unsigned status_min, status_max; /* default 200 to 399 */
};

struct probe_spec {
	enum probe_method method;
	uint16_t port;		 /* http, tcp */
	bool loopback;		 /* ask 127.0.0.1 instead of the instance's own address */
	struct probe_http http;	 /* http alone */
	struct text_list test;	 /* exec alone: what to run, CMD-SHELL already as /bin/sh -c TEXT */
	int64_t interval_ms;	 /* default 10 s; none of these but timeout with notify */
	int64_t timeout_ms;	 /* default 1 s; notify: 90 s, liveness 30 s */
	int64_t start_period_ms; /* default 0 */
	int64_t start_interval_ms; /* default 250 ms */
	unsigned retries;	   /* default 3; notify: 1 */
	struct pos pos;
};
