// SPDX-License-Identifier: Apache-2.0
/* Other text: what users and programs wrote, also histories without times, settings, notes, lists. */
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return block->text > 1;
}

const struct lt_carve_format lt_carve_plain_text = {
    .name = "text",
    .text = true,
    .begins = begins,
    .take = lt_carve_take_text,
    .why = LT_CARVE_NO_BEGIN,
};
