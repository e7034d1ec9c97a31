// SPDX-License-Identifier: GPL-2.0-or-later
/* From text to what is wanted; see restore.h. */
#include "launcher/supervisor/restore.h"

#include "launcher/js.h"
#include "launcher/supervisor/applied.h"
#include "launcher/supervisor/images.h"
#include "launcher/supervisor/keep.h"
#include "launcher/supervisor/networks.h"
#include "launcher/supervisor/run.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void restore_free(struct restored *restored)
{
	js_free(restored->text);
	for (size_t i = 0; i < restored->plan_count; i++)
		plan_unref(restored->plans[i]);
	free(restored->plans);
	*restored = (struct restored){0};
}

bool restore_starves(struct supervisor *sup, const struct err *err)
{
	bool lacks = err->code == ENOMEM || err->code == EMFILE || err->code == ENFILE;

	sup->starved |= lacks;
	return lacks;
}

void restore_not_adopted(struct supervisor *sup, const char *instance, const struct err *err)
{
	(void)restore_starves(sup, err);
	supervisor_log(sup, "instance=%s event=not-adopted error=\"%s\"", instance, err->text);
}

static void doubt_path(const struct supervisor *sup, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/doubt", sup->run_dir);
}

void restore_doubts(struct supervisor *sup)
{
	char path[PATH_MAX];

	doubt_path(sup, path);
	sup->starved |= keep_has_legacy(sup->keep) && mkdir(path, 0700) == 0;
}

void restore_decided(const struct supervisor *sup)
{
	char path[PATH_MAX];

	doubt_path(sup, path);
	(void)rmdir(path); /* usually it is not there */
}

static void tell(struct supervisor *sup, const char *what, const struct err *err)
{
	(void)restore_starves(sup, err);
	supervisor_log(sup, "event=not-restored what=\"%s\" error=\"%s\"", what, err->text);
}

int restore_read(struct supervisor *sup, struct restored *ret, struct err *err)
{
	autojs struct json_t *text = NULL;
	int r = save_read(sup, "stack", "stack", &text, err);

	if (r == -EPROTONOSUPPORT)
		return r;
	if (r < 0 && r != -ENOENT)
		tell(sup, "stack", err);
	if (r < 0)
		r = save_read(sup, "stack.copy", "stack", &text, err);
	if (r < 0 && restore_starves(sup, err))
		return r;
	if (r < 0)
		return r == -EPROTONOSUPPORT ? r : 0;
	const char *then = js_text(text, "boot");

	if (then && strcmp(then, sup->boot) == 0)
		ret->text = take_ptr(text);
	return 0;
}

/* ---- manifests and plans ---- */

/* Loaded once, however many plans are of it. */
static struct manifest *manifest_of(struct supervisor *sup, const struct restored *restored,
				    unsigned number)
{
	struct manifest *manifest = NULL;
	struct err err = {0};

	if (sup->manifest && sup->manifest->number == number)
		return manifest_ref(sup->manifest);
	for (size_t i = 0; i < restored->plan_count; i++)
		if (restored->plans[i]->manifest->number == number)
			return manifest_ref(restored->plans[i]->manifest);
	if (applied_again(sup, number, &manifest, &err) == 0)
		return manifest;
	tell(sup, "manifest", &err);
	return NULL;
}

/* "web-run" is a service of its own; what it was made from is called "web". */
static const struct service *service_of(const struct stack *stack, const char *name, bool one_off)
{
	size_t len = name ? strlen(name) : 0;
	size_t suffix = one_off ? strlen(ONE_OFF_SUFFIX) : 0;
	char of[INSTANCE_NAME_MAX];

	if (len <= suffix || len - suffix >= sizeof(of))
		return NULL;
	snprintf(of, sizeof(of), "%.*s", (int)(len - suffix), name);
	return stack_service(stack, of);
}

static int read_plan(struct supervisor *sup, struct manifest *manifest, const struct json_t *text,
		     struct plan **ret, struct err *err)
{
	const struct json_t *change = js_get(text, "change");
	bool one_off = js_kind(change) == JS_OBJECT;
	const struct service *service =
		service_of(manifest->stack, js_text(text, "service"), one_off);
	struct plan_record record = {
		.number = (unsigned)js_int(text, "number", 0),
		.index = (unsigned)js_int(text, "index", 1),
		.change = one_off ? change : NULL,
	};
	struct container_fault fault = {0};

	if (!service)
		return err_say(err, ENOENT, "no service '%s'", js_text(text, "service"));
	snprintf(record.revision.hex, sizeof(record.revision.hex), "%s",
		 js_text(text, "revision") ? js_text(text, "revision") : "");
	/* Without its image it cannot be started again, but goes on running. */
	if (images_attach(sup, manifest, service, js_text(text, "digest"), &fault) < 0)
		tell(sup, service->name, &fault.err);
	if (one_off)
		service = run_change_apply(service, change);
	if (!service)
		return err_set(err, ENOMEM, "plan");
	return plan_restore(sup, &(struct plan_source){manifest, service, record.index}, &record,
			    ret, err);
}

static void restore_plans(struct supervisor *sup, struct restored *restored)
{
	const struct json_t *plans = js_get(restored->text, "plans");

	restored->plans = calloc(js_count(plans) + 1, sizeof(*restored->plans));
	sup->starved |= !restored->plans;
	for (size_t i = 0; restored->plans && i < js_count(plans); i++) {
		const struct json_t *text = js_at(plans, i);
		struct manifest *manifest =
			manifest_of(sup, restored, (unsigned)js_int(text, "manifest", 0));
		struct plan *plan = NULL;
		struct err err = {0};

		if (manifest && read_plan(sup, manifest, text, &plan, &err) == 0)
			restored->plans[restored->plan_count++] = plan;
		else if (manifest)
			tell(sup, "plan", &err);
		if (!plan)
			restore_doubts(sup);
		if (manifest && manifest->number > sup->manifests_made)
			sup->manifests_made = manifest->number;
		manifest_unref(manifest);
	}
}

struct plan *restore_plan(const struct restored *restored, unsigned number)
{
	for (size_t i = 0; i < restored->plan_count; i++)
		if (restored->plans[i]->number == number)
			return restored->plans[i];
	return NULL;
}

/* ---- what is wanted ---- */

static void restore_units(struct supervisor *sup, const struct restored *restored)
{
	const struct stack *stack = sup->manifest->stack;
	const struct json_t *units = js_get(restored->text, "units");

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct json_t *text = js_find(units, "service", stack->services[i].name);
		struct plan *plan = restore_plan(restored, (unsigned)js_int(text, "plan", 0));
		struct plan *previous =
			restore_plan(restored, (unsigned)js_int(text, "previous", 0));

		if (!js_get(text, "replicas")) /* each is written with it */
			restore_doubts(sup);
		sup->units[i] = (struct unit){
			.replicas = (unsigned)js_int(text, "replicas", 0),
			.selected = js_bool(text, "selected"),
			.stopped = js_bool(text, "stopped"),
			.asleep = js_bool(text, "asleep"),
			.held = js_bool(text, "held"),
			.times.seen_s = js_int(text, "seen", 0),
			.plan = plan ? plan_ref(plan) : NULL,
			.previous = previous ? plan_ref(previous) : NULL,
			.rolled_back = js_bool(text, "rolled_back"),
			.turned_back = js_bool(text, "turned_back"),
			.changed = js_copy(js_get(text, "changed")),
		};
	}
}

static int restore_manifest(struct supervisor *sup, struct restored *restored, struct err *err)
{
	unsigned number = (unsigned)js_int(restored->text, "manifest", 0);
	struct manifest *manifest = number ? manifest_of(sup, restored, number) : NULL;

	if (!manifest)
		return number ? err_say(err, ENOENT, "no manifest") : 0;
	if (number > sup->manifests_made)
		sup->manifests_made = number;
	sup->units = calloc(manifest->stack->service_count + 1, sizeof(*sup->units));
	if (!sup->units) {
		manifest_unref(manifest);
		return err_set(err, ENOMEM, "units");
	}
	sup->manifest = manifest;
	return 0;
}

void restore_stack(struct supervisor *sup, struct restored *restored)
{
	struct err err = {0};

	if (!restored->text)
		return;
	sup->ending = js_bool(restored->text, "ending");
	sup->remove_volumes = js_bool(restored->text, "remove_volumes");
	if (restore_manifest(sup, restored, &err) < 0) {
		tell(sup, "manifest", &err);
		restore_doubts(sup);
	}
	restore_plans(sup, restored);
	if (!sup->manifest)
		return;
	restore_units(sup, restored);
	networks_restore(sup, js_get(restored->text, "networks"));
	publish_restore(sup, js_get(restored->text, "ports"));
}
