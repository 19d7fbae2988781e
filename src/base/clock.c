// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

static const int64_t NANOS = 1000000000;

/* For intermediate values that may exceed int64_t although the result fits. */
__extension__ typedef __int128 wide;

int lt_time_cmp(struct lt_time a, struct lt_time b)
{
    if (a.sec != b.sec)
        return a.sec < b.sec ? -1 : 1;
    return (a.nsec > b.nsec) - (a.nsec < b.nsec);
}

void lt_time_widen(struct lt_time *first, struct lt_time *last, struct lt_time time)
{
    if (!time.set)
        return;
    if (!first->set || lt_time_cmp(time, *first) < 0)
        *first = time;
    if (!last->set || lt_time_cmp(time, *last) > 0)
        *last = time;
}

bool lt_time_nanos(struct lt_time time, int64_t *out)
{
    wide nanos = (wide)time.sec * NANOS + time.nsec;
    *out = (int64_t)nanos;
    return nanos >= INT64_MIN && nanos <= INT64_MAX;
}

int64_t lt_time_diff(struct lt_time a, struct lt_time b)
{
    wide nanos = ((wide)b.sec - a.sec) * NANOS + b.nsec - a.nsec;
    if (nanos > INT64_MAX)
        return INT64_MAX;
    return nanos < INT64_MIN ? INT64_MIN : (int64_t)nanos;
}

struct lt_time lt_time_add(struct lt_time time, int64_t nanoseconds)
{
    int64_t sec = nanoseconds / NANOS, nsec = nanoseconds % NANOS + time.nsec;
    if (nsec < 0) {
        nsec += NANOS;
        sec--;
    } else if (nsec >= NANOS) {
        nsec -= NANOS;
        sec++;
    }
    if (__builtin_add_overflow(time.sec, sec, &sec))
        return time;
    return lt_time_at(sec, (uint32_t)nsec);
}

static int64_t floor_div(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* The next two are the well-known conversions between days and calendar dates, in 400-year eras that begin on 1
 * March. */
int64_t lt_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct lt_civil *out)
{
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* months since March */
    out->day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    out->month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    out->year = year_of_era + era * 400 + (out->month <= 2);
}

struct lt_civil lt_civil_from(int64_t sec)
{
    int64_t days = floor_div(sec, 86400);
    unsigned rest = (unsigned)((sec % 86400 + 86400) % 86400);
    struct lt_civil civil = {.hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60};
    civil_from_days(days, &civil);
    return civil;
}

unsigned lt_days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Write `number` as `count` zero-padded digits and return the end. */
static char *put_digits(char *out, uint32_t number, unsigned count)
{
    for (unsigned i = count; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

static char *put_pair(char *out, char before, unsigned number)
{
    *out++ = before;
    *out++ = (char)('0' + number / 10);
    *out++ = (char)('0' + number % 10);
    return out;
}

void lt_time_iso(struct lt_buf *out, struct lt_time time, unsigned digits)
{
    struct lt_civil civil = lt_civil_from(time.sec);
    char text[32], *end = text; /* by hand, because this is a large part of the cost of a row */
    if (civil.year < LT_YEAR_MIN || civil.year > LT_YEAR_MAX) {
        lt_buf_char(out, '@');
        lt_buf_int(out, time.sec);
    } else {
        end = put_digits(end, (uint32_t)civil.year, 4);
        end = put_pair(end, '-', civil.month);
        end = put_pair(end, '-', civil.day);
        end = put_pair(end, 'T', civil.hour);
        end = put_pair(end, ':', civil.minute);
        end = put_pair(end, ':', civil.second);
    }
    if (digits) {
        uint32_t fraction = time.nsec;
        for (unsigned i = digits; i < 9; i++)
            fraction /= 10;
        *end++ = '.';
        end = put_digits(end, fraction, digits);
    }
    lt_buf_add(out, (struct lt_str){text, (size_t)(end - text)});
}

void lt_time_zone(struct lt_buf *out, int32_t offset)
{
    uint32_t rest = offset < 0 ? (uint32_t)-offset : (uint32_t)offset;
    char text[16], *end = put_pair(text, offset < 0 ? '-' : '+', rest / 3600);
    end = put_pair(end, ':', rest / 60 % 60);
    if (rest % 60)
        end = put_pair(end, ':', rest % 60);
    lt_buf_add(out, (struct lt_str){text, (size_t)(end - text)});
}

bool lt_time_is_stock(struct lt_time time)
{
    enum { ZIP = 315532800, DAY = 86400, NPM = 499162500 };
    bool start = time.sec >= 0 && time.sec <= 1, zip = time.sec >= ZIP - DAY && time.sec <= ZIP + DAY;
    return time.set && !time.nsec && (start || zip || time.sec == NPM);
}

struct lt_time lt_time_first_containers(void)
{
    enum { DAY = 86400 };
    return lt_time_at(lt_days_from_civil(2013, 3, 1) * DAY, 0);
}

int64_t lt_time_micros(struct lt_time time, bool round)
{
    wide micros = (wide)time.sec * 1000000 + time.nsec / 1000;
    unsigned rest = time.nsec % 1000;
    /* Half away from zero: at .5, up for positive values and down for negative ones. */
    if (round && (rest > 500 || (rest == 500 && micros >= 0)))
        micros++;
    if (micros > INT64_MAX)
        return INT64_MAX;
    return micros < INT64_MIN ? INT64_MIN : (int64_t)micros;
}
