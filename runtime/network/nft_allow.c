// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map "guarded" tells what may be called by some only, and where it is looked up who they are:
 * a chain and a set for each of its numbers. An instance is one element in each that it is in.
 */
#include "runtime/network/nft_allow.h"

#include "runtime/network/nft_text.h"

void nft_allow_numbers(struct buf *text, const struct nft_allow_table *table, size_t before,
		       size_t after)
{
	const char *stack = table->stack, *family = nft_family(table->family);
	const struct nft_words words = {.family = table->family, .stack = stack};

	if (before)
		nft_text_put(text, &words,
			     "flush map $f davit_$s guarded\n"
			     "flush chain $f davit_$s visited\n");
	for (size_t i = 0; i < before; i++)
		buf_printf(text,
			   "flush chain %s davit_%s allow_%zu\n"
			   "delete chain %s davit_%s allow_%zu\n"
			   "delete set %s davit_%s callers_%zu\n",
			   family, stack, i, family, stack, i, family, stack, i);
	for (size_t i = 0; i < after; i++) {
		nft_text_put(text, &words, "table $f davit_$s {\n");
		buf_printf(text, "\tset callers_%zu {\n", i);
		nft_text_put(text, &words, "\t\ttype $a\n\t}\n");
		buf_printf(text,
			   "\tchain allow_%zu {\n"
			   "\t\t%s saddr != @callers_%zu jump unanswered\n"
			   "\t}\n"
			   "}\n",
			   i, family, i);
	}
}

void nft_allow_host(struct buf *text, const struct nft_allow_table *table, size_t number)
{
	buf_printf(text, "add rule %s davit_%s visited jump allow_%zu\n", nft_family(table->family),
		   table->stack, number);
}

void nft_allow_caller(struct buf *text, const char *stack, bool comes, size_t number,
		      const struct ip *address)
{
	char shown[IP_TEXT_MAX];

	buf_printf(text, "%s element %s davit_%s callers_%zu { %s }\n", comes ? "add" : "delete",
		   nft_family(address->family), stack, number, ip_format(address, shown));
}

void nft_allow_called(struct buf *text, const char *stack, bool comes, size_t number,
		      const struct ip *address)
{
	const char *family = nft_family(address->family);
	char shown[IP_TEXT_MAX];

	ip_format(address, shown);
	if (comes)
		buf_printf(text, "add element %s davit_%s guarded { %s : jump allow_%zu }\n",
			   family, stack, shown, number);
	else
		buf_printf(text, "delete element %s davit_%s guarded { %s }\n", family, stack,
			   shown);
}

void nft_allow_bridged(struct buf *text, const char *stack, bool comes, const struct ip *address)
{
	char shown[IP_TEXT_MAX];

	buf_printf(text, "%s element bridge davit_%s called%s { %s }\n", comes ? "add" : "delete",
		   stack, address->family == 6 ? "6" : "", ip_format(address, shown));
}

void nft_allow_port(struct buf *text, const char *stack, bool comes, const char *port)
{
	buf_printf(text, "%s element bridge davit_%s called_ports { \"%s\" }\n",
		   comes ? "add" : "delete", stack, port);
}
