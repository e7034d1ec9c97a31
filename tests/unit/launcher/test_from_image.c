// SPDX-License-Identifier: GPL-2.0-or-later
#include "launcher/from_image.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define TEXT(text) ((char *)(text))

static char *entrypoint[] = {TEXT("/entry"), TEXT("-x"), NULL};
static char *cmd[] = {TEXT("serve"), NULL};
static char *env[] = {TEXT("PATH=/bin"), TEXT("A=image"), NULL};
static char *volumes[] = {TEXT("/data"), TEXT("/cache"), NULL};
static char *exposed[] = {TEXT("80/tcp"), TEXT("53/udp"), NULL};
static char *labels[] = {TEXT("io.example.restart=always"), NULL};
static char *test[] = {TEXT("CMD-SHELL"), TEXT("true"), NULL};

static struct image an_image(void)
{
	return (struct image){
		.digest = "sha256:1",
		.config = {.entrypoint = {entrypoint, 2, false},
			   .cmd = {cmd, 1, false},
			   .env = {env, 2, false},
			   .volumes = {volumes, 2, false},
			   .exposed = {exposed, 2, false},
			   .labels = {labels, 1, false},
			   .user = TEXT("web"),
			   .working_dir = TEXT("/srv"),
			   .stop_signal = TEXT("SIGQUIT"),
			   .health = {.set = true,
				      .test = {test, 2, false},
				      .interval_ns = 1500000000}},
	};
}

static struct service a_service(void)
{
	return (struct service){
		.rootfs = ROOTFS_IMAGE,
		.image = {TEXT("web"), {"f", 3, 4}},
		.stop_signal = SIGTERM,
	};
}

static void assert_list(const struct text_list *list, const char *const *texts)
{
	size_t count = 0;

	for (; texts[count]; count++) {
		assert_true(count < list->count);
		assert_string_equal(list->items[count].value, texts[count]);
	}
	assert_int_equal(list->count, count);
}
#define LIST(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void a_service_that_says_nothing_has_all_from_its_image(void **unused)
{
	const struct image image = an_image();
	struct service service = a_service();
	struct from_image from;

	assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
	assert_list(&service.entrypoint, LIST("/entry", "-x"));
	assert_list(&service.command, LIST("serve"));
	assert_list(&service.environment, LIST("PATH=/bin", "A=image"));
	assert_string_equal(service.user.value, "web");
	assert_string_equal(service.working_dir.value, "/srv");
	assert_int_equal(service.stop_signal, SIGQUIT);
	assert_int_equal(service.mount_count, 2);
	assert_int_equal(service.mounts[0].kind, MOUNT_VOLUME);
	assert_null(service.mounts[0].source);
	assert_string_equal(service.mounts[0].target, "/data");
	assert_true(service.healthcheck.present);
	assert_list(&service.healthcheck.test, LIST("/bin/sh", "-c", "true"));
	assert_int_equal(service.healthcheck.interval_ms, 1500);
	assert_int_equal(service.healthcheck.timeout_ms, 30000);
	assert_int_equal(service.healthcheck.retries, 3);
	assert_string_equal(service.rootfs_dir, "sha256:1");
	assert_int_equal(service.user.pos.line, 3);
	assert_int_equal(service.labels.count, 0);
	assert_int_equal(service.expose.count, 0);
	assert_list(&service.image_ports, LIST("80/tcp", "53/udp"));
	assert_int_equal(service.restart.condition, 0);
	from_image_free(&from);
}

static void what_the_manifest_says_wins(void **unused)
{
	const struct image image = an_image();
	struct service service = a_service();
	struct text own_env[] = {{.value = TEXT("A=own")}, {.value = TEXT("B=2")}};
	struct mount_spec own_mount[] = {{.kind = MOUNT_TMPFS, .target = TEXT("/cache")}};
	struct from_image from;

	service.environment = (struct text_list){own_env, 2};
	service.mounts = own_mount;
	service.mount_count = 1;
	service.user.value = TEXT("me");
	service.working_dir.value = TEXT("/w");
	service.stop_signal_set = true;
	service.healthcheck.disabled = true;
	assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
	assert_list(&service.environment, LIST("PATH=/bin", "A=own", "B=2"));
	assert_string_equal(service.user.value, "me");
	assert_string_equal(service.working_dir.value, "/w");
	assert_int_equal(service.stop_signal, SIGTERM);
	assert_false(service.healthcheck.present);
	assert_int_equal(service.mount_count, 2);
	assert_int_equal(service.mounts[0].kind, MOUNT_TMPFS);
	assert_string_equal(service.mounts[1].target, "/data");
	from_image_free(&from);
}

static void an_entrypoint_of_the_manifest_takes_the_image_s_arguments_away(void **unused)
{
	const struct image image = an_image();
	struct text own[] = {{.value = TEXT("own")}};
	struct from_image from;

	static const struct {
		bool entrypoint, command, no_entrypoint, no_command;
		const char *words[4];
	} cases[] = {
		{true, false, false, false, {"own"}},
		{false, true, false, false, {"/entry", "-x", "own"}},
		{true, true, false, false, {"own", "own"}},
		{false, false, false, true, {"/entry", "-x"}},
		{false, true, true, false, {"own"}},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct service service = a_service();
		size_t n = 0;

		service.entrypoint = (struct text_list){own, cases[i].entrypoint};
		service.command = (struct text_list){own, cases[i].command};
		service.no_entrypoint = cases[i].no_entrypoint;
		service.no_command = cases[i].no_command;
		assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
		for (size_t k = 0; k < service.entrypoint.count; k++)
			assert_string_equal(service.entrypoint.items[k].value, cases[i].words[n++]);
		for (size_t k = 0; k < service.command.count; k++)
			assert_string_equal(service.command.items[k].value, cases[i].words[n++]);
		assert_null(cases[i].words[n]);
		from_image_free(&from);
	}
}

static void assert_refused(const struct image *image, const char *text)
{
	struct service service = a_service();
	struct from_image from;
	struct err err = {0};

	assert_int_equal(from_image_apply(&service, image, &from, &err), -EINVAL);
	assert_non_null(strstr(err.text, text));
	assert_null(service.rootfs_dir);
	from_image_free(&from);
}

static void what_cannot_be_is_refused(void **unused)
{
	static const char *const bad_volumes[] = {"data", "/", "/a/../b", "/a//b", "/a/", "/./a"};
	static const char *const bad_signals[] = {"SIGFOO", "0", "99", "", "RTMIN+99"};
	char *one[] = {NULL, NULL};

	for (size_t i = 0; i < ARRAY_SIZE(bad_volumes); i++) {
		struct image image = an_image();

		one[0] = TEXT(bad_volumes[i]);
		image.config.volumes = (struct strv){one, 1, false};
		assert_refused(&image, "volume");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_signals); i++) {
		struct image image = an_image();

		image.config.stop_signal = TEXT(bad_signals[i]);
		assert_refused(&image, "stop signal");
	}
	struct image image = an_image();

	one[0] = TEXT("=x");
	image.config.env = (struct strv){one, 1, false};
	assert_refused(&image, "variable");
	image = an_image();
	one[0] = TEXT("CMD");
	image.config.health.test = (struct strv){one, 1, false};
	assert_refused(&image, "health check");
	image = (struct image){.digest = "sha256:1"};
	assert_refused(&image, "no program");
}

static void signals_are_known_by_every_usual_name(void **unused)
{
	static const struct {
		const char *text;
		int number;
	} cases[] = {{"SIGINT", SIGINT}, {"WINCH", SIGWINCH}, {"9", SIGKILL}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image image = an_image();
		struct service service = a_service();
		struct from_image from;

		image.config.stop_signal = TEXT(cases[i].text);
		assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
		assert_int_equal(service.stop_signal, cases[i].number);
		from_image_free(&from);
	}
	struct image image = an_image();
	struct service service = a_service();
	struct from_image from;

	image.config.stop_signal = TEXT("SIGRTMIN+3");
	assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
	assert_int_equal(service.stop_signal, SIGRTMIN + 3);
	from_image_free(&from);
}

static void a_health_check_of_none_is_none(void **unused)
{
	struct image image = an_image();
	struct service service = a_service();
	char *none[] = {TEXT("NONE"), NULL};
	struct from_image from;

	image.config.health.test = (struct strv){none, 1, false};
	assert_int_equal(from_image_apply(&service, &image, &from, NULL), 0);
	assert_false(service.healthcheck.present);
	from_image_free(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_that_says_nothing_has_all_from_its_image),
		cmocka_unit_test(what_the_manifest_says_wins),
		cmocka_unit_test(an_entrypoint_of_the_manifest_takes_the_image_s_arguments_away),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(signals_are_known_by_every_usual_name),
		cmocka_unit_test(a_health_check_of_none_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
