#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "file.h"
#include "mem.h"
#include "records_ca.h"
#include "store.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LIST_MAX ((size_t)16 * 1024 * 1024)
#define HASH_DIGITS 64

/* --- add --- */

/* What "ca block add" did so far. */
struct adding {
	struct cli *c;
	char first[HASH_DIGITS + 1]; /* for the event */
	int64_t added, known;
};

static int
add_one(void *cookie, const struct ca_blocked *read, struct err *err)
{
	struct adding *a = cookie;
	struct ca_blocked b = *read;
	const char *note = cli_text(a->c, "note");
	char *device = NULL;
	int rc;

	b.at = clock_now();
	if (str_empty(b.note) && note != NULL)
		b.note = note;
	rc = ca_block_add(a->c->daemon.ca, &b, &device, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		a->known++;
	} else if (a->added++ == 0) {
		(void)snprintf(a->first, sizeof(a->first), "%s", b.sha256);
	}
	if (device != NULL)
		cli_note(a->c,
		    "%s has a valid certificate of key %s: give it a new one "
		    "(run reissue-certificates) and revoke that one",
		    device, b.sha256);
	free(device);
	return 0;
}

static int
add_argument(struct adding *a, const char *argument, struct err *err)
{
	struct ca_blocked b = {argument, "", 0};
	const int64_t before = a->added + a->known;
	struct buf text;
	int rc;

	if (strlen(argument) == HASH_DIGITS &&
	    strspn(argument, "0123456789abcdefABCDEF") == HASH_DIGITS)
		return add_one(a, &b, err);
	buf_init(&text, LIST_MAX);
	rc = file_read(argument, LIST_MAX, &text, err);
	if (rc == 0 && ca_block_read(&text, add_one, a, err) != 0)
		rc = err_context(err, "%s", argument);
	else if (rc == 0 && a->added + a->known == before)
		rc = err_set(err, ERR_INVALID, "%s: no key is in it", argument);
	buf_free(&text);
	return rc;
}

static int
tell_event(struct cli *c, const char *kind, char *detail, struct err *err)
{
	int rc = cli_event(c, NULL, kind, detail, err);

	free(detail);
	return rc == 0 ? store_commit(c->daemon.store, err) : -1;
}

/* What was added before a bad line stays, and the audit chain has it. */
int
cmd_ca_block_add(struct cli *c)
{
	struct adding a = {.c = c};
	struct err err = {.kind = ERR_NONE}, event = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc = 0;
	size_t i;

	if (code != CODE_OK)
		return code;
	for (i = 0; i < c->arg_count && rc == 0; i++)
		rc = add_argument(&a, c->args[i], &err);
	if (a.added > 0 &&
	    tell_event(c, "key.blocked",
		mem_printf("{\"keys\":%lld,\"first\":\"%s\"}",
		    (long long)a.added, a.first),
		&event) != 0)
		return cli_fail(&event);
	if (a.added + a.known > 0)
		cli_note(c, "%lld keys blocked, %lld were already",
		    (long long)a.added, (long long)a.known);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

/* --- list --- */

static const struct table_column list_columns[] = {
    {"sha256", TABLE_STRING, 0, 0}, {"blocked_at", TABLE_TIME, 1, 0},
    {"note", TABLE_STRING, 0, 20}};

static int
write_blocked(void *cookie, const struct ca_blocked *b, struct err *err)
{
	static const struct cli_remote_rows rows = {
	    .columns = list_columns, .count = COUNT(list_columns)};
	struct record r;

	(void)err;
	record_blocked(&r, b);
	cli_record(cookie, &rows, &r);
	table_row(cookie);
	return 0;
}

int
cmd_ca_block_list(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct table *t;

	if (code != CODE_OK)
		return code;
	t = cli_table(c, list_columns, COUNT(list_columns));
	rc = ca_block_list(c->daemon.ca, write_blocked, t, &err);
	return cli_listed(c, t, rc, &err);
}

/* --- remove --- */

int
cmd_ca_block_remove(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL);

	if (code != CODE_OK)
		return code;
	if (!cli_confirm(c, "allow this key to be certified again"))
		return CODE_REFUSED;
	if (ca_block_remove(c->daemon.ca, c->args[0], &err) != 0)
		return cli_fail(&err);
	if (tell_event(c, "key.unblocked",
		mem_printf("{\"first\":\"%s\"}", c->args[0]), &err) != 0)
		return cli_fail(&err);
	cli_note(c, "%s may be certified again", c->args[0]);
	return CODE_OK;
}
