// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An endpoint's namespace and links, as the kernel makes them; see wiring.h. It knows nothing but
 * what it is told.
 */
#include "runtime/network/wiring.h"

#include "runtime/base/cleanup.h"
#include "runtime/network/net_private.h"

static int open_inside(void *data, struct err *err)
{
	return rtnet_open(data, err);
}

size_t wiring_bytes(size_t count)
{
	return sizeof(struct wiring) + count * sizeof(struct wiring_end);
}

static struct rtnet_way way_of(const struct wiring_end *end, const struct wiring_way *way)
{
	return (struct rtnet_way){.address = way->address,
				  .prefix = way->prefix,
				  .gateway = way->gateway,
				  .gateway_mac = end->gateway_mac,
				  .leads_out = end->leads_out};
}

struct sockets {
	struct rtnet *inside, *outside;
	int home_fd; /* the namespace of the latter */
};

/* Both ends of a link. IPv6 goes off before the outer end is up: it would send neighbour discovery
 * to all instances. */
static int connect_end(const struct wiring *wiring, unsigned i, const struct sockets *sockets,
		       struct err *err)
{
	const struct wiring_end *end = &wiring->ends[i];
	const struct rtnet_owner owner = {wiring->group, wiring->alias};
	const struct rtnet_port port = {.name = end->link,
					.bridge_index = end->bridge_index,
					.address = end->way.address,
					.address6 = end->way6.address,
					.mac = end->mac};
	const struct rtnet_veth veth = {.host_name = end->link,
					.host_netns_fd = sockets->home_fd,
					.name = end->interface,
					.number = i,
					.way = way_of(end, &end->way),
					.mac = end->mac,
					.mtu = end->mtu};
	int r = rtnet_endpoint_make(sockets->inside, &veth, err);

	if (r == 0)
		r = net_link_sysctl("ipv6", end->link, "disable_ipv6", "1", err);
	return r == 0 ? rtnet_port_attach(sockets->outside, &port, &owner, err) : r;
}

struct six {
	const struct wiring *wiring;
	struct sysctl *sysctl;
};

static int allow_six(void *data, struct err *err)
{
	const struct six *six = data;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < six->wiring->count; i++)
		if (six->wiring->ends[i].six)
			r = net_six_link(six->sysctl, six->wiring->ends[i].interface, err);
	return r;
}

/* Beside IPv4, which is there already. */
static int connect_six(const struct wiring *wiring, struct rtnet *inside, struct err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < wiring->count; i++) {
		const struct rtnet_way way = way_of(&wiring->ends[i], &wiring->ends[i].way6);

		if (way.address.family)
			r = rtnet_endpoint_ipv6(inside, i, &way, err);
	}
	return r;
}

static bool has_six(const struct wiring *wiring)
{
	for (unsigned i = 0; i < wiring->count; i++)
		if (wiring->ends[i].six)
			return true;
	return false;
}

int wiring_run(const struct wiring *wiring, struct rtnet *outside, const struct netns_home *home,
	       int *ret_netns_fd, struct err *err)
{
	struct six six = {wiring, home->sysctl};
	struct sockets sockets = {NULL, outside, home->fd};
	autoclose int fd = -1;
	int r = netns_make(home, open_inside, &sockets.inside, &fd, err);

	for (unsigned i = 0; r == 0 && i < wiring->count; i++)
		r = connect_end(wiring, i, &sockets, err);
	if (r == 0 && has_six(wiring))
		r = netns_visit(fd, allow_six, &six, err);
	if (r == 0)
		r = connect_six(wiring, sockets.inside, err);
	rtnet_close(sockets.inside);
	if (r == 0)
		*ret_netns_fd = take_fd(&fd);
	return r;
}
