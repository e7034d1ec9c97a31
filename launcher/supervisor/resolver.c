// SPDX-License-Identifier: GPL-2.0-or-later
/* The resolv.conf of a revision; see resolver.h. */
#include "launcher/supervisor/resolver.h"

#include "launcher/resolv.h"
#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <arpa/inet.h>
#include <errno.h>

#define RESOLV_MAX 65536

/* Whose network it is in, as far as that is one of the stack's. */
static const struct service *owner_of(const struct plan *plan)
{
	const struct service *owner = stack_network_owner(plan->manifest->stack, plan->service);

	return owner->network.mode == NETWORK_BRIDGE ? owner : NULL;
}

/* The name server's address; NULL where there is none. */
static const char *find_server(const struct supervisor *sup, const struct plan *plan,
			       char text[static INET_ADDRSTRLEN])
{
	const struct service *owner = owner_of(plan);
	const struct net_network *network =
		owner ? networks_main(sup, plan->manifest->stack, owner) : NULL;

	if (!network || !dns_serves(sup, net_network_name(network)))
		return NULL;
	struct in_addr server = net_server(network);

	return inet_ntop(AF_INET, &server, text, INET_ADDRSTRLEN);
}

static int write_text(const struct supervisor *sup, struct plan *plan, const char *path,
		      struct err *err)
{
	autofree char *host = NULL;
	autobuf struct buf text = {0};
	char address[INET_ADDRSTRLEN];
	const char *server = find_server(sup, plan, address);

	if (sup->resolv_conf && fs_read(sup->resolv_conf, RESOLV_MAX, &host, NULL, err) < 0)
		return -EIO;
	resolv_text(plan->service, host ? host : "", server, &text);
	int r = buf_check(&text, err);

	if (r == 0)
		r = fs_rewrite(path, text.data ? text.data : "", text.len, 0644, err);
	plan->asks_us = r == 0 && server;
	return r;
}

static int make_path(const struct plan *plan, char **ret_path, struct err *err)
{
	if (asprintf(ret_path, "%s/resolv.conf", plan->state_dir) >= 0)
		return 0;
	*ret_path = NULL;
	return err_set(err, ENOMEM, "resolv.conf");
}

int resolver_write(const struct supervisor *sup, struct plan *plan, char **ret_path,
		   struct err *err)
{
	autofree char *path = NULL;

	if (!owner_of(plan) && !resolv_is_own(plan->service))
		return 0;
	int r = make_path(plan, &path, err);

	if (r == 0)
		r = write_text(sup, plan, path, err);
	if (r == 0)
		*ret_path = take_ptr(path);
	return r;
}

bool resolver_serves(const struct supervisor *sup, const struct plan *plan)
{
	char address[INET_ADDRSTRLEN];

	return plan->asks_us || find_server(sup, plan, address);
}

int resolver_prepare(const struct supervisor *sup, struct plan *plan, struct err *err)
{
	autofree char *path = NULL;
	char address[INET_ADDRSTRLEN];

	if (plan->asks_us || !find_server(sup, plan, address))
		return 0;
	int r = make_path(plan, &path, err);

	return r == 0 ? write_text(sup, plan, path, err) : r;
}
