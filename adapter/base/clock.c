#include "clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t
clock_now(void)
{
	return clock_now_ms() / 1000;
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

char *
clock_text(int64_t at, char out[CLOCK_TEXT])
{
	struct tm tm;
	time_t t = (time_t)at;

	if (at == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, CLOCK_TEXT, "-");
	return out;
}

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {
    {'y', 365 * CLOCK_DAY},
    {'w', 7 * CLOCK_DAY},
    {'d', CLOCK_DAY},
    {'h', 3600},
    {'m', 60},
    {'s', 1},
};

char *
clock_span(int64_t seconds, char out[CLOCK_TEXT])
{
	const struct unit *u =
	    &units[2]; /* weeks and years say less than days */
	const char *sign = seconds < 0 ? "-" : "";
	uint64_t left = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;
	uint64_t big, small;

	while (u->seconds > 1 && left < (uint64_t)u->seconds)
		u++;
	big = left / (uint64_t)u->seconds;
	left %= (uint64_t)u->seconds;
	small = u->seconds > 1 ? left / (uint64_t)u[1].seconds : 0;
	if (small > 0)
		(void)snprintf(out, CLOCK_TEXT, "%s%llu%c %llu%c", sign,
		    (unsigned long long)big, u->letter,
		    (unsigned long long)small, u[1].letter);
	else
		(void)snprintf(out, CLOCK_TEXT, "%s%llu%c", sign,
		    (unsigned long long)big, u->letter);
	return out;
}

/* ±HH:MM or Z at the end of an RFC 3339 time; seconds east of UTC. */
static int
parse_zone(const char *text, int64_t *ret_east)
{
	unsigned hours, minutes;
	int used = 0;

	if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
		*ret_east = 0;
		return 0;
	}
	if (text[0] != '+' && text[0] != '-')
		return -1;
	if (sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2 ||
	    text[1 + used] != '\0' || hours > 23 || minutes > 59)
		return -1;
	*ret_east = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	if (text[0] == '-')
		*ret_east = -*ret_east;
	return 0;
}

/* timegm() makes 2 March of 30 February. */
static bool
is_date(const struct tm *tm)
{
	struct tm day = {.tm_year = tm->tm_year,
	    .tm_mon = tm->tm_mon,
	    .tm_mday = tm->tm_mday};

	(void)timegm(&day);
	return day.tm_mday == tm->tm_mday;
}

int
clock_parse(const char *text, int64_t *ret_at)
{
	struct tm tm;
	const char *rest;
	int64_t east;
	time_t at;

	memset(&tm, 0, sizeof(tm));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL || !is_date(&tm))
		return -1;
	if (*rest == '.') {
		rest++;
		while (isdigit((unsigned char)*rest))
			rest++;
	}
	if (parse_zone(rest, &east) != 0)
		return -1;
	at = timegm(&tm);
	if (at == (time_t)-1)
		return -1;
	*ret_at = (int64_t)at - east;
	return 0;
}

int
clock_parse_span(const char *text, int64_t *ret_seconds)
{
	const int64_t most = 200 * 365 * CLOCK_DAY;
	int64_t value = 0, unit = 1;
	size_t i;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (*text - '0');
		if (value > most)
			return -1;
	}
	if (*text != '\0') {
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (units[i].letter == *text)
				break;
		if (i == sizeof(units) / sizeof(units[0]) || text[1] != '\0')
			return -1;
		unit = units[i].seconds;
	}
	if (value > most / unit)
		return -1;
	*ret_seconds = value * unit;
	return 0;
}
