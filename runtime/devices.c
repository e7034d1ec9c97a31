// SPDX-License-Identifier: GPL-2.0-or-later
/* The device filter of a control group; see devices.h. Runs in the parent. */
#include "runtime/devices.h"
#include "runtime/base/cleanup.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of a rule: four conditions of at most two instructions, and the answer. */
#define RULE_INSNS 9
#define INSNS_MAX  (DEVICES_RULES_MAX * RULE_INSNS + 8)

_Static_assert((int)DEVICES_MKNOD == BPF_DEVCG_ACC_MKNOD &&
		       (int)DEVICES_READ == BPF_DEVCG_ACC_READ &&
		       (int)DEVICES_WRITE == BPF_DEVCG_ACC_WRITE,
	       "the kernel's own numbers");

/* What is in which register once the program's beginning has run. */
enum {
	ANSWER = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	SCRATCH = BPF_REG_1, /* the context is not needed any more then */
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

struct program {
	struct bpf_insn insns[INSNS_MAX];
	size_t count;
};

static void put(struct program *program, struct bpf_insn insn)
{
	program->insns[program->count++] = insn;
}

static void put_load(struct program *program, unsigned to, size_t offset)
{
	put(program, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
				       .dst_reg = to & 15,
				       .src_reg = CONTEXT,
				       .off = (int16_t)offset});
}

static void put_alu(struct program *program, unsigned operation, unsigned to, int32_t value)
{
	put(program, (struct bpf_insn){.code = (uint8_t)(BPF_ALU | BPF_K | operation),
				       .dst_reg = to & 15,
				       .imm = value});
}

static void put_answer(struct program *program, bool allowed)
{
	put_alu(program, BPF_MOV, ANSWER, allowed);
	put(program, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

/* A jump whose distance is filled in when the end of its rule is known. */
static void put_unless(struct program *program, unsigned reg, int32_t value)
{
	put(program, (struct bpf_insn){
			     .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg & 15, .imm = value});
}

static void put_beginning(struct program *program)
{
	size_t access = offsetof(struct bpf_cgroup_dev_ctx, access_type);

	put_load(program, TYPE, access);
	put_load(program, ACCESS, access);
	put_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	put_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	put_alu(program, BPF_AND, TYPE, 0xffff);
	put_alu(program, BPF_RSH, ACCESS, 16);
}

static void put_rule(struct program *program, const struct device_rule *rule)
{
	size_t begin = program->count;

	put_unless(program, TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	put_unless(program, MAJOR, (int32_t)rule->major);
	if (rule->minor != DEVICES_ANY)
		put_unless(program, MINOR, (int32_t)rule->minor);
	if (rule->access != DEVICES_ALL) {
		put(program, (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_X,
					       .dst_reg = SCRATCH,
					       .src_reg = ACCESS});
		put_alu(program, BPF_AND, SCRATCH, (int32_t)(~rule->access & DEVICES_ALL));
		put_unless(program, SCRATCH, 0);
	}
	put_answer(program, true);
	for (size_t i = begin; i < program->count; i++)
		if (program->insns[i].code == (BPF_JMP | BPF_JNE | BPF_K))
			program->insns[i].off = (int16_t)(program->count - i - 1);
}

int devices_load(const struct device_rule *rules, size_t count, int *ret_fd, struct err *err)
{
	if (count > DEVICES_RULES_MAX)
		return err_say(err, E2BIG, "more than %d devices", DEVICES_RULES_MAX);
	autofree struct program *program = calloc(1, sizeof(*program));

	if (!program)
		return err_set(err, ENOMEM, "device filter");
	put_beginning(program);
	for (size_t i = 0; i < count; i++)
		put_rule(program, &rules[i]);
	put_answer(program, false);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)program->insns,
		.insn_cnt = (uint32_t)program->count,
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = "davit_devices",
	};
	long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		return err_set(err, errno, "load the device filter");
	*ret_fd = (int)fd;
	return 0;
}

int devices_attach(int program_fd, int group_fd, struct err *err)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)group_fd,
		.attach_bpf_fd = (uint32_t)program_fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return err_set(err, errno, "attach the device filter");
	return 0;
}
