// SPDX-License-Identifier: Apache-2.0
/* Short names of overlay2 layers: "link" has that of its layer, "lower" those of all below it, as l/NAME:l/NAME (moby
 * daemon/graphdriver/overlay2/overlay.go, 1.12 to 28.x). */
#include "carve/grown.h"
#include "parse/ident.h"

enum { MOST_BELOW = 128, LONGEST = MOST_BELOW * 29 };

static bool is_lower(struct lt_str text)
{
    while (text.len) {
        struct lt_str name = lt_str_cut(&text, ':');
        if (!lt_str_starts(name, LT_STR("l/")) || !lt_is_link_id(lt_str_skip(name, 2)))
            return false;
    }
    return true;
}

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    struct lt_str text = {block->bytes.ptr, block->text};
    (void)skip;
    return text.len && text.len <= LONGEST && text.len < block->bytes.len && (lt_is_link_id(text) || is_lower(text));
}

static bool finish(struct lt_carve_find *find)
{
    find->sound = find->fresh;
    return true;
}

const struct lt_carve_format lt_carve_layer_link = {
    .name = "layer-link",
    .text = true,
    .cuts = LT_CARVE_CUTS_ALWAYS,
    .begins = begins,
    .take = lt_carve_take_text,
    .finish = finish,
    .why = "it may be the end of a longer text",
};
