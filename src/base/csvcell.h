// SPDX-License-Identifier: Apache-2.0
/* Text in a cell of CSV (RFC 4180). A spreadsheet calculates a cell that begins like a formula, and a formula may run
 * commands or send the sheet away (CWE-1236). Names and log lines are written by whoever controlled the container. */
#ifndef LT_BASE_CSVCELL_H
#define LT_BASE_CSVCELL_H

#include "base/str.h"

/* Put an apostrophe before what was appended to `out` since it was `start` bytes long, if a spreadsheet would calculate
 * it: it begins with = + - @, or with one of these in full width (as some locales read them). A number stays, and so
 * does a lone sign. */
void lt_cell_neutralise(struct lt_buf *out, size_t start);

/* Make a cell of what was appended to `out` since `start`: neutralised unless `raw`, and in quotes, which are doubled
 * within. Control characters must have been escaped, so that a record is one line. If nothing was appended, the cell
 * is empty, without quotes. */
void lt_csv_cell(struct lt_buf *out, size_t start, bool raw);

#endif
