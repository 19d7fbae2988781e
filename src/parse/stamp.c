// SPDX-License-Identifier: Apache-2.0
#include "parse/stamp.h"

#include <string.h>

static const int64_t GO_ZERO = -62135596800; /* 0001-01-01T00:00:00Z (Go time.Time{}) */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Take exactly `count` digits off `text`. */
static bool take_number(struct lt_str *text, unsigned count, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < count; i++, *text = lt_str_skip(*text, 1)) {
        if (!text->len || !is_digit(text->ptr[0]))
            return false;
        *out = *out * 10 + (unsigned)(text->ptr[0] - '0');
    }
    return true;
}

static bool take_char(struct lt_str *text, const char *allowed)
{
    if (!text->len || !text->ptr[0] || !strchr(allowed, text->ptr[0]))
        return false;
    *text = lt_str_skip(*text, 1);
    return true;
}

/* Read ".123" as nanoseconds; digits after the ninth are dropped. A missing fraction is 0. */
static bool take_fraction(struct lt_str *text, uint32_t *nsec)
{
    *nsec = 0;
    if (!take_char(text, "."))
        return true;
    uint32_t unit = 100000000;
    size_t before = text->len;
    while (text->len && is_digit(text->ptr[0])) {
        *nsec += unit * (uint32_t)(text->ptr[0] - '0');
        unit /= 10;
        *text = lt_str_skip(*text, 1);
    }
    return text->len != before;
}

/* "Z" or "+01:00"; if `lenient`, also "UTC", "+0100" and "+01", with optional spaces before it. */
static bool take_zone(struct lt_str *text, bool lenient, int *minutes)
{
    *minutes = 0;
    if (lenient)
        *text = lt_str_trim(*text);
    if (take_char(text, "Zz"))
        return true;
    if (lenient && lt_str_eq(*text, LT_STR("UTC"))) {
        *text = lt_str_skip(*text, 3);
        return true;
    }
    bool west = text->len && text->ptr[0] == '-';
    unsigned hour, minute = 0;
    if (!take_char(text, "+-") || !take_number(text, 2, &hour))
        return false;
    bool colon = take_char(text, ":");
    if ((colon || !lenient || text->len) && !((colon || lenient) && take_number(text, 2, &minute)))
        return false;
    *minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
    return hour <= 23 && minute <= 59;
}

static bool take_date(struct lt_str *text, int64_t *days)
{
    unsigned year, month, day;
    if (!take_number(text, 4, &year) || !take_char(text, "-") || !take_number(text, 2, &month) ||
        !take_char(text, "-") || !take_number(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > lt_days_in_month(year, month))
        return false;
    *days = lt_days_from_civil(year, month, day);
    return true;
}

/* "hh:mm" and ":ss" (optional if `lenient`). A leap second, :60, is the first second of the next minute. */
static bool take_clock(struct lt_str *text, bool lenient, unsigned *seconds)
{
    unsigned hour, minute, second = 0;
    if (!take_number(text, 2, &hour) || !take_char(text, ":") || !take_number(text, 2, &minute))
        return false;
    if (take_char(text, ":") ? !take_number(text, 2, &second) : !lenient)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60;
}

static bool parse(struct lt_str text, bool lenient, struct lt_time *out, int *zone)
{
    int64_t days;
    unsigned seconds = 0;
    uint32_t nsec = 0;
    *zone = 0;
    if (!take_date(&text, &days))
        return false;
    if (text.len || !lenient) {
        if (!take_char(&text, lenient ? "Tt " : "Tt") || !take_clock(&text, lenient, &seconds) ||
            !take_fraction(&text, &nsec))
            return false;
        if (!(lenient && !text.len) && !take_zone(&text, lenient, zone))
            return false;
    }
    *out = lt_time_at(days * 86400 + seconds - (int64_t)*zone * 60, nsec);
    return !text.len;
}

enum lt_status lt_stamp_zoned(struct lt_str text, struct lt_time *out, int *minutes, struct lt_err *err)
{
    *out = (struct lt_time){0};
    if (!text.len)
        return LT_END;
    struct lt_time time;
    if (!parse(text, false, &time, minutes))
        return lt_fail(err, LT_SKIP, LT_CODE_BAD_TIME, 0, "no RFC 3339 time: '%.*s'",
                       (int)(text.len < 80 ? text.len : 80), text.ptr);
    if (time.sec == GO_ZERO && time.nsec == 0)
        return LT_END;
    *out = time;
    return LT_OK;
}

enum lt_status lt_stamp_rfc3339(struct lt_str text, struct lt_time *out, struct lt_err *err)
{
    int minutes;
    return lt_stamp_zoned(text, out, &minutes, err);
}

static uint64_t big_endian(struct lt_str bytes, size_t at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = at; i < at + size; i++)
        number = number << 8 | (unsigned char)bytes.ptr[i];
    return number;
}

enum lt_status lt_stamp_go_binary(struct lt_str bytes, struct lt_time *out)
{
    enum { VERSION = 2, SIZE = 15 }; /* the newest version, and the size of version 1 */
    *out = (struct lt_time){0};
    unsigned version = bytes.len ? (unsigned char)bytes.ptr[0] : 0;
    if (version < 1 || version > VERSION || bytes.len != SIZE + version - 1)
        return LT_SKIP;
    int64_t sec;
    uint32_t nsec = (uint32_t)big_endian(bytes, 9, 4);
    if (nsec >= 1000000000 || __builtin_add_overflow((int64_t)big_endian(bytes, 1, 8), GO_ZERO, &sec))
        return LT_SKIP;
    if (sec == GO_ZERO && !nsec)
        return LT_END;
    *out = lt_time_at(sec, nsec);
    return LT_OK;
}

static bool parse_epoch(struct lt_str text, struct lt_time *out)
{
    bool negative = take_char(&text, "-");
    int64_t sec = 0;
    uint32_t nsec;
    if (!text.len || !is_digit(text.ptr[0]))
        return false;
    for (; text.len && is_digit(text.ptr[0]); text = lt_str_skip(text, 1))
        if (__builtin_mul_overflow(sec, 10, &sec) || __builtin_add_overflow(sec, text.ptr[0] - '0', &sec))
            return false;
    if (!take_fraction(&text, &nsec) || text.len)
        return false;
    *out = negative && nsec ? lt_time_at(-sec - 1, 1000000000 - nsec) : lt_time_at(negative ? -sec : sec, nsec);
    return true;
}

/* Take a unit and return its nanoseconds; 0 if there is none. */
static int64_t take_unit(struct lt_str *text)
{
    static const struct {
        const char *name;
        int64_t nanos;
    } units[] = {
        {"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"min", 60000000000},  {"s", 1000000000},
        {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}, {"w", 604800000000000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (lt_str_starts(*text, lt_str_c(units[i].name))) {
            *text = lt_str_skip(*text, strlen(units[i].name));
            return units[i].nanos;
        }
    return 0;
}

bool lt_stamp_duration(struct lt_str text, int64_t *nanos)
{
    *nanos = 0;
    do {
        int64_t count = 0, part;
        uint32_t fraction;
        if (!text.len || !is_digit(text.ptr[0]))
            return false;
        for (; text.len && is_digit(text.ptr[0]); text = lt_str_skip(text, 1))
            if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, text.ptr[0] - '0', &count))
                return false;
        if (!take_fraction(&text, &fraction))
            return false;
        int64_t unit = take_unit(&text);
        if (!unit || __builtin_mul_overflow(count, unit, &part) || __builtin_add_overflow(*nanos, part, nanos))
            return false;
        part = unit < 1000000000 ? fraction * unit / 1000000000 : fraction * (unit / 1000000000);
        if (__builtin_add_overflow(*nanos, part, nanos))
            return false;
    } while (text.len);
    return true;
}

static bool parse_option(struct lt_str text, struct lt_time now, struct lt_time *out)
{
    int64_t age;
    int zone;
    if (lt_str_starts(text, LT_STR("@")))
        return parse_epoch(lt_str_skip(text, 1), out);
    if (lt_str_eq(text, LT_STR("now"))) {
        *out = now;
        return true;
    }
    if (parse(text, true, out, &zone))
        return true;
    bool good = lt_stamp_duration(text, &age);
    *out = lt_time_add(now, -age);
    return good;
}

enum lt_status lt_stamp_option(struct lt_str text, struct lt_time now, struct lt_time *out, struct lt_err *err)
{
    if (parse_option(text, now, out))
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0,
                   "'%.*s' is no time: give 2026-11-23, 2026-11-23T17:46:04Z, @1795455964 or an age such as 3d",
                   LT_ARG(text));
}

/* The last position of `mark` in `text`, or the length of `text`. */
static size_t find_last(struct lt_str text, struct lt_str mark)
{
    for (size_t at = text.len; at-- > 0;)
        if (lt_str_starts(lt_str_skip(text, at), mark))
            return at;
    return text.len;
}

enum lt_status lt_stamp_around(struct lt_str text, struct lt_time now, struct lt_time *first, struct lt_time *last,
                               struct lt_err *err)
{
    static const char *const marks[] = {"\xC2\xB1", "+-", ","};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct lt_time time = {0};
        int64_t radius;
        size_t at = find_last(text, lt_str_c(marks[i]));
        if (at == text.len)
            continue;
        struct lt_str before = lt_str_trim((struct lt_str){text.ptr, at});
        if (!lt_stamp_duration(lt_str_trim(lt_str_skip(text, at + strlen(marks[i]))), &radius))
            break;
        if (lt_stamp_option(before, now, &time, err) != LT_OK)
            return LT_SKIP;
        *first = lt_time_add(time, -radius);
        *last = lt_time_add(time, radius);
        return LT_OK;
    }
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0,
                   "'%.*s' is no time and distance: give 2026-11-23T17:46:04Z+-90s or 2026-11-23,1h30m", LT_ARG(text));
}
