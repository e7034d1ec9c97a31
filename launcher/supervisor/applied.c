// SPDX-License-Identifier: GPL-2.0-or-later
/* The request as one line of JSON, then what was read for it; see applied.h. */
#include "launcher/supervisor/applied.h"

#include "launcher/js.h"
#include "launcher/supervisor/state_file.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <string.h>

#define KIND "manifest"

/* @copy: of the same; one that is damaged would cost the stack. */
static char *path_of(const struct supervisor *sup, unsigned number, bool copy)
{
	char *path = NULL;

	return asprintf(&path, "%s/manifests/%u%s", sup->run_dir, number, copy ? ".copy" : "") < 0
		       ? NULL
		       : path;
}

static const char *const *items_or_null(const struct strv *list)
{
	return list->count ? (const char *const *)list->items : NULL;
}

/* Of what, and where what is found goes. */
struct loading {
	const struct json_t *request;
	struct inputs *inputs;
	struct diagnostics *diags;
};

static int load(const struct supervisor *sup, const struct loading *loading, struct manifest **ret,
		struct err *err)
{
	const struct json_t *request = loading->request;
	autostrv struct strv files = {0};
	autostrv struct strv profiles = {0};
	autostrv struct strv env_files = {0};
	autostrv struct strv environment = {0};
	struct stack *stack = NULL;

	js_collect(js_get(request, "files"), &files);
	js_collect(js_get(request, "profiles"), &profiles);
	js_collect(js_get(request, "env_files"), &env_files);
	js_collect(js_get(request, "environment"), &environment);
	const struct manifest_options options = {
		.directory = js_text(request, "directory"),
		.files = items_or_null(&files),
		.stack_name = sup->name,
		.profiles = items_or_null(&profiles),
		.env_files = items_or_null(&env_files),
		.store_dir = sup->store_dir,
		.environment = items_or_null(&environment),
		.inputs = loading->inputs,
	};
	if (!options.directory)
		return err_say(err, EDESTADDRREQ, "bad request: directory missing");
	if (files.failed || profiles.failed || env_files.failed || environment.failed)
		return err_set(err, ENOMEM, "read the request");
	int r = manifest_load(&options, &stack, loading->diags, err);

	if (r < 0)
		return r;
	*ret = manifest_make(stack, options.directory);
	return *ret ? 0 : err_set(err, ENOMEM, "manifest");
}

static int write_down(const struct supervisor *sup, const struct manifest *manifest,
		      const struct json_t *request, const struct inputs *inputs, struct err *err)
{
	autofree char *path = path_of(sup, manifest->number, false);
	autofree char *copy = path_of(sup, manifest->number, true);
	autobuf struct buf text = {0};

	if (!path || !copy)
		return err_set(err, ENOMEM, "manifest");
	int r = js_print(request, 0, &text, err);

	buf_puts(&text, "\n");
	if (r == 0)
		r = inputs_write(inputs, &text, err);
	if (r == 0)
		r = state_file_write(path, KIND, text.data, text.len, err);
	return r < 0 ? r : state_file_write(copy, KIND, text.data, text.len, err);
}

int applied_load(struct supervisor *sup, const struct json_t *request, struct diagnostics *diags,
		 struct manifest **ret, struct err *err)
{
	autoinputs struct inputs *inputs = NULL;
	struct err unwritten = {0};
	int r = inputs_new(&inputs, err);

	if (r == 0)
		r = load(sup, &(struct loading){request, inputs, diags}, ret, err);
	if (r < 0)
		return r;
	(*ret)->number = ++sup->manifests_made;
	if (write_down(sup, *ret, request, inputs, &unwritten) < 0)
		supervisor_log(sup, "event=state-unsaved error=\"%s\"", unwritten.text);
	return 0;
}

int applied_read(const struct supervisor *sup, const struct json_t *request,
		 struct diagnostics *diags, struct manifest **ret, struct err *err)
{
	autoinputs struct inputs *inputs = NULL;
	int r = inputs_new(&inputs, err);

	return r < 0 ? r : load(sup, &(struct loading){request, inputs, diags}, ret, err);
}

static bool is_damaged(int r)
{
	return r == -ENOENT || r == -EBADMSG;
}

/* What is left is copied, so that the next damage costs nothing, either. */
static int read_either(const struct supervisor *sup, unsigned number, char **ret_text,
		       size_t *ret_len, struct err *err)
{
	autofree char *path = path_of(sup, number, false);
	autofree char *copy = path_of(sup, number, true);
	autofree char *other = NULL;
	size_t other_len = 0;

	if (!path || !copy)
		return err_set(err, ENOMEM, "manifest");
	int r = state_file_read(path, KIND, ret_text, ret_len, err);
	int r_copy = state_file_read(copy, KIND, &other, &other_len, r < 0 ? err : NULL);

	if (r == 0 && is_damaged(r_copy))
		err_ignore(state_file_write(copy, KIND, *ret_text, *ret_len, NULL));
	if (r_copy == 0 && is_damaged(r))
		err_ignore(state_file_write(path, KIND, other, other_len, NULL));
	if (r == 0)
		return 0;
	if (r_copy < 0)
		return r_copy;
	*ret_text = take_ptr(other);
	*ret_len = other_len;
	return 0;
}

int applied_again(struct supervisor *sup, unsigned number, struct manifest **ret, struct err *err)
{
	autofree char *text = NULL;
	autojs struct json_t *request = NULL;
	autoinputs struct inputs *inputs = NULL;
	autodiagnostics struct diagnostics diags = {0};
	size_t len = 0;
	int r = read_either(sup, number, &text, &len, err);

	if (r < 0)
		return r;
	size_t line = strcspn(text, "\n");

	r = js_parse(text, line, &request, err);
	if (r == 0)
		r = inputs_read(text + line + 1, len > line ? len - line - 1 : 0, &inputs, err);
	if (r == 0)
		r = load(sup, &(struct loading){request, inputs, &diags}, ret, err);
	if (r == 0)
		(*ret)->number = number;
	return r;
}

static bool is_needed(const char *name, const unsigned *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strtoul(name, NULL, 10) == numbers[i])
			return true;
	return false;
}

void applied_sweep(const struct supervisor *sup, const unsigned *numbers, size_t count)
{
	autofree char *path = NULL;

	if (asprintf(&path, "%s/manifests", sup->run_dir) < 0) {
		path = NULL;
		return;
	}
	autodir DIR *dir = opendir(path);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && !is_needed(entry->d_name, numbers, count))
			(void)unlinkat(dirfd(dir), entry->d_name, 0); /* tried again next time */
}
