/*
 * directory delegate: the commands that give our account what it needs and no
 * more.  They are printed for an administrator of the domain to read and run;
 * giving rights is nothing that we should have the right to.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ad_audit.h"
#include "buf.h"
#include "cli.h"
#include "commands_directory_internal.h"
#include "conf.h"
#include "mem.h"
#include "profile.h"
#include "shown.h"
#include "str.h"

#define SCRIPT_MAX ((size_t)64 * 1024)
#define SETTINGS "CN=Password Settings Container,CN=System,"
#define COMPUTER_CLASS "computer"

struct delegation {
	const char *ou;
	char *account;	      /* sAMAccountName */
	char *login;	      /* account@domain */
	char *settings;	      /* where password settings are; NULL: not known */
	const char *computer; /* GUID of the class */
	struct buf out;
};

/* --- for Windows --- */

static void
add_dsacls(struct delegation *d, const struct ad_audit_grant *g)
{
	buf_printf(&d->out, "dsacls \"%s\" ", d->ou);
	switch (g->kind) {
	case AD_AUDIT_GRANT_CHILDREN:
		buf_printf(
		    &d->out, "/I:T /G \"%s:CCDC;%s\"\n", d->login, g->name);
		break;
	case AD_AUDIT_GRANT_RIGHT:
		buf_printf(&d->out, "/I:S /G \"%s:CA;%s;" COMPUTER_CLASS "\"\n",
		    d->login, g->name);
		break;
	case AD_AUDIT_GRANT_ATTRIBUTE:
		buf_printf(&d->out,
		    "/I:S /G \"%s:RPWP;%s;" COMPUTER_CLASS "\"\n", d->login,
		    g->name);
		break;
	}
}

/* --- for Samba --- */

static void
add_object(struct delegation *d, const char *dn)
{
	buf_str(&d->out, "samba-tool dsacl set --objectdn=");
	str_quote(&d->out, dn);
	buf_str(&d->out, " --sddl=");
}

static void
add_sddl(struct delegation *d, const struct ad_audit_grant *g)
{
	add_object(d, d->ou);
	switch (g->kind) {
	case AD_AUDIT_GRANT_CHILDREN:
		buf_printf(&d->out, "\"(OA;CI;CCDC;%s;;$sid)\"", g->guid);
		break;
	case AD_AUDIT_GRANT_RIGHT:
		buf_printf(&d->out, "\"(OA;CIIO;CR;%s;%s;$sid)\"", g->guid,
		    d->computer);
		break;
	case AD_AUDIT_GRANT_ATTRIBUTE:
		buf_printf(&d->out, "\"(OA;CIIO;RPWP;%s;%s;$sid)\"", g->guid,
		    d->computer);
		break;
	}
	buf_printf(&d->out, " # %s\n", g->name);
}

static void
add_sid(struct delegation *d)
{
	size_t len = strlen(d->account);
	bool computer = len > 0 && d->account[len - 1] == '$';

	buf_printf(&d->out, "sid=$(samba-tool %s show ",
	    computer ? "computer" : "user");
	str_quote(&d->out, d->account);
	buf_str(&d->out,
	    " --attributes=objectSid |\n"
	    "    sed -n 's/^objectSid: //p')\n");
}

/* --- both --- */

static void
write_script(struct delegation *d)
{
	struct ad_audit_grant g;
	size_t i;

	for (i = 0; ad_audit_grant(i, &g); i++)
		if (g.kind == AD_AUDIT_GRANT_CHILDREN)
			d->computer = g.guid;
	buf_str(&d->out, "# Windows, as an administrator of the domain:\n");
	for (i = 0; ad_audit_grant(i, &g); i++)
		add_dsacls(d, &g);
	if (d->settings != NULL)
		buf_printf(&d->out, "dsacls \"%s\" /I:T /G \"%s:LCRPRC\"\n",
		    d->settings, d->login);
	buf_str(&d->out, "\n# Samba, as root on a domain controller:\n");
	add_sid(d);
	for (i = 0; ad_audit_grant(i, &g); i++)
		add_sddl(d, &g);
	if (d->settings != NULL) {
		add_object(d, d->settings);
		buf_str(&d->out,
		    "\"(A;CI;LCRPRC;;;$sid)\" # to read the age "
		    "of passwords that it sets\n");
	}
}

/* "OU=A,DC=x,DC=y" -> the container of its domain, given; NULL. */
static char *
settings_of(const char *ou)
{
	const char *at = ou;

	while (strncasecmp(at, "DC=", 3) != 0) {
		at = strchr(at, ',');
		if (at == NULL)
			return NULL;
		at++;
	}
	return mem_printf(SETTINGS "%s", at);
}

static int
find_account(struct cli *c, struct delegation *d)
{
	const struct conf *conf = c->daemon.conf;
	const char *given = cli_text(c, "account");
	const char *who = given != NULL ? given : conf->principal;
	const char *at;

	if (str_empty(who))
		return cli_complain(CODE_USAGE,
		    "whom? directory.principal is not configured: give "
		    "--account");
	at = strchr(who, '@');
	d->account = mem_dup_len(who, strcspn(who, "@"));
	if (at != NULL)
		d->login = mem_dup(who);
	else if (!str_empty(conf->domain))
		d->login = mem_printf("%s@%s", who, conf->domain);
	else
		return cli_complain(CODE_USAGE,
		    "of which domain? directory.domain is not configured: give "
		    "--account NAME@DOMAIN");
	return CODE_OK;
}

int
cmd_directory_delegate(struct cli *c)
{
	struct delegation d = {.ou = cli_text(c, "ou")};
	int code;

	if (!cli_flag(c, "print"))
		return cli_complain(CODE_USAGE,
		    "an administrator of the domain gives rights, not "
		    "amtkeeper: --print prints the commands");
	code = cli_load(c);
	if (code != CODE_OK)
		return code;
	if (d.ou == NULL)
		d.ou = c->daemon.profile->ou;
	if (str_empty(d.ou))
		return cli_complain(CODE_USAGE,
		    "where? the profile names no OU (ad.ou): give --ou");
	buf_init(&d.out, SCRIPT_MAX);
	code = find_account(c, &d);
	if (code == CODE_OK) {
		d.settings = settings_of(d.ou);
		write_script(&d);
		shown_put(stdout, buf_text(&d.out), SHOWN_LINES);
	}
	buf_free(&d.out);
	free(d.settings);
	free(d.account);
	free(d.login);
	return code;
}
