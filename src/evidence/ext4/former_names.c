// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/former_names.h"

#include "evidence/ext4/dirents.h"
#include "evidence/ext4/list.h"

#include <stdlib.h>

enum { DEEPEST = 256 };

static void add_name(struct lt_ext4_former_name **items, size_t *count, size_t *cap,
                     const struct lt_ext4_former_name *name)
{
    if (*count == *cap) {
        *cap = *cap ? *cap * 2 : 1024;
        *items = lt_realloc(*items, lt_array_size(*cap, sizeof **items));
    }
    (*items)[(*count)++] = *name;
}

static bool is_wanted(const struct lt_ext4_former_names *names, uint64_t ino)
{
    return ino && ino <= names->formers->reader->volume.super.inodes && lt_ext4_marked(names->wanted, ino);
}

static int by_inode(const void *a, const void *b)
{
    const struct lt_ext4_former_name *left = a, *right = b;
    if (left->ino != right->ino)
        return left->ino < right->ino ? -1 : 1;
    if (left->parent != right->parent)
        return left->parent < right->parent ? -1 : 1;
    if (left->from != right->from)
        return lt_jbd2_is_before(left->from, right->from) ? 1 : -1;
    return lt_str_cmp(left->name, right->name);
}

/* --- directories of today --- */

struct living_job {
    struct lt_ext4_former_names *names;
    uint32_t parent, generation;
};

/* A name in the slack has no time: it was there at some time. */
static void take_living(void *arg, const struct lt_ext4_name *name)
{
    enum { TYPE_DIR = 2 };
    const struct living_job *job = arg;
    struct lt_ext4_former_names *names = job->names;
    bool is_dir = !name->slack && (!name->type || name->type == TYPE_DIR);
    if (!lt_fs_is_name(name->name) || (!is_dir && !is_wanted(names, name->ino)))
        return;
    const struct lt_ext4_former_name item = {.ino = (uint32_t)name->ino,
                                             .parent = job->parent,
                                             .generation = job->generation,
                                             .slack = name->slack,
                                             .type = name->type,
                                             .name = lt_str_dup(&names->arena, name->name)};
    if (name->slack)
        add_name(&names->items, &names->count, &names->cap, &item);
    else
        add_name(&names->living, &names->living_count, &names->living_cap, &item);
}

/* The names of one inode, if it is a directory in use. */
static void visit_living(struct lt_ext4_former_names *names, struct lt_fs *fs, uint32_t ino)
{
    struct lt_ext4_reader *reader = names->formers->reader;
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    struct lt_err ignored = {0};
    if (lt_ext4_read_inode(reader, ino, &bytes, &inode, &ignored) != LT_OK || !S_ISDIR(inode.mode))
        return;
    struct living_job job = {names, ino, inode.generation};
    lt_ext4_all_names_of(fs, ino, take_living, &job, &ignored);
}

/* The names of all directories in use: those of each depth in the order in which their inodes lie on the disk. */
static void find_living(struct lt_ext4_former_names *names, struct lt_fs *fs)
{
    uint32_t inodes = names->formers->reader->volume.super.inodes;
    unsigned char *seen = calloc((size_t)inodes / 8 + 1, 1);
    if (!seen)
        return;
    lt_ext4_mark(seen, LT_EXT4_ROOT);
    visit_living(names, fs, LT_EXT4_ROOT);
    for (size_t at = 0, end; at < names->living_count; at = end) {
        end = names->living_count;
        qsort(names->living + at, end - at, sizeof *names->living, by_inode);
        for (size_t i = at; i < end; i++) {
            uint32_t ino = names->living[i].ino;
            if (ino <= inodes && lt_ext4_mark(seen, ino))
                visit_living(names, fs, ino);
        }
    }
    free(seen);
}

/* --- blocks of directories as they were --- */

/* The versions of one block of a directory, taken from the newest on. */
struct block_job {
    struct lt_ext4_former_names *names;
    const struct lt_ext4_former *dir;
    uint32_t from, to;   /* transactions of the version at hand */
    bool ends;           /* there is a newer version */
    size_t before, here; /* where the names of the newer version begin and end */
};

/* Does the newer version of the block have the same name? Then it is one entry that lasted longer. */
static bool lasted(const struct block_job *job, const struct lt_ext4_name *name)
{
    struct lt_ext4_former_names *names = job->names;
    for (size_t i = job->before; i < job->here; i++) {
        struct lt_ext4_former_name *item = &names->items[i];
        if (item->ino == name->ino && !item->slack && item->from == job->to && lt_str_eq(item->name, name->name)) {
            item->from = job->from;
            return true;
        }
    }
    return false;
}

static void take_former(void *arg, const struct lt_ext4_name *name)
{
    struct block_job *job = arg;
    struct lt_ext4_former_names *names = job->names;
    if (!is_wanted(names, name->ino) || !lt_fs_is_name(name->name) || (!name->slack && job->ends && lasted(job, name)))
        return;
    add_name(&names->items, &names->count, &names->cap,
             &(struct lt_ext4_former_name){name->ino, job->dir->inode.ino, job->dir->inode.generation, job->from,
                                           job->to, job->ends, name->slack, name->type,
                                           lt_str_dup(&names->arena, name->name)});
}

/* Was the directory seen at that time? Where blocks have no checksums this alone says that it was its block. */
static bool is_its_block(const struct block_job *job, struct lt_cursor block, uint64_t logical, uint32_t sequence)
{
    const struct lt_ext4 *super = &job->names->formers->reader->volume.super;
    const struct lt_ext4_inode *inode = &job->dir->inode;
    uint32_t self = inode->ino, parent;
    if (!logical)
        lt_ext4_dots(block, &self, &parent);
    if (self != inode->ino)
        return false;
    if (super->checksums)
        return !lt_ext4_block_damaged(super, block, lt_ext4_inode_seed(super, inode->ino, inode->generation));
    return !logical ||
           (!lt_jbd2_is_before(sequence, job->dir->oldest) && !lt_jbd2_is_before(job->dir->sequence, sequence));
}

static void take_version(struct block_job *job, const struct lt_ext4_copy *copy, uint32_t from, uint64_t logical,
                         unsigned char *bytes)
{
    const struct lt_ext4 *super = &job->names->formers->reader->volume.super;
    struct lt_cursor block = {.ptr = bytes, .len = super->block_size};
    struct lt_err ignored = {0};
    const struct lt_ext4_history *history = &job->names->formers->history;
    if (!(copy->home ? lt_history_read_home(history, copy->block, bytes) : lt_history_read(history, copy, bytes)))
        return;
    job->from = from;
    if (is_its_block(job, block, logical, copy->sequence)) {
        lt_ext4_block_names(super, block, !logical, job->dir->inode.flags & LT_EXT4_INDEX_FL, true, take_former, job,
                            &ignored);
        job->before = job->here;
        job->here = job->names->count;
    }
    job->to = from;
    job->ends = true;
}

/* What lies in place is newer than copies that the kernel has put there. If there is none of those, it lies there as
 * long as the journal reaches back. */
static void take_block(struct lt_ext4_former_names *names, const struct lt_ext4_former *dir, uint64_t number,
                       uint64_t logical, unsigned char *bytes)
{
    const struct lt_ext4_history *history = &names->formers->history;
    const struct lt_ext4_copy home = lt_history_home(history, number);
    struct block_job job = {.names = names, .dir = dir, .before = names->count, .here = names->count};
    bool home_done = false;
    for (size_t at = lt_history_find(history, number);; at++) {
        bool more = at < history->copy_count && history->copies[at].block == number;
        if (!home_done && (!more || lt_jbd2_is_before(history->copies[at].sequence, history->journal.sequence))) {
            take_version(&job, &home, more ? home.sequence : history->oldest, logical, bytes);
            home_done = true;
        }
        if (!more)
            break;
        take_version(&job, &history->copies[at], history->copies[at].sequence, logical, bytes);
    }
}

/* A directory whose names lie in its inode, in the state `at` of all. */
static void take_inline(struct lt_ext4_former_names *names, size_t at, unsigned char *bytes)
{
    enum { PARENT = 4 };
    const struct lt_ext4_former *dir = &names->formers->items[at];
    struct block_job job = {.names = names, .dir = dir, .from = dir->oldest, .before = names->count};
    struct lt_ext4_inline data;
    struct lt_ext4_inode inode;
    struct lt_cursor raw;
    struct lt_err ignored = {0};
    job.here = names->count;
    job.ends = at && names->formers->items[at - 1].inode.ino == dir->inode.ino;
    if (job.ends)
        job.to = names->formers->items[at - 1].oldest;
    if (!lt_formers_raw(names->formers, dir, bytes, &raw))
        return;
    lt_ext4_layout(&names->formers->reader->volume.super, raw, dir->inode.ino, &inode);
    if (lt_ext4_read_inline(&inode, &data, &ignored) != LT_OK)
        return;
    const struct lt_cursor near = {.ptr = data.bytes + PARENT, .len = LT_EXT4_BODY - PARENT};
    const struct lt_cursor far = {.ptr = data.bytes + LT_EXT4_BODY, .len = data.len - LT_EXT4_BODY};
    lt_ext4_inline_names(near, take_former, &job, &ignored);
    lt_ext4_inline_names(far, take_former, &job, &ignored);
}

static void find_former(struct lt_ext4_former_names *names)
{
    struct lt_ext4_formers *formers = names->formers;
    uint64_t left = lt_volume_blocks(&formers->reader->volume);
    unsigned char *bytes = lt_realloc(NULL, formers->reader->volume.super.block_size);
    for (size_t i = 0; i < formers->count; i++) {
        const struct lt_ext4_former *dir = &formers->items[i];
        const struct lt_ext4_piece *pieces = formers->pieces.items + dir->first_piece;
        if (S_ISDIR(dir->inode.mode) && dir->inode.flags & LT_EXT4_INLINE_FL && dir->inode.links)
            take_inline(names, i, bytes);
        for (size_t at = 0; S_ISDIR(dir->inode.mode) && at < dir->count; at++)
            for (uint64_t b = 0; !pieces[at].node && b < pieces[at].count && left; b++, left--)
                take_block(names, dir, pieces[at].block + b, pieces[at].logical + b, bytes);
    }
    free(bytes);
}

/* --- all of them --- */

void lt_former_names_find(struct lt_ext4_former_names *names, struct lt_fs *fs, struct lt_ext4_formers *formers)
{
    uint32_t inodes = formers->reader->volume.super.inodes;
    *names = (struct lt_ext4_former_names){.formers = formers};
    /* Zeroed pages cost nothing until they are written, however many inodes a hostile superblock claims. */
    names->wanted = calloc((size_t)inodes / 8 + 1, 1);
    if (!names->wanted)
        return;
    for (size_t i = 0; i < formers->count; i++)
        lt_ext4_mark(names->wanted, formers->items[i].inode.ino);
    find_living(names, fs);
    find_former(names);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, by_inode);
    if (names->living_count)
        qsort(names->living, names->living_count, sizeof *names->living, by_inode);
}

void lt_former_names_free(struct lt_ext4_former_names *names)
{
    lt_arena_free(&names->arena);
    free(names->items);
    free(names->living);
    free(names->wanted);
}

/* The first name of the inode; NULL: none. `*count` is how many there are. */
static const struct lt_ext4_former_name *names_of(const struct lt_ext4_former_name *items, size_t all, uint32_t ino,
                                                  size_t *count)
{
    size_t low = 0, high = all;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].ino < ino)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < all && items[low + *count].ino == ino;)
        ++*count;
    return *count ? &items[low] : NULL;
}

/* Is the inode in use today, and for the same file? */
static bool lives(const struct lt_ext4_former_names *names, uint32_t ino, uint32_t generation)
{
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    return lt_ext4_read_inode(names->formers->reader, ino, &bytes, &inode, NULL) == LT_OK && inode.links &&
           inode.generation == generation;
}

/* The states of an inode, the newest first. */
static const struct lt_ext4_former *states_of(const struct lt_ext4_formers *formers, uint32_t ino, size_t *count)
{
    size_t low = 0, high = formers->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (formers->items[middle].inode.ino < ino)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < formers->count && formers->items[low + *count].inode.ino == ino;)
        ++*count;
    return formers->items + low;
}

/* Was the inode in that state at any time at which the name was there? A state lasts until the next one, since what
 * changes an inode writes it to the journal. */
static bool overlap(const struct lt_ext4_former_name *name, const struct lt_ext4_former *states, size_t at)
{
    bool begins = !name->ends || lt_jbd2_is_before(states[at].oldest, name->to);
    bool lasts = !at || lt_jbd2_is_before(name->from, states[at - 1].oldest);
    return begins && lasts;
}

/* Was the inode that file when it had the name? Its number says little: it is soon used again. A name in the slack has
 * no time, and counts only if the journal knows no other file with that number. */
static bool was_its_name(const struct lt_ext4_formers *formers, const struct lt_ext4_former_name *name,
                         uint32_t generation)
{
    enum { TYPE_DIR = 2 };
    size_t count;
    bool same = false, other = false;
    const struct lt_ext4_former *states = states_of(formers, name->ino, &count);
    for (size_t i = 0; i < count; i++) {
        const struct lt_ext4_inode *inode = &states[i].inode;
        bool fits =
            inode->generation == generation && (!name->type || (name->type == TYPE_DIR) == (S_ISDIR(inode->mode) != 0));
        other |= inode->generation != generation;
        same |= fits && (name->slack || (inode->links && overlap(name, states, i)));
    }
    return same && !(name->slack && other);
}

/* How well does a name fit to a state of the inode in that transaction? Less is better. */
enum fit { EXACT, EARLIER, LATER, SLACK };

static enum fit fit_of(const struct lt_ext4_former_name *name, uint32_t sequence)
{
    if (name->slack)
        return SLACK;
    if (lt_jbd2_is_before(sequence, name->from))
        return LATER;
    return !name->ends || lt_jbd2_is_before(sequence, name->to) ? EXACT : EARLIER;
}

/* The best name; of several that fit alike the newest before that time, or else the oldest after it. */
static const struct lt_ext4_former_name *best_name(const struct lt_ext4_former_names *names, uint32_t ino,
                                                   uint32_t generation, uint32_t sequence, bool *inferred)
{
    size_t count;
    const struct lt_ext4_former_name *items = names_of(names->items, names->count, ino, &count), *best = NULL;
    enum fit fit = SLACK;
    for (size_t i = 0; i < count; i++) {
        enum fit this = fit_of(&items[i], sequence);
        bool nearer = best && this == fit &&
                      (this == LATER ? lt_jbd2_is_before(items[i].from, best->from)
                                     : lt_jbd2_is_before(best->from, items[i].from));
        if ((best && this >= fit && !nearer) || !was_its_name(names->formers, &items[i], generation))
            continue;
        best = &items[i];
        fit = this;
    }
    *inferred |= best && fit == SLACK;
    return best;
}

static const struct lt_ext4_former_name *name_of(const struct lt_ext4_former_names *names, uint32_t ino,
                                                 uint32_t generation, uint32_t sequence, bool *inferred)
{
    size_t count;
    const struct lt_ext4_former_name *living = names_of(names->living, names->living_count, ino, &count);
    if (living && lives(names, ino, generation))
        return living;
    return best_name(names, ino, generation, sequence, inferred);
}

bool lt_former_path(const struct lt_ext4_former_names *names, const struct lt_ext4_inode *inode, uint32_t sequence,
                    struct lt_buf *out, bool *inferred)
{
    const struct lt_ext4_former_name *steps[DEEPEST];
    size_t count = 0;
    uint32_t ino = inode->ino, generation = inode->generation;
    while (ino != LT_EXT4_ROOT && count < DEEPEST) {
        const struct lt_ext4_former_name *step = name_of(names, ino, generation, sequence, inferred);
        if (!step)
            break;
        steps[count++] = step;
        ino = step->parent;
        generation = step->generation;
    }
    for (size_t i = count; i--;) {
        if (i + 1 < count || ino == LT_EXT4_ROOT)
            lt_buf_char(out, '/');
        lt_buf_add(out, steps[i]->name);
    }
    return count && ino == LT_EXT4_ROOT;
}
