/* Saved queries: a person's own in a table, the program's own here. */
#include <string.h>

#include "db.h"
#include "err.h"
#include "rows.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SAVED_MAX 10000

const char store_chart_step[] =
    "ALTER TABLE saved_query ADD COLUMN chart TEXT;";

static const struct store_saved shipped[] = {
    {1, "AMT communication errors",
	"configured devices that could not be spoken to when last tried",
	"EPOLeafNode",
	"(select EPOLeafNode.NodeName AMT_CustomProps.DNSName "
	"EPOLeafNode.LastUpdate AMT_CustomProps.LastErrorMessage "
	"AMT_CustomProps.TLS)",
	"(where (and (eq AMT_CustomProps.FullyConfigured true) "
	"(contains AMT_CustomProps.LastErrorMessage "
	"\"Failed to enforce policy\")))",
	"(order (asc EPOLeafNode.NodeName))", NULL, NULL},
    {2, "Renamed systems",
	"the host has another name than the firmware: repair with "
	"sync-network and reissue-certificates, or enforce-profile",
	"EPOLeafNode",
	"(select EPOLeafNode.NodeName EPOComputerProperties.IPHostName "
	"AMT_CustomProps.DNSName EPOLeafNode.LastUpdate "
	"AMT_CustomProps.Reasons)",
	"(where (or (eq AMT_CustomProps.Renamed true) "
	"(contains AMT_CustomProps.Reasons \"name-mismatch\") "
	"(contains AMT_CustomProps.Reasons \"certificate-name-mismatch\")))",
	"(order (asc EPOLeafNode.NodeName))", NULL, NULL},
    {3, "Certificates by expiry", "TLS certificates, the first to end first",
	"EPOLeafNode",
	"(select EPOLeafNode.NodeName AMT_CustomProps.CertExpires "
	"AMT_CustomProps.CertSubject AMT_CustomProps.CertIssuer "
	"AMT_CustomProps.CertOurs)",
	"(where (notBlank AMT_CustomProps.CertExpires))",
	"(order (asc AMT_CustomProps.CertExpires))", NULL, NULL},
    {4, "AD passwords by deadline",
	"objects in Active Directory, the first to expire first", "EPOLeafNode",
	"(select EPOLeafNode.NodeName AMT_CustomProps.ADPasswordExpires "
	"AMT_CustomProps.ADPasswordSet AMT_CustomProps.ADObject)",
	"(where (notBlank AMT_CustomProps.ADPasswordExpires))",
	"(order (asc AMT_CustomProps.ADPasswordExpires))", NULL, NULL},
    {5, "Clock skew", "clocks so far off that Kerberos may refuse them",
	"EPOLeafNode",
	"(select EPOLeafNode.NodeName AMT_CustomProps.ClockOffsetMs "
	"AMT_CustomProps.ClockRead AMT_CustomProps.ClockSet)",
	"(where (contains AMT_CustomProps.Reasons \"clock-skew\"))",
	"(order (asc EPOLeafNode.NodeName))", NULL, NULL},
    {6, "Never maintained", "no task was ever run on them", "EPOLeafNode",
	"(select EPOLeafNode.NodeName EPOLeafNode.LastUpdate "
	"AMT_CustomProps.Version AMT_CustomProps.LastErrorMessage)",
	"(where (isBlank AMT_CustomProps.LastRun))",
	"(order (asc EPOLeafNode.NodeName))", NULL, NULL},
    {7, "Systems by TLS state", "how many of each", "EPOLeafNode",
	"(select AMT_CustomProps.TLS (count) "
	"(min AMT_CustomProps.CertExpires))",
	NULL, "(order (desc (count)))", "(group AMT_CustomProps.TLS)", "pie"},
    {8, "Runs by result",
	"what became of the devices in the runs of the last 30 days",
	"AMT_RunItems", "(select AMT_RunItems.Result (count))",
	"(where (and (newerThan AMT_Runs.Created 2592000000) "
	"(stateEq AMT_RunItems.State \"done\")))",
	"(order (desc (count)))", "(group AMT_RunItems.Result)", "pie"},
    {9, "Failures of runs by reason",
	"why devices failed in the runs of the last 30 days", "AMT_RunItems",
	"(select AMT_RunItems.Reason (count) (max AMT_RunItems.Ended))",
	"(where (and (newerThan AMT_Runs.Created 2592000000) "
	"(in AMT_RunItems.Result \"failed\" \"parked\" \"offline\")))",
	"(order (desc (count)))", "(group AMT_RunItems.Reason)", NULL},
    {10, "Runs of the last 30 days", "the newest first", "AMT_Runs",
	"(select AMT_Runs.AutoID AMT_Runs.Name AMT_Runs.State AMT_Runs.Source "
	"AMT_Runs.Created AMT_Runs.Seconds AMT_Runs.Percent AMT_Runs.Devices "
	"AMT_Runs.Failed AMT_Runs.Parked AMT_Runs.Offline)",
	"(where (newerThan AMT_Runs.Created 2592000000))",
	"(order (desc AMT_Runs.AutoID))", NULL, NULL},
};

/* "amt-communication-errors" is easier to type. */
static bool
same_name(const char *a, const char *b)
{
	size_t i;
	char one[2] = "", other[2] = "";

	for (i = 0; a[i] != '\0' && b[i] != '\0'; i++) {
		one[0] = (char)(a[i] == '-' ? ' ' : a[i]);
		other[0] = (char)(b[i] == '-' ? ' ' : b[i]);
		if (!str_ieq(one, other))
			return false;
	}
	return a[i] == b[i];
}

static const struct store_saved *
find_shipped(const char *name)
{
	int64_t id = 0;
	size_t i;

	(void)str_int(name, 1, INT64_MAX, &id);
	for (i = 0; i < COUNT(shipped); i++)
		if (same_name(shipped[i].name, name) || shipped[i].id == id)
			return &shipped[i];
	return NULL;
}

#define COLUMNS                                                                \
	"SELECT id, name, note, target, selects, wheres, orders, groups,"      \
	" chart FROM saved_query"

static void
read_row(struct db_rows *rows, struct store_saved *ret)
{
	ret->id = db_int(rows, 0);
	ret->name = db_text(rows, 1);
	ret->note = db_text(rows, 2);
	ret->target = db_text(rows, 3);
	ret->select = db_text(rows, 4);
	ret->where = db_text(rows, 5);
	ret->order = db_text(rows, 6);
	ret->group = db_text(rows, 7);
	ret->chart = db_text(rows, 8);
}

int
store_saved_find(struct store *s, const char *name, store_saved_fn *fn,
    void *cookie, struct err *err)
{
	const struct store_saved *own = find_shipped(name);
	struct store_saved saved;
	struct db_rows *rows;
	int64_t id = 0;
	int r;

	if (own != NULL)
		return fn(cookie, own, err);
	if (store_check_text(name, "the name", err) == -1)
		return -1;
	(void)str_int(name, 1, INT64_MAX, &id);
	if (db_query(s->db, &rows, err,
		COLUMNS " WHERE lower(name) = lower(?) OR id = ?", "ti", name,
		id) == -1 ||
	    store_first(rows, err,
		"no query of this name is saved; \"query list\" has them") ==
		-1)
		return -1;
	read_row(rows, &saved);
	r = fn(cookie, &saved, err);
	db_done(rows);
	return r;
}

int
store_saved_scan(
    struct store *s, store_saved_fn *fn, void *cookie, struct err *err)
{
	struct store_saved saved;
	struct db_rows *rows;
	size_t i;
	int r = 0;

	for (i = 0; i < COUNT(shipped); i++)
		if (fn(cookie, &shipped[i], err) == -1)
			return -1;
	if (db_query(s->db, &rows, err, COLUMNS " ORDER BY lower(name)", "") ==
	    -1)
		return -1;
	while (store_next(rows, &r, err)) {
		read_row(rows, &saved);
		r = fn(cookie, &saved, err);
	}
	return r;
}

static int
check_saved(struct store *s, const struct store_saved *q, struct err *err)
{
	struct db_rows *rows;
	int64_t number;
	int r;

	if (str_empty(q->name) || strlen(q->name) > STORE_NAME_MAX ||
	    str_int(q->name, INT64_MIN, INT64_MAX, &number) == 0)
		return err_set(err, ERR_INVALID,
		    "name: wanted 1 to %d bytes, and no number",
		    STORE_NAME_MAX);
	if (find_shipped(q->name) != NULL)
		return err_set(err, ERR_CONFLICT,
		    "the query of this name comes with the program");
	if (store_check_text(q->note, "the description", err) == -1 ||
	    store_check_text(q->select, "select", err) == -1 ||
	    store_check_text(q->where, "where", err) == -1 ||
	    store_check_text(q->order, "order", err) == -1 ||
	    store_check_text(q->group, "group", err) == -1 ||
	    store_check_text(q->chart, "chart", err) == -1)
		return -1;
	if (db_query(s->db, &rows, err, "SELECT count(*) FROM saved_query",
		"") == -1)
		return -1;
	r = db_next(rows, err);
	number = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	if (number >= SAVED_MAX)
		return err_set(
		    err, ERR_LIMIT, "%d queries are saved", SAVED_MAX);
	return r == -1 ? -1 : 0;
}

int
store_saved_put(struct store *s, const struct store_saved *saved, bool replace,
    struct err *err)
{
	if (check_saved(s, saved, err) == -1 || store_begin(s, err) == -1)
		return -1;
	if (db_run(s->db, err,
		"INSERT INTO saved_query (name, note, target, selects, wheres,"
		" orders, groups, chart) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (lower(name)) DO UPDATE SET"
		" note = excluded.note, target = excluded.target,"
		" selects = excluded.selects, wheres = excluded.wheres,"
		" orders = excluded.orders, groups = excluded.groups,"
		" chart = excluded.chart"
		" WHERE ?",
		"tttttttti", saved->name, saved->note, saved->target,
		saved->select, saved->where, saved->order, saved->group,
		saved->chart, (int64_t)replace) == -1)
		return -1;
	if (db_changes(s->db) > 0)
		return 0;
	return err_set(
	    err, ERR_CONFLICT, "a query of this name is saved already");
}

/* Who names it, by name or number. */
#define NAMED(text)                                                            \
	" lower(" text ") IN (lower(q.name), CAST(q.id AS TEXT))"              \
	" AND (lower(q.name) = lower(?) OR q.id = ?)"
#define USERS                                                                       \
	"SELECT 'assignment ' || a.id || ' of ' || t.name"                          \
	" FROM saved_query q, task_assignment a JOIN task t ON t.id = a.task"       \
	" WHERE" NAMED(                                                             \
	    "a.query") " UNION ALL SELECT 'the server task ' || s.name"             \
		       " FROM saved_query q, server_task s, json_tree(s.actions) j" \
		       " WHERE j.key = 'query' AND" NAMED(                          \
			   "j.value") " LIMIT 1"

int
store_saved_remove(struct store *s, const char *name, struct err *err)
{
	struct db_rows *rows;
	int64_t id = 0;

	if (find_shipped(name) != NULL)
		return err_set(err, ERR_REFUSED,
		    "the query of this name comes with the program");
	(void)str_int(name, 1, INT64_MAX, &id);
	if (store_check_text(name, "the name", err) == -1 ||
	    store_begin(s, err) == -1 ||
	    db_query(s->db, &rows, err, USERS, "titi", name, id, name, id) ==
		-1 ||
	    store_unused(rows, err) == -1 ||
	    db_run(s->db, err,
		"DELETE FROM saved_query WHERE lower(name) = lower(?)"
		" OR id = ?",
		"ti", name, id) == -1)
		return -1;
	return store_changed(s, "no query of this name is saved", err);
}
