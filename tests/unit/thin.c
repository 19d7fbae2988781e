// SPDX-License-Identifier: Apache-2.0
/* Expectations: drivers/md/dm-thin-metadata.c and persistent-data/dm-btree-internal.h of linux 6.18, by hand at their
 * offsets; checksums bit by bit. */
#include "evidence/volumes/thin.h"
#include "evidence/volumes/thin_tree.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 4, PLACES = 252, DATA_BLOCK = 65536 };

static unsigned char metadata[BLOCKS * LT_THIN_BLOCK];

static void put_sum(unsigned char *block, uint32_t salt)
{
    put_le(block, 0, 4, slow_crc32c(~0u, block + 4, LT_THIN_BLOCK - 4) ^ salt);
}

static void put_node(unsigned number, unsigned flags, const uint64_t *keys, const uint64_t *values, unsigned count)
{
    unsigned char *block = metadata + (size_t)number * LT_THIN_BLOCK;
    put_le(block, 4, 4, flags);
    put_le(block, 8, 8, number);
    put_le(block, 16, 4, count);
    put_le(block, 20, 4, PLACES);
    put_le(block, 24, 4, 8);
    for (unsigned i = 0; i < count; i++) {
        put_le(block, 32 + i * 8, 8, keys[i]);
        put_le(block, 32 + PLACES * 8 + i * 8, 8, values[i]);
    }
    put_sum(block, 121107);
}

/* A pool with volume 7, whose blocks 1 and 3 lie in blocks 2 and 0 of the data. */
static void make_pool(void)
{
    const uint64_t device = 7, root = 2, blocks[] = {1, 3}, places[] = {2 << 24 | 5, 0 << 24 | 6};
    memset(metadata, 0, sizeof metadata);
    put_le(metadata, 32, 8, 27022010);
    put_le(metadata, 320, 8, 1);
    put_le(metadata, 336, 4, DATA_BLOCK / 512);
    put_sum(metadata, 160774);
    put_node(1, 2, &device, &root, 1);
    put_node(2, 2, blocks, places, 2);
}

static ssize_t read_metadata(void *arg, uint64_t offset, void *buffer, size_t size)
{
    (void)arg;
    memcpy(buffer, metadata + offset, size);
    return (ssize_t)size;
}

/* Each byte of the data is the number of its block, from 1. */
static ssize_t read_data(void *arg, uint64_t offset, void *buffer, size_t size)
{
    (void)arg;
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)buffer)[i] = (unsigned char)((offset + i) / DATA_BLOCK + 1);
    return (ssize_t)size;
}

static enum lt_status open_volume(uint64_t id, struct lt_arena *arena, struct lt_device *out)
{
    static const struct lt_device pool = {.read = read_metadata, .size = sizeof metadata},
                                  data = {.read = read_data, .size = 3 * DATA_BLOCK};
    const struct lt_thin_args args = {.metadata = &pool, .data = &data, .id = id, .size = 5 * DATA_BLOCK};
    return lt_thin(arena, &args, out, NULL);
}

static void test_volume(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_device volume;
    static unsigned char bytes[5 * DATA_BLOCK];
    static const unsigned char expected[] = {0, 3, 0, 1, 0};
    make_pool();
    assert_int_equal(open_volume(7, &arena, &volume), LT_OK);
    assert_true(lt_device_read(&volume, 0, bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], expected[i / DATA_BLOCK]);
    assert_int_equal(open_volume(8, &arena, &volume), LT_SKIP);
    lt_arena_free(&arena);
}

/* What a damaged node would tell is not known: nothing of it becomes zeros. */
static void test_damage(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_device volume;
    unsigned char byte;
    make_pool();
    assert_int_equal(open_volume(7, &arena, &volume), LT_OK);
    metadata[2 * LT_THIN_BLOCK + 40] ^= 1;
    assert_false(lt_device_read(&volume, 0, &byte, 1));
    metadata[LT_THIN_BLOCK + 40] ^= 1;
    assert_int_equal(open_volume(7, &arena, &volume), LT_SKIP);
    metadata[40] ^= 1;
    assert_int_equal(open_volume(7, &arena, &volume), LT_SKIP);
    lt_arena_free(&arena);
}

/* A tree that leads back to itself ends. */
static void test_cycle(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_device volume;
    unsigned char byte;
    const uint64_t key = 0, self = 2;
    make_pool();
    put_node(2, 1, &key, &self, 1);
    assert_int_equal(open_volume(7, &arena, &volume), LT_OK);
    assert_false(lt_device_read(&volume, 0, &byte, 1));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_volume),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
