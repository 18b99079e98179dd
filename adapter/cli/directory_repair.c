/*
 * What repairs a finding of the hygiene run.  A template's words are
 *
 *   %o %a %d    object, account, device
 *   %+ %-       the values to be there, and not to be there, by commas
 *
 * each quoted for the shell it is for: PowerShell doubles a quote within, ours
 * closes and opens again.
 */
#include "directory_repair_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ad_audit.h"
#include "buf.h"
#include "mem.h"
#include "str.h"

#define COMMAND_MAX ((size_t)128 * 1024)

static const struct repair {
	const char *code;
	const char *device; /* of an object of a device; NULL: as the other */
	const char *other;
} repairs[] = {
    {"password-expired", "amtkeeper run renew-ad-password %d",
	"Set-ADAccountPassword -Reset -Identity %o"},
    {"password-expiring", "amtkeeper run renew-ad-password %d",
	"Set-ADAccountPassword -Reset -Identity %o"},
    {"password-overdue", "amtkeeper run renew-ad-password %d",
	"Reset-ComputerMachinePassword # on that computer: %a"},
    {"password-due", "amtkeeper run renew-ad-password %d",
	"Reset-ComputerMachinePassword # on that computer: %a"},
    {"password-never-expires", NULL,
	"Set-ADAccountControl -PasswordNeverExpires $false -Identity %o"},
    {"password-must-change", "amtkeeper run renew-ad-password %d",
	"Set-ADObject -Replace @{pwdLastSet=-1} -Identity %o"},
    {"disabled", NULL, "Enable-ADAccount -Identity %o"},
    {"stale", NULL, "Disable-ADAccount -Identity %o"},
    {"orphan", NULL, "Disable-ADAccount -Identity %o"},
    {"object-missing", "amtkeeper run auto %d", NULL},
    {"spn-duplicate", NULL,
	"Set-ADObject -Remove @{servicePrincipalName=%-} -Identity %o"},
    {"spn-missing", "amtkeeper run auto %d",
	"Set-ADObject -Add @{servicePrincipalName=%+} -Identity %o"},
    {"spn-foreign", "amtkeeper run auto %d",
	"Set-ADObject -Remove @{servicePrincipalName=%-} -Identity %o"},
    {"dns-host-differs", "amtkeeper run auto %d",
	"Set-ADComputer -DNSHostName HOST.DOMAIN -Identity %o"},
    {"encryption-weak", "amtkeeper run auto %d",
	"Set-ADObject -Replace @{'msDS-SupportedEncryptionTypes'=24} "
	"-Identity %o"},
    {"encryption-differs", "amtkeeper run auto %d", NULL},
    {"encryption-unset", "amtkeeper run auto %d",
	"Set-ADObject -Replace @{'msDS-SupportedEncryptionTypes'=24} "
	"-Identity %o"},
    {"wrong-ou", NULL, "Move-ADObject -TargetPath %+ -Identity %o"},
    {"delegation-unconstrained", NULL,
	"Set-ADAccountControl -TrustedForDelegation $false -Identity %o"},
    {"kvno-differs", "amtkeeper run renew-ad-password %d", NULL},
    {"rights-broad", NULL, "dsacls %o /R %a"},
    {"rights-unread", NULL, "dsacls %o /G \"%a:RC\""},
    {"clock-spread", NULL, "w32tm /resync # on the controller that is off"},
    {"clock-own", NULL, "chronyc makestep"},
    {"controller-silent", NULL, "nltest /dsgetdc: # is it in use? %o"},
};

/* In PowerShell a quote within is doubled. */
static void
add_double(struct buf *out, const char *text, size_t len)
{
	size_t i;

	buf_char(out, '\'');
	for (i = 0; i < len; i++) {
		if (text[i] == '\'')
			buf_char(out, '\'');
		buf_char(out, text[i]);
	}
	buf_char(out, '\'');
}

/* By commas, each quoted; a DN is one word, whatever is in it. */
static void
add_words(struct buf *out, const char *list, bool one)
{
	size_t len;
	bool first = true;

	while (list != NULL && *list != '\0') {
		len = one ? strlen(list) : strcspn(list, " ");
		if (!first)
			buf_char(out, ',');
		add_double(out, list, len);
		list += len + strspn(list + len, " ");
		first = false;
	}
}

static const char *
value_of(const struct daemon_audit_finding *f, char which)
{
	const char *text = NULL;

	if (which == 'o')
		text = f->object;
	else if (which == 'a')
		text = f->account;
	else if (which == 'd')
		text = f->device;
	return text == NULL ? "" : text;
}

static void
add_value(struct buf *out, const struct daemon_audit_finding *f, char which,
    bool ours)
{
	const char *text = value_of(f, which);

	if (which == '+' || which == '-')
		add_words(out, which == '+' ? f->add : f->drop,
		    str_eq(f->code, "wrong-ou"));
	else if (ours)
		str_quote(out, text);
	else
		add_double(out, text, strlen(text));
}

static char *
fill(const char *pattern, const struct daemon_audit_finding *f)
{
	bool ours = str_starts(pattern, "amtkeeper ");
	struct buf out;
	char *text;

	buf_init(&out, COMMAND_MAX);
	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '%' && pattern[1] != '\0')
			add_value(&out, f, *++pattern, ours);
		else
			buf_char(&out, *pattern);
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

char *
cli_audit_repair(const struct daemon_audit_finding *f)
{
	const struct repair *r;
	const char *pattern;
	size_t i;

	for (i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		r = &repairs[i];
		if (!str_eq(r->code, f->code))
			continue;
		pattern = f->device != NULL && r->device != NULL ? r->device
								 : r->other;
		return pattern == NULL ? NULL : fill(pattern, f);
	}
	return NULL;
}
