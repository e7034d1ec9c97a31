// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file that includes libnftables. In process, because starting nft(8) costs ten times a
 * small transaction.
 */
#include "runtime/network/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One handle for libnftables, wearing a type of ours. */
static struct nft_ctx *ctx_of(struct nft *nft)
{
	return (struct nft_ctx *)nft;
}

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
 * started by us would inherit the right to change the host's rules. It gets the lowest free number.
 */
static struct nft_ctx *open_sealed(void)
{
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (lowest < 0)
		return NULL;
	close(lowest);
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || (is_netfilter_socket(lowest) && fcntl(lowest, F_SETFD, FD_CLOEXEC) == 0))
		return ctx;
	nft_ctx_free(ctx);
	return NULL;
}

int nft_open(struct nft **ret_nft, struct err *err)
{
	struct nft_ctx *ctx = open_sealed();

	if (!ctx)
		return err_say(err, EIO, "network: cannot open nftables");
	if (nft_ctx_buffer_error(ctx) || nft_ctx_buffer_output(ctx)) {
		nft_ctx_free(ctx);
		return err_set(err, ENOMEM, "network: open nftables");
	}
	*ret_nft = (struct nft *)ctx;
	return 0;
}

void nft_close(struct nft *nft)
{
	if (nft)
		nft_ctx_free(ctx_of(nft));
}

int nft_run(struct nft *nft, const char *text, struct err *err)
{
	const char *output;

	return nft_read(nft, text, &output, err);
}

int nft_read(struct nft *nft, const char *text, const char **ret_output, struct err *err)
{
	struct nft_ctx *ctx = ctx_of(nft);

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
