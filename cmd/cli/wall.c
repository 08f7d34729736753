/* SPDX-License-Identifier: MIT */
/* wall.c - wall clock times, as Go prints them. Command layer. */
#include "wall.h"

#include <time.h>

#include "out.h"
#include "units.h"

enum {
	DAY_SECONDS = 86400,
	ERA_DAYS = 146097,      /* 400 years: the calendar repeats, weekdays too */
	ERA_YEARS = 400,
};

/*
 * Go counts seconds from March 1 of the year -292277022400 on, modulo 2^64
 * (time/time.go, absoluteToInternal): damaged clocks are printed as Go prints them.
 */
#define ZERO_YEAR INT64_C(-292277022400)
#define ZERO_DAYS_BEFORE_1970                                                                   \
	(UINT64_C(292277022400) / ERA_YEARS * ERA_DAYS + UINT64_C(719468))

/*
 * How many seconds east of UTC the local time zone is at this time. In years of more
 * than four digits the C library forgets summer time, and later it fails: for them the
 * zone's rules are taken to repeat with the calendar.
 */
static int64_t zone_offset(int64_t sec)
{
	const int64_t era = (int64_t)ERA_DAYS * DAY_SECONDS;
	time_t t = (time_t)sec;
	struct tm tm;

	if (sec > 20 * era)
		t = (time_t)(sec % era + 2 * era);
	else if (sec < -20 * era)
		t = (time_t)(sec % era - 2 * era);
	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

/* The date of a day counted from March 1 of ZERO_YEAR. */
static char *put_date(char *p, uint64_t days)
{
	uint64_t day_of_era = days % ERA_DAYS;
	uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				day_of_era / 146096) / 365;
	uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
					     year_of_era / 100);
	uint64_t march_month = (5 * day_of_year + 2) / 153;
	uint64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
	int64_t year = ZERO_YEAR + (int64_t)(days / ERA_DAYS * ERA_YEARS + year_of_era) +
		       (month <= 2);
	uint64_t digits = year < 0 ? -(uint64_t)year : (uint64_t)year;

	if (year < 0)
		p = put_char(p, '-');
	p = digits < 10000 ? put_padded(p, digits, 4) : put_u64(p, digits);
	p = put_char(p, '-');
	p = put_padded(p, month, 2);
	p = put_char(p, '-');
	return put_padded(p, day_of_year - (153 * march_month + 2) / 5 + 1, 2);
}

static char *put_fraction(char *p, uint64_t nsec)
{
	if (nsec == 0)
		return p;
	p = put_char(p, '.');
	p = put_padded(p, nsec, 9);
	while (p[-1] == '0')
		p--;
	return p;
}

static char *put_zone(char *p, int64_t offset)
{
	int64_t minutes = offset / 60;
	uint64_t size = (uint64_t)(minutes < 0 ? -minutes : minutes);

	if (offset == 0)
		return put_char(p, 'Z');
	p = put_char(p, minutes < 0 ? '-' : '+');
	p = put_padded(p, size / 60, 2);
	p = put_char(p, ':');
	return put_padded(p, size % 60, 2);
}

/* time/time.go, Unix: nanoseconds out of range are carried into the seconds. */
static int64_t carry(uint64_t *sec, int64_t nsec)
{
	*sec += (uint64_t)(nsec / NS_PER_SECOND);
	nsec %= NS_PER_SECOND;
	if (nsec < 0) {
		nsec += NS_PER_SECOND;
		*sec -= 1;
	}
	return nsec;
}

char *put_wall(char *p, const struct tt_clock *clock, bool utc)
{
	uint64_t sec = clock->wall_sec;
	int64_t nsec = carry(&sec, (int64_t)clock->wall_nsec);
	int64_t offset = utc ? 0 : zone_offset((int64_t)sec);
	uint64_t abs = sec + (uint64_t)offset + ZERO_DAYS_BEFORE_1970 * DAY_SECONDS;
	uint64_t second = abs % DAY_SECONDS;

	p = put_date(p, abs / DAY_SECONDS);
	p = put_char(p, 'T');
	p = put_padded(p, second / 3600, 2);
	p = put_char(p, ':');
	p = put_padded(p, second / 60 % 60, 2);
	p = put_char(p, ':');
	p = put_padded(p, second % 60, 2);
	p = put_fraction(p, (uint64_t)nsec);
	return put_zone(p, offset);
}
