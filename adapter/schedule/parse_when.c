/* WHEN, and the days and months it is narrowed to. */
#include <ctype.h>
#include <string.h>

#include "err.h"
#include "schedule_internal.h"

static const struct unit {
	const char *one, *many, *adverb;
	enum kind kind;
} units[] = {
    {"day", "days", "daily", KIND_DAILY},
    {"week", "weeks", "weekly", KIND_WEEKLY},
    {"month", "months", "monthly", KIND_MONTHLY},
    {"year", "years", "yearly", KIND_YEARLY},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static bool
take_unit(struct parse *p)
{
	size_t i;

	for (i = 0; i < UNITS; i++)
		if (parse_take(p, units[i].one) ||
		    parse_take(p, units[i].many)) {
			p->s->kind = units[i].kind;
			return true;
		}
	return false;
}

/* "every 15m" and "hourly": every day, all day long. */
static int
within_day(struct parse *p, const char *where, int64_t span)
{
	struct schedule *s = p->s;

	if (span >= DAY || span < 60 || DAY % span != 0)
		return parse_fail(p, where,
		    "a day has no whole number of those; as: every 15m, every "
		    "4h, or: daily at 00:00 repeat 5h");
	s->kind = KIND_DAILY;
	s->repeat = span;
	return 0;
}

static int
parse_every(struct parse *p)
{
	const struct token *t = parse_peek(p);
	char text[TOKEN_MAX];
	int64_t span;

	if (take_unit(p))
		return 0;
	if (parse_take(p, "hour"))
		return within_day(p, t->text, 3600);
	if (t->len > 1 && isdigit((unsigned char)t->text[0]) &&
	    isalpha((unsigned char)t->text[t->len - 1])) {
		if (parse_span(p, 60, DAY / 2, &span) != 0)
			return -1;
		return within_day(p, t->text, span);
	}
	if (parse_number(p, 1, SCHEDULE_EVERY_MAX, &p->s->every) != 0)
		return -1;
	if (take_unit(p))
		return 0;
	span = p->s->every;
	p->s->every = 1;
	if (parse_take(p, "hours") || parse_take(p, "hour"))
		return within_day(p, t->text, span * 3600);
	if (parse_take(p, "minutes") || parse_take(p, "minute"))
		return within_day(p, t->text, span * 60);
	return parse_fail(p, parse_peek(p)->text,
	    "wanted days, weeks, months, years, hours or minutes, not %s",
	    token_text(parse_peek(p), text));
}

static int
parse_event(struct parse *p)
{
	char text[TOKEN_MAX];

	if (parse_take(p, "at") && parse_take(p, "start"))
		p->s->kind = KIND_START;
	else if (parse_take(p, "when") && parse_take(p, "reachable"))
		p->s->kind = KIND_REACHABLE;
	else if (parse_take(p, "immediately") || parse_take(p, "now"))
		p->s->kind = KIND_NOW;
	else
		return parse_fail(p, parse_peek(p)->text,
		    "wanted daily, weekly, monthly, yearly, every N days, once "
		    "on DATE, at start, when reachable or immediately, not %s",
		    token_text(parse_peek(p), text));
	return 0;
}

int
parse_when(struct parse *p)
{
	const struct token *t = parse_peek(p);
	size_t i;

	for (i = 0; i < UNITS; i++)
		if (parse_take(p, units[i].adverb)) {
			p->s->kind = units[i].kind;
			return 0;
		}
	if (parse_take(p, "hourly"))
		return within_day(p, t->text, 3600);
	if (parse_take(p, "every"))
		return parse_every(p);
	if (parse_take(p, "once")) {
		p->s->kind = KIND_ONCE;
		(void)parse_take(p, "on");
		return parse_date(p, &p->s->from);
	}
	return parse_event(p);
}

/* --- days --- */

/* "1", "1-7": bits 1 to 31. */
static bool
day_range(const struct token *t, uint32_t *ret_bits)
{
	int value[2] = {0, 0}, part = 0;
	size_t i;

	for (i = 0; i < t->len; i++) {
		if (t->text[i] == '-' && part == 0 && i > 0 && i + 1 < t->len)
			part = 1;
		else if (!isdigit((unsigned char)t->text[i]))
			return false;
		else
			value[part] = value[part] * 10 + (t->text[i] - '0');
		if (value[part] > 31)
			return false;
	}
	if (part == 0)
		value[1] = value[0];
	if (value[0] < 1 || value[1] < value[0])
		return false;
	*ret_bits = 0;
	for (; value[0] <= value[1]; value[0]++)
		*ret_bits |= UINT32_C(1) << value[0];
	return true;
}

/* One word of the list; false: it is none. */
static bool
take_day(struct parse *p)
{
	const struct token *t = parse_peek(p);
	struct schedule *s = p->s;
	unsigned bits;
	uint32_t days;
	int ordinal = word_find(WORD_ORDINAL, t->text, t->len);

	if (ordinal >= 0)
		s->ordinals |= 1U << ordinal;
	else if (text_range(WORD_WEEKDAY, t->text, t->len, &bits))
		s->weekdays |= bits;
	else if (day_range(t, &days))
		s->days |= days;
	else if (text_range(WORD_MONTH, t->text, t->len, &bits))
		s->months |= bits; /* "on nov 5" */
	else if (!(s->ordinals == 1U << ORDINAL_LAST && parse_is(p, "day")))
		return false;
	p->at++;
	return true;
}

int
parse_on(struct parse *p)
{
	const struct token *first = parse_peek(p);
	struct schedule *s = p->s;
	char text[TOKEN_MAX];
	bool taken = take_day(p);

	while (taken && (parse_take(p, ",") || parse_peek(p)->len > 0))
		if (!take_day(p))
			break;
	if (!taken || p->tokens[p->at - 1].text[0] == ',')
		return parse_fail(p, parse_peek(p)->text,
		    "wanted days: mon-fri, 1,15, last, or first thu, not %s",
		    token_text(parse_peek(p), text));
	if (s->weekdays == 0 && s->ordinals == 1U << ORDINAL_LAST) {
		s->days |= DAYS_LAST;
		s->ordinals = 0;
	}
	if (s->kind == KIND_WEEKLY &&
	    (s->days != 0 || s->ordinals != 0 || s->months != 0))
		return parse_fail(p, first->text,
		    "wanted days of the week; as: weekly on mon,thu");
	if (s->kind != KIND_WEEKLY && (s->weekdays != 0) != (s->ordinals != 0))
		return parse_fail(p, first->text,
		    "which of the month's? as: on first thu, on last fri; a "
		    "day of it is a number: on 1");
	if (s->weekdays != 0 && s->days != 0)
		return parse_fail(p, first->text,
		    "either numbers or days of the week, not both");
	return 0;
}

int
parse_months(struct parse *p)
{
	const struct token *t;
	char text[TOKEN_MAX];
	unsigned bits;

	do {
		t = parse_peek(p);
		if (!text_range(WORD_MONTH, t->text, t->len, &bits))
			return parse_fail(p, t->text,
			    "wanted months: nov, jan-mar, not %s",
			    token_text(t, text));
		p->s->months |= bits;
		p->at++;
	} while (parse_take(p, ","));
	return 0;
}
