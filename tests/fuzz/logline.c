// SPDX-License-Identifier: Apache-2.0
/* Our scanner against jansson: where jansson sees a good record, both must read the same. (The scanner takes more: it
 * checks no values that it skips, and lets bytes pass that are no UTF-8. It refuses records in records.) Then the whole
 * input as what damage left. */
#include "parse/logline.h"

#include "fuzz.h"
#include "parse/json.h"
#include "parse/stamp.h"

#include <jansson.h>

/* A string, or absent: Go's encoder leaves empty ones out. */
static bool is_text(const struct json_t *root, const char *key)
{
    const struct json_t *value = lt_json_at(root, key);
    return !value || json_is_string(value);
}

static void compare(const struct json_t *root, enum lt_status status, const struct lt_logline *line)
{
    struct lt_time time;
    bool record = lt_json_is_object(root) && is_text(root, "log") && is_text(root, "stream") &&
                  json_is_string(lt_json_at(root, "time")) &&
                  lt_stamp_rfc3339(lt_json_str(root, "time"), &time, NULL) == LT_OK;
    if (!record)
        return;
    PROMISE(status == LT_OK);
    PROMISE(lt_str_eq(lt_buf_view(&line->text), lt_json_str(root, "log")));
    PROMISE(lt_str_eq(lt_buf_view(&line->stream), lt_json_str(root, "stream")));
    PROMISE(lt_time_cmp(line->time, time) == 0);
}

/* Each place that is found is one, and a tail is told as such only with its time. */
static void check_damage(struct lt_str text)
{
    struct lt_logline line = {0};
    PROMISE(!lt_logline_tail(text, &line) || (line.time.set && line.time.nsec < 1000000000));
    PROMISE(line.text.len <= text.len && line.stream.len <= text.len && line.attrs.count <= text.len);
    for (size_t at = lt_logline_find(text, 0); at < text.len; at = lt_logline_find(text, at + 1)) {
        struct lt_str rest = lt_str_skip(text, at);
        PROMISE(lt_str_starts(rest, LT_LOGLINE_START));
        if (lt_logline_next(&rest, &line, NULL) == LT_OK)
            PROMISE(line.time.set && rest.len < text.len - at);
    }
    lt_logline_free(&line);
}

static size_t starts(struct lt_str text)
{
    const struct lt_str start = LT_LOGLINE_START;
    size_t count = 0;
    for (const char *at = text.ptr;
         text.len && (at = memmem(at, text.len - (size_t)(at - text.ptr), start.ptr, start.len)); at++)
        count++;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_logline line = {0};
    struct lt_err err = {0};
    enum lt_status status = lt_logline_parse(text, &line, &err);
    PROMISE(status == LT_OK || status == LT_SKIP);
    PROMISE((status == LT_SKIP) == err.set);
    PROMISE(status != LT_OK || (line.time.set && line.time.nsec < 1000000000));
    PROMISE(line.text.len <= size && line.stream.len <= size);
    struct json_t *root = NULL;
    const char *flaw = NULL;
    if (lt_json_parse(text, &root, &flaw, NULL) == LT_OK && !flaw && starts(text) < 2)
        compare(root, status, &line);
    lt_json_free(root);
    lt_logline_free(&line);
    check_damage(text);
    return 0;
}
