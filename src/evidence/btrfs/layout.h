// SPDX-License-Identifier: Apache-2.0
/* Structures of btrfs as they lie on the disk. Each function decodes the bytes that it is given and touches nothing
 * else. All numbers are little-endian. Facts: linux include/uapi/linux/btrfs_tree.h, fs/btrfs/disk-io.c (checksums,
 * btrfs_validate_super()), fs/btrfs/tree-checker.c (kernel 6.18). */
#ifndef LT_EVIDENCE_BTRFS_LAYOUT_H
#define LT_EVIDENCE_BTRFS_LAYOUT_H

#include "base/cursor.h"
#include "base/err.h"
#include "base/str.h"
#include "model/event.h"

enum {
    LT_BTRFS_SUPER_AT = 64 * 1024, /* bytes from the start of the device */
    LT_BTRFS_SUPER_SIZE = 4096,
    LT_BTRFS_MAX_NODE = 64 * 1024,
    LT_BTRFS_MIN_SECTOR = 4096,
    LT_BTRFS_HEADER = 101, /* bytes of the header of a node */
    LT_BTRFS_LEVELS = 8,   /* a tree has no more */
    LT_BTRFS_MAX_COPIES = 4,
    LT_BTRFS_MAX_EXTENT = 128 * 1024, /* bytes of a compressed extent, packed and unpacked */
    LT_BTRFS_EXTENT_HEAD = 21,        /* bytes of a file extent before its place, or before inline data */
};

/* Of super.incompat: what this reader understands, or need not understand to read. */
enum {
    LT_BTRFS_METADATA_UUID = 1 << 10,
    LT_BTRFS_INCOMPAT_KNOWN = 0xfff | 1 << 16, /* up to RAID1C34, and SIMPLE_QUOTA */
};

/* Types of keys. */
enum lt_btrfs_type {
    LT_BTRFS_INODE = 1,
    LT_BTRFS_INODE_REF = 12,
    LT_BTRFS_INODE_EXTREF = 13,
    LT_BTRFS_XATTR = 24,
    LT_BTRFS_ORPHAN = 48,
    LT_BTRFS_DIR_LOG_INDEX = 72,
    LT_BTRFS_DIR_ITEM = 84,
    LT_BTRFS_DIR_INDEX = 96,
    LT_BTRFS_EXTENT = 108,
    LT_BTRFS_ROOT = 132,
    LT_BTRFS_ROOT_REF = 156,
    LT_BTRFS_CHUNK = 228,
};

/* Numbers of trees and of objects. */
#define LT_BTRFS_ROOT_TREE  1ull
#define LT_BTRFS_CHUNK_TREE 3ull
#define LT_BTRFS_FS_TREE    5ull
#define LT_BTRFS_ROOT_DIR   6ull /* names the default subvolume, in the root tree */
#define LT_BTRFS_FIRST_FREE 256ull
#define LT_BTRFS_LAST_FREE  (-256ull)
#define LT_BTRFS_LOG_TREE   (-6ull)
#define LT_BTRFS_RELOC_TREE (-8ull)
#define LT_BTRFS_TOP        256ull /* inode of the root directory of each subvolume */

struct lt_btrfs_key {
    uint64_t objectid, offset;
    uint8_t type;
};

/* Compare keys as trees order them: negative, 0 or positive. */
int lt_btrfs_key_cmp(struct lt_btrfs_key a, struct lt_btrfs_key b);

/* The key of 17 bytes at `offset`. */
struct lt_btrfs_key lt_btrfs_key(struct lt_cursor *bytes, size_t offset);

/* Where a tree begins. */
struct lt_btrfs_root {
    uint64_t at, generation;
    uint8_t level;
};

enum lt_btrfs_sum { LT_BTRFS_CRC32C, LT_BTRFS_XXH64, LT_BTRFS_SHA256, LT_BTRFS_BLAKE2 };

struct lt_btrfs_super {
    unsigned char fsid[16], metadata_uuid[16]; /* that of the file system, and that which its nodes have */
    unsigned char label[256];
    struct lt_str array; /* chunks of the chunk tree, as they lie; borrowed */
    uint64_t at;         /* where it says that it lies */
    uint64_t generation, total_bytes, bytes_used, devices, incompat, device;
    uint32_t sector_size, node_size;
    uint16_t sum_type;                               /* enum lt_btrfs_sum, or more */
    struct lt_btrfs_root root, chunk_root, log_root; /* log_root.at: 0 if there is no log */
};

/* Is this a superblock, damaged or not? */
bool lt_btrfs_is_super(struct lt_cursor bytes);

/* Decode one. LT_SKIP: sizes that no btrfs has. Its checksum is not looked at. */
enum lt_status lt_btrfs_read_super(struct lt_cursor bytes, struct lt_btrfs_super *out, struct lt_err *err);

/* Is the checksum right that `block` begins with? One of a kind that this build cannot compute counts as right. */
bool lt_btrfs_sum_is_right(unsigned sum_type, struct lt_cursor block);

/* The kinds of checksums that are not verified: their name, or NULL. */
const char *lt_btrfs_unverified(unsigned sum_type);

/* A chunk: `size` bytes of logical addresses from `logical` on, and where they lie on one device. */
struct lt_btrfs_chunk {
    uint64_t logical, size, type;
    uint16_t stripes;
    bool spread;                            /* over several stripes, as raid0, raid5, raid6 and raid10 do */
    unsigned copies;                        /* on this device */
    uint64_t physical[LT_BTRFS_MAX_COPIES]; /* of each */
};

/* Decode a chunk item. `*used`: its bytes. LT_SKIP: it cannot be. */
enum lt_status lt_btrfs_read_chunk(struct lt_cursor bytes, uint64_t logical, uint64_t device,
                                   struct lt_btrfs_chunk *out, size_t *used, struct lt_err *err);

/* What the type of a chunk is called: "raid0"... */
const char *lt_btrfs_profile(uint64_t type);

/* A node: a leaf has items, others have pointers to nodes one level below. */
struct lt_btrfs_header {
    uint64_t at, generation, owner;
    uint32_t count;
    uint8_t level;
};

struct lt_btrfs_pointer {
    struct lt_btrfs_key key; /* the first one in the node that is pointed to */
    uint64_t at, generation;
};

struct lt_btrfs_item {
    struct lt_btrfs_key key;
    struct lt_cursor data; /* borrowed */
};

/* The head of a node; zeros and a `count` of 0 where it breaks off. */
struct lt_btrfs_header lt_btrfs_read_header(struct lt_cursor node);

/* Do all items or pointers lie in the node, with keys that ascend? */
bool lt_btrfs_node_is_sound(struct lt_cursor node);

/* Both need a sound node, and `number` < header.count. */
struct lt_btrfs_pointer lt_btrfs_read_pointer(struct lt_cursor node, uint32_t number);
struct lt_btrfs_item lt_btrfs_read_item(struct lt_cursor node, uint32_t number);

/* Decode an inode item into a node. `*bad_time`: a time that cannot be is left unset. LT_SKIP: too short. */
enum lt_status lt_btrfs_read_inode(struct lt_cursor item, struct lt_node *out, bool *bad_time, struct lt_err *err);

/* A root item: where a tree begins. `*deleted`: it is being removed, and cannot be reached. `*inode`: in its tree. */
enum lt_status lt_btrfs_read_root(struct lt_cursor item, struct lt_btrfs_root *out, bool *deleted, struct lt_err *err);

/* An entry of a directory, or an attribute, which has the same form. */
struct lt_btrfs_entry {
    struct lt_btrfs_key location; /* of what it names: an inode, or the root of a subvolume */
    unsigned type;                /* see lt_btrfs_entry_type() */
    struct lt_str name, value;    /* borrowed */
};

/* Read the entry at `*at`, and move on to the next. LT_END: there are no more. LT_SKIP: it breaks off. */
enum lt_status lt_btrfs_next_entry(struct lt_cursor item, size_t *at, struct lt_btrfs_entry *out, struct lt_err *err);

/* S_IFMT bits for the type of an entry; 0: it has none. */
unsigned lt_btrfs_entry_type(unsigned type);

/* A name of an inode. */
struct lt_btrfs_ref {
    uint64_t parent, index;
    struct lt_str name; /* borrowed */
};

/* Read the name at `*at` of an item of type INODE_REF, INODE_EXTREF or ROOT_REF, as lt_btrfs_next_entry(). */
enum lt_status lt_btrfs_next_ref(const struct lt_btrfs_item *item, size_t *at, struct lt_btrfs_ref *out,
                                 struct lt_err *err);

enum lt_btrfs_packing { LT_BTRFS_PLAIN, LT_BTRFS_ZLIB, LT_BTRFS_LZO, LT_BTRFS_ZSTD };

/* A run of bytes of a file. */
struct lt_btrfs_extent {
    uint64_t offset, size;  /* in the file */
    uint64_t at, disk_size; /* logical address; at 0: a hole, or written to never: zeros */
    uint64_t skip;          /* bytes of the extent, unpacked, before those of the file */
    uint64_t unpacked;      /* bytes of all of the extent */
    uint8_t packing;        /* enum lt_btrfs_packing */
    struct lt_str near;     /* with `is_near`: the bytes themselves, packed or not. Borrowed */
    bool is_near;
};

/* LT_SKIP: it cannot be, or is packed or encrypted in a way that is not known. */
enum lt_status lt_btrfs_read_extent(const struct lt_btrfs_item *item, struct lt_btrfs_extent *out, struct lt_err *err);

#endif
