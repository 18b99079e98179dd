/* Five fields of cron, and its @words. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "schedule_internal.h"

static const struct field {
	const char *name;
	int least, most;
	enum word_list words;
	bool named;
} fields[] = {
    {"minute", 0, 59, WORD_MONTH, false},
    {"hour", 0, 23, WORD_MONTH, false},
    {"day of the month", 1, 31, WORD_MONTH, false},
    {"month", 1, 12, WORD_MONTH, true},
    {"day of the week", 0, 7, WORD_WEEKDAY, true},
};
enum { MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, FIELDS };

static const struct special {
	const char *word;
	struct schedule s;
} specials[] = {
    {"@yearly", {.kind = KIND_YEARLY, .days = 2, .months = 1, .time_count = 1}},
    {"@annually",
	{.kind = KIND_YEARLY, .days = 2, .months = 1, .time_count = 1}},
    {"@monthly", {.kind = KIND_MONTHLY, .days = 2, .time_count = 1}},
    {"@weekly", {.kind = KIND_WEEKLY, .weekdays = 1U << 6, .time_count = 1}},
    {"@daily", {.kind = KIND_DAILY, .time_count = 1}},
    {"@midnight", {.kind = KIND_DAILY, .time_count = 1}},
    {"@hourly", {.kind = KIND_DAILY, .repeat = 3600}},
    {"@reboot", {.kind = KIND_START}},
};

bool
cron_is(const char *text)
{
	return isdigit((unsigned char)*text) || *text == '*' || *text == '@';
}

static int
parse_special(struct parse *p, const char **ret_rest)
{
	const char *at = *ret_rest;
	size_t len = strcspn(at, " \t\r\n\v\f"), i;
	const struct schedule *s;

	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (strlen(specials[i].word) == len &&
		    strncasecmp(at, specials[i].word, len) == 0) {
			s = &specials[i].s;
			p->s->kind = s->kind;
			p->s->days = s->days;
			p->s->weekdays = s->weekdays;
			p->s->months = s->months;
			p->s->time_count = s->time_count;
			p->s->repeat = s->repeat;
			*ret_rest = at + len;
			return 0;
		}
	return parse_fail(p, at,
	    "wanted @yearly, @monthly, @weekly, @daily, @hourly or @reboot");
}

/* A number or name at the beginning; -1: none in range. */
static int
field_value(const struct field *f, const char **at)
{
	const char *end = *at;
	int value = 0;

	if (isalpha((unsigned char)*end)) {
		while (isalpha((unsigned char)*end))
			end++;
		if (!f->named)
			return -1;
		value = word_find(f->words, *at, (size_t)(end - *at));
		if (value < 0)
			return -1;
		value += 1; /* January and Monday are 1 there */
	} else {
		if (!isdigit((unsigned char)*end))
			return -1;
		for (; isdigit((unsigned char)*end) && value < 100; end++)
			value = value * 10 + (*end - '0');
	}
	*at = end;
	return value < f->least || value > f->most ? -1 : value;
}

/* One of the list: "*", "3", "1-5", each with "/2". */
static int
field_item(const struct field *f, const char **at, uint64_t *bits)
{
	int first = f->least, last = f->most, step = 1;
	bool all = **at == '*';

	if (all) {
		(*at)++;
	} else {
		first = last = field_value(f, at);
		if (first >= 0 && **at == '-') {
			(*at)++;
			last = field_value(f, at);
		} else if (**at == '/') {
			last = f->most;
		}
	}
	if (**at == '/') {
		for (step = 0, (*at)++;
		     isdigit((unsigned char)**at) && step < 100; (*at)++)
			step = step * 10 + (**at - '0');
	}
	if (first < 0 || last < first || step < 1 || step > f->most)
		return -1;
	for (; first <= last; first += step)
		*bits |= UINT64_C(1) << first;
	return 0;
}

static int
parse_field(
    struct parse *p, const struct field *f, const char **at, uint64_t *ret_bits)
{
	const char *from;

	while (isspace((unsigned char)**at))
		(*at)++;
	from = *at;
	do {
		if (field_item(f, at, ret_bits) != 0)
			return parse_fail(p, from,
			    "wanted cron's %s (%d to %d, *, lists, ranges, /N)",
			    f->name, f->least, f->most);
	} while (**at == ',' && (*at)++ != NULL);
	if (**at != '\0' && !isspace((unsigned char)**at))
		return parse_fail(
		    p, *at, "what is behind cron's %s cannot be read", f->name);
	return 0;
}

/* More times than a list has must be evenly apart. */
static int
set_times(struct parse *p, const char *at, const uint64_t *bits)
{
	int64_t first = -1, last = -1, step = 0, t;
	struct schedule *s = p->s;
	bool even = true;
	size_t n = 0;

	for (t = 0; t < 1440; t++) {
		if ((bits[HOUR] >> t / 60 & 1) == 0 ||
		    (bits[MINUTE] >> t % 60 & 1) == 0)
			continue;
		if (n < SCHEDULE_TIMES_MAX)
			s->times[n] = t * 60;
		if (n == 0)
			first = t;
		else if (n == 1)
			step = t - first;
		else
			even = even && t - last == step;
		last = t;
		n++;
	}
	s->time_count = n;
	if (n <= SCHEDULE_TIMES_MAX)
		return 0;
	if (!even)
		return parse_fail(p, at,
		    "%zu times a day that are not evenly apart: %d at most", n,
		    SCHEDULE_TIMES_MAX);
	s->time_count = 1;
	s->repeat = step * 60;
	if ((last - first + step) % 1440 != 0)
		s->repeat_for = (last - first) * 60;
	return 0;
}

int
cron_parse(struct parse *p, const char **ret_rest)
{
	const char *at = *ret_rest, *days = at;
	uint64_t bits[FIELDS] = {0};
	struct schedule *s = p->s;
	size_t i;

	if (*at == '@')
		return parse_special(p, ret_rest);
	for (i = 0; i < FIELDS; i++) {
		days = i == DAY_OF_MONTH ? at : days;
		if (parse_field(p, &fields[i], &at, &bits[i]) != 0)
			return -1;
	}
	s->days = (uint32_t)bits[DAY_OF_MONTH];
	/* Sunday is 0 and 7 there */
	s->weekdays =
	    (unsigned)(bits[DAY_OF_WEEK] >> 1 | (bits[DAY_OF_WEEK] & 1) << 6) &
	    WEEKDAYS_ALL;
	s->months = (unsigned)(bits[MONTH] >> 1);
	if (s->days == UINT32_C(0xfffffffe))
		s->days = 0;
	if (s->weekdays == WEEKDAYS_ALL)
		s->weekdays = 0;
	if (s->months == MONTHS_ALL)
		s->months = 0;
	if (s->days != 0 && s->weekdays != 0)
		return parse_fail(p, days,
		    "cron would run on either of the days: make it two "
		    "schedules");
	s->kind = s->weekdays != 0 ? KIND_WEEKLY
	    : s->days != 0	   ? KIND_MONTHLY
				   : KIND_DAILY;
	if (set_times(p, *ret_rest, bits) != 0)
		return -1;
	*ret_rest = at;
	return 0;
}
