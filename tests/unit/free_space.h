// SPDX-License-Identifier: Apache-2.0
/* A file system that is nothing but blocks that no file owns, for what carves. */
#ifndef TESTS_UNIT_FREE_SPACE_H
#define TESTS_UNIT_FREE_SPACE_H

#include "carve/carve.h"

#include <string.h>

struct free_space {
    const unsigned char *bytes;
    size_t size; /* a multiple of `block` */
    uint32_t block;
};

static enum lt_status all_unowned(struct lt_fs *fs, lt_each_unowned *each, void *arg, struct lt_err *err)
{
    const struct free_space *space = fs->self;
    const struct lt_unowned run = {0, space->size, space->block};
    return space->size ? each(arg, &run, err) : LT_OK;
}

static ssize_t read_all(struct lt_fs *fs, void *buffer, size_t size, uint64_t at, struct lt_err *err)
{
    const struct free_space *space = fs->self;
    (void)err;
    if (at >= space->size)
        return -1;
    size_t left = space->size - (size_t)at;
    size = size < left ? size : left;
    memcpy(buffer, space->bytes + at, size);
    return (ssize_t)size;
}

/* Search the space. `ops` and `fs` are filled in. */
static enum lt_status carve_space(struct free_space *space, struct lt_fs_ops *ops, struct lt_fs *fs,
                                  enum lt_status (*each)(void *arg, const struct lt_carved *find, struct lt_err *err),
                                  void *arg)
{
    struct lt_err err = {0};
    *ops = (struct lt_fs_ops){.unowned = all_unowned, .read_unowned = read_all};
    *fs = (struct lt_fs){.ops = ops, .self = space};
    const struct lt_carve_search search = {.fs = fs, .each = each, .arg = arg};
    return lt_carve(&search, &err);
}

#endif
