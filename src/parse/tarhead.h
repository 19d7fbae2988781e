// SPDX-License-Identifier: Apache-2.0
/* Headers of tar archives: v7, ustar (POSIX.1-1988), GNU and PAX (POSIX.1-2001), as Go's archive/tar reads them, which
 * made and unpacked the layers (go src/archive/tar/{reader,strconv}.go, 1.22; POSIX pax, "ustar Interchange Format" and
 * "pax Header Block").
 *
 * A member is a header of 512 bytes and its data, padded to a multiple of 512. Before it there may be extension members
 * with more facts about it: GNU 'L' and 'K' (a long name, a long link), PAX 'x' (records "LENGTH KEY=VALUE\n"). */
#ifndef LT_PARSE_TARHEAD_H
#define LT_PARSE_TARHEAD_H

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

enum { LT_TAR_BLOCK = 512 };

struct lt_tar_xattr {
    struct lt_str name, value;
};

/* What the headers say about one member. Strings are in the given bytes or in the arena. */
struct lt_tarhead {
    /* '0' file (also of old or odd kinds), '1' hard link, '2' symbolic link, '3' and '4' devices, '5' directory, '6'
     * FIFO, 'S' GNU sparse file, 'g' PAX global header; any other is unchanged */
    char type;
    struct lt_str name, target; /* unchanged: the name of a directory may end in a slash */
    uint32_t mode;              /* permission bits only, 07777 */
    uint64_t uid, gid, size;    /* size: of the data */
    uint32_t major, minor;      /* of a device */
    struct lt_time mtime;       /* always set */
    struct lt_list xattrs;      /* of struct lt_tar_xattr *, from SCHILY.xattr.NAME, in file order */
    bool sparse;                /* stored without its holes, so `size` is not the size of the file */
    struct lt_str sparse_name;  /* GNU.sparse.name, which is then the name: that of the header is made up */
};

/* A member as a reader of whole tars tells it. Strings are valid until its next call. */
struct lt_tar_file {
    struct lt_str name;
    uint64_t size; /* of its contents, 0 if its type has none */
    uint64_t crc;  /* CRC-64 of its contents, if has_crc */
    bool has_crc;
    bool has_head; /* the headers could be read */
    struct lt_tarhead head;
};

/* Decode the member that begins at `bytes`, with its extension members. LT_OK: its headers are `*used` bytes, and its
 * data follows (for 'g' the data belongs to the headers). LT_END: `bytes` ends before the headers do, or a block of
 * zeros comes where a header should be. LT_SKIP: this is not a header, or it is damaged or too large. */
enum lt_status lt_tarhead_parse(struct lt_str bytes, struct lt_arena *arena, struct lt_tarhead *out, size_t *used,
                                struct lt_err *err);

/* Is the block all zeros? Then it ends the archive. */
static inline bool lt_tar_is_zero(struct lt_str block)
{
    return !block.ptr[0] && memcmp(block.ptr, block.ptr + 1, block.len - 1) == 0;
}

/* Bytes from `size` to the next multiple of a block. */
static inline size_t lt_tar_padding(uint64_t size)
{
    return (size_t)(-size % LT_TAR_BLOCK);
}

#endif
