// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * davit-top: a stack's instances on a full screen, live. A process of its own, because only this
 * needs ncurses. Nobody types it: `davit top` becomes it.
 *
 *   davit-top STACK DAVIT	(DAVIT: the program that it was)
 *
 * Exit status 0; 1 with one line on stderr; 2 for wrong usage.
 */
#include "launcher/cli/text.h"
#include "launcher/top/ask.h"
#include "launcher/top/screen.h"
#include "launcher/top/view.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS	  1000
#define TRIES_MAX 5 /* looks without an answer before it is over */
#define LINES_MAX 1000000

/* Of those that are not on the screen what nothing is sorted by is read at every so many looks: it
 * is half of what a look at a thousand costs. */
#define LOOKS_PER_BOTH 4

struct top {
	struct ask ask;
	struct model model;
	const struct model_instance **listed; /* in the order in which they are shown */
	size_t count;
	struct view view;
	struct frame frame; /* what is on the screen, or was */
	struct buf message;
	struct buf text;
	const char *command; /* whose output is shown: "logs", "inspect" */
	char title[320];
	unsigned failures; /* looks in a row without an answer */
	bool over;
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	ended = number;
}

static void say(struct top *top, const char *text)
{
	top->message.len = 0;
	buf_puts(&top->message, text);
	top->view.message = top->message.data;
}

static int list(struct top *top, struct err *err)
{
	const struct model_instance **grown =
		reallocarray(top->listed, top->model.count + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "look at the stack");
	top->listed = grown;
	top->count = order_make(&top->view.order, &top->model, grown);
	return 0;
}

/* Those on the screen, by where it has been scrolled to, whose details are due. */
static void name_shown(const struct top *top, struct strv *names)
{
	size_t rows = view_rows(&top->frame);
	double now_s = (double)clock_now_us() / 1e6;

	for (size_t i = top->view.offset; i < top->count && i < top->view.offset + rows; i++)
		if (model_wants_detail(top->listed[i], now_s))
			strv_add(names, top->listed[i]->name);
}

static int look(struct top *top, struct err *err)
{
	autostrv struct strv names = {0};
	enum order_key key = top->view.order.key;
	const struct ask_look asked = {
		.names = order_needs_all(key) ? NULL : &names,
		.both = top->model.looks % LOOKS_PER_BOTH == 0,
		.reads = order_reads(key),
	};
	struct err why = {0};

	name_shown(top, &names);
	int r = names.failed ? -ENOMEM : ask_stats(&top->ask, &asked, &top->model, &why);

	/* The list points into what was there before, whatever came of it. */
	if (list(top, err) < 0)
		return -ENOMEM;
	if (r == 0) {
		top->failures = 0;
		return 0;
	}
	if (top->model.looks == 0 || ++top->failures >= TRIES_MAX) {
		*err = why;
		return r;
	}
	say(top, why.text);
	return 0;
}

static void show_command(struct top *top, const char *command)
{
	const char *const logs[] = {"logs", "--tail", "1000", top->view.chosen, NULL};
	const char *const inspect[] = {"inspect", top->view.chosen, NULL};
	bool is_logs = strcmp(command, "logs") == 0;
	struct err err = {0};

	top->text.len = 0;
	if (ask_command(&top->ask, is_logs ? logs : inspect, &top->text, &err) < 0)
		buf_puts(&top->text, err.text);
	if (top->text.len == 0)
		buf_puts(&top->text, is_logs ? "(it has written nothing)" : "");
	snprintf(top->title, sizeof(top->title), "davit %s %s", command, top->view.chosen);
	top->view.text = &top->text;
	top->view.text_title = top->title;
	top->command = command;
}

static void open_command(struct top *top, const char *command)
{
	view_move(&top->view, top->listed, top->count, 0);
	if (!top->view.chosen[0])
		return;
	top->view.text_offset = 0;
	top->view.text_end = strcmp(command, "logs") == 0;
	show_command(top, command);
}

static void open_help(struct top *top)
{
	top->text.len = 0;
	buf_puts(&top->text, view_help);
	top->view.text = &top->text;
	top->view.text_title = "keys and columns";
	top->view.text_offset = 0;
	top->view.text_end = false;
	top->command = NULL;
}

static void scale(struct top *top, int by)
{
	autobuf struct buf told = {0};
	struct err err = {0};

	view_move(&top->view, top->listed, top->count, 0);
	size_t at = view_chosen(&top->view, top->listed, top->count);

	if (at >= top->count)
		return;
	if (ask_scale(&top->ask, top->listed[at]->service, by, &told, &err) < 0)
		say(top, err.text);
	else
		say(top, told.data ? told.data : "");
}

/* Moves the choice, or scrolls a text. */
static bool take_motion(struct top *top, int key)
{
	long page = top->frame.rows > 5 ? (long)view_rows(&top->frame) : 1;
	const struct {
		int key, other;
		long by;
	} motions[] = {
		{SCREEN_UP, 'k', -1},		{SCREEN_DOWN, 'j', 1},
		{SCREEN_PAGE_UP, 'b', -page},	{SCREEN_PAGE_DOWN, ' ', page},
		{SCREEN_HOME, 'g', -LINES_MAX}, {SCREEN_END, 'G', LINES_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(motions); i++) {
		if (motions[i].key != key && motions[i].other != key)
			continue;
		if (top->view.text)
			view_scroll(&top->view, motions[i].by, top->frame.rows);
		else
			view_move(&top->view, top->listed, top->count, motions[i].by);
		return true;
	}
	return false;
}

static bool take_sorting(struct top *top, int key)
{
	static const char letters[ORDER_KEYS] = {
		[ORDER_NAME] = 'N',	   [ORDER_STATE] = 'S',	   [ORDER_CPU] = 'C',
		[ORDER_MEMORY] = 'M',	   [ORDER_WAITS] = 'W',	   [ORDER_IO] = 'I',
		[ORDER_CONNECTIONS] = 'T', [ORDER_RESTARTS] = 'R',
	};

	for (unsigned i = 0; i < ORDER_KEYS; i++) {
		if (letters[i] != key)
			continue;
		top->view.order.key = i;
		top->view.order.reverse = false;
		/* The first of the new order, not who happened to be chosen. */
		top->view.chosen[0] = '\0';
		top->view.offset = 0;
		return true;
	}
	return false;
}

static void take_filter_key(struct top *top, int key)
{
	char *filter = top->view.filter;
	size_t len = strlen(filter);

	if (key == SCREEN_ENTER || key == SCREEN_ESCAPE)
		top->view.typing = false;
	if (key == SCREEN_ESCAPE)
		filter[0] = '\0';
	if (key == SCREEN_ERASE && len > 0)
		filter[len - 1] = '\0';
	if (key > ' ' && key < 0x7f && len + 1 < sizeof(top->view.filter)) {
		filter[len] = (char)key;
		filter[len + 1] = '\0';
	}
	top->view.offset = 0;
}

static void take_text_key(struct top *top, int key)
{
	if (key == 'q' || key == SCREEN_ESCAPE || key == SCREEN_ENTER)
		top->view.text = NULL;
}

static void take_list_key(struct top *top, int key)
{
	switch (key) {
	case 'q':
		top->over = true;
		break;
	case 'l':
		open_command(top, "logs");
		break;
	case 'i':
	case SCREEN_ENTER:
		open_command(top, "inspect");
		break;
	case '+':
	case '-':
		scale(top, key == '+' ? 1 : -1);
		break;
	case '/':
		top->view.typing = true;
		break;
	case SCREEN_ESCAPE:
		top->view.filter[0] = '\0';
		break;
	case 'r':
		top->view.order.reverse = !top->view.order.reverse;
		break;
	case '?':
	case 'h':
		open_help(top);
		break;
	default:
		(void)take_sorting(top, key);
	}
}

static void take_key(struct top *top, int key)
{
	/* What was said has been read when the next key is pressed. */
	if (key != SCREEN_RESIZE)
		top->view.message = NULL;
	if (top->view.typing)
		take_filter_key(top, key);
	else if (!take_motion(top, key) && top->view.text)
		take_text_key(top, key);
	else if (!top->view.text)
		take_list_key(top, key);
}

static void draw(struct top *top)
{
	frame_drop(&top->frame);
	screen_size(&top->frame);
	view_draw(&top->view, &top->model, top->listed, top->count, &top->frame);
	screen_show(&top->frame);
}

/* Until a key is pressed or the time has come. */
static void wait_until(int64_t due_ms)
{
	struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t left_ms = due_ms - clock_now_ms();

	(void)poll(&keyboard, 1, left_ms > 0 ? (int)left_ms : 0); /* a signal ends it, too */
}

static int take_keys(struct top *top, struct err *err)
{
	for (int key = screen_key(); key != SCREEN_NONE && !top->over; key = screen_key()) {
		take_key(top, key);
		if (list(top, err) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The terminal has gone when its keyboard has ended. */
static bool has_keyboard(void)
{
	struct pollfd keyboard = {.fd = STDIN_FILENO};

	return poll(&keyboard, 1, 0) <= 0 || !(keyboard.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int run(struct top *top, struct err *err)
{
	int r = look(top, err);

	if (r == 0)
		r = screen_open(err);
	if (r < 0)
		return r;
	draw(top);
	/* Soon once more: rates need two looks. */
	for (int64_t due_ms = clock_now_ms() + LOOK_MS / 4;
	     !top->over && !ended && has_keyboard();) {
		wait_until(due_ms);
		r = take_keys(top, err);
		if (r == 0 && clock_now_ms() >= due_ms) {
			r = look(top, err);
			due_ms = clock_now_ms() + LOOK_MS;
			if (top->view.text && top->command && strcmp(top->command, "logs") == 0)
				show_command(top, top->command);
		}
		if (r < 0)
			return r;
		draw(top);
	}
	return 0;
}

static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_end};
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL); /* of these numbers it cannot fail */
}

int main(int argc, char **argv)
{
	struct top top = {.view = {.order = {.key = ORDER_CPU}}};
	autobuf struct buf why = {0};
	struct err err = {0};

	if (argc != 3) {
		fprintf(stderr, "davit-top: wrong usage; davit runs it\n");
		return 2;
	}
	setlocale(LC_CTYPE, "");
	catch_signals();
	top.ask = (struct ask){.stack = argv[1], .program = argv[2]};
	top.view.stack = argv[1];
	top.view.order.filter = top.view.filter;
	int r = run(&top, &err);

	screen_close();
	text_escape(&why, err.text, strlen(err.text));
	if (r < 0)
		fprintf(stderr, "davit: %s\n", why.data ? why.data : "out of memory");
	model_close(&top.model);
	frame_drop(&top.frame);
	free(top.listed);
	buf_free(&top.message);
	buf_free(&top.text);
	return r < 0 ? 1 : 0;
}
