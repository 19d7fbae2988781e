// SPDX-License-Identifier: Apache-2.0
/* What is gone from a layer, and when. Whiteouts and moved files of one layer are collected, and told together once it
 * is walked: only then is known which deletion was the first half of a rename, and how many share a whiteout.
 *
 * Since Linux 5.8 all whiteouts of one mount are links to one inode (linux fs/overlayfs/dir.c, ovl_whiteout): its mtime
 * and birth are the first deletion, its ctime the last change to any of them. */
#ifndef LT_SOURCE_DELETIONS_H
#define LT_SOURCE_DELETIONS_H

#include "read/context.h"

/* What tells that something is gone. */
enum lt_gone_by {
    LT_GONE_WHITEOUT, /* a mark of the name */
    LT_GONE_OPAQUE,   /* a directory made anew, without the name */
    LT_GONE_MISSING,  /* the copy of a whole directory, without the name */
};

struct lt_gone {
    enum lt_gone_by by;
    const struct lt_dir *dir;       /* of the layer, holding `witness` */
    const struct lt_node *witness;  /* the whiteout, or the directory without the name; copied */
    struct lt_str inside;           /* path of what is gone, in the container; copied */
    const struct lt_hidden *hidden; /* what it was; copied. NULL: not known */
    const struct lt_attr *facts;    /* LT_ATTR_FACTS to be told with it; the list is copied. NULL: none */
    struct lt_time since;           /* LT_GONE_OPAQUE: it was gone by then */
};

/* An entry whose inode was copied up from another place than it stands at. */
struct lt_moved {
    struct lt_event event; /* as it is, should it be no rename; node and hides are copied */
    uint64_t origin;       /* inode it was copied from */
};

struct lt_deletions {
    const struct lt_layer *layer;
    struct lt_time mounted; /* birth of work/work: when an rw layer was mounted for the last time; may be unset */
    struct lt_arena arena;
    struct lt_list gone;  /* of struct gone * */
    struct lt_list moved; /* of struct moved * */
};

/* Begin with a layer, whose work directory is looked at. End with lt_deletions_end(). */
void lt_deletions_begin(struct lt_deletions *deletions, struct lt_ctx *ctx, const struct lt_layer *layer);
void lt_deletions_end(struct lt_deletions *deletions);

/* Both copy what they are given, but directories. */
void lt_deletions_add(struct lt_deletions *deletions, const struct lt_gone *gone);
void lt_deletions_move(struct lt_deletions *deletions, const struct lt_moved *moved);

/* Emit one event for each: of the deletions as seen now, of the moved files as seen before. */
enum lt_status lt_deletions_emit(struct lt_deletions *deletions, struct lt_ctx *ctx, struct lt_err *err);

#endif
