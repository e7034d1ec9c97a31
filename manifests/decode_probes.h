// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decoders of davit's own attributes: probes, scaling, schedules, connections. Private to this
 * folder.
 */
#pragma once

#include "manifests/decode.h"

/* Of one service. */
#define DECODE_REPLICAS_MAX 10000

/* decode_probe.c */
decode_fn decode_x_probe;

/* decode_scale.c */
decode_fn decode_x_autoscale;

/* decode_traffic.c */
decode_fn decode_x_schedule, decode_x_drain, decode_x_balance, decode_x_allow;

/* The text of a cron line, and the name of a time zone. */
void decode_cron(struct decoder *decoder, const struct node *node, const char *key,
		 struct cron_times *ret_cron);
void decode_tz(struct decoder *decoder, const struct node *node, const char *key, char **ret_tz);
