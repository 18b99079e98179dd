/*
 * ePO's schedule URI, as exports of server tasks have it:
 * "period:yearly?h=1&m=0&f=1&mo=JANUARY" was seen. The other periods, and d
 * (day of the month or LAST), dw (days of the week), n (FIRST to LAST of them),
 * are inferred from the console's choices. Start and end dates are beside it
 * there, and the time is the server's.
 */
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "err.h"
#include "schedule_internal.h"
#include "str.h"

#define BLANKS " \t\r\n\v\f"

static const struct period {
	const char *name;
	enum kind kind;
} periods[] = {
    {"daily", KIND_DAILY},
    {"weekly", KIND_WEEKLY},
    {"monthly", KIND_MONTHLY},
    {"yearly", KIND_YEARLY},
};
#define PERIODS (sizeof(periods) / sizeof(periods[0]))

/* A piece of the URI. */
struct piece {
	const char *text;
	size_t len;
};

struct uri {
	int64_t hour, minute, every;
	bool hourly;
};

static bool
is_text(const struct piece *t, const char *word)
{
	return t->len == strlen(word) &&
	    strncasecmp(t->text, word, t->len) == 0;
}

static bool
piece_number(const struct piece *t, int64_t least, int64_t most, int64_t *ret)
{
	char number[16];

	if (t->len == 0 || t->len >= sizeof(number))
		return false;
	memcpy(number, t->text, t->len);
	number[t->len] = '\0';
	return str_int(number, least, most, ret) == 0;
}

/* --- reading --- */

static bool
take_name(struct schedule *s, const struct piece *key, const struct piece *word)
{
	int64_t number;
	int i;

	if (is_text(key, "mo")) {
		i = word_find(WORD_MONTH, word->text, word->len);
		s->months |= i >= 0 ? 1U << i : 0;
		return i >= 0;
	}
	if (is_text(key, "dw")) {
		i = word_find(WORD_WEEKDAY, word->text, word->len);
		s->weekdays |= i >= 0 ? 1U << i : 0;
		return i >= 0;
	}
	if (is_text(key, "n")) {
		i = word_find(WORD_ORDINAL, word->text, word->len);
		s->ordinals |= i >= 0 ? 1U << i : 0;
		return i >= 0;
	}
	if (is_text(word, "last")) {
		s->days |= DAYS_LAST;
		return true;
	}
	if (!piece_number(word, 1, 31, &number))
		return false;
	s->days |= UINT32_C(1) << number;
	return true;
}

static int
take_pair(struct parse *p, struct uri *u, const struct piece *key,
    const struct piece *value)
{
	struct piece word = {value->text, 0};
	const char *end = value->text + value->len;
	bool good = true;

	if (is_text(key, "h"))
		good = piece_number(value, 0, 23, &u->hour);
	else if (is_text(key, "m"))
		good = piece_number(value, 0, 59, &u->minute);
	else if (is_text(key, "f"))
		good = piece_number(value, 1, SCHEDULE_EVERY_MAX, &u->every);
	else if (is_text(key, "mo") || is_text(key, "dw") ||
	    is_text(key, "n") || is_text(key, "d"))
		for (; good && word.text <= end; word.text += word.len + 1) {
			word.len = strcspn(word.text, "," BLANKS "&");
			good = take_name(p->s, key, &word);
		}
	else
		return parse_fail(p, key->text,
		    "wanted h, m, f, mo, d, dw or n of a schedule URI");
	if (!good)
		return parse_fail(p, value->text,
		    "not a value that this can have in a schedule URI");
	return 0;
}

static int
take_pairs(struct parse *p, struct uri *u, const char *at)
{
	struct piece key, value;

	while (strchr(BLANKS, *at) == NULL) { /* the end counts as one */
		key.text = at;
		key.len = strcspn(at, "=&" BLANKS);
		at += key.len;
		if (*at != '=')
			return parse_fail(
			    p, at, "wanted = and a value in a schedule URI");
		value.text = ++at;
		value.len = strcspn(at, "&" BLANKS);
		at += value.len;
		if (take_pair(p, u, &key, &value) != 0)
			return -1;
		at += *at == '&' ? 1 : 0;
	}
	return 0;
}

static int
take_period(struct parse *p, struct uri *u, const char *at, size_t len)
{
	const struct piece name = {at, len};
	size_t i;

	u->hourly = is_text(&name, "hourly");
	if (u->hourly)
		return 0;
	for (i = 0; i < PERIODS; i++)
		if (is_text(&name, periods[i].name)) {
			p->s->kind = periods[i].kind;
			return 0;
		}
	return parse_fail(
	    p, at, "wanted period:hourly, daily, weekly, monthly or yearly");
}

static bool
days_fit(const struct schedule *s)
{
	if (s->days != 0 && (s->weekdays != 0 || s->kind < KIND_MONTHLY))
		return false;
	if (s->weekdays == 0)
		return s->ordinals == 0;
	return s->kind != KIND_DAILY &&
	    (s->kind == KIND_WEEKLY) == (s->ordinals == 0);
}

int
epo_parse(struct parse *p, const char **ret_rest)
{
	struct uri u = {.every = 1};
	const char *at = *ret_rest + strlen("period:");
	size_t len = strcspn(at, "?" BLANKS);
	struct schedule *s = p->s;

	if (take_period(p, &u, at, len) != 0)
		return -1;
	at += len;
	if (take_pairs(p, &u, at + (*at == '?' ? 1 : 0)) != 0)
		return -1;
	s->times[s->time_count++] =
	    (u.hourly ? 0 : u.hour * 3600) + u.minute * 60;
	s->every = u.every;
	if (u.hourly) {
		if (u.every > 12)
			return parse_fail(p, at, "every 12 hours at most");
		s->every = 1;
		s->repeat = u.every * 3600;
	}
	if (!days_fit(s))
		return parse_fail(p, at, "days that do not fit the period");
	p->day_of_start = true;
	*ret_rest = at + strcspn(at, BLANKS);
	return 0;
}

/* --- writing --- */

static const char *
without_word(const struct schedule *s)
{
	if (s->kind >= KIND_ONCE)
		return "only what recurs";
	if (s->time_count > 1)
		return "one time a day";
	if (s->times[0] % 60 != 0)
		return "no seconds";
	if (s->repeat != 0 &&
	    (s->repeat % 3600 != 0 || s->repeat_for != 0 ||
		s->kind != KIND_DAILY || s->times[0] >= 3600 || s->every != 1))
		return "repetition all day long in whole hours only";
	if (s->zone_name != NULL)
		return "no time zone";
	if (s->random != 0 || s->stop != 0 || s->missed_after != 0)
		return "neither random nor stop nor delay";
	if (s->skip)
		return "no \"missed skip\"";
	if (s->window_count != 0 || s->except_count != 0)
		return "neither windows nor exceptions";
	return NULL;
}

static void
write_names(
    struct buf *out, const char *key, enum word_list list, unsigned bits)
{
	static const char *const months[] = {"JANUARY", "FEBRUARY", "MARCH",
	    "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
	    "NOVEMBER", "DECEMBER"};
	static const char *const weekdays[] = {"MONDAY", "TUESDAY", "WEDNESDAY",
	    "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};
	static const char *const ordinals[] = {
	    "FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "LAST"};
	const char *const *const names[] = {[WORD_MONTH] = months,
	    [WORD_WEEKDAY] = weekdays,
	    [WORD_ORDINAL] = ordinals};
	const char *sep = "=";
	unsigned i;

	if (bits == 0)
		return;
	buf_printf(out, "&%s", key);
	for (i = 0; bits >> i != 0; i++) {
		if ((bits >> i & 1U) == 0)
			continue;
		buf_printf(out, "%s%s", sep, names[list][i]);
		sep = ",";
	}
}

static void
write_numbers(struct buf *out, uint32_t days)
{
	const char *sep = "=";
	unsigned i;

	if (days == 0)
		return;
	buf_str(out, "&d");
	for (i = 1; i <= 31; i++) {
		if ((days >> i & 1U) == 0)
			continue;
		buf_printf(out, "%s%u", sep, i);
		sep = ",";
	}
	if ((days & DAYS_LAST) != 0)
		buf_printf(out, "%sLAST", sep);
}

int
schedule_to_epo(const struct schedule *s, struct buf *out, struct err *err)
{
	const char *what = without_word(s);
	long long hour, minute;

	if (what != NULL)
		return err_set(err, ERR_REFUSED,
		    "a schedule of ePO's server tasks has %s", what);
	hour = s->times[0] / 3600;
	minute = s->times[0] / 60 % 60;
	if (s->repeat != 0)
		buf_printf(out, "period:hourly?m=%lld&f=%lld", minute,
		    (long long)(s->repeat / 3600));
	else
		buf_printf(out, "period:%s?h=%lld&m=%lld&f=%lld",
		    periods[s->kind].name, hour, minute, (long long)s->every);
	write_names(out, "n", WORD_ORDINAL, s->ordinals);
	write_names(out, "dw", WORD_WEEKDAY, s->weekdays);
	write_numbers(out, s->days);
	write_names(out, "mo", WORD_MONTH, s->months);
	return 0;
}
