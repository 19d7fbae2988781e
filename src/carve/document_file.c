// SPDX-License-Identifier: Apache-2.0
/* Any other JSON document. Where one begins with a block, and the document ends with the text, it may still be the last
 * part of a file of one document a line; so the block before must not go on in it. */
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_carve_begins_with(block, LT_STR("{\"")) || lt_carve_begins_with(block, LT_STR("[{\"")) ||
           lt_carve_begins_with(block, LT_STR("{\n"));
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = lt_carve_parse(find);
    bool is_one = lt_json_is_object(json) || lt_json_is_array(json);
    find->sound &= find->fresh;
    lt_json_free(json);
    return is_one;
}

const struct lt_carve_format lt_carve_document_file = {
    .name = "json",
    .text = true,
    .keep = LT_MAX_JSON,
    .begins = begins,
    .take = lt_carve_take_document,
    .finish = finish,
    .why = "it may be a part of a longer file",
};
