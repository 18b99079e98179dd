/*
 * What came from another CA, before a device gets it.  The CA decides serial,
 * times and signature; whose key, whose names and what for is ours to say, and
 * a CA that gives something else is not argued with: the certificate is kept
 * away from the device and a person hears what is wrong.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "bridge_record_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "mem.h"
#include "str.h"
#include "template_internal.h"

#define CLOCK_AHEAD 300 /* the CA's clock may be ahead of ours by this */
#define SERIAL_MAX 20	/* RFC 5280, 4.1.2.2 */

/* One certificate on the bench. */
struct bench {
	const struct ca_bridge *b;
	const struct ca_csr_case *c;
	struct ca_span der;
	X509 *x;
};

static int
check_form(struct bench *t, struct err *err)
{
	const unsigned char *p = t->der.p;
	const char *why;
	size_t most = ca_template_max_size(t->c->t);

	if (t->der.len == 0 || t->der.len > most)
		return err_set(err, ERR_REFUSED,
		    "it has %zu bytes; the template allows %zu", t->der.len,
		    most);
	why = ca_der_check(t->der);
	if (why != NULL)
		return err_set(err, ERR_REFUSED, "it is no DER: %s", why);
	t->x = d2i_X509(NULL, &p, (long)t->der.len);
	if (t->x == NULL || p != t->der.p + t->der.len ||
	    X509_get_version(t->x) != X509_VERSION_3)
		return ca_openssl_err(
		    err, ERR_REFUSED, "it is no X.509 certificate");
	return 0;
}

static int
check_serial(struct bench *t, struct err *err)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(t->x);

	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER ||
	    ASN1_STRING_length(serial) < 1 ||
	    ASN1_STRING_length(serial) > SERIAL_MAX)
		return err_set(err, ERR_REFUSED,
		    "its serial is not a positive number of 1 to %d bytes",
		    SERIAL_MAX);
	return 0;
}

static int
check_key(struct bench *t, struct err *err)
{
	return ca_bridge_has_key(t->x, t->c->csr.spki)
	    ? 0
	    : err_set(err, ERR_REFUSED,
		  "its public key is not the one of the request");
}

static struct ca_span
extension_value(X509 *x, int nid)
{
	int at = X509_get_ext_by_NID(x, nid, -1);
	const ASN1_OCTET_STRING *value;
	struct ca_span none = {NULL, 0};

	if (at < 0)
		return none;
	value = X509_EXTENSION_get_data(X509_get_ext(x, at));
	return (struct ca_span){
	    ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

static int
check_names(struct bench *t, struct err *err)
{
	struct ca_span value = extension_value(t->x, NID_subject_alt_name);
	struct ca_names have;
	int rc;

	if (value.p == NULL)
		return err_set(err, ERR_REFUSED,
		    "it has no subjectAltName: let the CA take the names of "
		    "the request");
	if (ca_names_read(value, t->c->t->underscore, &have, err) != 0)
		return err_context(err, "names");
	rc = ca_names_same(&have, &t->c->want, err);
	ca_names_clear(&have);
	return rc == 0 ? 0 : err_context(err, "names");
}

static bool
is_our_name(const struct bench *t, const char *text)
{
	size_t i;

	for (i = 0; i < t->c->want.count; i++)
		if (str_ieq(t->c->want.dns[i], text))
			return true;
	return false;
}

/* A CN is not looked at by those who follow RFC 6125; others would believe it.
 */
static int
check_subject(struct bench *t, struct err *err)
{
	const X509_NAME *name = X509_get_subject_name(t->x);
	const ASN1_STRING *value;
	struct buf shown;
	unsigned char *text;
	int at = -1, len, rc = 0;

	while (rc == 0 &&
	    (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0) {
		value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		len = ASN1_STRING_to_UTF8(&text, value);
		buf_init(&shown, 4 * CA_CN_MAX + 4);
		str_printable(&shown, len > 0 ? (const char *)text : "",
		    len > 0 ? (size_t)len : 0, CA_CN_MAX);
		if (!is_our_name(t, buf_text(&shown)))
			rc = err_set(err, ERR_REFUSED,
			    "its CN \"%.100s\" is not a name of the device",
			    buf_text(&shown));
		buf_free(&shown);
		if (len >= 0)
			OPENSSL_free(text);
	}
	return rc;
}

static bool
read_time(const ASN1_TIME *at, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(at, &tm) != 1)
		return false;
	*ret = (int64_t)timegm(&tm);
	return true;
}

static int
check_times(struct bench *t, struct err *err)
{
	const struct ca_template *template = t->c->t;
	char a[CLOCK_TEXT], b[CLOCK_TEXT];
	int64_t from, to, now = t->c->now;

	if (!read_time(X509_get0_notBefore(t->x), &from) ||
	    !read_time(X509_get0_notAfter(t->x), &to))
		return err_set(err, ERR_REFUSED, "its times cannot be read");
	if (from > now + CLOCK_AHEAD)
		return err_set(err, ERR_REFUSED,
		    "it begins at %s, after now (%s): compare the clocks",
		    clock_text(from, a), clock_text(now, b));
	if (to <= from || to - from > CA_VALIDITY_MAX)
		return err_set(err, ERR_REFUSED,
		    "its life from %s to %s is no sensible one",
		    clock_text(from, a), clock_text(to, b));
	if (to - template->renew_before <= now)
		return err_set(err, ERR_REFUSED,
		    "it ends at %s, within renew_before of now (%s): each "
		    "one would be due at once",
		    clock_text(to, a), clock_span(template->renew_before, b));
	return 0;
}

static bool
holds(struct ca_span list, struct ca_span oid)
{
	struct ca_tlv v;

	while (list.len > 0 && ca_der_next(&list, &v) == 0)
		if (ca_span_equal(v.whole, oid))
			return true;
	return false;
}

/* Is all that the template is for said in it, and not merely not denied? */
static bool
has_usages(struct bench *t)
{
	struct ca_span value = extension_value(t->x, NID_ext_key_usage);
	struct ca_tlv have, want, oid;
	struct buf list;
	bool good = false;

	buf_init(&list, 512);
	ca_usage_write(ca_template_usages(t->c->t), &list);
	if (value.p != NULL && ca_der_only(value, CA_TAG_SEQ, &have) == 0 &&
	    ca_der_only(ca_der_bytes(&list), CA_TAG_SEQ, &want) == 0)
		good = true;
	while (good && want.body.len > 0)
		good = ca_der_next(&want.body, &oid) == 0 &&
		    holds(have.body, oid.whole);
	buf_free(&list);
	return good;
}

static int
check_purpose(struct bench *t, struct err *err)
{
	uint32_t flags = X509_get_extension_flags(t->x);
	uint32_t usage = X509_get_key_usage(t->x); /* all bits when absent */

	if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_CRITICAL) != 0)
		return err_set(err, ERR_REFUSED,
		    "it has an extension that is malformed, or critical and "
		    "not known");
	if ((flags & EXFLAG_CA) != 0)
		return err_set(
		    err, ERR_REFUSED, "it is a CA's, not a device's");
	if (!has_usages(t))
		return err_set(err, ERR_REFUSED,
		    "its extended key usage lacks what the template is for "
		    "(%.60s): see the CA's template",
		    t->c->t->usages == NULL ? "server" : t->c->t->usages);
	if ((usage & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT)) == 0)
		return err_set(err, ERR_REFUSED,
		    "its key usage is not for TLS: see the CA's template");
	return 0;
}

static int
check_chain(struct bench *t, struct err *err)
{
	bool server = (ca_template_usages(t->c->t) & CA_USAGE_SERVER) != 0;
	const char *why = ca_bridge_chain(t->b, t->x,
	    server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT,
	    t->c->now + CLOCK_AHEAD);

	return why == NULL ? 0
			   : err_set(err, ERR_REFUSED,
				 "it does not chain to the bridge's anchors "
				 "(%s): the file must hold the issuing CA and "
				 "those above it",
				 why);
}

int
ca_bridge_check(const struct ca_bridge *b, const struct ca_csr_case *c,
    struct ca_span leaf, struct err *err)
{
	static int (*const checks[])(struct bench *, struct err *) = {
	    check_form, check_serial, check_key, check_names, check_subject,
	    check_times, check_purpose, check_chain};
	struct bench t = {.b = b, .c = c, .der = leaf};
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(checks) / sizeof(checks[0]); i++)
		rc = checks[i](&t, err);
	if (rc != 0 && err != NULL)
		err->kind = ERR_REFUSED; /* whoever found it */
	X509_free(t.x);
	ERR_clear_error();
	return rc;
}
