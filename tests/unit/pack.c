// SPDX-License-Identifier: Apache-2.0
/* What is packed comes back whole. The records below are written without names of fields on purpose: whoever adds a
 * field to one of these structs must put it here, else the compiler complains about a missing initialiser. */
#include "timeline/sort/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T(sec, nsec)                                                                                                   \
    {                                                                                                                  \
        sec, nsec, true                                                                                                \
    }
static const struct lt_time unset;

static void assert_time(struct lt_time got, struct lt_time expected)
{
    assert_int_equal(got.set, expected.set);
    if (!expected.set)
        return;
    assert_int_equal(got.sec, expected.sec);
    assert_int_equal(got.nsec, expected.nsec);
}

static void assert_str(struct lt_str got, struct lt_str expected)
{
    assert_non_null(got.ptr);
    assert_true(lt_str_eq(got, expected));
}

static void assert_node(const struct lt_node *got, const struct lt_node *expected)
{
    assert_str(got->name, expected->name);
    assert_str(got->target, expected->target);
    assert_int_equal(got->ino, expected->ino);
    assert_int_equal(got->size, expected->size);
    assert_int_equal(got->mode, expected->mode);
    assert_int_equal(got->uid, expected->uid);
    assert_int_equal(got->gid, expected->gid);
    assert_int_equal(got->nlink, expected->nlink);
    assert_int_equal(got->major, expected->major);
    assert_int_equal(got->minor, expected->minor);
    for (unsigned i = 0; i < LT_SLOTS; i++)
        assert_time(got->time[i], expected->time[i]);
    assert_time(got->deleted, expected->deleted);
    assert_int_equal(got->unallocated, expected->unallocated);
    assert_int_equal(got->mount_root, expected->mount_root);
    assert_null(got->error);
}

static void assert_hidden(const struct lt_hidden *got, const struct lt_hidden *expected)
{
    assert_ptr_equal(got->layer, expected->layer);
    assert_int_equal(got->ino, expected->ino);
    assert_int_equal(got->size, expected->size);
    assert_int_equal(got->mode, expected->mode);
    assert_int_equal(got->uid, expected->uid);
    assert_int_equal(got->gid, expected->gid);
    assert_int_equal(got->major, expected->major);
    assert_int_equal(got->minor, expected->minor);
    assert_time(got->modified, expected->modified);
    assert_int_equal(got->capability, expected->capability);
}

static void assert_attrs(const struct lt_event *got, const struct lt_event *expected)
{
    assert_int_equal(got->attr_count, expected->attr_count);
    for (size_t i = 0; i < expected->attr_count; i++) {
        const struct lt_attr *left = &got->attrs[i], *right = &expected->attrs[i];
        assert_int_equal(left->key, right->key);
        assert_int_equal(left->number, right->number);
        assert_str(left->text, right->text);
        assert_int_equal(left->items.count, right->items.count);
        for (size_t at = 0; at < right->items.count; at++)
            assert_str(*(struct lt_str *)left->items.items[at], *(struct lt_str *)right->items.items[at]);
    }
}

static void assert_event(const struct lt_event *got, const struct lt_event *expected)
{
    assert_int_equal(got->kind, expected->kind);
    for (unsigned i = 0; i < LT_SLOTS; i++)
        assert_time(got->time[i], expected->time[i]);
    assert_time(got->first, expected->first);
    assert_time(got->last, expected->last);
    assert_int_equal(got->change, expected->change);
    assert_true(got->tags == expected->tags); /* cmocka compares 64 bits at most */
    assert_ptr_equal(got->source, expected->source);
    assert_ptr_equal(got->owner, expected->owner);
    assert_ptr_equal(got->medium, expected->medium);
    assert_ptr_equal(got->dir, expected->dir);
    assert_int_equal(!got->node, !expected->node);
    if (expected->node)
        assert_node(got->node, expected->node);
    assert_int_equal(!got->hides, !expected->hides);
    if (expected->hides)
        assert_hidden(got->hides, expected->hides);
    assert_ptr_equal(got->hidden_by, expected->hidden_by);
    assert_str(got->inside, expected->inside);
    assert_str(got->where.file, expected->where.file);
    assert_int_equal(!got->where.field, !expected->where.field);
    if (expected->where.field)
        assert_string_equal(got->where.field, expected->where.field);
    assert_int_equal(got->where.offset, expected->where.offset);
    assert_int_equal(got->where.has_offset, expected->where.has_offset);
    assert_attrs(got, expected);
}

/* Pack, unpack, compare; return the number of bytes. */
static size_t round_trip(const struct lt_event *event)
{
    struct lt_arena arena = {0};
    struct lt_buf packed = {0};
    lt_pack(&packed, event);
    size_t len = packed.len;
    char *exact = malloc(len); /* so that a sanitizer sees a read beyond the end */
    assert_non_null(exact);
    memcpy(exact, packed.ptr, len);
    lt_buf_free(&packed);
    struct lt_unpacked unpacked;
    lt_unpack(&unpacked, exact, &arena);
    assert_event(&unpacked.event, event);
    for (enum lt_slot slot = 0; slot < LT_SLOTS; slot++)
        assert_time(lt_packed_time(exact, slot), event->time[slot]);
    free(exact);
    lt_arena_free(&arena);
    return len;
}

#define somewhere ((const void *)&unset) /* owners, layers and directories are not looked into */

static struct lt_str items[] = {{"item", 4}, {"", 0}, {"it\0em", 5}};
static void *list[] = {&items[0], &items[1], &items[2]};
static const struct lt_attr attrs[] = {
    {LT_ATTR_BODY, INT64_MIN, {"text", 4}, {list, 3, 3}},
    {LT_ATTR_EXIT_CODE, -7, {NULL, 0}, {NULL, 0, 0}},
    {LT_ATTRS, INT64_MAX, {"", 0}, {list, 1, 3}},
};

static const struct lt_node full_node = {
    {"na\nme", 5},
    {"target", 6},
    UINT64_MAX,
    UINT64_MAX - 1,
    UINT32_MAX,
    UINT32_MAX - 1,
    UINT32_MAX - 2,
    UINT32_MAX - 3,
    UINT32_MAX - 4,
    UINT32_MAX - 5,
    {T(1, 2), T(3, 4), T(5, 6), T(7, 8)},
    T(9, 10),
    true,
    false, /* a tag by then */
    false, /* for walks only */
    true,
    false, /* for walks only */
    false, /* a tag by then */
    0,     /* for walks only */
    NULL,
};

static const struct lt_hidden full_hidden = {
    somewhere,      UINT64_MAX,     UINT64_MAX - 1, UINT32_MAX, UINT32_MAX - 1,
    UINT32_MAX - 2, UINT32_MAX - 3, UINT32_MAX - 4, T(23, 24),  true,
};

static struct lt_event full_event(void)
{
    struct lt_event event = {
        LT_KIND_DELETED,
        {T(-11, 12), T(13, 14), T(15, 16), T(17, 18)},
        T(19, 20),
        T(21, 22),
        LT_CHANGE_DELETED,
        lt_set_below(LT_SET_SIZE),
        "source",
        somewhere,
        somewhere,
        &full_node,
        &full_hidden,
        somewhere,
        {"/inside", 7},
        {{"/file", 5}, "State.StartedAt", UINT64_MAX, true},
        somewhere,
        attrs,
        sizeof attrs / sizeof *attrs,
    };
    return event;
}

static void test_all_fields(void **state)
{
    (void)state;
    struct lt_event event = full_event();
    round_trip(&event);
}

/* Each alone: what goes with one part must not hang on another. */
static void test_each_field_alone(void **state)
{
    (void)state;
    const struct lt_event full = full_event();
    struct lt_node node = {.name = LT_STR("")};
    struct lt_hidden hidden = {0};
    struct lt_event event = {0};
    round_trip(&event);
#define ONE(object, field, value)                                                                                      \
    do {                                                                                                               \
        (object).field = (value);                                                                                      \
        round_trip(&event);                                                                                            \
        memset(&(object).field, 0, sizeof(object).field);                                                              \
    } while (0)
    ONE(event, kind, LT_KINDS - 1);
    ONE(event, time[3], full.time[3]);
    ONE(event, first, full.first);
    ONE(event, last, full.last);
    ONE(event, change, LT_CHANGE_DELETED);
    for (unsigned tag = 0; tag < LT_SET_SIZE; tag++)
        ONE(event, tags, LT_SET_BIT(tag));
    ONE(event, source, full.source);
    ONE(event, owner, somewhere);
    ONE(event, dir, somewhere);
    ONE(event, hidden_by, somewhere);
    ONE(event, inside, full.inside);
    ONE(event, where.file, full.where.file);
    ONE(event, where.field, "");
    ONE(event, where.offset, 1);
    ONE(event, where.has_offset, true);
    event.node = &node;
    round_trip(&event);
    ONE(node, name, full_node.name);
    ONE(node, target, full_node.target);
    ONE(node, ino, 127);
    ONE(node, size, 128);
    ONE(node, mode, 0100644);
    ONE(node, uid, 1000);
    ONE(node, gid, 65534);
    ONE(node, nlink, 2);
    ONE(node, major, 8);
    ONE(node, minor, 1);
    ONE(node, time[0], full_node.time[0]);
    ONE(node, time[3], full_node.time[3]);
    ONE(node, deleted, full_node.deleted);
    ONE(node, unallocated, true);
    ONE(node, mount_root, true);
    event.hides = &hidden;
    round_trip(&event);
    ONE(hidden, layer, somewhere);
    ONE(hidden, ino, 300);
    ONE(hidden, size, 1);
    ONE(hidden, mode, 0100644);
    ONE(hidden, uid, 1000);
    ONE(hidden, gid, 1001);
    ONE(hidden, major, 8);
    ONE(hidden, minor, 1);
    ONE(hidden, modified, full_hidden.modified);
    ONE(hidden, capability, true);
#undef ONE
}

static const struct lt_time edges[] = {
    T(INT64_MIN, 0),
    T(INT64_MIN, 999999999),
    T(-62135596800, 0), /* year 1 */
    T(-9223372037, 145224192),
    T(-2147483649, 999999999),
    T(-2147483648, 0), /* 1901, where ext4 begins */
    T(-1, 999999999),
    T(0, 0),
    T(0, 1),
    T(9223372036, 854775807),
    T(15032385535, 999999999), /* 2446, where it ends */
    T(15032385536, 0),
    T(253402300799, 999999999), /* year 9999 */
    T(INT64_MAX, 999999999),
};
enum { EDGES = sizeof edges / sizeof *edges };

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        struct lt_node node = {.name = LT_STR("f"), .time = {edges[i], unset, edges[(i + 1) % EDGES], edges[i]}};
        struct lt_event event = {.node = &node, .time = {unset, edges[i], edges[i], edges[(i + 2) % EDGES]}};
        round_trip(&event);
        memcpy(event.time, node.time, sizeof event.time);
        round_trip(&event);
    }
}

static void test_keys(void **state)
{
    (void)state;
    uint64_t before = 0, key;
    for (size_t i = 0; i < EDGES; i++) {
        bool fits = lt_time_key(edges[i], &key);
        assert_int_equal(fits, edges[i].sec >= -2147483648 && edges[i].sec <= 15032385535);
        assert_true(key > before || (key == before && (key == 0 || key == UINT64_MAX)));
        before = key;
    }
    assert_int_equal(before, UINT64_MAX);
}

static void test_common_file_is_small(void **state)
{
    (void)state;
    struct lt_node node = {
        .name = LT_STR("libexample.so.1"),
        .ino = 1234567,
        .size = 123456,
        .mode = 0100644,
        .nlink = 1,
        .time = {T(1700000000, 0), T(1700000000, 0), T(1795455964, 123456789), T(1795455964, 123456789)},
    };
    struct lt_event event = {.source = "files", .owner = somewhere, .dir = somewhere, .node = &node};
    memcpy(event.time, node.time, sizeof event.time);
    assert_in_range(round_trip(&event), 1, 84);
}

/* A set that may be wide takes no more room where it is not: the seventh tag costs one byte, the eighth two. */
static void test_tags_are_small(void **state)
{
    (void)state;
    struct lt_event event = {0};
    size_t without = round_trip(&event);
    static const struct {
        lt_tags tags;
        size_t bytes;
    } table[] = {
        {LT_SET_BIT(0), 1},  {LT_SET_BIT(0) | LT_SET_BIT(6), 1},
        {LT_SET_BIT(7), 2},  {LT_SET_BIT(63), 10},
        {LT_SET_BIT(64), 1}, {LT_SET_BIT(0) | LT_SET_BIT(64) | LT_SET_BIT(70), 2},
        {~(lt_tags)0, 20},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        event.tags = table[i].tags;
        assert_int_equal(round_trip(&event), without + table[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_fields),
        cmocka_unit_test(test_each_field_alone),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_common_file_is_small),
        cmocka_unit_test(test_tags_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
