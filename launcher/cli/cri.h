// SPDX-License-Identifier: GPL-2.0-or-later
/* One line of a log file in the CRI format: "TIME stdout|stderr F|P TEXT". Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cri_line {
	int64_t time_ns;
	bool is_stderr;
	bool partial;	  /* P: the line goes on in the next of its stream */
	const char *text; /* inside the parsed bytes */
	size_t len;
};

/* @line without its newline. Returns 0 or -EBADMSG. */
int cri_parse(const char *line, size_t len, struct cri_line *ret_line)
	__attribute__((warn_unused_result));
