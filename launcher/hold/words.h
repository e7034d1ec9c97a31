// SPDX-License-Identifier: GPL-2.0-or-later
/* What a supervisor and the stack's davit-hold say to each other, see launcher/helper/words.h. */
#pragma once

/* To the holder. */
enum hold_word {
	/* "SERVICE PORT LIMIT": connections or datagrams for a service come to the socket that came
	 * along. PORT: of the instances that they are for; 0: the one that connections were made
	 * to. LIMIT: how long they may wait, in ms. One that it has already changes nothing. */
	HOLD_WORD_LISTEN = 'l',
	/* "SERVICE ADDRESS", "SERVICE ADDRESS IPV6-ADDRESS": who serves now; "SERVICE -": nobody;
	 * "SERVICE !": nobody will. */
	HOLD_WORD_TARGET = 't',
	/* "SERVICE": its sockets are no longer needed, but for those that are listed after that. */
	HOLD_WORD_FORGET = 'f',
};

/* From the holder, about "SERVICE". */
enum hold_answer {
	HOLD_ANSWER_WAITING = 'w', /* there are connections or datagrams, and nobody serves */
	HOLD_ANSWER_SERVED = 's',  /* the first one is with who serves now */
	/* "SERVICE NUMBER": so many connections were reset, as nobody has served them in time. */
	HOLD_ANSWER_GIVEN_UP = 'g',
};
