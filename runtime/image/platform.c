// SPDX-License-Identifier: GPL-2.0-or-later
/* Platforms in the words of images: "linux/arm64/v8". See source.h. */
#include "runtime/image/source.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
	const char *machine; /* of uname(2) */
	const char *architecture;
	const char *variant;
} machines[] = {
	{"x86_64", "amd64", ""},	{"aarch64", "arm64", "v8"}, {"armv7l", "arm", "v7"},
	{"armv6l", "arm", "v6"},	{"i686", "386", ""},	    {"i386", "386", ""},
	{"ppc64le", "ppc64le", ""},	{"s390x", "s390x", ""},	    {"riscv64", "riscv64", ""},
	{"loongarch64", "loong64", ""}, {"mips64", "mips64le", ""},
};

static int host_platform(struct platform *ret, struct err *err)
{
	struct utsname host;

	if (uname(&host) < 0)
		return err_set(err, errno, "uname");
	*ret = (struct platform){.os = "linux"};
	snprintf(ret->architecture, sizeof(ret->architecture), "%.31s", host.machine);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(host.machine, machines[i].machine) == 0) {
			snprintf(ret->architecture, sizeof(ret->architecture), "%s",
				 machines[i].architecture);
			snprintf(ret->variant, sizeof(ret->variant), "%s", machines[i].variant);
		}
	return 0;
}

int platform_parse(const char *text, struct platform *ret, struct err *err)
{
	struct platform platform = {0};

	if (!text)
		return host_platform(ret, err);
	char *parts[] = {platform.os, platform.architecture, platform.variant};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strcspn(text, "/");

		if (len == 0 || len >= sizeof(platform.os))
			return err_say(err, EINVAL, "platform: not OS/ARCHITECTURE[/VARIANT]");
		memcpy(parts[i], text, len);
		text += len;
		if (*text == '\0' && i > 0) {
			*ret = platform;
			return 0;
		}
		text += *text == '/';
	}
	return err_say(err, EINVAL, "platform: not OS/ARCHITECTURE[/VARIANT]");
}

int platform_match(const struct platform *want, const char *os, const char *architecture,
		   const char *variant)
{
	if (strcmp(want->os, os) != 0 || strcmp(want->architecture, architecture) != 0)
		return 0;
	return strcmp(want->variant, variant) == 0 ? 2 : 1;
}

int platform_check(const struct platform *want, const struct oci_config *config, struct err *err)
{
	if (platform_match(want, config->os, config->architecture, ""))
		return 0;
	return err_say(err, EINVAL, "the image is for %.30s/%.30s, wanted is %s/%s", config->os,
		       config->architecture, want->os, want->architecture);
}
