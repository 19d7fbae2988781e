// SPDX-License-Identifier: Apache-2.0
/* Deleted files whose contents may still be on the disk, as readers of file systems find them: lt_fs_ops.deleted. */
#ifndef LT_EVIDENCE_DELETED_H
#define LT_EVIDENCE_DELETED_H

#include "evidence/fs.h"

/* What tells where the blocks of the file lay. */
enum lt_map_source {
    LT_MAP_NONE,    /* nothing: its inode is all that is left */
    LT_MAP_JOURNAL, /* a copy of its inode in the journal */
    LT_MAP_HOME,    /* its inode in its table, on a disk to which the journal was not written yet */
    LT_MAP_LEAF,    /* its inode was freed and has no map any more, but the blocks of the map are still there */
    LT_MAP_ORPHAN,  /* its inode: it was deleted while open, and is not freed yet */
};

/* Why a part of the file cannot be had, or not be trusted. */
enum lt_lost_why {
    LT_LOST_USED,   /* its blocks belong to another file today */
    LT_LOST_LATER,  /* its blocks belonged to another file later, which was deleted, too */
    LT_LOST_SHARED, /* the file kept these blocks in a newer state: what it wrote since is there, or what it had */
    LT_LOST_ZEROS,  /* all blocks of the file are zeros, as those are that were trimmed */
    LT_LOST_MAP,    /* nothing tells where it lay */
};

/* A part of the file that is lost, in bytes. */
struct lt_lost {
    uint64_t offset, size;
    enum lt_lost_why why;
};

/* A run of blocks of the file, in bytes: `at` is its place in the file system. What is in none is a hole. */
struct lt_extent {
    uint64_t offset, at, size;
};

/* One find. What it points to is borrowed until the function that gets it returns, but for the handle: a copy of all
 * else can be read as long as the file system is open. */
struct lt_deleted {
    struct lt_fs *fs;
    const struct lt_node *node; /* as it was. Its name is the last step of the path; `deleted` is when it was freed */
    uint32_t generation;        /* tells files with the same inode apart */
    struct lt_str path;         /* begins with a slash if it is whole; if not, steps near the root are lost; "": none */
    bool inferred;              /* of the path, that only the number of an inode links its steps */
    bool lives;                 /* the file is there today; this is what it was */
    bool older;                 /* an older state: a newer one of the same file is another find */
    bool size_unknown;          /* only the last block is known: node->size is without the zeros at its end */
    bool unsettled;             /* it was written to shortly before: what lies in its blocks may be older */
    bool complete;              /* its size is known, and nothing that speaks against any part of it */
    enum lt_map_source source;
    uint32_t transaction; /* the last that shows the file so, if the source is the journal */
    const struct lt_extent *extents;
    size_t extent_count;
    const struct lt_lost *lost; /* in order of their offsets */
    size_t lost_count;
    const void *handle; /* of the reader */
};

/* A state in which a deleted inode was. All is borrowed until the function that gets it returns. */
struct lt_former {
    struct lt_fs *fs;
    const struct lt_node *node; /* as it was, with its four times; `deleted` is set if it was freed by then */
    uint32_t generation;        /* tells files with the same inode apart */
    struct lt_str path;         /* as in struct lt_deleted */
    bool inferred;
    bool today;   /* its inode says so still: no later file has it */
    bool journal; /* read from a copy in the journal, not from the table of inodes */
    uint64_t at;  /* where the inode was read, in bytes of its file system */
};

/* Takes one state. Anything but LT_OK ends the search. */
typedef enum lt_status lt_each_former(void *arg, const struct lt_former *former, struct lt_err *err);

/* Takes one find. Anything but LT_OK ends the search. */
typedef enum lt_status lt_each_deleted(void *arg, const struct lt_deleted *file, struct lt_err *err);

/* Is the find of interest? Asked before its blocks are looked at: only `fs`, `node`, `path`, `inferred` and the number
 * of the file are set. */
typedef bool lt_wants_deleted(void *arg, const struct lt_deleted *file);

/* The contents of a file of at most `longest` bytes that is complete, appended to `out`. False: it is not such a file,
 * has no contents, or cannot be read. */
bool lt_deleted_whole(const struct lt_deleted *file, size_t longest, struct lt_buf *out);

#endif
