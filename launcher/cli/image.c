// SPDX-License-Identifier: GPL-2.0-or-later
/* davit image: load, remove and prune images of the store. */
#include "runtime/image/image.h"
#include "launcher/cli/commands.h"
#include "launcher/cli/fetch.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct values {
	bool all;
	bool quiet;
};

static const struct option_spec options[] = {
	{'a', "all", OPTION_FLAG, offsetof(struct values, all), NULL,
	 "prune: every image that is not in use, named or not"},
	{'q', "quiet", OPTION_FLAG, offsetof(struct values, quiet), NULL, "load: no progress"},
};

static int open_store(struct image_store **ret_store)
{
	autofree char *dir = NULL;
	struct err err = {0};

	if (paths_images(&dir, &err) < 0 || image_store_open(dir, ret_store, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return EXIT_DONE;
}

static int tell_swept(const struct image_swept *swept)
{
	autobuf struct buf out = {0};

	buf_printf(&out, "removed %zu name%s, %zu layer%s, ", swept->names,
		   swept->names == 1 ? "" : "s", swept->layers, swept->layers == 1 ? "" : "s");
	text_bytes(&out, swept->bytes);
	buf_puts(&out, "\n");
	return cli_output(&out);
}

static int remove_images(const struct cli *cli, char **words, size_t count)
{
	autostore struct image_store *store = NULL;
	struct image_swept total = {0};
	int code = open_store(&store);

	if (code != EXIT_DONE)
		return code;
	for (size_t i = 0; i < count; i++) {
		autoref struct image_ref ref = {0};
		struct image_swept swept = {0};
		struct err err = {0};

		if (image_ref_parse(words[i], cli->directory, &ref, &err) < 0)
			return cli_fail(&err, EXIT_USAGE);
		if (image_remove(store, ref.name, &swept, &err) < 0) {
			code = cli_fail(&err, EXIT_FAILED);
			continue;
		}
		total.names += swept.names;
		total.layers += swept.layers;
		total.bytes += swept.bytes;
	}
	return code == EXIT_DONE ? tell_swept(&total) : code;
}

static int prune_images(bool all)
{
	autostore struct image_store *store = NULL;
	struct image_swept swept = {0};
	struct err err = {0};
	int code = open_store(&store);

	if (code != EXIT_DONE)
		return code;
	if (image_prune(store, all, &swept, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return tell_swept(&swept);
}

static int complain_of_path(const char *word, bool is_there)
{
	if (is_there)
		return cli_complain(EXIT_USAGE,
				    "image load: '%s': a path cannot have a ':', which begins a "
				    "tag: rename it",
				    word);
	return cli_complain(EXIT_FAILED, "image load: '%s': no such file or directory", word);
}

/* A reference as it is, or a path: a directory is a layout, a file an archive. */
static int reference_of(const struct cli *cli, const char *word, struct image_ref *ret)
{
	autofree char *text = NULL;
	struct err err = {0};
	struct stat st;
	bool is_there = stat(word, &st) == 0;

	if (is_there && !strchr(word, ':') &&
	    asprintf(&text, "%s:%s", S_ISDIR(st.st_mode) ? "oci" : "oci-archive", word) < 0)
		return cli_complain(EXIT_FAILED, "out of memory");
	if (!text && (word[0] == '/' || word[0] == '.'))
		return complain_of_path(word, is_there);
	if (image_ref_parse(text ? text : word, cli->directory, ret, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	return image_ref_is_local(ret) ? EXIT_DONE : complain_of_path(word, is_there);
}

static int load_image(const struct cli *cli, const char *word, const char *name, bool quiet)
{
	autoref struct image_ref ref = {0};
	autoref struct image_ref as = {0};
	struct err err = {0};
	int code = reference_of(cli, word, &ref);

	if (code != EXIT_DONE)
		return code;
	if (name && image_ref_parse(name, cli->directory, &as, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	return fetch_image(&(struct fetch){
		.ref = &ref, .name = as.name, .own_name = !name, .quiet = quiet, .tell = !quiet});
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct values values = {0};
	struct args args = {.argc = argc, .argv = argv};
	int code = cli_parse(cli, &args, &values);

	if (code < 0)
		code = cli_count_words(cli, &args, 1, -1);
	if (code >= 0)
		return code;
	const char *verb = args.words[0];

	if (strcmp(verb, "rm") == 0 && args.word_count > 1)
		return remove_images(cli, args.words + 1, args.word_count - 1);
	if (strcmp(verb, "prune") == 0 && args.word_count == 1)
		return prune_images(values.all);
	if (strcmp(verb, "load") == 0 && (args.word_count == 2 || args.word_count == 3))
		return load_image(cli, args.words[1], args.word_count == 3 ? args.words[2] : NULL,
				  values.quiet);
	return cli_complain(EXIT_USAGE, "image: usage: davit image %s", cli->command->words);
}

const struct command command_image = {
	.name = "image",
	.words = "load FILE|DIR [NAME] | rm NAME… | prune",
	.summary = "Load an image into the store, remove some, or remove what nothing needs.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
