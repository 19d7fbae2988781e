// SPDX-License-Identifier: Apache-2.0
#include "event.h"

const struct lt_kind_info lt_kinds[LT_KINDS] = {
#define KIND(id, data_type, desc, source_short, source_long, flags) {data_type, desc, source_short, source_long, flags},
#include "kinds.def"
#undef KIND
};

const struct lt_attr_info lt_attr_infos[LT_ATTRS] = {
#define ATTR(id, name, type, label) {name, label, LT_ATTR_##type},
#include "attrs.def"
#undef ATTR
};

const char *const lt_tag_names[LT_TAGS] = {
#define TAG(id) #id,
#include "tags.def"
#undef TAG
};

const char *const lt_slot_desc[LT_SLOTS] = {
    [LT_M] = "Content Modification Time",
    [LT_A] = "Last Access Time",
    [LT_C] = "Metadata Modification Time",
    [LT_B] = "Creation Time",
};

const char *const lt_clock_names[LT_CLOCKS] = {"host", "builder", "registry", "application", "unknown"};
const char *const lt_confidence_names[LT_CONFIDENCES] = {"exact", "bounded", "inferred", "claimed"};
const char *const lt_change_names[LT_CHANGES] = {NULL, "deleted"};

static void add_entry_path(struct lt_buf *out, struct lt_str dir, struct lt_str name)
{
    lt_buf_add(out, dir);
    /* The root of a tree is an entry without a name: "/", or the path of the tree itself. */
    if (name.len || !dir.len)
        lt_buf_char(out, '/');
    lt_buf_add(out, name);
}

void lt_event_path(struct lt_buf *out, const struct lt_event *event)
{
    if (event->dir)
        add_entry_path(out, event->dir->path, event->node->name);
    else
        lt_buf_add(out, event->where.file);
}

void lt_event_inside(struct lt_buf *out, const struct lt_event *event)
{
    if (event->inside.len)
        lt_buf_add(out, event->inside);
    else if (event->dir && event->dir->has_inside)
        add_entry_path(out, event->dir->inside, event->node->name);
    else
        lt_event_path(out, event);
}

const struct lt_attr *lt_event_attr(const struct lt_event *event, enum lt_attr_key key)
{
    for (size_t i = 0; i < event->attr_count; i++)
        if (event->attrs[i].key == key)
            return &event->attrs[i];
    return NULL;
}
