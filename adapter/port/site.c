#include "site.h"

#include <stdlib.h>

#include "log.h"
#include "mem.h"
#include "str.h"

struct site {
	char *ours;
	bool configured;
	bool differs;  /* it was said that a controller knows better */
	bool away;     /* the last one that answered is not near */
	bool stays;    /* it was said that there is none better */
	int64_t again; /* clock_mono_ms(): looked up until then */
};

struct site *
site_new(const char *configured)
{
	struct site *s = mem_alloc(sizeof(*s));

	s->ours = mem_dup(configured);
	s->configured = configured != NULL;
	return s;
}

void
site_free(struct site *s)
{
	free(s->ours);
	free(s);
}

const char *
site_ours(const struct site *s)
{
	return s->ours;
}

static const char *
word(const char *site)
{
	return site != NULL ? site : "unknown";
}

/* The configuration is an administrator's word and stays; once it is said that
 * the directory's subnets say something else. */
static void
tell_difference(struct site *s, const struct site_sight *sight)
{
	if (!s->configured || s->differs || sight->ours == NULL ||
	    str_ieq(sight->ours, s->ours))
		return;
	s->differs = true;
	log_line(LOG_WARN, "directory.site",
	    "configured=%s by_address=%s controller=%s what=\"directory.site "
	    "is not where the directory's subnets have this machine: correct "
	    "one of them\"",
	    s->ours, sight->ours, sight->controller);
}

static void
arrive(struct site *s, const struct site_sight *sight)
{
	if (s->away)
		log_line(LOG_INFO, "directory.site",
		    "site=%s controller=%s what=\"it is of our site, or the "
		    "nearest to it\"",
		    word(s->ours), sight->controller);
	s->away = s->stays = false;
}

static void
move(struct site *s, const struct site_sight *sight, int64_t now)
{
	s->stays = false;
	site_looked(s, now);
	log_line(LOG_INFO, "directory.site",
	    "site=%s controller=%s of=%s what=\"it is of another site than "
	    "ours: looking for one of ours\"",
	    s->ours, sight->controller, word(sight->theirs));
}

static void
stay(struct site *s, const struct site_sight *sight)
{
	if (!s->stays)
		log_line(LOG_NOTE, "directory.site",
		    "site=%s controller=%s of=%s what=\"no controller of our "
		    "site answers: staying with this one for now\"",
		    word(s->ours), sight->controller, word(sight->theirs));
	s->stays = true;
}

void
site_looked(struct site *s, int64_t now)
{
	s->again = now + SITE_AGAIN_MS;
}

/* Where no administrator says it, what the last one says holds. */
static bool
learn(struct site *s, const struct site_sight *sight)
{
	bool first = s->ours == NULL && sight->ours != NULL;

	if (!s->configured && sight->ours != NULL)
		mem_replace(&s->ours, sight->ours);
	return first;
}

/* The nearest to what a controller takes for our site need not be ours. */
static bool
is_near(const struct site *s, const struct site_sight *sight)
{
	if (s->ours == NULL || str_ieq(sight->theirs, s->ours))
		return true;
	return sight->near && str_ieq(sight->ours, s->ours);
}

bool
site_moves(struct site *s, const struct site_sight *sight, int64_t now)
{
	bool first = learn(s, sight);

	tell_difference(s, sight);
	/* Without a name there is nothing to look up. */
	if (is_near(s, sight)) {
		arrive(s, sight);
		return false;
	}
	s->away = true;
	if (first || now >= s->again) {
		move(s, sight, now);
		return true;
	}
	stay(s, sight);
	return false;
}
