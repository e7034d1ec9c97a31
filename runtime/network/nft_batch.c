// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions of elements as netlink messages; see nft_batch.h. */
#include "runtime/network/nft_batch.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

struct head {
	struct nlmsghdr header;
	struct nfgenmsg of;
};

void nft_batch_free(struct nft_batch *batch)
{
	buf_free(&batch->bytes);
	*batch = (struct nft_batch){0};
}

void nft_key_add(struct nft_key *key, const void *bytes, size_t len)
{
	assert(key->len + NLA_ALIGN(len) <= sizeof(key->bytes));
	memcpy(key->bytes + key->len, bytes, len);
	key->len += NLA_ALIGN(len);
}

/* A message's length is said when it is whole. */
static size_t begin_message(struct nft_batch *batch, const struct head *head)
{
	size_t at = batch->bytes.len;

	buf_put(&batch->bytes, head, sizeof(*head));
	return at;
}

static void end_message(struct nft_batch *batch, size_t at)
{
	uint32_t len = (uint32_t)(batch->bytes.len - at);

	if (!batch->bytes.failed)
		memcpy(batch->bytes.data + at + offsetof(struct nlmsghdr, nlmsg_len), &len,
		       sizeof(len));
}

static size_t begin_attribute(struct nft_batch *batch, unsigned type)
{
	const struct nlattr attribute = {.nla_len = NLA_HDRLEN, .nla_type = (uint16_t)type};
	size_t at = batch->bytes.len;

	buf_put(&batch->bytes, &attribute, sizeof(attribute));
	return at;
}

/* Its length does not count the bytes that it is padded with. */
static void end_attribute(struct nft_batch *batch, size_t at)
{
	static const char none[NLA_ALIGNTO];
	size_t len = batch->bytes.len - at;
	uint16_t said = (uint16_t)len;

	buf_put(&batch->bytes, none, NLA_ALIGN(len) - len);
	if (!batch->bytes.failed)
		memcpy(batch->bytes.data + at + offsetof(struct nlattr, nla_len), &said,
		       sizeof(said));
}

static void put_attribute(struct nft_batch *batch, unsigned type, const void *value, size_t size)
{
	size_t at = begin_attribute(batch, type);

	buf_put(&batch->bytes, value, size);
	end_attribute(batch, at);
}

static void put_edge(struct nft_batch *batch, uint16_t type)
{
	const struct head head = {
		.header = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST},
		.of = {.nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES)},
	};

	end_message(batch, begin_message(batch, &head));
}

void nft_batch_put(struct nft_batch *batch, bool comes, const struct nft_element *element)
{
	const int type = comes ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
	const struct head head = {
		.header = {.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			   .nlmsg_flags = comes ? NLM_F_REQUEST | NLM_F_CREATE : NLM_F_REQUEST},
		.of = {.nfgen_family = NFPROTO_BRIDGE},
	};

	if (batch->bytes.len == 0)
		put_edge(batch, NFNL_MSG_BATCH_BEGIN);
	batch->last = begin_message(batch, &head);
	put_attribute(batch, NFTA_SET_ELEM_LIST_TABLE, element->table, strlen(element->table) + 1);
	put_attribute(batch, NFTA_SET_ELEM_LIST_SET, element->set, strlen(element->set) + 1);
	size_t list = begin_attribute(batch, NLA_F_NESTED | NFTA_SET_ELEM_LIST_ELEMENTS);
	size_t one = begin_attribute(batch, NLA_F_NESTED | NFTA_LIST_ELEM);
	size_t key = begin_attribute(batch, NLA_F_NESTED | NFTA_SET_ELEM_KEY);

	put_attribute(batch, NFTA_DATA_VALUE, element->key.bytes, element->key.len);
	end_attribute(batch, key);
	end_attribute(batch, one);
	end_attribute(batch, list);
	end_message(batch, batch->last);
}

/* Of the last one the kernel says also that it went well; of all others, why not. */
int nft_batch_end(struct nft_batch *batch, struct err *err)
{
	uint16_t flags = 0;

	if (buf_check(&batch->bytes, err) == 0 && batch->bytes.len) {
		char *at = batch->bytes.data + batch->last + offsetof(struct nlmsghdr, nlmsg_flags);

		memcpy(&flags, at, sizeof(flags));
		flags |= NLM_F_ACK;
		memcpy(at, &flags, sizeof(flags));
	}
	put_edge(batch, NFNL_MSG_BATCH_END);
	return buf_check(&batch->bytes, err);
}
