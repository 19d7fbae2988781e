// SPDX-License-Identifier: Apache-2.0
/* Expectations: the catalogue of CRC algorithms (CRC-64/GO-ISO), and a second implementation that goes bit by bit. */
#include "base/crc64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t slow(const unsigned char *bytes, size_t size)
{
    uint64_t crc = ~UINT64_C(0);
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ UINT64_C(0xD800000000000000) : crc >> 1;
    }
    return ~crc;
}

static void test_known(void **state)
{
    (void)state;
    struct lt_crc64 crc64;
    lt_crc64_init(&crc64);
    assert_true(lt_crc64(&crc64, 0, "123456789", 9) == UINT64_C(0xB90956C775A41001));
    assert_true(lt_crc64(&crc64, 0, "", 0) == 0);
    assert_true(lt_crc64(&crc64, UINT64_C(0x123456789ABCDEF0), "", 0) == UINT64_C(0x123456789ABCDEF0));
}

/* Eight bytes at a time, the rest one by one, and in two calls: all lengths and cuts. */
static void test_lengths(void **state)
{
    (void)state;
    struct lt_crc64 crc64;
    unsigned char bytes[64];
    uint32_t random = 1;
    lt_crc64_init(&crc64);
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(random >> 24);
    }
    for (size_t size = 0; size <= sizeof bytes; size++)
        for (size_t cut = 0; cut <= size; cut++) {
            uint64_t first = lt_crc64(&crc64, 0, bytes, cut);
            assert_true(lt_crc64(&crc64, first, bytes + cut, size - cut) == slow(bytes, size));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
