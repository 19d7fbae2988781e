// SPDX-License-Identifier: Apache-2.0
/* When something was removed from a layer: an exact time, or bounds and the likeliest time between them.
 *
 * Since Linux 5.8 all whiteouts of one mount are links to one inode (linux fs/overlayfs/dir.c, ovl_whiteout). Its mtime
 * and birth are the time of the first removal. Its ctime is that of the last change to any of the links: the last
 * removal, a new entry in place of a whiteout, or the next mount. A directory is copied up, and so born in the layer,
 * at the first change in it. Its mtime is that of the last change to its names.
 *
 * So the bounds of a removal are times at which something happened. If nothing else in the layer shows what, it most
 * likely was the removal. That is why the entries of the layer are noted: one that came to its directory when this
 * changed explains the mtime, one that was copied up or made when the directory was born explains the birth, and one
 * that was made in place of a lower one may explain the ctime of the whiteouts. */
#ifndef LT_FILES_REMOVAL_TIMES_H
#define LT_FILES_REMOVAL_TIMES_H

#include "base/map.h"
#include "model/inventory.h"

/* What shows that something was removed. */
enum lt_removal_by {
    LT_REMOVAL_WHITEOUT, /* a mark with its name */
    LT_REMOVAL_OPAQUE,   /* a directory that was made anew, without the name */
    LT_REMOVAL_MISSING,  /* the copy of a whole directory, without the name */
};

struct lt_removal {
    enum lt_removal_by by;
    const struct lt_dir *dir;      /* of the layer, holding `witness` */
    const struct lt_node *witness; /* the whiteout, or the directory without the name; copied */
    const struct lt_attr *facts;   /* LT_ATTR_FACTS to be emitted with it; the list is copied. NULL: none */
    struct lt_time since;          /* LT_REMOVAL_OPAQUE: it was removed no later than this */
};

enum { LT_EXPLAINERS = 2 };

/* The inodes of entries that explain a time of their directory. Two are kept, as one may be that of the whiteout. */
struct lt_explainers {
    uint64_t inodes[LT_EXPLAINERS];
};

/* A directory of the layer, and what explains its times. */
struct lt_removal_dir {
    const struct lt_dir *dir;
    struct lt_explainers changed, born; /* its mtime, its birth */
    size_t whiteouts;                   /* it is kept if it holds any */
};

/* What one layer shows. Set `layer` and `mounted`; end with lt_removal_times_end(). */
struct lt_removal_times {
    const struct lt_layer *layer;
    struct lt_time mounted; /* birth of work/work: when an rw layer was mounted for the last time; may be unset */
    struct lt_arena arena;
    struct lt_removal_dir *at; /* the directory whose entries are being noted */
    struct lt_map dirs;        /* by address: struct lt_removal_dir *, those that hold whiteouts */
    struct lt_map links;       /* by inode of whiteouts: how many the layer has, size_t * */
    struct lt_map anew;        /* moments at which an entry was made in place of a lower one */
    struct lt_map copies;      /* by directory, second of the mtime, and mode: new directories with an old mtime */
};

/* Free what was noted. */
void lt_removal_times_end(struct lt_removal_times *times);

/* Note an entry of the layer, whose event says how it came there. The entries of a directory come one after the other.
 */
void lt_removal_times_note(struct lt_removal_times *times, const struct lt_event *event);

/* Fill in the time of the removal of `hidden` (NULL: not known what it was), and its bounds unless it is exact. Returns
 * why that time is the likeliest, in words that follow "most likely"; "" if it is exact or the plain bound. They live
 * until the end. For an image layer, the file system only has the time at which the layer was unpacked here. The
 * removal was before that. */
struct lt_str lt_removal_times_set(struct lt_removal_times *times, const struct lt_removal *removal,
                                   const struct lt_hidden *hidden, struct lt_event *event);

#endif
