// SPDX-License-Identifier: Apache-2.0
/* Lines put together after the struct tags of vbatts/tar-split tar/storage/entry.go. */
#include "parse/tarsplit.h"

#include "tarblock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct lt_tarsplit split;
    struct lt_tar_file file;
    struct lt_buf line, block;
    int position;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    lt_tarsplit_free(&fixture->split);
    lt_buf_free(&fixture->line);
    lt_buf_free(&fixture->block);
    free(fixture);
    return 0;
}

static void add_base64(struct lt_buf *out, struct lt_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < bytes.len; at += 3) {
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (at + i < bytes.len ? (unsigned char)bytes.ptr[at + i] : 0);
        for (size_t i = 0; i < 4; i++)
            lt_buf_char(out, at + i <= bytes.len ? digits[bits >> (18 - 6 * i) & 63] : '=');
    }
}

static enum lt_status take(struct fixture *fixture)
{
    struct lt_err err = {0};
    enum lt_status status = lt_tarsplit_line(&fixture->split, lt_buf_view(&fixture->line), &fixture->file, &err);
    assert_int_equal(err.set, status == LT_SKIP);
    return status;
}

static enum lt_status line(struct fixture *fixture, const char *text)
{
    fixture->line.len = 0;
    lt_buf_printf(&fixture->line, "%s,\"position\":%d}", text, fixture->position++);
    return take(fixture);
}

/* The block as a segment. */
static enum lt_status segment(struct fixture *fixture)
{
    fixture->line.len = 0;
    lt_buf_lit(&fixture->line, "{\"type\":2,\"payload\":\"");
    add_base64(&fixture->line, lt_buf_view(&fixture->block));
    lt_buf_printf(&fixture->line, "\",\"position\":%d}", fixture->position++);
    fixture->block.len = 0;
    return take(fixture);
}

static enum lt_status header(struct fixture *fixture, const char *name, char type, unsigned size)
{
    tar_header(&fixture->block, name, type, size);
    return segment(fixture);
}

#define FILE_A "{\"type\":1,\"name\":\"a\",\"size\":3,\"payload\":\"AAECAwQFBgc=\""

static void test_files(void **state)
{
    struct fixture *fixture = *state;
    const struct lt_tar_file *file = &fixture->file;
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    assert_int_equal(line(fixture, FILE_A), LT_OK);
    assert_true(lt_str_eq(file->name, LT_STR("a")));
    assert_int_equal(file->size, 3);
    assert_true(file->has_crc && file->crc == UINT64_C(0x0001020304050607));
    assert_true(file->has_head && file->head.uid == 8 && file->head.size == 3);
    for (int i = 0; i < BLOCK - 3; i++) /* what fills up the block of the file comes before the next header */
        lt_buf_char(&fixture->block, 0);
    assert_int_equal(segment(fixture), LT_END);
    assert_int_equal(header(fixture, "d/", '5', 0), LT_END);
    assert_int_equal(line(fixture, "{\"type\":1,\"name\":\"d/\",\"payload\":null"), LT_OK);
    assert_true(!file->has_crc && !file->size && file->has_head && file->head.type == '5');
    assert_int_equal(line(fixture, "{\"type\":2,\"payload\":\"\""), LT_END);
}

static void test_raw_name(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(header(fixture, "\xff", '0', 0), LT_END);
    assert_int_equal(line(fixture, "{\"type\":1,\"name_raw\":\"/w==\",\"name\":\"other\""), LT_OK);
    assert_true(lt_str_eq(fixture->file.name, LT_STR("\xff")));
    assert_int_equal(header(fixture, "a", '0', 0), LT_END);
    assert_int_equal(line(fixture, "{\"type\":1,\"name_raw\":\"/\""), LT_SKIP);
    assert_int_equal(fixture->file.name.len, 0);
}

/* A global header of PAX has a line as files do. */
static void test_global(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->block, "pax_global_header", 'g', 6);
    tar_data(&fixture->block, LT_STR("6 a=b\n"));
    assert_int_equal(segment(fixture), LT_END);
    assert_int_equal(line(fixture, "{\"type\":1,\"name\":\"pax_global_header\""), LT_END);
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    assert_int_equal(line(fixture, FILE_A), LT_OK);
}

/* What a line itself says holds when its headers are damaged, and the next file is sound again. */
static void test_damaged_header(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    fixture->split.raw.ptr[0] = 'b';
    assert_int_equal(line(fixture, FILE_A), LT_SKIP);
    assert_true(lt_str_eq(fixture->file.name, LT_STR("a")) && fixture->file.has_crc && !fixture->file.has_head);
    for (int i = 0; i < BLOCK - 3; i++)
        lt_buf_char(&fixture->block, 0);
    tar_header(&fixture->block, "a", '0', 3);
    assert_int_equal(segment(fixture), LT_END);
    assert_int_equal(line(fixture, FILE_A), LT_OK);
    assert_int_equal(line(fixture, FILE_A), LT_SKIP); /* no header at all */
}

static void test_gap(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    fixture->position++;
    assert_int_equal(line(fixture, FILE_A), LT_SKIP);
    assert_true(fixture->file.size == 3 && !fixture->file.has_head);
    for (int i = 0; i < BLOCK - 3; i++)
        lt_buf_char(&fixture->block, 0);
    tar_header(&fixture->block, "a", '0', 3);
    assert_int_equal(segment(fixture), LT_END);
    assert_int_equal(line(fixture, FILE_A), LT_OK);
}

static void test_lost(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    lt_tarsplit_lost(&fixture->split);
    assert_int_equal(line(fixture, FILE_A), LT_SKIP);
    assert_false(fixture->file.has_head);
}

static enum lt_status end(struct fixture *fixture)
{
    struct lt_err err = {0};
    enum lt_status status = lt_tarsplit_end(&fixture->split, &err);
    assert_int_equal(err.set, status == LT_SKIP);
    return status;
}

/* A record that was cut between two lines. */
static void test_end(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(end(fixture), LT_SKIP);
    assert_int_equal(header(fixture, "a", '0', 3), LT_END);
    assert_int_equal(end(fixture), LT_SKIP);
    assert_int_equal(line(fixture, FILE_A), LT_OK);
    assert_int_equal(end(fixture), LT_SKIP);
    for (int i = 0; i < BLOCK - 3 + 2 * BLOCK; i++)
        lt_buf_char(&fixture->block, 0);
    assert_int_equal(segment(fixture), LT_END);
    assert_int_equal(end(fixture), LT_OK);
}

static void test_damage(void **state)
{
    static const char *const table[] = {
        "{\"type\":1",
        "{\"type\":3,\"name\":\"a\"",
        "{\"type\":\"1\",\"name\":\"a\"",
        "{\"name\":\"a\"",
        "{\"type\":1,\"name\":\"a\",\"size\":-1",
        "{\"type\":1,\"name\":\"a\",\"size\":\"3\"",
        "{\"type\":1,\"name\":\"a\",\"size\":3,\"payload\":\"AAECAwQFBg==\"",
        "{\"type\":1,\"name\":\"a\",\"size\":3,\"payload\":\"A\"",
        "{\"type\":2,\"payload\":\"A\"",
        "{\"type\":1,\"type\":1,\"name\":\"a\"",
        "[",
        "",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (line(fixture, table[i]) != LT_SKIP)
            fail_msg("%s", table[i]);
}

/* What fills up the end of a tar is cut into segments of 1 MiB, and need not be kept. */
static void test_long_end(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 8; i++) {
        lt_buf_reserve(&fixture->block, 1 << 20);
        memset(fixture->block.ptr, 0, 1 << 20);
        fixture->block.len = 1 << 20;
        assert_int_equal(segment(fixture), LT_END);
        assert_true(fixture->split.raw.len <= LT_TARSPLIT_HEADERS);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_files), TEST(test_raw_name), TEST(test_global), TEST(test_damaged_header), TEST(test_gap),
        TEST(test_lost),  TEST(test_damage),   TEST(test_end),    TEST(test_long_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
