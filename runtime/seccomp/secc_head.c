// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The instructions in front of libseccomp's program, for what it cannot express. Pure.
 *
 * - Numbers above the newest one a profile speaks of answer ENOSYS, so that a C library newer than
 *   the profile falls back instead of failing.
 * - Calls the linked libseccomp does not know yet, by number.
 * - Commands of an ioctl(2) that is allowed otherwise: libseccomp refuses rules on a call that is
 *   allowed as a whole.
 */
#include "runtime/seccomp/secc_compile.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>

/* Most ioctls a profile refuses, that the head's size is known. */
#define IOCTLS_MAX 8

struct emitter {
	struct sock_filter *code;
	unsigned short count;
};

static void emit(struct emitter *out, struct sock_filter instruction)
{
	out->code[out->count++] = instruction;
}

static void emit_load(struct emitter *out, size_t offset)
{
	emit(out, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* @jump: BPF_JEQ and its kin */
static void emit_answer_if(struct emitter *out, unsigned short jump, uint32_t value,
			   uint32_t answer)
{
	emit(out,
	     (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | jump | BPF_K), value, 0, 1));
	emit(out, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

static void emit_ioctls(struct emitter *out, uint32_t number, const struct profile *profile)
{
	size_t count = profile->refused_ioctl_count;

	if (number == 0 || count == 0)
		return;
	assert(count <= IOCTLS_MAX);
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0,
					       (uint8_t)(2 * count + 2)));
	/* The lower half of the second argument: all architectures here are little-endian. */
	emit_load(out, offsetof(struct seccomp_data, args[1]));
	for (size_t i = 0; i < count; i++)
		emit_answer_if(out, BPF_JEQ, profile->refused_ioctls[i], SECCOMP_RET_ERRNO | EPERM);
	emit_load(out, offsetof(struct seccomp_data, nr));
}

unsigned short secc_head(const struct secc_head *head, struct sock_filter code[SECC_HEAD_MAX])
{
	struct emitter out = {code, 0};
	unsigned short skips[2];

	emit_load(&out, offsetof(struct seccomp_data, arch));
	emit(&out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, head->arch, 1, 0));
	skips[0] = out.count;
	emit(&out, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	emit_load(&out, offsetof(struct seccomp_data, nr));
	emit_ioctls(&out, head->ioctls[0], head->profile);
	emit_ioctls(&out, head->ioctls[1], head->profile);
	emit(&out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
						head->has_x32 ? SECC_X32_BIT : UINT32_MAX, 0, 1));
	skips[1] = out.count;
	emit(&out, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	for (size_t i = 0; i < head->newer_count; i++)
		if (head->native || head->newer[i].number >= SECC_UNIFIED)
			emit_answer_if(&out, BPF_JEQ, head->newer[i].number, head->newer[i].answer);
	if (head->newest != UINT32_MAX)
		emit_answer_if(&out, BPF_JGT, head->newest, SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < 2; i++)
		code[skips[i]].k = (uint32_t)(out.count - skips[i] - 1);
	assert(out.count <= SECC_HEAD_MAX);
	return out.count;
}
