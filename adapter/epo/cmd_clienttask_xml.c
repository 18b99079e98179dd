/*
 * clienttask.export and .importClientTask: tasks in the frame of ePO's own
 * export,
 *
 *   EPOTaskSchema
 *     EPOTaskObjectInstance name productid typeid description ...
 *       Section name="General"
 *         Setting name="settings" value="{...}"
 *
 * with what is ours, the settings, as one value.
 */
#include <stdlib.h>
#include <string.h>

#include "commands_internal.h"
#include "mem.h"
#include "order.h"
#include "product_internal.h"
#include "str.h"
#include "task.h"
#include "xml.h"

#define ROOT "EPOTaskSchema"
#define TASK "EPOTaskObjectInstance"
#define SETTINGS "settings"
#define FILE_MAX ((size_t)8 << 20)
#define SHOWN 64

/* --- out --- */

static void
add_attr(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, " %s=\"", name);
	buf_xml(out, value != NULL ? value : "");
	buf_char(out, '"');
}

static int
write_task(void *cookie, const struct task *t, struct err *err)
{
	struct buf *out = cookie;

	(void)err;
	buf_str(out, "<" TASK);
	add_attr(out, "name", t->name);
	add_attr(out, "serverid", "");
	add_attr(out, "productid", PRODUCT_ID);
	add_attr(out, "typeid", t->type);
	add_attr(out, "description", t->note);
	add_attr(out, "taskobjectflag", "0");
	add_attr(out, "platform", "");
	buf_str(out, "><Section name=\"General\"><Setting");
	add_attr(out, "name", SETTINGS);
	add_attr(out, "value", t->settings);
	buf_str(out, "/></Section></" TASK ">\r\n");
	return 0;
}

int
remote_task_export(struct call *c, struct err *err)
{
	struct buf text;
	int r;

	if (call_text(c, "fileName") != NULL)
		return err_set(err, ERR_REFUSED,
		    "fileName: nothing is written to this server's disk; "
		    "leave it out, and the answer is the file");
	if (remote_product_check(c, err) == -1)
		return -1;
	buf_init(&text, FILE_MAX);
	buf_str(&text,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<" ROOT ">\r\n");
	r = task_scan(c->store, write_task, &text, err);
	buf_str(&text, "</" ROOT ">");
	if (r == 0 && text.over)
		r = err_set(err, ERR_LIMIT,
		    "the tasks are larger than %zu "
		    "bytes",
		    FILE_MAX);
	if (r == 0)
		out_scalar(&c->out, buf_text(&text));
	buf_free(&text);
	return r;
}

/* --- in --- */

static const char *
find_settings(const struct xml_node *node)
{
	const struct xml_node *section, *setting;

	for (section = xml_child(node, NULL, "Section"); section != NULL;
	     section = xml_again(section))
		for (setting = xml_child(section, NULL, "Setting");
		     setting != NULL; setting = xml_again(setting))
			if (str_eq(xml_attr(setting, "name"), SETTINGS))
				return xml_attr(setting, "value");
	return NULL;
}

/* The one of this name is replaced. */
static int
take_task(struct call *c, const struct xml_node *node, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	const char *name = xml_attr(node, "name");
	const char *type = xml_attr(node, "typeid");
	const char *settings = find_settings(node);
	struct err why = {.kind = ERR_NONE};
	struct task old = {.id = 0}, t = {.id = 0};
	int64_t id = 0;
	int r;

	if (str_empty(name) || str_empty(type) || settings == NULL)
		return err_set(err, ERR_INVALID,
		    "wanted name, typeid and a Setting \"" SETTINGS "\": not "
		    "exported by this program?");
	r = task_find(c->store, name, &old, &why);
	t.name = mem_dup(name);
	t.type = mem_dup(type);
	t.note = mem_dup(xml_attr(node, "description"));
	t.settings = mem_dup(settings);
	t.id = old.id;
	if (r == 0)
		r = order_task_save(&order, &t, err);
	else if (why.kind == ERR_NOTFOUND)
		r = order_task_add(&order, &t, &id, err);
	else if (err != NULL)
		*err = why;
	task_clear(&old);
	task_clear(&t);
	return r;
}

static int
take_all(
    struct call *c, const struct xml_node *root, int64_t *ret, struct err *err)
{
	const struct xml_node *node;

	if (!str_eq(root->name, ROOT))
		return err_set(err, ERR_INVALID,
		    "importFileName: wanted <" ROOT ">, as "
		    "clienttask.export gives it");
	for (node = xml_child(root, NULL, TASK); node != NULL;
	     node = xml_again(node)) {
		if (take_task(c, node, err) == -1)
			return err_context(err, "importFileName: task %.*s",
			    SHOWN,
			    xml_attr(node, "name") != NULL
				? xml_attr(node, "name")
				: "without a name");
		++*ret;
	}
	return 0;
}

/* All or none; how many. */
int
remote_task_import(struct call *c, struct err *err)
{
	const char *text = call_text(c, "importFileName");
	struct xml *xml = NULL;
	int64_t count = 0;
	int r;

	if (text == NULL)
		return err_set(err, ERR_INVALID,
		    "importFileName: wanted the file itself, sent as "
		    "multipart/form-data");
	if (xml_parse(text, strlen(text), &xml, err) == -1) {
		if (err != NULL)
			err->kind = ERR_INVALID;
		return err_context(err, "importFileName");
	}
	r = take_all(c, xml_root(xml), &count, err);
	xml_free(xml);
	if (r == 0)
		out_scalar_int(&c->out, count);
	return r;
}
