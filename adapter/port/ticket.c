/*
 * Tickets for services other than the domain's own: enrolment web services that
 * a bridge asks.  Of the configured controller, or the first that the DNS names
 * and that answers; the one that did not is left for the next.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "desk.h"
#include "err.h"
#include "krb.h"
#include "mem.h"

struct desk_tickets {
	const struct conf *conf;
	pthread_mutex_t lock;
	char *names;	  /* of controllers; NULL: to be looked up */
	const char *next; /* in names: those not tried yet */
	struct krb *krb;  /* NULL: none is known to answer */
};

struct desk_tickets *
desk_tickets_new(const struct conf *conf)
{
	struct desk_tickets *t = mem_alloc(sizeof(*t));

	t->conf = conf;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
desk_tickets_free(struct desk_tickets *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	krb_close(t->krb);
	free(t->names);
	free(t);
}

static bool
has_next(const struct desk_tickets *t)
{
	return t->names != NULL && *t->next != '\0';
}

/* The next controller of the list, of a new one after the last. */
static int
open_next(struct desk_tickets *t, struct err *err)
{
	char *controller;
	size_t len;
	int rc;

	if (!has_next(t)) {
		free(t->names);
		t->names = NULL;
		if (desk_controllers(t->conf, &t->names, err) != 0)
			return -1;
		t->next = t->names;
	}
	len = strcspn(t->next, " ");
	controller = mem_dup_len(t->next, len);
	t->next += len + strspn(t->next + len, " ");
	rc = desk_open_krb(t->conf, controller, t->conf->keytab, &t->krb, err);
	free(controller);
	return rc;
}

/* One controller that does not answer is not asked again. */
static int
try(struct desk_tickets *t, const char *spn, const struct buf *binding,
    struct buf *ret_token, struct err *err)
{
	int rc;

	if (t->krb == NULL && open_next(t, err) != 0)
		return -1;
	rc = krb_token_bound(t->krb, spn, binding, ret_token, err);
	if (rc != 0 && err->kind == ERR_UNREACHABLE) {
		krb_close(t->krb);
		t->krb = NULL;
	}
	return rc;
}

int
desk_ticket(void *tickets, const char *spn, const struct buf *binding,
    struct buf *ret_token, struct err *err)
{
	struct desk_tickets *t = tickets;
	struct err why = {.kind = ERR_NONE};
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = try(t, spn, binding, ret_token, &why);
	/* Of one more, and it takes no longer than that. */
	if (rc != 0 && why.kind == ERR_UNREACHABLE && has_next(t))
		rc = try(t, spn, binding, ret_token, &why);
	pthread_mutex_unlock(&t->lock);
	if (rc != 0 && err != NULL)
		*err = why;
	return rc;
}
