#include "ad_device_internal.h"

#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "errand.h"
#include "mem.h"
#include "secret.h"

#define SAMPLES 4
#define TICKETS_MAX 64 /* an object has six */

struct device_errand {
	struct errand base;
	char *account;
	struct secret *password;
	struct ad_device found;
	struct ad_device *into;
};

void
ad_device_clear(struct ad_device *k)
{
	while (k->count > 0)
		free(k->tickets[--k->count].spn);
	free(k->tickets);
	krb_keys_clear(&k->keys);
	directory_object_clear(&k->object);
	memset(k, 0, sizeof(*k));
}

static void
device_errand_free(struct errand *base)
{
	struct device_errand *e = (void *)base;

	free(e->account);
	secret_free(e->password);
	ad_device_clear(&e->found);
	free(e);
}

static int
try_one(struct krb *krb, struct ad_device *found, char *spn, struct err *err)
{
	struct ad_device_ticket *t = &found->tickets[found->count++];

	t->spn = mem_dup(spn);
	if (krb_ticket_try(krb, spn, &found->keys, &t->facts, &t->err) == 0) {
		err_clear(&t->err);
		return 0;
	}
	if (t->err.kind != ERR_UNREACHABLE)
		return 0; /* that is the answer */
	*err = t->err;
	return -1;
}

static int
try_all(struct krb *krb, struct ad_device *found, struct err *err)
{
	char *list = mem_dup(found->object.spns), *rest = list, *spn;
	int rc = 0;

	found->tickets = mem_array(TICKETS_MAX, sizeof(*found->tickets));
	while (rc == 0 && found->count < TICKETS_MAX &&
	    (spn = strsep(&rest, " ")) != NULL)
		if (*spn != '\0')
			rc = try_one(krb, found, spn, err);
	free(list);
	return rc;
}

static int
call_device(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct device_errand *e = cookie;
	struct ad_device *found = &e->found;

	ad_device_clear(found); /* of an attempt before */
	if (directory_read(directory, e->account, &found->object, err) != 0 ||
	    krb_time(krb, SAMPLES, &found->offset_ms, &found->error_ms, err) !=
		0)
		return -1;
	if (e->password != NULL &&
	    krb_keys_make(krb, e->account, e->password, &found->keys, err) != 0)
		return -1;
	return try_all(krb, found, err);
}

static void
give_device(struct errand *base)
{
	struct device_errand *e = (void *)base;

	*e->into = e->found;
	memset(&e->found, 0, sizeof(e->found));
}

int
ad_device_read(struct daemon *d, const char *account,
    const struct secret *password, struct ad_device *ret, struct err *err)
{
	struct device_errand *e = mem_alloc(sizeof(*e));
	struct daemon_wait wait = {.loop = d->loop};

	e->base.need = DESK_DIRECTORY;
	e->base.call = call_device;
	e->base.give = give_device;
	e->base.free = device_errand_free;
	e->account = mem_dup(account);
	e->password = password == NULL ? NULL : secret_copy(password);
	e->into = ret;
	errand_send(d->ports->directory.self, &e->base, daemon_waited, &wait);
	return daemon_await(&wait, err);
}
