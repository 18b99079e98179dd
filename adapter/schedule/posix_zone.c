/*
 * "CET-1CEST,M3.5.0,M10.5.0/3": the rule of a zone for times after its last
 * recorded change (POSIX.1 TZ, with RFC 8536's times of -167 to 167 hours).
 */
#include <ctype.h>
#include <string.h>

#include "schedule_internal.h"

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool
take_number(const char **at, int most, int *ret)
{
	int value = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		value = value * 10 + (**at - '0');
		if (value > most)
			return false;
	}
	*ret = value;
	return true;
}

static bool
take_name(const char **at)
{
	const char *from = *at;

	if (take_char(at, '<')) {
		while (
		    isalnum((unsigned char)**at) || **at == '+' || **at == '-')
			(*at)++;
		return take_char(at, '>');
	}
	while (isalpha((unsigned char)**at))
		(*at)++;
	return *at - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool
take_time(const char **at, int64_t *ret)
{
	int hours, minutes = 0, seconds = 0;
	int64_t sign = 1;

	if (take_char(at, '-'))
		sign = -1;
	else
		(void)take_char(at, '+');
	if (!take_number(at, 167, &hours))
		return false;
	if (take_char(at, ':') && !take_number(at, 59, &minutes))
		return false;
	if (take_char(at, ':') && !take_number(at, 59, &seconds))
		return false;
	*ret = sign * ((int64_t)hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool
take_day(const char **at, struct posix_day *d)
{
	*d = (struct posix_day){.form = POSIX_ZERO, .time = 7200};
	if (take_char(at, 'M')) {
		d->form = POSIX_WEEK;
		if (!take_number(at, 12, &d->month) || d->month < 1 ||
		    !take_char(at, '.') || !take_number(at, 5, &d->week) ||
		    d->week < 1 || !take_char(at, '.') ||
		    !take_number(at, 6, &d->weekday))
			return false;
	} else {
		if (take_char(at, 'J'))
			d->form = POSIX_JULIAN;
		if (!take_number(at, 365, &d->day) ||
		    (d->form == POSIX_JULIAN && d->day < 1))
			return false;
	}
	return !take_char(at, '/') || take_time(at, &d->time);
}

int
posix_zone_parse(const char *text, struct posix_zone *ret)
{
	struct posix_zone p = {.given = true};

	if (!take_name(&text) || !take_time(&text, &p.standard))
		return -1;
	p.standard = -p.standard; /* west of Greenwich is positive there */
	p.summer = p.standard + 3600;
	if (*text != '\0') {
		p.dst = true;
		if (!take_name(&text))
			return -1;
		if (*text != ',' && take_time(&text, &p.summer))
			p.summer = -p.summer;
		if (!take_char(&text, ',') || !take_day(&text, &p.begin) ||
		    !take_char(&text, ',') || !take_day(&text, &p.end) ||
		    *text != '\0')
			return -1;
	}
	*ret = p;
	return 0;
}

static int64_t
day_of_year(const struct posix_day *d, int64_t year)
{
	int64_t first, days;

	switch (d->form) {
	case POSIX_WEEK:
		first = date_days(year, d->month, 1);
		/* weekday of the first, and ours, from Sunday */
		days = (d->weekday - (date_weekday(first) + 1) % 7 + 7) % 7 +
		    (d->week - 1) * 7;
		while (days >= date_month_days(year, d->month))
			days -= 7;
		return first + days;
	case POSIX_JULIAN: /* 29 February is never counted */
		return date_days(year, 1, 1) + d->day - 1 +
		    (d->day > 59 && date_month_days(year, 2) == 29 ? 1 : 0);
	case POSIX_ZERO:
		break;
	}
	return date_days(year, 1, 1) + d->day;
}

int64_t
posix_zone_offset(const struct posix_zone *p, int64_t t, int64_t *ret_until)
{
	int64_t year, begins, ends, at = INT64_MIN, offset = p->standard;

	*ret_until = INT64_MAX;
	if (!p->dst)
		return offset;
	/* The latest change at or before t, and the first after it. */
	year = date_of(date_floor(t + p->standard, DAY)).year - 1;
	for (int64_t last = year + 2; year <= last; year++) {
		begins = day_of_year(&p->begin, year) * DAY + p->begin.time -
		    p->standard;
		ends =
		    day_of_year(&p->end, year) * DAY + p->end.time - p->summer;
		if (begins <= t && begins > at) {
			at = begins;
			offset = p->summer;
		}
		if (ends <= t && ends >= at) {
			at = ends;
			offset = p->standard;
		}
		if (begins > t && begins < *ret_until)
			*ret_until = begins;
		if (ends > t && ends < *ret_until)
			*ret_until = ends;
	}
	return offset;
}
