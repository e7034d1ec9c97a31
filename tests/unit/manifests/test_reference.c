// SPDX-License-Identifier: GPL-2.0-or-later
/* What public files have and Compose takes, although it is written in no specification. */
#include "tests/unit/manifests/one_service.h"

static const struct service *image_service(struct fixture *fixture, const char *attributes)
{
	char yaml[2048];

	snprintf(yaml, sizeof(yaml), "services:\n a:\n  image: x\n  %s\n", attributes);
	return stack_service(fixture_good(fixture, yaml), "a");
}

/* Variables that are not set leave them behind. */
static void an_empty_text_is_as_if_it_were_not_there(void **unused)
{
	static const char *const keys[] = {"container_name", "domainname",  "hostname",
					   "platform",	     "pull_policy", "restart",
					   "stop_signal",    "user",	    "working_dir"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s: ''", keys[i]);
		const struct service *service = one_service(&fixture, line);

		assert_null(service->user.value);
		assert_null(service->working_dir.value);
		assert_int_equal(service->restart.condition, RESTART_NO);
		assert_int_equal(service->stop_signal_set, false);
	}
}

static void a_user_may_lack_a_part(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	assert_string_equal(one_service(&fixture, "user: ':'")->user.value, "0");
	assert_string_equal(one_service(&fixture, "user: '1000:'")->user.value, "1000");
	assert_string_equal(one_service(&fixture, "user: ':1000'")->user.value, "0:1000");
}

static void a_host_name_may_have_underscores(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	assert_string_equal(one_service(&fixture, "hostname: kafka_1")->hostname.value, "kafka_1");
}

static void a_healthcheck_without_a_test_is_the_image_s(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *service = image_service(&fixture, "healthcheck: {disable: false}");

	assert_false(service->healthcheck.present);
	assert_false(service->healthcheck.disabled);
	service = image_service(&fixture, "healthcheck: {interval: 5s, test: []}");
	assert_true(service->healthcheck.of_image);
	assert_int_equal(service->healthcheck.interval_ms, 5000);
	assert_int_equal(service->healthcheck.timeout_ms, 0);
	assert_int_equal(service->healthcheck.retries, 0);
	service = image_service(&fixture, "healthcheck: {disable: true}");
	assert_true(service->healthcheck.disabled);
}

static void restart_policies_know_the_words_of_restart(void **unused)
{
	static const struct {
		const char *word;
		enum restart_condition condition;
	} words[] = {{"no", RESTART_NO},
		     {"always", RESTART_ALWAYS},
		     {"unless-stopped", RESTART_UNLESS_STOPPED}};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char line[128];

		snprintf(line, sizeof(line), "deploy: {restart_policy: {condition: %s, delay: 2s}}",
			 words[i].word);
		const struct service *service = one_service(&fixture, line);

		assert_int_equal(service->restart.condition, words[i].condition);
	}
}

static void what_they_mean_survives_printing(void **unused)
{
	static const char *const lines[] = {
		"healthcheck: {disable: true}",
		"healthcheck: {interval: 5s, retries: 7}",
		"deploy: {restart_policy: {condition: unless-stopped, delay: 2s}}",
		"gpus: [{driver: 3dfx, count: 2, options: {a: $$b, c: }}]",
		"runtime: nvidia",
		("deploy: {resources: {reservations: {devices: [{count: all, capabilities: "
		 "[gpu]}]}}}"),
	};
	static const char *const same[] = {"disable: true", "retries: 7",      "unless-stopped",
					   "count: 2",	    "runtime: nvidia", "count: all"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct buf text = {0};

		image_service(&fixture, lines[i]);
		assert_int_equal(manifest_print(fixture.stack, MANIFEST_YAML, &text, &fixture.err),
				 0);
		assert_non_null(strstr(text.data, same[i]));
		fixture_good(&fixture, text.data);
		buf_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_as_if_it_were_not_there),
		cmocka_unit_test(a_user_may_lack_a_part),
		cmocka_unit_test(a_host_name_may_have_underscores),
		cmocka_unit_test(a_healthcheck_without_a_test_is_the_image_s),
		cmocka_unit_test(restart_policies_know_the_words_of_restart),
		cmocka_unit_test(what_they_mean_survives_printing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
