#include <stdlib.h>
#include <string.h>

#include "audit_internal.h"
#include "daemon.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "store.h"
#include "str.h"

#define FIRST_ROOM 1024 /* a power of two */
#define MET 1u		/* the lowest bit of a slot */

/* FNV-1a; never 0, and never with the lowest bit. */
static uint32_t
hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++) {
		uint8_t c = (uint8_t)*name;

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 'a' - 'A');
		hash = (hash ^ c) * 16777619u;
	}
	hash &= ~MET;
	return hash == 0 ? 2 : hash;
}

/* Where a hash is, or would be; there is always a free slot. */
static size_t
place_of(size_t room, uint32_t hash)
{
	return (hash >> 1) & (room - 1);
}

/* --- the set --- */

static uint32_t *
find_slot(const struct audit_set *s, uint32_t hash)
{
	size_t at = place_of(s->room, hash);

	while (s->slots[at] != 0 && (s->slots[at] & ~MET) != hash)
		at = (at + 1) & (s->room - 1);
	return &s->slots[at];
}

/* At three quarters twice the room. */
static void
make_room(struct audit_set *s)
{
	struct audit_set more = {
	    .room = s->room == 0 ? FIRST_ROOM : s->room * 2, .count = s->count};
	size_t i;

	if (s->room > 0 && s->count < s->room / 4 * 3)
		return;
	more.slots = mem_array(more.room, sizeof(*more.slots));
	for (i = 0; i < s->room; i++)
		if (s->slots[i] != 0)
			*find_slot(&more, s->slots[i] & ~MET) = s->slots[i];
	free(s->slots);
	*s = more;
}

void
audit_set_add(struct audit_set *s, const char *name)
{
	uint32_t hash = hash_name(name), *slot;

	make_room(s);
	slot = find_slot(s, hash);
	if (*slot == 0)
		s->count++;
	*slot = hash;
}

int
audit_set_meet(struct audit_set *s, const char *name)
{
	uint32_t *slot;

	if (s->room == 0)
		return 0;
	slot = find_slot(s, hash_name(name));
	if (*slot == 0)
		return 0;
	if ((*slot & MET) != 0)
		return 2;
	*slot |= MET;
	return 1;
}

void
audit_set_clear(struct audit_set *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

/* --- the fleet --- */

static void
insert_row(struct audit_fleet *f, const struct audit_row *row)
{
	size_t at = place_of(f->room, row->hash);

	while (f->rows[at].id != 0)
		at = (at + 1) & (f->room - 1);
	f->rows[at] = *row;
}

static void
make_rows(struct audit_fleet *f)
{
	struct audit_row *old = f->rows;
	size_t i, room = f->room;

	if (room > 0 && f->count < room / 4 * 3)
		return;
	f->room = room == 0 ? FIRST_ROOM : room * 2;
	f->rows = mem_array(f->room, sizeof(*f->rows));
	for (i = 0; i < room; i++)
		if (old[i].id != 0)
			insert_row(f, &old[i]);
	free(old);
}

static int
take_device(void *cookie, const struct device *device, struct err *err)
{
	struct audit_fleet *f = cookie;
	struct audit_row row = {.id = device->id};
	struct wish_object *wish = mem_alloc(sizeof(*wish));

	(void)err;
	wish_object(device, f->d->profile, wish);
	row.hash = hash_name(wish->account);
	free(wish);
	make_rows(f);
	insert_row(f, &row);
	f->count++;
	return 0;
}

int
audit_fleet_load(struct audit_fleet *f, struct err *err)
{
	const struct store_filter all = {.name = NULL};

	if (!f->d->profile->ad)
		return 0;
	return store_device_scan(f->d->store, &all, take_device, f, err);
}

void
audit_fleet_clear(struct audit_fleet *f)
{
	free(f->rows);
	memset(f, 0, sizeof(*f));
}

static int
load_wish(
    struct audit_fleet *f, int64_t id, struct audit_wish *ret, struct err *err)
{
	const struct device *d;

	if (store_device_get(f->d->store, id, &ret->device, err) != 0)
		return -1;
	d = ret->device;
	wish_object(d, f->d->profile, &ret->object);
	ret->wish = (struct directory_audit_wish){.device = d->name,
	    .fqdn = ret->object.fqdn,
	    .spns = ret->object.spns,
	    .enctypes = ret->object.enctypes,
	    .kvno = d->krb_enabled ? d->krb_kvno : 0};
	return 0;
}

void
audit_wish_clear(struct audit_wish *w)
{
	device_free(w->device);
	w->device = NULL;
}

int
audit_fleet_find(struct audit_fleet *f, const char *account,
    struct audit_wish *ret, struct err *err)
{
	uint32_t hash = hash_name(account == NULL ? "" : account);
	size_t at;

	ret->device = NULL;
	if (f->room == 0)
		return 0;
	for (at = place_of(f->room, hash); f->rows[at].id != 0;
	     at = (at + 1) & (f->room - 1)) {
		if (f->rows[at].hash != hash)
			continue;
		if (load_wish(f, f->rows[at].id, ret, err) != 0)
			return -1;
		if (str_ieq(ret->object.account, account)) {
			f->rows[at].met = true;
			return 0;
		}
		audit_wish_clear(ret);
	}
	return 0;
}

int
audit_fleet_unmet(
    struct audit_fleet *f, audit_wish_fn *fn, void *cookie, struct err *err)
{
	struct audit_wish *w = mem_alloc(sizeof(*w));
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < f->room; i++) {
		if (f->rows[i].id == 0 || f->rows[i].met)
			continue;
		rc = load_wish(f, f->rows[i].id, w, err);
		if (rc == 0)
			rc = fn(cookie, w, err);
		audit_wish_clear(w);
	}
	free(w);
	return rc;
}
