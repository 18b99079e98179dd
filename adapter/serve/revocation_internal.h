#ifndef REVOCATION_INTERNAL_H_
#define REVOCATION_INTERNAL_H_

struct ca;
struct conf;
struct err;
struct loop;
struct revocation;

/*
 * What others ask our CA, over HTTP (RFC 5280, RFC 6960, RFC 5019):
 *
 *   GET  /crl/NAME.crl      the CRL, DER
 *   GET  /ca/NAME.cer       a CA certificate, DER
 *   POST /ocsp              an OCSP request in the body
 *   GET  /ocsp/BASE64       the same in the path
 *
 * below the path of conf's revocation.url; NAME is ca_name()'s.  Work that
 * needs the records is done on one worker at a time, in batches, so that
 * strangers never hold the workers that devices need; beyond a bounded queue
 * they get 503.
 *
 * It also sees to it that CRL and OCSP responder are renewed before they end,
 * whether or not anyone asks.
 */
/* Listens when conf says so; works from the loop on. Both are borrowed. */
int revocation_new(struct loop *loop, struct ca *ca, const struct conf *conf,
    struct revocation **ret, struct err *err);
/* Go on with this CA, borrowed, in place of the one before, which is held while
 * a request is under way. */
void revocation_use(struct revocation *r, struct ca *ca);
/* Answer what was asked, then call done() once, from the loop. */
typedef void revocation_stopped_fn(void *cookie);
void revocation_stop(
    struct revocation *r, revocation_stopped_fn *done, void *cookie);
/* After done(), or before the loop ran; NULL is allowed. */
void revocation_free(struct revocation *r);
#endif
