// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/copies.h"

#include <string.h>

enum { TRIED_AGS = 64, TRIED_COPIES = 8 };

enum lt_status lt_xfs_read_super(const struct lt_device *device, uint64_t offset, struct lt_xfs *out,
                                 struct lt_err *err)
{
    unsigned char bytes[LT_XFS_MAX_SECTOR];
    if (!lt_device_read(device, offset, bytes, LT_XFS_MIN_SECTOR))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the superblock");
    enum lt_status status = lt_xfs_super((struct lt_cursor){.ptr = bytes, .len = LT_XFS_MIN_SECTOR}, out, err);
    if (status != LT_OK || out->sector_size == LT_XFS_MIN_SECTOR)
        return status;
    if (!lt_device_read(device, offset, bytes, out->sector_size))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the superblock");
    return lt_xfs_super((struct lt_cursor){.ptr = bytes, .len = out->sector_size}, out, err);
}

/* The superblock at `offset`, if it is a copy that belongs there. */
static bool read_copy(const struct lt_device *device, uint64_t offset, struct lt_xfs *out, uint32_t *ag)
{
    if (!offset || offset > device->size || device->size - offset < LT_XFS_MIN_SECTOR ||
        lt_xfs_read_super(device, offset, out, NULL) != LT_OK || out->damaged)
        return false;
    uint64_t size = lt_xfs_ag_place(out, 1);
    *ag = (uint32_t)(offset / size);
    return offset % size == 0 && offset / size < out->ag_count;
}

/* Where mkfs puts them: it makes AGs of equal size, and the last one is what remains. */
static bool guess_copy(const struct lt_device *device, struct lt_xfs *out, uint32_t *ag)
{
    static const unsigned block_logs[] = {12, 10, 9, 11, 13, 14, 15, 16};
    for (size_t i = 0; i < sizeof block_logs / sizeof *block_logs; i++) {
        uint64_t blocks = device->size >> block_logs[i];
        for (uint64_t count = 2; count <= TRIED_AGS; count++)
            if (read_copy(device, (blocks + count - 1) / count << block_logs[i], out, ag))
                return true;
    }
    return read_copy(device, UINT64_C(1) << 40, out, ag); /* of a large disk they have one TiB */
}

static bool find_copy(const struct lt_device *device, const struct lt_xfs *first, struct lt_xfs *out, uint32_t *ag)
{
    for (uint32_t i = 1; first && i < first->ag_count && i <= TRIED_COPIES; i++)
        if (read_copy(device, lt_xfs_ag_place(first, i), out, ag))
            return true;
    return guess_copy(device, out, ag);
}

/* Did the file system grow after the copy was written? */
static bool has_grown(const struct lt_device *device, const struct lt_xfs *first, const struct lt_xfs *copy)
{
    return first->blocks > copy->blocks && first->block_log == copy->block_log && first->ag_blocks == copy->ag_blocks &&
           first->blocks <= device->size >> first->block_log;
}

bool lt_xfs_find_copy(const struct lt_device *device, const struct lt_xfs *first, struct lt_xfs *out, uint32_t *ag)
{
    if (!find_copy(device, first, out, ag) || (first && has_grown(device, first, out)))
        return false;
    if (!first)
        return true;
    out->inodes = first->inodes;
    out->free_inodes = first->free_inodes;
    memcpy(out->label, first->label, sizeof out->label);
    return true;
}
