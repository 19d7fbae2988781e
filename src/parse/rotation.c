// SPDX-License-Identifier: Apache-2.0
#include "parse/rotation.h"

enum { MAX_NUMBER = 6, DAY = 8, MAX_DATE = 17, EPOCH = 10, BELOW_DAY = 1000000000, BELOW_EPOCH = 10000000 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_separator(char byte)
{
    return byte == '-' || byte == '.' || byte == '_';
}

struct lt_str lt_rotation_packing(struct lt_str *name)
{
    static const char *const endings[] = {".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z", ".lzma", ".lzo", ".zip", ".7z"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct lt_str ending = lt_str_c(endings[i]);
        if (!lt_str_ends(*name, ending))
            continue;
        name->len -= ending.len;
        return (struct lt_str){name->ptr + name->len + 1, ending.len - 1};
    }
    return LT_STR("");
}

/* What may follow a number or a date: nothing, or another extension ("addextension"). */
static bool may_follow(struct lt_str rest)
{
    return !rest.len || is_separator(rest.ptr[0]) || rest.ptr[0] == '~';
}

/* Does the text begin with what may stand between the digits of a date, and a digit? */
static bool is_between(struct lt_str text)
{
    return (is_separator(text.ptr[0]) || text.ptr[0] == 'T') && text.len > 1 && is_digit(text.ptr[1]);
}

/* Take the digits of a date, without what stands between them. Returns their number; MAX_DATE of them are kept. */
static size_t take_digits(struct lt_str *text, char *digits)
{
    size_t count = 0;
    for (; text->len; *text = lt_str_skip(*text, 1)) {
        bool digit = is_digit(text->ptr[0]);
        if (!digit && (!count || !is_between(*text)))
            break;
        if (digit && count < MAX_DATE)
            digits[count] = text->ptr[0];
        count += digit;
    }
    return count;
}

static bool is_day(uint64_t day)
{
    uint64_t year = day / 10000, month = day / 100 % 100;
    return year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day % 100 >= 1 && day % 100 <= 31;
}

/* "20261123", with more digits behind it if a time follows; or ten digits, the seconds since 1970. */
static bool parse_date(struct lt_str text, struct lt_rotation *out)
{
    char digits[MAX_DATE];
    size_t count = take_digits(&text, digits);
    out->date = 0;
    for (size_t i = 0; i < MAX_DATE; i++) /* so that a day comes before its hours */
        out->date = out->date * 10 + (i < count ? (uint64_t)(digits[i] - '0') : 0);
    uint64_t day = out->date / BELOW_DAY;
    out->epoch = count == EPOCH && digits[0] == '1' && !is_day(day);
    return ((count >= DAY && is_day(day)) || out->epoch) && may_follow(text);
}

static bool parse_number(struct lt_str text, struct lt_rotation *out)
{
    size_t count = 0;
    out->number = 0;
    for (; count < text.len && count <= MAX_NUMBER && is_digit(text.ptr[count]); count++)
        out->number = out->number * 10 + (uint64_t)(text.ptr[count] - '0');
    return count >= 1 && count <= MAX_NUMBER && may_follow(lt_str_skip(text, count));
}

/* `rest` is what was added to the name of the log. */
static enum lt_rotation_kind kind_of(struct lt_str rest, struct lt_rotation *out)
{
    if (!rest.len || !is_separator(rest.ptr[0]))
        return LT_ROTATED_OTHERWISE;
    char separator = rest.ptr[0];
    rest = lt_str_skip(rest, 1);
    if (parse_date(rest, out))
        return LT_ROTATED_BY_DATE;
    return separator == '.' && parse_number(rest, out) ? LT_ROTATED_BY_NUMBER : LT_ROTATED_OTHERWISE;
}

/* "STEM.1.log" of "STEM.log". */
static bool parse_inner(struct lt_str name, struct lt_str log, struct lt_rotation *out)
{
    const char *dot = log.len ? memrchr(log.ptr, '.', log.len) : NULL;
    if (!dot)
        return false;
    struct lt_str stem = {log.ptr, (size_t)(dot - log.ptr)}, extension = lt_str_skip(log, stem.len);
    out->way = lt_rotation_packing(&name);
    if (!lt_str_starts(name, stem) || !lt_str_ends(name, extension) || name.len <= log.len)
        return false;
    name.len -= extension.len;
    out->kind = kind_of(lt_str_skip(name, stem.len), out);
    return out->kind != LT_ROTATED_OTHERWISE;
}

bool lt_rotation_parse(struct lt_str name, struct lt_str log, struct lt_rotation *out)
{
    *out = (struct lt_rotation){.kind = LT_NOT_ROTATED, .way = LT_STR("")};
    if (lt_str_eq(name, log))
        return true;
    if (!lt_str_starts(name, log))
        return parse_inner(name, log, out);
    struct lt_str rest = lt_str_skip(name, log.len);
    out->way = lt_rotation_packing(&rest);
    out->kind = kind_of(rest, out);
    return true;
}

struct lt_str lt_rotation_base(struct lt_str name)
{
    static const char *const by_hand[] = {".old", ".bak", ".orig", ".save", ".tmp", "~"};
    struct lt_rotation ignored;
    lt_rotation_packing(&name);
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++)
        if (lt_str_ends(name, lt_str_c(by_hand[i])))
            name.len -= strlen(by_hand[i]);
    for (size_t at = 1; at < name.len; at++)
        if (is_separator(name.ptr[at]) && kind_of(lt_str_skip(name, at), &ignored) != LT_ROTATED_OTHERWISE)
            return (struct lt_str){name.ptr, at};
    return name;
}

int lt_rotation_cmp(const struct lt_rotation *a, const struct lt_rotation *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == LT_ROTATED_BY_NUMBER && a->number != b->number)
        return a->number > b->number ? -1 : 1;
    if (a->kind == LT_ROTATED_BY_DATE && a->epoch != b->epoch)
        return a->epoch ? -1 : 1;
    if (a->kind == LT_ROTATED_BY_DATE && a->date != b->date)
        return a->date < b->date ? -1 : 1;
    return 0;
}

struct lt_time lt_rotation_day(const struct lt_rotation *rotation)
{
    uint64_t day = rotation->date / BELOW_DAY;
    if (rotation->kind != LT_ROTATED_BY_DATE)
        return (struct lt_time){0};
    if (rotation->epoch)
        return lt_time_at((int64_t)(rotation->date / BELOW_EPOCH), 0);
    return lt_time_at(
        lt_days_from_civil((int64_t)(day / 10000), (unsigned)(day / 100 % 100), (unsigned)(day % 100)) * 86400, 0);
}

bool lt_rotation_follows(const struct lt_rotation *before, const struct lt_rotation *next)
{
    if (before->kind == LT_ROTATED_OTHERWISE || lt_rotation_cmp(before, next) >= 0)
        return false;
    return next->kind == LT_NOT_ROTATED || (before->kind == next->kind && before->epoch == next->epoch);
}
