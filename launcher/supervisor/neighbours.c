// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of several stacks in one network; see neighbours.h. */
#include "launcher/supervisor/neighbours.h"

#include "launcher/supervisor/dns.h"
#include "launcher/supervisor/neighbour_names.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAMES_MAX   (16 << 20)
#define SOCKET_NAME "names.sock"

/* What cannot be told is tried again so soon, be there a change or not. */
#define AGAIN_MS 1000

/* Where who has new names says so. */
struct neighbours {
	struct supervisor *sup;
	int fd;
	struct watch *watch;
	struct watch *again; /* what could not be told */
};

static void on_word(void *data, int fd, uint32_t events)
{
	struct neighbours *neighbours = data;
	char byte;

	(void)events;
	while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
		;
	dns_write(neighbours->sup);
}

static void on_again(void *data)
{
	const struct neighbours *neighbours = data;

	dns_write(neighbours->sup);
}

/* By way of a descriptor, as a directory's name may be too long for an address. */
static int bind_socket(const struct supervisor *sup, int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autoclose int dir_fd = open(sup->run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return -errno;
	(void)unlinkat(dir_fd, SOCKET_NAME, 0); /* a predecessor's */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
		 dir_fd);
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static struct neighbours *neighbours_open(struct supervisor *sup)
{
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct neighbours *neighbours = calloc(1, sizeof(*neighbours));
	struct err err = {0};

	if (!neighbours)
		return NULL;
	*neighbours = (struct neighbours){.sup = sup, .fd = fd};
	int r = fd < 0 ? -errno : bind_socket(sup, fd);

	if (r == 0)
		r = loop_watch_fd(sup->loop, &(struct loop_io){fd, EPOLLIN, on_word, neighbours},
				  &neighbours->watch, &err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, on_again, neighbours, &neighbours->again, &err);
	if (r < 0) {
		if (!sup->deaf)
			supervisor_log(sup, "event=deaf what=neighbours error=\"%s\"",
				       *err.text ? err.text : strerror(-r));
		sup->deaf = true;
		watch_free(neighbours->watch);
		free(neighbours);
		return NULL;
	}
	(void)take_fd(&fd);
	sup->deaf = false;
	return neighbours;
}

static void wake(const struct supervisor *sup, int stacks_fd, const char *stack)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	/* stacks, the network, all networks, the run directory of all */
	if (snprintf(address.sun_path, sizeof(address.sun_path),
		     "/proc/self/fd/%d/../../../%s/" SOCKET_NAME, stacks_fd,
		     stack) >= (int)sizeof(address.sun_path))
		return;
	/* Nobody there reads all when it comes; a full queue is a word already. */
	(void)!sendto(sup->neighbours->fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&address, sizeof(address));
}

static int write_names(const struct net_shared *shared, const char *stack, const char *names,
		       size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), ".%.200s.new", stack);
	autoclose int fd = openat(shared->stacks_fd, path,
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, names, len) != (ssize_t)len)
		return -EIO;
	return renameat(shared->stacks_fd, path, shared->stacks_fd, stack);
}

static void tell(struct supervisor *sup, struct network_made *made, const char *names,
		 const struct strv *others)
{
	const struct net_shared shared = net_network_shared(net_network_find(sup->net, made->key));

	if (made->told && strcmp(made->told, names) == 0)
		return;
	free(take_ptr(made->told));
	if (write_names(&shared, sup->name, names, strlen(names)) == 0)
		made->told = strdup(names);
	/* Who is woken tells us in turn: two that cannot write would wake each other for ever. */
	if (!made->told) {
		watch_arm(sup->neighbours->again, AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < others->count; i++)
		wake(sup, shared.stacks_fd, others->items[i]);
}

/* Who has gone meanwhile has no names. @own: sorted */
static void hear(struct supervisor *sup, const struct net_network *network,
		 const struct strv *others, const struct neighbour_names *own, struct buf *text)
{
	const struct net_shared shared = net_network_shared(network);
	const struct net_place place = net_network_place(network);
	const struct neighbour_subnets subnets = {{ip_of_in(place.address), place.prefix},
						  place.subnet6};

	for (size_t i = 0; i < others->count; i++) {
		autofree char *names = NULL;
		struct err err = {0};
		char path[384];

		snprintf(path, sizeof(path), "/proc/self/fd/%d/%.255s", shared.stacks_fd,
			 others->items[i]);
		int r = fs_read(path, NAMES_MAX, &names, NULL, &err);

		if (r == 0)
			neighbour_names_put(names, own, &subnets, text);
		else if (err_is_shortage(r))
			publish_names_again(sup, err.text);
	}
}

void neighbours_names(struct supervisor *sup, struct network_made *made, const struct buf *own,
		      struct buf *text)
{
	const struct net_network *network = net_network_find(sup->net, made->key);
	const char *names = own->data ? own->data : "";
	struct neighbour_names known = {0};
	autostrv struct strv others = {0};

	if (!net_network_shared(network).known_as || own->failed)
		return;
	if (!sup->neighbours)
		sup->neighbours = neighbours_open(sup);
	net_network_others(network, &others);
	if (others.failed || !sup->neighbours)
		publish_names_again(sup, "names of other stacks");
	else if (!others.count)
		free(take_ptr(made->told)); /* whoever comes is told */
	if (!others.count || !sup->neighbours)
		return;
	tell(sup, made, names, &others);
	if (neighbour_names_read(names, &known) == 0)
		hear(sup, network, &others, &known, text);
	else
		publish_names_again(sup, "out of memory");
	neighbour_names_free(&known);
}

void neighbours_staying(const struct supervisor *sup, struct strv *lines)
{
	for (const struct network_made *made = sup->networks; made; made = made->next) {
		const struct net_network *network = net_network_find(sup->net, made->key);
		autostrv struct strv others = {0};

		if (made->joined || !network)
			continue;
		net_network_others(network, &others);
		for (size_t i = 0; i < others.count; i++)
			strv_addf(lines, "network %s stays: %s is in it",
				  net_network_shared(network).known_as, others.items[i]);
	}
}

void neighbours_close(struct supervisor *sup)
{
	struct neighbours *neighbours = sup->neighbours;

	if (!neighbours)
		return;
	for (struct network_made *made = sup->networks; sup->net && made; made = made->next) {
		autostrv struct strv others = {0};

		net_network_others(net_network_find(sup->net, made->key), &others);
		if (others.count)
			tell(sup, made, "", &others);
	}
	watch_free(neighbours->watch);
	watch_free(neighbours->again);
	fd_drop(&neighbours->fd);
	free(neighbours);
	sup->neighbours = NULL;
}
