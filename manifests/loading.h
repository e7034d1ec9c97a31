// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One load while it goes on, and the steps from a file's name to a merged tree. Private to this
 * folder.
 */
#pragma once

#include "manifests/find.h"
#include "manifests/manifest.h"
#include "manifests/report.h"
#include "manifests/source.h"
#include "manifests/tree.h"
#include "manifests/vars.h"

/* One file of the manifest. */
struct document {
	const char *path;      /* absolute */
	const char *real;      /* the same without symbolic links, to recognise it by */
	const char *file;      /* as the user sees it; what positions point to */
	const char *directory; /* absolute: where relative names in it start */
	const char *prefix;    /* the same, as the user sees it */
	const struct vars *vars;
	struct node *root; /* NULL: empty or faulty, which is told */
	struct pair **services;
	const char **names;
	size_t service_count; /* of services, sorted by name, and of names */
	struct document *next;
};

struct loading {
	const struct manifest_options *options;
	struct arena arena;
	struct source_reader reader; /* into it */
	struct report report;
	struct found found;
	struct tree tree;
	struct vars warned;
	struct stack *stack;
	struct node *root;
	struct document *extended; /* files that were extended from */
	unsigned included;	   /* entries of `include` so far */
	bool broken;	 /* a file could not be parsed, or is too large: most of it is missing */
	bool incomplete; /* a part is missing, which is told: names may lead nowhere */
};

/* A file that is included, and by which. */
struct inclusion {
	const struct document *document;
	const struct inclusion *from;
	unsigned depth;
};

/* Parses and interpolates; faults go into the report. Fails only when the file cannot be read. */
int document_read(struct loading *load, struct document *document, struct err *err) must_check;

/* Where a file named in @document is. */
struct found_file document_locate(struct loading *load, const struct document *document,
				  const char *name);

/* document_read(), extends and include; merges onto *root, which may be NULL before. */
int document_merge(struct loading *load, struct document *document, const struct inclusion *from,
		   struct node **root, struct err *err) must_check;

/* Replaces every `extends` of the document by what it stands for. */
void extends_resolve(struct loading *load, struct document *document);

/* Adds what the document includes. */
void include_resolve(struct loading *load, struct document *document, const struct inclusion *from);

/* Makes the relative paths of a service, or of a whole manifest, absolute. */
void rebase_service(struct tree *tree, struct node *service, const char *directory);
void rebase_manifest(struct tree *tree, struct node *root, const char *directory);

/* Gives the bare names in `environment` of a manifest's services the values they have in @vars. */
void inherit_environment(struct tree *tree, struct node *root, const struct vars *vars);
