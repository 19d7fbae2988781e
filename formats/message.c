// SPDX-License-Identifier: Apache-2.0
#include "formats/message.h"

#include "model/runtime.h"
#include "parse/ident.h"

#include <sys/stat.h>

const char *lt_file_entry_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
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

const char *lt_color(enum lt_change change, lt_tags tags)
{
    static const char *const changes[LT_CHANGES] = {
        [LT_CHANGE_ADDED] = "32",    [LT_CHANGE_MODIFIED] = "33", [LT_CHANGE_METADATA] = "33",
        [LT_CHANGE_REPLACED] = "33", [LT_CHANGE_RENAMED] = "33",  [LT_CHANGE_OPAQUE] = "33",
        [LT_CHANGE_DELETED] = "31",
    };
    if (tags & LT_TAG_BIT(severity_critical))
        return "1;31";
    if (tags & LT_TAG_BIT(severity_high))
        return "31";
    if (tags & LT_TAG_BIT(severity_medium))
        return "33";
    return changes[change] ? changes[change] : "";
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

/* --- whose it is ------------------------------------------------------------------------------------------------- */

static struct lt_str name_or_id(struct lt_str name, struct lt_str id)
{
    return name.len ? name : lt_short_id(id);
}

static void add_image(struct lt_buf *out, const struct lt_image *image)
{
    lt_buf_lit(out, "image ");
    lt_buf_add(out, name_or_id(lt_image_name(image), image->id));
}

/* Who did it, or to what it happened. */
static void add_subject(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_owner *owner = event->owner;
    if (owner->role == LT_ROLE_VOLUME) {
        lt_buf_lit(out, "volume ");
        lt_buf_add(out, owner->volume->name);
    } else if (owner->container) {
        lt_buf_add(out, name_or_id(owner->container->name, owner->container->id));
    } else if (owner->image) {
        add_image(out, owner->image);
    } else if (owner->layer) {
        lt_buf_lit(out, "layer ");
        lt_buf_add(out, lt_short_id(owner->layer->id));
    } else {
        lt_buf_add(out, lt_str_c(lt_event_is_file(event) ? "host" : lt_owner_runtime(owner)->title));
    }
}

static struct lt_str id_of(const struct lt_owner *owner)
{
    if (owner->role == LT_ROLE_VOLUME)
        return LT_STR("");
    return owner->container ? owner->container->id : owner->image ? owner->image->id : LT_STR("");
}

/* Add `text` to a list that began at `start`. */
static void add_item(struct lt_buf *out, size_t start, struct lt_str text)
{
    if (text.len && out->len > start)
        lt_buf_char(out, ' ');
    lt_buf_add(out, text);
}

/* " [0123456789ab rw]": what tells it from others of the same name. */
static void add_tail(struct lt_buf *out, const struct lt_event *event)
{
    struct lt_str id = lt_short_id(id_of(event->owner));
    if (!id.len)
        return;
    lt_buf_lit(out, " [");
    size_t start = out->len;
    add_item(out, start, id);
    if (lt_event_is_file(event))
        add_item(out, start, lt_str_c(lt_role_names[event->owner->role]));
    lt_buf_char(out, ']');
}

/* --- when it was, if that is not exact --------------------------------------------------------------------------- */

static void add_bound(struct lt_buf *out, const char *words, struct lt_time time)
{
    lt_buf_add(out, lt_str_c(words));
    lt_time_iso(out, time, 9);
    lt_buf_char(out, 'Z');
}

static void add_bounds(struct lt_buf *out, const struct lt_event *event)
{
    bool both = event->first.set && event->last.set;
    if (event->first.set)
        add_bound(out, both ? ", between " : ", not before ", event->first);
    if (event->last.set)
        add_bound(out, both ? " and " : ", not after ", event->last);
}

/* --- facts ------------------------------------------------------------------------------------------------------- */

static void add_piece(struct lt_buf *out, size_t start, const char *label, struct lt_str value)
{
    if (!value.len)
        return;
    if (out->len > start)
        lt_buf_lit(out, ", ");
    lt_buf_printf(out, "%s%s", label, *label ? ": " : "");
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

/* All attributes but those that the words before them hold. */
static void add_facts(struct lt_buf *out, size_t start, const struct lt_event *event, lt_set told)
{
    for (size_t i = 0; i < event->attr_count; i++)
        if (!(told & LT_SET_BIT(event->attrs[i].key)))
            add_attr(out, start, &event->attrs[i]);
}

/* --- files ------------------------------------------------------------------------------------------------------- */

/* What a container, or a step of a build, did to a file. */
static const char *const verbs[LT_CHANGES] = {
    [LT_CHANGE_ADDED] = " added ",       [LT_CHANGE_COPIED_UP] = " copied up ",
    [LT_CHANGE_MODIFIED] = " modified ", [LT_CHANGE_METADATA] = " changed the metadata of ",
    [LT_CHANGE_REPLACED] = " replaced ", [LT_CHANGE_RENAMED] = " renamed ",
    [LT_CHANGE_DELETED] = " deleted ",   [LT_CHANGE_OPAQUE] = " recreated ",
};

static void add_verb(struct lt_buf *out, const struct lt_event *event)
{
    if (event->kind == LT_KIND_COPIED_UP)
        lt_buf_lit(out, " copied up ");
    else if (verbs[event->change])
        lt_buf_add(out, lt_str_c(verbs[event->change]));
    else
        lt_buf_add(out, lt_event_is_removed(event) ? LT_STR(": deleted ") : LT_STR(": "));
}

/* At least three octal digits. */
static void add_octal(struct lt_buf *out, uint32_t number)
{
    for (int shift = number >= 01000 ? 9 : 6; shift >= 0; shift -= 3)
        lt_buf_char(out, (char)('0' + (number >> shift & 7)));
}

/* "file" or "character device". */
static void add_type(struct lt_buf *out, uint32_t mode)
{
    for (const char *word = lt_file_entry_type(mode); *word; word++)
        lt_buf_char(out, *word == '_' ? ' ' : *word);
}

static void add_size(struct lt_buf *out, uint32_t mode, uint64_t size)
{
    if (!S_ISREG(mode))
        return;
    lt_buf_lit(out, ", ");
    lt_buf_uint(out, size);
    lt_buf_add(out, size == 1 ? LT_STR(" byte") : LT_STR(" bytes"));
}

static void add_inode(struct lt_buf *out, const struct lt_node *node)
{
    add_type(out, node->mode);
    add_size(out, node->mode, node->size);
    lt_buf_lit(out, ", mode 0");
    add_octal(out, node->mode & 07777);
    lt_buf_lit(out, ", owner ");
    lt_buf_uint(out, node->uid);
    lt_buf_char(out, ':');
    lt_buf_uint(out, node->gid);
    if (node->nlink > 1 && !S_ISDIR(node->mode))
        lt_buf_printf(out, ", %u links", node->nlink);
}

/* What a change hid, and whose that is. */
static void add_hidden(struct lt_buf *out, const struct lt_hidden *hides)
{
    lt_buf_lit(out, "hidden: ");
    add_type(out, hides->mode);
    add_size(out, hides->mode, hides->size);
    lt_buf_lit(out, " of ");
    if (hides->layer->images.count) {
        add_image(out, hides->layer->images.items[0]);
        return;
    }
    lt_buf_lit(out, "layer ");
    lt_buf_add(out, lt_short_id(lt_layer_name(hides->layer)));
}

/* " (file, 12 bytes, mode 0644, owner 0:0; hidden: file, 9 bytes of image base:1)". Of a whiteout nothing but what it
 * hides is of interest. */
static void add_details(struct lt_buf *out, const struct lt_event *event)
{
    size_t before = out->len;
    lt_buf_lit(out, " (");
    size_t start = out->len;
    if (event->node->unallocated)
        lt_buf_lit(out, "unallocated");
    if (event->change == LT_CHANGE_OPAQUE)
        lt_buf_lit(out, "opaque");
    if (event->node->mode && event->change != LT_CHANGE_DELETED) {
        lt_buf_add(out, out->len > start ? LT_STR(", ") : LT_STR(""));
        if (event->tags & LT_TAG_BIT(whiteout))
            lt_buf_lit(out, "whiteout");
        else
            add_inode(out, event->node);
    }
    if (lt_event_hides(event)) {
        lt_buf_add(out, out->len > start ? LT_STR("; ") : LT_STR(""));
        add_hidden(out, event->hides);
    }
    if (out->len == start)
        out->len = before;
    else
        lt_buf_char(out, ')');
}

static void file_message(struct lt_buf *out, const struct lt_event *event)
{
    add_subject(out, event);
    add_verb(out, event);
    lt_event_inside(out, event);
    if (event->node->target.len) {
        lt_buf_lit(out, " -> ");
        lt_buf_add(out, event->node->target);
    }
    add_details(out, event);
    add_bounds(out, event);
    if (event->attr_count)
        lt_buf_lit(out, ", ");
    add_facts(out, out->len, event, 0);
    add_tail(out, event);
}

/* --- all else ---------------------------------------------------------------------------------------------------- */

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

static struct lt_str text_of(const struct lt_event *event, enum lt_attr_key key)
{
    const struct lt_attr *attr = lt_event_attr(event, key);
    return attr ? attr->text : LT_STR("");
}

/* The text of a line without the newline at its end. That of a history is a command. */
static struct lt_str body_of(const struct lt_event *event)
{
    struct lt_str body = text_of(event, LT_ATTR_BODY);
    struct lt_str text = body.len ? body : text_of(event, LT_ATTR_COMMAND);
    text.len -= lt_str_ends(text, LT_STR("\n"));
    return text;
}

/* A text of several lines on one. */
static void add_body(struct lt_buf *out, const struct lt_event *event)
{
    struct lt_str rest = body_of(event);
    lt_buf_add(out, lt_str_cut(&rest, '\n'));
    while (rest.len) {
        lt_buf_char(out, ' ');
        lt_buf_add(out, lt_str_cut(&rest, '\n'));
    }
}

/* Is it a line that somebody wrote, and not something that happened? */
static bool is_line(const struct lt_event *event)
{
    return !text_of(event, LT_ATTR_ACTION).len &&
           (lt_event_attr(event, LT_ATTR_BODY) || lt_event_attr(event, LT_ATTR_LOG_SOURCE));
}

/* What of a line is not told as a fact: what the words before hold, and what stands in its text. */
static lt_set told_of_line(const struct lt_event *event)
{
    struct lt_str body = body_of(event);
    lt_set told = LT_SET_BIT(LT_ATTR_BODY) | LT_SET_BIT(LT_ATTR_LOG_SOURCE) | LT_SET_BIT(LT_ATTR_CODE);
    for (size_t i = 0; i < event->attr_count; i++) {
        struct lt_str text = event->attrs[i].text;
        if (text.len && text.len <= body.len && memmem(body.ptr, body.len, text.ptr, text.len))
            told |= LT_SET_BIT(event->attrs[i].key);
    }
    return told;
}

/* The text of a line, then in brackets who wrote it and what else is known of it. */
static void line_message(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    add_body(out, event);
    cut(out, start);
    add_bounds(out, event);
    lt_buf_lit(out, " [");
    start = out->len;
    add_subject(out, event);
    add_item(out, start, event->owner->container ? lt_short_id(event->owner->container->id) : LT_STR(""));
    add_item(out, start, text_of(event, LT_ATTR_LOG_SOURCE));
    add_facts(out, start, event, told_of_line(event));
    cut(out, start);
    lt_buf_char(out, ']');
}

/* What an action of one word is when its subject stands before it. */
static const char *past(struct lt_str action)
{
    static const char *const words[][2] = {{"create", "created"}, {"start", "started"}, {"finish", "finished"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_eq(action, lt_str_c(words[i][0])))
            return words[i][1];
    return NULL;
}

static void event_message(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    const char *done = past(text_of(event, LT_ATTR_ACTION));
    add_subject(out, event);
    lt_buf_add(out, done ? LT_STR(" ") : LT_STR(": "));
    if (done)
        lt_buf_add(out, lt_str_c(done));
    size_t words = done ? start : out->len;
    if (!done)
        lt_buf_add(out, text_of(event, LT_ATTR_ACTION));
    add_facts(out, words, event, LT_SET_BIT(LT_ATTR_ACTION));
    cut(out, start);
    add_bounds(out, event);
    add_tail(out, event);
}

void lt_message_facts(struct lt_buf *out, const struct lt_event *event)
{
    size_t start = out->len;
    if (!is_line(event)) {
        add_facts(out, start, event, 0);
        return;
    }
    struct lt_str source = text_of(event, LT_ATTR_LOG_SOURCE);
    lt_buf_add(out, source);
    lt_buf_add(out, source.len ? LT_STR(": ") : LT_STR(""));
    add_body(out, event);
    add_facts(out, start, event, told_of_line(event));
}

void lt_message(struct lt_buf *out, const struct lt_event *event)
{
    if (lt_event_is_file(event))
        file_message(out, event);
    else if (is_line(event))
        line_message(out, event);
    else
        event_message(out, event);
}
