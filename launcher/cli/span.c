// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/cli/span.h"

#include "launcher/cli/cli.h"
#include "launcher/cli/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

int64_t span_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int parse(const char *option, const char *text, int64_t *moment_ns)
{
	if (!text || text_moment_ns(text, span_now_ns(), moment_ns) == 0)
		return EXIT_DONE;
	return cli_complain(EXIT_USAGE, "--%s: '%s' is neither a time nor a duration", option,
			    text);
}

int span_parse(const char *since, const char *until, struct span *span)
{
	int code = parse("since", since, &span->since_ns);

	return code == EXIT_DONE ? parse("until", until, &span->until_ns) : code;
}

bool span_has(const struct span *span, int64_t time_ns)
{
	return time_ns >= span->since_ns && time_ns < span->until_ns;
}

bool span_is_over(const struct span *span)
{
	return span->until_ns < INT64_MAX && span_now_ns() >= span->until_ns;
}

int span_wait(const struct span *span, int fd, struct err *err)
{
	struct pollfd news = {.fd = fd, .events = POLLIN};
	int64_t left_ms = -1;

	if (span->until_ns < INT64_MAX) {
		left_ms = (span->until_ns - span_now_ns()) / 1000000 + 1;
		left_ms = left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : left_ms;
	}
	if (poll(&news, 1, (int)left_ms) < 0 && errno != EINTR)
		return err_set(err, errno, "wait for news");
	return 0;
}
