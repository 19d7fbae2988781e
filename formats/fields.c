// SPDX-License-Identifier: Apache-2.0
#include "formats/fields.h"

#include "base/escape.h"
#include "formats/message.h"
#include "model/runtime.h"

static void add_word(struct lt_buf *out, const char *word)
{
    lt_buf_add(out, lt_str_c(word));
}

static void add_iso(struct lt_buf *out, struct lt_time time, unsigned digits)
{
    if (!time.set)
        return;
    lt_time_iso(out, time, digits);
    lt_buf_lit(out, "+00:00");
}

/* The host's `id` as containers see it, if their user namespace changes it. */
static void add_inside_id(struct lt_buf *out, const struct lt_owner *owner, bool group, uint32_t id)
{
    uint32_t inside;
    const struct lt_idmap *map = lt_owner_idmap(owner, group);
    if (map && lt_idmap_inside(map, id, &inside))
        lt_buf_uint(out, inside);
}

static int64_t micros(const struct lt_event *event, struct lt_time time)
{
    return lt_time_micros(time, !(lt_kinds[event->kind].flags & LT_FROM_TEXT));
}

/* Most fields are one expression. ROW_FIELD sees `row`, EVENT_FIELD `event`, ORIGIN_FIELD `origin` and its `owner`.
 * NODE_FIELD (files only) sees `node` and `event`. INODE_FIELD is a NODE_FIELD that needs a known inode: of a deleted
 * entry only the name may be left. */
#define ROW_FIELD(name, statement)                                                                                     \
    static void put_##name(struct lt_buf *out, const struct lt_row *row)                                               \
    {                                                                                                                  \
        statement;                                                                                                     \
    }
#define EVENT_FIELD(name, statement)                                                                                   \
    static void put_##name(struct lt_buf *out, const struct lt_event *event)                                           \
    {                                                                                                                  \
        statement;                                                                                                     \
    }
#define ORIGIN_FIELD(name, statement)                                                                                  \
    static void put_##name(struct lt_buf *out, const struct lt_origin *origin)                                         \
    {                                                                                                                  \
        const struct lt_owner *owner = origin->owner;                                                                  \
        (void)owner;                                                                                                   \
        statement;                                                                                                     \
    }
#define NODE_FIELD(name, statement)                                                                                    \
    static void put_##name(struct lt_buf *out, const struct lt_event *event)                                           \
    {                                                                                                                  \
        const struct lt_node *node = event->node;                                                                      \
        if (node)                                                                                                      \
            statement;                                                                                                 \
    }
#define INODE_FIELD(name, statement) NODE_FIELD(name, if (node->mode) statement)
#define KIND(of)                     (&lt_kinds[(of)->kind])

ORIGIN_FIELD(container_type, add_word(out, "event"))
ORIGIN_FIELD(type, add_word(out, "AttributeContainer"))
EVENT_FIELD(change, add_word(out, lt_change_names[event->change]))
ROW_FIELD(clock, add_word(out, lt_clock_names[row->clock]))
ROW_FIELD(confidence, add_word(out, lt_confidence_names[row->confidence]))
ORIGIN_FIELD(data_type, add_word(out, KIND(origin)->data_type))

static void put_source_long(struct lt_buf *out, const struct lt_origin *origin)
{
    const char *words = KIND(origin)->source_long;
    if (*words == '*')
        add_word(out, lt_owner_runtime(origin->owner)->title);
    add_word(out, words + (*words == '*'));
}

static void put_source_short(struct lt_buf *out, const struct lt_origin *origin)
{
    const char *word = KIND(origin)->source_short;
    add_word(out, word ? word : lt_owner_runtime(origin->owner)->source_short);
}

/* "Content Modification Time; Creation Time" for merged times of a file. */
static void put_timestamp_desc(struct lt_buf *out, const struct lt_row *row)
{
    const char *before = "";
    if (KIND(row->event)->desc) {
        add_word(out, KIND(row->event)->desc);
        return;
    }
    for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
        if (!(row->slots >> slot & 1))
            continue;
        add_word(out, before);
        add_word(out, lt_slot_desc[slot]);
        before = "; ";
    }
}

EVENT_FIELD(time_first, add_iso(out, event->first, 9))
EVENT_FIELD(time_last, add_iso(out, event->last, 9))
/* The path in the evidence; the root of a host may be a directory in it. */
static void put_evidence_path(struct lt_buf *out, const struct lt_event *event)
{
    lt_buf_add(out, event->owner->host->within);
    lt_event_path(out, event);
}

/* Plaso's names of the parsers of what it reads too (plaso/parsers, 2026-07), by the data type and, where other readers
 * make rows of that type, by ours. Of all else, our reader. */
static void put_parser(struct lt_buf *out, const struct lt_origin *origin)
{
    static const struct {
        const char *data_type, *source, *parser;
    } parsers[] = {
        {"fs:stat", NULL, "filestat"},
        {"docker:container:configuration", NULL, "jsonl/docker_container_config"},
        {"docker:container:log:entry", "docker_log", "jsonl/docker_container_log"},
        {"docker:container:log:entry", "nerdctl", "jsonl/docker_container_log"},
        {"docker:layer:configuration", NULL, "jsonl/docker_layer_config"},
        {"cri:container:log:entry", NULL, "text/cri_log"},
        {"bash:history:entry", NULL, "text/bash_history"},
        {"shell:zsh:history", NULL, "text/zsh_extended_history"},
        {"fish:history:entry", NULL, "fish_history"},
        {"syslog:line", NULL, "text/syslog"},
        {"syslog:cron:task_run", NULL, "text/syslog"},
        {"syslog:ssh:login", NULL, "text/syslog"},
        {"syslog:ssh:failed_connection", NULL, "text/syslog"},
        {"syslog:ssh:opened_connection", NULL, "text/syslog"},
        {"apache:access_log:entry", NULL, "text/apache_access"},
        {"linux:dpkg_log:entry", NULL, "text/dpkg"},
        {"linux:apt_history_log:entry", NULL, "text/apt_history"},
    };
    for (size_t i = 0; i < sizeof parsers / sizeof *parsers; i++)
        if (strcmp(KIND(origin)->data_type, parsers[i].data_type) == 0 &&
            (!parsers[i].source || strcmp(origin->source, parsers[i].source) == 0)) {
            add_word(out, parsers[i].parser);
            return;
        }
    lt_buf_printf(out, "layertime/%s", origin->source);
}

EVENT_FIELD(message, lt_message(out, event))
EVENT_FIELD(filename, lt_event_inside(out, event))
static const struct lt_medium *medium_of(const struct lt_event *event)
{
    static const struct lt_medium directory = {.type = "OS"};
    return event->medium ? event->medium : &directory;
}

static void put_display_name(struct lt_buf *out, const struct lt_event *event)
{
    add_word(out, medium_of(event)->type);
    lt_buf_char(out, ':');
    put_evidence_path(out, event);
}

ORIGIN_FIELD(runtime, add_word(out, lt_owner_runtime(owner)->name))
/* The container in which the store lies. */
static void put_host_container(struct lt_buf *out, const struct lt_origin *origin)
{
    const struct lt_root *root = origin->owner->root;
    const struct lt_root *above = origin->owner->container ? origin->owner->container->root : root;
    const struct lt_container *outer = above && above->outer ? above->outer : root ? root->outer : NULL;
    if (outer)
        lt_buf_add(out, outer->name.len ? outer->name : outer->id);
}

ORIGIN_FIELD(hostname, lt_buf_add(out, owner->host->hostname))
ORIGIN_FIELD(container_id, lt_buf_add(out, owner->container ? owner->container->id : LT_STR("")))
ORIGIN_FIELD(container_name, lt_buf_add(out, owner->container ? owner->container->name : LT_STR("")))
ORIGIN_FIELD(namespace, lt_buf_add(out, lt_owner_namespace(owner)))
/* The container whose pod it is, or which stands for the pod. NULL: there is none. */
static const struct lt_container *pod_of(const struct lt_owner *owner)
{
    return owner->container ? owner->container : owner->volume ? owner->volume->pod : NULL;
}
ORIGIN_FIELD(pod_id, lt_buf_add(out, pod_of(owner) ? pod_of(owner)->pod : LT_STR("")))
ORIGIN_FIELD(pod_name, lt_buf_add(out, pod_of(owner) ? pod_of(owner)->pod_name : LT_STR("")))
ORIGIN_FIELD(pod_namespace, lt_buf_add(out, pod_of(owner) ? pod_of(owner)->pod_namespace : LT_STR("")))
ORIGIN_FIELD(image_id, lt_buf_add(out, owner->image ? owner->image->id : LT_STR("")))
ORIGIN_FIELD(image_name, lt_buf_add(out, owner->image ? lt_owner_image_name(owner) : LT_STR("")))
ORIGIN_FIELD(volume_name, lt_buf_add(out, owner->volume ? owner->volume->name : LT_STR("")))
ORIGIN_FIELD(layer_role, add_word(out, lt_role_names[owner->role]))

/* A deletion has dfVFS's word for it. The node on the disk that tells of it is what it is: a device, or a file. */
INODE_FIELD(file_type, add_word(out, event->kind == LT_KIND_DELETED && event->tags & LT_TAG_BIT(whiteout)
                                         ? "whiteout"
                                         : lt_file_entry_type(node->mode)))
NODE_FIELD(file_system, add_word(out, medium_of(event)->type))
/* No file system has larger files, and a number that a consumer cannot hold would cost it the row. */
NODE_FIELD(size, if (node->mode && node->size <= INT64_MAX) lt_buf_uint(out, node->size))
INODE_FIELD(uid, lt_buf_uint(out, node->uid))
INODE_FIELD(gid, lt_buf_uint(out, node->gid))
INODE_FIELD(container_uid, add_inside_id(out, event->owner, false, node->uid))
INODE_FIELD(container_gid, add_inside_id(out, event->owner, true, node->gid))
NODE_FIELD(inode, if (node->ino) lt_buf_uint(out, node->ino))
INODE_FIELD(mode, lt_buf_uint(out, node->mode & 07777))
INODE_FIELD(links, lt_buf_uint(out, node->nlink))
NODE_FIELD(target, lt_buf_add(out, node->target))
/* What the entry hides, or NULL. */
static const struct lt_hidden *hidden_of(const struct lt_event *event)
{
    return lt_event_hides(event) ? event->hides : NULL;
}

static void put_hides_layer(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_hidden *hides = hidden_of(event);
    if (hides)
        lt_buf_add(out, lt_layer_name(hides->layer));
}

static void put_hides_size(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_hidden *hides = hidden_of(event);
    if (hides && hides->size <= INT64_MAX)
        lt_buf_uint(out, hides->size);
}

static void put_hides_mode(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_hidden *hides = hidden_of(event);
    if (hides)
        lt_buf_uint(out, hides->mode & 07777);
}

static void put_hides_modified(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_hidden *hides = hidden_of(event);
    if (hides)
        add_iso(out, hides->modified, 9);
}

NODE_FIELD(allocated, add_word(out, lt_event_is_removed(event) ? "false" : "true"))

static void put_timestamp(struct lt_buf *out, const struct lt_event *event, struct lt_time time)
{
    lt_buf_int(out, micros(event, time));
}

/* Text, since many programs read 19 digits as a rounded number. */
static void put_timestamp_ns(struct lt_buf *out, const struct lt_event *event, struct lt_time time)
{
    int64_t nanos;
    (void)event;
    if (lt_time_nanos(time, &nanos))
        lt_buf_int(out, nanos);
}

/* Made from the rounded timestamp, because Timesketch wants the two to agree. Years that ISO 8601 and OpenSearch do not
 * support become the nearest one that they do (`date_time` holds the exact time). */
static void put_datetime(struct lt_buf *out, const struct lt_event *event, struct lt_time time)
{
    static const int64_t first = -62135596800000000, last = 253402300799999999;
    int64_t number = micros(event, time);
    number = number < first ? first : number > last ? last : number;
    int64_t sec = number / 1000000 - (number % 1000000 < 0);
    add_iso(out, lt_time_at(sec, (uint32_t)(number - sec * 1000000) * 1000), 6);
}

/* The forms of dfdatetime (dfdatetime/interface.py, 2026-07): nanoseconds if they fit 64 bits, else the elements. */
static void put_date_time(struct lt_buf *out, const struct lt_event *event, struct lt_time time)
{
    int64_t nanos;
    (void)event;
    if (lt_time_nanos(time, &nanos)) {
        lt_buf_lit(
            out, "{\"__class_name__\": \"PosixTimeInNanoseconds\", \"__type__\": \"DateTimeValues\", \"timestamp\": ");
        lt_buf_int(out, nanos);
        lt_buf_char(out, '}');
        return;
    }
    struct lt_civil civil = lt_civil_from(time.sec);
    lt_buf_printf(out,
                  "{\"__class_name__\": \"TimeElementsInNanoseconds\", \"__type__\": \"DateTimeValues\", "
                  "\"time_elements_tuple\": [%jd, %u, %u, %u, %u, %u, %u]}",
                  (intmax_t)civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, time.nsec);
}

/* As Plaso serialises it (plaso/serializer/json_serializer.py, 2026-07), but with sorted keys as all of a line. */
static void put_pathspec(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_medium *medium = medium_of(event);
    lt_buf_lit(out, "{\"__type__\": \"PathSpec\"");
    if (medium->parent.len && event->node && event->node->ino) {
        lt_buf_lit(out, ", \"inode\": ");
        lt_buf_uint(out, event->node->ino);
    }
    lt_buf_lit(out, ", \"location\": \"");
    size_t start = out->len;
    put_evidence_path(out, event);
    lt_value_bound(out, start);
    lt_escape_json_name_from(out, start);
    lt_buf_char(out, '"');
    if (medium->parent.len) {
        lt_buf_lit(out, ", \"parent\": ");
        lt_buf_add(out, medium->parent);
    }
    lt_buf_lit(out, ", \"type_indicator\": \"");
    add_word(out, medium->type);
    lt_buf_lit(out, "\"}");
}

/* Where in the file the time was read. The inode of an entry, and the file as a whole, are in other fields; but an
 * inode that is not in its place any more has one. */
static void put_witness(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_where *where = &event->where;
    if (event->node && where->field)
        lt_buf_printf(out, "%s, byte %ju of the file system", where->field, (uintmax_t)where->offset);
    if (event->node || !(where->field || where->has_offset))
        return;
    put_evidence_path(out, event);
    if (where->field)
        lt_buf_printf(out, "#%s", where->field);
    else
        lt_buf_printf(out, "#offset=%ju", (uintmax_t)where->offset);
}

static void put_tags(struct lt_buf *out, const struct lt_event *event)
{
    struct lt_str before = LT_STR("[\"");
    lt_set_each (tag, event->tags) {
        lt_buf_add(out, before);
        add_word(out, lt_tag_names[tag]);
        before = LT_STR("\", \"");
    }
    lt_buf_add(out, event->tags ? LT_STR("\"]") : LT_STR("[]"));
}

static void put_layer_id(struct lt_buf *out, const struct lt_event *event)
{
    const struct lt_layer *layer = event->owner->layer;
    const struct lt_attr *attr = lt_event_attr(event, LT_ATTR_DIFF_ID);
    if (layer)
        lt_buf_add(out, lt_layer_name(layer));
    else if (attr)
        lt_buf_add(out, attr->text);
}

/* Open a list with its first item; close_list() closes it. Nothing is written for an empty list. */
static void add_to_list(struct lt_buf *out, size_t at, struct lt_str item)
{
    item.len = lt_value_length(item);
    lt_buf_add(out, at ? LT_STR(", ") : LT_STR("["));
    lt_escape_json_name(out, item);
}

static void close_list(struct lt_buf *out, size_t count)
{
    if (count)
        lt_buf_char(out, ']');
}

/* Rows would grow without bound with the number of containers, so they show only the first of those that share a layer.
 * The manifest and `images --json` have all of them. */
enum { SHOWN = 8 };

/* Count one of those that share something, and show it if there is room. `out` may be NULL. */
static size_t add_sharer(struct lt_buf *out, size_t count, struct lt_str name, struct lt_str id)
{
    struct lt_buf label = {0};
    if (!out || count >= SHOWN)
        return count + 1;
    lt_label(&label, name, id);
    add_to_list(out, count, lt_buf_view(&label));
    lt_buf_free(&label);
    return count + 1;
}

/* The containers that share an image layer, a volume or a bind. Returns how many they are. */
static size_t add_containers(struct lt_buf *out, const struct lt_owner *owner)
{
    size_t count = 0;
    if (owner->layer && owner->role == LT_ROLE_IMAGE)
        lt_each (const struct lt_container, container, &owner->layer->containers)
            count = add_sharer(out, count, container->name, container->id);
    const struct lt_list *users = lt_owner_users(owner);
    const struct lt_container *last = NULL;
    if (users)
        lt_each (const struct lt_mount_user, user, users) {
            if (user->container != last)
                count = add_sharer(out, count, user->container->name, user->container->id);
            last = user->container;
        }
    return count;
}

static size_t add_images(struct lt_buf *out, const struct lt_owner *owner)
{
    size_t count = 0;
    if (owner->layer && owner->role == LT_ROLE_IMAGE)
        lt_each (const struct lt_image, image, &owner->layer->images)
            count = add_sharer(out, count, lt_image_name(image), image->id);
    return count;
}

static void add_count(struct lt_buf *out, size_t count)
{
    if (count)
        lt_buf_uint(out, count);
}

ORIGIN_FIELD(used_by_containers, close_list(out, add_containers(out, owner)))
ORIGIN_FIELD(used_by_containers_count, add_count(out, add_containers(NULL, owner)))
ORIGIN_FIELD(used_by_images, close_list(out, add_images(out, owner)))
ORIGIN_FIELD(used_by_images_count, add_count(out, add_images(NULL, owner)))

/* A container layer appears as the ID of its container, an image layer as its own ID. */
static void put_hidden_by(struct lt_buf *out, const struct lt_event *event)
{
    size_t count = 0;
    if (event->hidden_by)
        lt_each (const struct lt_layer, layer, event->hidden_by)
            if (count < SHOWN)
                add_to_list(out, count++, layer->container ? layer->container->id : lt_layer_name(layer));
    close_list(out, count);
}

EVENT_FIELD(hidden_by_count, add_count(out, event->hidden_by ? event->hidden_by->count : 0))

static void add_attr(struct lt_buf *out, const struct lt_attr *attr)
{
    size_t count = 0;
    if (lt_attr_infos[attr->key].type == LT_ATTR_INT)
        lt_buf_int(out, attr->number);
    else
        lt_buf_add(out, attr->text);
    lt_each (struct lt_str, item, &attr->items)
        add_to_list(out, count++, *item);
    close_list(out, count);
}

/* The quote before a value. */
#define QUOTE_WORD "\""
#define QUOTE_NAME "\""
#define QUOTE_TEXT "\""
#define QUOTE_INT
#define QUOTE_RAW
#define JSON(key, type)  ", \"" key "\": " QUOTE_##type
#define START(key, type) key, JSON(key, type), sizeof(JSON(key, type)) - 1, LT_AS_##type

const struct lt_field_info lt_field_infos[LT_FIELDS] = {
#define FIELD(id, name, type, with)        {START(name, type), LT_OF_ROW, LT_ATTRS, .put = with},
#define FIELD_TIME(id, name, type, with)   {START(name, type), LT_OF_TIME, LT_ATTRS, .put_time = with},
#define FIELD_EVENT(id, name, type, with)  {START(name, type), LT_OF_EVENT, LT_ATTRS, .put_event = with},
#define FIELD_ORIGIN(id, name, type, with) {START(name, type), LT_OF_ORIGIN, LT_ATTRS, .put_origin = with},
#define FIELD_ATTR(id, name, type)         {START(name, type), LT_OF_EVENT, LT_ATTR_##id, .put = NULL},
#include "formats/fields.def"
#undef FIELD
#undef FIELD_TIME
#undef FIELD_EVENT
#undef FIELD_ORIGIN
#undef FIELD_ATTR
};

void lt_field_put(struct lt_buf *out, enum lt_field field, const struct lt_row *row)
{
    const struct lt_field_info *info = &lt_field_infos[field];
    if (info->put_event) { /* most of those that are written for each row */
        info->put_event(out, row->event);
    } else if (info->put_time) {
        info->put_time(out, row->event, row->time);
    } else if (info->put) {
        info->put(out, row);
    } else if (info->put_origin) {
        struct lt_origin origin = lt_origin_of(row->event);
        info->put_origin(out, &origin);
    } else {
        const struct lt_attr *attr = lt_event_attr(row->event, info->attr);
        if (attr)
            add_attr(out, attr);
    }
}
