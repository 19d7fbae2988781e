// SPDX-License-Identifier: Apache-2.0
#include "command/record.h"

#include "base/escape.h"
#include "evidence/evidence.h"
#include "model/runtime.h"

#include <stdlib.h>
#include <string.h>

struct lt_record *lt_record_new(struct lt_arena *arena)
{
    struct lt_record *record = lt_new(arena, struct lt_record);
    record->arena = arena;
    return record;
}

static struct lt_cell *add_cell(struct lt_record *record, const char *key, enum lt_cell_type type)
{
    struct lt_cell *cell = lt_new(record->arena, struct lt_cell);
    cell->key = key;
    cell->type = type;
    lt_list_add(&record->cells, record->arena, cell);
    return cell;
}

void lt_record_name(struct lt_record *record, const char *key, struct lt_str value)
{
    if (value.len)
        add_cell(record, key, LT_CELL_NAME)->text = value;
}

void lt_record_text(struct lt_record *record, const char *key, struct lt_str value)
{
    if (value.len)
        add_cell(record, key, LT_CELL_TEXT)->text = value;
}

void lt_record_int(struct lt_record *record, const char *key, int64_t value)
{
    add_cell(record, key, LT_CELL_INT)->number = value;
}

void lt_record_bool(struct lt_record *record, const char *key, bool value)
{
    add_cell(record, key, LT_CELL_BOOL)->number = value;
}

void lt_record_time(struct lt_record *record, const char *key, struct lt_time value)
{
    if (value.set)
        add_cell(record, key, LT_CELL_TIME)->time = value;
}

void lt_record_list(struct lt_record *record, const char *key, struct lt_list value)
{
    add_cell(record, key, LT_CELL_LIST)->list = value;
}

void lt_record_records(struct lt_record *record, const char *key, struct lt_list value)
{
    add_cell(record, key, LT_CELL_RECORDS)->list = value;
}

void lt_record_attr(struct lt_record *record, const struct lt_attr *attr)
{
    const struct lt_attr_info *info = &lt_attr_infos[attr->key];
    if (info->type == LT_ATTR_INT)
        lt_record_int(record, info->name, attr->number);
    else if (info->type == LT_ATTR_LIST)
        lt_record_list(record, info->name, attr->items);
    else if (attr->key == LT_ATTR_IMAGE)
        lt_record_name(record, info->name, attr->text);
    else
        lt_record_text(record, info->name, attr->text);
}

void lt_record_tags(struct lt_record *record, lt_tags tags)
{
    struct lt_list words = {0};
    lt_set_each (tag, tags)
        lt_list_add_str(&words, record->arena, lt_str_c(lt_tag_names[tag]));
    lt_record_list(record, "tag", words);
}

const struct lt_str *lt_record_label(struct lt_arena *arena, const struct lt_owner *owner)
{
    struct lt_buf text = {0};
    struct lt_str *label = lt_new(arena, struct lt_str);
    lt_owner_label(&text, owner);
    *label = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return label;
}

void lt_record_image(struct lt_record *record, const struct lt_container *container)
{
    const struct lt_image *image = container->image;
    lt_record_name(record, "image_identifier", image ? image->id : container->image_id);
    if (image) {
        lt_record_name(record, "image_name", lt_owner_image_name(&container->owner));
        lt_record_list(record, "image_names", image->names);
    }
    if (lt_container_typed_holds(container))
        return;
    const struct lt_image *now = lt_container_typed_now(container);
    lt_record_name(record, "image_typed", lt_container_typed(container));
    lt_record_name(record, "image_typed_now", now && now != image ? now->id : LT_STR(""));
}

void lt_record_traces(struct lt_record *record, const struct lt_container *container)
{
    lt_record_time(record, "first_trace", container->first_trace);
    lt_record_time(record, "last_trace", container->last_trace);
    if (container->traced_by.count)
        lt_record_list(record, "traced_by", container->traced_by);
    if (container->told_by.count)
        lt_record_list(record, "told_by", container->told_by);
}

void lt_record_place(struct lt_record *record, const struct lt_container *container)
{
    lt_record_name(record, "container_namespace", container->namespace);
    lt_record_name(record, "pod_identifier", container->pod);
    lt_record_name(record, "pod_name", container->pod_name);
    lt_record_name(record, "pod_namespace", container->pod_namespace);
    lt_record_name(record, "storage_driver", container->driver);
}

static struct lt_time oldest(const struct lt_container *container)
{
    return container->created.set ? container->created : container->first_trace;
}

int lt_containers_by_age(const void *a, const void *b)
{
    const struct lt_container *left = *(const struct lt_container *const *)a;
    const struct lt_container *right = *(const struct lt_container *const *)b;
    struct lt_time times[] = {oldest(left), oldest(right)};
    if (times[0].set != times[1].set)
        return times[0].set ? -1 : 1;
    int order = times[0].set ? lt_time_cmp(times[0], times[1]) : 0;
    return order ? order : lt_str_cmp(left->id, right->id);
}

void lt_record_root(struct lt_record *record, const struct lt_root *root, const struct lt_runtime *runtime)
{
    lt_record_name(record, "evidence", lt_str_c(root->part->evidence->spec));
    lt_record_name(record, "hostname", root->host->hostname);
    lt_record_name(record, "data_root", root->path.len ? root->path : LT_STR("/"));
    lt_record_name(record, "container_runtime", lt_str_c(runtime->name));
}

void lt_record_zones(struct lt_record *record, const struct lt_container *container)
{
    const struct lt_zone_info *own = &container->zone, *host = &container->root->host->zone;
    lt_record_name(record, "time_zone", own->name);
    lt_record_name(record, "time_zone_by", own->from);
    lt_record_name(record, "time_zone_conflict", own->conflict);
    lt_record_name(record, "host_time_zone", host->name);
    lt_record_name(record, "host_time_zone_by", host->from);
    lt_record_name(record, "host_time_zone_conflict", host->conflict);
}

const struct lt_cell *lt_record_get(const struct lt_record *record, const char *key)
{
    lt_each (const struct lt_cell, cell, &record->cells)
        if (strcmp(cell->key, key) == 0)
            return cell;
    return NULL;
}

/* --- JSON --- */

static int by_key(const void *a, const void *b)
{
    const struct lt_cell *const *left = a, *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

static void json_record(struct lt_buf *out, const struct lt_record *record);

void lt_cell_json(struct lt_buf *out, const struct lt_cell *cell)
{
    const char *before = "";
    switch (cell->type) {
    case LT_CELL_NAME:
        lt_escape_json_name(out, cell->text);
        break;
    case LT_CELL_TEXT:
        lt_buf_char(out, '"');
        lt_escape_json(out, cell->text);
        lt_buf_char(out, '"');
        break;
    case LT_CELL_INT:
        lt_buf_int(out, cell->number);
        break;
    case LT_CELL_BOOL:
        lt_buf_add(out, cell->number ? LT_STR("true") : LT_STR("false"));
        break;
    case LT_CELL_TIME:
        lt_buf_char(out, '"');
        lt_time_iso(out, cell->time, 9);
        lt_buf_lit(out, "+00:00\"");
        break;
    case LT_CELL_LIST:
    case LT_CELL_RECORDS:
        lt_buf_char(out, '[');
        for (size_t i = 0; i < cell->list.count; i++) {
            lt_buf_add(out, lt_str_c(before));
            if (cell->type == LT_CELL_LIST)
                lt_escape_json_name(out, *(const struct lt_str *)cell->list.items[i]);
            else
                json_record(out, cell->list.items[i]);
            before = ", ";
        }
        lt_buf_char(out, ']');
        break;
    }
}

// NOLINTNEXTLINE(misc-no-recursion): records contain records, to a depth that the code fixes
static void json_record(struct lt_buf *out, const struct lt_record *record)
{
    struct lt_list cells = {0};
    lt_each (const struct lt_cell, cell, &record->cells)
        lt_list_add(&cells, record->arena, cell);
    if (cells.count)
        qsort(cells.items, cells.count, sizeof *cells.items, by_key);
    lt_buf_char(out, '{');
    lt_each (const struct lt_cell, cell, &cells) {
        lt_buf_printf(out, "%s\"%s\": ", cell_at ? ", " : "", cell->key);
        lt_cell_json(out, cell);
    }
    lt_buf_char(out, '}');
}

void lt_records_json(struct lt_buf *out, const struct lt_list *records)
{
    lt_buf_char(out, '[');
    lt_each (const struct lt_record, record, records) {
        lt_buf_add(out, record_at ? LT_STR(",\n ") : LT_STR(""));
        json_record(out, record);
    }
    lt_buf_lit(out, "]\n");
}

void lt_records_json_lines(struct lt_buf *out, const struct lt_list *records)
{
    lt_each (const struct lt_record, record, records) {
        json_record(out, record);
        lt_buf_char(out, '\n');
    }
}
