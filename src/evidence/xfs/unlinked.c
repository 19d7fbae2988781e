// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/unlinked.h"

#include <stdlib.h>

enum { MAX_LOST_AGS = 1000 };

/* A search, and what is wrong. */
struct search {
    struct lt_fs *fs;
    struct lt_xfs_reader *reader;
    struct lt_map seen;
    uint64_t inodes, lost, damaged; /* inodes in use; heads that are unreadable, and those with a wrong checksum */
    uint32_t first_bad;             /* AG of the first of both */
    struct lt_err problem;          /* of the lists: the first one */
};

static void add(struct lt_xfs_unlinked *unlinked, uint64_t ino)
{
    if (unlinked->count == unlinked->cap) {
        unlinked->cap = unlinked->cap ? unlinked->cap * 2 : 64;
        unlinked->items = lt_realloc(unlinked->items, lt_array_size(unlinked->cap, sizeof ino));
    }
    unlinked->items[unlinked->count++] = ino;
}

/* Take an inode from a list. LT_SKIP: it cannot be on one, or cannot be read. LT_END: it was seen before. */
static enum lt_status take(struct search *search, uint64_t ino, uint32_t *next)
{
    struct lt_xfs_inode inode;
    if (!lt_xfs_mark(search->reader, &search->seen, ino))
        return LT_END;
    if (lt_xfs_volume_inode(&search->reader->volume, ino, &inode, &search->problem) != LT_OK)
        return LT_SKIP;
    if (!inode.mode || inode.nlink || inode.damaged || inode.misplaced)
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is %s", (uintmax_t)ino,
                       inode.damaged || inode.misplaced ? "damaged" : "not deleted");
    *next = inode.next_unlinked;
    add(&search->reader->unlinked, ino);
    return LT_OK;
}

static void search_list(struct search *search, uint32_t ag, uint32_t head)
{
    enum lt_status status = LT_OK;
    for (uint32_t at = head, next = 0; at != LT_XFS_NO_INODE && status == LT_OK; at = next)
        status = take(search, lt_xfs_ino(&search->reader->volume.super, ag, at), &next);
    if (status == LT_END)
        lt_fail(&search->problem, LT_SKIP, LT_CODE_CYCLE, 0, "inodes are on a list twice");
}

static void search_ag(struct search *search, uint32_t ag)
{
    const struct lt_xfs_agi *agi = lt_xfs_volume_agi(&search->reader->volume, ag);
    if (!agi || agi->damaged)
        search->first_bad = search->lost || search->damaged ? search->first_bad : ag;
    search->lost += !agi;
    if (!agi)
        return;
    search->damaged += agi->damaged;
    search->inodes += agi->inodes - (agi->free < agi->inodes ? agi->free : agi->inodes);
    for (size_t i = 0; i < LT_XFS_UNLINKED && !agi->damaged; i++) /* agi is not read anew while the lists are */
        search_list(search, ag, agi->unlinked[i]);
}

static void report(const struct search *search)
{
    struct lt_arena *arena = &search->fs->evidence->arena;
    struct lt_str text;
    if (search->lost || search->damaged) {
        text = lt_str_format(arena,
                             "heads of inodes: %ju have a wrong checksum, and %ju cannot be read; the first is that of "
                             "AG %u: deleted files may be missing",
                             (uintmax_t)search->damaged, (uintmax_t)search->lost, search->first_bad);
        lt_fs_note(search->fs, LT_CODE_DAMAGED, text.ptr);
    }
    if (search->problem.set) {
        text =
            lt_str_format(arena, "a list of files that were deleted while open breaks off: %s", search->problem.text);
        lt_fs_note(search->fs, search->problem.code, text.ptr);
    }
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

void lt_xfs_look_at_ags(struct lt_fs *fs)
{
    struct search search = {.fs = fs, .reader = lt_xfs_reader(fs)};
    struct lt_xfs_unlinked *unlinked = &search.reader->unlinked;
    const struct lt_xfs_volume *volume = &search.reader->volume;
    uint64_t room = volume->device.size >> volume->super.inode_log;
    uint32_t count = volume->super.ag_count;
    for (uint32_t ag = 0; ag < count && search.lost < MAX_LOST_AGS; ag++) /* else the image is cut short, or lies */
        search_ag(&search, ag);
    if (unlinked->count)
        qsort(unlinked->items, unlinked->count, sizeof *unlinked->items, by_number);
    fs->entries = search.inodes < room ? search.inodes : room;
    fs->journal.orphans = unlinked->count;
    report(&search);
}
