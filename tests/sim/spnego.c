#include <string.h>

#include "spnego_internal.h"
#include "words_internal.h"

static const uint8_t oid_spnego[] = {0x2b, 6, 1, 5, 5, 2};
/* 1.2.840.113554.1.2.2 and Microsoft's 1.2.840.48018.1.2.2 */
static const uint8_t oid_krb5[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2};
static const uint8_t oid_ms_krb5[] = {
    0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2};

/* The next element when it has this tag; 0 or -1. */
static int
der_take(struct bytes *in, uint8_t tag, struct bytes *ret)
{
	size_t len, more, at = 2;

	if (in->len < 2 || in->p[0] != tag)
		return -1;
	len = in->p[1];
	if (len >= 0x80) {
		more = len & 0x7f;
		if (more == 0 || more > 3 || in->len < 2 + more)
			return -1;
		for (len = 0; more > 0; more--)
			len = len << 8 | in->p[at++];
	}
	if (in->len - at < len)
		return -1;
	ret->p = in->p + at;
	ret->len = len;
	in->p += at + len;
	in->len -= at + len;
	return 0;
}

static void
der_skip(struct bytes *in)
{
	struct bytes waste;

	if (in->len == 0 || der_take(in, in->p[0], &waste) < 0)
		in->len = 0;
}

static int
is(const struct bytes *b, const uint8_t *oid, size_t len)
{
	return b->len == len && memcmp(b->p, oid, len) == 0;
}

/* The value of context tag n within a SEQUENCE's contents. */
static int
der_field(struct bytes in, uint8_t n, struct bytes *ret)
{
	while (in.len > 0 && in.p[0] != (0xa0 | n))
		der_skip(&in);
	return der_take(&in, 0xa0 | n, ret);
}

/* After the mechanism's OID: token id 01 00 and the AP-REQ. */
static int
open_ap_req(struct bytes in, struct spnego_request *ret)
{
	struct bytes body, fields;

	if (in.len < 2 || in.p[0] != 1 || in.p[1] != 0)
		return -1;
	in.p += 2;
	in.len -= 2;
	ret->ap_req = in;
	if (der_take(&in, 0x6e, &body) < 0 ||
	    der_take(&body, 0x30, &fields) < 0 ||
	    der_field(fields, 3, &ret->ticket) < 0)
		return -1;
	return 0;
}

static int
open_init(struct bytes in, struct spnego_request *ret)
{
	struct bytes choice, fields, mechs, list, token, gss, oid;

	if (der_take(&in, 0xa0, &choice) < 0 ||
	    der_take(&choice, 0x30, &fields) < 0 ||
	    der_field(fields, 0, &list) < 0 ||
	    der_take(&list, 0x30, &mechs) < 0 ||
	    der_take(&mechs, 0x06, &ret->mech) < 0 ||
	    der_field(fields, 2, &token) < 0 ||
	    der_take(&token, 0x04, &gss) < 0 ||
	    der_take(&gss, 0x60, &token) < 0 ||
	    der_take(&token, 0x06, &oid) < 0)
		return -1;
	if (!is(&ret->mech, oid_krb5, sizeof(oid_krb5)) &&
	    !is(&ret->mech, oid_ms_krb5, sizeof(oid_ms_krb5)))
		return -1;
	return is(&oid, oid_krb5, sizeof(oid_krb5)) ? open_ap_req(token, ret)
						    : -1;
}

int
spnego_open(const uint8_t *token, size_t len, struct spnego_request *ret)
{
	struct bytes in = {token, len}, body, oid;

	memset(ret, 0, sizeof(*ret));
	if (der_take(&in, 0x60, &body) < 0 || der_take(&body, 0x06, &oid) < 0)
		return -1;
	if (is(&oid, oid_spnego, sizeof(oid_spnego)))
		return open_init(body, ret);
	if (is(&oid, oid_krb5, sizeof(oid_krb5)))
		return open_ap_req(body, ret);
	return -1;
}

static void
der_put(struct text *out, uint8_t tag, const void *data, size_t len)
{
	uint8_t head[5] = {tag};
	size_t n = 1;

	if (len < 0x80) {
		head[n++] = (uint8_t)len;
	} else if (len < 0x10000) {
		head[n++] = 0x82;
		head[n++] = (uint8_t)(len >> 8);
		head[n++] = (uint8_t)len;
	} else {
		head[n++] = 0x83;
		head[n++] = (uint8_t)(len >> 16);
		head[n++] = (uint8_t)(len >> 8);
		head[n++] = (uint8_t)len;
	}
	text_add(out, head, n);
	text_add(out, data, len);
}

/* Replaces t by t within an element. */
static void
der_wrap(struct text *t, uint8_t tag)
{
	struct text outer = {.data = NULL};

	der_put(&outer, tag, t->data, t->len);
	text_free(t);
	*t = outer;
}

static void
gss_frame(const uint8_t *ap_rep, size_t len, struct text *out)
{
	der_put(out, 0x06, oid_krb5, sizeof(oid_krb5));
	text_add(out, "\x02\x00", 2);
	text_add(out, ap_rep, len);
	der_wrap(out, 0x60);
}

void
spnego_answer(const struct spnego_request *r, const uint8_t *ap_rep, size_t len,
    struct text *out)
{
	static const uint8_t accepted[] = {0xa0, 3, 0x0a, 1, 0};
	struct text token = {.data = NULL}, part = {.data = NULL};

	if (len > 0)
		gss_frame(ap_rep, len, &token);
	if (r->mech.len > 0) {
		text_add(out, accepted, sizeof(accepted));
		der_put(&part, 0x06, r->mech.p, r->mech.len);
		der_wrap(&part, 0xa1);
		text_add(out, part.data, part.len);
		if (len > 0) {
			der_wrap(&token, 0x04);
			der_wrap(&token, 0xa2);
			text_add(out, token.data, token.len);
		}
		der_wrap(out, 0x30);
		der_wrap(out, 0xa1);
	} else if (len > 0) {
		text_add(out, token.data, token.len);
	}
	text_free(&token);
	text_free(&part);
}

/* The value as an INTEGER of one byte within context tag n. */
static void
put_small(struct text *out, uint8_t n, int value)
{
	const uint8_t field[] = {
	    (uint8_t)(0xa0 | n), 3, 0x02, 1, (uint8_t)value};

	text_add(out, field, sizeof(field));
}

void
spnego_ap_rep(int enctype, const uint8_t *cipher, size_t len, struct text *out)
{
	struct text part = {.data = NULL}, data = {.data = NULL};

	der_put(&data, 0x04, cipher, len);
	der_wrap(&data, 0xa2);
	put_small(&part, 0, enctype);
	text_add(&part, data.data, data.len);
	der_wrap(&part, 0x30);
	der_wrap(&part, 0xa2);
	put_small(out, 0, 5);
	put_small(out, 1, 15);
	text_add(out, part.data, part.len);
	der_wrap(out, 0x30);
	der_wrap(out, 0x6f);
	text_free(&part);
	text_free(&data);
}
