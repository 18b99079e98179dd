/* Does the server answer, and may we do there what we want to? Only asks. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "pull_internal.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "sync_internal.h"

struct test {
	const struct epo_conf *conf;
	struct epo_session *session;
	const struct upstream *u;
	epo_finding_fn *fn;
	void *cookie;
};

static void
tell(const struct test *t, const char *what, const char *text,
    const struct err *err)
{
	t->fn(t->cookie, what, text, err == NULL ? NULL : err->text);
}

static int
test_server(const struct test *t, struct err *err)
{
	struct epo_identity i = {0};
	struct err other = {.kind = ERR_NONE};
	char *text;

	if (epo_meet(t->session, &i, err) != 0) {
		tell(t, "server", t->conf->url, err);
		return -1;
	}
	text = mem_printf("%s %s", i.version == NULL ? "-" : i.version,
	    i.unique_id == NULL ? "" : i.unique_id);
	if (t->u->version != NULL &&
	    (!str_eq(t->u->version, i.version) ||
		!str_eq(t->u->unique_id, i.unique_id)))
		(void)err_set(&other, ERR_REFUSED, "it was %s %s",
		    t->u->version,
		    t->u->unique_id == NULL ? "" : t->u->unique_id);
	tell(t, "server", text, other.kind == ERR_NONE ? NULL : &other);
	free(text);
	epo_identity_clear(&i);
	return 0;
}

static int
ask_one(const struct test *t, const struct epo_ask *ask, int64_t query_id,
    struct epo_body *ret, struct err *err)
{
	struct epo_command c;
	int rc;

	if (query_id != 0) {
		epo_command_init(&c, "core.executeQuery");
		epo_command_add_int(&c, "queryId", query_id);
	} else {
		epo_ask_command(t->conf, ask, &c);
	}
	rc = epo_call(t->session, &c, ret, err);
	epo_command_free(&c);
	if (rc == 0 && !json_object_is_type(ret->value, json_type_array))
		rc = err_set(err, ERR_PROTOCOL, "no list of rows");
	return rc;
}

/* One page, of one row: are the columns there, and our user allowed? */
static void
test_systems(const struct test *t, const char *condition, int64_t query_id)
{
	struct epo_ask ask = {.page = 1, .condition = condition};
	struct epo_body body = {.ok = false};
	struct err err = {.kind = ERR_NONE};
	struct epo_row row = {0};
	int rc;

	rc = ask_one(t, &ask, query_id, &body, &err);
	if (rc != 0 && err.kind == ERR_REFUSED && t->conf->take_groups) {
		err_clear(&err); /* as a pull does */
		ask.old_path = true;
		rc = ask_one(t, &ask, query_id, &body, &err);
	}
	if (rc == 0 && json_object_array_length(body.value) > 0)
		rc = epo_row_read(t->conf,
		    json_object_array_get_idx(body.value, 0), &row, &err);
	tell(t, "systems", row.node, rc == 0 ? NULL : &err);
	epo_row_clear(&row);
	epo_body_clear(&body);
}

static void
test_query(const struct test *t)
{
	struct err err = {.kind = ERR_NONE};
	char *condition = NULL;
	int64_t id = 0;

	if (t->conf->query != NULL &&
	    epo_find_query(t->session, t->conf->query, &condition, &id, &err) !=
		0) {
		tell(t, "query", t->conf->query, &err);
		return;
	}
	if (t->conf->query != NULL)
		tell(t, "query",
		    condition != NULL ? condition
				      : "by its number, all rows at once",
		    NULL);
	test_systems(t, condition, id);
	free(condition);
}

static void
test_tags(const struct test *t)
{
	struct err err = {.kind = ERR_NONE}, none;
	char *names = NULL;
	size_t i;

	if (t->conf->rule_count == 0)
		return;
	if (epo_find_tags(t->session, &names, &err) != 0) {
		tell(t, "tags", NULL, &err);
		return;
	}
	(void)err_set(&none, ERR_NOTFOUND,
	    "the server has no such tag: make it in its Tag Catalog");
	for (i = 0; i < t->conf->rule_count; i++)
		tell(t, "tag", t->conf->rules[i].tag,
		    epo_has_tag(names, t->conf->rules[i].tag) ? NULL : &none);
	free(names);
}

/* core.help lists what our user may use, one text per command. */
static bool
offers(struct json_object *list, const char *command)
{
	size_t i, len = strlen(command), count = 0;
	const char *text;

	if (json_object_is_type(list, json_type_array))
		count = json_object_array_length(list);
	for (i = 0; i < count; i++) {
		text = epo_text_of(json_object_array_get_idx(list, i));
		if (text != NULL && str_starts(text, command) &&
		    strchr(" \r\n", text[len]) != NULL)
			return true;
	}
	return false;
}

static void
test_commands(const struct test *t)
{
	const struct {
		const char *name;
		bool needed;
	} commands[] = {
	    {"system.applyTag", t->conf->rule_count > 0},
	    {"system.clearTag", t->conf->rule_count > 0},
	    {"system.setUserProperties", t->conf->field != 0},
	    {"issue.createIssue", t->conf->issues != NULL},
	    {"issue.updateIssue", t->conf->issues != NULL},
	    {"issue.listIssues", t->conf->issues != NULL},
	};
	struct epo_body body = {.ok = false};
	struct err err = {.kind = ERR_NONE}, none;
	struct epo_command c;
	size_t i;

	epo_command_init(&c, "core.help");
	if (epo_call(t->session, &c, &body, &err) != 0)
		tell(t, "commands", NULL, &err);
	epo_command_free(&c);
	(void)err_set(&none, ERR_NOTFOUND,
	    "the server has no such command, or our user may not use it");
	for (i = 0;
	     err.kind == ERR_NONE && i < sizeof(commands) / sizeof(commands[0]);
	     i++)
		if (commands[i].needed)
			tell(t, "command", commands[i].name,
			    offers(body.value, commands[i].name) ? NULL
								 : &none);
	epo_body_clear(&body);
}

int
epo_test(const struct epo_conf *conf, struct store *s, epo_finding_fn *fn,
    void *cookie, struct err *err)
{
	struct test t = {.conf = conf, .fn = fn, .cookie = cookie};
	struct upstream u = {0};
	struct secret *password = NULL;
	struct err own = {.kind = ERR_NONE};
	char *user = NULL;
	int rc = upstream_find(s, conf->name, &u, &own);

	if (rc == 0)
		rc = upstream_get_login(s, u.id, &user, &password, &own);
	if (rc == 0) {
		t.u = &u;
		t.session = epo_session_new(conf, user, password);
		rc = test_server(&t, &own);
	}
	if (rc == 0) {
		test_query(&t);
		test_tags(&t);
		test_commands(&t);
	} else if (err != NULL) {
		*err = own;
	}
	epo_session_free(t.session);
	secret_free(password);
	free(user);
	upstream_clear(&u);
	return rc;
}
