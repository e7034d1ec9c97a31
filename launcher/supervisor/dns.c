// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that answers for names; see dns.h. */
#include "launcher/supervisor/dns.h"

#include "launcher/dns/wire.h"
#include "launcher/paths.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"
#include "runtime/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEPT_DNS     "dns"
#define PORT	     53
#define NOBODY	     65534
#define BEHIND_MS    20	  /* it has not read what it was told before */
#define QUICK_MS     1000 /* ends sooner than this */
#define QUICK_MAX    3	  /* are followed at once so many times in a row, then */
#define PAUSE_MS     1000 /* after this */
#define END_MS	     1000
#define BIND_TRIES   10
#define CHILD_FD     3
#define RECORD_BYTES 256

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
	struct supervisor *sup;
	struct dns_socket *sockets;
	int control_fd; /* -1: there is no process */
	int pidfd;
	struct watch *end_watch;
	struct watch *timer;
	int64_t started_ms;
	unsigned quick_ends;
	char *names; /* what it was told, or has to be */
	bool names_due;
};

/* What is written of a process, to be found again. */
struct record {
	int pid;
	uint64_t start_ticks;
	uint64_t program; /* its file, as it was then */
};

static void flush(struct dns *dns);

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
		r = net_gateway_socket(network, SOCK_DGRAM, PORT, &one->udp_fd, &err);
	if (r == 0 && one->tcp_fd < 0)
		r = net_gateway_socket(network, SOCK_STREAM, PORT, &one->tcp_fd, &err);
	one->tries++;
	if (r == 0)
		store(dns, one);
	else if (one->tries < BIND_TRIES)
		watch_arm(dns->timer, PAUSE_MS);
	if (r < 0 && one->tries == 1)
		supervisor_log(dns->sup, "network=%s event=no-name-server error=\"%s\"", one->key,
			       err.text);
}

static void add_socket(struct dns *dns, const char *key)
{
	struct dns_socket *one = socket_new(key);

	if (!one)
		return;
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

static char *record_path(const struct supervisor *sup)
{
	char *path = NULL;

	return asprintf(&path, "%s/dns", sup->run_dir) < 0 ? NULL : path;
}

/* So that a program that is installed anew is another one. */
static uint64_t program_id(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	return (uint64_t)status.st_ino ^ (uint64_t)status.st_mtim.tv_sec << 20 ^
	       (uint64_t)status.st_mtim.tv_nsec << 32;
}

static bool record_read(const struct supervisor *sup, struct record *ret)
{
	autofree char *path = record_path(sup);
	autofree char *text = NULL;

	return path && fs_read(path, RECORD_BYTES, &text, NULL, NULL) == 0 &&
	       sscanf(text, "%d %" SCNu64 " %" SCNu64, &ret->pid, &ret->start_ticks,
		      &ret->program) == 3;
}

/* One that cannot be found again is of no harm: it is the keeper's word that counts first. */
static void record_write(const struct supervisor *sup, pid_t pid, const char *program)
{
	autofree char *path = record_path(sup);
	char text[RECORD_BYTES];
	struct proc_info info;

	if (!path || proc_read(pid, &info, NULL) < 0)
		return;
	int len = snprintf(text, sizeof(text), "%d %" PRIu64 " %" PRIu64 "\n", (int)pid,
			   info.start_ticks, program_id(program));

	err_ignore(fs_write_atomic(path, text, (size_t)len, 0600, NULL));
}

/* While the file is there, and nobody has written another, it is not superseded. */
static void tell_record(const struct dns *dns)
{
	autofree char *path = record_path(dns->sup);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		err_ignore(dns_wire_send(dns->control_fd, DNS_WORD_RECORD, "", fd));
}

/* Ends it, and waits for that: its sockets are free then. */
static void kill_process(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	siginfo_t info;

	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* it may have ended by itself */
	(void)poll(&ended, 1, END_MS);
	(void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG); /* or it is not our child */
}

static void forget_process(struct dns *dns)
{
	keep_drop(dns->sup->keep, KEPT_DNS);
	watch_free(take_ptr(dns->end_watch));
	fd_drop(&dns->control_fd);
	fd_drop(&dns->pidfd);
}

/* The last id of the stack's range: no other user of the host's has it. */
static uint32_t server_id(const struct supervisor *sup)
{
	return sup->ids.userns_fd < 0 ? NOBODY : sup->ids.first + sup->ids.count - 1;
}

static int spawn(const char *program, uint32_t id, int control_fd, pid_t *ret_pid)
{
	char fd_text[] = {'0' + CHILD_FD, '\0'};
	char id_text[16];
	char *argv[] = {(char *)(uintptr_t)program, fd_text, id_text, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;

	snprintf(id_text, sizeof(id_text), "%" PRIu32, id);
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	int failed = posix_spawn_file_actions_adddup2(&files, control_fd, CHILD_FD);

	if (!failed)
		failed = posix_spawn(ret_pid, program, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -failed;
}

static void on_end(void *data, int fd, uint32_t events);

static int watch_process(struct dns *dns, struct err *err)
{
	return loop_watch_fd(dns->sup->loop, &(struct loop_io){dns->pidfd, EPOLLIN, on_end, dns},
			     &dns->end_watch, err);
}

static int start_program(struct dns *dns, const char *program, struct err *err)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "name server");
	autoclose int child = pair[1];

	dns->control_fd = pair[0];
	int r = spawn(program, server_id(dns->sup), child, &pid);

	if (r < 0)
		return err_set(err, -r, "start %s", program);
	dns->pidfd = pidfd_open(pid, 0);
	if (dns->pidfd < 0) {
		r = err_set(err, errno, "name server");
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	record_write(dns->sup, pid, program);
	tell_record(dns);
	err_ignore(keep_store(dns->sup->keep, KEPT_DNS, dns->control_fd, NULL));
	return watch_process(dns, err);
}

static void start(struct dns *dns)
{
	autofree char *program = NULL;
	struct err err = {0};
	int r = paths_helper("davit-dns", &program, &err);

	dns->started_ms = loop_now_ms(dns->sup->loop);
	if (r == 0)
		r = start_program(dns, program, &err);
	for (struct dns_socket *one = dns->sockets; one; one = one->next)
		one->handed = 0;
	dns->names_due = true;
	if (r == 0)
		return;
	if (dns->pidfd >= 0)
		kill_process(dns->pidfd);
	forget_process(dns);
	supervisor_log(dns->sup, "event=name-server-failed error=\"%s\"", err.text);
	watch_arm(dns->timer, PAUSE_MS);
}

static void on_end(void *data, int fd, uint32_t events)
{
	struct dns *dns = data;
	siginfo_t info;

	(void)waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG); /* ECHILD: a predecessor's */
	forget_process(dns);
	bool quick = loop_now_ms(dns->sup->loop) - dns->started_ms < QUICK_MS;

	dns->quick_ends = quick ? dns->quick_ends + 1 : 0;
	supervisor_log(dns->sup, "event=name-server-ended quick=%u", dns->quick_ends);
	if (dns->quick_ends > QUICK_MAX) {
		watch_arm(dns->timer, PAUSE_MS);
		return;
	}
	start(dns);
	flush(dns);
}

static void on_timer(void *data)
{
	struct dns *dns = data;

	for (struct dns_socket *one = dns->sockets; one; one = one->next)
		if (!is_bound(one) && one->tries < BIND_TRIES)
			bind_socket(dns, one);
	if (dns->control_fd < 0)
		start(dns);
	flush(dns);
}

static int send_names(const struct dns *dns)
{
	autoclose int fd = memfd_create("names", MFD_CLOEXEC);
	size_t len = strlen(dns->names);

	if (fd < 0)
		return -EAGAIN;
	if (write(fd, dns->names, len) != (ssize_t)len)
		return -EAGAIN;
	return dns_wire_send(dns->control_fd, DNS_WORD_NAMES, "", fd);
}

static int send_socket(const struct dns *dns, struct dns_socket *one)
{
	int r = 0;

	if (one->handed == 0 && is_bound(one)) {
		r = dns_wire_send(dns->control_fd, DNS_WORD_UDP, one->key, one->udp_fd);
		one->handed += r == 0;
	}
	if (r == 0 && one->handed == 1) {
		r = dns_wire_send(dns->control_fd, DNS_WORD_TCP, one->key, one->tcp_fd);
		one->handed += r == 0;
	}
	return r;
}

/* Says what is still to be said. Of one that has gone on_end() hears. */
static void flush(struct dns *dns)
{
	int r = dns->control_fd < 0 ? -ENOTCONN : 0;

	for (struct dns_socket *one = dns->sockets; r == 0 && one; one = one->next)
		r = send_socket(dns, one);
	if (r == 0 && dns->names_due && dns->names) {
		r = send_names(dns);
		dns->names_due = r < 0;
	}
	if (r == -EAGAIN)
		watch_arm(dns->timer, BEHIND_MS);
}

static struct dns *dns_open(struct supervisor *sup)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	struct err err = {0};

	if (!dns)
		return NULL;
	*dns = (struct dns){.sup = sup, .control_fd = -1, .pidfd = -1};
	if (loop_watch_timer(sup->loop, on_timer, dns, &dns->timer, &err) == 0)
		return dns;
	free(dns);
	return NULL;
}

void dns_write(struct supervisor *sup)
{
	autobuf struct buf text = {0};

	if (!sup->net || !sup->networks)
		return;
	if (!sup->dns)
		sup->dns = dns_open(sup);
	struct dns *dns = sup->dns;

	if (!dns)
		return; /* the next change tries again */
	for (const struct network_made *made = sup->networks; made; made = made->next)
		if (!socket_find(dns, made->key))
			add_socket(dns, made->key);
	dns_names(sup, &text);
	if (buf_check(&text, NULL) < 0)
		return;
	if (!dns->names || strcmp(dns->names, text.data) != 0) {
		free(dns->names);
		dns->names = buf_take(&text);
		dns->names_due = true;
	}
	if (dns->control_fd < 0 && dns->quick_ends <= QUICK_MAX)
		start(dns);
	flush(dns);
}

static bool is_installed(const struct record *record)
{
	autofree char *program = NULL;

	return paths_helper("davit-dns", &program, NULL) == 0 &&
	       program_id(program) == record->program;
}

void dns_purge(const struct supervisor *sup)
{
	struct record record;
	autoclose int pidfd = -1;

	if (record_read(sup, &record))
		pidfd = proc_open(record.pid, record.start_ticks, NULL);
	if (pidfd >= 0)
		kill_process(pidfd);
}

void dns_adopt(struct supervisor *sup)
{
	struct dns *dns = sup->net ? dns_open(sup) : NULL;
	struct record record = {0};

	if (!dns)
		return;
	sup->dns = dns;
	dns->started_ms = loop_now_ms(sup->loop);
	dns->control_fd = keep_take(sup->keep, KEPT_DNS);
	if (dns->control_fd >= 0 && record_read(sup, &record) && is_installed(&record))
		dns->pidfd = proc_open(record.pid, record.start_ticks, NULL);
	if (dns->pidfd < 0 || watch_process(dns, NULL) < 0) {
		dns_purge(sup);
		if (dns->control_fd >= 0)
			err_ignore(
				dns_wire_send(dns->control_fd, DNS_WORD_END, "", dns->control_fd));
		forget_process(dns);
	}
	for (const struct network_made *made = sup->networks; made; made = made->next)
		add_socket(dns, made->key);
	/* What one that is adopted has got, it has. */
	for (struct dns_socket *one = dns->sockets; one && dns->control_fd >= 0; one = one->next)
		one->handed = is_bound(one) && one->tries == 0 ? 2 : 0;
}

void dns_close(struct supervisor *sup)
{
	struct dns *dns = sup->dns;

	if (!dns)
		return;
	sup->dns = NULL;
	if (dns->pidfd >= 0)
		kill_process(dns->pidfd);
	forget_process(dns);
	while (dns->sockets) {
		struct dns_socket *one = dns->sockets;

		dns->sockets = one->next;
		drop(dns, "udp", one->key);
		drop(dns, "tcp", one->key);
		socket_free(one);
	}
	watch_free(dns->timer);
	free(dns->names);
	free(dns);
}
