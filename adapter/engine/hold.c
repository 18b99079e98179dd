#include <assert.h>
#include <stdlib.h>

#include "device.h"
#include "idset_internal.h"
#include "journal.h"
#include "mem.h"
#include "run_internal.h"
#include "store.h"
#include "str.h"

/*
 * A device in the hands of somebody who is no run: raw calls on its classes.
 * What a run may not do to it (be the second worker, send a wrong password once
 * more) is refused here by the same functions, and what came of it is recorded
 * like the end of a run that looked.
 */
struct engine_hold {
	struct run run; /* never in flight */
	bool open;	/* an intent is: its errors are not ours to clear */
};

/* While it is open which password the device takes, the stored one is not tried
 * on it: finding out is a recovery's, which has both. */
static int
note_open(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct engine_hold *h = cookie;

	h->open = true;
	if (!str_eq(intent->step, step_admin_password.name))
		return 0;
	return err_set(err, ERR_CONFLICT,
	    "it is not known yet whether it took a new admin password: "
	    "`amtkeeper discover` finds out");
}

static int
take(struct engine_hold *h, struct err *err)
{
	struct run *run = &h->run;
	struct store *store = run->engine->deps.store;

	if (!idset_add(&run->engine->known, run->id))
		return err_set(err, ERR_CONFLICT, "it is held already");
	if (run_take(run, err) == 0 &&
	    journal_scan_open(store, run->id, note_open, h, err) == 0 &&
	    store_commit(store, err) == 0)
		return 0;
	idset_del(&run->engine->known, run->id);
	return -1;
}

int
engine_hold(struct engine *e, int64_t device, struct engine_hold **ret_hold,
    struct err *err)
{
	struct engine_hold *h = mem_alloc(sizeof(*h));

	assert(engine_pending(e) == 0);
	h->run.engine = e;
	h->run.id = device;
	h->run.mode = ENGINE_LOOK;
	if (take(h, err) != 0) {
		/* A lease among it is as if never taken: nothing was sent. */
		store_rollback(e->deps.store);
		device_free(h->run.device);
		free(h);
		return -1;
	}
	*ret_hold = h;
	return 0;
}

const struct device *
engine_held(const struct engine_hold *h)
{
	return h->run.device;
}

int
engine_held_password(
    struct engine_hold *h, struct secret **ret_password, struct err *err)
{
	return run_password(&h->run, ret_password, err);
}

/* Of the device itself nothing is known that was not before. */
static int
give_back(struct run *run, struct err *err)
{
	if (run_save(run, err) != 0)
		return -1;
	return store_lease_drop(
	    run->engine->deps.store, run->id, run->lease_token, err);
}

static int
write_end(struct engine_hold *h, const struct err *how, struct err *err)
{
	struct run *run = &h->run;

	run->err = *how;
	run->outcome = how->kind == ERR_NONE ? ENGINE_OK : ENGINE_FAILED;
	if (run_refused(how)) {
		run_note_failure(run, how);
		return run_write_end(run, err);
	}
	if (how->kind == ERR_NONE && !h->open) {
		run_contact_succeeded(run);
		return run_write_end(run, err);
	}
	if (how->kind == ERR_NONE)
		run->device->strikes = 0;
	return give_back(run, err);
}

int
engine_release(struct engine_hold *h, const struct err *how, struct err *err)
{
	struct store *store = h->run.engine->deps.store;
	int rc = write_end(h, how, err);

	if (rc == 0)
		rc = store_commit(store, err);
	if (rc != 0)
		store_rollback(store);
	idset_del(&h->run.engine->known, h->run.id);
	device_free(h->run.device);
	free(h);
	return rc;
}
