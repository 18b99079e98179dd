#include "fake_fleet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "engine.h"
#include "loop.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "vault.h"

struct fake_visit {
	struct fake_fleet *f;
	struct fake_visit *next; /* of looks that wait */
	int64_t id;
	bool waits;
	struct device *into;
	int64_t *offset_ms;
	port_done_fn *done;
	void *cookie;
};

/* ports.h has a name of its own for it. */
static struct fake_visit *
visit_of(struct visit *v)
{
	void *at = v;

	return at;
}

static int
fake_open(void *self, const struct device *d, const struct secret *password,
    struct visit **ret_visit, struct err *err)
{
	struct fake_visit *v = mem_alloc(sizeof(*v));
	void *at = v;

	(void)password;
	(void)err;
	assert(d->id < FAKE_FLEET_MAX);
	v->f = self;
	v->id = d->id;
	*ret_visit = at;
	return 0;
}

static void
forget(struct fake_visit *v)
{
	struct fake_visit **at = &v->f->first;

	if (!v->waits)
		return;
	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	v->waits = false;
	v->f->open--;
}

static void
fake_close(void *self, struct visit *visit)
{
	struct fake_visit *v = visit_of(visit);

	(void)self;
	forget(v);
	free(v);
}

static void
end_look(struct fake_visit *v)
{
	const struct err err = v->f->says[v->id];

	forget(v);
	if (err.kind == ERR_NONE && v->into != NULL) {
		v->into->read_at = clock_now();
		v->into->clock_read_at = clock_now();
		v->into->clock_offset_ms = v->f->clock_ms[v->id];
		mem_replace(&v->into->digest_realm, "Digest:1");
	}
	if (err.kind == ERR_NONE && v->offset_ms != NULL)
		*v->offset_ms = v->f->clock_ms[v->id];
	v->done(v->cookie, &err);
}

static void
end_soon(void *cookie)
{
	struct fake_visit *v = cookie;

	end_look(v);
}

static void
begin_look(struct fake_visit *v, port_done_fn *done, void *cookie)
{
	struct fake_visit **at = &v->f->first;

	v->done = done;
	v->cookie = cookie;
	v->f->looks[v->id]++;
	if (!v->f->holds) {
		loop_defer(v->f->loop, end_soon, v);
		return;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = v;
	v->next = NULL;
	v->waits = true;
	if (++v->f->open > v->f->most_open)
		v->f->most_open = v->f->open;
}

static void
fake_look(void *self, struct visit *visit, unsigned parts, struct device *into,
    port_done_fn *done, void *cookie)
{
	struct fake_visit *v = visit_of(visit);

	(void)self;
	(void)parts;
	v->into = into;
	v->offset_ms = NULL;
	begin_look(v, done, cookie);
}

static void
fake_look_clock(void *self, struct visit *visit, int64_t *ret_offset_ms,
    port_done_fn *done, void *cookie)
{
	struct fake_visit *v = visit_of(visit);

	(void)self;
	v->into = NULL;
	v->offset_ms = ret_offset_ms;
	begin_look(v, done, cookie);
}

static void
set_soon(void *cookie)
{
	const struct err fine = {.kind = ERR_NONE};
	struct fake_visit *v = cookie;

	v->f->clock_ms[v->id] = 0;
	v->f->sets[v->id]++;
	v->done(v->cookie, &fine);
}

static void
fake_clock_set(
    void *self, struct visit *visit, port_done_fn *done, void *cookie)
{
	struct fake_visit *v = visit_of(visit);

	(void)self;
	v->done = done;
	v->cookie = cookie;
	loop_defer(v->f->loop, set_soon, v);
}

bool
fake_fleet_answer(struct fake_fleet *f, int64_t device)
{
	struct fake_visit *v;

	for (v = f->first; v != NULL; v = v->next)
		if (device == 0 || v->id == device)
			break;
	if (v != NULL)
		end_look(v);
	return v != NULL;
}

static void
stop(void *cookie)
{
	loop_stop(cookie);
}

void
fake_fleet_turn(struct fake_fleet *f, uint64_t ms)
{
	struct loop_timer *timer = loop_timer_new(f->loop, stop, f->loop);

	loop_timer_set(timer, ms);
	loop_run(f->loop);
	loop_timer_del(timer);
}

static void
must(int rc, const struct err *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "fake_fleet: %s\n", err->text);
	abort();
}

int64_t
fake_fleet_add(struct fake_fleet *f, const char *name, const char *site)
{
	struct device *d = device_new(name);
	struct secret *password = secret_new("Passw0rd!", 9);
	struct err err;
	int64_t id;

	d->seen_at = d->read_at = 1;
	d->digest_realm = mem_dup("Digest:1");
	d->site = mem_dup(site);
	must(store_device_add(f->store, d, &err), &err);
	id = d->id;
	must(store_secret_put(
		 f->store, id, STORE_SECRET_ADMIN, password, 1, &err),
	    &err);
	must(store_commit(f->store, &err), &err);
	secret_free(password);
	device_free(d);
	return id;
}

void
fake_fleet_start(struct fake_fleet *f)
{
	const struct engine_deps deps = {.conf = &f->conf,
	    .profile = &f->profile,
	    .ports = &f->ports,
	    .actor = "test"};
	struct engine_deps with = deps;
	struct err err = {.kind = ERR_NONE};

	f->loop = loop_new(&err);
	if (f->loop == NULL)
		abort();
	must(store_open(f->db, f->vault, &f->store, &err), &err);
	with.loop = f->loop;
	with.store = f->store;
	f->engine = engine_new(&with, &err);
}

void
fake_fleet_stop(struct fake_fleet *f)
{
	engine_free(f->engine);
	fake_fleet_turn(f, 1); /* handles that were closed */
	loop_free(f->loop);
	store_close(f->store);
	f->engine = NULL;
	f->loop = NULL;
	f->store = NULL;
	f->first = NULL;
	f->open = 0;
}

void
fake_fleet_make(struct fake_fleet *f)
{
	struct err err = {.kind = ERR_NONE};

	memset(f, 0, sizeof(*f));
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/fleet.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		abort();
	(void)snprintf(f->db, sizeof(f->db), "%s/store.db", f->folder);
	(void)snprintf(f->key, sizeof(f->key), "%s/vault.key", f->folder);
	must(vault_create(f->key, &err), &err);
	must(vault_open(f->key, &f->vault, &err), &err);
	must(store_create(f->db, f->vault, &err), &err);
	f->conf = (struct conf){.parallel = 4,
	    .lease = 600,
	    .retry_first = 300,
	    .retry_most = 86400,
	    .attempts = 3,
	    .poll = 60,
	    .database = f->db};
	f->profile.clock_skew = 10;
	f->profile.clock_interval = 14 * CLOCK_DAY;
	f->ports.device = (struct port_device){.self = f,
	    .open = fake_open,
	    .close = fake_close,
	    .look = fake_look,
	    .look_clock = fake_look_clock,
	    .clock_set = fake_clock_set};
	fake_fleet_start(f);
}

void
fake_fleet_free(struct fake_fleet *f)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[128];
	size_t i;

	fake_fleet_stop(f);
	vault_close(f->vault);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", f->db, suffixes[i]);
		(void)unlink(path);
	}
	(void)unlink(f->key);
	if (rmdir(f->folder) != 0)
		must(-1, &(struct err){.text = "something was left behind"});
}
