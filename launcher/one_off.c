// SPDX-License-Identifier: GPL-2.0-or-later
/* The service of a `davit run`; see one_off.h. */
#include "launcher/one_off.h"

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct one_off {
	struct service service; /* first: what is handed out */
	struct strv strings;	/* what is ours of the texts below */
	struct text *command;
	struct text *entrypoint;
	struct text *environment;
};

static struct one_off *one_off_of(struct service *service)
{
	return (struct one_off *)((char *)service - offsetof(struct one_off, service));
}

void one_off_free(struct service *service)
{
	if (!service)
		return;
	struct one_off *one_off = one_off_of(service);

	strv_free(&one_off->strings);
	free(one_off->command);
	free(one_off->entrypoint);
	free(one_off->environment);
	free(one_off);
}

/* A copy that lives as long as @one_off; NULL, noted there, without memory. */
static char *keep(struct one_off *one_off, const char *text)
{
	size_t before = one_off->strings.count;

	strv_add(&one_off->strings, text);
	return one_off->strings.count > before ? one_off->strings.items[before] : NULL;
}

static struct text *keep_words(struct one_off *one_off, char *const *words, size_t count)
{
	struct text *texts = calloc(count + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < count; i++)
		texts[i].value = keep(one_off, words[i]);
	return texts;
}

static bool same_name(const char *left, const char *right)
{
	size_t len = strcspn(left, "=");

	return strcspn(right, "=") == len && strncmp(left, right, len) == 0;
}

/* The service's variables less those that are set anew, then these. */
static void merge_environment(struct one_off *one_off, const struct service *of,
			      const struct one_off_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < of->environment.count; i++) {
		size_t j = 0;

		while (j < request->environment_count &&
		       !same_name(of->environment.items[i].value, request->environment[j]))
			j++;
		if (j == request->environment_count)
			one_off->environment[count++] = of->environment.items[i];
	}
	for (size_t i = 0; i < request->environment_count; i++)
		one_off->environment[count++].value = keep(one_off, request->environment[i]);
	one_off->service.environment = (struct text_list){one_off->environment, count};
}

static void override(struct one_off *one_off, const struct one_off_request *request)
{
	struct service *service = &one_off->service;

	if (request->entrypoint) {
		service->entrypoint =
			(struct text_list){one_off->entrypoint, request->entrypoint_count};
		service->command = (struct text_list){0};
	}
	if (request->command)
		service->command = (struct text_list){one_off->command, request->command_count};
	if (request->user)
		service->user.value = keep(one_off, request->user);
	if (request->working_dir)
		service->working_dir.value = keep(one_off, request->working_dir);
}

struct service *one_off_service(const struct service *of, const struct one_off_request *request)
{
	struct one_off *one_off = calloc(1, sizeof(*one_off));
	autobuf struct buf name = {0};

	if (!one_off)
		return NULL;
	one_off->service = *of;
	one_off->service.restart = (struct restart_spec){.delay_ms = -1};
	one_off->service.healthcheck = (struct healthcheck){0};
	memset(one_off->service.probes, 0, sizeof(one_off->service.probes));
	/* Names are those of the instances that stay. */
	one_off->service.container_name = (struct text){0};
	one_off->service.hostname = (struct text){0};
	one_off->service.port_count = 0;
	one_off->service.replicas = 1;
	buf_printf(&name, "%s" ONE_OFF_SUFFIX, of->name);
	one_off->service.name = name.failed ? NULL : keep(one_off, name.data);
	one_off->command = keep_words(one_off, request->command, request->command_count);
	one_off->entrypoint = keep_words(one_off, request->entrypoint, request->entrypoint_count);
	one_off->environment =
		calloc(of->environment.count + request->environment_count + 1, sizeof(struct text));
	if (one_off->command && one_off->entrypoint && one_off->environment) {
		merge_environment(one_off, of, request);
		override(one_off, request);
	}
	if (!one_off->service.name || !one_off->command || !one_off->entrypoint ||
	    !one_off->environment || one_off->strings.failed) {
		one_off_free(&one_off->service);
		return NULL;
	}
	return &one_off->service;
}
