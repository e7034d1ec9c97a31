// SPDX-License-Identifier: GPL-2.0-or-later
/* Property: what is printed loads to the same stack, and prints the same again. */
#include "tests/unit/manifests/fixture.h"

/* As long as a name may be. */
#define LONG_NAME "v12345678901234567890123456789012345678901234567890123456789012"

static const char *const manifests[] = {
	"services: {" LONG_NAME ": {x-rootfs: host, command: x}}\nvolumes: {" LONG_NAME ": }\n",
	"services: {a: {x-rootfs: host, command: x}}\n",
	"services:\n"
	"  web:\n"
	"    x-rootfs: ./root\n"
	"    entrypoint: sh -c 'echo $$HOME'\n"
	"    command: ['', ' a ', \"tab\\tnewline\\nquote\\\"back\\\\\", '# no', '- x', 'a: b', "
	"\"\\x01\"]\n"
	"    environment: {A: 'x=y', B: '', C: \"$${V}\", D: 'ünïcode ☃', E: 'null', F: \"0x10\"}\n"
	"    working_dir: /srv\n    user: \"33:33\"\n    hostname: h\n"
	"    stop_signal: SIGRTMIN+3\n    stop_grace_period: 1500ms\n"
	"    depends_on: {db: {condition: service_healthy, restart: true}}\n"
	"    ports: ['8000-8002:80-82', '9000-9005:9', '[::]:5:5/sctp', '53/udp', "
	"'127.0.0.1:9:9']\n"
	"    labels: {'a.b/c': 'x', e: '', yes: 'no'}\n    profiles: [one, two]\n"
	"    read_only: true\n    cap_add: [NET_ADMIN]\n    cap_drop: [ALL]\n"
	"    deploy: {replicas: 0, resources: {limits: {cpus: 0.25, memory: 64m, pids: -1}}}\n"
	"  db:\n"
	"    x-rootfs: host\n    command: x\n    healthcheck: {test: 'x | y', interval: 1s, "
	"retries: 9}\n"
	"    volumes: ['data:/d', '/anon', './b:/b:ro', '/c:/c',\n"
	"      {type: bind, source: /e, target: /e, bind: {create_host_path: false}},\n"
	"      {type: tmpfs, target: /f, tmpfs: {size: 1m, mode: 0700}}]\n"
	"    tmpfs: /g\n    restart: on-failure:3\n    network_mode: none\n"
	"volumes: {data: {labels: {x: y}}, ext: {external: true, name: other}}\n",
	"services: {a: {x-rootfs: host, command: x, volumes: [{type: bind, source: /x, target: /x, "
	"bind: {propagation: rslave, recursive: writable}}, {type: volume, target: /y, volume: "
	"{nocopy: true, subpath: a/b, labels: {c: d}}}, 'v:/v'], tmpfs: "
	"['/z:noexec,uid=5,gid=6,nr_inodes=7,size=1m,ro', '/w:mode=0755']}}\n"
	"volumes: {v: {driver_opts: {type: none, o: bind, device: data}, labels: [e=f]}}\n",
	"services: {a: {x-rootfs: host, command: x, build: .}, b: {x-rootfs: host, command: x, "
	"build: "
	"{context: 'git://x', dockerfile: d, target: t, network: n, args: ['A=$${B}'], labels: "
	"[l=m], "
	"additional_contexts: {d: e}, cache_from: [c], cache_to: [c], no_cache_filter: [f], "
	"platforms: [p], tags: [t], ssh: [default, a=b], extra_hosts: ['h=1'], secrets: [{source: "
	"s, target: t}], ulimits: {core: 0}, shm_size: 1g, no_cache: true, pull: true, privileged: "
	"true}}, c: {x-rootfs: host, command: x, build: {dockerfile_inline: \"FROM "
	"scratch\\nCOPY . /\"}}}\nsecrets: {s: {file: s}}\n",
	"services: {a: {x-rootfs: host, command: x, configs: [f, {source: c, target: /e/c, mode: "
	"'0400', uid: 5, gid: 6}], secrets: [e, s]}}\n"
	"configs: {f: {file: f.conf, labels: [a=b]}, c: {content: \"a: $${B}\\n\"}}\n"
	"secrets: {e: {environment: TOKEN, name: n}, s: {external: true}}\n",
	"services:\n"
	"  a: {x-rootfs: host, restart: unless-stopped, command: x}\n"
	"  b: {x-rootfs: host, restart: always, network_mode: host, command: x}\n"
	"  c: {x-rootfs: host, deploy: {restart_policy: {}}, command: x}\n"
	"  d: {x-rootfs: host, deploy: {restart_policy: {condition: none, delay: 0s}}, command: "
	"x}\n"
	"  e: {x-rootfs: host, deploy: {restart_policy: {max_attempts: 2, window: 90s}}, command: "
	"x}\n"
	"  f: {x-rootfs: host, deploy: {restart_policy: {condition: on-failure, delay: 1h}}, "
	"command: x}\n"
	"  g: {x-rootfs: host, restart: always, x-restart: {delay: 1s, factor: 1.25, jitter: 0.5, "
	"reset_after: 5s, burst: 3, interval: 1m, prevent_exit_codes: [0, 255, SIGHUP], "
	"force_exit_codes: [SIGRTMIN+3]}, command: x}\n"
	"  h: {x-rootfs: host, deploy: {restart_policy: {delay: 3s}}, x-restart: {}, command: "
	"x}\n"
	"  i: {x-rootfs: host, group_add: [audio, 5], domainname: d.e, container_name: c, attach: "
	"false, links: [a], expose: "
	"[1-2/udp, 80], "
	"annotations: [a=b], ulimits: {nofile: 5, stack: {soft: 1, hard: -1}}, command: x}\n"
	"  '1': {x-rootfs: host, scale: 3, command: x}\n"
	"  'on': {x-rootfs: host, depends_on: {a: {condition: service_started, "
	"required: false}}, command: x}\n",
	"services:\n"
	"  a: {image: x, entrypoint: [], command: [], healthcheck: {disable: true}}\n"
	"  b: {build: ., command: [], healthcheck: {interval: 5s, retries: 2}}\n"
	"  c: {image: 'oci:./d:tag', build: ., entrypoint: '', pull_policy: build, "
	"stop_signal: SIGINT, healthcheck: {test: [NONE]}}\n",
};

static char *print_stack(struct fixture *fixture, enum manifest_format format)
{
	struct buf out = {0};

	assert_int_equal(manifest_print(fixture->stack, format, &out, &fixture->err), 0);
	return buf_take(&out);
}

static void printing_and_loading_again_changes_nothing(void **unused)
{
	static const enum manifest_format formats[] = {MANIFEST_YAML, MANIFEST_JSON};

	(void)unused;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(manifests); i++) {
		autofixture struct fixture fixture;
		enum manifest_format format = formats[i % 2];

		fixture_open(&fixture);
		fixture_good(&fixture, manifests[i / 2]);
		autofree char *yaml = print_stack(&fixture, MANIFEST_YAML);
		autofree char *json = print_stack(&fixture, MANIFEST_JSON);

		fixture_good(&fixture, format == MANIFEST_JSON ? json : yaml);
		assert_false(strstr(fixture.printed, "warning: "));
		autofree char *yaml_again = print_stack(&fixture, MANIFEST_YAML);
		autofree char *json_again = print_stack(&fixture, MANIFEST_JSON);

		assert_string_equal(yaml, yaml_again);
		assert_string_equal(json, json_again);
	}
}

static void defaults_are_written_when_asked_for(void **unused)
{
	static const char *const words[] = {"\n      default:\n",      "\n    read_only: false\n",
					    "\n    restart: \"no\"\n", "\n    user: \"0:0\"\n",
					    "\n    working_dir: /\n",  "\n      replicas: 1\n"};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		autofixture struct fixture fixture;

		fixture_open(&fixture);
		fixture_good(&fixture, manifests[i]);
		autofree char *yaml = print_stack(&fixture, MANIFEST_YAML + MANIFEST_RESOLVED);
		autofree char *json = print_stack(&fixture, MANIFEST_JSON + MANIFEST_RESOLVED);

		for (size_t j = 0; i == 1 && j < ARRAY_SIZE(words); j++)
			if (!strstr(yaml, words[j]))
				fail_msg("no %s in %s", words[j], yaml);
		fixture_good(&fixture, json);
		autofree char *again = print_stack(&fixture, MANIFEST_YAML + MANIFEST_RESOLVED);

		assert_string_equal(yaml, again);
	}
}

static void the_pace_of_restarts_is_resolved(void **unused)
{
	static const struct {
		const char *lines;
		const char *printed; /* NULL: no x-restart */
	} samples[] = {
		{"    restart: always",
		 "    x-restart:\n      delay: \"100ms\"\n      factor: \"2.000\"\n      jitter: "
		 "\"0.000\"\n      max_delay: \"60s\"\n      reset_after: \"10s\"\n"},
		{"    deploy: {restart_policy: {delay: 3s}}",
		 "    x-restart:\n      jitter: \"0.000\"\n      reset_after: \"10s\"\n"},
		{"    restart: 'no'", NULL},
		{"    deploy: {restart_policy: {condition: none}}", NULL},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		autofixture struct fixture fixture;

		fixture_open(&fixture);
		fixture_service(&fixture, samples[i].lines);
		autofree char *yaml = print_stack(&fixture, MANIFEST_YAML + MANIFEST_RESOLVED);

		if (samples[i].printed ? !strstr(yaml, samples[i].printed)
				       : strstr(yaml, "x-restart") != NULL)
			fail_msg("%s gives %s", samples[i].lines, yaml);
		assert_non_null(strstr(yaml, "          pids: 4096\n"));
		fixture_good(&fixture, yaml);
		autofree char *again = print_stack(&fixture, MANIFEST_YAML + MANIFEST_RESOLVED);

		assert_string_equal(yaml, again);
	}
}

static void awkward_texts_survive(void **unused)
{
	autofixture struct fixture fixture;
	struct buf yaml = {0};

	(void)unused;
	fixture_open(&fixture);
	buf_puts(&yaml, "services: {a: {x-rootfs: host, command: [");
	for (unsigned byte = 1; byte < 0x80; byte++)
		buf_printf(&yaml, "\"\\x%02x%s\", \"x\\x%02x \", ", byte, byte == '$' ? "$" : "",
			   byte == '$' ? 'y' : byte);
	buf_puts(&yaml, "]}}\n");
	assert_int_equal(fixture_good(&fixture, yaml.data)->services[0].command.count, 254);
	for (unsigned format = 0; format < 2; format++) {
		autofree char *text = print_stack(&fixture, format ? MANIFEST_JSON : MANIFEST_YAML);
		const struct service *a = stack_service(fixture_good(&fixture, text), "a");

		assert_int_equal(a->command.count, 254);
		for (unsigned byte = 1; byte < 0x80; byte++) {
			assert_int_equal(a->command.items[2 * byte - 2].value[0], byte);
			assert_int_equal(a->command.items[2 * byte - 2].value[1], 0);
		}
	}
	buf_free(&yaml);
}

static void the_yaml_is_sorted_and_readable(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "services: {b: {x-rootfs: host, command: [sleep, '9']},"
			       " a: {x-rootfs: host, command: x}}\n");
	autofree char *yaml = print_stack(&fixture, MANIFEST_YAML);

	assert_string_equal(yaml, "name: shop\n"
				  "services:\n"
				  "  a:\n"
				  "    command:\n"
				  "      - x\n"
				  "    stop_grace_period: \"10s\"\n"
				  "    stop_signal: SIGTERM\n"
				  "    x-rootfs: host\n"
				  "  b:\n"
				  "    command:\n"
				  "      - sleep\n"
				  "      - \"9\"\n"
				  "    stop_grace_period: \"10s\"\n"
				  "    stop_signal: SIGTERM\n"
				  "    x-rootfs: host\n");
}

static void what_older_yaml_takes_for_an_end_of_a_line_is_escaped(void **unused)
{
	static const char *const texts[] = {"a\xc2\x85 b", "\xc2\x9f", "a\xe2\x80\xa8\xe2\x80\xa9z",
					    "\xc2\xa0\xe2\x80\xa7\xe2\x80\xaa"};
	static const char *const lines[] = {"- \"a\\x85 b\"\n", "- \"\\x9f\"\n",
					    "- \"a\\u2028\\u2029z\"\n",
					    "- \"\xc2\xa0\xe2\x80\xa7\xe2\x80\xaa\"\n"};
	autofixture struct fixture fixture;
	autobuf struct buf manifest = {0};

	(void)unused;
	fixture_open(&fixture);
	buf_puts(&manifest, "services: {a: {x-rootfs: host, command: [x");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		buf_printf(&manifest, ", \"%s\"", texts[i]);
	buf_puts(&manifest, "]}}\n");
	fixture_good(&fixture, manifest.data);
	autofree char *yaml = print_stack(&fixture, MANIFEST_YAML);
	const struct service *a = stack_service(fixture_good(&fixture, yaml), "a");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_non_null(strstr(yaml, lines[i]));
		assert_string_equal(a->command.items[i + 1].value, texts[i]);
	}
}

static void what_is_taken_from_an_image_is_the_same_after_printing(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture,
		     "services:\n"
		     "  a: {image: x, entrypoint: [], command: [], healthcheck: {disable: true}}\n"
		     "  b: {build: ., entrypoint: , command: , healthcheck: {timeout: 5s}}\n");
	autofree char *yaml = print_stack(&fixture, MANIFEST_YAML);

	assert_non_null(strstr(yaml, "    command: []\n"));
	assert_non_null(strstr(yaml, "    entrypoint: []\n"));
	fixture_good(&fixture, yaml);
	const struct service *a = stack_service(fixture.stack, "a");
	const struct service *b = stack_service(fixture.stack, "b");

	assert_true(a->no_entrypoint);
	assert_true(a->no_command);
	assert_true(a->healthcheck.disabled);
	assert_false(b->no_entrypoint);
	assert_false(b->no_command);
	assert_true(b->healthcheck.of_image);
	assert_int_equal(b->healthcheck.timeout_ms, 5000);
	assert_int_equal(b->healthcheck.interval_ms, 0);
	assert_true(b->build.names_image);
}

static void a_service_is_printed_with_what_it_names_only(void **unused)
{
	autofixture struct fixture fixture;
	autobuf struct buf text = {0};
	struct err err;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "services: {web: {x-rootfs: host, command: a, networks: [back], "
			       "volumes: ['data:/d']}}\n"
			       "networks: {back: {}, front: {}}\nvolumes: {data: {}, other: {}}\n");
	assert_int_equal(
		manifest_print_service(fixture.stack, &fixture.stack->services[0], &text, &err), 0);
	assert_non_null(strstr(text.data, "shop_back"));
	assert_non_null(strstr(text.data, "shop_data"));
	assert_null(strstr(text.data, "front"));
	assert_null(strstr(text.data, "other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printing_and_loading_again_changes_nothing),
		cmocka_unit_test(a_service_is_printed_with_what_it_names_only),
		cmocka_unit_test(defaults_are_written_when_asked_for),
		cmocka_unit_test(the_pace_of_restarts_is_resolved),
		cmocka_unit_test(awkward_texts_survive),
		cmocka_unit_test(the_yaml_is_sorted_and_readable),
		cmocka_unit_test(what_older_yaml_takes_for_an_end_of_a_line_is_escaped),
		cmocka_unit_test(what_is_taken_from_an_image_is_the_same_after_printing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
