// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/dirents.h"

enum {
    UNUSED = 0xFFFF, /* the first two bytes of unused space */
    ALIGN = 8,
    ENTRY = 9, /* bytes of an entry before its name: inode and length of the name */
    TAG = 2,   /* and at its end: where it begins */
    SUM = 4,   /* place of the checksum in a block of version 5 */
    OWNER = 40,
    TAIL = 8, /* of a block that is a whole directory: how long its index is, which lies before it */
};

/* Magic numbers of blocks: version 5 and before, a whole directory or one of several blocks (XDB3, XDD3, XD2B, XD2D).
 */
static const uint32_t magics[2][2] = {{0x58443244, 0x58443242}, {0x58444433, 0x58444233}};

static unsigned type_of(unsigned code)
{
    static const unsigned types[] = {0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK, S_IFCHR};
    return code < sizeof types / sizeof *types ? types[code] : 0; /* 8 is a whiteout of rename() */
}

static bool is_dots(struct lt_str name)
{
    return lt_str_eq(name, LT_STR(".")) || lt_str_eq(name, LT_STR(".."));
}

/* --- the short form --- */

enum { SHORT_HEAD = 2, SHORT_ENTRY = 3 };

enum lt_status lt_xfs_short_names(const struct lt_xfs *xfs, struct lt_cursor bytes, lt_xfs_each_name *each, void *arg,
                                  struct lt_err *err)
{
    unsigned count = (unsigned)lt_cursor_be(&bytes, 0, 1), wide = (unsigned)lt_cursor_be(&bytes, 1, 1);
    unsigned number = wide ? 8 : 4, type = xfs->ftype;
    size_t at = SHORT_HEAD + number;
    bytes.bad |= at > bytes.len;
    for (unsigned i = 0; i < count && !bytes.bad; i++) {
        size_t length = (size_t)lt_cursor_be(&bytes, at, 1), behind = at + SHORT_ENTRY + length;
        struct lt_xfs_name name = {.ino = lt_cursor_be(&bytes, behind + type, number)};
        if (bytes.bad || !length)
            break;
        name.name = (struct lt_str){(const char *)bytes.ptr + at + SHORT_ENTRY, length};
        name.type = type ? type_of(bytes.ptr[behind]) : 0;
        each(arg, &name);
        at = behind + type + number;
    }
    /* Nothing but entries is there. */
    return !bytes.bad && at == bytes.len
               ? LT_OK
               : lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the directory in the inode breaks off");
}

/* --- blocks --- */

static size_t head_of(const struct lt_xfs *xfs)
{
    return xfs->v5 ? 64 : 16;
}

/* A block that is being read. */
struct block_job {
    const struct lt_xfs *xfs;
    struct lt_cursor block;
    lt_xfs_each_name *each;
    void *arg;
};

/* How long an entry is whose name has `length` bytes. */
static size_t entry_size(const struct lt_xfs *xfs, size_t length)
{
    return (ENTRY + length + xfs->ftype + TAG + ALIGN - 1) / ALIGN * ALIGN;
}

/* Decode the entry at `at`, which ends before `end`. False: it does not. */
static bool decode(const struct lt_xfs *xfs, struct lt_cursor block, size_t at, size_t end, struct lt_xfs_name *out)
{
    size_t length = (size_t)lt_cursor_be(&block, at + 8, 1);
    if (block.bad || !length || entry_size(xfs, length) > end - at)
        return false;
    *out = (struct lt_xfs_name){
        .name = {(const char *)block.ptr + at + ENTRY, length},
        .ino = lt_cursor_be(&block, at, 8),
    };
    if (xfs->ftype)
        out->type = type_of((unsigned)lt_cursor_be(&block, at + ENTRY + length, 1));
    return true;
}

/* The tag of an entry says where it begins. When unused space is joined, the last tag in it becomes where all of it
 * begins, which is `start`. */
static bool is_left_over(const struct block_job *job, size_t at, size_t start, size_t end, struct lt_xfs_name *out)
{
    struct lt_cursor block = job->block;
    if (!decode(job->xfs, block, at, end, out) || memchr(out->name.ptr, 0, out->name.len) ||
        memchr(out->name.ptr, '/', out->name.len))
        return false;
    size_t behind = at + entry_size(job->xfs, out->name.len), tag = (size_t)lt_cursor_be(&block, behind - TAG, 2);
    if (tag != at && !(behind == end && tag == start))
        return false;
    out->slack = true;
    out->half = lt_cursor_be(&block, at, 2) == UNUSED;
    if (out->half)
        out->ino &= UINT32_MAX;
    return out->ino && (!job->xfs->ftype || out->type) && !is_dots(out->name);
}

/* What is left of entries in unused space: from where it begins, which is not always where an entry did. */
static void slack_names(const struct block_job *job, size_t start, size_t end)
{
    struct lt_xfs_name name;
    for (size_t at = start; at < end;) {
        bool found = is_left_over(job, at, start, end, &name);
        if (found)
            job->each(job->arg, &name);
        at += found ? entry_size(job->xfs, name.name.len) : ALIGN;
    }
}

/* Where the entries end: at the index, if the block is a whole directory. */
static size_t data_end(const struct lt_xfs *xfs, struct lt_cursor *block)
{
    enum { INDEX_ENTRY = 8 };
    if (lt_cursor_be(block, 0, 4) != magics[xfs->v5][1] || block->len < TAIL)
        return block->len;
    uint64_t index = lt_cursor_be(block, block->len - TAIL, 4) * INDEX_ENTRY, room = block->len - TAIL;
    return index <= room ? (size_t)(room - index) : 0;
}

enum lt_status lt_xfs_block_names(const struct lt_xfs *xfs, struct lt_cursor block, bool slack, lt_xfs_each_name *each,
                                  void *arg, struct lt_err *err)
{
    struct block_job job = {xfs, block, each, arg};
    uint32_t magic = (uint32_t)lt_cursor_be(&block, 0, 4);
    if (magic != magics[xfs->v5][0] && magic != magics[xfs->v5][1])
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no names in block");
    size_t at = head_of(xfs), end = data_end(xfs, &block);
    while (at < end) {
        struct lt_xfs_name name;
        size_t size;
        if (lt_cursor_be(&block, at, 2) == UNUSED) {
            size = (size_t)lt_cursor_be(&block, at + 2, 2);
            if (size % ALIGN || !size || size > end - at)
                break;
            if (slack)
                slack_names(&job, at, at + size);
        } else {
            if (!decode(xfs, block, at, end, &name))
                break;
            size = entry_size(xfs, name.name.len);
            if (!is_dots(name.name))
                each(arg, &name);
        }
        at += size;
    }
    if (at == end)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the names break off at byte %zu of block", at);
}

bool lt_xfs_dir_block_damaged(const struct lt_xfs *xfs, struct lt_cursor block)
{
    return xfs->v5 && lt_xfs_sum_wrong(block, SUM);
}

uint64_t lt_xfs_dir_block_owner(const struct lt_xfs *xfs, struct lt_cursor block)
{
    return xfs->v5 ? lt_cursor_be(&block, OWNER, 8) : 0;
}
