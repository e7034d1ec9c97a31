// SPDX-License-Identifier: GPL-2.0-or-later
/* The CRI log format; see cri.h. The text behind the tag is arbitrary bytes. */
#include "launcher/cli/cri.h"

#include "launcher/cli/text.h"

#include <errno.h>
#include <string.h>

/* Moves the next space-ended word out of *at; its length, or 0 when there is none. */
static size_t next_word(const char **at, const char *end, const char **ret_word)
{
	const char *space = memchr(*at, ' ', (size_t)(end - *at));

	*ret_word = *at;
	if (!space)
		return 0;
	*at = space + 1;
	return (size_t)(space - *ret_word);
}

int cri_parse(const char *line, size_t len, struct cri_line *ret_line)
{
	const char *at = line;
	const char *end = line + len;
	const char *word = NULL;
	struct cri_line parsed = {0};
	size_t word_len = next_word(&at, end, &word);

	if (word_len == 0 || text_time_ns(word, word_len, &parsed.time_ns) < 0)
		return -EBADMSG;
	word_len = next_word(&at, end, &word);
	if (word_len != 6 || (memcmp(word, "stdout", 6) != 0 && memcmp(word, "stderr", 6) != 0))
		return -EBADMSG;
	parsed.is_stderr = word[3] == 'e';
	/* Tags may grow suffixes (F:…); an empty text may lack its space. */
	if (at >= end || (*at != 'F' && *at != 'P'))
		return -EBADMSG;
	parsed.partial = *at == 'P';
	parsed.text = end;
	if (next_word(&at, end, &word) > 0)
		parsed.text = at;
	parsed.len = (size_t)(end - parsed.text);
	*ret_line = parsed;
	return 0;
}
