// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal's native protocol: a datagram per message, a FIELD=value line each. The library's own
 * sender waits while the journal's queue is full, which would stop the whole loop.
 */
#include "launcher/supervisor/journal.h"

#include "launcher/supervisor/log_format.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct journal {
	struct log_trouble trouble;
	struct sockaddr_un address;
	int fd;
	bool full;	   /* nothing more is tried with these bytes */
	uint64_t lost;	   /* messages since the last that was taken */
	struct buf fields; /* those that all messages have */
};

int journal_open(const struct journal_config *config, const struct log_trouble *trouble,
		 struct journal **ret_journal, struct err *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		return err_set(err, ENOMEM, "journal");
	journal->trouble = *trouble;
	journal->address.sun_family = AF_UNIX;
	snprintf(journal->address.sun_path, sizeof(journal->address.sun_path), "%s",
		 config->socket);
	buf_printf(&journal->fields,
		   "SYSLOG_IDENTIFIER=%s\nCONTAINER_NAME=%s\nCONTAINER_TAG=%s\nDAVIT_STACK=%s\n"
		   "DAVIT_SERVICE=%s\nDAVIT_INSTANCE=%s\n",
		   config->tag, config->name, config->tag, config->stack, config->service,
		   config->instance);
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = journal->fd < 0 ? err_set(err, errno, "journal") : buf_check(&journal->fields, err);

	if (r < 0) {
		journal_close(journal);
		return r;
	}
	*ret_journal = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	fd_drop(&journal->fd);
	buf_free(&journal->fields);
	free(journal);
}

static struct iovec piece(const char *text, size_t len)
{
	return (struct iovec){.iov_base = (char *)text, .iov_len = len};
}

/* @kind	the fields in front of the text, "MESSAGE=" the last */
static bool send_one(struct journal *journal, const char *kind, const char *text, size_t len)
{
	struct iovec pieces[] = {
		piece(journal->fields.data, journal->fields.len),
		piece(kind, strlen(kind)),
		piece(text, len),
		piece("\n", 1),
	};
	const struct msghdr message = {
		.msg_name = &journal->address,
		.msg_namelen = sizeof(journal->address),
		.msg_iov = pieces,
		.msg_iovlen = ARRAY_SIZE(pieces),
	};

	return sendmsg(journal->fd, &message, MSG_NOSIGNAL) >= 0;
}

static void lose(struct journal *journal, int code)
{
	if (journal->lost++ > 0 || !journal->trouble.fn)
		return;
	journal->trouble.fn(journal->trouble.data,
			    &(struct log_news){.code = code, .journal = true});
}

/* Before the first message that follows. */
static void say_loss(struct journal *journal)
{
	uint64_t lost = journal->lost;
	char text[64];
	int len = snprintf(text, sizeof(text), "davit: %llu messages are lost",
			   (unsigned long long)lost);

	if (!send_one(journal, "PRIORITY=4\nMESSAGE=", text, (size_t)len))
		return;
	journal->lost = 0;
	if (journal->trouble.fn)
		journal->trouble.fn(journal->trouble.data,
				    &(struct log_news){.journal = true, .lost = lost});
}

static void take_line(struct journal *journal, bool is_stderr, bool whole, const char *text,
		      size_t len)
{
	static const char *const kinds[2][2] = {
		{"PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=", "PRIORITY=6\nMESSAGE="},
		{"PRIORITY=3\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=", "PRIORITY=3\nMESSAGE="},
	};

	if (journal->lost > 0 && !journal->full)
		say_loss(journal);
	bool sent = !journal->full && journal->lost == 0 &&
		    send_one(journal, kinds[is_stderr][whole], text, len);

	if (sent)
		return;
	journal->full = true;
	lose(journal, errno);
}

void journal_write(struct journal *journal, bool is_stderr, const char *bytes, size_t len)
{
	journal->full = false;
	for (size_t done = 0; done < len;) {
		size_t limit = len - done < LOG_PART_BYTES ? len - done : LOG_PART_BYTES;
		const char *newline = memchr(bytes + done, '\n', limit);
		size_t text = newline ? (size_t)(newline - bytes) - done : limit;

		take_line(journal, is_stderr, newline, bytes + done, text);
		done += text + (newline ? 1 : 0);
	}
}
