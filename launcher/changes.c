// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both sides are printed as their manifest would be written, and compared value by value; what a
 * printed service does not show (which image its name led to, what files hold) is looked at beside.
 */
#include "launcher/changes.h"

#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* They are kept and written down as long as the service is there. */
#define FIELDS_MAX 8
#define VALUE_MAX  120

struct comparison {
	struct json_t *fields;
	unsigned more;
	bool failed;
};

/* ---- values ---- */

static void print_value(const struct json_t *value, struct buf *out)
{
	if (js_kind(value) == JS_TEXT)
		buf_puts(out, js_string(value));
	else if (js_print(value, 0, out, NULL) < 0)
		out->failed = true;
}

static bool is_equal(const struct json_t *a, const struct json_t *b)
{
	autobuf struct buf left = {0};
	autobuf struct buf right = {0};

	if (!a || !b || js_kind(a) != js_kind(b))
		return a == b;
	print_value(a, &left);
	print_value(b, &right);
	return !left.failed && !right.failed && strcmp(left.data, right.data) == 0;
}

/* What often is a password is not repeated where everybody looks. */
static bool is_secret(const char *field)
{
	static const char *const names[] = {"environment", "build"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(field, names[i], len) == 0 && (!field[len] || field[len] == '.'))
			return true;
	}
	return false;
}

static struct json_t *shown(const char *field, const struct json_t *value)
{
	autobuf struct buf text = {0};

	if (!value)
		return js_pack("n");
	if (is_secret(field))
		return js_pack("s", CHANGES_HIDDEN);
	print_value(value, &text);
	if (!text.failed && text.len > VALUE_MAX) {
		text.len = VALUE_MAX;
		buf_puts(&text, "...");
	}
	return text.failed ? NULL : js_lossy_bytes(text.data, text.len);
}

/* ---- what differs ---- */

static void add(struct comparison *all, const char *field, struct json_t *from, struct json_t *to)
{
	struct json_t *one =
		js_pack("{s:o, s:o, s:o}", "field", js_lossy(field), "from", from, "to", to);

	if (js_count(all->fields) < FIELDS_MAX) {
		all->failed |= !js_append(all->fields, one);
		return;
	}
	all->more++;
	js_free(one);
}

static void add_values(struct comparison *all, const char *field, const struct json_t *a,
		       const struct json_t *b)
{
	if (!is_equal(a, b))
		add(all, field, shown(field, a), shown(field, b));
}

static bool is_in(const struct json_t *value, const struct json_t *list)
{
	for (size_t i = 0; i < js_count(list); i++)
		if (is_equal(value, js_at(list, i)))
			return true;
	return false;
}

/* Entries such as ports or volumes: those that went and those that came. */
static void compare_entries(struct comparison *all, const char *field, const struct json_t *a,
			    const struct json_t *b)
{
	for (size_t i = 0; i < js_count(a); i++)
		if (!is_in(js_at(a, i), b))
			add(all, field, shown(field, js_at(a, i)), js_pack("n"));
	for (size_t i = 0; i < js_count(b); i++)
		if (!is_in(js_at(b, i), a))
			add(all, field, js_pack("n"), shown(field, js_at(b, i)));
}

static void compare(struct comparison *all, const char *field, struct json_t *a, struct json_t *b);

/* "deploy" and "resources": "deploy.resources" */
static void compare_member(struct comparison *all, const char *field, const char *key,
			   struct json_t *both[static 2])
{
	autobuf struct buf name = {0};

	buf_printf(&name, "%s%s%s", field, field[0] ? "." : "", key);
	if (name.failed)
		all->failed = true;
	else
		compare(all, name.data, both[0], both[1]);
}

static void compare(struct comparison *all, const char *field, struct json_t *a, struct json_t *b)
{
	bool entries = js_kind(js_at(a, 0)) == JS_OBJECT || js_kind(js_at(b, 0)) == JS_OBJECT;

	if (js_kind(a) == JS_ARRAY && js_kind(b) == JS_ARRAY && entries) {
		compare_entries(all, field, a, b);
		return;
	}
	if (js_kind(a) != JS_OBJECT || js_kind(b) != JS_OBJECT) {
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

/* @kind, "networks" or "volumes": as the stack defines what the service has of them. */
static void compare_defined(struct comparison *all, const char *kind, const char *key,
			    struct json_t *sides[static 2])
{
	struct json_t *a = js_get(js_get(sides[0], kind), key);
	struct json_t *b = js_get(js_get(sides[1], kind), key);
	autobuf struct buf name = {0};

	buf_printf(&name, "%s.%s", kind, key);
	all->failed |= name.failed;
	if (!name.failed && a && b)
		compare(all, name.data, a, b);
}

static void compare_shared(struct comparison *all, const struct service *after,
			   struct json_t *sides[static 2])
{
	for (size_t i = 0; i < after->network.attachment_count; i++)
		compare_defined(all, "networks", after->network.attachments[i].network, sides);
	for (size_t i = 0; i < after->mount_count; i++)
		if (after->mounts[i].kind == MOUNT_VOLUME && after->mounts[i].source)
			compare_defined(all, "volumes", after->mounts[i].source, sides);
}

/* The same name, another image. */
static void compare_image(struct comparison *all, const struct service *a, const struct service *b)
{
	if (a->rootfs != ROOTFS_IMAGE || b->rootfs != ROOTFS_IMAGE || !a->rootfs_dir ||
	    !b->rootfs_dir || strcmp(a->rootfs_dir, b->rootfs_dir) == 0)
		return;
	add(all, "image (digest)", js_lossy(a->rootfs_dir), js_lossy(b->rootfs_dir));
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
		if (!name.failed)
			add(all, name.data, js_pack("s", CHANGES_HIDDEN),
			    js_pack("s", CHANGES_HIDDEN));
	}
}

static int print_side(const struct changes_side *side, struct json_t **ret, struct err *err)
{
	autobuf struct buf text = {0};
	int r = manifest_print_service(side->stack, side->service, &text, err);

	return r < 0 ? r : js_parse(text.data, text.len, ret, err);
}

int changes_between(const struct changes_side *before, const struct changes_side *after,
		    struct json_t **ret, struct err *err)
{
	autojs struct json_t *a = NULL;
	autojs struct json_t *b = NULL;
	struct comparison all = {0};
	int r = print_side(before, &a, err);

	if (r == 0)
		r = print_side(after, &b, err);
	all.fields = js_pack("[]");
	if (r == 0) {
		compare_image(&all, before->service, after->service);
		compare(&all, "", js_get(a, "service"), js_get(b, "service"));
		compare_contents(&all, before, after);
		compare_shared(&all, after->service, (struct json_t *[]){a, b});
	}
	if (r < 0 || all.failed || !all.fields) {
		js_free(all.fields);
		return r < 0 ? r : err_set(err, ENOMEM, "what has changed");
	}
	*ret = js_pack("{s:o, s:i}", "fields", all.fields, "more", (int)all.more);
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
