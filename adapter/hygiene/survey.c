#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "daemon.h"
#include "errand.h"
#include "krb.h"
#include "mem.h"
#include "ports.h"
#include "str.h"

#define SAMPLES 8
#define CONTROLLERS_MAX 64 /* as many as directory_locate() gives */

struct survey {
	struct daemon *d;
	struct survey_controller controllers[CONTROLLERS_MAX];
	size_t count, out; /* out: asked, and not back */
	port_done_fn *done;
	void *cookie;
};

/* --- which controllers --- */

struct names_errand {
	struct errand base;
	const struct conf *conf;
	struct survey *into;
	char *names;
};

static void
names_free(struct errand *base)
{
	struct names_errand *e = (void *)base;

	free(e->names);
	free(e);
}

static int
call_names(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct names_errand *e = cookie;
	char *others = NULL;

	(void)krb;
	(void)directory;
	if (desk_controllers(e->conf, &e->names, err) != 0)
		return -1;
	if (e->conf->dc == NULL || e->conf->domain == NULL ||
	    desk_others(e->conf, &others, NULL) != 0)
		return 0;
	free(e->names);
	e->names = mem_printf("%s %s", e->conf->dc, others);
	free(others);
	return 0;
}

static bool
is_known(const struct survey *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (str_ieq(s->controllers[i].name, name))
			return true;
	return false;
}

static void
give_names(struct errand *base)
{
	struct names_errand *e = (void *)base;
	struct survey *s = e->into;
	char *rest = e->names, *name;

	while ((name = strsep(&rest, " ")) != NULL)
		if (s->count < CONTROLLERS_MAX && !is_known(s, name))
			s->controllers[s->count++].name = mem_dup(name);
}

/* --- one of them --- */

struct ask_errand {
	struct errand base;
	const struct conf *conf;
	struct survey *survey;
	struct survey_controller found; /* name is its own */
	struct survey_controller *into;
};

static void
ask_free(struct errand *base)
{
	struct ask_errand *e = (void *)base;

	free(e->found.name);
	free(e);
}

static int
ask(struct krb *krb, struct survey_controller *found, struct err *err)
{
	struct buf types;
	int result;

	if (krb_time(krb, SAMPLES, &found->offset_ms, &found->error_ms, err) !=
	    0)
		return -1;
	buf_init(&types, SURVEY_TYPES - 1);
	result = krb_types_offered(krb, &types, err);
	if (result == 0)
		(void)snprintf(
		    found->types, SURVEY_TYPES, "%s", buf_text(&types));
	buf_free(&types);
	return result;
}

static int
call_ask(void *cookie, struct krb *desk, struct directory *directory,
    struct err *err)
{
	struct ask_errand *e = cookie;
	struct krb *krb = NULL;
	int result;

	(void)desk;
	(void)directory;
	if (desk_open_krb(e->conf, e->found.name, NULL, &krb, err) != 0)
		return -1;
	result = ask(krb, &e->found, err);
	krb_close(krb);
	return result;
}

static void
give_found(struct errand *base)
{
	struct ask_errand *e = (void *)base;

	e->into->offset_ms = e->found.offset_ms;
	e->into->error_ms = e->found.error_ms;
	memcpy(e->into->types, e->found.types, SURVEY_TYPES);
}

static void
asked(void *cookie, const struct err *err)
{
	struct ask_errand *e = cookie;
	struct survey *s = e->survey;
	const struct err none = {.kind = ERR_NONE};

	e->into->err = *err;
	if (--s->out == 0)
		s->done(s->cookie, &none);
}

static void
ask_one(struct survey *s, struct survey_controller *about)
{
	struct ask_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_NONE;
	e->base.call = call_ask;
	e->base.give = give_found;
	e->base.free = ask_free;
	e->conf = s->d->conf;
	e->survey = s;
	e->found.name = mem_dup(about->name);
	e->into = about;
	errand_send(s->d->ports->directory.self, &e->base, asked, e);
}

/* --- all of them --- */

static void
named(void *cookie, const struct err *err)
{
	struct survey *s = cookie;
	size_t i;

	s->out = s->count;
	if (err->kind != ERR_NONE)
		s->done(s->cookie, err);
	else
		for (i = 0; i < s->count; i++)
			ask_one(s, &s->controllers[i]);
}

struct survey *
survey_begin(struct daemon *d, port_done_fn *done, void *cookie)
{
	struct survey *s = mem_alloc(sizeof(*s));
	struct names_errand *e = mem_alloc(sizeof(*e));

	s->d = d;
	s->done = done;
	s->cookie = cookie;
	e->base.need = DESK_NONE;
	e->base.call = call_names;
	e->base.give = give_names;
	e->base.free = names_free;
	e->conf = d->conf;
	e->into = s;
	errand_send(d->ports->directory.self, &e->base, named, s);
	return s;
}

struct survey *
survey_make(struct daemon *d, struct err *err)
{
	struct daemon_wait wait = {.loop = d->loop};
	struct survey *s = survey_begin(d, daemon_waited, &wait);

	if (daemon_await(&wait, err) == 0)
		return s;
	survey_free(s);
	return NULL;
}

void
survey_free(struct survey *s)
{
	if (s == NULL)
		return;
	while (s->count > 0)
		free(s->controllers[--s->count].name);
	free(s);
}

const struct survey_controller *
survey_controller(const struct survey *s, size_t i)
{
	return i < s->count ? &s->controllers[i] : NULL;
}

int64_t
survey_spread_ms(const struct survey *s)
{
	const struct survey_controller *c;
	int64_t least = 0, most = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < s->count; i++) {
		c = &s->controllers[i];
		if (c->err.kind != ERR_NONE)
			continue;
		if (!any || c->offset_ms < least)
			least = c->offset_ms;
		if (!any || c->offset_ms > most)
			most = c->offset_ms;
		any = true;
	}
	return most - least;
}

size_t
survey_near(const struct survey *s, int64_t offset_ms, int64_t limit_ms)
{
	size_t i, count = 0;

	for (i = 0; i < s->count; i++)
		if (s->controllers[i].err.kind == ERR_NONE &&
		    llabs(s->controllers[i].offset_ms - offset_ms) < limit_ms)
			count++;
	return count;
}

size_t
survey_answered(const struct survey *s)
{
	return survey_near(s, 0, INT64_MAX);
}
