// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building images; see builder.h. An interrupt is the builder's to obey: what it leaves behind is
 * tidied up here.
 */
#include "launcher/cli/builder.h"

#include "launcher/build.h"
#include "launcher/cli/fetch.h"
#include "launcher/paths.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* They take the same words. */
static const char *const builders[] = {"buildah", "podman"};

/* One process: where its standard input is from, and how it is told to be. */
struct job {
	char *const *argv;
	int input_fd;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
};

static int prepare(struct job *job)
{
	sigset_t signals;
	int failed = posix_spawn_file_actions_init(&job->files);

	if (failed)
		return failed;
	failed = posix_spawnattr_init(&job->attributes);
	if (failed) {
		posix_spawn_file_actions_destroy(&job->files);
		return failed;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	/* None of these fails on a valid object but for want of memory, and then the spawn does. */
	(void)posix_spawnattr_setsigdefault(&job->attributes, &signals);
	(void)posix_spawnattr_setflags(&job->attributes, POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawn_file_actions_adddup2(&job->files, job->input_fd, 0);
	/* What davit itself prints is for programs; this is for people. */
	return posix_spawn_file_actions_adddup2(&job->files, 2, 1);
}

/* The exit status, -1 after a complaint; *ret_missing: there is no such program. */
static int run(struct job *job, const char *program, bool *ret_missing)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	pid_t pid = -1;
	int status = 0;
	int failed = prepare(job);

	if (failed == 0) {
		sigaction(SIGINT, &ignore, &before);
		failed = posix_spawnp(&pid, program, &job->files, &job->attributes, job->argv,
				      environ);
		while (failed == 0 && waitpid(pid, &status, 0) < 0)
			failed = errno == EINTR ? 0 : errno;
		sigaction(SIGINT, &before, NULL);
		posix_spawn_file_actions_destroy(&job->files);
		posix_spawnattr_destroy(&job->attributes);
	}
	*ret_missing = failed == ENOENT;
	if (failed == 0)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (failed != ENOENT)
		(void)!cli_complain(EXIT_FAILED, "start %s: %s", program, strerrordesc_np(failed));
	return -1;
}

/* A file with the text, or nothing to read. */
static int open_input(const char *text)
{
	autoclose int fd = text ? memfd_create("Dockerfile", MFD_CLOEXEC)
				: open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !text)
		return take_fd(&fd);
	size_t len = strlen(text);

	if (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return take_fd(&fd);
}

static int no_builder(const struct service *service, const struct build_command *command)
{
	autobuf struct buf text = {0};

	buf_puts(&text, "its image is not in the store, and no builder is installed: install "
			"buildah, or run: ");
	build_command_text(command, &text);
	buf_printf(&text, " && buildah push %s oci-archive:FILE, then davit image load FILE %s",
		   service->image.value, service->image.value);
	return cli_complain_at(service->build.pos, service,
			       text.data ? text.data : "out of memory");
}

static int exit_code(const struct service *service, const char *program, int status)
{
	autobuf struct buf text = {0};

	if (status <= 0)
		return status == 0 ? EXIT_DONE : EXIT_FAILED;
	buf_printf(&text, "%s ended with exit status %d", program, status);
	return cli_complain_at(service->build.pos, service,
			       text.data ? text.data : "out of memory");
}

/* *ret_builder: which one did it. */
static int build(const struct service *service, const struct build_command *command,
		 const char **ret_builder)
{
	for (size_t i = 0; i < ARRAY_SIZE(builders); i++) {
		autoclose int input_fd = open_input(command->input);
		struct job job = {.argv = command->argv.items, .input_fd = input_fd};
		bool missing = false;

		if (input_fd < 0)
			return cli_complain_at(service->build.pos, service,
					       "cannot hand the Dockerfile to the builder");
		int status = run(&job, builders[i], &missing);

		if (missing)
			continue;
		*ret_builder = builders[i];
		return exit_code(service, builders[i], status);
	}
	return no_builder(service, command);
}

/* From the builder's own storage into ours, by way of a directory. */
static int store(const struct service *service, const struct fetch *fetch, const char *builder,
		 const char *dir)
{
	autofree char *place = NULL;
	autoclose int input_fd = open_input(NULL);
	autoref struct image_ref built = {0};
	struct err err = {0};
	bool missing = false;

	if (asprintf(&place, "oci:%s:built", dir) < 0) {
		place = NULL;
		return cli_complain(EXIT_FAILED, "out of memory");
	}
	char *const argv[] = {(char *)(uintptr_t)builder,
			      (char *)(uintptr_t) "push",
			      (char *)(uintptr_t) "--quiet",
			      service->image.value,
			      place,
			      NULL};
	struct job job = {.argv = argv, .input_fd = input_fd};
	int code = exit_code(service, builder, run(&job, builder, &missing));

	if (code != EXIT_DONE)
		return code;
	if (image_ref_parse(place, "/", &built, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	return fetch_image(
		&(struct fetch){.ref = &built, .name = fetch->ref->name, .quiet = fetch->quiet});
}

int builder_run(const struct stack *stack, const struct service *service,
		const struct image_ref *ref, bool quiet)
{
	const struct fetch fetch = {.ref = ref, .quiet = quiet};
	autobuild struct build_command command = {0};
	autofree char *state = NULL;
	autofree char *dir = NULL;
	const char *builder = NULL;
	struct err err = {0};

	if (paths_dir(PATHS_STATE, NULL, &state, &err) < 0)
		return cli_fail(&err, EXIT_FAILED);
	if (build_command_make(stack, service, state, &command, &err) < 0)
		return cli_complain_at(service->build.pos, service, err.text);
	int code = build(service, &command, &builder);

	if (code != EXIT_DONE)
		return code;
	if (asprintf(&dir, "%s/build-XXXXXX", state) < 0) {
		dir = NULL;
		return cli_complain(EXIT_FAILED, "out of memory");
	}
	if (!mkdtemp(dir))
		return cli_complain(EXIT_FAILED, "make %s: %s", dir, strerrordesc_np(errno));
	code = store(service, &fetch, builder, dir);
	if (fs_remove_tree(dir, &err) < 0 && code == EXIT_DONE)
		code = cli_fail(&err, EXIT_FAILED);
	return code;
}
