// SPDX-License-Identifier: Apache-2.0
/* Names as logrotate(8) 3.21 describes them, as moby's loggerutils/logfile.go and lumberjack's backupName make them. */
#include "parse/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    NO = -1,
    OTHER = LT_ROTATED_OTHERWISE,
    DATE = LT_ROTATED_BY_DATE,
    NUMBER = LT_ROTATED_BY_NUMBER,
    ITSELF = LT_NOT_ROTATED
};

static void test_kinds(void **state)
{
    static const struct {
        const char *name;
        int kind;
        const char *way;
        uint64_t value; /* the number, or the day in seconds since 1970 */
    } table[] = {
        {"a.log", ITSELF, "", 0},
        {"a.log.1", NUMBER, "", 1},
        {"a.log.0", NUMBER, "", 0},
        {"a.log.12.gz", NUMBER, "gz", 12},
        {"a.log.5.xz", NUMBER, "xz", 5},
        {"a.log.1.rot", NUMBER, "", 1},
        {"a.log.1.gz.tmp", NUMBER, "", 1},
        {"a.1.log", NUMBER, "", 1},
        {"a.1.log.gz", NUMBER, "gz", 1},
        {"a.log-20260221.gz", DATE, "gz", 1771632000},
        {"a.log-20260228", DATE, "", 1772236800},
        {"a.log-2026022823.gz", DATE, "gz", 1772236800},
        {"a.log.2026-02-28", DATE, "", 1772236800},
        {"a.log-20260228-1772280000", DATE, "", 1772236800},
        {"a.log.20260228-184644.zst", DATE, "zst", 1772236800},
        {"a.log-1772236801", DATE, "", 1772236801},
        {"a-20260228.log", DATE, "", 1772236800},
        {"a-2026-02-28T18-46-44.106.log.gz", DATE, "gz", 1772236800},
        {"a.log-20260228.bak", DATE, "", 1772236800},
        {"a.log.old", OTHER, "", 0},
        {"a.log.bak.bz2", OTHER, "bz2", 0},
        {"a.log.gz", OTHER, "gz", 0},
        {"a.log~", OTHER, "", 0},
        {"a.log1", OTHER, "", 0},
        {"a.log.1x", OTHER, "", 0},
        {"a.log.1234567", OTHER, "", 0},
        {"a.log-20261328", OTHER, "", 0},
        {"a.log-1", OTHER, "", 0},
        {"a.log.", OTHER, "", 0},
        {"a-cached.log", NO, "", 0}, /* another log */
        {"a.old.log", NO, "", 0},
        {"b.log", NO, "", 0},
        {"a", NO, "", 0},
        {"", NO, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_rotation got;
        bool known = lt_rotation_parse(lt_str_c(table[i].name), LT_STR("a.log"), &got);
        if ((known ? (int)got.kind : NO) != table[i].kind)
            fail_msg("%s: %d", table[i].name, known ? (int)got.kind : NO);
        if (!known)
            continue;
        assert_true(lt_str_eq(got.way, lt_str_c(table[i].way)));
        if (got.kind == LT_ROTATED_BY_NUMBER)
            assert_int_equal(got.number, table[i].value);
        assert_int_equal(lt_rotation_day(&got).sec, got.kind == LT_ROTATED_BY_DATE ? table[i].value : 0);
    }
}

static struct lt_rotation of(const char *name)
{
    struct lt_rotation rotation;
    assert_true(lt_rotation_parse(lt_str_c(name), LT_STR("a.log"), &rotation));
    return rotation;
}

/* Oldest first; '|' where the next file is not known to go on where the one before it ends. */
static void test_order(void **state)
{
    static const char *const table[] = {
        "a.log.bak",        "|", "a.log-1772236801", "|",       "a.log-20260221", "a.log-20260228",
        "a.log-2026022823", "|", "a.log.10",         "a.log.2", "a.log.1",        "a.log"};
    const char *before = table[0];
    (void)state;
    for (size_t i = 1; i < sizeof table / sizeof *table; i++) {
        bool apart = table[i][0] == '|';
        i += apart;
        struct lt_rotation left = of(before), right = of(table[i]);
        if (lt_rotation_cmp(&left, &right) >= 0 || lt_rotation_cmp(&right, &left) <= 0 ||
            lt_rotation_follows(&left, &right) == apart)
            fail_msg("%s, %s", before, table[i]);
        before = table[i];
    }
    struct lt_rotation plain = of("a.log.1"), packed = of("a.log.1.gz");
    assert_int_equal(lt_rotation_cmp(&plain, &packed), 0);
    assert_false(lt_rotation_follows(&plain, &packed));
}

static void test_base(void **state)
{
    static const char *const table[][2] = {
        {"json.log", "json.log"},
        {"json.log.1", "json.log"},
        {"json.log.3.gz", "json.log"},
        {"json.log.bak", "json.log"},
        {"json.log-20260302.xz", "json.log"},
        {"x", "x"},
        {".1", ".1"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!lt_str_eq(lt_rotation_base(lt_str_c(table[i][0])), lt_str_c(table[i][1])))
            fail_msg("%s", table[i][0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
