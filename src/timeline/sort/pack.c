// SPDX-License-Identifier: Apache-2.0
/* Layout: 4 bytes of enum part and kind; the event's times; the pointers; then each part whose bit is set, in the order
 * in which lt_pack() writes them. Strings have a length and also end in NUL, so that they serve as C strings. */
#include "timeline/sort/pack.h"

/* A field that is not packed is lost, and the compiler does not notice. When you change one of these structs, change
 * put_*(), get_*() and the test in tests/unit/pack.c, and then the size here. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_event) == 256, "new fields of lt_event must be packed");
_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_node) == 176, "new fields of lt_node must be packed");
_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_hidden) == 72, "new fields of lt_hidden must be packed");
_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_where) == 40, "new fields of lt_where must be packed");
_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_attr) == 56, "new fields of lt_attr must be packed");

enum part {
    HAS_DIR = 1 << 0,
    HAS_BOUNDS = 1 << 1, /* first, last or node->deleted is set */
    HAS_CHANGE = 1 << 2,
    HAS_TAGS = 1 << 3, /* of the lower half of the set */
    HAS_NODE = 1 << 4,
    OWN_TIMES = 1 << 5, /* the node's times differ from those of the event */
    HAS_TARGET = 1 << 6,
    IS_DEVICE = 1 << 7,
    UNALLOCATED = 1 << 8,
    MOUNT_ROOT = 1 << 9,
    HAS_INSIDE = 1 << 10,
    HAS_FILE = 1 << 11,
    HAS_FIELD = 1 << 12,
    HAS_OFFSET = 1 << 13,
    NONZERO_OFFSET = 1 << 14,
    HAS_ATTRS = 1 << 15,
    HAS_HIDES = 1 << 16,
    HAS_HIDERS = 1 << 17,
    HAS_HIGH_TAGS = 1 << 18,
    PARTS_END, /* one more than the last part */
    KIND_SHIFT = 22,
};
_Static_assert(PARTS_END <= 1 << KIND_SHIFT, "a part more shifts the kind");
_Static_assert(LT_KINDS <= 1 << (32 - KIND_SHIFT), "parts and kind share 32 bits");

/* How a time is stored, three bits each: not set, as its key, in full, or SAME + i: it equals time i. */
enum time_code { UNSET, NEAR, FAR, SAME, CODE_BITS = 3, CODE_MASK = 7 };
_Static_assert(SAME + LT_SLOTS - 2 <= CODE_MASK && CODE_BITS * LT_SLOTS <= 16, "codes of times need more bits");

enum { NUMBER_MAX = 10 }; /* bytes of a 64-bit number, seven bits each */
enum { NSEC_BITS = 30 };
static const uint64_t BIAS = UINT64_C(1) << 31, SECONDS = UINT64_C(1) << 34;

bool lt_time_key(struct lt_time time, uint64_t *key)
{
    uint64_t sec = (uint64_t)time.sec + BIAS;
    bool fits = sec < SECONDS && time.nsec >> NSEC_BITS == 0;
    if (fits)
        *key = sec << NSEC_BITS | time.nsec;
    else
        *key = time.sec < 0 ? 0 : UINT64_MAX;
    return fits;
}

static struct lt_time time_of_key(uint64_t key)
{
    return lt_time_at((int64_t)((key >> NSEC_BITS) - BIAS), key & ((1u << NSEC_BITS) - 1));
}

/* --- writing --- */

static void put_number(struct lt_buf *out, uint64_t number)
{
    if (out->cap - out->len < NUMBER_MAX)
        lt_buf_reserve(out, NUMBER_MAX);
    for (; number > 0x7F; number >>= 7)
        out->ptr[out->len++] = (char)(number | 0x80);
    out->ptr[out->len++] = (char)number;
}

static void put_bytes(struct lt_buf *out, const void *bytes, size_t count)
{
    lt_buf_reserve(out, count);
    memcpy(out->ptr + out->len, bytes, count);
    out->len += count;
}

static void put_str(struct lt_buf *out, struct lt_str str)
{
    put_number(out, str.len);
    lt_buf_reserve(out, str.len + 1);
    if (str.len)
        memcpy(out->ptr + out->len, str.ptr, str.len);
    out->len += str.len;
    out->ptr[out->len++] = 0;
}

static enum time_code code_of(const struct lt_time *times, unsigned at)
{
    uint64_t key;
    if (!times[at].set)
        return UNSET;
    for (unsigned i = 0; i < at; i++)
        if (lt_time_same(times[i], times[at]))
            return (enum time_code)(SAME + i);
    return lt_time_key(times[at], &key) ? NEAR : FAR;
}

static void put_times(struct lt_buf *out, const struct lt_time times[LT_SLOTS])
{
    uint16_t codes = 0;
    char bytes[LT_SLOTS * (sizeof(int64_t) + sizeof(uint32_t))];
    size_t count = 0;
    for (unsigned i = 0; i < LT_SLOTS; i++) {
        enum time_code code = code_of(times, i);
        codes |= (uint16_t)(code << i * CODE_BITS);
        if (code == NEAR) {
            uint64_t key;
            lt_time_key(times[i], &key);
            memcpy(bytes + count, &key, sizeof key);
            count += sizeof key;
        } else if (code == FAR) {
            memcpy(bytes + count, &times[i].sec, sizeof times[i].sec);
            memcpy(bytes + count + sizeof times[i].sec, &times[i].nsec, sizeof times[i].nsec);
            count += sizeof times[i].sec + sizeof times[i].nsec;
        }
    }
    put_bytes(out, &codes, sizeof codes);
    put_bytes(out, bytes, count);
}

static void put_node(struct lt_buf *out, const struct lt_node *node, unsigned parts)
{
    put_number(out, node->ino);
    put_number(out, node->size);
    put_number(out, node->mode);
    put_number(out, node->uid);
    put_number(out, node->gid);
    put_number(out, node->nlink);
    put_str(out, node->name);
    if (parts & OWN_TIMES)
        put_times(out, node->time);
    if (parts & HAS_TARGET)
        put_str(out, node->target);
    if (parts & IS_DEVICE) {
        put_number(out, node->major);
        put_number(out, node->minor);
    }
}

static void put_hides(struct lt_buf *out, const struct lt_hidden *hides)
{
    put_bytes(out, &hides->layer, sizeof(void *));
    put_number(out, hides->ino);
    put_number(out, hides->size);
    put_number(out, hides->mode);
    put_number(out, hides->uid);
    put_number(out, hides->gid);
    put_number(out, hides->major);
    put_number(out, hides->minor);
    put_number(out, hides->capability);
    put_times(out, (struct lt_time[LT_SLOTS]){hides->modified});
}

static void put_attrs(struct lt_buf *out, const struct lt_event *event)
{
    put_number(out, event->attr_count);
    for (size_t i = 0; i < event->attr_count; i++) {
        const struct lt_attr *attr = &event->attrs[i];
        put_number(out, attr->key);
        put_number(out, (uint64_t)attr->number);
        put_str(out, attr->text);
        put_number(out, attr->items.count);
        lt_each (struct lt_str, item, &attr->items)
            put_str(out, *item);
    }
}

#define IF(condition, part) ((condition) ? (unsigned)(part) : 0)

static unsigned node_parts(const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    if (!node)
        return 0;
    bool own = false;
    for (unsigned i = 0; i < LT_SLOTS; i++)
        own |= !lt_time_same(node->time[i], event->time[i]);
    return HAS_NODE | IF(own, OWN_TIMES) | IF(node->deleted.set, HAS_BOUNDS) | IF(node->target.len, HAS_TARGET) |
           IF(node->major || node->minor, IS_DEVICE) | IF(node->unallocated, UNALLOCATED) |
           IF(node->mount_root, MOUNT_ROOT);
}

static unsigned parts_of(const struct lt_event *event)
{
    const struct lt_where *where = &event->where;
    return node_parts(event) | IF(event->dir, HAS_DIR) | IF(event->first.set || event->last.set, HAS_BOUNDS) |
           IF(event->change, HAS_CHANGE) | IF(lt_set_low(event->tags), HAS_TAGS) |
           IF(lt_set_high(event->tags), HAS_HIGH_TAGS) | IF(event->inside.len, HAS_INSIDE) |
           IF(where->file.len, HAS_FILE) | IF(where->field, HAS_FIELD) | IF(where->has_offset, HAS_OFFSET) |
           IF(where->offset, NONZERO_OFFSET) | IF(event->attr_count, HAS_ATTRS) | IF(event->hides, HAS_HIDES) |
           IF(event->hidden_by, HAS_HIDERS);
}

static void put_head(struct lt_buf *out, const struct lt_event *event, unsigned parts)
{
    uint32_t head = parts | (uint32_t)event->kind << KIND_SHIFT;
    put_bytes(out, &head, sizeof head);
    put_times(out, event->time);
    put_bytes(out, &event->source, sizeof event->source);
    put_bytes(out, &event->owner, sizeof(void *));
    put_bytes(out, &event->medium, sizeof(void *));
    if (parts & HAS_DIR)
        put_bytes(out, &event->dir, sizeof(void *));
    if (parts & HAS_BOUNDS)
        put_times(out, (struct lt_time[LT_SLOTS]){event->first, event->last,
                                                  event->node ? event->node->deleted : (struct lt_time){0}});
    if (parts & HAS_CHANGE)
        put_number(out, event->change);
    if (parts & HAS_TAGS)
        put_number(out, lt_set_low(event->tags));
    if (parts & HAS_HIGH_TAGS)
        put_number(out, lt_set_high(event->tags));
    if (parts & HAS_HIDES)
        put_hides(out, event->hides);
    if (parts & HAS_HIDERS)
        put_bytes(out, &event->hidden_by, sizeof(void *));
}

void lt_pack(struct lt_buf *out, const struct lt_event *event)
{
    unsigned parts = parts_of(event);
    put_head(out, event, parts);
    if (parts & HAS_NODE)
        put_node(out, event->node, parts);
    if (parts & HAS_INSIDE)
        put_str(out, event->inside);
    if (parts & HAS_FILE)
        put_str(out, event->where.file);
    if (parts & HAS_FIELD)
        put_str(out, lt_str_c(event->where.field));
    if (parts & NONZERO_OFFSET)
        put_number(out, event->where.offset);
    if (parts & HAS_ATTRS)
        put_attrs(out, event);
}

/* --- reading: `*at` advances; the bytes are our own, so nothing is checked --- */

static uint64_t get_number(const char **at)
{
    uint64_t number = 0;
    unsigned shift = 0;
    for (; (unsigned char)**at > 0x7F; shift += 7)
        number |= (uint64_t)((unsigned char)*(*at)++ & 0x7F) << shift;
    return number | (uint64_t)(unsigned char)*(*at)++ << shift;
}

static void get_bytes(const char **at, void *out, size_t count)
{
    memcpy(out, *at, count);
    *at += count;
}

static struct lt_str get_str(const char **at)
{
    size_t len = get_number(at);
    struct lt_str str = {*at, len};
    *at += len + 1;
    return str;
}

static struct lt_time get_time(const char **at, unsigned code, const struct lt_time *earlier)
{
    struct lt_time time = {0};
    if (code == NEAR) {
        uint64_t key;
        get_bytes(at, &key, sizeof key);
        return time_of_key(key);
    }
    if (code == FAR) {
        get_bytes(at, &time.sec, sizeof time.sec);
        get_bytes(at, &time.nsec, sizeof time.nsec);
        time.set = true;
        return time;
    }
    return code == UNSET ? time : earlier[code - SAME];
}

static void get_times(const char **at, struct lt_time times[LT_SLOTS])
{
    uint16_t codes;
    get_bytes(at, &codes, sizeof codes);
    for (unsigned i = 0; i < LT_SLOTS; i++)
        times[i] = get_time(at, codes >> i * CODE_BITS & CODE_MASK, times);
}

static void get_node(const char **at, struct lt_node *node, unsigned parts)
{
    node->ino = get_number(at);
    node->size = get_number(at);
    node->mode = (uint32_t)get_number(at);
    node->uid = (uint32_t)get_number(at);
    node->gid = (uint32_t)get_number(at);
    node->nlink = (uint32_t)get_number(at);
    node->name = get_str(at);
    if (parts & OWN_TIMES)
        get_times(at, node->time);
    node->target = parts & HAS_TARGET ? get_str(at) : LT_STR("");
    if (parts & IS_DEVICE) {
        node->major = (uint32_t)get_number(at);
        node->minor = (uint32_t)get_number(at);
    }
    node->unallocated = parts & UNALLOCATED;
    node->mount_root = parts & MOUNT_ROOT;
}

static void get_attrs(const char **at, struct lt_event *event, struct lt_arena *arena)
{
    event->attr_count = get_number(at);
    struct lt_attr *attrs = lt_new_array(arena, struct lt_attr, event->attr_count);
    event->attrs = attrs;
    for (size_t i = 0; i < event->attr_count; i++) {
        attrs[i].key = (enum lt_attr_key)get_number(at);
        attrs[i].number = (int64_t)get_number(at);
        attrs[i].text = get_str(at);
        size_t count = get_number(at);
        struct lt_str *items = lt_new_array(arena, struct lt_str, count);
        for (size_t item = 0; item < count; item++) {
            items[item] = get_str(at);
            lt_list_add(&attrs[i].items, arena, &items[item]);
        }
    }
}

static void get_hides(const char **at, struct lt_hidden *hides)
{
    struct lt_time times[LT_SLOTS];
    get_bytes(at, &hides->layer, sizeof(void *));
    hides->ino = get_number(at);
    hides->size = get_number(at);
    hides->mode = (uint32_t)get_number(at);
    hides->uid = (uint32_t)get_number(at);
    hides->gid = (uint32_t)get_number(at);
    hides->major = (uint32_t)get_number(at);
    hides->minor = (uint32_t)get_number(at);
    hides->capability = get_number(at);
    get_times(at, times);
    hides->modified = times[0];
}

static unsigned get_head(const char **at, struct lt_unpacked *out)
{
    struct lt_event *event = &out->event;
    struct lt_node *node = &out->node;
    uint32_t head;
    get_bytes(at, &head, sizeof head);
    event->kind = (enum lt_kind)(head >> KIND_SHIFT);
    get_times(at, event->time);
    memcpy(node->time, event->time, sizeof node->time);
    get_bytes(at, &event->source, sizeof event->source);
    get_bytes(at, &event->owner, sizeof(void *));
    get_bytes(at, &event->medium, sizeof(void *));
    if (head & HAS_DIR)
        get_bytes(at, &event->dir, sizeof(void *));
    if (head & HAS_BOUNDS) {
        struct lt_time bounds[LT_SLOTS];
        get_times(at, bounds);
        event->first = bounds[0];
        event->last = bounds[1];
        node->deleted = bounds[2];
    }
    if (head & HAS_CHANGE)
        event->change = (enum lt_change)get_number(at);
    if (head & HAS_TAGS)
        event->tags = get_number(at);
    if (head & HAS_HIGH_TAGS)
        event->tags |= lt_set_of(0, get_number(at));
    if (head & HAS_HIDES) {
        get_hides(at, &out->hides);
        event->hides = &out->hides;
    }
    if (head & HAS_HIDERS)
        get_bytes(at, &event->hidden_by, sizeof(void *));
    return head;
}

void lt_unpack(struct lt_unpacked *out, const char *packed, struct lt_arena *arena)
{
    struct lt_event *event = &out->event;
    *out = (struct lt_unpacked){0};
    unsigned parts = get_head(&packed, out);
    if (parts & HAS_NODE) {
        get_node(&packed, &out->node, parts);
        event->node = &out->node;
    }
    event->inside = parts & HAS_INSIDE ? get_str(&packed) : LT_STR("");
    event->where.file = parts & HAS_FILE ? get_str(&packed) : LT_STR("");
    event->where.field = parts & HAS_FIELD ? get_str(&packed).ptr : NULL;
    event->where.has_offset = parts & HAS_OFFSET;
    event->where.offset = parts & NONZERO_OFFSET ? get_number(&packed) : 0;
    if (parts & HAS_ATTRS)
        get_attrs(&packed, event, arena);
}

struct lt_time lt_packed_time(const char *packed, enum lt_slot slot)
{
    struct lt_time times[LT_SLOTS];
    packed += sizeof(uint32_t);
    get_times(&packed, times);
    return times[slot];
}
