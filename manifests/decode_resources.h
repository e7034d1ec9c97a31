// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decoders of what a service may do to its surroundings, and use of them. Private to this
 * folder.
 */
#pragma once

#include "manifests/decode.h"

/* decode_security.c */
decode_fn decode_security_opt, decode_userns_mode;

/* decode_pull.c */
decode_fn decode_pull_policy, decode_platform;

/* decode_devices.c */
decode_fn decode_devices;
