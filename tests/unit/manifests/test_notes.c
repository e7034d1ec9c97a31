// SPDX-License-Identifier: GPL-2.0-or-later
/* What is understood but cannot be done yet: a note to a reader, an error to a launch. */
#include "tests/unit/manifests/fixture.h"

struct noted {
	const char *yaml;
	const char *line; /* without "shop.yaml:" and "note: ", the place in front */
};

static void check_note(struct fixture *fixture, const struct noted *noted)
{
	size_t place = strcspn(noted->line, " ");
	char line[512];

	snprintf(line, sizeof(line), "shop.yaml:%.*s note:%s", (int)place, noted->line,
		 noted->line + place);
	fixture_load(fixture, noted->yaml, NULL);
	if (fixture->r != 0 || fixture->diags.error_count || !fixture_says(fixture, line))
		fail_msg("for:\n%s\nexpected: %s\ngot %d:\n%s", noted->yaml, line, fixture->r,
			 fixture->printed);
	diagnostics_judge(&fixture->diags, (const char *[]){"a", NULL});
	assert_int_equal(fixture->diags.error_count, 1);
	assert_int_equal(fixture->diags.items[0].severity, SEVERITY_ERROR);
}

static void every_note_is_an_error_for_a_launch(void **unused)
{
	static const struct noted all[] = {
		{"services: {a: {x-rootfs: host, command: x, configs: [c]}}\nconfigs: {c: {file: "
		 "./c}}\n",
		 "2:21: services.a.configs: c: cannot read './c': No such file or directory"},
		{"services: {a: {x-rootfs: host, command: x, secrets: [s]}}\nsecrets: {s: {file: "
		 "/}}\n",
		 "2:21: services.a.secrets: s: cannot read '/': it is not a regular file"},
		{"services: {a: {x-rootfs: host, command: x, secrets: [s]}}\nsecrets: {s: "
		 "{environment: TOKEN}}\n",
		 "2:28: services.a.secrets: s: the variable TOKEN is not set"},
		{"services: {a: {x-rootfs: host, command: x}}\nvolumes: {v: {driver_opts: {type: "
		 "nfs}}}\n",
		 "2:28: volumes.v.driver_opts: the type nfs is not supported yet"},
		{"services: {a: {x-rootfs: host, command: x}}\nvolumes: {v: {driver_opts: {type: "
		 "none, o: bind}}}\n",
		 "2:28: volumes.v.driver_opts: a bind needs the path of a directory as device"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check_note(&fixture, &all[i]);
}

static void a_launch_without_the_service_is_not_concerned(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services: {a: {image: x, secrets: [s]}, b: {x-rootfs: host, command: x, "
		     "mem_swappiness: 1}}\nsecrets: {s: {environment: NONE}}\n",
		     NULL);
	assert_int_equal(fixture.diags.count, 2);
	diagnostics_judge(&fixture.diags, (const char *[]){"b", NULL});
	assert_int_equal(fixture.diags.count, 1);
	assert_int_equal(fixture.diags.items[0].severity, SEVERITY_WARNING);
	diagnostics_judge(&fixture.diags, NULL);
	assert_int_equal(fixture.diags.count, 1);
}

/* The lines of a service `a`, each with the note it gets; a place of column 0 is not written. */
static void networks_are_noted(void **unused)
{
	static const struct noted all[] = {
		{"volumes_from: ['container:b:ro']",
		 "4:18: services.a.volumes_from: 'container:b:ro' is not supported: only services "
		 "of this stack have volumes to give"},
		{"gpus: all", "4:3: services.a.gpus is not supported yet"},
		{"external_links: [a]", "4:3: services.a.external_links is not supported yet"},
		{"network_mode: container:x",
		 "4:17: services.a.network_mode: the network of an instance of another stack is "
		 "not supported yet"},
		{"network_mode: other_default", "4:17: services.a.network_mode: a network of "
						"somebody else is not supported yet"},
		{"networks: [v]",
		 "4:14: services.a.networks.v: the driver macvlan is not supported yet"},
		{"ports: ['[::1]:80:80']",
		 "4:11: services.a.ports: the IPv6 address ::1 needs a network with enable_ipv6: "
		 "true"},
		{"ports: [80/sctp]", "4:11: services.a.ports: sctp is not supported yet"},
		{"networks: [g]", "12:20: networks.g: a network without IPv4 is not supported yet"},
		{"networks: [o]",
		 "13:21: networks.o.driver_opts: "
		 "com.docker.network.bridge.enable_icc=false is not supported yet"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[2048];
		const struct noted noted = {yaml, all[i].line};

		snprintf(yaml, sizeof(yaml),
			 "services:\n a:\n  x-rootfs: host\n  %s\n  command: x\n b: {x-rootfs: "
			 "host, command: x, network_mode: none}\nnetworks: {n: , e: {external: "
			 "true}, v: {driver: macvlan},\n  # each in a line of its own\n  i: "
			 "{internal: true},\n  s: {ipam: {config: [{subnet: 10.1.0.0/16}]}},\n  f: "
			 "{enable_ipv6: true},\n  g: {enable_ipv4: false},\n  o: {driver_opts: "
			 "{com.docker.network.bridge.enable_icc: 'false'}}}\n",
			 all[i].yaml);
		check_note(&fixture, &noted);
	}
}

static void ports_that_collide_are_noted(void **unused)
{
	static const struct noted all[] = {
		{"127.0.0.1:80:80', '0.0.0.0:80:81",
		 "1:71: port 80/tcp is published twice, first on line 1"},
		{"80:80', '127.0.0.1:80:81",
		 "1:61: port 80/tcp is published twice, first on line 1"},
		{"80-90:80-90', '85-95:5-15",
		 "1:67: port 85/tcp is published twice, first on line 1"},
		{"127.0.0.1:80:80', '127.0.0.2:80:80', '127.0.0.2:80:81",
		 "1:90: port 80/tcp is published twice, first on line 1"},
		{"80:80']}, b: {image: x, ports: ['80:81",
		 "1:85: port 80/tcp is published twice, first on line 1"},
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char yaml[256];
		const struct noted noted = {yaml, all[i].line};

		snprintf(yaml, sizeof(yaml),
			 "services: {a: {x-rootfs: host, command: x, ports: ['%s']}}\n",
			 all[i].yaml);
		check_note(&fixture, &noted);
	}
	fixture_load(&fixture, "services: {a: {image: x, ports: ['[::]:80:80', '80:81']}}\n", NULL);
	assert_true(fixture_says(
		&fixture, "shop.yaml:1:48: note: port 80/tcp is published twice, first on line 1"));
}

static void whoever_extends_a_service_is_noted_too(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_load(&fixture,
		     "services:\n"
		     " a: {x-rootfs: host, command: x, secrets: [s]}\n"
		     " b: {extends: a}\n"
		     " c: {extends: a}\n"
		     "secrets: {s: {environment: NONE}}\n",
		     NULL);
	assert_int_equal(fixture.r, 0);
	diagnostics_judge(&fixture.diags, (const char *[]){"c", NULL});
	assert_int_equal(fixture.diags.error_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_note_is_an_error_for_a_launch),
		cmocka_unit_test(networks_are_noted),
		cmocka_unit_test(ports_that_collide_are_noted),
		cmocka_unit_test(a_launch_without_the_service_is_not_concerned),
		cmocka_unit_test(whoever_extends_a_service_is_noted_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
