// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS messages through ldns; see message.h. */
#include "launcher/dns/message.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#define PLAIN_SIZE_MAX 512  /* of a datagram to who says nothing else */
#define SIZE_MAX_OWN   1232 /* passes every link in one piece */

static void packet_drop(ldns_pkt **packet)
{
	ldns_pkt_free(*packet);
}

static void record_drop(ldns_rr **record)
{
	ldns_rr_free(*record);
}

#define autopacket on_leave(packet_drop)
#define autorecord on_leave(record_drop)

static uint16_t read_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write_u16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

void message_set_id(uint8_t *bytes, uint16_t id)
{
	write_u16(bytes, id);
}

enum message_rcode message_rcode(const uint8_t *bytes)
{
	return (enum message_rcode)(bytes[3] & 0xf);
}

static bool is_response(const uint8_t *bytes)
{
	return bytes[2] & 0x80;
}

static unsigned opcode_of(const uint8_t *bytes)
{
	return bytes[2] >> 3 & 0xf;
}

/* The name as text, by which it is looked up. */
static bool read_name(const ldns_rdf *owner, char text[static MESSAGE_NAME_MAX])
{
	autofree char *all = ldns_rdf2str(owner);
	size_t len = all ? strlen(all) : 0;

	if (!all || len >= MESSAGE_NAME_MAX)
		return false;
	if (len && all[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)all[i]);
	text[len] = '\0';
	return true;
}

/* A question whose name is not as it should be (a pointer in it) is none. */
static bool read_question(const ldns_rr *question, const uint8_t *bytes, size_t len,
			  struct message_query *query)
{
	const ldns_rdf *owner = ldns_rr_owner(question);
	size_t size = ldns_rdf_size(owner);

	query->type = (uint16_t)ldns_rr_get_type(question);
	query->question_len = size + 4;
	if (query->question_len > sizeof(query->question) ||
	    len < MESSAGE_HEADER + query->question_len)
		return false;
	memcpy(query->question, bytes + MESSAGE_HEADER, query->question_len);
	return memcmp(query->question, ldns_rdf_data(owner), size) == 0 &&
	       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN && read_name(owner, query->name);
}

static void read_edns(const ldns_pkt *packet, struct message_query *query)
{
	size_t size = ldns_pkt_edns_udp_size(packet);

	query->edns = ldns_pkt_edns(packet);
	query->size_max = PLAIN_SIZE_MAX;
	if (query->edns && size > PLAIN_SIZE_MAX)
		query->size_max = size < SIZE_MAX_OWN ? size : SIZE_MAX_OWN;
	if (query->edns && ldns_pkt_edns_version(packet) != 0)
		query->rcode = MESSAGE_BAD_VERSION;
}

int message_read(const uint8_t *bytes, size_t len, struct message_query *ret)
{
	autopacket ldns_pkt *packet = NULL;

	if (len < MESSAGE_HEADER || is_response(bytes))
		return -EBADMSG;
	*ret = (struct message_query){.id = read_u16(bytes),
				      .rcode = MESSAGE_MALFORMED,
				      .recursion = bytes[2] & 1,
				      .size_max = PLAIN_SIZE_MAX};
	if (opcode_of(bytes) != LDNS_PACKET_QUERY) {
		ret->rcode = MESSAGE_NOT_IMPLEMENTED;
		return 0;
	}
	if (len > MESSAGE_QUERY_MAX || read_u16(bytes + 4) != 1 || read_u16(bytes + 6) != 0 ||
	    ldns_wire2pkt(&packet, bytes, len) != LDNS_STATUS_OK)
		return 0;
	const ldns_rr_list *questions = ldns_pkt_question(packet);

	if (ldns_rr_list_rr_count(questions) != 1 ||
	    !read_question(ldns_rr_list_rr(questions, 0), bytes, len, ret)) {
		ret->question_len = 0;
		return 0;
	}
	ret->rcode = MESSAGE_OK;
	read_edns(packet, ret);
	return 0;
}

static ldns_rr *record_new(const ldns_rr *question, ldns_rr_type type, ldns_rdf *data)
{
	ldns_rr *record = ldns_rr_new();
	ldns_rdf *owner = ldns_rdf_clone(ldns_rr_owner(question));

	if (!record || !owner || !data) {
		ldns_rr_free(record);
		ldns_rdf_deep_free(owner);
		ldns_rdf_deep_free(data);
		return NULL;
	}
	ldns_rr_set_owner(record, owner);
	ldns_rr_set_type(record, type);
	ldns_rr_set_class(record, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(record, MESSAGE_TTL_S);
	if (ldns_rr_push_rdf(record, data))
		return record;
	ldns_rdf_deep_free(data);
	ldns_rr_free(record);
	return NULL;
}

static bool push_answer(ldns_pkt *packet, ldns_rr *record)
{
	if (record && ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, record))
		return true;
	ldns_rr_free(record);
	return false;
}

static bool push_addresses(ldns_pkt *packet, const ldns_rr *question,
			   const struct message_answer *answer)
{
	for (size_t i = 0; i < answer->address_count; i++) {
		const struct ip *ip = &answer->addresses[i];
		bool six = ip->family == 6;
		ldns_rdf *data = ldns_rdf_new_frm_data(six ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A,
						       six ? 16 : 4, ip->bytes);

		if (!push_answer(
			    packet,
			    record_new(question, six ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A, data)))
			return false;
	}
	return !answer->pointer ||
	       push_answer(packet, record_new(question, LDNS_RR_TYPE_PTR,
					      ldns_dname_new_frm_str(answer->pointer)));
}

static void set_header(ldns_pkt *packet, const struct message_query *query,
		       enum message_rcode rcode)
{
	ldns_pkt_set_id(packet, query->id);
	ldns_pkt_set_qr(packet, true);
	ldns_pkt_set_rd(packet, query->recursion);
	ldns_pkt_set_ra(packet, true);
	ldns_pkt_set_aa(packet, rcode == MESSAGE_OK || rcode == MESSAGE_NO_NAME);
	ldns_pkt_set_rcode(packet, rcode & 0xf);
	if (query->edns) {
		ldns_pkt_set_edns_udp_size(packet, SIZE_MAX_OWN);
		ldns_pkt_set_edns_extended_rcode(packet, (uint8_t)(rcode >> 4));
	}
}

static bool push_question(ldns_pkt *packet, const struct message_query *query,
			  const struct message_answer *answer)
{
	autorecord ldns_rr *question = NULL;
	size_t at = 0;

	if (!query->question_len)
		return true;
	if (ldns_wire2rr(&question, query->question, query->question_len, &at,
			 LDNS_SECTION_QUESTION) != LDNS_STATUS_OK ||
	    !push_addresses(packet, question, answer) ||
	    !ldns_pkt_push_rr(packet, LDNS_SECTION_QUESTION, question))
		return false;
	question = NULL; /* the packet's */
	return true;
}

static size_t write_once(const struct message_query *query, const struct message_answer *answer,
			 uint8_t *bytes, size_t max, bool truncated)
{
	autopacket ldns_pkt *packet = ldns_pkt_new();
	autofree uint8_t *wire = NULL;
	size_t len = 0;

	if (!packet || !push_question(packet, query, answer))
		return 0;
	set_header(packet, query, answer->rcode);
	ldns_pkt_set_tc(packet, truncated);
	if (ldns_pkt2wire(&wire, packet, &len) != LDNS_STATUS_OK)
		return 0;
	if (len > max)
		return truncated ? 0
				 : write_once(query, &(struct message_answer){answer->rcode}, bytes,
					      max, true);
	memcpy(bytes, wire, len);
	return len;
}

size_t message_write(const struct message_query *query, const struct message_answer *answer,
		     uint8_t *bytes, size_t max)
{
	return write_once(query, answer, bytes, max, false);
}

bool message_matches(const struct message_query *query, uint16_t id, const uint8_t *bytes,
		     size_t len)
{
	if (len < MESSAGE_HEADER + query->question_len || !is_response(bytes) ||
	    read_u16(bytes) != id || opcode_of(bytes) != LDNS_PACKET_QUERY ||
	    read_u16(bytes + 4) != 1)
		return false;
	for (size_t i = 0; i < query->question_len; i++)
		if (tolower(bytes[MESSAGE_HEADER + i]) != tolower(query->question[i]))
			return false;
	return true;
}
