// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/reader.h"

#include "evidence/xfs/xattr.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LINK = 1024 }; /* linux fs/xfs/libxfs/xfs_format.h, XFS_SYMLINK_MAXLEN (6.18) */

bool lt_xfs_marked(const struct lt_map *set, uint64_t ino)
{
    return lt_map_get(set, (struct lt_str){(const char *)&ino, sizeof ino}) != NULL;
}

bool lt_xfs_mark(struct lt_xfs_reader *reader, struct lt_map *set, uint64_t ino)
{
    if (lt_xfs_marked(set, ino))
        return false;
    lt_map_put(set, reader->arena, lt_str_dup(reader->arena, (struct lt_str){(const char *)&ino, sizeof ino}), reader);
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

bool lt_xfs_is_unlinked(const struct lt_xfs_reader *reader, uint64_t ino)
{
    const struct lt_xfs_unlinked *unlinked = &reader->unlinked;
    return unlinked->count && bsearch(&ino, unlinked->items, unlinked->count, sizeof ino, by_number);
}

/* What is at the place of another inode with a right checksum is that other one. */
static enum lt_status check_use(const struct lt_xfs_inode *inode, struct lt_err *err)
{
    if (inode->misplaced && !inode->damaged)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "another inode is where inode %ju must be",
                       (uintmax_t)inode->ino);
    if (!(inode->mode & S_IFMT))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is not in use", (uintmax_t)inode->ino);
    return LT_OK;
}

enum lt_status lt_xfs_read_inode(struct lt_xfs_reader *reader, uint64_t ino, struct lt_xfs_held *out,
                                 struct lt_err *err)
{
    enum lt_status status = lt_xfs_hold_inode(&reader->volume, ino, out, err);
    return status == LT_OK ? check_use(&out->inode, err) : status;
}

static void fill(const struct lt_xfs_inode *inode, struct lt_node *node)
{
    node->mode = inode->mode;
    node->uid = inode->uid;
    node->gid = inode->gid;
    node->nlink = inode->nlink;
    node->size = inode->size;
    node->major = inode->major;
    node->minor = inode->minor;
    memcpy(node->time, inode->time, sizeof node->time);
}

/* Append the piece of a target that the extent at block `logical` of the data holds, to `*len` bytes of `text`. */
static enum lt_status link_piece(struct lt_xfs_reader *reader, const struct lt_xfs_held *held, uint64_t logical,
                                 const struct lt_xfs_run *run, char *text, size_t *len, struct lt_err *err)
{
    unsigned char bytes[LT_XFS_MAX_BLOCK];
    const struct lt_xfs *super = &reader->volume.super;
    struct lt_cursor piece;
    bool damaged;
    size_t size = run->count <= sizeof bytes >> super->block_log ? (size_t)run->count << super->block_log : 0;
    if (run->zeros || !size)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the link's target has a hole, or is too large");
    if (lt_xfs_read_fork(&reader->volume, held, &held->inode.data, bytes, size, logical << super->block_log, err) !=
        (ssize_t)size)
        return LT_SKIP;
    if (lt_xfs_link_piece(super, (struct lt_cursor){.ptr = bytes, .len = size}, held->inode.ino, (uint32_t)*len, &piece,
                          &damaged, err) != LT_OK)
        return LT_SKIP;
    size_t left = (size_t)held->inode.size - *len, part = piece.len < left ? piece.len : left;
    memcpy(text + *len, piece.ptr, part);
    *len += part;
    if (!part)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the link's target breaks off");
    if (damaged)
        lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum of the link's target");
    return damaged ? LT_END : LT_OK;
}

/* A target that does not fit the inode lies in extents, each with a head. LT_END: it is used, but damaged. */
static enum lt_status long_target(struct lt_xfs_reader *reader, uint64_t ino, struct lt_arena *arena,
                                  struct lt_str *target, struct lt_err *err)
{
    struct lt_xfs_held held;
    char text[MAX_LINK];
    size_t len = 0;
    bool damaged = false;
    if (lt_xfs_read_inode(reader, ino, &held, err) != LT_OK)
        return LT_SKIP;
    for (uint64_t logical = 0; len < held.inode.size;) {
        struct lt_xfs_run run;
        enum lt_status status = lt_xfs_volume_map(&reader->volume, &held, &held.inode.data, logical, &run, err);
        if (status == LT_OK)
            status = link_piece(reader, &held, logical, &run, text, &len, err);
        if (status == LT_SKIP)
            return LT_SKIP;
        damaged |= status == LT_END;
        logical += run.count;
    }
    *target = lt_str_dup(arena, (struct lt_str){text, len});
    return damaged ? LT_END : LT_OK;
}

static enum lt_status read_target(struct lt_xfs_reader *reader, const struct lt_xfs_inode *inode,
                                  struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
{
    const struct lt_xfs_fork *data = &inode->data;
    if (!inode->size || inode->size > MAX_LINK)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "symbolic link of %ju bytes", (uintmax_t)inode->size);
    if (data->format != LT_XFS_LOCAL)
        return long_target(reader, inode->ino, arena, &node->target, err);
    if (inode->size > data->bytes.len)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the link's target breaks off");
    node->target = lt_str_dup(arena, (struct lt_str){(const char *)data->bytes.ptr, (size_t)inode->size});
    return LT_OK;
}

enum lt_status lt_xfs_describe(struct lt_xfs_reader *reader, struct lt_arena *arena, struct lt_node *node,
                               struct lt_err *err)
{
    struct lt_xfs_inode inode;
    enum lt_status status = lt_xfs_volume_inode(&reader->volume, node->ino, &inode, err);
    if (status == LT_OK)
        status = check_use(&inode, err);
    if (status != LT_OK)
        return status;
    fill(&inode, node);
    if (inode.damaged)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in inode %ju", (uintmax_t)node->ino);
    if (inode.bad_time)
        status = lt_fail(err, LT_SKIP, LT_CODE_BAD_TIME, 0, "inode %ju has an impossible time", (uintmax_t)node->ino);
    if (S_ISLNK(node->mode) && read_target(reader, &inode, arena, node, err) != LT_OK)
        status = LT_SKIP;
    node->damaged = status != LT_OK;
    return status;
}

enum lt_status lt_xfs_describe_as(struct lt_xfs_reader *reader, struct lt_arena *arena, unsigned type,
                                  struct lt_node *node, struct lt_err *err)
{
    enum lt_status status = lt_xfs_describe(reader, arena, node, err);
    if (!type || !node->mode || (node->mode & S_IFMT) == type)
        return status;
    if (status == LT_SKIP)
        node->mode = 0;
    node->damaged = true;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is of another type than its directory says",
                   (uintmax_t)node->ino);
}

/* The kernel makes inodes in chunks, whose times are zero until the first use of each. */
static bool was_used(const struct lt_xfs_inode *inode)
{
    const struct lt_time *born = &inode->time[inode->version >= 3 ? LT_B : LT_C];
    return !inode->bad_time && inode->generation && (born->sec || born->nsec) &&
           (inode->version < 3 || lt_time_cmp(*born, inode->time[LT_C]) <= 0);
}

bool lt_xfs_describe_freed(struct lt_xfs_reader *reader, unsigned type, struct lt_node *node)
{
    struct lt_xfs_inode inode;
    struct lt_err problem = {0};
    if (!lt_xfs_is_free(&reader->chunks, node->ino) ||
        lt_xfs_volume_inode(&reader->volume, node->ino, &inode, &problem) != LT_OK)
        return false;
    if (inode.mode || inode.nlink || inode.damaged || inode.misplaced || !was_used(&inode))
        return false;
    fill(&inode, node);
    node->mode = type;
    node->deleted = inode.time[LT_C];
    return true;
}
