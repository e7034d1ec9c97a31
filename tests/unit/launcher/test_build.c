// SPDX-License-Identifier: GPL-2.0-or-later
/* Every field of `build` as a builder's words. */
#include "launcher/build.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))
#define ONE(literal)                                                                               \
	((struct text_list){.items = &(struct text){.value = TEXT(literal)}, .count = 1})

static struct service web_with(struct build_spec build)
{
	build.present = true;
	if (!build.context.value)
		build.context.value = TEXT("/srv/web");
	return (struct service){
		.name = TEXT("web"), .image = {.value = TEXT("web")}, .build = build};
}

static void assert_text(const struct stack *stack, struct build_spec build, const char *wanted)
{
	struct service web = web_with(build);
	autobuild struct build_command command = {0};
	autobuf struct buf text = {0};
	struct err err;

	assert_int_equal(build_command_make(stack, &web, "/store", &command, &err), 0);
	build_command_text(&command, &text);
	assert_string_equal(text.data, wanted);
}

static const struct stack empty;

static void a_context_is_all_it_needs(void **unused)
{
	(void)unused;
	assert_text(&empty, (struct build_spec){0}, "buildah build --tag=web --layers /srv/web");
	assert_text(&empty, (struct build_spec){.context = {.value = TEXT("https://x/y.git")}},
		    "buildah build --tag=web --layers https://x/y.git");
}

static void the_dockerfile_is_found_below_the_context(void **unused)
{
	(void)unused;
	assert_text(&empty, (struct build_spec){.dockerfile = {.value = TEXT("../D")}},
		    "buildah build --tag=web --file=/srv/web/../D --layers /srv/web");
	assert_text(&empty, (struct build_spec){.dockerfile = {.value = TEXT("/D")}},
		    "buildah build --tag=web --file=/D --layers /srv/web");
	assert_text(&empty,
		    (struct build_spec){.context = {.value = TEXT("https://x")},
					.dockerfile = {.value = TEXT("D")}},
		    "buildah build --tag=web --file=D --layers https://x");
	assert_text(&empty,
		    (struct build_spec){.dockerfile_inline = {.value = TEXT("FROM a\nRUN 'b'")}},
		    "printf %s 'FROM a\nRUN '\\''b'\\''' | buildah build --tag=web "
		    "--file=/dev/stdin --layers /srv/web");
}

static void every_field_has_its_word(void **unused)
{
	static const struct {
		struct build_spec build;
		const char *words;
	} all[] = {
		{{.target = {.value = TEXT("t")}}, "--target=t --layers"},
		{{.network = {.value = TEXT("none")}}, "--layers --network=none"},
		{{.shm_bytes = 5}, "--layers --shm-size=5"},
		{{.privileged = true}, "--layers --cap-add=all"},
		{{.no_cache = true}, "--no-cache"},
		{{.pull = true}, "--layers --pull-always"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char wanted[256];

		snprintf(wanted, sizeof(wanted), "buildah build --tag=web %s /srv/web",
			 all[i].words);
		assert_text(&empty, all[i].build, wanted);
	}
}

static void every_list_has_its_words(void **unused)
{
	static struct ulimit_spec limits[] = {{.name = "nofile", .soft = 1, .hard = -1}};

	(void)unused;
	assert_text(&empty, (struct build_spec){.tags = ONE("w:2")},
		    "buildah build --tag=web --tag=w:2 --layers /srv/web");
	assert_text(&empty, (struct build_spec){.args = ONE("A=b c"), .labels = ONE("l=")},
		    "buildah build --tag=web '--build-arg=A=b c' --label=l= --layers /srv/web");
	assert_text(&empty, (struct build_spec){.contexts = ONE("a=/b")},
		    "buildah build --tag=web --build-context=a=/b --layers /srv/web");
	assert_text(&empty, (struct build_spec){.cache_from = ONE("c"), .cache_to = ONE("d")},
		    "buildah build --tag=web --layers --cache-from=c --cache-to=d /srv/web");
	assert_text(&empty, (struct build_spec){.no_cache_filter = ONE("stage")},
		    "buildah build --tag=web --no-cache /srv/web");
	assert_text(&empty, (struct build_spec){.hosts = ONE("h=::1"), .ssh = ONE("default")},
		    "buildah build --tag=web --layers --add-host=h:::1 --ssh=default /srv/web");
	assert_text(&empty, (struct build_spec){.ulimits = limits, .ulimit_count = 1},
		    "buildah build --tag=web --layers --ulimit=nofile=1:-1 /srv/web");
	assert_text(&empty, (struct build_spec){.platforms = ONE("linux/arm64")},
		    "buildah build --tag=web --layers --platform=linux/arm64 /srv/web");
	assert_text(&empty,
		    (struct build_spec){.platforms = {(struct text[2]){{.value = TEXT("a")},
								       {.value = TEXT("b")}},
						      2}},
		    "buildah build --tag=web --layers /srv/web");
}

static void secrets_are_named_by_where_they_are(void **unused)
{
	static struct file_object objects[] = {
		{.kind = FILE_SECRET,
		 .key = TEXT("content"),
		 .origin = FILE_FROM_CONTENT,
		 .value = TEXT("x")},
		{.kind = FILE_SECRET,
		 .key = TEXT("env"),
		 .origin = FILE_FROM_ENVIRONMENT,
		 .value = TEXT("TOKEN")},
		{.kind = FILE_SECRET,
		 .key = TEXT("file"),
		 .origin = FILE_FROM_FILE,
		 .value = TEXT("/f")},
		{.kind = FILE_SECRET,
		 .key = TEXT("store"),
		 .origin = FILE_FROM_STORE,
		 .name = TEXT("shared")},
	};
	static const struct stack stack = {.files_given = {objects, 4}};
	static struct file_grant grants[] = {
		{.kind = FILE_SECRET, .source = TEXT("env"), .target = TEXT("/run/secrets/e")},
		{.kind = FILE_SECRET, .source = TEXT("file"), .target = TEXT("/run/secrets/file")},
		{.kind = FILE_SECRET, .source = TEXT("store"), .target = TEXT("/run/secrets/s")},
		{.kind = FILE_SECRET, .source = TEXT("content"), .target = TEXT("/run/secrets/c")},
	};
	struct service web = web_with((struct build_spec){.secrets = grants, .secret_count = 4});
	autobuild struct build_command command = {0};
	autobuild struct build_command unknown = {0};
	struct err err;

	(void)unused;
	assert_text(&stack, (struct build_spec){.secrets = grants, .secret_count = 3},
		    "buildah build --tag=web --layers --secret=id=e,env=TOKEN "
		    "--secret=id=file,src=/f --secret=id=s,src=/store/secrets/shared /srv/web");
	assert_int_equal(build_command_make(&stack, &web, "/store", &command, &err), -EINVAL);
	assert_string_equal(err.text, "the secret content cannot be handed to a builder: it needs "
				      "a file or a variable");
	web.build.secret_count = 3;
	assert_int_equal(build_command_make(&stack, &web, NULL, &unknown, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_context_is_all_it_needs),
		cmocka_unit_test(the_dockerfile_is_found_below_the_context),
		cmocka_unit_test(every_field_has_its_word),
		cmocka_unit_test(every_list_has_its_words),
		cmocka_unit_test(secrets_are_named_by_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
