// SPDX-License-Identifier: Apache-2.0
#include "parse/syslog.h"

#include "parse/ident.h"
#include "parse/stamp.h"

#include <stdio.h>

enum { ID_LENGTH = 64, SHORT_LENGTH = 12, MAX_STAMP = 40, MAX_FIELDS = 1024 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_alnum(char byte)
{
    return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* Take all leading digits of `text`; true if there are 1 to `most` of them. */
static bool take_number(struct lt_str *text, size_t most, uint64_t *out)
{
    size_t count = 0;
    *out = 0;
    for (; count < text->len && is_digit(text->ptr[count]); count++)
        *out = count < most ? *out * 10 + (uint64_t)(text->ptr[count] - '0') : 0;
    *text = lt_str_skip(*text, count);
    return count && count <= most;
}

/* --- the header ------------------------------------------------------------------------------------------------ */

static unsigned two_digits(const char *at)
{
    unsigned tens = at[0] == ' ' ? 0 : (unsigned)(at[0] - '0');
    return tens * 10 + (unsigned)(at[1] - '0');
}

/* Take ".123" off what follows a stamp; syslog-ng writes it with frac-digits(). Returns its nanoseconds. */
static uint32_t take_fraction(struct lt_str *rest)
{
    uint32_t nsec = 0, unit = 100000000;
    if (rest->len < 2 || rest->ptr[0] != '.' || !is_digit(rest->ptr[1]))
        return 0;
    for (*rest = lt_str_skip(*rest, 1); rest->len && is_digit(rest->ptr[0]); *rest = lt_str_skip(*rest, 1)) {
        nsec += unit * (uint32_t)(rest->ptr[0] - '0');
        unit /= 10;
    }
    return nsec;
}

/* Nov 23 17:46:04 */
static bool take_stamp(struct lt_str line, struct lt_syslog *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec", form[] = "Mmm dd hh:mm:ss";
    const size_t length = sizeof form - 1;
    unsigned month = 0;
    if (line.len < length)
        return false;
    while (month < 12 && memcmp(line.ptr, months + (size_t)3 * month, 3) != 0)
        month++;
    for (size_t i = 3; i < length; i++) {
        bool digit = form[i] != ' ' && form[i] != ':';
        if (digit ? !is_digit(line.ptr[i]) && !(i == 4 && line.ptr[i] == ' ') : line.ptr[i] != form[i])
            return false;
    }
    unsigned day = two_digits(line.ptr + 4), hour = two_digits(line.ptr + 7);
    unsigned minute = two_digits(line.ptr + 10), second = two_digits(line.ptr + 13);
    struct lt_str rest = lt_str_skip(line, length);
    uint32_t nsec = take_fraction(&rest);
    out->at = (struct lt_yearless){month + 1, day, hour * 3600 + minute * 60 + second, nsec};
    out->stamp = (struct lt_str){line.ptr, line.len - rest.len};
    return month < 12 && day >= 1 && day <= lt_days_in_month(2000, month + 1) && hour < 24 && minute < 60 &&
           second <= 60;
}

/* "dockerd[812]: ", "kernel: ", "/usr/bin/dockerd[812] " */
static void take_reporter(struct lt_str *rest, struct lt_syslog *out)
{
    size_t length = 0;
    while (length < rest->len && rest->ptr[length] != ' ' && rest->ptr[length] != ':' && rest->ptr[length] != '[')
        length++;
    out->reporter = lt_str_basename((struct lt_str){rest->ptr, length});
    if (lt_str_starts(*rest, LT_STR("docker/"))) /* tag of Docker's own driver until 1.11: docker/<short ID> */
        out->reporter = (struct lt_str){rest->ptr, length};
    struct lt_str after = lt_str_skip(*rest, length);
    if (lt_str_starts(after, LT_STR("["))) {
        struct lt_str number = lt_str_skip(after, 1);
        bool good = take_number(&number, 10, &out->pid) && lt_str_starts(number, LT_STR("]"));
        out->pid = good ? out->pid : 0;
        after = good ? lt_str_skip(number, 1) : after;
    }
    after = lt_str_skip(after, lt_str_starts(after, LT_STR(":")));
    *rest = lt_str_skip(after, lt_str_starts(after, LT_STR(" ")));
}

/* "daemon.info": a facility and a level, as BusyBox writes them. */
static bool take_priority(struct lt_str *rest, struct lt_syslog *out)
{
    static const char *const levels[] = {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"};
    struct lt_str after = *rest, facility = lt_str_cut(&after, ' '), level = facility;
    lt_str_cut(&level, '.');
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (lt_str_eq(level, lt_str_c(levels[i])) && facility.len > level.len + 1) {
            out->level = level;
            *rest = after;
            return true;
        }
    return false;
}

/* What follows an RFC 3164 or ISO stamp and a space. */
static void take_rest(struct lt_str rest, struct lt_syslog *out)
{
    struct lt_str after = rest, host = lt_str_cut(&after, ' ');
    bool is_tag = host.len && (memchr(host.ptr, '[', host.len) || host.ptr[host.len - 1] == ':');
    if (!is_tag && !take_priority(&rest, out)) {
        out->host = host;
        rest = after;
        take_priority(&rest, out);
    }
    take_reporter(&rest, out);
    out->body = rest;
}

/* Skip structured data of RFC 5424: "-" or [id name="value"]..., where \ is the escape. */
static void skip_data(struct lt_str *rest)
{
    bool quoted = false, inside = false;
    size_t at = lt_str_starts(*rest, LT_STR("-"));
    for (; at < rest->len && (inside || rest->ptr[at] == '['); at++) {
        char byte = rest->ptr[at];
        if (quoted && byte == '\\')
            at++;
        else if (byte == '"')
            quoted = !quoted;
        else if (!quoted)
            inside = byte != ']';
    }
    *rest = lt_str_skip(*rest, at < rest->len ? at : rest->len);
    *rest = lt_str_skip(*rest, lt_str_starts(*rest, LT_STR(" ")));
}

/* "host dockerd 812 ID47 - text" */
static void take_fields(struct lt_str rest, struct lt_syslog *out)
{
    const struct lt_str nil = LT_STR("-");
    struct lt_str host = lt_str_cut(&rest, ' '), name = lt_str_cut(&rest, ' '), pid = lt_str_cut(&rest, ' ');
    lt_str_cut(&rest, ' ');
    skip_data(&rest);
    out->host = lt_str_eq(host, nil) ? LT_STR("") : host;
    out->reporter = lt_str_eq(name, nil) ? LT_STR("") : lt_str_basename(name);
    if (!take_number(&pid, 10, &out->pid) || pid.len)
        out->pid = 0;
    out->body = lt_str_skip(rest, lt_str_starts(rest, LT_STR("\xEF\xBB\xBF")) ? 3 : 0);
}

/* "<30>" */
static void skip_priority(struct lt_str *line, struct lt_syslog *out)
{
    static const char *const levels[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
    struct lt_str rest = lt_str_skip(*line, 1);
    uint64_t number;
    if (!lt_str_starts(*line, LT_STR("<")) || !take_number(&rest, 3, &number) || !lt_str_starts(rest, LT_STR(">")))
        return;
    out->level = lt_str_c(levels[number % 8]);
    *line = lt_str_skip(rest, 1);
}

/* 2026-11-23T17:46:04.123456+01:00 */
static bool take_iso(struct lt_syslog *out)
{
    int minutes;
    if (lt_stamp_zoned(out->stamp, &out->time, &minutes, NULL) != LT_OK)
        return false;
    struct lt_civil local = lt_civil_from(out->time.sec + (int64_t)minutes * 60);
    if (local.year < LT_YEAR_MIN)
        return false;
    out->year = local.year;
    unsigned second = local.hour * 3600 + local.minute * 60 + local.second;
    out->at = (struct lt_yearless){local.month, local.day, second, out->time.nsec};
    return true;
}

bool lt_syslog_parse(struct lt_str line, struct lt_syslog *out)
{
    *out = (struct lt_syslog){0};
    skip_priority(&line, out);
    if (take_stamp(line, out)) {
        struct lt_str rest = lt_str_skip(line, out->stamp.len);
        bool colon = lt_str_starts(rest, LT_STR(": "));
        if (!colon && !lt_str_starts(rest, LT_STR(" ")))
            return false;
        if (colon)
            out->body = lt_str_skip(rest, 2);
        else
            take_rest(lt_str_skip(rest, 1), out);
        return true;
    }
    bool fields = lt_str_starts(line, LT_STR("1 "));
    struct lt_str rest = lt_str_skip(line, fields ? 2 : 0);
    const char *blank = rest.len ? memchr(rest.ptr, ' ', rest.len < MAX_STAMP ? rest.len : MAX_STAMP) : NULL;
    if (!blank)
        return false;
    out->stamp = lt_str_cut(&rest, ' ');
    if (!take_iso(out))
        return false;
    if (fields)
        take_fields(rest, out);
    else
        take_rest(rest, out);
    return true;
}

/* How many bytes are as in the form, in which 0 stands for a digit and A for a letter. */
static size_t count_fitting(struct lt_str line, struct lt_str form)
{
    size_t count = 0;
    for (size_t i = 0; i < form.len && i < line.len; i++) {
        char byte = line.ptr[i], wanted = form.ptr[i];
        bool letter = is_alnum(byte) && !is_digit(byte);
        count += wanted == '0' ? is_digit(byte) : wanted == 'A' ? letter : byte == wanted;
    }
    return count;
}

bool lt_syslog_damaged(struct lt_str line, struct lt_arena *arena, struct lt_str *out)
{
    enum { MOST_WRONG = 3 };
    const struct lt_str old = LT_STR("AAA 00 00:00:00"), iso = LT_STR("0000-00-00T00:00:00");
    struct lt_syslog parts;
    *out = (struct lt_str){0};
    if (lt_syslog_parse(line, &parts))
        return false;
    skip_priority(&line, &parts);
    bool fields = lt_str_starts(line, LT_STR("1 "));
    struct lt_str rest = lt_str_skip(line, fields ? 2 : 0), stamp = lt_str_cut(&rest, ' ');
    if (line.len > old.len + 1 && count_fitting(line, old) + MOST_WRONG >= old.len)
        *out = lt_str_format(arena, "Jan 01 00:00:00 %.*s", LT_ARG(lt_str_skip(line, old.len + 1)));
    else if (stamp.len >= iso.len && count_fitting(stamp, iso) + MOST_WRONG >= iso.len)
        *out = lt_str_format(arena, "%s1970-01-01T00:00:00Z %.*s", fields ? "1 " : "", LT_ARG(rest));
    return out->len;
}

/* --- the message ----------------------------------------------------------------------------------------------- */

static size_t key_length(struct lt_str text)
{
    size_t length = 0;
    while (length < text.len && (is_alnum(text.ptr[length]) || strchr("_.-", text.ptr[length])) && text.ptr[length])
        length++;
    return length < text.len && text.ptr[length] == '=' ? length : 0;
}

/* A quoted string up to its closing quote, or a word. */
static struct lt_str take_value(struct lt_str *rest)
{
    if (!lt_str_starts(*rest, LT_STR("\"")))
        return lt_str_cut(rest, ' ');
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] != '"')
        end += rest->ptr[end] == '\\' ? 2 : 1;
    end = end < rest->len ? end : rest->len;
    struct lt_str value = {rest->ptr + 1, end - 1};
    *rest = lt_str_skip(*rest, end < rest->len ? end + 1 : end);
    return value;
}

bool lt_logfmt_next(struct lt_str *rest, struct lt_str *key, struct lt_str *value)
{
    while (rest->len) {
        size_t length = key_length(*rest);
        if (length) {
            *key = (struct lt_str){rest->ptr, length};
            *rest = lt_str_skip(*rest, length + 1);
            *value = take_value(rest);
            return true;
        }
        take_value(rest);
        while (rest->len && rest->ptr[0] == ' ')
            *rest = lt_str_skip(*rest, 1);
    }
    return false;
}

/* The value after "name":" up to the next quote. No JSON string can hold that key, because its quotes would be
 * escaped. */
static struct lt_str json_field(struct lt_str text, const char *name)
{
    char key[32];
    int length = snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *found = memmem(text.ptr, text.len, key, (size_t)length);
    if (!found)
        return LT_STR("");
    struct lt_str rest = lt_str_skip(text, (size_t)(found - text.ptr) + (size_t)length);
    return lt_str_cut(&rest, '"');
}

struct lt_str lt_log_field(struct lt_str text, const char *name)
{
    struct lt_str key, value;
    if (lt_str_starts(text, LT_STR("{")))
        return json_field(text, name);
    while (lt_logfmt_next(&text, &key, &value))
        if (lt_str_eq(key, lt_str_c(name)))
            return value;
    return LT_STR("");
}

/* Does the path end in containerd's namespace for containers: "moby/", or with user namespaces "moby-100000.100000/"
 * (moby daemon/daemon.go, RemapContainerdNamespaces(), 28.x)? The namespace for plugins, "plugins.moby/", holds other
 * IDs. */
static bool is_namespace(struct lt_str path)
{
    if (!lt_str_ends(path, LT_STR("/")))
        return false;
    size_t end = --path.len;
    while (path.len && (is_digit(path.ptr[path.len - 1]) || path.ptr[path.len - 1] == '.'))
        path.len--;
    if (path.len < end && lt_str_ends(path, LT_STR("moby-")))
        end = --path.len;
    return path.len == end && lt_str_ends(path, LT_STR("moby")) && !lt_str_ends(path, LT_STR(".moby"));
}

/* Do the words before or after an ID say that it is a container's? */
static bool names_container(struct lt_str before, struct lt_str after)
{
    static const char *const words[] = {
        "container=", "container=\"", "containerID=", "container_id=", "containerId=",  "containers/",
        "/docker/",   "ontainer ",    "ontainer: ",   "ontainer_id=",  "container\":\""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_ends(before, lt_str_c(words[i])))
            return true;
    if (is_namespace(before))
        return true;
    return lt_str_ends(before, LT_STR("docker-")) && lt_str_starts(after, LT_STR(".scope"));
}

/* Is it id=ID of a shim or task in the namespace that dockerd uses (moby libcontainerd/remote/client.go, 20.10 to
 * 28.x)? */
static bool is_task(struct lt_str before, struct lt_str after)
{
    const struct lt_str mark = LT_STR(" namespace=moby");
    after.len = after.len < MAX_FIELDS ? after.len : MAX_FIELDS;
    return (lt_str_ends(before, LT_STR(" id=")) || lt_str_ends(before, LT_STR(" id=\""))) &&
           memmem(after.ptr, after.len, mark.ptr, mark.len);
}

/* Are the letters and digits from `start` to `end` an ID, and of which kind? */
static bool classify(struct lt_str text, size_t start, size_t end, struct lt_mention *out)
{
    const struct lt_str before = {text.ptr, start}, sha256 = LT_STR("sha256:");
    out->text = (struct lt_str){text.ptr + start, end - start};
    if (out->text.len == SHORT_LENGTH) {
        out->kind = LT_MENTION_SHORT;
        for (size_t i = 0; i < SHORT_LENGTH; i++)
            if (!is_digit(out->text.ptr[i]) && !(out->text.ptr[i] >= 'a' && out->text.ptr[i] <= 'f'))
                return false;
        return true;
    }
    if (!lt_is_id(out->text))
        return false;
    out->kind = LT_MENTION_ID;
    if (lt_str_ends(before, sha256)) {
        out->kind = LT_MENTION_DIGEST;
        out->text = (struct lt_str){text.ptr + start - sha256.len, sha256.len + ID_LENGTH};
    } else if (names_container(before, lt_str_skip(text, end)) || is_task(before, lt_str_skip(text, end))) {
        out->kind = LT_MENTION_CONTAINER;
    }
    return true;
}

bool lt_mention_next(struct lt_str text, size_t *at, struct lt_mention *out)
{
    while (*at < text.len) {
        size_t start = *at;
        while (start < text.len && !is_alnum(text.ptr[start]))
            start++;
        size_t end = start;
        while (end < text.len && is_alnum(text.ptr[end]))
            end++;
        *at = end;
        if (end > start && classify(text, start, end, out))
            return true;
    }
    return false;
}
