// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/past.h"

#include <stdlib.h>

struct lt_ext4_past *lt_ext4_past(struct lt_fs *fs)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    if (reader->past)
        return reader->past;
    struct lt_ext4_past *past = reader->past = lt_realloc(NULL, sizeof *past);
    *past = (struct lt_ext4_past){0};
    past->block = lt_realloc(NULL, reader->volume.super.block_size);
    lt_formers_find(&past->formers, reader, &past->problem);
    return past;
}

struct lt_ext4_former_names *lt_ext4_past_names(struct lt_fs *fs)
{
    struct lt_ext4_past *past = lt_ext4_past(fs);
    if (!past->names.formers)
        lt_former_names_find(&past->names, fs, &past->formers);
    return &past->names;
}

void lt_ext4_past_free(struct lt_ext4_past *past)
{
    if (!past)
        return;
    lt_former_names_free(&past->names);
    lt_formers_free(&past->formers);
    free(past->block);
    free(past);
}

/* Was the file deleted while open? Without a journal there is no list of these. */
static bool is_orphan(struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode)
{
    bool used;
    return lt_ext4_is_orphan(reader, inode->ino) ||
           (!inode->links && !inode->deleted &&
            lt_volume_inode_used(&reader->volume, inode->ino, &used, NULL) == LT_OK && used);
}

struct lt_ext4_family lt_ext4_family_at(const struct lt_ext4_formers *formers, size_t at)
{
    const struct lt_ext4_former *states = &formers->items[at];
    const struct lt_ext4_inode *first = &states[0].inode;
    struct lt_ext4_family family = {.states = states, .count = 1};
    while (at + family.count < formers->count && states[family.count].inode.ino == first->ino &&
           states[family.count].inode.generation == first->generation)
        family.count++;
    family.newest = !at || states[-1].inode.ino != first->ino;
    family.orphan = family.newest && is_orphan(formers->reader, first);
    family.lives = family.newest && !family.orphan && first->links;
    return family;
}

/* --- former states as nodes --- */

struct lt_time lt_ext4_freed_then(const struct lt_ext4 *super, const struct lt_ext4_inode *inode,
                                  const struct lt_node *node)
{
    if (inode->links || inode->deleted <= super->inodes)
        return (struct lt_time){0};
    bool finer = node->time[LT_C].set && node->time[LT_C].sec == inode->deleted;
    return finer ? node->time[LT_C] : lt_time_at(inode->deleted, 0);
}

struct walk {
    struct lt_fs *fs;
    struct lt_ext4_past *past;
    lt_each_former *each;
    void *arg;
};

static enum lt_status pass_state(const struct walk *walk, const struct lt_ext4_family *family, size_t at,
                                 struct lt_err *err)
{
    const struct lt_ext4_former *former = &family->states[at];
    const struct lt_ext4 *super = &walk->past->formers.reader->volume.super;
    struct lt_cursor raw;
    struct lt_node node = {.ino = former->inode.ino, .unallocated = true};
    struct lt_former out = {.fs = walk->fs, .node = &node, .generation = former->inode.generation};
    struct lt_buf path = {0};
    bool bad_time;
    if (!lt_formers_raw(&walk->past->formers, former, walk->past->block, &raw) ||
        lt_ext4_inode(raw, &node, &bad_time, NULL) != LT_OK)
        return LT_OK;
    lt_former_path(lt_ext4_past_names(walk->fs), &former->inode, former->sequence, &path, &out.inferred);
    out.path = lt_buf_view(&path);
    node.name = lt_str_basename(out.path);
    node.deleted = lt_ext4_freed_then(super, &former->inode, &node);
    node.deleted.set &= !family->orphan;
    out.today = family->newest && !at;
    out.journal = !former->copy.home;
    out.at = former->copy.source * super->block_size + former->at;
    enum lt_status status = walk->each(walk->arg, &out, err);
    lt_buf_free(&path);
    return status;
}

enum lt_status lt_ext4_former(struct lt_fs *fs, lt_each_former *each, void *arg, struct lt_err *err)
{
    struct walk walk = {.fs = fs, .past = lt_ext4_past(fs), .each = each, .arg = arg};
    const struct lt_ext4_formers *formers = &walk.past->formers;
    enum lt_status status = LT_OK;
    for (size_t at = 0; at < formers->count && status == LT_OK;) {
        const struct lt_ext4_family family = lt_ext4_family_at(formers, at);
        for (size_t i = 0; !family.lives && i < family.count && status == LT_OK; i++)
            status = pass_state(&walk, &family, i, err);
        at += family.count;
    }
    if (status != LT_OK || !walk.past->problem.set)
        return status;
    return lt_fail(err, LT_SKIP, walk.past->problem.code, walk.past->problem.sys, "%s", walk.past->problem.text);
}
