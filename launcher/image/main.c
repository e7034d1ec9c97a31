// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-image: brings one image into the store. A process of its own, because it takes long, and
 * what it unpacks may be hostile. Nobody types it: the command line does.
 *
 *   davit-image [--quiet] [--tell] [--own-name] [--name NAME] REFERENCE
 *
 * Local references are absolute. Exit status 0, 1 with one line on stderr, 2 for wrong usage.
 */
#include "launcher/image/progress.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/image/image_import.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
	bool own_name;
	const char *name;
	const char *reference;
};

static bool parse(int argc, char **argv, struct request *ret, struct progress *progress)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--quiet") == 0)
			progress->quiet = true;
		else if (strcmp(argv[i], "--tell") == 0)
			progress->tell = true;
		else if (strcmp(argv[i], "--own-name") == 0)
			ret->own_name = true;
		else if (strcmp(argv[i], "--name") == 0 && i + 1 < argc)
			ret->name = argv[++i];
		else
			return false;
	}
	ret->reference = argv[i];
	return i + 1 == argc;
}

static int import(const struct request *request, struct progress *progress, struct err *err)
{
	autostore struct image_store *store = NULL;
	autofree char *dir = NULL;
	autoref struct image_ref ref = {0};
	autoref struct image_ref name = {0};
	char digest[IMAGE_DIGEST_SIZE];
	int r = image_ref_parse(request->reference, "/", &ref, err);

	if (r == 0 && request->name)
		r = image_ref_parse(request->name, "/", &name, err);
	if (r == 0)
		r = paths_images(&dir, err);
	if (r == 0)
		r = image_store_open(dir, &store, err);
	if (r < 0)
		return r;
	const struct image_import what = {
		.source = &ref,
		.name = name.name,
		.own_name = request->own_name,
		.progress = progress_show,
		.context = progress,
	};

	return image_ref_is_local(&ref) ? image_import(store, &what, digest, err)
					: image_pull(store, &what, digest, err);
}

int main(int argc, char **argv)
{
	struct request request = {0};
	struct progress progress = {0};
	struct err err = {0};

	if (!parse(argc, argv, &request, &progress)) {
		fprintf(stderr, "davit-image: wrong usage; davit runs it\n");
		return 2;
	}
	(void)umask(077); /* modes of unpacked files are set one by one */
	progress_begin(&progress, request.name ? request.name : request.reference);
	int r = import(&request, &progress, &err);

	progress_end(&progress);
	if (r == 0)
		return 0;
	for (char *at = err.text; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
	fprintf(stderr, "davit: %s\n", err.text);
	return 1;
}
