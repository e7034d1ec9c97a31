// SPDX-License-Identifier: GPL-2.0-or-later
/* An image's settings under those of a service; see from_image.h. Pure, used by the supervisor. */
#include "launcher/from_image.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/sig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEALTH_INTERVAL_MS	 30000
#define HEALTH_TIMEOUT_MS	 30000
#define HEALTH_START_INTERVAL_MS 5000
#define HEALTH_RETRIES		 3
#define NS_PER_MS		 1000000

void from_image_free(struct from_image *from)
{
	free(from->entrypoint);
	free(from->command);
	free(from->environment);
	free(from->test);
	free(from->ports);
	free(from->mounts);
	free(from->working_dir);
	*from = (struct from_image){0};
}

/* The texts stay the image's; what is wrong with them is at the image's place in the manifest. */
static int take_list(const struct strv *from, struct pos pos, struct text **ret_memory,
		     struct text_list *to)
{
	struct text *items = calloc(from->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++)
		items[i] = (struct text){from->items[i], pos};
	*ret_memory = items;
	*to = (struct text_list){items, from->count};
	return 0;
}

/* An entrypoint in the manifest is for another program: the image's arguments are not for it. */
static int take_program(struct service *service, const struct image_config *image,
			struct from_image *ret)
{
	bool own_entrypoint = service->entrypoint.count || service->no_entrypoint;
	bool own_command = service->command.count || service->no_command;
	int r = 0;

	if (!own_entrypoint)
		r = take_list(&image->entrypoint, service->image.pos, &ret->entrypoint,
			      &service->entrypoint);
	if (r == 0 && !own_entrypoint && !own_command)
		r = take_list(&image->cmd, service->image.pos, &ret->command, &service->command);
	return r;
}

static bool has_variable(const struct text_list *environment, const char *assignment)
{
	size_t len = strcspn(assignment, "=");

	for (size_t i = 0; i < environment->count; i++)
		if (strncmp(environment->items[i].value, assignment, len) == 0 &&
		    environment->items[i].value[len] == '=')
			return true;
	return false;
}

static int take_environment(struct service *service, const struct image_config *image,
			    struct from_image *ret, struct err *err)
{
	const struct text_list *own = &service->environment;
	struct text *items = calloc(image->env.count + own->count + 1, sizeof(*items));
	size_t count = 0;

	if (!items)
		return err_set(err, ENOMEM, "environment");
	ret->environment = items;
	for (size_t i = 0; i < image->env.count; i++) {
		char *assignment = image->env.items[i];

		if (!strchr(assignment, '=') || assignment[0] == '=')
			return err_say(err, EINVAL, "variable '%.60s' is not NAME=value",
				       assignment);
		if (!has_variable(own, assignment))
			items[count++] = (struct text){assignment, service->image.pos};
	}
	for (size_t i = 0; i < own->count; i++)
		items[count++] = own->items[i];
	service->environment = (struct text_list){items, count};
	return 0;
}

/* Absolute and normalised, as mounts are in a manifest. */
static bool is_mount_target(const char *path)
{
	if (path[0] != '/' || path[1] == '\0' || strlen(path) > 4095)
		return false;
	while (*path) {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && strncmp(path, "..", 2) == 0))
			return false;
		path += len;
	}
	return true;
}

static bool has_mount(const struct service *service, const char *target)
{
	for (size_t i = 0; i < service->mount_count; i++)
		if (strcmp(service->mounts[i].target, target) == 0)
			return true;
	return false;
}

/* A directory of its own for each instance, where the manifest has nothing for that place. */
static int take_volumes(struct service *service, const struct image_config *image,
			struct from_image *ret, struct err *err)
{
	if (image->volumes.count == 0)
		return 0;
	ret->mounts = calloc(service->mount_count + image->volumes.count, sizeof(*ret->mounts));
	if (!ret->mounts)
		return err_set(err, ENOMEM, "volumes");
	if (service->mount_count)
		memcpy(ret->mounts, service->mounts,
		       service->mount_count * sizeof(*service->mounts));
	service->mounts = ret->mounts;
	for (size_t i = 0; i < image->volumes.count; i++) {
		char *target = image->volumes.items[i];

		if (!is_mount_target(target))
			return err_say(err, EINVAL, "volume '%.100s' is not a normalised path",
				       target);
		if (has_mount(service, target))
			continue;
		ret->mounts[service->mount_count++] = (struct mount_spec){
			.kind = MOUNT_VOLUME,
			.target = target,
			.tmpfs_mode = -1,
			.pos = service->image.pos,
			.source_pos = service->image.pos,
		};
	}
	return 0;
}

static int take_stop_signal(struct service *service, const struct image_config *image,
			    struct err *err)
{
	if (service->stop_signal_set || !image->stop_signal)
		return 0;
	int number = sig_number(image->stop_signal);

	if (!number)
		return err_say(err, EINVAL, "stop signal '%.40s' is unknown", image->stop_signal);
	service->stop_signal = number;
	return 0;
}

static int64_t ms_or(int64_t ns, int64_t fallback_ms)
{
	if (ns <= 0)
		return fallback_ms;
	return ns < NS_PER_MS ? 1 : ns / NS_PER_MS;
}

static int take_test(const struct service *service, const struct strv *test, struct from_image *ret,
		     struct healthcheck *to, struct err *err)
{
	static char shell[] = "/bin/sh";
	static char option[] = "-c";
	char *const line[] = {shell, option, test->items[1]};
	bool is_line = strcmp(test->items[0], "CMD-SHELL") == 0;

	if (test->count < 2 || (is_line && test->count != 2) ||
	    (!is_line && strcmp(test->items[0], "CMD") != 0))
		return err_say(err, EINVAL, "health check is neither CMD nor CMD-SHELL");
	size_t count = is_line ? ARRAY_SIZE(line) : test->count - 1;
	char *const *words = is_line ? line : test->items + 1;

	ret->test = calloc(count, sizeof(*ret->test));
	if (!ret->test)
		return err_set(err, ENOMEM, "health check");
	for (size_t i = 0; i < count; i++)
		ret->test[i] = (struct text){words[i], service->image.pos};
	to->test = (struct text_list){ret->test, count};
	return 0;
}

/* What the manifest says of the times of the image's check. */
static void override_times(struct healthcheck *check, const struct healthcheck *written)
{
	if (written->interval_ms)
		check->interval_ms = written->interval_ms;
	if (written->timeout_ms)
		check->timeout_ms = written->timeout_ms;
	if (written->start_period_ms)
		check->start_period_ms = written->start_period_ms;
	if (written->start_interval_ms)
		check->start_interval_ms = written->start_interval_ms;
	if (written->retries)
		check->retries = written->retries;
}

static int take_health(struct service *service, const struct image_health *image,
		       struct from_image *ret, struct err *err)
{
	const struct strv *test = &image->test;

	if (service->healthcheck.present || service->healthcheck.disabled || !image->set ||
	    test->count == 0 || strcmp(test->items[0], "NONE") == 0)
		return 0;
	struct healthcheck check = {
		.present = true,
		.interval_ms = ms_or(image->interval_ns, HEALTH_INTERVAL_MS),
		.timeout_ms = ms_or(image->timeout_ns, HEALTH_TIMEOUT_MS),
		.start_period_ms = ms_or(image->start_period_ns, 0),
		.start_interval_ms = ms_or(image->start_interval_ns, HEALTH_START_INTERVAL_MS),
		.retries = image->retries > 0 && image->retries <= 100000 ? (unsigned)image->retries
									  : HEALTH_RETRIES,
		.pos = service->image.pos,
	};
	int r = take_test(service, test, ret, &check, err);

	if (service->healthcheck.of_image)
		override_times(&check, &service->healthcheck);
	if (r == 0)
		service->healthcheck = check;
	return r;
}

static int take_names(struct service *service, const struct image_config *image,
		      struct from_image *ret, struct err *err)
{
	const char *dir = image->working_dir;

	if (!service->user.value && image->user)
		service->user = (struct text){image->user, service->image.pos};
	if (service->working_dir.value || !dir)
		return 0;
	/* A relative one is from the root, as in a Dockerfile's first WORKDIR. */
	if (asprintf(&ret->working_dir, "%s%s", dir[0] == '/' ? "" : "/", dir) < 0) {
		ret->working_dir = NULL;
		return err_set(err, ENOMEM, "working directory");
	}
	service->working_dir = (struct text){ret->working_dir, service->image.pos};
	return 0;
}

int from_image_apply(struct service *service, const struct image *image, struct from_image *ret,
		     struct err *err)
{
	const struct image_config *config = &image->config;

	*ret = (struct from_image){0};
	if (take_program(service, config, ret) < 0)
		return err_set(err, ENOMEM, "program");
	if (take_list(&config->exposed, service->image.pos, &ret->ports, &service->image_ports) < 0)
		return err_set(err, ENOMEM, "ports");
	if (!service->entrypoint.count && !service->command.count)
		return err_say(err, EINVAL, "has no program, and the service names none");
	int r = take_environment(service, config, ret, err);

	if (r == 0)
		r = take_names(service, config, ret, err);
	if (r == 0)
		r = take_volumes(service, config, ret, err);
	if (r == 0)
		r = take_stop_signal(service, config, err);
	if (r == 0)
		r = take_health(service, &config->health, ret, err);
	if (r == 0)
		service->rootfs_dir = (char *)image->digest;
	return r;
}
