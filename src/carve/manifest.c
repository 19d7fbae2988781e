// SPDX-License-Identifier: Apache-2.0
/* Manifests and indexes of images (opencontainers/image-spec manifest.md and image-index.md 1.1, and Docker's schema 2,
 * which has the same members). */
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_carve_begins_with(block, LT_STR("{")) &&
           lt_carve_has(block, LT_STR("\"schemaVersion\":"), block->bytes.len);
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = lt_carve_parse(find);
    bool is_one = lt_json_is_object(lt_json_at(json, "config")) || lt_json_is_array(lt_json_at(json, "manifests"));
    lt_json_free(json);
    return is_one;
}

const struct lt_carve_format lt_carve_manifest = {
    .name = "image-manifest",
    .text = true,
    .keep = 1 << 20,
    .begins = begins,
    .take = lt_carve_take_document,
    .finish = finish,
    .why = "it is damaged",
};
