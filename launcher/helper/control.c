// SPDX-License-Identifier: GPL-2.0-or-later
/* See control.h. */
#include "launcher/helper/control.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static void heed(struct control *control, char word, const char *key, int *fd)
{
	if (word == WORD_END)
		exit(0);
	if (word != WORD_RECORD) {
		control->heed(control->data, word, key, fd);
		return;
	}
	fd_drop(&control->record_fd);
	control->record_fd = take_fd(fd);
}

void control_hear(struct control *control)
{
	while (control->fd >= 0) {
		char key[WORDS_KEY_MAX + 1];
		char word = 0;
		autoclose int fd = -1;
		int r = words_receive(control->fd, &word, key, &fd);

		if (r == -EAGAIN)
			return;
		if (r == 0)
			heed(control, word, key, &fd);
		if (r == -ENOTCONN) {
			sources_remove(control->loop_fd, control->fd);
			fd_drop(&control->fd);
		}
	}
}

static void on_control(struct source *source, uint32_t events)
{
	control_hear(container_of(source, struct control, source));
}

int control_open(struct control *control, int loop_fd, int fd, struct err *err)
{
	control->source.fn = on_control;
	control->loop_fd = loop_fd;
	control->fd = fd;
	control->record_fd = -1;
	int r = sources_add(loop_fd, fd, EPOLLIN, &control->source);

	return r < 0 ? err_set(err, -r, "control socket") : 0;
}

bool control_is_superseded(const struct control *control)
{
	struct stat status;

	return control->fd < 0 && (control->record_fd < 0 ||
				   fstat(control->record_fd, &status) < 0 || !status.st_nlink);
}
