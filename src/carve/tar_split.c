// SPDX-License-Identifier: Apache-2.0
/* tar-split.json.gz, what a layer's tar was (vbatts/tar-split tar/storage/entry.go 0.11): a gzip file of one object a
 * line. */
#include "carve/member.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    char head[16];
    (void)skip;
    if (!lt_carve_is_member(block->bytes))
        return false;
    struct lt_str bytes = {head, lt_carve_member_head(block->bytes, head, sizeof head)};
    return lt_str_starts(bytes, LT_STR("{\"type\":1,")) || lt_str_starts(bytes, LT_STR("{\"type\":2,"));
}

const struct lt_carve_format lt_carve_tar_split = {
    .name = "tar-split",
    .begins = begins,
    .take = lt_carve_take_members,
    .drop = lt_carve_drop_members,
    .why = "its end is lost or damaged",
};
