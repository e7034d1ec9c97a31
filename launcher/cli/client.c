// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests over the control socket; see client.h. Blocks, so only the command line uses it. */
#include "launcher/cli/client.h"

#include "launcher/paths.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#define USUAL_TIMEOUT_MS 30000
#define SILENCE_MS	 5000
#define SIGN_TIMEOUT_MS	 1000
#define ANSWER_MAX	 ((size_t)64 << 20)
#define AGAIN_TRIES	 250
#define AGAIN_PAUSE_NS	 20000000
#define STREAM_LINE_MAX	 ((size_t)16 << 20)

static void (*tell_silence)(const char *stack);

void client_on_silence(void (*tell)(const char *stack))
{
	tell_silence = tell;
}

void client_answer_drop(struct client_answer *answer)
{
	js_free(answer->json);
	answer->json = NULL;
}

void client_stream_drop(struct client_stream *stream)
{
	fd_drop(&stream->fd);
	fd_drop(&stream->given_fd);
	buf_free(&stream->text);
}

/* A socket that another user has put there must not hear of our manifests and environment. */
static int check_server(int fd, const char *path, struct err *err)
{
	struct ucred server = {0};
	socklen_t len = sizeof(server);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &len) < 0)
		return err_set(err, errno, "connect to '%s'", path);
	if (server.uid != 0 && server.uid != geteuid())
		return err_say(err, EPERM, "'%s' belongs to user %u, not to davit", path,
			       server.uid);
	return 0;
}

int client_connect(const char *stack, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofree char *path = NULL;
	int r = paths_socket(stack, &path, err);

	if (r < 0)
		return r;
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, errno, "socket");
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		r = check_server(fd, path, err);
		if (r == 0)
			*ret_fd = take_fd(&fd);
		return r;
	}
	bool absent = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;

	if (absent && geteuid() != 0)
		return err_say(err, ENOTCONN,
			       "stack '%s' is not running for this user (root's stacks: use sudo)",
			       stack);
	if (absent)
		return err_say(err, ENOTCONN, "stack '%s' is not running: start it with 'davit up'",
			       stack);
	return err_set(err, errno, "connect to '%s'", path);
}

static int set_timeouts(int fd, int timeout_ms, struct err *err)
{
	int ms = timeout_ms ? timeout_ms : USUAL_TIMEOUT_MS;
	struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return err_set(err, errno, "set time limits of a socket");
	return 0;
}

/* The socket's time limits show as EAGAIN. */
static int transport_failed(struct err *err, int errnum)
{
	if (errnum == EAGAIN)
		return err_say(err, ETIMEDOUT, "the supervisor does not answer in time");
	return err_set(err, errnum, "talk to the supervisor");
}

static int send_all(int fd, const char *bytes, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* A server that refuses a request may close before it has read all of it: its
		 * answer is still there to be read. */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (n < 0)
			return transport_failed(err, errno);
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, const struct client_request *request, struct err *err)
{
	autobuf struct buf head = {0};
	autobuf struct buf body = {0};

	if (request->body && js_print(request->body, 0, &body, err) < 0)
		return -err->code;
	buf_printf(&head, "%s %s HTTP/1.1\r\nHost: davit\r\n", request->method, request->path);
	if (request->upgrade)
		buf_printf(&head, "Connection: Upgrade\r\nUpgrade: %s\r\n", request->upgrade);
	else
		buf_puts(&head, "Connection: close\r\n");
	if (request->body)
		buf_printf(&head, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
			   body.len);
	else if (strcmp(request->method, "GET") != 0)
		buf_puts(&head, "Content-Length: 0\r\n");
	buf_puts(&head, "\r\n");
	buf_put(&head, body.data, body.len);
	int r = buf_check(&head, err);

	return r < 0 ? r : send_all(fd, head.data, head.len, err);
}

/* One read into the answer. Returns 0 also when the connection ended properly. */
static int read_some(int fd, struct http_reader *http, struct buf *body, struct buf *rest,
		     struct err *err)
{
	char bytes[16384];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return transport_failed(err, errno);
	if (n == 0 && http->state == HTTP_STATUS && http->head_bytes == 0)
		return err_say(err, ECONNRESET, "the supervisor hung up without an answer");
	if (n == 0 && http_end(http, err) < 0)
		return err_say(err, ECONNRESET, "the supervisor hung up in its answer");
	if (n == 0)
		return 0;
	ssize_t used = http_feed(http, bytes, (size_t)n, body, err);

	if (used < 0)
		return (int)used;
	if (rest)
		buf_put(rest, bytes + used, (size_t)(n - used));
	if (body->len > ANSWER_MAX)
		return err_say(err, EMSGSIZE, "the supervisor's answer is too long");
	return buf_check(body, err);
}

/* Reads on until the answer is complete, and its JSON. */
static int finish_answer(int fd, struct http_reader *http, struct buf *body,
			 struct client_answer *ret_answer, struct err *err)
{
	struct client_answer answer = {0};
	int r = 0;

	while (r == 0 && http->state != HTTP_DONE)
		r = read_some(fd, http, body, NULL, err);
	if (r == 0 && body->len > 0)
		r = js_parse(body->data, body->len, &answer.json, err);
	if (r < 0)
		return r;
	answer.status = http->status;
	*ret_answer = answer;
	return 0;
}

/* Connects and sends; the answer is to be read. */
static int start_request(const char *stack, const struct client_request *request, int *ret_fd,
			 struct err *err)
{
	autoclose int fd = -1;
	int r = client_connect(stack, &fd, err);

	if (r == 0)
		r = set_timeouts(fd, request->timeout_ms, err);
	if (r == 0)
		r = send_request(fd, request, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

bool client_pause(unsigned *tries)
{
	const struct timespec pause = {.tv_nsec = AGAIN_PAUSE_NS};

	return ++*tries < AGAIN_TRIES && nanosleep(&pause, NULL) == 0;
}

/* Whether the supervisor answers anything at all. */
static bool gives_sign(const char *stack)
{
	const struct client_request request = {
		.method = "GET", .path = "/v1/version", .timeout_ms = SIGN_TIMEOUT_MS};
	struct http_reader http = {0};
	autobuf struct buf body = {0};
	autoanswer struct client_answer answer = {0};
	autoclose int fd = -1;

	return start_request(stack, &request, &fd, NULL) == 0 &&
	       finish_answer(fd, &http, &body, &answer, NULL) == 0;
}

/* Many a request takes its time, while others are answered: only who answers none is told of. */
static void await_first(int fd, const char *stack, const struct client_request *request)
{
	int limit_ms = request->timeout_ms ? request->timeout_ms : USUAL_TIMEOUT_MS;
	struct pollfd answer = {.fd = fd, .events = POLLIN};

	for (int waited_ms = SILENCE_MS; tell_silence && waited_ms < limit_ms;
	     waited_ms += SILENCE_MS) {
		if (poll(&answer, 1, SILENCE_MS) != 0)
			return;
		if (!gives_sign(stack)) {
			tell_silence(stack);
			return;
		}
	}
}

static int call_once(const char *stack, const struct client_request *request,
		     struct client_answer *ret_answer, struct err *err)
{
	struct http_reader http = {0};
	autobuf struct buf body = {0};
	autoclose int fd = -1;
	int r = start_request(stack, request, &fd, err);

	if (r < 0)
		return r;
	await_first(fd, stack, request);
	return finish_answer(fd, &http, &body, ret_answer, err);
}

int client_call(const char *stack, const struct client_request *request,
		struct client_answer *ret_answer, struct err *err)
{
	unsigned tries = 0;
	int r = call_once(stack, request, ret_answer, err);

	while (r == -ECONNRESET && !request->once && client_pause(&tries))
		r = call_once(stack, request, ret_answer, err);
	return r;
}

int client_stream_open(const char *stack, const struct client_request *request,
		       struct client_stream *ret_stream, struct client_answer *ret_answer,
		       struct err *err)
{
	autostream struct client_stream stream = CLIENT_NO_STREAM;
	autobuf struct buf rest = {0};
	int r = start_request(stack, request, &stream.fd, err);

	if (r == 0)
		await_first(stream.fd, stack, request);
	/* The head is complete when a body state, or the end, is reached. */
	while (r == 0 && stream.http.state <= HTTP_HEADER)
		r = read_some(stream.fd, &stream.http, &stream.text, &rest, err);
	if (r < 0)
		return r;
	if (stream.http.status != (request->upgrade ? 101 : 200)) {
		ret_stream->fd = ret_stream->given_fd = -1;
		return finish_answer(stream.fd, &stream.http, &stream.text, ret_answer, err);
	}
	if (request->upgrade)
		buf_put(&stream.text, rest.data, rest.len);
	stream.ended = !request->upgrade && stream.http.state == HTTP_DONE;
	*ret_stream = stream;
	stream = (struct client_stream)CLIENT_NO_STREAM;
	return buf_check(&ret_stream->text, err);
}

/* As recv(); a descriptor that comes along is the stream's. */
static ssize_t receive(struct client_stream *stream, char *bytes, size_t size)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n = recvmsg(stream->fd, &message, MSG_CMSG_CLOEXEC);

	if (n < 0 || message.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    control.head.cmsg_type != SCM_RIGHTS)
		return n;
	fd_drop(&stream->given_fd);
	memcpy(&stream->given_fd, CMSG_DATA(&control.head), sizeof(int));
	return n;
}

int client_stream_read(struct client_stream *stream, struct err *err)
{
	char bytes[16384];

	if (stream->http.status != 101) {
		int r = read_some(stream->fd, &stream->http, &stream->text, NULL, err);

		stream->ended = stream->http.state == HTTP_DONE;
		return r;
	}
	ssize_t n = receive(stream, bytes, sizeof(bytes));

	if (n < 0 && errno != EINTR)
		return transport_failed(err, errno);
	stream->ended = n == 0;
	if (n > 0)
		buf_put(&stream->text, bytes, (size_t)n);
	return buf_check(&stream->text, err);
}

/* Forgets the lines already handed out. */
static void drop_taken(struct client_stream *stream)
{
	stream->text.len -= stream->taken;
	memmove(stream->text.data, stream->text.data + stream->taken, stream->text.len + 1);
	stream->taken = 0;
}

int client_stream_line(struct client_stream *stream, const char **ret_line, size_t *ret_len,
		       struct err *err)
{
	char *start = stream->text.data ? stream->text.data + stream->taken : NULL;
	size_t len = stream->text.len - stream->taken;
	char *newline = len > 0 ? memchr(start, '\n', len) : NULL;

	if (!newline) {
		if (stream->taken > 0)
			drop_taken(stream);
		if (len > STREAM_LINE_MAX)
			return err_say(err, EBADMSG, "the supervisor sends an endless line");
		return 0;
	}
	*ret_line = start;
	*ret_len = (size_t)(newline - start);
	stream->taken += *ret_len + 1;
	return 1;
}

int client_stream_next(struct client_stream *stream, struct json_t **ret_value, struct err *err)
{
	const char *line = NULL;
	size_t len = 0;
	int r;

	do
		r = client_stream_line(stream, &line, &len, err);
	while (r > 0 && len == 0);
	if (r <= 0)
		return r;
	r = js_parse(line, len, ret_value, err);
	return r < 0 ? r : 1;
}

int client_stream_send(struct client_stream *stream, const char *bytes, size_t len, const int *fds,
		       struct err *err)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int) * CLIENT_FDS)];
	} control = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fds) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * CLIENT_FDS);
		memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * CLIENT_FDS);
	}
	ssize_t n = sendmsg(stream->fd, &message, MSG_NOSIGNAL);

	if (n < 0)
		return transport_failed(err, errno);
	return (size_t)n == len ? 0 : err_set(err, EIO, "talk to the supervisor");
}
