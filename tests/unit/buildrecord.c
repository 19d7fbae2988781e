// SPDX-License-Identifier: Apache-2.0
/* Records put together by hand after BuildKit's control.proto and protobuf's description of its wire format. */
#include "parse/buildrecord.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REF     "\x0a\x03ref"
#define ATTR    "\x1a\x0e\x0a\x06target\x12\x04prod"
#define FAILED  "\x2a\x06\x08\x02\x12\x02no"   /* code 2, message "no" */
#define CREATED "\x32\x05\x08\x0a\x10\xac\x02" /* 10 s, 300 ns */
#define STEPS   "\x80\x01\x07"                 /* field 16, varint 7 */
#define UNKNOWN                                                                                                        \
    "\xa5\x06"                                                                                                         \
    "abcd" /* field 100, 32 bits */

static void test_record(void **state)
{
    (void)state;
    struct lt_build_record record;
    assert_true(lt_build_record_parse(LT_STR(REF ATTR FAILED UNKNOWN CREATED STEPS), &record));
    assert_true(lt_str_eq(record.ref, LT_STR("ref")) && lt_str_eq(record.error, LT_STR("no")));
    assert_int_equal(record.attr_count, 1);
    assert_true(lt_str_eq(record.attrs[0].key, LT_STR("target")));
    assert_true(lt_str_eq(record.attrs[0].value, LT_STR("prod")));
    assert_true(record.created.set && record.created.sec == 10 && record.created.nsec == 300);
    assert_false(record.completed.set);
    assert_int_equal(record.total_steps, 7);
}

/* A field of another type is not that field; what breaks off keeps what came before. */
static void test_broken(void **state)
{
    (void)state;
    const struct lt_str broken[] = {
        LT_STR(REF "\x12\x05"
                   "abc"),
        LT_STR(REF "\x80"),
        LT_STR(REF "\x0b"),
        LT_STR(REF "\x0a\xff\xff\xff\xff\xff\x7f"),
    };
    struct lt_build_record record;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_false(lt_build_record_parse(broken[i], &record));
        assert_true(lt_str_eq(record.ref, LT_STR("ref")));
    }
    assert_true(lt_build_record_parse(LT_STR("\x08\x03"), &record));
    assert_int_equal(record.ref.len, 0);
    assert_true(lt_build_record_parse(LT_STR(""), &record));
}

static void test_times(void **state)
{
    (void)state;
    assert_false(lt_proto_time(LT_STR("")).set);                                 /* 1970, which is what none is */
    assert_false(lt_proto_time(LT_STR("\x08\x01\x10\x80\x94\xeb\xdc\x03")).set); /* 1000000000 ns */
    struct lt_time before = lt_proto_time(LT_STR("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_true(before.set && before.sec == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
