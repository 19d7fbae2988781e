// SPDX-License-Identifier: Apache-2.0
/* What a block holds at first sight. This is asked of every block of free space, so it stops at the first byte that
 * decides. */
#ifndef LT_CARVE_BLOCK_H
#define LT_CARVE_BLOCK_H

#include "base/str.h"

struct lt_carve_block {
    struct lt_str bytes;
    size_t text; /* it begins with so many bytes of text, and all behind them are zeros; 0: it is none */
    bool fresh;  /* what lies before it on the disk ends with a zero, so nothing goes on here */
};

/* Are all bytes zeros? */
bool lt_carve_is_zeros(struct lt_str bytes);

/* The length of the text that `bytes` begin with, if only zeros follow; 0: it is none. Text is UTF-8, perhaps cut
 * within a character at both ends, without control characters but those that end or indent lines, and escape. */
size_t lt_carve_text(struct lt_str bytes);

#endif
