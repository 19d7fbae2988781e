// SPDX-License-Identifier: Apache-2.0
/* Expectations: RFC 3720 (appendix B.4), the catalogue of CRC algorithms (CRC-32/ISCSI), and a second implementation
 * that goes bit by bit. */
#include "base/crc32c.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_known_values(void **state)
{
    (void)state;
    unsigned char bytes[32];
    assert_int_equal(~lt_crc32c(~0u, "123456789", 9), 0xE3069283);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(~lt_crc32c(~0u, bytes, 32), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(~lt_crc32c(~0u, bytes, 32), 0x62A8AB43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(~lt_crc32c(~0u, bytes, 32), 0x46DD794E);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(31 - i);
    assert_int_equal(~lt_crc32c(~0u, bytes, 32), 0x113FDB5C);
    assert_int_equal(lt_crc32c(0x12345678, bytes, 0), 0x12345678);
}

/* Where the processor has instructions for it, 64 bytes, words, and single bytes go different ways: all lengths and
 * alignments around those, and every byte. */
static void test_lengths(void **state)
{
    (void)state;
    unsigned char bytes[280];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(random >> 24);
    }
    for (size_t start = 0; start < 8; start++)
        for (size_t length = 0; length <= 270; length++) {
            assert_int_equal(lt_crc32c(~0u, bytes + start, length), slow_crc32c(~0u, bytes + start, length));
            assert_int_equal(lt_crc32c(0, bytes + start, length), slow_crc32c(0, bytes + start, length));
        }
    for (unsigned value = 0; value < 256; value++) {
        unsigned char byte = (unsigned char)value;
        assert_int_equal(lt_crc32c(0, &byte, 1), slow_crc32c(0, &byte, 1));
    }
}

static void test_pieces(void **state)
{
    (void)state;
    static const char text[] = "The quick brown fox jumps over the lazy dog";
    size_t length = sizeof text - 1;
    for (size_t cut = 0; cut <= length; cut++)
        assert_int_equal(~lt_crc32c(lt_crc32c(~0u, text, cut), text + cut, length - cut), 0x22620404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
