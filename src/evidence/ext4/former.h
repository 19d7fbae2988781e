// SPDX-License-Identifier: Apache-2.0
/* Former states of inodes: what copies of inode tables in the journal, the tables at home and freed inodes tell, and
 * where the blocks of the files lay then. */
#ifndef LT_EVIDENCE_EXT4_FORMER_H
#define LT_EVIDENCE_EXT4_FORMER_H

#include "evidence/ext4/former_map.h"
#include "evidence/ext4/reader.h"
#include "evidence/ext4/reuse.h"

/* A state in which an inode was from transaction `oldest` to `sequence`, as far as copies tell. Times and owner are
 * those of the newest copy. */
struct lt_ext4_former {
    struct lt_ext4_inode inode; /* without its attributes */
    struct lt_ext4_copy copy;   /* the block of the table that has it */
    uint32_t at;                /* offset in that block */
    uint32_t sum;               /* CRC-32C of an inode with its data in it, else 0 */
    uint32_t oldest, sequence;
    /* The time of modification in the newest and in the oldest copy, as it is there: seconds, then the rest. */
    uint64_t modified, first_modified;
    uint32_t changed;          /* the time of change in the newest copy, in seconds */
    bool fine;                 /* times are finer than seconds */
    bool at_once;              /* it was not changed, or not written to, after the second in which it was born */
    size_t order;              /* states of one inode: a smaller number is newer */
    size_t first_piece, count; /* its map, in lt_ext4_formers.pieces: the nodes, then the pieces of the file in order */
    size_t nodes;              /* so many of them are nodes */
    bool mapped;               /* the map is whole: the inode has as many blocks */
    bool leaf;                 /* the inode was freed, and only its leaves tell of its blocks */
};

/* A run of blocks that belonged to a state. */
struct lt_ext4_owned {
    uint64_t block, count;
    uint64_t reach; /* the highest end of all runs up to this one */
    size_t former;  /* whose */
};

struct lt_ext4_formers {
    struct lt_ext4_reader *reader;
    struct lt_ext4_history history;
    struct lt_ext4_former *items; /* owned; by inode, the newest first */
    size_t count, cap;
    struct lt_ext4_pieces pieces;
    struct lt_ext4_owned *owned; /* owned; by block. NULL until it is asked whose a block was, like `reuse` */
    size_t owned_count;
    struct lt_ext4_reuse reuse;
    uint64_t left; /* steps that searches may still take: hostile maps overlap without end */
};

/* Find them all. LT_SKIP: some may be missing, and `err` says why. Free them with lt_formers_free(), also then. */
enum lt_status lt_formers_find(struct lt_ext4_formers *formers, struct lt_ext4_reader *reader, struct lt_err *err);
void lt_formers_free(struct lt_ext4_formers *formers);

/* Did the block belong to another inode, or to another file with the same inode, after the transaction in which
 * `former` was last seen? Also true if only bitmaps tell that it was taken again, and where the search had to give up.
 */
bool lt_formers_owned_later(struct lt_ext4_formers *formers, const struct lt_ext4_former *former, uint64_t block);

/* Read the inode_size bytes of the inode as they were. False: they cannot be read. `out` has room for a block, and the
 * result is in it. */
bool lt_formers_raw(const struct lt_ext4_formers *formers, const struct lt_ext4_former *former, unsigned char *out,
                    struct lt_cursor *bytes);

#endif
