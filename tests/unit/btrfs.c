// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux include/uapi/linux/btrfs_tree.h (struct btrfs_super_block, btrfs_chunk, btrfs_header,
 * btrfs_inode_item, btrfs_dir_item, btrfs_file_extent_item), Documentation/staging/lzo.rst, and xxHash's own list of
 * checksums (doc/xxhash_spec.md, xxhsum 0.8). */
#include "evidence/btrfs/changes.h"
#include "evidence/btrfs/layout.h"
#include "evidence/btrfs/lzo.h"

#include "base/xxh64.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct lt_cursor cursor_of(const unsigned char *bytes, size_t size)
{
    return (struct lt_cursor){.ptr = bytes, .len = size};
}

static void test_xxh64(void **state)
{
    (void)state;
    assert_true(lt_xxh64("", 0) == 0xEF46DB3751D8E999u);
    assert_true(lt_xxh64("a", 1) == 0xD24EC4F1A98C6E5Bu);
    assert_true(lt_xxh64("abc", 3) == 0x44BC2CF5AD770999u);
    assert_true(lt_xxh64("Nobody inspects the spammish repetition", 39) == 0xFBCEA83C8A378BF1u);
}

static void test_superblock(void **state)
{
    (void)state;
    unsigned char bytes[LT_BTRFS_SUPER_SIZE] = {0};
    struct lt_btrfs_super super;
    put_le(bytes, 0x48, 8, 77);
    put_le(bytes, 0x50, 8, 30408704);
    put_le(bytes, 0x90, 4, 4096);
    put_le(bytes, 0x94, 4, 16384);
    put_le(bytes, 0xa0, 4, 97);
    put_le(bytes, 0xc6, 1, 1);
    put_le(bytes, 0xc9, 8, 3);
    memcpy(bytes + 0x40, "_BHRfS_M", 8);
    assert_true(lt_btrfs_is_super(cursor_of(bytes, sizeof bytes)));
    assert_int_equal(lt_btrfs_read_super(cursor_of(bytes, sizeof bytes), &super, NULL), LT_OK);
    assert_true(super.root.at == 30408704 && super.root.generation == 77 && super.root.level == 1);
    assert_true(super.device == 3 && super.node_size == 16384 && super.array.len == 97);
    assert_false(lt_btrfs_sum_is_right(LT_BTRFS_CRC32C, cursor_of(bytes, sizeof bytes)));
    put_le(bytes, 0, 4, ~slow_crc32c(~0u, bytes + 32, sizeof bytes - 32));
    assert_true(lt_btrfs_sum_is_right(LT_BTRFS_CRC32C, cursor_of(bytes, sizeof bytes)));
    put_le(bytes, 0x94, 4, 16385);
    assert_int_equal(lt_btrfs_read_super(cursor_of(bytes, sizeof bytes), &super, NULL), LT_SKIP);
    assert_int_equal(lt_btrfs_read_super(cursor_of(bytes, 100), &super, NULL), LT_SKIP);
}

/* Two stripes, on devices 1 and 2. */
static void test_chunk(void **state)
{
    (void)state;
    unsigned char bytes[48 + 2 * 32] = {0};
    struct lt_btrfs_chunk chunk;
    size_t used;
    put_le(bytes, 0, 8, 1 << 20);
    put_le(bytes, 24, 8, 1 << 4 | 4);
    put_le(bytes, 44, 2, 2);
    put_le(bytes, 48, 8, 1);
    put_le(bytes, 56, 8, 5 << 20);
    put_le(bytes, 80, 8, 2);
    put_le(bytes, 88, 8, 9 << 20);
    assert_int_equal(lt_btrfs_read_chunk(cursor_of(bytes, sizeof bytes), 1000, 2, &chunk, &used, NULL), LT_OK);
    assert_true(chunk.copies == 1 && chunk.physical[0] == 9 << 20 && !chunk.spread && used == sizeof bytes);
    assert_string_equal(lt_btrfs_profile(chunk.type), "raid1");
    put_le(bytes, 24, 8, 1 << 3 | 1);
    assert_int_equal(lt_btrfs_read_chunk(cursor_of(bytes, sizeof bytes), 1000, 2, &chunk, &used, NULL), LT_OK);
    assert_true(chunk.spread);
    assert_int_equal(lt_btrfs_read_chunk(cursor_of(bytes, sizeof bytes - 1), 0, 2, &chunk, &used, NULL), LT_SKIP);
}

static void put_item(unsigned char *node, unsigned number, uint64_t objectid, unsigned type, uint32_t at, uint32_t size)
{
    size_t head = LT_BTRFS_HEADER + number * 25;
    put_le(node, head, 8, objectid);
    put_le(node, head + 8, 1, type);
    put_le(node, head + 17, 4, at);
    put_le(node, head + 21, 4, size);
}

static void test_leaf(void **state)
{
    (void)state;
    unsigned char node[4096] = {0};
    struct lt_cursor bytes = cursor_of(node, sizeof node);
    put_le(node, 96, 4, 2);
    put_item(node, 0, 256, 1, 3000, 160);
    put_item(node, 1, 256, 12, 2988, 12);
    assert_true(lt_btrfs_node_is_sound(bytes));
    struct lt_btrfs_item item = lt_btrfs_read_item(bytes, 1);
    assert_true(item.key.type == 12 && item.data.ptr == node + LT_BTRFS_HEADER + 2988 && item.data.len == 12);
    put_item(node, 1, 255, 12, 2988, 12);
    assert_false(lt_btrfs_node_is_sound(bytes)); /* not in order */
    put_item(node, 1, 256, 12, 3990, 12);
    assert_false(lt_btrfs_node_is_sound(bytes)); /* beyond the end */
    put_item(node, 1, 256, 12, 20, 12);
    assert_false(lt_btrfs_node_is_sound(bytes)); /* in the heads of items */
    put_le(node, 96, 4, 4000);
    assert_false(lt_btrfs_node_is_sound(bytes));
}

static void test_inode(void **state)
{
    (void)state;
    unsigned char bytes[160] = {0};
    struct lt_node node = {0};
    bool bad_time;
    put_le(bytes, 16, 8, 12345);
    put_le(bytes, 40, 4, 2);
    put_le(bytes, 52, 4, S_IFCHR | 0600);
    put_le(bytes, 56, 8, 4095ull << 20 | 1048575);
    put_le(bytes, 112, 8, (uint64_t)-5);
    put_le(bytes, 120, 4, 999999999);
    put_le(bytes, 156, 4, 1000000000);
    assert_int_equal(lt_btrfs_read_inode(cursor_of(bytes, sizeof bytes), &node, &bad_time, NULL), LT_OK);
    assert_true(node.size == 12345 && node.nlink == 2 && node.major == 4095 && node.minor == 1048575);
    assert_true(node.time[LT_A].set && node.time[LT_A].sec == -5 && node.time[LT_A].nsec == 999999999);
    assert_true(bad_time && !node.time[LT_B].set);
    assert_int_equal(lt_btrfs_read_inode(cursor_of(bytes, 159), &node, &bad_time, NULL), LT_SKIP);
}

/* Two names with the same hash share an item. */
static void test_entries(void **state)
{
    (void)state;
    unsigned char bytes[30 + 3 + 30 + 2 + 4] = {0};
    struct lt_btrfs_entry entry;
    size_t at = 0;
    put_le(bytes, 0, 8, 300);
    put_le(bytes, 27, 2, 3);
    put_le(bytes, 29, 1, 2);
    memcpy(bytes + 30, "abc", 3);
    put_le(bytes, 33 + 25, 2, 4);
    put_le(bytes, 33 + 27, 2, 2);
    memcpy(bytes + 63, "deVALU", 6);
    assert_int_equal(lt_btrfs_next_entry(cursor_of(bytes, sizeof bytes), &at, &entry, NULL), LT_OK);
    assert_true(entry.location.objectid == 300 && lt_str_eq(entry.name, LT_STR("abc")));
    assert_int_equal(lt_btrfs_entry_type(entry.type), S_IFDIR);
    assert_int_equal(lt_btrfs_next_entry(cursor_of(bytes, sizeof bytes), &at, &entry, NULL), LT_OK);
    assert_true(lt_str_eq(entry.name, LT_STR("de")) && lt_str_eq(entry.value, LT_STR("VALU")));
    assert_int_equal(lt_btrfs_next_entry(cursor_of(bytes, sizeof bytes), &at, &entry, NULL), LT_END);
    at = 33;
    assert_int_equal(lt_btrfs_next_entry(cursor_of(bytes, sizeof bytes - 1), &at, &entry, NULL), LT_SKIP);
}

static void test_extents(void **state)
{
    (void)state;
    unsigned char bytes[53] = {0};
    struct lt_btrfs_extent extent;
    struct lt_btrfs_item item = {{300, 8192, LT_BTRFS_EXTENT}, cursor_of(bytes, sizeof bytes)};
    put_le(bytes, 8, 8, 65536);
    put_le(bytes, 16, 1, LT_BTRFS_ZSTD);
    put_le(bytes, 20, 1, 1);
    put_le(bytes, 21, 8, 13631488);
    put_le(bytes, 29, 8, 4096);
    put_le(bytes, 37, 8, 61440);
    put_le(bytes, 45, 8, 4096);
    assert_int_equal(lt_btrfs_read_extent(&item, &extent, NULL), LT_OK);
    assert_true(extent.offset == 8192 && extent.at == 13631488 && extent.skip == 61440 && extent.packing == 3);
    put_le(bytes, 20, 1, 2); /* never written */
    assert_int_equal(lt_btrfs_read_extent(&item, &extent, NULL), LT_OK);
    assert_true(!extent.at);
    put_le(bytes, 45, 8, 4097); /* beyond what is unpacked */
    assert_int_equal(lt_btrfs_read_extent(&item, &extent, NULL), LT_SKIP);
    put_le(bytes, 45, 8, 4096);
    put_le(bytes, 17, 1, 1); /* encrypted */
    assert_int_equal(lt_btrfs_read_extent(&item, &extent, NULL), LT_SKIP);
}

static void expect_lzo(const char *hex, const char *text)
{
    unsigned char packed[64], out[64];
    size_t size = strlen(hex) / 2;
    put_hex(packed, 0, hex);
    assert_int_equal(lt_lzo_unpack((struct lt_str){(const char *)packed, size}, out, sizeof out), strlen(text));
    assert_memory_equal(out, text, strlen(text));
    assert_int_equal(lt_lzo_unpack((struct lt_str){(const char *)packed, size - 1}, out, sizeof out), -1);
    assert_int_equal(lt_lzo_unpack((struct lt_str){(const char *)packed, size}, out, strlen(text) - 1), -1);
}

static void test_lzo(void **state)
{
    (void)state;
    expect_lzo("1561626364110000", "abcd");            /* four literals, the end */
    expect_lzo("15616263646c00110000", "abcdabcd");    /* 4 bytes from 4 before */
    expect_lzo("1261280000110000", "aaaaaaaaaaa");     /* 10 bytes from 1 before: they overlap */
    expect_lzo("15616263646d0078110000", "abcdabcdx"); /* a literal after them */
    expect_lzo("0261626364654000110000", "abcdeeee");  /* five literals, 3 bytes from 1 before */
}

static void test_changes(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_btrfs_changes changes = {.arena = &arena};
    const struct lt_btrfs_key low = {256, 0, 1}, high = {256, 9, 1};
    assert_true(lt_btrfs_set_item(&changes, high, LT_STR("high")));
    assert_true(lt_btrfs_set_item(&changes, low, LT_STR("low")));
    assert_true(lt_btrfs_remove_item(&changes, high));
    assert_true(changes.count == 2 && !changes.items[0].removed && changes.items[1].removed);
    assert_int_equal(lt_btrfs_change_at(&changes, (struct lt_btrfs_key){256, 1, 1}), 1);
    assert_true(lt_btrfs_set_item(&changes, high, LT_STR("again")));
    assert_true(!changes.items[1].removed && changes.items[1].item.data.len == 5);
    lt_btrfs_changes_free(&changes);
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xxh64),   cmocka_unit_test(test_superblock), cmocka_unit_test(test_chunk),
        cmocka_unit_test(test_leaf),    cmocka_unit_test(test_inode),      cmocka_unit_test(test_entries),
        cmocka_unit_test(test_extents), cmocka_unit_test(test_lzo),        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
