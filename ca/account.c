/*
 * How a certificate names an account of Active Directory: by user principal
 * name in subjectAltName (MS-PKCA, 3.1.5.2.1.5), and in an extension by
 * security identifier (MS-WCCE, 2.2.2.7.7.4), which is the one that cannot be
 * given to another account.
 */
#include <string.h>

#include "buf.h"
#include "der.h"
#include "names_internal.h"
#include "str.h"
#include "utf8.h"

#define SID_PARTS_MAX 15 /* MS-DTYP, 2.4.2 */

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f)
			return true;
	return false;
}

static bool
is_utf8(const char *text)
{
	size_t left = strlen(text), len;
	uint32_t point;

	for (; left > 0; text += len, left -= len) {
		len = utf8_next((const uint8_t *)text, left, &point);
		if (len == 0)
			return false;
	}
	return true;
}

const char *
ca_upn_check(const char *upn)
{
	const char *at = strchr(upn, '@');

	if (strlen(upn) > CA_UPN_MAX)
		return "is too long";
	if (at == NULL || at == upn || at[1] == '\0' || strchr(at + 1, '@'))
		return "is not an account and its domain with one @";
	if (has_control(upn) || !is_utf8(upn))
		return "holds what no account's name does";
	return NULL;
}

const char *
ca_sid_check(const char *sid)
{
	static const char why[] = "is no security identifier (S-1-5-...)";
	size_t parts = 0, digits;

	if (strlen(sid) > CA_SID_MAX || !str_starts(sid, "S-1-"))
		return why;
	for (sid += strlen("S-1"); *sid == '-'; sid += digits + 1) {
		digits = strspn(sid + 1, "0123456789");
		if (digits == 0)
			return why;
		parts++;
	}
	return *sid == '\0' && parts >= 2 && parts <= SID_PARTS_MAX + 1 ? NULL
									: why;
}

/* An OtherName as GeneralName (RFC 5280, 4.2.1.6): its OID, and what that says
 * of a text. */
static void
write_other(struct buf *out, struct ca_span oid, uint8_t tag, const char *text)
{
	size_t other = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0)), value;

	ca_der_span(out, oid);
	value = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	ca_der_text(out, tag, text);
	ca_der_close(out, value);
	ca_der_close(out, other);
}

void
ca_upn_write(const char *upn, struct buf *out)
{
	write_other(out, ca_oids.upn_name, CA_TAG_UTF8, upn);
}

void
ca_sid_write(const char *sid, struct buf *out)
{
	size_t list = ca_der_open(out, CA_TAG_SEQ);

	write_other(out, ca_oids.sid_name, CA_TAG_OCTETS, sid);
	ca_der_close(out, list);
}
