/* Which controllers do not know yet what one of them was told. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "directory.h"
#include "err.h"
#include "errand.h"
#include "krb.h"
#include "mem.h"
#include "str.h"

#define ASKED_MAX 16 /* of a large domain the nearest */
#define BRIEF 2	     /* seconds for each: nothing depends on it */
#define LIST_MAX 8192

struct others_errand {
	struct errand base;
	struct office *office;
	char *account;
	int64_t password_at;
	struct buf behind;
	char **ret_behind;
};

static void
others_free(struct errand *base)
{
	struct others_errand *e = (void *)base;

	free(e->account);
	buf_free(&e->behind);
	free(e);
}

/* Has it the password of that date? One that has not the account at all has
 * not; one that does not answer is not asked again soon. */
static void
ask_one(struct others_errand *e, const char *name, struct krb *krb)
{
	struct conf conf = *office_conf(e->office); /* borrows its texts */
	struct directory *there = NULL;
	struct directory_object o;
	struct err err;
	int rc;

	conf.directory_timeout = BRIEF;
	if (office_pauses(e->office, DESK_DIRECTORY, name, &err))
		return;
	memset(&o, 0, sizeof(o));
	rc = desk_open_directory(&conf, name, krb, &there, &err);
	if (rc == 0)
		rc = directory_read(there, e->account, &o, &err);
	if (rc != 0 && err.kind == ERR_UNREACHABLE)
		office_avoid(e->office, name, &err);
	if (rc == 0 ? o.password_at != e->password_at
		    : err.kind == ERR_NOTFOUND)
		buf_printf(
		    &e->behind, "%s%s", e->behind.len > 0 ? " " : "", name);
	directory_object_clear(&o);
	directory_close(there);
}

static int
call_others(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct others_errand *e = cookie;
	char *names = NULL, *rest, *name;
	size_t asked = 0;

	buf_reset(&e->behind);
	if (desk_others(office_conf(e->office), &names, err) != 0)
		return -1;
	rest = names;
	while ((name = strsep(&rest, " ")) != NULL && asked < ASKED_MAX) {
		if (str_ieq(name, directory_controller(directory)))
			continue;
		ask_one(e, name, krb);
		asked++;
	}
	free(names);
	return 0;
}

static void
give_behind(struct errand *base)
{
	struct others_errand *e = (void *)base;

	mem_replace(
	    e->ret_behind, e->behind.len > 0 ? buf_text(&e->behind) : NULL);
}

void
port_look_others(void *self, const struct port_password *password,
    char **ret_behind, port_done_fn *done, void *cookie)
{
	struct others_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_DIRECTORY;
	e->base.dc = mem_dup(password->dc);
	e->base.call = call_others;
	e->base.give = give_behind;
	e->base.free = others_free;
	e->office = errands_office(self);
	e->account = mem_dup(password->account);
	e->password_at = password->at;
	buf_init(&e->behind, LIST_MAX);
	e->ret_behind = ret_behind;
	errand_send(self, &e->base, done, cookie);
}
