#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "port_device_internal.h"
#include "wsman.h"

/* Who answers there, and whom it lets in: each on a connection of its own. */

/* --- look_leaf: a handshake that ends before HTTP begins --- */

static void
on_leaf(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	const char *leaf = wsman_leaf(amt_session(v->fresh));
	struct err own = *err;

	if (own.kind == ERR_UNTRUSTED && leaf != NULL) {
		(void)snprintf(v->job.args.ret_sha256, 65, "%s", leaf);
		err_clear(&own);
	}
	visit_end(v, &own);
}

static int
run_look_leaf(struct visit *v, struct err *err)
{
	const struct fresh how = {.leaf_only = true};
	struct amt *a = visit_fresh(v, &how, err);
	struct amt_general *got;

	if (a == NULL)
		return -1;
	got = visit_state(v, sizeof(*got), NULL);
	return amt_general_read(a, got, on_leaf, v, err);
}

static void
look_leaf(void *self, struct visit *v, char ret_sha256[65], port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_look_leaf,
	    &(struct job_args){.ret_sha256 = ret_sha256}, done, cookie);
}

/* --- look_plain: a request without credentials --- */

static void
on_challenge(void *cookie, const struct err *err)
{
	struct err own = *err;

	/* With the realm that the record knows, or it were another's. */
	if (own.kind == ERR_DENIED && own.domain == ERR_HTTP)
		err_clear(&own);
	else
		(void)err_set(&own, ERR_UNREACHABLE, "%s", err->text);
	visit_end(cookie, &own);
}

static int
run_look_plain(struct visit *v, struct err *err)
{
	const struct fresh how = {.plain = true};
	struct amt *a;
	struct amt_general *got;

	/* A host that does not answer at all is not waited for once more. */
	if (!v->refused)
		return err_set(err, ERR_UNREACHABLE, "it does not answer");
	a = visit_fresh(v, &how, err);
	if (a == NULL)
		return -1;
	got = visit_state(v, sizeof(*got), NULL);
	return amt_general_read(a, got, on_challenge, v, err);
}

static void
look_plain(void *self, struct visit *v, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_look_plain, NULL, done, cookie);
}

/* --- check_login, check_ticket --- */

/* Any answer from behind the authentication proves the credential, be it a
 * fault for want of a realm. */
static void
on_login(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct buf *answer = v->job.args.ret_bytes;
	struct err own = *err;
	const char *token;

	if (wsman_let_in(&own))
		err_clear(&own);
	token = wsman_token(amt_session(v->fresh));
	if (own.kind == ERR_NONE && answer != NULL && token != NULL)
		buf_str(answer, token);
	if (own.kind == ERR_NONE && v->job.args.password != NULL)
		visit_proven_keep(v, v->job.args.password);
	visit_end(v, &own);
}

static int
run_check(struct visit *v, struct err *err)
{
	const struct fresh how = {
	    .password = v->job.args.password, .token = v->job.args.token};
	struct amt *a = visit_fresh(v, &how, err);
	struct amt_general *got;

	if (a == NULL)
		return -1;
	got = visit_state(v, sizeof(*got), NULL);
	return amt_general_read(a, got, on_login, v, err);
}

static void
check_login(void *self, struct visit *v, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_check, &(struct job_args){.password = password},
	    done, cookie);
}

static void
check_ticket(void *self, struct visit *v, const char *token,
    struct buf *ret_answer, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_check,
	    &(struct job_args){.token = token, .ret_bytes = ret_answer}, done,
	    cookie);
}

void
port_device_logins(struct port_device *port)
{
	port->look_leaf = look_leaf;
	port->look_plain = look_plain;
	port->check_login = check_login;
	port->check_ticket = check_ticket;
}
