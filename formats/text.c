// SPDX-License-Identifier: Apache-2.0
/* A timeline to read and grep, after the text form of mactime: one line per time of an entry, with equal times merged
 * into one "macb". The columns before the path have a fixed width, unless a value is wider. Nothing in a line can move
 * the cursor of a terminal.
 *
 *   time  macb  role  change  owner  mode  uid  gid  size  inode  path or message  bounds  #tags
 *
 * The time is UTC, or in the row's zone with its offset. On a terminal that is too narrow, the columns from mode to
 * inode are left out, then fractions of seconds and the IDs of containers, then the middle of facts, and of the path.
 */
#include "base/escape.h"
#include "formats/message.h"
#include "parse/tzif.h"

enum { OWNER_WIDTH = 32, NAME_WIDTH = 16, ROLE_WIDTH = 6, CHANGE_WIDTH = 9 };

/* The columns from mode to inode when they are unknown. */
#define UNKNOWN LT_STR("-              -     -          -        - ")

/* Pad with spaces to `width` columns from `start`, and add one as the gap. */
static void pad(struct lt_buf *out, size_t start, size_t width)
{
    while (out->len < start + width)
        lt_buf_char(out, ' ');
    lt_buf_char(out, ' ');
}

static void add_owner(struct lt_buf *out, const struct lt_event *event, bool is_narrow)
{
    size_t start = out->len;
    lt_buf_add(out, lt_str_c(lt_role_names[event->owner->role]));
    pad(out, start, ROLE_WIDTH);
    start = out->len;
    lt_buf_add(out, lt_str_c(event->change ? lt_change_names[event->change] : "-"));
    pad(out, start, CHANGE_WIDTH);
    start = out->len;
    if (is_narrow && event->owner->container && event->owner->container->name.len)
        lt_buf_add(out, event->owner->container->name);
    else
        lt_owner_label(out, event->owner);
    lt_escape_name_from(out, start, true);
    pad(out, start, is_narrow ? NAME_WIDTH : OWNER_WIDTH);
}

static void add_number(struct lt_buf *out, uint64_t number, unsigned width)
{
    lt_buf_char(out, ' ');
    lt_buf_right(out, number, width);
}

/* The columns from mode to inode. */
static void add_inode(struct lt_buf *out, const struct lt_node *node)
{
    if (!node || !node->mode) {
        lt_buf_add(out, UNKNOWN);
        return;
    }
    lt_mode_string(out, node->mode);
    add_number(out, node->uid, 5);
    add_number(out, node->gid, 5);
    add_number(out, node->size, 10);
    add_number(out, node->ino, 8);
    lt_buf_char(out, ' ');
}

static void add_facts(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    lt_message_facts(out, event);
    lt_escape_name_from(out, start, true);
}

/* The path of a file, with its facts, or what happened. Returns where the path ends. */
static size_t add_text(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    if (!event->node) {
        add_facts(out, event);
        return out->len;
    }
    lt_event_inside(out, event);
    lt_escape_name_from(out, start, true);
    if (event->node->target.len) {
        lt_buf_lit(out, " -> ");
        lt_escape_name(out, event->node->target, true);
    }
    size_t end = out->len;
    if (event->attr_count) {
        lt_buf_lit(out, "  (");
        add_facts(out, event);
        lt_buf_char(out, ')');
    }
    return end;
}

static void add_time(struct lt_buf *out, const struct lt_zone *zone, struct lt_time time, unsigned digits)
{
    int32_t offset = zone ? lt_zone_offset(zone, time.sec) : 0;
    if (!zone || __builtin_add_overflow(time.sec, offset, &time.sec)) {
        lt_time_iso(out, time, digits);
        lt_buf_char(out, 'Z');
        return;
    }
    lt_time_iso(out, time, digits);
    lt_time_zone(out, offset);
}

static void add_bound(struct lt_buf *out, const char *before, const struct lt_zone *zone, struct lt_time time,
                      unsigned digits)
{
    if (!time.set)
        return;
    lt_buf_add(out, lt_str_c(before));
    add_time(out, zone, time, digits);
}

/* --- fitting and colours ----------------------------------------------------------------------------------------- */

/* Columns that UTF-8 text takes: one for each character. */
static size_t columns(const struct lt_buf *out, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += ((unsigned char)out->ptr[i] & 0xC0) != 0x80;
    return count;
}

/* The byte at which column `count` after `from` begins. */
static size_t skip_columns(const struct lt_buf *out, size_t from, size_t count)
{
    size_t at = from;
    for (; at < out->len; at++)
        if (((unsigned char)out->ptr[at] & 0xC0) != 0x80 && !count--)
            break;
    return at;
}

/* Leave out the middle of a piece of the line, so that it is `excess` columns shorter. Some of it stays. */
static void cut_middle(struct lt_buf *out, size_t from, size_t to, size_t excess)
{
    enum { LEAST = 20 };
    size_t count = columns(out, from, to);
    if (count <= LEAST)
        return;
    size_t keep = excess + 3 + LEAST > count ? LEAST : count - excess - 3;
    size_t head = skip_columns(out, from, keep / 2), tail = skip_columns(out, from, count - (keep - keep / 2));
    memmove(out->ptr + head + 3, out->ptr + tail, out->len - tail);
    memcpy(out->ptr + head, "...", 3);
    out->len -= tail - head - 3;
}

/* All tags except the one that the role column already shows. */
static void add_tags(struct lt_buf *out, lt_tags tags)
{
    lt_set_each (tag, tags & ~LT_TAG_BIT(container_rw)) {
        lt_buf_lit(out, "  #");
        lt_buf_add(out, lt_str_c(lt_tag_names[tag]));
    }
}

/* How much a line says, to fit a terminal. */
enum level { WHOLE, NO_INODE, SHORT };

/* Where the parts are that may be cut: a path or what happened, and facts behind a path. */
struct text {
    size_t from, path, to;
};

static struct text add_line(struct lt_buf *out, const struct lt_row *row, enum level level)
{
    struct text text;
    const struct lt_event *event = row->event;
    unsigned digits = level == SHORT ? 0 : 9;
    add_time(out, row->zone, row->time, digits);
    lt_buf_char(out, ' ');
    lt_macb(out, row);
    lt_buf_char(out, ' ');
    add_owner(out, event, level == SHORT);
    if (level == WHOLE)
        add_inode(out, event->node);
    text.from = out->len;
    text.path = add_text(out, event);
    text.to = out->len;
    add_bound(out, "  not before ", row->zone, event->first, digits);
    add_bound(out, "  not after ", row->zone, event->last, digits);
    add_tags(out, event->tags);
    return text;
}

/* Wider terminals get more columns, the same in all lines. */
static enum level level_of(size_t width)
{
    enum { FOR_INODE = 170, FOR_NANOSECONDS = 132 };
    return !width || width >= FOR_INODE ? WHOLE : width >= FOR_NANOSECONDS ? NO_INODE : SHORT;
}

/* Write a line of at most `width` columns; 0: any. What does not fit loses first the middle of its facts, then its end,
 * and last the middle of its path. */
static void add_fitting(struct lt_buf *out, const struct lt_row *row, size_t width)
{
    size_t start = out->len;
    struct text text = add_line(out, row, level_of(width));
    size_t length = width ? columns(out, start, out->len) : 0;
    if (length <= width)
        return;
    cut_middle(out, text.path, text.to, length - width);
    length = columns(out, start, text.path);
    if (length > width)
        cut_middle(out, text.from, text.path, length - width);
    if (columns(out, start, out->len) > width)
        out->len = skip_columns(out, start, width);
}

static void text_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    const char *color = memory->style.color ? lt_color(row->event->change, row->event->tags) : "";
    if (*color)
        lt_buf_printf(out, "\033[%sm", color);
    add_fitting(out, row, memory->style.width);
    if (*color)
        lt_buf_lit(out, "\033[0m");
    lt_buf_char(out, '\n');
}

const struct lt_format lt_format_text = {
    .name = "text",
    .suffix = ".txt",
    .summary = "lines to read and grep, after mactime's text form",
    .merged = true,
    .row = text_row,
};
