/* A schedule's text: the clauses behind WHEN, and the whole. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "mem.h"
#include "schedule_internal.h"
#include "str.h"

/* --- clauses --- */

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int
parse_at(struct parse *p)
{
	struct schedule *s = p->s;
	const struct token *t;
	char text[TOKEN_MAX];
	int64_t at;
	size_t i, kept;

	do {
		t = parse_peek(p);
		if (!text_time(t->text, t->len, &at) || at >= DAY)
			return parse_fail(p, t->text,
			    "wanted a time of day from 00:00 to 23:59, not %s",
			    token_text(t, text));
		if (s->time_count == SCHEDULE_TIMES_MAX)
			return parse_fail(p, t->text,
			    "more than %d times of day", SCHEDULE_TIMES_MAX);
		s->times[s->time_count++] = at;
		p->at++;
	} while (parse_take(p, ","));
	qsort(s->times, s->time_count, sizeof(*s->times), by_value);
	for (i = kept = 1; i < s->time_count; i++)
		if (s->times[i] != s->times[kept - 1])
			s->times[kept++] = s->times[i];
	s->time_count = kept;
	return 0;
}

static int
parse_from(struct parse *p)
{
	return parse_date(p, &p->s->from);
}

static int
parse_until(struct parse *p)
{
	return parse_date(p, &p->s->until);
}

static int
parse_repeat(struct parse *p)
{
	struct schedule *s = p->s;

	if (s->repeat != 0)
		return parse_fail(p, parse_peek(p)->text,
		    "it repeats already, every %lld minutes",
		    (long long)(s->repeat / 60));
	(void)parse_take(p, "every");
	if (parse_span(p, 60, 12 * 3600, &s->repeat) != 0)
		return -1;
	if (!parse_take(p, "for"))
		return 0;
	return parse_span(p, s->repeat, DAY, &s->repeat_for);
}

static int
parse_random(struct parse *p)
{
	return parse_span(p, 1, SCHEDULE_RANDOM_MAX, &p->s->random);
}

static int
parse_missed(struct parse *p)
{
	char text[TOKEN_MAX];

	if (parse_take(p, "skip")) {
		p->s->skip = true;
		return 0;
	}
	if (!parse_take(p, "run"))
		return parse_fail(p, parse_peek(p)->text,
		    "wanted \"missed run\", \"missed run after 10m\" or "
		    "\"missed skip\", not %s",
		    token_text(parse_peek(p), text));
	if (!parse_take(p, "after"))
		return 0;
	return parse_span(p, 1, SCHEDULE_SPAN_MAX, &p->s->missed_after);
}

static int
parse_stop(struct parse *p)
{
	(void)parse_take(p, "after");
	return parse_span(p, 60, SCHEDULE_SPAN_MAX, &p->s->stop);
}

static int
parse_after(struct parse *p)
{
	return parse_span(p, 1, SCHEDULE_SPAN_MAX, &p->s->after);
}

static int
parse_apart(struct parse *p)
{
	(void)parse_take(p, "within");
	return parse_span(p, 1, SCHEDULE_SPAN_MAX, &p->s->apart);
}

/* Which kinds a clause goes with. */
#define RECURRING                                                              \
	(1U << KIND_DAILY | 1U << KIND_WEEKLY | 1U << KIND_MONTHLY |           \
	    1U << KIND_YEARLY)
#define CLOCKED (RECURRING | 1U << KIND_ONCE)
#define TRIGGERED (1U << KIND_START | 1U << KIND_REACHABLE)
#define ANY (CLOCKED | TRIGGERED | 1U << KIND_NOW)

static const struct clause {
	const char *word;
	int (*parse)(struct parse *p);
	unsigned kinds;
} clauses[] = {
    {"on", parse_on,
	1U << KIND_WEEKLY | 1U << KIND_MONTHLY | 1U << KIND_YEARLY},
    {"of", parse_months, RECURRING},
    {"in", parse_months, RECURRING},
    {"at", parse_at, CLOCKED},
    {"from", parse_from, RECURRING | TRIGGERED},
    {"until", parse_until, RECURRING | TRIGGERED},
    {"repeat", parse_repeat, CLOCKED},
    {"random", parse_random, ANY},
    {"missed", parse_missed, CLOCKED},
    {"stop", parse_stop, ANY},
    {"only", parse_windows, ANY},
    {"except", parse_excepts, ANY},
    {"after", parse_after, TRIGGERED},
    {"not", parse_apart, TRIGGERED},
};
#define CLAUSES (sizeof(clauses) / sizeof(clauses[0]))

static int
parse_clause(struct parse *p, size_t i)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX];

	if ((clauses[i].kinds >> p->s->kind & 1U) == 0)
		return parse_fail(p, t->text, "%s does not go with %.*s",
		    token_text(t, text), (int)p->tokens[0].len,
		    p->tokens[0].text);
	/* "of" and "in" are one. */
	if ((p->seen >> (i == 2 ? 1 : i) & 1U) != 0)
		return parse_fail(
		    p, t->text, "%s for the second time", token_text(t, text));
	p->seen |= 1U << (i == 2 ? 1 : i);
	p->at++;
	return clauses[i].parse(p);
}

/* With what it may have been meant to be. */
static int
refuse_word(struct parse *p, const struct token *t, const char *word)
{
	const char *words[CLAUSES];
	char shown[TOKEN_MAX], *near;
	size_t i;

	for (i = 0; i < CLAUSES; i++)
		words[i] = clauses[i].word;
	near = str_near(word, words, CLAUSES);
	if (near == NULL)
		near = zone_near(word);
	(void)parse_fail(p, t->text,
	    "%s is neither a time zone nor one of: on, of, at, from, until, "
	    "repeat, random, missed, stop, only, except%s%s",
	    token_text(t, shown), near != NULL ? "; near: " : "",
	    near != NULL ? near : "");
	free(near);
	return -1;
}

/* What is no clause is the zone's name. */
static int
parse_zone(struct parse *p)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX] = "";

	if (p->s->zone == NULL && t->len < sizeof(text)) {
		memcpy(text, t->text, t->len);
		text[t->len] = '\0';
		if (str_ieq(text, "utc") || str_ieq(text, "gmt"))
			(void)snprintf(text, sizeof(text), "UTC");
		if (zone_take(str_ieq(text, "local") ? NULL : text, &p->s->zone,
			p->err) == 0) {
			if (!str_ieq(text, "local"))
				p->s->zone_name = mem_dup(text);
			p->at++;
			return 0;
		}
	}
	if (p->s->zone != NULL)
		return parse_fail(p, t->text,
		    "%s is one word too many: there is a time zone already",
		    token_text(t, text));
	return refuse_word(p, t, text);
}

static int
parse_clauses(struct parse *p)
{
	size_t i;

	while (parse_peek(p)->len > 0) {
		for (i = 0; i < CLAUSES; i++)
			if (parse_is(p, clauses[i].word))
				break;
		if (i < CLAUSES ? parse_clause(p, i) != 0 : parse_zone(p) != 0)
			return -1;
	}
	return 0;
}

/* --- the whole --- */

static int
parse_text(struct parse *p)
{
	const char *rest = p->text;

	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest == '\0')
		return parse_fail(
		    p, rest, "empty; as: monthly on first thu of nov at 03:00");
	if (strncasecmp(rest, "period:", 7) == 0) {
		if (epo_parse(p, &rest) != 0)
			return -1;
	} else if (cron_is(rest)) {
		if (cron_parse(p, &rest) != 0)
			return -1;
	}
	if (parse_split(p, rest) != 0 ||
	    (rest == p->text + strspn(p->text, " \t\r\n\v\f") &&
		parse_when(p) != 0) ||
	    parse_clauses(p) != 0)
		return -1;
	if (p->s->zone == NULL && zone_take(NULL, &p->s->zone, p->err) != 0)
		return -1;
	return parse_check(p);
}

int
schedule_parse(
    const char *text, struct schedule **ret_schedule, struct err *err)
{
	struct parse p = {.text = text, .err = err};
	int rc = -1;

	if (strnlen(text, SCHEDULE_TEXT_MAX + 1) > SCHEDULE_TEXT_MAX)
		return err_set(err, ERR_LIMIT,
		    "schedule: longer than %d characters", SCHEDULE_TEXT_MAX);
	p.s = mem_alloc(sizeof(*p.s));
	p.s->every = 1;
	p.s->from = p.s->until = DATE_NONE;
	if (parse_text(&p) == 0) {
		except_settle(p.s);
		p.s->text = schedule_write(p.s);
		*ret_schedule = p.s;
		p.s = NULL;
		rc = 0;
	}
	free(p.tokens);
	schedule_free(p.s);
	return rc;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	zone_drop(s->zone);
	free(s->zone_name);
	free(s->windows);
	free(s->excepts);
	free(s->text);
	free(s);
}

const char *
schedule_text(const struct schedule *s)
{
	return s->text;
}

const char *
schedule_zone(const struct schedule *s)
{
	return s->zone_name;
}
