// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/orphans.h"

#include "evidence/ext4/orphan_block.h"

#include <stdlib.h>

/* A search, and what is wrong with the lists. */
struct search {
    struct lt_fs *fs;
    struct lt_ext4_reader *reader;
    unsigned char *seen; /* a bit for each inode */
    uint64_t lost_blocks, bad_entries;
    struct lt_err problem; /* the first one */
};

static void add_orphan(struct lt_ext4_orphans *orphans, uint32_t ino)
{
    if (orphans->count == orphans->cap) {
        orphans->cap = orphans->cap ? orphans->cap * 2 : 64;
        orphans->items = lt_realloc(orphans->items, lt_array_size(orphans->cap, sizeof ino));
    }
    orphans->items[orphans->count++] = ino;
}

static void add_dir(struct lt_ext4_orphans *orphans, uint32_t parent, uint32_t ino)
{
    if (orphans->dir_count == orphans->dir_cap) {
        orphans->dir_cap = orphans->dir_cap ? orphans->dir_cap * 2 : 16;
        orphans->dirs = lt_realloc(orphans->dirs, lt_array_size(orphans->dir_cap, sizeof *orphans->dirs));
    }
    orphans->dirs[orphans->dir_count++] = (struct lt_ext4_child){parent, ino};
}

static int by_parent(const void *a, const void *b)
{
    const struct lt_ext4_child *left = a, *right = b;
    return left->parent != right->parent ? lt_ext4_by_number(&left->parent, &right->parent)
                                         : lt_ext4_by_number(&left->ino, &right->ino);
}

/* Find those that are directories and still name their parents. */
static void find_dirs(struct lt_ext4_reader *reader)
{
    struct lt_ext4_orphans *orphans = &reader->orphans;
    for (size_t i = 0; i < orphans->count; i++) {
        struct lt_ext4_inode inode;
        struct lt_cursor bytes;
        struct lt_err problem = {0};
        uint32_t parent = 0;
        if (lt_ext4_read_inode(reader, orphans->items[i], &bytes, &inode, &problem) == LT_OK && S_ISDIR(inode.mode))
            parent = lt_ext4_parent_of(reader, &inode);
        if (parent)
            add_dir(orphans, parent, inode.ino);
    }
    if (orphans->dir_count)
        qsort(orphans->dirs, orphans->dir_count, sizeof *orphans->dirs, by_parent);
}

/* Take an inode from the list or the file. `next` is the number in place of its deletion time. LT_SKIP: it cannot be an
 * orphan, or cannot be read. LT_END: it was seen before. */
static enum lt_status take(struct search *search, uint32_t ino, uint32_t *next)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    bool used = true;
    if (ino < volume->super.first_inode || ino > volume->super.inodes)
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u cannot be one of them", ino);
    if (!lt_ext4_mark(search->seen, ino))
        return LT_END;
    if (lt_volume_inode_used(volume, ino, &used, NULL) != LT_OK)
        used = true; /* the list is believed */
    if (lt_ext4_read_inode(search->reader, ino, &bytes, &inode, &search->problem) != LT_OK)
        return LT_SKIP;
    if (!used || !inode.mode || lt_ext4_inode_damaged(&volume->super, bytes, ino))
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u is %s", ino,
                       used ? "damaged" : "not in use");
    *next = inode.deleted;
    if (inode.links) {
        search->fs->journal.truncated++;
    } else {
        search->fs->journal.orphans++;
        add_orphan(&search->reader->orphans, ino);
    }
    return LT_OK;
}

static void report(struct search *search, const char *what)
{
    struct lt_str text = lt_str_format(&search->fs->evidence->arena, "%s: %s", what, search->problem.text);
    lt_fs_note(search->fs, search->problem.code, text.ptr);
    lt_err_clear(&search->problem);
}

static void search_list(struct search *search)
{
    uint32_t ino = search->reader->volume.super.last_orphan, next = 0;
    enum lt_status status = LT_OK;
    for (; ino && status == LT_OK; ino = next)
        status = take(search, ino, &next);
    if (status == LT_END)
        lt_fail(&search->problem, LT_SKIP, LT_CODE_CYCLE, 0, "it is a circle");
    if (status != LT_OK)
        report(search, "the list of files that were deleted while open breaks off");
}

static void search_block(struct search *search, const struct lt_ext4_inode *file, uint64_t number)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    uint32_t seed = lt_ext4_inode_seed(&volume->super, file->ino, file->generation), ino, next;
    const unsigned char *bytes = lt_volume_block(volume, number);
    struct lt_arena copies = {0};
    if (!bytes || lt_ext4_orphans_damaged(&volume->super, (struct lt_cursor){bytes, volume->super.block_size, false},
                                          number, seed)) {
        search->lost_blocks++;
        lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "block %ju is damaged or cannot be read",
                (uintmax_t)number);
        return;
    }
    /* A copy, because inodes are read while it is in use. */
    struct lt_str copy = lt_str_dup(&copies, (struct lt_str){(const char *)bytes, volume->super.block_size});
    struct lt_cursor block = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    for (size_t at = 0; lt_ext4_next_orphan(block, &at, &ino) == LT_OK;)
        search->bad_entries += take(search, ino, &next) == LT_SKIP;
    lt_arena_free(&copies);
}

/* The blocks of the orphan file. If there are more than the disk has, some would be there twice. */
static enum lt_status search_blocks(struct search *search, const struct lt_ext4_inode *file)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    uint64_t end = file->size / volume->super.block_size;
    if (end > lt_volume_blocks(volume))
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "it is larger than the disk");
    for (uint64_t logical = 0; logical < end;) {
        struct lt_ext4_run run;
        if (lt_volume_map(volume, file, logical, &run, &search->problem) != LT_OK)
            return LT_SKIP;
        if (run.zeros)
            return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "it has a hole at block %ju",
                           (uintmax_t)logical);
        run.count = run.count < end - logical ? run.count : end - logical;
        for (uint64_t number = run.block; number < run.block + run.count; number++)
            search_block(search, file, number);
        logical += run.count;
    }
    return LT_OK;
}

static void search_file(struct search *search)
{
    const struct lt_ext4 *super = &search->reader->volume.super;
    struct lt_ext4_inode file;
    struct lt_cursor bytes;
    if (!(super->compat & LT_EXT4_COMPAT_ORPHAN_FILE))
        return;
    enum lt_status status = lt_ext4_read_inode(search->reader, super->orphan_file, &bytes, &file, &search->problem);
    if (status == LT_OK && (!S_ISREG(file.mode) || lt_ext4_inode_damaged(super, bytes, file.ino)))
        status = lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u is damaged", file.ino);
    if (status == LT_OK)
        status = search_blocks(search, &file);
    if (status == LT_OK && !search->problem.set)
        return;
    struct lt_str what = lt_str_format(&search->fs->evidence->arena,
                                       "deleted files may be missing, since %s of the orphan file is lost (%ju blocks) "
                                       "or wrong (%ju inodes)",
                                       status == LT_OK ? "a part" : "the rest", (uintmax_t)search->lost_blocks,
                                       (uintmax_t)search->bad_entries);
    report(search, what.ptr);
}

/* Add those whose last name a fast commit removed. */
static void add_unlinked(struct search *search)
{
    const struct lt_ext4_fast *fast = search->reader->volume.fast;
    if (!fast)
        return;
    lt_each (const struct lt_fast_inode, inode, &fast->changed)
        if (inode->gone && !lt_ext4_marked(search->seen, inode->ino))
            add_orphan(&search->reader->orphans, inode->ino);
}

void lt_ext4_find_orphans(struct lt_fs *fs)
{
    struct search search = {.fs = fs, .reader = lt_ext4_reader(fs)};
    const struct lt_ext4 *super = &search.reader->volume.super;
    struct lt_ext4_orphans *orphans = &search.reader->orphans;
    if (!super->last_orphan && !(super->compat & LT_EXT4_COMPAT_ORPHAN_FILE) && !search.reader->volume.fast)
        return;
    /* Zeroed pages cost nothing until they are written, however many inodes a hostile superblock claims. */
    search.seen = calloc((size_t)super->inodes / 8 + 1, 1);
    if (!search.seen) {
        lt_fs_note(fs, LT_CODE_TOO_LARGE, "too many inodes to look for files that were deleted while open");
        return;
    }
    search_list(&search);
    search_file(&search);
    add_unlinked(&search);
    if (orphans->count)
        qsort(orphans->items, orphans->count, sizeof *orphans->items, lt_ext4_by_number);
    find_dirs(search.reader);
    free(search.seen);
}
