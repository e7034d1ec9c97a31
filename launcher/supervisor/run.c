// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `run`: a one-off instance is an instance of a service that only it knows (one_off.h). Policy is
 * not told of it: nothing restarts it, nothing replaces it; it goes when it ends, or with the
 * stack.
 */
#include "launcher/supervisor/run.h"

#include "launcher/js.h"
#include "launcher/supervisor/fills.h"
#include "launcher/supervisor/images.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdio.h>

/* The lowest one with a name that nobody has; a service may be called "web-run", too. */
static unsigned free_index(struct supervisor *sup, const char *service, char *ret_name)
{
	unsigned index = 1;

	for (;; index++) {
		snprintf(ret_name, INSTANCE_NAME_MAX, "%s-%u", service, index);
		if (!instance_find(sup, ret_name))
			return index;
	}
}

static struct json_t *print_words(char *const *words, size_t count)
{
	autojs struct json_t *array = js_pack("[]");

	for (size_t i = 0; i < count; i++)
		if (!js_append(array, js_lossy(words[i])))
			return NULL;
	return take_ptr(array);
}

struct json_t *run_change_print(const struct one_off_request *change)
{
	return js_pack("{s:o, s:o, s:o, s:s?, s:s?}", "command",
		       print_words(change->command, change->command_count), "entrypoint",
		       print_words(change->entrypoint, change->entrypoint_count), "environment",
		       print_words(change->environment, change->environment_count), "user",
		       change->user, "working_dir", change->working_dir);
}

struct service *run_change_apply(const struct service *of, const struct json_t *change)
{
	autostrv struct strv command = {0};
	autostrv struct strv entrypoint = {0};
	autostrv struct strv environment = {0};

	js_collect(js_get(change, "command"), &command);
	js_collect(js_get(change, "entrypoint"), &entrypoint);
	js_collect(js_get(change, "environment"), &environment);
	if (command.failed || entrypoint.failed || environment.failed)
		return NULL;
	const struct one_off_request request = {
		.command = command.items,
		.command_count = command.count,
		.entrypoint = entrypoint.items,
		.entrypoint_count = entrypoint.count,
		.environment = environment.items,
		.environment_count = environment.count,
		.user = js_text(change, "user"),
		.working_dir = js_text(change, "working_dir"),
	};

	return one_off_service(of, &request);
}

static int start(struct supervisor *sup, struct plan *plan, unsigned index,
		 const struct run_request *request, struct container_fault *fault)
{
	struct instance *instance = NULL;
	char name[INSTANCE_NAME_MAX];
	int r = instance_create(sup, plan, index, &fault->err);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s-%u", plan->service->name, index);
	instance = instance_find(sup, name);
	instance->client = request->client;
	instance_event(instance, INSTANCE_EV_DEPS_MET);
	return 0;
}

int run_one_off(struct supervisor *sup, const struct run_request *request,
		char ret_name[static INSTANCE_NAME_MAX], struct container_fault *fault)
{
	int attached = images_attach(sup, sup->manifest, request->service, NULL, fault);

	if (attached < 0)
		return attached;
	struct service *service = one_off_service(request->service, &request->change);
	autostrv struct strv problems = {0};
	struct plan *plan = NULL;

	if (!service)
		return err_set(&fault->err, ENOMEM, "run");
	unsigned index = free_index(sup, service->name, ret_name);
	const struct plan_source source = {sup->manifest, service, index};
	int r = fills_ready(sup, &source, false, fault);

	if (r != -EINPROGRESS)
		fills_forget(sup, &source);
	if (r < 0) {
		one_off_free(service);
		return r;
	}
	r = plan_make_own(sup, &source, &plan, fault);
	if (r == 0)
		plan->change = run_change_print(&request->change);
	if (r == 0 && !plan->change) /* a successor would not know what it is */
		r = err_set(&fault->err, ENOMEM, "run");
	if (r == 0)
		networks_open(sup, sup->manifest->stack, plan->service, &problems);
	networks_allow(sup); /* perhaps there was none before */
	if (problems.count)
		r = err_say(&fault->err, EIO, "%s", problems.items[0]);
	else if (problems.failed && r == 0)
		r = err_set(&fault->err, ENOMEM, "run");
	if (r == 0)
		r = start(sup, plan, index, request, fault);
	plan_unref(plan);
	return r;
}
