// SPDX-License-Identifier: Apache-2.0
/* What a command tells of one thing: keys with typed values, absent where unknown. The same records make the rows of a
 * table and the objects of a JSON array. Keys are static and those of formats/fields.def where they mean the same; one
 * key has one type. */
#ifndef LT_COMMAND_RECORD_H
#define LT_COMMAND_RECORD_H

#include "model/event.h"
#include "model/inventory.h"

struct lt_job;

enum lt_cell_type {
    LT_CELL_NAME, /* bytes of the evidence, shown as lt_escape_name() says */
    LT_CELL_TEXT, /* text of the evidence: in JSON its lines are kept */
    LT_CELL_INT,
    LT_CELL_BOOL,
    LT_CELL_TIME,
    LT_CELL_LIST,    /* of struct lt_str * */
    LT_CELL_RECORDS, /* of struct lt_record * */
};

struct lt_cell {
    const char *key;
    enum lt_cell_type type;
    int64_t number; /* and LT_CELL_BOOL */
    struct lt_str text;
    struct lt_time time;
    struct lt_list list;
};

struct lt_record {
    struct lt_arena *arena; /* of the cells */
    struct lt_list cells;   /* of struct lt_cell *, in the order in which they were added */
};

/* An empty one, in `arena`. */
struct lt_record *lt_record_new(struct lt_arena *arena);

/* Add a value, which is borrowed. Empty text and unset times are left out: absent is not empty. Lists are there even if
 * empty: the caller leaves out those that are unknown. */
void lt_record_name(struct lt_record *record, const char *key, struct lt_str value);
void lt_record_text(struct lt_record *record, const char *key, struct lt_str value);
void lt_record_int(struct lt_record *record, const char *key, int64_t value);
void lt_record_bool(struct lt_record *record, const char *key, bool value);
void lt_record_time(struct lt_record *record, const char *key, struct lt_time value);
void lt_record_list(struct lt_record *record, const char *key, struct lt_list value);
void lt_record_records(struct lt_record *record, const char *key, struct lt_list value);

/* An attribute under its own key; and the words of LT_TAG_BIT()s as `tag`. */
void lt_record_attr(struct lt_record *record, const struct lt_attr *attr);
void lt_record_tags(struct lt_record *record, lt_tags tags);

/* lt_owner_label() in `arena`, for a list. */
const struct lt_str *lt_record_label(struct lt_arena *arena, const struct lt_owner *owner);

/* Where the thing lies: `evidence`, `hostname`, `data_root`, `container_runtime`. */
void lt_record_root(struct lt_record *record, const struct lt_root *root);

/* The value under `key`, or NULL. */
const struct lt_cell *lt_record_get(const struct lt_record *record, const char *key);

enum lt_show {
    LT_SHOW_ALL,
    LT_SHOW_SHORT,  /* an ID: its first 12 digits */
    LT_SHOW_CUT,    /* at most 48 characters, "..." after what is longer */
    LT_SHOW_DIFFERS /* the column is there only if rows differ in it */
};

struct lt_column {
    const char *title, *key;
    enum lt_show show;
};

/* A table: a line of titles and a line for each record, columns aligned by two blanks, "-" for what is absent. Nothing
 * in it can move a terminal's cursor. `indent` blanks stand before each line. */
void lt_records_table(struct lt_buf *out, const struct lt_list *records, const struct lt_column *columns, size_t count,
                      unsigned indent);

/* A JSON array with one object a line; keys sorted, ASCII only. */
void lt_records_json(struct lt_buf *out, const struct lt_list *records);

/* A record in the form of lines "key: value"; lists have an item a line, and records are left out. */
void lt_record_sheet(struct lt_buf *out, const struct lt_record *record);

/* Write `records` to the output of the run as its options say: JSON or a table. */
enum lt_status lt_records_write(struct lt_job *job, const struct lt_list *records, const struct lt_column *columns,
                                size_t count, struct lt_err *err);

#endif
