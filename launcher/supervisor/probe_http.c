// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes that send a GET request: libcurl's multi interface in the supervisor's loop, with sockets
 * from the instance's own network. No connection is kept, no redirect followed, no proxy used, no
 * certificate looked at; of an answer only the status counts.
 *
 * libcurl and what it needs are loaded when the first such probe runs: at every start they would
 * cost as much time as half of the other start.
 */
#include "launcher/supervisor/probe_http.h"
#include "launcher/supervisor/loop.h"
#include "launcher/supervisor/probe_run.h"
#include "launcher/supervisor/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#define TEXT_MAX 160
/* An answer that goes on for longer has said its status long ago. */
#define BODY_BYTES_MAX 65536
#define PAGE_BYTES_MAX 1048576 /* where the body is what was asked for */

/* What all http probes of a supervisor share. */
struct http_prober {
	struct loop *loop;
	CURLM *multi;
	struct watch *timer;
};

struct http_run {
	CURL *easy;
	struct curl_slist *headers;
	size_t body_bytes;
	struct buf page; /* of the body, where it is asked for */
	int lacks; /* errno: what it takes to ask, and the supervisor did not get; 0: nothing */
};

/* ---- the library ---- */

#define CURL_LIBRARY "libcurl-gnutls.so.4"

#define CURL_FUNCTIONS(X)                                                                          \
	X(easy_cleanup)                                                                            \
	X(easy_getinfo)                                                                            \
	X(easy_init)                                                                               \
	X(easy_setopt)                                                                             \
	X(easy_strerror)                                                                           \
	X(global_cleanup)                                                                          \
	X(global_init)                                                                             \
	X(multi_add_handle)                                                                        \
	X(multi_assign)                                                                            \
	X(multi_cleanup)                                                                           \
	X(multi_info_read)                                                                         \
	X(multi_init)                                                                              \
	X(multi_remove_handle)                                                                     \
	X(multi_setopt)                                                                            \
	X(multi_socket_action)                                                                     \
	X(slist_append)                                                                            \
	X(slist_free_all)

#define CURL_MEMBER(name) typeof(&curl_##name) name;
#define CURL_ENTRY(name)  {"curl_" #name, offsetof(struct curl_api, name)},

/* The functions used here, under their own names but for the prefix. */
struct curl_api {
	void *library;
	CURL_FUNCTIONS(CURL_MEMBER)
};

static struct curl_api curl;

static int curl_load(struct err *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} entries[] = {CURL_FUNCTIONS(CURL_ENTRY)};

	if (curl.library)
		return 0;
	errno = 0; /* which dlopen() does not promise to set */
	void *library = dlopen(CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return err_say(err, err_is_shortage(-errno) ? errno : ENOENT,
			       "http probes need libcurl: %s", dlerror());
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		void *function = dlsym(library, entries[i].name);

		if (!function) {
			dlclose(library);
			return err_say(err, ENOENT, "http probes need libcurl: no %s in it",
				       entries[i].name);
		}
		memcpy((char *)&curl + entries[i].offset, &function, sizeof(function));
	}
	curl.library = library;
	return 0;
}

/* ---- the loop under curl ---- */

static void collect(struct http_prober *prober);

static struct probe *probe_of(CURL *easy)
{
	char *probe = NULL;

	(void)curl.easy_getinfo(easy, CURLINFO_PRIVATE, &probe);
	return (struct probe *)(void *)probe;
}

/* @r: -errno */
static void note_lack(const struct probe *probe, int r)
{
	struct http_run *run = probe ? probe->run : NULL;

	if (run && err_is_shortage(r))
		run->lacks = -r;
}

static void on_socket(void *data, int fd, uint32_t events)
{
	struct http_prober *prober = data;
	int running = 0;
	int action = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		     (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		     (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	(void)curl.multi_socket_action(prober->multi, fd, action, &running);
	collect(prober);
}

static void on_timer(void *data)
{
	struct http_prober *prober = data;
	int running = 0;

	(void)curl.multi_socket_action(prober->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(prober);
}

/* Called by curl: watch @fd for @what from now on. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *of_socket)
{
	struct http_prober *prober = data;
	struct watch *watch = of_socket;
	struct loop_io io = {fd, 0, on_socket, prober};

	watch_free(watch); /* first: epoll watches an fd only once */
	watch = NULL;
	if (what & CURL_POLL_IN)
		io.epoll_events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		io.epoll_events |= EPOLLOUT;
	int r = what == CURL_POLL_REMOVE ? 0 : loop_watch_fd(prober->loop, &io, &watch, NULL);

	if (r < 0) {
		watch = NULL; /* the probe's time limit ends it */
		note_lack(probe_of(easy), r);
	}
	(void)curl.multi_assign(prober->multi, fd, watch);
	return 0;
}

static int want_timer(CURLM *multi, long delay_ms, void *data)
{
	struct http_prober *prober = data;

	if (delay_ms < 0)
		watch_disarm(prober->timer);
	else
		watch_arm(prober->timer, delay_ms);
	return 0;
}

int http_prober_open(struct loop *loop, struct http_prober **ret_prober, struct err *err)
{
	struct http_prober *prober;
	int r = curl_load(err);

	if (r < 0)
		return r;
	prober = calloc(1, sizeof(*prober));
	if (!prober || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(prober);
		return err_say(err, ENOMEM, "out of memory");
	}
	prober->loop = loop;
	prober->multi = curl.multi_init();
	if (!prober->multi || loop_watch_timer(loop, on_timer, prober, &prober->timer, err) < 0) {
		http_prober_close(prober);
		return err_say(err, ENOMEM, "out of memory");
	}
	curl.multi_setopt(prober->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl.multi_setopt(prober->multi, CURLMOPT_SOCKETDATA, prober);
	curl.multi_setopt(prober->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl.multi_setopt(prober->multi, CURLMOPT_TIMERDATA, prober);
	curl.multi_setopt(prober->multi, CURLMOPT_MAXCONNECTS, 1L);
	*ret_prober = prober;
	return 0;
}

void http_prober_close(struct http_prober *prober)
{
	if (!prober)
		return;
	curl.multi_cleanup(prober->multi);
	watch_free(prober->timer);
	free(prober);
	curl.global_cleanup();
}

/* ---- one run ---- */

static void http_cancel(struct probe *probe)
{
	struct http_run *run = probe->run;

	if (!run || !run->easy)
		return;
	(void)curl.multi_remove_handle(probe->instance->sup->http_prober->multi, run->easy);
	curl.easy_cleanup(run->easy);
	curl.slist_free_all(run->headers);
	buf_free(&run->page);
	*run = (struct http_run){0};
}

static void http_free(struct probe *probe)
{
	free(take_ptr(probe->run));
}

/* Whoever could not ask knows nothing of the instance. Returns whether that is so; then the run has
 * ended. */
static bool put_off(struct probe *probe)
{
	const struct http_run *run = probe->run;
	struct err err = {0};

	if (!run->lacks || probe->answered)
		return false;
	err_ignore(err_set(&err, run->lacks, "http"));
	http_cancel(probe);
	probe_put_off(probe, &err);
	return true;
}

static bool http_expire(struct probe *probe)
{
	return put_off(probe);
}

static void failure_text(CURL *easy, CURLcode code, char *text, size_t size)
{
	long os_errno = 0;

	(void)curl.easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	if (code == CURLE_COULDNT_CONNECT && os_errno)
		probe_errno_text((int)os_errno, text, size);
	else if (code == CURLE_GOT_NOTHING)
		snprintf(text, size, "the connection was closed without an answer");
	else
		snprintf(text, size, "%s", curl.easy_strerror(code));
}

/* Of a page that was asked for how it ends matters, too. */
static void answer(struct probe *probe, bool good, CURLcode code, char *text)
{
	struct http_run *run = probe->run;
	struct buf page = run->page;
	struct err err = {0};

	if (good && run->body_bytes > PAGE_BYTES_MAX)
		snprintf(text, TEXT_MAX, "the page is longer than 1 MiB");
	else if (good && code != CURLE_OK)
		failure_text(run->easy, code, text, TEXT_MAX);
	else if (good && buf_check(&page, &err) < 0)
		snprintf(text, TEXT_MAX, "out of memory");
	else if (good)
		text = NULL;
	run->page = (struct buf){0};
	http_cancel(probe);
	probe->answered(probe, &(struct probe_answer){.outcome = text ? PROBE_FAILED : PROBE_OK,
						      .what = text,
						      .bytes = page.data,
						      .len = page.len});
	buf_free(&page);
}

static void http_ended(struct probe *probe, CURLcode code)
{
	const struct probe_http *http = &probe->use->spec->http;
	struct http_run *run = probe->run;
	char text[TEXT_MAX];
	long status = 0;

	(void)curl.easy_getinfo(run->easy, CURLINFO_RESPONSE_CODE, &status);
	bool good = status >= (long)http->status_min && status <= (long)http->status_max;

	/* How the rest of an answer ends does not matter. */
	if (status)
		snprintf(text, sizeof(text), "status %ld", status);
	else
		failure_text(run->easy, code, text, sizeof(text));
	if (probe->answered) {
		answer(probe, good, code, text);
		return;
	}
	if (code == CURLE_OUT_OF_MEMORY)
		note_lack(probe, -ENOMEM);
	if (!status && put_off(probe))
		return;
	http_cancel(probe);
	probe_done(probe, good ? PROBE_OK : PROBE_FAILED, text);
}

static void collect(struct http_prober *prober)
{
	int left = 0;

	for (CURLMsg *message; (message = curl.multi_info_read(prober->multi, &left));) {
		if (message->msg == CURLMSG_DONE)
			http_ended(probe_of(message->easy_handle), message->data.result);
	}
}

static size_t on_page(char *bytes, size_t size, size_t count, void *data)
{
	struct http_run *run = data;

	run->body_bytes += size * count;
	if (run->body_bytes > PAGE_BYTES_MAX)
		return 0;
	buf_put(&run->page, bytes, size * count);
	return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct http_run *run = data;

	run->body_bytes += size * count;
	return run->body_bytes > BODY_BYTES_MAX ? 0 : size * count;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	int fd = -1;
	int r = probe_socket(data, address->family, address->socktype, &fd, NULL);

	if (r < 0)
		note_lack(data, r);
	return r < 0 ? CURL_SOCKET_BAD : fd;
}

static int add_headers(struct http_run *run, const struct text_list *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		const char *text = headers->items[i].value;
		const char *value = strchr(text, '=') + 1;
		autofree char *line = NULL;

		/* A header without a value is removed by "Name:" and sent empty by "Name;". */
		if (asprintf(&line, value[0] ? "%.*s: %s" : "%.*s;", (int)(value - 1 - text), text,
			     value) < 0) {
			line = NULL;
			return -ENOMEM;
		}
		struct curl_slist *longer = curl.slist_append(run->headers, line);

		if (!longer)
			return -ENOMEM;
		run->headers = longer;
	}
	return 0;
}

static void set_up(struct probe *probe, const char *url)
{
	struct http_run *run = probe->run;
	CURL *easy = run->easy;

	curl.easy_setopt(easy, CURLOPT_URL, url);
	curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(easy, CURLOPT_PROXY, "");
	curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl.easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	/* Else it reads all the host's authorities first. */
	curl.easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl.easy_setopt(easy, CURLOPT_USERAGENT, "davit-probe");
	curl.easy_setopt(easy, CURLOPT_HTTPHEADER, run->headers);
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, probe->answered ? on_page : on_body);
	curl.easy_setopt(easy, CURLOPT_WRITEDATA, run);
	curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, probe);
	curl.easy_setopt(easy, CURLOPT_PRIVATE, probe);
}

static int http_begin(struct probe *probe, struct err *err)
{
	const struct probe_spec *spec = probe->use->spec;
	struct supervisor *sup = probe->instance->sup;
	struct in_addr address = probe_address(probe);
	char ip[INET_ADDRSTRLEN];
	autobuf struct buf url = {0};

	if (!probe->run)
		probe->run = calloc(1, sizeof(struct http_run));
	struct http_run *run = probe->run;
	int r = sup->http_prober ? 0 : http_prober_open(sup->loop, &sup->http_prober, err);

	if (r < 0)
		return r;
	inet_ntop(AF_INET, &address, ip, sizeof(ip));
	buf_printf(&url, "%s://%s:%u%s", spec->http.tls ? "https" : "http", ip, spec->port,
		   spec->http.path);
	if (run)
		run->easy = curl.easy_init();
	if (!run || !run->easy || buf_check(&url, err) < 0 ||
	    add_headers(run, &spec->http.headers) < 0) {
		http_cancel(probe);
		return err_say(err, ENOMEM, "out of memory");
	}
	set_up(probe, url.data);
	/* Nothing happens before the loop turns: curl asks for a timer of 0 ms. */
	if (curl.multi_add_handle(sup->http_prober->multi, run->easy) != CURLM_OK) {
		http_cancel(probe);
		return err_say(err, ENOMEM, "out of memory");
	}
	return 0;
}

const struct probe_method_ops probe_http_ops = {http_begin, http_expire, http_cancel, http_free};
