// SPDX-License-Identifier: Apache-2.0
/* What the kernel's overlay file system keeps in extended attributes of its upper layer (linux
 * fs/overlayfs/overlayfs.h, copy_up.c, Documentation/filesystems/overlayfs.rst, kernel 6.18), and fuse-overlayfs in its
 * own (src/xattr.rs, 2026). */
#ifndef LT_PARSE_OVERLAY_H
#define LT_PARSE_OVERLAY_H

#include "base/str.h"

/* Whose names count. A mount of root's stores its marks as trusted.overlay.*, and hands user.overlay.* through as any
 * attribute, which a process in the container may set at will: only a rootless daemon's mounts use those. */
enum lt_overlay_names { LT_OVERLAY_TRUSTED, LT_OVERLAY_USER, LT_OVERLAY_FUSE /* those of fuse-overlayfs */ };

/* The marks of one entry. Initialise with zeros. */
struct lt_overlay_marks {
    bool opaque;        /* a directory that hides what is below it */
    bool has_whiteouts; /* a directory in which attributes may mark whiteouts (opaque = "x") */
    bool whiteout;      /* an empty file that stands for a deletion, if its directory says has_whiteouts */
    bool metacopy;      /* only metadata was copied up: the data are those of the lower file */
    bool has_origin;    /* it was copied up from the inode: */
    uint64_t origin;    /* ...0 where the kind of its file handle is not known */
    /* Borrowed; "" if there is none: */
    struct lt_str redirect;    /* former name in the same directory, or path from the root */
    struct lt_str origin_path; /* of fuse-overlayfs: path from the root of what was copied up */
    struct lt_str shown_stat;  /* likewise: "uid:gid:mode" that the container may see instead of the inode's */
};

/* Take note of one attribute: full name and value, any bytes. Others than overlay's change nothing. */
void lt_overlay_mark(struct lt_overlay_marks *marks, enum lt_overlay_names names, struct lt_str name,
                     struct lt_str value);

/* Is it one of overlay's own, of any kind? */
bool lt_overlay_is_mark(struct lt_str name);

#endif
