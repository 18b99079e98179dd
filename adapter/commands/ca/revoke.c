#include "revoke.h"

#include <stdlib.h>

#include "bridge_issue.h"
#include "ca.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "mem.h"
#include "store.h"
#include "str.h"

int
revoke_at_ca(struct cli *c, const struct device *device,
    const struct revoke_what *r, bool *ret_told, struct err *err)
{
	const struct ca_bridge_end end = {
	    .reason = r->reason, .now = clock_now()};
	struct ca *ca = c->daemon.ca;
	char *detail;
	int rc;

	*ret_told = true;
	if (str_eq(r->issuer, CA_ISSUER_INTERNAL))
		rc = ca_revoke(ca, r->serial, r->reason, end.now, err);
	else
		rc = ca_bridge_revoke(ca, daemon_bridge(&c->daemon, r->issuer),
		    r->serial, &end, ret_told, err);
	if (rc != 0)
		return -1;
	detail = mem_printf(
	    "{\"serial\":\"%s\",\"reason\":%d}", r->serial, r->reason);
	rc = cli_event(c, device, "certificate.revoked", detail, err);
	free(detail);
	return rc;
}

char *
revoke_there(const struct cli *c, const char *issuer, const char *serial)
{
	const struct conf *conf = c->daemon.conf;
	const struct conf_bridge *b = NULL;
	const char *where;
	size_t i;

	for (i = 0; i < conf->bridge_count; i++)
		if (str_eq(conf->bridges[i].name, issuer))
			b = &conf->bridges[i];
	if (b == NULL)
		return mem_printf("revoke serial %s at the CA behind %s, a "
				  "bridge that is not configured any more",
		    serial, issuer);
	where = b->url != NULL ? b->url : b->command;
	return mem_printf("revoke serial %s at the CA of bridge %s (%s), by "
			  "its own means: %s knows no revocation",
	    serial, issuer, where == NULL ? "-" : where, b->kind);
}

static int
revoke_cert(struct cli *c, const struct ca_cert *cert, int reason)
{
	const struct revoke_what r = {
	    .serial = cert->serial, .issuer = cert->issuer, .reason = reason};
	struct err err = {.kind = ERR_NONE};
	char *there;
	bool told;

	if (revoke_at_ca(c, NULL, &r, &told, &err) != 0 ||
	    store_commit(c->daemon.store, &err) != 0)
		return cli_fail(&err);
	if (!told) {
		there = revoke_there(c, r.issuer, r.serial);
		cli_note(c,
		    "%s is marked here only, and valid for everybody else "
		    "until its end: %s",
		    r.serial, there);
		free(there);
	} else if (str_eq(r.issuer, CA_ISSUER_INTERNAL))
		cli_note(c, CMD_CA_REVOKED, r.serial);
	else
		cli_note(c, "%s is revoked at its CA", r.serial);
	return CODE_OK;
}

static int
revoke_issued(struct cli *c, const char *serial, int reason)
{
	struct ca_cert cert = {.der = NULL};
	struct err err = {.kind = ERR_NONE};
	char *question;
	int code;

	if (ca_find(c->daemon.ca, NULL, serial, &cert, &err) != 0)
		return cli_fail(&err);
	question = mem_printf("revoke %s (%s)", cert.serial,
	    cert.names == NULL ? cert.subject : cert.names);
	if (!cli_confirm(c, question))
		code = CODE_REFUSED;
	else
		code = revoke_cert(c, &cert, reason);
	free(question);
	ca_cert_clear(&cert);
	return code;
}

int
cmd_ca_revoke(struct cli *c)
{
	const char *word = cli_text(c, "reason");
	const int reason = word == NULL ? 0 : ca_reason_number(word);
	char *serial;
	int code;

	if (cli_remote(c))
		return cmd_ca_revoke_remote(c);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK ||
	    cmd_ca_revoke_issuing(c, c->args[0], reason, &code))
		return code;
	if (cli_flag(c, "force"))
		return cli_complain(
		    CODE_USAGE, "--force is for an issuing CA's serial number");
	serial = cmd_ca_serial(c->args[0]);
	code = revoke_issued(c, serial, reason);
	free(serial);
	return code;
}
