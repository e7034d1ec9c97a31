// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the merged tree to `struct stack`: what the decode_*.c files share. Private to this folder.
 *
 * A faulty value is reported once, at its place, and leaves the default in the stack, so that
 * decoding goes on and later checks do not complain about the same thing again.
 */
#pragma once

#include "manifests/keys.h"
#include "manifests/report.h"
#include "manifests/tree.h"
#include "manifests/vars.h"

struct decoder {
	struct arena *keep;    /* lives as long as the stack */
	struct arena *scratch; /* lives as long as the load */
	struct report *report;
	struct stack *stack;
	const struct vars *environment; /* what ${…} sees */
	const struct strv *profiles;	/* active ones */
	struct inputs *inputs;		/* see manifest.h */
	const char *store_dir;		/* of external configs and secrets; NULL: none */
	const char *prefix;		/* what user-visible names of project files start with */
	const char *path;		/* "services.web": in front of keys in messages */
	struct service *service;	/* the one being decoded */
	struct probe_spec *probe;	/* the one of it */
	struct scale_behavior *scaling; /* likewise */
	size_t mount_cap;
	size_t port_cap;
	size_t port_total; /* of the whole stack */
};

/* Decodes one value; @key is its name in messages, below decoder->path. Never called for null. */
typedef void decode_fn(struct decoder *decoder, const struct node *node, const char *key);

struct decode_field {
	const char *key;
	decode_fn *decode;
};

/* What a mapping may contain, and what is read of it. */
struct decode_schema {
	const struct key_info *keys;
	const struct decode_field *fields;
	size_t count;
};

struct decode_range {
	int64_t min;
	int64_t max;
};

/* What people name: services, volumes, profiles. The default name of a volume in the store joins
 * two of them. */
#define DECODE_NAME_MAX	      63
#define DECODE_STORE_NAME_MAX (2 * DECODE_NAME_MAX + 1)

/* [a-zA-Z0-9_][a-zA-Z0-9_.-]* */
bool decode_is_name(const char *text, size_t max);

#include "manifests/decode_value.h"

/* decode_process.c */
decode_fn decode_command, decode_entrypoint, decode_user, decode_hostname, decode_working_dir;
decode_fn decode_healthcheck, decode_stop_signal;

decode_fn decode_group_add, decode_domainname;

/* Text for /bin/sh, or [CMD, program, …] or [CMD-SHELL, text] as the words to run. Returns false,
 * with nothing said, for anything else. */
bool decode_program(struct decoder *decoder, const struct node *node, const char *key,
		    struct text_list *ret_words);

/* decode_environment.c */
void decode_environment(struct decoder *decoder, const struct node *service);
void decode_service_labels(struct decoder *decoder, const struct node *service);

/* decode_expose.c */
decode_fn decode_expose;

/* decode_ulimits.c */
decode_fn decode_ulimits;

/* decode_mounts.c */
decode_fn decode_volumes, decode_tmpfs;

/* decode_ports.c */
decode_fn decode_ports;

/* decode_deploy.c */
decode_fn decode_restart;
void decode_deploy(struct decoder *decoder, const struct node *service);

/* decode_kept.c: what is not supported yet, of the mapping of a service; and of its reservations */
void decode_kept(struct decoder *decoder, const struct node *service);
void decode_reserved_devices(struct decoder *decoder, const struct node *node, const char *key);

/* decode_restart.c: after decode_deploy(), which it must not contradict */
decode_fn decode_x_restart;

/* decode_depends.c */
decode_fn decode_depends_on;
decode_fn decode_links; /* after decode_depends_on() */

/* decode_caps.c */
decode_fn decode_cap_add, decode_cap_drop;

/* decode_service.c */
void decode_services(struct decoder *decoder, const struct node *services);

/* decode_stack.c: the whole of it; decoder->stack has its name and directory already */
void decode_stack(struct decoder *decoder, const struct node *root);
