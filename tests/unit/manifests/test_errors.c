// SPDX-License-Identifier: GPL-2.0-or-later
/* Every way a manifest can be wrong, and the line a person gets to read. */
#include "tests/unit/manifests/fixture.h"

struct fault {
	const char *yaml;
	const char *line; /* without "shop.yaml:" */
};

static void check_faults(const struct fault *faults, size_t count)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++) {
		char line[512];

		snprintf(line, sizeof(line), "shop.yaml:%s", faults[i].line);
		fixture_load(&fixture, faults[i].yaml, NULL);
		if (fixture.r != -EINVAL || fixture.diags.error_count != 1 ||
		    !fixture_says(&fixture, line))
			fail_msg("for:\n%s\nexpected: %s\ngot %d:\n%s", faults[i].yaml, line,
				 fixture.r, fixture.printed);
		assert_string_equal(fixture.err.text, "1 error in shop.yaml");
		assert_null(fixture.stack);
	}
}

/* @lines are those of a service `a` with x-rootfs; the place and message follow. */
static void check_service_faults(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char yaml[2048];
		struct fault fault = {yaml, faults[i].line};

		snprintf(yaml, sizeof(yaml), "services:\n a:\n  x-rootfs: host\n  %s\n%s",
			 faults[i].yaml, strstr(faults[i].yaml, "command") ? "" : "  command: x\n");
		check_faults(&fault, 1);
	}
}

static void faulty_documents(void **unused)
{
	static const struct fault faults[] = {
		{"", " error: the manifest is empty"},
		{"# nothing\n", " error: the manifest is empty"},
		{"- a\n", "1:1: error: a manifest must be a mapping, this is a list"},
		{"text\n", "1:1: error: a manifest must be a mapping, this is text"},
		{"name: x\n", "1:1: error: a manifest needs services"},
		{"web:\n  image: x\ndb:\n  build: .\n",
		 "1:1: error: the first version of the format is not supported: write services: "
		 "above all services, and indent them"},
		{"services: [a]\n", "1:11: error: services must be a mapping, this is a list"},
		{"services:\n  a:\n", "2:3: error: services.a must be a mapping, this is nothing"},
		{"services: {a: {x-rootfs: host, command: x}}\n---\nservices: {}\n",
		 "2:1: error: a manifest is one document: remove what follows '---'"},
		{"services: {a: {x-rootfs: host, command: x}}\nservices: {}\n",
		 "2:1: error: the key 'services' is written twice, first on line 1"},
		{"services: {a: *none}\n", "1:15: error: no anchor '&none' before this alias"},
		{"services: {[a, b]: c}\n", "1:12: error: a key must be text, this is a list"},
		{"services: {a: {<<: 3, x-rootfs: host, command: x}}\n",
		 "1:20: error: '<<' wants a mapping or a list of mappings, this is text"},
		{"servces: {a: {x-rootfs: host, command: x}}\nservices: {a: {x-rootfs: host, "
		 "command: x}}\n",
		 "1:1: error: servces is not a known key: did you mean 'services'?"},
		{"services: {a: {x-rootfs: host, command: x}}\nmodels: {}\n",
		 "2:1: error: models is not supported: there is no model runner"},
		{"services: {'a b': {x-rootfs: host, command: x}}\n",
		 "1:12: error: 'a b' is not a service name: letters, digits, _ . -, at most 63"},
		{"services: {'..': {x-rootfs: host, command: x}}\n",
		 "1:12: error: '..' is not a service name: letters, digits, _ . -, at most 63"},
		{"services: {a: {command: x}}\n", "1:12: error: services.a needs an image, a "
						  "build, or x-rootfs: host or a directory"},
		{"services: {a: {x-rootfs: host, command: x, x-allow: '$!'}}\n",
		 "1:53: error: invalid substitution '$!': no variable name after $ (write $$ for a "
		 "$)"},
		{"services:\n  a:\n    x-rootfs: host\n    command: |\n\n    user: x\n",
		 "4:5: error: the text of this key must be indented more than the key"},
		{"services: {a: {image: , build: , command: x}}\n",
		 "1:12: error: services.a needs an image, a build, or x-rootfs: host or a "
		 "directory"},
		{"services: {a: {x-rootfs: host}}\n",
		 "1:12: error: services.a needs a command: there is no image to take one from"},
		{"services: {a: {x-rootfs: '', command: x}}\n",
		 "1:26: error: services.a.x-rootfs: '' is neither host nor a directory: a path "
		 "starts with / or ./"},
		{"services: {a: {x-rootfs: hst, command: x}}\n",
		 "1:26: error: services.a.x-rootfs: 'hst' is neither host nor a directory: a path "
		 "starts with / or ./"},
	};

	(void)unused;
	check_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_keys(void **unused)
{
	static const struct fault faults[] = {
		{"comand: x",
		 "4:3: error: services.a.comand is not a known key: did you mean 'command'?"},
		{"zzz: x", "4:3: error: services.a.zzz is not a known key"},
		{"credential_spec: {}",
		 "4:3: error: services.a.credential_spec is not supported: it is for Windows"},
		{"cpu_rt_runtime: 1ms",
		 "4:3: error: services.a.cpu_rt_runtime is not supported: cgroup v2 has no "
		 "real-time cpu limits"},
		{"deploy: {replica: 2}", "4:12: error: services.a.deploy.replica is not a known "
					 "key: did you mean 'replicas'?"},
		{"environment: [{A: b}]",
		 "4:17: error: services.a.environment: in a list it is written A=VALUE"},
		{"healthcheck: {test: x, inteval: 1s}",
		 "4:26: error: services.a.healthcheck.inteval is not a known key: did you mean "
		 "'interval'?"},
		{"isolation: hyperv",
		 "4:14: error: services.a.isolation: 'hyperv' is not supported: it is for Windows"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_process_values(void **unused)
{
	static const struct fault faults[] = {
		{"command: {a: b}",
		 "4:12: error: services.a.command: must be a list, this is a mapping"},
		{"command: [a, [b]]",
		 "4:16: error: services.a.command: must be text, this is a list"},
		{"command: \"a 'b\"", "4:12: error: services.a.command: a quote or backslash at "
				      "the end stays open"},
		{"working_dir: srv",
		 "4:16: error: services.a.working_dir: 'srv' must start with /"},
		{"user: 'a:b c'",
		 "4:9: error: services.a.user: 'a:b c' is not a user: write NAME or "
		 "UID, and :GROUP or :GID after it"},
		{"user: 4294967295",
		 "4:9: error: services.a.user: '4294967295' is not a user: write NAME or UID, and "
		 ":GROUP or :GID after it"},
		{"hostname: -a", "4:13: error: services.a.hostname: '-a' is not a host name: "
				 "letters, digits, - and _, at most 64"},
		{"stop_signal: SIGFOO", "4:16: error: services.a.stop_signal: 'SIGFOO' is not a "
					"signal: write for example SIGTERM"},
		{"stop_grace_period: 10",
		 "4:22: error: services.a.stop_grace_period: '10' is not a duration: write for "
		 "example 1m30s or 500ms"},
		{"environment: text", "4:16: error: services.a.environment: must be a mapping or "
				      "a list, this is text"},
		{"environment: [=x]",
		 "4:17: error: services.a.environment: '=x' has no name before the ="},
		{"environment: [A b]",
		 "4:17: error: services.a.environment: 'A b' has no =: write NAME=VALUE"},
		{"hostname: 5", "4:13: error: services.a.hostname: must be text: write \"5\", with "
				"the quotes"},
		{"container_name: true", "4:19: error: services.a.container_name: must be text: "
					 "write \"true\", with the quotes"},
		{"domainname: 1.5", "4:15: error: services.a.domainname: must be text: write "
				    "\"1.5\", with the quotes"},
		{"environment: {A: [b]}",
		 "4:20: error: services.a.environment: must be text, this is a list"},
		{"env_file: no.env", "4:13: error: services.a.env_file: cannot read 'no.env': No "
				     "such file or directory"},
		{"env_file: /dev/null", "4:13: error: services.a.env_file: cannot read "
					"'/dev/null': it is not a regular file"},
		{"env_file: [{required: true}]", "4:14: error: services.a.env_file: needs a path"},
		{"labels: [com.docker.compose.project=x]",
		 "4:12: error: services.a.labels: names that start with com.docker.compose are "
		 "reserved"},
		{"labels: {'a=b': c}",
		 "4:12: error: services.a.labels: the name 'a=b' contains a ="},
		{"profiles: ['a b']", "4:14: error: services.a.profiles: 'a b' is not a profile "
				      "name: letters, digits, _ . -"},
		{"read_only: maybe",
		 "4:14: error: services.a.read_only: 'maybe' is neither true nor false"},
		{"cap_add: [net_admn]", "4:13: error: services.a.cap_add: 'net_admn' is not a "
					"capability: did you mean 'NET_ADMIN'?"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_groups_limits_and_names(void **unused)
{
	static const struct fault faults[] = {
		{"group_add: ['a b']",
		 "4:15: error: services.a.group_add: 'a b' is not a group: write a NAME or a GID"},
		{"domainname: -x", "4:15: error: services.a.domainname: '-x' is not a domain name: "
				   "letters, digits, - and ., at most 64"},
		{"container_name: a b", "4:19: error: services.a.container_name: 'a b' is not a "
					"name: letters, digits, _ . -"},
		{"container_name: b\n  scale: 2",
		 "4:19: error: services.a.container_name: 2 instances cannot share one name: "
		 "remove it, or run one instance"},
		{"container_name: c\n  command: x\n b: {x-rootfs: host, command: x, "
		 "container_name: c}",
		 "6:50: error: services.b.container_name: 'c' is the name of service 'a' already"},
		{"links: a", "4:10: error: services.a.links: must be a list, this is text"},
		{"links: [a]", "4:11: error: depends_on goes in a circle: a -> a"},
		{"expose: ['80:80']",
		 "4:12: error: services.a.expose: '80:80' is not a port: write "
		 "for example 80, 8000-8010 or 53/udp"},
		{"expose: [9-8]", "4:12: error: services.a.expose: '9-8' is not a port: write "
				  "for example 80, 8000-8010 or 53/udp"},
		{"expose: [80/icmp]", "4:12: error: services.a.expose: '80/icmp' is not a port: "
				      "write for example 80, 8000-8010 or 53/udp"},
		{"label_file: none.env", "4:15: error: services.a.label_file: cannot read "
					 "'none.env': No such file or directory"},
		{"annotations: {'a=b': c}",
		 "4:17: error: services.a.annotations: the name 'a=b' contains a ="},
		{"ulimits: {nofiles: 1}",
		 "4:13: error: services.a.ulimits.nofiles is not a known key: "
		 "did you mean 'nofile'?"},
		{"ulimits: {nofile: -2}",
		 "4:21: error: services.a.ulimits.nofile: '-2' is not a whole "
		 "number of at least -1"},
		{"ulimits: {nofile: {soft: 1}}",
		 "4:21: error: services.a.ulimits.nofile needs both soft and hard"},
		{"ulimits: {nofile: {soft: -1, hard: 1}}",
		 "4:28: error: services.a.ulimits.nofile: the soft limit is above the hard one"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_x_restart(void **unused)
{
	static const struct fault faults[] = {
		{"x-restart: always",
		 "4:14: error: services.a.x-restart must be a mapping, this is text"},
		{"x-restart: {dealy: 1s}", "4:15: error: services.a.x-restart.dealy is not a known "
					   "key: did you mean 'delay'?"},
		{"x-restart: {factor: 0.5}",
		 "4:23: error: services.a.x-restart.factor: '0.5' is not a "
		 "number from 1 to 100"},
		{"x-restart: {jitter: 10%}",
		 "4:23: error: services.a.x-restart.jitter: '10%' is not a "
		 "number from 0 to 1"},
		{"x-restart: {delay: 2s, max_delay: 1s}",
		 "4:37: error: services.a.x-restart.max_delay: is less than the delay"},
		{"x-restart: {burst: 33, interval: 1s}", "4:22: error: services.a.x-restart.burst: "
							 "'33' is not a whole number from 1 to 32"},
		{"x-restart: {burst: 3}",
		 "4:22: error: services.a.x-restart.burst: needs an interval, "
		 "for example interval: 1m"},
		{"x-restart: {interval: 1m}", "4:25: error: services.a.x-restart.interval: needs a "
					      "burst: how many restarts it may contain"},
		{"x-restart: {prevent_exit_codes: [1, 256]}",
		 "4:39: error: services.a.x-restart.prevent_exit_codes: '256' is neither an exit "
		 "status from 0 to 255 nor a signal such as SIGTERM"},
		{"x-restart: {prevent_exit_codes: [1, 2], force_exit_codes: [3, 2]}",
		 "4:61: error: services.a.x-restart.force_exit_codes: shares a status with "
		 "prevent_exit_codes"},
		{"deploy: {restart_policy: {delay: 1s}}\n  x-restart: {factor: 3}",
		 "5:23: error: services.a.x-restart: factor contradicts "
		 "deploy.restart_policy.delay: "
		 "write one of them"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_health_and_restart(void **unused)
{
	static const struct fault faults[] = {
		{"healthcheck: {}", "4:16: error: services.a.healthcheck: needs a test, for "
				    "example [CMD, program]"},
		{"healthcheck: {test: [CMD]}",
		 "4:23: error: services.a.healthcheck.test: must be text, [NONE], [CMD, program, "
		 "…] or [CMD-SHELL, text]"},
		{"healthcheck: {test: [a, b]}",
		 "4:23: error: services.a.healthcheck.test: must be text, [NONE], [CMD, program, "
		 "…] or [CMD-SHELL, text]"},
		{"healthcheck: {test: x, interval: 1us}",
		 "4:36: error: services.a.healthcheck.interval: must be at least 1ms"},
		{"healthcheck: {test: x, retries: -1}",
		 "4:35: error: services.a.healthcheck.retries: '-1' is not a whole number from 0 "
		 "to 100000"},
		{"restart: sometimes",
		 "4:12: error: services.a.restart: 'sometimes' is not \"no\", always, "
		 "on-failure[:N] or unless-stopped"},
		{"restart: on-failure:x", "4:12: error: services.a.restart: 'x' is not a whole "
					  "number from 0 to 2147483647"},
		{"deploy: {restart_policy: {condition: ever}}",
		 "4:40: error: services.a.deploy.restart_policy.condition: 'ever' is not none, "
		 "on-failure or any"},
		{"scale: -1", "4:10: error: services.a.scale: '-1' is not a whole number from 0 "
			      "to 10000"},
		{"deploy: {mode: globul}",
		 "4:18: error: services.a.deploy.mode: 'globul' is not replicated or global"},
		{"mem_limit: 12q", "4:14: error: services.a.mem_limit: '12q' is not a size: "
				   "write for example 64m or 1.5g (units b k m g t)"},
		{"scale: 2\n  deploy: {replicas: 3}",
		 "5:22: error: services.a.deploy.replicas: contradicts line 4: write it once, or "
		 "the same twice"},
		{"cpus: 1\n  deploy: {resources: {limits: {cpus: 2}}}",
		 "5:39: error: services.a.deploy.resources.limits.cpus: contradicts line 4: write "
		 "it once, or the same twice"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_mounts(void **unused)
{
	static const struct fault faults[] = {
		{"volumes: x", "4:12: error: services.a.volumes: must be a list, this is text"},
		{"volumes: ['./x:/']", "4:13: error: services.a.volumes: '/' is no place to "
				       "mount: write an absolute path other than /"},
		{"volumes: ['./x:y']", "4:13: error: services.a.volumes: 'y' is no place to "
				       "mount: write an absolute path other than /"},
		{"volumes: ['a/b:/y']", "4:13: error: services.a.volumes: 'a/b' is not a volume "
					"name: a path starts with / or ./ or ~/"},
		{"volumes: ['/x:/y:ro:z']",
		 "4:13: error: services.a.volumes: '/x:/y:ro:z' has too many colons"},
		{"volumes: ['/x:/y:r']", "4:13: error: services.a.volumes: 'r' is not a mount "
					 "option: write ro or rw"},
		{"volumes: ['data:/y']", "4:13: error: services.a.volumes: no volume 'data' is "
					 "defined under the top-level volumes"},
		{"volumes: [{target: /x}]",
		 "4:13: error: services.a.volumes: needs a type: bind, volume or tmpfs"},
		{"volumes: [{type: bind, target: /x}]",
		 "4:13: error: services.a.volumes: a bind needs a source"},
		{"volumes: [{type: bind, source: /x}]",
		 "4:13: error: services.a.volumes: needs a target"},
		{"volumes: [{type: npipe, source: /x, target: /y}]",
		 "4:20: error: services.a.volumes.type: npipe is not supported: it is for Windows"},
		{"volumes: [{type: cluster, source: x, target: /y}]",
		 "4:20: error: services.a.volumes.type: cluster is not supported: there is only "
		 "this machine"},
		{"volumes: [{type: image, source: x, target: /y}]",
		 "4:20: error: services.a.volumes.type: image is not supported yet"},
		{"volumes: [{type: tmpfs, source: x, target: /y}]",
		 "4:35: error: services.a.volumes.source: a tmpfs has no source"},
		{"volumes: [{type: tmpfs, target: /y, tmpfs: {mode: 9}}]",
		 "4:53: error: services.a.volumes.mode: '9' is not an octal mode: write \"1777\""},
		{"tmpfs: '/x:id=3'", "4:10: error: services.a.tmpfs: the option 'id=3' is not "
				     "supported: write size=, mode=, uid=, gid=, nr_inodes=, "
				     "exec or ro"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_ports(void **unused)
{
	static const struct fault faults[] = {
		{"ports: 80", "4:10: error: services.a.ports: must be a list, this is text"},
		{"ports: ['70000:80']", "4:11: error: services.a.ports: '70000' is not a port: "
					"write 1 to 65535, or a range like 8000-8010"},
		{"ports: ['80:0']", "4:11: error: services.a.ports: '0' is not a port: write 1 to "
				    "65535, or a range like 8000-8010"},
		{"ports: ['8-7:1-2']", "4:11: error: services.a.ports: '8-7' is not a port: write "
				       "1 to 65535, or a range like 8000-8010"},
		{"ports: ['1-3:1-2']",
		 "4:11: error: services.a.ports: the ranges 1-3 and 1-2 have different lengths"},
		{"ports: ['80/icmp']",
		 "4:11: error: services.a.ports: the protocol 'icmp' is not tcp, udp or sctp"},
		{"ports: ['300.0.0.1:80:80']",
		 "4:11: error: services.a.ports: '300.0.0.1' is not an IP address"},
		{"ports: ['[::g]:80:80']",
		 "4:11: error: services.a.ports: '[::g]' is not an IP address"},
		{"ports: [{published: 80}]", "4:11: error: services.a.ports: needs a target"},
		{"network_mode: none\n  ports: ['80:80']",
		 "5:11: error: services.a.ports: network_mode none has no ports to publish"},
	};

	(void)unused;
	check_service_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_references(void **unused)
{
	static const struct fault faults[] = {
		{"services:\n a: {x-rootfs: host, depends_on: [b], command: x}\n",
		 "2:35: error: services.a.depends_on: there is no service 'b'"},
		{"services:\n a: {x-rootfs: host, depends_on: [a], command: x}\n",
		 "2:35: error: depends_on goes in a circle: a -> a"},
		{"services:\n a: {x-rootfs: host, depends_on: [b], command: x}\n"
		 " b: {x-rootfs: host, depends_on: [c], command: x}\n c: {x-rootfs: host, "
		 "depends_on: [a], command: x}\n",
		 "4:35: error: depends_on goes in a circle: a -> b -> c -> a"},
		{"services:\n a: {x-rootfs: host, depends_on: {b: {condition: service_healthy}}, "
		 "command: x}\n"
		 " b: {x-rootfs: host, command: x}\n",
		 "2:35: error: services.a.depends_on: service_healthy, but 'b' has no healthcheck"},
		{"services:\n a: {x-rootfs: host, depends_on: [b], command: x}\n"
		 " b: {x-rootfs: host, profiles: [p], command: x}\n",
		 "2:35: error: services.a.depends_on: no active profile enables 'b'"},
		{"services:\n a: {x-rootfs: host, depends_on: {b: {condition: started}}, command: "
		 "x}\n"
		 " b: {x-rootfs: host, command: x}\n",
		 "2:50: error: services.a.depends_on.b.condition: 'started' is not "
		 "service_started, service_healthy or service_completed_successfully"},
		{"services:\n a: {x-rootfs: host, depends_on: {b: {}}, command: x}\n b: {x-rootfs: "
		 "host, command: x}\n",
		 "2:35: error: services.a.depends_on.b: needs a condition, for example "
		 "service_started"},
		{"services: {a: {x-rootfs: host, command: x}}\nvolumes: {v: {driver: nfs}}\n",
		 "2:23: error: volumes.v.driver: 'nfs' is not supported, only local"},
		{"services: {a: {x-rootfs: host, command: x}}\nvolumes: {v: {name: a/b}}\n",
		 "2:21: error: volumes.v.name: 'a/b' is not a volume name: letters, digits, _ . "
		 "-"},
		{"services: {a: {x-rootfs: host, hostname: '${X:?set X}', command: x}}\n",
		 "1:42: error: the required variable X is not set: set X"},
	};

	(void)unused;
	check_faults(faults, ARRAY_SIZE(faults));
}

static void an_mtu_is_a_number_that_links_can_have(void **unused)
{
	static const struct fault faults[] = {
		{"services: {a: {x-rootfs: host, command: x}}\n"
		 "networks: {a: {driver_opts: {com.docker.network.driver.mtu: 67}}}\n",
		 "2:30: error: networks.a.driver_opts: com.docker.network.driver.mtu=67: an MTU is "
		 "a number from 68 to 65535"},
		{"services: {a: {x-rootfs: host, command: x}}\n"
		 "networks: {a: {driver_opts: {com.docker.network.driver.mtu: 1500m}}}\n",
		 "2:30: error: networks.a.driver_opts: com.docker.network.driver.mtu=1500m: an MTU "
		 "is a number from 68 to 65535"},
	};

	(void)unused;
	check_faults(faults, ARRAY_SIZE(faults));
}

static void all_faults_are_told_at_once_in_their_order(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n  z:\n    scale: x\n    x-rootfs: host\n    models: [x]\n"
		     "  a:\n    x-rootfs: host\n    ports: ['0', '99999']\n",
		     NULL);
	assert_int_equal(fixture.diags.error_count, 4);
	assert_string_equal(fixture.err.text, "4 errors in shop.yaml");
	assert_int_equal(fixture.diags.items[0].pos.line, 3);
	assert_int_equal(fixture.diags.items[1].pos.line, 5);
	assert_int_equal(fixture.diags.items[2].pos.col, 13);
	assert_int_equal(fixture.diags.items[3].pos.col, 18);
}

static void the_line_is_shown_with_a_caret(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n  a:\n    x-rootfs: host\n    models: x\n    command: x\n", NULL);
	assert_string_equal(fixture.printed, "shop.yaml:4:5: error: services.a.models is not "
					     "supported: there is no model runner\n"
					     "      models: x\n"
					     "      ^\n");
}

static void control_characters_never_reach_the_terminal(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n  a:\n    x-rootfs: host\n    restart: \"\\e[31m\\nred\"\n", NULL);
	assert_int_equal(fixture.diags.error_count, 1);
	assert_null(strchr(fixture.printed, 0x1b));
	assert_non_null(strstr(fixture.printed, "'?[31m?red'"));
}

static void warnings_do_not_fail_a_load(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "version: '3'\nservices:\n  a:\n    x-rootfs: host\n"
			       "    cpu_count: 2\n    volumes: ['/x:/y:cached']\n"
			       "    hostname: h$NONE\n    read_only: yes\n"
			       "    network_mode: host\n    ports: ['80:80']\n    command: x\n");
	assert_int_equal(fixture.diags.count, 6);
	assert_int_equal(fixture.diags.error_count, 0);
	assert_true(fixture_says(&fixture, "shop.yaml:1:1: warning: version is obsolete and has "
					   "no effect"));
	assert_true(fixture_says(
		&fixture, "shop.yaml:7:15: warning: the variable NONE is not set: an empty text "
			  "is used"));
	assert_int_equal(fixture.stack->services[0].port_count, 0);
}

static void faults_of_env_files_point_into_them(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "bad.env", "A=1\n=2\n");
	fixture_load(&fixture, "services: {a: {x-rootfs: host, env_file: bad.env, command: x}}\n",
		     NULL);
	assert_string_equal(fixture.printed,
			    "bad.env:2:1: error: expected NAME=value\n  =2\n  ^\n");
}

static void faults_of_substitution_come_with_all_others(void **unused)
{
	static const char *const environment[] = {"N=many", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, ".env", "\nP=99999\n");
	fixture_load(&fixture,
		     "services:\n"
		     "  a: {x-rootfs: host, command: x, user: '${U:?say who}', scale: $N}\n"
		     "  b: {x-rootfs: '${', comand: x, ports: ['${P}:1']}\n"
		     "  b: {}\n",
		     environment);
	assert_true(fixture_says(
		&fixture, "shop.yaml:2:41: error: the required variable U is not set: say who"));
	assert_true(fixture_says(&fixture,
				 "shop.yaml:2:65: error: services.a.scale: 'many' is not a whole "
				 "number from 0 to 10000 (N from the environment)"));
	assert_non_null(strstr(fixture.printed, "(P from .env:2:1)"));
	assert_non_null(strstr(fixture.printed, "did you mean 'command'?"));
	assert_non_null(strstr(fixture.printed, "shop.yaml:4:3: error: the key 'b'"));
	assert_int_equal(fixture.diags.error_count, 6);
}

static void names_that_lead_nowhere_get_a_suggestion(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n"
		     "  web: {x-rootfs: host, command: x, depends_on: [databse],\n"
		     "        volumes: ['dta:/d']}\n"
		     "  database: {x-rootfs: host, command: x}\n"
		     "volumes: {data: }\n",
		     NULL);
	assert_non_null(strstr(fixture.printed, "no service 'databse': did you mean 'database'?"));
	assert_non_null(strstr(fixture.printed, "volumes: did you mean 'data'?"));
	assert_int_equal(fixture.diags.error_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faulty_documents),
		cmocka_unit_test(faulty_keys),
		cmocka_unit_test(faulty_process_values),
		cmocka_unit_test(faulty_groups_limits_and_names),
		cmocka_unit_test(faulty_x_restart),
		cmocka_unit_test(faulty_health_and_restart),
		cmocka_unit_test(faulty_mounts),
		cmocka_unit_test(faulty_ports),
		cmocka_unit_test(faulty_references),
		cmocka_unit_test(an_mtu_is_a_number_that_links_can_have),
		cmocka_unit_test(all_faults_are_told_at_once_in_their_order),
		cmocka_unit_test(the_line_is_shown_with_a_caret),
		cmocka_unit_test(control_characters_never_reach_the_terminal),
		cmocka_unit_test(warnings_do_not_fail_a_load),
		cmocka_unit_test(faults_of_env_files_point_into_them),
		cmocka_unit_test(faults_of_substitution_come_with_all_others),
		cmocka_unit_test(names_that_lead_nowhere_get_a_suggestion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
