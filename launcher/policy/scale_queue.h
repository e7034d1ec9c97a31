// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What arriving and waiting connections ask for. Cpu shows what is served; these show what is
 * wanted, before any average has moved. Pure; a part of scale_decide.
 */
#pragma once

#include "launcher/policy/scale.h"

/* Learns what one instance manages from what was measured. */
void scale_queue_observe(struct scaler *scaler, const struct autoscale *autoscale,
			 const struct scale_input *input);

/*
 * Whether what piled up is still part of what is measured: work on it is no sign of what will be
 * needed.
 */
bool scale_queue_is_draining(const struct scaler *scaler, int64_t now_ms);

/* How much of what an instance manages it shall have to do, in thousandths. */
int64_t scale_queue_load_milli(const struct autoscale *autoscale);

/*
 * As many as serve what arrives at the target of cpu (70 % where there is none) of what one
 * manages, and what waits within a second. Twice as many as are ready while nothing is
 * known of what one manages and more wait than the target of the backlog. @ret_lasting: without
 * those for what waits.
 */
unsigned scale_queue_propose(const struct scaler *scaler, const struct autoscale *autoscale,
			     const struct scale_input *input, struct scale_decision *decision,
			     unsigned *ret_lasting);
