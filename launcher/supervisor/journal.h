// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of one instance to the host's journal, in its native protocol. Never waits: what the
 * journal does not take at once is lost to it, counted, and said there when it takes lines again.
 */
#pragma once

#include "launcher/supervisor/log_file.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
/* What is read at once of an instance whose every line costs a system call. */
#define JOURNAL_READ_BYTES 2048

struct journal;

struct journal_config {
	const char *socket; /* NULL: this instance's lines are not for the journal */
	const char *stack;
	const char *service;
	const char *instance;
	const char *name; /* CONTAINER_NAME */
	const char *tag;  /* SYSLOG_IDENTIFIER */
};

/* A journal that is not there (yet) is trouble, but no error. Texts must have no newline. */
int journal_open(const struct journal_config *config, const struct log_trouble *trouble,
		 struct journal **ret_journal, struct err *err) must_check;

/* Accepts NULL. */
void journal_close(struct journal *journal);

/* A message per line; what does not end with a newline is marked as a part of one. */
void journal_write(struct journal *journal, bool is_stderr, const char *bytes, size_t len);
