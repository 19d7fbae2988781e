// SPDX-License-Identifier: Apache-2.0
#include "formats/message.h"

#include "parse/ident.h"

#include <sys/stat.h>

const char *lt_file_entry_type(const struct lt_event *event)
{
    if (event->tags & LT_TAG_BIT(whiteout))
        return "whiteout";
    switch (event->node->mode & S_IFMT) {
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "link";
    case S_IFCHR:
        return "character_device";
    case S_IFBLK:
        return "block_device";
    case S_IFIFO:
        return "pipe";
    case S_IFSOCK:
        return "socket";
    default:
        return "file";
    }
}

static char type_letter(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    default:
        return '-';
    }
}

void lt_mode_string(struct lt_buf *out, uint32_t mode)
{
    char text[10], *at = text;
    *at++ = type_letter(mode);
    for (int shift = 6; shift >= 0; shift -= 3) {
        static const char special[] = "tss";
        bool run = mode >> shift & 1, extra = mode & (01000u << (shift / 3));
        char letter = special[shift / 3];
        *at++ = mode >> shift & 4 ? 'r' : '-';
        *at++ = mode >> shift & 2 ? 'w' : '-';
        *at++ = extra ? (char)(run ? letter : letter - 'a' + 'A') : run ? 'x' : '-';
    }
    lt_buf_add(out, (struct lt_str){text, sizeof text});
}

void lt_macb(struct lt_buf *out, const struct lt_row *row)
{
    if (row->event->kind == LT_KIND_DELETED)
        lt_buf_lit(out, "...d");
    else if (row->event->kind == LT_KIND_COPIED_UP)
        lt_buf_lit(out, "...u");
    else if (!lt_event_is_file(row->event))
        lt_buf_lit(out, "----");
    else
        for (unsigned slot = 0; slot < LT_SLOTS; slot++)
            lt_buf_char(out, row->slots >> slot & 1 ? "macb"[slot] : '.');
}

static void add_file_owner(struct lt_buf *out, const struct lt_owner *owner)
{
    struct lt_str name = LT_STR(""), id = LT_STR("");
    if (owner->role == LT_ROLE_VOLUME) {
        name = owner->volume->name;
    } else if (owner->container) {
        name = owner->container->name;
        id = owner->container->id;
    } else if (owner->image) {
        name = lt_image_name(owner->image);
        id = owner->image->id;
    } else if (owner->layer) {
        id = owner->layer->id;
    }
    lt_buf_char(out, '[');
    lt_buf_add(out, name);
    if (name.len)
        lt_buf_char(out, ' ');
    lt_buf_add(out, lt_short_id(id));
    if (id.len)
        lt_buf_char(out, ' ');
    lt_buf_add(out, lt_str_c(lt_role_names[owner->role]));
    lt_buf_lit(out, "] ");
}

/* At least three octal digits. */
static void add_octal(struct lt_buf *out, uint32_t number)
{
    for (int shift = number >= 01000 ? 9 : 6; shift >= 0; shift -= 3)
        lt_buf_char(out, (char)('0' + (number >> shift & 7)));
}

static void add_inode(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    lt_buf_lit(out, " Type: ");
    lt_buf_add(out, lt_str_c(lt_file_entry_type(event)));
    lt_buf_lit(out, " Owner identifier: ");
    lt_buf_uint(out, node->uid);
    lt_buf_lit(out, " Group identifier: ");
    lt_buf_uint(out, node->gid);
    lt_buf_lit(out, " Mode: 0o");
    add_octal(out, node->mode & 07777);
    lt_buf_lit(out, " Number of links: ");
    lt_buf_uint(out, node->nlink);
}

static void add_piece(struct lt_buf *out, size_t start, const char *label, struct lt_str value)
{
    if (!value.len)
        return;
    if (out->len > start)
        lt_buf_lit(out, ", ");
    lt_buf_printf(out, "%s: ", label);
    lt_buf_add(out, value);
}

static void add_attr(struct lt_buf *out, size_t start, const struct lt_attr *attr)
{
    const struct lt_attr_info *info = &lt_attr_infos[attr->key];
    struct lt_buf value = {0};
    if (info->type == LT_ATTR_INT)
        lt_buf_int(&value, attr->number);
    else if (info->type == LT_ATTR_STR)
        lt_buf_add(&value, attr->text);
    lt_each (struct lt_str, item, &attr->items) {
        if (value.len)
            lt_buf_lit(&value, "; ");
        lt_buf_add(&value, *item);
    }
    struct lt_str text = lt_buf_view(&value);
    if (lt_str_ends(text, LT_STR("\n")))
        text.len--;
    add_piece(out, start, info->label, text);
    lt_buf_free(&value);
}

static void add_facts(struct lt_buf *out, size_t start, const struct lt_event *event)
{
    for (size_t i = 0; i < event->attr_count; i++)
        add_attr(out, start, &event->attrs[i]);
}

static void file_message(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    add_file_owner(out, event->owner);
    lt_event_inside(out, event);
    if (node->target.len) {
        lt_buf_lit(out, " -> ");
        lt_buf_add(out, node->target);
    }
    if (node->mode)
        add_inode(out, event);
    if (lt_event_is_removed(event))
        lt_buf_lit(out, " (unallocated)");
    if (!event->attr_count)
        return;
    lt_buf_char(out, ' ');
    add_facts(out, out->len, event);
}

static void cut(struct lt_buf *out, size_t start)
{
    if (out->len - start <= LT_MAX_MESSAGE)
        return;
    size_t end = start + LT_MAX_MESSAGE;
    for (int i = 0; i < 3 && ((unsigned char)out->ptr[end] & 0xC0) == 0x80; i++) /* do not cut a UTF-8 character */
        end--;
    out->len = end;
    lt_buf_lit(out, "...");
}

void lt_message_facts(struct lt_buf *out, const struct lt_event *event)
{
    add_facts(out, out->len, event);
}

void lt_message(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    if (lt_event_is_file(event)) {
        file_message(out, event);
        return;
    }
    const struct lt_owner *owner = event->owner;
    if (owner->container) {
        add_piece(out, start, "Container identifier", owner->container->id);
        add_piece(out, start, "Container name", owner->container->name);
    } else if (owner->image) {
        add_piece(out, start, "Image identifier", owner->image->id);
        add_piece(out, start, "Image name", lt_image_name(owner->image));
    }
    add_facts(out, start, event);
    cut(out, start);
}
