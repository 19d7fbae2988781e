// SPDX-License-Identifier: Apache-2.0
/* Blocks of tar archives, put together after POSIX pax ("ustar Interchange Format") and the manual of GNU tar ("Basic
 * Tar Format"). */
#ifndef TESTS_UNIT_TARBLOCK_H
#define TESTS_UNIT_TARBLOCK_H

#include "base/str.h"

#include <stdio.h>

enum { BLOCK = 512 };

/* Put `text` at `at` of the block that is last in `out`. */
static inline void tar_put(struct lt_buf *out, size_t at, const char *text, size_t size)
{
    memcpy(out->ptr + out->len - BLOCK + at, text, size);
}

/* The sum of all bytes, with blanks in the place of the checksum itself. */
static inline void tar_seal(struct lt_buf *out)
{
    unsigned sum = 0;
    char digits[9];
    tar_put(out, 148, "        ", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)out->ptr[out->len - BLOCK + i];
    snprintf(digits, sizeof digits, "%06o", sum);
    tar_put(out, 148, digits, 7);
}

/* A header of a member of `size` bytes: mode 0644, owner 8:9, mtime 1000000000, magic of ustar. */
static inline void tar_header(struct lt_buf *out, const char *name, char type, unsigned size)
{
    char digits[13];
    for (int i = 0; i < BLOCK; i++)
        lt_buf_char(out, 0);
    tar_put(out, 0, name, strlen(name));
    tar_put(out, 100, "0000644", 7);
    tar_put(out, 108, "0000010", 7);
    tar_put(out, 116, "0000011", 7);
    snprintf(digits, sizeof digits, "%011o", size);
    tar_put(out, 124, digits, 11);
    tar_put(out, 136, "07346545000", 11);
    tar_put(out, 156, &type, 1);
    tar_put(out, 257,
            "ustar\0"
            "00",
            8);
    tar_seal(out);
}

/* Bytes, and zeros up to the end of the block. */
static inline void tar_data(struct lt_buf *out, struct lt_str data)
{
    lt_buf_add(out, data);
    for (size_t size = data.len; size % BLOCK; size++)
        lt_buf_char(out, 0);
}

#endif
