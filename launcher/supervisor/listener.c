// SPDX-License-Identifier: GPL-2.0-or-later
/* The listener's socket, its token, and what is written down of it; see listener.h. What it answers
 * is in listener_answer.c. */
#include "launcher/supervisor/listener.h"

#include "launcher/js.h"
#include "launcher/supervisor/http_listen.h"
#include "launcher/supervisor/listener_answer.h"
#include "launcher/supervisor/save.h"
#include "launcher/supervisor/state_file.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/fs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_LISTENER "listener"

/* Some people's browsers and a monitor or two; a stream takes one for as long as it likes. More
 * than may be silent at a time, so that those who only connect keep nobody out. */
#define CONNECTIONS_MAX 256
#define BODY_BYTES_MAX	(64u << 10)

struct listener {
	struct http_server *server;
	char address[HTTP_ADDRESS_SIZE];
	struct listener_room room;
};

static void path_of(const struct supervisor *sup, const char *name, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", sup->run_dir, name);
}

/* ---- the token ---- */

static int make_token(char token[static GUARD_TOKEN_CHARS + 1], struct err *err)
{
	unsigned char bytes[GUARD_TOKEN_CHARS / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(err, errno, "make a token");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int read_token(const char *path, char token[static GUARD_TOKEN_CHARS + 1], struct err *err)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = fs_read(path, 2 * GUARD_TOKEN_CHARS, &text, &len, err);

	if (r < 0)
		return r;
	if (len != GUARD_TOKEN_CHARS + 1 || text[GUARD_TOKEN_CHARS] != '\n')
		return err_say(err, EBADMSG, "'%s' is no token", path);
	memcpy(token, text, GUARD_TOKEN_CHARS);
	token[GUARD_TOKEN_CHARS] = '\0';
	return 0;
}

static int write_token(const char *path, const char *token, struct err *err)
{
	char line[GUARD_TOKEN_CHARS + 2];

	snprintf(line, sizeof(line), "%s\n", token);
	return fs_write_atomic(path, line, strlen(line), 0600, err);
}

/* The one there is stays: it may be in somebody's hands. */
static int allow_control(const struct supervisor *sup, struct listener *listener, struct err *err)
{
	char path[PATH_MAX];
	char *token = listener->room.token;

	path_of(sup, "token", path);
	if (token[0] || read_token(path, token, NULL) == 0)
		return 0;
	int r = make_token(token, err);

	if (r == 0)
		r = write_token(path, token, err);
	if (r < 0)
		token[0] = '\0';
	return r;
}

static void forbid_control(const struct supervisor *sup, struct listener *listener)
{
	char path[PATH_MAX];

	path_of(sup, "token", path);
	if (listener)
		listener->room.token[0] = '\0';
	(void)unlink(path);
}

/* ---- the listener ---- */

struct json_t *listener_view(const struct supervisor *sup)
{
	const struct listener *listener = sup->listener;
	char token[PATH_MAX];
	char url[HTTP_ADDRESS_SIZE + 16];

	if (!listener)
		return NULL;
	path_of(sup, "token", token);
	snprintf(url, sizeof(url), "http://%s/", listener->address);
	return js_pack("{s:s, s:s, s:s?}", "address", listener->address, "url", url, "token_file",
		       listener->room.token[0] ? token : NULL);
}

/* For a successor: it is there, or it is not. */
static int write_down(const struct supervisor *sup, struct err *err)
{
	const struct listener *listener = sup->listener;
	autobuf struct buf text = {0};
	char path[PATH_MAX];

	path_of(sup, "listener", path);
	if (!listener)
		return unlink(path) < 0 && errno != ENOENT
			       ? err_set(err, errno, "remove '%s'", path)
			       : 0;
	autojs struct json_t *document = js_pack("{s:s, s:b}", "address", listener->address,
						 "allow_control", listener->room.token[0] != '\0');
	int r = document ? js_print(document, 0, &text, err) : err_set(err, ENOMEM, "listener");

	return r < 0 ? r : state_file_write(path, "listener", text.data, text.len, err);
}

static void drop(struct supervisor *sup)
{
	struct listener *listener = take_ptr(sup->listener);

	if (!listener)
		return;
	keep_drop(sup->keep, KEPT_LISTENER);
	http_close(listener->server);
	free(listener);
}

/* @fd: taken. In place of the one there is. */
static int open_at(struct supervisor *sup, int fd, struct err *err)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	const struct http_handler handler = {
		.fn = listener_answer,
		.data = listener ? &listener->room : NULL,
		.connections_max = CONNECTIONS_MAX,
		.body_bytes_max = BODY_BYTES_MAX,
		.headers = listener_headers,
	};
	int r = listener ? http_listens_at(fd, listener->address, err)
			 : err_set(err, ENOMEM, "listener");

	if (r < 0)
		close(fd);
	else
		r = http_open(sup->loop, fd, &handler, &listener->server, err);
	if (r < 0) {
		free(listener);
		return r;
	}
	listener->room.sup = sup;
	drop(sup);
	sup->listener = listener;
	err_ignore(keep_store(sup->keep, KEPT_LISTENER, fd, NULL));
	return 0;
}

static int open_anew(struct supervisor *sup, const char *address, struct err *err)
{
	char normal[HTTP_ADDRESS_SIZE];
	int fd = -1;
	int r = http_address(address, normal, err);

	if (r == 0 && sup->listener && strcmp(sup->listener->address, normal) == 0)
		return 0;
	char token[GUARD_TOKEN_CHARS + 1] = "";

	if (sup->listener)
		memcpy(token, sup->listener->room.token, sizeof(token));
	if (r == 0)
		r = http_listen_tcp(address, &fd, err);
	if (r == 0)
		r = open_at(sup, fd, err);
	if (r == 0)
		memcpy(sup->listener->room.token, token, sizeof(token));
	return r;
}

struct reply listener_set(struct supervisor *sup, const struct json_t *request)
{
	const char *address = js_text(request, "address");
	struct err err = {0};
	int r = address ? open_anew(sup, address, &err) : 0;

	if (!address)
		drop(sup);
	if (r == 0 && address && js_bool(request, "allow_control"))
		r = allow_control(sup, sup->listener, &err);
	else if (r == 0)
		forbid_control(sup, sup->listener);
	if (r == 0)
		r = write_down(sup, &err);
	if (r < 0)
		return reply_error(r == -EINVAL ? 400 : 409, r == -EINVAL ? 2 : 1, "%s", err.text);
	return (struct reply){200,
			      js_pack("{s:i, s:o?}", "schema", 1, "listens", listener_view(sup))};
}

static int restore(struct supervisor *sup, const struct json_t *wanted, int fd, struct err *err)
{
	const char *address = js_text(wanted, "address");
	int r = 0;

	if (fd < 0)
		r = http_listen_tcp(address ? address : "", &fd, err);
	if (r == 0)
		r = open_at(sup, fd, err);
	if (r == 0 && js_bool(wanted, "allow_control"))
		r = allow_control(sup, sup->listener, err);
	return r;
}

void listener_restore(struct supervisor *sup)
{
	autojs struct json_t *wanted = NULL;
	int fd = keep_take(sup->keep, KEPT_LISTENER);
	struct err err = {0};
	int r = save_read(sup, "listener", "listener", &wanted, &err);

	/* Without a predecessor's stack it is what a host that went down has left. */
	if (r == -ENOENT || (fd < 0 && !sup->manifest)) {
		fd_drop(&fd);
		keep_drop(sup->keep, KEPT_LISTENER);
		return;
	}
	if (r == 0)
		r = restore(sup, wanted, fd, &err);
	else
		fd_drop(&fd);
	if (r < 0)
		supervisor_log(sup, "event=listener-failed error=\"%s\"", err.text);
}

void listener_close(struct supervisor *sup)
{
	if (sup->keep && sup->loop)
		drop(sup);
}
