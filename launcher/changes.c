// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both sides are printed as their manifest would be written, and compared value by value; what a
 * printed service does not show (which image its name led to, what files hold) is looked at beside.
 */
#include "launcher/changes.h"

#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* They are kept and written down as long as the service is there. */
#define FIELDS_MAX 8
#define VALUE_MAX  120

struct comparison {
	struct json_t *fields; /* that make instances other ones */
	struct json_t *others;
	unsigned count; /* of both, with those that found no room */
	bool secret;	/* what is compared now may be */
	bool failed;
};

/* ---- values ---- */

/* What often is, or holds, a password is not repeated where everybody looks. */
static bool is_secret(const char *key)
{
	static const char *const keys[] = {"environment", "build",	"headers",
					   "driver_opts", "post_start", "pre_stop"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static bool has_secret(struct json_t *value)
{
	for (size_t i = 0; js_kind(value) == JS_ARRAY && i < js_count(value); i++)
		if (has_secret(js_at(value, i)))
			return true;
	if (js_kind(value) != JS_OBJECT)
		return false;
	for (void *it = js_first(value); it; it = js_next(value, it))
		if (is_secret(js_key(it)) || has_secret(js_get(value, js_key(it))))
			return true;
	return false;
}

static struct json_t *cut(const char *text, size_t len)
{
	char start[VALUE_MAX + sizeof("...")];

	if (len <= VALUE_MAX)
		return js_lossy_bytes(text, len);
	memcpy(start, text, VALUE_MAX);
	memcpy(start + VALUE_MAX, "...", sizeof("..."));
	return js_lossy_bytes(start, sizeof(start) - 1);
}

static struct json_t *shown(const struct comparison *all, struct json_t *value)
{
	autobuf struct buf text = {0};

	if (!value)
		return js_pack("n");
	if (all->secret || has_secret(value))
		return js_pack("s", CHANGES_HIDDEN);
	if (js_kind(value) == JS_TEXT)
		buf_puts(&text, js_string(value));
	else if (js_print(value, 0, &text, NULL) < 0)
		return NULL;
	return text.failed ? NULL : cut(text.data ? text.data : "", text.len);
}

/* ---- what differs ---- */

/* What changes no revision: see launcher/policy/revision.h. */
static bool is_applied(const char *field)
{
	static const char *const fields[] = {
		"attach",      "build",	    "depends_on",  "deploy.replicas",
		"expose",      "platform",  "ports",	   "post_start",
		"pre_stop",    "profiles",  "pull_policy", "x-allow",
		"x-autoscale", "x-balance", "x-drain",	   "x-schedule"};
	size_t len = strlen(field);

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t start = strlen(fields[i]);

		if (strncmp(field, fields[i], start) == 0 && (!field[start] || field[start] == '.'))
			return true;
	}
	/* (An external network's does, and is told last all the same.) */
	return strncmp(field, "networks.", 9) == 0 && strcmp(field + len - 5, ".name") == 0;
}

/* The list that has room for one more field; NULL: it is counted only. */
static struct json_t *room_for(struct comparison *all, const char *field)
{
	struct json_t *list = is_applied(field) ? all->others : all->fields;

	all->count++;
	return js_count(list) < FIELDS_MAX ? list : NULL;
}

static void add(struct comparison *all, struct json_t *list, const char *field, struct json_t *from,
		struct json_t *to)
{
	all->failed |= !js_append(list, js_pack("{s:o, s:o, s:o}", "field",
						cut(field, strlen(field)), "from", from, "to", to));
}

static void add_values(struct comparison *all, const char *field, struct json_t *a,
		       struct json_t *b)
{
	struct json_t *list = room_for(all, field);

	if (list)
		add(all, list, field, shown(all, a), shown(all, b));
}

/* A list of entries, each as its text. */
struct entries {
	struct strv texts;
	char **sorted; /* borrowed from them */
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void entries_free(struct entries *entries)
{
	strv_free(&entries->texts);
	free(entries->sorted);
}

#define autoentries __attribute__((cleanup(entries_free)))

static bool entries_of(const struct json_t *list, struct entries *entries)
{
	for (size_t i = 0; i < js_count(list); i++) {
		autobuf struct buf text = {0};

		if (js_print(js_at(list, i), 0, &text, NULL) < 0)
			return false;
		strv_add(&entries->texts, text.data);
	}
	if (entries->texts.failed)
		return false;
	entries->sorted = calloc(entries->texts.count + 1, sizeof(*entries->sorted));
	if (!entries->sorted)
		return false;
	for (size_t i = 0; i < entries->texts.count; i++)
		entries->sorted[i] = entries->texts.items[i];
	qsort(entries->sorted, entries->texts.count, sizeof(*entries->sorted), by_text);
	return true;
}

static bool is_in(const struct entries *entries, char *text)
{
	return bsearch(&text, entries->sorted, entries->texts.count, sizeof(*entries->sorted),
		       by_text) != NULL;
}

/* Entries such as ports or volumes, maybe tens of thousands: those that went and those that came.
 */
static void compare_entries(struct comparison *all, const char *field, struct json_t *a,
			    struct json_t *b)
{
	autoentries struct entries old = {0};
	autoentries struct entries new = {0};

	if (!entries_of(a, &old) || !entries_of(b, &new)) {
		all->failed = true;
		return;
	}
	for (size_t i = 0; i < old.texts.count; i++)
		if (!is_in(&new, old.texts.items[i]))
			add_values(all, field, js_at(a, i), NULL);
	for (size_t i = 0; i < new.texts.count; i++)
		if (!is_in(&old, new.texts.items[i]))
			add_values(all, field, NULL, js_at(b, i));
}

static void compare(struct comparison *all, const char *field, struct json_t *a, struct json_t *b);

/* "deploy" and "resources": "deploy.resources" */
static void compare_member(struct comparison *all, const char *field, const char *key,
			   struct json_t *both[static 2])
{
	autobuf struct buf name = {0};
	bool secret = all->secret;

	buf_printf(&name, "%s%s%s", field, field[0] ? "." : "", key);
	all->failed |= name.failed;
	if (name.failed)
		return;
	all->secret |= is_secret(key);
	compare(all, name.data, both[0], both[1]);
	all->secret = secret;
}

static void compare(struct comparison *all, const char *field, struct json_t *a, struct json_t *b)
{
	bool entries = js_kind(js_at(a, 0)) == JS_OBJECT || js_kind(js_at(b, 0)) == JS_OBJECT;

	if (js_kind(a) == JS_ARRAY && js_kind(b) == JS_ARRAY && entries) {
		compare_entries(all, field, a, b);
		return;
	}
	if (js_kind(a) != JS_OBJECT || js_kind(b) != JS_OBJECT) {
		if (!js_equal(a, b))
			add_values(all, field, a, b);
		return;
	}
	for (void *it = js_first(a); it; it = js_next(a, it)) {
		struct json_t *both[] = {js_get(a, js_key(it)), js_get(b, js_key(it))};

		compare_member(all, field, js_key(it), both);
	}
	for (void *it = js_first(b); it; it = js_next(b, it)) {
		struct json_t *both[] = {NULL, js_get(b, js_key(it))};

		if (!js_get(a, js_key(it)))
			compare_member(all, field, js_key(it), both);
	}
}

/* ---- what is not printed with a service ---- */

/* @kind, "networks" or "volumes": as the stack defines those that the service has on both sides. */
static void compare_defined(struct comparison *all, const char *kind,
			    struct json_t *sides[static 2])
{
	struct json_t *before = js_get(sides[0], kind);
	struct json_t *after = js_get(sides[1], kind);

	for (void *it = js_first(after); it; it = js_next(after, it)) {
		struct json_t *old = js_get(before, js_key(it));
		autobuf struct buf name = {0};

		buf_printf(&name, "%s.%s", kind, js_key(it));
		all->failed |= name.failed;
		if (!name.failed && old)
			compare(all, name.data, old, js_get(after, js_key(it)));
	}
}

/* The same name, another image. */
static void compare_image(struct comparison *all, const struct service *a, const struct service *b)
{
	if (a->rootfs != ROOTFS_IMAGE || b->rootfs != ROOTFS_IMAGE || !a->rootfs_dir ||
	    !b->rootfs_dir || strcmp(a->rootfs_dir, b->rootfs_dir) == 0)
		return;
	struct json_t *list = room_for(all, "image (digest)");

	if (list)
		add(all, list, "image (digest)", js_lossy(a->rootfs_dir), js_lossy(b->rootfs_dir));
}

static const struct file_object *object_at(const struct changes_side *side, const char *target)
{
	const struct service_files *files = &side->service->files;

	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].target, target) == 0)
			return stack_file(side->stack, files->items[i].kind,
					  files->items[i].source);
	return NULL;
}

static void compare_contents(struct comparison *all, const struct changes_side *before,
			     const struct changes_side *after)
{
	for (size_t i = 0; i < after->service->files.count; i++) {
		const struct file_grant *grant = &after->service->files.items[i];
		const struct file_object *a = object_at(before, grant->target);
		const struct file_object *b = stack_file(after->stack, grant->kind, grant->source);
		autobuf struct buf name = {0};

		if (!a || !b || !a->bytes || !b->bytes ||
		    (a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0))
			continue;
		buf_printf(&name, "%s.%s.content",
			   grant->kind == FILE_CONFIG ? "configs" : "secrets", grant->source);
		all->failed |= name.failed;
		struct json_t *list = name.failed ? NULL : room_for(all, name.data);

		if (list)
			add(all, list, name.data, js_pack("s", CHANGES_HIDDEN),
			    js_pack("s", CHANGES_HIDDEN));
	}
}

static int print_side(const struct changes_side *side, struct json_t **ret, struct err *err)
{
	autobuf struct buf text = {0};
	int r = manifest_print_service(side->stack, side->service, &text, err);

	return r < 0 ? r : js_parse(text.data, text.len, ret, err);
}

/* What makes instances other ones comes first. */
static struct json_t *told(struct comparison *all)
{
	for (size_t i = 0; i < js_count(all->others) && js_count(all->fields) < FIELDS_MAX; i++)
		all->failed |= !js_append(all->fields, js_copy(js_at(all->others, i)));
	size_t count = js_count(all->fields);

	return all->failed ? NULL
			   : js_pack("{s:O, s:i}", "fields", all->fields, "more",
				     (int)(all->count - count));
}

int changes_between(const struct changes_side *before, const struct changes_side *after,
		    struct json_t **ret, struct err *err)
{
	autojs struct json_t *a = NULL;
	autojs struct json_t *b = NULL;
	autojs struct json_t *fields = js_pack("[]");
	autojs struct json_t *others = js_pack("[]");
	struct comparison all = {.fields = fields, .others = others, .failed = !fields || !others};
	int r = print_side(before, &a, err);

	if (r == 0)
		r = print_side(after, &b, err);
	if (r < 0)
		return r;
	compare_image(&all, before->service, after->service);
	compare(&all, "", js_get(a, "service"), js_get(b, "service"));
	compare_contents(&all, before, after);
	compare_defined(&all, "networks", (struct json_t *[]){a, b});
	compare_defined(&all, "volumes", (struct json_t *[]){a, b});
	*ret = told(&all);
	return *ret ? 0 : err_set(err, ENOMEM, "what has changed");
}

void changes_names(const struct json_t *changes, struct buf *out)
{
	const struct json_t *fields = js_get(changes, "fields");
	int64_t more = js_int(changes, "more", 0);

	for (size_t i = 0; i < js_count(fields); i++) {
		const char *name = js_text(js_at(fields, i), "field");

		buf_printf(out, "%s%s", i ? ", " : "", name ? name : "");
	}
	if (more)
		buf_printf(out, " and %lld more", (long long)more);
}
