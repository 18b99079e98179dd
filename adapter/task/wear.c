#include "wear.h"

#include <stdlib.h>

#include "capacity.h"
#include "catalog.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "plan.h"
#include "profile.h"
#include "schedule.h"
#include "store.h"
#include "str.h"
#include "task_run.h"
#include "task_work.h"

#define SCHEDULE_ID "check" /* it has none yet */

const char *const wear_words[WEARS + 1] = {
    "certificates", "ad-password", "admin-password"};

const char *
wear_name(enum wear w)
{
	return wear_words[w];
}

int
wear_find(const char *name)
{
	int k;

	for (k = 0; k < WEARS; k++)
		if (str_eq(name, wear_name((enum wear)k)))
			return k;
	return -1;
}

static void
add(struct wear_fleet *w, enum wear kind, int64_t at, int64_t life,
    int64_t lead)
{
	size_t n = w->deadline_count;

	if ((n & (n - 1)) == 0) { /* full at each power of two */
		w->deadlines = mem_grow(
		    w->deadlines, n == 0 ? 1 : n * 2, sizeof(*w->deadlines));
		w->kinds =
		    mem_grow(w->kinds, n == 0 ? 1 : n * 2, sizeof(*w->kinds));
	}
	w->deadlines[n] = (struct schedule_deadline){.device = w->devices,
	    .at = at,
	    .life = life,
	    .lead = w->when_needed[kind] ? lead : SCHEDULE_ALWAYS};
	w->kinds[n] = kind;
	w->deadline_count++;
}

static void
add_ad(struct wear_fleet *w, const struct device *d)
{
	struct plan_deadline deadline;

	if (d->ad_read_at == 0 || str_empty(d->ad_dn))
		return;
	plan_deadline(d, w->policy, &deadline);
	if (deadline.end != 0)
		add(w, WEAR_AD_PASSWORD, deadline.end,
		    deadline.end - d->ad_password_at, deadline.margin);
}

int
wear_take(void *cookie, const struct device *d, struct err *err)
{
	struct wear_fleet *w = cookie;
	const struct profile *p = w->policy->profile;
	const struct profile_template *t = profile_tls_template(p);
	size_t before = w->deadline_count, n = w->devices;

	(void)err;
	if (w->wanted[WEAR_CERTIFICATE] && d->cert_not_after != 0)
		add(w, WEAR_CERTIFICATE, d->cert_not_after, t->validity,
		    t->renew_before);
	if (w->wanted[WEAR_AD_PASSWORD])
		add_ad(w, d);
	if (w->wanted[WEAR_ADMIN_PASSWORD] && d->admin_password_at != 0)
		add(w, WEAR_ADMIN_PASSWORD,
		    d->admin_password_at + p->admin_max_age, p->admin_max_age,
		    0);
	w->unknown += w->deadline_count == before ? 1 : 0;
	if ((n & (n - 1)) == 0) {
		n = n == 0 ? 1 : n * 2;
		w->names = mem_grow(w->names, n, sizeof(*w->names));
		w->hashes = mem_grow(w->hashes, n, sizeof(*w->hashes));
	}
	w->names[w->devices] = mem_dup(d->name);
	w->hashes[w->devices++] =
	    schedule_hash(SCHEDULE_ID, d->uuid != NULL ? d->uuid : d->name);
	return 0;
}

/* --- what is renewed --- */

bool
wear_kept(const struct policy *policy, enum wear kind)
{
	const struct profile *p = policy->profile;

	switch (kind) {
	case WEAR_CERTIFICATE:
		return p->tls;
	case WEAR_AD_PASSWORD:
		return policy->directory && p->ad;
	case WEAR_ADMIN_PASSWORD:
		break;
	}
	return p->admin && p->admin_max_age != 0;
}

int
wear_of_task(struct wear_fleet *w, const struct task *t, struct err *err)
{
	static const unsigned parts[WEARS] = {
	    PLAY_CERTIFICATES, PLAY_AD_PASSWORD, PLAY_ADMIN_PASSWORD};
	struct catalog_settings s;
	bool any = false, ticked = false, due;
	int k;

	if (catalog_parse(t->type, t->settings, &s, err) != 0)
		return -1;
	/* Whatever is due, or what is ticked. */
	due = s.automatic || s.type == CATALOG_PROFILE;
	for (k = 0; k < WEARS; k++) {
		w->wanted[k] = s.type != CATALOG_COLLECT &&
		    (due || (s.parts & parts[k]) != 0);
		ticked = ticked || w->wanted[k];
		w->wanted[k] =
		    w->wanted[k] && wear_kept(w->policy, (enum wear)k);
		w->when_needed[k] = due || (s.always & parts[k]) == 0;
		any = any || w->wanted[k];
	}
	if (any)
		return 0;
	return err_set(err, ERR_NOTFOUND,
	    ticked ? "%s: renews what the profile does not keep"
		   : "%s: renews nothing that runs out",
	    t->name);
}

/* --- on which devices --- */

struct chosen {
	struct wear_fleet *w;
	int64_t *ids; /* sorted */
	size_t count;
};

static void
add_id(struct chosen *k, int64_t id)
{
	if ((k->count & (k->count - 1)) == 0) /* full at each power of two */
		k->ids = mem_grow(
		    k->ids, k->count == 0 ? 1 : k->count * 2, sizeof(*k->ids));
	k->ids[k->count++] = id;
}

static int
keep_id(void *cookie, const struct task_device *d, struct err *err)
{
	(void)err;
	add_id(cookie, d->id);
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int
take_chosen(void *cookie, const struct device *d, struct err *err)
{
	struct chosen *k = cookie;

	if (bsearch(&d->id, k->ids, k->count, sizeof(d->id), by_id) == NULL)
		return 0;
	return wear_take(k->w, d, err);
}

/* One walk over the fleet, however many they are. */
int
wear_take_aim(struct wear_fleet *w, struct store *s, const struct task_run *aim,
    const int64_t *ids, size_t count, struct err *err)
{
	struct store_filter all = {.limit = 0};
	struct chosen k = {.w = w};
	size_t i;
	int rc = 0;

	if (aim->target == TASK_DEVICES)
		for (i = 0; i < count; i++)
			add_id(&k, ids[i]);
	else
		rc = task_run_devices(s, aim, keep_id, &k, err);
	if (k.count > 0)
		qsort(k.ids, k.count, sizeof(*k.ids), by_id);
	if (rc == 0 && k.count > 0)
		rc = store_device_scan(s, &all, take_chosen, &k, err);
	free(k.ids);
	return rc;
}

void
wear_free(struct wear_fleet *w)
{
	size_t i;

	for (i = 0; i < w->devices; i++)
		free(w->names[i]);
	free(w->names);
	free(w->hashes);
	free(w->deadlines);
	free(w->kinds);
}

/* --- in time? --- */

struct schedule_margin *
wear_go_through(const struct wear_fleet *w, const struct schedule *s,
    int64_t busy_ms, int64_t parallel, struct schedule_capacity *ret)
{
	const struct schedule_fleet fleet = {.hashes = w->hashes,
	    .devices = w->devices,
	    .deadlines = w->deadlines,
	    .deadline_count = w->deadline_count,
	    .busy_ms = busy_ms,
	    .parallel = parallel};
	struct schedule_margin *margins =
	    mem_array(w->deadline_count + 1, sizeof(*margins));

	schedule_capacity(s, &fleet, w->policy->now, ret, margins);
	return margins;
}

bool
wear_sum(const struct wear_fleet *w, const struct schedule_margin *margins,
    enum wear kind, struct wear_sum *ret)
{
	struct wear_sum sum = {.count = 0};
	size_t i;

	for (i = 0; i < w->deadline_count; i++) {
		if (w->kinds[i] != kind)
			continue;
		if (sum.count == 0 ||
		    margins[i].seconds < margins[sum.closest].seconds)
			sum.closest = i;
		sum.count++;
		sum.late += margins[i].seconds < 0 ? 1 : 0;
	}
	if (sum.count > 0)
		*ret = sum;
	return sum.count > 0;
}
