// SPDX-License-Identifier: Apache-2.0
/* Expectations: Linux Documentation/filesystems/ext4 (dynamic/inodes.rst, "Inode Timestamps"), fs/ext4/super.c
 * (descriptor_loc), include/linux/kdev_t.h, and what mke2fs, dumpe2fs and a mounted kernel say about real images. */
#include "evidence/ext4/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void put16(unsigned char *bytes, size_t at, unsigned value)
{
    bytes[at] = (unsigned char)value;
    bytes[at + 1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *bytes, size_t at, uint32_t value)
{
    put16(bytes, at, value & 0xFFFF);
    put16(bytes, at + 2, value >> 16);
}

/* A superblock as mke2fs makes it for 4 KiB blocks: 65536 blocks, 65536 inodes of 256 bytes, two groups. */
static void make_super(unsigned char bytes[1024])
{
    memset(bytes, 0, 1024);
    put32(bytes, 0x00, 65536); /* inodes */
    put32(bytes, 0x04, 65536); /* blocks */
    put32(bytes, 0x18, 2);     /* block size 1024 << 2 */
    put32(bytes, 0x20, 32768); /* blocks per group */
    put32(bytes, 0x28, 32768); /* inodes per group */
    put16(bytes, 0x38, 0xEF53);
    put32(bytes, 0x4C, 1); /* revision */
    put16(bytes, 0x58, 256);
    put32(bytes, 0x5C, 0x3C);
    put32(bytes, 0x60, 0x2C2); /* filetype, extents, 64bit, flex_bg */
    put32(bytes, 0x64, 0x47B);
    put16(bytes, 0xFE, 64); /* size of a descriptor */
}

static enum lt_status decode_super(const unsigned char *bytes, size_t size, struct lt_ext4 *ext4)
{
    return lt_ext4_super((struct lt_cursor){.ptr = bytes, .len = size}, ext4, NULL);
}

static void test_good_super(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct lt_ext4 ext4;
    make_super(bytes);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_OK);
    put32(bytes, 0x150, 1); /* high word of the number of blocks: 131074 groups of 8192 inodes */
    put32(bytes, 0x28, 8192);
    put32(bytes, 0x00, 131074 * 8192);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_OK);
    assert_int_equal(ext4.inodes, 131074 * 8192);
    assert_true(ext4.blocks == 65536 + (UINT64_C(1) << 32));
    assert_int_equal(ext4.block_size, 4096);
    assert_int_equal(ext4.inode_size, 256);
    assert_int_equal(ext4.desc_size, 64);
    assert_int_equal(ext4.ro_compat, 0x47B);
    assert_false(ext4.needs_recovery);
    put32(bytes, 0x60, 0x2C2 | 0x4);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_OK);
    assert_true(ext4.needs_recovery);
}

/* Revision 0 has inodes of 128 bytes and no feature words, whatever stands in their place. */
static void test_old_revision(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct lt_ext4 ext4;
    make_super(bytes);
    put32(bytes, 0x4C, 0);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_OK);
    assert_int_equal(ext4.inode_size, 128);
    assert_int_equal(ext4.desc_size, 32);
    assert_int_equal(ext4.incompat | ext4.compat | ext4.ro_compat, 0);
}

/* Without 64bit the size of a descriptor is 32 and the high word of the blocks means something else. */
static void test_without_64bit(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct lt_ext4 ext4;
    make_super(bytes);
    put32(bytes, 0x60, 0x242);
    put32(bytes, 0x150, 77);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_OK);
    assert_int_equal(ext4.desc_size, 32);
    assert_true(ext4.blocks == 65536);
}

static void test_impossible_supers(void **state)
{
    (void)state;
    static const struct {
        size_t at, size;
        uint32_t value;
    } table[] = {
        {0x38, 2, 0xEF54}, {0x18, 4, 7},    {0x18, 4, UINT32_MAX}, {0x58, 2, 0}, {0x58, 2, 64}, {0x58, 2, 129},
        {0x58, 2, 384},    {0x58, 2, 8192}, {0x58, 2, 0xFFFF},     {0xFE, 2, 0}, {0xFE, 2, 16}, {0xFE, 2, 65},
        {0xFE, 2, 2048},   {0x00, 4, 0},    {0x04, 4, 0},          {0x20, 4, 0}, {0x28, 4, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[1024];
        struct lt_ext4 ext4;
        make_super(bytes);
        (table[i].size == 2 ? put16 : put32)(bytes, table[i].at, table[i].value);
        if (decode_super(bytes, sizeof bytes, &ext4) == LT_OK)
            fail_msg("%zx = %x is accepted", table[i].at, table[i].value);
    }
}

static void test_inode_larger_than_block(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct lt_ext4 ext4;
    make_super(bytes);
    put32(bytes, 0x18, 0);
    put16(bytes, 0x58, 2048);
    assert_int_equal(decode_super(bytes, sizeof bytes, &ext4), LT_SKIP);
}

static void test_short_super(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    struct lt_ext4 ext4;
    make_super(bytes);
    for (size_t size = 0; size < 0x154; size++)
        assert_int_not_equal(decode_super(bytes, size, &ext4), LT_OK);
}

/* Block of the descriptor, as dumpe2fs tells for images made with mke2fs; `byte` is the offset in the block. */
static void test_descriptor_offsets(void **state)
{
    (void)state;
    const struct lt_ext4 plain = {
        .block_size = 4096, .desc_size = 64, .inodes_per_group = 8192, .blocks_per_group = 32768};
    struct lt_ext4 small = plain, meta64, meta32, late, every;
    small.block_size = 1024;
    small.first_data_block = 1;
    small.desc_size = 32;
    meta64 = (struct lt_ext4){.block_size = 1024,
                              .desc_size = 64,
                              .first_data_block = 1,
                              .inodes_per_group = 256,
                              .blocks_per_group = 1024,
                              .incompat = 0x10 | 0x80,
                              .ro_compat = 1};
    meta32 = meta64; /* mke2fs -b 1024 -g 512 -O meta_bg,^64bit */
    meta32.desc_size = 32;
    meta32.inodes_per_group = 128;
    meta32.blocks_per_group = 512;
    late = meta64; /* the first two blocks of descriptors are in the old place */
    late.first_meta_bg = 2;
    every = meta64; /* without sparse_super each group begins with a superblock */
    every.ro_compat = 0;
    const struct {
        const struct lt_ext4 *ext4;
        uint32_t group;
        uint64_t block, byte;
    } table[] = {
        {&plain, 0, 1, 0},     {&plain, 1, 1, 64},       {&plain, 63, 1, 63 * 64},  {&plain, 64, 2, 0},
        {&small, 0, 2, 0},     {&small, 31, 2, 31 * 32}, {&small, 32, 3, 0},        {&meta64, 0, 2, 0},
        {&meta64, 15, 2, 960}, {&meta64, 16, 16385, 0},  {&meta64, 31, 16385, 960}, {&meta64, 32, 32769, 0},
        {&meta32, 0, 2, 0},    {&meta32, 32, 16385, 0},  {&meta32, 65, 32769, 32},  {&late, 0, 2, 0},
        {&late, 16, 3, 0},     {&late, 32, 32769, 0},    {&every, 16, 16386, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct lt_ext4 *ext4 = table[i].ext4;
        uint64_t expected = table[i].block * ext4->block_size + table[i].byte;
        uint32_t first = table[i].group * ext4->inodes_per_group + 1;
        if (lt_ext4_desc_offset(ext4, first) != expected ||
            lt_ext4_desc_offset(ext4, first + ext4->inodes_per_group - 1) != expected)
            fail_msg("row %zu: %ju", i, (uintmax_t)lt_ext4_desc_offset(ext4, first));
    }
}

/* sparse_super: copies are in the groups 0, 1 and the powers of 3, 5 and 7. With one descriptor a block (desc_size
 * equal to the block size) each group is a meta group of its own, so every group shows whether it is known. */
static void test_groups_with_superblock(void **state)
{
    (void)state;
    const struct lt_ext4 ext4 = {.block_size = 1024,
                                 .desc_size = 1024,
                                 .first_data_block = 1,
                                 .inodes_per_group = 8,
                                 .blocks_per_group = 8192,
                                 .incompat = 0x90,
                                 .ro_compat = 1};
    static const unsigned with[] = {0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729};
    size_t next = 0;
    for (uint32_t group = 0; group < 1000; group++) {
        bool has = next < sizeof with / sizeof *with && with[next] == group;
        next += has;
        assert_true(lt_ext4_desc_offset(&ext4, group * 8 + 1) == (1 + group * UINT64_C(8192) + has) * 1024);
    }
}

static void test_inode_offsets(void **state)
{
    (void)state;
    unsigned char desc[64] = {0};
    struct lt_ext4 ext4 = {.block_size = 4096, .desc_size = 64, .inodes_per_group = 32768, .inode_size = 256};
    put32(desc, 0x08, 65);
    put32(desc, 0x28, 2);
    struct lt_cursor cursor = {.ptr = desc, .len = sizeof desc};
    uint64_t table = (UINT64_C(2) << 32 | 65) * 4096;
    assert_true(lt_ext4_inode_offset(&ext4, cursor, 1) == table);
    assert_true(lt_ext4_inode_offset(&ext4, cursor, 32768) == table + 32767 * 256);
    assert_true(lt_ext4_inode_offset(&ext4, cursor, 32769) == table);
    ext4.desc_size = 32; /* the high word is not there */
    assert_true(lt_ext4_inode_offset(&ext4, cursor, 2) == 65 * 4096 + 256);
}

/* A regular file with room for all extra fields, all times 0. */
static void make_inode(unsigned char bytes[256])
{
    memset(bytes, 0, 256);
    put16(bytes, 0x00, S_IFREG | 0644);
    put16(bytes, 0x1A, 1);
    put16(bytes, 0x80, 32); /* i_extra_isize */
}

static enum lt_status decode(const unsigned char *bytes, size_t size, struct lt_node *node, bool *bad_time)
{
    *node = (struct lt_node){0};
    return lt_ext4_inode((struct lt_cursor){.ptr = bytes, .len = size}, node, bad_time, NULL);
}

static const struct {
    enum lt_slot slot;
    size_t base, extra;
} places[] = {{LT_A, 0x08, 0x8C}, {LT_C, 0x0C, 0x84}, {LT_M, 0x10, 0x88}, {LT_B, 0x90, 0x94}};

/* The table of the documentation: epoch bits, sign of the 32 bits, resulting seconds. */
static void test_epochs(void **state)
{
    (void)state;
    static const struct {
        uint32_t epoch, low;
        int64_t sec;
    } table[] = {
        {0, 0x80000000, -0x80000000LL}, {0, 0xFFFFFFFF, -1},          {0, 0x00000000, 0},
        {0, 0x7FFFFFFF, 0x7FFFFFFF},    {1, 0x80000000, 0x80000000},  {1, 0xFFFFFFFF, 0xFFFFFFFF},
        {1, 0x00000000, 0x100000000},   {1, 0x7FFFFFFF, 0x17FFFFFFF}, {2, 0x80000000, 0x180000000},
        {2, 0xFFFFFFFF, 0x1FFFFFFFF},   {2, 0x00000000, 0x200000000}, {2, 0x7FFFFFFF, 0x27FFFFFFF},
        {3, 0x80000000, 0x280000000},   {3, 0xFFFFFFFF, 0x2FFFFFFFF}, {3, 0x00000000, 0x300000000},
        {3, 0x7FFFFFFF, 0x37FFFFFFF},
    };
    static const uint32_t nanos[] = {0, 1, 500000000, 999999999};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t at = 0; at < 16; at++) {
            unsigned char bytes[256];
            struct lt_node node;
            bool bad_time;
            make_inode(bytes);
            put32(bytes, places[at / 4].base, table[i].low);
            put32(bytes, places[at / 4].extra, nanos[at % 4] << 2 | table[i].epoch);
            assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
            struct lt_time got = node.time[places[at / 4].slot];
            assert_true(got.set && got.sec == table[i].sec && got.nsec == nanos[at % 4]);
            assert_false(bad_time);
        }
}

/* A fraction of a second or more is no time; the other three stay. */
static void test_impossible_fraction(void **state)
{
    (void)state;
    static const uint32_t nanos[] = {1000000000, 0x3FFFFFFF};
    for (size_t i = 0; i < 8; i++) {
        unsigned char bytes[256];
        struct lt_node node;
        bool bad_time = false;
        make_inode(bytes);
        put32(bytes, places[i / 2].extra, nanos[i % 2] << 2);
        assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
        assert_true(bad_time);
        for (unsigned slot = 0; slot < LT_SLOTS; slot++)
            assert_int_equal(node.time[slot].set, slot != (unsigned)places[i / 2].slot);
    }
}

/* i_extra_isize says which extra fields are there (offsets from 128: ctime 4, mtime 8, atime 12, birth 16, its extra
 * 20, each four bytes). A field that is only partly inside is not there. */
static void test_extra_size(void **state)
{
    (void)state;
    static const struct {
        unsigned extra;
        bool c, m, a, b, b_nanos;
    } table[] = {
        {0, false, false, false, false, false},
        {4, false, false, false, false, false},
        {7, false, false, false, false, false},
        {8, true, false, false, false, false},
        {12, true, true, false, false, false},
        {16, true, true, true, false, false},
        {19, true, true, true, false, false},
        {20, true, true, true, true, false},
        {24, true, true, true, true, true},
        {32, true, true, true, true, true},
        {128, true, true, true, true, true},
        {129, false, false, false, false, false}, /* beyond the inode: a lie */
        {0xFFFF, false, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[256];
        struct lt_node node;
        bool bad_time;
        make_inode(bytes);
        for (size_t place = 0; place < 4; place++) {
            put32(bytes, places[place].base, 5);
            put32(bytes, places[place].extra, 7 << 2 | 1);
        }
        put16(bytes, 0x80, table[i].extra);
        assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
        const bool there[LT_SLOTS] = {
            [LT_M] = table[i].m, [LT_A] = table[i].a, [LT_C] = table[i].c, [LT_B] = table[i].b_nanos};
        for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
            bool set = slot != LT_B || table[i].b;
            assert_int_equal(node.time[slot].set, set);
            if (set)
                assert_true(node.time[slot].sec == (there[slot] ? 0x100000005 : 5) &&
                            node.time[slot].nsec == (there[slot] ? 7 : 0));
        }
    }
}

/* The inodes of ext2 and ext3: whole seconds, no birth. */
static void test_small_inode(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct lt_node node;
    bool bad_time;
    make_inode(bytes);
    put32(bytes, 0x10, 0xFFFFFFFF);
    assert_int_equal(decode(bytes, 128, &node, &bad_time), LT_OK);
    assert_true(node.time[LT_M].set && node.time[LT_M].sec == -1 && node.time[LT_M].nsec == 0);
    assert_false(node.time[LT_B].set);
    for (size_t size = 0; size < 0x7C; size++)
        assert_int_equal(decode(bytes, size, &node, &bad_time), LT_SKIP);
}

static void test_fields(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct lt_node node;
    bool bad_time;
    make_inode(bytes);
    put16(bytes, 0x00, S_IFREG | 06755);
    put16(bytes, 0x02, 0x1234);
    put16(bytes, 0x78, 0xABCD);
    put16(bytes, 0x18, 0x4321);
    put16(bytes, 0x7A, 0xDCBA);
    put16(bytes, 0x1A, 0xFFFF);
    put32(bytes, 0x04, 0x89ABCDEF);
    put32(bytes, 0x6C, 0x1);
    assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
    assert_int_equal(node.mode, S_IFREG | 06755);
    assert_int_equal(node.uid, 0xABCD1234);
    assert_int_equal(node.gid, 0xDCBA4321);
    assert_int_equal(node.nlink, 0xFFFF);
    assert_true(node.size == 0x189ABCDEF);
    assert_int_equal(node.target.len, 0);
    put16(bytes, 0x00, 0644); /* no type: a cleared inode */
    assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_SKIP);
}

/* Old form: 8 bits each in the first word. New form, where the first is 0: 12 and 20 bits. The C library's makedev()
 * packs differently, so the numbers of the table were packed by hand after new_encode_dev(). */
static void test_devices(void **state)
{
    (void)state;
    static const struct {
        uint32_t old, wide, major, minor;
    } table[] = {
        {0, 0, 0, 0}, /* a whiteout */
        {0x0103, 0, 1, 3},
        {0x0801, 0x12345678, 8, 1}, /* the first word wins */
        {0xFFFF, 0, 255, 255},
        {0x0003, 0, 0, 3},
        {0, 0x00000103, 1, 3},
        {0, 0x00110300, 0x103, 0x100}, /* 259:256, an NVMe partition */
        {0, 0xFFFFFFFF, 0xFFF, 0xFFFFF},
        {0, 0x00100000, 0, 0x100},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[256];
        struct lt_node node;
        bool bad_time;
        make_inode(bytes);
        put16(bytes, 0x00, i % 2 ? S_IFCHR : S_IFBLK);
        put32(bytes, 0x28, table[i].old);
        put32(bytes, 0x2C, table[i].wide);
        assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
        assert_int_equal(node.major, table[i].major);
        assert_int_equal(node.minor, table[i].minor);
    }
}

static void test_fast_links(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode, size, flags;
        size_t length; /* of the target in the inode */
    } table[] = {
        {S_IFLNK, 0, 0, 0},    {S_IFLNK, 1, 0, 1},        {S_IFLNK, 59, 0, 59}, {S_IFLNK, 60, 0, 0},
        {S_IFLNK, 4096, 0, 0}, {S_IFLNK, 30, 0x80000, 0}, {S_IFREG, 30, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[256];
        struct lt_node node;
        bool bad_time;
        make_inode(bytes);
        put16(bytes, 0x00, table[i].mode | 0777);
        put32(bytes, 0x04, table[i].size);
        put32(bytes, 0x20, table[i].flags);
        memset(bytes + 0x28, 'x', 60);
        assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
        assert_int_equal(node.target.len, table[i].length);
        if (table[i].length)
            assert_ptr_equal(node.target.ptr, bytes + 0x28);
    }
}

/* Inode 54 of the sample image: /bin, a link to usr/bin. Times as the kernel told them (truth/fs.clean.tsv). */
static void test_real_link(void **state)
{
    (void)state;
    unsigned char bytes[256] = {
        0xff, 0xa1, 0x00, 0x00, 0x07, 0x00, 0x00,          0x00, 0xa3, 0x7b, 0x04,          0x6b, 0xa3, 0x7b,
        0x04, 0x6b, 0xa3, 0x7b, 0x04, 0x6b, 0x00,          0x00, 0x00, 0x00, 0x00,          0x00, 0x01, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,          0x00, 0x01, 0x00, 0x00,          0x00, 0x75, 0x73,
        0x72, 0x2f, 0x62, 0x69, 0x6e, 0x00, [0x64] = 0x1e, 0xcf, 0x7f, 0x6f, [0x7c] = 0x64, 0xd6, 0x00, 0x00,
        0x20, 0x00, 0x11, 0x0e, 0x68, 0x38, 0xb3,          0x76, 0x68, 0x38, 0xb3,          0x76, 0x64, 0x40,
        0x62, 0xa6, 0xa3, 0x7b, 0x04, 0x6b, 0x68,          0x38, 0xb3, 0x76,
    };
    static const uint32_t nanos[LT_SLOTS] = {497864218, 697864217, 497864218, 497864218};
    struct lt_node node;
    bool bad_time;
    assert_int_equal(decode(bytes, sizeof bytes, &node, &bad_time), LT_OK);
    assert_int_equal(node.mode, S_IFLNK | 0777);
    assert_int_equal(node.nlink, 1);
    assert_true(lt_str_eq(node.target, LT_STR("usr/bin")));
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        assert_true(node.time[slot].sec == 1795455907 && node.time[slot].nsec == nanos[slot]);
}

/* bigalloc with 1 KiB blocks: s_first_data_block is 0, but the superblock is in block 1, the descriptors in block 2
 * (mke2fs -b 1024 -C 16384 -O bigalloc; fs/ext4/super.c counts from the block of the superblock). */
static void test_bigalloc_descriptors(void **state)
{
    (void)state;
    const struct lt_ext4 ext4 = {.block_size = 1024,
                                 .desc_size = 64,
                                 .inodes_per_group = 4096,
                                 .blocks_per_group = 131072,
                                 .incompat = 0x2C2,
                                 .ro_compat = 0x673};
    assert_int_equal(lt_ext4_desc_offset(&ext4, 1), 2048);
}

/* sparse_super2 (compat 0x200) names the two groups with a copy: no other has one (mke2fs -O meta_bg,sparse_super2,
 * ^sparse_super: dumpe2fs tells "Group descriptor at 16385"). */
static void test_sparse_super2(void **state)
{
    (void)state;
    const struct lt_ext4 ext4 = {.block_size = 1024,
                                 .desc_size = 64,
                                 .first_data_block = 1,
                                 .inodes_per_group = 256,
                                 .blocks_per_group = 1024,
                                 .compat = 0x200,
                                 .incompat = 0x90};
    assert_int_equal(lt_ext4_desc_offset(&ext4, 16 * 256 + 1), 16385 * 1024);
}

/* Only regular files have a high word of the size (ext4_isize()); in a link it must not hide the target. */
static void test_high_size_of_link(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct lt_node node;
    bool bad_time;
    make_inode(bytes);
    put16(bytes, 0x00, S_IFLNK | 0777);
    put32(bytes, 0x04, 1);
    put32(bytes, 0x6C, 1);
    bytes[0x28] = 'x';
    assert_int_equal(decode(bytes, 256, &node, &bad_time), LT_OK);
    assert_int_equal(node.target.len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_super),
        cmocka_unit_test(test_old_revision),
        cmocka_unit_test(test_without_64bit),
        cmocka_unit_test(test_impossible_supers),
        cmocka_unit_test(test_inode_larger_than_block),
        cmocka_unit_test(test_short_super),
        cmocka_unit_test(test_descriptor_offsets),
        cmocka_unit_test(test_groups_with_superblock),
        cmocka_unit_test(test_inode_offsets),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_impossible_fraction),
        cmocka_unit_test(test_extra_size),
        cmocka_unit_test(test_small_inode),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_fast_links),
        cmocka_unit_test(test_real_link),
        cmocka_unit_test(test_bigalloc_descriptors),
        cmocka_unit_test(test_sparse_super2),
        cmocka_unit_test(test_high_size_of_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
