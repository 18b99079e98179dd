/* Who the server is, and what it has that we refer to by name. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "pull_internal.h"
#include "store.h"
#include "str.h"
#include "sync_internal.h"

#define CONDITION_MAX 3000
#define NAMES_MAX ((size_t)1 << 20)

void
epo_identity_clear(struct epo_identity *i)
{
	free(i->version);
	free(i->unique_id);
	memset(i, 0, sizeof(*i));
}

static int
call(struct epo_session *s, const char *name, struct epo_body *ret,
    struct err *err)
{
	struct epo_command c;
	int rc;

	epo_command_init(&c, name);
	rc = epo_call(s, &c, ret, err);
	epo_command_free(&c);
	return rc;
}

int
epo_meet(struct epo_session *s, struct epo_identity *ret, struct err *err)
{
	struct epo_identity i = {0};
	struct epo_body body = {.ok = false};
	int rc = call(s, "epo.getVersion", &body, err);

	if (rc != 0)
		return -1;
	i.version = mem_dup(epo_text_of(body.value));
	epo_body_clear(&body);
	rc = call(s, "DxlClient.getStatusReport", &body, err);
	if (rc == 0)
		i.unique_id = mem_dup(epo_value(body.value, "uniqueId"));
	else if (err->kind == ERR_NOTFOUND || err->kind == ERR_REFUSED)
		rc = 0; /* it has no DXL */
	epo_body_clear(&body);
	if (rc == 0)
		*ret = i;
	else
		epo_identity_clear(&i);
	return rc;
}

/* Did it become another one? A server that says less than before, too. */
static int
judge(struct epo_sync *y, const struct epo_identity *i, struct err *err)
{
	struct upstream *u = &y->u;
	const char *what = NULL;

	if (u->unique_id != NULL && !str_ieq(u->unique_id, i->unique_id))
		what = "unique id";
	else if (u->version != NULL && !str_eq(u->version, i->version))
		what = "version";
	if (what == NULL)
		return 0;
	u->state = UPSTREAM_CHANGED;
	mem_replace(&u->seen_version, i->version);
	mem_replace(&u->seen_id, i->unique_id);
	return err_set(err, ERR_REFUSED,
	    "the server's %s is another one: %s %s, it was %s %s", what,
	    i->version == NULL ? "-" : i->version,
	    i->unique_id == NULL ? "-" : i->unique_id,
	    u->version == NULL ? "-" : u->version,
	    u->unique_id == NULL ? "-" : u->unique_id);
}

int
epo_phase_meet(struct epo_sync *y, bool *ret_again, struct err *err)
{
	struct epo_identity i = {0};
	int rc;

	*ret_again = false;
	if (epo_meet(y->session, &i, err) != 0)
		return -1;
	rc = judge(y, &i, err);
	if (rc == 0 &&
	    (y->u.version == NULL || !str_eq(y->u.unique_id, i.unique_id))) {
		mem_replace(&y->u.version, i.version);
		mem_replace(&y->u.unique_id, i.unique_id);
		rc = upstream_save(y->store, &y->u, err);
		if (rc == 0)
			rc = store_commit(y->store, err);
	}
	epo_identity_clear(&i);
	return rc;
}

/* --- a saved query --- */

static int
read_query(struct json_object *row, char **ret_condition, int64_t *ret_id,
    struct err *err)
{
	const char *target = epo_value(row, "target");
	const char *sexp = epo_value(row, "conditionSexp");
	struct buf condition;
	int64_t id = 0;

	if (epo_number(row, "id", &id) != 0)
		return err_set(
		    err, ERR_PROTOCOL, "core.listQueries: a row has no id");
	buf_init(&condition, CONDITION_MAX);
	if (sexp != NULL &&
	    (target == NULL || str_ieq(target, "EPOLeafNode")) &&
	    epo_ask_condition(sexp, &condition)) {
		*ret_condition = mem_dup(buf_text(&condition));
		*ret_id = 0;
	} else {
		*ret_condition = NULL;
		*ret_id = id;
	}
	buf_free(&condition);
	return 0;
}

int
epo_find_query(struct epo_session *s, const char *name, char **ret_condition,
    int64_t *ret_id, struct err *err)
{
	struct epo_body body = {.ok = false};
	struct json_object *row;
	size_t i, count = 0;
	int rc;

	if (call(s, "core.listQueries", &body, err) != 0)
		return -1;
	rc = err_set(err, ERR_NOTFOUND,
	    "the server has no saved query named %s, or our user may not see "
	    "it",
	    name);
	if (json_object_is_type(body.value, json_type_array))
		count = json_object_array_length(body.value);
	for (i = 0; rc != 0 && i < count; i++) {
		row = json_object_array_get_idx(body.value, i);
		if (!str_ieq(epo_value(row, "name"), name))
			continue;
		rc = read_query(row, ret_condition, ret_id, err);
		break;
	}
	epo_body_clear(&body);
	return rc;
}

int
epo_phase_find(struct epo_sync *y, bool *ret_again, struct err *err)
{
	*ret_again = false;
	if (y->conf->query == NULL)
		return 0;
	return epo_find_query(
	    y->session, y->conf->query, &y->condition, &y->query_id, err);
}

/* --- tags --- */

int
epo_find_tags(struct epo_session *s, char **ret_names, struct err *err)
{
	struct epo_body body = {.ok = false};
	const char *name;
	size_t i, count = 0;
	struct buf names;

	if (call(s, "system.findTag", &body, err) != 0)
		return -1;
	buf_init(&names, NAMES_MAX);
	if (json_object_is_type(body.value, json_type_array))
		count = json_object_array_length(body.value);
	for (i = 0; i < count; i++) {
		name = epo_value(
		    json_object_array_get_idx(body.value, i), "tagName");
		if (name != NULL)
			buf_printf(
			    &names, "%s%s", names.len > 0 ? ", " : "", name);
	}
	*ret_names = mem_dup(buf_text(&names));
	buf_free(&names);
	epo_body_clear(&body);
	return 0;
}

int
epo_phase_tags(struct epo_sync *y, bool *ret_again, struct err *err)
{
	*ret_again = false;
	if (y->conf->rule_count == 0 ||
	    epo_find_tags(y->session, &y->tags_there, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND && err->kind != ERR_REFUSED)
		return -1;
	epo_remark(y, "%s", err->text);
	return 0;
}
