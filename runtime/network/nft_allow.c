// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map "guarded" tells what may be called by some only, and where it is looked up who they are:
 * a chain and a set for each of its numbers. An instance is one element in each that it is in.
 */
#include "runtime/network/nft_allow.h"

#include <arpa/inet.h>

static const char *text_of(struct in_addr address, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

void nft_allow_numbers(struct buf *text, const char *stack, size_t before, size_t after)
{
	if (before)
		buf_printf(text,
			   "flush map ip davit_%s guarded\n"
			   "flush chain ip davit_%s visited\n",
			   stack, stack);
	for (size_t i = 0; i < before; i++)
		buf_printf(text,
			   "flush chain ip davit_%s allow_%zu\n"
			   "delete chain ip davit_%s allow_%zu\n"
			   "delete set ip davit_%s callers_%zu\n",
			   stack, i, stack, i, stack, i);
	for (size_t i = 0; i < after; i++)
		buf_printf(text,
			   "table ip davit_%s {\n"
			   "\tset callers_%zu {\n"
			   "\t\ttype ipv4_addr\n"
			   "\t}\n"
			   "\tchain allow_%zu {\n"
			   "\t\tip saddr != @callers_%zu jump unanswered\n"
			   "\t}\n"
			   "}\n",
			   stack, i, i, i);
}

void nft_allow_host(struct buf *text, const char *stack, size_t number)
{
	buf_printf(text, "add rule ip davit_%s visited jump allow_%zu\n", stack, number);
}

void nft_allow_caller(struct buf *text, const char *stack, bool comes, size_t number,
		      struct in_addr address)
{
	char shown[INET_ADDRSTRLEN];

	buf_printf(text, "%s element ip davit_%s callers_%zu { %s }\n", comes ? "add" : "delete",
		   stack, number, text_of(address, shown));
}

void nft_allow_called(struct buf *text, const char *stack, bool comes, size_t number,
		      struct in_addr address)
{
	char shown[INET_ADDRSTRLEN];

	text_of(address, shown);
	if (comes)
		buf_printf(text, "add element ip davit_%s guarded { %s : jump allow_%zu }\n", stack,
			   shown, number);
	else
		buf_printf(text, "delete element ip davit_%s guarded { %s }\n", stack, shown);
}

void nft_allow_bridged(struct buf *text, const char *stack, bool comes, struct in_addr address)
{
	char shown[INET_ADDRSTRLEN];

	buf_printf(text, "%s element bridge davit_%s called { %s }\n", comes ? "add" : "delete",
		   stack, text_of(address, shown));
}
