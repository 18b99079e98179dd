#ifndef VAULT_INTERNAL_H_
#define VAULT_INTERNAL_H_
#include "bridge_internal.h"

struct json_object;
struct secret;

/* The formats of Vault's and OpenBao's PKI engine: bytes in, outcome and words
 * out, no I/O (vault_codec.c). */

#define CA_VAULT_LIST_MAX 327680 /* bytes of a list of serials */
#define CA_VAULT_SEARCH_MAX 4096 /* certificates looked at for one of ours */
#define CA_VAULT_SERIAL_MAX 64	 /* "0a:1b:...", 20 bytes at most */

/* The body of a signing request. ERR_LIMIT: it is too long. */
int ca_vault_write_sign(
    const struct ca_bridge_ask *ask, struct buf *out, struct err *err);
/* The serial of a certificate as a revocation names it; false: it has none. */
bool ca_vault_serial(
    const uint8_t *leaf, size_t len, char ret[CA_VAULT_SERIAL_MAX]);

/* The certificate for the key out of an answer that says 200, its remarks into
 * ret->text. NULL, or what is wrong. */
const char *ca_vault_read_sign(
    struct ca_span body, struct ca_span spki, struct ca_bridge_answer *ret);
/* What any other status means. */
void ca_vault_judge(const struct net_fetched *got, struct ca_bridge_answer *a);
/* A login's token, and for how many seconds it is good (0: for ever). NULL, or
 * what is wrong. */
const char *ca_vault_read_login(
    struct ca_span body, struct secret **ret_token, int64_t *ret_life);
/* Does it say that the certificate is revoked? */
bool ca_vault_is_revoked(struct ca_span body);

/* The serials on record, each a path segment without surprises.  -1: it is no
 * such list, or longer than CA_VAULT_SEARCH_MAX. */
struct ca_vault_list {
	char serials[CA_VAULT_SEARCH_MAX][CA_VAULT_SERIAL_MAX];
	size_t count;
};
int ca_vault_read_list(struct ca_span body, struct ca_vault_list *ret);
/* One of them, in place of *leaf if it is for this key, not revoked, and begins
 * later than what is there. */
void ca_vault_read_kept(
    struct ca_span body, struct ca_span spki, struct buf *leaf);

/* For the test, lines into *out: the server's state (whatever the status), the
 * role, what our policy lets us do with these paths. -1: it will not work. */
int ca_vault_show_health(
    const struct net_fetched *got, struct buf *out, struct err *err);
int ca_vault_show_role(struct ca_span body, struct buf *out, struct err *err);
struct ca_vault_paths {
	const char *sign, *revoke, *certs;
};
void ca_vault_write_paths(const struct ca_vault_paths *paths, struct buf *out);
int ca_vault_show_paths(struct ca_span body, const struct ca_vault_paths *paths,
    struct buf *out, struct err *err);
#endif
