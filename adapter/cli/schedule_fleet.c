#include "schedule_fleet_internal.h"

#include <stdlib.h>

#include "device.h"
#include "mem.h"
#include "plan.h"
#include "profile.h"
#include "schedule.h"
#include "str.h"

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
	    .lead = w->when_needed ? lead : SCHEDULE_ALWAYS};
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

/* What the profile keeps, of that what --for says. */
static int
choose(struct schedule_wear *w)
{
	const struct daemon *daemon = &w->c->daemon;
	const struct profile *p = daemon->profile;
	const bool kept[WEARS] = {[WEAR_CERTIFICATE] = p->tls,
	    [WEAR_AD_PASSWORD] = daemon->conf->directory && p->ad,
	    [WEAR_ADMIN_PASSWORD] = p->admin && p->admin_max_age != 0};
	const char *word;
	size_t i;
	int k;

	for (k = 0; k < WEARS; k++)
		w->wanted[k] = kept[k] && cli_text(w->c, "for") == NULL;
	for (i = 0; (word = cli_each(w->c, "for", i)) != NULL; i++)
		for (k = 0; k < WEARS; k++) {
			if (!str_eq(word, schedule_wear_name((enum wear)k)))
				continue;
			if (!kept[k])
				return cli_complain(CODE_CONFIG,
				    "the profile keeps no %s that runs out",
				    word);
			w->wanted[k] = true;
		}
	return CODE_OK;
}

int
schedule_wear_take(struct schedule_wear *w)
{
	int code = choose(w);

	return code == CODE_OK ? cli_select(w->c, 1, take_one, w) : code;
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
