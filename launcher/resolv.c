// SPDX-License-Identifier: GPL-2.0-or-later
/* A service's resolv.conf; see resolv.h. */
#include "launcher/resolv.h"

#include <string.h>

bool resolv_is_own(const struct service *service)
{
	const struct service_network *network = &service->network;

	return network->dns.count || network->dns_search.count || network->dns_options.count;
}

static bool begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\t');
}

/* The lines of the host's file that begin with one of two words. */
static void keep_lines(const char *host, const char *word, const char *other, struct buf *out)
{
	for (const char *line = host; *line;) {
		size_t len = strcspn(line, "\n");

		if (begins(line, word) || begins(line, other))
			buf_printf(out, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void put_line(const char *word, const struct text_list *list, struct buf *out)
{
	buf_puts(out, word);
	for (size_t i = 0; i < list->count; i++)
		buf_printf(out, " %s", list->items[i].value);
	buf_puts(out, "\n");
}

static void put_servers(const struct text_list *servers, const char *host, struct buf *out)
{
	for (size_t i = 0; i < servers->count; i++)
		buf_printf(out, "nameserver %s\n", servers->items[i].value);
	if (!servers->count)
		keep_lines(host, "nameserver", "nameserver", out);
}

void resolv_text(const struct service *service, const char *host, const char *server,
		 struct buf *out)
{
	const struct service_network *network = &service->network;
	const struct text_list *search = &network->dns_search;

	if (server)
		buf_printf(out, "nameserver %s\n", server);
	else
		put_servers(&network->dns, host, out);
	if (search->count && strcmp(search->items[0].value, ".") != 0)
		put_line("search", search, out);
	else if (!search->count)
		keep_lines(host, "search", "domain", out);
	if (network->dns_options.count)
		put_line("options", &network->dns_options, out);
	else
		keep_lines(host, "options", "options", out);
	if (server && !(out->data && strstr(out->data, "ndots:")))
		buf_puts(out, "options ndots:0\n");
}
