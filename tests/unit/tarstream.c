// SPDX-License-Identifier: Apache-2.0
/* Archives put together after POSIX pax and the manual of GNU tar. CRC-64 of "123456789" is the check value of
 * CRC-64/GO-ISO in the catalogue of Greg Cook. */
#include "parse/tarstream.h"

#include "tarblock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define DIGITS LT_STR("123456789")
static const uint64_t digits_crc = UINT64_C(0xb90956c775a41001);

/* What a reading gave: "name:size" or "name:size:crc" of each member, and how it ended. */
struct told {
    struct lt_buf text;
    enum lt_status end;
    struct lt_err err;
};

static void add_told(struct told *told, const struct lt_tar_file *file)
{
    lt_buf_printf(&told->text, "%.*s:%c:%ju", LT_ARG(file->name), file->head.type, (uintmax_t)file->size);
    if (file->has_crc)
        lt_buf_printf(&told->text, ":%jx", (uintmax_t)file->crc);
    lt_buf_char(&told->text, '\n');
}

/* Read an archive whose bytes come in pieces. */
static struct told read_tar(const struct lt_buf *archive, size_t piece)
{
    struct told told = {0};
    struct lt_tarstream tar;
    size_t from = 0, to = 0;
    lt_tarstream_init(&tar);
    for (;;) {
        struct lt_tar_file file;
        size_t used;
        enum lt_status status =
            lt_tarstream_next(&tar, (struct lt_str){archive->ptr + from, to - from}, &used, &file, &told.err);
        from += used;
        if (status == LT_OK) {
            add_told(&told, &file);
            continue;
        }
        assert_true(status == LT_END || told.err.set);
        if (to == archive->len)
            break;
        to = archive->len - to > piece ? to + piece : archive->len;
    }
    told.end = lt_tarstream_end(&tar, to - from, &told.err);
    lt_tarstream_free(&tar);
    return told;
}

/* The same, however the bytes come in. */
static void expect(struct lt_buf *archive, const char *text, enum lt_status end, const char *code)
{
    static const size_t pieces[] = {1, 511, 512, 1000, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct told told = read_tar(archive, pieces[i]);
        lt_buf_char(&told.text, 0);
        assert_string_equal(told.text.ptr, text);
        assert_int_equal(told.end, end);
        if (code)
            assert_string_equal(told.err.code, code);
        else
            assert_false(told.err.set);
        lt_buf_free(&told.text);
    }
    lt_buf_free(archive);
}

static void add_end(struct lt_buf *archive)
{
    for (int i = 0; i < 2 * BLOCK; i++)
        lt_buf_char(archive, 0);
}

static void test_members(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "dir/", '5', 0);
    tar_header(&archive, "file", '0', 9);
    tar_data(&archive, DIGITS);
    tar_header(&archive, "empty", '0', 0);
    tar_header(&archive, "link", '1', 9); /* pax says that it has no data, whatever its size */
    tar_header(&archive, "again", '0', 9);
    tar_data(&archive, DIGITS);
    tar_header(&archive, "odd", 'Z', 9);
    tar_data(&archive, DIGITS);
    add_end(&archive);
    tar_data(&archive, LT_STR("what follows the end is not looked at"));
    char text[300];
    snprintf(text, sizeof text, "dir/:5:0\nfile:0:9:%jx\nempty:0:0\nlink:1:0\nagain:0:9:%jx\nodd:Z:9\n",
             (uintmax_t)digits_crc, (uintmax_t)digits_crc);
    expect(&archive, text, LT_OK, NULL);
}

static void test_extensions(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "pax_global_header", 'g', 15);
    tar_data(&archive, LT_STR("15 comment=abc\n"));
    tar_header(&archive, "././@LongLink", 'L', 7);
    tar_data(&archive, LT_STR("longer\0"));
    tar_header(&archive, "long", '0', 0);
    tar_header(&archive, "PaxHeaders/short", 'x', 26);
    tar_data(&archive, LT_STR("14 path=other\n12 size=512\n"));
    tar_header(&archive, "short", '0', 1); /* the size of the extension counts */
    for (int i = 0; i < BLOCK; i++)
        lt_buf_char(&archive, 'x');
    tar_header(&archive, "after", '5', 0);
    add_end(&archive);
    struct told told = read_tar(&archive, SIZE_MAX);
    lt_buf_char(&told.text, 0);
    assert_non_null(strstr(told.text.ptr, "longer:0:0\nother:0:512:"));
    assert_non_null(strstr(told.text.ptr, "\nafter:5:0\n"));
    lt_buf_free(&told.text);
    lt_buf_free(&archive);
}

/* An old sparse file with two blocks of map behind its header; a new one, whose header has another name. */
static void test_sparse(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "old", 'S', 9);
    tar_put(&archive, 482, "\1", 1);
    tar_seal(&archive);
    for (int i = 0; i < 2 * BLOCK; i++)
        lt_buf_char(&archive, i == 504 ? 1 : 0);
    tar_data(&archive, DIGITS);
    tar_header(&archive, "PaxHeaders/new", 'x', 50);
    tar_data(&archive, LT_STR("22 GNU.sparse.major=1\n28 GNU.sparse.name=the/name\n\n"));
    tar_header(&archive, "GNUSparseFile.1/new", '0', 9);
    tar_data(&archive, DIGITS);
    add_end(&archive);
    expect(&archive, "old:S:9\nthe/name:0:9\n", LT_OK, NULL);
}

static void test_ends(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "file", '0', 9);
    tar_data(&archive, DIGITS);
    archive.len -= 1;
    expect(&archive, "file:0:9:b90956c775a41001\n", LT_SKIP, LT_CODE_TRUNCATED);
    tar_header(&archive, "file", '0', 9);
    expect(&archive, "", LT_SKIP, LT_CODE_TRUNCATED);
    tar_header(&archive, "empty", '0', 0);
    expect(&archive, "empty:0:0\n", LT_END, NULL);
    lt_buf_add(&archive, LT_STR("x"));
    expect(&archive, "", LT_SKIP, LT_CODE_TRUNCATED);
    expect(&archive, "", LT_END, NULL);
    tar_header(&archive, "././@LongLink", 'L', 7);
    add_end(&archive);
    expect(&archive, "", LT_SKIP, LT_CODE_TRUNCATED);
}

static void test_damage(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "empty", '0', 0);
    tar_header(&archive, "bad", '0', 0);
    tar_put(&archive, 0, "c", 1);
    tar_header(&archive, "lost", '0', 0);
    expect(&archive, "empty:0:0\n", LT_OK, LT_CODE_DAMAGED);
    tar_header(&archive, "x", 'x', 4 * 1024 * 1024);
    expect(&archive, "", LT_OK, LT_CODE_TOO_LARGE);
}

/* Sizes beyond any file: nothing overflows, and no memory is taken for them. */
static void test_hostile_sizes(void **state)
{
    struct lt_buf archive = {0};
    (void)state;
    tar_header(&archive, "most", '0', 0);
    tar_put(&archive, 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
    tar_seal(&archive);
    tar_data(&archive, DIGITS);
    expect(&archive, "", LT_SKIP, LT_CODE_TRUNCATED);
    tar_header(&archive, "negative", '0', 0);
    tar_put(&archive, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    tar_seal(&archive);
    expect(&archive, "", LT_OK, LT_CODE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members), cmocka_unit_test(test_extensions), cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_ends),    cmocka_unit_test(test_damage),     cmocka_unit_test(test_hostile_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
