#include "csr_internal.h"

#include <string.h>

static int
read_extension(struct ca_span *list, struct ca_csr *csr)
{
	struct ca_tlv ext, oid, flag, value;
	struct ca_csr_ext *e;
	bool critical = false;

	if (ca_der_take(list, CA_TAG_SEQ, &ext) != 0 ||
	    ca_der_take(&ext.body, CA_TAG_OID, &oid) != 0)
		return -1;
	/* A FALSE that is written out is no DER: it is the default. */
	if (ca_der_take(&ext.body, CA_TAG_BOOLEAN, &flag) == 0) {
		if (flag.body.p[0] != 0xff)
			return -1;
		critical = true;
	}
	if (ca_der_only(ext.body, CA_TAG_OCTETS, &value) != 0)
		return -1;
	if (csr->ext_count == CA_CSR_EXTENSIONS) {
		csr->ext_over = true;
		return 0;
	}
	e = &csr->ext[csr->ext_count++];
	e->oid = oid.whole;
	e->critical = critical;
	e->value = value.body;
	return 0;
}

/* extensionRequest (RFC 2985, 5.4.2): one value, a list of extensions. */
static int
read_request(struct ca_span values, struct ca_csr *csr)
{
	struct ca_tlv list;

	csr->requests++;
	if (ca_der_only(values, CA_TAG_SEQ, &list) != 0)
		return -1;
	while (list.body.len != 0)
		if (read_extension(&list.body, csr) != 0)
			return -1;
	return 0;
}

static const char *
read_attributes(struct ca_span list, struct ca_csr *csr)
{
	struct ca_tlv attribute, type, values;

	while (list.len != 0) {
		if (ca_der_take(&list, CA_TAG_SEQ, &attribute) != 0 ||
		    ca_der_take(&attribute.body, CA_TAG_OID, &type) != 0 ||
		    ca_der_only(attribute.body, CA_TAG_SET, &values) != 0)
			return "an attribute is not a type and its values";
		csr->attributes++;
		if (!ca_span_equal(type.whole, ca_oids.extension_request))
			continue;
		if (read_request(values.body, csr) != 0)
			return "extensionRequest is not a list of extensions";
	}
	return NULL;
}

/* The bytes of a BIT STRING that must fill whole octets. */
static int
take_octets(struct ca_span *in, struct ca_span *ret)
{
	struct ca_tlv bits;

	if (ca_der_take(in, CA_TAG_BITS, &bits) != 0 || bits.body.len < 2 ||
	    bits.body.p[0] != 0)
		return -1;
	ret->p = bits.body.p + 1;
	ret->len = bits.body.len - 1;
	return 0;
}

static int
read_spki(struct ca_span spki, struct ca_csr *csr)
{
	struct ca_tlv v;

	if (ca_der_take(&spki, CA_TAG_SEQ, &v) != 0 ||
	    take_octets(&spki, &csr->key_bits) != 0 || spki.len != 0)
		return -1;
	csr->key_algorithm = v.whole;
	return 0;
}

static const char *
read_info(struct ca_span info, struct ca_csr *csr)
{
	struct ca_tlv version, subject, spki, attributes;

	if (ca_der_take(&info, CA_TAG_INTEGER, &version) != 0)
		return "no version";
	if (ca_der_take(&info, CA_TAG_SEQ, &subject) != 0)
		return "no subject";
	if (ca_der_take(&info, CA_TAG_SEQ, &spki) != 0 ||
	    read_spki(spki.body, csr) != 0)
		return "no public key";
	/* The attributes may be an empty list, but not left out. */
	if (ca_der_only(info, CA_TAG_CONTEXT_SEQ(0), &attributes) != 0)
		return "no attributes";
	csr->version = version.body;
	csr->subject = subject.whole;
	csr->spki = spki.whole;
	return read_attributes(attributes.body, csr);
}

const char *
ca_csr_parse(struct ca_span der, struct ca_csr *ret)
{
	struct ca_csr csr;
	struct ca_tlv request, info, algorithm;
	const char *why;

	memset(&csr, 0, sizeof(csr));
	if (ca_der_only(der, CA_TAG_SEQ, &request) != 0)
		return "not one SEQUENCE";
	if (ca_der_take(&request.body, CA_TAG_SEQ, &info) != 0)
		return "no certificationRequestInfo";
	if (ca_der_take(&request.body, CA_TAG_SEQ, &algorithm) != 0)
		return "no signature algorithm";
	if (take_octets(&request.body, &csr.signature) != 0 ||
	    request.body.len != 0)
		return "no signature";
	csr.info = info.whole;
	csr.algorithm = algorithm.whole;
	why = read_info(info.body, &csr);
	if (why == NULL)
		*ret = csr;
	return why;
}

const struct ca_csr_ext *
ca_csr_ext(const struct ca_csr *csr, struct ca_span oid)
{
	size_t i;

	for (i = 0; i < csr->ext_count; i++)
		if (ca_span_equal(csr->ext[i].oid, oid))
			return &csr->ext[i];
	return NULL;
}

/* Content of a positive INTEGER without the sign octet. */
static int
unsigned_of(struct ca_span body, struct ca_span *ret)
{
	if (body.len == 0 || (body.p[0] & 0x80) != 0)
		return -1;
	if (body.p[0] == 0) {
		body.p++;
		body.len--;
	}
	if (body.len == 0)
		return -1;
	*ret = body;
	return 0;
}

int
ca_csr_rsa(struct ca_span key, struct ca_span *ret_n, struct ca_span *ret_e)
{
	struct ca_tlv pair, n, e;
	struct ca_span modulus, exponent;

	if (ca_der_check(key) != NULL ||
	    ca_der_only(key, CA_TAG_SEQ, &pair) != 0 ||
	    ca_der_take(&pair.body, CA_TAG_INTEGER, &n) != 0 ||
	    ca_der_only(pair.body, CA_TAG_INTEGER, &e) != 0 ||
	    unsigned_of(n.body, &modulus) != 0 ||
	    unsigned_of(e.body, &exponent) != 0)
		return -1;
	*ret_n = modulus;
	*ret_e = exponent;
	return 0;
}
