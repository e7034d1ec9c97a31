// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `x-autoscale`, `x-schedule` and what else decides how many instances there are, when, and who
 * reaches which of them.
 */
#pragma once

#include "manifests/spec.h"

/* The times a cron line names, as sets of bits. */
struct cron_times {
	char *text;	   /* as written; NULL: none */
	uint64_t minutes;  /* bit 0 to 59 */
	uint32_t hours;	   /* bit 0 to 23 */
	uint32_t days;	   /* bit 1 to 31 */
	uint32_t months;   /* bit 1 to 12 */
	uint32_t weekdays; /* bit 0 (Sunday) to 6 */
	bool either_day;   /* day and weekday are both restricted: one of them suffices */
};

enum scale_signal {
	SCALE_CPU,	   /* of the limit, else of one core */
	SCALE_MEMORY,	   /* of the limit */
	SCALE_PRESSURE,	   /* share of time in which some task waited for cpu, memory or io */
	SCALE_CONNECTIONS, /* open ones */
	SCALE_BACKLOG,	   /* connections that wait to be accepted */
	SCALE_RATE,	   /* new connections per second */
	SCALE_COMMAND,	   /* the number a program prints */
	SCALE_PROMETHEUS,  /* a gauge */
	SCALE_SIGNALS,
};

/* What each ready instance shall have of a signal. */
struct scale_target {
	bool present;
	int64_t milli; /* thousandths: of a per cent, a connection, one per second, the number's 1
			*/
	struct pos pos;
};

enum scale_select {
	SCALE_SELECT_MAX, /* the policy that allows the most change */
	SCALE_SELECT_MIN,
	SCALE_SELECT_DISABLED, /* never in this direction */
};

/* At most so much change inside a period. */
struct scale_policy {
	unsigned amount; /* per cent, or instances */
	bool percent;
	int64_t period_ms;
};

#define SCALE_POLICIES_MAX 8

struct scale_behavior {
	int64_t stabilization_ms; /* default up 0 */
	bool learned;		  /* down, not written: 1 to 2.5 min, as the load teaches */
	unsigned tolerance_milli; /* of the target; default 50 */
	enum scale_select select;
	struct scale_policy policies[SCALE_POLICIES_MAX]; /* default: see decode_scale.c */
	size_t policy_count;
};

/* From each of its times on, until another entry's: at least so many. */
struct scale_period {
	struct cron_times cron;
	char *tz; /* "UTC" */
	unsigned min;
	struct pos pos;
};

enum scale_forecast {
	SCALE_FORECAST_NONE,
	SCALE_FORECAST_DAILY,
	SCALE_FORECAST_WEEKLY,
};

struct scale_gauge {
	uint16_t port;
	char *path;   /* default /metrics */
	char *metric; /* NAME or NAME{label="value"} */
};

struct autoscale {
	bool present;
	unsigned min; /* default 1 */
	unsigned max;
	int64_t idle_ms; /* 0: never to zero; else after so long without connections */
	struct scale_target targets[SCALE_SIGNALS]; /* default: cpu 70 %, backlog 1 */
	struct text_list command;		    /* what SCALE_COMMAND runs */
	struct scale_gauge gauge;		    /* what SCALE_PROMETHEUS reads */
	struct scale_behavior up, down;
	struct scale_period *schedule;
	size_t schedule_count;
	enum scale_forecast forecast;
	struct pos pos, max_pos;
};

enum schedule_concurrency {
	SCHEDULE_FORBID, /* a run that is due while one runs is left out */
	SCHEDULE_ALLOW,
	SCHEDULE_REPLACE, /* the one that runs is stopped */
};

/* `x-schedule`: a task that is run at times. */
struct run_schedule {
	bool present;
	struct cron_times cron;
	char *tz; /* "UTC" */
	enum schedule_concurrency concurrency;
	int64_t jitter_ms; /* each run is up to this late */
	struct pos pos;
};

enum balance {
	BALANCE_ROUND_ROBIN,
	BALANCE_SOURCE, /* a client stays with its instance */
};

/* How connections to a service are handed out. */
struct traffic {
	int64_t drain_ms; /* -1: until the connections end, at most stop_grace_period */
	enum balance balance;
	bool restricted;	/* x-allow is written: nobody else reaches the service */
	struct text_list allow; /* names of services */
};
