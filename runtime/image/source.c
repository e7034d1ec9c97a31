// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of a source, verified; see source.h. */
#include "runtime/image/source.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void source_free(struct source *source)
{
	for (size_t i = 0; i < source->layer_count; i++)
		free(source->layers[i].path);
	free(source->layers);
	free(source->name);
	free(source->manifest);
	free(source->config_text);
	oci_config_free(&source->config);
	*source = (struct source){.dir_fd = -1};
}

int source_open_file(int dir_fd, const char *path, int64_t *ret_bytes, int *ret_fd, struct err *err)
{
	autoclose int fd = path_open_in(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_set(err, -fd, "%.100s", path);
	if (fstat(fd, &st) < 0)
		return err_set(err, errno, "%.100s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, EINVAL, "%.100s: not a regular file", path);
	*ret_bytes = st.st_size;
	*ret_fd = take_fd(&fd);
	return 0;
}

int source_read_file(int dir_fd, const char *path, char **ret, size_t *ret_len, struct err *err)
{
	autoclose int fd = -1;
	int64_t size = 0;
	int r = source_open_file(dir_fd, path, &size, &fd, err);

	if (r < 0)
		return r;
	if ((uint64_t)size > OCI_JSON_BYTES_MAX)
		return err_say(err, EFBIG, "%.100s: larger than %zu bytes", path,
			       OCI_JSON_BYTES_MAX);
	autofree char *bytes = malloc((size_t)size + 1);
	size_t len = 0;

	if (!bytes)
		return err_set(err, ENOMEM, "%.100s", path);
	for (ssize_t n = 1; n > 0 && len<(size_t)size; len += n> 0 ? (size_t)n : 0)
		if ((n = read(fd, bytes + len, (size_t)size - len)) < 0)
			return err_set(err, errno, "%.100s", path);
	bytes[len] = '\0';
	*ret = take_ptr(bytes);
	*ret_len = len;
	return 0;
}

int source_open_layer(const struct source *source, size_t index, int *ret_fd, struct err *err)
{
	const struct source_layer *layer = &source->layers[index];
	autoclose int fd = -1;
	char found[DIGEST_SIZE];
	int64_t size = 0;
	int r = source_open_file(source->dir_fd, layer->path, &size, &fd, err);

	if (r == 0 && size != layer->size)
		r = err_say(err, EBADMSG, "has %lld bytes instead of %lld", (long long)size,
			    (long long)layer->size);
	if (r == 0)
		r = digest_of_fd(fd, found, &size, err);
	if (r == 0 && strcmp(found, layer->digest) != 0)
		r = err_say(err, EBADMSG, "content has the digest %s", found);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}
