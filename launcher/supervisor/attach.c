// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `exec`: an additional process in an instance, and `run`: an instance of its own, with the
 * client's own fds as stdin, stdout and stderr (launcher/API.md has the protocol). The supervisor
 * never touches what flows through them.
 */
#include "launcher/supervisor/attach.h"
#include "launcher/js.h"
#include "launcher/lower.h"
#include "launcher/supervisor/api.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/hand_over.h"
#include "launcher/supervisor/retire.h"
#include "launcher/supervisor/run.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LINE_BYTES_MAX 256

struct attachment {
	struct supervisor *sup;
	struct attachment *next;
	char *instance; /* exec, by name: it may be gone by the time the client attaches */
	char *service;	/* run */
	char one_off[INSTANCE_NAME_MAX]; /* run: what came of it */
	bool attached;
	struct one_off_client client;
	struct strv entrypoint;
	struct strv argv;
	struct strv envp;
	char *user;
	char *working_dir;
	bool tty;
	int fd; /* the client; borrowed from `connection` */
	struct http_upgraded *connection;
	struct watch *client_watch;
	struct watch *exit_watch;
	struct watch *status_watch;
	int stdio[3]; /* of a run that is put off; -1 */
	struct container_process process;
	struct container_fault fault;
	bool failed; /* the program was not reached, `fault` says why */
	char line[LINE_BYTES_MAX];
	size_t line_len;
};

/* Whose client leaves has nobody left to run for. */
static void abandon_one_off(struct attachment *attachment)
{
	struct instance *instance = instance_find(attachment->sup, attachment->one_off);

	if (!instance || instance->client != &attachment->client)
		return;
	instance->client = NULL;
	instance_event(instance, INSTANCE_EV_STOP);
}

static void attachment_free(struct attachment *attachment)
{
	struct attachment **link = &attachment->sup->attachments;

	while (*link != attachment)
		link = &(*link)->next;
	*link = attachment->next;
	watch_free(attachment->client_watch);
	watch_free(attachment->exit_watch);
	watch_free(attachment->status_watch);
	if (attachment->process.pidfd >= 0)
		retire_process(attachment->sup, take_fd(&attachment->process.pidfd));
	fd_drop(&attachment->process.status_fd);
	for (size_t i = 0; i < ARRAY_SIZE(attachment->stdio); i++)
		fd_drop(&attachment->stdio[i]);
	abandon_one_off(attachment);
	http_upgraded_close(attachment->connection);
	strv_free(&attachment->entrypoint);
	strv_free(&attachment->argv);
	strv_free(&attachment->envp);
	free(attachment->instance);
	free(attachment->service);
	free(attachment->user);
	free(attachment->working_dir);
	free(attachment);
}

/* Short lines into an empty socket buffer: one that does not fit belongs to a client that left. */
static void say(struct attachment *attachment, struct json_t *value)
{
	autojs struct json_t *owned = value;
	autobuf struct buf line = {0};

	if (!value || js_print(value, 0, &line, NULL) < 0)
		return;
	buf_puts(&line, "\n");
	if (!line.failed)
		(void)send(attachment->fd, line.data, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say_fault(struct attachment *attachment, const struct container_fault *fault)
{
	/* As env(1): 127 not found, 126 found but not to be run, 125 anything else. */
	bool program = fault->item == CONTAINER_ITEM_PROGRAM;
	int code = !program ? 125 : fault->err.code == ENOENT ? 127 : 126;

	say(attachment, js_pack("{s:s, s:i}", "error",
				fault->err.text[0] ? fault->err.text : "cannot start the program",
				"code", code));
}

static void read_status(struct attachment *attachment)
{
	if (attachment->process.status_fd < 0)
		return;
	attachment->failed =
		container_status(attachment->process.status_fd, &attachment->fault) < 0;
	watch_free(take_ptr(attachment->status_watch));
	fd_drop(&attachment->process.status_fd);
}

static void say_exit(struct attachment *attachment, int si_code, int status)
{
	char name[SIG_NAME_MAX];

	if (si_code == CLD_EXITED) {
		say(attachment, js_pack("{s:{s:i}}", "exit", "code", status));
	} else {
		sig_name(status, name);
		say(attachment, js_pack("{s:{s:s}}", "exit", "signal", name));
	}
}

static void on_program_exit(void *data, int fd, uint32_t events)
{
	struct attachment *attachment = data;
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return;
	/* In this order: a child just cloned may hold a copy of the fd, and then closing ours does
	 * not take it out of the epoll set. */
	watch_free(take_ptr(attachment->exit_watch));
	fd_drop(&attachment->process.pidfd);
	read_status(attachment);
	if (attachment->failed)
		say_fault(attachment, &attachment->fault);
	else
		say_exit(attachment, info.si_code, info.si_status);
	attachment_free(attachment);
}

static void on_status(void *data, int fd, uint32_t events)
{
	struct attachment *attachment = data;

	read_status(attachment);
	if (!attachment->failed) /* else on_program_exit() says why */
		say(attachment, js_pack("{s:i}", "pid", (int)attachment->process.pid));
}

static void on_one_off_started(void *data, const struct instance *instance)
{
	say(data, js_pack("{s:i, s:s}", "pid", (int)instance->pid, "instance", instance->name));
}

static void on_one_off_ended(void *data, const struct instance *instance)
{
	const struct container_fault unknown = {.err = {ENOMEM, "out of memory"}};
	struct attachment *attachment = data;

	switch (instance->end.kind) {
	case RUN_END_START_FAILED:
		say_fault(attachment, instance->fault ? instance->fault : &unknown);
		break;
	case RUN_END_EXITED:
		say_exit(attachment, CLD_EXITED, instance->end.code);
		break;
	case RUN_END_SIGNALLED:
		say_exit(attachment, CLD_KILLED, instance->end.signal);
		break;
	case RUN_END_UNKNOWN:
		say(attachment,
		    js_pack("{s:s, s:i}", "error", "its exit status is unknown", "code", 125));
		break;
	}
	attachment_free(attachment);
}

/* Empty lists are absent ones. */
static struct one_off_request change_of(const struct attachment *attachment)
{
	return (struct one_off_request){
		.command = attachment->argv.items,
		.command_count = attachment->argv.count,
		.entrypoint = attachment->entrypoint.items,
		.entrypoint_count = attachment->entrypoint.count,
		.environment = attachment->envp.items,
		.environment_count = attachment->envp.count,
		.user = attachment->user,
		.working_dir = attachment->working_dir,
	};
}

/* @fault says what failed, with the place in the manifest. */
static int run_service(struct attachment *attachment, const struct one_off_client *client,
		       char name[static INSTANCE_NAME_MAX], struct container_fault *fault)
{
	struct supervisor *sup = attachment->sup;
	long i = sup->manifest ? observed_service(sup->manifest->stack, attachment->service) : -1;
	autostrv struct strv line = {0};

	if (i < 0)
		return err_say(&fault->err, ESRCH, "no service '%s' in stack %s",
			       attachment->service, sup->name);
	if (sup->ending)
		return err_say(&fault->err, ESRCH, "stack %s is being taken down", sup->name);
	const struct service *service = &sup->manifest->stack->services[i];
	const struct run_request request = {service, change_of(attachment), client};
	int r = run_one_off(sup, &request, name, fault);

	if (r < 0 && fault->item != CONTAINER_ITEM_NONE)
		lower_fault_add(service, fault, &line);
	return line.count ? err_say(&fault->err, fault->err.code, "%s", line.items[0]) : r;
}

/* The client gets the side of the keyboard, and with that nothing of the host's goes inside. */
static int give_terminal(void *data, int master_fd, struct err *err)
{
	const struct attachment *attachment = data;

	return hand_over(attachment->fd, "{\"terminal\":true}\n", master_fd, err);
}

/* The attachment may be gone after this: the instance can end at once. */
static int run(struct attachment *attachment, const int stdio[static 3],
	       struct container_fault *fault)
{
	attachment->client = (struct one_off_client){
		.stdio = {stdio[0], stdio[1], stdio[2]},
		.tty = attachment->tty,
		.terminal = give_terminal,
		.started = on_one_off_started,
		.ended = on_one_off_ended,
		.data = attachment,
	};
	return run_service(attachment, &attachment->client, attachment->one_off, fault);
}

static int open_terminal(struct attachment *attachment, const struct instance *instance,
			 int *ret_inside_fd, struct err *err)
{
	autoclose int master_fd = -1;
	autoclose int inside_fd = -1;
	int r = container_terminal(instance->pidfd, &master_fd, &inside_fd, err);

	if (r == 0)
		r = give_terminal(attachment, master_fd, err);
	if (r == 0)
		*ret_inside_fd = take_fd(&inside_fd);
	return r;
}

static int exec(struct attachment *attachment, const int stdio[static 3],
		struct container_fault *fault)
{
	struct instance *instance = instance_find(attachment->sup, attachment->instance);
	struct loop *loop = attachment->sup->loop;
	autoclose int terminal_fd = -1;

	if (!instance || !instance_reached(instance))
		return err_say(&fault->err, ESRCH, "%s is not running", attachment->instance);
	int r = attachment->tty ? open_terminal(attachment, instance, &terminal_fd, &fault->err)
				: 0;

	if (r < 0)
		return r;
	struct container_exec exec = {
		.argv = attachment->argv.items,
		.envp = attachment->envp.items,
		.user = attachment->user,
		.working_dir = attachment->working_dir,
		.stdio = {stdio[0], stdio[1], stdio[2]},
		.tty = attachment->tty,
	};
	for (size_t i = 0; attachment->tty && i < ARRAY_SIZE(exec.stdio); i++)
		exec.stdio[i] = terminal_fd;
	r = instance_exec(instance, &exec, &attachment->process, fault);

	if (r == 0)
		r = loop_watch_fd(loop,
				  &(struct loop_io){attachment->process.pidfd, EPOLLIN,
						    on_program_exit, attachment},
				  &attachment->exit_watch, &fault->err);
	if (r == 0)
		r = loop_watch_fd(loop,
				  &(struct loop_io){attachment->process.status_fd, EPOLLIN,
						    on_status, attachment},
				  &attachment->status_watch, &fault->err);
	return r;
}

/* Takes the fds. The attachment may be gone after this. */
static void begin(struct attachment *attachment, const int stdio[static 3])
{
	struct container_fault fault = {0};
	int r = attachment->service ? run(attachment, stdio, &fault)
				    : exec(attachment, stdio, &fault);

	if (r == -EINPROGRESS) {
		memcpy(attachment->stdio, stdio, sizeof(attachment->stdio));
		return;
	}
	for (int i = 0; i < 3; i++)
		close(stdio[i]);
	if (r < 0) {
		say_fault(attachment, &fault);
		attachment_free(attachment);
	}
}

static bool is_put_off(const struct attachment *attachment)
{
	return attachment->stdio[0] >= 0;
}

void attach_resume(struct supervisor *sup)
{
	for (struct attachment *attachment = sup->attachments, *next; attachment;
	     attachment = next) {
		int stdio[3];

		next = attachment->next;
		if (!is_put_off(attachment))
			continue;
		memcpy(stdio, attachment->stdio, sizeof(stdio));
		memset(attachment->stdio, -1, sizeof(attachment->stdio));
		begin(attachment, stdio);
	}
}

bool attach_waits(const struct supervisor *sup)
{
	for (const struct attachment *one = sup->attachments; one; one = one->next)
		if (is_put_off(one))
			return true;
	return false;
}

static void pass_signal(struct attachment *attachment, int number)
{
	struct instance *instance = instance_find(attachment->sup, attachment->one_off);

	if (instance)
		err_ignore(instance_signal(instance, number, NULL));
	else if (attachment->process.pidfd >= 0)
		(void)pidfd_send_signal(attachment->process.pidfd, number, NULL, 0);
}

static void signal_line(struct attachment *attachment)
{
	autojs struct json_t *request = NULL;
	const char *name = NULL;

	if (js_parse(attachment->line, attachment->line_len, &request, NULL) == 0)
		name = js_text(request, "signal");
	int number = sig_number(name);

	if (number > 0)
		pass_signal(attachment, number);
}

static void take_lines(struct attachment *attachment, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			signal_line(attachment);
			attachment->line_len = 0;
		} else if (attachment->line_len < sizeof(attachment->line)) {
			attachment->line[attachment->line_len++] = bytes[i];
		}
	}
}

/* There was no number left for them, or they were more than anybody needs: without an answer the
 * client would wait for ever. */
static void refuse_fds(struct attachment *attachment)
{
	struct container_fault fault = {.item = CONTAINER_ITEM_NONE};

	err_ignore(err_set(&fault.err, EMFILE, "take over the client's streams"));
	say_fault(attachment, &fault);
	attachment_free(attachment);
}

static void on_client(void *data, int fd, uint32_t events)
{
	struct attachment *attachment = data;
	char bytes[512];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(HAND_OVER_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int stdio[3] = {-1, -1, -1};

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		struct supervisor *sup = attachment->sup;

		attachment_free(attachment); /* the client left: its process goes */
		fills_drop_unwanted(sup);
		return;
	}
	bool attached = hand_over_take(&message, stdio);

	if (attached && !attachment->attached) {
		attachment->attached = true;
		begin(attachment, stdio);
		return;
	}
	for (int i = 0; i < 3; i++)
		fd_drop(&stdio[i]);
	if (message.msg_flags & MSG_CTRUNC && !attachment->attached)
		refuse_fds(attachment);
	else
		take_lines(attachment, bytes, (size_t)n);
}

static void on_upgraded(void *data, int fd, struct http_upgraded *connection)
{
	struct attachment *attachment = data;

	attachment->fd = fd;
	attachment->connection = connection;
	if (fd < 0 || loop_watch_fd(attachment->sup->loop,
				    &(struct loop_io){fd, EPOLLIN, on_client, attachment},
				    &attachment->client_watch, NULL) < 0)
		attachment_free(attachment);
}

static char *copy_or_null(const struct json_t *request, const char *key, bool *failed)
{
	const char *text = js_text(request, key);
	char *copy = text ? strdup(text) : NULL;

	*failed = *failed || (text && !copy);
	return copy;
}

static struct attachment *attachment_new(struct supervisor *sup, const struct json_t *request)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));
	bool failed = false;

	if (!attachment)
		return NULL;
	attachment->sup = sup;
	attachment->fd = -1;
	attachment->process = (struct container_process){.pidfd = -1, .status_fd = -1};
	memset(attachment->stdio, -1, sizeof(attachment->stdio));
	attachment->instance = copy_or_null(request, "instance", &failed);
	attachment->service = copy_or_null(request, "service", &failed);
	attachment->user = copy_or_null(request, "user", &failed);
	attachment->working_dir = copy_or_null(request, "working_dir", &failed);
	attachment->tty = js_bool(request, "tty");
	js_collect(js_get(request, "command"), &attachment->argv);
	js_collect(js_get(request, "entrypoint"), &attachment->entrypoint);
	js_collect(js_get(request, "environment"), &attachment->envp);
	attachment->next = sup->attachments;
	sup->attachments = attachment;
	if (failed || attachment->argv.failed || attachment->entrypoint.failed ||
	    attachment->envp.failed) {
		attachment_free(attachment);
		return NULL;
	}
	return attachment;
}

static void upgrade(struct attachment *attachment, struct http_answer *answer)
{
	answer->kind = HTTP_UPGRADE;
	answer->status = 101;
	answer->upgrade = on_upgraded;
	answer->upgrade_data = attachment;
	answer->upgrade_protocol = "davit-exec";
}

void attach_request(struct supervisor *sup, const struct json_t *request,
		    struct http_answer *answer)
{
	const char *name = js_text(request, "instance");
	struct instance *instance = name ? instance_find(sup, name) : NULL;
	struct attachment *attachment;
	struct reply reply;

	if (!instance || !instance_reached(instance))
		reply = reply_error(404, 1, "%s is not running", name ? name : "no instance named");
	else if (js_count(js_get(request, "command")) == 0)
		reply = reply_error(400, 2, "exec: no command");
	else if (!(attachment = attachment_new(sup, request)))
		reply = reply_error(500, 1, "out of memory");
	else {
		upgrade(attachment, answer);
		return;
	}
	api_answer(answer, &reply);
}

static struct reply run_detached(struct attachment *attachment)
{
	struct container_fault fault = {0};
	char name[INSTANCE_NAME_MAX];

	int r = run_service(attachment, NULL, name, &fault);

	if (r == -EINPROGRESS)
		return (struct reply){REPLY_LATER, NULL};
	if (r < 0)
		return reply_error(400, 125, "%s", fault.err.text);
	return (struct reply){200, js_pack("{s:i, s:s}", "schema", 1, "instance", name)};
}

void attach_run(struct supervisor *sup, const struct json_t *request, struct http_answer *answer)
{
	const char *name = js_text(request, "service");
	struct attachment *attachment = NULL;
	struct reply reply;

	if (!name || !sup->manifest || observed_service(sup->manifest->stack, name) < 0)
		reply = reply_error(404, 1, "no service '%s' in stack %s", name ? name : "",
				    sup->name);
	else if (!(attachment = attachment_new(sup, request)))
		reply = reply_error(500, 1, "out of memory");
	else if (!js_bool(request, "detach")) {
		upgrade(attachment, answer);
		return;
	} else {
		reply = run_detached(attachment);
	}
	if (attachment)
		attachment_free(attachment);
	answer->status = reply.status;
	if (reply.status != REPLY_LATER)
		api_answer(answer, &reply);
}

void attach_drop(struct supervisor *sup, const struct instance *instance)
{
	for (struct attachment *attachment = sup->attachments, *next; attachment;
	     attachment = next) {
		next = attachment->next;
		if (!attachment->instance || attachment->process.pidfd < 0 ||
		    strcmp(attachment->instance, instance->name) != 0)
			continue;
		say(attachment, js_pack("{s:{s:s}}", "exit", "signal", "SIGKILL"));
		attachment_free(attachment);
	}
}

void attach_close(struct supervisor *sup)
{
	while (sup->attachments)
		attachment_free(sup->attachments);
}
