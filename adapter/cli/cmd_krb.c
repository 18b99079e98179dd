/* The domain's Kerberos: is it well, and a device's part in it. */
#include <stdlib.h>

#include "cli_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- status --- */

static const struct table_column status_columns[] = {
    {"level", TABLE_STRING, 0, 0}, {"part", TABLE_STRING, 0, 0},
    {"name", TABLE_STRING, 0, 24}, {"offset_ms", TABLE_INT, 3, 0},
    {"error_ms", TABLE_INT, 6, 0}, {"kvno", TABLE_INT, 2, 0},
    {"enctypes", TABLE_LIST, 4, 12}, {"until", TABLE_TIME, 1, 0},
    {"renew_until", TABLE_TIME, 5, 0}, {"code", TABLE_STRING, 0, 0},
    {"finding", TABLE_STRING, 0, 24}};

struct status {
	struct table *table;
	size_t findings, bad;
	bool refused, reached;
};

/* A part that has no number shows none, rather than 0. */
static void
write_number(struct table *t, bool known, int64_t value)
{
	if (known)
		table_int(t, value);
	else
		table_nothing(t);
}

static int
write_status(void *cookie, const struct daemon_krb_row *row, struct err *err)
{
	static const char *const levels[] = {
	    [DAEMON_GOOD] = "ok",
	    [DAEMON_WARNING] = "warning",
	    [DAEMON_BAD] = "bad",
	};
	struct status *s = cookie;

	table_text(s->table, levels[row->level]);
	table_text(s->table, row->part);
	table_text(s->table, row->name);
	write_number(s->table, row->timed, row->offset_ms);
	write_number(s->table, row->timed, row->error_ms);
	write_number(s->table, row->kvno != 0, row->kvno);
	table_text(s->table, row->enctypes);
	table_int(s->table, row->until);
	table_int(s->table, row->renew_until);
	table_text(s->table, row->code);
	table_text(s->table, row->text);
	s->findings += row->level != DAEMON_GOOD;
	s->bad += row->level == DAEMON_BAD;
	s->refused = s->refused || str_eq(row->code, "login-refused");
	s->reached = s->reached || str_eq(row->part, "clock");
	return cli_row(s->table, err);
}

/* The worst there is, as a script wants it. */
static int
status_code(const struct cli *c, const struct status *s)
{
	if (s->findings == 0)
		cli_note(c, "nothing found");
	else
		cli_note(c, "%zu finding%s, %zu bad", s->findings,
		    s->findings == 1 ? "" : "s", s->bad);
	if (!s->reached)
		return CODE_UNREACHABLE;
	if (s->refused)
		return CODE_DENIED;
	return s->findings > 0 ? CODE_PARTIAL : CODE_OK;
}

int
cmd_krb_status(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct status s = {.findings = 0};
	int code = cli_open(c, DAEMON_ENGINE, NULL), rc;

	if (code != CODE_OK)
		return code;
	s.table = cli_table(c, status_columns, COUNT(status_columns));
	rc = daemon_krb_status(&c->daemon, write_status, &s, &err);
	table_end(s.table);
	code = cli_scanned(rc, &err);
	return code == CODE_OK ? status_code(c, &s) : code;
}
