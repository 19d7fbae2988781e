// SPDX-License-Identifier: Apache-2.0
/* Free space of hostile bytes, in blocks of 1 KiB: whatever is found lies within, in order and apart, and can be read.
 */
#include "carve/carve.h"

#include "fuzz.h"
#include "tests/unit/free_space.h"

enum { BLOCK = 1024 };

struct seen {
    uint64_t end, size;
};

static enum lt_status check(void *arg, const struct lt_carved *find, struct lt_err *err)
{
    struct seen *seen = arg;
    char piece[BLOCK];
    PROMISE(find->extent_count == 1 && find->size && find->extents[0].size == find->size);
    PROMISE(find->extents[0].at >= seen->end && find->extents[0].at + find->size <= seen->size);
    PROMISE(find->torn || find->extents[0].at % BLOCK == 0);
    PROMISE(find->complete == !find->why);
    PROMISE(lt_carve_read(find, piece, 1, find->size - 1, err) == 1);
    PROMISE(lt_carve_read(find, piece, 1, find->size, err) == 0);
    seen->end = find->extents[0].at + find->size;
    return LT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct free_space space = {data, size / BLOCK * BLOCK, BLOCK};
    struct lt_fs_ops ops;
    struct lt_fs fs;
    struct seen seen = {0, space.size};
    PROMISE(carve_space(&space, &ops, &fs, check, &seen) == LT_OK);
    return 0;
}
