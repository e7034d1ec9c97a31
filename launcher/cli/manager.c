// SPDX-License-Identifier: GPL-2.0-or-later
/* One datagram to a service manager; see manager.h, and sd_notify(3) for what it means. */
#include "launcher/cli/manager.h"

#include "launcher/cli/client.h"
#include "runtime/base/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* 0: it has none, or does not say. */
static int64_t keeper_pid(const char *stack)
{
	const struct client_request request = {.method = "GET", .path = "/v1/version"};
	autoanswer struct client_answer answer = {0};

	return client_call(stack, &request, &answer, NULL) < 0 ? 0
							       : js_int(answer.json, "keeper", 0);
}

void manager_ready(const char *stack)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	char text[64];

	if (len == 0 || len >= sizeof(address.sun_path) || !strchr("/@", path[0]))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t keeper = keeper_pid(stack);

	if (keeper > 0)
		snprintf(text, sizeof(text), "MAINPID=%lld\nREADY=1\n", (long long)keeper);
	else
		snprintf(text, sizeof(text), "READY=1\n");
	if (fd >= 0)
		(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
