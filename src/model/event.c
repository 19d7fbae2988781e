// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

const struct lt_kind_info lt_kinds[LT_KINDS] = {
#define KIND(id, data_type, desc, source_short, source_long, flags) {data_type, desc, source_short, source_long, flags},
#include "model/kinds.def"
#include "runtime/runtimes.def"
};

const struct lt_attr_info lt_attr_infos[LT_ATTRS] = {
#define ATTR(id, name, type, label) {name, label, LT_ATTR_##type},
#include "model/attrs.def"
#include "runtime/runtimes.def"
};

const char *const lt_tag_names[LT_TAGS] = {
#define TAG(id) #id,
#include "model/tags.def"
#include "runtime/runtimes.def"
};

const char *const lt_slot_desc[LT_SLOTS] = {
    [LT_M] = "Content Modification Time",
    [LT_A] = "Last Access Time",
    [LT_C] = "Metadata Modification Time",
    [LT_B] = "Creation Time",
};

const char *const lt_clock_names[LT_CLOCKS] = {"host", "builder", "registry", "application", "unknown"};
const char *const lt_confidence_names[LT_CONFIDENCES] = {"exact", "bounded", "inferred", "claimed"};
const char *const lt_change_names[LT_CHANGES] = {
    NULL, "added", "copied-up", "metadata", "modified", "replaced", "renamed", "opaque", "deleted",
};

struct lt_time lt_likeliest(struct lt_time first, struct lt_time last, struct lt_time witness)
{
    bool early = first.set && lt_time_cmp(witness, first) < 0;
    bool late = last.set && lt_time_cmp(witness, last) > 0;
    if (witness.set && (first.set || last.set) && !early && !late)
        return witness;
    return last.set ? last : first;
}

void lt_event_bound(struct lt_event *event, struct lt_time first, struct lt_time last, struct lt_time witness)
{
    event->time[0] = lt_likeliest(first, last, witness);
    event->first = first;
    event->last = last;
}

/* Append the names from the start of the path down to `dir`. Their bytes are counted first and then filled in from the
 * end. */
static void add_names(struct lt_buf *out, const struct lt_dir *dir, bool inside)
{
    const struct lt_dir *first = dir;
    size_t length = 0;
    for (; first->parent && !(inside && first->placed); first = first->parent)
        length += 1 + first->name.len;
    lt_buf_add(out, inside ? first->place : first->name);
    lt_buf_reserve(out, length + 1);
    char *end = out->ptr + out->len + length;
    out->len += length;
    for (; dir != first; dir = dir->parent) {
        end -= dir->name.len;
        memcpy(end, dir->name.ptr, dir->name.len);
        *--end = '/';
    }
}

void lt_dir_keep(struct lt_dir *dir, struct lt_arena *arena)
{
    const struct lt_dir *parent = dir->parent;
    dir->has_path = dir->path_len <= LT_MAX_KEPT_PATH && (!parent || parent->has_path);
    if (!dir->has_path) {
        dir->name = lt_str_dup(arena, dir->name);
        return;
    }
    dir->path = parent ? lt_path_join(arena, parent->path, dir->name) : dir->name;
    dir->name = lt_str_skip(dir->path, dir->path.len - dir->name.len);
    if (!dir->placed && parent)
        dir->place = parent->place;
    dir->inside_at = dir->placed || !parent ? dir->path.len : parent->inside_at;
}

struct lt_dir *lt_dir_child(struct lt_arena *arena, const struct lt_dir *parent, const struct lt_node *node)
{
    struct lt_dir *dir = lt_new(arena, struct lt_dir);
    *dir = (struct lt_dir){
        .parent = parent,
        .name = node->name,
        .path_len = parent->path_len + 1 + node->name.len,
        .ino = node->ino,
        .depth = parent->depth + 1,
        .brief = parent->brief,
    };
    lt_dir_keep(dir, arena);
    return dir;
}

void lt_dir_path(struct lt_buf *out, const struct lt_dir *dir)
{
    if (dir->has_path)
        lt_buf_add(out, dir->path);
    else
        add_names(out, dir, false);
}

void lt_dir_inside(struct lt_buf *out, const struct lt_dir *dir)
{
    if (!dir->has_path) {
        add_names(out, dir, true);
        return;
    }
    lt_buf_add(out, dir->place);
    lt_buf_add(out, lt_str_skip(dir->path, dir->inside_at));
}

/* The root of a tree is an entry without a name. Its path is that of the tree; "/" for the root of a file system. */
static void add_name(struct lt_buf *out, size_t start, struct lt_str name)
{
    if (name.len || out->len == start)
        lt_buf_char(out, '/');
    lt_buf_add(out, name);
}

void lt_event_path(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    if (!event->dir) {
        lt_buf_add(out, event->where.file);
        return;
    }
    lt_dir_path(out, event->dir);
    add_name(out, start, event->node->name);
}

void lt_event_inside(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    if (event->inside.len) {
        lt_buf_add(out, event->inside);
    } else if (event->dir && event->dir->has_inside) {
        lt_dir_inside(out, event->dir);
        add_name(out, start, event->node->name);
    } else {
        lt_event_path(out, event);
    }
}

const struct lt_attr *lt_event_attr(const struct lt_event *event, enum lt_attr_key key)
{
    for (size_t i = 0; i < event->attr_count; i++)
        if (event->attrs[i].key == key)
            return &event->attrs[i];
    return NULL;
}

void lt_event_add_fact(struct lt_event *event, struct lt_arena *arena, struct lt_str fact)
{
    const struct lt_attr *old = lt_event_attr(event, LT_ATTR_FACTS);
    size_t count = event->attr_count + !old, at = old ? (size_t)(old - event->attrs) : event->attr_count;
    struct lt_attr *attrs = lt_new_array(arena, struct lt_attr, count);
    struct lt_str *item = lt_new(arena, struct lt_str);
    if (event->attr_count)
        memcpy(attrs, event->attrs, event->attr_count * sizeof *attrs);
    attrs[at] = (struct lt_attr){.key = LT_ATTR_FACTS};
    if (old)
        lt_each (struct lt_str, known, &old->items)
            lt_list_add(&attrs[at].items, arena, known);
    *item = fact;
    lt_list_add(&attrs[at].items, arena, item);
    event->attrs = attrs;
    event->attr_count = count;
}
