// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks, attachments to them, and the names of others: values, faults, notes, printing. */
#include "tests/unit/manifests/fixture.h"

#include <netinet/in.h>

static const char *text_of(const struct ip *ip)
{
	static char text[IP_TEXT_MAX];

	return ip_format(ip, text);
}

static void a_service_is_attached_to_the_default_network(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(&fixture, "");

	assert_int_equal(a->network.mode, NETWORK_BRIDGE);
	assert_int_equal(a->network.attachment_count, 1);
	assert_string_equal(a->network.attachments[0].network, "default");
	assert_int_equal(fixture.stack->network_count, 1);
	assert_string_equal(fixture.stack->networks[0].name, "shop_default");
	assert_true(fixture.stack->networks[0].used);
	assert_int_equal(fixture.stack->networks[0].pos.line, 0);
	assert_int_equal(fixture.diags.count, 0);
}

static void what_is_done_needs_no_note(void **unused)
{
	static const char *const all[] = {
		"services:\n  a: {x-rootfs: host, command: x, networks: [front]}\n"
		"  b: {x-rootfs: host, command: x, networks: {front: }}\n"
		"networks: {front: , spare: {internal: true}}\n",
		"services:\n  a: {x-rootfs: host, command: x, networks: [default]}\n"
		"  b: {x-rootfs: host, command: x}\n"
		"networks: {default: {driver: bridge, name: lan, labels: [a=b]}}\n",
		"services:\n  a: {x-rootfs: host, command: x, networks: [front, back], "
		"mac_address: "
		"'02:00:00:00:00:01'}\nnetworks: {front: {internal: true, ipam: {config: [{subnet: "
		"10.1.0.0/16}]}}, back: }\n",
		"services:\n  a: {x-rootfs: host, command: x, networks: {front: {priority: 3}}}\n"
		"  b: {x-rootfs: host, command: x, profiles: [p], networks: [back]}\n"
		"networks: {front: {enable_ipv4: true, ipam: {driver: default}}, back: {}}\n",
	};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		fixture_good(&fixture, all[i]);
		if (fixture.diags.count)
			fail_msg("%s%s", all[i], fixture.printed);
	}
}

static const char *const full = "services:\n"
				"  web:\n"
				"    x-rootfs: host\n"
				"    command: x\n"
				"    networks:\n"
				"      front:\n"
				"        aliases: [www, shop.test]\n"
				"        ipv4_address: 172.28.5.10\n"
				"        ipv6_address: '2001:db8::10'\n"
				"        mac_address: 02-42-AC-11-00-02\n"
				"        interface_name: lan0\n"
				"        priority: 100\n"
				"        gw_priority: '-1'\n"
				"      back:\n"
				"  db: {x-rootfs: host, command: x, networks: [back, other]}\n"
				"networks:\n"
				"  front:\n"
				"    enable_ipv6: true\n"
				"    driver: bridge\n"
				"    driver_opts: {com.docker.network.driver.mtu: 1450}\n"
				"    ipam:\n"
				"      config:\n"
				"        - subnet: 172.28.0.0/16\n"
				"          ip_range: 172.28.5.0/24\n"
				"          gateway: 172.28.5.254\n"
				"          aux_addresses: {b: 172.28.1.6, a: 172.28.1.5}\n"
				"        - subnet: '2001:db8::/64'\n"
				"  back: {internal: true, name: shared}\n"
				"  other: {external: {name: proxy_net}}\n";

static void a_network_has_all_that_is_written(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(&fixture, full);
	const struct network *front = stack_network(stack, "front");
	const struct network *back = stack_network(stack, "back");
	const struct network *other = stack_network(stack, "other");

	assert_int_equal(stack->network_count, 4);
	assert_false(stack_network(stack, "default")->used);
	assert_string_equal(front->name, "shop_front");
	assert_true(front->ipv6 && front->ipv4 && !front->internal && !front->external);
	assert_int_equal(front->mtu, 1450);
	assert_int_equal(front->subnet_count, 2);
	assert_int_equal(front->subnets[0].subnet.prefix.bits, 16);
	assert_string_equal(text_of(&front->subnets[0].subnet.prefix.ip), "172.28.0.0");
	assert_int_equal(front->subnets[0].range.prefix.bits, 24);
	assert_string_equal(text_of(&front->subnets[0].gateway.ip), "172.28.5.254");
	assert_int_equal(front->subnets[0].reserved_count, 2);
	assert_string_equal(front->subnets[0].reserved[0].name, "a");
	assert_string_equal(text_of(&front->subnets[0].reserved[0].ip), "172.28.1.5");
	assert_int_equal(front->subnets[1].subnet.prefix.ip.family, 6);
	assert_true(back->internal);
	assert_string_equal(back->name, "shared");
	assert_true(other->external);
	assert_string_equal(other->name, "proxy_net");
}

static void an_attachment_has_all_that_is_written(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *web = stack_service(fixture_good(&fixture, full), "web");
	const struct net_attachment *back = &web->network.attachments[0];
	const struct net_attachment *front = &web->network.attachments[1];

	assert_int_equal(web->network.attachment_count, 2);
	assert_string_equal(back->network, "back");
	assert_int_equal(back->aliases.count, 0);
	assert_int_equal(back->ipv4.ip.family, 0);
	assert_int_equal(front->aliases.count, 2);
	assert_string_equal(front->aliases.items[1].value, "shop.test");
	assert_string_equal(text_of(&front->ipv4.ip), "172.28.5.10");
	assert_string_equal(text_of(&front->ipv6.ip), "2001:db8::10");
	assert_string_equal(front->mac_address.value, "02:42:ac:11:00:02");
	assert_string_equal(front->interface_name.value, "lan0");
	assert_int_equal(front->priority, 100);
	assert_int_equal(front->gw_priority, -1);
	assert_int_equal(front->ipv4.pos.line, 8);
	assert_int_equal(front->ipv4.pos.col, 23);
}

static void check_hosts(const struct service *a)
{
	static const struct host_spec expected[] = {
		{(char *)"db", (char *)"192.0.2.7", {0}},
		{(char *)"old", (char *)"192.0.2.8", {0}},
		{(char *)"six", (char *)"2001:db8::1", {0}},
		{(char *)"six", (char *)"::1", {0}},
		{(char *)"host.docker.internal", (char *)"host-gateway", {0}},
		{(char *)"two", (char *)"192.0.2.1", {0}},
		{(char *)"two", (char *)"192.0.2.2", {0}},
	};

	assert_int_equal(a->network.host_count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(a->network.hosts[i].name, expected[i].name);
		assert_string_equal(a->network.hosts[i].address, expected[i].address);
	}
}

static void extra_hosts_are_a_list_or_a_mapping(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	check_hosts(fixture_service(
		&fixture, "    extra_hosts: ['db=192.0.2.7', 'old:192.0.2.8', "
			  "'six=[2001:db8:0::1]', 'six:::1', 'host.docker.internal:host-gateway', "
			  "'two=192.0.2.1,192.0.2.2']\n"));
	check_hosts(fixture_service(&fixture,
				    "    extra_hosts:\n      db: 192.0.2.7\n      old: 192.0.2.8\n"
				    "      six: ['2001:db8::1', '[::1]']\n"
				    "      host.docker.internal: host-gateway\n"
				    "      two: 192.0.2.1,192.0.2.2\n"));
}

static void name_servers_are_one_or_several(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct service *a = fixture_service(
		&fixture, "    dns: 192.0.2.53\n    dns_search: [example.test, b.test]\n"
			  "    dns_opt: ['ndots:2', use-vc]\n    mac_address: 0242.ac11.0002\n"
			  "    external_links: [other_db_1, 'other_web_1:web']\n");
	const struct service_network *network = &a->network;

	assert_int_equal(network->dns.count, 1);
	assert_string_equal(network->dns.items[0].value, "192.0.2.53");
	assert_int_equal(network->dns_search.count, 2);
	assert_int_equal(network->dns_options.count, 2);
	assert_string_equal(network->dns_options.items[0].value, "ndots:2");
	assert_string_equal(network->mac_address.value, "02:42:ac:11:00:02");
	assert_int_equal(network->external_link_count, 2);
	assert_string_equal(network->external_links[0].alias, "other_db_1");
	assert_string_equal(network->external_links[1].alias, "web");
	a = fixture_service(&fixture, "    dns: [192.0.2.53, '2001:DB8::53']\n");
	assert_string_equal(a->network.dns.items[1].value, "2001:db8::53");
}

static const char *const joined =
	"services:\n"
	"  vpn: {x-rootfs: host, command: x}\n"
	"  app: {x-rootfs: host, command: x, network_mode: 'service:vpn', depends_on: [web]}\n"
	"  web: {x-rootfs: host, command: x, links: ['vpn:gate', vpn]}\n";

static void sharing_a_network_brings_a_dependency(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(&fixture, joined);
	const struct service *app = stack_service(stack, "app");
	const struct service *web = stack_service(stack, "web");

	assert_int_equal(app->network.mode, NETWORK_SERVICE);
	assert_string_equal(app->network.join.value, "vpn");
	assert_int_equal(app->network.attachment_count, 0);
	assert_int_equal(app->depends_on_count, 2);
	assert_string_equal(app->depends_on[0].service, "vpn");
	assert_true(app->depends_on[0].required && app->depends_on[0].restart);
	assert_int_equal(web->network.link_count, 1);
	assert_string_equal(web->network.links[0].alias, "gate");
	assert_int_equal(web->depends_on_count, 1);
}

static void an_instance_is_known_by_any_of_its_names(void **unused)
{
	static const char *const names[] = {"gate", "vpn-1", "shop-vpn-1", "shop_vpn_1"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "services:\n  vpn: {x-rootfs: host, command: x, container_name: gate}\n"
			 "  app: {x-rootfs: host, command: x, network_mode: 'container:%s'}\n",
			 names[i]);
		const struct service *app = stack_service(fixture_good(&fixture, yaml), "app");

		assert_int_equal(fixture.diags.count, 0);
		assert_int_equal(app->network.mode, NETWORK_CONTAINER);
		assert_string_equal(app->network.join_service, "vpn");
		assert_int_equal(app->network.join_index, 1);
		assert_int_equal(app->depends_on_count, 1);
		assert_string_equal(stack_network_owner(fixture.stack, app)->name, "vpn");
	}
}

static void the_network_of_the_host_is_a_mode(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	const struct stack *stack = fixture_good(
		&fixture, "services:\n  a: {x-rootfs: host, command: x, networks: [h]}\n"
			  "  b: {x-rootfs: host, command: x, networks: [n]}\n"
			  "  c: {x-rootfs: host, command: x, network_mode: default}\n"
			  "networks:\n  h: {external: true, name: host}\n  n: {driver: none}\n");

	assert_int_equal(stack_service(stack, "a")->network.mode, NETWORK_HOST);
	assert_int_equal(stack_service(stack, "b")->network.mode, NETWORK_NONE);
	assert_int_equal(stack_service(stack, "c")->network.mode, NETWORK_BRIDGE);
	assert_int_equal(fixture.diags.count, 0);
}

struct fault {
	const char *yaml;
	const char *line; /* without "shop.yaml:" */
};

/* @before and @after are put around what a fault writes. */
static void check_faults(const char *before, const struct fault *faults, size_t count,
			 const char *after)
{
	autofixture struct fixture fixture;

	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++) {
		char yaml[2048];
		char line[512];

		snprintf(yaml, sizeof(yaml), "%s%s%s", before, faults[i].yaml, after);
		snprintf(line, sizeof(line), "shop.yaml:%s", faults[i].line);
		fixture_load(&fixture, yaml, NULL);
		if (fixture.r != -EINVAL || fixture.diags.error_count != 1 ||
		    !fixture_says(&fixture, line))
			fail_msg("for:\n%s\nexpected: %s\ngot %d:\n%s", yaml, line, fixture.r,
				 fixture.printed);
	}
}

static void faulty_networks(void **unused)
{
	static const struct fault faults[] = {
		{"[a]", "2:11: error: networks: must be a mapping, this is a list"},
		{"{a: [b]}", "2:15: error: networks.a must be a mapping, this is a list"},
		{"{'a b': {}}", "2:12: error: 'a b' is not a network name: letters, digits, _ . -, "
				"at most 63"},
		{"{a: {name: 'x y'}}", "2:22: error: networks.a.name: 'x y' is not a network name: "
				       "letters, digits, _ . -"},
		{"{a: {drivr: x}}",
		 "2:16: error: networks.a.drivr is not a known key: did you mean 'driver'?"},
		{"{a: {driver: weave}}", "2:24: error: networks.a.driver: 'weave' is not "
					 "supported: write bridge, host or none"},
		{"{a: {driver_opts: [x]}}",
		 "2:29: error: networks.a.driver_opts: must be a mapping, this is a list"},
		{"{a: {external: true, internal: true}}",
		 "2:32: error: networks.a.internal: an external network has it already: remove "
		 "it, or external"},
		{"{a: {external: {nme: x}}}",
		 "2:27: error: networks.a.external.nme is not a known key: did you mean 'name'?"},
		{"{a: {internal: maybe}}",
		 "2:26: error: networks.a.internal: 'maybe' is neither true nor false"},
		{"{a: {ipam: {driver: other}}}",
		 "2:31: error: networks.a.ipam.driver: 'other' is not supported, only default"},
		{"{a: {ipam: {config: {subnet: x}}}}",
		 "2:31: error: networks.a.ipam.config: must be a list, this is a mapping"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0}]}}}",
		 "2:41: error: networks.a.ipam.config.subnet: '10.1.0.0' is not a subnet: write "
		 "for example 172.28.0.0/16"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/33}]}}}",
		 "2:41: error: networks.a.ipam.config.subnet: '10.1.0.0/33' is not a subnet: "
		 "write for example 172.28.0.0/16"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: 10.2.0.1}]}}}",
		 "2:63: error: networks.a.ipam: 10.2.0.1 is outside of the subnet 10.1.0.0/16"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: gate}]}}}",
		 "2:63: error: networks.a.ipam.config.gateway: 'gate' is not an IP address"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, ip_range: 10.0.0.0/8}]}}}",
		 "2:64: error: networks.a.ipam: the range 10.0.0.0/8 is outside of the subnet "
		 "10.1.0.0/16"},
		{"{a: {ipam: {config: [{gateway: 10.2.0.1}]}}}",
		 "2:32: error: networks.a.ipam.config: needs a subnet"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, aux_addresses: {p: 10.1.0.1}}]}}}",
		 "2:70: error: networks.a.ipam: 10.1.0.1 is the gateway of the network"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, aux_addresses: [p]}]}}}",
		 "2:69: error: networks.a.ipam.config.aux_addresses: must be a mapping, this is a "
		 "list"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16, aux_addresses: {p: x}}]}}}",
		 "2:70: error: networks.a.ipam.config.aux_addresses: 'x' is not an IP address"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16}, {subnet: 10.2.0.0/16}]}}}",
		 "2:64: error: networks.a.ipam: a bridge has one IPv4 subnet, this is a second "
		 "one"},
		{"{a: {ipam: {config: [{subnet: 10.1.0.0/16}]}},\n"
		 "  b: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}",
		 "3:32: error: networks.b.ipam: the subnet 10.0.0.0/8 overlaps 10.1.0.0/16 of "
		 "'a' on line 2"},
	};

	(void)unused;
	check_faults("services: {a: {x-rootfs: host, command: x}}\nnetworks: ", faults,
		     ARRAY_SIZE(faults), "\n");
}

/* @faults are lines of a service `a`. */
static void check_attachment_faults(const struct fault *faults, size_t count)
{
	check_faults("services:\n a:\n  x-rootfs: host\n  command: x\n  ", faults, count,
		     "\n b:\n  {x-rootfs: host, command: x, networks: {front: {ipv4_address: "
		     "10.1.0.9}}}\nnetworks:\n  front: {ipam: {config: [{subnet: 10.1.0.0/16}]}}\n"
		     "  back: {}\n  host: {driver: host}\n  away: {external: true}\n");
}

static void faulty_attachments(void **unused)
{
	static const struct fault faults[] = {
		{"networks: front",
		 "5:13: error: services.a.networks: must be a list or a mapping, this is text"},
		{"networks: [frnt]", "5:14: error: services.a.networks: no network 'frnt' is "
				     "defined under the top-level networks: did you mean 'front'?"},
		{"networks: [front, front]",
		 "5:21: error: services.a.networks: 'front' is listed twice"},
		{"networks: [[front]]",
		 "5:14: error: services.a.networks: must be text, this is a list"},
		{"networks: {front: 3}",
		 "5:21: error: services.a.networks.front must be a mapping, this is text"},
		{"networks: {front: {alias: [x]}}",
		 "5:22: error: services.a.networks.front.alias is not a known key: did you mean "
		 "'aliases'?"},
		{"networks: {front: {aliases: x}}",
		 "5:31: error: services.a.networks.front.aliases: must be a list, this is text"},
		{"networks: {front: {aliases: ['x y']}}",
		 "5:32: error: services.a.networks.front.aliases: 'x y' is not a host name"},
		{"networks: {front: {ipv4_address: 10.1.0}}",
		 "5:36: error: services.a.networks.front.ipv4_address: '10.1.0' is not an IP "
		 "address"},
		{"networks: {front: {ipv4_address: '::1'}}",
		 "5:36: error: services.a.networks.front.ipv4_address: '::1' is not an IPv4 "
		 "address"},
		{"networks: {front: {ipv4_address: 10.2.0.5}}",
		 "5:36: error: services.a.networks.front: 10.2.0.5 is outside of the subnet "
		 "10.1.0.0/16"},
		{"networks: {front: {ipv4_address: 10.1.255.255}}",
		 "5:36: error: services.a.networks.front: 10.1.255.255 is an address of the "
		 "subnet 10.1.0.0/16 itself"},
		{"networks: {front: {ipv4_address: 10.1.0.1}}",
		 "5:36: error: services.a.networks.front: 10.1.0.1 is the gateway of the network"},
		{"networks: {front: {ipv4_address: 10.1.0.9}}",
		 "7:65: error: services.b.networks.front: 10.1.0.9 is taken already, on line 5"},
		{"networks: {front: {ipv4_address: 10.1.0.5}}\n  scale: 2",
		 "5:36: error: services.a.networks.front: 2 instances cannot share one address: "
		 "remove it, or run one instance"},
		{"networks: {away: {ipv4_address: 10.1.0.5}}\n  scale: 2",
		 "5:35: error: services.a.networks.away: 2 instances cannot share one address: "
		 "remove it, or run one instance"},
		{"networks: {back: {ipv4_address: 10.1.0.5}}",
		 "5:35: error: services.a.networks.back: a fixed address needs an IPv4 subnet in "
		 "networks.back.ipam.config"},
	};

	(void)unused;
	check_attachment_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_modes_and_links(void **unused)
{
	static const struct fault faults[] = {
		{"networks: {front: {mac_address: 02:42}}",
		 "5:35: error: services.a.networks.front.mac_address: '02:42' is not a hardware "
		 "address: write for example 02:42:ac:11:00:02"},
		{"mac_address: 02:42:ac:11:00:02\n  scale: 2",
		 "5:16: error: services.a: 2 instances cannot share one hardware address: remove "
		 "it, or run one instance"},
		{"networks: {front: {interface_name: x}, back: {interface_name: x}}",
		 "5:38: error: services.a.networks: two interfaces are called 'x'"},
		{"mac_address: 01:00:5e:00:00:01",
		 "5:16: error: services.a.mac_address: '01:00:5e:00:00:01' is the address of a "
		 "group"},
		{"networks: {front: {interface_name: a-very-long-name}}",
		 "5:38: error: services.a.networks.front.interface_name: 'a-very-long-name' is "
		 "not a name for an interface: at most 15 characters, no / or :"},
		{"networks: {front: {priority: high}}",
		 "5:32: error: services.a.networks.front.priority: 'high' is not a whole number "
		 "from -2147483648 to 2147483647"},
		{"networks: {front: {link_local_ips: [169.254.1.1]}}",
		 "5:22: error: services.a.networks.front.link_local_ips is not supported: the "
		 "kernel makes link-local addresses"},
		{"networks: [front, host]", "5:21: error: services.a.networks: 'host' is the "
					    "host's network: it goes with no other"},
		{"networks: [front]\n  network_mode: bridge",
		 "6:17: error: services.a.network_mode: does not go with networks: remove one of "
		 "them"},
		{"network_mode: hst",
		 "5:17: error: services.a.network_mode: 'hst' is no mode: did you mean 'host'?"},
		{"network_mode: 'service:bb'", "5:17: error: services.a.network_mode: there is no "
					       "service 'bb': did you mean 'b'?"},
		{"network_mode: 'service:a'", "5:17: error: services.a.network_mode: a service "
					      "cannot share its own network"},
		{"network_mode: 'container:'",
		 "5:17: error: services.a.network_mode: '' is not a name"},
		{"network_mode: 'container:a-1'", "5:17: error: services.a.network_mode: a "
						  "service cannot share its own network"},
		{"network_mode: 'service:b'\n  ports: ['80:80']",
		 "6:11: error: services.a.ports: the network is that of 'b': publish its ports "
		 "there"},
	};

	(void)unused;
	check_attachment_faults(faults, ARRAY_SIZE(faults));
}

static void faulty_names(void **unused)
{
	static const struct fault faults[] = {
		{"extra_hosts: x=1", "5:18: error: services.a.extra_hosts: must be a list or a "
				     "mapping, this is text"},
		{"extra_hosts: [x]", "5:19: error: services.a.extra_hosts: 'x' has no address: "
				     "write NAME=ADDRESS"},
		{"extra_hosts: ['x=db']",
		 "5:19: error: services.a.extra_hosts: 'db' is not an IP address: write one, or "
		 "host-gateway"},
		{"extra_hosts: {'x y': 192.0.2.1}",
		 "5:26: error: services.a.extra_hosts: 'x y' is not a host name"},
		{"extra_hosts: {x: {y: z}}",
		 "5:22: error: services.a.extra_hosts: must be text, this is a mapping"},
		{"dns: ns.example.test",
		 "5:10: error: services.a.dns: 'ns.example.test' is not an IP address"},
		{"dns_search: ['a b']", "5:18: error: services.a.dns_search: 'a b' is not one "
					"word"},
		{"dns_opt: {a: b}", "5:14: error: services.a.dns_opt: must be a list, this is a "
				    "mapping"},
		{"links: ['b:']\n    network_mode: bridge\n    dns: x",
		 "7:10: error: services.a.dns: 'x' is not an IP address"},
		{"links: [':x']",
		 "5:13: error: services.a.links: ':x' is not of the form NAME or NAME:ALIAS"},
		{"external_links: x",
		 "5:21: error: services.a.external_links: must be a list, this is text"},
	};

	(void)unused;
	check_faults("services:\n  a:\n    x-rootfs: host\n    command: x\n    ", faults,
		     ARRAY_SIZE(faults), "\n  b: {x-rootfs: host, command: x}\n");
}

static void a_subnet_with_bits_behind_it_is_told(void **unused)
{
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_good(&fixture, "services: {a: {x-rootfs: host, command: x}}\n"
			       "networks: {n: {driver: overlay, attachable: true, ipam: {config: "
			       "[{subnet: 10.1.2.3/16}]}}}\n");
	assert_true(fixture_says(&fixture, "shop.yaml:2:76: warning: networks.n.ipam.config.subnet:"
					   " 10.1.2.3/16 is taken for 10.1.0.0/16"));
	assert_true(fixture_says(&fixture, "shop.yaml:2:24: warning: networks.n.driver: overlay is "
					   "bridge here: there is only this machine"));
	assert_true(fixture_says(&fixture, "shop.yaml:2:33: warning: networks.n.attachable has no "
					   "effect: there is only this machine"));
	assert_int_equal(fixture.diags.count, 3);
}

static void what_is_printed_means_the_same(void **unused)
{
	static const char *const texts[] = {"", "joined"};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(texts); i++) {
		autobuf struct buf first = {0};
		autobuf struct buf second = {0};
		enum manifest_format format =
			i % 2 ? MANIFEST_YAML + MANIFEST_RESOLVED : MANIFEST_YAML;

		fixture_good(&fixture, i / 2 ? joined : full);
		assert_int_equal(manifest_print(fixture.stack, format, &first, &fixture.err), 0);
		fixture_good(&fixture, first.data);
		assert_int_equal(manifest_print(fixture.stack, format, &second, &fixture.err), 0);
		assert_string_equal(first.data, second.data);
	}
}

static void later_files_describe_a_network_further(void **unused)
{
	static const char *const files[] = {"a.yaml", "b.yaml", NULL};
	autofixture struct fixture fixture;

	(void)unused;
	fixture_open(&fixture);
	fixture_write(&fixture, "a.yaml",
		      "services: {a: {x-rootfs: host, command: x, networks: [n], extra_hosts: "
		      "['x=192.0.2.1']}}\nnetworks:\n  n: {labels: [a=1], ipam: {config: [{subnet: "
		      "10.1.0.0/16, gateway: 10.1.0.9}]}}\n  m:\n");
	fixture_write(&fixture, "b.yaml",
		      "services: {a: {networks: {n: {aliases: [z]}, m: }, extra_hosts: {y: "
		      "192.0.2.2}}}\nnetworks:\n  n: {labels: {b: 2}, ipam: {config: [{subnet: "
		      "10.1.0.0/16, ip_range: 10.1.1.0/24}]}}\n");
	fixture_load_with(&fixture,
			  (struct manifest_options){.files = files, .stack_name = "shop"});
	assert_int_equal(fixture.r, 0);
	const struct network *n = stack_network(fixture.stack, "n");
	const struct service *a = stack_service(fixture.stack, "a");

	assert_int_equal(n->labels.count, 2);
	assert_int_equal(n->subnet_count, 1);
	assert_string_equal(text_of(&n->subnets[0].gateway.ip), "10.1.0.9");
	assert_int_equal(n->subnets[0].range.prefix.bits, 24);
	assert_int_equal(a->network.attachment_count, 2);
	assert_int_equal(a->network.attachments[1].aliases.count, 1);
	assert_int_equal(a->network.host_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_attached_to_the_default_network),
		cmocka_unit_test(what_is_done_needs_no_note),
		cmocka_unit_test(a_network_has_all_that_is_written),
		cmocka_unit_test(an_attachment_has_all_that_is_written),
		cmocka_unit_test(extra_hosts_are_a_list_or_a_mapping),
		cmocka_unit_test(name_servers_are_one_or_several),
		cmocka_unit_test(sharing_a_network_brings_a_dependency),
		cmocka_unit_test(an_instance_is_known_by_any_of_its_names),
		cmocka_unit_test(the_network_of_the_host_is_a_mode),
		cmocka_unit_test(faulty_networks),
		cmocka_unit_test(faulty_attachments),
		cmocka_unit_test(faulty_modes_and_links),
		cmocka_unit_test(faulty_names),
		cmocka_unit_test(a_subnet_with_bits_behind_it_is_told),
		cmocka_unit_test(what_is_printed_means_the_same),
		cmocka_unit_test(later_files_describe_a_network_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
