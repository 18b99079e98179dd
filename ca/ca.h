#ifndef CA_H_
#define CA_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge.h"
#include "err.h"

struct buf;
struct ca;
struct secret;
struct vault;

/*
 * The internal certificate authority: a root and an issuing CA made at init,
 * templates with validity checks, a strict door for CSRs, issuance that cannot
 * lose or double a certificate, revocation and CRL.  Its own database.
 *
 * Issuance: serial, CSR and the exact to-be-signed bytes are committed before
 * the one signature is made; what was signed is compared with the record. After
 * a crash an intent without certificate is marked revoked, never signed again.
 * All calls block for a few milliseconds. A struct ca may be used by several
 * threads, which wait for each other but for checks and signatures; several
 * processes may have it open.
 */

struct ca_conf {
	const char *database;
	const char *key_file; /* issuing key, or where it is, sealed */
	struct vault *vault;  /* borrowed */
	/* Base URL of what revocation.c serves, without a slash at its end;
	 * copied. Written into the certificates issued from then on (CDP, AIA);
	 * NULL: left out. */
	const char *url;
};

/* Where a CA's key lives that is no file of ours. */
struct ca_key_place {
	/* "pkcs11:token=...;object=..." (RFC 7512; a query may name the
	 * module: "?module-path=/usr/lib/..."), a TPM's "handle:0x81000001", or
	 * "file:/path" of a TPM's TSS2 PEM. NULL: a new key in a sealed file.
	 */
	const char *uri;
	const struct secret *pin; /* sealed with the URI; NULL: none */
};

/* Root (P-384, 20 years, key sealed beside the issuing key as KEY_FILE.root)
 * and issuing CA (RSA-3072, SHA-384, 10 years), first CRL. ERR_CONFLICT when
 * any of the files exists; nothing is left behind on failure. */
struct ca_new {
	const char *organisation;
	struct ca_key_place key;      /* of the issuing CA */
	struct ca_key_place root_key; /* of the root */
};
int ca_create(
    const struct ca_conf *conf, const struct ca_new *how, struct err *err);
/* ERR_NOTFOUND when there is none; never makes one. Marks intents of a crashed
 * process revoked. */
int ca_open(const struct ca_conf *conf, struct ca **ret_ca, struct err *err);
/* One more who closes it; from any thread. */
struct ca *ca_hold(struct ca *ca);
/* It is gone when the last has closed it; NULL is allowed. */
void ca_close(struct ca *ca);
/* Were issuing CAs made, taken or crossed since it was opened, by whatever
 * process? Then *ret_mark, which is the records', differs from
 * ca_opened_mark(): it is to be opened again. */
int ca_mark(struct ca *ca, int64_t *ret_mark, struct err *err);
int64_t ca_opened_mark(const struct ca *ca);

#define CA_SIZE_MAX 4100 /* AMT_PublicKeyCertificate.X509Certificate */

/* What a certificate may be. Times in seconds, texts borrowed; members left
 * zero are the defaults said here. */
struct ca_template {
	const char *name;
	int64_t validity;
	int64_t renew_before;
	int64_t backdate; /* at most a day */
	/* "rsa-2048", "rsa-3072", "ec-p384", or "auto": RSA-2048 to AMT 21,
	 * RSA-3072 or P-384 with SHA-384 from 22 on. "ec-p256": for our own
	 * servers, no device has it. */
	const char *key;
	bool short_name; /* also name the host without its domain */
	bool address;	 /* also name the record's static address */
	bool underscore; /* host names may hold "_" */
	/* Also name its account: by user principal name, and by security
	 * identifier, which domain controllers map strongly. */
	bool upn, sid;
	/* Extended key usages by comma: server, client, amt-remote-console,
	 * amt-local-console, amt-client-setup. NULL: server. */
	const char *usages;
	int64_t max_size; /* of the certificate's DER; 0: CA_SIZE_MAX */
	bool clamp;	  /* end with the issuer; else refuse to outlive it */
};
/* Lint: each problem as one line into *out (may be NULL). ERR_INVALID if any:
 * periods that do not fit each other, validity beyond an issuer's end, unknown
 * key or usages, usages and names that contradict each other or issuers, a
 * certificate that may get larger than max_size. ca may be NULL: then issuers'
 * ends and the size are not looked at. */
int ca_template_check(const struct ca *ca, const struct ca_template *t,
    int64_t now, struct buf *out, struct err *err);
/* The template, and what follows from it, in words. */
struct ca_template_facts {
	char key[96];	 /* "AMT 22 and later: RSA-3072 or P-384 ..." */
	char usage[96];	 /* keyUsage by key type */
	int64_t largest; /* bytes of the largest certificate; 0 without a ca */
	int64_t ends;	 /* when one issued now would end */
};
void ca_template_facts(const struct ca *ca, const struct ca_template *t,
    int64_t now, struct ca_template_facts *ret);

/* Who the certificate is for: from the authenticated device record. The names
 * in the CSR must be exactly this set. */
struct ca_subject {
	const char *device; /* name, for the record */
	const char *fqdn;
	const char *short_name; /* or NULL */
	const char *address;	/* static IPv4, dotted; NULL: none or by DHCP */
	int amt_major;		/* picks key size and hash when key is "auto" */
	/* Of its account, as the directory has them; NULL: not known. Never
	 * from a CSR. */
	const char *upn, *sid;
};

/* A certificate as issued; texts owned by the struct. */
struct ca_cert {
	uint8_t *der;
	size_t der_len;
	char serial[64]; /* lower-case hex, no leading zeros beyond a byte */
	char *subject, *names, *device, *template_name;
	char *issuer; /* "internal", or the bridge it came over */
	int64_t not_before, not_after, issued_at;
	int64_t revoked_at; /* 0 = valid */
	int reason;
	char key[128]; /* idempotency key */
};
void ca_cert_clear(struct ca_cert *c);
/* Append it, PEM. */
int ca_cert_pem(const struct ca_cert *cert, struct buf *out, struct err *err);

/* What a certificate is asked for with; all borrowed for the call. */
struct ca_request {
	const struct ca_template *template;
	const struct ca_subject *subject;
	const uint8_t *csr; /* PKCS#10, DER */
	size_t csr_len;
	const char *key; /* idempotency key, 1 to 127 characters */
	int64_t now;
};

/* Append the DER of a PKCS#10 request that is in text, PEM or DER. ERR_INVALID
 * when there is none, one among others, or more than out may hold; it is not
 * looked into. */
int ca_csr_read(const struct buf *text, struct buf *out, struct err *err);
/* The same of a certificate. */
int ca_cert_read(const struct buf *text, struct buf *out, struct err *err);
/* Every rule a CSR must pass (the table in csr_rules.c); the text names rule
 * and value. ERR_INVALID, or ERR_REFUSED for a good CSR that we will not serve:
 * other names than the device's, another device's key, a name that another
 * device has a valid certificate for. Changes nothing. ca may be NULL: rules
 * about our own records and keys are then left out. key is not looked at. */
int ca_csr_check(
    const struct ca *ca, const struct ca_request *request, struct err *err);
/* Check, then issue under an idempotency key: the same key gives the same
 * certificate; the same key with another CSR is ERR_CONFLICT. *ret is filled on
 * success (clear it). ERR_REFUSED when the clock is before the last issuance.
 */
int ca_issue(struct ca *ca, const struct ca_request *request,
    struct ca_cert *ret, struct err *err);
/* Several at once, which share two commits: each as by ca_issue() alone, and
 * one that fails takes none of the others with it.  Two of one idempotency key
 * get the same certificate. */
#define CA_ISSUE_MANY 64 /* that share; more are done in turns */
struct ca_issuance {
	struct ca_request request;
	/* Set by ca_issue_many(): err.kind is ERR_NONE, and cert filled (clear
	 * it), or why not. */
	struct ca_cert cert;
	struct err err;
};
void ca_issue_many(struct ca *ca, struct ca_issuance *list, size_t count);
/* By idempotency key or by serial (one of them); ERR_NOTFOUND. */
int ca_find(struct ca *ca, const char *key, const char *serial,
    struct ca_cert *ret, struct err *err);
/* RFC 5280 reason (4 = superseded; no hold). Already revoked is success, the
 * first revocation stands. ERR_NOTFOUND. */
int ca_revoke(struct ca *ca, const char *serial, int reason, int64_t now,
    struct err *err);
/* "key-compromise" and the like as that number, and back; -1, NULL: none. */
int ca_reason_number(const char *word);
/* Those of a device's certificate; then NULL. */
extern const char *const ca_reason_words[];
const char *ca_reason_word(int number);
/*
 * Keys that are never certified, by the SHA-256 of their SubjectPublicKeyInfo
 * (64 hex digits), whoever asks.
 */
struct ca_blocked {
	const char *sha256; /* lower case */
	const char *note;   /* why; may be "" */
	int64_t at;
};
#define CA_BLOCK_NOTE_MAX 200
/* 1 when it is new, 0 when it was there, which stands; -1. *ret_device (may be
 * NULL; given): who has a valid certificate of this key, which only "revoke"
 * ends; NULL if nobody has. */
int ca_block_add(struct ca *ca, const struct ca_blocked *b, char **ret_device,
    struct err *err);
int ca_block_remove(struct ca *ca, const char *sha256, struct err *err);
typedef int ca_blocked_fn(
    void *cookie, const struct ca_blocked *b, struct err *err);
/* By hash. fn must not call the CA; -1 from it ends the list. */
int ca_block_list(
    struct ca *ca, ca_blocked_fn *fn, void *cookie, struct err *err);
/* What a text, as people keep it, blocks: a certificate, a request or a public
 * key in PEM; else a hash and its note a line, "#" for comments. fn is called
 * for each, at is 0. ERR_INVALID names the line. */
int ca_block_read(
    const struct buf *text, ca_blocked_fn *fn, void *cookie, struct err *err);

typedef int ca_cert_fn(
    void *cookie, const struct ca_cert *cert, struct err *err);
struct ca_list_of {
	const char *device;  /* NULL: all */
	int64_t ends_from;   /* at this time or later; 0: all */
	int64_t ends_before; /* 0: all */
};
/* Newest first. fn must not call the CA; -1 from it ends the list and is
 * returned. */
int ca_list(struct ca *ca, const struct ca_list_of *of, ca_cert_fn *fn,
    void *cookie, struct err *err);
/* Append the current CRL, DER: the stored one, signed anew when a revocation
 * came since or half its week is over. ERR_REFUSED when the clock is before it.
 */
int ca_crl(struct ca *ca, int64_t now, struct buf *out, struct err *err);
/* The same for who has one already: when the current one has the number in *io,
 * nothing is appended. *io is set on success. */
struct ca_crl_info {
	int64_t number; /* 0: have none */
	int64_t this_update, next_update;
};
int ca_crl_since(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err);

/* The list of the root above this issuing CA, likewise. Where the root's key is
 * a new one is made when an issuing CA was revoked since (ca_revoke_issuing())
 * or half of its year is over; elsewhere it is the one that was imported.
 * ERR_NOTFOUND when there is none. */
int ca_root_crl_since(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err);
/* Take one that was made where the key of one of our roots is; PEM or DER. An
 * issuing CA of ours that it has issues nothing from then on. ERR_UNTRUSTED,
 * ERR_INVALID; ERR_CONFLICT when it is not newer than ours, or lacks what was
 * revoked here, or a CA of ours that an earlier one revoked for good. */
int ca_root_crl_import(
    struct ca *ca, const struct buf *file, int64_t now, struct err *err);
/* The root's name in URLs; borrowed from ca. */
const char *ca_root_name(const struct ca *ca);

/*
 * OCSP (RFC 6960, RFC 5019).  Answers are signed by a responder of ours with a
 * P-256 key and a certificate of two weeks (id-kp-OCSPSigning, id-pkix-ocsp-
 * nocheck), made when there is none with more than half of its life left; never
 * by the issuing key.  The key lies in the database, sealed.
 */
#define CA_OCSP_REQUEST_MAX 4096
#define CA_OCSP_CERTS_MAX 16 /* asked for at once */
#define CA_OCSP_ANSWER_MAX 16384

struct ca_ocsp {
	const uint8_t *request; /* DER, borrowed; not trusted */
	size_t len;
	int64_t now;
	/* Set on success: what the answer says of itself. 0: no one may keep
	 * it, because it is an error or has a nonce in it. */
	int64_t this_update, next_update;
};
/* Append the DER OCSPResponse. A request that is none (malformedRequest), asks
 * for what is not ours (unauthorized) or comes while there can be no responder
 * (tryLater) is answered too: -1 only when the records do not answer. What is
 * not on record is unknown; an intent without certificate is revoked; a nonce
 * of 1 to 32 bytes is given back (RFC 8954). About one certificate that a root
 * of ours signed it is the root's own answer, made with its list, without a
 * nonce; unauthorized if there is none. The first answer of a responder and
 * every 256th after it is verified before it leaves; ERR_STORAGE if it does not
 * hold. */
int ca_ocsp(
    struct ca *ca, struct ca_ocsp *io, struct buf *out, struct err *err);
/* A question about one of our certificates (der), or about a serial in hex: a
 * DER OCSPRequest without a nonce, appended. ERR_REFUSED: of another CA. */
struct ca_ocsp_about {
	const char *serial;
	const uint8_t *der;
	size_t len;
};
int ca_ocsp_ask(struct ca *ca, const struct ca_ocsp_about *about,
    struct buf *out, struct err *err);
/* What an answer says of each certificate; ERR_REFUSED with its status when it
 * says nothing. It is not verified. */
struct ca_ocsp_verdict {
	const char *serial;
	const char *status; /* "good", "revoked", "unknown" */
	bool good;
	int64_t revoked_at; /* 0: not revoked */
	int reason;	    /* -1: none is given */
	int64_t this_update, next_update;
};
typedef int ca_ocsp_fn(
    void *cookie, const struct ca_ocsp_verdict *v, struct err *err);
int ca_ocsp_read(
    const struct buf *answer, ca_ocsp_fn *fn, void *cookie, struct err *err);
/* Make a responder if one is due; *ret_next is when the next will be. */
int ca_ocsp_ready(
    struct ca *ca, int64_t now, int64_t *ret_next, struct err *err);
/* Issuing certificate, those above it, root, PEM, in that order. */
int ca_chain_pem(const struct ca *ca, struct buf *out, struct err *err);
/* Name of the issuing CA in URLs, hexadecimal; borrowed from ca. */
#define CA_NAME 17
const char *ca_name(const struct ca *ca);
/* Append one of our own certificates, of any line, DER, by this name;
 * ERR_NOTFOUND. */
int ca_certificate(
    const struct ca *ca, const char *name, struct buf *out, struct err *err);
/* The distinct roots of the issuing CAs that are not at their end, newest
 * first. fn must not call the CA; -1 from it ends it. */
struct ca_root_info {
	const uint8_t *der;
	size_t len;
	const char *subject;
};
typedef int ca_root_fn(
    void *cookie, const struct ca_root_info *root, struct err *err);
int ca_roots(
    const struct ca *ca, ca_root_fn *fn, void *cookie, struct err *err);
/* Root certificate, PEM. */
int ca_root_pem(const struct ca *ca, struct buf *out, struct err *err);
/* The chain, and those of the issuing CAs before it that are not at their end:
 * all that may have certified a device. PEM. */
int ca_trust_pem(const struct ca *ca, struct buf *out, struct err *err);

/*
 * Rollover (rollover.h).  A request is made with a new issuing key, somebody
 * signs it (an enterprise's CA, a root that is kept offline, our own root), the
 * certificate is imported, and that CA issues from then on.  The one before it
 * verifies what it issued and signs its revocation list until its end.
 */
enum ca_line_state { CA_LINE_WAITING, CA_LINE_ACTIVE, CA_LINE_OLD };

/* As ca_create(), but without a root: an issuing key and its request. */
int ca_create_offline(
    const struct ca_conf *conf, const struct ca_new *how, struct err *err);
/* The issuing CA before this one, NULL after the last; closed with it. What is
 * not about issuing works on it: its chain, its revocation list. */
struct ca *ca_older(const struct ca *ca);
/* The one that issued this certificate; ca if none of them did. */
const struct ca *ca_line_of(const struct ca *ca, const struct ca_cert *cert);
/* Its number, as in ca_lines(). */
int64_t ca_line_id(const struct ca *ca);

/* An issuing CA, for people; texts borrowed for the call. */
struct ca_line_info {
	int64_t id;
	enum ca_line_state state;
	const char *subject, *root; /* "O=..., CN=..."; NULL while waiting */
	const char *cross;	    /* "1: O=..., CN=...; 2: ..."; NULL: none */
	const char *serial;
	int64_t not_before, not_after;
	int64_t revoked_at; /* 0: it is not */
	const char *key_file;
};
typedef int ca_line_fn(
    void *cookie, const struct ca_line_info *info, struct err *err);
/* Newest first, the waiting one included. */
int ca_lines(
    const struct ca_conf *conf, ca_line_fn *fn, void *cookie, struct err *err);
/* Does this DER leaf chain to us, is it within its time, is it in our records
 * byte for byte and not revoked, nor its issuing CA, is name (may be NULL) in
 * it? 0, or ERR_UNTRUSTED saying why; ERR_STORAGE when the records do not
 * answer. */
int ca_verify(struct ca *ca, const uint8_t *der, size_t len, const char *name,
    int64_t now, struct err *err);
#endif
