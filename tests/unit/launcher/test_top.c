// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/top/columns.h"
#include "launcher/top/spark.h"
#include "launcher/top/view.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void feed(struct model *model, double now_s, const char *text)
{
	autojs struct json_t *answer = NULL;
	struct err err = {0};

	assert_int_equal(js_parse(text, strlen(text), &answer, &err), 0);
	assert_int_equal(model_apply(model, answer, now_s, &err), 0);
}

#define INSTANCE(name, state, restarts, cpu, memory)                                               \
	"{\"instance\":\"" name "-1\",\"service\":\"" name "\",\"state\":\"" state                 \
	"\",\"restarts\":" #restarts ",\"cpu_seconds\":" #cpu ",\"memory_bytes\":" #memory "}"

static void feed_three(struct model *model)
{
	feed(model, 10,
	     "{\"instances\":[" INSTANCE("api", "ready", 0, 1.0, 1048576) "," INSTANCE(
		     "db", "ready", 1, 4.0, 4194304) "," INSTANCE("job", "backoff", 5, 0, 0) "]}");
	feed(model, 12,
	     "{\"instances\":[" INSTANCE("api", "ready", 0, 2.0, 1048576) "," INSTANCE(
		     "db", "ready", 1, 4.1, 4194304) "," INSTANCE("job", "backoff", 6, 0, 0) "]}");
}

static void a_graph_shows_the_last_values_against_the_greatest(void **unused)
{
	const float values[] = {9, 0, 1, 4, 8};
	autobuf struct buf blocks = {0};
	autobuf struct buf signs = {0};
	autobuf struct buf few = {0};

	(void)unused;
	spark_put(&blocks, &(struct spark){values, 5, 4, 0, false});
	assert_string_equal(blocks.data, " ▁▄█");
	spark_put(&signs, &(struct spark){values, 5, 4, 0, true});
	assert_string_equal(signs.data, " .-#");
	spark_put(&few, &(struct spark){values + 4, 1, 3, 16, false});
	assert_string_equal(few.data, "  ▄");
}

static void rates_need_two_looks_at_the_same_run(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	feed(&model, 1, "{\"instances\":[" INSTANCE("api", "ready", 0, 5.0, 1) "]}");
	assert_true(model.instances[0].cpu == 0);
	assert_int_equal(model.instances[0].cpus.count, 0);
	feed(&model, 3, "{\"instances\":[" INSTANCE("api", "ready", 0, 6.0, 1) "]}");
	assert_true(model.instances[0].cpu == 0.5);
	feed(&model, 4, "{\"instances\":[" INSTANCE("api", "ready", 1, 0.25, 1) "]}");
	assert_true(model.instances[0].cpu == 0);
	assert_int_equal(model.instances[0].cpus.count, 2);
}

static void an_instance_keeps_its_history_where_others_come_and_go(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	feed_three(&model);
	feed(&model, 13,
	     "{\"instances\":[" INSTANCE("aaa", "ready", 0, 0, 1) "," INSTANCE("db", "ready", 1,
									       4.6, 1) "]}");
	assert_int_equal(model.count, 2);
	assert_string_equal(model.instances[0].name, "aaa-1");
	assert_string_equal(model.instances[1].name, "db-1");
	assert_int_equal(model.instances[1].memories.count, 3);
	assert_true(model.instances[1].cpu > 0.49 && model.instances[1].cpu < 0.51);
}

static void what_is_not_read_stays_as_it_was(void **unused)
{
	automodel struct model model = {0};
	const struct model_instance *one;

	(void)unused;
	feed(&model, 1, "{\"instances\":[" INSTANCE("api", "ready", 0, 5.0, 1024) "]}");
	feed(&model, 2, "{\"instances\":[{\"instance\":\"api-1\",\"cpu_seconds\":5.5}]}");
	one = &model.instances[0];
	assert_true(one->cpu == 0.5 && one->memory_bytes == 1024);
	feed(&model, 3, "{\"instances\":[{\"instance\":\"api-1\",\"memory_bytes\":2048}]}");
	assert_true(one->cpu == 0.5 && one->memory_bytes == 2048);
	assert_int_equal(one->cpus.count, 2);
	assert_int_equal(one->memories.count, 3);
	/* (what it used in the two seconds since) */
	feed(&model, 4, "{\"instances\":[" INSTANCE("api", "ready", 0, 8.5, 1024) "]}");
	assert_true(one->cpu == 1.5);
}

static void a_look_reads_of_everybody_what_they_are_sorted_by(void **unused)
{
	(void)unused;
	assert_string_equal(order_reads(ORDER_CPU), "cpu_seconds");
	assert_string_equal(order_reads(ORDER_MEMORY), "memory_bytes");
	assert_null(order_reads(ORDER_NAME));
}

static void a_history_is_bounded(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	for (int i = 0; i < MODEL_HISTORY + 10; i++)
		feed(&model, i, "{\"instances\":[" INSTANCE("api", "ready", 0, 1.0, 1) "]}");
	assert_int_equal(model.instances[0].memories.count, MODEL_HISTORY);
	assert_int_equal(model.cpus.count, MODEL_HISTORY);
}

static const char detailed[] =
	"{\"instances\":[{\"instance\":\"web-1\",\"service\":\"web\",\"state\":\"ready\","
	"\"reason\":null,"
	"\"restarts\":0,\"cpu_seconds\":%s,\"memory_bytes\":1048576,\"memory_limit_bytes\":2097152,"
	"\"throttled_seconds\":0,\"pids\":3,\"pressure\":{\"cpu\":{\"some_seconds\":%s},"
	"\"memory\":{\"some_seconds\":0},\"io\":{\"some_seconds\":0}},"
	"\"io\":{\"read_bytes\":%s,\"write_bytes\":0},\"connections\":{\"established\":7,"
	"\"waiting\":1}}]"
	"}";

static void feed_detail(struct model *model, double now_s, const char *number)
{
	autobuf struct buf text = {0};

	for (const char *at = detailed; *at; at++) {
		bool here = at[0] == '%' && at[1] == 's';

		buf_put(&text, here ? number : at, here ? strlen(number) : 1);
		at += here;
	}
	feed(model, now_s, text.data);
}

static void details_are_known_while_they_are_told(void **unused)
{
	automodel struct model model = {0};
	const struct model_detail *detail;

	(void)unused;
	feed_detail(&model, 1, "1");
	detail = &model.instances[0].detail;
	assert_true(detail->waits[MODEL_WAIT_CPU] < 0);
	assert_true(detail->established == 7 && detail->pids == 3 &&
		    detail->limit_bytes == 2097152);
	feed_detail(&model, 3, "2");
	assert_true(detail->waits[MODEL_WAIT_CPU] == 0.5 && detail->waits[MODEL_WAIT_IO] == 0);
	assert_true(detail->read_per_s == 0.5 && detail->written_per_s == 0);
	feed(&model, 4, "{\"instances\":[" INSTANCE("web", "ready", 0, 2, 1) "]}");
	assert_true(detail->established == 7 && detail->waits[MODEL_WAIT_CPU] == 0.5);
	feed(&model, 7, "{\"instances\":[" INSTANCE("web", "ready", 0, 2, 1) "]}");
	assert_true(detail->established < 0 && detail->waits[MODEL_WAIT_CPU] < 0);
}

static void details_are_asked_for_at_every_other_look_once_rates_are_known(void **unused)
{
	automodel struct model model = {0};
	const struct model_instance *one;

	(void)unused;
	feed(&model, 1, "{\"instances\":[" INSTANCE("web", "ready", 0, 1, 1) "]}");
	one = &model.instances[0];
	assert_true(model_wants_detail(one, 1.25));
	feed_detail(&model, 1.25, "1");
	assert_true(model_wants_detail(one, 2.25));
	feed_detail(&model, 2.25, "2");
	assert_false(model_wants_detail(one, 3.25));
	assert_true(model_wants_detail(one, 4.25));
	/* Another state has another reason. */
	feed(&model, 3.25, "{\"instances\":[" INSTANCE("web", "backoff", 0, 1, 1) "]}");
	assert_true(one->detail.established < 0);
}

static void what_is_no_answer_is_refused(void **unused)
{
	static const char *const bad[] = {"{}", "[]", "{\"instances\":3}", "{\"instances\":[{}]}",
					  "{\"instances\":[null]}"};
	automodel struct model model = {0};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		autojs struct json_t *answer = NULL;
		struct err err = {0};

		assert_int_equal(js_parse(bad[i], strlen(bad[i]), &answer, &err), 0);
		assert_int_equal(model_apply(&model, answer, 1, &err), -EBADMSG);
	}
	assert_int_equal(model.count, 0);
}

static void check_order(const struct model *model, const struct order *order, const char *expected)
{
	const struct model_instance *listed[8];
	size_t count = order_make(order, model, listed);
	autobuf struct buf names = {0};

	buf_puts(&names, "");
	for (size_t i = 0; i < count; i++)
		buf_printf(&names, "%s ", listed[i]->name);
	assert_string_equal(names.data ? names.data : "", expected);
}

static void the_most_comes_first_and_names_from_a(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	feed_three(&model);
	check_order(&model, &(struct order){ORDER_NAME}, "api-1 db-1 job-1 ");
	check_order(&model, &(struct order){ORDER_NAME, true}, "job-1 db-1 api-1 ");
	check_order(&model, &(struct order){ORDER_CPU}, "api-1 db-1 job-1 ");
	check_order(&model, &(struct order){ORDER_MEMORY}, "db-1 api-1 job-1 ");
	check_order(&model, &(struct order){ORDER_MEMORY, true}, "job-1 api-1 db-1 ");
	check_order(&model, &(struct order){ORDER_RESTARTS}, "job-1 db-1 api-1 ");
	check_order(&model, &(struct order){ORDER_STATE}, "job-1 api-1 db-1 ");
}

static void a_filter_is_a_part_of_name_or_state(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	feed_three(&model);
	check_order(&model, &(struct order){.key = ORDER_NAME, .filter = "D"},
		    "api-1 db-1 "); /* "ready" has one, too */
	check_order(&model, &(struct order){.filter = "backoff"}, "job-1 ");
	check_order(&model, &(struct order){.filter = "none"}, "");
}

static void numbers_in_names_count(void **unused)
{
	automodel struct model model = {0};

	(void)unused;
	feed(&model, 1, "{\"instances\":[{\"instance\":\"web-10\"},{\"instance\":\"web-9\"}]}");
	check_order(&model, &(struct order){ORDER_NAME}, "web-9 web-10 ");
}

#define CELL 8 /* bytes that a letter has at most, and its end */

static void put_piece(const struct frame *frame, const struct frame_piece *piece, char *cells)
{
	const char *at = frame->text.data + piece->start;
	const char *end = at + piece->len;

	for (unsigned col = piece->col; at < end; col++) {
		size_t bytes = 1;

		while (at + bytes < end && ((unsigned char)at[bytes] & 0xc0) == 0x80)
			bytes++;
		assert_true(col < frame->cols && bytes < CELL);
		memcpy(cells + (size_t)col * CELL, at, bytes);
		cells[(size_t)col * CELL + bytes] = '\0';
		at += bytes;
	}
}

/* The frame as it would be seen, without the blanks at the ends of lines. */
static void render(const struct frame *frame, struct buf *out)
{
	for (unsigned row = 0; row < frame->rows; row++) {
		autofree char *cells = calloc(frame->cols, CELL);
		size_t last = 0;

		for (size_t i = 0; i < frame->count; i++)
			if (frame->pieces[i].row == row)
				put_piece(frame, &frame->pieces[i], cells);
		for (unsigned c = 0; c < frame->cols; c++)
			last = cells[c * CELL] && cells[c * CELL] != ' ' ? c + 1 : last;
		for (unsigned c = 0; c < last; c++)
			buf_puts(out, cells[c * CELL] ? cells + (size_t)c * CELL : " ");
		buf_puts(out, "\n");
	}
}

static void check_screen(struct view *view, const struct model *model, struct frame frame,
			 const char *expected)
{
	const struct model_instance *listed[8];
	size_t count = order_make(&view->order, model, listed);
	autobuf struct buf seen = {0};

	view_draw(view, model, listed, count, &frame);
	assert_false(frame.failed);
	render(&frame, &seen);
	assert_string_equal(seen.data, expected);
	frame_drop(&frame);
}

static void a_small_screen_has_the_important_columns(void **unused)
{
	automodel struct model model = {0};
	struct view view = {.stack = "shop", .order = {ORDER_CPU}};

	(void)unused;
	feed_three(&model);
	check_screen(
		&view, &model, (struct frame){.rows = 9, .cols = 80},
		"shop  3 instances: 2 ready, 1 backoff\n"
		"cpu 55%            █  memory 5M           ██                            1-3 of "
		"3\n"
		"INSTANCE         STATE       CPU▼               MEMORY WAITS     IO/S  CONN  "
		"RST\n"
		"api-1            ready        50%        █          1M                         "
		"0\n"
		"db-1             ready       5.0%        █          4M                         "
		"1\n"
		"job-1            backoff                                                       "
		"6\n"
		"\n"
		"api-1 ready\n"
		"q quit  l logs  i inspect  +/- scale  / filter  N S C M W I T R sort  ? all "
		"keys\n");
}

static void what_does_not_fit_is_scrolled_to(void **unused)
{
	automodel struct model model = {0};
	struct view view = {.stack = "shop", .order = {ORDER_NAME}, .chosen = "job-1"};

	(void)unused;
	feed_three(&model);
	check_screen(&view, &model, (struct frame){.rows = 7, .cols = 34, .ascii = true},
		     "shop  3 instances: 2 ready, 1 back\n"
		     "cpu 55%            #  memory 5M\n"
		     "INSTANCE^          CPU      MEMORY\n"
		     "db-1              5.0%          4M\n"
		     "job-1\n"
		     "job-1 backoff\n"
		     "q quit  l logs  i inspect  +/- sca\n");
}

static void a_wide_screen_tells_the_rest(void **unused)
{
	automodel struct model model = {0};
	struct view view = {.stack = "shop", .order = {ORDER_IO}};

	(void)unused;
	feed_detail(&model, 1, "1");
	feed_detail(&model, 3, "2");
	check_screen(
		&view, &model, (struct frame){.rows = 6, .cols = 160},
		"shop  1 instance: 1 ready\n"
		"cpu 50%                              █  memory 1M                             ██"
		"                                                                        1-1 of 1\n"
		"INSTANCE                       STATE        CPU                       MEMORY"
		"               PIDS WAITS                READ/S▼  WRITTEN/S  CONN  RESTARTS WHY\n"
		"web-1                          ready        50%                █       1M/2M"
		"           ▄▄     3 cpu 50%                   0B         0B     7         0\n"
		"web-1 ready\n"
		"q quit  l logs  i inspect  +/- scale  / filter  N S C M W I T R sort  ? all "
		"keys\n");
}

static void a_text_is_scrolled_and_made_safe(void **unused)
{
	const struct buf text = {.data = (char[]){"one\ntwo\033[2J\tx\n\xff"
						  "three\nfour\n"}};
	automodel struct model model = {0};
	struct view view = {.text = &text, .text_title = "davit logs web-1", .text_end = true};

	(void)unused;
	check_screen(&view, &model, (struct frame){.rows = 5, .cols = 30},
		     "davit logs web-1\ntwo?[2J x\n?three\nfour\nq back  arrows, PgUp, PgDn, Ho\n");
	view_scroll(&view, -1, 3);
	check_screen(&view, &model, (struct frame){.rows = 4, .cols = 30},
		     "davit logs web-1\none\ntwo?[2J x\nq back  arrows, PgUp, PgDn, Ho\n");
}

static void a_screen_of_no_size_shows_nothing(void **unused)
{
	automodel struct model model = {0};
	struct view view = {.stack = "shop"};

	(void)unused;
	feed_three(&model);
	check_screen(&view, &model, (struct frame){.rows = 1, .cols = 3}, "\n");
	for (unsigned rows = 3; rows < 8; rows++)
		for (unsigned cols = 2; cols < 200; cols++) {
			const struct model_instance *listed[8];
			struct frame frame = {.rows = rows, .cols = cols};
			autobuf struct buf seen = {0};

			view_draw(&view, &model, listed, order_make(&view.order, &model, listed),
				  &frame);
			render(&frame, &seen);
			frame_drop(&frame);
		}
}

static void choosing_stays_within_the_list(void **unused)
{
	automodel struct model model = {0};
	struct view view = {.order = {ORDER_NAME}};
	const struct model_instance *listed[8];

	(void)unused;
	feed_three(&model);
	size_t count = order_make(&view.order, &model, listed);

	view_move(&view, listed, count, 1);
	assert_string_equal(view.chosen, "db-1");
	view_move(&view, listed, count, 1000000);
	assert_string_equal(view.chosen, "job-1");
	view_move(&view, listed, count, -1000000);
	assert_string_equal(view.chosen, "api-1");
	snprintf(view.chosen, sizeof(view.chosen), "gone-1");
	assert_int_equal(view_chosen(&view, listed, count), 0);
	view_move(&view, listed, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_graph_shows_the_last_values_against_the_greatest),
		cmocka_unit_test(rates_need_two_looks_at_the_same_run),
		cmocka_unit_test(an_instance_keeps_its_history_where_others_come_and_go),
		cmocka_unit_test(what_is_not_read_stays_as_it_was),
		cmocka_unit_test(a_look_reads_of_everybody_what_they_are_sorted_by),
		cmocka_unit_test(a_history_is_bounded),
		cmocka_unit_test(details_are_known_while_they_are_told),
		cmocka_unit_test(details_are_asked_for_at_every_other_look_once_rates_are_known),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(the_most_comes_first_and_names_from_a),
		cmocka_unit_test(a_filter_is_a_part_of_name_or_state),
		cmocka_unit_test(numbers_in_names_count),
		cmocka_unit_test(a_small_screen_has_the_important_columns),
		cmocka_unit_test(what_does_not_fit_is_scrolled_to),
		cmocka_unit_test(a_wide_screen_tells_the_rest),
		cmocka_unit_test(a_text_is_scrolled_and_made_safe),
		cmocka_unit_test(a_screen_of_no_size_shows_nothing),
		cmocka_unit_test(choosing_stays_within_the_list),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
