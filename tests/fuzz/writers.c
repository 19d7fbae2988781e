// SPDX-License-Identifier: Apache-2.0
/* Any bytes as names, texts, times and numbers of an event, through every writer. Only IDs are good, because readers
 * check them. Each format is then read by a reader of its own:
 *
 *   jsonl   one line of ASCII that is one JSON object without duplicate keys; the path comes back byte for byte
 *   csv     one line, as many cells as the header has (RFC 4180)
 *   text    one line of UTF-8 without control characters
 *   l2tcsv  the same, and 17 columns, which its readers tell by the commas alone
 *   body    one line of UTF-8 without control characters, 11 fields, numbers where mactime wants them */
#include "base/utf8.h"
#include "formats/format.h"
#include "fuzz.h"
#include "model/tag.h"
#include "parse/json.h"
#include "runtime/runtimes.h"
#include "timeline/normalise.h"

#include <string.h>

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16

enum { MOST = 60, MOST_ATTRS = 6, MOST_ITEMS = 3 };

/* All that an event can hang on. */
struct world {
    struct lt_arena arena;
    struct lt_host host;
    struct lt_root root;
    struct lt_container container;
    struct lt_image image;
    struct lt_layer layer;
    struct lt_volume volume;
    struct lt_owner owner;
    struct lt_dir dir;
    struct lt_node node;
    struct lt_attr attrs[MOST_ATTRS];
    struct lt_event event;
};

static struct lt_time take_time(struct input *input)
{
    uint8_t how = take_byte(input);
    if (how & 1)
        return (struct lt_time){0};
    int64_t sec = (int64_t)take_number(input, how & 2 ? 8 : 5);
    uint32_t nsec = (uint32_t)(take_number(input, 4) % 1000000000);
    return lt_time_at(how & 4 ? -1 - sec : sec, nsec);
}

/* A NUL-terminated copy, as readers make them. */
static struct lt_str take_name(struct input *input, struct world *world)
{
    return lt_str_dup(&world->arena, take_text(input, MOST));
}

static void fill_owner(struct input *input, struct world *world)
{
    uint8_t which = take_byte(input);
    struct lt_str *tag = lt_new(&world->arena, struct lt_str);
    *tag = take_name(input, world);
    struct lt_mount_user *user = lt_new(&world->arena, struct lt_mount_user);
    *user = (struct lt_mount_user){.container = &world->container, .mount = lt_new(&world->arena, struct lt_mount)};
    world->host = (struct lt_host){.hostname = take_name(input, world)};
    world->root = (struct lt_root){.host = &world->host, .runtime = lt_runtimes[0]};
    world->container = (struct lt_container){
        .root = &world->root, .runtime = lt_runtimes[0], .id = LT_STR(HEX64), .name = take_name(input, world)};
    world->image = (struct lt_image){.runtime = lt_runtimes[0], .id = LT_STR("sha256:" HEX64)};
    world->layer = (struct lt_layer){.runtime = lt_runtimes[0], .id = LT_STR(HEX64 "-init"), .index = take_byte(input)};
    world->volume = (struct lt_volume){.name = take_name(input, world)};
    if (which & 1)
        lt_list_add(&world->image.names, &world->arena, tag);
    if (which & 2)
        lt_list_add(&world->layer.containers, &world->arena, &world->container);
    if (which & 4)
        lt_list_add(&world->layer.images, &world->arena, &world->image);
    if (which & 8)
        lt_list_add(&world->volume.users, &world->arena, user);
    world->owner.host = &world->host;
    world->owner.root = &world->root;
    world->owner.role = (enum lt_role)(take_byte(input) % LT_ROLES);
    world->owner.container = which & 16 ? &world->container : NULL;
    world->owner.image = which & 32 ? &world->image : NULL;
    world->owner.layer = which & 64 ? &world->layer : NULL;
    world->owner.volume = which & 128 || world->owner.role == LT_ROLE_VOLUME ? &world->volume : NULL;
}

static void fill_file(struct input *input, struct world *world)
{
    struct lt_node *node = &world->node;
    node->name = take_name(input, world);
    node->target = take_name(input, world);
    node->mode = (uint32_t)take_number(input, 2);
    node->ino = take_number(input, 8);
    node->size = take_number(input, 8);
    node->uid = (uint32_t)take_number(input, 4);
    node->gid = (uint32_t)take_number(input, 4);
    node->nlink = (uint32_t)take_number(input, 4);
    struct lt_str path = take_name(input, world), inside = take_name(input, world);
    world->dir = (struct lt_dir){.owner = &world->owner, .placed = true, .has_inside = take_byte(input) & 1};
    world->dir.name = path.len ? lt_path_join(&world->arena, LT_STR(""), path) : path;
    world->dir.place = inside.len ? lt_path_join(&world->arena, LT_STR(""), inside) : inside;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        node->time[slot] = world->event.time[slot];
    world->event.node = node;
    world->event.dir = &world->dir;
}

static void fill_attr(struct input *input, struct world *world, struct lt_attr *attr)
{
    *attr = (struct lt_attr){.key = (enum lt_attr_key)(take_byte(input) % LT_ATTRS)};
    if (lt_attr_infos[attr->key].type == LT_ATTR_INT)
        attr->number = (int64_t)take_number(input, 8);
    else if (lt_attr_infos[attr->key].type == LT_ATTR_STR)
        attr->text = take_name(input, world);
    else
        for (unsigned i = take_byte(input) % (MOST_ITEMS + 1); i > 0; i--) {
            struct lt_str *item = lt_new(&world->arena, struct lt_str);
            *item = take_name(input, world);
            lt_list_add(&attr->items, &world->arena, item);
        }
}

static void fill_facts(struct input *input, struct world *world)
{
    static const char *const fields[] = {NULL, "State.StartedAt", "history[3].created"};
    struct lt_event *event = &world->event;
    event->where.file = take_name(input, world);
    event->where.field = fields[take_byte(input) % 3];
    event->where.has_offset = take_byte(input) & 1;
    event->where.offset = take_number(input, 8);
    event->attr_count = take_byte(input) % (MOST_ATTRS + 1);
    event->attrs = world->attrs;
    for (size_t i = 0; i < event->attr_count; i++)
        fill_attr(input, world, &world->attrs[i]);
}

static void fill_event(struct input *input, struct world *world)
{
    struct lt_event *event = &world->event;
    *event = (struct lt_event){.kind = (enum lt_kind)(take_byte(input) % LT_KINDS), .source = "fuzz"};
    bool is_file = lt_event_is_file(event);
    for (unsigned slot = 0; slot < (is_file ? LT_SLOTS : 1); slot++)
        event->time[slot] = take_time(input);
    event->first = take_time(input);
    event->last = take_time(input);
    event->change = (enum lt_change)(take_byte(input) % LT_CHANGES);
    event->tags = take_number(input, 8);
    if (LT_TAGS > LT_SET_HALF)
        event->tags |= lt_set_of(0, take_number(input, 8));
    event->tags &= lt_set_below(LT_TAGS);
    fill_owner(input, world);
    event->owner = &world->owner;
    if (is_file)
        fill_file(input, world);
    else
        fill_facts(input, world);
    event->inside = take_byte(input) & 1 ? take_name(input, world) : LT_STR("");
    lt_tag(event);
}

/* Exactly one line; its text without the newline. */
static struct lt_str one_line(const struct lt_buf *out)
{
    struct lt_str text = lt_buf_view(out);
    PROMISE(text.len > 1 && text.ptr[text.len - 1] == '\n');
    text.len--;
    PROMISE(!memchr(text.ptr, '\n', text.len));
    return text;
}

static void check_printable(struct lt_str text)
{
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        PROMISE(rune.valid && rune.code >= 0x20 && !(rune.code >= 0x7F && rune.code <= 0x9F));
        text = lt_str_skip(text, rune.size);
    }
}

/* A field of escaped bytes must lead back to the bytes. */
static void check_bytes(const struct json_t *root, const char *key, struct lt_str expected)
{
    struct lt_buf back = {0};
    unescape_name(lt_json_str(root, key), &back);
    PROMISE(lt_str_eq(lt_buf_view(&back), expected));
    lt_buf_free(&back);
}

static void check_keys(const struct json_t *root)
{
    void *iter = NULL;
    struct lt_str key, before = LT_STR("");
    const struct json_t *value;
    while (lt_json_next(root, &iter, &key, &value)) {
        PROMISE(lt_str_cmp(before, key) < 0); /* psort sorts them, and none comes twice */
        before = key;
    }
}

static void check_jsonl(struct lt_str line, const struct lt_row *row)
{
    struct json_t *root = NULL;
    const char *flaw = NULL;
    struct lt_buf path = {0};
    int64_t stamp;
    for (size_t i = 0; i < line.len; i++)
        PROMISE(line.ptr[i] >= 0x20 && line.ptr[i] < 0x7F);
    PROMISE(lt_json_parse(line, &root, &flaw, NULL) == LT_OK && !flaw && lt_json_is_object(root));
    check_keys(root);
    PROMISE(lt_json_int(root, "timestamp", &stamp));
    lt_event_inside(&path, row->event);
    check_bytes(root, "filename", lt_buf_view(&path));
    if (row->event->owner->container)
        check_bytes(root, "container_name", row->event->owner->container->name);
    if (row->event->node)
        check_bytes(root, "symbolic_link_target", row->event->node->target);
    lt_json_free(root);
    lt_buf_free(&path);
}

/* Cells of a line of RFC 4180: quoted or without quotes, commas and quotes in quotes only. */
static size_t count_cells(struct lt_str line)
{
    size_t cells = 1, at = 0;
    for (;;) {
        if (at < line.len && line.ptr[at] == '"') {
            for (at++; at < line.len && (line.ptr[at] != '"' || (at + 1 < line.len && line.ptr[at + 1] == '"')); at++)
                at += line.ptr[at] == '"';
            PROMISE(at < line.len);
            at++;
        } else {
            while (at < line.len && line.ptr[at] != ',') {
                PROMISE(line.ptr[at] != '"');
                at++;
            }
        }
        if (at == line.len)
            return cells;
        PROMISE(line.ptr[at] == ',');
        cells++;
        at++;
    }
}

static void check_csv(struct lt_str line, const struct lt_format *format)
{
    struct lt_buf header = {0};
    format->begin(&header);
    check_printable(line);
    PROMISE(count_cells(line) == count_cells(one_line(&header)));
    lt_buf_free(&header);
}

/* log2timeline's readers split at each comma. */
static void check_l2tcsv(struct lt_str line)
{
    unsigned columns = 1;
    check_printable(line);
    for (size_t i = 0; i < line.len; i++)
        columns += line.ptr[i] == ',';
    PROMISE(columns == 17);
}

static void check_number(struct lt_str text)
{
    if (lt_str_starts(text, LT_STR("-")))
        text = lt_str_skip(text, 1);
    PROMISE(text.len);
    for (size_t i = 0; i < text.len; i++)
        PROMISE(text.ptr[i] >= '0' && text.ptr[i] <= '9');
}

/* MD5|name|inode|mode|uid|gid|size|atime|mtime|ctime|crtime */
static void check_body(struct lt_str line)
{
    unsigned fields = 0;
    check_printable(line);
    for (bool more = true; more; fields++) {
        more = memchr(line.ptr, '|', line.len);
        struct lt_str field = lt_str_cut(&line, '|');
        if (fields != 1 && fields != 3)
            check_number(field);
        PROMISE(fields != 3 || field.len == 12);
        PROMISE(field.len);
    }
    PROMISE(fields == 11);
}

static void check_row(const struct lt_format *format, const struct lt_row *row)
{
    struct lt_buf out = {0}, again = {0};
    struct lt_memory memory = {0};
    struct lt_row repeated = *row;
    format->row(&out, row, &memory);
    struct lt_str line = one_line(&out);
    repeated.again = true;
    format->row(&again, &repeated, &memory);
    PROMISE(lt_str_eq(line, one_line(&again)));
    if (strcmp(format->name, "jsonl") == 0)
        check_jsonl(line, row);
    else if (strcmp(format->name, "csv") == 0)
        check_csv(line, format);
    else if (strcmp(format->name, "l2tcsv") == 0)
        check_l2tcsv(line);
    else
        check_printable(line);
    lt_buf_free(&out);
    lt_buf_free(&again);
    lt_memory_free(&memory);
}

static void check_format(const struct lt_format *format, const struct lt_event *event)
{
    struct lt_row rows[LT_SLOTS];
    struct lt_buf out = {0};
    struct lt_memory memory = {0};
    if (format->event) {
        if (format->event(&out, event, &memory))
            check_body(one_line(&out));
        else
            PROMISE(!out.len);
    }
    size_t count = format->row ? lt_normalise(event, format->merged, rows) : 0;
    for (size_t i = 0; i < count; i++)
        check_row(format, &rows[i]);
    lt_buf_free(&out);
    lt_memory_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct world world = {0};
    fill_event(&input, &world);
    for (size_t i = 0; lt_formats[i]; i++)
        check_format(lt_formats[i], &world.event);
    lt_arena_free(&world.arena);
    return 0;
}
