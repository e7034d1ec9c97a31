// SPDX-License-Identifier: GPL-2.0-or-later
/* What well-formed keys become in the stack. */
#include "tests/unit/manifests/fixture.h"

#include <sys/resource.h>

#include <signal.h>

static void a_bare_service_has_the_defaults(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(&fixture, "");

	assert_string_equal(a->name, "a");
	assert_int_equal(a->rootfs, ROOTFS_HOST);
	assert_int_equal(a->stop_signal, SIGTERM);
	assert_int_equal(a->stop_grace_ms, 10000);
	assert_int_equal(a->replicas, 1);
	assert_int_equal(a->restart.condition, RESTART_NO);
	assert_int_equal(a->restart.delay_ms, -1);
	assert_int_equal(a->network.mode, NETWORK_BRIDGE);
	assert_true(a->enabled);
	assert_false(a->healthcheck.present);
	assert_null(a->working_dir.value);
	assert_int_equal(a->entrypoint.count, 0);
	assert_int_equal(a->limits.pids, 0);
	assert_int_equal(a->pos.line, 2);
	assert_int_equal(a->pos.col, 3);
	assert_string_equal(a->pos.file, "shop.yaml");
	assert_ptr_equal(a->pos.file, fixture.stack->files[0]);
	assert_null(fixture.stack->files[1]);
}

static void commands_are_lists_or_split_text(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(&fixture, "    entrypoint: [sh, -c]\n"
							    "    command: echo 'a b'  c");

	assert_int_equal(a->entrypoint.count, 2);
	assert_string_equal(a->entrypoint.items[1].value, "-c");
	assert_int_equal(a->command.count, 3);
	assert_string_equal(a->command.items[1].value, "a b");
	assert_int_equal(a->command_pos.line, 4);
	a = fixture_service(&fixture, "    command: [a, '', \"b c\"]");
	assert_int_equal(a->command.count, 3);
	assert_string_equal(a->command.items[1].value, "");
	assert_int_equal(a->command_pos.line, 4);
}

static void the_environment_is_merged_sorted_and_inherited(void **unused)
{
	static const char *const environment[] = {"CALLER=c", "X=x", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "one.env", "A=1\nB=1\nC=1\n");
	fixture_write(&fixture, "two.env", "B=2\nC=$X\n");
	fixture_load(&fixture,
		     "services:\n  a:\n    x-rootfs: host\n"
		     "    command: x\n    env_file: [one.env, {path: two.env}, {path: no.env, "
		     "required: false}]\n"
		     "    environment: {Z: 26, C: 3, CALLER: , MISSING: , BOOL: true}\n",
		     environment);
	assert_int_equal(fixture.r, 0);
	const struct text_list *list = &stack_service(fixture.stack, "a")->environment;
	static const char *const expected[] = {"A=1", "B=2",	  "BOOL=true",
					       "C=3", "CALLER=c", "Z=26"};

	assert_int_equal(list->count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < list->count; i++)
		assert_string_equal(list->items[i].value, expected[i]);
	assert_string_equal(list->items[0].pos.file, "one.env");
	assert_int_equal(list->items[1].pos.line, 1);
	assert_string_equal(list->items[5].pos.file, "shop.yaml");
}

static void environment_lists_and_a_lone_env_file_work(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "one.env", "A=1\n");
	const struct service *a = fixture_service(
		&fixture, "    env_file: one.env\n    environment:\n      - B=x=y\n      - NONE\n");

	assert_int_equal(a->environment.count, 2);
	assert_string_equal(a->environment.items[1].value, "B=x=y");
}

static void health_checks_have_four_forms(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = fixture_service(&fixture, "    healthcheck: {test: curl -f x, interval: 1m30s,\n"
				      "      timeout: 500ms, retries: 5, start_period: 2s}");
	assert_true(a->healthcheck.present);
	assert_int_equal(a->healthcheck.test.count, 3);
	assert_string_equal(a->healthcheck.test.items[0].value, "/bin/sh");
	assert_string_equal(a->healthcheck.test.items[2].value, "curl -f x");
	assert_int_equal(a->healthcheck.interval_ms, 90000);
	assert_int_equal(a->healthcheck.timeout_ms, 500);
	assert_int_equal(a->healthcheck.retries, 5);
	assert_int_equal(a->healthcheck.start_period_ms, 2000);
	assert_int_equal(a->healthcheck.start_interval_ms, 5000);
	a = fixture_service(&fixture, "    healthcheck: {test: [CMD, redis-cli, ping]}");
	assert_int_equal(a->healthcheck.test.count, 2);
	assert_string_equal(a->healthcheck.test.items[0].value, "redis-cli");
	a = fixture_service(&fixture, "    healthcheck: {test: [CMD-SHELL, '$$0', b], interval: "
				      "0s, timeout: 0s, retries: 0}");
	assert_int_equal(a->healthcheck.test.count, 4);
	assert_string_equal(a->healthcheck.test.items[3].value, "b");
	assert_int_equal(a->healthcheck.interval_ms, 30000);
	assert_int_equal(a->healthcheck.timeout_ms, 30000);
	assert_int_equal(a->healthcheck.retries, 3);
	a = fixture_service(&fixture, "    healthcheck: {test: [CMD-SHELL, 'a | b']}");
	assert_string_equal(a->healthcheck.test.items[2].value, "a | b");
	a = fixture_service(&fixture, "    healthcheck: {test: [NONE]}");
	assert_false(a->healthcheck.present);
	a = fixture_service(&fixture, "    healthcheck: {disable: true}");
	assert_false(a->healthcheck.present);
}

static void restart_and_its_overriding_policy(void **unused)
{
	autofixture struct fixture fixture;
	const struct restart_spec *restart;

	(void)unused;
	fixture_open(&fixture);
	restart = &fixture_service(&fixture, "    restart: no")->restart;
	assert_int_equal(restart->condition, RESTART_NO);
	restart = &fixture_service(&fixture, "    restart: unless-stopped")->restart;
	assert_int_equal(restart->condition, RESTART_UNLESS_STOPPED);
	restart = &fixture_service(&fixture, "    restart: on-failure:3")->restart;
	assert_int_equal(restart->condition, RESTART_ON_FAILURE);
	assert_int_equal(restart->max_attempts, 3);
	restart = &fixture_service(&fixture, "    restart: \"no\"\n    deploy:\n"
					     "      restart_policy: {delay: 2s, window: 1m, "
					     "max_attempts: 4}")
			   ->restart;
	assert_int_equal(restart->condition, RESTART_ALWAYS);
	assert_int_equal(restart->delay_ms, 2000);
	assert_int_equal(restart->window_ms, 60000);
	assert_int_equal(restart->max_attempts, 4);
}

static void x_restart_and_its_defaults(void **unused)
{
	autofixture struct fixture fixture;
	const struct restart_tuning *tuning;

	(void)unused;
	fixture_open(&fixture);
	assert_false(fixture_service(&fixture, "    restart: always")->restart.tuning.present);
	tuning = &fixture_service(&fixture, "    restart: always\n    x-restart: {delay: 2m}")
			  ->restart.tuning;
	assert_true(tuning->present);
	assert_int_equal(tuning->delay_ms, 120000);
	assert_int_equal(tuning->max_delay_ms, 120000);
	assert_int_equal(tuning->reset_after_ms, 10000);
	assert_int_equal(tuning->factor_milli, 2000);
	assert_int_equal(tuning->jitter_milli, 100);
	tuning = &fixture_service(
			  &fixture,
			  "    restart: always\n"
			  "    x-restart: {delay: 1s, factor: 1.5, max_delay: 10s, jitter: 0,\n"
			  "      reset_after: 1m, burst: 5, interval: 30s,\n"
			  "      prevent_exit_codes: [0, 64, SIGTERM, 255],\n"
			  "      force_exit_codes: sigkill}")
			  ->restart.tuning;
	assert_int_equal(tuning->factor_milli, 1500);
	assert_int_equal(tuning->max_delay_ms, 10000);
	assert_int_equal(tuning->jitter_milli, 0);
	assert_int_equal(tuning->reset_after_ms, 60000);
	assert_int_equal(tuning->burst, 5);
	assert_int_equal(tuning->interval_ms, 30000);
	assert_int_equal(tuning->prevent.codes[0], 1);
	assert_int_equal(tuning->prevent.codes[1], 1);
	assert_true(tuning->prevent.codes[3] == UINT64_C(1) << 63);
	assert_int_equal(tuning->prevent.signals, 1 << 14);
	assert_int_equal(tuning->force.signals, 1 << 8);
	fixture_service(&fixture, "    x-restart: {burst: 1, interval: 1s}");
	assert_true(fixture_says(&fixture, "shop.yaml:4:16: warning: services.a.x-restart has no "
					   "effect without restart: always, on-failure or "
					   "unless-stopped"));
}

static void groups_limits_and_names_for_people(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "labels.env", "one=file\ntwo=file\n");
	a = fixture_service(&fixture,
			    "    label_file: ./labels.env\n    labels: [one=manifest]\n"
			    "    annotations: {b: '2', a: '1'}\n    group_add: [audio, 1000]\n"
			    "    container_name: my_a.1\n"
			    "    domainname: example.test\n    expose: [80, '53/udp', 8000-8010]\n"
			    "    ulimits: {nofile: {soft: 10, hard: -1}, core: 0}\n");
	assert_int_equal(a->labels.count, 2);
	assert_string_equal(a->labels.items[0].value, "one=manifest");
	assert_string_equal(a->labels.items[1].value, "two=file");
	assert_string_equal(a->annotations.items[0].value, "a=1");
	assert_string_equal(a->group_add.items[1].value, "1000");
	assert_string_equal(a->domainname.value, "example.test");
	assert_string_equal(a->container_name.value, "my_a.1");
	assert_string_equal(a->expose.items[0].value, "80/tcp");
	assert_string_equal(a->expose.items[1].value, "53/udp");
	assert_string_equal(a->expose.items[2].value, "8000-8010/tcp");
	assert_int_equal(a->ulimit_count, 2);
	assert_string_equal(a->ulimits[0].name, "core");
	assert_int_equal(a->ulimits[0].hard, 0);
	assert_int_equal(a->ulimits[1].resource, RLIMIT_NOFILE);
	assert_int_equal(a->ulimits[1].soft, 10);
	assert_int_equal(a->ulimits[1].hard, -1);
}

static void links_are_dependencies(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services:\n"
			  "  a:\n    x-rootfs: host\n    command: x\n    attach: false\n"
			  "    links: ['c:c', b, c]\n"
			  "    depends_on: {c: {condition: service_completed_successfully}}\n"
			  "  b: {x-rootfs: host, command: x}\n  c: {x-rootfs: host, command: x}\n");
	const struct service *a = stack_service(stack, "a");

	assert_true(a->detached);
	assert_false(stack_service(stack, "b")->detached);
	assert_int_equal(a->depends_on_count, 2);
	assert_string_equal(a->depends_on[0].service, "b");
	assert_int_equal(a->depends_on[0].condition, DEPENDS_STARTED);
	assert_true(a->depends_on[0].required);
	assert_true(a->depends_on[0].restart);
	assert_int_equal(a->depends_on[1].condition, DEPENDS_COMPLETED);
	assert_false(a->depends_on[1].restart);
}

static void mounts_in_the_short_form(void **unused)
{
	autofixture struct fixture fixture;
	char expected[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack =
		fixture_good(&fixture, "volumes: {data: }\nservices:\n  a:\n    x-rootfs: host\n"
				       "    command: x\n    volumes: ['./x/../y:/y/:ro', "
				       "'/abs:/z', 'data:/data', '/anon']\n"
				       "    tmpfs: ['/t:size=1m,mode=0700', /u]\n");
	const struct service *a = stack_service(stack, "a");

	assert_int_equal(a->mount_count, 6);
	snprintf(expected, sizeof(expected), "%s/y", fixture.directory);
	assert_int_equal(a->mounts[0].kind, MOUNT_BIND);
	assert_string_equal(a->mounts[0].source, expected);
	assert_string_equal(a->mounts[0].target, "/y");
	assert_true(a->mounts[0].read_only);
	assert_true(a->mounts[0].create_host_path);
	assert_string_equal(a->mounts[1].source, "/abs");
	assert_false(a->mounts[1].read_only);
	assert_int_equal(a->mounts[2].kind, MOUNT_VOLUME);
	assert_string_equal(a->mounts[2].source, "data");
	assert_string_equal(stack_volume(stack, "data")->name, "shop_data");
	assert_int_equal(a->mounts[3].kind, MOUNT_VOLUME);
	assert_null(a->mounts[3].source);
	assert_int_equal(a->mounts[4].kind, MOUNT_TMPFS);
	assert_int_equal(a->mounts[4].tmpfs_bytes, 1048576);
	assert_int_equal(a->mounts[4].tmpfs_mode, 0700);
	assert_int_equal(a->mounts[5].tmpfs_mode, -1);
}

static void block_texts_end_where_the_indentation_does(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    command: |\n\n     sh -c x\n     y\n    entrypoint: >-\r\n      "
			  "a\r\n      b\r\n"
			  "    labels:\n      ? k\n      : |\n        v\n    user: x\n");

	assert_int_equal(a->command.count, 4);
	assert_string_equal(a->command.items[3].value, "y");
	assert_int_equal(a->entrypoint.count, 2);
	assert_string_equal(a->labels.items[0].value, "k=v\n");
	assert_string_equal(a->user.value, "x");
}

static void mounts_in_the_long_form(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    volumes:\n"
			  "      - {type: bind, source: /s, target: /a, read_only: true,\n"
			  "         bind: {create_host_path: false}}\n"
			  "      - {type: volume, target: /b, volume: {nocopy: true}}\n"
			  "      - {type: tmpfs, target: /c, tmpfs: {size: 64k, mode: 1777}}\n");

	assert_int_equal(a->mount_count, 3);
	assert_false(a->mounts[0].create_host_path);
	assert_true(a->mounts[0].read_only);
	assert_int_equal(a->mounts[0].source_pos.line, 5);
	assert_int_equal(a->mounts[0].source_pos.col, 30);
	assert_null(a->mounts[1].source);
	assert_int_equal(a->mounts[2].tmpfs_bytes, 65536);
	assert_int_equal(a->mounts[2].tmpfs_mode, 01777);
}

static void dependencies_in_both_forms(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services:\n"
			  "  a: {x-rootfs: host, depends_on: [c, b], command: x}\n"
			  "  b: {x-rootfs: host, healthcheck: {test: x}, command: x}\n"
			  "  c:\n    x-rootfs: host\n    command: x\n    depends_on:\n"
			  "      b: {condition: service_healthy, restart: true}\n"
			  "      d: {condition: service_completed_successfully, required: false}\n"
			  "  d: {x-rootfs: host, command: x}\n");
	const struct service *a = stack_service(stack, "a");
	const struct service *c = stack_service(stack, "c");

	assert_int_equal(a->depends_on_count, 2);
	assert_string_equal(a->depends_on[0].service, "b");
	assert_int_equal(a->depends_on[0].condition, DEPENDS_STARTED);
	assert_true(a->depends_on[0].required);
	assert_int_equal(c->depends_on[0].condition, DEPENDS_HEALTHY);
	assert_true(c->depends_on[0].restart);
	assert_int_equal(c->depends_on[1].condition, DEPENDS_COMPLETED);
	assert_false(c->depends_on[1].required);
	assert_null(stack_service(stack, "e"));
}

static void limits_and_replicas_have_old_twins(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = fixture_service(&fixture, "    deploy: {replicas: 3, mode: replicated, resources: "
				      "{limits: {cpus: '0.25', memory: 64M, pids: 20}}}");
	assert_int_equal(a->replicas, 3);
	assert_int_equal(a->limits.cpu_mcpu, 250);
	assert_int_equal(a->limits.memory_bytes, 67108864);
	assert_int_equal(a->limits.pids, 20);
	a = fixture_service(&fixture, "    scale: 2\n    cpus: 1.5\n    mem_limit: 1g\n"
				      "    pids_limit: -1\n"
				      "    deploy: {replicas: 2, resources: {limits: {cpus: 1.5, "
				      "memory: 1024m, pids: -1}}}");
	assert_int_equal(a->replicas, 2);
	assert_int_equal(a->limits.cpu_mcpu, 1500);
	assert_int_equal(a->limits.memory_bytes, 1073741824);
	assert_int_equal(a->limits.pids, -1);
	assert_int_equal(fixture_service(&fixture, "    scale: 0")->replicas, 0);
}

static void a_limit_of_0_is_none(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = fixture_service(&fixture, "    cpus: 0\n    mem_limit: 0\n    pids_limit: 0");
	assert_int_equal(a->limits.cpu_mcpu, 0);
	assert_int_equal(a->limits.memory_bytes, 0);
	assert_int_equal(a->limits.pids, -1);
}

static void the_smaller_keys(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    user: www-data:33\n    hostname: web.local\n"
			  "    working_dir: /srv//x/.\n    stop_signal: SIGQUIT\n"
			  "    stop_grace_period: 1m\n    read_only: true\n"
			  "    cap_add: [net_admin, CAP_CHOWN]\n    cap_drop: [all]\n"
			  "    network_mode: none\n    labels: [b=2, a]\n"
			  "    image: nginx\n    build: .\n    isolation: default\n"
			  "    x-mine: {any: thing}\n");

	assert_string_equal(a->user.value, "www-data:33");
	assert_string_equal(a->hostname.value, "web.local");
	assert_string_equal(a->working_dir.value, "/srv/x");
	assert_int_equal(a->stop_signal, SIGQUIT);
	assert_int_equal(a->stop_grace_ms, 60000);
	assert_true(a->read_only);
	assert_string_equal(a->cap_add.items[0].value, "CAP_NET_ADMIN");
	assert_string_equal(a->cap_add.items[1].value, "CAP_CHOWN");
	assert_string_equal(a->cap_drop.items[0].value, "ALL");
	assert_int_equal(a->network.mode, NETWORK_NONE);
	assert_string_equal(a->labels.items[0].value, "a=");
	assert_string_equal(a->labels.items[1].value, "b=2");
	assert_int_equal(fixture.diags.count, 0);
}

static void a_directory_can_be_the_root(void **unused)
{
	autofixture struct fixture fixture;
	char expected[PATH_MAX];

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack =
		fixture_good(&fixture, "services: {a: {x-rootfs: ./r, command: x}}");

	snprintf(expected, sizeof(expected), "%s/r", fixture.directory);
	assert_int_equal(stack->services[0].rootfs, ROOTFS_DIR);
	assert_string_equal(stack->services[0].rootfs_dir, expected);
}

static void profiles_enable_services(void **unused)
{
	static const char yaml[] = "services:\n  a: {x-rootfs: host, command: x}\n"
				   "  b: {x-rootfs: host, profiles: [debug, dev], command: x}\n"
				   "  c: {x-rootfs: host, profiles: [prod], command: x}\n";
	static const char *const environment[] = {"COMPOSE_PROFILES=x,debug", NULL};
	static const char *const files[] = {"shop.yaml", NULL};
	static const char *const all[] = {"*", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture, yaml, NULL);
	assert_true(stack_service(fixture.stack, "a")->enabled);
	assert_false(stack_service(fixture.stack, "b")->enabled);
	fixture_load(&fixture, yaml, environment);
	assert_true(stack_service(fixture.stack, "b")->enabled);
	assert_false(stack_service(fixture.stack, "c")->enabled);
	fixture_load_with(&fixture, (struct manifest_options){.files = files, .profiles = all});
	assert_true(stack_service(fixture.stack, "c")->enabled);
}

static void named_volumes_have_names_in_the_store(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services: {a: {x-rootfs: host, command: x}}\n"
			  "volumes:\n  one:\n  two: {name: other, labels: {a: b}, driver: local}\n"
			  "  three: {external: true}\n  four: {external: {name: old}}\n");

	assert_int_equal(stack->volume_count, 4);
	assert_string_equal(stack_volume(stack, "one")->name, "shop_one");
	assert_string_equal(stack_volume(stack, "two")->name, "other");
	assert_string_equal(stack_volume(stack, "two")->labels.items[0].value, "a=b");
	assert_string_equal(stack_volume(stack, "three")->name, "three");
	assert_true(stack_volume(stack, "three")->external);
	assert_string_equal(stack_volume(stack, "four")->name, "old");
}

static void anchors_and_merge_keys_are_resolved(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture,
		"x-base: &base\n  x-rootfs: host\n  command: x\n  restart: always\n  scale: 2\n"
		"x-more: &more {scale: 7, read_only: true}\n"
		"services:\n"
		"  a:\n    <<: *base\n    scale: 3\n"
		"  b:\n    <<: [*base, *more]\n"
		"    environment: &env {A: \"1\"}\n"
		"  c:\n    <<: *base\n    environment: *env\n");

	assert_int_equal(stack_service(stack, "a")->replicas, 3);
	assert_int_equal(stack_service(stack, "a")->restart.condition, RESTART_ALWAYS);
	assert_int_equal(stack_service(stack, "b")->replicas, 2);
	assert_true(stack_service(stack, "b")->read_only);
	assert_string_equal(stack_service(stack, "c")->environment.items[0].value, "A=1");
}

static void values_are_interpolated_and_keys_are_not(void **unused)
{
	static const char *const environment[] = {"N=3", "DIR=/data", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n  a:\n    x-rootfs: host\n    command: x\n    scale: ${N}\n"
		     "    read_only: ${RO:-true}\n    volumes: ['${DIR:?}:/d']\n"
		     "    environment: {'K$N': 'cost $$5', E: '${EMPTY-}'}\n"
		     "    hostname: ${HOST_NAME:-h}\n",
		     environment);
	assert_int_equal(fixture.r, 0);
	const struct service *a = stack_service(fixture.stack, "a");

	assert_int_equal(a->replicas, 3);
	assert_true(a->read_only);
	assert_string_equal(a->mounts[0].source, "/data");
	assert_string_equal(a->environment.items[0].value, "E=");
	assert_string_equal(a->environment.items[1].value, "K$N=cost $5");
	assert_string_equal(a->hostname.value, "h");
}

static void a_thousand_services_load_quickly(void **unused)
{
	autofixture struct fixture fixture;
	struct buf yaml = {0};

	(void)unused;
	fixture_open(&fixture);
	buf_puts(&yaml, "services:\n");
	for (unsigned i = 0; i < 1000; i++) {
		buf_printf(&yaml, "  s%u:\n    x-rootfs: host\n    depends_on: [", i);
		for (unsigned j = i > 40 ? i - 40 : 0; j < i; j++)
			buf_printf(&yaml, "s%u, ", j);
		buf_printf(&yaml, "]\n    ports: ['%u:80']\n    command: [a, b]\n", 10000 + i);
	}
	assert_false(yaml.failed);
	assert_int_equal(fixture_good(&fixture, yaml.data)->service_count, 1000);
	buf_free(&yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_service_has_the_defaults),
		cmocka_unit_test(commands_are_lists_or_split_text),
		cmocka_unit_test(the_environment_is_merged_sorted_and_inherited),
		cmocka_unit_test(environment_lists_and_a_lone_env_file_work),
		cmocka_unit_test(health_checks_have_four_forms),
		cmocka_unit_test(restart_and_its_overriding_policy),
		cmocka_unit_test(x_restart_and_its_defaults),
		cmocka_unit_test(groups_limits_and_names_for_people),
		cmocka_unit_test(links_are_dependencies),
		cmocka_unit_test(mounts_in_the_short_form),
		cmocka_unit_test(block_texts_end_where_the_indentation_does),
		cmocka_unit_test(mounts_in_the_long_form),
		cmocka_unit_test(dependencies_in_both_forms),
		cmocka_unit_test(limits_and_replicas_have_old_twins),
		cmocka_unit_test(a_limit_of_0_is_none),
		cmocka_unit_test(the_smaller_keys),
		cmocka_unit_test(a_directory_can_be_the_root),
		cmocka_unit_test(profiles_enable_services),
		cmocka_unit_test(named_volumes_have_names_in_the_store),
		cmocka_unit_test(anchors_and_merge_keys_are_resolved),
		cmocka_unit_test(values_are_interpolated_and_keys_are_not),
		cmocka_unit_test(a_thousand_services_load_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
