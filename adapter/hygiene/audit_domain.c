/* Of the hygiene run: the rights of our own account, and the clocks. */
#include <stdlib.h>
#include <string.h>

#include "ad_audit.h"
#include "audit_internal.h"
#include "buf.h"
#include "conf.h"
#include "daemon.h"
#include "directory.h"
#include "err.h"
#include "mem.h"
#include "str.h"
#include "survey.h"

#define HOSTS_MAX 8192
#define INHERITED 0x10 /* of an entry: it stands above as well */

/* --- findings --- */

int
audit_tell(void *sink, const struct directory_audit_finding *f, struct err *err)
{
	struct audit_sink *s = sink;
	const struct ad_audit_finding to = {
	    .code = directory_audit_kind(f->code)->name,
	    .level = (enum ad_audit_level)f->level,
	    .object = f->object,
	    .account = f->account,
	    .device = f->device,
	    .evidence = f->evidence,
	    .add = f->add,
	    .drop = f->drop,
	    .mark = f->mark};

	s->told = true;
	return s->how->found(s->how->cookie, &to, err);
}

bool
ad_audit_kind(size_t i, struct ad_audit_kind *ret)
{
	const struct directory_audit_kind *kind;

	if (i >= AUDIT_COUNT)
		return false;
	kind = directory_audit_kind((enum directory_audit_code)i);
	*ret = (struct ad_audit_kind){.code = kind->name,
	    .level = (enum ad_audit_level)kind->level,
	    .help = kind->help};
	return true;
}

const char *
ad_audit_level_name(enum ad_audit_level level)
{
	return directory_audit_level_name((enum directory_audit_level)level);
}

bool
ad_audit_grant(size_t i, struct ad_audit_grant *ret)
{
	const struct directory_grant *g = directory_grant(i);

	if (g == NULL)
		return false;
	*ret =
	    (struct ad_audit_grant){.kind = (enum ad_audit_grant_kind)g->kind,
		.name = g->name,
		.guid = g->guid};
	return true;
}

/* --- rights --- */

struct rights {
	struct audit_sink *sink;
	char **told; /* "object evidence": one entry is often stored as two */
	size_t count;
};

/* Is it the first time? */
static bool
is_new(struct rights *r, const struct directory_audit_finding *f)
{
	char *text = mem_printf("%s %s", f->object, f->evidence);
	size_t i;

	for (i = 0; i < r->count; i++)
		if (str_eq(r->told[i], text)) {
			free(text);
			return false;
		}
	r->told = mem_grow(r->told, r->count + 1, sizeof(*r->told));
	r->told[r->count++] = text;
	return true;
}

/* What the entry is too much for, given; NULL: nothing. */
static char *
words_of(const struct directory_right *r, enum directory_audit_level *ret_level)
{
	char words[DIRECTORY_ACE_WORDS];

	if ((r->ace->flags & INHERITED) != 0 ||
	    directory_ace_excess(r->ace, ret_level, words) == NULL)
		return NULL;
	return mem_printf("%s %s has: %s", r->own ? "our account" : "its group",
	    r->account, words);
}

static int
tell_master(
    struct audit_sink *sink, const struct directory_right *r, struct err *err)
{
	char *evidence = mem_printf("our account is a member of %s", r->master);
	const struct directory_audit_finding f = {.code = AUDIT_RIGHTS_MASTER,
	    .level = AUDIT_BAD,
	    .object = r->object,
	    .account = r->master,
	    .evidence = evidence};
	int rc = audit_tell(sink, &f, err);

	free(evidence);
	return rc;
}

static int
take_right(void *cookie, const struct directory_right *r, struct err *err)
{
	struct rights *all = cookie;
	struct directory_audit_finding f = {.code = AUDIT_RIGHTS_UNREAD,
	    .level = AUDIT_NOTE,
	    .object = r->object,
	    .account = r->account,
	    .evidence = "nTSecurityDescriptor may not be read"};
	char *evidence;
	int rc = 0;

	if (r->master != NULL)
		return tell_master(all->sink, r, err);
	if (r->ace == NULL)
		return audit_tell(all->sink, &f, err);
	evidence = words_of(r, &f.level);
	f.code = AUDIT_RIGHTS_BROAD;
	f.evidence = evidence;
	if (evidence != NULL && is_new(all, &f))
		rc = audit_tell(all->sink, &f, err);
	free(evidence);
	return rc;
}

int
audit_rights(struct daemon *d, struct directory *directory, const char *ou,
    struct audit_sink *sink, struct err *err)
{
	const struct conf *conf = d->conf;
	struct rights all = {.sink = sink};
	char *who;
	int rc;

	if (conf->bind_dn != NULL)
		who = mem_dup(conf->bind_dn);
	else
		who =
		    mem_dup_len(conf->principal, strcspn(conf->principal, "@"));
	rc = directory_rights(directory, who, ou, take_right, &all, err);
	while (all.count > 0)
		free(all.told[--all.count]);
	free(all.told);
	free(who);
	return rc;
}

/* --- clocks --- */

struct clocks {
	struct buf hosts, offsets; /* of those that answered */
	int64_t low, high;	   /* ms against ours */
	size_t count;
};

static void
add_clock(struct clocks *c, const struct survey_controller *from)
{
	int64_t ms = from->offset_ms, size = ms < 0 ? -ms : ms;

	if (c->count == 0 || ms < c->low)
		c->low = ms;
	if (c->count == 0 || ms > c->high)
		c->high = ms;
	buf_printf(&c->hosts, "%s%s", c->count > 0 ? " " : "", from->name);
	buf_printf(&c->offsets, "%s%s=%c%lld.%03llds", c->count > 0 ? " " : "",
	    from->name, ms < 0 ? '-' : '+', (long long)(size / 1000),
	    (long long)(size % 1000));
	c->count++;
}

static int
take_clock(struct clocks *c, const struct survey_controller *from,
    struct audit_sink *sink, struct err *err)
{
	const struct directory_audit_finding f = {
	    .code = AUDIT_CONTROLLER_SILENT,
	    .level = AUDIT_WARNING,
	    .object = from->name,
	    .evidence = from->err.text};

	if (from->err.kind != ERR_NONE)
		return audit_tell(sink, &f, err);
	add_clock(c, from);
	return 0;
}

static int
judge_clocks(struct daemon *d, const struct clocks *c, struct audit_sink *sink,
    struct err *err)
{
	int64_t limit = d->conf->clock_limit * 1000;
	struct directory_audit_finding f = {.code = AUDIT_CLOCK_SPREAD,
	    .level = AUDIT_BAD,
	    .object = buf_text(&c->hosts),
	    .evidence = buf_text(&c->offsets)};
	int rc = 0;

	if (c->count == 0)
		return 0;
	if (c->high - c->low > limit)
		rc = audit_tell(sink, &f, err);
	f.code = AUDIT_CLOCK_OWN;
	/* Off all of them, to the same side. */
	if (rc == 0 && (c->low > limit || c->high < -limit))
		rc = audit_tell(sink, &f, err);
	return rc;
}

int
audit_clocks(struct daemon *d, struct audit_sink *sink, struct err *err)
{
	struct survey *s = survey_make(d, err);
	const struct survey_controller *from;
	struct clocks c = {.count = 0};
	size_t i;
	int rc = 0;

	if (s == NULL)
		return -1;
	buf_init(&c.hosts, HOSTS_MAX);
	buf_init(&c.offsets, HOSTS_MAX);
	for (i = 0; rc == 0 && (from = survey_controller(s, i)) != NULL; i++)
		rc = take_clock(&c, from, sink, err);
	if (rc == 0)
		rc = judge_clocks(d, &c, sink, err);
	buf_free(&c.hosts);
	buf_free(&c.offsets);
	survey_free(s);
	return rc;
}
