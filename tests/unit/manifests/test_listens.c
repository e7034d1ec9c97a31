// SPDX-License-Identifier: GPL-2.0-or-later
/* On which ports a service is said to listen, and whether it is waited for. */
#include "tests/unit/cmocka_all.h"

#include "manifests/listens.h"

#define TEXT(text)                                                                                 \
	{                                                                                          \
		.value = (char *)(text)                                                            \
	}

static struct port_spec ports[] = {{.target = 80, .protocol = PROTOCOL_TCP},
				   {.target = 53, .protocol = PROTOCOL_UDP}};
static struct text exposed[] = {TEXT("8000-8002/tcp"), TEXT("70/udp"), TEXT("71/sctp")};
static struct text of_image[] = {TEXT("443"), TEXT("80/tcp"), TEXT("123/udp")};

static void published_exposed_and_image_ports_count_for_tcp_alone(void **unused)
{
	const struct service service = {.ports = ports,
					.port_count = 2,
					.expose = {exposed, 3},
					.image_ports = {of_image, 3}};
	struct listens listens = {0};
	char text[64];

	(void)unused;
	assert_false(listens_somewhere(&listens));
	listens_add(&listens, &(struct service){0});
	assert_false(listens_somewhere(&listens));
	listens_add(&listens, &service);
	assert_true(listens_somewhere(&listens));
	assert_true(listens_on(&listens, 80) && listens_on(&listens, 8001));
	assert_false(listens_on(&listens, 53) || listens_on(&listens, 70) ||
		     listens_on(&listens, 71) || listens_on(&listens, 123));
	listens_text(&listens, text, sizeof(text));
	assert_string_equal(text, "80, 443, 8000-8002");
}

static void what_an_image_says_may_be_nonsense(void **unused)
{
	static struct text nonsense[] = {
		TEXT(""),	TEXT("x/tcp"),	 TEXT("0/tcp"),
		TEXT("65536"),	TEXT("9-8/tcp"), TEXT("1-99999999999999/tcp"),
		TEXT("-1/tcp"), TEXT("80/TCP"),	 TEXT("80-/tcpx")};
	const struct service service = {.image_ports = {nonsense, 9}};
	struct listens listens = {0};

	(void)unused;
	listens_add(&listens, &service);
	assert_false(listens_somewhere(&listens));
}

static void a_text_is_cut_where_there_is_no_room(void **unused)
{
	static struct text all[] = {TEXT("65535"), TEXT("1-65533")};
	const struct service service = {.expose = {all, 2}};
	struct listens listens = {0};
	char text[8];

	(void)unused;
	listens_add(&listens, &service);
	listens_text(&listens, text, sizeof(text));
	assert_string_equal(text, "1-65533");
}

/* Scaled, with a port to call: whatever is not said of that. */
static struct service scaled_service(void)
{
	return (struct service){.autoscale.present = true, .ports = ports, .port_count = 1};
}

static bool waits(const struct service *service)
{
	return listens_first(service, service);
}

static bool waits_with(enum probe_role role, enum probe_method method)
{
	struct service service = scaled_service();

	service.probes[role].method = method;
	return waits(&service);
}

static void who_comes_beside_others_and_says_nothing_listens_first(void **unused)
{
	struct service service = scaled_service();

	(void)unused;
	assert_true(waits(&service));
	service.autoscale.present = false;
	assert_false(waits(&service));
	service.deploy.update.start_first = true;
	assert_true(waits(&service));
	service.network.mode = NETWORK_HOST;
	assert_false(waits(&service));
	service = scaled_service();
	service.port_count = 0;
	assert_false(waits(&service));
}

static void what_says_when_it_is_ready_is_enough_and_so_is_none(void **unused)
{
	static const enum probe_method asked[] = {PROBE_HTTP, PROBE_TCP, PROBE_EXEC, PROBE_NOTIFY,
						  PROBE_NONE};
	struct service service = scaled_service();

	(void)unused;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		assert_false(waits_with(PROBE_STARTUP, asked[i]));
		assert_false(waits_with(PROBE_READINESS, asked[i]));
		assert_true(waits_with(PROBE_LIVENESS, asked[i]));
	}
	service.healthcheck.present = true;
	assert_false(waits(&service));
	/* Taken over from it, and nobody is asked any more: that was asked for. */
	service.probes[PROBE_READINESS].method = PROBE_NONE;
	assert_false(waits(&service));
	service.healthcheck = (struct healthcheck){.disabled = true};
	service.probes[PROBE_READINESS].method = PROBE_UNWRITTEN;
	assert_true(waits(&service));
}

static void an_images_ports_count_once_they_are_known(void **unused)
{
	struct service service = {.autoscale.present = true, .image_ports = {of_image, 0}};

	(void)unused;
	assert_false(waits(&service));
	service.image_ports.count = 3;
	assert_true(waits(&service));
	/* of_image[2] is for udp, exposed[2] for sctp: nobody is waited for there. */
	service.image_ports = (struct text_list){&of_image[2], 1};
	service.expose = (struct text_list){&exposed[2], 1};
	assert_false(waits(&service));
}

static void what_is_written_is_done_beside_other_probes_where_there_is_a_port(void **unused)
{
	struct service service = {.probes[PROBE_STARTUP].method = PROBE_LISTEN,
				  .probes[PROBE_READINESS].method = PROBE_TCP,
				  .healthcheck.present = true,
				  .ports = ports,
				  .port_count = 1};

	(void)unused;
	assert_true(waits(&service));
	service.probes[PROBE_READINESS].method = PROBE_NONE;
	assert_true(waits(&service));
	service.network.mode = NETWORK_NONE;
	assert_false(waits(&service));
	service.network.mode = NETWORK_BRIDGE;
	service.port_count = 0;
	assert_false(waits(&service));
}

static void an_instance_may_be_older_than_the_manifest(void **unused)
{
	const struct service scaled = scaled_service();
	struct service older = {0};
	struct service written = {.probes[PROBE_STARTUP].method = PROBE_LISTEN};

	(void)unused;
	assert_true(listens_first(&older, &scaled));
	assert_true(listens_first(&scaled, &(struct service){.autoscale.present = true}));
	older = scaled;
	older.autoscale.present = false;
	assert_false(listens_first(&scaled, &older));
	older.probes[PROBE_STARTUP].method = PROBE_NONE;
	assert_false(listens_first(&older, &scaled));
	assert_true(listens_first(&older, &written));
	older.probes[PROBE_STARTUP].method = PROBE_EXEC;
	assert_false(listens_first(&older, &written));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_exposed_and_image_ports_count_for_tcp_alone),
		cmocka_unit_test(what_an_image_says_may_be_nonsense),
		cmocka_unit_test(a_text_is_cut_where_there_is_no_room),
		cmocka_unit_test(who_comes_beside_others_and_says_nothing_listens_first),
		cmocka_unit_test(what_says_when_it_is_ready_is_enough_and_so_is_none),
		cmocka_unit_test(an_images_ports_count_once_they_are_known),
		cmocka_unit_test(what_is_written_is_done_beside_other_probes_where_there_is_a_port),
		cmocka_unit_test(an_instance_may_be_older_than_the_manifest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
