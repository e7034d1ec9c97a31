// SPDX-License-Identifier: GPL-2.0-or-later
/* What a supervisor tells the stack's davit-dns, every word with a descriptor. */
#pragma once

enum dns_word {
	DNS_WORD_UDP = 'u',   /* a socket of the network KEY, bound */
	DNS_WORD_TCP = 't',   /* another one, which listens */
	DNS_WORD_NAMES = 'n', /* a file with all names, see table.h */
};
