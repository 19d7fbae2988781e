// SPDX-License-Identifier: Apache-2.0
/* One ext2/3/4 file system as its kernel would see it: blocks with the journal's changes in place, groups, inodes, and
 * contents of files. Reads go through small caches, so memory does not grow with the file system. */
#ifndef LT_EVIDENCE_EXT4_VOLUME_H
#define LT_EVIDENCE_EXT4_VOLUME_H

#include "evidence/device.h"
#include "evidence/ext4/fast_changes.h"
#include "evidence/ext4/layout.h"

#include <sys/types.h>

/* A block whose newest contents are still in the journal. Both numbers are blocks of the file system. */
struct lt_ext4_patch {
    uint64_t block, source; /* where it belongs, where it is */
    bool escaped;           /* its first four bytes are the journal's magic number, and lie there as zeros */
};

struct lt_ext4_cache {
    unsigned char *bytes;     /* owned; `slots` pieces of `unit` bytes */
    uint64_t *held;           /* owned; number + 1 of the piece in each slot, 0 if none */
    size_t unit, slots, next; /* unit: bytes; next: counts the slots filled so far */
};

struct lt_ext4_volume {
    struct lt_device device;
    struct lt_ext4 super;          /* if its `group` is not 0, it is a copy: the first one is damaged, */
    struct lt_err bad_super;       /* as this says */
    bool seek_copy;                /* even where nothing looks like a superblock */
    struct lt_ext4_patch *patches; /* owned; in order of `block` */
    size_t patch_count;
    struct lt_ext4_fast *fast;   /* owned; what fast commits changed, NULL: nothing */
    struct lt_ext4_cache blocks; /* extents, attributes, bitmaps, numbers of blocks */
    struct lt_ext4_cache tables; /* pieces of inode tables and directories, group descriptors */
    struct lt_ext4_cache alone;  /* one directory block that lies far from the one before */
    uint64_t near;               /* the block that lt_volume_near_block() was last asked for */
    struct lt_ext4_group group;  /* the last one looked at */
    uint64_t group_number;       /* its number + 1; 0: none */
    unsigned char *bitmaps;      /* owned; of each group, which bitmaps were checked: see volume.c. NULL: none yet */
    uint64_t bad_bitmaps;        /* that have a wrong checksum, or cannot be read: so far, */
    struct lt_err bad_bitmap;    /* and the first of them */
};

/* A piece of a file: `count` blocks from physical block `block`, or that many without data (`zeros`). */
struct lt_ext4_run {
    uint64_t block, count;
    bool zeros;
};

/* Read the superblock of the file system on `device`, which is copied; if it is damaged, a copy. With `seek_copy` that
 * is done even where nothing looks like one. LT_END: none. LT_SKIP: damaged, or unreadable. Close the volume with
 * lt_volume_close(), also after a failure. */
enum lt_status lt_volume_open(struct lt_ext4_volume *volume, const struct lt_device *device, bool seek_copy,
                              struct lt_err *err);

/* Put `patches` in place, and read the superblock again. They are sorted by block, come from lt_realloc(), and are
 * owned by the volume from now on. If it fails, the superblock stays as it was. */
enum lt_status lt_volume_patch(struct lt_ext4_volume *volume, struct lt_ext4_patch *patches, size_t count,
                               struct lt_err *err);

void lt_volume_close(struct lt_ext4_volume *volume);

/* Read `size` bytes at `offset` of the file system. False: some could not be read. */
bool lt_volume_read(struct lt_ext4_volume *volume, uint64_t offset, void *buffer, size_t size);

/* How many blocks can be there: as many as the file system claims, but no more than the device has. */
uint64_t lt_volume_blocks(const struct lt_ext4_volume *volume);

/* One block, borrowed until the next call of any function here; NULL: unreadable or outside of the file system. */
const unsigned char *lt_volume_block(struct lt_ext4_volume *volume, uint64_t number);

/* The same for blocks that often lie beside the one asked for before, as those of directories do. Neighbours are then
 * read together. */
const unsigned char *lt_volume_near_block(struct lt_ext4_volume *volume, uint64_t number);

/* The descriptor of a group, borrowed until the next call; NULL: unreadable. */
const struct lt_ext4_group *lt_volume_group(struct lt_ext4_volume *volume, uint64_t group);

/* The inode_size bytes of an inode, borrowed until the next call of any function here. LT_SKIP: they cannot be read. */
enum lt_status lt_volume_inode(struct lt_ext4_volume *volume, uint64_t ino, struct lt_cursor *out, struct lt_err *err);

/* Is the inode in use, according to the bitmap of its group? LT_SKIP: that cannot be read, or has a wrong checksum,
 * which is counted. */
enum lt_status lt_volume_inode_used(struct lt_ext4_volume *volume, uint64_t ino, bool *used, struct lt_err *err);

/* Is the block in use? Also true if the bitmap cannot be believed, which is counted. */
bool lt_volume_block_used(struct lt_ext4_volume *volume, uint64_t block);

/* The bitmap of the blocks of a group, a bit for each cluster, borrowed until the next call of any function here.
 * LT_END: it was never written, and all are free but those of the group's own structures. LT_SKIP: it cannot be
 * believed, which is counted. */
enum lt_status lt_volume_block_bitmap(struct lt_ext4_volume *volume, uint64_t number, const unsigned char **bits);

/* Check the bitmap of the blocks of a group, as far as that was not done. */
void lt_volume_check_blocks(struct lt_ext4_volume *volume, uint64_t number);

/* Where block `logical` of a file lies, and how many follow it there. LT_SKIP: the map of the file is damaged or
 * unreadable. */
enum lt_status lt_volume_map(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint64_t logical,
                             struct lt_ext4_run *out, struct lt_err *err);

/* Read at most `size` bytes at `offset` of a file, never beyond its size. The number of bytes, 0 at the end, -1 on
 * failure. Not for inline data. */
ssize_t lt_volume_read_file(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, void *buffer, size_t size,
                            uint64_t offset, struct lt_err *err);

#endif
