/* Days since 1970-01-01 and their names, by the calendar of ISO 8601. */
#include "schedule_internal.h"

#define ERA_DAYS 146097 /* of 400 years */

int64_t
date_floor(int64_t value, int64_t by)
{
	int64_t q = value / by;

	return q * by > value ? q - 1 : q;
}

/* Years begin in March here, so that leap days are their last. */
int64_t
date_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = date_floor(y, 400);
	int64_t of_era = y - era * 400, shifted = (month + 9) % 12;
	int64_t of_year = (153 * shifted + 2) / 5 + day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

struct date
date_of(int64_t days)
{
	int64_t z = days + 719468, era = date_floor(z, ERA_DAYS);
	int64_t left = z - era * ERA_DAYS;
	int64_t year =
	    (left - left / 1460 + left / 36524 - left / (ERA_DAYS - 1)) / 365;
	int64_t of_year = left - (365 * year + year / 4 - year / 100);
	int64_t shifted = (5 * of_year + 2) / 153;
	struct date d;

	d.day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
	d.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	d.year = era * 400 + year + (d.month <= 2 ? 1 : 0);
	return d;
}

int
date_weekday(int64_t days)
{
	int64_t shifted = days + 3; /* 1970-01-01 was a Thursday */

	return (int)(shifted - date_floor(shifted, 7) * 7);
}

int
date_month_days(int64_t year, int month)
{
	static const int lengths[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}
