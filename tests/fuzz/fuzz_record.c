// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing what a successor reads of an instance: any bytes are a record or refused in one line, and
 * a record that was read says the same when it is written and read again.
 */
#include "launcher/supervisor/record.h"
#include "runtime/base/cleanup.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void print(const struct record *record, struct buf *out)
{
	autojs struct json_t *json = record_to_text(record);

	if (!json || js_print(json, 0, out, NULL) < 0)
		abort();
}

static int read_text(const char *text, size_t len, struct record *ret, struct err *err)
{
	autojs struct json_t *json = NULL;
	int r = js_parse(text, len, &json, err);

	return r < 0 ? r : record_from_text(json, ret, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	autorecord struct record record = {0};
	autorecord struct record again = {0};
	autobuf struct buf first = {0};
	autobuf struct buf second = {0};
	int64_t start_us = budget_now_us();
	struct err err = {0};
	int r = read_text((const char *)bytes, len, &record, &err);

	refusal_check(r, &err);
	if (r == 0) {
		print(&record, &first);
		if (read_text(first.data, first.len, &again, NULL) < 0)
			abort();
		print(&again, &second);
		if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
			abort();
	}
	budget_check(start_us, bytes, len);
	return 0;
}
