// SPDX-License-Identifier: GPL-2.0-or-later
/* What a one-off instance takes from its service, and what not. */
#include "launcher/one_off.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static struct text command[] = {{.value = (char *)"serve"}};
static struct text entrypoint[] = {{.value = (char *)"/init"}};
static struct text environment[] = {{.value = (char *)"A=1"}, {.value = (char *)"AB=2"}};
static const struct service web = {
	.name = (char *)"web",
	.command = {command, 1},
	.entrypoint = {entrypoint, 1},
	.environment = {environment, 2},
	.restart = {.condition = RESTART_ALWAYS},
	.healthcheck = {.present = true},
	.container_name = {.value = (char *)"the-web"},
	.user = {.value = (char *)"www"},
	.port_count = 3,
	.replicas = 4,
};

static void what_is_for_a_service_that_stays_is_left_out(void **unused)
{
	(void)unused;
	struct service *service = one_off_service(&web, &(struct one_off_request){0});

	assert_string_equal(service->name, "web-run");
	assert_int_equal(service->restart.condition, RESTART_NO);
	assert_false(service->healthcheck.present);
	assert_null(service->container_name.value);
	assert_int_equal(service->port_count, 0);
	assert_int_equal(service->replicas, 1);
	assert_string_equal(service->command.items[0].value, "serve");
	assert_string_equal(service->entrypoint.items[0].value, "/init");
	assert_string_equal(service->user.value, "www");
	one_off_free(service);
}

static void words_replace_the_command_and_keep_the_entrypoint(void **unused)
{
	(void)unused;
	char first[] = "migrate";
	char *words[] = {first};
	struct service *service = one_off_service(
		&web, &(struct one_off_request){.command = words, .command_count = 1});

	assert_int_equal(service->command.count, 1);
	assert_string_equal(service->command.items[0].value, "migrate");
	assert_string_equal(service->entrypoint.items[0].value, "/init");
	one_off_free(service);
}

static void an_entrypoint_clears_the_command(void **unused)
{
	(void)unused;
	char first[] = "sh";
	char *words[] = {first};
	struct service *service = one_off_service(
		&web, &(struct one_off_request){.entrypoint = words, .entrypoint_count = 1});

	assert_string_equal(service->entrypoint.items[0].value, "sh");
	assert_int_equal(service->command.count, 0);
	one_off_free(service);
}

static void a_variable_replaces_the_one_of_its_name(void **unused)
{
	(void)unused;
	char variable[] = "A=9";
	char *variables[] = {variable};
	struct service *service = one_off_service(
		&web, &(struct one_off_request){.environment = variables, .environment_count = 1});

	assert_int_equal(service->environment.count, 2);
	assert_string_equal(service->environment.items[0].value, "AB=2");
	assert_string_equal(service->environment.items[1].value, "A=9");
	one_off_free(service);
	one_off_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_for_a_service_that_stays_is_left_out),
		cmocka_unit_test(words_replace_the_command_and_keep_the_entrypoint),
		cmocka_unit_test(an_entrypoint_clears_the_command),
		cmocka_unit_test(a_variable_replaces_the_one_of_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
