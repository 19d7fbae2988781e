// SPDX-License-Identifier: Apache-2.0
#include "parse/tarhead.h"

#include "tarblock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct lt_buf bytes;
    struct lt_arena arena;
    struct lt_tarhead head;
    size_t used;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    lt_buf_free(&fixture->bytes);
    lt_arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static enum lt_status parse(struct fixture *fixture)
{
    struct lt_err err = {0};
    enum lt_status status =
        lt_tarhead_parse(lt_buf_view(&fixture->bytes), &fixture->arena, &fixture->head, &fixture->used, &err);
    assert_int_equal(err.set, status == LT_SKIP);
    return status;
}

static void assert_str(struct lt_str text, const char *expected)
{
    if (!lt_str_eq(text, lt_str_c(expected)))
        fail_msg("'%.*s' instead of '%s'", LT_ARG(text), expected);
}

static void test_ustar(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "etc/passwd", '0', 1234);
    lt_buf_lit(&fixture->bytes, "the data");
    assert_int_equal(parse(fixture), LT_OK);
    const struct lt_tarhead *head = &fixture->head;
    assert_int_equal(fixture->used, BLOCK);
    assert_str(head->name, "etc/passwd");
    assert_int_equal(head->type, '0');
    assert_int_equal(head->mode, 0644);
    assert_int_equal(head->uid, 8);
    assert_int_equal(head->gid, 9);
    assert_int_equal(head->size, 1234);
    assert_true(head->mtime.set && head->mtime.sec == 1000000000 && head->mtime.nsec == 0);
}

static void test_prefix_and_devices(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "null", '3', 0);
    tar_put(&fixture->bytes, 345, "a/long/way", 10);
    tar_put(&fixture->bytes, 329, "0000001", 7);
    tar_put(&fixture->bytes, 337, "0000003", 7);
    tar_put(&fixture->bytes, 100, "0020666", 7); /* some writers add the type */
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_OK);
    assert_str(fixture->head.name, "a/long/way/null");
    assert_int_equal(fixture->head.major, 1);
    assert_int_equal(fixture->head.minor, 3);
    assert_int_equal(fixture->head.mode, 0666);
}

/* GNU's magic: no prefix there, but other things. v7: no magic, and a directory is told by its slash. */
static void test_dialects(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "name", '0', 0);
    tar_put(&fixture->bytes, 257, "ustar  ", 8);
    tar_put(&fixture->bytes, 345, "07346545001", 11);
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_OK);
    assert_str(fixture->head.name, "name");
    fixture->bytes.len = 0;
    tar_header(&fixture->bytes, "dir/", 0, 0);
    tar_put(&fixture->bytes, 257, "\0\0\0\0\0\0\0", 8);
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_OK);
    assert_int_equal(fixture->head.type, '5');
}

static void test_gnu_long_names(void **state)
{
    struct fixture *fixture = *state;
    char name[301] = "";
    memset(name, 'n', 300);
    tar_header(&fixture->bytes, "././@LongLink", 'K', 5);
    tar_data(&fixture->bytes, (struct lt_str){"goal", 5});
    tar_header(&fixture->bytes, "././@LongLink", 'L', 301);
    tar_data(&fixture->bytes, (struct lt_str){name, 301});
    tar_header(&fixture->bytes, "nnn", '2', 0);
    assert_int_equal(parse(fixture), LT_OK);
    assert_str(fixture->head.name, name);
    assert_str(fixture->head.target, "goal");
    assert_int_equal(fixture->head.type, '2');
    assert_int_equal(fixture->used, 5 * BLOCK);
}

static void test_base256(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "f", '0', 0);
    tar_put(&fixture->bytes, 108, "\x80\0\0\0\x7f\xff\xff\xff", 8);
    tar_put(&fixture->bytes, 124, "\x80\0\0\0\0\0\0\x02\0\0\0\x01", 12);
    tar_put(&fixture->bytes, 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_OK);
    assert_int_equal(fixture->head.uid, 0x7fffffff);
    assert_true(fixture->head.size == UINT64_C(0x200000001));
    assert_true(fixture->head.mtime.sec == -2);
    tar_put(&fixture->bytes, 136, "\x80\0\0\x01\0\0\0\0\0\0\0\0", 12); /* 2^64 */
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_SKIP);
    tar_put(&fixture->bytes, 136, "\x80\0\0\0\x80\0\0\0\0\0\0\0", 12); /* 2^63 */
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_SKIP);
}

/* Put PAX records before a header. */
static void add_pax(struct fixture *fixture, const char *records)
{
    fixture->bytes.len = 0;
    tar_header(&fixture->bytes, "PaxHeaders/f", 'x', (unsigned)strlen(records));
    tar_data(&fixture->bytes, lt_str_c(records));
    tar_header(&fixture->bytes, "f", '0', 3);
}

static void test_pax(void **state)
{
    struct fixture *fixture = *state;
    add_pax(fixture, "14 path=a/b c\n"
                     "20 linkpath=x=y\n  z\n"
                     "16 uid=12345678\n"
                     "11 gid=123\n"
                     "15 size=123456\n"
                     "37 SCHILY.xattr.user.a=1\n2\n3 = 4 5 6\n"
                     "23 mtime=1741064767.25\n");
    assert_int_equal(parse(fixture), LT_OK);
    const struct lt_tarhead *head = &fixture->head;
    assert_int_equal(fixture->used, 3 * BLOCK);
    assert_str(head->name, "a/b c");
    assert_str(head->target, "x=y\n  z");
    assert_int_equal(head->uid, 12345678);
    assert_int_equal(head->gid, 123);
    assert_int_equal(head->size, 123456);
    assert_true(head->mtime.sec == 1741064767 && head->mtime.nsec == 250000000);
    assert_int_equal(head->xattrs.count, 1);
    const struct lt_tar_xattr *xattr = head->xattrs.items[0];
    assert_str(xattr->name, "user.a");
    assert_str(xattr->value, "1\n2\n3 = 4 5 6");
}

static void test_pax_times(void **state)
{
    static const struct {
        const char *text;
        enum lt_status status;
        int64_t sec;
        uint32_t nsec;
    } table[] = {
        {"0", LT_OK, 0, 0},
        {"-1.5", LT_OK, -2, 500000000},
        {"-1", LT_OK, -1, 0},
        {"-0.25", LT_OK, -1, 750000000},
        {"1.1234567899", LT_OK, 1, 123456789}, /* cut, not rounded */
        {"1.", LT_OK, 1, 0},
        {"", LT_OK, 1000000000, 0}, /* takes back: the header counts */
        {"9223372036854775807", LT_OK, INT64_MAX, 0},
        {"9223372036854775808", LT_SKIP, 0, 0},
        {".5", LT_SKIP, 0, 0},
        {"1.x5", LT_SKIP, 0, 0},
        {"1e5", LT_SKIP, 0, 0},
        {"--1", LT_SKIP, 0, 0},
        {" 1", LT_SKIP, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fixture *fixture = *state;
        char record[64];
        size_t length = strlen(table[i].text) + strlen(" mtime=\n") + 2;
        snprintf(record, sizeof record, "%02zu mtime=%s\n", length, table[i].text);
        add_pax(fixture, record);
        if (parse(fixture) != table[i].status)
            fail_msg("%s", table[i].text);
        if (table[i].status == LT_OK)
            assert_true(fixture->head.mtime.sec == table[i].sec && fixture->head.mtime.nsec == table[i].nsec);
    }
}

static void test_pax_damage(void **state)
{
    static const char *const table[] = {
        "7 path\n",
        "99 path=a\n",
        "path=a\n",
        " 10 path=a\n",
        "10path=abc\n",
        "0 path=a\n",
        "2 \n",
        "-9 path=a\n",
        "10 path=aa",
        "11 uid=abc\n",
        "11 size=-1\n",
        "1 a=b\n",
        "99999999999999999999 a=b\n",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        add_pax(fixture, table[i]);
        if (parse(fixture) != LT_SKIP)
            fail_msg("%s", table[i]);
    }
    add_pax(fixture, "5 a=\n"); /* the shortest */
    assert_int_equal(parse(fixture), LT_OK);
}

static void test_sparse(void **state)
{
    struct fixture *fixture = *state;
    add_pax(fixture, "22 GNU.sparse.major=1\n");
    assert_int_equal(parse(fixture), LT_OK);
    assert_true(fixture->head.sparse);
}

/* A global header is a member of its own. */
static void test_global(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "pax_global_header", 'g', 9);
    tar_data(&fixture->bytes, LT_STR("9 a=bcd\n\n"));
    tar_header(&fixture->bytes, "f", '0', 3);
    assert_int_equal(parse(fixture), LT_OK);
    assert_int_equal(fixture->head.type, 'g');
    assert_int_equal(fixture->used, 2 * BLOCK);
}

static void test_no_header(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(parse(fixture), LT_END);
    tar_data(&fixture->bytes, (struct lt_str){"\0", 1}); /* zeros: the end of the archive */
    assert_int_equal(parse(fixture), LT_END);
    fixture->bytes.len = 0;
    tar_header(&fixture->bytes, "f", '0', 0);
    fixture->bytes.len--;
    assert_int_equal(parse(fixture), LT_END);
    fixture->bytes.len++;
    fixture->bytes.ptr[0] = 'g'; /* the checksum is that of 'f' */
    assert_int_equal(parse(fixture), LT_SKIP);
    fixture->bytes.ptr[0] = 'f';
    tar_put(&fixture->bytes, 108, "0000019", 7);
    tar_seal(&fixture->bytes);
    assert_int_equal(parse(fixture), LT_SKIP);
    fixture->bytes.len = 0;
    tar_header(&fixture->bytes, "x", 'x', 2 * 1024 * 1024);
    assert_int_equal(parse(fixture), LT_SKIP);
    fixture->bytes.len = 0;
    tar_header(&fixture->bytes, "x", 'x', 600);
    tar_data(&fixture->bytes, LT_STR("cut"));
    assert_int_equal(parse(fixture), LT_END);
}

/* Old writers summed up signed bytes. */
static void test_signed_checksum(void **state)
{
    struct fixture *fixture = *state;
    tar_header(&fixture->bytes, "\xff\xfe", '0', 0);
    assert_int_equal(parse(fixture), LT_OK);
    unsigned sum = 0;
    char digits[9];
    tar_put(&fixture->bytes, 148, "        ", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned)(signed char)fixture->bytes.ptr[i];
    snprintf(digits, sizeof digits, "%06o", sum);
    tar_put(&fixture->bytes, 148, digits, 7);
    assert_int_equal(parse(fixture), LT_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ustar),     TEST(test_prefix_and_devices),
        TEST(test_dialects),  TEST(test_gnu_long_names),
        TEST(test_base256),   TEST(test_pax),
        TEST(test_pax_times), TEST(test_pax_damage),
        TEST(test_sparse),    TEST(test_global),
        TEST(test_no_header), TEST(test_signed_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
