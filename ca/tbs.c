/* The to-be-signed part of our certificates (RFC 5280, 4.1). */
#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "ca_internal.h"
#include "names_internal.h"
#include "str.h"
#include "template_internal.h"

#define EXT_MAX 2048

/* keyUsage bits, most significant first (RFC 5280, 4.2.1.3). */
#define USAGE_SIGN 0x80 /* digitalSignature */
#define USAGE_ENCIPHER 0x20
#define USAGE_CA 0x06 /* keyCertSign, cRLSign */

struct ca_span
ca_key_bytes(struct ca_span spki)
{
	struct ca_tlv whole, algorithm, bits;
	int rc;

	rc = ca_der_only(spki, CA_TAG_SEQ, &whole);
	assert(rc == 0);
	rc = ca_der_take(&whole.body, CA_TAG_SEQ, &algorithm);
	assert(rc == 0);
	rc = ca_der_take(&whole.body, CA_TAG_BITS, &bits);
	assert(rc == 0 && bits.body.len > 1);
	(void)rc;
	return (struct ca_span){bits.body.p + 1, bits.body.len - 1};
}

void
ca_key_id(struct ca_span spki, uint8_t ret[20])
{
	struct ca_span key = ca_key_bytes(spki);
	uint8_t hash[32];

	str_sha256(key.p, key.len, hash);
	memcpy(ret, hash, 20);
}

int
ca_serial_new(uint8_t ret[CA_SERIAL_LEN], struct err *err)
{
	uint8_t bytes[CA_SERIAL_LEN];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return ca_openssl_err(err, ERR_STORAGE, "random serial number");
	bytes[0] = (uint8_t)(0x40 | (bytes[0] & 0x3f));
	memcpy(ret, bytes, sizeof(bytes));
	return 0;
}

static void
write_attribute(struct buf *out, struct ca_span oid, const char *text)
{
	size_t set = ca_der_open(out, CA_TAG_SET);
	size_t pair = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out, oid);
	ca_der_text(out, CA_TAG_UTF8, text);
	ca_der_close(out, pair);
	ca_der_close(out, set);
}

void
ca_tbs_name(struct buf *out, const char *organisation, const char *common_name)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	if (organisation != NULL)
		write_attribute(out, ca_oids.organisation, organisation);
	write_attribute(out, ca_oids.common_name, common_name);
	ca_der_close(out, mark);
}

void
ca_tbs_ext(
    struct buf *out, struct ca_span oid, bool critical, const struct buf *value)
{
	static const uint8_t yes = 0xff;
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	assert(!value->over);
	ca_der_span(out, oid);
	if (critical)
		ca_der_tlv(out, CA_TAG_BOOLEAN, &yes, 1);
	ca_der_tlv(out, CA_TAG_OCTETS, value->data, value->len);
	ca_der_close(out, mark);
}

void
ca_tbs_authority(struct buf *out, struct ca_span key_id)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_tlv(out, CA_TAG_CONTEXT(0), key_id.p, key_id.len);
	ca_der_close(out, mark);
}

static void
write_constraints(const struct ca_tbs *t, struct buf *out)
{
	static const uint8_t yes = 0xff;
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	/* CA:FALSE is the default and therefore not written. */
	if (t->use == CA_TBS_AUTHORITY) {
		ca_der_tlv(out, CA_TAG_BOOLEAN, &yes, 1);
		ca_der_number(out, (uint64_t)t->path_len);
	}
	ca_der_close(out, mark);
}

static bool
is_rsa(struct ca_span spki)
{
	struct ca_tlv whole, algorithm, oid;

	return ca_der_only(spki, CA_TAG_SEQ, &whole) == 0 &&
	    ca_der_take(&whole.body, CA_TAG_SEQ, &algorithm) == 0 &&
	    ca_der_take(&algorithm.body, CA_TAG_OID, &oid) == 0 &&
	    ca_span_equal(oid.whole, ca_oids.rsa);
}

/* keyEncipherment is what RSA key exchange of TLS 1.2 needs of a server; an
 * EC key cannot encipher (RFC 5480, 3), a client does not. */
static void
write_usage(const struct ca_tbs *t, struct buf *out)
{
	uint8_t leaf = USAGE_SIGN, ca = USAGE_CA;
	bool encipher = (t->usages & CA_USAGE_SERVER) != 0 && is_rsa(t->spki);

	if (encipher)
		leaf |= USAGE_ENCIPHER;
	if (t->use != CA_TBS_AUTHORITY)
		ca_der_bits(out, &leaf, 1, encipher ? 5 : 7);
	else
		ca_der_bits(out, &ca, 1, 1);
}

static void
write_purpose(const struct ca_tbs *t, struct buf *out)
{
	size_t mark;

	if (t->use == CA_TBS_DEVICE) {
		ca_usage_write(t->usages, out);
		return;
	}
	mark = ca_der_open(out, CA_TAG_SEQ);
	ca_der_span(out, ca_oids.ocsp_signing);
	ca_der_close(out, mark);
}

static void
write_subject_key(const struct ca_tbs *t, struct buf *out)
{
	uint8_t id[20];

	ca_key_id(t->spki, id);
	if (t->subject_key.p != NULL)
		ca_der_tlv(
		    out, CA_TAG_OCTETS, t->subject_key.p, t->subject_key.len);
	else
		ca_der_tlv(out, CA_TAG_OCTETS, id, sizeof(id));
}

static void
write_authority(const struct ca_tbs *t, struct buf *out)
{
	ca_tbs_authority(out, t->authority_key);
}

static void
write_names(const struct ca_tbs *t, struct buf *out)
{
	ca_names_write(t->names, out);
}

static void
write_sid(const struct ca_tbs *t, struct buf *out)
{
	ca_sid_write(t->names->sid, out);
}

/* Nobody is to ask whether the one who answers was revoked: its life is short
 * instead (RFC 6960, 4.2.2.2.1). */
static void
write_no_check(const struct ca_tbs *t, struct buf *out)
{
	(void)t;
	ca_der_tlv(out, CA_TAG_NULL, NULL, 0);
}

static void
write_uri(struct buf *out, const char *uri)
{
	ca_der_text(out, CA_TAG_CONTEXT(6), uri);
}

/* One DistributionPoint with its fullName. */
static void
write_crl_places(const struct ca_tbs *t, struct buf *out)
{
	size_t list = ca_der_open(out, CA_TAG_SEQ);
	size_t point = ca_der_open(out, CA_TAG_SEQ);
	size_t name = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	size_t full = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));

	write_uri(out, t->places->crl);
	ca_der_close(out, full);
	ca_der_close(out, name);
	ca_der_close(out, point);
	ca_der_close(out, list);
}

static void
write_access(struct buf *out, struct ca_span method, const char *uri)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out, method);
	write_uri(out, uri);
	ca_der_close(out, mark);
}

static void
write_authority_places(const struct ca_tbs *t, struct buf *out)
{
	size_t list = ca_der_open(out, CA_TAG_SEQ);

	if (t->places->ocsp != NULL)
		write_access(out, ca_oids.access_ocsp, t->places->ocsp);
	write_access(out, ca_oids.access_issuers, t->places->issuer);
	ca_der_close(out, list);
}

static void
write_extensions(const struct ca_tbs *t, struct buf *out)
{
	bool leaf = t->use != CA_TBS_AUTHORITY;
	bool published = t->places != NULL && t->places->crl != NULL;
	const struct {
		const struct ca_span *oid;
		bool wanted, critical;
		void (*write)(const struct ca_tbs *t, struct buf *out);
	} exts[] = {
	    {&ca_oids.constraints, true, true, write_constraints},
	    {&ca_oids.key_usage, true, true, write_usage},
	    {&ca_oids.ext_key_usage, leaf, false, write_purpose},
	    {&ca_oids.subject_key, true, false, write_subject_key},
	    {&ca_oids.authority_key, t->authority_key.p != NULL, false,
		write_authority},
	    {&ca_oids.alt_name, t->use == CA_TBS_DEVICE, false, write_names},
	    {&ca_oids.account_sid, t->names != NULL && t->names->sid != NULL,
		false, write_sid},
	    {&ca_oids.crl_places, published, false, write_crl_places},
	    {&ca_oids.authority_places, published, false,
		write_authority_places},
	    {&ca_oids.ocsp_no_check, t->use == CA_TBS_RESPONDER, false,
		write_no_check},
	};
	struct buf value;
	size_t i;

	buf_init(&value, EXT_MAX);
	for (i = 0; i < sizeof(exts) / sizeof(exts[0]); i++) {
		if (!exts[i].wanted)
			continue;
		buf_reset(&value);
		exts[i].write(t, &value);
		ca_tbs_ext(out, *exts[i].oid, exts[i].critical, &value);
	}
	buf_free(&value);
}

void
ca_tbs_request(int path_len, struct buf *out)
{
	const struct ca_tbs t = {.use = CA_TBS_AUTHORITY, .path_len = path_len};
	struct buf value;

	buf_init(&value, EXT_MAX);
	write_constraints(&t, &value);
	ca_tbs_ext(out, ca_oids.constraints, true, &value);
	buf_reset(&value);
	write_usage(&t, &value);
	ca_tbs_ext(out, ca_oids.key_usage, true, &value);
	buf_free(&value);
}

void
ca_tbs_write(const struct ca_tbs *t, struct buf *out)
{
	size_t tbs = ca_der_open(out, CA_TAG_SEQ), mark, list;

	mark = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	ca_der_number(out, 2); /* v3 */
	ca_der_close(out, mark);
	ca_der_uint(out, t->serial, sizeof(t->serial));
	ca_der_span(out, t->algorithm);
	ca_der_span(out, t->issuer);
	mark = ca_der_open(out, CA_TAG_SEQ);
	ca_der_time(out, t->not_before);
	ca_der_time(out, t->not_after);
	ca_der_close(out, mark);
	ca_der_span(out, t->subject);
	ca_der_span(out, t->spki);
	mark = ca_der_open(out, CA_TAG_CONTEXT_SEQ(3));
	list = ca_der_open(out, CA_TAG_SEQ);
	write_extensions(t, out);
	ca_der_close(out, list);
	ca_der_close(out, mark);
	ca_der_close(out, tbs);
}
