// SPDX-License-Identifier: Apache-2.0
/* Leaf pages put together by hand after bbolt internal/common/page.go and inode.go. */
#include "parse/boltpage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put(unsigned char *at, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

/* Two items: "a" is "1", "b" is a bucket. */
static void make(unsigned char *page)
{
    memset(page, 0, LT_BOLT_PAGE);
    put(page, 7, 8);
    put(page + 8, 2, 2);
    put(page + 10, 2, 2);
    put(page + 20, 32, 4); /* from the first element to its key */
    put(page + 24, 1, 4);
    put(page + 28, 1, 4);
    put(page + 32, 1, 4);
    put(page + 36, 18, 4);
    put(page + 40, 1, 4);
    put(page + 44, 1, 4);
    memcpy(page + 48, "a1b2", 4);
}

static enum lt_status take(void *arg, struct lt_str key, struct lt_str value, bool bucket, struct lt_err *err)
{
    struct lt_buf *out = arg;
    (void)err;
    lt_buf_printf(out, "%.*s=%.*s%s ", LT_ARG(key), LT_ARG(value), bucket ? "!" : "");
    return LT_OK;
}

static enum lt_status read_page(const unsigned char *page, struct lt_buf *out)
{
    struct lt_err err = {0};
    return lt_bolt_page((struct lt_str){(const char *)page, LT_BOLT_PAGE}, take, out, &err);
}

static void test_page(void **state)
{
    (void)state;
    unsigned char page[LT_BOLT_PAGE];
    struct lt_buf out = {0};
    make(page);
    assert_int_equal(lt_bolt_page_size((struct lt_str){(char *)page, sizeof page}), LT_BOLT_PAGE);
    assert_int_equal(read_page(page, &out), LT_OK);
    assert_true(lt_str_eq(lt_buf_view(&out), LT_STR("a=1 b=2! ")));
    lt_buf_free(&out);
}

static void test_damage(void **state)
{
    (void)state;
    unsigned char page[LT_BOLT_PAGE];
    const struct {
        size_t at;
        unsigned char value;
    } changes[] = {{8, 1}, {10, 0}, {0, 1}, {20, 33}, {36, 19}, {28, 2}, {46, 0xFF}, {48, 'c'}, {15, 1}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct lt_buf out = {0};
        make(page);
        page[changes[i].at] = changes[i].value;
        assert_int_equal(read_page(page, &out), LT_SKIP);
        lt_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_page), cmocka_unit_test(test_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
