#ifndef SPNEGO_INTERNAL_H_
#define SPNEGO_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

struct text;

/* Borrowed bytes. */
struct bytes {
	const uint8_t *p;
	size_t len;
};

/*
 * The layers around a Kerberos AP-REQ in Authorization: Negotiate, taken off
 * and put on by hand: RFC 4178 NegTokenInit, RFC 4121 framing, RFC 4120.
 */
struct spnego_request {
	struct bytes mech; /* the OID the answer has to echo; len 0: none,
			    * the token came without SPNEGO */
	struct bytes ap_req;
	struct bytes ticket; /* inside ap_req */
};

/* 0 or -1; ret points into token. */
int spnego_open(const uint8_t *token, size_t len, struct spnego_request *ret);
/* The answer with this AP-REP (len 0: no mutual authentication). */
void spnego_answer(const struct spnego_request *r, const uint8_t *ap_rep,
    size_t len, struct text *out);
/* An AP-REP (RFC 4120 5.5.2) with this encrypted part. */
void spnego_ap_rep(
    int enctype, const uint8_t *cipher, size_t len, struct text *out);
#endif
