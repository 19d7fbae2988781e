// SPDX-License-Identifier: Apache-2.0
#include "parse/overlay.h"

#include "base/cursor.h"

/* struct ovl_fb: version, magic, total length, flags, type of the handle, UUID of the file system, then the handle. */
enum { FB_MAGIC = 0xFB, FB_SIZE = 21, FB_BIG_ENDIAN = 1 };

/* Types of handles (linux include/linux/exportfs.h; fs/xfs/xfs_export.h: 0x81 is the first with a 64-bit inode). */
enum { INO32_GEN = 0x01, BTRFS = 0x4D, INO64_GEN = 0x81 };

static bool strip(struct lt_str *name, struct lt_str prefix)
{
    if (!lt_str_starts(*name, prefix))
        return false;
    *name = lt_str_skip(*name, prefix.len);
    return true;
}

/* The inode in a file handle; 0 if it is unknown. */
static uint64_t inode_of(struct lt_str value)
{
    struct lt_cursor bytes = {.ptr = (const unsigned char *)value.ptr, .len = value.len};
    bool big = lt_cursor_le(&bytes, 3, 1) & FB_BIG_ENDIAN;
    uint64_t type = lt_cursor_le(&bytes, 4, 1), ino = 0;
    if (lt_cursor_le(&bytes, 1, 1) != FB_MAGIC || lt_cursor_le(&bytes, 2, 1) > value.len)
        return 0;
    if (type == INO32_GEN)
        ino = big ? __builtin_bswap32(lt_le32(&bytes, FB_SIZE)) : lt_le32(&bytes, FB_SIZE);
    else if (type == INO64_GEN || type == BTRFS)
        ino = big ? __builtin_bswap64(lt_cursor_le(&bytes, FB_SIZE, 8)) : lt_cursor_le(&bytes, FB_SIZE, 8);
    return bytes.bad ? 0 : ino;
}

static void mark_opaque(struct lt_overlay_marks *marks, struct lt_str value)
{
    marks->opaque |= lt_str_eq(value, LT_STR("y"));
    marks->has_whiteouts |= lt_str_eq(value, LT_STR("x"));
}

/* fuse-overlayfs honours the kernel's marks of opaque directories as well as its own, and lets no process in the
 * container set them. */
static void mark_fuse(struct lt_overlay_marks *marks, struct lt_str name, struct lt_str value)
{
    if (lt_str_eq(name, LT_STR("trusted.overlay.opaque")) || lt_str_eq(name, LT_STR("user.overlay.opaque")) ||
        lt_str_eq(name, LT_STR("user.fuseoverlayfs.opaque"))) {
        marks->opaque |= lt_str_eq(value, LT_STR("y"));
    } else if (lt_str_eq(name, LT_STR("user.fuseoverlayfs.origin"))) {
        marks->has_origin = true;
        marks->origin_path = lt_str_cut(&value, 0); /* 1.10 writes the NUL, too */
    } else if (lt_str_eq(name, LT_STR("user.containers.override_stat")) ||
               lt_str_eq(name, LT_STR("user.fuseoverlayfs.override_stat")) ||
               lt_str_eq(name, LT_STR("security.fuseoverlayfs.override_stat"))) {
        marks->shown_stat = value;
    }
}

void lt_overlay_mark(struct lt_overlay_marks *marks, enum lt_overlay_names names, struct lt_str name,
                     struct lt_str value)
{
    if (names == LT_OVERLAY_FUSE) {
        mark_fuse(marks, name, value);
        return;
    }
    if (!strip(&name, names == LT_OVERLAY_USER ? LT_STR("user.overlay.") : LT_STR("trusted.overlay.")))
        return;
    if (lt_str_eq(name, LT_STR("opaque"))) {
        mark_opaque(marks, value);
    } else if (lt_str_eq(name, LT_STR("origin"))) {
        marks->has_origin = true;
        marks->origin = inode_of(value);
    } else if (lt_str_eq(name, LT_STR("redirect"))) {
        marks->redirect = value;
    } else if (lt_str_eq(name, LT_STR("metacopy"))) {
        marks->metacopy = true;
    } else if (lt_str_eq(name, LT_STR("whiteout"))) {
        marks->whiteout = true;
    }
}

bool lt_overlay_is_mark(struct lt_str name)
{
    return lt_str_starts(name, LT_STR("trusted.overlay.")) || lt_str_starts(name, LT_STR("user.overlay.")) ||
           lt_str_starts(name, LT_STR("user.fuseoverlayfs."));
}
