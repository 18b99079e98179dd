/* Rows of the table "device", by statements made once from device_fields(). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "rows.h"
#include "store.h"
#include "store_internal.h"
#include "str.h"

#define SQL_MAX 65536
#define VALUES_MAX 160 /* fields, and what the WHERE needs */

#define GROUP_BIT(group) (1U << (group))
#define HOST GROUP_BIT(DEVICE_HOST)
#define STATE GROUP_BIT(DEVICE_STATE)
#define LEASE GROUP_BIT(DEVICE_LEASE)

/* Saved by a statement of its own: to name an indexed column in an UPDATE is to
 * write its index page anew, changed or not, and this one hardly ever is. */
#define APART "ad_account"
#define BUT_APART 0x80000000U

static bool
in_groups(const struct device_field *f, unsigned groups)
{
	if ((groups & BUT_APART) != 0 && str_eq(f->name, APART))
		return false;
	return (GROUP_BIT(f->group) & groups) != 0;
}

/* --- the statements --- */

/* "a, b, c" or "a = ?, b = ?" over the fields of these groups. */
static size_t
add_columns(struct buf *sql, unsigned groups, const char *suffix)
{
	const struct device_field *f;
	size_t count, i, n;

	n = 0;
	f = device_fields(&count);
	for (i = 0; i < count; i++)
		if (in_groups(&f[i], groups))
			buf_printf(sql, "%s%s%s", n++ > 0 ? ", " : "",
			    f[i].name, suffix);
	return n;
}

static char *
make_insert(void)
{
	struct buf sql;
	char *text;
	size_t n;

	buf_init(&sql, SQL_MAX);
	buf_str(&sql, "INSERT INTO device (");
	n = add_columns(&sql, HOST | STATE, "");
	buf_str(&sql, ") VALUES (?");
	while (--n > 0)
		buf_str(&sql, ", ?");
	buf_str(&sql, ")");
	assert(!sql.over);
	text = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return text;
}

static char *
make_update(unsigned groups, const char *where)
{
	struct buf sql;
	char *text;

	buf_init(&sql, SQL_MAX);
	buf_str(&sql, "UPDATE device SET ");
	add_columns(&sql, groups, " = ?");
	buf_str(&sql, where);
	assert(!sql.over);
	text = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return text;
}

static char *
make_get(void)
{
	struct buf sql;
	char *text;

	buf_init(&sql, SQL_MAX);
	buf_str(&sql, "SELECT ");
	add_columns(&sql, HOST | STATE | LEASE, "");
	buf_str(&sql,
	    " FROM device LEFT JOIN lease ON lease.device = id"
	    " WHERE id = ?");
	assert(!sql.over);
	text = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return text;
}

/* The lease, checked by the statement that writes. */
#define LEASED                                                                 \
	" AND EXISTS (SELECT 1 FROM lease WHERE lease.device = device.id"      \
	" AND lease_token = ? AND lease_owner IS NOT NULL)"

void
store_sql_make(struct store *s)
{
	s->sql_insert = make_insert();
	s->sql_save_host = make_update(HOST, " WHERE id = ?");
	s->sql_save_state =
	    make_update(STATE | BUT_APART, " WHERE id = ?" LEASED);
	s->sql_get = make_get();
}

void
store_sql_free(struct store *s)
{
	size_t i;

	free(s->sql_insert);
	free(s->sql_save_host);
	free(s->sql_save_state);
	free(s->sql_get);
	for (i = 0; i < sizeof(s->sql_scan) / sizeof(s->sql_scan[0]); i++) {
		free(s->sql_scan[i]);
		free(s->sql_count[i]);
	}
}

/* --- a record as parameters, and back --- */

struct values {
	struct db_value v[VALUES_MAX];
	size_t n;
};

static void
add_int(struct values *v, int64_t number)
{
	assert(v->n < VALUES_MAX);
	v->v[v->n++] = db_int_value(number);
}

static int
add_fields(
    struct values *v, const struct device *d, unsigned groups, struct err *err)
{
	const struct device_field *f;
	size_t count, i;

	f = device_fields(&count);
	for (i = 0; i < count; i++) {
		if (!in_groups(&f[i], groups))
			continue;
		if (f[i].type != DEVICE_TEXT) {
			add_int(v, device_get_int(d, &f[i]));
			continue;
		}
		assert(v->n < VALUES_MAX);
		v->v[v->n] = db_text_value(device_get_text(d, &f[i]));
		if (v->v[v->n++].len > STORE_TEXT_MAX)
			return err_set(err, ERR_LIMIT,
			    "%s is longer than %d bytes", f[i].name,
			    STORE_TEXT_MAX);
	}
	return 0;
}

static struct device *
load(struct db_rows *rows, int64_t id)
{
	const struct device_field *f;
	struct device *d;
	size_t count, i;

	d = mem_alloc(sizeof(*d));
	d->id = id;
	f = device_fields(&count);
	for (i = 0; i < count; i++)
		if (f[i].type == DEVICE_TEXT)
			device_set_text(d, &f[i], db_text(rows, (int)i));
		else
			device_set_int(d, &f[i], db_int(rows, (int)i));
	return d;
}

/* --- writing --- */

static int
check_name(const struct device *d, struct err *err)
{
	if (str_empty(d->name))
		return err_set(err, ERR_INVALID, "a device needs a name");
	if (strlen(d->name) > STORE_NAME_MAX)
		return err_set(err, ERR_INVALID,
		    "a device's name has at most %d characters",
		    STORE_NAME_MAX);
	return 0;
}

/* Say which of the unique indexes it was; the index names are ours. */
static int
explain_conflict(struct err *err)
{
	static const struct {
		const char *index, *text;
	} known[] = {
	    {"device_name", "the name is taken by another device"},
	    {"device_uuid", "the UUID is taken by another device"},
	    {"device_ad_account",
		"the Active Directory account is taken by another device"},
	};
	size_t i;

	if (err == NULL || err->kind != ERR_CONFLICT)
		return -1;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(err->text, known[i].index) != NULL)
			return err_native(err, ERR_CONFLICT, err->domain,
			    err->native, "%s", known[i].text);
	return -1;
}

int
store_device_add(struct store *s, struct device *d, struct err *err)
{
	struct values v;

	v.n = 0;
	if (check_name(d, err) == -1 ||
	    add_fields(&v, d, HOST | STATE, err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	if (db_run_list(s->db, err, s->sql_insert, v.v, v.n) == -1)
		return explain_conflict(err);
	d->id = db_last_id(s->db);
	return store_keys_save(s, d, err) == 0 ? 0 : store_break(s);
}

int
store_device_save_host(struct store *s, const struct device *d, struct err *err)
{
	struct values v;

	v.n = 0;
	if (check_name(d, err) == -1 || add_fields(&v, d, HOST, err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	add_int(&v, d->id);
	if (db_run_list(s->db, err, s->sql_save_host, v.v, v.n) == -1)
		return explain_conflict(err);
	return store_check_device(s, d->id, "not changed", err);
}

static int
save_apart(struct store *s, const struct device *d, int64_t lease_token,
    struct err *err)
{
	if (db_run(s->db, err,
		"UPDATE device SET " APART " = ? WHERE id = ?"
		" AND " APART " IS DISTINCT FROM ?" LEASED,
		"titi", d->ad_account, d->id, d->ad_account, lease_token) == -1)
		return explain_conflict(err);
	return 0;
}

int
store_device_save_state(struct store *s, const struct device *d,
    int64_t lease_token, struct err *err)
{
	struct values v;

	v.n = 0;
	if (store_check_text(d->ad_account, APART, err) == -1 ||
	    add_fields(&v, d, STATE | BUT_APART, err) == -1 ||
	    store_begin(s, err) == -1)
		return -1;
	/* First, since it alone can meet a conflict: then nothing is saved. */
	if (save_apart(s, d, lease_token, err) == -1)
		return -1;
	add_int(&v, d->id);
	add_int(&v, lease_token);
	if (db_run_list(s->db, err, s->sql_save_state, v.v, v.n) == -1)
		return store_break(s);
	if (store_check_device(s, d->id,
		"the lease is no longer ours: record not saved", err) == -1)
		return -1;
	return store_keys_save(s, d, err) == 0 ? 0 : store_break(s);
}

int
store_device_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) == -1)
		return -1;
	/* Secrets and ended intents go with it, by their foreign keys. */
	if (db_run(s->db, err,
		"DELETE FROM device WHERE id = ? AND NOT EXISTS (SELECT 1"
		" FROM intent WHERE intent.device = device.id"
		" AND ended_at IS NULL)",
		"i", id) == -1)
		return -1;
	return store_check_device(s, id,
	    "a change to this device is under way: let it end first", err);
}

/* --- reading --- */

int
store_device_get(
    struct store *s, int64_t id, struct device **ret_device, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err, s->sql_get, "i", id) == -1 ||
	    store_first(rows, err, "no device with id %lld", (long long)id) ==
		-1)
		return -1;
	*ret_device = load(rows, id);
	db_done(rows);
	return 0;
}

int
store_device_site(struct store *s, int64_t id, char **ret_site, struct err *err)
{
	struct db_rows *rows;

	if (db_query(s->db, &rows, err, "SELECT site FROM device WHERE id = ?",
		"i", id) == -1 ||
	    store_first(rows, err, "no device with id %lld", (long long)id) ==
		-1)
		return -1;
	*ret_site = mem_dup(db_text(rows, 0));
	db_done(rows);
	return 0;
}

int
store_device_find(struct store *s, const char *name, struct device **ret_device,
    struct err *err)
{
	struct db_rows *rows;
	int64_t id;
	int r;

	if (db_query(s->db, &rows, err,
		"SELECT coalesce("
		"(SELECT id FROM device WHERE lower(name) = lower(?)),"
		"(SELECT id FROM device WHERE lower(uuid) = lower(?)"
		" AND uuid <> ''), 0)",
		"tt", name, name) == -1)
		return -1;
	r = db_next(rows, err);
	id = r == 1 ? db_int(rows, 0) : 0;
	db_done(rows);
	if (r == -1)
		return -1;
	if (id == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no device has the name or UUID %.100s", name);
	return store_device_get(s, id, ret_device, err);
}
