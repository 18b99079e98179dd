#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "loop.h"
#include "mem.h"
#include "op_internal.h"
#include "str.h"

struct amt {
	struct loop *loop;
	struct wsman *session;
	struct loop_timer *timer;
	/* The operation under way; kind is NULL when there is none. */
	const struct op_kind *kind;
	void *state;
	size_t at;
	bool changed; /* an exchange of it that changes things succeeded */
	struct op_message message;
	amt_done_fn *done;
	void *cookie;
};

static void go_on(void *cookie);

struct amt *
amt_new(struct loop *loop, struct wsman *session)
{
	struct amt *a = mem_alloc(sizeof(*a));

	a->loop = loop;
	a->session = session;
	a->timer = loop_timer_new(loop, go_on, a);
	buf_init(&a->message.body, OP_MAX_BODY);
	return a;
}

/* Forget the operation; nothing is called. */
static void
drop(struct amt *a)
{
	if (a->kind != NULL && a->kind->clear != NULL)
		a->kind->clear(a->state);
	free(a->state);
	a->kind = NULL;
	a->state = NULL;
	buf_wipe(&a->message.body);
	loop_timer_stop(a->timer);
}

void
amt_free(struct amt *a)
{
	if (a == NULL)
		return;
	wsman_free(a->session);
	drop(a);
	loop_timer_del(a->timer);
	buf_free(&a->message.body);
	free(a);
}

struct wsman *
amt_session(struct amt *a)
{
	return a->session;
}

/* The last thing done with a: done() may free it. */
static void
finish(struct amt *a, const struct err *err)
{
	amt_done_fn *done = a->done;
	void *cookie = a->cookie;

	if (err->kind == ERR_NONE && a->kind->finish != NULL)
		a->kind->finish(a->state);
	drop(a);
	done(cookie, err);
}

static bool
is_change(const struct op_exchange *x)
{
	switch (x->verb) {
	case WSMAN_PUT:
	case WSMAN_CREATE:
	case WSMAN_DELETE:
		return true;
	case WSMAN_INVOKE:
		/* A request for a certificate is only signed and handed out. */
		return !str_starts(x->method, "Get") &&
		    !str_starts(x->method, "Enumerate") &&
		    !str_starts(x->method, "GeneratePKCS10Request");
	case WSMAN_GET:
	case WSMAN_ENUMERATE:
	case WSMAN_PULL:
	case WSMAN_IDENTIFY:
		return false;
	}
	return true;
}

/* An exchange failed: what does that say about the operation? After a change
 * that worked, "nothing was sent" is only true of the exchange; a lost answer
 * to a mere question leaves nothing unknown; and nonsense in answer to a change
 * does not say that it was not made. */
static void
weigh(const struct amt *a, struct err *err)
{
	bool asked = a->changed || is_change(&a->kind->exchanges[a->at]);

	if (err->kind == ERR_UNREACHABLE && a->changed)
		err->kind = ERR_UNKNOWN;
	else if (err->kind == ERR_UNKNOWN && !asked)
		err->kind = ERR_UNREACHABLE;
	else if (err->kind == ERR_PROTOCOL && asked)
		err->kind = ERR_UNKNOWN;
}

/* What the answer, or its lack, means for the operation. */
static enum op_turn
judge(struct amt *a, const struct wsman_reply *reply, struct err *err)
{
	const struct op_exchange *x = &a->kind->exchanges[a->at];

	if (reply != NULL && x->verb == WSMAN_INVOKE &&
	    wsman_return_value(reply, err) != 0)
		reply = NULL;
	if (reply != NULL && is_change(x))
		a->changed = true;
	if (reply != NULL)
		return x->take == NULL ? OP_NEXT
				       : x->take(a->state, reply, err);
	if (x->refused == NULL ||
	    (err->domain != ERR_SOAP && err->domain != ERR_PT))
		return OP_FAIL;
	return x->refused(a->state, err);
}

static void
on_reply(void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct err why = *err, none = {0};
	struct amt *a = cookie;
	const char *what;

	what = a->kind->exchanges[a->at].class_name;
	switch (judge(a, reply, &why)) {
	case OP_FAIL:
		assert(why.kind != ERR_NONE);
		weigh(a, &why);
		err_context(&why, "%s", what);
		finish(a, &why);
		return;
	case OP_NEXT:
		a->at++;
		break;
	case OP_AGAIN:
		break;
	case OP_WAIT:
		loop_timer_set(a->timer, OP_PAUSE_MS);
		return;
	case OP_END:
		finish(a, &none);
		return;
	}
	go_on(a);
}

static int
call(struct amt *a, const struct op_exchange *x, struct err *err)
{
	struct op_message *m = &a->message;
	struct wsman_request request;

	memset(&request, 0, sizeof(request));
	request.verb = x->verb;
	request.class_name = x->class_name;
	request.method = x->method;
	if (m->selectors[0] != NULL)
		request.selectors = m->selectors;
	if (m->body.over)
		return err_set(err, ERR_LIMIT, "request is too long");
	if (m->body.len > 0)
		request.body = buf_text(&m->body);
	return wsman_call(
	    a->session, &request, m->timeout_ms, on_reply, a, err);
}

/* Send the next exchange that is not skipped. 1: there is none left. */
static int
send_next(struct amt *a, struct err *err)
{
	const struct op_exchange *x;
	struct op_message *m = &a->message;

	for (; a->at < a->kind->count; a->at++) {
		x = &a->kind->exchanges[a->at];
		buf_wipe(&m->body);
		memset(m->selectors, 0, sizeof(m->selectors));
		m->timeout_ms = 0;
		m->skip = false;
		if (x->build != NULL && x->build(a->state, m, err) != 0)
			return -1;
		if (!m->skip)
			return call(a, x, err);
	}
	return 1;
}

static void
go_on(void *cookie)
{
	struct amt *a = cookie;
	struct err err = {0};
	int rc = send_next(a, &err);

	if (rc < 0)
		weigh(a, &err);
	if (rc != 0)
		finish(a, &err);
}

int
op_start(struct amt *a, const struct op_kind *kind, void *state,
    amt_done_fn *done, void *cookie, struct err *err)
{
	int rc;

	if (a->kind != NULL) {
		if (kind->clear != NULL)
			kind->clear(state);
		free(state);
		return err_set(
		    err, ERR_BUG, "an operation is under way already");
	}
	a->kind = kind;
	a->state = state;
	a->at = 0;
	a->changed = false;
	a->done = done;
	a->cookie = cookie;
	rc = send_next(a, err);
	if (rc < 0)
		drop(a);
	else if (rc > 0)
		loop_timer_set(a->timer, 0); /* done() from the loop */
	return rc < 0 ? -1 : 0;
}

enum op_turn
op_may_lack(void *state, const struct err *err)
{
	(void)state;
	return err->kind == ERR_NOTFOUND ? OP_NEXT : OP_FAIL;
}
