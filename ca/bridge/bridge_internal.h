#ifndef BRIDGE_INTERNAL_H_
#define BRIDGE_INTERNAL_H_
#include "bridge_kind.h"

struct net_fetch;
struct net_fetched;

extern const struct ca_bridge_kind ca_bridge_ces;
extern const struct ca_bridge_kind ca_bridge_cmp;
extern const struct ca_bridge_kind ca_bridge_est;
extern const struct ca_bridge_kind ca_bridge_helper;
extern const struct ca_bridge_kind ca_bridge_vault;
extern const struct ca_bridge_kind ca_bridge_step;

/* Anchors of b->anchors_pem, which came from path; ERR_INVALID. To be cleared
 * in any case. */
int ca_bridge_anchors_load(
    struct ca_bridge *b, const char *path, struct err *err);
void ca_bridge_anchors_clear(struct ca_bridge *b);

/* Of several certificates the first with this key, DER, appended to *leaf;
 * found counts them. */
struct ca_bridge_pick {
	struct ca_span spki;
	struct buf *leaf;
	unsigned found;
};
void ca_bridge_pick(void *pick, X509 *cert);
/* The certificates of a PEM text, the first CA_BRIDGE_CERTS_MAX. */
typedef void ca_bridge_cert_fn(void *cookie, X509 *cert);
void ca_bridge_each_pem(
    const char *text, size_t len, ca_bridge_cert_fn *fn, void *cookie);

/* Each certificate of a PKCS#7 message of type signedData, DER.  full: it may
 * be a message with content and signers (CMC), else it must be certs-only.
 * NULL, or what is wrong. */
typedef void ca_bridge_cert_fn(void *cookie, X509 *cert);
const char *ca_bridge_each_cert(
    struct ca_span der, bool full, ca_bridge_cert_fn *fn, void *cookie);

/* The certificates that a CA calls its own: a line about each, and in the end
 * -1 when any does not chain to the anchors. */
struct ca_bridge_shown {
	const struct ca_bridge *b;
	struct buf *out;
	unsigned strangers;
};
void ca_bridge_show(void *shown, X509 *cert);
int ca_bridge_shown_end(const struct ca_bridge_shown *s, struct err *err);

/* --- what protocols over HTTP share (http.c) --- */

/* NULL, or what is wrong with the url. */
const char *ca_bridge_url_check(const char *url);
/* The same where it names a server and no more; a slash at the end is cut off.
 */
const char *ca_bridge_url_server(char *url);
/* One exchange of this name: what says which server is trusted, how long it may
 * take and how much it may say (where that is 0) is filled in here. 0, or -1
 * with the outcome set. */
int ca_bridge_fetch(struct ca_bridge *b, struct net_fetch *f, const char *name,
    struct net_fetched *ret, struct ca_bridge_answer *answer);
/* What a status other than success means; where says what is not there when
 * nothing is. */
void ca_bridge_judge_status(const struct net_fetched *got, const char *where,
    struct ca_bridge_answer *a);
/* Append ": " and the server's words, printable; nothing when they are empty.
 */
void ca_bridge_add_words(
    struct ca_bridge_answer *a, const char *words, size_t len);
/* As net_retry_after(), CA_BRIDGE_HINT_MAX at most. */
int64_t ca_bridge_retry_after(const char *value, int64_t now);

/* --- EST's own formats (est_codec.c) --- */

/* The certificate for this public key out of a certs-only PKCS#7 message,
 * base64 or DER (RFC 7030, 4.1.3, 4.2.3), appended to *leaf. NULL, or what is
 * wrong. */
const char *ca_est_read_certs(
    struct ca_span body, struct ca_span spki, struct buf *leaf);
/* Each certificate of such a message. */
const char *ca_est_each_cert(
    struct ca_span body, ca_bridge_cert_fn *fn, void *cookie);
/* What the CA wants in a request (RFC 7030, 4.5.2): a line each into *out;
 * *ret_bars: what no device can give, or NULL. NULL, or what is wrong. */
const char *ca_est_read_attributes(
    struct ca_span body, struct buf *out, const char **ret_bars);
#endif
