// SPDX-License-Identifier: GPL-2.0-or-later
/* On which ports a service is said to listen. */
#include "tests/unit/cmocka_all.h"

#include "launcher/policy/listens.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_exposed_and_image_ports_count_for_tcp_alone),
		cmocka_unit_test(what_an_image_says_may_be_nonsense),
		cmocka_unit_test(a_text_is_cut_where_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
