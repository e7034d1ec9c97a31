// SPDX-License-Identifier: GPL-2.0-or-later
/* Fetching images for services; see fetch.h. */
#include "launcher/cli/fetch.h"

#include "launcher/cli/builder.h"
#include "launcher/cli/text.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/image/image.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fetch_how {
	const enum image_pull_policy *policy; /* in place of the services' own; NULL: theirs */
	bool quiet;
	struct strv *seen; /* names that are taken care of */
	bool tell;	   /* each of them */
	struct fetch_tally *tally;
};

static int await(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return cli_complain(EXIT_FAILED, "wait for davit-image: %s",
					    strerrordesc_np(errno));
	if (WIFSIGNALED(status))
		return cli_complain(EXIT_FAILED, "davit-image was ended by SIG%s",
				    sigabbrev_np(WTERMSIG(status)));
	return WEXITSTATUS(status) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* What it has to complain about it says itself. */
int fetch_image(const struct fetch *fetch)
{
	autofree char *program = NULL;
	autostrv struct strv argv = {0};
	struct err err = {0};
	pid_t pid = -1;

	if (paths_helper("davit-image", &program, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	strv_add(&argv, "davit-image");
	if (fetch->quiet)
		strv_add(&argv, "--quiet");
	if (fetch->tell)
		strv_add(&argv, "--tell");
	if (fetch->own_name)
		strv_add(&argv, "--own-name");
	if (fetch->name) {
		strv_add(&argv, "--name");
		strv_add(&argv, fetch->name);
	}
	strv_add(&argv, fetch->ref->name);
	if (strv_check(&argv, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	int failed = posix_spawn(&pid, program, NULL, NULL, argv.items, environ);

	if (failed)
		return cli_complain(EXIT_FAILED, "start %s: %s", program, strerrordesc_np(failed));
	return await(pid);
}

/* A file or directory of this host that changed after it was imported. */
static bool is_outdated(const struct image_ref *ref, int64_t stored_ms)
{
	autofree char *index = NULL;
	struct stat st;

	if (!image_ref_is_local(ref))
		return false;
	if (asprintf(&index, "%s%s", ref->place,
		     ref->transport == IMAGE_OCI_DIR ? "/index.json" : "") < 0) {
		index = NULL;
		return true;
	}
	/* One that is gone cannot be imported again. */
	if (stat(index, &st) < 0)
		return false;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 >= stored_ms;
}

/* What is to be built is not asked a registry for unless that is written. */
static enum image_pull_policy own_policy(const struct service *service)
{
	switch (service->pull.policy) {
	case PULL_ALWAYS:
		return IMAGE_PULL_ALWAYS;
	case PULL_NEVER:
		return IMAGE_PULL_NEVER;
	case PULL_BUILD:
		return IMAGE_PULL_BUILD;
	case PULL_DEFAULT:
		return service->build.present ? IMAGE_PULL_NEVER : IMAGE_PULL_MISSING;
	case PULL_MISSING:
		break;
	}
	return IMAGE_PULL_MISSING;
}

static enum image_pull_policy policy_of(const struct service *service, const struct fetch_how *how)
{
	enum image_pull_policy policy = how->policy ? *how->policy : own_policy(service);

	/* What has no name but ours is in no registry. */
	return service->build.names_image && policy != IMAGE_PULL_BUILD ? IMAGE_PULL_NEVER : policy;
}

/* @store	NULL: there is none yet */
static enum image_pull_action decide(struct image_store *store, const struct image_ref *ref,
				     enum image_pull_policy policy)
{
	struct image image = {0};
	int64_t stored_ms = 0;
	bool stored = store && image_resolve(store, ref->name, &image, NULL) == 0;

	image_free(&image);
	stored = stored && image_stored_at(store, ref->name, &stored_ms, NULL) == 0;
	return image_pull_decide(policy, ref, stored, stored && is_outdated(ref, stored_ms));
}

/* One more of what @counted counts; told where somebody asks for it. */
static int done(const struct fetch_how *how, const char *image, const char *what, unsigned *counted)
{
	autobuf struct buf line = {0};

	++*counted;
	text_escape(&line, image, strlen(image));
	if (how->tell && line.data)
		fprintf(stderr, "%s: %s\n", line.data, what);
	return EXIT_DONE;
}

static int build_one(const struct stack *stack, const struct service *service,
		     const struct image_ref *ref, const struct fetch_how *how)
{
	int code = builder_run(stack, service, ref, how->quiet);

	return code == EXIT_DONE ? done(how, ref->name, "built", &how->tally->built) : code;
}

/* Why there is no way to bring it; NULL: there is one. */
static const char *refusal(const struct service *service, enum image_pull_action action)
{
	if (service->build.present)
		return NULL;
	if (action == IMAGE_REFUSE_MISSING)
		return "its image is not in the store, and pull_policy is never";
	return action == IMAGE_REFUSE_BUILD ? "pull_policy is build, and there is no build" : NULL;
}

static int fetch_one(struct image_store *store, const struct stack *stack,
		     const struct service *service, const struct fetch_how *how)
{
	autoref struct image_ref ref = {0};
	struct err err = {0};

	if (image_ref_parse(service->image.value, stack->directory, &ref, &err) < 0)
		return cli_complain_at(service->image.pos, service, err.text);
	/* Two services with the same image: the first has brought it. */
	if (strv_has(how->seen, ref.name))
		return EXIT_DONE;
	strv_add(how->seen, ref.name);
	enum image_pull_action action = decide(store, &ref, policy_of(service, how));
	const char *refused = refusal(service, action);

	if (refused)
		return cli_complain_at(service->image.pos, service, refused);
	if (action == IMAGE_USE_STORED)
		return done(how, ref.name, "there already", &how->tally->stored);
	if (action == IMAGE_FETCH) {
		if (fetch_image(&(struct fetch){.ref = &ref, .quiet = how->quiet}) == EXIT_DONE)
			return done(how, ref.name, "fetched", &how->tally->fetched);
		if (!service->build.present)
			return EXIT_FAILED;
		fprintf(stderr, "%s: building %s instead\n", service->name, service->image.value);
	}
	return build_one(stack, service, &ref, how);
}

int fetch_services(const struct stack *stack, const char *const *names, const char *word,
		   bool quiet, struct fetch_tally *tally)
{
	autostore struct image_store *store = NULL;
	autostrv struct strv seen = {0};
	enum image_pull_policy policy = IMAGE_PULL_MISSING;
	struct fetch_tally uncounted = {0};
	struct fetch_how how = {word ? &policy : NULL, quiet, &seen, tally && !quiet,
				tally ? tally : &uncounted};
	autofree char *dir = NULL;
	struct err err = {0};
	int code = EXIT_DONE;

	if (word && image_pull_policy_parse(word, &policy, &err) < 0)
		return cli_fail(&err, EXIT_USAGE);
	for (size_t i = 0; code == EXIT_DONE && names[i]; i++) {
		const struct service *service = stack_service(stack, names[i]);

		if (!service || service->rootfs != ROOTFS_IMAGE)
			continue;
		if (!store &&
		    (paths_images(&dir, &err) < 0 || image_store_open(dir, &store, &err) < 0))
			return cli_fail(&err, EXIT_FAILED);
		code = fetch_one(store, stack, service, &how);
	}
	return code;
}

/* One that does not exist must not come to exist by being looked at. */
static bool store_look(struct image_store **ret_store)
{
	autofree char *dir = NULL;

	if (paths_images(&dir, NULL) < 0)
		return false;
	if (access(dir, F_OK) < 0)
		return errno == ENOENT;
	return image_store_open(dir, ret_store, NULL) == 0;
}

static void add_obstacle(struct image_store *store, const struct stack *stack,
			 const struct service *service, struct strv *lines)
{
	autoref struct image_ref ref = {0};
	const struct fetch_how how = {0};
	struct err err = {0};

	if (image_ref_parse(service->image.value, stack->directory, &ref, &err) < 0) {
		diagnostic_add(lines, SEVERITY_ERROR, service->image.pos, service->name, "%s",
			       err.text);
		return;
	}
	enum image_pull_action action = decide(store, &ref, policy_of(service, &how));
	const char *refused = refusal(service, action);

	if (action == IMAGE_FETCH && !service->build.present && image_ref_is_local(&ref) &&
	    access(ref.place, F_OK) < 0) {
		err_ignore(err_set(&err, errno, "%s", ref.place));
		refused = err.text;
	}
	if (refused)
		diagnostic_add(lines, SEVERITY_ERROR, service->image.pos, service->name, "%s",
			       refused);
}

void fetch_obstacles(const struct stack *stack, const char *const *names, struct strv *lines)
{
	autostore struct image_store *store = NULL;

	if (!store_look(&store))
		return;
	for (size_t i = 0; names[i]; i++) {
		const struct service *service = stack_service(stack, names[i]);

		if (service && service->rootfs == ROOTFS_IMAGE)
			add_obstacle(store, stack, service, lines);
	}
}
