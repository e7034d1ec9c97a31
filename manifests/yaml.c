// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * YAML events to nodes. Works on events and not on the library's documents, so that depth, nodes
 * and alias expansion are counted before memory is spent on them.
 */
#include "manifests/yaml.h"

#include "manifests/quoted.h"

#include <libfyaml.h>
#include <stdint.h>
#include <string.h>

#define ANCHOR_BUCKETS	    1024
#define DIRECTIVE_BYTES_MAX 256
#define STRUCTURE_MAX	    200000

struct anchor {
	const char *name;
	const struct node *node;
	struct anchor *next;
};

struct frame {
	struct node *node;
	struct node *key; /* mapping: waits for its value */
	const char *anchor;
	bool skip; /* the value belongs to an unusable key */
};

struct builder {
	struct tree *tree;
	struct report *report;
	const struct source *source;
	const char *file;
	struct anchor *anchors[ANCHOR_BUCKETS];
	struct frame stack[TREE_DEPTH_MAX];
	size_t depth;
	struct node *root;
	unsigned documents;
	bool stop;
	const char *line; /* where line `line_number` of the source starts: only goes forward */
	unsigned line_number;
};

/*
 * What the library itself would spend too much on: it reads ahead over flow collections before it
 * says the first word about them (a few hundred bytes of memory per bracket or comma), and does not
 * come back from very long directives (libfyaml 0.7.12).
 *
 * Returns what is wrong, on *ret_line, or NULL.
 */
static const char *find_excess(const struct source *source, unsigned *ret_line)
{
	const char *at = source->text;
	size_t structure = 0;

	*ret_line = 1;
	if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (bool start = true; *at; at++) {
		if (start && *at == '%' && strcspn(at, "\n") > DIRECTIVE_BYTES_MAX)
			return "this directive is too long";
		structure += strchr("[]{},", *at) != NULL;
		if (structure > STRUCTURE_MAX)
			return "the manifest is too large";
		start = *at == '\n';
		*ret_line += start;
	}
	return NULL;
}

/* A parser that prints nothing and keeps its complaints in @ret_diag. */
static struct fy_parser *parser_open(const struct source *source, struct fy_diag **ret_diag)
{
	struct fy_diag_cfg quiet = {.level = FYET_ERROR, .module_mask = UINT32_MAX};
	struct fy_diag *diag = fy_diag_create(&quiet);
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DISABLE_MMAP_OPT, .diag = diag};
	struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;

	if (diag)
		fy_diag_set_collect_errors(diag, true);
	if (parser && fy_parser_set_string(parser, source->text, source->len) == 0) {
		*ret_diag = diag;
		return parser;
	}
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return NULL;
}

static void parser_close(struct fy_parser *parser, struct fy_diag *diag)
{
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}

static struct pos mark_pos(const struct builder *builder, const struct fy_mark *mark)
{
	struct pos pos = {.file = builder->file, .line = 1, .col = 1};

	if (mark) {
		pos.line = (unsigned)mark->line + 1;
		pos.col = (unsigned)mark->column + 1;
	}
	return pos;
}

static unsigned anchor_bucket(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash % ANCHOR_BUCKETS;
}

static const struct node *anchor_find(const struct builder *builder, const char *name)
{
	const struct anchor *anchor = builder->anchors[anchor_bucket(name)];

	while (anchor && strcmp(anchor->name, name) != 0)
		anchor = anchor->next;
	return anchor ? anchor->node : NULL;
}

/* Known only once it is complete, so an alias inside itself is an unknown one. */
static void anchor_add(struct builder *builder, const char *name, const struct node *node)
{
	struct anchor *anchor = arena_new(builder->tree->arena, struct anchor, 1);
	struct anchor **bucket = &builder->anchors[anchor_bucket(name)];

	*anchor = (struct anchor){.name = name, .node = node, .next = *bucket};
	*bucket = anchor;
}

static void refuse(struct builder *builder, struct pos pos, const char *message)
{
	report_error(builder->report, pos, "%s", message);
	builder->stop = true;
}

static const char *token_text(struct builder *builder, struct fy_token *token)
{
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : NULL;

	return text ? arena_copy(builder->tree->arena, text, len) : NULL;
}

static void refuse_duplicates(struct builder *builder, struct node *mapping)
{
	struct pair **sorted = tree_sorted(builder->tree, mapping);
	bool found = false;

	for (size_t i = 1; i < mapping->count; i++) {
		const struct node *first = sorted[i - 1]->key;
		const struct node *again = sorted[i]->key;

		if (strcmp(first->text, again->text) != 0)
			continue;
		found = true;
		report_error(builder->report, again->pos,
			     "the key '%s' is written twice, first on line %u", again->text,
			     first->pos.line);
	}
	if (found)
		tree_keep_first(builder->tree, mapping);
}

/* Adds the pairs of one merged mapping behind those already there: the first of a name counts. */
static void merge_from(struct builder *builder, struct node *mapping, const struct node *source)
{
	if (source->kind != NODE_MAPPING) {
		report_error(builder->report, source->pos,
			     "'<<' wants a mapping or a list of mappings, this is %s",
			     node_kind_name(source));
		return;
	}
	for (size_t i = 0; i < source->count; i++)
		tree_put(builder->tree, mapping, source->pairs[i].key, source->pairs[i].value);
}

static void apply_merge_key(struct builder *builder, struct node *mapping)
{
	const struct node *merge = node_get(mapping, "<<");
	size_t kept = 0;

	if (!merge)
		return;
	for (size_t i = 0; i < mapping->count; i++)
		if (mapping->pairs[i].value != merge)
			mapping->pairs[kept++] = mapping->pairs[i];
	mapping->count = kept;
	if (merge->kind == NODE_SEQUENCE)
		for (size_t i = 0; i < merge->count; i++)
			merge_from(builder, mapping, merge->items[i]);
	else
		merge_from(builder, mapping, merge);
	tree_keep_first(builder->tree, mapping);
}

/* Puts a complete value where it belongs. */
static void deliver(struct builder *builder, struct node *node, const char *anchor)
{
	if (anchor)
		anchor_add(builder, anchor, node);
	if (!builder->depth) {
		builder->root = node;
		return;
	}

	struct frame *frame = &builder->stack[builder->depth - 1];

	if (frame->node->kind == NODE_SEQUENCE) {
		tree_append(builder->tree, frame->node, node);
	} else if (!frame->key && !frame->skip) {
		frame->skip = node->kind != NODE_SCALAR;
		frame->key = frame->skip ? NULL : node;
		if (frame->skip)
			report_error(builder->report, node->pos, "a key must be text, this is %s",
				     node_kind_name(node));
	} else {
		if (frame->key)
			tree_put(builder->tree, frame->node, frame->key, node);
		frame->key = NULL;
		frame->skip = false;
	}
}

static enum node_tag tag_of(struct builder *builder, struct fy_token *token)
{
	const char *tag = token ? token_text(builder, token) : NULL;

	if (tag && strcmp(tag, "!reset") == 0)
		return TAG_RESET;
	return tag && strcmp(tag, "!override") == 0 ? TAG_OVERRIDE : TAG_NONE;
}

/* The library's mark of a quoted text is behind the quote, and nothing at all has no mark: that is
 * shown where its key is. */
static struct pos scalar_pos(const struct builder *builder, struct fy_event *event, struct pos pos)
{
	struct fy_token *token = event->scalar.value;
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
	const struct frame *frame = builder->depth ? &builder->stack[builder->depth - 1] : NULL;

	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && pos.col > 1)
		pos.col--;
	if (!fy_event_start_mark(event) && frame)
		pos = frame->key ? frame->key->pos : frame->node->pos;
	return pos;
}

static const char *line_after(struct builder *builder, unsigned number)
{
	while (builder->line_number <= number && *builder->line) {
		builder->line += strcspn(builder->line, "\n");
		builder->line += *builder->line == '\n';
		builder->line_number++;
	}
	return builder->line;
}

/*
 * Whether a block text begins with a line that is indented no more than its key: that line is no
 * part of it, but libfyaml 0.7.12 takes it in, with all keys after it.
 */
static bool swallows_keys(struct builder *builder, enum fy_scalar_style style)
{
	const struct frame *frame = builder->depth ? &builder->stack[builder->depth - 1] : NULL;

	if (!frame || !frame->key || (style != FYSS_LITERAL && style != FYSS_FOLDED))
		return false;
	const char *line = line_after(builder, frame->key->pos.line);
	size_t indent = strspn(line, " ");

	while (line[indent] == '\n' || line[indent] == '\r') {
		line += indent + 1;
		indent = strspn(line, " ");
	}
	/* (": |" below "? key" is where the text starts) */
	return line[indent] && line[indent] != ':' && indent < frame->key->pos.col;
}

/* NULL: out of memory. */
static const char *lone_text(struct builder *builder, const struct source *source)
{
	struct fy_diag *diag = NULL;
	struct fy_parser *parser = parser_open(source, &diag);
	const char *text = NULL;
	struct fy_event *event;

	while (parser && !text && (event = fy_parser_parse(parser))) {
		if (event->type == FYET_SCALAR)
			text = token_text(builder, event->scalar.value);
		fy_parser_event_free(parser, event);
	}
	parser_close(parser, diag);
	return text;
}

static const char *scalar_text(struct builder *builder, struct fy_event *event,
			       enum fy_scalar_style style)
{
	const bool single = style == FYSS_SINGLE_QUOTED;
	const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
	autobuf struct buf text = {0};

	if ((!single && style != FYSS_DOUBLE_QUOTED) || !start || !end)
		return token_text(builder, event->scalar.value);
	const char *raw = builder->source->text + start->input_pos;
	const size_t len = end->input_pos - start->input_pos;

	if (!quoted_is_misread(raw, len, single))
		return token_text(builder, event->scalar.value);
	quoted_rewrite(raw, len, single, &text);
	const char *read =
		text.failed ? NULL : lone_text(builder, &(struct source){text.data, text.len});

	builder->report->failed |= !read;
	return read;
}

static void on_scalar(struct builder *builder, struct fy_event *event, struct pos pos)
{
	enum fy_scalar_style style =
		event->scalar.value ? fy_token_scalar_style(event->scalar.value) : FYSS_PLAIN;
	const char *text = scalar_text(builder, event, style);
	bool plain = style == FYSS_PLAIN;

	pos = scalar_pos(builder, event, pos);
	if (text && strlen(text) > TREE_TEXT_MAX) {
		refuse(builder, pos, "this text is longer than 1 MiB");
		return;
	}
	if (text && *text && swallows_keys(builder, style)) {
		refuse(builder, builder->stack[builder->depth - 1].key->pos,
		       "the text of this key must be indented more than the key");
		return;
	}
	struct node *node = tree_scalar(builder->tree, text ? text : "", plain, pos);

	node->tag = tag_of(builder, event->scalar.tag);
	deliver(builder, node, token_text(builder, event->scalar.anchor));
}

static void on_start(struct builder *builder, enum node_kind kind, struct fy_token *anchor,
		     struct fy_token *tag, struct pos pos)
{
	if (builder->depth == TREE_DEPTH_MAX) {
		refuse(builder, pos, "nested too deeply");
		return;
	}
	struct node *node = tree_node(builder->tree, kind, pos);

	node->tag = tag_of(builder, tag);
	builder->stack[builder->depth++] =
		(struct frame){.node = node, .anchor = token_text(builder, anchor)};
}

static void on_end(struct builder *builder)
{
	struct frame frame = builder->stack[--builder->depth];

	if (frame.node->kind == NODE_MAPPING) {
		refuse_duplicates(builder, frame.node);
		apply_merge_key(builder, frame.node);
	}
	deliver(builder, frame.node, frame.anchor);
}

static void on_alias(struct builder *builder, struct fy_event *event, struct pos pos)
{
	const char *name = token_text(builder, event->alias.anchor);
	const struct node *target = name ? anchor_find(builder, name) : NULL;

	pos.col -= pos.col > 1; /* the mark is behind the asterisk */
	if (!target) {
		report_error(builder->report, pos, "no anchor '&%s' before this alias",
			     name ? name : "");
		struct node *unknown = tree_scalar(builder->tree, "", false, pos);

		unknown->faulty = true;
		deliver(builder, unknown, NULL);
		return;
	}
	struct node *copy = tree_copy(builder->tree, target);

	if (copy)
		deliver(builder, copy, NULL);
	else
		refuse(builder, pos, "the manifest is too large once its aliases are expanded");
}

static void on_event(struct builder *builder, struct fy_event *event)
{
	struct pos pos = mark_pos(builder, fy_event_start_mark(event));

	if (tree_full(builder->tree)) {
		refuse(builder, pos, "the manifest is too large");
		return;
	}
	if (event->type == FYET_DOCUMENT_START && builder->documents++)
		refuse(builder, pos, "a manifest is one document: remove what follows '---'");
	else if (event->type == FYET_SCALAR)
		on_scalar(builder, event, pos);
	else if (event->type == FYET_SEQUENCE_START)
		on_start(builder, NODE_SEQUENCE, event->sequence_start.anchor,
			 event->sequence_start.tag, pos);
	else if (event->type == FYET_MAPPING_START)
		on_start(builder, NODE_MAPPING, event->mapping_start.anchor,
			 event->mapping_start.tag, pos);
	else if (event->type == FYET_SEQUENCE_END || event->type == FYET_MAPPING_END)
		on_end(builder);
	else if (event->type == FYET_ALIAS)
		on_alias(builder, event, pos);
}

/* Returns true when the library found the text to be no YAML. */
static bool report_syntax(struct builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
	void *cursor = NULL;
	struct fy_diag_error *first = fy_diag_errors_iterate(diag, &cursor);
	struct pos pos = mark_pos(builder, NULL);

	if (!first && !fy_parser_get_stream_error(parser))
		return false;
	if (first && first->line > 0)
		pos.line = (unsigned)first->line;
	if (first && first->column > 0)
		pos.col = (unsigned)first->column;
	report_error(builder->report, pos, "not valid YAML%s%s", first ? ": " : "",
		     first ? first->msg : "");
	return true;
}

struct node *yaml_parse(const struct source *source, const char *file, struct tree *tree,
			struct report *report)
{
	struct builder *builder = arena_new(tree->arena, struct builder, 1);
	struct fy_diag *diag = NULL;
	struct fy_event *event;

	*builder = (struct builder){.tree = tree,
				    .report = report,
				    .source = source,
				    .file = file,
				    .line = source->text,
				    .line_number = 1};
	struct pos pos = {.file = file, .col = 1};
	const char *excess = find_excess(source, &pos.line);

	if (excess) {
		report_error(report, pos, "%s", excess);
		return NULL;
	}
	struct fy_parser *parser = parser_open(source, &diag);

	if (!parser) {
		report->failed = true;
		return NULL;
	}
	while (!builder->stop && (event = fy_parser_parse(parser))) {
		on_event(builder, event);
		fy_parser_event_free(parser, event);
	}
	bool bad = !builder->stop && report_syntax(builder, parser, diag);

	parser_close(parser, diag);
	return bad || builder->stop ? NULL : builder->root;
}

struct scan {
	const char *key;
	int depth;
	bool is_value; /* the next event of depth 1 is a value */
	bool wanted;
};

/* Returns true when @event is the wanted scalar. */
static bool scan_event(struct scan *scan, const struct fy_event *event)
{
	bool scalar = event->type == FYET_SCALAR;
	bool start = event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START;
	bool end = event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END;

	scan->depth -= end;
	if (scan->depth == 1 && scalar && scan->wanted)
		return true;
	if (scan->depth == 1 && (scalar || end || event->type == FYET_ALIAS)) {
		scan->wanted = scalar && !scan->is_value && event->scalar.value &&
			       fy_token_get_text0(event->scalar.value) &&
			       strcmp(fy_token_get_text0(event->scalar.value), scan->key) == 0;
		scan->is_value = !scan->is_value;
	}
	scan->depth += start;
	return false;
}

char *yaml_top_scalar(const struct source *source, const char *key, struct arena *arena)
{
	struct fy_diag *diag = NULL;
	struct scan scan = {.key = key};
	char *found = NULL;
	struct fy_event *event;
	unsigned line;

	if (find_excess(source, &line))
		return NULL;
	struct fy_parser *parser = parser_open(source, &diag);

	if (!parser)
		return NULL;
	while (!found && (event = fy_parser_parse(parser))) {
		size_t len = 0;
		const char *text = NULL;

		if (scan_event(&scan, event) && event->scalar.value)
			text = fy_token_get_text(event->scalar.value, &len);
		if (text)
			found = arena_copy(arena, text, len);
		fy_parser_event_free(parser, event);
	}
	parser_close(parser, diag);
	return found;
}
