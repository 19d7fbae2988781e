// SPDX-License-Identifier: Apache-2.0
/* The configuration of an image (opencontainers/image-spec config.md 1.1). The digest of its bytes is the image's ID
 * (moby daemon/internal/image/store.go). */
#include "base/sha256.h"
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_carve_begins_with(block, LT_STR("{\"")) &&
           lt_carve_has(block, LT_STR("\"architecture\":"), block->bytes.len);
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = lt_carve_parse(find);
    bool is_one = lt_json_is_array(lt_json_at(json, "rootfs.diff_ids"));
    if (is_one && find->sound) {
        struct lt_buf digest = {0};
        struct lt_sha256 *sum = lt_sha256_new();
        lt_sha256_add(sum, lt_buf_view(&find->kept));
        lt_sha256_finish(sum, &digest);
        find->said.image = lt_carve_keep(find, lt_buf_view(&digest));
        lt_buf_free(&digest);
    }
    lt_json_free(json);
    return is_one;
}

const struct lt_carve_format lt_carve_image_config = {
    .name = "image-config",
    .text = true,
    .keep = 1 << 20,
    .begins = begins,
    .take = lt_carve_take_document,
    .finish = finish,
    .why = "it is damaged",
};
