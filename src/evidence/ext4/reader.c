// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/reader.h"

#include "evidence/ext4/dirents.h"
#include "evidence/ext4/xattr.h"

#include <stdlib.h>

enum { MAX_LINK = 4096 };

enum lt_status lt_ext4_read_inode(struct lt_ext4_reader *reader, uint64_t ino, struct lt_cursor *bytes,
                                  struct lt_ext4_inode *inode, struct lt_err *err)
{
    enum lt_status status = lt_volume_inode(&reader->volume, ino, bytes, err);
    if (status == LT_OK)
        lt_ext4_layout(&reader->volume.super, *bytes, (uint32_t)ino, inode);
    return status;
}

static void take_inline(void *arg, const struct lt_ext4_xattr *xattr)
{
    struct lt_ext4_inline *data = arg;
    if (!lt_ext4_is_inline_data(xattr) || xattr->value.len > LT_EXT4_MAX_INLINE - data->len)
        return;
    if (xattr->value.len)
        memcpy(data->bytes + data->len, xattr->value.ptr, xattr->value.len);
    data->len += xattr->value.len;
}

enum lt_status lt_ext4_read_inline(const struct lt_ext4_inode *inode, struct lt_ext4_inline *out, struct lt_err *err)
{
    memcpy(out->bytes, inode->body, sizeof inode->body);
    out->len = sizeof inode->body;
    return inode->xattrs.len ? lt_ext4_inode_xattrs(inode->xattrs, take_inline, out, err) : LT_OK;
}

int lt_ext4_by_number(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

bool lt_ext4_is_orphan(const struct lt_ext4_reader *reader, uint32_t ino)
{
    const struct lt_ext4_orphans *orphans = &reader->orphans;
    return orphans->count && bsearch(&ino, orphans->items, orphans->count, sizeof ino, lt_ext4_by_number);
}

static void contradict(struct lt_ext4_reader *reader, uint32_t ino)
{
    if (!reader->contradicted++)
        reader->first_contradicted = ino;
}

bool lt_ext4_is_deleted(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode)
{
    bool used, lives = inode->mode && inode->links && !inode->deleted;
    if (lt_ext4_is_orphan(reader, inode->ino))
        return true;
    if (lt_volume_inode_used(&reader->volume, inode->ino, &used, NULL) != LT_OK)
        return !lives;
    if (!used && lives)
        contradict(reader, inode->ino);
    return !used && !lives;
}

void lt_ext4_note_name(struct lt_ext4_reader *reader, uint32_t ino)
{
    bool used;
    if (!reader->named || ino > reader->volume.super.inodes || !lt_ext4_mark(reader->named, ino))
        return;
    if (lt_volume_inode_used(&reader->volume, ino, &used, NULL) == LT_OK && !used)
        contradict(reader, ino);
}

struct lt_time lt_ext4_freed(const struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode)
{
    bool freed = inode->deleted && !lt_ext4_is_orphan(reader, inode->ino);
    return freed ? lt_time_at(inode->deleted, 0) : (struct lt_time){0};
}

uint32_t lt_ext4_parent_of(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode)
{
    struct lt_ext4_volume *volume = &reader->volume;
    struct lt_ext4_run run;
    struct lt_err problem = {0};
    uint32_t self, parent;
    struct lt_cursor block = {.ptr = inode->body, .len = sizeof inode->body};
    if (inode->flags & LT_EXT4_INLINE_FL)
        return lt_le32(&block, 0);
    if (lt_volume_map(volume, inode, 0, &run, &problem) != LT_OK || run.zeros ||
        (!lt_ext4_is_orphan(reader, inode->ino) && lt_volume_block_used(volume, run.block)))
        return 0;
    block = (struct lt_cursor){.ptr = lt_volume_block(volume, run.block), .len = volume->super.block_size};
    uint32_t seed = lt_ext4_inode_seed(&volume->super, inode->ino, inode->generation);
    if (!block.ptr || lt_ext4_block_damaged(&volume->super, block, seed))
        return 0;
    lt_ext4_dots(block, &self, &parent);
    return self == inode->ino ? parent : 0;
}

/* A target of 60 bytes and more lies where a file has its data. */
static enum lt_status long_target(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode,
                                  struct lt_arena *arena, struct lt_str *target, struct lt_err *err)
{
    struct lt_ext4_inline data;
    char text[MAX_LINK];
    size_t size = (size_t)inode->size;
    const char *from = text;
    if (inode->flags & LT_EXT4_ENCRYPT_FL)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "the link's target is encrypted");
    if (inode->size > sizeof text)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "symbolic link of %ju bytes", (uintmax_t)inode->size);
    if (inode->flags & LT_EXT4_INLINE_FL) {
        if (lt_ext4_read_inline(inode, &data, err) != LT_OK || data.len < size)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the link's target breaks off");
        from = (const char *)data.bytes;
    } else if (lt_volume_read_file(&reader->volume, inode, text, size, 0, err) != (ssize_t)size) {
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the link's target");
    }
    *target = lt_str_dup(arena, (struct lt_str){from, size});
    return LT_OK;
}

enum lt_status lt_ext4_describe(struct lt_ext4_reader *reader, struct lt_arena *arena, struct lt_node *node,
                                struct lt_err *err)
{
    struct lt_cursor bytes;
    bool bad_time;
    const struct lt_ext4 *super = &reader->volume.super;
    enum lt_status status = lt_volume_inode(&reader->volume, node->ino, &bytes, err);
    if (status == LT_OK)
        status = lt_ext4_inode(bytes, node, &bad_time, err);
    if (status != LT_OK)
        return status;
    if (lt_ext4_inode_damaged(super, bytes, (uint32_t)node->ino))
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in inode %ju", (uintmax_t)node->ino);
    if (bad_time)
        status = lt_fail(err, LT_SKIP, LT_CODE_BAD_TIME, 0, "inode %ju has an impossible time", (uintmax_t)node->ino);
    node->stale = lt_fast_dir(reader->volume.fast, (uint32_t)node->ino) != NULL;
    if (S_ISDIR(node->mode) && super->incompat & LT_EXT4_INCOMPAT_LARGEDIR)
        node->size |= (uint64_t)lt_le32(&bytes, 0x6C) << 32;
    if (node->target.len && !(lt_le32(&bytes, LT_EXT4_FLAGS) & LT_EXT4_ENCRYPT_FL)) {
        node->target = lt_str_dup(arena, node->target);
    } else if (S_ISLNK(node->mode) && node->size) {
        node->target = LT_STR("");
        struct lt_ext4_inode inode;
        lt_ext4_layout(super, bytes, (uint32_t)node->ino, &inode);
        if (long_target(reader, &inode, arena, &node->target, err) != LT_OK)
            status = LT_SKIP;
    }
    node->damaged = status != LT_OK;
    return status;
}

enum lt_status lt_ext4_describe_as(struct lt_ext4_reader *reader, struct lt_arena *arena, unsigned type,
                                   struct lt_node *node, struct lt_err *err)
{
    enum lt_status status = lt_ext4_describe(reader, arena, node, err);
    if (!type || !node->mode || (node->mode & S_IFMT) == type)
        return status;
    if (status == LT_SKIP)
        node->mode = 0;
    node->damaged = true;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is of another type than its directory says",
                   (uintmax_t)node->ino);
}
