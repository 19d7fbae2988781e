// SPDX-License-Identifier: Apache-2.0
/* A disk image in memory, written by hand at the offsets of its format's document, and what is read from it. */
#ifndef TESTS_UNIT_PACKED_IMAGE_H
#define TESTS_UNIT_PACKED_IMAGE_H

#include "evidence/packed/packed.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { IMAGE = 256 * 1024 };

struct memory_image {
    unsigned char bytes[IMAGE];
    uint64_t size;
    struct lt_evidence evidence;
    struct lt_packed_disk *packed;
    struct lt_device disk;
    struct lt_err err;
};

static inline ssize_t read_image(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct memory_image *image = arg;
    assert_true(offset <= image->size && size <= image->size - offset);
    memcpy(buffer, image->bytes + offset, size);
    return (ssize_t)size;
}

/* Open what is in the first `size` bytes, and nothing beside it. */
static inline enum lt_status open_image(struct memory_image *image, uint64_t size)
{
    const struct lt_device file = {.read = read_image, .arg = image, .size = size, .sector_size = LT_SECTOR};
    image->size = size;
    image->evidence = (struct lt_evidence){.spec = "image"};
    image->err = (struct lt_err){0};
    image->packed = lt_packed_find(&image->evidence, &file, false);
    assert_non_null(image->packed);
    return lt_packed_open(image->packed, &image->disk, &image->err);
}

static inline void close_image(struct memory_image *image)
{
    lt_packed_close(image->packed);
    lt_arena_free(&image->evidence.arena);
}

/* It is not read, and the reason holds these words. */
static inline void check_refused(struct memory_image *image, uint64_t size, const char *code, const char *words)
{
    assert_int_equal(open_image(image, size), LT_SKIP);
    assert_string_equal(image->err.code, code);
    assert_non_null(strstr(image->err.text, words));
    close_image(image);
}

/* All `size` bytes at `at` of the disk are `byte`; -1: they cannot be read. */
static inline void check_bytes(struct memory_image *image, uint64_t at, size_t size, int byte)
{
    unsigned char got[65536];
    assert_true(size <= sizeof got);
    assert_int_equal(lt_device_read(&image->disk, at, got, size), byte >= 0);
    for (size_t i = 0; byte >= 0 && i < size; i++)
        assert_int_equal(got[i], byte);
}

#endif
