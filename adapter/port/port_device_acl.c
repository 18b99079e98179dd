/* Access lists: what differs between the device's and the profile's, entry by
 * entry. */
#include "err.h"
#include "port_device_internal.h"
#include "profile.h"
#include "str.h"

struct acl_set {
	struct amt_acls have;
	struct amt_acls todo; /* realms "": to be removed */
	size_t at;
};

static void
acl_set_free(void *state)
{
	struct acl_set *s = state;

	amt_acls_clear(&s->have);
	amt_acls_clear(&s->todo);
}

static const struct profile_acl *
wanted(const struct profile *p, const char *sid)
{
	size_t i;

	for (i = 0; i < p->acl_count; i++)
		if (str_eq(p->acl[i].sid, sid))
			return &p->acl[i];
	return NULL;
}

static const struct amt_acl *
present(const struct amt_acls *list, const char *sid)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_eq(list->entry[i].sid, sid))
			return &list->entry[i];
	return NULL;
}

static int
add_todo(struct amt_acls *todo, const struct profile_acl *wish, int64_t handle,
    struct err *err)
{
	struct amt_acl *e;

	if (todo->count == AMT_MAX_STORE)
		return err_set(err, ERR_INVALID, "too many ACL entries");
	e = amt_acls_add(todo);
	e->handle = handle;
	if (wish == NULL)
		return 0;
	e->access = wish->access;
	if (visit_copy_text(e->sid, sizeof(e->sid), wish->sid, err) != 0)
		return -1;
	return visit_copy_text(e->realms, sizeof(e->realms), wish->realms, err);
}

/* Removals first, because the table is small. Digest entries are not ours. */
static int
compare_acl(struct acl_set *s, const struct profile *p, struct err *err)
{
	const struct amt_acl *e;
	size_t i;

	for (i = 0; i < s->have.count; i++) {
		e = &s->have.entry[i];
		if (e->sid[0] != '\0' && wanted(p, e->sid) == NULL &&
		    add_todo(&s->todo, NULL, e->handle, err) != 0)
			return -1;
	}
	for (i = 0; i < p->acl_count; i++) {
		e = present(&s->have, p->acl[i].sid);
		if (e != NULL && str_eq(e->realms, p->acl[i].realms) &&
		    e->access == p->acl[i].access)
			continue;
		if (add_todo(&s->todo, &p->acl[i], e == NULL ? -1 : e->handle,
			err) != 0)
			return -1;
	}
	return 0;
}

static void on_acl(void *cookie, const struct err *err);

/* 1: nothing is left to do. */
static int
next_acl(struct visit *v, struct acl_set *s, struct err *err)
{
	const struct amt_acl *e;

	if (s->at == s->todo.count)
		return 1;
	e = &s->todo.entry[s->at];
	if (e->realms[0] == '\0')
		return amt_acl_remove(v->amt, e->handle, on_acl, v, err);
	return amt_acl_write(v->amt, e, on_acl, v, err);
}

static void
on_acl(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct acl_set *s = v->job.state;
	struct err own = *err;

	if (own.kind == ERR_NONE) {
		v->job.changed = true;
		s->at++;
	}
	if (own.kind != ERR_NONE || next_acl(v, s, &own) != 0)
		visit_end(v, &own);
}

static void
on_acl_read(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	struct acl_set *s = v->job.state;
	struct err own = *err;

	if (own.kind != ERR_NONE ||
	    compare_acl(s, v->job.args.profile, &own) != 0 ||
	    next_acl(v, s, &own) != 0)
		visit_end(v, &own);
}

static int
run_acl_set(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct acl_set *s;

	if (a == NULL)
		return -1;
	s = visit_state(v, sizeof(*s), acl_set_free);
	return amt_acl_read(a, &s->have, on_acl_read, v, err);
}

static void
acl_set(void *self, struct visit *v, const struct profile *profile,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_acl_set, &(struct job_args){.profile = profile},
	    done, cookie);
}

void
port_device_acls(struct port_device *port)
{
	port->acl_set = acl_set;
}
