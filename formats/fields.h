// SPDX-License-Identifier: Apache-2.0
/* The facts of a row by name: what JSONL and CSV have in common. */
#ifndef LT_FORMATS_FIELDS_H
#define LT_FORMATS_FIELDS_H

#include "format.h"

/* How a value is to be written; see fields.def. */
enum lt_field_type { LT_AS_WORD, LT_AS_NAME, LT_AS_TEXT, LT_AS_INT, LT_AS_RAW };

enum lt_field {
#define FIELD(id, name, type, put) LT_FIELD_##id,
#define FIELD_ATTR(id, name, type) LT_FIELD_##id,
#include "fields.def"
#undef FIELD
#undef FIELD_ATTR
    LT_FIELDS
};

struct lt_field_info {
    const char *name;        /* JSON key */
    struct lt_str json_name; /* the same as it stands in a JSON line: "name": */
    enum lt_field_type type;
    void (*put)(struct lt_buf *out, const struct lt_row *row); /* NULL: the value is the attribute `attr` */
    enum lt_attr_key attr;
};
extern const struct lt_field_info lt_field_infos[LT_FIELDS];

/* Append the value, unescaped but for RAW, which is complete JSON. Appends nothing where the row has no such fact (no
 * value is ever an empty string). */
void lt_field_put(struct lt_buf *out, enum lt_field field, const struct lt_row *row);

#endif
