// SPDX-License-Identifier: Apache-2.0
/* A gzip file. What its extra field says of a packed log is kept: {"lastTime":"..."}, as Docker writes it (moby
 * daemon/logger/loggerutils/logfile.go, 18.09 to 28.x). */
#include "base/gz.h"
#include "carve/grown.h"
#include "carve/member.h"
#include "parse/stamp.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_carve_is_member(block->bytes);
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    struct lt_err ignored = {0};
    struct lt_str extra = lt_gzip_extra(lt_buf_view(&find->kept));
    if (extra.len && lt_json_parse(extra, &json, &flaw, &ignored) == LT_OK) {
        lt_err_clear(&ignored);
        lt_stamp_rfc3339(lt_json_str(json, "lastTime"), &find->said.last, &ignored);
        lt_json_free(json);
    }
    return true;
}

const struct lt_carve_format lt_carve_gzip = {
    .name = "gzip",
    .keep = 512,
    .begins = begins,
    .take = lt_carve_take_members,
    .finish = finish,
    .drop = lt_carve_drop_members,
    .why = "its end is lost or damaged",
};
