/*
 * The hygiene run, in stages: each is one job at a desk.  A stage that has told
 * something is not done again when its controller goes away, or findings would
 * come twice.
 */
#include "ad_audit.h"

#include <stdlib.h>
#include <string.h>

#include "audit_internal.h"
#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "desk.h"
#include "device.h"
#include "directory.h"
#include "err.h"
#include "mem.h"
#include "profile.h"
#include "str.h"

#define EVIDENCE_MAX 8192
#define DUPLICATES_MAX 4096
#define HOLDERS_MAX 16 /* of one service name, shown */

struct audit {
	struct daemon *d;
	const struct ad_audit *how;
	struct audit_sink sink;
	struct directory_audit_policy policy;
	struct audit_fleet fleet;
	struct audit_set spns;
	char *ou, *profile_ou; /* as the server writes them */
	struct directory *directory;
	size_t objects;
	bool begun;	   /* the stage has taken something in, or told it */
	char **duplicates; /* service names that may be held twice */
	size_t duplicate_count;
	bool more; /* than there was room for */
	int (*stage)(struct audit *a, struct err *err);
	struct err why; /* of a stage that is not to be done again */
};

/* --- objects --- */

static void
keep_spns(struct audit *a, const char *list)
{
	char *copy = mem_dup(list), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			audit_set_add(&a->spns, word);
	free(copy);
}

/* An orphan of a store without devices may be another installation's. */
static int
tell_object(
    void *cookie, const struct directory_audit_finding *f, struct err *err)
{
	struct audit *a = cookie;
	struct directory_audit_finding mild = *f;

	a->begun = true;
	if (f->code == AUDIT_ORPHAN && a->fleet.count == 0)
		mild.level = AUDIT_NOTE;
	return audit_tell(&a->sink, &mild, err);
}

static int
judge(struct audit *a, const struct directory_audit_object *o,
    struct audit_wish *w, struct err *err)
{
	const struct directory_audit_case c = {.object = o,
	    .wish = w->device == NULL ? NULL : &w->wish,
	    .policy = &a->policy,
	    .marked = wish_marked(o->description) != NULL};

	w->wish.ou = a->profile_ou;
	return directory_audit_object(&c, tell_object, a, err);
}

static int
take_object(
    void *cookie, const struct directory_audit_object *o, struct err *err)
{
	struct audit_wish *w = mem_alloc(sizeof(*w));
	struct audit *a = cookie;
	int rc = audit_fleet_find(&a->fleet, o->account, w, err);

	a->begun = true;
	a->objects++;
	keep_spns(a, o->spns);
	if (rc == 0)
		rc = judge(a, o, w, err);
	if (a->how->progress != NULL)
		a->how->progress(a->how->cookie, a->objects);
	audit_wish_clear(w);
	free(w);
	return rc;
}

static int
stage_objects(struct audit *a, struct err *err)
{
	return directory_scan(a->directory, a->ou, take_object, a, err);
}

/* --- devices whose object was not there --- */

static int
tell_missing(struct audit *a, const struct audit_wish *w, struct err *err)
{
	bool had = !str_empty(w->device->ad_dn);
	char *evidence = mem_printf("sAMAccountName=%s was: %s",
	    w->object.account, had ? w->device->ad_dn : "never made");
	const struct directory_audit_finding f = {.code = AUDIT_OBJECT_MISSING,
	    .level = had ? AUDIT_BAD : AUDIT_WARNING,
	    .object = had ? w->device->ad_dn : w->device->name,
	    .account = w->object.account,
	    .device = w->device->name,
	    .evidence = evidence};
	int rc = audit_tell(&a->sink, &f, err);

	free(evidence);
	return rc;
}

/* The device's object, elsewhere. */
struct elsewhere {
	struct audit *a;
	struct audit_wish *w;
};

static int
take_elsewhere(
    void *cookie, const struct directory_audit_object *o, struct err *err)
{
	struct elsewhere *e = cookie;

	return judge(e->a, o, e->w, err);
}

static int
look_elsewhere(void *cookie, struct audit_wish *w, struct err *err)
{
	struct elsewhere e = {.a = cookie, .w = w};
	struct err why = {.kind = ERR_NONE};
	int rc;

	rc = directory_find(
	    e.a->directory, w->object.account, take_elsewhere, &e, &why);
	if (rc == 0)
		return 0;
	if (why.kind == ERR_NOTFOUND)
		return tell_missing(e.a, w, err);
	*err = why;
	return rc;
}

/* Not of a narrower OU: what is missing there may be beside it. */
static int
stage_missing(struct audit *a, struct err *err)
{
	if (a->profile_ou == NULL ||
	    !directory_audit_below(a->profile_ou, a->ou))
		return 0;
	return audit_fleet_unmet(&a->fleet, look_elsewhere, a, err);
}

/* --- service names held twice --- */

static int
take_spn(void *cookie, const char *dn, const char *spn, struct err *err)
{
	struct audit *a = cookie;
	size_t i;

	(void)dn;
	(void)err;
	a->begun = true;
	if (audit_set_meet(&a->spns, spn) != 2)
		return 0;
	for (i = 0; i < a->duplicate_count; i++)
		if (str_ieq(a->duplicates[i], spn))
			return 0;
	if (a->duplicate_count == DUPLICATES_MAX) {
		a->more = true;
		return 0;
	}
	a->duplicates[a->duplicate_count++] = mem_dup(spn);
	return 0;
}

static int
stage_spns(struct audit *a, struct err *err)
{
	return directory_spns(a->directory, NULL, take_spn, a, err);
}

struct holders {
	const char *spn;
	char *dns[HOLDERS_MAX];
	size_t count;
};

static int
take_holder(void *cookie, const char *dn, const char *spn, struct err *err)
{
	struct holders *h = cookie;

	(void)err;
	if (h->count < HOLDERS_MAX && str_ieq(spn, h->spn))
		h->dns[h->count++] = mem_dup(dn);
	return 0;
}

static int
tell_holder(
    struct audit *a, const struct holders *h, size_t which, struct err *err)
{
	struct directory_audit_finding f = {.code = AUDIT_SPN_DUPLICATE,
	    .level = AUDIT_BAD,
	    .object = h->dns[which],
	    .drop = h->spn};
	struct buf evidence;
	size_t i;
	int rc;

	buf_init(&evidence, EVIDENCE_MAX);
	buf_printf(&evidence, "%s is held in the %s by", h->spn,
	    directory_sees_forest(a->directory) ? "forest" : "domain");
	for (i = 0; i < h->count; i++)
		if (i != which)
			buf_printf(&evidence, " %s", h->dns[i]);
	f.evidence = buf_text(&evidence);
	rc = audit_tell(&a->sink, &f, err);
	buf_free(&evidence);
	return rc;
}

/* A hash may be shared by chance: only what the controller says counts. */
static int
tell_duplicate(struct audit *a, const char *spn, struct err *err)
{
	struct holders h = {.spn = spn};
	size_t i;
	int rc;

	rc = directory_spns(a->directory, spn, take_holder, &h, err);
	for (i = 0; rc == 0 && h.count > 1 && i < h.count; i++)
		if (directory_audit_below(h.dns[i], a->ou))
			rc = tell_holder(a, &h, i, err);
	for (i = 0; i < h.count; i++)
		free(h.dns[i]);
	return rc;
}

static int
stage_duplicates(struct audit *a, struct err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < a->duplicate_count; i++)
		rc = tell_duplicate(a, a->duplicates[i], err);
	if (rc == 0 && a->more)
		rc = err_set(err, ERR_LIMIT,
		    "more than %d service names are held twice",
		    DUPLICATES_MAX);
	return rc;
}

/* --- the rest --- */

static int
stage_rights(struct audit *a, struct err *err)
{
	return audit_rights(a->d, a->directory, a->ou, &a->sink, err);
}

static int
set_policy(struct audit *a, struct err *err)
{
	const struct profile *p = a->d->profile;
	int64_t offset_ms = 0, age;

	if (directory_max_age(a->directory, &age, err) != 0 ||
	    directory_time(a->directory, &offset_ms, err) != 0)
		return -1;
	a->policy = (struct directory_audit_policy){
	    .now = (clock_now_ms() + offset_ms) / 1000,
	    .max_age = age,
	    .domain_age = true,
	    .margin = p->ad_renew_before,
	    .stale = a->how->stale};
	if (age == 0 || (p->ad_max_age != 0 && p->ad_max_age < age)) {
		a->policy.max_age = p->ad_max_age;
		a->policy.domain_age = false;
	}
	return 0;
}

static int
stage_prepare(struct audit *a, struct err *err)
{
	const struct profile *p = a->d->profile;
	const char *ou = a->how->ou != NULL ? a->how->ou : p->ou;

	free(a->ou);
	free(a->profile_ou);
	a->ou = a->profile_ou = NULL;
	if (p->ad &&
	    directory_dn(a->directory, p->ou, &a->profile_ou, err) != 0)
		return -1;
	if (directory_dn(a->directory, ou, &a->ou, err) != 0)
		return -1;
	return set_policy(a, err);
}

static int
at_desk(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct audit *a = cookie;
	int rc;

	(void)krb;
	a->directory = directory;
	rc = a->stage(a, err);
	if (rc == 0 || err->kind != ERR_UNREACHABLE ||
	    (!a->begun && !a->sink.told))
		return rc;
	a->why = *err;
	return err_set(err, ERR_CANCELLED, "the audit has told findings");
}

static int
run_stages(struct audit *a, struct desk *desk, struct err *err)
{
	static int (*const stages[])(struct audit *, struct err *) = {
	    stage_prepare, stage_objects, stage_missing, stage_spns,
	    stage_duplicates, stage_rights};
	const struct desk_job job = {
	    .need = DESK_DIRECTORY, .fn = at_desk, .cookie = a};
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		a->stage = stages[i];
		a->begun = false;
		a->sink.told = false;
		if (desk_work(desk, &job, err) == 0)
			continue;
		if (a->why.kind != ERR_NONE)
			*err = a->why;
		return -1;
	}
	return audit_clocks(a->d, &a->sink, err);
}

static void
audit_clear(struct audit *a)
{
	size_t i;

	for (i = 0; i < a->duplicate_count; i++)
		free(a->duplicates[i]);
	free(a->duplicates);
	audit_set_clear(&a->spns);
	audit_fleet_clear(&a->fleet);
	free(a->ou);
	free(a->profile_ou);
}

int
ad_audit_run(struct daemon *d, const struct ad_audit *how, struct err *err)
{
	struct audit a = {.d = d, .how = how, .sink = {.how = how}};
	struct err own = {.kind = ERR_NONE};
	struct office *office;
	struct desk *desk;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	if (how->ou == NULL && str_empty(d->profile->ou))
		return err_set(err, ERR_INVALID,
		    "the profile names no OU (ad.ou): give --ou");
	a.fleet.d = d;
	a.duplicates = mem_array(DUPLICATES_MAX, sizeof(*a.duplicates));
	office = office_new(d->conf);
	desk = desk_new(office);
	rc = audit_fleet_load(&a.fleet, &own);
	if (rc == 0)
		rc = run_stages(&a, desk, &own);
	desk_free(desk);
	office_free(office);
	audit_clear(&a);
	if (rc != 0 && err != NULL)
		*err = own;
	return rc;
}
