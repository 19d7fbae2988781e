// SPDX-License-Identifier: Apache-2.0
/* Contents of files and targets of links: where their extents lie, and what is in them. Private to evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_CONTENT_H
#define LT_EVIDENCE_BTRFS_CONTENT_H

#include "evidence/btrfs/tree.h"

struct lt_btrfs_content {
    struct lt_btrfs_volume *volume;  /* borrowed */
    struct lt_btrfs_extent *extents; /* owned; in the order of their offsets */
    size_t count, cap;
    struct lt_buf near;       /* bytes of the extent that lies in the tree itself */
    unsigned char *unpacked;  /* owned; the last packed extent that was read, or NULL */
    size_t unpacked_size, of; /* and its number, counted from 1 */
};

/* Learn the extents of an inode. Free it with lt_btrfs_content_free() after any outcome. LT_SKIP: some cannot be known.
 */
enum lt_status lt_btrfs_content_open(struct lt_btrfs_content *content, struct lt_btrfs_volume *volume,
                                     const struct lt_btrfs_tree *tree, uint64_t ino, struct lt_err *err);

/* Read `size` bytes at `offset`; what no extent holds is zeros. False: it cannot be read. */
bool lt_btrfs_content_read(struct lt_btrfs_content *content, void *buffer, size_t size, uint64_t offset,
                           struct lt_err *err);

void lt_btrfs_content_free(struct lt_btrfs_content *content);

#endif
