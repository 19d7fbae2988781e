// SPDX-License-Identifier: Apache-2.0
/* Text in a cell of CSV (RFC 4180). */
#ifndef LT_BASE_CSVCELL_H
#define LT_BASE_CSVCELL_H

#include "base/str.h"

/* Make a cell of what was appended to `out` since `start`, in quotes, which are doubled within. Control characters must
 * have been escaped, so that a record is one line. A spreadsheet would calculate what begins with = + - or @: that gets
 * a ' before it, unless it is a number or a lone sign. If nothing was appended, the cell is empty, without quotes. */
void lt_csv_cell(struct lt_buf *out, size_t start);

#endif
