// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file that includes libnftables. In process, because starting nft(8) costs ten times a
 * small transaction.
 */
#include "runtime/network/nft.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Holds a number for the library's socket while that is not open: it waits by select(), which knows
 * no number from FD_SETSIZE on and has the process aborted.
 */
static int place_fd = -1;

/* How many numbers from the lowest free one on are looked at. */
#define NEIGHBOURS 16

struct nft {
	struct nft_ctx *ctx; /* NULL: at rest */
};

static bool is_netfilter_socket(int fd)
{
	int domain = 0, protocol = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_NETFILTER;
}

/*
 * libnftables 1.0.6 opens its socket without close-on-exec and does not tell its number: programs
 * started by us would inherit the right to change the host's rules. It gets the lowest free number,
 * or one of the next when another thread opens something at the same moment.
 */
static struct nft_ctx *open_sealed(void)
{
	fd_drop(&place_fd);
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (lowest < 0)
		return NULL;
	close(lowest);
	if (lowest >= FD_SETSIZE) {
		errno = EMFILE;
		return NULL;
	}
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	for (int fd = lowest; ctx && fd < lowest + NEIGHBOURS; fd++)
		if (is_netfilter_socket(fd) && fcntl(fd, F_GETFD) == 0 &&
		    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			return ctx;
	if (ctx)
		nft_ctx_free(ctx);
	return NULL;
}

void nft_reserve(void)
{
	if (place_fd < 0)
		place_fd = open("/dev/null", O_PATH | O_CLOEXEC);
}

static int wake(struct nft *nft, struct err *err)
{
	if (nft->ctx)
		return 0;
	struct nft_ctx *ctx = open_sealed();

	if (!ctx)
		return err_say(err, EIO, "network: cannot open nftables");
	if (nft_ctx_buffer_error(ctx) || nft_ctx_buffer_output(ctx)) {
		nft_ctx_free(ctx);
		return err_set(err, ENOMEM, "network: open nftables");
	}
	nft->ctx = ctx;
	return 0;
}

int nft_open(struct nft **ret_nft, struct err *err)
{
	struct nft *nft = calloc(1, sizeof(*nft));
	int r = nft ? wake(nft, err) : err_set(err, ENOMEM, "network: open nftables");

	if (r < 0) {
		free(nft);
		return r;
	}
	*ret_nft = nft;
	return 0;
}

void nft_rest(struct nft *nft)
{
	if (nft->ctx)
		nft_ctx_free(nft->ctx);
	nft->ctx = NULL;
	nft_reserve(); /* at once: others are not to take its place */
}

void nft_close(struct nft *nft)
{
	if (!nft)
		return;
	if (nft->ctx)
		nft_ctx_free(nft->ctx);
	free(nft);
}

int nft_run(struct nft *nft, const char *text, struct err *err)
{
	const char *output;

	return nft_read(nft, text, &output, err);
}

int nft_read(struct nft *nft, const char *text, const char **ret_output, struct err *err)
{
	int r = wake(nft, err);

	if (r < 0)
		return r;
	struct nft_ctx *ctx = nft->ctx;

	errno = 0;
	if (nft_run_cmd_from_buffer(ctx, text) == 0) {
		const char *output = nft_ctx_get_output_buffer(ctx); /* empties it */

		*ret_output = output ? output : "";
		return 0;
	}
	int code = errno == EPERM ? EPERM : EIO; /* other values may be of steps that went well */
	const char *message = nft_ctx_get_error_buffer(ctx);
	if (!message || !*message)
		return err_set(err, code, "network: nftables");
	/* Its first line says all; the rest shows the place in a text the user has never seen. */
	return err_say(err, code, "network: nftables: %.*s", (int)strcspn(message, "\n"), message);
}
