// SPDX-License-Identifier: GPL-2.0-or-later
/* A client's question, as bytes. */
#pragma once

#include <stdint.h>
#include <string.h>

/* @edns_size: 0: none. Returns how many bytes; there must be room for 300. */
static inline size_t query_make(const char *name, uint8_t type, unsigned edns_size, uint8_t *bytes)
{
	static const uint8_t header[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	uint8_t *at = bytes + sizeof(header);

	memcpy(bytes, header, sizeof(header));
	while (*name) {
		size_t len = strcspn(name, ".");

		*at++ = (uint8_t)len;
		memcpy(at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	const uint8_t end[] = {0, 0, type, 0, 1};
	const uint8_t edns[] = {0, 0, 41, (uint8_t)(edns_size >> 8), (uint8_t)edns_size, 0, 0, 0,
				0, 0, 0};

	memcpy(at, end, sizeof(end));
	at += sizeof(end);
	if (edns_size) {
		bytes[11] = 1;
		memcpy(at, edns, sizeof(edns));
		at += sizeof(edns);
	}
	return (size_t)(at - bytes);
}
