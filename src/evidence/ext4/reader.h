// SPDX-License-Identifier: Apache-2.0
/* What the parts of the ext2/3/4 reader share: its state, and inodes. Private to evidence/ext4/. */
#ifndef LT_EVIDENCE_EXT4_READER_H
#define LT_EVIDENCE_EXT4_READER_H

#include "evidence/ext4/volume.h"
#include "evidence/fs.h"
#include "evidence/path_index.h"

enum { LT_EXT4_MAX_INLINE = LT_EXT4_BODY + LT_EXT4_MAX_INODE };

/* Deleted inodes that their bitmaps still call used. Filled by orphans.c. */
struct lt_ext4_orphans {
    uint32_t *items; /* owned; sorted */
    size_t count, cap;
    struct lt_ext4_child *dirs; /* owned; directories among them that still name their parent, sorted by it */
    size_t dir_count, dir_cap;
};

struct lt_ext4_child {
    uint32_t parent, ino;
};

struct lt_ext4_past;

struct lt_ext4_reader {
    struct lt_ext4_volume volume;
    struct lt_path_index index;
    uint64_t listed;       /* blocks of directories read so far */
    struct lt_err problem; /* of the current entry: to clear a new one for each would cost more than to read it */
    struct lt_ext4_orphans orphans;
    unsigned char
        *named; /* owned; a bit for each inode that a directory was seen to name, also a deleted one; or NULL */
    unsigned char *flawed;       /* owned; a bit for each inode whose damage is a flaw of the evidence; NULL: none */
    uint64_t contradicted;       /* inodes that are free by their bitmap, but have a name, or say to be in use */
    uint32_t first_contradicted; /* the first of them that was met */
    struct lt_ext4_past *past;   /* owned; NULL until it is asked for: see ext4/past.h */
};

static inline struct lt_ext4_reader *lt_ext4_reader(const struct lt_fs *fs)
{
    return fs->self;
}

/* Inline data: 60 bytes in the inode, and the attribute system.data behind them. */
struct lt_ext4_inline {
    unsigned char bytes[LT_EXT4_MAX_INLINE];
    size_t len;
};

/* Read an inode, and decode where its data and attributes are. `bytes` is borrowed until the next use of the volume. */
enum lt_status lt_ext4_read_inode(struct lt_ext4_reader *reader, uint64_t ino, struct lt_cursor *bytes,
                                  struct lt_ext4_inode *inode, struct lt_err *err);

/* The inline data of an inode. Its bytes must not have been given up since lt_ext4_read_inode(). */
enum lt_status lt_ext4_read_inline(const struct lt_ext4_inode *inode, struct lt_ext4_inline *out, struct lt_err *err);

/* The parent that a directory, perhaps a deleted one, names in its first block. 0 if that block is gone. */
uint32_t lt_ext4_parent_of(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode);

/* Fill in a node whose inode is known. On LT_SKIP the node may still be filled; then its mode is not 0. That happens
 * with a wrong checksum, an impossible time, or a link without its target. */
enum lt_status lt_ext4_describe(struct lt_ext4_reader *reader, struct lt_arena *arena, struct lt_node *node,
                                struct lt_err *err);

/* The same for an entry that its directory calls a thing of `type` (S_IFMT bits; 0: it does not say). An inode of
 * another type and with a wrong checksum is none: its mode is 0. One with a right checksum is believed, and damaged. */
enum lt_status lt_ext4_describe_as(struct lt_ext4_reader *reader, struct lt_arena *arena, unsigned type,
                                   struct lt_node *node, struct lt_err *err);

/* Compares two inode numbers (uint32_t), for qsort() and bsearch(). */
int lt_ext4_by_number(const void *a, const void *b);

/* Is the inode one of reader->orphans: deleted, though its bitmap calls it used? */
bool lt_ext4_is_orphan(const struct lt_ext4_reader *reader, uint32_t ino);

/* Was the inode deleted? Its bitmap says so, and it itself does not say to be in use; or it is one of reader->orphans.
 * If the bitmap cannot be believed, the inode alone tells: the kernel sets the time of its deletion and takes its links
 * away (linux fs/ext4/inode.c, ext4_evict_inode()). */
bool lt_ext4_is_deleted(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode);

/* A set of inodes has a bit for each. Put one into it; was it not in it before? */
static inline bool lt_ext4_mark(unsigned char *set, uint64_t ino)
{
    unsigned char bit = (unsigned char)(1u << ino % 8);
    bool before = set[ino / 8] & bit;
    set[ino / 8] |= bit;
    return !before;
}

static inline bool lt_ext4_marked(const unsigned char *set, uint64_t ino)
{
    return set[ino / 8] >> ino % 8 & 1;
}

/* A directory that is not deleted names the inode. */
void lt_ext4_note_name(struct lt_ext4_reader *reader, uint32_t ino);

/* When the inode was freed. Not set if that is still to come: then the place of the time holds a link of a list. */
struct lt_time lt_ext4_freed(const struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode);

#endif
