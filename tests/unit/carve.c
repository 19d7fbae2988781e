// SPDX-License-Identifier: Apache-2.0
/* Where finds begin and end in free blocks. */
#include "carve/block.h"
#include "carve/document.h"
#include "free_space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BLOCK ((size_t)1024)
enum { BLOCKS = 8, MOST = 8 };

struct found {
    const char *format[MOST];
    uint64_t at[MOST], size[MOST];
    bool complete[MOST];
    size_t count;
};

static enum lt_status take(void *arg, const struct lt_carved *find, struct lt_err *err)
{
    struct found *found = arg;
    (void)err;
    assert_true(found->count < MOST);
    found->format[found->count] = find->format;
    found->at[found->count] = find->extents[0].at;
    found->size[found->count] = find->size;
    found->complete[found->count++] = find->complete;
    return LT_OK;
}

static struct found carve(const unsigned char *bytes)
{
    struct free_space space = {bytes, BLOCKS * BLOCK, BLOCK};
    struct lt_fs_ops ops;
    struct lt_fs fs;
    struct found found = {0};
    assert_int_equal(carve_space(&space, &ops, &fs, take, &found), LT_OK);
    return found;
}

static void put(unsigned char *bytes, size_t block, const char *text)
{
    for (size_t i = 0; text[i]; i++)
        bytes[block * BLOCK + i] = (unsigned char)text[i];
}

static void test_nothing(void **state)
{
    (void)state;
    unsigned char bytes[BLOCKS * BLOCK] = {0};
    assert_int_equal(carve(bytes).count, 0);
    memset(bytes, 0x93, sizeof bytes);
    assert_int_equal(carve(bytes).count, 0);
}

static void test_text_ends_with_zeros(void **state)
{
    (void)state;
    unsigned char bytes[BLOCKS * BLOCK] = {0};
    put(bytes, 1, "one\n");
    memset(bytes + 3 * BLOCK, 'a', 2 * BLOCK);
    put(bytes, 5, "end");
    struct found found = carve(bytes);
    assert_int_equal(found.count, 2);
    assert_true(found.at[0] == BLOCK && found.size[0] == 4 && !found.complete[0]);
    assert_true(found.at[1] == 3 * BLOCK && found.size[1] == 2 * BLOCK + 3);
}

static void test_sure_begin_ends_text(void **state)
{
    (void)state;
    unsigned char bytes[BLOCKS * BLOCK] = {0};
    memset(bytes, 'a', BLOCK);
    put(bytes, 1, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    struct found found = carve(bytes);
    assert_int_equal(found.count, 2);
    assert_true(found.size[0] == BLOCK && strcmp(found.format[1], "identifier") == 0);
    assert_false(found.complete[1]); /* the block before it is full: it may go on here */
}

static void test_last_block_of_the_space(void **state)
{
    (void)state;
    unsigned char bytes[BLOCKS * BLOCK] = {0};
    memset(bytes + (BLOCKS - 1) * BLOCK, 'a', BLOCK);
    struct found found = carve(bytes);
    assert_true(found.count == 1 && found.size[0] == BLOCK);
}

static void test_program_cannot_reach_beyond(void **state)
{
    (void)state;
    unsigned char bytes[BLOCKS * BLOCK] = {0};
    put(bytes, 0,
        "\x7f"
        "ELF\x02\x01");
    bytes[0x2A] = 0x10; /* its sections at 1 MiB */
    bytes[0x3A] = 64;
    bytes[0x3C] = 1;
    put(bytes, 3, "{\"Binds\":null,\"ContainerIDFile\":\"\"}");
    struct found found = carve(bytes);
    assert_int_equal(found.count, 2);
    assert_true(strcmp(found.format[0], "program") == 0 && found.size[0] == 3 * BLOCK && !found.complete[0]);
    assert_true(strcmp(found.format[1], "host-config") == 0 && found.complete[1]);
}

static void test_text(void **state)
{
    (void)state;
    assert_int_equal(lt_carve_text(LT_STR("ab\n\0\0")), 3);
    assert_int_equal(lt_carve_text(LT_STR("ab\0c")), 0);
    assert_int_equal(lt_carve_text(LT_STR("a\x01")), 0);
    assert_int_equal(lt_carve_text(LT_STR("\0\0")), 0);
    assert_int_equal(lt_carve_text(LT_STR("\xBC"
                                          "ber \xC3\xBC, \xC3")),
                     10); /* cut at both ends */
    assert_int_equal(lt_carve_text(LT_STR("\xE9t\xE9 en Latin-1")), 0);
}

static void test_document(void **state)
{
    (void)state;
    struct lt_carve_document document = {0};
    assert_int_equal(lt_carve_document(&document, LT_STR("{\"a}\\")), 5);
    assert_int_equal(lt_carve_document(&document, LT_STR("\"]\":[1]}\n{")), 8);
    assert_true(document.closed);
    assert_int_equal(lt_carve_document(&document, LT_STR("}")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_text_ends_with_zeros),
        cmocka_unit_test(test_sure_begin_ends_text),
        cmocka_unit_test(test_last_block_of_the_space),
        cmocka_unit_test(test_program_cannot_reach_beyond),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
