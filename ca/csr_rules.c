/*
 * What a CSR must be before anything is signed for it.  One rule, one function,
 * one row; cheap ones first, the signature before anything that asks the
 * database.  Names and extensions are judged, never copied.
 */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca_internal.h"
#include "csr_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

#define OID_SHOWN 64
#define USAGE_CA 0x06 /* keyCertSign, cRLSign (RFC 5280, 4.2.1.3) */

static int
refuse(struct err *err, const char *why)
{
	return why == NULL ? 0 : err_set(err, ERR_INVALID, "%s", why);
}

static int
form_size(struct ca_csr_case *c, struct err *err)
{
	if (c->der.len == 0 || c->der.len > CA_CSR_MAX)
		return err_set(err, ERR_INVALID, "%zu bytes, limit is %d",
		    c->der.len, CA_CSR_MAX);
	return 0;
}

static int
form_der(struct ca_csr_case *c, struct err *err)
{
	struct ca_span rest = c->der;
	struct ca_tlv whole;

	if (ca_der_next(&rest, &whole) == 0 && rest.len != 0)
		return err_set(
		    err, ERR_INVALID, "%zu bytes behind the request", rest.len);
	return refuse(err, ca_der_check(c->der));
}

static int
form_structure(struct ca_csr_case *c, struct err *err)
{
	return refuse(err, ca_csr_parse(c->der, &c->csr));
}

static int
form_version(struct ca_csr_case *c, struct err *err)
{
	struct ca_span v = c->csr.version;
	char hex[2 * 8 + 1];

	if (v.len == 1 && v.p[0] == 0)
		return 0;
	str_hex(v.p, v.len < 8 ? v.len : 8, hex);
	return err_set(err, ERR_INVALID, "version 0x%s%s is not 0", hex,
	    v.len > 8 ? "..." : "");
}

static int
form_attributes(struct ca_csr_case *c, struct err *err)
{
	if (c->csr.attributes > CA_CSR_ATTRIBUTES)
		return err_set(err, ERR_INVALID, "%zu attributes, limit is %d",
		    c->csr.attributes, CA_CSR_ATTRIBUTES);
	if (c->csr.requests > 1)
		return err_set(err, ERR_INVALID,
		    "%zu extensionRequest attributes", c->csr.requests);
	return 0;
}

int
ca_csr_bad_oid(
    struct err *err, const char *what, struct ca_span oid, const char *why)
{
	const unsigned char *p = oid.p;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	char text[OID_SHOWN] = "?";

	if (object != NULL)
		(void)OBJ_obj2txt(text, sizeof(text), object, 0);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return err_set(err, ERR_INVALID, "%s %s %s", what, text, why);
}

static int
bad_ext(struct err *err, struct ca_span oid, const char *why)
{
	return ca_csr_bad_oid(err, "extension", oid, why);
}

static int
ext_unique(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr *csr = &c->csr;
	size_t i, k;

	if (csr->ext_over)
		return err_set(err, ERR_INVALID, "more than %d extensions",
		    CA_CSR_EXTENSIONS);
	for (i = 1; i < csr->ext_count; i++)
		for (k = 0; k < i; k++)
			if (ca_span_equal(csr->ext[i].oid, csr->ext[k].oid))
				return bad_ext(err, csr->ext[i].oid, "twice");
	return 0;
}

static int
ext_der(struct ca_csr_case *c, struct err *err)
{
	const char *why;
	size_t i;

	for (i = 0; i < c->csr.ext_count; i++) {
		why = ca_der_check(c->csr.ext[i].value);
		if (why != NULL)
			return bad_ext(err, c->csr.ext[i].oid, why);
	}
	return 0;
}

/* Those we understand may be marked critical; we answer with our own. */
static int
ext_critical(struct ca_csr_case *c, struct err *err)
{
	const struct ca_span known[] = {ca_oids.alt_name, ca_oids.key_usage,
	    ca_oids.ext_key_usage, ca_oids.constraints, ca_oids.subject_key};
	size_t i, k;

	for (i = 0; i < c->csr.ext_count; i++) {
		bool found = !c->csr.ext[i].critical;

		for (k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found =
			    found || ca_span_equal(c->csr.ext[i].oid, known[k]);
		if (!found)
			return bad_ext(
			    err, c->csr.ext[i].oid, "is critical and unknown");
	}
	return 0;
}

static int
ext_authority(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr_ext *e = ca_csr_ext(&c->csr, ca_oids.constraints);
	const struct ca_csr_ext *u = ca_csr_ext(&c->csr, ca_oids.key_usage);
	struct ca_tlv v;

	if (e != NULL && ca_der_only(e->value, CA_TAG_SEQ, &v) != 0)
		return bad_ext(err, e->oid, "is no basicConstraints");
	/* CA:FALSE is not written in DER, as all that is the default. */
	if (e != NULL && v.body.len != 0)
		return err_set(err, ERR_INVALID,
		    "basicConstraints is not empty: it asks for CA:TRUE or a "
		    "path length, or has CA:FALSE written out");
	if (u != NULL &&
	    (ca_der_only(u->value, CA_TAG_BITS, &v) != 0 || v.body.len < 2))
		return bad_ext(err, u->oid, "is no keyUsage");
	if (u != NULL && (v.body.p[1] & USAGE_CA) != 0)
		return err_set(err, ERR_INVALID,
		    "keyUsage 0x%02x asks for keyCertSign or cRLSign",
		    v.body.p[1]);
	return 0;
}

static int
names_record(struct ca_csr_case *c, struct err *err)
{
	return ca_names_want(c->t, c->subject, &c->want, err);
}

/* Without a CN the names are those of subjectAltName, which there must be; the
 * certificate gets its CN from the record either way. */
static int
names_subject(struct ca_csr_case *c, struct err *err)
{
	char *cn = NULL;
	struct buf shown;
	int rc = 0;

	if (ca_names_read_cn(c->csr.subject, &cn, err) != 0)
		return -1;
	if (cn != NULL && !str_eq(cn, c->want.dns[0])) {
		buf_init(&shown, 4 * CA_CN_MAX + 4);
		str_printable(&shown, cn, strlen(cn), CA_CN_MAX);
		rc = err_set(err, ERR_REFUSED,
		    "CN \"%s\" is not the device's name \"%s\"",
		    buf_text(&shown), c->want.dns[0]);
		buf_free(&shown);
	}
	free(cn);
	return rc;
}

static int
names_alternative(struct ca_csr_case *c, struct err *err)
{
	const struct ca_csr_ext *e = ca_csr_ext(&c->csr, ca_oids.alt_name);

	if (e == NULL)
		return err_set(err, ERR_INVALID, "no subjectAltName");
	return ca_names_read(e->value, c->t->underscore, &c->have, err);
}

static int
names_set(struct ca_csr_case *c, struct err *err)
{
	return ca_names_same(&c->have, &c->want, err);
}

int
ca_csr_key_owner(struct ca_csr_case *c, struct err *err)
{
	bool compromised;
	char *other = NULL;
	int rc = 0;

	if (c->ca == NULL)
		return 0;
	if (ca_store_key_use(c->ca->store, c->spki_sha256, c->subject->device,
		&other, &compromised, err) != 0)
		return -1;
	if (other != NULL)
		rc = err_set(err, ERR_REFUSED,
		    "the key was certified for device %.100s", other);
	else if (compromised)
		rc = err_set(
		    err, ERR_REFUSED, "the key was revoked as compromised");
	free(other);
	return rc;
}

/* One name, one device: with a certificate for another's name a device could
 * stand in for it. The short name is not looked at: it is the same in many
 * domains, and nobody is trusted by it alone. */
int
ca_csr_names_owner(struct ca_csr_case *c, struct err *err)
{
	struct ca_use use = {.device = c->subject->device, .at = c->now};
	char *subject, *device = NULL, *serial = NULL;
	int rc;

	if (c->ca == NULL)
		return 0;
	subject = ca_names_subject(&c->want);
	use.subject = subject;
	rc = ca_store_subject_use(c->ca->store, &use, &device, &serial, err);
	if (rc == 0 && device != NULL)
		rc = err_set(err, ERR_REFUSED,
		    "%s is certified for device %.100s: if that one has the "
		    "name no longer, revoke its certificate %s",
		    c->want.dns[0], device, serial);
	free(subject);
	free(device);
	free(serial);
	return rc;
}

/* Of any request; of a device's, without the database; with it. */
enum stage { FORM, ALONE, RECORDS };

static const struct rule {
	const char *name;
	ca_csr_rule_fn *check;
	enum stage stage;
} rules[] = {
    {"form.size", form_size, FORM},
    {"form.der", form_der, FORM},
    {"form.structure", form_structure, FORM},
    {"form.version", form_version, FORM},
    {"form.attributes", form_attributes, FORM},
    {"extension.unique", ext_unique, FORM},
    {"extension.der", ext_der, FORM},
    {"extension.critical", ext_critical, FORM},
    {"extension.authority", ext_authority, ALONE},
    {"key.type", ca_rule_key_type, ALONE},
    {"key.size", ca_rule_key_size, ALONE},
    {"key.exponent", ca_rule_key_exponent, ALONE},
    {"key.factors", ca_rule_key_factors, ALONE},
    {"key.roca", ca_rule_key_roca, ALONE},
    {"key.primes", ca_rule_key_primes, ALONE},
    {"key.curve", ca_rule_key_curve, ALONE},
    {"key.point", ca_rule_key_point, ALONE},
    {"key.authority", ca_rule_key_authority, ALONE},
    {"signature.algorithm", ca_rule_signature_algorithm, ALONE},
    {"signature.valid", ca_rule_signature_valid, ALONE},
    {"names.record", names_record, ALONE},
    {"names.subject", names_subject, ALONE},
    {"names.alternative", names_alternative, ALONE},
    {"names.set", names_set, ALONE},
    {"names.constraints", ca_rule_names_constraints, ALONE},
    {"key.blocked", ca_rule_key_blocked, RECORDS},
    {"key.owner", ca_csr_key_owner, RECORDS},
    {"names.owner", ca_csr_names_owner, RECORDS},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

const char *
ca_csr_rule_name(size_t i)
{
	return i < RULES ? rules[i].name : NULL;
}

static int
check_rules(struct ca_csr_case *c, enum stage stage, struct err *err)
{
	size_t i;

	for (i = 0; i < RULES; i++)
		if (rules[i].stage == stage && rules[i].check(c, err) != 0)
			return err_context(err, "CSR rule %s", rules[i].name);
	return 0;
}

int
ca_csr_case_check_form(struct ca_csr_case *c, struct err *err)
{
	return check_rules(c, FORM, err);
}

int
ca_csr_case_check_alone(struct ca_csr_case *c, struct err *err)
{
	if (check_rules(c, FORM, err) != 0 || check_rules(c, ALONE, err) != 0)
		return -1;
	str_sha256(c->csr.spki.p, c->csr.spki.len, c->spki_sha256);
	return 0;
}

int
ca_csr_case_check_records(struct ca_csr_case *c, struct err *err)
{
	return check_rules(c, RECORDS, err);
}

int
ca_csr_case_check(struct ca_csr_case *c, struct err *err)
{
	return ca_csr_case_check_alone(c, err) != 0
	    ? -1
	    : ca_csr_case_check_records(c, err);
}

void
ca_csr_case_init(struct ca_csr_case *c, const struct ca *ca,
    const struct ca_request *request)
{
	memset(c, 0, sizeof(*c));
	c->ca = ca;
	c->t = request->template;
	c->subject = request->subject;
	c->der = (struct ca_span){request->csr, request->csr_len};
	c->now = request->now;
}

void
ca_csr_case_clear(struct ca_csr_case *c)
{
	ca_names_clear(&c->want);
	ca_names_clear(&c->have);
}

int
ca_csr_check(
    const struct ca *ca, const struct ca_request *request, struct err *err)
{
	struct ca_csr_case c;
	int rc;

	ca_csr_case_init(&c, ca, request);
	if (ca != NULL)
		ca_store_lock(ca->store);
	rc = ca_csr_case_check(&c, err);
	if (ca != NULL)
		ca_store_unlock(ca->store);
	ca_csr_case_clear(&c);
	return rc;
}
