// SPDX-License-Identifier: GPL-2.0-or-later
/* Learning what services call; see learn.h. */
#include "launcher/supervisor/learn.h"
#include "launcher/js.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/seccomp/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* Recording is slow: nobody wants it for good. */
#define LEARN_MS_MAX	 ((int64_t)24 * 60 * 60 * 1000)
#define RESTART_AGAIN_MS 1000

enum learn_state {
	LEARN_RECORDING,
	LEARN_ENDING, /* until the last recorded process has ended */
	LEARN_DONE,
};

/* Kept when it is done, for who asks, until the next one of its service. */
struct learning {
	struct supervisor *sup;
	struct learning *next;
	char *service;
	enum learn_state state;
	struct recorder *recorder;
	struct watch *end_watch; /* the recording process has ended */
	struct watch *timer;
	int64_t end_ms;
	char *profile; /* done */
};

static void learning_free(struct learning *learning)
{
	watch_free(learning->end_watch);
	watch_free(learning->timer);
	recorder_free(learning->recorder);
	free(learning->service);
	free(learning->profile);
	free(learning);
}

static void learning_drop(struct learning **learning)
{
	if (*learning)
		learning_free(*learning);
}

static struct learning *learning_find(const struct supervisor *sup, const char *service)
{
	for (struct learning *learning = sup->learnings; learning; learning = learning->next)
		if (strcmp(learning->service, service) == 0)
			return learning;
	return NULL;
}

static void learning_forget(struct supervisor *sup, const struct learning *learning)
{
	struct learning **link = &sup->learnings;

	while (*link && *link != learning)
		link = &(*link)->next;
	if (!*link)
		return;
	struct learning *gone = *link;

	*link = gone->next;
	learning_free(gone);
}

const struct recorder *learn_recorder(const struct supervisor *sup, const struct service *service)
{
	const struct learning *learning = learning_find(sup, service->name);

	return learning && learning->state == LEARN_RECORDING ? learning->recorder : NULL;
}

/* As `restart` does it. */
static struct reply restart(const struct learning *learning)
{
	autojs struct json_t *request = js_pack("{s:[s]}", "services", learning->service);

	return request ? apply_restart(learning->sup, request)
		       : reply_error(500, 1, "out of memory");
}

/* A stack that is going down ends its instances without that. Without memory it is tried again: as
 * long as they run there is no profile. */
static void end_recorded(struct learning *learning)
{
	struct reply reply = restart(learning);

	watch_disarm(learning->timer);
	if (reply.status >= 500)
		watch_arm(learning->timer, RESTART_AGAIN_MS);
	reply_drop(&reply);
}

static void learning_end(struct learning *learning)
{
	learning->state = LEARN_ENDING;
	recorder_stop(learning->recorder);
	end_recorded(learning);
}

static void on_time(void *data)
{
	struct learning *learning = data;

	if (learning->state == LEARN_RECORDING)
		learning_end(learning);
	else
		end_recorded(learning);
}

static void on_recorder_end(void *data, int fd, uint32_t events)
{
	struct learning *learning = data;
	struct buf text = {0};
	struct err err = {0};
	siginfo_t info = {0};

	(void)waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG); /* reaped is all we want */
	/* Killed: what it recorded gets no answers any more. */
	if (learning->state == LEARN_RECORDING)
		learning_end(learning);
	else
		watch_disarm(learning->timer);
	watch_free(take_ptr(learning->end_watch));
	if (recorder_profile(learning->recorder, &text, &err) == 0)
		learning->profile = buf_take(&text);
	else
		supervisor_log(learning->sup, "service=%s event=learn error=\"%s\"",
			       learning->service, err.text);
	buf_free(&text);
	recorder_free(take_ptr(learning->recorder));
	learning->state = LEARN_DONE;
}

static int learning_open(struct supervisor *sup, const char *service, struct learning **ret,
			 struct err *err)
{
	__attribute__((cleanup(learning_drop))) struct learning *learning =
		calloc(1, sizeof(*learning));

	if (learning) {
		learning->sup = sup;
		learning->service = strdup(service);
	}
	if (!learning || !learning->service)
		return err_set(err, ENOMEM, "learn");
	int r = recorder_start(&learning->recorder, err);

	if (r == 0)
		r = loop_watch_fd(sup->loop,
				  &(struct loop_io){recorder_pidfd(learning->recorder), EPOLLIN,
						    on_recorder_end, learning},
				  &learning->end_watch, err);
	if (r == 0)
		r = loop_watch_timer(sup->loop, on_time, learning, &learning->timer, err);
	if (r < 0)
		return r;
	*ret = take_ptr(learning);
	return 0;
}

static void set_end(struct learning *learning, int64_t delay_ms)
{
	learning->end_ms = loop_now_ms(learning->sup->loop) + delay_ms;
	watch_arm(learning->timer, delay_ms);
}

static struct reply begin_new(struct supervisor *sup, const char *service, int64_t delay_ms)
{
	struct learning *learning = NULL;
	struct err err = {0};

	if (learning_open(sup, service, &learning, &err) < 0)
		return reply_error(500, 1, "%s", err.text);
	learning->next = sup->learnings;
	sup->learnings = learning;
	struct reply reply = restart(learning);

	if (reply.status == 200)
		set_end(learning, delay_ms);
	else
		learning_forget(sup, learning);
	return reply;
}

struct reply learn_begin(struct supervisor *sup, const struct json_t *request)
{
	const char *service = js_text(request, "service");
	int64_t delay_ms = js_int(request, "timeout_ms", 0);

	if (!service)
		return reply_error(400, 2, "bad request: service missing");
	if (delay_ms < 0 || delay_ms > LEARN_MS_MAX)
		return reply_error(400, 2, "learn: the time must be from 0 s to 24 h");
	struct learning *present = learning_find(sup, service);

	if (present && present->state == LEARN_RECORDING) {
		set_end(present, delay_ms);
		return (struct reply){200, js_pack("{s:i, s:[]}", "schema", 1, "changes")};
	}
	if (present && present->state == LEARN_ENDING)
		return reply_error(409, 1, "%s: the learning before has not ended yet", service);
	learning_forget(sup, present);
	return begin_new(sup, service, delay_ms);
}

struct reply learn_result(struct supervisor *sup, const struct json_t *request)
{
	static const char *const states[] = {
		[LEARN_RECORDING] = "recording", [LEARN_ENDING] = "ending", [LEARN_DONE] = "done"};
	const char *service = js_text(request, "service");
	const struct learning *learning = service ? learning_find(sup, service) : NULL;

	if (!learning)
		return reply_error(404, 1, "nothing is learned of service '%s' in stack %s",
				   service ? service : "", sup->name);
	return (struct reply){200, js_pack("{s:i, s:s, s:s?}", "schema", 1, "state",
					   states[learning->state], "profile", learning->profile)};
}

void learn_close(struct supervisor *sup)
{
	while (sup->learnings)
		learning_forget(sup, sup->learnings);
}
