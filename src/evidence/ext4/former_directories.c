// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/former_directories.h"

enum { TYPE_DIR = 2 };

/* The path of the directory that had the name, and the name. False: it is not whole. */
static bool add_path(const struct lt_ext4_former_names *names, const struct lt_ext4_former_name *name,
                     struct lt_buf *out, bool *inferred)
{
    const struct lt_ext4_inode parent = {.ino = name->parent, .generation = name->generation};
    if (parent.ino != LT_EXT4_ROOT && !lt_former_path(names, &parent, name->from, out, inferred))
        return false;
    lt_buf_char(out, '/');
    lt_buf_add(out, name->name);
    return true;
}

static enum lt_status pass(const struct lt_ext4_former_names *names, const struct lt_ext4_former_name *name,
                           struct lt_fs *fs, lt_wants_deleted *wants, lt_each_deleted *each, void *arg,
                           struct lt_err *err)
{
    const struct lt_node node = {.ino = name->ino, .mode = S_IFDIR, .name = name->name, .unallocated = true};
    struct lt_deleted out = {.fs = fs, .node = &node, .inferred = name->slack, .transaction = name->from};
    struct lt_buf path = {0};
    enum lt_status status = LT_OK;
    if (add_path(names, name, &path, &out.inferred)) {
        out.path = lt_buf_view(&path);
        if (wants(arg, &out))
            status = each(arg, &out, err);
    }
    lt_buf_free(&path);
    return status;
}

enum lt_status lt_former_directories(const struct lt_ext4_former_names *names, struct lt_fs *fs,
                                     lt_wants_deleted *wants, lt_each_deleted *each, void *arg, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < names->count && status == LT_OK; i++)
        if (names->items[i].type == TYPE_DIR)
            status = pass(names, &names->items[i], fs, wants, each, arg, err);
    return status;
}
