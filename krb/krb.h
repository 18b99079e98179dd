#ifndef KRB_H_
#define KRB_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct krb;
struct secret;

/*
 * Kerberos over MIT krb5 and GSSAPI.  Blocking, for worker threads; one thread
 * at a time per struct krb; every KDC exchange ends within the deadline (a send
 * hook does the transport, pinned to one KDC).  Its name is resolved once, by
 * the system's resolver within the limits of resolv.conf.  krb5.conf need not
 * know the realm; but SASL in other libraries reads it too, so where reverse
 * DNS is wrong it needs "rdns = false".  Sources: RFC 4120, 3961, 3962, 4757,
 * 4178.
 */
struct krb_conf {
	const char *realm;
	const char *kdc; /* host or address; NULL: the realm's in krb5.conf */
	const char *principal; /* our own, from the keytab */
	const char *keytab;    /* NULL: nobody will log in */
	unsigned deadline_ms;
};
int krb_open(
    const struct krb_conf *conf, struct krb **ret_krb, struct err *err);
void krb_close(struct krb *k);		  /* NULL is allowed */
const char *krb_kdc(const struct krb *k); /* the one it asks; borrowed */

/* Own TGT from the keytab into this process's MEMORY cache; sets the thread's
 * default cache so that SASL/GSSAPI of the calling thread uses it. A new one is
 * fetched when less than a quarter of its life is left, or the keytab's file is
 * another than it was; while the old one lives a failure of that is no failure
 * of the login, and tried again later. ERR_DENIED when the KDC refuses the key,
 * ERR_INVALID when keytab, key or account of ours are not there,
 * ERR_UNREACHABLE. */
int krb_login(struct krb *k, struct err *err);
/* When the next one is fetched, unix seconds; what was connected with the
 * ticket should be connected anew then. 0 before the first login. */
int64_t krb_renewal(const struct krb *k);
/* Did the last attempt to renew fail, and was that not told yet? *ret_why. */
bool krb_renewal_failed(struct krb *k, struct err *ret_why);
/* Log in, and put a ticket for this service ("ldap/dc.fqdn") beside the TGT:
 * GSSAPI calls of other libraries would fetch it without deadline, and from any
 * KDC. */
int krb_service(struct krb *k, const char *spn, struct err *err);
/* The KDC's clock minus ours, from the KRB-ERROR that answers an AS-REQ, best
 * of `samples`; *ret_error_ms half the best round trip. */
int krb_time(struct krb *k, int samples, int64_t *ret_offset_ms,
    int64_t *ret_error_ms, struct err *err);
/* Does this password get a TGT for the principal (sAMAccountName)? 0 yes,
 * ERR_DENIED no (preauthentication failed), others: cannot tell. One attempt.
 */
int krb_password_check(struct krb *k, const char *principal,
    const struct secret *password, struct err *err);
/* Replace its password (a reset) by RFC 3244, with our own ticket. ERR_DENIED
 * without the right or such an account, ERR_REFUSED when policy forbids it,
 * ERR_UNREACHABLE when nothing was sent, ERR_UNKNOWN when the answer
 * was lost. */
int krb_password_set(struct krb *k, const char *account,
    const struct secret *password, struct err *err);
/* Does somebody listen on that port of the KDC's? 0, ERR_UNREACHABLE. */
int krb_password_reach(struct krb *k, struct err *err);
/* Salt and PBKDF2 rounds the KDC really uses for the principal (ETYPE-INFO2 of
 * AES256); appended to *ret_salt. An account with an RC4 key only has neither:
 * nothing is appended, and 0 rounds. */
int krb_salt(struct krb *k, const char *principal, struct buf *ret_salt,
    int64_t *ret_iterations, struct err *err);
/* The types of keys that devices and accounts of a domain have, best first. */
enum krb_type { KRB_AES256, KRB_AES128, KRB_RC4, KRB_TYPES };
/* "aes256"; borrowed. */
const char *krb_type_name(enum krb_type type);
/* RC4-HMAC long-term key (NT hash), 16 bytes, given. */
int krb_key_rc4(
    const struct secret *password, struct secret **ret_key, struct err *err);
/* AES key of 16 or 32 bytes by string-to-key, given. */
int krb_key_aes(struct krb *k, int bits, const struct secret *password,
    const char *salt, int64_t iterations, struct secret **ret_key,
    struct err *err);
/* The keys an account has when this is its password: salt and rounds as the KDC
 * says them. An account with an RC4 key only has no others: NULL. */
struct krb_keys {
	struct secret *of[KRB_TYPES];
};
int krb_keys_make(struct krb *k, const char *account,
    const struct secret *password, struct krb_keys *ret, struct err *err);
void krb_keys_clear(struct krb_keys *keys);

/* What a ticket says of itself on the outside. */
struct krb_ticket_facts {
	const char *type; /* of the key it is sealed with: "aes256" */
	int64_t kvno;
	bool opened; /* one of the keys does */
};
/* A fresh service ticket for the SPN, tried with the keys. ERR_NOTFOUND: the
 * KDC does not know the SPN. */
int krb_ticket_try(struct krb *k, const char *spn, const struct krb_keys *keys,
    struct krb_ticket_facts *ret, struct err *err);

/* Our TGT; logs in first. Texts owned by the struct. */
struct krb_tgt {
	char *principal;
	const char *type;	   /* of the session key */
	int64_t ends, renew_until; /* unix seconds; 0: not renewable */
};
int krb_tgt_read(struct krb *k, struct krb_tgt *ret, struct err *err);
void krb_tgt_clear(struct krb_tgt *tgt);
/* Types the KDC would log us in with, words by commas, appended; needs no
 * password, and none is tried. */
int krb_types_offered(struct krb *k, struct buf *ret_types, struct err *err);

/* Entries of a keytab, never their keys; fn's -1 stops and returns. */
struct krb_entry {
	const char *principal, *type;
	int64_t kvno;
};
typedef int krb_entry_fn(
    void *cookie, const struct krb_entry *entry, struct err *err);
int krb_keytab_scan(
    const char *file, krb_entry_fn *fn, void *cookie, struct err *err);
/* Append the content of a keytab with all these keys of name (an account, or
 * "service/host:port") in MIT's format; a new one when *out is empty. now
 * stands in each entry. */
struct krb_owner {
	const char *realm, *name;
	int64_t kvno, now;
};
void krb_keytab_add(struct buf *out, const struct krb_owner *owner,
    const struct krb_keys *keys);
/* A ticket that was shown to a server, and what the server's answer is held
 * against. Needs neither KDC nor the struct krb it came from, which may be
 * closed before; any thread, one at a time. */
struct krb_proof;
/* A fresh service ticket for the SPN ("HTTP/fqdn:16993"), never a cached one,
 * as base64 SPNEGO token for "Authorization: Negotiate", appended; its proof is
 * given. ERR_NOTFOUND: the KDC does not know the SPN. */
int krb_token(struct krb *k, const char *spn, struct buf *ret_token,
    struct krb_proof **ret_proof, struct err *err);
/* The same for a server that TLS has proven, so that no proof is needed, and
 * bound to it: binding is the channel's ("tls-server-end-point:...", RFC 5929),
 * or empty. */
int krb_token_bound(struct krb *k, const char *spn, const struct buf *binding,
    struct buf *ret_token, struct err *err);
/* As krb_token() with a ticket that no key opens: a server that takes this one
 * looks at none. */
int krb_decoy(
    struct krb *k, const char *spn, struct buf *ret_token, struct err *err);
/* Did whoever sent this answer token (base64) open the ticket: mutual
 * authentication, RFC 4120 3.2.4 and 4178 3.3? ERR_UNTRUSTED when not, when it
 * is no token, or NULL or empty. Once for each proof. */
int krb_proof_verify(
    struct krb_proof *proof, const char *answer, struct err *err);
void krb_proof_free(struct krb_proof *proof); /* NULL is allowed */
#endif
