// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/deleted.h"

#include "evidence/ext4/former_directories.h"
#include "evidence/ext4/past.h"
#include "evidence/ext4/settled.h"

#include <stdlib.h>

enum { MOST_STATES = 64 }; /* of one file that are compared with each other */

/* A search for deleted files. */
struct search {
    struct lt_fs *fs;
    struct lt_ext4_past *past;
    struct lt_ext4_formers *formers; /* of the past */
    lt_wants_deleted *wants;         /* NULL: all */
    lt_each_deleted *each;
    void *arg;
    uint64_t left; /* blocks that may still be looked at: hostile maps share them */
};

/* One file. */
struct family {
    struct lt_ext4_family file;
    const struct lt_ext4_former *told[MOST_STATES]; /* those that were passed on, and the one of today */
    size_t told_count;
};

/* A find on its way out. */
struct find {
    struct search *search;
    const struct family *family;
    const struct lt_ext4_former *former;
    struct lt_arena arena;
    struct lt_deleted out;
    struct lt_node node;
    struct lt_extent *extents; /* owned */
    size_t extent_count, extent_cap;
    struct lt_lost *lost; /* owned */
    size_t lost_count, lost_cap;
    bool zeros; /* no block with anything but zeros was seen */
};

static const struct lt_ext4_piece *pieces_of(const struct lt_ext4_past *past, const struct lt_ext4_former *former)
{
    return past->formers.pieces.items + former->first_piece;
}

/* --- contents --- */

/* The piece of the file with block `logical`; NULL: none. `*next` is the first block behind it, or behind the hole. */
static const struct lt_ext4_piece *piece_at(const struct lt_ext4_past *past, const struct lt_ext4_former *former,
                                            uint64_t logical, uint64_t *next)
{
    const struct lt_ext4_piece *pieces = pieces_of(past, former);
    size_t low = former->nodes, high = former->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pieces[middle].logical <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    const struct lt_ext4_piece *before = low > former->nodes ? &pieces[low - 1] : NULL;
    bool within = before && logical - before->logical < before->count;
    *next = within ? before->logical + before->count : low < former->count ? pieces[low].logical : UINT64_MAX;
    return within ? before : NULL;
}

/* Read a block of data as it was. A journal of data has it, if the file was written not long before. */
static bool read_data(const struct lt_ext4_past *past, const struct lt_ext4_former *former, uint64_t block,
                      unsigned char *out)
{
    const struct lt_ext4_history *history = &past->formers.history;
    const struct lt_ext4_copy *then = lt_history_at(history, block, former->sequence);
    const struct lt_ext4_copy home = lt_history_home(history, block);
    return lt_history_read(history, then ? then : &home, out);
}

static bool read_inline(const struct lt_ext4_past *past, const struct lt_ext4_former *former,
                        struct lt_ext4_inline *data)
{
    struct lt_cursor raw;
    struct lt_ext4_inode inode;
    const struct lt_ext4 *super = &past->formers.reader->volume.super;
    if (!lt_formers_raw(&past->formers, former, past->block, &raw))
        return false;
    lt_ext4_layout(super, raw, former->inode.ino, &inode);
    return lt_ext4_read_inline(&inode, data, NULL) == LT_OK && data->len >= inode.size;
}

ssize_t lt_ext4_read_deleted(const struct lt_deleted *file, void *buffer, size_t size, uint64_t offset,
                             struct lt_err *err)
{
    const struct lt_ext4_former *former = file->handle;
    const struct lt_ext4_past *past = lt_ext4_past(file->fs);
    uint64_t block_size = past->formers.reader->volume.super.block_size, next;
    if (offset >= file->node->size)
        return 0;
    size = size < file->node->size - offset ? size : (size_t)(file->node->size - offset);
    if (former->inode.flags & LT_EXT4_INLINE_FL) {
        struct lt_ext4_inline data;
        if (!read_inline(past, former, &data))
            return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the data in inode %ju",
                           (uintmax_t)file->node->ino),
                   -1;
        memcpy(buffer, data.bytes + offset, size);
        return (ssize_t)size;
    }
    uint64_t logical = offset / block_size, inside = offset % block_size;
    const struct lt_ext4_piece *piece = piece_at(past, former, logical, &next);
    bool zeros = !piece || piece->unwritten;
    uint64_t room = zeros && next < UINT64_MAX / block_size ? next * block_size - offset
                    : zeros                                 ? size
                                                            : block_size - inside;
    size = size < room ? size : (size_t)room;
    if (zeros) {
        memset(buffer, 0, size);
        return (ssize_t)size;
    }
    uint64_t block = piece->block + (logical - piece->logical);
    if (!read_data(past, former, block, past->block))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the file system",
                       (uintmax_t)block),
               -1;
    memcpy(buffer, past->block + inside, size);
    return (ssize_t)size;
}

/* --- what speaks against it --- */

static void add_lost(struct find *find, uint64_t offset, uint64_t size, enum lt_lost_why why)
{
    struct lt_lost *last = find->lost_count ? &find->lost[find->lost_count - 1] : NULL;
    if (last && last->why == why && last->offset + last->size == offset) {
        last->size += size;
        return;
    }
    if (!find->lost || find->lost_count == find->lost_cap) {
        find->lost_cap = find->lost_cap ? find->lost_cap * 2 : 8;
        find->lost = lt_realloc(find->lost, lt_array_size(find->lost_cap, sizeof *find->lost));
    }
    find->lost[find->lost_count++] = (struct lt_lost){offset, size, why};
}

static void add_extent(struct find *find, uint64_t offset, uint64_t at, uint64_t size)
{
    struct lt_extent *last = find->extent_count ? &find->extents[find->extent_count - 1] : NULL;
    if (last && last->offset + last->size == offset && last->at + last->size == at) {
        last->size += size;
        return;
    }
    if (!find->extents || find->extent_count == find->extent_cap) {
        find->extent_cap = find->extent_cap ? find->extent_cap * 2 : 8;
        find->extents = lt_realloc(find->extents, lt_array_size(find->extent_cap, sizeof *find->extents));
    }
    find->extents[find->extent_count++] = (struct lt_extent){offset, at, size};
}

/* Did the file keep that block in the state that was told before, or does it have it today? What it wrote since is
 * there then, or the zeros behind its new end. */
static bool is_shared(const struct find *find, uint64_t block)
{
    const struct family *family = find->family;
    const struct lt_ext4_former *next = family->told_count ? family->told[family->told_count - 1] : NULL;
    const struct lt_ext4_piece *pieces = next ? pieces_of(find->search->past, next) : NULL;
    for (size_t i = 0; next && i < next->count; i++)
        if (!pieces[i].node && block - pieces[i].block < pieces[i].count)
            return true;
    return false;
}

static bool why_lost(struct find *find, uint64_t block, enum lt_lost_why *why)
{
    struct search *search = find->search;
    struct lt_ext4_formers *formers = search->formers;
    *why = LT_LOST_USED;
    if (!find->family->file.orphan && lt_volume_block_used(&formers->reader->volume, block)) {
        *why = is_shared(find, block) ? LT_LOST_SHARED : LT_LOST_USED;
        return true;
    }
    *why = is_shared(find, block) ? LT_LOST_SHARED : LT_LOST_LATER;
    return *why == LT_LOST_SHARED || lt_formers_owned_later(formers, find->former, block) ||
           lt_history_written_after(&formers->history, block, find->former->sequence);
}

static bool is_zeros(const unsigned char *bytes, size_t size)
{
    return !size || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Look at the blocks of one piece, as far as they are within the file. */
static void check_piece(struct find *find, const struct lt_ext4_piece *piece)
{
    struct search *search = find->search;
    uint64_t size = search->formers->reader->volume.super.block_size;
    for (uint64_t i = 0; i < piece->count; i++) {
        uint64_t offset = (piece->logical + i) * size, block = piece->block + i;
        enum lt_lost_why why = LT_LOST_LATER;
        if (offset >= find->node.size)
            return;
        uint64_t part = find->node.size - offset < size ? find->node.size - offset : size;
        if (!search->left || !--search->left || why_lost(find, block, &why))
            add_lost(find, offset, part, why);
        if (find->zeros)
            find->zeros = read_data(search->past, find->former, block, search->past->block) &&
                          is_zeros(search->past->block, (size_t)part);
        add_extent(find, offset, block * size, part);
    }
}

static int by_offset(const void *a, const void *b)
{
    const struct lt_lost *left = a, *right = b;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Is the last byte a zero? So ends what was appended within a block and is not on the disk yet, and so do some files.
 * Of one that was written at once, a size in whole blocks is what tells: an append gets the rest of the last block at
 * once, and new blocks later. */
static bool seems_cut(const struct find *find)
{
    const struct search *search = find->search;
    uint64_t size = search->formers->reader->volume.super.block_size, last = find->node.size - 1, next;
    const struct lt_ext4_piece *piece = piece_at(search->past, find->former, last / size, &next);
    if (find->former->at_once && find->node.size % size)
        return false;
    return !piece || piece->unwritten ||
           !read_data(search->past, find->former, piece->block + (last / size - piece->logical), search->past->block) ||
           !search->past->block[last % size];
}

static bool is_settled(const struct find *find)
{
    const struct lt_ext4_family *family = &find->family->file;
    return lt_former_is_settled(find->search->formers, family, (size_t)(find->former - family->states),
                                seems_cut(find));
}

/* All blocks of the file. Where they are all zeros, they were trimmed, or the file is nothing but zeros: a disk does
 * not tell which. */
static void check_pieces(struct find *find)
{
    const struct lt_ext4_former *former = find->former;
    const struct lt_ext4_piece *pieces = pieces_of(find->search->past, former);
    find->zeros = true;
    for (size_t i = 0; i < former->count; i++)
        if (!pieces[i].node && !pieces[i].unwritten)
            check_piece(find, &pieces[i]);
    if (find->zeros && find->extent_count) {
        find->lost_count = 0;
        for (size_t i = 0; i < find->extent_count; i++)
            add_lost(find, find->extents[i].offset, find->extents[i].size, LT_LOST_ZEROS);
    }
    if (find->lost_count)
        qsort(find->lost, find->lost_count, sizeof *find->lost, by_offset);
    find->out.unsettled = find->node.size && !find->lost_count && former->mapped && !is_settled(find);
    find->out.complete =
        !find->lost_count && former->mapped && !find->out.unsettled && (find->extent_count || !former->count);
}

/* --- describe it --- */

/* Its newest state knows. */
static struct lt_time freed_at(const struct search *search, const struct family *family)
{
    const struct lt_ext4_former *newest = &family->file.states[0];
    struct lt_cursor raw;
    struct lt_node node = {0};
    bool bad_time;
    if (family->file.orphan || !lt_formers_raw(search->formers, newest, search->past->block, &raw) ||
        lt_ext4_inode(raw, &node, &bad_time, NULL) != LT_OK)
        return (struct lt_time){0};
    return lt_ext4_freed_then(&search->formers->reader->volume.super, &newest->inode, &node);
}

static bool describe(struct find *find)
{
    const struct search *search = find->search;
    struct lt_cursor raw;
    bool bad_time;
    if (!lt_formers_raw(search->formers, find->former, search->past->block, &raw) ||
        lt_ext4_inode(raw, &find->node, &bad_time, NULL) != LT_OK)
        return false;
    find->node.ino = find->former->inode.ino;
    find->node.target = LT_STR("");
    find->node.unallocated = !find->family->file.lives;
    find->node.deleted = freed_at(search, find->family);
    return true;
}

/* Of a file whose size is not known, the zeros at the end of the last block do not count. */
static void guess_size(struct find *find)
{
    const struct search *search = find->search;
    const struct lt_ext4_former *former = find->former;
    uint64_t size = search->formers->reader->volume.super.block_size, next;
    uint64_t end = lt_pieces_end(pieces_of(search->past, former), former->count);
    const struct lt_ext4_piece *last = end ? piece_at(search->past, former, end - 1, &next) : NULL;
    find->out.size_unknown = true;
    find->node.size = end * size;
    if (!last || last->unwritten ||
        !read_data(search->past, former, last->block + (end - 1 - last->logical), search->past->block))
        return;
    for (uint64_t at = size; at && !search->past->block[at - 1]; at--)
        find->node.size--;
}

static enum lt_map_source source_of(const struct find *find)
{
    const struct lt_ext4_former *former = find->former;
    if (find->family->file.orphan && former == &find->family->file.states[0])
        return LT_MAP_ORPHAN;
    if (former->leaf)
        return LT_MAP_LEAF;
    if (!former->count && !former->mapped && !(former->inode.flags & LT_EXT4_INLINE_FL))
        return LT_MAP_NONE;
    return former->copy.home ? LT_MAP_HOME : LT_MAP_JOURNAL;
}

static void find_path(struct find *find)
{
    struct lt_buf path = {0};
    const struct lt_ext4_former *former = find->former;
    lt_former_path(lt_ext4_past_names(find->search->fs), &former->inode, former->sequence, &path, &find->out.inferred);
    find->out.path = lt_str_dup(&find->arena, lt_buf_view(&path));
    find->node.name = lt_str_basename(find->out.path);
    lt_buf_free(&path);
}

static void check(struct find *find)
{
    const struct lt_ext4_former *former = find->former;
    if (former->leaf)
        guess_size(find);
    if (former->inode.flags & LT_EXT4_INLINE_FL)
        find->out.complete = true;
    else
        check_pieces(find);
    if (find->out.source == LT_MAP_NONE || (!former->mapped && !former->leaf && !find->out.complete)) {
        find->lost_count = 0;
        add_lost(find, 0, find->node.size, LT_LOST_MAP);
    }
}

static enum lt_status pass(struct search *search, struct family *family, const struct lt_ext4_former *former,
                           struct lt_err *err)
{
    struct find find = {.search = search, .family = family, .former = former};
    enum lt_status status = LT_OK;
    find.out.fs = search->fs;
    find.out.node = &find.node;
    find.out.generation = former->inode.generation;
    find.out.lives = family->file.lives;
    if (describe(&find))
        find_path(&find);
    if (find.node.mode && (!search->wants || search->wants(search->arg, &find.out))) {
        find.out.source = source_of(&find);
        check(&find);
        find.out.older = family->told_count > (size_t)family->file.lives;
        find.out.transaction = former->copy.home ? 0 : former->copy.sequence;
        find.out.extents = find.extents;
        find.out.extent_count = find.extent_count;
        find.out.lost = find.lost;
        find.out.lost_count = find.lost_count;
        find.out.handle = former;
        status = search->each(search->arg, &find.out, err);
    }
    if (family->told_count < MOST_STATES)
        family->told[family->told_count++] = former;
    free(find.extents);
    free(find.lost);
    lt_arena_free(&find.arena);
    return status;
}

/* --- which states are files that can be told --- */

/* Has the other state the block at the same place? */
static bool has_block(const struct search *search, const struct lt_ext4_former *other, uint64_t logical, uint64_t block)
{
    uint64_t next;
    const struct lt_ext4_piece *piece = piece_at(search->past, other, logical, &next);
    return piece && piece->block + (logical - piece->logical) == block;
}

/* Does the state have a block that none of those told has? A file that only grew has no such. */
static bool is_new(const struct search *search, const struct family *family, const struct lt_ext4_former *former)
{
    const struct lt_ext4_piece *pieces = pieces_of(search->past, former);
    for (size_t i = 0; i < former->count; i++) {
        bool known = pieces[i].node || pieces[i].unwritten;
        for (size_t other = 0; other < family->told_count && !known; other++)
            known = has_block(search, family->told[other], pieces[i].logical, pieces[i].block) &&
                    has_block(search, family->told[other], pieces[i].logical + pieces[i].count - 1,
                              pieces[i].block + pieces[i].count - 1);
        if (!known)
            return true;
    }
    return false;
}

/* The state shows contents. What is left of an inode while it is freed, or before its data was written, does not. */
static bool has_contents(const struct lt_ext4_former *former)
{
    bool inside = former->inode.flags & LT_EXT4_INLINE_FL && former->inode.links && former->inode.size;
    return S_ISREG(former->inode.mode) && (inside || (former->inode.size && (former->count || former->mapped)));
}

static bool is_told_inline(const struct family *family, const struct lt_ext4_former *former)
{
    return former->inode.flags & LT_EXT4_INLINE_FL && family->told_count;
}

/* States with contents, and if there is none the leaf of the freed inode, or at least what the inode was. */
static enum lt_status pass_family(struct search *search, struct family *family, struct lt_err *err)
{
    const struct lt_ext4_former *leaf = NULL, *bare = NULL;
    enum lt_status status = LT_OK;
    if (family->file.lives && search->wants)
        return LT_OK;
    if (family->file.lives)
        family->told[family->told_count++] = &family->file.states[0];
    for (size_t i = 0; i < family->file.count && status == LT_OK; i++) {
        const struct lt_ext4_former *former = &family->file.states[i];
        if (!S_ISREG(former->inode.mode) && !(search->wants && S_ISDIR(former->inode.mode)))
            continue;
        leaf = former->leaf && !leaf ? former : leaf;
        bare = former->inode.links && !bare ? former : bare;
        if (has_contents(former) && !is_told_inline(family, former) &&
            (!family->told_count || former->inode.flags & LT_EXT4_INLINE_FL || is_new(search, family, former)))
            status = pass(search, family, former, err);
    }
    if (status != LT_OK || family->file.lives || family->told_count)
        return status;
    if (leaf || bare)
        return pass(search, family, leaf ? leaf : bare, err);
    return LT_OK;
}

static enum lt_status pass_all(struct search *search, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t at = 0; at < search->formers->count && status == LT_OK;) {
        struct family family = {.file = lt_ext4_family_at(search->formers, at)};
        at += family.file.count;
        status = pass_family(search, &family, err);
    }
    return status;
}

enum lt_status lt_ext4_deleted(struct lt_fs *fs, lt_each_deleted *each, void *arg, struct lt_err *err)
{
    return lt_ext4_deleted_if(fs, NULL, each, arg, err);
}

enum lt_status lt_ext4_deleted_if(struct lt_fs *fs, lt_wants_deleted *wants, lt_each_deleted *each, void *arg,
                                  struct lt_err *err)
{
    enum { OFTEN = 16 };
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct search search = {.fs = fs, .past = lt_ext4_past(fs), .wants = wants, .each = each, .arg = arg};
    const struct lt_err *problem = &search.past->problem;
    search.formers = &search.past->formers;
    search.left = lt_volume_blocks(&reader->volume) * OFTEN;
    enum lt_status status = pass_all(&search, err);
    if (status == LT_OK && wants && search.past->names.formers)
        status = lt_former_directories(&search.past->names, fs, wants, each, arg, err);
    if (status == LT_OK && problem->set)
        status = lt_fail(err, LT_SKIP, problem->code, problem->sys, "%s", problem->text);
    return status;
}
