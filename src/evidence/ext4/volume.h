// SPDX-License-Identifier: Apache-2.0
/* One ext2/3/4 file system as its kernel would see it: blocks with the journal's changes in place, groups, inodes, and
 * the contents of files. Reads go through two small caches, so memory does not grow with the file system. */
#ifndef LT_EVIDENCE_EXT4_VOLUME_H
#define LT_EVIDENCE_EXT4_VOLUME_H

#include "evidence/device.h"
#include "evidence/ext4/fast_changes.h"
#include "evidence/ext4/layout.h"

#include <sys/types.h>

/* A block whose newest contents are in the journal. */
struct lt_ext4_patch {
    uint64_t block, source; /* where it belongs, where it is */
    bool escaped;           /* its first four bytes are the journal's magic number */
};

struct lt_ext4_cache {
    unsigned char *bytes;     /* owned; `slots` pieces of `unit` bytes */
    uint64_t *held;           /* number + 1 of the piece in each slot, 0 if none */
    size_t unit, slots, next; /* next: counts what was filled */
};

struct lt_ext4_volume {
    struct lt_device device;
    struct lt_ext4 super;
    struct lt_ext4_patch *patches; /* owned; in order of `block` */
    size_t patch_count;
    struct lt_ext4_fast *fast;   /* owned; what fast commits changed, NULL: nothing */
    struct lt_ext4_cache blocks; /* extents, attributes, bitmaps, numbers of blocks */
    struct lt_ext4_cache tables; /* pieces of inode tables, group descriptors, directories */
    struct lt_ext4_cache alone;  /* one directory block that lies far from the last one */
    uint64_t near;               /* last block asked for as a near one */
    struct lt_ext4_group group;  /* the last one looked at */
    uint64_t group_number;       /* + 1; 0: none */
};

/* A piece of a file: `count` blocks from physical block `block`, or that many without data (`zeros`). */
struct lt_ext4_run {
    uint64_t block, count;
    bool zeros;
};

/* Read the superblock. LT_SKIP: none, damaged, or unreadable. The volume is closed with lt_volume_close() in any case.
 */
enum lt_status lt_volume_open(struct lt_ext4_volume *volume, const struct lt_device *device, struct lt_err *err);

/* Put `patches` (malloc'ed, taken over) in place, and look at the superblock again. */
enum lt_status lt_volume_patch(struct lt_ext4_volume *volume, struct lt_ext4_patch *patches, size_t count,
                               struct lt_err *err);

void lt_volume_close(struct lt_ext4_volume *volume);

/* Read bytes of the file system. False: some could not be read. */
bool lt_volume_read(struct lt_ext4_volume *volume, uint64_t offset, void *buffer, size_t size);

/* Blocks that the file system says it has, as far as the image reaches: nothing that is stored can be more. */
uint64_t lt_volume_blocks(const struct lt_ext4_volume *volume);

/* One block, borrowed until the next call of any function here; NULL: unreadable or outside of the file system. */
const unsigned char *lt_volume_block(struct lt_ext4_volume *volume, uint64_t number);

/* The same for a block that often lies beside the one asked for before, as those of directories do: then its
 * neighbours are read with it. */
const unsigned char *lt_volume_near_block(struct lt_ext4_volume *volume, uint64_t number);

/* The descriptor of a group, borrowed until the next call; NULL: unreadable. */
const struct lt_ext4_group *lt_volume_group(struct lt_ext4_volume *volume, uint64_t group);

/* The bytes of an inode, borrowed until the next call of any function here. */
enum lt_status lt_volume_inode(struct lt_ext4_volume *volume, uint64_t ino, struct lt_cursor *out, struct lt_err *err);

/* Is the inode in use, as its group's bitmap says? LT_SKIP: that cannot be read. */
enum lt_status lt_volume_inode_used(struct lt_ext4_volume *volume, uint64_t ino, bool *used, struct lt_err *err);

/* Does any file hold the block? True also where the bitmap cannot be read. */
bool lt_volume_block_used(struct lt_ext4_volume *volume, uint64_t block);

/* Where block `logical` of a file lies, and those behind it. */
enum lt_status lt_volume_map(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint64_t logical,
                             struct lt_ext4_run *out, struct lt_err *err);

/* Read at `offset` of a file, `size` bytes at most and never beyond its size: the number of bytes, 0 at the end, -1 on
 * failure. Not for inline data. */
ssize_t lt_volume_read_file(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, void *buffer, size_t size,
                            uint64_t offset, struct lt_err *err);

#endif
