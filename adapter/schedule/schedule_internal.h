#ifndef SCHEDULE_INTERNAL_H_
#define SCHEDULE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schedule.h"

/* --- the calendar (date.c): days since 1970-01-01, proleptic Gregorian --- */

#define DAY CLOCK_DAY
#define DATE_NONE INT64_MIN
#define DATE_YEAR_MIN 1970
#define DATE_YEAR_MAX 2500

struct date {
	int64_t year;
	int month, day; /* from 1 */
};
int64_t date_days(int64_t year, int month, int day);
struct date date_of(int64_t days);
int date_weekday(int64_t days); /* 0: Monday */
int date_month_days(int64_t year, int month);
int64_t date_floor(int64_t value, int64_t by); /* division downwards */

/* --- time zones (zone.c, tzif.c, posix_zone.c) --- */

struct zone;
/* By its name in tzdata, shared by all that use it; NULL: the adapter's own.
 * ERR_NOTFOUND, ERR_STORAGE. */
int zone_take(const char *name, struct zone **ret_zone, struct err *err);
void zone_drop(struct zone *z); /* NULL is allowed */
/* As str_near(), of the names that tzdata lists. */
char *zone_near(const char *name);
/* Seconds east of UTC in force at t, and the instant when that may end. */
int64_t zone_offset(const struct zone *z, int64_t t, int64_t *ret_until);
/* The first instant with this local time (seconds as if it were UTC); in a gap
 * its end. */
int64_t zone_instant(const struct zone *z, int64_t local);

/* The rule at a TZif file's end (POSIX TZ). */
struct posix_day {
	enum { POSIX_JULIAN, POSIX_ZERO, POSIX_WEEK } form;
	int day, month, week, weekday; /* 0: Sunday */
	int64_t time;
};
struct posix_zone {
	bool given, dst;
	int64_t standard, summer; /* offsets */
	struct posix_day begin, end;
};
int posix_zone_parse(const char *text, struct posix_zone *ret);
int64_t posix_zone_offset(
    const struct posix_zone *p, int64_t t, int64_t *ret_until);

struct change {
	int64_t at;
	int64_t offset; /* from then on */
};
struct tzif {
	struct change *changes; /* owned */
	size_t count;
	int64_t first; /* offset before the first of them */
	struct posix_zone rule;
};
/* RFC 8536, version 2 and later. */
int tzif_parse(const uint8_t *bytes, size_t len, struct tzif *ret);

/* --- words (words.c) --- */

enum word_list { WORD_WEEKDAY, WORD_MONTH, WORD_ORDINAL };
/* Of "mon", "Monday", "november", "1st": its place from 0; -1. */
int word_find(enum word_list list, const char *word, size_t len);
const char *word_name(enum word_list list, int i);
#define ORDINAL_LAST 5
#define WEEKDAYS_ALL 0x7fU
#define MONTHS_ALL 0xfffU

/* --- a schedule --- */

enum kind {
	KIND_DAILY,
	KIND_WEEKLY,
	KIND_MONTHLY,
	KIND_YEARLY,
	KIND_ONCE,
	KIND_START,
	KIND_REACHABLE,
	KIND_NOW
};

struct window {
	unsigned days; /* a bit per weekday */
	int from, to;  /* minutes of the day; to <= from: of the next one */
};
struct except {
	int64_t from, to;     /* local seconds, to not included */
	int64_t begins, ends; /* instants */
};

#define DAYS_LAST 1U /* bit 0 of days, beside bits 1 to 31 */
struct schedule {
	enum kind kind;
	int64_t every;
	unsigned weekdays, ordinals, months; /* a bit each; months 0: all */
	uint32_t days;
	int64_t times[SCHEDULE_TIMES_MAX]; /* seconds of the day, sorted */
	size_t time_count;
	int64_t from, until;	    /* days, or DATE_NONE; of KIND_ONCE: from */
	int64_t repeat, repeat_for; /* 0: none, to the next day */
	int64_t random, stop, after, apart;
	bool skip; /* missed ones */
	int64_t missed_after;
	struct window *windows;
	size_t window_count;
	struct except *excepts; /* sorted, apart from each other */
	size_t except_count;
	char *zone_name; /* NULL: the adapter's own */
	struct zone *zone;
	char *text;
};

/* Canonical text of everything else (text.c); given. */
char *schedule_write(const struct schedule *s);
void schedule_write_date(struct buf *out, int64_t days);
void schedule_write_span(struct buf *out, int64_t seconds);
/* "2026-12-24..2026-12-26" */
void schedule_write_except(struct buf *out, int64_t from, int64_t to);

/* --- reading (parse_value.c, parse.c and what is beside) --- */

struct token {
	const char *text; /* into the whole */
	size_t len;
};
struct parse {
	const char *text;
	struct token *tokens; /* words and commas; ends with an empty one */
	size_t at, count;
	unsigned seen;	   /* clauses, a bit each */
	bool day_of_start; /* where no day is said, that of "from" */
	struct schedule *s;
	struct err *err;
};
/* "character 12: ..."; -1. */
int parse_fail(struct parse *p, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Into words and commas, from there on. */
int parse_split(struct parse *p, const char *from);
const struct token *parse_peek(const struct parse *p);
bool parse_is(const struct parse *p, const char *word);
/* Take the token if it is this word, in any case. */
bool parse_take(struct parse *p, const char *word);
/* A token's text, cut when longer. */
#define TOKEN_MAX 128
const char *token_text(const struct token *t, char out[TOKEN_MAX]);
int parse_span(struct parse *p, int64_t least, int64_t most, int64_t *ret);
int parse_number(struct parse *p, int64_t least, int64_t most, int64_t *ret);
int parse_date(struct parse *p, int64_t *ret_days);
/* The same of len characters. */
bool text_date(const char *text, size_t len, int64_t *ret_days);
bool text_time(const char *text, size_t len, int64_t *ret_seconds);
/* "mon", "mon-fri": bits. */
bool text_range(
    enum word_list list, const char *text, size_t len, unsigned *ret_bits);

int parse_when(struct parse *p); /* parse_when.c */
int parse_on(struct parse *p);
int parse_months(struct parse *p);
int parse_windows(struct parse *p); /* parse_place.c */
int parse_excepts(struct parse *p);
void except_settle(struct schedule *s);
int parse_check(struct parse *p); /* parse_check.c: the whole, at its end */
/* Sugar (cron.c, epo.c): the beginning of the text; *ret_rest is where words
 * begin. */
bool cron_is(const char *text);
int cron_parse(struct parse *p, const char **ret_rest);
int epo_parse(struct parse *p, const char **ret_rest);

/* --- evaluation (next.c, allowed.c) --- */

/* As schedule_next(), without windows and exceptions. */
int64_t next_nominal(const struct schedule *s, int64_t after);
bool allowed_at(const struct schedule *s, int64_t at);
/* Of an instant when work is not allowed: since when; INT64_MIN: longer than
 * ten years. */
int64_t closed_since(const struct schedule *s, int64_t at);
#endif
