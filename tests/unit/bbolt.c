// SPDX-License-Identifier: Apache-2.0
/* A database of four pages put together by hand after bbolt's internal/common; tests/docker/test_bbolt.py has larger
 * ones. */
#include "parse/bbolt.h"
#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 512, PAGES = 4, ROOT = 3, KEY = ROOT * PAGE + 16 + 16 };

typedef void put_function(unsigned char *bytes, size_t at, unsigned count, uint64_t value);

static uint64_t fnv(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static void put_page(unsigned char *file, put_function *put, unsigned id, unsigned flags, unsigned count)
{
    put(file, id * PAGE, 8, id);
    put(file, id * PAGE + 8, 2, flags);
    put(file, id * PAGE + 10, 2, count);
}

static void put_meta(unsigned char *file, put_function *put, unsigned id, uint64_t root, uint64_t transaction)
{
    unsigned char *meta = file + id * PAGE + 16;
    put_page(file, put, id, 4, 0);
    put(meta, 0, 4, 0xED0CDAED);
    put(meta, 4, 4, 2);
    put(meta, 8, 4, PAGE);
    put(meta, 16, 8, root);
    put(meta, 32, 8, 2);
    put(meta, 40, 8, PAGES);
    put(meta, 48, 8, transaction);
    put(meta, 56, 8, fnv(meta, 56));
}

/* A leaf with "key" -> "value"; the older tree begins at a page that is none. */
static void make(unsigned char file[PAGES * PAGE], put_function *put)
{
    memset(file, 0, PAGES * PAGE);
    put_meta(file, put, 0, ROOT, 9);
    put_meta(file, put, 1, 2, 8);
    put_page(file, put, 2, 16, 0);
    put_page(file, put, ROOT, 2, 1);
    put(file, ROOT * PAGE + 16 + 4, 4, 16);
    put(file, ROOT * PAGE + 16 + 8, 4, 3);
    put(file, ROOT * PAGE + 16 + 12, 4, 5);
    memcpy(file + KEY, "keyvalue", 8);
}

static enum lt_status each(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    unsigned *found = arg;
    (void)err;
    assert_true(lt_str_eq(item->key, LT_STR("key")) && lt_str_eq(item->value, LT_STR("value")));
    assert_int_equal(item->offset, KEY);
    assert_int_equal(item->depth, 0);
    found[item->origin]++;
    return LT_FATAL;
}

static void expect(const unsigned char *file, size_t size, struct lt_bolt *bolt, unsigned live, unsigned freed)
{
    unsigned found[LT_BOLT_ORIGINS] = {0};
    enum lt_status status = lt_bolt_read((struct lt_str){(const char *)file, size}, bolt, each, found, NULL);
    assert_int_equal(status, live + freed ? LT_FATAL : LT_OK); /* what `each` returns ends it */
    assert_int_equal(found[LT_BOLT_LIVE], live);
    assert_int_equal(found[LT_BOLT_OLDER], 0);
    assert_int_equal(found[LT_BOLT_FREED], freed);
}

static void test_orders(void **state)
{
    (void)state;
    static put_function *const orders[] = {put_le, put_be};
    for (unsigned i = 0; i < 2; i++) {
        unsigned char file[PAGES * PAGE];
        struct lt_bolt bolt;
        make(file, orders[i]);
        expect(file, sizeof file, &bolt, 1, 0);
        assert_int_equal(bolt.big_endian, i);
        assert_int_equal(bolt.page_size, PAGE);
        assert_int_equal(bolt.transaction, 9);
        assert_int_equal(bolt.damages, 0);
        assert_int_equal(bolt.pages[LT_BOLT_LIVE], 1);
    }
}

/* What each check is for: one number is wrong, and the item is not read. */
static void test_checks(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned count;
        uint64_t value;
    } table[] = {
        {ROOT * PAGE, 8, 2},                        /* the page's number */
        {ROOT * PAGE + 8, 2, 3},                    /* two kinds at once */
        {ROOT * PAGE + 16, 4, 2},                   /* unknown flags */
        {ROOT * PAGE + 16 + 4, 4, PAGE - 16 - 7},   /* the value ends a byte beyond the page */
        {ROOT * PAGE + 16 + 8, 4, UINT32_MAX},      /* so does the key */
        {ROOT * PAGE + 16 + 12, 4, UINT32_MAX - 2}, /* and their sum does not wrap */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char file[PAGES * PAGE];
        struct lt_bolt bolt;
        make(file, put_le);
        put_le(file, table[i].at, table[i].count, table[i].value);
        expect(file, sizeof file, &bolt, 0, 0);
        assert_int_equal(bolt.damages, 1);
        assert_true(bolt.damage[0]);
    }
}

/* Beyond the end of the pages in use, or of the file, there is no page. */
static void test_ends(void **state)
{
    (void)state;
    unsigned char file[PAGES * PAGE];
    struct lt_bolt bolt;
    make(file, put_le);
    expect(file, sizeof file - 1, &bolt, 0, 0);
    assert_int_equal(bolt.damages, 2); /* the file is too short, and a page ends beyond it */
    put_le(file, 16 + 40, 8, ROOT);
    put_le(file, 16 + 56, 8, 0); /* no checksum: an old writer */
    memset(file + PAGE, 0, PAGE);
    expect(file, sizeof file, &bolt, 0, 1); /* it is there all the same */
    assert_int_equal(bolt.transaction, 9);
    assert_int_equal(bolt.damages, 2);
}

/* The newer meta page leads to a page that is none: the tree of the older one is the live one. */
static void test_stale(void **state)
{
    (void)state;
    unsigned char file[PAGES * PAGE];
    struct lt_bolt bolt;
    make(file, put_le);
    put_meta(file, put_le, 1, ROOT, 8);
    expect(file, sizeof file, &bolt, 1, 0);
    assert_true(!bolt.stale && bolt.meta == 0 && bolt.transaction == 9 && !bolt.damages);
    put_meta(file, put_le, 0, 2, 9);
    expect(file, sizeof file, &bolt, 1, 0);
    assert_true(bolt.stale && bolt.meta == 1 && bolt.transaction == 8 && bolt.damages == 1);
    put_meta(file, put_le, 0, ROOT, 9);
    file[16 + 56] ^= 1;
    expect(file, sizeof file, &bolt, 1, 0);
    assert_true(bolt.stale && bolt.meta == 1 && bolt.transaction == 8 && bolt.damages == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
