#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "sync_internal.h"

#include <json-c/json.h>

#define RETRY_FIRST 60 /* seconds; doubled each time */
#define HOLD_SPARE 5   /* seconds beyond the exchanges of a step */
#define STEP_CALLS 4   /* exchanges of a step at most, that all take long */

static epo_phase_fn *const phases[] = {epo_phase_meet, epo_phase_find,
    epo_phase_pull, epo_phase_tags, epo_phase_push, epo_phase_issues};
#define PHASES (sizeof(phases) / sizeof(phases[0]))

void
epo_remark(struct epo_sync *y, const char *fmt, ...)
{
	char text[sizeof(((struct err *)NULL)->text)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (strstr(buf_text(&y->remarks), text) == NULL)
		buf_printf(
		    &y->remarks, "%s%s", y->remarks.len > 0 ? "; " : "", text);
}

/* --- events --- */

static int
tell(struct store *s, const char *actor, const char *console, const char *kind,
    const char *text, struct err *err)
{
	struct json_object *detail = json_object_new_object();
	struct store_event event = {
	    .at = clock_now(), .kind = kind, .actor = actor};
	int rc;

	json_object_object_add(
	    detail, "console", json_object_new_string(console));
	if (text != NULL)
		json_object_object_add(
		    detail, "text", json_object_new_string(text));
	event.detail = json_object_to_json_string_ext(detail, 0);
	rc = store_event_add(s, &event, err);
	json_object_put(detail);
	return rc;
}

/* --- begin and end --- */

static int
hold(struct epo_sync *y, struct err *err)
{
	int64_t now = clock_now();

	if (upstream_hold(y->store, y->u.id, y->owner, now,
		now + y->conf->timeout * STEP_CALLS + HOLD_SPARE, err) != 0)
		return err_context(err, "%s", y->conf->name);
	return store_commit(y->store, err);
}

static int
begin(struct epo_sync *y, struct err *err)
{
	if (upstream_take(y->store, y->conf->name, &y->u, err) != 0)
		return -1;
	if (y->u.state == UPSTREAM_CHANGED)
		return err_set(err, ERR_REFUSED,
		    "%s: %s; \"epo accept %s\" goes on with it", y->conf->name,
		    y->u.error == NULL ? "another server" : y->u.error,
		    y->conf->name);
	if (y->u.state == UPSTREAM_DENIED)
		return err_set(err, ERR_DENIED,
		    "%s: the login was refused, and is not tried again; \"epo "
		    "login %s\" takes another",
		    y->conf->name, y->conf->name);
	if (upstream_get_login(
		y->store, y->u.id, &y->user, &y->password, err) != 0)
		return err_context(err, "%s", y->conf->name);
	return hold(y, err);
}

int
epo_sync_new(const struct epo_conf *conf, struct store *s, const char *owner,
    struct epo_sync **ret, struct err *err)
{
	struct epo_sync *y = mem_alloc(sizeof(*y));

	y->conf = conf;
	y->store = s;
	y->owner = mem_dup(owner);
	y->actor = mem_printf("epo:%s", conf->name);
	buf_init(&y->remarks, EPO_REMARKS_MAX);
	if (begin(y, err) != 0) {
		store_rollback(s);
		epo_sync_free(y);
		return -1;
	}
	y->session = epo_session_new(conf, y->user, y->password);
	*ret = y;
	return 0;
}

void
epo_sync_free(struct epo_sync *y)
{
	struct err err = {.kind = ERR_NONE};

	if (y == NULL)
		return;
	/* In the middle: let others go on. */
	if (y->session != NULL && y->phase < PHASES) {
		store_rollback(y->store);
		if (upstream_release(y->store, y->u.id, y->owner, &err) != 0 ||
		    store_commit(y->store, &err) != 0)
			store_rollback(y->store);
	}
	epo_session_free(y->session);
	epo_lists_free(y);
	epo_rows_free(y->rows);
	epo_issue_list_free(y);
	secret_free(y->password);
	upstream_clear(&y->u);
	buf_free(&y->remarks);
	free(y->tags_there);
	free(y->condition);
	free(y->user);
	free(y->owner);
	free(y->actor);
	free(y);
}

static int64_t
retry_delay(const struct epo_sync *y)
{
	int64_t wait = RETRY_FIRST, n = y->u.failures - 1;
	int64_t asked = epo_session_retry_after(y->session);

	while (n-- > 0 && wait < y->conf->retry_most)
		wait *= 2;
	if (wait > y->conf->retry_most)
		wait = y->conf->retry_most;
	return wait > asked ? wait : asked;
}

/* Into the store, with an event when it is news. What the step wrote is gone;
 * where that cannot be stored either, the next start finds the state before. */
static void
note_failure(struct epo_sync *y, const struct err *why)
{
	struct err err = {.kind = ERR_NONE};
	bool news = y->u.failures == 0;

	store_rollback(y->store);
	y->phase = PHASES;
	y->u.failures++;
	y->u.error_at = clock_now();
	y->u.next_at = y->u.error_at + retry_delay(y);
	mem_replace(&y->u.error, why->text);
	if (why->kind == ERR_DENIED)
		y->u.state = UPSTREAM_DENIED;
	else if (y->u.state != UPSTREAM_CHANGED)
		y->u.state = UPSTREAM_FAILED;
	if (upstream_save(y->store, &y->u, &err) != 0 ||
	    (news &&
		tell(y->store, y->actor, y->conf->name, "epo.failed", why->text,
		    &err) != 0) ||
	    upstream_release(y->store, y->u.id, y->owner, &err) != 0 ||
	    store_commit(y->store, &err) != 0)
		store_rollback(y->store);
}

static int
finish(struct epo_sync *y, struct err *err)
{
	bool news = y->u.failures > 0;

	y->u.state = UPSTREAM_GOOD;
	y->u.failures = 0;
	y->u.good_at = clock_now();
	y->u.next_at = y->u.good_at + y->conf->interval;
	mem_replace(&y->u.error, NULL);
	mem_replace(
	    &y->u.remarks, y->remarks.len > 0 ? buf_text(&y->remarks) : NULL);
	if (upstream_save(y->store, &y->u, err) != 0 ||
	    (news &&
		tell(y->store, y->actor, y->conf->name, "epo.works", NULL,
		    err) != 0) ||
	    upstream_release(y->store, y->u.id, y->owner, err) != 0)
		return -1;
	return store_commit(y->store, err);
}

static int
step(struct epo_sync *y, struct err *err)
{
	bool again = false;

	if (hold(y, err) != 0 || phases[y->phase](y, &again, err) != 0)
		return -1;
	if (!again)
		y->phase++;
	return y->phase < PHASES ? 0 : finish(y, err);
}

int
epo_sync_step(struct epo_sync *y, bool *ret_more, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	if (step(y, &why) != 0) {
		note_failure(y, &why);
		if (err != NULL)
			*err = why;
		return err_context(err, "%s", y->conf->name);
	}
	*ret_more = y->phase < PHASES;
	return 0;
}

const struct epo_report *
epo_sync_report(const struct epo_sync *y)
{
	return &y->report;
}

/* --- what people decide --- */

static int
accept_change(
    struct store *s, struct upstream *u, const char *actor, struct err *err)
{
	bool other = u->unique_id != NULL && !str_eq(u->unique_id, u->seen_id);

	if (u->state != UPSTREAM_CHANGED)
		return err_set(err, ERR_NOTFOUND,
		    "%s: nothing is to be accepted", u->name);
	if (other && upstream_forget(s, u->id, err) != 0)
		return -1;
	if (other)
		u->pulled_at = u->full_at = u->pass_began = 0;
	mem_replace(&u->version, u->seen_version);
	mem_replace(&u->unique_id, u->seen_id);
	mem_replace(&u->seen_version, NULL);
	mem_replace(&u->seen_id, NULL);
	u->state = UPSTREAM_NEW;
	u->next_at = 0;
	if (upstream_save(s, u, err) != 0 ||
	    tell(s, actor, u->name, "epo.accepted", u->unique_id, err) != 0)
		return -1;
	return store_commit(s, err);
}

int
epo_accept(
    struct store *s, const char *name, const char *actor, struct err *err)
{
	struct upstream u = {0};
	int rc;

	if (upstream_find(s, name, &u, err) != 0)
		return -1;
	rc = accept_change(s, &u, actor, err);
	if (rc != 0)
		store_rollback(s);
	upstream_clear(&u);
	return rc;
}

int
epo_login(struct store *s, const char *name, const char *user,
    const struct secret *password, const char *actor, struct err *err)
{
	struct upstream u = {0};
	int rc = upstream_take(s, name, &u, err);

	if (rc == 0)
		rc = upstream_put_login(s, u.id, user, password, err);
	if (rc == 0 && u.state == UPSTREAM_DENIED)
		u.state = UPSTREAM_NEW;
	u.next_at = 0;
	if (rc == 0)
		rc = upstream_save(s, &u, err);
	if (rc == 0)
		rc = tell(s, actor, name, "epo.login", user, err);
	if (rc == 0)
		rc = store_commit(s, err);
	if (rc != 0)
		store_rollback(s);
	upstream_clear(&u);
	return rc;
}
