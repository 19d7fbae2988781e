// SPDX-License-Identifier: Apache-2.0
/* Each layer shows all files. Nothing marks a deletion, and unchanged files are as in the layer below. */
#include "store/mechanics.h"

static enum lt_meaning copies_meaning(const struct lt_node *node, struct lt_str *subject)
{
    (void)node, (void)subject;
    return LT_PLAIN;
}

const struct lt_mechanics lt_mechanics_copies = {
    .copies = true,
    .whole_rw = true,
    .meaning = copies_meaning,
};
