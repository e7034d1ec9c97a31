// SPDX-License-Identifier: GPL-2.0-or-later
/* Images for tests; see image_world.h. */
#include "tests/unit/runtime/image_world.h"

#include "runtime/base/fs.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define BLOCK 512

static void pad(struct buf *tar)
{
	static const char zeros[BLOCK];

	if (tar->len % BLOCK)
		buf_put(tar, zeros, BLOCK - tar->len % BLOCK);
}

/* A field of octal digits, followed by the NUL that is there. */
static void octal(char *field, size_t digits, unsigned long value)
{
	for (; digits > 0; value >>= 3)
		field[--digits] = (char)('0' + (value & 7));
}

static void put_header(struct buf *tar, const struct world_entry *entry, size_t len)
{
	char block[BLOCK] = {0};
	unsigned sum = 0;
	size_t name_len = strlen(entry->name);

	memcpy(block, entry->name, name_len < 100 ? name_len : 100);
	octal(block + 100, 7, entry->mode ? entry->mode : 0644);
	octal(block + 108, 7, entry->uid);
	if (entry->owner)
		memcpy(block + 108, entry->owner, 8);
	octal(block + 116, 7, entry->gid);
	octal(block + 124, 11, len);
	if (entry->size)
		memcpy(block + 124, entry->size, 11);
	octal(block + 136, 11, 1000000000);
	block[156] = entry->type ? entry->type : '0';
	if (entry->link)
		memcpy(block + 157, entry->link,
		       strlen(entry->link) < 100 ? strlen(entry->link) : 100);
	memcpy(block + 257, "ustar\00000", 8);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	octal(block + 148, 6, sum);
	block[154] = '\0';
	buf_put(tar, block, BLOCK);
}

/* "LEN key=value\n", LEN counting itself. */
static void put_record(struct buf *tar, const struct world_entry *entry)
{
	size_t body = strlen(entry->pax) + entry->xattr_len + 2;
	size_t len = body + 1;

	while (len != body + (size_t)snprintf(NULL, 0, "%zu", len))
		len++;
	const struct world_entry header = {.name = "pax", .type = 'x'};

	put_header(tar, &header, len);
	buf_printf(tar, "%zu %s", len, entry->pax);
	buf_put(tar, entry->xattr_value, entry->xattr_len);
	buf_puts(tar, "\n");
	pad(tar);
}

void world_put(struct buf *tar, const struct world_entry *entry)
{
	size_t len = entry->content ? strlen(entry->content) : 0;

	if (entry->pax)
		put_record(tar, entry);
	put_header(tar, entry, len);
	buf_put(tar, entry->content, len);
	pad(tar);
}

void world_end(struct buf *tar)
{
	static const char zeros[2 * BLOCK];

	buf_put(tar, zeros, sizeof(zeros));
}

int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	strcpy(world->top, "/tmp/davit-test-image.XXXXXX");
	assert_non_null(mkdtemp(world->top));
	snprintf(world->layout, sizeof(world->layout), "%s/layout", world->top);
	snprintf(world->store, sizeof(world->store), "%s/store", world->top);
	char path[128];

	snprintf(path, sizeof(path), "%s/blobs/sha256", world->layout);
	assert_int_equal(fs_make_dirs(path, 0755, NULL), 0);
	world_write(world, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	struct world *world = *state;
	int r = fs_remove_tree(world->top, NULL);

	free(world);
	return r;
}

void world_write(const struct world *world, const char *name, const char *text, size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", world->layout, name);
	assert_int_equal(fs_write_atomic(path, text, len, 0644, NULL), 0);
}

void world_blob(const struct world *world, const char *bytes, size_t len, char ret[DIGEST_SIZE])
{
	char name[DIGEST_SIZE + 16];

	digest_of(bytes, len, ret);
	snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(ret));
	world_write(world, name, bytes, len);
}

static const char *architecture(void)
{
	static struct utsname host;

	uname(&host);
	return strcmp(host.machine, "x86_64") == 0    ? "amd64"
	       : strcmp(host.machine, "aarch64") == 0 ? "arm64"
						      : host.machine;
}

void world_image(const struct world *world, const struct world_image *image, char ret[DIGEST_SIZE],
		 size_t *ret_size)
{
	autobuf struct buf config = {0};
	autobuf struct buf manifest = {0};
	autobuf struct buf layers = {0};
	char digest[DIGEST_SIZE];

	buf_printf(&config,
		   "{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":%s,"
		   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
		   image->platform ? image->platform : architecture(),
		   image->config ? image->config : "{}");
	for (size_t i = 0; i < image->count; i++) {
		world_blob(world, image->layers[i].data, image->layers[i].len, digest);
		buf_printf(&config, "%s\"%s\"", i ? "," : "", digest);
		buf_printf(&layers,
			   "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
			   "\"digest\":\"%s\",\"size\":%zu}",
			   i ? "," : "", digest, image->layers[i].len);
	}
	buf_puts(&config, "]}}");
	world_blob(world, config.data, config.len, digest);
	buf_printf(&manifest,
		   "{\"schemaVersion\":2,\"config\":{\"mediaType\":"
		   "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		   "\"layers\":[%s]}",
		   digest, config.len, layers.data ? layers.data : "");
	world_blob(world, manifest.data, manifest.len, ret);
	*ret_size = manifest.len;
}

void world_index(const struct world *world, const char *digest, size_t size, const char *tag)
{
	autobuf struct buf index = {0};

	buf_printf(&index,
		   "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
		   "\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu",
		   digest, size);
	if (tag)
		buf_printf(&index,
			   ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}", tag);
	buf_puts(&index, "}]}");
	world_write(world, "index.json", index.data, index.len);
}

void world_name(const struct world *world, char *ret, size_t size)
{
	snprintf(ret, size, "oci:%s", world->layout);
}

int world_import(const struct world *world, const struct image_limits *limits, struct err *err)
{
	autoref struct image_ref ref = {0};
	autostore struct image_store *store = NULL;
	char digest[IMAGE_DIGEST_SIZE];
	char name[96];

	world_name(world, name, sizeof(name));
	assert_int_equal(image_ref_parse(name, "/", &ref, NULL), 0);
	assert_int_equal(image_store_open(world->store, &store, NULL), 0);
	const struct image_import import = {.source = &ref, .limits = limits};

	return image_import(store, &import, digest, err);
}

void world_layer(const struct world *world, size_t layer, const char *path, char *ret, size_t size)
{
	autostore struct image_store *store = NULL;
	struct image image = {0};
	char name[96];

	world_name(world, name, sizeof(name));
	assert_int_equal(image_store_open(world->store, &store, NULL), 0);
	assert_int_equal(image_resolve(store, name, &image, NULL), 0);
	assert_true(layer < image.layers.count);
	snprintf(ret, size, "%s/%s", image.layers.items[layer], path);
	image_free(&image);
}
