// SPDX-License-Identifier: GPL-2.0-or-later
/* References to images and what a pull policy makes of them; see image_ref.h. Pure. */
#include "runtime/image/image_ref.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/image/digest.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_MAX	 255
#define TAG_MAX		 128
#define DEFAULT_REGISTRY "docker.io"

static const struct {
	const char *word;
	enum image_transport transport;
} transports[] = {
	{"oci:", IMAGE_OCI_DIR},
	{"oci-archive:", IMAGE_OCI_ARCHIVE},
	{"docker-archive:", IMAGE_DOCKER_ARCHIVE},
};

void image_ref_free(struct image_ref *ref)
{
	free(ref->place);
	free(ref->tag);
	free(ref->digest);
	free(ref->name);
	*ref = (struct image_ref){0};
}

bool image_ref_is_local(const struct image_ref *ref)
{
	return ref->transport != IMAGE_REGISTRY;
}

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Letters and digits, joined by ".", "_", "__" or any number of "-". */
static bool is_component(const char *text, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < len && lower_or_digit(text[i]))
			i++;
		if (i == start)
			return false;
		if (i == len)
			return true;
		if (text[i] == '-')
			while (i < len && text[i] == '-')
				i++;
		else if (text[i] == '_')
			i += i + 1 < len && text[i + 1] == '_' ? 2 : 1;
		else if (text[i] == '.')
			i++;
		else
			return false;
	}
}

static bool is_repository(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "/");

		if (!is_component(text, len))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

/* host[:port], a host being letters, digits, "." and "-", or an address in brackets. */
static bool is_registry(const char *text, size_t len)
{
	const char *end = text + len;
	const char *at = text;

	if (*at == '[') {
		while (at < end && (isxdigit((unsigned char)*at) || strchr("[:.", *at)))
			at++;
		if (at == end || *at++ != ']')
			return false;
	} else {
		while (at < end && (isalnum((unsigned char)*at) || *at == '.' || *at == '-'))
			at++;
		if (at == text || *text == '-' || *text == '.' || at[-1] == '-' || at[-1] == '.')
			return false;
	}
	if (at == end)
		return true;
	const char *port = at + 1;

	if (*at != ':' || port == end || end - port > 5)
		return false;
	for (at = port; at < end; at++)
		if (!isdigit((unsigned char)*at))
			return false;
	return true;
}

static bool is_tag(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > TAG_MAX || text[0] == '.' || text[0] == '-')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	return true;
}

/* The first part is a registry when it could not be part of a name on the default one. */
static size_t registry_len(const char *text)
{
	size_t len = strcspn(text, "/");

	if (text[len] == '\0')
		return 0;
	if (len == 9 && strncmp(text, "localhost", len) == 0)
		return len;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '.' || text[i] == ':' || isupper((unsigned char)text[i]))
			return len;
	return 0;
}

static int put_place(const char *place, struct buf *out)
{
	size_t len = registry_len(place);
	const char *repository = len ? place + len + 1 : place;

	if ((len && !is_registry(place, len)) || !is_repository(repository))
		return -EINVAL;
	bool hub = !len || (len == 9 && strncmp(place, "docker.io", len) == 0) ||
		   (len == 15 && strncmp(place, "index.docker.io", len) == 0);

	if (hub)
		buf_puts(out, DEFAULT_REGISTRY);
	else
		buf_put(out, place, len);
	if (hub && !strchr(repository, '/'))
		buf_puts(out, "/library");
	buf_printf(out, "/%s", repository);
	return out->len > PLACE_MAX ? -ENAMETOOLONG : 0;
}

static int parse_registry(char *text, struct image_ref *ref, struct err *err)
{
	autobuf struct buf place = {0};
	char *at = strchr(text, '@');

	if (at) {
		*at++ = '\0';
		if (digest_check(at, err) < 0)
			return -EINVAL;
	}
	char *slash = strrchr(text, '/');
	char *colon = strrchr(slash ? slash : text, ':');

	if (colon) {
		*colon++ = '\0';
		if (!is_tag(colon))
			return err_say(err, EINVAL, "malformed tag");
	}
	int r = put_place(text, &place);

	if (r < 0)
		return err_say(err, EINVAL,
			       r == -ENAMETOOLONG ? "longer than %d bytes" : "malformed name",
			       PLACE_MAX);
	ref->place = buf_take(&place);
	if (at)
		ref->digest = strdup(at);
	else
		ref->tag = strdup(colon ? colon : "latest");
	if (!ref->place || (!ref->digest && !ref->tag) ||
	    asprintf(&ref->name, "%s%s%s", ref->place, at ? "@" : ":", at ? at : ref->tag) < 0)
		return err_set(err, ENOMEM, "reference");
	return 0;
}

/* Takes "." and ".." out of an absolute path, by its text alone, as paths in a manifest are. */
static void normalise(char *path)
{
	char *to = path;

	for (char *from = path; *from;) {
		size_t len = strcspn(++from, "/");

		if (len == 2 && strncmp(from, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (len > 0 && !(len == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static int parse_local(const char *word, const char *text, const char *base_dir,
		       struct image_ref *ref, struct err *err)
{
	size_t len = strcspn(text, ":");
	const char *tag = text[len] ? text + len + 1 : NULL;

	if (len == 0)
		return err_say(err, EINVAL, "no path after '%s'", word);
	if (tag && (tag[0] == '\0' || strlen(tag) > PLACE_MAX + TAG_MAX))
		return err_say(err, EINVAL, "malformed tag");
	int n = text[0] == '/' ? asprintf(&ref->place, "%.*s", (int)len, text)
			       : asprintf(&ref->place, "%s/%.*s", base_dir, (int)len, text);

	if (n < 0) {
		ref->place = NULL;
		return err_set(err, ENOMEM, "reference");
	}
	if (n >= PATH_MAX)
		return err_say(err, EINVAL, "path is too long");
	normalise(ref->place);
	ref->tag = tag ? strdup(tag) : NULL;
	n = asprintf(&ref->name, "%s%s%s%s", word, ref->place, tag ? ":" : "", tag ? tag : "");
	if (n < 0)
		ref->name = NULL;
	return !ref->name || (tag && !ref->tag) ? err_set(err, ENOMEM, "reference") : 0;
}

/* Text that is shown, stored and given to programs: nothing in it may be anything else. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

static int parse(const char *text, const char *base_dir, struct image_ref *ref, struct err *err)
{
	if (!is_plain(text))
		return err_say(err, EINVAL, "has a control character");
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		size_t len = strlen(transports[i].word);

		if (strncmp(text, transports[i].word, len) != 0)
			continue;
		ref->transport = transports[i].transport;
		return parse_local(transports[i].word, text + len, base_dir, ref, err);
	}
	autofree char *copy = strdup(text);

	return copy ? parse_registry(copy, ref, err) : err_set(err, ENOMEM, "reference");
}

int image_ref_parse(const char *text, const char *base_dir, struct image_ref *ret, struct err *err)
{
	autoref struct image_ref ref = {0};
	struct err why = {0};
	int r = parse(text, base_dir, &ref, &why);

	if (r < 0) {
		if (r == -EINVAL)
			err_prefix(&why, "image '%.200s'", is_plain(text) ? text : "?");
		return err_say(err, -r, "%s", why.text);
	}
	*ret = ref;
	ref = (struct image_ref){0};
	return 0;
}

bool image_ref_names(const char *annotation, const char *tag)
{
	autoref struct image_ref one = {0};
	autoref struct image_ref other = {0};

	if (strcmp(annotation, tag) == 0)
		return true;
	/* A bare word is a tag in one layout and a repository in another: only the text counts. */
	if (!strpbrk(annotation, ":/@") || !strpbrk(tag, ":/@") ||
	    image_ref_parse(annotation, "/", &one, NULL) < 0 ||
	    image_ref_parse(tag, "/", &other, NULL) < 0)
		return false;
	return strcmp(one.name, other.name) == 0;
}

int image_pull_policy_parse(const char *word, enum image_pull_policy *ret, struct err *err)
{
	static const struct {
		const char *word;
		enum image_pull_policy policy;
	} words[] = {
		{"missing", IMAGE_PULL_MISSING}, {"if_not_present", IMAGE_PULL_MISSING},
		{"always", IMAGE_PULL_ALWAYS},	 {"never", IMAGE_PULL_NEVER},
		{"build", IMAGE_PULL_BUILD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word ? word : "missing", words[i].word) == 0) {
			*ret = words[i].policy;
			return 0;
		}
	return err_say(err, EINVAL,
		       "pull policy '%.40s': not always, never, missing, if_not_present or build",
		       word);
}

enum image_pull_action image_pull_decide(enum image_pull_policy policy, const struct image_ref *ref,
					 bool stored, bool outdated)
{
	switch (policy) {
	case IMAGE_PULL_BUILD:
		return IMAGE_REFUSE_BUILD;
	case IMAGE_PULL_NEVER:
		return stored ? IMAGE_USE_STORED : IMAGE_REFUSE_MISSING;
	case IMAGE_PULL_ALWAYS:
		return stored && ref->digest ? IMAGE_USE_STORED : IMAGE_FETCH;
	case IMAGE_PULL_MISSING:
		break;
	}
	return stored && !outdated ? IMAGE_USE_STORED : IMAGE_FETCH;
}
