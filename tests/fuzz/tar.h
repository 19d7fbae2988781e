// SPDX-License-Identifier: Apache-2.0
/* What the fuzz targets of tar share. */
#ifndef TESTS_FUZZ_TAR_H
#define TESTS_FUZZ_TAR_H

#include "parse/tarhead.h"

#include <stdio.h>
#include <string.h>

enum { CHECKSUM_AT = 148, CHECKSUM_LEN = 8 };

/* Makes right the checksum of the header at `at`, of which all LT_TAR_BLOCK bytes are there. */
static inline void seal_header(struct lt_buf *bytes, size_t at)
{
    unsigned char *block = (unsigned char *)bytes->ptr + at;
    unsigned sum = 0;
    char digits[CHECKSUM_LEN];
    memset(block + CHECKSUM_AT, ' ', CHECKSUM_LEN);
    for (size_t i = 0; i < LT_TAR_BLOCK; i++)
        sum += block[i];
    snprintf(digits, sizeof digits, "%06o", sum);
    memcpy(block + CHECKSUM_AT, digits, CHECKSUM_LEN - 1);
}

#endif
