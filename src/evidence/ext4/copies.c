// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/copies.h"

enum { TRIED_GROUPS = 27, TRIED_COPIES = 3 };

/* The superblock at `offset`, if it is a copy that belongs there. */
static bool read_copy(const struct lt_device *device, uint64_t offset, struct lt_ext4 *out)
{
    unsigned char bytes[LT_EXT4_SUPER_SIZE];
    if (offset > device->size || device->size - offset < sizeof bytes ||
        !lt_device_read(device, offset, bytes, sizeof bytes) ||
        lt_ext4_super((struct lt_cursor){.ptr = bytes, .len = sizeof bytes}, out, NULL) != LT_OK)
        return false;
    return !out->damaged && out->group && lt_ext4_has_super(out, out->group) &&
           lt_ext4_group_start(out, out->group) * out->block_size == offset;
}

/* Look where mke2fs puts them: a group has as many clusters as a block has bits. */
static bool find_copy(const struct lt_device *device, struct lt_ext4 *out)
{
    static const uint32_t clusters[] = {1, 16}; /* in blocks: usual, and usual with bigalloc */
    for (size_t i = 0; i < sizeof clusters / sizeof *clusters; i++)
        for (uint64_t size = 1024; size <= 65536; size *= 2)
            for (uint64_t group = 1; group < TRIED_GROUPS; group += 2) {
                uint64_t first = size == 1024 && clusters[i] == 1;
                if (read_copy(device, (first + group * size * 8 * clusters[i]) * size, out))
                    return true;
            }
    return false;
}

/* Did the file system grow after the copy was written? */
static bool has_grown(const struct lt_device *device, const struct lt_ext4 *first, const struct lt_ext4 *copy)
{
    return first->blocks > copy->blocks && first->block_size == copy->block_size &&
           first->blocks <= device->size / first->block_size;
}

bool lt_copies_super(const struct lt_device *device, const struct lt_ext4 *first, struct lt_ext4 *out)
{
    struct lt_ext4 copy;
    if (!find_copy(device, &copy) || (first && has_grown(device, first, &copy)))
        return false;
    *out = copy;
    out->needs_recovery = out->compat & LT_EXT4_COMPAT_HAS_JOURNAL;
    if (!first)
        return true;
    out->free_inodes = first->free_inodes;
    out->last_orphan = first->last_orphan;
    memcpy(out->label, first->label, sizeof out->label);
    memcpy(out->last_mounted, first->last_mounted, sizeof out->last_mounted);
    return true;
}

bool lt_copies_plausible(const struct lt_ext4 *super, const struct lt_ext4_group *group)
{
    uint64_t table = ((uint64_t)super->inodes_per_group * super->inode_size - 1) / super->block_size + 1;
    return group->inode_table > super->first_data_block && group->inode_table < super->blocks &&
           table <= super->blocks - group->inode_table && group->inode_bitmap > super->first_data_block &&
           group->inode_bitmap < super->blocks && group->block_bitmap > super->first_data_block &&
           group->block_bitmap < super->blocks;
}

void lt_copies_group(const struct lt_device *device, const struct lt_ext4 *super, uint64_t number,
                     struct lt_ext4_group *group)
{
    unsigned char bytes[LT_EXT4_MAX_DESC];
    struct lt_ext4_group copy;
    uint64_t offset;
    for (unsigned i = 0; i < TRIED_COPIES && lt_ext4_desc_copy(super, number, i, &offset); i++) {
        if (!lt_device_read(device, offset, bytes, super->desc_size))
            continue;
        lt_ext4_group(super, (struct lt_cursor){.ptr = bytes, .len = super->desc_size}, number, &copy);
        if (copy.damaged || !lt_copies_plausible(super, &copy))
            continue;
        group->from_copy = copy.inode_table != group->inode_table || copy.inode_bitmap != group->inode_bitmap ||
                           copy.block_bitmap != group->block_bitmap;
        if (!group->from_copy)
            return;
        group->inode_table = copy.inode_table;
        group->inode_bitmap = copy.inode_bitmap;
        group->block_bitmap = copy.block_bitmap;
        group->flags = 0;
        group->itable_unused = 0;
        return;
    }
}
