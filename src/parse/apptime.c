// SPDX-License-Identifier: Apache-2.0
#include "parse/apptime.h"

#include <string.h>

enum { WINDOW = 48, WINDOW_BRACKET = 256, WINDOW_JSON = 4096, NO_YEAR = -1 };

static const int64_t SECOND = 1000000000;

/* The parts of a time that are found so far. */
struct parts {
    int64_t year;
    unsigned month, day, second; /* second of the day */
    uint32_t nsec;
    int64_t unit;
    bool has_zone;
    int32_t offset;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* `least` to `most` digits, not followed by a digit. */
static bool take_number(struct lt_str *text, unsigned least, unsigned most, unsigned *out)
{
    unsigned count = 0;
    *out = 0;
    for (; count < most && count < text->len && is_digit(text->ptr[count]); count++)
        *out = *out * 10 + (unsigned)(text->ptr[count] - '0');
    *text = lt_str_skip(*text, count);
    return count >= least && !(text->len && is_digit(text->ptr[0]));
}

static bool take_char(struct lt_str *text, char byte)
{
    bool found = text->len && text->ptr[0] == byte;
    *text = lt_str_skip(*text, found);
    return found;
}

static bool take_word(struct lt_str *text, struct lt_str word)
{
    bool found = lt_str_starts(*text, word) && !(text->len > word.len && is_word(text->ptr[word.len]));
    *text = lt_str_skip(*text, found ? word.len : 0);
    return found;
}

/* Take a three-letter name; returns its number in `names`, from 1 on, or 0 if it is none of them. */
static unsigned take_name(struct lt_str *text, const char *names)
{
    for (unsigned i = 0; text->len >= 3 && names[(size_t)3 * i]; i++)
        if (memcmp(text->ptr, names + (size_t)3 * i, 3) == 0) {
            *text = lt_str_skip(*text, 3);
            return i + 1;
        }
    return 0;
}

static bool take_month(struct lt_str *text, struct parts *parts)
{
    parts->month = take_name(text, "JanFebMarAprMayJunJulAugSepOctNovDec");
    return parts->month;
}

static bool take_year(struct lt_str *text, struct parts *parts)
{
    unsigned year;
    bool good = take_number(text, 4, 4, &year);
    parts->year = year;
    return good;
}

/* One or two digits, possibly after a second space. */
static bool take_day(struct lt_str *text, struct parts *parts)
{
    take_char(text, ' ');
    return take_number(text, 1, 2, &parts->day);
}

/* "17:46:04", with an optional fraction after "." or ",". */
static bool take_clock(struct lt_str *text, struct parts *parts)
{
    unsigned hour, minute, second;
    if (!take_number(text, 1, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, 2, &minute) ||
        !take_char(text, ':') || !take_number(text, 2, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    parts->second = hour * 3600 + minute * 60 + second;
    parts->unit = SECOND;
    if (text->len < 2 || !strchr(".,", text->ptr[0]) || !text->ptr[0] || !is_digit(text->ptr[1]))
        return true;
    for (*text = lt_str_skip(*text, 1); text->len && is_digit(text->ptr[0]); *text = lt_str_skip(*text, 1))
        if (parts->unit > 1) {
            parts->unit /= 10;
            parts->nsec += (uint32_t)(parts->unit * (text->ptr[0] - '0'));
        }
    return true;
}

/* "Z", "+01:00", "+0100", "+01", "UTC" or "GMT", with an optional space before it ("+01" must have none). Other names
 * are ignored, because the same letters mean different zones. */
static void take_zone(struct lt_str *text, struct parts *parts)
{
    struct lt_str rest = *text;
    bool blank = take_char(&rest, ' ');
    unsigned hour, minute = 0;
    if (take_word(&rest, LT_STR("Z")) || take_word(&rest, LT_STR("UTC")) || take_word(&rest, LT_STR("GMT"))) {
        parts->has_zone = true;
        *text = rest;
        return;
    }
    bool west = rest.len && rest.ptr[0] == '-';
    if (!take_char(&rest, '+') && !take_char(&rest, '-'))
        return;
    struct lt_str four = rest;
    if (take_number(&four, 4, 4, &hour)) {
        minute = hour % 100;
        hour /= 100;
        rest = four;
    } else if (!take_number(&rest, 2, 2, &hour) ||
               (take_char(&rest, ':') ? !take_number(&rest, 2, 2, &minute) : blank)) {
        return;
    }
    if (hour > 15 || minute > 59)
        return;
    parts->has_zone = true;
    parts->offset = (int32_t)(hour * 3600 + minute * 60) * (west ? -1 : 1);
    *text = rest;
}

/* 2026-11-23T17:46:04, 2026/11/23 17:46:04 */
static const char *take_numeric(struct lt_str text, struct parts *parts)
{
    if (!take_year(&text, parts) || !text.len || !strchr("-/", text.ptr[0]) || !text.ptr[0])
        return NULL;
    char separator = text.ptr[0];
    bool iso = separator == '-';
    if (!take_char(&text, separator) || !take_number(&text, 2, 2, &parts->month) || !take_char(&text, separator) ||
        !take_number(&text, 2, 2, &parts->day) || !(take_char(&text, ' ') || (iso && take_char(&text, 'T'))) ||
        !take_clock(&text, parts))
        return NULL;
    if (!iso)
        return lt_str_starts(text, LT_STR(" [")) ? "nginx" : "Go";
    take_zone(&text, parts);
    return "ISO 8601";
}

/* 23/Nov/2026:17:46:04 +0100, 23 Nov 2026 17:46:04.123 GMT */
static const char *take_day_first(struct lt_str text, struct parts *parts)
{
    if (!take_number(&text, 1, 2, &parts->day) || !text.len || !strchr("/ ", text.ptr[0]) || !text.ptr[0])
        return NULL;
    char separator = text.ptr[0];
    if (!take_char(&text, separator) || !take_month(&text, parts) || !take_char(&text, separator) ||
        !take_year(&text, parts) || !take_char(&text, separator == '/' ? ':' : ' ') || !take_clock(&text, parts))
        return NULL;
    take_zone(&text, parts);
    return separator == '/' ? "Apache" : "ctime";
}

/* The rest after "Nov 23": ", 2026 5:46:04 PM" */
static const char *take_java(struct lt_str text, struct parts *parts)
{
    if (!take_char(&text, ',') || !take_char(&text, ' ') || !take_year(&text, parts) || !take_char(&text, ' ') ||
        !take_clock(&text, parts) || !take_char(&text, ' ') || parts->second < 3600 || parts->second >= 13 * 3600)
        return NULL;
    bool noon = parts->second >= 12 * 3600, afternoon = take_word(&text, LT_STR("PM"));
    if (!afternoon && !take_word(&text, LT_STR("AM")))
        return NULL;
    parts->second += (afternoon ? 12 * 3600u : 0) - (noon ? 12 * 3600u : 0);
    return "Java";
}

/* " 2026", " CET 2026" or " +0100 2026", as ctime and date write it at the end. */
static bool take_year_after(struct lt_str text, struct parts *parts)
{
    struct parts known = *parts;
    struct lt_str rest = text;
    take_zone(&rest, parts);
    if (rest.ptr == text.ptr && rest.len > 1 && rest.ptr[1] >= 'A' && rest.ptr[1] <= 'Z') {
        take_char(&rest, ' ');
        while (rest.len && rest.ptr[0] >= 'A' && rest.ptr[0] <= 'Z')
            rest = lt_str_skip(rest, 1);
    }
    bool good = take_char(&rest, ' ') && take_year(&rest, parts);
    if (!good)
        *parts = known;
    return good;
}

/* Nov 23 17:46:04; Nov 23 17:46:04 UTC 2026; Nov 23 2026 17:46:04; Nov 23, 2026 5:46:04 PM */
static const char *take_month_first(struct lt_str text, struct parts *parts)
{
    if (!take_month(&text, parts) || !take_char(&text, ' ') || !take_day(&text, parts))
        return NULL;
    if (text.len && text.ptr[0] == ',')
        return take_java(text, parts);
    struct lt_str rest = text;
    bool year = take_char(&rest, ' ') && take_year(&rest, parts);
    if (year)
        text = rest;
    else
        parts->year = NO_YEAR;
    if (!take_char(&text, ' ') || !take_clock(&text, parts))
        return NULL;
    return !year && take_year_after(text, parts) ? "ctime" : "syslog";
}

/* I1123 17:46:04.123456 */
static const char *take_klog(struct lt_str text, struct parts *parts)
{
    unsigned date;
    if (!text.len || !text.ptr[0] || !strchr("IWEF", text.ptr[0]))
        return NULL;
    text = lt_str_skip(text, 1);
    if (!take_number(&text, 4, 4, &date) || !take_char(&text, ' '))
        return NULL;
    take_char(&text, ' ');
    parts->year = NO_YEAR;
    parts->month = date / 100;
    parts->day = date % 100;
    return take_clock(&text, parts) && parts->unit < SECOND ? "klog" : NULL;
}

static const char *take_named(struct lt_str text, struct parts *parts)
{
    const char *form = take_klog(text, parts);
    if (form)
        return form;
    if (take_name(&text, "MonTueWedThuFriSatSun")) {
        take_char(&text, ',');
        if (!take_char(&text, ' '))
            return NULL;
        if (text.len && is_digit(text.ptr[0]))
            return take_day_first(text, parts);
    }
    return take_month_first(text, parts);
}

/* Seconds since 1970, or a number with 3, 6 or 9 more digits and no point, between 2000 and 2100. */
static bool take_epoch(struct lt_str text, struct lt_apptime *out)
{
    struct lt_str start = text;
    uint64_t number = 0, unit = 1;
    size_t digits = 0;
    for (; digits < 20 && digits < text.len && is_digit(text.ptr[digits]); digits++)
        number = number * 10 + (uint64_t)(text.ptr[digits] - '0');
    if (digits != 10 && digits != 13 && digits != 16 && digits != 19)
        return false;
    for (size_t i = 10; i < digits; i++)
        unit *= 10;
    *out = (struct lt_apptime){.form = "epoch", .has_zone = true, .unit = SECOND / (int64_t)unit};
    out->time = lt_time_at((int64_t)(number / unit), (uint32_t)(number % unit * (uint64_t)out->unit));
    text = lt_str_skip(start, digits);
    if (digits == 10 && take_char(&text, '.'))
        for (; text.len && is_digit(text.ptr[0]); text = lt_str_skip(text, 1))
            if (out->unit > 1) {
                out->unit /= 10;
                out->time.nsec += (uint32_t)(out->unit * (text.ptr[0] - '0'));
            }
    return out->time.sec >= 946684800 && out->time.sec < 4102444800 && !(text.len && is_word(text.ptr[0]));
}

/* Choose the year that brings the time closest to the host's. */
static bool find_year(struct parts *parts, struct lt_time host)
{
    int64_t middle = lt_civil_from(host.sec).year, best = INT64_MAX;
    for (int64_t year = middle - 1; host.set && year <= middle + 1; year++) {
        int64_t sec = lt_days_from_civil(year, parts->month, parts->day) * 86400 + parts->second;
        int64_t distance = sec > host.sec ? sec - host.sec : host.sec - sec;
        if (parts->day > lt_days_in_month(year, parts->month) || distance >= best)
            continue;
        best = distance;
        parts->year = year;
    }
    return parts->year != NO_YEAR;
}

static bool is_sound(struct lt_time time)
{
    int64_t year = lt_civil_from(time.sec).year;
    return year >= 1900 && year <= LT_YEAR_MAX;
}

static bool complete(struct parts *parts, struct lt_time host, struct lt_apptime *out)
{
    if (parts->month < 1 || parts->month > 12 || parts->day < 1)
        return false;
    if ((parts->year == NO_YEAR && !find_year(parts, host)) || parts->day > lt_days_in_month(parts->year, parts->month))
        return false;
    int64_t days = lt_days_from_civil(parts->year, parts->month, parts->day);
    out->time = lt_time_at(days * 86400 + parts->second - parts->offset, parts->nsec);
    out->has_zone = parts->has_zone;
    out->offset = parts->offset;
    out->unit = parts->unit;
    return is_sound(out->time);
}

void lt_apptime_place(struct lt_apptime *app, struct lt_time near)
{
    enum { DAY = 86400 };
    int64_t ahead = app->time.sec - near.sec, half = ahead < 0 ? -DAY / 2 : DAY / 2;
    app->time.sec -= (ahead + half) / DAY * DAY;
}

/* 17:46:04.123, with nothing after it that would make it something else, such as the unit of a duration. */
static void take_time_of_day(struct lt_str text, struct lt_time host, struct lt_apptime *out)
{
    struct parts parts = {0};
    if (!host.set || text.len < 8 || text.ptr[2] != ':' || !take_clock(&text, &parts))
        return;
    take_zone(&text, &parts);
    if (text.len && (!text.ptr[0] || !strchr(" \t]|,;", text.ptr[0])))
        return;
    struct lt_apptime app = {.form = "time of day", .unit = parts.unit, .no_day = true};
    app.time = lt_time_at(host.sec - host.sec % 86400 + parts.second - parts.offset, parts.nsec);
    app.has_zone = parts.has_zone;
    app.offset = parts.offset;
    lt_apptime_place(&app, host);
    if (is_sound(app.time))
        *out = app;
}

/* Does the text before a value end in the key of a time, such as ts=, "time": or "@timestamp": " ? */
static bool after_key(struct lt_str before)
{
    static const char *const keys[] = {"time", "Time", "stamp", "ts", "date", "@t", "illis"};
    while (before.len && before.ptr[before.len - 1] && strchr(" \"'{", before.ptr[before.len - 1]))
        before.len--;
    if (!before.len || (before.ptr[before.len - 1] != ':' && before.ptr[before.len - 1] != '='))
        return false;
    before.len--;
    if (lt_str_ends(before, LT_STR("\"")))
        before.len--;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (lt_str_ends(before, lt_str_c(keys[i])))
            return true;
    return false;
}

/* Can a time begin here, judging by what comes before it? */
static bool may_begin(struct lt_str line, size_t at)
{
    if (!at)
        return true;
    char before = line.ptr[at - 1];
    bool colour = before == 'm' && memrchr(line.ptr, '\033', at); /* a terminal's escape sequence for colour */
    if (is_word(before) && !colour)
        return false;
    if (!before || strchr(".-/+", before))
        return false;
    bool json = line.ptr[0] == '{';
    return (at < WINDOW && !json) || (before == '[' && at < WINDOW_BRACKET) || after_key((struct lt_str){line.ptr, at});
}

bool lt_apptime_find(struct lt_str line, struct lt_time host, struct lt_apptime *out)
{
    struct lt_apptime no_day = {0};
    for (size_t at = 0; at < line.len && at < WINDOW_JSON; at++) {
        struct lt_str text = lt_str_skip(line, at);
        bool digit = is_digit(text.ptr[0]);
        if ((!digit && !(text.ptr[0] >= 'A' && text.ptr[0] <= 'Z')) || !may_begin(line, at))
            continue;
        if (digit && (!at || after_key((struct lt_str){line.ptr, at})) && take_epoch(text, out))
            return true;
        struct parts parts = {0}, other = {0};
        *out = (struct lt_apptime){.form = digit ? take_numeric(text, &parts) : take_named(text, &parts)};
        if (digit && !out->form) {
            out->form = take_day_first(text, &other);
            parts = other;
        }
        if (out->form && complete(&parts, host, out))
            return true;
        if (digit && !no_day.form && (!at || line.ptr[at - 1] == '['))
            take_time_of_day(text, host, &no_day);
    }
    *out = no_day;
    return no_day.form;
}
