#include "der.h"

#include <string.h>

bool
ca_span_equal(struct ca_span a, struct ca_span b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.p, b.p, a.len));
}

/* Length octets: short form, or the shortest long form (X.690, 10.1). */
static int
read_length(struct ca_span in, size_t *ret_len, size_t *ret_octets)
{
	size_t count, i, len = 0;

	if (in.len == 0)
		return -1;
	if (in.p[0] < 0x80) {
		*ret_len = in.p[0];
		*ret_octets = 1;
		return 0;
	}
	count = in.p[0] & 0x7fu;
	/* 0 is the indefinite form; 4 octets say more than we ever read. */
	if (count == 0 || count > 3 || in.len <= count || in.p[1] == 0)
		return -1;
	for (i = 1; i <= count; i++)
		len = len << 8 | in.p[i];
	if (len < 0x80)
		return -1;
	*ret_len = len;
	*ret_octets = count + 1;
	return 0;
}

int
ca_der_next(struct ca_span *in, struct ca_tlv *ret)
{
	struct ca_span rest = *in;
	size_t len, octets;

	if (rest.len < 2 || (rest.p[0] & 0x1f) == 0x1f)
		return -1;
	ret->tag = rest.p[0];
	rest.p++;
	rest.len--;
	if (read_length(rest, &len, &octets) != 0 || len > rest.len - octets)
		return -1;
	ret->body.p = rest.p + octets;
	ret->body.len = len;
	ret->whole.p = in->p;
	ret->whole.len = 1 + octets + len;
	in->p += ret->whole.len;
	in->len -= ret->whole.len;
	return 0;
}

int
ca_der_take(struct ca_span *in, uint8_t tag, struct ca_tlv *ret)
{
	struct ca_span rest = *in;
	struct ca_tlv got;

	if (ca_der_next(&rest, &got) != 0 || got.tag != tag)
		return -1;
	*in = rest;
	*ret = got;
	return 0;
}

int
ca_der_only(struct ca_span in, uint8_t tag, struct ca_tlv *ret)
{
	struct ca_tlv got;

	if (ca_der_take(&in, tag, &got) != 0 || in.len != 0)
		return -1;
	*ret = got;
	return 0;
}

static const char *
check_bits(struct ca_span body)
{
	unsigned unused;

	if (body.len == 0 || body.p[0] > 7)
		return "BIT STRING with a bad count of unused bits";
	unused = body.p[0];
	if (unused != 0 && body.len == 1)
		return "BIT STRING with a bad count of unused bits";
	if ((body.p[body.len - 1] & ((1u << unused) - 1u)) != 0 && unused != 0)
		return "BIT STRING with unused bits set";
	return NULL;
}

static const char *
check_integer(struct ca_span body)
{
	if (body.len == 0)
		return "empty INTEGER";
	if (body.len > 1 &&
	    ((body.p[0] == 0x00 && body.p[1] < 0x80) ||
		(body.p[0] == 0xff && body.p[1] >= 0x80)))
		return "INTEGER longer than needed";
	return NULL;
}

static const char *
check_oid(struct ca_span body)
{
	size_t i;

	if (body.len == 0 || (body.p[body.len - 1] & 0x80) != 0)
		return "OBJECT IDENTIFIER cut off";
	for (i = 0; i < body.len; i++)
		if (body.p[i] == 0x80 &&
		    (i == 0 || (body.p[i - 1] & 0x80) == 0))
			return "OBJECT IDENTIFIER longer than needed";
	return NULL;
}

static const char *
check_primitive(const struct ca_tlv *v)
{
	switch (v->tag) {
	case CA_TAG_BOOLEAN:
		if (v->body.len != 1 ||
		    (v->body.p[0] != 0 && v->body.p[0] != 0xff))
			return "BOOLEAN that is neither 00 nor FF";
		return NULL;
	case CA_TAG_INTEGER:
	case CA_TAG_ENUM:
		return check_integer(v->body);
	case CA_TAG_BITS:
		return check_bits(v->body);
	case CA_TAG_NULL:
		return v->body.len == 0 ? NULL : "NULL with content";
	case CA_TAG_OID:
		return check_oid(v->body);
	case CA_TAG_SEQ & 0x1f:
	case CA_TAG_SET & 0x1f:
		return "SEQUENCE or SET in primitive form";
	default:
		return NULL;
	}
}

/* The elements of a SET stand in ascending order (X.690, 11.6). */
static bool
out_of_order(struct ca_span before, struct ca_span after)
{
	size_t len = before.len < after.len ? before.len : after.len;
	int order = len == 0 ? 0 : memcmp(before.p, after.p, len);

	return order > 0 || (order == 0 && before.len > after.len);
}

static const char *check_all(struct ca_span in, bool sorted, unsigned depth);

static const char *
check_one(const struct ca_tlv *v, unsigned depth)
{
	bool constructed = (v->tag & 0x20) != 0;
	bool universal = (v->tag & 0xc0) == 0;

	if (!constructed)
		return universal ? check_primitive(v) : NULL;
	if (universal && v->tag != CA_TAG_SEQ && v->tag != CA_TAG_SET)
		return "string in constructed form";
	return check_all(v->body, v->tag == CA_TAG_SET, depth + 1);
}

/* Bounded by CA_DER_DEPTH, hence recursion. */
static const char *
check_all(struct ca_span in, bool sorted, unsigned depth)
{
	struct ca_span before = {NULL, 0};
	struct ca_tlv v;
	const char *why;

	if (depth > CA_DER_DEPTH)
		return "nested too deep";
	while (in.len != 0) {
		if (ca_der_next(&in, &v) != 0)
			return "a tag or length that DER does not allow";
		why = check_one(&v, depth);
		if (why != NULL)
			return why;
		if (sorted && out_of_order(before, v.whole))
			return "SET not in ascending order";
		before = v.whole;
	}
	return NULL;
}

const char *
ca_der_check(struct ca_span in)
{
	return check_all(in, false, 0);
}
