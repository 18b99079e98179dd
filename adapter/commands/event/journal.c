#include <stdlib.h>

#include "api_client.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_event_internal.h"
#include "device.h"
#include "journal.h"
#include "mem.h"
#include "store.h"

#define ENDED_LIMIT 100
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct table_column journal_columns[] = {{"id", TABLE_INT, 0, 0},
    {"device", TABLE_STRING, 0, 0}, {"task", TABLE_STRING, 3, 0},
    {"step", TABLE_STRING, 0, 0}, {"attempts", TABLE_INT, 5, 0},
    {"opened_at", TABLE_TIME, 2, 0}, {"ended_at", TABLE_TIME, 4, 0},
    {"state", TABLE_STRING, 0, 0}, {"result", TABLE_STRING, 0, 16},
    {"args", TABLE_STRING, 1, 16}};

struct listing {
	struct cli *c;
	struct table *table;
};

/* Name of the device, given; its number when it is gone. */
static char *
name_of(struct cli *c, int64_t id)
{
	struct device *device = NULL;
	char *name;

	if (store_device_get(c->daemon.store, id, &device, NULL) != 0)
		return mem_printf("#%lld", (long long)id);
	name = mem_dup(device->name);
	device_free(device);
	return name;
}

static int
write_intent(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct listing *l = cookie;
	char *name = name_of(l->c, intent->device);

	(void)err;
	table_int(l->table, intent->id);
	table_text(l->table, name);
	table_text(l->table, intent->play);
	table_text(l->table, intent->step);
	table_int(l->table, intent->attempts);
	table_int(l->table, intent->opened_at);
	table_int(l->table, intent->ended_at);
	table_text(l->table, intent->end == NULL ? "open" : intent->end);
	table_text(l->table, intent->result);
	table_text(l->table, intent->args);
	table_row(l->table);
	free(name);
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
	const struct cli_remote_rows rows = {
	    .columns = journal_columns, .count = COUNT(journal_columns)};
	struct cli_remote_fill f = {.c = c, .rows = &rows};
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
