/* core.*: help, queries; and what the server says of itself. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "commands_internal.h"
#include "err.h"
#include "help_internal.h"
#include "query.h"
#include "store.h"
#include "str.h"

#define DATABASE "amtkeeper"
#define HELP_MAX 8192
#define KEEP_ALIVE_MIN 30

int
remote_token(struct call *c, struct err *err)
{
	(void)err;
	out_scalar(&c->out, c->request->token != NULL ? c->request->token : "");
	return 0;
}

int
remote_version(struct call *c, struct err *err)
{
	(void)err;
	out_scalar(&c->out, REMOTE_EPO_VERSION);
	return 0;
}

int
remote_status_report(struct call *c, struct err *err)
{
	char uuid[STORE_UUID], braced[STORE_UUID + 2];

	if (store_uuid(c->store, uuid, err) == -1)
		return -1;
	(void)snprintf(braced, sizeof(braced), "{%s}", uuid);
	out_row(&c->out, "statusReport");
	out_int(&c->out, "keepAliveInterval", KEEP_ALIVE_MIN);
	out_text(&c->out, "productVersion", REMOTE_EPO_VERSION);
	out_text(&c->out, "uniqueId", braced);
	out_row_end(&c->out);
	return 0;
}

/* --- help --- */

static void
write_help(struct out *o, const struct command *command)
{
	struct buf line;
	size_t form;

	buf_init(&line, HELP_MAX);
	for (form = 0; form < remote_help_lines(command); form++) {
		buf_reset(&line);
		remote_help_line(command, form, &line);
		out_item(o, buf_text(&line));
	}
	buf_free(&line);
}

/* One command is a text, not a list of one. */
static int
help_one(struct call *c, const char *name, struct err *err)
{
	const struct command *command = remote_command_find(name);
	struct buf text;
	size_t form;

	if (command == NULL ||
	    !remote_command_allowed(command, c->request->who)) {
		c->generic = true;
		return err_set(
		    err, ERR_NOTFOUND, "Command was not found: %.64s", name);
	}
	buf_init(&text, HELP_MAX);
	for (form = 0; form < remote_help_lines(command); form++) {
		if (form > 0)
			buf_str(&text, "\r\n");
		remote_help_line(command, form, &text);
	}
	out_scalar(&c->out, buf_text(&text));
	buf_free(&text);
	return 0;
}

int
remote_help(struct call *c, struct err *err)
{
	const char *one = call_text(c, "command");
	const char *prefix = call_text(c, "prefix");
	const struct command *command;
	size_t i;

	if (one != NULL)
		return help_one(c, one, err);
	out_list(&c->out, false);
	for (i = 0; (command = remote_command_at(i)) != NULL; i++)
		if (!command->hidden &&
		    remote_command_allowed(command, c->request->who) &&
		    (prefix == NULL ||
			strncasecmp(command->name, prefix, strlen(prefix)) ==
			    0))
			write_help(&c->out, command);
	out_list_end(&c->out);
	return 0;
}

/* --- queries --- */

static int
write_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct out *o = cookie;

	(void)err;
	out_row(o, "query");
	out_int(o, "id", saved->id);
	out_text(o, "name", saved->name);
	out_text(o, "description", saved->note);
	out_text(o, "conditionSexp", saved->where);
	out_text(o, "groupName",
	    saved->id < STORE_SAVED_OWN ? "Intel AMT" : "Saved");
	out_text(o, "userName", NULL);
	out_text(o, "databaseType", NULL);
	out_text(o, "target", saved->target);
	out_text(o, "createdBy", NULL);
	out_text(o, "createdOn", NULL);
	out_text(o, "modifiedBy", NULL);
	out_text(o, "modifiedOn", NULL);
	out_row_end(o);
	return 0;
}

int
remote_list_queries(struct call *c, struct err *err)
{
	int r;

	out_list(&c->out, false);
	r = store_saved_scan(c->store, write_saved, &c->out, err);
	out_list_end(&c->out);
	return r;
}

static int
run_saved(void *cookie, const struct store_saved *saved, struct err *err)
{
	const struct query_text text = {.target = saved->target,
	    .select = saved->select,
	    .where = saved->where,
	    .order = saved->order,
	    .group = saved->group};

	return call_query(cookie, &text, err);
}

int
remote_execute_query(struct call *c, struct err *err)
{
	const struct query_text text = {.target = call_text(c, "target"),
	    .select = call_text(c, "select"),
	    .where = call_text(c, "where"),
	    .order = call_text(c, "order"),
	    .group = call_text(c, "group"),
	    .join = call_text(c, "joinTables")};
	const char *id = call_text(c, "queryId");

	if (id == NULL)
		return call_query(c, &text, err);
	if (text.target != NULL || text.select != NULL || text.where != NULL ||
	    text.order != NULL || text.group != NULL || text.join != NULL)
		return err_set(err, ERR_INVALID,
		    "queryId is a whole query: leave out target, select, "
		    "where, order, group and joinTables");
	return store_saved_find(c->store, id, run_saved, c, err);
}

int
remote_list_databases(struct call *c, struct err *err)
{
	(void)err;
	out_list(&c->out, false);
	out_row(&c->out, "database");
	out_text(&c->out, "name", DATABASE);
	out_row_end(&c->out);
	out_list_end(&c->out);
	return 0;
}
