/* Names of weekdays and months, and ordinals. */
#include <string.h>
#include <strings.h>

#include "schedule_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const weekdays[] = {"monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday"};
static const char *const months[] = {"january", "february", "march", "april",
    "may", "june", "july", "august", "september", "october", "november",
    "december"};
static const char *const ordinals[] = {
    "first", "second", "third", "fourth", "fifth", "last"};
static const char *const ordinals_short[] = {
    "1st", "2nd", "3rd", "4th", "5th", "last"};
static const char *const weekdays_short[] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const months_short[] = {"jan", "feb", "mar", "apr", "may",
    "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

static const struct list {
	const char *const *whole, *const *brief;
	size_t count;
} lists[] = {
    [WORD_WEEKDAY] = {weekdays, weekdays_short, COUNT(weekdays)},
    [WORD_MONTH] = {months, months_short, COUNT(months)},
    [WORD_ORDINAL] = {ordinals, ordinals_short, COUNT(ordinals)},
};

static bool
is_word(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

int
word_find(enum word_list list, const char *word, size_t len)
{
	const struct list *l = &lists[list];
	size_t i;

	for (i = 0; i < l->count; i++)
		if (is_word(word, len, l->whole[i]) ||
		    is_word(word, len, l->brief[i]) ||
		    /* "tues", "thurs", "sept" */
		    (list != WORD_ORDINAL && len > 3 &&
			len < strlen(l->whole[i]) &&
			strncasecmp(word, l->whole[i], len) == 0))
			return (int)i;
	return -1;
}

/* As written in the canonical text. */
const char *
word_name(enum word_list list, int i)
{
	const struct list *l = &lists[list];

	return list == WORD_ORDINAL ? l->whole[i] : l->brief[i];
}
