// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON documents of images; see oci.h. The only file here that sees jansson. What it reads was
 * written by anybody: every member is checked for being there, its type and its bounds.
 */
#include "runtime/image/oci.h"

#include "runtime/base/cleanup.h"
#include "runtime/image/image_ref.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* A value costs jansson some 50 bytes of memory, and one of JSON. */
#define VALUES_MAX     ((size_t)1 << 18)
#define INDEX_MAX      1024
#define LIST_MAX       8192
#define MEDIA_TYPE_MAX 255

static const struct {
	const char *type;
	enum oci_media media;
} media_types[] = {
	{"application/vnd.oci.image.index.v1+json", OCI_MEDIA_INDEX},
	{"application/vnd.docker.distribution.manifest.list.v2+json", OCI_MEDIA_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", OCI_MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v2+json", OCI_MEDIA_MANIFEST},
	{"application/vnd.oci.image.config.v1+json", OCI_MEDIA_CONFIG},
	{"application/vnd.docker.container.image.v1+json", OCI_MEDIA_CONFIG},
	{"application/vnd.oci.image.layer.v1.tar", OCI_MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar", OCI_MEDIA_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+gzip", OCI_MEDIA_LAYER_GZIP},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", OCI_MEDIA_LAYER_GZIP},
	{"application/vnd.oci.image.layer.v1.tar+zstd", OCI_MEDIA_LAYER_ZSTD},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", OCI_MEDIA_LAYER_ZSTD},
};

static enum oci_media media_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
		if (strcmp(type, media_types[i].type) == 0)
			return media_types[i].media;
	return OCI_MEDIA_OTHER;
}

static void drop(json_t **value)
{
	json_decref(*value);
}
#define autojson on_leave(drop)

static bool too_many_values(const char *bytes, size_t len)
{
	size_t values = 0;

	for (size_t i = 0; i < len; i++)
		values += bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{';
	return values > VALUES_MAX;
}

/* An object or an array; a name said twice is refused, since programs differ in which one counts.
 */
static int load(const char *bytes, size_t len, json_t **ret, struct err *err)
{
	json_error_t where;

	if (len > OCI_JSON_BYTES_MAX)
		return err_say(err, EFBIG, "JSON of more than %zu bytes", OCI_JSON_BYTES_MAX);
	if (too_many_values(bytes, len))
		return err_say(err, EFBIG, "JSON of more than %zu values", VALUES_MAX);
	json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);

	if (!value)
		return err_say(err, EBADMSG, "malformed JSON at byte %d", where.position);
	*ret = value;
	return 0;
}

/* Absent and null are NULL, which is success. */
static int get_text(const json_t *object, const char *key, char **ret, struct err *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return err_say(err, EBADMSG, "%s is not a text", key);
	char *copy = strdup(json_string_value(value));

	if (!copy)
		return err_set(err, ENOMEM, "%s", key);
	free(*ret);
	*ret = copy;
	return 0;
}

static int get_array(const json_t *object, const char *key, size_t max, const json_t **ret,
		     struct err *err)
{
	const json_t *value = json_object_get(object, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value))
		return err_say(err, EBADMSG, "%s is not a list", key);
	if (json_array_size(value) > max)
		return err_say(err, E2BIG, "%s has more than %zu items", key, max);
	*ret = value;
	return 0;
}

static int get_texts(const json_t *object, const char *key, struct strv *ret, struct err *err)
{
	const json_t *array = NULL;
	int r = get_array(object, key, LIST_MAX, &array, err);

	for (size_t i = 0; r == 0 && i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!text)
			return err_say(err, EBADMSG, "%s[%zu] is not a text", key, i);
		strv_add(ret, text);
	}
	return r < 0 ? r : strv_check(ret, err);
}

/* The names of an object's members, with "=value" where the values are texts and count. */
static int get_members(const json_t *object, const char *key, bool values, struct strv *ret,
		       struct err *err)
{
	json_t *members = json_object_get(object, key);
	const char *name = NULL;
	json_t *value = NULL;

	if (!members || json_is_null(members))
		return 0;
	if (!json_is_object(members))
		return err_say(err, EBADMSG, "%s is not an object", key);
	if (json_object_size(members) > LIST_MAX)
		return err_say(err, E2BIG, "%s has more than %d members", key, LIST_MAX);
	json_object_foreach(members, name, value)
	{
		const char *text = json_string_value(value);

		if (values && text)
			strv_addf(ret, "%s=%s", name, text);
		else if (!values)
			strv_add(ret, name);
	}
	return strv_check(ret, err);
}

static int get_integer(const json_t *object, const char *key, int64_t *ret, struct err *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return err_say(err, EBADMSG, "%s is not a number from 0", key);
	*ret = json_integer_value(value);
	return 0;
}

static void descriptor_free(struct oci_descriptor *descriptor)
{
	free(descriptor->media_type);
	free(descriptor->ref_name);
	free(descriptor->os);
	free(descriptor->architecture);
	free(descriptor->variant);
}

void oci_document_free(struct oci_document *document)
{
	descriptor_free(&document->config);
	for (size_t i = 0; i < document->count; i++)
		descriptor_free(&document->items[i]);
	free(document->items);
	*document = (struct oci_document){0};
}

static int read_platform(const json_t *object, struct oci_descriptor *to, struct err *err)
{
	const json_t *annotations = json_object_get(object, "annotations");
	const json_t *platform = json_object_get(object, "platform");
	int r = get_text(annotations, "org.opencontainers.image.ref.name", &to->ref_name, err);

	if (r == 0)
		r = get_text(platform, "os", &to->os, err);
	if (r == 0)
		r = get_text(platform, "architecture", &to->architecture, err);
	return r < 0 ? r : get_text(platform, "variant", &to->variant, err);
}

static int read_descriptor(const json_t *object, struct oci_descriptor *to, struct err *err)
{
	const char *digest = json_string_value(json_object_get(object, "digest"));

	if (!json_is_object(object))
		return err_say(err, EBADMSG, "is not a descriptor");
	to->size = -1;
	int r = get_text(object, "mediaType", &to->media_type, err);

	if (r == 0)
		r = get_integer(object, "size", &to->size, err);
	if (r < 0)
		return r;
	if (!to->media_type || strlen(to->media_type) > MEDIA_TYPE_MAX)
		return err_say(err, EBADMSG, "has no media type");
	if (!digest || digest_check(digest, err) < 0)
		return digest ? -EINVAL : err_say(err, EBADMSG, "has no digest");
	if (to->size < 0)
		return err_say(err, EBADMSG, "has no size");
	memcpy(to->digest, digest, sizeof(to->digest));
	to->media = media_of(to->media_type);
	return read_platform(object, to, err);
}

static int read_items(const json_t *object, const char *key, size_t max, struct oci_document *to,
		      struct err *err)
{
	const json_t *array = NULL;
	int r = get_array(object, key, max, &array, err);

	if (r < 0)
		return r;
	if (!array || json_array_size(array) == 0)
		return err_say(err, EBADMSG, "%s is empty", key);
	to->items = calloc(json_array_size(array), sizeof(*to->items));
	if (!to->items)
		return err_set(err, ENOMEM, "%s", key);
	for (size_t i = 0; i < json_array_size(array); i++) {
		to->count++;
		if (read_descriptor(json_array_get(array, i), &to->items[i], err) < 0)
			return err_prefix(err, "%s[%zu]", key, i);
	}
	return 0;
}

static int check_layers(const struct oci_document *manifest, struct err *err)
{
	if (manifest->config.media != OCI_MEDIA_CONFIG)
		return err_say(err, EMEDIUMTYPE,
			       "config %s is of media type '%.100s', not an image's",
			       manifest->config.digest, manifest->config.media_type);
	for (size_t i = 0; i < manifest->count; i++) {
		const struct oci_descriptor *layer = &manifest->items[i];

		if (layer->media != OCI_MEDIA_LAYER && layer->media != OCI_MEDIA_LAYER_GZIP &&
		    layer->media != OCI_MEDIA_LAYER_ZSTD)
			return err_say(err, EMEDIUMTYPE,
				       "layer %s is of media type '%.100s', which is not taken",
				       layer->digest, layer->media_type);
	}
	return 0;
}

/* One that says nothing of itself is what the descriptor says; one with the members of both kinds
 * would be read differently by different programs (CVE-2021-41190). */
static int check_kind(const json_t *object, enum oci_media media, struct err *err)
{
	const char *said = json_string_value(json_object_get(object, "mediaType"));
	bool manifest = json_object_get(object, "layers") || json_object_get(object, "config");
	bool index = json_object_get(object, "manifests") != NULL;

	if (json_integer_value(json_object_get(object, "schemaVersion")) != 2)
		return err_say(err, EBADMSG, "is not of schema version 2");
	if (manifest && index)
		return err_say(err, EBADMSG, "is both an index and a manifest");
	if (said && media_of(said) != media)
		return err_say(err, EMEDIUMTYPE, "says it is of media type '%.100s'", said);
	if (index != (media == OCI_MEDIA_INDEX))
		return err_say(err, EMEDIUMTYPE, "is not %s",
			       media == OCI_MEDIA_INDEX ? "an index" : "a manifest");
	return 0;
}

int oci_document_parse(const char *bytes, size_t len, enum oci_media media,
		       struct oci_document *ret, struct err *err)
{
	autodocument struct oci_document document = {.media = media};
	autojson json_t *object = NULL;
	int r = load(bytes, len, &object, err);

	if (r == 0)
		r = check_kind(object, media, err);
	if (r == 0 && media == OCI_MEDIA_INDEX)
		r = read_items(object, "manifests", INDEX_MAX, &document, err);
	if (r == 0 && media == OCI_MEDIA_MANIFEST) {
		r = read_descriptor(json_object_get(object, "config"), &document.config, err);
		if (r < 0)
			return err_prefix(err, "config");
		r = read_items(object, "layers", OCI_LAYERS_MAX, &document, err);
		if (r == 0)
			r = check_layers(&document, err);
	}
	if (r < 0)
		return r;
	*ret = document;
	document = (struct oci_document){0};
	return 0;
}

void image_config_free(struct image_config *config)
{
	struct strv *lists[] = {&config->entrypoint, &config->cmd,     &config->env,
				&config->volumes,    &config->exposed, &config->labels,
				&config->health.test};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_free(lists[i]);
	free(config->user);
	free(config->working_dir);
	free(config->stop_signal);
	*config = (struct image_config){0};
}

void oci_config_free(struct oci_config *config)
{
	image_config_free(&config->run);
	free(config->os);
	free(config->architecture);
	free(config->variant);
	free(config->diff_ids);
	*config = (struct oci_config){0};
}

static int read_health(const json_t *object, struct image_health *to, struct err *err)
{
	const struct {
		const char *key;
		int64_t *number;
	} numbers[] = {
		{"Interval", &to->interval_ns},
		{"Timeout", &to->timeout_ns},
		{"StartPeriod", &to->start_period_ns},
		{"StartInterval", &to->start_interval_ns},
		{"Retries", &to->retries},
	};

	if (!object || json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return err_say(err, EBADMSG, "Healthcheck is not an object");
	to->set = true;
	int r = get_texts(object, "Test", &to->test, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = get_integer(object, numbers[i].key, numbers[i].number, err);
	return r;
}

static int read_run(const json_t *object, struct image_config *to, struct err *err)
{
	int r = get_texts(object, "Entrypoint", &to->entrypoint, err);

	if (r == 0)
		r = get_texts(object, "Cmd", &to->cmd, err);
	if (r == 0)
		r = get_texts(object, "Env", &to->env, err);
	if (r == 0)
		r = get_members(object, "Volumes", false, &to->volumes, err);
	if (r == 0)
		r = get_members(object, "ExposedPorts", false, &to->exposed, err);
	if (r == 0)
		r = get_members(object, "Labels", true, &to->labels, err);
	if (r == 0)
		r = get_text(object, "User", &to->user, err);
	if (r == 0)
		r = get_text(object, "WorkingDir", &to->working_dir, err);
	if (r == 0)
		r = get_text(object, "StopSignal", &to->stop_signal, err);
	return r < 0 ? r : read_health(json_object_get(object, "Healthcheck"), &to->health, err);
}

static int read_diff_ids(const json_t *object, struct oci_config *to, struct err *err)
{
	const json_t *array = NULL;
	int r = get_array(json_object_get(object, "rootfs"), "diff_ids", OCI_LAYERS_MAX, &array,
			  err);

	if (r < 0)
		return r;
	if (!array || json_array_size(array) == 0)
		return err_say(err, EBADMSG, "rootfs.diff_ids is empty");
	to->diff_ids = calloc(json_array_size(array), sizeof(*to->diff_ids));
	if (!to->diff_ids)
		return err_set(err, ENOMEM, "diff_ids");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (digest_check(text ? text : "", err) < 0)
			return err_prefix(err, "diff_ids[%zu]", i);
		memcpy(to->diff_ids[to->diff_count++], text, DIGEST_SIZE);
	}
	return 0;
}

/* An empty text is how an image's config says "none". */
static void drop_empty(char **text)
{
	if (!*text || (*text)[0] != '\0')
		return;
	free(*text);
	*text = NULL;
}

int oci_config_parse(const char *bytes, size_t len, struct oci_config *ret, struct err *err)
{
	autoconfig struct oci_config config = {0};
	autojson json_t *object = NULL;
	int r = load(bytes, len, &object, err);

	if (r == 0)
		r = get_text(object, "os", &config.os, err);
	if (r == 0)
		r = get_text(object, "architecture", &config.architecture, err);
	if (r == 0)
		r = get_text(object, "variant", &config.variant, err);
	if (r == 0)
		r = read_diff_ids(object, &config, err);
	if (r == 0)
		r = read_run(json_object_get(object, "config"), &config.run, err);
	if (r < 0)
		return r;
	if (!config.os || !config.architecture)
		return err_say(err, EBADMSG, "does not say its os and architecture");
	drop_empty(&config.run.user);
	drop_empty(&config.run.working_dir);
	drop_empty(&config.run.stop_signal);
	drop_empty(&config.variant);
	*ret = config;
	config = (struct oci_config){0};
	return 0;
}

void oci_saved_free(struct oci_saved *saved)
{
	free(saved->config);
	strv_free(&saved->layers);
	strv_free(&saved->tags);
	*saved = (struct oci_saved){0};
}

static int read_saved(const json_t *object, struct oci_saved *to, struct err *err)
{
	int r = get_text(object, "Config", &to->config, err);

	if (r == 0)
		r = get_texts(object, "Layers", &to->layers, err);
	if (r == 0)
		r = get_texts(object, "RepoTags", &to->tags, err);
	if (r < 0)
		return r;
	if (!to->config || to->layers.count == 0 || to->layers.count > OCI_LAYERS_MAX)
		return err_say(err, EBADMSG, "no Config, or not 1 to %d Layers", OCI_LAYERS_MAX);
	return 0;
}

static bool saved_has(const struct oci_saved *saved, const char *tag)
{
	for (size_t i = 0; i < saved->tags.count; i++)
		if (image_ref_names(saved->tags.items[i], tag))
			return true;
	return false;
}

int oci_saved_parse(const char *bytes, size_t len, const char *tag, struct oci_saved *ret,
		    struct err *err)
{
	autojson json_t *array = NULL;
	int r = load(bytes, len, &array, err);

	if (r < 0)
		return r;
	if (!json_is_array(array) || json_array_size(array) > INDEX_MAX)
		return err_say(err, EBADMSG, "not a list of at most %d images", INDEX_MAX);
	if (!tag && json_array_size(array) != 1)
		return err_say(err, EINVAL, "has %zu images: say which, FILE:NAME:TAG",
			       json_array_size(array));
	for (size_t i = 0; i < json_array_size(array); i++) {
		autosaved struct oci_saved saved = {0};

		r = read_saved(json_array_get(array, i), &saved, err);
		if (r < 0)
			return err_prefix(err, "[%zu]", i);
		if (tag && !saved_has(&saved, tag))
			continue;
		*ret = saved;
		saved = (struct oci_saved){0};
		return 0;
	}
	return err_say(err, ENOENT, "has no image '%.200s'", tag ? tag : "");
}

static const char *type_of(enum oci_media media)
{
	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
		if (media_types[i].media == media)
			return media_types[i].type;
	return "application/octet-stream";
}

static void print_descriptor(const struct oci_descriptor *descriptor, struct buf *out)
{
	buf_printf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%lld}",
		   type_of(descriptor->media), descriptor->digest, (long long)descriptor->size);
}

int oci_manifest_print(const struct oci_document *manifest, struct buf *out, struct err *err)
{
	buf_printf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":",
		   type_of(OCI_MEDIA_MANIFEST));
	print_descriptor(&manifest->config, out);
	buf_puts(out, ",\"layers\":[");
	for (size_t i = 0; i < manifest->count; i++) {
		buf_puts(out, i ? "," : "");
		print_descriptor(&manifest->items[i], out);
	}
	buf_puts(out, "]}");
	return buf_check(out, err);
}
