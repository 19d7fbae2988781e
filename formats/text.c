// SPDX-License-Identifier: Apache-2.0
/* A timeline to read and grep, after the text form of mactime: one line per time of an entry, with equal times merged
 * into one "macb". The columns before the path have a fixed width, unless a value is wider. Nothing in a line can move
 * the cursor of a terminal.
 *
 *   time  macb  role  change  owner  mode  uid  gid  size  inode  path or message  bounds  #tags
 *
 * The time is UTC, or in the row's zone with its offset. */
#include "base/escape.h"
#include "formats/message.h"
#include "parse/tzif.h"

enum { OWNER_WIDTH = 32, ROLE_WIDTH = 6, CHANGE_WIDTH = 9 };

/* The columns from mode to inode when they are unknown. */
#define UNKNOWN LT_STR("-              -     -          -        - ")

/* Pad with spaces to `width` columns from `start`, and add one as the gap. */
static void pad(struct lt_buf *out, size_t start, size_t width)
{
    while (out->len < start + width)
        lt_buf_char(out, ' ');
    lt_buf_char(out, ' ');
}

static void add_owner(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    lt_buf_add(out, lt_str_c(lt_role_names[event->owner->role]));
    pad(out, start, ROLE_WIDTH);
    start = out->len;
    lt_buf_add(out, lt_str_c(event->change ? lt_change_names[event->change] : "-"));
    pad(out, start, CHANGE_WIDTH);
    start = out->len;
    lt_owner_label(out, event->owner);
    lt_escape_name_from(out, start, true);
    pad(out, start, OWNER_WIDTH);
}

static void add_number(struct lt_buf *out, uint64_t number, unsigned width)
{
    lt_buf_char(out, ' ');
    lt_buf_right(out, number, width);
}

static void add_file(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    if (!node->mode) {
        lt_buf_add(out, UNKNOWN);
    } else {
        lt_mode_string(out, node->mode);
        add_number(out, node->uid, 5);
        add_number(out, node->gid, 5);
        add_number(out, node->size, 10);
        add_number(out, node->ino, 8);
        lt_buf_char(out, ' ');
    }
    size_t start = out->len;
    lt_event_inside(out, event);
    lt_escape_name_from(out, start, true);
    if (node->target.len) {
        lt_buf_lit(out, " -> ");
        lt_escape_name(out, node->target, true);
    }
    if (!event->attr_count)
        return;
    lt_buf_lit(out, "  ");
    start = out->len;
    lt_message_facts(out, event);
    lt_escape_name_from(out, start, true);
}

static void add_facts(struct lt_buf *out, const struct lt_event *event)
{
    lt_buf_add(out, UNKNOWN);
    size_t start = out->len;
    lt_message_facts(out, event);
    lt_escape_name_from(out, start, true);
}

static void add_time(struct lt_buf *out, const struct lt_zone *zone, struct lt_time time)
{
    int32_t offset = zone ? lt_zone_offset(zone, time.sec) : 0;
    if (!zone || __builtin_add_overflow(time.sec, offset, &time.sec)) {
        lt_time_iso(out, time, 9);
        lt_buf_char(out, 'Z');
        return;
    }
    lt_time_iso(out, time, 9);
    lt_time_zone(out, offset);
}

static void add_bound(struct lt_buf *out, const char *before, const struct lt_zone *zone, struct lt_time time)
{
    if (!time.set)
        return;
    lt_buf_add(out, lt_str_c(before));
    add_time(out, zone, time);
}

/* All tags except the one that the role column already shows. */
static void add_tags(struct lt_buf *out, lt_tags tags)
{
    lt_set_each (tag, tags & ~LT_TAG_BIT(container_rw))
        lt_buf_printf(out, "  #%s", lt_tag_names[tag]);
}

static void text_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    (void)memory;
    const struct lt_event *event = row->event;
    add_time(out, row->zone, row->time);
    lt_buf_char(out, ' ');
    lt_macb(out, row);
    lt_buf_char(out, ' ');
    add_owner(out, event);
    if (event->node)
        add_file(out, event);
    else
        add_facts(out, event);
    add_bound(out, "  not before ", row->zone, event->first);
    add_bound(out, "  not after ", row->zone, event->last);
    add_tags(out, event->tags);
    lt_buf_char(out, '\n');
}

const struct lt_format lt_format_text = {
    .name = "text",
    .suffix = ".txt",
    .summary = "lines to read and grep, after mactime's text form",
    .merged = true,
    .row = text_row,
};
