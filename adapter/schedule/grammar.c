/* What the words of a schedule mean, for people. */
#include "schedule.h"

static const struct schedule_word words[] = {
    {"daily, weekly, monthly, yearly, every N days (weeks, months, years)",
	"When, the first word of all. Every so many count from the date behind "
	"\"from\", else from 1970-01-01; weeks begin on Monday."},
    {"once on DATE", "On 2026-11-05 and never again."},
    {"hourly, every 15m, every 4h",
	"All day long: short for \"daily at 00:00 repeat 4h\"."},
    {"at start, when reachable, immediately",
	"When serve starts; when a device that was away answers; once, when the "
	"schedule is given to devices."},
    {"on mon-fri,sun", "With weekly: its days."},
    {"on 1,15,last; on first,third thu; on last fri",
	"With monthly and yearly: days of the month, or the first to fifth or "
	"last of the weekdays. A month without such a day is left out: \"last\" "
	"is in every one."},
    {"of nov,dec", "In these months only."},
    {"at HH:MM[:SS],...", "The time of day, up to 24 of them."},
    {"Europe/Berlin, UTC",
	"The time zone: a name of tzdata, where none is the adapter's own. A "
	"time that is left out when clocks go forward is the first instant "
	"after the gap; one that there is twice is the first of both. None "
	"runs twice, none is left out."},
    {"from DATE, until DATE", "Between these days, both included."},
    {"repeat 4h for 23h",
	"Again after so long, in hours that pass, whatever clocks are set "
	"to; without \"for\" until the same time of the next day."},
    {"random 4h",
	"Each device so much later at most, always by the same amount, which "
	"comes from its UUID or name; not beyond the end of a window. 23h at "
	"most."},
    {"missed run [after 10m], missed skip",
	"What was due while serve was down is done once, as soon as it is up, "
	"or so much later; or is left out. Whatever begins within 5 minutes of "
	"its time was not missed."},
    {"stop after 2h", "What has not begun by then waits for the next run."},
    {"only mon-fri 22:00-05:00, sat, sun",
	"Maintenance windows; one over midnight belongs to the day it begins "
	"on. A run outside of them counts as missed: it is at the next "
	"opening, together with others, or left out."},
    {"except 2026-12-20..2027-01-06, 2027-05-01T12:00..2027-05-02T06:00",
	"No run begins then; a run then counts as missed, too."},
    {"after 10m, not within 24h",
	"With \"at start\" and \"when reachable\": so much later, and not if the "
	"one before began within this time."},
    {"0 3 * * 1-5, @daily, period:weekly?h=3&m=0&f=1&dw=MONDAY",
	"Five fields of cron, its words, and ePO's schedule of a server task "
	"stand for all up to the time; other words may follow."},
};

const struct schedule_word *
schedule_word(size_t i)
{
	return i < sizeof(words) / sizeof(words[0]) ? &words[i] : NULL;
}
