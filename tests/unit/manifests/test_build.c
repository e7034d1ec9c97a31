// SPDX-License-Identifier: GPL-2.0-or-later
/* `image` and `build`: every key in its forms, what is relative to what, and the faults. */
#include "tests/unit/manifests/fixture.h"

static void assert_list(const struct text_list *list, const char *const *texts)
{
	for (size_t i = 0; texts[i]; i++) {
		assert_true(i < list->count);
		assert_string_equal(list->items[i].value, texts[i]);
		assert_true(texts[i + 1] || list->count == i + 1);
	}
}
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_text_is_the_context(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(&fixture, "    build: ./web");
	char path[128];

	snprintf(path, sizeof(path), "%s/web", fixture.directory);
	assert_true(a->build.present);
	assert_string_equal(a->build.context.value, path);
	a = fixture_service(&fixture, "    build: https://example.test/x.git#main");
	assert_string_equal(a->build.context.value, "https://example.test/x.git#main");
	a = fixture_service(&fixture, "    build: git@example.test:x.git");
	assert_string_equal(a->build.context.value, "git@example.test:x.git");
	a = fixture_service(&fixture, "    build: {target: prod}");
	assert_string_equal(a->build.context.value, fixture.directory);
	a = fixture_service(&fixture, "    labels: []");
	assert_false(a->build.present);
}

static void without_an_image_it_is_named_after_stack_and_service(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services: {Web: {build: .}, b: {build: ., image: x}, c: {build: ., "
			  "x-rootfs: host, command: x}}\n");
	const struct service *web = stack_service(stack, "Web");

	assert_string_equal(web->image.value, "shop-web");
	assert_int_equal(web->rootfs, ROOTFS_IMAGE);
	assert_true(web->build.names_image);
	assert_string_equal(stack_service(stack, "b")->image.value, "x");
	assert_false(stack_service(stack, "b")->build.names_image);
	assert_null(stack_service(stack, "c")->image.value);
	assert_int_equal(fixture.diags.count, 0);
}

static void plain_keys_of_the_long_form(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture,
		"    build: {context: ., dockerfile: ../D, target: t, network: none, cache_from: "
		"[a, "
		"b],\n"
		"      cache_to: c, platforms: [linux/amd64], tags: [x:1], no_cache: 'true', pull: "
		"true,\n"
		"      privileged: false, no_cache_filter: f, shm_size: 64m, isolation: default}");
	const struct build_spec *build = &a->build;

	assert_string_equal(build->dockerfile.value, "../D");
	assert_string_equal(build->target.value, "t");
	assert_string_equal(build->network.value, "none");
	assert_list(&build->cache_from, LIST("a", "b"));
	assert_list(&build->cache_to, LIST("c"));
	assert_list(&build->platforms, LIST("linux/amd64"));
	assert_list(&build->tags, LIST("x:1"));
	assert_list(&build->no_cache_filter, LIST("f"));
	assert_true(build->no_cache);
	assert_true(build->pull);
	assert_false(build->privileged);
	assert_int_equal(build->shm_bytes, 64 << 20);
}

static void keys_with_a_list_and_a_mapping_form(void **unused)
{
	static const char *const lines[] = {
		"    build: {args: [B=2, A=1, C], labels: [l=m], additional_contexts: [d=./d, "
		"u=docker-image://x], ssh: [default, k=/k], extra_hosts: ['h:1.2.3.4', 'v=::1']}",
		"    build: {args: {A: 1, B: '2', C: }, labels: {l: m}, additional_contexts: {d: "
		"d, "
		"u: 'docker-image://x'}, ssh: {default: , k: /k}, extra_hosts: {h: 1.2.3.4, v: "
		"['::1']}}",
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct build_spec *build = &fixture_service(&fixture, lines[i])->build;
		char path[128];

		snprintf(path, sizeof(path), "d=%s/d", fixture.directory);
		/* C has no value here nor with the caller. */
		assert_list(&build->args, LIST("A=1", "B=2"));
		assert_list(&build->labels, LIST("l=m"));
		assert_list(&build->contexts, LIST(path, "u=docker-image://x"));
		assert_list(&build->ssh, LIST("default", "k=/k"));
		assert_list(&build->hosts, LIST("h=1.2.3.4", "v=::1"));
	}
}

static void secrets_and_limits_of_a_build(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture,
		"services: {a: {x-rootfs: host, command: x, build: {secrets: [s, {source: "
		"s, target: t}], ulimits: {nofile: 9}}}}\n"
		"secrets: {s: {file: ./s}}\n");
	const struct build_spec *build = &stack_service(stack, "a")->build;

	assert_int_equal(build->secret_count, 2);
	assert_string_equal(build->secrets[0].target, "/run/secrets/s");
	assert_string_equal(build->secrets[1].target, "/run/secrets/t");
	assert_int_equal(build->ulimit_count, 1);
	assert_int_equal(build->ulimits[0].hard, 9);
	assert_int_equal(stack_service(stack, "a")->ulimit_count, 0);
}

static void an_included_build_is_relative_to_its_own_file(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_mkdir(&fixture, "sub");
	fixture_write(&fixture, "sub/in.yaml",
		      "services:\n"
		      "  b: {x-rootfs: host, command: x, build: {additional_contexts: {d: lib, u: "
		      "'https://x'}}}\n"
		      "  c: {x-rootfs: host, command: x, build: {context: c, additional_contexts: "
		      "[d=lib]}}\n");
	const struct stack *stack = fixture_good(
		&fixture, "include: [sub/in.yaml]\nservices: {a: {x-rootfs: host, command: x}}\n");
	const struct build_spec *b = &stack_service(stack, "b")->build;
	const struct build_spec *c = &stack_service(stack, "c")->build;
	char path[128];

	snprintf(path, sizeof(path), "%s/sub", fixture.directory);
	assert_string_equal(b->context.value, path);
	snprintf(path, sizeof(path), "%s/sub/c", fixture.directory);
	assert_string_equal(c->context.value, path);
	snprintf(path, sizeof(path), "d=%s/sub/lib", fixture.directory);
	assert_list(&b->contexts, LIST(path, "u=https://x"));
	assert_list(&c->contexts, LIST(path));
}

static void an_override_adds_to_a_build(void **unused)
{
	static const char *const files[] = {"shop.yaml", "over.yaml", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "shop.yaml",
		      "services: {a: {x-rootfs: host, command: x, build: ./web}}\n");
	fixture_write(&fixture, "over.yaml",
		      "services: {a: {build: {args: [A=1], additional_contexts: [d=d]}}}\n");
	fixture_load_with(&fixture, (struct manifest_options){.files = files, .stack_name = "s"});
	assert_int_equal(fixture.r, 0);
	const struct build_spec *build = &stack_service(fixture.stack, "a")->build;
	char path[128];

	snprintf(path, sizeof(path), "%s/web", fixture.directory);
	assert_string_equal(build->context.value, path);
	assert_list(&build->args, LIST("A=1"));
}

static void references_that_cannot_be_images_are_noted(void **unused)
{
	static const struct {
		const char *image;
		const char *why; /* NULL: fine */
	} all[] = {
		{"nginx", NULL},
		{"docker.io/library/redis:7-alpine", NULL},
		{"LOCALHOST:5000/team/app_x.y@sha256:0123456789abcdef0123456789abcdef", NULL},
		{"Registry.example/a/b", NULL},
		{"oci:./dir with space:tag", NULL},
		{"oci-archive:/x.tar", NULL},
		{"", "a part of it is missing"},
		{":latest", "a part of it is missing"},
		{"nginx:", "a part of it is missing"},
		{"team/", "a part of it is missing"},
		{"my image", "only letters, digits and ._-/:@ belong there"},
		{"Nginx", "the name must be in lower case"},
		{"team/App:Tag", "the name must be in lower case"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char lines[256];
		char said[256];

		snprintf(lines, sizeof(lines), "    image: '%s'", all[i].image);
		fixture_service(&fixture, lines);
		assert_int_equal(fixture.diags.count, all[i].why != NULL);
		snprintf(said, sizeof(said),
			 "shop.yaml:4:12: note: services.a.image: '%s' is no image: %s",
			 all[i].image, all[i].why);
		if (all[i].why)
			assert_true(fixture_says(&fixture, said));
	}
}

static void faulty_builds(void **unused)
{
	static const struct {
		const char *build;
		const char *said;
	} all[] = {
		{"[.]", "services.a.build: must be text, this is a list"},
		{"{contxt: .}",
		 "services.a.build.contxt is not a known key: did you mean 'context'?"},
		{"{context: [a]}", "services.a.build.context: must be text, this is a list"},
		{"{dockerfile: a, dockerfile_inline: b}",
		 "services.a.build.dockerfile_inline: there is a dockerfile already"},
		{"{args: x}", "services.a.build.args: must be a mapping or a list, this is text"},
		{"{additional_contexts: [x]}",
		 "services.a.build.additional_contexts: 'x' needs a path or a URL"},
		{"{extra_hosts: [x]}", "services.a.build.extra_hosts: 'x' is not NAME=ADDRESS"},
		{"{extra_hosts: x}",
		 "services.a.build.extra_hosts: must be a mapping or a list, this is text"},
		{"{isolation: hyperv}", "services.a.build.isolation: 'hyperv' is not supported: "
					"it is for Windows"},
		{"{shm_size: big}", "services.a.build.shm_size: 'big' is not a size"},
		{"{secrets: s}", "services.a.build.secrets: must be a list, this is text"},
		{"{secrets: [s]}", "services.a.secrets: no secret 's' is defined under the "
				   "top-level secrets"},
		{"{no_cache: maybe}", "services.a.build.no_cache: 'maybe'"},
		{"{labels: [com.docker.compose.x=y]}", "services.a.build.labels: names that start "
						       "with com.docker.compose are reserved"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "services: {a: {x-rootfs: host, command: x, build: %s}}\n", all[i].build);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.diags.error_count != 1 || !strstr(fixture.printed, all[i].said))
			fail_msg("for: %s\n%s", all[i].build, fixture.printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_the_context),
		cmocka_unit_test(without_an_image_it_is_named_after_stack_and_service),
		cmocka_unit_test(plain_keys_of_the_long_form),
		cmocka_unit_test(keys_with_a_list_and_a_mapping_form),
		cmocka_unit_test(secrets_and_limits_of_a_build),
		cmocka_unit_test(an_included_build_is_relative_to_its_own_file),
		cmocka_unit_test(an_override_adds_to_a_build),
		cmocka_unit_test(references_that_cannot_be_images_are_noted),
		cmocka_unit_test(faulty_builds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
