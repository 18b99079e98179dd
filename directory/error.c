#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "str.h"

#define TEXT_MAX 512
#define DIAGNOSTIC_SHOWN 100
#define CODE_DIGITS 8

/* Result codes (RFC 4511 A.1) that an administrator meets. */
static const struct {
	int code;
	enum err_kind kind;
	const char *words;
} meanings[] = {
    {LDAP_TIMELIMIT_EXCEEDED, ERR_LIMIT,
	"the search took longer than the server lets us; raise its limit for "
	"the service account (MaxQueryDuration), or ask a less busy one"},
    {LDAP_SIZELIMIT_EXCEEDED, ERR_LIMIT,
	"the search found more than the server gives us, page by page too; "
	"raise its limit for the service account (MaxResultSetSize)"},
    {LDAP_ADMINLIMIT_EXCEEDED, ERR_LIMIT,
	"the search needs more than the server lets us have; raise its limit "
	"for the service account (MaxTempTableSize, MaxResultSetSize)"},
    {LDAP_STRONG_AUTH_REQUIRED, ERR_REFUSED,
	"the server demands an encrypted login; use transport gssapi, or ldaps "
	"with a password"},
    {LDAP_REFERRAL, ERR_REFUSED,
	"this domain controller cannot do it (read-only, or another domain's); "
	"name a writable one of the object's domain"},
    {LDAP_CONFIDENTIALITY_REQUIRED, ERR_REFUSED,
	"the server demands stronger encryption; allow TLS 1.2 and newer "
	"there, or use transport gssapi"},
    {LDAP_UNDEFINED_TYPE, ERR_REFUSED,
	"the schema of the directory has no such attribute; is it Active "
	"Directory, with a schema of 2008 or newer?"},
    {LDAP_INVALID_SYNTAX, ERR_REFUSED,
	"the schema does not allow this form of the value"},
    {LDAP_CONSTRAINT_VIOLATION, ERR_REFUSED,
	"a rule of the directory forbids this value"},
    {LDAP_NO_SUCH_ATTRIBUTE, ERR_CONFLICT, "the value is not there any more"},
    {LDAP_TYPE_OR_VALUE_EXISTS, ERR_CONFLICT, "the value is already there"},
    {LDAP_NO_SUCH_OBJECT, ERR_NOTFOUND, "there is no such object"},
    {LDAP_INVALID_CREDENTIALS, ERR_DENIED, "the credentials are refused"},
    {LDAP_INSUFFICIENT_ACCESS, ERR_DENIED,
	"the service account has no right to do this; delegate it on the OU "
	"(see \"directory delegate\")"},
    {LDAP_BUSY, ERR_UNREACHABLE,
	"the server is busy and did nothing; try again later, or name another "
	"one"},
    {LDAP_UNAVAILABLE, ERR_UNREACHABLE,
	"the server is shutting down and did nothing; try again later, or name "
	"another one"},
    {LDAP_UNWILLING_TO_PERFORM, ERR_REFUSED,
	"the server will not do this (form of the value, or encryption)"},
    {LDAP_OBJECT_CLASS_VIOLATION, ERR_REFUSED,
	"the schema does not allow this"},
    {LDAP_NOT_ALLOWED_ON_NONLEAF, ERR_REFUSED,
	"there are objects below it, and no tree is deleted"},
    {LDAP_ALREADY_EXISTS, ERR_CONFLICT,
	"an object of this name already exists"},
    {LDAP_LOCAL_ERROR, ERR_DENIED, "the Kerberos login to the server failed"},
    {LDAP_AUTH_UNKNOWN, ERR_INVALID,
	"SASL mechanism GSSAPI is not installed (libsasl2-modules-gssapi-mit)"},
};

/* Windows codes in the diagnostic text of a refused bind. */
static const struct {
	const char *data;
	const char *words;
} logons[] = {
    {"data 525", "the account does not exist; is the name right that binds?"},
    {"data 52e",
	"wrong password, or no such account; see what the login is "
	"configured with"},
    {"data 530", "not allowed to log on at this time; see its logon hours"},
    {"data 531",
	"not allowed to log on from this computer; see its list of them"},
    {"data 532", "the password has expired; set a new one"},
    {"data 533", "the account is disabled; enable it"},
    {"data 701",
	"the account has expired; give it a later end (accountExpires)"},
    {"data 773", "the password must be changed first; set a new one"},
    {"data 775",
	"the account is locked; find out who tries wrong passwords, then unlock "
	"it"},
};

const char *
directory_logon_words(const char *diagnostic)
{
	size_t i;

	if (diagnostic == NULL)
		return NULL;
	for (i = 0; i < sizeof(logons) / sizeof(logons[0]); i++)
		if (strcasestr(diagnostic, logons[i].data) != NULL)
			return logons[i].words;
	return NULL;
}

/* Does the diagnostic text start with this Windows code? */
static bool
windows_code(const char *diagnostic, const char *code)
{
	return diagnostic != NULL &&
	    strncasecmp(diagnostic, code, CODE_DIGITS) == 0;
}

/* One of the meanings that hide behind a constraint violation; NULL: another.
 */
static const char *
constraint_words(const char *diagnostic, enum err_kind *ret_kind)
{
	if (windows_code(diagnostic, "0000052D")) {
		*ret_kind = ERR_REFUSED;
		return "the password policy forbids it (length, complexity, "
		       "history or minimum age)";
	}
	/* ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST; Samba says it in words. */
	if (windows_code(diagnostic, "000021C7") ||
	    (diagnostic != NULL && strstr(diagnostic, "conflict") != NULL)) {
		*ret_kind = ERR_CONFLICT;
		return "a service name is held by another account of the "
		       "forest";
	}
	return NULL;
}

static const char *
words_of(const struct directory_answer *a, enum err_kind *ret_kind)
{
	const char *words = NULL;
	size_t i;

	*ret_kind = ERR_DENIED;
	if (a->code == LDAP_INVALID_CREDENTIALS)
		words = directory_logon_words(a->diagnostic);
	else if (a->code == LDAP_CONSTRAINT_VIOLATION)
		words = constraint_words(a->diagnostic, ret_kind);
	if (words != NULL)
		return words;
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == a->code) {
			*ret_kind = meanings[i].kind;
			return meanings[i].words;
		}
	*ret_kind = ERR_PROTOCOL;
	return ldap_err2string(a->code);
}

/* GSSAPI's reason stands behind libsasl2's preamble, and is all it says. */
static const char *
telling_part(const char *diagnostic)
{
	static const char preamble[] =
	    "Minor code may provide more information ";
	const char *at = strstr(diagnostic, preamble);

	return at == NULL ? diagnostic : at + strlen(preamble);
}

/* No answer: what that means depends on whether the request left. */
static int
fail_silent(
    struct directory *d, const struct directory_answer *a, struct err *err)
{
	bool late = a->code == LDAP_TIMEOUT || watchdog_bitten(d->dog);
	bool lost = a->sent && a->op == DIRECTORY_WRITE;

	d->dead = true;
	return err_native(err, lost ? ERR_UNKNOWN : ERR_UNREACHABLE, ERR_LDAP,
	    a->code,
	    late       ? "%s did not answer within %u ms (directory.timeout)"
		: lost ? "%s closed the connection before it answered (limit "
			 "%u ms); the next run looks what became of it"
		       : "%s cannot be reached (limit %u ms); is it up, and "
			 "its LDAP port open?",
	    d->dc, d->deadline_ms);
}

int
directory_fail(
    struct directory *d, const struct directory_answer *a, struct err *err)
{
	const char *shown;
	enum err_kind kind;
	struct buf text;

	if (a->code == LDAP_SERVER_DOWN || a->code == LDAP_TIMEOUT ||
	    a->code == LDAP_CONNECT_ERROR)
		return fail_silent(d, a, err);
	buf_init(&text, TEXT_MAX);
	buf_str(&text, words_of(a, &kind));
	if (!str_empty(a->diagnostic)) {
		shown = telling_part(a->diagnostic);
		buf_str(&text, " [");
		str_printable(&text, shown, strlen(shown), DIAGNOSTIC_SHOWN);
		buf_str(&text, "]");
	}
	if (a->code == LDAP_UNAVAILABLE)
		d->dead = true;
	err_native(err, kind, ERR_LDAP, a->code, "%s", buf_text(&text));
	buf_free(&text);
	return -1;
}
