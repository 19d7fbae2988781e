// SPDX-License-Identifier: Apache-2.0
/* The result of a command: records of keys with typed values. A key is absent if its value is unknown. The same records
 * become table rows or objects of a JSON array. Keys are static. They are those of formats/fields.def where the meaning
 * is the same, and a key always has the same type. */
#ifndef LT_COMMAND_RECORD_H
#define LT_COMMAND_RECORD_H

#include "formats/format.h"
#include "model/event.h"
#include "model/inventory.h"

struct lt_job;

enum lt_cell_type {
    LT_CELL_NAME, /* bytes of the evidence, shown as by lt_escape_name() */
    LT_CELL_TEXT, /* text of the evidence; JSON keeps its line breaks */
    LT_CELL_INT,
    LT_CELL_BOOL,
    LT_CELL_TIME,
    LT_CELL_LIST,    /* of struct lt_str * */
    LT_CELL_RECORDS, /* of struct lt_record * */
};

struct lt_cell {
    const char *key;
    enum lt_cell_type type;
    int64_t number; /* also for LT_CELL_BOOL */
    struct lt_str text;
    struct lt_time time;
    struct lt_list list;
};

struct lt_record {
    struct lt_arena *arena; /* holds the cells */
    struct lt_list cells;   /* of struct lt_cell *, in the order of adding */
};

/* An empty record in `arena`. */
struct lt_record *lt_record_new(struct lt_arena *arena);

/* Add a value, which is borrowed. Empty text and unset times are omitted. A list is added even if empty: the caller
 * omits unknown ones. */
void lt_record_name(struct lt_record *record, const char *key, struct lt_str value);
void lt_record_text(struct lt_record *record, const char *key, struct lt_str value);
void lt_record_int(struct lt_record *record, const char *key, int64_t value);
void lt_record_bool(struct lt_record *record, const char *key, bool value);
void lt_record_time(struct lt_record *record, const char *key, struct lt_time value);
void lt_record_list(struct lt_record *record, const char *key, struct lt_list value);
void lt_record_records(struct lt_record *record, const char *key, struct lt_list value);

/* Add an attribute under its own key, and the words of LT_TAG_BIT()s as `tag`. */
void lt_record_attr(struct lt_record *record, const struct lt_attr *attr);
void lt_record_tags(struct lt_record *record, lt_tags tags);

/* lt_owner_label() in `arena`, as an item of a list. */
const struct lt_str *lt_record_label(struct lt_arena *arena, const struct lt_owner *owner);

/* Add the image of a container: `image_identifier`; `image_name`, `image_names`: what it is called now; and the name
 * that was typed for it, as `image_typed`, if it has that no more, with the ID of the image that has it now as
 * `image_typed_now`. */
void lt_record_image(struct lt_record *record, const struct lt_container *container);

/* Add what is known of the past of a container without a configuration, and who tells its name or image. */
void lt_record_traces(struct lt_record *record, const struct lt_container *container);

/* Add what a container belongs to: its namespace, pod and storage driver. */
void lt_record_place(struct lt_record *record, const struct lt_container *container);

/* For qsort() of struct lt_container *: the oldest first, those without any time last. */
int lt_containers_by_age(const void *a, const void *b);

/* Add where the item lies: `evidence`, `hostname`, `data_root`, `container_runtime`. */
void lt_record_root(struct lt_record *record, const struct lt_root *root, const struct lt_runtime *runtime);

/* Add the zones of a container and of its host, who says so, and how the witnesses disagree. */
void lt_record_zones(struct lt_record *record, const struct lt_container *container);

/* The value under `key`, or NULL. */
const struct lt_cell *lt_record_get(const struct lt_record *record, const char *key);

enum lt_show {
    LT_SHOW_ALL,
    LT_SHOW_SHORT,   /* an ID: its first 12 digits */
    LT_SHOW_CUT,     /* at most 48 characters, including "..." if cut */
    LT_SHOW_DIFFERS, /* omit the column if all rows have the same value */
    LT_SHOW_KNOWN    /* omit the column if no row has a value */
};

struct lt_column {
    const char *title, *key;
    enum lt_show show;
};

/* Append a table: a line of titles and a line for each record. Columns are aligned, with two blanks between them; "-"
 * stands for an absent value. No output but colours can move a terminal's cursor. Each line is indented by `indent`
 * blanks. If the table is wider than the style wants, the widest columns lose the middle of their values, and then
 * columns at the right are left out. At most 32 columns. */
void lt_records_table(struct lt_buf *out, const struct lt_list *records, const struct lt_column *columns, size_t count,
                      const struct lt_style *style, unsigned indent);

/* Append a value as JSON. */
void lt_cell_json(struct lt_buf *out, const struct lt_cell *cell);

/* Append a JSON array with one object a line, or only the lines. Keys are sorted; ASCII only. */
void lt_records_json(struct lt_buf *out, const struct lt_list *records);
void lt_records_json_lines(struct lt_buf *out, const struct lt_list *records);

/* Append CSV: a line of the keys that any record has, and those of `columns` (NULL if `count` is 0), sorted; then the
 * records. Numbers, truth and times are plain, all else is in quotes; lists and records are JSON in a cell. */
void lt_records_csv(struct lt_buf *out, const struct lt_list *records, const struct lt_column *columns, size_t count,
                    bool raw);

/* The same record by record, where there may be too many to keep them all: add the keys (static, in `arena`) of each;
 * then the line of them, which sorts them; then each record as a line. */
void lt_csv_keys(struct lt_list *keys, struct lt_arena *arena, const struct lt_record *record);
void lt_csv_head(struct lt_buf *out, struct lt_list *keys);
void lt_csv_row(struct lt_buf *out, const struct lt_list *keys, const struct lt_record *record, bool raw);

/* Append a record as lines "key: value". Lists have one item a line; nested records are omitted. */
void lt_record_sheet(struct lt_buf *out, const struct lt_record *record);

/* Write `records` to the output of the run, in the form that its options say. */
enum lt_status lt_records_write(struct lt_job *job, const struct lt_list *records, const struct lt_column *columns,
                                size_t count, struct lt_err *err);

#endif
