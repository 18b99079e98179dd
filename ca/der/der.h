#ifndef DER_H_
#define DER_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Strict DER (X.690), both directions.  Reading accepts what DER allows and
 * nothing else: definite, minimal lengths, low tag numbers.  Certificates are
 * written with our own writer so that the to-be-signed bytes are ours to record
 * before anything is signed.
 */

/* Borrowed bytes. */
struct ca_span {
	const uint8_t *p;
	size_t len;
};
bool ca_span_equal(struct ca_span a, struct ca_span b);

/* One element; both spans lie in what was read. */
struct ca_tlv {
	uint8_t tag;
	struct ca_span body;
	struct ca_span whole;
};

enum ca_tag {
	CA_TAG_BOOLEAN = 0x01,
	CA_TAG_INTEGER = 0x02,
	CA_TAG_BITS = 0x03,
	CA_TAG_OCTETS = 0x04,
	CA_TAG_NULL = 0x05,
	CA_TAG_OID = 0x06,
	CA_TAG_ENUM = 0x0a,
	CA_TAG_UTF8 = 0x0c,
	CA_TAG_PRINTABLE = 0x13,
	CA_TAG_UTCTIME = 0x17,
	CA_TAG_TIME = 0x18,
	CA_TAG_SEQ = 0x30,
	CA_TAG_SET = 0x31
};
/* Context-specific tags, primitive and constructed. */
#define CA_TAG_CONTEXT(n) ((uint8_t)(0x80 | (n)))
#define CA_TAG_CONTEXT_SEQ(n) ((uint8_t)(0xa0 | (n)))

/* Take one element from the front of *in; -1 and *in unchanged when there is
 * none or its form is not DER. */
int ca_der_next(struct ca_span *in, struct ca_tlv *ret);
/* The same for one that must have this tag. */
int ca_der_take(struct ca_span *in, uint8_t tag, struct ca_tlv *ret);
/* Exactly one element with this tag and nothing behind it. */
int ca_der_only(struct ca_span in, uint8_t tag, struct ca_tlv *ret);
/* Walk all there is, to CA_DER_DEPTH levels: NULL, or what is not DER. */
#define CA_DER_DEPTH 12
const char *ca_der_check(struct ca_span in);

/* Writers append to *out, whose limit is checked once at the end. */
void ca_der_tlv(struct buf *out, uint8_t tag, const void *body, size_t len);
void ca_der_span(struct buf *out, struct ca_span whole);
/* A non-negative INTEGER from big-endian bytes. */
void ca_der_uint(struct buf *out, const uint8_t *bytes, size_t len);
void ca_der_number(struct buf *out, uint64_t value);
void ca_der_bits(
    struct buf *out, const uint8_t *bytes, size_t len, unsigned unused);
void ca_der_text(struct buf *out, uint8_t tag, const char *text);
/* UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5). */
void ca_der_time(struct buf *out, int64_t at);
/* What is added between the two becomes the body of one element. */
size_t ca_der_open(struct buf *out, uint8_t tag);
void ca_der_close(struct buf *out, size_t mark);
struct ca_span ca_der_bytes(const struct buf *b);

/* Object identifiers, encoded, with tag and length. */
struct ca_oids {
	struct ca_span rsa, sha256_rsa, sha384_rsa, sha512_rsa;
	struct ca_span ec, p256, p384, ecdsa_sha256, ecdsa_sha384, ecdsa_sha512;
	struct ca_span common_name, organisation;
	struct ca_span extension_request;
	struct ca_span subject_key, key_usage, alt_name, constraints,
	    crl_number, crl_reason, authority_key, ext_key_usage, crl_places,
	    authority_places, ocsp_no_check, account_sid;
	struct ca_span server_auth, client_auth, ocsp_signing;
	/* MS-WCCE, 2.2.2.7.7.4: names a SID; MS-PKCA: a UPN. */
	struct ca_span sid_name, upn_name;
	struct ca_span amt_remote, amt_local, amt_setup;
	struct ca_span access_ocsp, access_issuers;
	struct ca_span template_name, template_oid; /* Microsoft's */
};
extern const struct ca_oids ca_oids;
#endif
