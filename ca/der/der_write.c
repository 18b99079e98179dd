#include <assert.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "der.h"

static void
add_length(struct buf *out, size_t len)
{
	uint8_t octets[1 + sizeof(len)];
	size_t count = 0, i;

	if (len < 0x80) {
		buf_char(out, (char)len);
		return;
	}
	for (i = len; i != 0; i >>= 8)
		count++;
	octets[0] = (uint8_t)(0x80 | count);
	for (i = 0; i < count; i++)
		octets[count - i] = (uint8_t)(len >> (8 * i));
	buf_add(out, octets, count + 1);
}

void
ca_der_tlv(struct buf *out, uint8_t tag, const void *body, size_t len)
{
	buf_add(out, &tag, 1);
	add_length(out, len);
	if (len != 0)
		buf_add(out, body, len);
}

void
ca_der_span(struct buf *out, struct ca_span whole)
{
	if (whole.len != 0)
		buf_add(out, whole.p, whole.len);
}

void
ca_der_uint(struct buf *out, const uint8_t *bytes, size_t len)
{
	static const uint8_t zero;
	uint8_t tag = CA_TAG_INTEGER;
	bool pad;

	while (len > 0 && bytes[0] == 0) {
		bytes++;
		len--;
	}
	pad = len == 0 || (bytes[0] & 0x80) != 0;
	buf_add(out, &tag, 1);
	add_length(out, len + (pad ? 1 : 0));
	if (pad)
		buf_add(out, &zero, 1);
	if (len != 0)
		buf_add(out, bytes, len);
}

void
ca_der_number(struct buf *out, uint64_t value)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * (sizeof(bytes) - 1 - i)));
	ca_der_uint(out, bytes, sizeof(bytes));
}

void
ca_der_bits(struct buf *out, const uint8_t *bytes, size_t len, unsigned unused)
{
	uint8_t head = (uint8_t)unused;
	size_t mark = ca_der_open(out, CA_TAG_BITS);

	assert(unused < 8);
	buf_add(out, &head, 1);
	buf_add(out, bytes, len);
	ca_der_close(out, mark);
}

void
ca_der_text(struct buf *out, uint8_t tag, const char *text)
{
	ca_der_tlv(out, tag, text, strlen(text));
}

void
ca_der_time(struct buf *out, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char text[32];
	size_t len = 0;
	bool late;

	/* Callers keep within what a certificate can say. */
	if (gmtime_r(&t, &tm) != NULL && tm.tm_year >= 70 && tm.tm_year < 8100)
		len = strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	assert(len > 0);
	(void)len;
	late = tm.tm_year >= 150;
	/* UTCTime leaves the century out. */
	ca_der_text(
	    out, late ? CA_TAG_TIME : CA_TAG_UTCTIME, late ? text : text + 2);
}

size_t
ca_der_open(struct buf *out, uint8_t tag)
{
	buf_add(out, &tag, 1);
	return out->len;
}

/* The body is moved up to make room for its length: short bodies, few levels,
 * and no length is computed in two places. */
void
ca_der_close(struct buf *out, size_t mark)
{
	uint8_t head[1 + sizeof(size_t)];
	size_t len = out->len - mark, octets;
	uint8_t *body;

	assert(out->len >= mark);
	add_length(out, len);
	if (out->over)
		return;
	octets = out->len - mark - len;
	assert(octets <= sizeof(head));
	body = out->data + mark;
	memcpy(head, body + len, octets);
	memmove(body + octets, body, len);
	memcpy(body, head, octets);
}

struct ca_span
ca_der_bytes(const struct buf *b)
{
	return (struct ca_span){b->data, b->len};
}

/* clang-format off */
#define OID(...) {(const uint8_t[]){__VA_ARGS__}, \
	sizeof((const uint8_t[]){__VA_ARGS__})}

const struct ca_oids ca_oids = {
	/* 1.2.840.113549.1.1.{1,11,12,13} (RFC 8017, RFC 4055) */
	.rsa = OID(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1),
	.sha256_rsa = OID(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11),
	.sha384_rsa = OID(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12),
	.sha512_rsa = OID(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13),
	/* 1.2.840.10045.2.1, 1.3.132.0.34 (RFC 5480) */
	.ec = OID(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1),
	.p256 = OID(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7),
	.p384 = OID(6, 5, 0x2b, 0x81, 0x04, 0, 34),
	/* 1.2.840.10045.4.3.{2,3,4} (RFC 5758) */
	.ecdsa_sha256 = OID(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2),
	.ecdsa_sha384 = OID(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3),
	.ecdsa_sha512 = OID(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4),
	/* 2.5.4.{3,10} (X.520) */
	.common_name = OID(6, 3, 0x55, 4, 3),
	.organisation = OID(6, 3, 0x55, 4, 10),
	/* 1.2.840.113549.1.9.14 (RFC 2985) */
	.extension_request = OID(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1,
	    9, 14),
	/* 2.5.29.* (RFC 5280, 4.2.1 and 5.2, 5.3) */
	.subject_key = OID(6, 3, 0x55, 0x1d, 14),
	.key_usage = OID(6, 3, 0x55, 0x1d, 15),
	.alt_name = OID(6, 3, 0x55, 0x1d, 17),
	.constraints = OID(6, 3, 0x55, 0x1d, 19),
	.crl_number = OID(6, 3, 0x55, 0x1d, 20),
	.crl_reason = OID(6, 3, 0x55, 0x1d, 21),
	.crl_places = OID(6, 3, 0x55, 0x1d, 31),
	.authority_key = OID(6, 3, 0x55, 0x1d, 35),
	.ext_key_usage = OID(6, 3, 0x55, 0x1d, 37),
	/* 1.3.6.1.5.5.7.1.1 (RFC 5280, 4.2.2.1) */
	.authority_places = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 1, 1),
	/* 1.3.6.1.5.5.7.3.{1,2,9} (RFC 5280, RFC 6960) */
	.server_auth = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1),
	.client_auth = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2),
	.ocsp_signing = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9),
	/* 1.3.6.1.5.5.7.48.{1,2}, 1.3.6.1.5.5.7.48.1.5 (RFC 6960) */
	.access_ocsp = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 48, 1),
	.access_issuers = OID(6, 8, 0x2b, 6, 1, 5, 5, 7, 48, 2),
	.ocsp_no_check = OID(6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 5),
	/* 1.3.6.1.4.1.311.20.2, 1.3.6.1.4.1.311.21.7 (MS-WCCE 2.2.2.7.7) */
	.template_name =
	    OID(6, 9, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 0x02),
	.template_oid = OID(6, 9, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x15, 0x07),
	.account_sid =
	    OID(6, 9, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 25, 2),
	.sid_name =
	    OID(6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 25, 2, 1),
	.upn_name =
	    OID(6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 3),
	/* 2.16.840.1.113741.1.2.{1,2,3} (Intel) */
	.amt_remote = OID(6, 10, 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x4d, 1,
	    2, 1),
	.amt_local = OID(6, 10, 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x4d, 1,
	    2, 2),
	.amt_setup = OID(6, 10, 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x4d, 1,
	    2, 3),
};
/* clang-format on */
