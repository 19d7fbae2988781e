// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/attrs.h"

#include "evidence/xfs/xattr.h"

#include <stdlib.h>
#include <string.h>

/* A collection of attributes. */
struct job {
    struct lt_xfs_reader *reader;
    struct lt_xfs_held held;
    struct lt_arena *arena;
    struct lt_list *out;
    struct lt_err *err;
};

static void add(const struct job *job, struct lt_str name, struct lt_str value)
{
    struct lt_xattr *xattr = lt_new(job->arena, struct lt_xattr);
    *xattr = (struct lt_xattr){name, value};
    lt_list_add(job->out, job->arena, xattr);
}

/* Read one block of the fork of the attributes. */
static bool read_block(const struct job *job, uint64_t block, unsigned char *bytes)
{
    struct lt_xfs_volume *volume = &job->reader->volume;
    size_t size = volume->super.block_size;
    return lt_xfs_read_fork(volume, &job->held, &job->held.inode.attr, bytes, size, block * size, job->err) ==
           (ssize_t)size;
}

/* A large value lies in blocks of its own. */
static bool read_value(const struct job *job, const struct lt_xfs_xattr *xattr, struct lt_str *out)
{
    unsigned char bytes[LT_XFS_MAX_BLOCK];
    const struct lt_xfs *super = &job->reader->volume.super;
    char *value = lt_arena_alloc(job->arena, (size_t)xattr->value_size + 1);
    uint32_t done = 0;
    for (uint64_t block = xattr->value_block; done < xattr->value_size; block++) {
        struct lt_cursor piece;
        bool damaged;
        if (!read_block(job, block, bytes) ||
            lt_xfs_value_block(super, (struct lt_cursor){.ptr = bytes, .len = super->block_size}, job->held.inode.ino,
                               done, &piece, &damaged, job->err) != LT_OK ||
            !piece.len)
            return false;
        if (damaged)
            lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum of the value of an extended attribute");
        uint32_t left = xattr->value_size - done, part = piece.len < left ? (uint32_t)piece.len : left;
        memcpy(value + done, piece.ptr, part);
        done += part;
    }
    *out = (struct lt_str){value, xattr->value_size};
    return true;
}

static void take(void *arg, const struct lt_xfs_xattr *disk)
{
    const struct job *job = arg;
    struct lt_str value, acl, form, name = lt_xfs_xattr_name(disk, job->arena);
    if (!disk->remote) {
        value = lt_str_dup(job->arena, (struct lt_str){(const char *)disk->value.ptr, disk->value.len});
    } else if (!read_value(job, disk, &value)) {
        lt_fail(job->err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the value of '%.*s' in inode %ju", LT_ARG(name),
                (uintmax_t)job->held.inode.ino);
        return;
    }
    add(job, name, value);
    if (lt_xfs_xattr_acl(disk, value, job->arena, &acl, &form))
        add(job, acl, form);
}

/* Read a block that has names, or leads to some. */
static bool read_head(const struct job *job, uint32_t number, unsigned char *bytes, struct lt_xfs_xattr_block *head)
{
    const struct lt_xfs *super = &job->reader->volume.super;
    uint64_t ino = job->held.inode.ino;
    if (!read_block(job, number, bytes) ||
        lt_xfs_xattr_block(super, (struct lt_cursor){.ptr = bytes, .len = super->block_size}, ino, head, job->err) !=
            LT_OK)
        return false;
    if (head->damaged)
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0,
                "wrong checksum in block %u of the extended attributes of inode %ju", number, (uintmax_t)ino);
    return true;
}

/* Go down to the first leaf. False: the way is broken. */
static bool first_leaf(const struct job *job, uint32_t *number, unsigned char *bytes, struct lt_xfs_xattr_block *head)
{
    bool good = read_head(job, *number, bytes, head);
    for (unsigned level = good && !head->leaf ? head->level : 0; good && !head->leaf; level--) {
        if (head->level != level)
            return lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0,
                           "the way to the extended attributes of inode %ju is broken", (uintmax_t)job->held.inode.ino),
                   false;
        *number = head->next;
        good = read_head(job, *number, bytes, head);
    }
    return good;
}

/* All leaves, each of which names the next. */
static void block_xattrs(struct job *job)
{
    unsigned char bytes[LT_XFS_MAX_BLOCK];
    const struct lt_xfs *super = &job->reader->volume.super;
    struct lt_xfs_xattr_block head;
    struct lt_map seen = {0};
    uint32_t number = 0;
    bool good = first_leaf(job, &number, bytes, &head);
    while (good) {
        struct lt_cursor block = {.ptr = bytes, .len = super->block_size};
        lt_map_put(&seen, job->arena, lt_str_dup(job->arena, (struct lt_str){(const char *)&number, sizeof number}),
                   job);
        lt_xfs_leaf_xattrs(&head, block, take, job, job->err);
        number = head.next;
        if (!number)
            return;
        good = read_head(job, number, bytes, &head) && head.leaf &&
               !lt_map_get(&seen, (struct lt_str){(const char *)&number, sizeof number});
    }
    lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "the extended attributes of inode %ju break off at block %u",
            (uintmax_t)job->held.inode.ino, number);
}

static int by_name(const void *a, const void *b)
{
    const struct lt_xattr *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->name, (*right)->name);
}

enum lt_status lt_xfs_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                             struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct job job = {.reader = lt_xfs_reader(fs), .arena = arena, .out = out, .err = &problem};
    (void)dir;
    if (lt_xfs_read_inode(job.reader, node->ino, &job.held, err) != LT_OK)
        return LT_SKIP;
    const struct lt_xfs_fork *attr = &job.held.inode.attr;
    if (attr->bytes.len && attr->format == LT_XFS_LOCAL)
        lt_xfs_short_xattrs(attr->bytes, take, &job, &problem);
    else if (attr->bytes.len && (attr->extents || attr->format != LT_XFS_EXTENTS))
        block_xattrs(&job);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return problem.set ? lt_fail(err, LT_SKIP, problem.code, 0, "%s", problem.text) : LT_OK;
}
