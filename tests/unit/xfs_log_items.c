// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_log_format.h, xfs_format.h, fs/xfs/xfs_buf_item_recover.c,
 * xfs_inode_item_recover.c, xfs_icreate_item.c, libxfs/xfs_bmap_btree.c (kernel 6.18). */
#include "evidence/xfs/log_items.h"
#include "evidence/xfs/stamp.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { INODE = 512, CORE = 176 };

static const struct lt_xfs v5 = {.v5 = true,
                                 .block_size = 4096,
                                 .sector_size = 512,
                                 .inode_size = INODE,
                                 .block_log = 12,
                                 .inode_log = 9,
                                 .inopb_log = 3,
                                 .ag_log = 10,
                                 .ag_blocks = 1000,
                                 .ag_count = 4,
                                 .blocks = 4000,
                                 .meta_uuid = "0123456789abcde"};
static const struct lt_xfs v4 = {.block_size = 4096,
                                 .sector_size = 512,
                                 .inode_size = 256,
                                 .block_log = 12,
                                 .inode_log = 8,
                                 .inopb_log = 4,
                                 .ag_log = 10,
                                 .ag_blocks = 1000,
                                 .ag_count = 4,
                                 .blocks = 4000};

/* An item whose regions are in `bytes`, 2,000 for each. */
struct made {
    unsigned char bytes[5][2000];
    struct lt_cursor regions[5];
    struct lt_xfs_log_item item;
};

static void set_region(struct made *made, unsigned number, size_t size)
{
    made->regions[number] = (struct lt_cursor){.ptr = made->bytes[number], .len = size};
    made->item.regions = made->regions;
    made->item.count = made->item.wanted = number + 1;
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

static void make_buffer(struct made *made, unsigned sectors, unsigned flags, uint32_t map)
{
    unsigned char *head = made->bytes[0];
    *made = (struct made){0};
    put_le(head, 0, 2, LT_XFS_ITEM_BUFFER);
    put_le(head, 4, 2, flags);
    put_le(head, 6, 2, sectors);
    put_le(head, 8, 8, 12345);
    put_le(head, 16, 4, 1);
    put_le(head, 20, 4, map);
    set_region(made, 0, 24);
}

static void buffer(void **state)
{
    struct made made = {0};
    struct lt_xfs_log_buffer out;
    struct lt_err err = {0};
    (void)state;
    make_buffer(&made, 8, 2, 0);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_OK);
    assert_int_equal(out.sector, 12345);
    assert_int_equal(out.sectors, 8);
    assert_true(out.cancelled && !out.inodes && !out.quota);
    make_buffer(&made, 8, 1 | 8 << 11, 0);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_OK);
    assert_true(!out.cancelled && out.inodes && !out.quota);
    make_buffer(&made, 8, 4, 0);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_OK);
    assert_true(out.quota);
    put_le(made.bytes[0], 16, 4, 2); /* a map of two words, of which there is one */
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_SKIP);
    make_buffer(&made, 0, 0, 0);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_SKIP);
    make_buffer(&made, 129, 0, 0);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_SKIP);
}

/* Pieces 1, 4 to 6, and 9; the region of 4 to 6 was cut behind 5. */
static void runs(void **state)
{
    static const struct {
        size_t from, size;
    } wanted[] = {{128, 128}, {512, 256}, {768, 128}, {1152, 128}};
    struct made made = {0};
    struct lt_xfs_log_buffer out;
    struct lt_xfs_log_run run;
    struct lt_err err = {0};
    unsigned at = 0, piece = 0;
    (void)state;
    make_buffer(&made, 8, 0, 1 << 1 | 7 << 4 | 1 << 9);
    for (unsigned i = 0; i < 4; i++)
        set_region(&made, i + 1, wanted[i].size);
    assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(lt_xfs_log_next_run(&made.item, &out, &at, &piece, &run, &err), LT_OK);
        assert_int_equal(run.from, wanted[i].from);
        assert_int_equal(run.size, wanted[i].size);
        assert_ptr_equal(run.data.ptr, made.bytes[i + 1]);
    }
    assert_int_equal(lt_xfs_log_next_run(&made.item, &out, &at, &piece, &run, &err), LT_END);
}

static void runs_that_cannot_be(void **state)
{
    struct made made = {0};
    struct lt_xfs_log_buffer out;
    struct lt_xfs_log_run run;
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct lt_err err = {0};
        unsigned at = 0, piece = 0;
        make_buffer(&made, 1, 0, kind == 2 ? 1 << 4 : 1); /* the fifth piece is behind a sector */
        if (kind)
            set_region(&made, 1, kind == 1 ? 100 : 128); /* less than a piece */
        assert_int_equal(lt_xfs_log_buffer(&made.item, &out, &err), LT_OK);
        assert_int_equal(lt_xfs_log_next_run(&made.item, &out, &at, &piece, &run, &err), LT_SKIP);
        assert_true(err.set);
    }
}

/* ---- inodes ------------------------------------------------------------------------------------------------------ */

/* A regular file with what a kernel would log of it. */
static void make_inode(struct made *made, uint32_t fields, bool padded, bool wide)
{
    unsigned char *head = made->bytes[0], *core = made->bytes[1];
    size_t less = padded ? 0 : 4;
    *made = (struct made){0};
    put_le(head, 0, 2, LT_XFS_ITEM_INODE);
    put_le(head, 4, 4, fields);
    put_le(head, 16 - less, 8, 133);
    put_le(head, 24 - less, 4, 0x01020304);
    put_le(head, 40 - less, 8, 800);
    put_le(head, 48 - less, 4, 32);
    put_le(head, 52 - less, 4, 2560);
    put_le(core, 0, 2, 0x494E);
    put_le(core, 2, 2, 0100644);
    core[4] = 3;
    core[5] = 2;
    put_le(core, 8, 4, 1000);
    put_le(core, 16, 4, 2);
    put_le(core, 24, 8, wide ? UINT64_C(5000000000) : 0);
    put_le(core, 32, 8, UINT64_C(0x1122334455667788));
    put_le(core, 56, 8, 123456);
    put_le(core, 76, 4, 7);
    put_le(core, 80, 2, wide ? 0 : 3);
    core[82] = 24; /* 192 bytes for the data */
    core[83] = 1;
    put_le(core, 92, 4, 99);
    put_le(core, 96, 4, 4711); /* no part of what counts: the next unlinked inode, */
    put_le(core, 112, 8, 777); /* and the LSN */
    put_le(core, 120, 8, wide ? 0x18 : 0);
    put_le(core, 144, 8, UINT64_C(0x0102030405060708));
    put_le(core, 152, 8, 133);
    memcpy(core + 160, "0123456789abcde", 16);
    set_region(made, 0, padded ? 56 : 52);
    set_region(made, 1, CORE);
}

static void make_disk_inode(unsigned char bytes[INODE])
{
    memset(bytes, 0, INODE);
    put_be(bytes, 0, 2, 0x494E);
    bytes[4] = 3;
    put_be(bytes, 96, 4, 0xFFFFFFFF);
    put_be(bytes, 112, 8, 40);
}

static struct lt_xfs_log_inode decode(const struct made *made)
{
    struct lt_xfs_log_inode inode;
    struct lt_err err = {0};
    assert_int_equal(lt_xfs_log_inode(&made->item, &inode, &err), LT_OK);
    return inode;
}

static uint64_t be(const unsigned char *bytes, size_t at, unsigned size)
{
    struct lt_cursor cursor = {.ptr = bytes, .len = INODE};
    return lt_cursor_be(&cursor, at, size);
}

/* Both forms of the description, and both of times and counters. */
static void core(void **state)
{
    unsigned char bytes[INODE];
    struct made made = {0};
    struct lt_err err = {0};
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        make_inode(&made, 1, kind, kind);
        struct lt_xfs_log_inode inode = decode(&made);
        assert_int_equal(inode.ino, 133);
        assert_int_equal(inode.place, 800 * 512 + 2560);
        make_disk_inode(bytes);
        assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_OK);
        assert_int_equal(be(bytes, 2, 2), 0100644);
        assert_int_equal(be(bytes, 8, 4), 1000);
        assert_int_equal(be(bytes, 16, 4), 2);
        assert_int_equal(be(bytes, 24, 8), kind ? UINT64_C(5000000000) : 0);
        assert_int_equal(be(bytes, 32, 8), kind ? UINT64_C(0x1122334455667788) : UINT64_C(0x5566778811223344));
        assert_int_equal(be(bytes, 144, 8), kind ? UINT64_C(0x0102030405060708) : UINT64_C(0x0506070801020304));
        assert_int_equal(be(bytes, 56, 8), 123456);
        assert_int_equal(be(bytes, 76, 4), 7);
        assert_int_equal(be(bytes, 80, 2), kind ? 0 : 3);
        assert_int_equal(be(bytes, 96, 4), 0xFFFFFFFF);
        assert_int_equal(be(bytes, 112, 8), 55);
        assert_int_equal(be(bytes, 120, 8), kind ? 0x18 : 0);
        assert_int_equal(be(bytes, 152, 8), 133);
        assert_false(lt_xfs_sum_wrong((struct lt_cursor){.ptr = bytes, .len = INODE}, 100));
    }
}

static void forks(void **state)
{
    unsigned char bytes[INODE];
    struct made made = {0};
    struct lt_err err = {0};
    (void)state;
    make_inode(&made, 0x1 | 0x4 | 0x40, true, false); /* extents, and attributes in the inode */
    memset(made.bytes[2], 'e', 32);
    memset(made.bytes[3], 'a', 20);
    set_region(&made, 2, 32);
    set_region(&made, 3, 20);
    struct lt_xfs_log_inode inode = decode(&made);
    make_disk_inode(bytes);
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_OK);
    assert_memory_equal(bytes + CORE, made.bytes[2], 32);
    assert_memory_equal(bytes + CORE + 192, made.bytes[3], 20);
    assert_int_equal(bytes[CORE + 32], 0);
    make_inode(&made, 0x1 | 0x40, true, false); /* attributes alone */
    memset(made.bytes[2], 'b', 20);
    set_region(&made, 2, 20);
    inode = decode(&made);
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 56, bytes, &err), LT_OK);
    assert_int_equal(bytes[CORE], 'e');
    assert_memory_equal(bytes + CORE + 192, made.bytes[2], 20);
    make_inode(&made, 0x1 | 0x10, true, false); /* a device */
    inode = decode(&made);
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 57, bytes, &err), LT_OK);
    assert_int_equal(be(bytes, CORE, 4), 0x01020304);
}

/* Logged: a head of 72 bytes, room for 9 keys, then 9 pointers. In a fork of 192 bytes: 4 bytes, room for 11. */
static void btree_root(void **state)
{
    unsigned char bytes[INODE], *root;
    struct made made = {0};
    struct lt_err err = {0};
    (void)state;
    make_inode(&made, 0x1 | 0x8, true, false);
    root = made.bytes[2];
    put_be(root, 0, 4, 0x424D4133);
    put_be(root, 4, 2, 1);
    put_be(root, 6, 2, 2);
    put_be(root, 72, 8, 10);
    put_be(root, 80, 8, 20);
    put_be(root, 72 + 72, 8, 1000);
    put_be(root, 72 + 80, 8, 2000);
    set_region(&made, 2, 72 + 9 * 16);
    struct lt_xfs_log_inode inode = decode(&made);
    make_disk_inode(bytes);
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_OK);
    assert_int_equal(be(bytes, CORE, 2), 1);
    assert_int_equal(be(bytes, CORE + 2, 2), 2);
    assert_int_equal(be(bytes, CORE + 4, 8), 10);
    assert_int_equal(be(bytes, CORE + 12, 8), 20);
    assert_int_equal(be(bytes, CORE + 4 + 88, 8), 1000);
    assert_int_equal(be(bytes, CORE + 4 + 96, 8), 2000);
    put_be(root, 6, 2, 10); /* more than there is room for */
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_SKIP);
}

/* What is on the disk stays if it is newer; with the same LSN it may be older. Version 4 has a counter that wraps. */
static void age(void **state)
{
    unsigned char bytes[INODE];
    struct made made = {0};
    struct lt_cursor disk = {.ptr = bytes, .len = INODE};
    (void)state;
    make_inode(&made, 1, true, false);
    struct lt_xfs_log_inode inode = decode(&made);
    make_disk_inode(bytes);
    assert_true(lt_xfs_log_inode_is_old(&v5, &inode, 39, disk));
    assert_false(lt_xfs_log_inode_is_old(&v5, &inode, 40, disk));
    put_be(bytes, 112, 8, UINT64_MAX);
    assert_false(lt_xfs_log_inode_is_old(&v5, &inode, 39, disk));
    put_le(made.bytes[1], 30, 2, 5);
    put_be(bytes, 30, 2, 6);
    assert_true(lt_xfs_log_inode_is_old(&v4, &inode, 0, disk));
    put_be(bytes, 30, 2, 5);
    assert_false(lt_xfs_log_inode_is_old(&v4, &inode, 0, disk));
    put_be(bytes, 30, 2, 0xFFFF);
    assert_false(lt_xfs_log_inode_is_old(&v4, &inode, 0, disk));
}

/* Version 2: a shorter core, no checksum, forks from byte 100 on; the counter begins anew. */
static void version_4(void **state)
{
    unsigned char bytes[INODE];
    struct made made = {0};
    struct lt_err err = {0};
    (void)state;
    make_inode(&made, 0x1 | 0x2, true, false);
    made.bytes[1][4] = 2;
    made.bytes[1][82] = 0;
    put_le(made.bytes[1], 30, 2, 5);
    memset(made.bytes[2], 'd', 20);
    set_region(&made, 1, 96);
    set_region(&made, 2, 20);
    struct lt_xfs_log_inode inode = decode(&made);
    make_disk_inode(bytes);
    memset(bytes + 100, '-', 300);
    assert_int_equal(lt_xfs_log_put_inode(&v4, &inode, 55, bytes, &err), LT_OK);
    assert_int_equal(be(bytes, 24, 8), 0);
    assert_int_equal(be(bytes, 56, 8), 123456);
    assert_memory_equal(bytes + 100, made.bytes[2], 20);
    assert_int_equal(bytes[120], '-');
    assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_SKIP);
}

static void inodes_that_cannot_be(void **state)
{
    unsigned char bytes[INODE], before[INODE];
    struct made made = {0};
    (void)state;
    for (unsigned kind = 0; kind < 5; kind++) {
        struct lt_err err = {0};
        make_inode(&made, 0x1 | 0x4, true, false);
        set_region(&made, 2, kind == 0 ? 193 : 16); /* larger than the fork */
        make_disk_inode(bytes);
        if (kind == 1)
            bytes[0] = 0;
        if (kind == 2)
            made.bytes[1][0] = 0;
        if (kind == 3)
            made.bytes[1][82] = 43; /* the forks part behind the inode */
        if (kind == 4)
            made.regions[1].len = CORE - 1;
        memcpy(before, bytes, INODE);
        struct lt_xfs_log_inode inode = decode(&made);
        assert_int_equal(lt_xfs_log_put_inode(&v5, &inode, 55, bytes, &err), LT_SKIP);
        assert_memory_equal(before, bytes, INODE);
        assert_true(err.set);
    }
}

static void links(void **state)
{
    unsigned char bytes[INODE], data[256] = {0};
    struct lt_xfs_log_run run = {.from = INODE, .size = 128, .data = {.ptr = data, .len = 128}};
    (void)state;
    put_be(data, 96, 4, 4711);
    make_disk_inode(bytes);
    assert_true(lt_xfs_log_put_link(&v5, &run, INODE, bytes));
    assert_int_equal(be(bytes, 96, 4), 4711);
    assert_false(lt_xfs_sum_wrong((struct lt_cursor){.ptr = bytes, .len = INODE}, 100));
    assert_false(lt_xfs_log_put_link(&v5, &run, 0, bytes));
    assert_false(lt_xfs_log_put_link(&v5, &run, (size_t)2 * INODE, bytes));
    put_be(data, 96, 4, 0); /* no inode is 0 */
    assert_false(lt_xfs_log_put_link(&v5, &run, INODE, bytes));
    assert_int_equal(be(bytes, 96, 4), 4711);
}

static void new_inodes(void **state)
{
    unsigned char bytes[INODE];
    struct made made = {0};
    struct lt_xfs_log_icreate create;
    struct lt_xfs_inode inode;
    struct lt_err err = {0};
    (void)state;
    put_be(made.bytes[0], 4, 4, 2); /* AG, block, inodes, their size, blocks, generation */
    put_be(made.bytes[0], 8, 4, 24);
    put_be(made.bytes[0], 12, 4, 64);
    put_be(made.bytes[0], 16, 4, INODE);
    put_be(made.bytes[0], 20, 4, 8);
    put_be(made.bytes[0], 24, 4, 4242);
    set_region(&made, 0, 28);
    assert_int_equal(lt_xfs_log_icreate(&v5, &made.item, &create, &err), LT_OK);
    assert_int_equal(create.count, 64);
    assert_int_equal(create.place, (2 * 1000 + 24) * 4096);
    assert_int_equal(create.ino, 2 << 13 | 24 * 8);
    lt_xfs_log_put_empty(&v5, &create, 5, bytes);
    assert_int_equal(lt_xfs_inode(&v5, (struct lt_cursor){.ptr = bytes, .len = INODE}, create.ino + 5, &inode, &err),
                     LT_OK);
    assert_true(!inode.mode && !inode.damaged && !inode.misplaced && inode.generation == 4242);
    assert_int_equal(inode.next_unlinked, LT_XFS_NO_INODE);
    put_be(made.bytes[0], 12, 4, 63);
    assert_int_equal(lt_xfs_log_icreate(&v5, &made.item, &create, &err), LT_SKIP);
    put_be(made.bytes[0], 12, 4, 64);
    put_be(made.bytes[0], 4, 4, 4);
    assert_int_equal(lt_xfs_log_icreate(&v5, &made.item, &create, &err), LT_SKIP);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void intents(void **state)
{
    static const struct {
        unsigned type, kind;
        bool done;
    } wanted[] = {{0x1236, 0x1236, false}, {0x1237, 0x1236, true},  {0x1244, 0x1244, false},
                  {0x1247, 0x1246, true},  {0x1248, 0x1248, false}, {0x124F, 0x124E, true}};
    struct made made = {0};
    struct lt_xfs_log_intent intent;
    (void)state;
    put_le(made.bytes[0], 8, 8, 1234);
    set_region(&made, 0, 16);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        made.item.type = wanted[i].type;
        assert_true(lt_xfs_log_intent(&made.item, &intent));
        assert_int_equal(intent.kind, wanted[i].kind);
        assert_int_equal(intent.id, 1234);
        assert_int_equal(intent.done, wanted[i].done);
    }
    static const unsigned others[] = {LT_XFS_ITEM_INODE, LT_XFS_ITEM_BUFFER, LT_XFS_ITEM_DQUOT, LT_XFS_ITEM_ICREATE,
                                      0x1250};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        made.item.type = others[i];
        assert_false(lt_xfs_log_intent(&made.item, &intent));
    }
}

/* Where the kinds of blocks have LSN, UUID and checksum. */
static void stamps(void **state)
{
    static const struct {
        const char *magic;
        size_t at, lsn, uuid, sum;
    } kinds[] = {{"IAB3", 0, 24, 32, 52},     {"BMA3", 0, 32, 40, 64},     {"XDB3", 0, 16, 24, 4},
                 {"XDD3", 0, 16, 24, 4},      {"XAGI", 0, 320, 296, 312},  {"XAGF", 0, 208, 64, 216},
                 {"XAFL", 0, 24, 8, 32},      {"XSLM", 0, 48, 16, 12},     {"XFSB", 0, 240, 32, 224},
                 {"\x3B\xEE", 8, 24, 32, 12}, {"\x3D\xF1", 8, 24, 32, 12}, {"\x3E\xBE", 8, 24, 32, 12}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned char bytes[INODE] = {0};
        struct lt_cursor block = {.ptr = bytes, .len = sizeof bytes};
        memcpy(bytes + kinds[i].at, kinds[i].magic, strlen(kinds[i].magic));
        put_be(bytes, kinds[i].lsn, 8, 4711);
        assert_true(lt_xfs_stamp(&v5, block) == UINT64_MAX); /* of another file system */
        memcpy(bytes + kinds[i].uuid, v5.meta_uuid, LT_XFS_UUID);
        assert_int_equal(lt_xfs_stamp(&v5, block), 4711);
        assert_true(lt_xfs_stamp(&v4, block) == UINT64_MAX);
        assert_int_equal(lt_xfs_stamp_sum(block), kinds[i].sum);
    }
    assert_int_equal(lt_xfs_stamp_sum((struct lt_cursor){.ptr = (const unsigned char *)"IN", .len = 2}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer), cmocka_unit_test(runs),       cmocka_unit_test(runs_that_cannot_be),
        cmocka_unit_test(core),   cmocka_unit_test(forks),      cmocka_unit_test(btree_root),
        cmocka_unit_test(age),    cmocka_unit_test(version_4),  cmocka_unit_test(inodes_that_cannot_be),
        cmocka_unit_test(links),  cmocka_unit_test(new_inodes), cmocka_unit_test(intents),
        cmocka_unit_test(stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
