#include "schedule_fleet_internal.h"

#include <stdlib.h>

#include "catalog.h"
#include "device.h"
#include "mem.h"
#include "plan.h"
#include "profile.h"
#include "schedule.h"
#include "store.h"
#include "str.h"
#include "task_run.h"
#include "task_work.h"

#define SCHEDULE_ID "check" /* it has none yet */

const char *
schedule_wear_name(enum wear w)
{
	static const char *const names[] = {
	    "certificates", "ad-password", "admin-password"};

	return names[w];
}

static void
add(struct schedule_wear *w, enum wear kind, int64_t at, int64_t life,
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
add_ad(struct schedule_wear *w, const struct device *d)
{
	const struct daemon *daemon = &w->c->daemon;
	struct policy policy = {.profile = daemon->profile,
	    .directory = daemon->conf->directory,
	    .realm = daemon->conf->realm,
	    .now = clock_now()};
	struct plan_deadline deadline;

	if (d->ad_read_at == 0 || str_empty(d->ad_dn))
		return;
	plan_deadline(d, &policy, &deadline);
	if (deadline.end != 0)
		add(w, WEAR_AD_PASSWORD, deadline.end,
		    deadline.end - d->ad_password_at, deadline.margin);
}

static int
take_one(void *cookie, const struct device *d, struct err *err)
{
	struct schedule_wear *w = cookie;
	const struct profile *p = w->c->daemon.profile;
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

static bool
is_kept(const struct schedule_wear *w, enum wear kind)
{
	const struct daemon *daemon = &w->c->daemon;
	const struct profile *p = daemon->profile;

	switch (kind) {
	case WEAR_CERTIFICATE:
		return p->tls;
	case WEAR_AD_PASSWORD:
		return daemon->conf->directory && p->ad;
	case WEAR_ADMIN_PASSWORD:
		break;
	}
	return p->admin && p->admin_max_age != 0;
}

int
schedule_wear_options(struct schedule_wear *w)
{
	const char *word;
	size_t i;
	int k;

	for (k = 0; k < WEARS; k++) {
		w->when_needed[k] = cli_flag(w->c, "when-needed");
		w->wanted[k] =
		    cli_text(w->c, "for") == NULL && is_kept(w, (enum wear)k);
	}
	for (i = 0; (word = cli_each(w->c, "for", i)) != NULL; i++)
		for (k = 0; k < WEARS; k++) {
			if (!str_eq(word, schedule_wear_name((enum wear)k)))
				continue;
			if (!is_kept(w, (enum wear)k))
				return cli_complain(CODE_CONFIG,
				    "the profile keeps no %s that runs out",
				    word);
			w->wanted[k] = true;
		}
	return CODE_OK;
}

int
schedule_wear_task(struct schedule_wear *w, const struct task *t)
{
	static const unsigned parts[WEARS] = {
	    PLAY_CERTIFICATES, PLAY_AD_PASSWORD, PLAY_ADMIN_PASSWORD};
	struct err err = {.kind = ERR_NONE};
	struct catalog_settings s;
	bool any = false, due;
	int k;

	if (catalog_parse(t->type, t->settings, &s, &err) != 0)
		return cli_fail(&err);
	/* Whatever is due, or what is ticked. */
	due = s.automatic || s.type == CATALOG_PROFILE;
	for (k = 0; k < WEARS; k++) {
		w->wanted[k] = s.type != CATALOG_COLLECT &&
		    is_kept(w, (enum wear)k) &&
		    (due || (s.parts & parts[k]) != 0);
		w->when_needed[k] = due || (s.always & parts[k]) == 0;
		any = any || w->wanted[k];
	}
	return any ? CODE_OK
		   : cli_complain(CODE_NOTHING,
			 "%s: renews nothing that runs out", t->name);
}

/* --- on which devices --- */

struct chosen {
	struct schedule_wear *w;
	struct cli_ids ids; /* sorted */
};

static int
keep_id(void *cookie, const struct task_device *d, struct err *err)
{
	(void)err;
	cli_ids_add(cookie, d->id);
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

	if (bsearch(&d->id, k->ids.ids, k->ids.count, sizeof(d->id), by_id) ==
	    NULL)
		return 0;
	return take_one(k->w, d, err);
}

/* One walk over the fleet, however many they are. */
static int
take_aim(struct schedule_wear *w, const struct aim *aim)
{
	struct task_run run = {.target = aim->target,
	    .target_id = aim->target_id,
	    .query = mem_dup(aim->query)};
	struct store_filter all = {.limit = 0};
	struct store *store = w->c->daemon.store;
	struct err err = {.kind = ERR_NONE};
	struct chosen k = {.w = w};
	size_t i;
	int rc = 0;

	if (aim->target == TASK_DEVICES)
		for (i = 0; i < aim->ids.count; i++)
			cli_ids_add(&k.ids, aim->ids.ids[i]);
	else
		rc = task_run_devices(store, &run, keep_id, &k.ids, &err);
	if (k.ids.count > 0)
		qsort(k.ids.ids, k.ids.count, sizeof(*k.ids.ids), by_id);
	if (rc == 0 && k.ids.count > 0)
		rc = store_device_scan(store, &all, take_chosen, &k, &err);
	free(k.ids.ids);
	task_run_clear(&run);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

int
schedule_wear_take(struct schedule_wear *w, const struct aim *aim)
{
	return aim == NULL ? cli_select(w->c, 1, take_one, w)
			   : take_aim(w, aim);
}

void
schedule_wear_free(struct schedule_wear *w)
{
	size_t i;

	for (i = 0; i < w->devices; i++)
		free(w->names[i]);
	free(w->names);
	free(w->hashes);
	free(w->deadlines);
	free(w->kinds);
}
