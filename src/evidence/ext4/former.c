// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/former.h"

#include "base/bisect.h"

#include <stdlib.h>

enum { MAX_LOST_GROUPS = 1000, STEPS = 1 << 28, MOST_PIECES = 1 << 22 };

/* The versions of one block of an inode table, the newest first. */
struct versions {
    const struct lt_ext4_copy *copies; /* from the journal */
    size_t count;
    size_t home; /* as many of them are newer than what lies in place */
};

/* The states found in one block of a table. */
struct table_block {
    struct lt_ext4_formers *formers;
    uint32_t first_ino, inodes;
    size_t *last;                 /* owned by the search; for each inode, the state found last + 1 */
    bool changed;                 /* the journal has copies of it */
    unsigned char *bytes, *newer; /* owned by the search; the version at hand, and the one before, if `has_newer` */
    uint32_t sequence;            /* of that one before */
    bool has_newer;
};

static bool is_same(const struct lt_ext4_former *one, const struct lt_ext4_former *other)
{
    const struct lt_ext4_inode *a = &one->inode, *b = &other->inode;
    return one->sum == other->sum && a->generation == b->generation && a->mode == b->mode && a->size == b->size &&
           a->flags == b->flags && a->blocks == b->blocks && !a->links == !b->links &&
           a->xattr_block == b->xattr_block && memcmp(a->body, b->body, sizeof a->body) == 0;
}

/* Of an inode without copies only what was deleted is of interest. With copies all is: what has no map, such as a
 * device, still says when the inode was another's. */
static bool is_wanted(const struct table_block *block, const struct lt_ext4_inode *inode)
{
    return block->changed || (S_ISREG(inode->mode) && !inode->links);
}

static void add_former(struct lt_ext4_formers *formers, const struct lt_ext4_former *former)
{
    if (formers->count == formers->cap) {
        formers->cap = formers->cap ? formers->cap * 2 : 256;
        formers->items = lt_realloc(formers->items, lt_array_size(formers->cap, sizeof *formers->items));
    }
    formers->items[formers->count] = *former;
    formers->items[formers->count].order = formers->count;
    formers->count++;
}

static void take_times(struct lt_ext4_former *former, struct lt_cursor raw)
{
    enum { CHANGED = 0x0C, MODIFIED = 0x10, OLD_INODE = 0x80, MODIFIED_EXTRA = 0x88, BORN = 0x90, END = 0x94 };
    former->fine = raw.len >= END && OLD_INODE + (size_t)lt_le16(&raw, OLD_INODE) >= END;
    former->modified = lt_le32(&raw, MODIFIED);
    if (former->fine)
        former->modified |= (uint64_t)lt_le32(&raw, MODIFIED_EXTRA) << 32;
    former->first_modified = former->modified;
    former->changed = lt_le32(&raw, CHANGED);
    former->at_once = former->fine && (former->changed - lt_le32(&raw, BORN) <= 1 ||
                                       lt_le32(&raw, MODIFIED) - lt_le32(&raw, BORN) <= 1);
}

/* Take the state that one version of the block shows of its inode `i`, unless a newer one showed the same. */
static void take_inode(struct table_block *block, const struct lt_ext4_copy *copy, uint32_t i)
{
    struct lt_ext4_formers *formers = block->formers;
    const struct lt_ext4 *super = &formers->reader->volume.super;
    struct lt_ext4_former former = {.copy = *copy, .at = i * super->inode_size};
    struct lt_ext4_former *last = block->last[i] ? &formers->items[block->last[i] - 1] : NULL;
    struct lt_cursor raw = {.ptr = block->bytes + former.at, .len = super->inode_size};
    uint32_t ino = block->first_ino + i;
    bool unchanged = block->has_newer && last && last->oldest == block->sequence &&
                     memcmp(raw.ptr, block->newer + former.at, raw.len) == 0;
    if (!unchanged) {
        lt_ext4_layout(super, raw, ino, &former.inode);
        former.inode.xattrs = (struct lt_cursor){0};
        former.oldest = former.sequence = copy->sequence;
        take_times(&former, raw);
        if (former.inode.flags & LT_EXT4_INLINE_FL)
            former.sum = lt_crc32c(0, raw.ptr, raw.len);
        if (!is_wanted(block, &former.inode) || lt_ext4_inode_damaged(super, raw, ino))
            return;
    }
    if (unchanged || (last && is_same(last, &former))) {
        last->oldest = copy->sequence;
        last->first_modified = unchanged ? last->first_modified : former.modified;
    } else {
        add_former(formers, &former);
        block->last[i] = formers->count;
    }
}

/* Most inodes are in one version of a block what they are in the next, so these are compared first. */
static void take_version(struct table_block *block, const struct lt_ext4_copy *copy)
{
    const struct lt_ext4 *super = &block->formers->reader->volume.super;
    for (uint32_t i = 0; i < block->inodes; i++) {
        struct lt_cursor raw = {.ptr = block->bytes + (size_t)i * super->inode_size, .len = super->inode_size};
        uint32_t ino = block->first_ino + i;
        if (lt_le16(&raw, 0) && (ino >= super->first_inode || ino == LT_EXT4_ROOT) && ino <= super->inodes)
            take_inode(block, copy, i);
    }
    unsigned char *bytes = block->bytes;
    block->bytes = block->newer;
    block->newer = bytes;
    block->sequence = copy->sequence;
    block->has_newer = true;
}

static struct versions versions_of(const struct lt_ext4_history *history, uint64_t number)
{
    size_t first = lt_history_find(history, number);
    struct versions out = {.copies = history->copies + first};
    while (first + out.count < history->copy_count && out.copies[out.count].block == number) {
        out.home += !lt_jbd2_is_before(out.copies[out.count].sequence, history->journal.sequence);
        out.count++;
    }
    return out;
}

static int by_inode(const void *a, const void *b)
{
    const struct lt_ext4_former *left = a, *right = b;
    if (left->inode.ino != right->inode.ino)
        return left->inode.ino < right->inode.ino ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

/* Groups, blocks in them and inodes in a block come in order. */
static void search_block(struct table_block *block, uint64_t number)
{
    const struct lt_ext4_history *history = &block->formers->history;
    const struct lt_ext4_copy home = lt_history_home(history, number);
    struct versions versions = history->copy_count ? versions_of(history, number) : (struct versions){0};
    size_t first = block->formers->count;
    block->changed = versions.count;
    block->has_newer = false;
    memset(block->last, 0, block->inodes * sizeof *block->last);
    for (size_t i = 0; i <= versions.count; i++) {
        if (i == versions.home && lt_history_read_home(history, number, block->bytes))
            take_version(block, &home);
        if (i < versions.count && lt_history_read(history, &versions.copies[i], block->bytes))
            take_version(block, &versions.copies[i]);
    }
    if (block->formers->count > first)
        qsort(block->formers->items + first, block->formers->count - first, sizeof *block->formers->items, by_inode);
}

/* The inodes of a group that were ever used. A group's descriptor in the journal is in place, so this is today's. */
static uint64_t inodes_of(const struct lt_ext4 *super, const struct lt_ext4_group *group)
{
    if (group->flags & LT_EXT4_INODE_UNINIT && !(group->flags & LT_EXT4_INODE_ZEROED))
        return 0;
    return super->inodes_per_group -
           (group->itable_unused < super->inodes_per_group ? group->itable_unused : super->inodes_per_group);
}

static void search_group(struct lt_ext4_formers *formers, uint64_t number, uint64_t *left)
{
    struct lt_ext4_volume *volume = &formers->reader->volume;
    const struct lt_ext4 *super = &volume->super;
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    struct table_block block = {.formers = formers, .inodes = super->block_size / super->inode_size};
    uint64_t table = group->inode_table, used = inodes_of(super, group);
    block.bytes = lt_realloc(NULL, super->block_size);
    block.newer = lt_realloc(NULL, super->block_size);
    block.last = lt_realloc(NULL, lt_array_size(block.inodes, sizeof *block.last));
    for (uint64_t at = 0; block.inodes && at < used && *left; at += block.inodes, --*left) {
        block.first_ino = (uint32_t)(number * super->inodes_per_group + at + 1);
        if (table + at / block.inodes < lt_volume_blocks(volume))
            search_block(&block, table + at / block.inodes);
    }
    free(block.last);
    free(block.bytes);
    free(block.newer);
}

static void search_groups(struct lt_ext4_formers *formers, struct lt_err *err)
{
    struct lt_ext4_volume *volume = &formers->reader->volume;
    uint64_t groups = lt_ext4_groups(&volume->super), left = lt_volume_blocks(volume);
    unsigned lost = 0;
    for (uint64_t number = 0; number < groups && lost < MAX_LOST_GROUPS && left; number++) {
        if (lt_volume_group(volume, number)) {
            search_group(formers, number, &left);
            continue;
        }
        lost++;
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the descriptor of group %ju", (uintmax_t)number);
    }
    if (!left)
        lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the tables of inodes have more blocks than the disk");
}

/* A fast link, and data in the inode, take no blocks. Of a file, having none says that it is one hole: its size grows
 * only when blocks were found for what was written, or when it was made longer without writing. When it is freed, its
 * size is set to 0 with its map (linux fs/ext4/inode.c, ext4_evict_inode()), so that of a hole stays. */
static bool has_map(const struct lt_ext4_inode *inode)
{
    bool hole = S_ISREG(inode->mode) && inode->size;
    if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode) && !S_ISLNK(inode->mode))
        return false;
    return !(inode->flags & LT_EXT4_INLINE_FL) && (inode->blocks || hole);
}

static int by_logical(const void *a, const void *b)
{
    const struct lt_ext4_piece *left = a, *right = b;
    if (left->node != right->node)
        return left->node ? -1 : 1;
    return (left->logical > right->logical) - (left->logical < right->logical);
}

static void sort_pieces(const struct lt_ext4_formers *formers, struct lt_ext4_former *former)
{
    struct lt_ext4_piece *pieces = formers->pieces.items + former->first_piece;
    if (former->count > 1)
        qsort(pieces, former->count, sizeof *pieces, by_logical);
    while (former->nodes < former->count && pieces[former->nodes].node)
        former->nodes++;
}

static void map_all(struct lt_ext4_formers *formers, struct lt_err *err)
{
    enum { SOME = 256 };
    formers->pieces.cap = SOME; /* there is always an array, even of none */
    formers->pieces.items = lt_realloc(NULL, SOME * sizeof *formers->pieces.items);
    for (size_t i = 0; i < formers->count; i++) {
        struct lt_ext4_former *former = &formers->items[i];
        const struct lt_ext4_inode *inode = &former->inode;
        former->first_piece = formers->pieces.count;
        if (formers->pieces.count > MOST_PIECES) {
            lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "the former states of inodes have too many extents");
            continue;
        }
        if (has_map(inode)) {
            former->mapped = lt_former_map(&formers->history, inode, former->sequence, &formers->pieces);
        } else if (S_ISREG(inode->mode) && !inode->links && !inode->size) {
            former->leaf = lt_former_leaves(&formers->history, inode, &formers->pieces);
            formers->pieces.count = former->leaf ? formers->pieces.count : former->first_piece;
        }
        former->count = formers->pieces.count - former->first_piece;
        sort_pieces(formers, former);
    }
}

static int by_block(const void *a, const void *b)
{
    const struct lt_ext4_owned *left = a, *right = b;
    return left->block != right->block ? left->block < right->block ? -1 : 1
                                       : (left->former > right->former) - (left->former < right->former);
}

static void index_owners(struct lt_ext4_formers *formers)
{
    size_t count = 0;
    formers->owned = lt_realloc(NULL, lt_array_size(formers->pieces.count + 1, sizeof *formers->owned));
    for (size_t i = 0; i < formers->count; i++) {
        const struct lt_ext4_former *former = &formers->items[i];
        const struct lt_ext4_piece *pieces = formers->pieces.items + former->first_piece;
        for (size_t at = 0; at < former->count && !former->leaf; at++)
            formers->owned[count++] = (struct lt_ext4_owned){pieces[at].block, pieces[at].count, 0, i};
    }
    if (count)
        qsort(formers->owned, count, sizeof *formers->owned, by_block);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = formers->owned[i].block + formers->owned[i].count, before = i ? formers->owned[i - 1].reach : 0;
        formers->owned[i].reach = end > before ? end : before;
    }
    formers->owned_count = count;
}

enum lt_status lt_formers_find(struct lt_ext4_formers *formers, struct lt_ext4_reader *reader, struct lt_err *err)
{
    struct lt_err problem = {0};
    *formers = (struct lt_ext4_formers){.reader = reader, .left = STEPS};
    lt_history_open(&formers->history, &reader->volume, &problem);
    search_groups(formers, &problem);
    map_all(formers, &problem);
    return problem.set ? lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text) : LT_OK;
}

void lt_formers_free(struct lt_ext4_formers *formers)
{
    lt_history_free(&formers->history);
    lt_reuse_free(&formers->reuse);
    free(formers->items);
    free(formers->pieces.items);
    free(formers->owned);
}

/* The first run that begins behind `block`. */
static size_t first_behind(const struct lt_ext4_formers *formers, uint64_t block)
{
    return lt_bisect(formers->owned, formers->owned_count, sizeof *formers->owned, block + 1);
}

bool lt_formers_owned_later(struct lt_ext4_formers *formers, const struct lt_ext4_former *former, uint64_t block)
{
    if (!formers->owned) {
        index_owners(formers);
        lt_reuse_find(&formers->reuse, &formers->history);
    }
    if (lt_reuse_after(&formers->reuse, block, former->sequence))
        return true;
    for (size_t at = first_behind(formers, block); at && formers->owned[at - 1].reach > block; at--) {
        const struct lt_ext4_owned *owned = &formers->owned[at - 1];
        const struct lt_ext4_former *other = &formers->items[owned->former];
        if (!formers->left || !--formers->left)
            return true;
        if (owned->block + owned->count > block && lt_jbd2_is_before(former->sequence, other->sequence) &&
            (other->inode.ino != former->inode.ino || other->inode.generation != former->inode.generation))
            return true;
    }
    return false;
}

bool lt_formers_raw(const struct lt_ext4_formers *formers, const struct lt_ext4_former *former, unsigned char *out,
                    struct lt_cursor *bytes)
{
    *bytes = (struct lt_cursor){.ptr = out + former->at, .len = formers->reader->volume.super.inode_size};
    return lt_history_read(&formers->history, &former->copy, out);
}
