// SPDX-License-Identifier: Apache-2.0
/* Body file of The Sleuth Kit 3.x, for mactime, mactime2 and Plaso's bodyfile parser:
 *
 *   MD5|name|inode|mode|uid|gid|size|atime|mtime|ctime|crtime
 *
 * It uses only what all three read the same way: whole seconds (floor), 0 for unknown, 11 fields. The name begins with
 * its owner: "c:web@3f2a9c81d0b4:rw:/path", "i:nginx@a1b2c3d4e5f6:L2:/path" or "v:data:volume:/path". mactime keeps
 * mode, owner and size per name, so names must be unique. A file without such an owner keeps its plain path. Escapes:
 * control and bidi characters and invalid UTF-8 as \xNN, backslash as \\, "|" as %7C, "%" before two hex digits as %25
 * (mactime decodes %HH, Plaso \xHH). */
#include "base/escape.h"
#include "base/utf8.h"
#include "formats/message.h"
#include "parse/ident.h"

#include <ctype.h>
#include <sys/stat.h>

static void add_ascii(struct lt_buf *out, struct lt_str text)
{
    char byte = text.ptr[0];
    bool percent =
        byte == '%' && text.len >= 3 && isxdigit((unsigned char)text.ptr[1]) && isxdigit((unsigned char)text.ptr[2]);
    if (byte == '|')
        lt_buf_lit(out, "%7C");
    else if (percent)
        lt_buf_lit(out, "%25");
    else if (byte == '\\')
        lt_buf_lit(out, "\\\\");
    else
        lt_buf_char(out, byte);
}

static void add_name(struct lt_buf *out, struct lt_str name)
{
    while (name.len) {
        size_t plain = lt_plain_length(name, '|', '%', '\\');
        lt_buf_add(out, (struct lt_str){name.ptr, plain});
        name = lt_str_skip(name, plain);
        if (!name.len)
            break;
        struct lt_rune rune = lt_utf8_next(name);
        if (!rune.valid || lt_is_control(rune.code) || lt_is_deceptive(rune.code))
            for (unsigned i = 0; i < rune.size; i++)
                lt_buf_printf(out, "\\x%02x", (unsigned char)name.ptr[i]);
        else if (rune.size == 1)
            add_ascii(out, name);
        else
            lt_buf_add(out, (struct lt_str){name.ptr, rune.size});
        name = lt_str_skip(name, rune.size);
    }
}

/* A colon separates the parts, so the name of an owner may not hold one: the tag of an image is dropped, other colons
 * become %3A. */
static void add_label(struct lt_buf *out, char kind, struct lt_str name, struct lt_str id)
{
    const char *colon = name.len ? memrchr(name.ptr, ':', name.len) : NULL;
    if (kind == 'i' && colon && !memchr(colon, '/', (size_t)(name.ptr + name.len - colon)))
        name.len = (size_t)(colon - name.ptr);
    lt_buf_char(out, kind);
    lt_buf_char(out, ':');
    for (struct lt_str rest = name; rest.len;) {
        struct lt_str part = lt_str_cut(&rest, ':');
        add_name(out, part);
        if (part.ptr + part.len < name.ptr + name.len)
            lt_buf_lit(out, "%3A");
    }
    if (name.len && id.len)
        lt_buf_char(out, '@');
    lt_buf_add(out, lt_short_id(id));
    lt_buf_char(out, ':');
}

static void add_prefix(struct lt_buf *out, const struct lt_owner *owner)
{
    const struct lt_layer *layer = owner->layer;
    if (owner->role == LT_ROLE_VOLUME)
        add_label(out, 'v', owner->volume->name, LT_STR(""));
    else if (owner->container)
        add_label(out, 'c', owner->container->name, owner->container->id);
    else if (owner->image)
        add_label(out, 'i', lt_image_name(owner->image), owner->image->id);
    else if (layer)
        add_label(out, 'i', LT_STR(""), layer->id);
    else
        return;
    if (owner->role == LT_ROLE_IMAGE && owner->image && layer) {
        lt_buf_char(out, 'L');
        lt_buf_uint(out, layer->index);
        lt_buf_char(out, ':');
    } else {
        lt_buf_add(out, lt_str_c(lt_role_names[owner->role]));
        lt_buf_char(out, ':');
    }
}

/* The form of fls: the type from the directory entry, a slash, and the ten characters of ls. */
static void add_mode(struct lt_buf *out, const struct lt_event *event)
{
    if (event->tags & LT_TAG_BIT(whiteout)) {
        lt_buf_lit(out, "w/c---------");
        return;
    }
    size_t start = out->len;
    lt_buf_lit(out, "?/");
    lt_mode_string(out, event->node->mode);
    char *type = out->ptr + start + 2;
    *type = S_ISREG(event->node->mode) ? 'r' : S_ISSOCK(event->node->mode) ? 'h' : *type;
    out->ptr[start] = *type;
}

static void add_number(struct lt_buf *out, uint64_t number)
{
    lt_buf_char(out, '|');
    lt_buf_uint(out, number);
}

/* Escape what was appended since `start`, if anything in it needs an escape. */
static void escape_from(struct lt_buf *out, size_t start)
{
    struct lt_str path = {out->ptr + start, out->len - start};
    if (lt_plain_length(path, '|', '%', '\\') == path.len)
        return;
    struct lt_buf raw = {0};
    lt_buf_add(&raw, path);
    out->len = start;
    add_name(out, lt_buf_view(&raw));
    lt_buf_free(&raw);
}

/* Keep the part of the line that is the same for all entries of a directory. */
static void remember_dir(struct lt_memo *memo, const struct lt_dir *dir)
{
    if (memo->dir == dir)
        return;
    memo->dir = dir;
    memo->text.len = 0;
    lt_buf_lit(&memo->text, "0|");
    add_prefix(&memo->text, dir->owner);
    size_t start = memo->text.len;
    if (dir->has_inside)
        lt_dir_inside(&memo->text, dir);
    else
        lt_dir_path(&memo->text, dir);
    memo->ends[0] = (uint32_t)(memo->text.len - start);
    escape_from(&memo->text, start);
}

/* Write the line up to the end of the name. */
static void add_whole_name(struct lt_buf *out, const struct lt_event *event, struct lt_memo *memo)
{
    struct lt_str name = event->node->name;
    if (event->inside.len || event->owner != event->dir->owner) {
        lt_buf_lit(out, "0|");
        add_prefix(out, event->owner);
        size_t start = out->len;
        lt_event_inside(out, event);
        escape_from(out, start);
        return;
    }
    remember_dir(memo, event->dir);
    lt_buf_add(out, lt_buf_view(&memo->text));
    if (name.len || !memo->ends[0]) /* as in lt_event_path() */
        lt_buf_char(out, '/');
    add_name(out, name);
}

static void add_seconds(struct lt_buf *out, struct lt_time time)
{
    lt_buf_char(out, '|');
    lt_buf_int(out, time.set ? time.sec : 0);
}

static bool body_event(struct lt_buf *out, const struct lt_event *event, struct lt_memory *memory)
{
    if (event->kind != LT_KIND_FILE)
        return false; /* only files have a place here; a deletion appears as its whiteout */
    const struct lt_node *node = event->node;
    add_whole_name(out, event, &memory->dir);
    if (node->target.len) {
        lt_buf_lit(out, " -> ");
        add_name(out, node->target);
    }
    if (event->where.field) /* mactime would take states of one file for one */
        lt_buf_printf(out, " (deleted, state at byte %ju)", (uintmax_t)event->where.offset);
    else if (event->tags & LT_TAG_BIT(whiteout) || node->unallocated)
        lt_buf_lit(out, " (deleted)");
    add_number(out, node->ino);
    lt_buf_char(out, '|');
    add_mode(out, event);
    add_number(out, node->uid);
    add_number(out, node->gid);
    add_number(out, node->size);
    static const enum lt_slot order[] = {LT_A, LT_M, LT_C, LT_B};
    for (unsigned i = 0; i < LT_SLOTS; i++)
        add_seconds(out, event->time[order[i]]);
    lt_buf_char(out, '\n');
    return true;
}

const struct lt_format lt_format_body = {
    .name = "body",
    .suffix = ".body",
    .summary = "body file for mactime and Plaso (files only, whole seconds, in order of the walk)",
    .event = body_event,
};
