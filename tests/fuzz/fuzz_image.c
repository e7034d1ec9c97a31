// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing the JSON documents of images, each parser with the same bytes: they are read or refused
 * in one line, what is read keeps to what it promises, and a manifest survives printing.
 */
#include "runtime/base/cleanup.h"
#include "runtime/image/oci.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_descriptor(const struct oci_descriptor *item)
{
	if (strncmp(item->digest, "sha256:", 7) != 0 || item->size < 0)
		abort();
}

/* What is printed for the store is read again as the same. */
static void check_printing(const struct oci_document *manifest)
{
	autobuf struct buf text = {0};
	autodocument struct oci_document again = {0};

	if (oci_manifest_print(manifest, &text, NULL) < 0 ||
	    oci_document_parse(text.data, text.len, OCI_MEDIA_MANIFEST, &again, NULL) < 0 ||
	    again.count != manifest->count ||
	    strcmp(again.config.digest, manifest->config.digest) != 0)
		abort();
	for (size_t i = 0; i < again.count; i++)
		if (strcmp(again.items[i].digest, manifest->items[i].digest) != 0 ||
		    again.items[i].size != manifest->items[i].size)
			abort();
}

static void try_document(const char *text, size_t len, enum oci_media media)
{
	autodocument struct oci_document document = {0};
	struct err err = {0};
	int r = oci_document_parse(text, len, media, &document, &err);

	refusal_check(r, &err);
	if (r < 0)
		return;
	for (size_t i = 0; i < document.count; i++)
		check_descriptor(&document.items[i]);
	if (document.media != OCI_MEDIA_MANIFEST)
		return;
	if (document.count > OCI_LAYERS_MAX)
		abort();
	check_descriptor(&document.config);
	check_printing(&document);
}

static void try_config(const char *text, size_t len)
{
	autoconfig struct oci_config config = {0};
	struct err err = {0};

	refusal_check(oci_config_parse(text, len, &config, &err), &err);
}

static void try_saved(const char *text, size_t len, const char *tag)
{
	autosaved struct oci_saved saved = {0};
	struct err err = {0};

	refusal_check(oci_saved_parse(text, len, tag, &saved, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	int64_t start_us = budget_now_us();

	try_document(text, len, OCI_MEDIA_INDEX);
	try_document(text, len, OCI_MEDIA_MANIFEST);
	try_config(text, len);
	try_saved(text, len, NULL);
	try_saved(text, len, "web:1");
	budget_check(start_us, bytes, len);
	return 0;
}
