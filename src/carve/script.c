// SPDX-License-Identifier: Apache-2.0
/* A script: its first line names the program that runs it. */
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_carve_begins_with(block, LT_STR("#!/")) || lt_carve_begins_with(block, LT_STR("#! /"));
}

const struct lt_carve_format lt_carve_script = {
    .name = "script",
    .text = true,
    .cuts = LT_CARVE_CUTS_LINE,
    .begins = begins,
    .take = lt_carve_take_text,
    .why = LT_CARVE_NO_BEGIN,
};
