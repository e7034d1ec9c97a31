// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits, surroundings, logging and deploy: values, faults, notes, merging and printing. */
#include "tests/unit/manifests/one_service.h"

static void limits_have_units(void **unused)
{
	autofixture struct fixture fixture;
	const struct limits *limits;

	(void)unused;
	fixture_open(&fixture);
	limits =
		&one_service(&fixture, "cpu_shares: '512'\n  cpu_quota: 50000\n  cpu_period: 20ms\n"
				       "  cpuset: 0-2,5\n  mem_limit: 64m\n  mem_reservation: 32m\n"
				       "  memswap_limit: 1g\n  x-memory-high: 48m\n  deploy: "
				       "{resources: {reservations: "
				       "{cpus: '0.25', memory: 32M}}}")
			 ->limits;
	assert_int_equal(limits->cpu_shares, 512);
	assert_int_equal(limits->cpu_quota_us, 50000);
	assert_int_equal(limits->cpu_period_us, 20000);
	assert_string_equal(limits->cpuset.value, "0-2,5");
	assert_int_equal(limits->memory_reserved_bytes, 32 << 20);
	assert_int_equal(limits->memory_high_bytes, 48 << 20);
	assert_int_equal(limits->memory_swap_bytes, 1 << 30);
	assert_int_equal(limits->cpu_reserved_mcpu, 250);
	assert_int_equal(limits->cpu_shares_pos.line, 5);
	assert_int_equal(limits->cpu_reserved_pos.line, 13);
	limits = &one_service(&fixture, "cpu_quota: -1\n  memswap_limit: -1\n  cpuset: ''")->limits;
	assert_int_equal(limits->cpu_quota_us, -1);
	assert_int_equal(limits->memory_swap_bytes, -1);
	assert_null(limits->cpuset.value);
}

static void surroundings_are_read(void **unused)
{
	autofixture struct fixture fixture;
	const struct process_spec *process;

	(void)unused;
	fixture_open(&fixture);
	process =
		&one_service(&fixture,
			     "init: true\n  tty: 'true'\n  stdin_open: true\n  privileged: true\n"
			     "  oom_score_adj: -500\n  shm_size: 128m\n"
			     "  sysctls: [net.ipv4.ip_forward=1, kernel.shmmax=5]\n"
			     "  cgroup: host\n  ipc: service:b\n  pid: 'container:x'\n  uts: host")
			 ->process;
	assert_true(process->init && process->tty && process->stdin_open && process->privileged);
	assert_int_equal(process->oom_score_adj, -500);
	assert_int_equal(process->shm_bytes, 128 << 20);
	assert_int_equal(process->sysctls.count, 2);
	assert_string_equal(process->sysctls.items[0].value, "kernel.shmmax=5");
	assert_int_equal(process->cgroup.kind, SHARE_HOST);
	assert_int_equal(process->ipc.kind, SHARE_SERVICE);
	assert_string_equal(process->ipc.name, "b");
	assert_int_equal(process->pid.kind, SHARE_CONTAINER);
	assert_string_equal(process->pid.name, "x");
	assert_int_equal(process->uts.kind, SHARE_HOST);
	assert_int_equal(process->uts.pos.line, 15);
}

static void what_is_shared_must_start_first(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = one_service(&fixture, "ipc: service:b\n  pid: service:b");
	assert_int_equal(a->depends_on_count, 1);
	assert_string_equal(a->depends_on[0].service, "b");
	assert_true(a->depends_on[0].required && a->depends_on[0].restart);
	a = one_service(&fixture, "ipc: service:b\n  depends_on: {b: {condition: "
				  "service_completed_successfully}}");
	assert_int_equal(a->depends_on_count, 1);
	assert_int_equal(a->depends_on[0].condition, DEPENDS_COMPLETED);
}

static void logging_has_a_driver_and_options(void **unused)
{
	autofixture struct fixture fixture;
	const struct logging_spec *logging;

	(void)unused;
	fixture_open(&fixture);
	logging = &one_service(&fixture, "logging: {driver: local, options: {max-size: 10m, "
					 "max-file: '3', tag: x}}")
			   ->logging;
	assert_int_equal(logging->driver, LOG_LOCAL);
	assert_int_equal(logging->max_bytes, 10 << 20);
	assert_int_equal(logging->max_files, 3);
	assert_int_equal(logging->options.count, 3);
	logging =
		&one_service(&fixture, "logging: {driver: gelf, options: {max-size: z}}")->logging;
	assert_int_equal(logging->driver, LOG_OTHER);
	assert_string_equal(logging->name, "gelf");
	assert_int_equal(
		one_service(&fixture, "logging: {options: {max-size: '-1'}}")->logging.max_bytes,
		-1);
}

static void a_journal_takes_a_tag_that_is_no_template(void **unused)
{
	autofixture struct fixture fixture;
	const struct logging_spec *logging;

	(void)unused;
	fixture_open(&fixture);
	logging = &one_service(&fixture, "logging: {driver: journald, options: {tag: shop, "
					 "max-size: 1m, labels: x}}")
			   ->logging;
	assert_int_equal(logging->driver, LOG_JOURNALD);
	assert_string_equal(logging->tag, "shop");
	assert_int_equal(logging->max_bytes, 1 << 20);
	assert_null(one_service(&fixture, "logging: {driver: journald, options: {tag: "
					  "'{{.Name}}'}}")
			    ->logging.tag);
	assert_null(one_service(&fixture, "logging: {driver: journald, options: {tag: "
					  "'{{.ID}}'}}")
			    ->logging.tag);
	assert_null(one_service(&fixture, "logging: {options: {tag: shop}}")->logging.tag);
}

static void deploy_says_how_instances_are_replaced(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = one_service(&fixture,
			"deploy: {endpoint_mode: dnsrr, labels: {x: 1}, update_config: "
			"{parallelism: 2, delay: 10s, failure_action: rollback, monitor: 1m, "
			"max_failure_ratio: 0.25, order: start-first}, rollback_config: "
			"{parallelism: 0, failure_action: continue}}");
	assert_true(a->deploy.dnsrr);
	assert_string_equal(a->deploy.labels.items[0].value, "x=1");
	assert_int_equal(a->deploy.update.parallelism, 2);
	assert_int_equal(a->deploy.update.delay_ms, 10000);
	assert_int_equal(a->deploy.update.failure, ROLLOUT_ROLLBACK);
	assert_int_equal(a->deploy.update.monitor_ms, 60000);
	assert_int_equal(a->deploy.update.max_failure_ratio_milli, 250);
	assert_true(a->deploy.update.start_first);
	assert_int_equal(a->deploy.rollback.parallelism, 0);
	assert_int_equal(a->deploy.rollback.failure, ROLLOUT_CONTINUE);
	assert_false(a->deploy.rollback.start_first);
	a = one_service(&fixture, "deploy: {mode: global, replicas: 3}");
	assert_int_equal(a->replicas, 1);
	assert_true(fixture_says(&fixture, "shop.yaml:5:18: warning: services.a.deploy.mode: "
					   "global is one instance: there is only this machine"));
	assert_true(fixture_says(&fixture, "shop.yaml:5:36: warning: services.a.deploy: replicas "
					   "have no effect with mode global"));
}

static void faulty_limits_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"cpu_shares: -1", "5:15: error: services.a.cpu_shares: '-1' is not a whole number "
				   "from 0 to 262144"},
		{"cpu_quota: 10", "5:14: error: services.a.cpu_quota: must be at least 1000 "
				  "(microseconds), or -1 for no limit"},
		{"cpu_quota: x", "5:14: error: services.a.cpu_quota: 'x' is neither a number of "
				 "microseconds nor a duration"},
		{"cpu_quota: []",
		 "5:14: error: services.a.cpu_quota: must be text, this is a list"},
		{"cpu_period: 2s",
		 "5:15: error: services.a.cpu_period: must be 1000 to 1000000 microseconds"},
		{"cpu_period: 1.5", "5:15: error: services.a.cpu_period: '1.5' is neither a number "
				    "of microseconds nor a duration"},
		{"cpuset: 3-1", "5:11: error: services.a.cpuset: '3-1' is not a set of processors: "
				"write for example 0-3 or 0,2"},
		{"cpuset: 1,", "5:11: error: services.a.cpuset: '1,' is not a set of processors: "
			       "write for example 0-3 or 0,2"},
		{"cpuset: '1, 2'", "5:11: error: services.a.cpuset: '1, 2' is not a set of "
				   "processors: write for example 0-3 or 0,2"},
		{"cpuset: 9999", "5:11: error: services.a.cpuset: '9999' is not a set of "
				 "processors: write for example 0-3 or 0,2"},
		{"cpuset: 1-x", "5:11: error: services.a.cpuset: '1-x' is not a set of "
				"processors: write for example 0-3 or 0,2"},
		{"mem_reservation: x",
		 "5:20: error: services.a.mem_reservation: 'x' is not a size: write for example "
		 "64m or 1.5g (units b k m g t)"},
		{"memswap_limit: x",
		 "5:18: error: services.a.memswap_limit: 'x' is not a size: write for example "
		 "64m or 1.5g (units b k m g t), or -1 for no limit"},
		{"x-memory-high: x",
		 "5:18: error: services.a.x-memory-high: 'x' is not a size: write for example "
		 "64m or 1.5g (units b k m g t)"},
		{"mem_limit: 1m\n  x-memory-high: 1m",
		 "6:18: error: services.a.x-memory-high: nothing is held back before the limit on "
		 "line 5: write less than that"},
		{"deploy: {resources: {reservations: {cpus: x}}}",
		 "5:45: error: services.a.deploy.resources.reservations.cpus: 'x' is not a number "
		 "of cores: write for example 0.5"},
		{"mem_reservation: 1m\n  deploy: {resources: {reservations: {memory: 2m}}}",
		 "6:47: error: services.a.deploy.resources.reservations.memory: contradicts line "
		 "5: write it once, or the same twice"},
		{"cpus: 1\n  cpu_quota: 5000",
		 "6:14: error: services.a.cpu_quota: cpus on line 5 says the same in one number: "
		 "write one of them"},
		{"cpus: 1\n  cpu_period: 5000",
		 "6:15: error: services.a.cpu_period: cpus on line 5 says the same in one number: "
		 "write one of them"},
		{"mem_limit: 1m\n  mem_reservation: 2m",
		 "6:20: error: services.a: the reserved memory is more than the limit on line 5"},
		{"memswap_limit: 1m", "5:18: error: services.a.memswap_limit counts memory and "
				      "swap: it needs a mem_limit"},
		{"mem_limit: 2m\n  memswap_limit: 1m",
		 "6:18: error: services.a.memswap_limit counts memory and swap: it is less than "
		 "the memory on line 5"},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_surroundings_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"init: 3", "5:9: error: services.a.init: '3' is neither true nor false"},
		{"oom_score_adj: 1001", "5:18: error: services.a.oom_score_adj: '1001' is not a "
					"whole number from -1000 to 1000"},
		{"shm_size: x", "5:13: error: services.a.shm_size: 'x' is not a size: write for "
				"example 64m or 1.5g (units b k m g t)"},
		{"sysctls: x",
		 "5:12: error: services.a.sysctls: must be a mapping or a list, this is text"},
		{"sysctls: [kernel.core_pattern=x]",
		 "5:13: error: services.a.sysctls: 'kernel.core_pattern' is not an instance's own: "
		 "those are kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.* and net.*"},
		{"sysctls: {net.x+kernel.core_pattern: 1}",
		 "5:13: error: services.a.sysctls: 'net.x+kernel.core_pattern' is not an "
		 "instance's own: those are kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.* and "
		 "net.*"},
		{"sysctls: {net..x: 1}",
		 "5:13: error: services.a.sysctls: 'net..x' is not an instance's own: those are "
		 "kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.* and net.*"},
		{"sysctls: {net.x/y: 1}",
		 "5:13: error: services.a.sysctls: 'net.x/y' is not an instance's own: those are "
		 "kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.* and net.*"},
		{"sysctls: {net.x: }", "5:13: error: services.a.sysctls: 'net.x' needs a value"},
		{"sysctls: {net.x: \"1\\n2\"}",
		 "5:13: error: services.a.sysctls: the value of 'net.x' is not one line"},
		{"sysctls: [net.x=1]\n  network_mode: host",
		 "5:13: error: services.a.sysctls: 'net.x' is the host's own with network_mode: "
		 "host"},
		{"sysctls: [kernel.sem=1]\n  ipc: host",
		 "5:13: error: services.a.sysctls: 'kernel.sem' is the host's own with ipc: host"},
		{"cgroup: x", "5:11: error: services.a.cgroup: 'x' is not host or private"},
		{"cgroup: service:b",
		 "5:11: error: services.a.cgroup: 'service:b' is not host or private"},
		{"ipc: x", "5:8: error: services.a.ipc: 'x' is not host, none, private, shareable "
			   "or service:NAME"},
		{"pid: 'service:'",
		 "5:8: error: services.a.pid: 'service:' is not host, private or service:NAME"},
		{"uts: none", "5:8: error: services.a.uts: 'none' is not host or private"},
		{"pid: service:c", "5:8: error: services.a.depends_on: there is no service 'c'"},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_deploy_and_logging_are_told_at_their_place(void **unused)
{
	static const struct fault faults[] = {
		{"logging: x", "5:12: error: services.a.logging must be a mapping, this is text"},
		{"logging: {options: []}",
		 "5:22: error: services.a.logging.options: must be a mapping, this is a list"},
		{"logging: {options: {max-size: x}}",
		 "5:23: error: services.a.logging.options.max-size: 'x' is not a size: write for "
		 "example 64m or 1.5g (units b k m g t)"},
		{"logging: {options: {max-file: 0}}",
		 "5:23: error: services.a.logging.options.max-file: '0' is not a whole number from "
		 "1 to 100000"},
		{"logging: {drivr: x}", "5:13: error: services.a.logging.drivr is not a known key: "
					"did you mean 'driver'?"},
		{"deploy: {mode: replicated-job}",
		 "5:18: error: services.a.deploy.mode: replicated-job is not supported: run it "
		 "with restart: \"no\" or on-failure"},
		{"deploy: {endpoint_mode: x}",
		 "5:27: error: services.a.deploy.endpoint_mode: 'x' is not vip or dnsrr"},
		{"deploy: {update_config: {failure_action: x}}",
		 "5:44: error: services.a.deploy.update_config.failure_action: 'x' is not pause, "
		 "continue or rollback"},
		{"deploy: {rollback_config: {failure_action: rollback}}",
		 "5:46: error: services.a.deploy.rollback_config.failure_action: 'rollback' is not "
		 "pause or continue"},
		{"deploy: {update_config: {order: x}}",
		 "5:35: error: services.a.deploy.update_config.order: 'x' is not stop-first or "
		 "start-first"},
		{"deploy: {update_config: {max_failure_ratio: 2}}",
		 "5:47: error: services.a.deploy.update_config.max_failure_ratio: '2' is not a "
		 "number from 0 to 1"},
		{"deploy: {update_config: {parallelism: x}}",
		 "5:41: error: services.a.deploy.update_config.parallelism: 'x' is not a whole "
		 "number from 0 to 100000"},
		{"deploy: {labels: {com.docker.compose.x: 1}}",
		 "5:21: error: services.a.deploy.labels: names that start with com.docker.compose "
		 "are reserved"},
		{"ipc: container:a-1",
		 "5:8: error: services.a.ipc: a service cannot share its own"},
		{"env_file: {path: x, required: false, format: json}",
		 "5:48: error: services.a.env_file.format: 'json' is not raw, the only format "
		 "with a name"},
	};

	(void)unused;
	check_one_service_faults(faults, ARRAY_SIZE(faults));
}

static void processes_and_ipc_of_an_instance_are_shared_by_its_name(void **unused)
{
	static const char *const names[] = {"gate", "vpn-1", "shop-vpn-1"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "services:\n  vpn: {x-rootfs: host, command: x, container_name: gate}\n"
			 "  app: {x-rootfs: host, command: x, pid: 'container:%s', ipc: "
			 "'container:%s'}\n",
			 names[i], names[i]);
		const struct service *app = stack_service(fixture_good(&fixture, yaml), "app");

		assert_int_equal(fixture.diags.count, 0);
		assert_string_equal(app->process.pid.service, "vpn");
		assert_string_equal(app->process.ipc.service, "vpn");
		assert_int_equal(app->process.ipc.index, 1);
		assert_int_equal(app->depends_on_count, 1);
		assert_string_equal(app->depends_on[0].service, "vpn");
	}
}

static void what_cannot_be_done_yet_is_noted(void **unused)
{
	static const struct fault notes[] = {
		{"pid: container:x", "5:8: note: services.a.pid: container:x is not supported yet: "
				     "no instance of this stack is called so"},
		{"logging: {driver: gelf}", "5:21: warning: services.a.logging.driver: there is no "
					    "driver 'gelf': logs are kept on this machine"},
		{"logging: {options: {tag: x}}",
		 "5:23: warning: services.a.logging.options.tag has no effect"},
		{"logging: {options: {tga: x}}",
		 "5:23: warning: services.a.logging.options.tga has no effect: it is not an option "
		 "of this driver"},
		{"container_name: x\n  deploy: {update_config: {order: start-first}}",
		 "6:27: warning: services.a.deploy: order: start-first has no effect: the service "
		 "has a container_name, which two instances cannot have at a time"},
		{"container_name: x\n  deploy: {rollback_config: {order: start-first}}",
		 "6:29: warning: services.a.deploy: order: start-first has no effect: the service "
		 "has a container_name, which two instances cannot have at a time"},
		{"deploy: {resources: {reservations: {generic_resources: []}}}",
		 "5:39: warning: services.a.deploy.resources.reservations.generic_resources has no "
		 "effect: there is only this machine"},
	};

	(void)unused;
	check_one_service_notes(notes, ARRAY_SIZE(notes));
}

static void what_davit_does_anyway_is_not_worth_a_word(void **unused)
{
	static const char *const silent[] = {
		"deploy: {update_config: {parallelism: 2, delay: 1s, monitor: 2s, order: "
		"start-first, failure_action: rollback, max_failure_ratio: 0.3}}",
		"init: true\n  tty: true\n  stdin_open: true\n  privileged: true",
		"oom_score_adj: 5",
		"cgroup: host\n  ipc: host\n  uts: host\n  pid: host",
		"ipc: service:b\n  pid: service:b",
		"ipc: none",
		"shm_size: 1m",
		"sysctls: [net.x=1]",
		"cpu_shares: 5\n  cpu_quota: 5000\n  cpu_period: 5000\n  cpuset: 0",
		"mem_limit: 5m\n  mem_reservation: 1m\n  memswap_limit: -1\n  x-memory-high: 4m",
		"x-memory-high: 64m",
		"cgroup: private\n  ipc: shareable\n  pid: ''\n  uts: ",
		"logging: {driver: json-file, options: {max-file: 3}}",
		"logging: ",
		"deploy: {mode: replicated, endpoint_mode: vip, update_config: {parallelism: 1, "
		"delay: 0s, order: stop-first, failure_action: pause, max_failure_ratio: 0}, "
		"rollback_config: {parallelism: 1}}",
		NULL,
	};

	(void)unused;
	check_one_service_silent(silent);
}

static void forms_merge_with_each_other(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	a = merge_one_service(
		&fixture,
		"sysctls: [net.a=1, net.b=1]\n  cpu_shares: 5\n  logging: {driver: local, options: "
		"{max-size: 1m}}\n  deploy: {update_config: {delay: 1s}, labels: [a=1]}",
		"sysctls: {net.b: 2}\n  cpu_shares: 6\n  logging: {options: {max-file: 2}}\n"
		"  deploy: {update_config: {parallelism: 3}, labels: {b: 2}}");
	assert_int_equal(a->process.sysctls.count, 2);
	assert_string_equal(a->process.sysctls.items[1].value, "net.b=2");
	assert_int_equal(a->limits.cpu_shares, 6);
	assert_int_equal(a->logging.options.count, 2);
	assert_int_equal(a->deploy.update.parallelism, 3);
	assert_int_equal(a->deploy.update.delay_ms, 1000);
	assert_int_equal(a->deploy.labels.count, 2);
	a = merge_one_service(&fixture, "logging: {driver: local, options: {max-size: 1m}}",
			      "logging: {driver: json-file}");
	assert_int_equal(a->logging.options.count, 0);
}

static void raw_files_are_taken_as_they_stand(void **unused)
{
	autofixture struct fixture fixture;
	const struct service *a;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "raw.env",
		      "\xef\xbb\xbf# no\n\n  A='$X' # yes\nB=\r\nNONE\nC=a=b \n");
	a = one_service(&fixture, "env_file: {path: raw.env, format: raw}");
	assert_int_equal(a->environment.count, 3);
	assert_string_equal(a->environment.items[0].value, "A='$X' # yes");
	assert_string_equal(a->environment.items[1].value, "B=");
	assert_string_equal(a->environment.items[2].value, "C=a=b ");
	fixture_write(&fixture, "raw.env", "A=1\n=2\n");
	load_one_service(&fixture, "env_file: {path: raw.env, format: raw}");
	assert_true(fixture_says(&fixture, "raw.env:2:1: error: expected NAME=value"));
}

static void what_is_printed_loads_again(void **unused)
{
	static const char *const all[] = {
		"init: true\n  tty: true\n  stdin_open: true\n  privileged: true",
		"oom_score_adj: -5\n  shm_size: 1k\n  sysctls: {net.x: a b}",
		"cgroup: host\n  ipc: none\n  pid: host\n  uts: host",
		"cgroup: private\n  ipc: shareable\n  pid: service:b",
		"ipc: container:x",
		"logging: {driver: gelf, options: {a: b}}",
		"logging: {driver: none}",
		"logging: {options: {max-size: 1m}}",
		"cpu_shares: 5\n  cpu_quota: -1\n  cpu_period: 5000\n  cpuset: 1-2,4",
		"mem_limit: 1m\n  mem_reservation: 1k\n  memswap_limit: 2m\n  x-memory-high: 512k",
		"memswap_limit: -1",
		"deploy: {resources: {reservations: {cpus: 0.5, memory: 1m}}}",
		"deploy: {mode: global, endpoint_mode: dnsrr, labels: {a: b}}",
		"deploy: {update_config: {parallelism: 0, delay: 1s, monitor: 2s, order: "
		"start-first, failure_action: rollback, max_failure_ratio: 0.5}}",
		"deploy: {rollback_config: {}}",
		NULL,
	};

	(void)unused;
	check_one_service_printing(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_have_units),
		cmocka_unit_test(surroundings_are_read),
		cmocka_unit_test(what_is_shared_must_start_first),
		cmocka_unit_test(logging_has_a_driver_and_options),
		cmocka_unit_test(a_journal_takes_a_tag_that_is_no_template),
		cmocka_unit_test(deploy_says_how_instances_are_replaced),
		cmocka_unit_test(faulty_limits_are_told_at_their_place),
		cmocka_unit_test(faulty_surroundings_are_told_at_their_place),
		cmocka_unit_test(faulty_deploy_and_logging_are_told_at_their_place),
		cmocka_unit_test(processes_and_ipc_of_an_instance_are_shared_by_its_name),
		cmocka_unit_test(what_cannot_be_done_yet_is_noted),
		cmocka_unit_test(what_davit_does_anyway_is_not_worth_a_word),
		cmocka_unit_test(forms_merge_with_each_other),
		cmocka_unit_test(raw_files_are_taken_as_they_stand),
		cmocka_unit_test(what_is_printed_loads_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
