// SPDX-License-Identifier: GPL-2.0-or-later
/* The watch stream; see watch.h. What comes from it is input: checked, never asserted. */
#include "launcher/cli/watch.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static void forget(struct watch_instance *instance)
{
	free(instance->name);
	free(instance->service);
	free(instance->state);
	free(instance->reason);
	*instance = (struct watch_instance){0};
}

void watch_close(struct watch *watch)
{
	client_stream_drop(&watch->stream);
	free(take_ptr(watch->stack));
	for (size_t i = 0; i < watch->count; i++)
		forget(&watch->instances[i]);
	free(watch->instances);
	strv_free(&watch->scheduled);
	strv_free(&watch->turned_back);
	watch->instances = NULL;
	watch->count = 0;
}

static struct watch_instance *find(struct watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->count; i++)
		if (strcmp(watch->instances[i].name, name) == 0)
			return &watch->instances[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int copy_texts(struct watch_instance *to, const char *service, const char *state,
		      const char *reason)
{
	struct watch_instance copy = {
		.service = strdup(service),
		.state = strdup(state),
		.reason = reason ? strdup(reason) : NULL,
	};

	if (!copy.service || !copy.state || (reason && !copy.reason)) {
		forget(&copy);
		return -ENOMEM;
	}
	copy.name = take_ptr(to->name);
	forget(to);
	*to = copy;
	return 0;
}

static struct watch_instance *add(struct watch *watch, const char *name)
{
	struct watch_instance *grown =
		reallocarray(watch->instances, watch->count + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	watch->instances = grown;
	grown[watch->count] = (struct watch_instance){.name = strdup(name)};
	return grown[watch->count].name ? &grown[watch->count++] : NULL;
}

static void drop_removed(struct watch *watch, struct watch_instance *instance)
{
	if (strcmp(instance->state, "removed") != 0)
		return;
	forget(instance);
	*instance = watch->instances[--watch->count];
}

static int apply_instance(struct watch *watch, const struct json_t *json, struct err *err)
{
	const char *name = js_text(json, "instance");
	const char *service = js_text(json, "service");
	const char *state = js_text(json, "state");
	const char *reason = js_text(json, "reason");

	if (!name || !state)
		return err_say(err, EBADMSG, "the supervisor reports an instance without a name");
	struct watch_instance *instance = find(watch, name);

	if (!instance)
		instance = add(watch, name);
	if (!instance)
		return err_set(err, ENOMEM, "watch the stack");
	autofree char *old_state = take_ptr(instance->state);
	bool changed = !same_text(old_state, state) || !same_text(instance->reason, reason);

	if (copy_texts(instance, service ? service : "", state, reason) < 0)
		return err_set(err, ENOMEM, "watch the stack");
	if (changed && watch->report)
		watch->report(watch->context, instance, old_state);
	drop_removed(watch, instance);
	return 0;
}

static int take_rest(struct watch *watch, const struct json_t *line, struct err *err)
{
	watch->idle = js_bool(line, "idle");
	strv_free(&watch->scheduled);
	js_collect(js_get(line, "scheduled"), &watch->scheduled);
	strv_free(&watch->turned_back);
	js_collect(js_get(line, "turned_back"), &watch->turned_back);
	return strv_check(&watch->scheduled, err) < 0 ? -ENOMEM
						      : strv_check(&watch->turned_back, err);
}

/* All there is: what we know of and is not there was removed between two supervisors. */
static int apply_snapshot(struct watch *watch, const struct json_t *line, struct err *err)
{
	const struct json_t *instances = js_get(line, "instances");
	int r = 0;

	for (size_t i = watch->count; i-- > 0;) {
		struct watch_instance *instance = &watch->instances[i];

		if (js_find(instances, "instance", instance->name))
			continue;
		forget(instance);
		*instance = watch->instances[--watch->count];
	}
	for (size_t i = 0; r == 0 && i < js_count(instances); i++)
		r = apply_instance(watch, js_at(instances, i), err);
	if (r == 0)
		r = take_rest(watch, line, err);
	watch->seen = true;
	return r;
}

int watch_apply(struct watch *watch, const struct json_t *line, struct err *err)
{
	const char *type = js_text(line, "type");

	if (!type)
		return err_say(err, EBADMSG, "the supervisor sends a line without a type");
	if (strcmp(type, "instance") == 0)
		return apply_instance(watch, js_get(line, "instance"), err);
	if (strcmp(type, "idle") == 0)
		return take_rest(watch, line, err);
	/* Other types than these are for other readers. */
	return strcmp(type, "snapshot") == 0 ? apply_snapshot(watch, line, err) : 0;
}

/* Applies the whole lines that have come. */
static int take_lines(struct watch *watch, struct err *err)
{
	int r = 0;

	do {
		autojs struct json_t *line = NULL;

		r = client_stream_next(&watch->stream, &line, err);
		if (r > 0 && watch_apply(watch, line, err) < 0)
			return -err->code;
	} while (r > 0);
	return r;
}

static int open_stream(struct watch *watch, struct err *err)
{
	const struct client_request request = {.method = "GET", .path = "/v1/watch"};
	autoanswer struct client_answer answer = {0};
	int r = client_stream_open(watch->stack, &request, &watch->stream, &answer, err);

	if (r < 0) {
		watch->stream.fd = -1;
		return r;
	}
	if (watch->stream.fd < 0)
		return err_say(err, EPROTO, "the supervisor refuses to be watched: status %d",
			       answer.status);
	watch->supervisors++;
	/* The snapshot may have come together with the head: nobody will announce it again. */
	return take_lines(watch, err);
}

/* A supervisor that was killed is connected to until the kernel has closed its files. */
int watch_reopen(struct watch *watch, struct err *err)
{
	unsigned tries = 0;
	int r;

	do {
		client_stream_drop(&watch->stream);
		watch->stream = (struct client_stream)CLIENT_NO_STREAM;
		r = open_stream(watch, err);
	} while (r == -ECONNRESET && client_pause(&tries));
	return r;
}

int watch_open(struct watch *watch, const char *stack, struct err *err)
{
	watch->stack = strdup(stack);
	return watch->stack ? watch_reopen(watch, err) : err_set(err, ENOMEM, "watch the stack");
}

/* The end of a stack's supervisor looks like its death; but then nobody follows. */
static int go_on(struct watch *watch, struct err *err)
{
	int r = watch_reopen(watch, err);

	if (r != -ENOTCONN)
		return r;
	watch->stream.ended = true;
	return 0;
}

int watch_pump(struct watch *watch, int timeout_ms, struct err *err)
{
	struct pollfd ready = {.fd = watch->stream.fd, .events = POLLIN};
	int n = poll(&ready, 1, timeout_ms);

	if (n == 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n < 0)
		return err_set(err, errno, "wait for the supervisor");
	int r = client_stream_read(&watch->stream, err);

	if (r >= 0)
		r = take_lines(watch, err);
	if (r == -ECONNRESET || (r >= 0 && watch->stream.ended))
		r = go_on(watch, err);
	return r < 0 ? r : 1;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

bool watch_is_of(const struct watch_instance *instance, const char *const *services)
{
	return !services || !services[0] || is_one_of(instance->service, services);
}

bool watch_is_scheduled(const struct watch *watch, const struct watch_instance *instance)
{
	return strv_has(&watch->scheduled, instance->service);
}

bool watch_ended(const struct watch *watch, const char *const *services, bool *ret_failed)
{
	bool any_failed = false;

	for (size_t i = 0; i < watch->count; i++) {
		const char *state = watch->instances[i].state;
		bool failed = strcmp(state, "failed") == 0;

		if (services && !is_one_of(watch->instances[i].service, services))
			continue;
		if (!failed && strcmp(state, "completed") != 0)
			return false;
		any_failed |= failed;
	}
	*ret_failed = any_failed;
	for (size_t i = 0; i < watch->scheduled.count; i++)
		if (!services || is_one_of(watch->scheduled.items[i], services))
			return false;
	return watch->seen && watch->idle;
}
