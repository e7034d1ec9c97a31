// SPDX-License-Identifier: GPL-2.0-or-later
/* Patterns of rules; see nft_text.h. */
#include "runtime/network/nft_text.h"

#include <string.h>

static const char *family_word(unsigned char family, char mark)
{
	bool six = family == 6;

	switch (mark) {
	case 'f':
		return six ? "ip6" : "ip";
	case 'a':
		return six ? "ipv6_addr" : "ipv4_addr";
	case 'i':
		return six ? "icmpv6" : "icmp";
	case 'p':
		return six ? "58" : "icmp";
	case 'r':
		return six ? "nd-redirect" : "redirect";
	case 'l':
		return six ? "::1" : "127.0.0.0/8";
	default:
		return six ? "fe80::/10" : "169.254.0.0/16";
	}
}

static const char *word_of(const struct nft_words *words, char mark)
{
	switch (mark) {
	case 's':
		return words->stack;
	case 'b':
		return words->bridge;
	case 'g':
		return words->gateway;
	case 'n':
		return words->subnet;
	default:
		return family_word(words->family, mark);
	}
}

void nft_text_put(struct buf *text, const struct nft_words *words, const char *pattern)
{
	const char *mark;

	while ((mark = strchr(pattern, '$'))) {
		buf_put(text, pattern, (size_t)(mark - pattern));
		buf_puts(text, word_of(words, mark[1]));
		pattern = mark + 2;
	}
	buf_puts(text, pattern);
}

const char *nft_family(unsigned char family)
{
	return family_word(family, 'f');
}
