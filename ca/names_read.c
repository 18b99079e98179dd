/* Names of a CSR or certificate, as far as they are of a kind that we issue. */
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "names_internal.h"
#include "str.h"
#include "utf8.h"

#define NAME_SHOWN 80
#define TAG_DNS CA_TAG_CONTEXT(2)
#define TAG_ADDRESS CA_TAG_CONTEXT(7)
#define TAG_IA5 0x16

static int
bad_name(
    struct err *err, const char *what, struct ca_span name, const char *why)
{
	struct buf shown;

	buf_init(&shown, 4 * NAME_SHOWN + 4);
	str_printable(&shown, (const char *)name.p, name.len, NAME_SHOWN);
	err_set(err, ERR_INVALID, "%s \"%s\" %s", what, buf_text(&shown), why);
	buf_free(&shown);
	return -1;
}

/* GeneralName choices by context tag (RFC 5280, 4.2.1.6). */
static const char *
kind_of_name(uint8_t tag)
{
	static const struct {
		uint8_t tag;
		const char *name;
	} kinds[] = {
	    {CA_TAG_CONTEXT_SEQ(0), "otherName"},
	    {CA_TAG_CONTEXT(1), "rfc822Name"},
	    {CA_TAG_CONTEXT_SEQ(3), "x400Address"},
	    {CA_TAG_CONTEXT_SEQ(4), "directoryName"},
	    {CA_TAG_CONTEXT_SEQ(5), "ediPartyName"},
	    {CA_TAG_CONTEXT(6), "URI"},
	    {CA_TAG_CONTEXT(8), "registeredID"},
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (tag == kinds[i].tag)
			return kinds[i].name;
	return "a name of no known kind";
}

static int
take_dns(
    struct ca_span name, bool underscore, struct ca_names *n, struct err *err)
{
	const char *text = (const char *)name.p;
	const char *why = ca_name_check(text, name.len, underscore);

	if (why != NULL)
		return bad_name(err, "dNSName", name, why);
	if (n->count == CA_NAMES_MAX)
		return err_set(err, ERR_INVALID,
		    "subjectAltName holds more than %d names", CA_NAMES_MAX);
	ca_names_add(n, text, name.len);
	return 0;
}

static int
take_address(struct ca_span name, struct ca_names *n, struct err *err)
{
	const char *why;

	if (name.len != sizeof(n->address))
		return err_set(err, ERR_INVALID,
		    "iPAddress has %zu bytes; only IPv4, with 4, is issued",
		    name.len);
	if (n->with_address)
		return err_set(err, ERR_INVALID,
		    "subjectAltName holds more than one iPAddress");
	why = ca_address_check(name.p);
	if (why != NULL)
		return err_set(err, ERR_INVALID, "iPAddress %u.%u.%u.%u %s",
		    name.p[0], name.p[1], name.p[2], name.p[3], why);
	memcpy(n->address, name.p, sizeof(n->address));
	n->with_address = true;
	return 0;
}

static int
read_name(
    struct ca_span *rest, bool underscore, struct ca_names *n, struct err *err)
{
	struct ca_tlv v;

	if (ca_der_next(rest, &v) != 0)
		return err_set(err, ERR_INVALID, "subjectAltName is not DER");
	if (v.tag == TAG_DNS)
		return take_dns(v.body, underscore, n, err);
	if (v.tag == TAG_ADDRESS)
		return take_address(v.body, n, err);
	return bad_name(err, kind_of_name(v.tag), v.body,
	    "is in subjectAltName; only dNSName and iPAddress are issued");
}

int
ca_names_read(struct ca_span alt_name, bool underscore, struct ca_names *ret,
    struct err *err)
{
	struct ca_names n = {.count = 0};
	struct ca_tlv list;
	size_t i, k;

	if (ca_der_only(alt_name, CA_TAG_SEQ, &list) != 0 || list.body.len == 0)
		return err_set(
		    err, ERR_INVALID, "subjectAltName is not a list of names");
	while (list.body.len != 0)
		if (read_name(&list.body, underscore, &n, err) != 0)
			goto fail;
	for (i = 1; i < n.count; i++)
		for (k = 0; k < i; k++)
			if (str_eq(n.dns[i], n.dns[k])) {
				err_set(err, ERR_INVALID,
				    "dNSName \"%s\" twice", n.dns[i]);
				goto fail;
			}
	*ret = n;
	return 0;
fail:
	ca_names_clear(&n);
	return -1;
}

/* X.680, 41.4: what a PrintableString may hold. */
static bool
printable(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(" '()+,-./:=?", c) != NULL);
}

static bool
utf8_ok(struct ca_span s)
{
	uint32_t point;
	size_t len;

	for (; s.len > 0; s.p += len, s.len -= len) {
		len = utf8_next(s.p, s.len, &point);
		if (len == 0)
			return false;
	}
	return true;
}

static bool
string_ok(uint8_t tag, struct ca_span s)
{
	size_t i;

	if (tag == CA_TAG_UTF8)
		return utf8_ok(s);
	for (i = 0; i < s.len; i++)
		if (tag == TAG_IA5 ? s.p[i] >= 0x80 : !printable(s.p[i]))
			return false;
	return true;
}

static int
check_string(const struct ca_tlv *value, struct err *err)
{
	size_t i;

	for (i = 0; i < value->body.len; i++)
		if (value->body.p[i] < 0x20 || value->body.p[i] == 0x7f)
			return bad_name(err, "subject", value->body,
			    "holds a control character");
	return string_ok(value->tag, value->body)
	    ? 0
	    : bad_name(err, "subject", value->body,
		  "holds what its string type does not allow");
}

/* A RelativeDistinguishedName of one attribute; *ret_cn set if it is a CN. */
static int
read_rdn(struct ca_span rdn, struct ca_span *ret_cn, struct err *err)
{
	struct ca_tlv attribute, type, value;

	if (ca_der_only(rdn, CA_TAG_SEQ, &attribute) != 0 ||
	    ca_der_take(&attribute.body, CA_TAG_OID, &type) != 0 ||
	    ca_der_next(&attribute.body, &value) != 0 ||
	    attribute.body.len != 0)
		return err_set(err, ERR_INVALID,
		    "subject is not a list of single attributes");
	if (value.tag != CA_TAG_UTF8 && value.tag != CA_TAG_PRINTABLE)
		return err_set(err, ERR_INVALID,
		    "subject holds a string of type 0x%02x; UTF8String or "
		    "PrintableString is needed",
		    value.tag);
	if (check_string(&value, err) != 0)
		return -1;
	if (!ca_span_equal(type.whole, ca_oids.common_name))
		return 0;
	if (ret_cn->p != NULL)
		return err_set(err, ERR_INVALID, "subject holds two CNs");
	*ret_cn = value.body;
	return 0;
}

int
ca_names_read_cn(struct ca_span name, char **ret_cn, struct err *err)
{
	struct ca_span cn = {NULL, 0};
	struct ca_tlv list, rdn;

	if (ca_der_only(name, CA_TAG_SEQ, &list) != 0)
		return err_set(err, ERR_INVALID, "subject is not a Name");
	while (list.body.len != 0) {
		if (ca_der_take(&list.body, CA_TAG_SET, &rdn) != 0)
			return err_set(
			    err, ERR_INVALID, "subject is not a Name");
		if (read_rdn(rdn.body, &cn, err) != 0)
			return -1;
	}
	if (cn.p != NULL && cn.len == 0)
		return err_set(err, ERR_INVALID, "subject holds an empty CN");
	if (cn.len > CA_CN_MAX)
		return bad_name(err, "CN", cn, "is longer than 64");
	*ret_cn = cn.p == NULL
	    ? NULL
	    : str_lower(mem_dup_len((const char *)cn.p, cn.len));
	return 0;
}

/* Characters, not octets. */
static size_t
letters(struct ca_span utf8)
{
	size_t i, count = 0;

	for (i = 0; i < utf8.len; i++)
		count += (utf8.p[i] & 0xc0) != 0x80;
	return count;
}

static int
check_attribute(struct ca_span *rdn, struct err *err)
{
	struct ca_tlv attribute, type, value;

	if (ca_der_take(rdn, CA_TAG_SEQ, &attribute) != 0 ||
	    ca_der_take(&attribute.body, CA_TAG_OID, &type) != 0 ||
	    ca_der_next(&attribute.body, &value) != 0 ||
	    attribute.body.len != 0)
		return err_set(err, ERR_INVALID, "subject is not a Name");
	if (value.tag != CA_TAG_UTF8 && value.tag != CA_TAG_PRINTABLE &&
	    value.tag != TAG_IA5)
		return err_set(err, ERR_INVALID,
		    "subject holds a string of type 0x%02x; UTF8String, "
		    "PrintableString or IA5String is needed",
		    value.tag);
	if (check_string(&value, err) != 0)
		return -1;
	return ca_span_equal(type.whole, ca_oids.common_name) &&
		letters(value.body) > CA_CN_MAX
	    ? bad_name(err, "CN", value.body, "is longer than 64")
	    : 0;
}

int
ca_names_check_authority(struct ca_span name, struct err *err)
{
	struct ca_tlv list, rdn;

	if (ca_der_only(name, CA_TAG_SEQ, &list) != 0 || list.body.len == 0)
		return err_set(err, ERR_INVALID, "the request has no subject");
	while (list.body.len != 0) {
		if (ca_der_take(&list.body, CA_TAG_SET, &rdn) != 0)
			return err_set(
			    err, ERR_INVALID, "subject is not a Name");
		while (rdn.body.len != 0)
			if (check_attribute(&rdn.body, err) != 0)
				return -1;
	}
	return 0;
}
