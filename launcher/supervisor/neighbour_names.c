// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of other stacks; see neighbour_names.h. */
#include "launcher/supervisor/neighbour_names.h"

#include "runtime/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 253

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

/* The second word of a line that begins with @kind; NULL: it does not. */
static char *word_after(char *line, const char *kind)
{
	char *rest = line;
	const char *first = strsep(&rest, " ");

	return rest && strcmp(first, kind) == 0 ? strsep(&rest, " ") : NULL;
}

int neighbour_names_read(const char *text, struct neighbour_names *ret_names)
{
	struct neighbour_names names = {strdup(text), calloc(count_lines(text), sizeof(char *)), 0};
	char *rest = names.copy, *line;

	if (!names.copy || !names.items) {
		neighbour_names_free(&names);
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		char *name = word_after(line, "name");

		if (name)
			names.items[names.count++] = name;
	}
	qsort(names.items, names.count, sizeof(*names.items), compare_texts);
	*ret_names = names;
	return 0;
}

void neighbour_names_free(struct neighbour_names *names)
{
	free(names->items);
	free(names->copy);
	*names = (struct neighbour_names){0};
}

static bool is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]) || isupper((unsigned char)text[i]))
			return false;
	return len > 0 && len <= NAME_MAX_BYTES;
}

static bool is_address(const char *text, const struct neighbour_subnets *subnets)
{
	struct ip ip;

	return ip_parse(text, &ip, NULL) == 0 &&
	       ip_prefix_has(ip.family == 4 ? &subnets->four : &subnets->six, &ip);
}

static bool has(const struct neighbour_names *names, const char *name)
{
	return bsearch(&name, names->items, names->count, sizeof(*names->items), compare_texts);
}

/* name NAME ADDRESS… */
static void put_name(char *rest, const struct neighbour_names *own,
		     const struct neighbour_subnets *subnets, struct buf *text)
{
	const char *name = strsep(&rest, " "), *address;

	if (!is_name(name) || has(own, name))
		return;
	buf_printf(text, "name %s", name);
	while ((address = strsep(&rest, " ")))
		if (is_address(address, subnets))
			buf_printf(text, " %s", address);
	buf_puts(text, "\n");
}

/* pointer ADDRESS NAME */
static void put_pointer(char *rest, const struct neighbour_subnets *subnets, struct buf *text)
{
	const char *address = strsep(&rest, " ");

	if (rest && is_address(address, subnets) && is_name(rest))
		buf_printf(text, "pointer %s %s\n", address, rest);
}

void neighbour_names_put(char *said, const struct neighbour_names *own,
			 const struct neighbour_subnets *subnets, struct buf *text)
{
	char *line;

	while ((line = strsep(&said, "\n"))) {
		const char *kind = strsep(&line, " ");

		if (line && strcmp(kind, "name") == 0)
			put_name(line, own, subnets, text);
		else if (line && strcmp(kind, "pointer") == 0)
			put_pointer(line, subnets, text);
	}
}
