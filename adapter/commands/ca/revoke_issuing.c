/* An issuing CA that is to end before its time. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "file.h"
#include "mem.h"
#include "rollover.h"
#include "store.h"

#define CERT_MAX 65536

bool
cmd_ca_names_file(const char *what)
{
	return strspn(what, "0123456789abcdefABCDEF:") != strlen(what) ||
	    access(what, F_OK) == 0;
}

char *
cmd_ca_serial(const char *text)
{
	char *copy = mem_dup(text), *to = copy;

	for (; *text != '\0'; text++)
		if (*text != ':')
			*to++ = (char)tolower((unsigned char)*text);
	*to = '\0';
	return copy;
}

int
cmd_ca_read_cert(const char *path, struct buf *der, struct err *err)
{
	struct buf file;
	int rc;

	buf_init(&file, CERT_MAX);
	rc = file_read(path, CERT_MAX, &file, err);
	if (rc == 0)
		rc = ca_cert_read(&file, der, err);
	buf_free(&file);
	return rc;
}

static int
do_it(struct cli *c, struct ca_fall *io, struct err *err)
{
	struct ca_conf conf = daemon_ca_conf(&c->daemon);

	return ca_revoke_issuing(c->daemon.ca, &conf, io, err);
}

static void
tell(const struct cli *c, const struct ca_fall *io)
{
	cli_note(c, "%s is revoked: \"ca crl --root\" has it", io->subject);
	if (io->active)
		cli_note(c,
		    "nothing is issued from now on: \"ca rollover\" makes the "
		    "next");
	if (io->used > 0)
		cli_note(c,
		    "%lld certificate%s of devices %s worth nothing now: \"run "
		    "reissue-certificates\"",
		    (long long)io->used, io->used == 1 ? "" : "s",
		    io->used == 1 ? "is" : "are");
	if (io->elsewhere > 0)
		cli_note(c,
		    "%zu of its certificates %s by a root whose key is not "
		    "here: revoke them there",
		    io->elsewhere, io->elsewhere == 1 ? "is" : "are");
}

static int
ask(const struct cli *c, const struct ca_fall *io)
{
	char *question = mem_printf("revoke the issuing CA %s%s", io->subject,
	    io->active ? ", by which nothing will be issued any more" : "");
	bool sure = cli_confirm(c, question);

	free(question);
	return sure ? CODE_OK : CODE_REFUSED;
}

static int
revoke_found(struct cli *c, struct ca_fall *io)
{
	struct err err = {.kind = ERR_NONE};
	char *detail;
	int code = ask(c, io), rc;

	if (code != CODE_OK)
		return code;
	io->dry = false;
	if (do_it(c, io, &err) != 0)
		return cli_fail(&err);
	detail = mem_printf(
	    "{\"serial\":\"%s\",\"reason\":%d}", io->number, io->reason);
	rc = cli_event(c, NULL, "ca.revoked", detail, &err);
	free(detail);
	if (rc == 0)
		rc = store_commit(c->daemon.store, &err);
	if (rc != 0)
		return cli_fail(&err);
	tell(c, io);
	return CODE_OK;
}

bool
cmd_ca_revoke_issuing(
    struct cli *c, const char *what, int reason, int *ret_code)
{
	struct ca_fall io = {.reason = reason,
	    .now = clock_now(),
	    .force = cli_flag(c, "force"),
	    .dry = true};
	struct err err = {.kind = ERR_NONE};
	char *serial = cmd_ca_serial(what);
	bool ours = true;
	struct buf der;
	int rc = 0;

	buf_init(&der, CERT_MAX);
	if (cmd_ca_names_file(what)) {
		rc = cmd_ca_read_cert(what, &der, &err);
		io.cert = &der;
	} else {
		io.serial = serial;
	}
	if (rc == 0)
		rc = do_it(c, &io, &err);
	if (rc == 0)
		*ret_code = revoke_found(c, &io);
	else if (io.serial != NULL && err.kind == ERR_NOTFOUND)
		ours = false;
	else
		*ret_code = cli_fail(&err);
	buf_free(&der);
	free(serial);
	return ours;
}
