#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "krb_internal.h"
#include "mem.h"
#include "str.h"

#define TEXT_MAX 512

/* Codes an administrator meets, with what to do about them. The rest is told
 * in libkrb5's own words. */
static const struct {
	krb5_error_code code;
	enum err_kind kind;
	const char *words;
} meanings[] = {
    {KRB5KDC_ERR_PREAUTH_FAILED, ERR_DENIED,
	"the KDC refuses the password or key"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, ERR_DENIED,
	"the KDC's answer does not open with this password or key"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ERR_NOTFOUND,
	"the KDC does not know this account"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, ERR_NOTFOUND,
	"the KDC does not know this service; is the name registered, once, "
	"on the account?"},
    {KRB5KDC_ERR_CLIENT_REVOKED, ERR_REFUSED,
	"the account is disabled, locked, expired or outside its logon hours; "
	"see it in Active Directory"},
    {KRB5KDC_ERR_KEY_EXP, ERR_REFUSED,
	"the password has expired or must be changed; set a new one and make "
	"the keytab anew"},
    {KRB5KDC_ERR_NAME_EXP, ERR_REFUSED,
	"the account has expired; give it a later end in Active Directory "
	"(accountExpires)"},
    {KRB5KDC_ERR_POLICY, ERR_REFUSED, "the KDC's policy forbids it"},
    {KRB5KDC_ERR_WRONG_REALM, ERR_INVALID,
	"this KDC is another realm's; is the realm right, and the name of the "
	"domain controller?"},
    {KRB5_REALM_UNKNOWN, ERR_INVALID, "no KDC of this realm is known"},
    {KRB5KDC_ERR_ETYPE_NOSUPP, ERR_REFUSED,
	"the account has no key of an encryption type both sides allow; see "
	"msDS-SupportedEncryptionTypes"},
    {KRB5KRB_AP_ERR_SKEW, ERR_REFUSED,
	"the clock here and the KDC's differ by more than 5 minutes; set this "
	"machine's clock"},
    {KRB5_KT_NOTFOUND, ERR_INVALID,
	"the keytab has no key for this principal; \"klist -k\" shows whose "
	"keys it has"},
    {KRB5_CC_NOTFOUND, ERR_INVALID, "not logged in"},
    {KRB5_PARSE_MALFORMED, ERR_INVALID, "not a principal name"},
};

enum err_kind
krb_kind(krb5_error_code code)
{
	size_t i;

	if (code == KRB5_KDC_UNREACH || code == KRB5_REALM_CANT_RESOLVE)
		return ERR_UNREACHABLE;
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == code)
			return meanings[i].kind;
	return ERR_PROTOCOL;
}

static void
explain(struct krb *k, krb5_error_code code, struct buf *out)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == code) {
			buf_str(out, meanings[i].words);
			return;
		}
	text = krb5_get_error_message(k->ctx, code);
	str_printable(out, text, strlen(text), TEXT_MAX / 2);
	krb5_free_error_message(k->ctx, text);
}

int
krb_fail(
    struct krb *k, krb5_error_code code, struct err *err, const char *fmt, ...)
{
	char what[TEXT_MAX];
	struct buf text;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	buf_init(&text, TEXT_MAX);
	if (k->exchange.trouble.kind != ERR_NONE)
		buf_str(&text, k->exchange.trouble.text);
	else
		explain(k, code, &text);
	/* Asking for tickets changes nothing in the world, so no answer is as
	 * good as not having asked. */
	if (k->exchange.trouble.kind != ERR_NONE)
		err_native(err, ERR_UNREACHABLE, ERR_KRB5, code, "%s: %s", what,
		    buf_text(&text));
	else
		err_native(err, krb_kind(code), ERR_KRB5, code, "%s: %s", what,
		    buf_text(&text));
	buf_free(&text);
	return -1;
}
