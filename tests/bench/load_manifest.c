// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU time of loading a manifest of many services: what `davit up` and `davit config` spend before
 * anything else. usage: load_manifest [SERVICES [ROUNDS]]
 */
#include "manifests/manifest.h"
#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Services as people write them: some twenty lines each, with variables and references. */
static void write_manifest(unsigned services, struct buf *out)
{
	buf_puts(out, "x-common: &common\n  restart: unless-stopped\n  stop_grace_period: 5s\n"
		      "services:\n");
	for (unsigned i = 0; i < services; i++) {
		buf_printf(out,
			   "  svc%u:\n    <<: *common\n    image: registry/shop/svc:${TAG:-1}\n",
			   i);
		buf_printf(
			out,
			"    x-rootfs: ./root\n    command: [\"/bin/server\", \"--id\", \"%u\"]\n",
			i);
		buf_printf(out,
			   "    environment:\n      ID: \"%u\"\n      HOST: ${HOST:-localhost}\n"
			   "      LEVEL: info\n",
			   i);
		buf_printf(out,
			   "    ports:\n      - \"%u:80\"\n    volumes:\n      - data:/data\n"
			   "      - ./conf:/etc/conf:ro\n",
			   10000 + i);
		if (i)
			buf_printf(out,
				   "    depends_on:\n      svc%u: {condition: service_healthy}\n",
				   i - 1);
		buf_puts(out,
			 "    healthcheck:\n      test: [CMD, /bin/check]\n      interval: 5s\n"
			 "    deploy:\n      resources:\n        limits: {cpus: '0.5', memory: "
			 "64M}\n    labels: [team=shop, tier=back]\n");
	}
	buf_puts(out, "volumes:\n  data: {}\n");
}

static double load_ms(const char *path)
{
	static const char *const environment[] = {"TAG=7", NULL};
	const char *const files[] = {path, NULL};
	const struct manifest_options options = {.directory = "/",
						 .files = files,
						 .stack_name = "bench",
						 .environment = environment};
	autodiagnostics struct diagnostics diags = {0};
	struct stack *stack = NULL;
	struct err err = {0};
	double begin = cpu_ms();

	if (manifest_load(&options, &stack, &diags, &err) < 0) {
		struct buf text = {0};

		diagnostics_print(&diags, &text);
		fprintf(stderr, "%s%s\n", text.data ? text.data : "", err.text);
		exit(1);
	}
	double spent = cpu_ms() - begin;

	stack_free(stack);
	return spent;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	unsigned services = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 21;
	autoclose int fd = memfd_create("manifest", MFD_CLOEXEC);
	autobuf struct buf text = {0};
	double spent[101];
	char path[40];

	write_manifest(services, &text);
	if (fd < 0 || rounds < 1 || rounds > 101 || buf_check(&text, NULL) < 0 ||
	    write(fd, text.data, text.len) != (ssize_t)text.len)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (unsigned i = 0; i < rounds; i++)
		spent[i] = load_ms(path);
	qsort(spent, rounds, sizeof(*spent), compare);
	printf("%u services, %zu bytes: %.2f ms\n", services, text.len, spent[rounds / 2]);
	return 0;
}
