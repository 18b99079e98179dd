/*
 * What repairs a finding of the hygiene run.  A template's words are
 *
 *   %o %a %d    object, account, device
 *   %+ %-       the values to be there, and not to be there, by commas
 *
 * each quoted for the shell it is for: PowerShell doubles a quote within, ours
 * closes and opens again.
 */
#include "remedy_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ad_audit.h"
#include "buf.h"
#include "cli.h"
#include "mem.h"
#include "str.h"

#define COMMAND_MAX ((size_t)128 * 1024)

#define RENEW "amtkeeper run renew-ad-password %d"
#define SYNC "amtkeeper run sync-ad-object %d"
#define REPAIR(code) "amtkeeper directory repair " code " --dn %o"

static const struct repair {
	const char *code;
	const char *device; /* of an object of a device; NULL: as the other */
	const char *other;
	const char *bare; /* of a finding without a value to add; or NULL */
} repairs[] = {
    {"password-expired", RENEW, "Set-ADAccountPassword -Reset -Identity %o",
	NULL},
    {"password-expiring", RENEW, "Set-ADAccountPassword -Reset -Identity %o",
	NULL},
    {"password-overdue", RENEW,
	"Reset-ComputerMachinePassword # on that computer: %a", NULL},
    {"password-due", RENEW,
	"Reset-ComputerMachinePassword # on that computer: %a", NULL},
    {"password-never-expires", NULL, REPAIR("password-never-expires"), NULL},
    {"password-must-change", RENEW,
	"Set-ADObject -Replace @{pwdLastSet=-1} -Identity %o", NULL},
    {"disabled", NULL, "Enable-ADAccount -Identity %o", NULL},
    {"stale", NULL, "Disable-ADAccount -Identity %o", NULL},
    {"orphan", NULL, REPAIR("orphan"), REPAIR("orphan --delete")},
    {"object-missing", "amtkeeper run auto %d", NULL, NULL},
    {"spn-duplicate", NULL,
	"Set-ADObject -Remove @{servicePrincipalName=%-} -Identity %o", NULL},
    {"spn-missing", SYNC, REPAIR("spn-missing"), NULL},
    {"spn-foreign", SYNC, REPAIR("spn-foreign"), NULL},
    {"dns-host-differs", SYNC,
	"Set-ADComputer -DNSHostName HOST.DOMAIN -Identity %o", NULL},
    {"encryption-weak", SYNC, REPAIR("encryption-weak"),
	"Set-ADAccountControl -UseDESKeyOnly $false -Identity %o"},
    {"encryption-differs", SYNC, NULL, NULL},
    {"encryption-unset", SYNC, REPAIR("encryption-unset"), NULL},
    {"wrong-ou", SYNC, NULL, NULL},
    {"delegation-unconstrained", NULL,
	"Set-ADAccountControl -TrustedForDelegation $false -Identity %o", NULL},
    {"kvno-differs", RENEW, NULL, NULL},
    {"rights-master", NULL, "Remove-ADGroupMember -Identity %a -Members %o",
	NULL},
    /* All that the account has there goes, what it needs too. */
    {"rights-broad", NULL,
	"dsacls %o /R %a # then as amtkeeper directory delegate --print says",
	NULL},
    {"rights-unread", NULL, "dsacls %o", NULL},
    {"clock-spread", NULL, "w32tm /resync # on the controller that is off",
	NULL},
    {"clock-own", NULL, "chronyc makestep", NULL},
    {"controller-silent", NULL, "nltest /dsgetdc: # is it in use? %o", NULL},
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

/* By commas, each quoted. */
static void
add_words(struct buf *out, const char *list)
{
	size_t len;
	bool first = true;

	while (list != NULL && *list != '\0') {
		len = strcspn(list, " ");
		if (!first)
			buf_char(out, ',');
		add_double(out, list, len);
		list += len + strspn(list + len, " ");
		first = false;
	}
}

static const char *
value_of(const struct ad_audit_finding *f, char which)
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
add_value(
    struct buf *out, const struct ad_audit_finding *f, char which, bool ours)
{
	const char *text = value_of(f, which);

	if (which == '+' || which == '-')
		add_words(out, which == '+' ? f->add : f->drop);
	else if (ours)
		str_quote(out, text);
	else
		add_double(out, text, strlen(text));
}

static char *
fill(const char *pattern, const struct ad_audit_finding *f)
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
cmd_directory_remedy(const struct ad_audit_finding *f)
{
	const struct repair *r;
	const char *pattern;
	size_t i;

	for (i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
		r = &repairs[i];
		if (!str_eq(r->code, f->code))
			continue;
		if (f->add == NULL && r->bare != NULL)
			pattern = r->bare;
		else
			pattern = f->device != NULL && r->device != NULL
			    ? r->device
			    : r->other;
		return pattern == NULL ? NULL : fill(pattern, f);
	}
	return NULL;
}
