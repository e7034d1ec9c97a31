// SPDX-License-Identifier: GPL-2.0-or-later
/* blkio_config: values, faults, merging and printing. */
#include "tests/unit/manifests/one_service.h"

static void weights_and_rates_are_read(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct blkio_spec *blkio =
		&one_service(&fixture,
			     "blkio_config: {weight: 300, "
			     "device_write_iops: [{path: /dev/b, rate: 120}], "
			     "weight_device: [{path: /dev/../dev/a, weight: '400'}], "
			     "device_read_bps: [{path: /dev/a, rate: 12mb}, {path: /dev/b, rate: "
			     "1024k}, {path: /dev/a, rate: 0}]}")
			 ->limits.blkio;

	assert_int_equal(blkio->weight, 300);
	assert_int_equal(blkio->weight_pos.col, 26);
	assert_int_equal(blkio->pos.line, 5);
	assert_int_equal(blkio->device_count, 4);
	assert_int_equal(blkio->devices[0].kind, BLKIO_WEIGHT);
	assert_string_equal(blkio->devices[0].path, "/dev/a");
	assert_int_equal(blkio->devices[0].value, 400);
	assert_int_equal(blkio->devices[1].kind, BLKIO_READ_BPS);
	assert_string_equal(blkio->devices[1].path, "/dev/a");
	assert_int_equal(blkio->devices[1].value, 0);
	assert_int_equal(blkio->devices[2].value, 1 << 20);
	assert_int_equal(blkio->devices[3].kind, BLKIO_WRITE_IOPS);
	assert_int_equal(blkio->devices[3].value, 120);
	assert_true(blkio->devices[3].pos.col > 26);
	blkio = &one_service(&fixture, "blkio_config: {weight: , device_read_bps: ~}")
			 ->limits.blkio;
	assert_int_equal(blkio->weight, 0);
	assert_int_equal(blkio->device_count, 0);
}

static void faults_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"blkio_config: [x]",
		 "5:17: error: services.a.blkio_config must be a mapping, this is a list"},
		{"blkio_config: {wieght: 5}", "5:18: error: services.a.blkio_config.wieght is not "
					      "a known key: did you mean 'weight'?"},
		{"blkio_config: {weight: 9}", "5:26: error: services.a.blkio_config.weight: '9' is "
					      "not a whole number from 10 to "
					      "1000"},
		{"blkio_config: {device_read_bps: /dev/a}",
		 "5:35: error: services.a.blkio_config.device_read_bps: must be a list, this is "
		 "text"},
		{"blkio_config: {device_read_bps: [{path: /dev/a}]}",
		 "5:36: error: services.a.blkio_config.device_read_bps: needs a path and a rate"},
		{"blkio_config: {weight_device: [{weight: 10}]}",
		 "5:34: error: services.a.blkio_config.weight_device: needs a path and a weight"},
		{"blkio_config: {device_read_bps: [/dev/a]}",
		 "5:36: error: services.a.blkio_config.device_read_bps must be a mapping, this is "
		 "text"},
		{"blkio_config: {device_read_bps: [{path: sda, rate: 1}]}",
		 "5:43: error: services.a.blkio_config.device_read_bps.path: 'sda' is not a "
		 "device: its path starts with /"},
		{"blkio_config: {device_read_bps: [{path: /dev/a, rate: fast}]}",
		 "5:57: error: services.a.blkio_config.device_read_bps.rate: 'fast' is not a size: "
		 "write for example 64m or 1.5g (units b k m g t)"},
		{"blkio_config: {device_read_iops: [{path: /dev/a, rate: 5k}]}",
		 "5:58: error: services.a.blkio_config.device_read_iops.rate: '5k' is not a whole "
		 "number "
		 "from 0 to 4294967295"},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void devices_merge_by_path(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct blkio_spec *blkio =
		&merge_one_service(&fixture,
				   "blkio_config: {weight: 10, device_read_bps: [{path: /dev/a, "
				   "rate: 1}, {path: /dev/b, rate: 2}]}",
				   "blkio_config: {device_read_bps: [{path: /dev/a, rate: 3}]}")
			 ->limits.blkio;

	assert_int_equal(blkio->weight, 10);
	assert_int_equal(blkio->device_count, 2);
	assert_int_equal(blkio->devices[0].value, 3);
	assert_int_equal(blkio->devices[1].value, 2);
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const all[] = {
		"blkio_config: {weight: 300}",
		"blkio_config: {weight_device: [{path: /dev/a, weight: 10}]}",
		"blkio_config: {device_read_bps: [{path: /dev/a, rate: 1k}, {path: /dev/b, rate: "
		"0}], device_write_bps: [{path: /dev/a, rate: 1k}], device_read_iops: [{path: "
		"/dev/$$a, rate: 5}], device_write_iops: [{path: /dev/a, rate: 6}]}",
		NULL,
	};

	(void)unused;
	check_one_service_printing(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_and_rates_are_read),
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(devices_merge_by_path),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
