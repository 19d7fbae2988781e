// SPDX-License-Identifier: Apache-2.0
#include "parse/tzif.h"

#include "base/clock.h"
#include "base/cursor.h"

enum { HEAD = 44, INFO = 6, HOUR = 3600, DAY = 86400, MAX_OFFSET = 26 * HOUR, MAX_LEAP = 600 };

/* Within this range, offsets and days can be added without overflow. */
static const int64_t FAR = INT64_C(1) << 60;

/* The counts of a header, in the order of the file. */
struct head {
    char version;
    size_t isut, isstd, leap, time, type, chars;
};

static uint64_t big_endian(struct lt_str bytes, size_t at, unsigned count)
{
    struct lt_cursor cursor = {.ptr = (const unsigned char *)bytes.ptr, .len = bytes.len};
    uint64_t number = __builtin_bswap64(lt_cursor_le(&cursor, at, count));
    return number >> (64 - 8 * count);
}

static int64_t signed_at(struct lt_str bytes, size_t at, unsigned width)
{
    uint64_t number = big_endian(bytes, at, width);
    return width == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
}

static int64_t time_at(const struct lt_zone *zone, size_t index)
{
    return signed_at(zone->times, index * zone->width, zone->width);
}

/* The time of a leap second, and the sum of all up to it. */
static int64_t leap_time(const struct lt_zone *zone, size_t index)
{
    return signed_at(zone->leaps, index * (zone->width + 4), zone->width);
}

static int32_t leap_sum(const struct lt_zone *zone, size_t index)
{
    return (int32_t)(uint32_t)big_endian(zone->leaps, index * (zone->width + 4) + zone->width, 4);
}

static int32_t info_offset(const struct lt_zone *zone, size_t type)
{
    return (int32_t)(uint32_t)big_endian(zone->infos, type * INFO, 4);
}

static bool take_head(struct lt_str bytes, struct head *out)
{
    if (bytes.len < HEAD || !lt_str_starts(bytes, LT_STR("TZif")))
        return false;
    size_t *counts[] = {&out->isut, &out->isstd, &out->leap, &out->time, &out->type, &out->chars};
    out->version = bytes.ptr[4];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = big_endian(bytes, 20 + 4 * i, 4);
    return true;
}

/* Size of the block after a header. The counts have 32 bits each, so nothing overflows. */
static size_t block_size(const struct head *head, unsigned width)
{
    return head->time * (width + 1) + head->type * INFO + head->chars + head->leap * (width + 4) + head->isstd +
           head->isut;
}

static struct lt_str take_bytes(struct lt_str *rest, size_t count)
{
    struct lt_str part = {rest->ptr, count};
    *rest = lt_str_skip(*rest, count);
    return part;
}

/* Take the block off `rest`, which is long enough. False: its contents are invalid. */
static bool take_block(struct lt_str *rest, const struct head *head, unsigned width, struct lt_zone *out)
{
    size_t size = block_size(head, width);
    struct lt_str block = take_bytes(rest, size);
    *out = (struct lt_zone){.count = head->time, .leap_count = head->leap, .width = width};
    out->times = take_bytes(&block, head->time * width);
    out->types = take_bytes(&block, head->time);
    out->infos = take_bytes(&block, head->type * INFO);
    take_bytes(&block, head->chars);
    out->leaps = take_bytes(&block, head->leap * (width + 4));
    for (size_t i = 0; i < head->type; i++)
        if (info_offset(out, i) > MAX_OFFSET || info_offset(out, i) < -MAX_OFFSET)
            return false;
    for (size_t i = 0; i < out->count; i++)
        if ((unsigned char)out->types.ptr[i] >= head->type || (i && time_at(out, i) <= time_at(out, i - 1)))
            return false;
    for (size_t i = 0; i < out->leap_count; i++)
        if (leap_sum(out, i) > MAX_LEAP || leap_sum(out, i) < -MAX_LEAP ||
            (i && leap_time(out, i) <= leap_time(out, i - 1)))
            return false;
    return head->type > 0;
}

static bool is_digit(struct lt_str text)
{
    return text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

static bool is_letter(struct lt_str text)
{
    return text.len && ((text.ptr[0] | 0x20) >= 'a' && (text.ptr[0] | 0x20) <= 'z');
}

static bool take_char(struct lt_str *rest, char byte)
{
    bool found = rest->len && rest->ptr[0] == byte;
    *rest = lt_str_skip(*rest, found);
    return found;
}

/* At most three digits, a value up to `most`. */
static bool take_number(struct lt_str *rest, unsigned most, unsigned *out)
{
    bool any = false;
    *out = 0;
    for (unsigned digits = 0; digits < 3 && is_digit(*rest); digits++, any = true) {
        *out = *out * 10 + (unsigned)(rest->ptr[0] - '0');
        *rest = lt_str_skip(*rest, 1);
    }
    return any && *out <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool take_clock(struct lt_str *rest, unsigned most_hours, int32_t *out)
{
    unsigned hour, minute = 0, second = 0;
    bool minus = take_char(rest, '-');
    if (!minus)
        take_char(rest, '+');
    if (!take_number(rest, most_hours, &hour) || (take_char(rest, ':') && !take_number(rest, 59, &minute)) ||
        (take_char(rest, ':') && !take_number(rest, 59, &second)))
        return false;
    int32_t total = (int32_t)(hour * HOUR + minute * 60 + second);
    *out = minus ? -total : total;
    return true;
}

/* Three or more letters, or letters, digits and signs in <...>. */
static bool take_name(struct lt_str *rest)
{
    bool quoted = take_char(rest, '<');
    size_t length = 0;
    while (is_letter(*rest) || (quoted && (is_digit(*rest) || (rest->len && strchr("+-", rest->ptr[0]))))) {
        if (!rest->ptr[0])
            return false;
        *rest = lt_str_skip(*rest, 1);
        length++;
    }
    return length >= 3 && (!quoted || take_char(rest, '>'));
}

static bool take_day(struct lt_str *rest, struct lt_zone_day *out)
{
    *out = (struct lt_zone_day){.kind = 'N', .time = 2 * HOUR};
    bool good;
    if (take_char(rest, 'M')) {
        out->kind = 'M';
        good = take_number(rest, 12, &out->month) && take_char(rest, '.') && take_number(rest, 5, &out->week) &&
               take_char(rest, '.') && take_number(rest, 6, &out->day) && out->month && out->week;
    } else if (take_char(rest, 'J')) {
        out->kind = 'J';
        good = take_number(rest, 365, &out->day) && out->day;
    } else {
        good = take_number(rest, 365, &out->day);
    }
    return good && (!take_char(rest, '/') || take_clock(rest, 167, &out->time));
}

static bool parse_posix(struct lt_str rest, struct lt_zone_rule *out)
{
    int32_t west;
    *out = (struct lt_zone_rule){.set = true};
    if (!take_name(&rest) || !take_clock(&rest, 24, &west))
        return false;
    out->standard = -west;
    if (!rest.len)
        return true;
    out->has_summer = true;
    out->summer = out->standard + HOUR;
    if (!take_name(&rest))
        return false;
    if (rest.len && rest.ptr[0] != ',') {
        if (!take_clock(&rest, 24, &west))
            return false;
        out->summer = -west;
    }
    if (!rest.len)
        rest = LT_STR(",M3.2.0,M11.1.0");
    return take_char(&rest, ',') && take_day(&rest, &out->start) && take_char(&rest, ',') &&
           take_day(&rest, &out->end) && !rest.len;
}

bool lt_zone_posix(struct lt_str text, struct lt_zone *out)
{
    *out = (struct lt_zone){.footer = text};
    return parse_posix(text, &out->after);
}

static enum lt_status damaged(struct lt_err *err, const char *what)
{
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "time zone file: %s", what);
}

enum lt_status lt_tzif_parse(struct lt_str bytes, struct lt_zone *out, struct lt_err *err)
{
    struct head head;
    unsigned width = 4;
    *out = (struct lt_zone){0};
    if (!take_head(bytes, &head))
        return damaged(err, "no TZif header");
    struct lt_str rest = lt_str_skip(bytes, HEAD);
    if (head.version >= '2') { /* the same data again with 64-bit times, and a footer */
        size_t skip = block_size(&head, width);
        if (skip > rest.len || !take_head(lt_str_skip(rest, skip), &head))
            return damaged(err, "the 64-bit header is missing");
        rest = lt_str_skip(rest, skip + HEAD);
        width = 8;
    }
    struct lt_zone zone;
    if (block_size(&head, width) > rest.len)
        return damaged(err, "it is shorter than its header says");
    if (!take_block(&rest, &head, width, &zone))
        return damaged(err, "bad transitions");
    if (width == 8) {
        if (!take_char(&rest, '\n') || !memchr(rest.ptr, '\n', rest.len))
            return damaged(err, "the footer is missing");
        zone.footer = lt_str_cut(&rest, '\n');
        if (zone.footer.len && !parse_posix(zone.footer, &zone.after))
            return damaged(err, "bad footer");
    }
    *out = zone;
    return LT_OK;
}

/* The local time at which a rule takes effect in `year`, as seconds since 1970. */
static int64_t moment(const struct lt_zone_day *day, int64_t year)
{
    int64_t first = lt_days_from_civil(year, 1, 1), at;
    if (day->kind == 'M') {
        int64_t month = lt_days_from_civil(year, day->month, 1);
        int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        int64_t in_month = ((int64_t)day->day - weekday + 7) % 7 + 7 * ((int64_t)day->week - 1);
        if (in_month >= lt_days_in_month(year, day->month))
            in_month -= 7;
        at = month + in_month;
    } else if (day->kind == 'J') {
        at = first + day->day - 1 + (day->day > 59 && lt_days_in_month(year, 2) == 29);
    } else {
        at = first + day->day;
    }
    return at * DAY + day->time;
}

static int32_t rule_offset(const struct lt_zone_rule *rule, int64_t sec)
{
    if (!rule->has_summer)
        return rule->standard;
    int64_t year = lt_civil_from(sec + rule->standard).year;
    int64_t start = moment(&rule->start, year) - rule->standard, end = moment(&rule->end, year) - rule->summer;
    bool summer = start < end ? sec >= start && sec < end : sec >= start || sec < end;
    return summer ? rule->summer : rule->standard;
}

typedef int64_t when(const struct lt_zone *zone, size_t index);

/* How many of the `count` changes that `time` dates, in their order, are at or before `sec`. */
static size_t changes_until(const struct lt_zone *zone, when *time, size_t count, int64_t sec)
{
    size_t low = 0, high = count; /* it is in [low, high] */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (time(zone, middle) <= sec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_without_leaps(const struct lt_zone *zone, int64_t sec)
{
    size_t count = changes_until(zone, time_at, zone->count, sec);
    if (count == zone->count && zone->after.set)
        return rule_offset(&zone->after, sec);
    if (count)
        return info_offset(zone, (unsigned char)zone->types.ptr[count - 1]);
    return zone->infos.len ? info_offset(zone, 0) : 0; /* RFC 8536, section 3.2: type 0 before the first transition */
}

int32_t lt_zone_offset(const struct lt_zone *zone, int64_t sec)
{
    sec = sec > FAR ? FAR : sec < -FAR ? -FAR : sec;
    size_t leaps = changes_until(zone, leap_time, zone->leap_count, sec);
    return offset_without_leaps(zone, sec) - (leaps ? leap_sum(zone, leaps - 1) : 0);
}

bool lt_zone_is_fixed(const struct lt_zone *zone)
{
    return !zone->count && !zone->leap_count && !zone->after.has_summer;
}

static int64_t sooner(int64_t after, int64_t best, int64_t candidate)
{
    return candidate > after && candidate < best ? candidate : best;
}

/* The next instant after `sec` at which the offset may change; LT_ZONE_UNTIL: none before that. */
static int64_t next_change(const struct lt_zone *zone, int64_t sec)
{
    size_t count = changes_until(zone, time_at, zone->count, sec);
    size_t leaps = changes_until(zone, leap_time, zone->leap_count, sec);
    const struct lt_zone_rule *rule = &zone->after;
    int64_t next = LT_ZONE_UNTIL;
    if (leaps < zone->leap_count)
        next = sooner(sec, next, leap_time(zone, leaps));
    if (count < zone->count)
        return sooner(sec, next, time_at(zone, count));
    int64_t year = lt_civil_from(sec).year;
    for (int64_t i = year - 1; rule->has_summer && i <= year + 1; i++) {
        next = sooner(sec, next, moment(&rule->start, i) - rule->standard);
        next = sooner(sec, next, moment(&rule->end, i) - rule->summer);
    }
    return next;
}

bool lt_zone_differ(const struct lt_zone *a, const struct lt_zone *b, struct lt_zone_difference *out)
{
    bool differ = false;
    for (int64_t at = LT_ZONE_SINCE, next; at < LT_ZONE_UNTIL; at = next) {
        int64_t of_b = next_change(b, at);
        next = next_change(a, at);
        next = of_b < next ? of_b : next;
        if (lt_zone_offset(a, at) == lt_zone_offset(b, at))
            continue;
        if (!out)
            return true;
        out->first = differ ? out->first : at;
        out->since = next;
        differ = true;
    }
    return differ;
}

unsigned lt_zone_instants(const struct lt_zone *zone, int64_t local, int64_t out[2])
{
    unsigned count = 0;
    local = local > FAR ? FAR : local < -FAR ? -FAR : local;
    int32_t before = lt_zone_offset(zone, local - DAY), after = lt_zone_offset(zone, local + DAY);
    if (lt_zone_offset(zone, local - before) == before)
        out[count++] = local - before;
    if (after != before && lt_zone_offset(zone, local - after) == after)
        out[count++] = local - after;
    return count;
}

unsigned lt_zone_place(const struct lt_zone *zone, int64_t local, int64_t out[2])
{
    unsigned count = lt_zone_instants(zone, local, out);
    if (!count)
        out[0] = local - lt_zone_offset(zone, local - 86400);
    return count ? count : 1;
}
