// SPDX-License-Identifier: GPL-2.0-or-later
/* Capability sets; see caps.h. The only file that knows libcap. */
#include "runtime/caps.h"
#include "runtime/defaults.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPS_BITS 64

static int caps_bit(const char *name, uint64_t *ret_bit, struct err *err)
{
	cap_value_t value = 0;

	/* cap_from_name() also takes numbers, which no manifest may contain. */
	if (strncmp(name, "CAP_", 4) != 0 || cap_from_name(name, &value) < 0 || value >= CAPS_BITS)
		return err_say(err, EINVAL, "unknown capability '%.64s'", name);
	*ret_bit = UINT64_C(1) << value;
	return 0;
}

static int caps_list(const char *const *names, uint64_t all, uint64_t *ret_bits, struct err *err)
{
	uint64_t bits = 0;

	for (; names && *names; names++) {
		uint64_t bit = all;
		int r = strcmp(*names, "ALL") == 0 ? 0 : caps_bit(*names, &bit, err);

		if (r < 0)
			return r;
		bits |= bit;
	}
	*ret_bits = bits;
	return 0;
}

static bool caps_has_all(const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, "ALL") == 0)
			return true;
	return false;
}

/* What this process may pass on. */
static uint64_t caps_own(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

int caps_resolve(const char *const *add, const char *const *drop, struct caps *ret_caps,
		 struct err *err)
{
	uint64_t own = caps_own();
	uint64_t base = 0;
	uint64_t added = 0;
	uint64_t dropped = 0;
	int r = caps_list(defaults_capabilities(), 0, &base, err);

	if (r == 0)
		r = caps_list(add, own, &added, err);
	if (r == 0)
		r = caps_list(drop, ~UINT64_C(0), &dropped, err);
	if (r < 0)
		return r;
	for (const char *const *name = add; name && *name; name++) {
		uint64_t bit = 0;

		if (strcmp(*name, "ALL") != 0 && caps_bit(*name, &bit, err) == 0 && !(bit & own))
			return err_say(err, EPERM, "%s is not davit's own to give", *name);
	}
	/* "ALL" in one list is the starting point that the single names of the other change. */
	if (caps_has_all(add) && !caps_has_all(drop))
		ret_caps->keep = (base | added) & ~dropped & own;
	else
		ret_caps->keep = ((base & ~dropped) | added) & own;
	ret_caps->ambient = ret_caps->keep & added;
	return 0;
}

void caps_name(unsigned number, char *ret_name, size_t size)
{
	char *name = cap_to_name((cap_value_t)number);

	snprintf(ret_name, size, "%s", name ? name : "a capability");
	for (char *letter = ret_name; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	cap_free(name);
}

static const uint64_t network_caps = UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW;

bool caps_for_network(const struct caps *caps)
{
	return caps->keep & network_caps;
}

bool caps_host_only(const struct caps *caps, bool network, char *ret_name, size_t size)
{
	uint64_t mapped = 0;

	if (caps_list(defaults_mapped_capabilities(), 0, &mapped, NULL) < 0)
		return false;
	uint64_t left = caps->keep & ~mapped & ~(network ? network_caps : 0);

	if (left == 0)
		return false;
	caps_name((unsigned)__builtin_ctzll(left), ret_name, size);
	return true;
}

int caps_bound(const struct caps *caps, struct err *err)
{
	for (int cap = 0; cap < CAPS_BITS; cap++) {
		if (caps->keep >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		/* EINVAL: past the last capability this kernel has. */
		if (errno == EINVAL && cap > 0)
			return 0;
		return err_set(err, errno, "drop capability %d", cap);
	}
	return 0;
}

int caps_apply(const struct caps *caps, uid_t uid, uint64_t until_exec, struct err *err)
{
	uint64_t keep = (uid == 0 ? caps->keep : caps->ambient) | until_exec;
	/* Inheritable never holds more than ambient: file capabilities of the root must not add
	 * to what was given. */
	uint64_t ambient = uid == 0 ? 0 : caps->ambient;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)keep, (uint32_t)keep, (uint32_t)ambient},
		{(uint32_t)(keep >> 32), (uint32_t)(keep >> 32), (uint32_t)(ambient >> 32)},
	};

	if (syscall(SYS_capset, &head, data) < 0)
		return err_set(err, errno, "set capabilities");
	for (int cap = 0; cap < CAPS_BITS; cap++) {
		if (ambient >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_set(err, errno, "keep capability %d", cap);
	}
	return 0;
}
