#include "journal.h"
#include "api_client.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_event_internal.h"
#include "records.h"
#include "store.h"

#define ENDED_LIMIT 100
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct table_column journal_columns[] = {{"id", TABLE_INT, 0, 0},
    {"device", TABLE_STRING, 0, 0}, {"task", TABLE_STRING, 3, 0},
    {"step", TABLE_STRING, 0, 0}, {"attempts", TABLE_INT, 5, 0},
    {"opened_at", TABLE_TIME, 2, 0}, {"ended_at", TABLE_TIME, 4, 0},
    {"state", TABLE_STRING, 0, 0}, {"result", TABLE_STRING, 0, 16},
    {"args", TABLE_STRING, 1, 16}};

static const struct cli_remote_rows journal_rows = {
    .columns = journal_columns, .count = COUNT(journal_columns)};

struct listing {
	struct cli *c;
	struct table *table;
};

static int
write_intent(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct listing *l = cookie;
	struct record r;

	(void)err;
	record_intent(&r, l->c->daemon.store, intent);
	cli_record(l->table, &journal_rows, &r);
	table_row(l->table);
	return 0;
}

static int
add_remote(struct cli_remote_fill *f, const char *what, size_t limit)
{
	struct api_client_path path;
	const struct cli_remote_list list = {
	    .path = &path, .paged = true, .limit = limit};
	int code;

	api_client_path_init(&path, what);
	api_client_path_param(&path, "device", cli_text(f->c, "device"));
	code = cli_remote_scan(f->c, &list, cli_remote_add, f);
	api_client_path_free(&path);
	return code;
}

static int
list_remote(struct cli *c)
{
	struct cli_remote_fill f = {.c = c, .rows = &journal_rows};
	int code = add_remote(&f, "journal", 0);

	if (code == CODE_OK && cli_flag(c, "ended"))
		code = add_remote(&f, "journal-ended",
		    (size_t)cli_count(c, "limit", ENDED_LIMIT));
	return cli_remote_end(&f, code);
}

int
cmd_journal_list(struct cli *c)
{
	struct listing l = {.c = c};
	struct err err = {.kind = ERR_NONE};
	int64_t id = 0;
	int code, rc;

	if (cli_remote(c))
		return list_remote(c);
	code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK)
		code = cli_chosen_device(c, &id);
	if (code != CODE_OK)
		return code;
	l.table = cli_table(c, journal_columns, COUNT(journal_columns));
	rc = journal_scan_open(c->daemon.store, id, write_intent, &l, &err);
	if (rc == 0 && cli_flag(c, "ended"))
		rc = journal_scan_ended(c->daemon.store, id, 0,
		    (size_t)cli_count(c, "limit", ENDED_LIMIT), write_intent,
		    &l, &err);
	return cli_listed(c, l.table, rc, &err);
}
