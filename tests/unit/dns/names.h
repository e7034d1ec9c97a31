// SPDX-License-Identifier: GPL-2.0-or-later
/* A stack of two networks and an internal one, as the supervisor would tell of it. */
#pragma once

#include "tests/unit/cmocka_all.h"

#include "launcher/dns/table.h"

#include <string.h>

static const char names_text[] = "network back 10.0.1.1/24 open\n"
				 "name web 10.0.1.254\n"
				 "name www 10.0.1.254\n"
				 "name tasks.web 10.0.1.2 10.0.1.3\n"
				 "name tasks.web 10.0.1.4\n"
				 "name web-1 10.0.1.2 fd00::2\n"
				 "name idle\n"
				 "pointer 10.0.1.254 web\n"
				 "pointer 10.0.1.2 web-1\n"
				 "pointer fd00::2 web-1\n"
				 "network front 10.0.2.1/24 open\n"
				 "name web 10.0.2.254\n"
				 "name proxy 10.0.2.253\n"
				 "pointer 10.0.2.253 proxy\n"
				 "network inner 10.0.3.1/24 internal\n"
				 "name db 10.0.3.254\n"
				 "view back\n"
				 "client 10.0.1.2 10.0.1.3\n"
				 "view front back\n"
				 "upstream 192.0.2.53 2001:db8::53\n"
				 "link shop web\n"
				 "client 10.0.2.9 10.0.1.9\n"
				 "view inner\n"
				 "client 10.0.3.5\n";

static inline struct table *names_table(void)
{
	struct table *table = NULL;
	struct err err = {0};

	if (table_parse(names_text, strlen(names_text), &table, &err) < 0)
		fail_msg("%s", err.text);
	return table;
}

static inline struct ip names_ip(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return ip;
}

static inline struct table_asker names_asker(const struct table *table, const char *network,
					     const char *client)
{
	struct ip ip = names_ip(client);
	struct table_asker asker;

	assert_true(table_ask(table, network, &ip, &asker));
	return asker;
}
