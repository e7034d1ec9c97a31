// SPDX-License-Identifier: GPL-2.0-or-later
/* What a question is answered; see answer.h. */
#include "launcher/dns/answer.h"

#include "runtime/base/cleanup.h"

#include <string.h>

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* "4.3.2.1" */
static bool reverse_4(const char *name, struct ip *ret)
{
	for (int i = 3; i >= 0; i--) {
		unsigned value = 0, digits = 0;

		for (; *name >= '0' && *name <= '9' && digits < 3; name++, digits++)
			value = 10 * value + (unsigned)(*name - '0');
		if (!digits || value > 255 || *name != (i ? '.' : '\0'))
			return false;
		ret->bytes[i] = (unsigned char)value;
		name++;
	}
	return true;
}

/* "f.e.…": 32 digits */
static bool reverse_6(const char *name, struct ip *ret)
{
	if (strlen(name) != 63)
		return false;
	for (int i = 0; i < 32; i++) {
		int digit = hex_digit(name[2 * i]);

		if (digit < 0 || name[2 * i + 1] != (i < 31 ? '.' : '\0'))
			return false;
		ret->bytes[15 - i / 2] |= (unsigned char)(digit << 4 * (i % 2));
	}
	return true;
}

bool answer_reverse(const char *name, struct ip *ret)
{
	static const struct {
		const char *end;
		unsigned char family;
		bool (*read)(const char *name, struct ip *ret);
	} zones[] = {{".in-addr.arpa", 4, reverse_4}, {".ip6.arpa", 6, reverse_6}};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		size_t end = strlen(zones[i].end);
		char head[64];

		if (len <= end || len - end >= sizeof(head) ||
		    strcmp(name + len - end, zones[i].end) != 0)
			continue;
		memcpy(head, name, len - end);
		head[len - end] = '\0';
		*ret = (struct ip){.family = zones[i].family};
		return zones[i].read(head, ret);
	}
	return false;
}

static void reverse(struct ip *addresses, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct ip other = addresses[count - 1 - i];

		addresses[count - 1 - i] = addresses[i];
		addresses[i] = other;
	}
}

/* Only those of the family that is asked for stay, the @turn-th one first. */
static void choose(struct answer *answer, size_t count, uint16_t type, unsigned turn)
{
	struct ip *addresses = answer->addresses;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (type == MESSAGE_ANY ||
		    type == (addresses[i].family == 6 ? MESSAGE_AAAA : MESSAGE_A))
			addresses[kept++] = addresses[i];
	size_t first = kept ? turn % kept : 0;

	reverse(addresses, first);
	reverse(addresses + first, kept - first);
	reverse(addresses, kept);
	answer->message.addresses = addresses;
	answer->message.address_count = kept;
}

/* An address of the stack's networks is nobody else's business. */
static bool find_pointer(const struct table_asker *asker, const char *name, struct answer *ret)
{
	struct ip address;

	if (!answer_reverse(name, &address))
		return false;
	ret->message.pointer = table_pointer(asker, &address);
	if (ret->message.pointer)
		return true;
	ret->message.rcode = MESSAGE_NO_NAME;
	return table_is_ours(asker->table, &address);
}

bool answer_find(const struct table_asker *asker, const struct message_query *query, unsigned turn,
		 struct answer *ret)
{
	size_t count = 0;

	ret->message = (struct message_answer){.rcode = query->rcode};
	if (query->rcode != MESSAGE_OK)
		return true;
	if (table_find(asker, query->name, ret->addresses, ANSWER_ADDRESSES_MAX, &count)) {
		choose(ret, count, query->type, turn);
		return true;
	}
	if (query->type == MESSAGE_PTR && find_pointer(asker, query->name, ret))
		return true;
	ret->message.rcode = MESSAGE_FAILED;
	return !table_forwards(asker);
}
