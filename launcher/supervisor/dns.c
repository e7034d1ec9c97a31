// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that answers for names; see dns.h. */
#include "launcher/supervisor/dns.h"

#include "launcher/dns/words.h"
#include "launcher/helper/words.h"
#include "launcher/supervisor/helper.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	   53
#define BIND_TRIES 10

/* The two of one network. */
struct dns_socket {
	struct dns_socket *next;
	char *key;
	int udp_fd;
	int tcp_fd;
	unsigned handed; /* how many of the two the process has */
	unsigned tries;	 /* to bind them */
};

struct dns {
	struct helper helper;
	struct supervisor *sup;
	struct dns_socket *sockets;
	char *names; /* what it was told, or has to be */
	bool names_due;
};

static void kept_name(char name[static KEEP_NAME_MAX + 1], const char *kind, const char *key)
{
	snprintf(name, KEEP_NAME_MAX + 1, "dns-%s %.50s", kind, key);
}

static void store(const struct dns *dns, const struct dns_socket *one)
{
	char name[KEEP_NAME_MAX + 1];

	kept_name(name, "udp", one->key);
	err_ignore(keep_store(dns->sup->keep, name, one->udp_fd, NULL));
	kept_name(name, "tcp", one->key);
	err_ignore(keep_store(dns->sup->keep, name, one->tcp_fd, NULL));
}

static int take(const struct dns *dns, const char *kind, const char *key)
{
	char name[KEEP_NAME_MAX + 1];

	kept_name(name, kind, key);
	int fd = keep_take(dns->sup->keep, name);

	return fd < 0 ? -1 : fd;
}

static void drop(const struct dns *dns, const char *kind, const char *key)
{
	char name[KEEP_NAME_MAX + 1];

	kept_name(name, kind, key);
	keep_drop(dns->sup->keep, name);
}

static void socket_free(struct dns_socket *one)
{
	if (!one)
		return;
	fd_drop(&one->udp_fd);
	fd_drop(&one->tcp_fd);
	free(one->key);
	free(one);
}

static struct dns_socket *socket_new(const char *key)
{
	struct dns_socket *one = calloc(1, sizeof(*one));

	if (!one)
		return NULL;
	*one = (struct dns_socket){.key = strdup(key), .udp_fd = -1, .tcp_fd = -1};
	if (one->key)
		return one;
	socket_free(one);
	return NULL;
}

static struct dns_socket *socket_find(const struct dns *dns, const char *key)
{
	struct dns_socket *one = dns->sockets;

	while (one && strcmp(one->key, key) != 0)
		one = one->next;
	return one;
}

static bool is_bound(const struct dns_socket *one)
{
	return one->udp_fd >= 0 && one->tcp_fd >= 0;
}

/* A predecessor's process that nobody has written down may still have to notice that. */
static void bind_socket(struct dns *dns, struct dns_socket *one)
{
	const struct net_network *network = net_network_find(dns->sup->net, one->key);
	struct err err = {0};
	int r = network ? 0 : err_set(&err, ENOENT, "network");

	if (r == 0 && one->udp_fd < 0)
		r = net_server_socket(network, SOCK_DGRAM, PORT, &one->udp_fd, &err);
	if (r == 0 && one->tcp_fd < 0)
		r = net_server_socket(network, SOCK_STREAM, PORT, &one->tcp_fd, &err);
	one->tries++;
	if (r == 0)
		store(dns, one);
	else if (one->tries < BIND_TRIES)
		helper_wake(&dns->helper);
	if (r < 0 && one->tries == 1)
		supervisor_log(dns->sup, "network=%s event=no-name-server error=\"%s\"", one->key,
			       err.text);
}

static void add_socket(struct dns *dns, const char *key)
{
	struct dns_socket *one = socket_new(key);

	if (!one) {
		publish_names_again(dns->sup, "out of memory");
		return;
	}
	one->next = dns->sockets;
	dns->sockets = one;
	one->udp_fd = take(dns, "udp", key);
	one->tcp_fd = take(dns, "tcp", key);
	if (!is_bound(one))
		bind_socket(dns, one);
}

bool dns_serves(const struct supervisor *sup, const char *network)
{
	const struct dns_socket *one = sup->dns ? socket_find(sup->dns, network) : NULL;

	return one && is_bound(one);
}

static int send_names(const struct dns *dns, int control_fd)
{
	autoclose int fd = memfd_create("names", MFD_CLOEXEC);
	size_t len = strlen(dns->names);

	if (fd < 0)
		return -EAGAIN;
	if (write(fd, dns->names, len) != (ssize_t)len)
		return -EAGAIN;
	return words_send(control_fd, DNS_WORD_NAMES, "", fd);
}

static int send_socket(struct dns_socket *one, int control_fd)
{
	int r = 0;

	if (one->handed == 0 && is_bound(one)) {
		r = words_send(control_fd, DNS_WORD_UDP, one->key, one->udp_fd);
		one->handed += r == 0;
	}
	if (r == 0 && one->handed == 1) {
		r = words_send(control_fd, DNS_WORD_TCP, one->key, one->tcp_fd);
		one->handed += r == 0;
	}
	return r;
}

static int tell(void *data, int control_fd)
{
	struct dns *dns = data;
	int r = 0;

	for (struct dns_socket *one = dns->sockets; r == 0 && one; one = one->next)
		r = send_socket(one, control_fd);
	if (r == 0 && dns->names_due && dns->names) {
		r = send_names(dns, control_fd);
		dns->names_due = r < 0;
	}
	return r;
}

static void on_begun(void *data)
{
	struct dns *dns = data;

	for (struct dns_socket *one = dns->sockets; one; one = one->next)
		one->handed = 0;
	dns->names_due = true;
}

static void on_timer(void *data)
{
	struct dns *dns = data;

	for (struct dns_socket *one = dns->sockets; one; one = one->next)
		if (!is_bound(one) && one->tries < BIND_TRIES)
			bind_socket(dns, one);
}

static const struct helper_kind kind = {
	.program = "davit-dns",
	.name = "dns",
	.event = "name-server",
	.begun = on_begun,
	.tell = tell,
	.timer = on_timer,
};

static struct dns *dns_open(struct supervisor *sup)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return NULL;
	dns->sup = sup;
	if (helper_open(&dns->helper, sup, &kind, dns) == 0)
		return dns;
	free(dns);
	return NULL;
}

void dns_write(struct supervisor *sup)
{
	autobuf struct buf text = {0};
	struct err err = {0};

	if (!sup->net || !sup->networks)
		return;
	if (!sup->dns)
		sup->dns = dns_open(sup);
	struct dns *dns = sup->dns;

	if (!dns) {
		publish_names_again(sup, "out of memory");
		return;
	}
	for (const struct network_made *made = sup->networks; made; made = made->next) {
		struct dns_socket *one = socket_find(dns, made->key);

		if (!one) {
			add_socket(dns, made->key);
		} else if (!is_bound(one)) {
			one->tries = 1; /* said once; who has the port may give it up at last */
			bind_socket(dns, one);
		}
	}
	dns_names(sup, &text);
	if (buf_check(&text, &err) < 0) {
		publish_names_again(sup, err.text);
		return;
	}
	if (!dns->names || strcmp(dns->names, text.data) != 0) {
		free(dns->names);
		dns->names = buf_take(&text);
		dns->names_due = true;
	}
	helper_tell(&dns->helper);
}

void dns_purge(const struct supervisor *sup)
{
	helper_purge(sup, &kind);
}

void dns_adopt(struct supervisor *sup)
{
	struct dns *dns = sup->net ? dns_open(sup) : NULL;

	if (!dns)
		return;
	sup->dns = dns;
	bool adopted = helper_adopt(&dns->helper);

	for (const struct network_made *made = sup->networks; made; made = made->next)
		add_socket(dns, made->key);
	/* What one that is adopted has got, it has. */
	for (struct dns_socket *one = dns->sockets; one && adopted; one = one->next)
		one->handed = is_bound(one) && one->tries == 0 ? 2 : 0;
}

void dns_close(struct supervisor *sup)
{
	struct dns *dns = sup->dns;

	if (!dns)
		return;
	sup->dns = NULL;
	helper_close(&dns->helper);
	while (dns->sockets) {
		struct dns_socket *one = dns->sockets;

		dns->sockets = one->next;
		drop(dns, "udp", one->key);
		drop(dns, "tcp", one->key);
		socket_free(one);
	}
	free(dns->names);
	free(dns);
}
