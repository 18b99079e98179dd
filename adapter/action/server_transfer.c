/* Server tasks from elsewhere, under names that may be taken, and to there. */
#include <string.h>

#include "buf.h"
#include "err.h"
#include "server_order.h"
#include "server_xml.h"

int
server_order_take(const struct server_order *o, const struct server_task *t,
    bool replace, struct err *err)
{
	struct server_task old = {.id = 0}, own = *t;
	struct err why = {.kind = ERR_NONE};
	int64_t id = 0;
	int rc;

	if (!replace)
		return server_order_add(o, t, &id, err);
	rc = server_task_named(o->store, t->name, &old, &why);
	own.id = old.id;
	own.overlap = old.overlap;
	server_task_clear(&old);
	if (rc != 0 && why.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	return rc == 0 ? server_order_save(o, &own, err)
		       : server_order_add(o, t, &id, err);
}

struct importing {
	const struct server_order *order;
	bool replace;
	struct server_imported done;
};

static int
import_one(void *cookie, const struct server_task *t, struct err *err)
{
	struct importing *i = cookie;

	if (server_order_take(i->order, t, i->replace, err) != 0)
		return -1;
	i->done.tasks++;
	if (strstr(t->actions, action_kind_name(ACTION_FOREIGN)) != NULL)
		i->done.kept++;
	return 0;
}

int
server_order_import(const struct server_order *o, const void *xml, size_t len,
    bool replace, struct server_imported *ret, struct err *err)
{
	struct importing i = {.order = o, .replace = replace};

	if (server_xml_read(xml, len, import_one, &i, err) != 0)
		return -1;
	*ret = i.done;
	return 0;
}

static int
write_one(void *cookie, const struct server_task *t, struct err *err)
{
	return server_xml_write(t, cookie, err);
}

int
server_xml_export(struct store *s, char *const *names, size_t count,
    struct buf *out, struct err *err)
{
	struct server_task t = {.id = 0};
	size_t i;
	int rc = 0;

	server_xml_begin(out);
	if (count == 0)
		rc = server_task_scan(s, write_one, out, err);
	for (i = 0; rc == 0 && i < count; i++) {
		rc = server_task_named(s, names[i], &t, err);
		if (rc == 0)
			rc = server_xml_write(&t, out, err);
		server_task_clear(&t);
	}
	server_xml_end(out);
	if (rc == 0 && out->over)
		return err_set(err, ERR_LIMIT,
		    "the file is larger than %zu bytes: ask for fewer",
		    out->max);
	return rc;
}
