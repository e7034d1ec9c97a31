// SPDX-License-Identifier: GPL-2.0-or-later
/* davit images: what the image store has. Asks no supervisor. */
#include "launcher/cli/commands.h"
#include "launcher/cli/table.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/image/image.h"

#include <string.h>
#include <time.h>

#define SHORT_DIGEST 12

struct values {
	bool json;
	bool quiet;
};

static const struct option_spec options[] = {
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL, "only the names"},
	{0, "json", OPTION_FLAG, offsetof(struct values, json), NULL, "machine-readable"},
};

enum column { IMAGE, DIGEST, LAYERS, SIZE, STORED, STATE };

static const char *const columns[] = {"IMAGE",	 "DIGEST", ">LAYERS", ">SIZE",
				      ">STORED", "STATE",  NULL};

static const char *state_of(const struct image_entry *entry)
{
	return entry->damaged ? "damaged" : entry->in_use ? "in use" : "";
}

/* As people write it. */
static const char *familiar(const char *name)
{
	static const char *const prefixes[] = {"docker.io/library/", "docker.io/"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	return name;
}

static int add_row(struct table *table, const struct image_entry *entry, int64_t now_ms)
{
	struct libscols_line *row = table_row(table);
	autobuf struct buf size = {0};
	autobuf struct buf age = {0};
	char text[32];

	if (!row)
		return cli_complain(EXIT_FAILED, "out of memory");
	table_set(table, row, IMAGE, familiar(entry->name), NULL);
	snprintf(text, sizeof(text), "%.*s", SHORT_DIGEST, strchr(entry->digest, ':') + 1);
	table_set(table, row, DIGEST, text, NULL);
	snprintf(text, sizeof(text), "%zu", entry->layers);
	table_set(table, row, LAYERS, text, NULL);
	text_bytes(&size, entry->bytes);
	table_set(table, row, SIZE, size.data, NULL);
	text_age(&age, now_ms - entry->stored_ms);
	table_set(table, row, STORED, age.data, NULL);
	table_set(table, row, STATE, state_of(entry), entry->damaged ? "red" : NULL);
	return EXIT_DONE;
}

static int print_table(const struct cli *cli, const struct image_list *list)
{
	autotable struct table table = {0};
	autobuf struct buf out = {0};
	struct err err = {0};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (list->count == 0)
		fprintf(stderr, "the image store is empty\n");
	if (list->count == 0)
		return EXIT_DONE;
	if (table_open(&table, columns, cli->colour, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	for (size_t i = 0; i < list->count; i++)
		if (add_row(&table, &list->items[i], (int64_t)now.tv_sec * 1000) != EXIT_DONE)
			return EXIT_FAILED;
	if (table_print(&table, &out, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return cli_output(&out);
}

static int print_names(const struct image_list *list)
{
	autobuf struct buf out = {0};

	for (size_t i = 0; i < list->count; i++)
		buf_printf(&out, "%s\n", list->items[i].name);
	return cli_output(&out);
}

static int print_json(const struct image_list *list)
{
	autojs struct json_t *answer = js_pack("{s:i, s:[]}", "schema", 1, "images");
	struct json_t *images = js_get(answer, "images");

	for (size_t i = 0; i < list->count; i++) {
		const struct image_entry *entry = &list->items[i];
		struct json_t *item = js_pack("{s:o, s:s, s:I, s:I, s:I, s:b, s:b}", "name",
					      js_lossy(entry->name), "digest", entry->digest,
					      "layers", (int64_t)entry->layers, "bytes",
					      entry->bytes, "stored_ms", entry->stored_ms, "in_use",
					      entry->in_use, "damaged", entry->damaged);

		if (!js_append(images, item))
			return cli_complain(EXIT_FAILED, "out of memory");
	}
	return answer ? cli_output_json(answer) : cli_complain(EXIT_FAILED, "out of memory");
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	autostore struct image_store *store = NULL;
	autoimages struct image_list list = {0};
	autofree char *dir = NULL;
	struct err err = {0};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 0, 0);
	if (code >= 0)
		return code;
	if (paths_images(&dir, &err) < 0 || image_store_open(dir, &store, &err) < 0 ||
	    image_list(store, &list, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (values.quiet)
		return print_names(&list);
	return values.json ? print_json(&list) : print_table(cli, &list);
}

const struct command command_images = {
	.name = "images",
	.words = "",
	.summary = "List the images of the store.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
