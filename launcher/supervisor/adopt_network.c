// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding an instance's network again; see adopt_network.h. */
#include "launcher/supervisor/adopt_network.h"

#include "launcher/supervisor/join.h"
#include "launcher/supervisor/kept.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_network_of(const struct instance *instance, const struct record *record,
			  int netns_fd)
{
	autofree struct net_link_found *found = NULL;
	struct stat st;
	size_t count = 0;
	struct err err = {0};

	if (fstat(netns_fd, &st) < 0 || st.st_ino != record->netns)
		return false;
	if (net_look(instance->sup->net, netns_fd, &found, &count, &err) < 0) {
		(void)restore_starves(instance->sup, &err);
		return false;
	}
	return count > 0 && found[0].address.s_addr == record->links[0].address.s_addr;
}

/* Of one that has no process: it lives on in those who share it. */
static int find_shared(const struct instance *instance, const struct record *record,
		       const struct found *found)
{
	size_t count = record->netns && record->link_count ? found->situation.group_count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct adopt_group *group = &found->situation.groups[i];
		struct err err = {0};
		autoclose int fd =
			group->count ? proc_namespace(group->processes[0].pid, "net", &err) : -1;

		(void)restore_starves(instance->sup, &err);
		if (fd >= 0 && is_network_of(instance, record, fd))
			return take_fd(&fd);
	}
	return -1;
}

/* What the keeper has is there without a process, too. */
static int find_network(const struct instance *instance, const struct record *record,
			const struct found *found, struct err *err)
{
	int fd = kept_take(instance, KEPT_NETWORK);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (!record->netns || st.st_ino == record->netns))
		return fd;
	if (fd >= 0)
		kept_drop(instance, KEPT_NETWORK);
	fd_drop(&fd);
	return instance->pid > 0 ? proc_namespace(instance->pid, "net", err)
				 : find_shared(instance, record, found);
}

static bool has_links(const struct record *record)
{
	bool has = true;

	for (size_t i = 0; i < record->link_count; i++)
		has = has && record->links[i].outer[0];
	return has;
}

/* The record is older than the links: what is inside tells what is outside. */
static int look_for_links(const struct instance *instance, struct record *record, int netns_fd,
			  struct err *err)
{
	autofree struct net_link_found *found = NULL;
	size_t count = 0;
	int r = net_look(instance->sup->net, netns_fd, &found, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		for (size_t j = 0; j < record->link_count; j++)
			if (strcmp(found[i].network, record->links[j].network) == 0)
				memcpy(record->links[j].outer, found[i].outer, IF_NAMESIZE);
	if (r == 0 && !has_links(record))
		r = err_say(err, ENODEV, "its network lacks a link");
	return r;
}

/* For who is made, that is tried again at the first start, which here has been. */
static bool has_endpoint(struct instance *instance)
{
	struct err err = {0};

	if (join_endpoint(instance, &err) < 0)
		restore_not_adopted(instance->sup, instance->name, &err);
	return instance->endpoint != NULL;
}

void network_take(struct instance *instance, struct record *record, const struct found *found)
{
	autofree struct net_link_place *places = calloc(record->link_count + 1, sizeof(*places));
	struct err err = {0};

	instance->sup->starved |= !places;
	if (!has_endpoint(instance) || !places)
		return;
	autoclose int fd = find_network(instance, record, found, &err);

	if (fd >= 0 && !has_links(record) && look_for_links(instance, record, fd, &err) < 0)
		kept_drop(instance, KEPT_NETWORK);
	if (err.code)
		restore_not_adopted(instance->sup, instance->name, &err);
	if (fd < 0 || err.code)
		return;
	for (size_t i = 0; i < record->link_count; i++)
		places[i] = (struct net_link_place){
			record->links[i].network, record->links[i].address, record->links[i].outer};
	kept_store(instance, KEPT_NETWORK, fd);
	net_endpoint_adopt(instance->endpoint, places, record->link_count, take_fd(&fd));
}
