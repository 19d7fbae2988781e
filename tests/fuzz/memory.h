// SPDX-License-Identifier: Apache-2.0
/* A file system of one file, "/f", in memory. Reads may come in small pieces, and may fail from some offset on: what a
 * bad disk or a network file system does. */
#ifndef TESTS_FUZZ_MEMORY_H
#define TESTS_FUZZ_MEMORY_H

#include "evidence/evidence.h"

#include <string.h>

struct memory {
    const uint8_t *ptr;
    size_t len;        /* of the bytes at `ptr`... */
    size_t repeat;     /* ...that the file holds so many times */
    size_t piece;      /* most bytes of one read */
    uint64_t fails_at; /* reads at or beyond this offset fail */
};

static inline enum lt_status memory_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena,
                                         struct lt_node *out, struct lt_err *err)
{
    (void)fs, (void)path, (void)arena, (void)err;
    *out = (struct lt_node){.mode = S_IFREG | 0644};
    return LT_OK;
}

static inline enum lt_status memory_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    const struct memory *memory = fs->self;
    (void)path, (void)err;
    out->size = (uint64_t)memory->len * memory->repeat;
    return LT_OK;
}

static inline ssize_t memory_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    const struct memory *memory = file->fs->self;
    if (offset >= memory->fails_at) {
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 5, "read fails");
        return -1;
    }
    size_t at = (size_t)(offset % memory->len), count = memory->len - at;
    count = count < size ? count : size;
    count = count < memory->piece ? count : memory->piece;
    memcpy(buffer, memory->ptr + at, count);
    return (ssize_t)count;
}

static inline void memory_close(struct lt_file *file)
{
    (void)file;
}

static const struct lt_fs_ops memory_ops = {
    .stat = memory_stat,
    .open = memory_open,
    .read = memory_read,
    .close = memory_close,
};

#endif
