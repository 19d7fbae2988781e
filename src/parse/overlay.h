// SPDX-License-Identifier: Apache-2.0
/* What the kernel's overlay file system keeps in extended attributes of its upper layer (linux
 * fs/overlayfs/overlayfs.h, copy_up.c, Documentation/filesystems/overlayfs.rst, kernel 6.18), and fuse-overlayfs in its
 * own ones (src/xattr.rs, 2026). */
#ifndef LT_PARSE_OVERLAY_H
#define LT_PARSE_OVERLAY_H

#include "base/str.h"

/* Which names count. A mount made by root stores its marks as trusted.overlay.*. It treats user.overlay.* as ordinary
 * attributes, which a process in the container may set at will; only the mounts of a rootless daemon use those. */
enum lt_overlay_names { LT_OVERLAY_TRUSTED, LT_OVERLAY_USER, LT_OVERLAY_FUSE /* the names of fuse-overlayfs */ };

/* The marks of one entry. Initialise with zeros. */
struct lt_overlay_marks {
    bool opaque;        /* a directory that hides what is below it */
    bool has_whiteouts; /* a directory in which attributes may mark whiteouts (opaque = "x") */
    bool whiteout;      /* an empty file that marks a deletion, if its directory has has_whiteouts */
    bool metacopy;      /* only metadata was copied up; the data is in the lower file */
    bool has_origin;    /* it was copied up from the inode: */
    uint64_t origin;    /* ...0 if the kind of its file handle is not known */
    /* Borrowed; "" if there is none: */
    struct lt_str redirect;    /* former name in the same directory, or path from the root */
    struct lt_str origin_path; /* fuse-overlayfs: path from the root of the entry that was copied up */
    struct lt_str shown_stat;  /* fuse-overlayfs: "uid:gid:mode" that the container sees instead of the inode's */
};

/* Add one attribute: full name and value, any bytes. Attributes that are not overlay's are ignored. */
void lt_overlay_mark(struct lt_overlay_marks *marks, enum lt_overlay_names names, struct lt_str name,
                     struct lt_str value);

/* Is it an attribute of overlay or fuse-overlayfs? */
bool lt_overlay_is_mark(struct lt_str name);

#endif
