#ifndef CA_ROLLOVER_H_
#define CA_ROLLOVER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ca.h"

struct buf;
struct err;

/* From one issuing CA to the next, and from one root to the next. */

/* Append the open request, PKCS#10 in PEM; makes key and request when there is
 * none. organisation NULL: that of the CA that issues now. With anew an open
 * one is given up, its key with it, but for one in a token. key is that of a
 * new request: one that is on record already, or without anew beside an open
 * request, is ERR_CONFLICT. */
struct ca_request_new {
	const char *organisation;
	bool anew;
	struct ca_key_place key;
};
int ca_request(const struct ca_conf *conf, const struct ca_request_new *how,
    struct buf *out, struct err *err);
/* Take the certificate of the open request, and those above it up to a
 * self-signed root, PEM in any order; ours need not be given. All is checked
 * before anything is changed: key and name of the request, CA, path lengths,
 * usages, periods, signatures of today's strength, a chain that OpenSSL
 * verifies strictly. One commit makes it the one that issues; a ca that is open
 * elsewhere goes on with the old one until it is opened again. With dry
 * everything but that is done. ERR_NOTFOUND without an open request;
 * ERR_UNTRUSTED, ERR_INVALID saying what is wrong. */
struct ca_import {
	const struct buf *pem;
	int64_t now;
	bool dry;
	/* Set on success: what it becomes. */
	char subject[256], root[256], root_sha256[65];
	int64_t not_after;
};
int ca_import(
    const struct ca_conf *conf, struct ca_import *io, struct err *err);
/* Sign the request of an issuing CA with our root's key: ten years, or to the
 * root's end. Or cross-sign the certificate of an issuing CA of another root,
 * until its end or ours. Append the certificate, PEM. */
int ca_certify(struct ca *ca, const struct ca_conf *conf, const struct buf *pem,
    struct buf *out, struct err *err);

/* A new root of our own and a new issuing CA under it, which issues from then
 * on.  The root before it, whose key must be here, cross-signs the new issuing
 * CA, the new root those before it: either root verifies all until they end.
 * One commit; a ca that is open, this one too, goes on with the old one until
 * it is opened again (ca_mark()). */
struct ca_roll {
	const char *organisation; /* NULL: that of the CA that issues now */
	struct ca_key_place key, root_key;
	/* Set on success: what it becomes. */
	char subject[256], root[256], root_sha256[65];
	int64_t not_after;
};
int ca_rollover(struct ca *ca, const struct ca_conf *conf, struct ca_roll *io,
    struct err *err);
/*
 * Revoke an issuing CA that a root of ours signed.  It is on record before a
 * list is signed; from then on that CA issues nothing here, and the root's list
 * and answers say so.  One that is revoked already stays as it is.
 * ERR_NOTFOUND: there is none.  ERR_REFUSED: no root's key is here, or devices
 * have valid certificates by it, and force is not set.
 */
struct ca_fall {
	/* One of ours, hex, lower case: all its certificates by our roots; or
	 * a certificate, DER, that alone. */
	const char *serial;
	const struct buf *cert;
	int reason; /* RFC 5280; key compromise becomes CA compromise */
	int64_t now;
	bool force, dry; /* dry: everything but doing it */
	/* Set on success. */
	char subject[256];
	char number[41];  /* serial number of the certificate, or the first */
	bool active;	  /* it is the one that issues */
	int64_t used;	  /* valid certificates of devices by it */
	size_t elsewhere; /* of its certificates: the root's key is not here */
};
int ca_revoke_issuing(struct ca *ca, const struct ca_conf *conf,
    struct ca_fall *io, struct err *err);
/* Take a cross-certificate: of the name and key of one of our issuing CAs, by
 * another root, with those above it, as ca_import() does. ERR_NOTFOUND when
 * there is none that is new. */
int ca_cross_import(
    const struct ca_conf *conf, struct ca_import *io, struct err *err);
/* The chain of this issuing CA under a further root, from its cross-certificate
 * to the root, PEM; number as in ca_lines(), from 1. ERR_NOTFOUND. */
int ca_cross_pem(
    const struct ca *ca, size_t number, struct buf *out, struct err *err);
#endif
