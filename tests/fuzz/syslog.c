// SPDX-License-Identifier: Apache-2.0
/* Any bytes as lines of a text log: all parts lie in the line, years go on by one at most, and what is found moves on.
 */
#include "parse/syslog.h"
#include "parse/ident.h"

#include "fuzz.h"

static bool within(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void read_message(struct lt_str text)
{
    struct lt_str rest = text, key, value;
    struct lt_mention mention;
    size_t at = 0, before = 0;
    while (lt_logfmt_next(&rest, &key, &value)) {
        PROMISE(key.len && within(key, text) && within(value, text) && within(rest, text));
        PROMISE(key.ptr >= text.ptr + before);
        before = (size_t)(key.ptr - text.ptr) + key.len;
    }
    while (before = at, lt_mention_next(text, &at, &mention)) {
        PROMISE(at > before && at <= text.len && within(mention.text, text));
        PROMISE(mention.kind == LT_MENTION_SHORT    ? mention.text.len == 12
                : mention.kind == LT_MENTION_DIGEST ? lt_digest_hex(mention.text).len == 64
                                                    : lt_is_id(mention.text));
    }
    PROMISE(within(lt_log_field(text, "time"), text) && within(lt_log_field(text, "msg"), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_str rest = take_rest(&input);
    struct lt_years years = {0};
    while (rest.len) {
        struct lt_str line = lt_str_cut(&rest, '\n');
        struct lt_syslog got;
        read_message(line);
        if (!lt_syslog_parse(line, &got))
            continue;
        PROMISE(within(got.stamp, line) && within(got.host, line) && within(got.reporter, line));
        PROMISE(within(got.body, line) && got.pid < 10000000000 && got.time.nsec < 1000000000);
        PROMISE(got.at.month >= 1 && got.at.month <= 12 && got.at.day >= 1 && got.at.day <= 31);
        PROMISE(got.at.second <= 86400);
        PROMISE(got.time.set == (got.year != 0));
        int64_t before = years.year, year = lt_years_next(&years, got.at);
        PROMISE((years.year == before || years.year == before + 1) && year <= years.year && year >= years.year - 1);
        read_message(got.body);
    }
    return 0;
}
