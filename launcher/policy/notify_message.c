// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading sd_notify datagrams; see notify_message.h. */
#include "launcher/policy/notify_message.h"

#include <ctype.h>
#include <string.h>

/* The value when the line is NAME=…, else NULL. */
static const char *value_of(const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);

	if ((size_t)(end - line) <= len || memcmp(line, name, len) != 0 || line[len] != '=')
		return NULL;
	return line + len + 1;
}

static bool is_word(const char *value, const char *end, const char *word)
{
	return (size_t)(end - value) == strlen(word) && memcmp(value, word, strlen(word)) == 0;
}

/* Microseconds, rounded up to milliseconds; 0 for what is no number or absurdly large. */
static int64_t read_usec(const char *value, const char *end)
{
	int64_t usec = 0;

	for (; value < end; value++) {
		if (!isdigit((unsigned char)*value) || usec > INT64_C(1) << 50)
			return 0;
		usec = usec * 10 + (*value - '0');
	}
	return (usec + 999) / 1000;
}

/* What is not plain text would reach terminals and logs. */
static void read_status(const char *value, const char *end, struct notify_message *message)
{
	size_t len = 0;

	for (; value < end && len < NOTIFY_STATUS_MAX - 1; value++) {
		unsigned char byte = (unsigned char)*value;

		message->status[len++] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
	}
	/* Not in the middle of a character. */
	while (value < end && len && ((unsigned char)*value & 0xc0) == 0x80) {
		value--;
		len--;
	}
	message->status[len] = '\0';
	message->has_status = true;
}

static void read_line(const char *line, const char *end, struct notify_message *message)
{
	const char *value;

	if ((value = value_of(line, end, "READY")))
		message->ready |= is_word(value, end, "1");
	else if ((value = value_of(line, end, "STOPPING")))
		message->stopping |= is_word(value, end, "1");
	else if ((value = value_of(line, end, "WATCHDOG")))
		message->watchdog = is_word(value, end, "trigger") ? NOTIFY_WATCHDOG_TRIGGER
				    : is_word(value, end, "1")	   ? NOTIFY_WATCHDOG_ALIVE
								   : message->watchdog;
	else if ((value = value_of(line, end, "WATCHDOG_USEC")))
		message->watchdog_ms = read_usec(value, end);
	else if ((value = value_of(line, end, "STATUS")))
		read_status(value, end, message);
}

void notify_message_read(const char *bytes, size_t len, struct notify_message *ret_message)
{
	const char *end = bytes + len;

	*ret_message = (struct notify_message){0};
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *line_end = newline ? newline : end;

		read_line(bytes, line_end, ret_message);
		bytes = line_end + 1;
	}
}
