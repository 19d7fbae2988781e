// SPDX-License-Identifier: Apache-2.0
/* A row as a sequence of columns, one a fact. What is the same in many rows is made once, and copied: see
 * formats/fields.def. */
#ifndef LT_FORMATS_COLUMNS_H
#define LT_FORMATS_COLUMNS_H

#include "formats/fields.h"

/* Append a column, with what separates it from the one before or after. */
typedef void lt_put_column(struct lt_buf *out, enum lt_field field, const struct lt_row *row,
                           const struct lt_style *style);

/* Append a column to memory->columns. A fact may have several. */
static inline void lt_columns_add(struct lt_memory *memory, enum lt_field field)
{
    memory->columns[memory->column_count++] = (uint8_t)field;
}

/* Append a row: memory->columns. If `skip` is not 0, so many bytes of the first column are left out, which separate it
 * from none; that column must be of the origin or the event, and in all rows. */
void lt_columns_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory, lt_put_column *put,
                    size_t skip);

#endif
