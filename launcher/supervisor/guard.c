// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether to heed a request; see guard.h. */
#include "launcher/supervisor/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* A name is at most 253 characters long. */
#define HOST_MAX 256

/* "[::1]:9000" to "::1", in @name. False: it is too long, or has no end. */
static bool cut_port(const char *host, char name[static HOST_MAX])
{
	bool brackets = host[0] == '[';
	const char *end = strchr(host, brackets ? ']' : ':');
	size_t len = end ? (size_t)(end - host) : strlen(host);

	if (len >= HOST_MAX || (brackets && !end))
		return false;
	memcpy(name, host + brackets, len - brackets);
	name[len - brackets] = '\0';
	return !brackets || end[1] == '\0' || end[1] == ':';
}

bool guard_host(const char *host, const char *own_name)
{
	struct in6_addr address;
	char name[HOST_MAX];

	if (!host || !cut_port(host, name))
		return false;
	if (host[0] == '[')
		return inet_pton(AF_INET6, name, &address) == 1;
	return inet_pton(AF_INET, name, &address) == 1 || strcasecmp(name, "localhost") == 0 ||
	       (own_name[0] && strcasecmp(name, own_name) == 0);
}

bool guard_origin(const char *origin, const char *host)
{
	static const char *const schemes[] = {"http://", "https://"}; /* (a proxy's) */

	if (!origin)
		return true;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]);

		if (strncmp(origin, schemes[i], len) == 0 && strcasecmp(origin + len, host) == 0)
			return true;
	}
	return false;
}

bool guard_token(const char *authorization, const char token[static GUARD_TOKEN_CHARS + 1])
{
	static const char scheme[] = "Bearer ";
	unsigned char different = 0;

	if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return false;
	const char *said = authorization + strlen(scheme);

	if (strlen(said) != GUARD_TOKEN_CHARS || strlen(token) != GUARD_TOKEN_CHARS)
		return false;
	for (size_t i = 0; i < GUARD_TOKEN_CHARS; i++)
		different |= (unsigned char)(said[i] ^ token[i]);
	return different == 0;
}
