// SPDX-License-Identifier: Apache-2.0
/* A btrfs on one device: its superblock, its map from logical addresses to places on the device, and its nodes, each of
 * which is checked before anybody sees it. Where a copy of a node is damaged, another one is read. Private to
 * evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_VOLUME_H
#define LT_EVIDENCE_BTRFS_VOLUME_H

#include "evidence/btrfs/layout.h"
#include "evidence/device.h"

enum { LT_BTRFS_SLOTS = 128 };

/* A node that was read and checked. */
struct lt_btrfs_node {
    struct lt_cursor bytes;
    struct lt_btrfs_header header;
    unsigned users; /* with 0 its memory may be taken for another */
    bool kept;      /* in a slot of the volume */
};

struct lt_btrfs_volume {
    struct lt_device device; /* borrowed */
    unsigned char super_bytes[LT_BTRFS_SUPER_SIZE];
    struct lt_btrfs_super super;
    unsigned super_copy;           /* which copy of the superblock is used: 0 is the first */
    struct lt_err super_problem;   /* with super_copy: what is wrong with the first */
    struct lt_btrfs_chunk *chunks; /* owned; in the order of their logical addresses */
    size_t chunk_count, chunk_cap;
    struct lt_btrfs_node *slots[LT_BTRFS_SLOTS]; /* owned, or NULL */
    uint64_t copied;                             /* nodes and data of which the first copy is damaged */
    struct lt_err copy_problem;                  /* what was wrong with the first of them; not set again by others */
};

/* What the pointer to a node says of it. */
struct lt_btrfs_wanted {
    uint64_t tree; /* number of the tree that is gone through */
    uint64_t at, generation;
    uint8_t level;
    const struct lt_btrfs_key *first; /* key of its first item; NULL: not known, and it may be empty */
};

/* Read the superblock, or a copy of it if that is damaged, or with `seek_copy` missing. LT_END: there is no btrfs.
 * LT_SKIP: there is one that cannot be read. The volume is closed with lt_btrfs_volume_close() after any outcome. */
enum lt_status lt_btrfs_volume_open(struct lt_btrfs_volume *volume, const struct lt_device *device, bool seek_copy,
                                    struct lt_err *err);
void lt_btrfs_volume_close(struct lt_btrfs_volume *volume);

/* Add a chunk, as an item of the chunk tree holds it. `*used`: its bytes. Those that are known already are left out. */
enum lt_status lt_btrfs_add_chunk(struct lt_btrfs_volume *volume, struct lt_cursor item, uint64_t logical, size_t *used,
                                  struct lt_err *err);

/* Read one copy of what lies at a logical address: `size` bytes, fewer at the end of a chunk, in `*got`. LT_END: there
 * are fewer copies. LT_SKIP: it cannot be read. */
enum lt_status lt_btrfs_read_copy(struct lt_btrfs_volume *volume, uint64_t logical, void *buffer, size_t size,
                                  unsigned copy, size_t *got, struct lt_err *err);

/* Read `size` bytes of data at a logical address from the first copies that can be read. */
enum lt_status lt_btrfs_read_data(struct lt_btrfs_volume *volume, uint64_t logical, void *buffer, size_t size,
                                  struct lt_err *err);

/* The node, to be given back with lt_btrfs_put_node(). NULL: no copy of it is sound, and what the pointer to it says.
 */
struct lt_btrfs_node *lt_btrfs_get_node(struct lt_btrfs_volume *volume, const struct lt_btrfs_wanted *wanted,
                                        struct lt_err *err);
void lt_btrfs_put_node(struct lt_btrfs_node *node);

#endif
