/*
 * EST's formats: bytes in, certificates and words out, no I/O.  RFC 7030 with
 * the corrections of RFC 8951.
 */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#include "bridge_internal.h"
#include "str.h"

#define OID_TEXT 80
#define ATTRIBUTES_MAX 64

/* Base64 as RFC 8951 wants it, or DER as some servers send it. */
static bool
decode(struct ca_span body, struct buf *der)
{
	struct buf text;
	bool good;

	if (body.len > 0 && body.p[0] == CA_TAG_SEQ) {
		buf_add(der, body.p, body.len);
		return !der->over;
	}
	buf_init(&text, CA_BRIDGE_ANSWER_MAX);
	buf_add(&text, body.p, body.len);
	good = !text.over && text.len > 0 &&
	    strlen(buf_text(&text)) == text.len &&
	    str_unbase64(der, buf_text(&text)) == 0 && der->len > 0 &&
	    !der->over;
	buf_free(&text);
	return good;
}

/* --- certs-only --- */

const char *
ca_est_each_cert(struct ca_span body, ca_bridge_cert_fn *fn, void *cookie)
{
	const char *why = "it is neither base64 nor DER";
	struct buf der;

	buf_init(&der, CA_BRIDGE_ANSWER_MAX);
	if (decode(body, &der))
		why =
		    ca_bridge_each_cert(ca_der_bytes(&der), false, fn, cookie);
	buf_free(&der);
	return why;
}

const char *
ca_est_read_certs(struct ca_span body, struct ca_span spki, struct buf *leaf)
{
	struct ca_bridge_pick w = {.spki = spki, .leaf = leaf};
	const char *why = ca_est_each_cert(body, ca_bridge_pick, &w);

	if (why != NULL)
		return why;
	if (w.found == 0)
		return "no certificate in it is for the key of the request";
	return w.found == 1 ? NULL : "it holds two certificates for our key";
}

/* --- csrattrs --- */

static bool
oid_text(struct ca_span oid, char out[OID_TEXT])
{
	const unsigned char *p = oid.p;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	int len = -1;

	if (object != NULL && p == oid.p + oid.len)
		len = OBJ_obj2txt(out, OID_TEXT, object, 0);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return len > 0 && len < OID_TEXT;
}

static bool
is_oid(struct ca_span oid, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);
	const uint8_t *bytes = OBJ_get0_data(object);
	size_t len = OBJ_length(object);

	/* A short form length: these are all below 128 bytes. */
	return oid.len == len + 2 && memcmp(oid.p + 2, bytes, len) == 0;
}

/* An RSA key of so many bits (RFC 7030, 4.5.2: the attribute's value). */
static bool
is_large(struct ca_span values)
{
	struct ca_tlv bits;
	uint64_t n = 0;
	size_t i;

	if (ca_der_take(&values, CA_TAG_INTEGER, &bits) != 0 ||
	    bits.body.len > 4)
		return false;
	for (i = 0; i < bits.body.len; i++)
		n = n << 8 | bits.body.p[i];
	return n > CA_BRIDGE_KEY_BITS;
}

/* What no firmware can do, whatever we put into the request it signs. */
static const char *
bars(struct ca_span oid, struct ca_span values)
{
	if (is_oid(oid, NID_pkcs9_challengePassword))
		return "the CA wants requests bound to the TLS session "
		       "(challengePassword), which firmware cannot do: let it "
		       "accept others from us";
	if (is_oid(oid, NID_X9_62_id_ecPublicKey))
		return "the CA wants EC keys; firmware makes RSA keys";
	if (is_oid(oid, NID_rsaEncryption) && is_large(values))
		return "the CA wants RSA keys larger than firmware makes";
	return NULL;
}

static bool
read_attribute(struct ca_span *list, struct buf *out, const char **ret_bars)
{
	struct ca_tlv attribute, oid = {0}, values = {0};
	char text[OID_TEXT];
	const char *why;

	if (ca_der_take(list, CA_TAG_OID, &oid) != 0 &&
	    (ca_der_take(list, CA_TAG_SEQ, &attribute) != 0 ||
		ca_der_take(&attribute.body, CA_TAG_OID, &oid) != 0 ||
		ca_der_only(attribute.body, CA_TAG_SET, &values) != 0))
		return false;
	if (!oid_text(oid.whole, text))
		return false;
	buf_printf(out, "the CA wants in requests: %s\n", text);
	why = bars(oid.whole, values.body);
	if (why != NULL)
		*ret_bars = why;
	return true;
}

const char *
ca_est_read_attributes(
    struct ca_span body, struct buf *out, const char **ret_bars)
{
	struct ca_tlv list;
	struct buf der;
	unsigned count = 0;
	const char *why = NULL;

	*ret_bars = NULL;
	buf_init(&der, CA_BRIDGE_ANSWER_MAX);
	if (!decode(body, &der))
		why = "it is neither base64 nor DER";
	else if (ca_der_check(ca_der_bytes(&der)) != NULL ||
	    ca_der_only(ca_der_bytes(&der), CA_TAG_SEQ, &list) != 0)
		why = "it is no list";
	while (why == NULL && list.body.len > 0) {
		if (++count > ATTRIBUTES_MAX)
			why = "it is too long a list";
		else if (!read_attribute(&list.body, out, ret_bars))
			why = "an entry is neither a type nor an attribute";
	}
	buf_free(&der);
	return why;
}
