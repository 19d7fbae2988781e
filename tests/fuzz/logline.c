// SPDX-License-Identifier: Apache-2.0
/* Our scanner against jansson: where jansson sees a good record, both must read the same. (The scanner takes more: it
 * checks no values that it skips, and lets bytes pass that are no UTF-8.) */
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
    if (lt_json_parse(text, &root, &flaw, NULL) == LT_OK && !flaw)
        compare(root, status, &line);
    lt_json_free(root);
    lt_logline_free(&line);
    return 0;
}
