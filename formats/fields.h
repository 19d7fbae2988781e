// SPDX-License-Identifier: Apache-2.0
/* The facts of a row by name, for JSONL and CSV. */
#ifndef LT_FORMATS_FIELDS_H
#define LT_FORMATS_FIELDS_H

#include "formats/format.h"

/* How a value is written; see fields.def. */
enum lt_field_type { LT_AS_WORD, LT_AS_NAME, LT_AS_TEXT, LT_AS_INT, LT_AS_RAW };

/* Size of a key in a JSON line, at least that of the longest one. All of it is always copied, which is faster than
 * counting bytes. */
enum { LT_JSON_KEY = 48 };

/* What a fact depends on. */
enum lt_field_scope { LT_OF_ROW, LT_OF_TIME, LT_OF_EVENT, LT_OF_ORIGIN };

enum lt_field {
#define FIELD(id, name, type, put)        LT_FIELD_##id,
#define FIELD_TIME(id, name, type, put)   LT_FIELD_##id,
#define FIELD_EVENT(id, name, type, put)  LT_FIELD_##id,
#define FIELD_ORIGIN(id, name, type, put) LT_FIELD_##id,
#define FIELD_ATTR(id, name, type)        LT_FIELD_##id,
#include "formats/fields.def"
#undef FIELD
#undef FIELD_TIME
#undef FIELD_EVENT
#undef FIELD_ORIGIN
#undef FIELD_ATTR
    LT_FIELDS
};
typedef lt_set lt_fields; /* a set of them */
_Static_assert((int)LT_FIELDS <= LT_MAX_FIELDS, "a memo has a part for each field");
_Static_assert(LT_MAX_FIELDS <= LT_SET_SIZE, "a field is a bit");
#define LT_FIELD_BIT(id) LT_SET_BIT(LT_FIELD_##id)

struct lt_field_info {
    const char *name;       /* JSON key */
    char json[LT_JSON_KEY]; /* the same as in a JSON line, with what comes before it and, for text, the opening quote */
    size_t json_len;        /* used bytes of `json` */
    enum lt_field_type type;
    enum lt_field_scope scope;
    enum lt_attr_key attr; /* the attribute that holds the value; LT_ATTRS: one of the functions below writes it */
    void (*put)(struct lt_buf *out, const struct lt_row *row);
    void (*put_time)(struct lt_buf *out, const struct lt_event *event, struct lt_time time);
    void (*put_event)(struct lt_buf *out, const struct lt_event *event);
    void (*put_origin)(struct lt_buf *out, const struct lt_origin *origin);
};
extern const struct lt_field_info lt_field_infos[LT_FIELDS];

/* Append the value: complete JSON for RAW, unescaped for all other types. Appends nothing if the row has no such fact
 * (no value is ever an empty string). */
void lt_field_put(struct lt_buf *out, enum lt_field field, const struct lt_row *row);

#endif
