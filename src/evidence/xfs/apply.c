// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/apply.h"

#include "base/crc32c.h"
#include "evidence/xfs/bmap.h"
#include "evidence/xfs/stamp.h"

#include <string.h>

enum {
    MAX_INTENTS = 1024 * 1024, /* that are told apart; a kernel has a few thousand under way */
    MAX_OWNED = 64 * 1024,     /* blocks of a btree that get another owner */
    INODE_MAGIC = 0x494E,
};

/* A buffer that was put in place: by which transaction last, and what must get a new checksum. */
struct touched {
    uint64_t place, lsn;
    uint32_t size;
};

/* Two numbers as the key of a map. */
struct pair {
    uint64_t first, second;
};

static struct lt_str key_of(const struct pair *pair)
{
    return (struct lt_str){(const char *)pair, sizeof *pair};
}

static void note_broken(struct lt_xfs_apply *apply, const struct lt_err *problem)
{
    apply->broken++;
    if (!apply->first_broken.set)
        apply->first_broken = *problem;
}

static void note_unread(struct lt_xfs_apply *apply, uint64_t place)
{
    struct lt_err problem = {0};
    lt_fail(&problem, LT_SKIP, LT_CODE_JOURNAL, 0, "the log changes bytes at %ju, which cannot be read",
            (uintmax_t)place);
    note_broken(apply, &problem);
}

/* Keep the sectors of apply->buffer, which begins at `place`, that bytes `from` up to `to` lie in. */
static void keep(struct lt_xfs_apply *apply, uint64_t place, size_t from, size_t to)
{
    from -= from % LT_SECTOR;
    to += (LT_SECTOR - to % LT_SECTOR) % LT_SECTOR;
    if (!lt_changed_write(apply->changed, place + from, apply->buffer + from, to - from))
        apply->full = true;
}

/* ---- buffers that were freed: nothing that was logged of them before counts -------------------------------------- */

static unsigned *times_of(const struct lt_xfs_apply *apply, uint64_t sector, uint64_t sectors)
{
    return lt_map_get(&apply->cancelled, key_of(&(struct pair){sector, sectors}));
}

static bool is_cancelled(const struct lt_xfs_apply *apply, uint64_t sector, uint64_t sectors)
{
    const unsigned *times = times_of(apply, sector, sectors);
    return times && *times;
}

static void cancel(struct lt_xfs_apply *apply, const struct lt_xfs_log_buffer *buffer)
{
    unsigned *times = times_of(apply, buffer->sector, buffer->sectors);
    if (!times) {
        struct pair *key = lt_new(&apply->arena, struct pair);
        *key = (struct pair){buffer->sector, buffer->sectors};
        times = lt_new(&apply->arena, unsigned);
        lt_map_put(&apply->cancelled, &apply->arena, key_of(key), times);
    }
    ++*times;
}

static void uncancel(struct lt_xfs_apply *apply, const struct lt_xfs_log_buffer *buffer)
{
    unsigned *times = times_of(apply, buffer->sector, buffer->sectors);
    if (times && *times)
        --*times;
}

void lt_xfs_apply_cancels(struct lt_xfs_apply *apply, const struct lt_xfs_log_transaction *transaction)
{
    struct lt_xfs_log_buffer buffer;
    struct lt_err ignored = {0};
    for (const struct lt_xfs_log_item *item = transaction->items; item; item = item->next)
        if (item->type == LT_XFS_ITEM_BUFFER && lt_xfs_log_buffer(item, &buffer, &ignored) == LT_OK && buffer.cancelled)
            cancel(apply, &buffer);
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

static struct touched *find_touched(const struct lt_xfs_apply *apply, uint64_t place)
{
    return lt_map_get(&apply->touched, (struct lt_str){(const char *)&place, sizeof place});
}

static void touch(struct lt_xfs_apply *apply, uint64_t place, uint32_t size)
{
    struct touched *touched = find_touched(apply, place);
    if (!touched) {
        touched = lt_new(&apply->arena, struct touched);
        touched->place = place;
        lt_map_put(&apply->touched, &apply->arena,
                   (struct lt_str){(const char *)&touched->place, sizeof touched->place}, touched);
        lt_list_add(&apply->in_order, &apply->arena, touched);
    }
    touched->lsn = apply->lsn;
    touched->size = size;
}

/* Is the buffer newer than the transaction? Several transactions may have the LSN of one record. So a buffer that has
 * it may have been written for any of them if it lies on the disk; but what was put in place here was for an earlier
 * one. */
static bool is_old(const struct lt_xfs_apply *apply, uint64_t place, struct lt_cursor bytes)
{
    const struct touched *touched = find_touched(apply, place);
    if (touched)
        return apply->xfs.v5 && touched->lsn > apply->lsn;
    uint64_t lsn = lt_xfs_stamp(&apply->xfs, bytes);
    return lsn && lsn != UINT64_MAX && lsn >= apply->lsn;
}

/* Only links of lists are taken from buffers of inodes: the inodes themselves have items of their own. */
static void put_links(struct lt_xfs_apply *apply, const struct lt_xfs_log_run *run, uint64_t place, size_t size)
{
    uint32_t each = apply->xfs.inode_size;
    for (size_t from = run->from / each * each; from < run->from + run->size && from + each <= size; from += each) {
        struct lt_cursor inode = {.ptr = apply->buffer + from, .len = each};
        if (lt_cursor_be(&inode, 0, 2) == INODE_MAGIC &&
            lt_xfs_log_put_link(&apply->xfs, run, from, apply->buffer + from))
            keep(apply, place, from, from + each);
    }
}

static void put_run(struct lt_xfs_apply *apply, const struct lt_xfs_log_run *run, uint64_t place)
{
    memcpy(apply->buffer + run->from, run->data.ptr, run->size);
    keep(apply, place, run->from, run->from + run->size);
}

/* A file system that grew has a new superblock. */
static void take_super(struct lt_xfs_apply *apply, size_t size)
{
    struct lt_xfs newer;
    struct lt_err ignored = {0};
    if (lt_xfs_super((struct lt_cursor){.ptr = apply->buffer, .len = size}, &newer, &ignored) == LT_OK &&
        newer.block_size == apply->xfs.block_size && newer.inode_size == apply->xfs.inode_size)
        apply->xfs = newer;
}

static void put_runs(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item,
                     const struct lt_xfs_log_buffer *buffer, struct lt_err *err)
{
    uint64_t place = buffer->sector * LT_SECTOR;
    uint32_t size = buffer->sectors * LT_SECTOR;
    struct lt_xfs_log_run run;
    unsigned at = 0, piece = 0;
    while (lt_xfs_log_next_run(item, buffer, &at, &piece, &run, err) == LT_OK)
        if (buffer->inodes)
            put_links(apply, &run, place, size);
        else
            put_run(apply, &run, place);
    if (!buffer->inodes && apply->xfs.v5)
        touch(apply, place, size);
    if (!place)
        take_super(apply, size);
}

static void put_buffer(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_buffer buffer;
    struct lt_err problem = {0};
    if (lt_xfs_log_buffer(item, &buffer, &problem) != LT_OK) {
        note_broken(apply, &problem);
        return;
    }
    if (buffer.cancelled) {
        uncancel(apply, &buffer);
        return;
    }
    if (is_cancelled(apply, buffer.sector, buffer.sectors)) {
        apply->revoked++;
        return;
    }
    uint64_t place = buffer.sector * LT_SECTOR;
    size_t size = (size_t)buffer.sectors * LT_SECTOR;
    if (buffer.quota) /* nobody here looks at quotas */
        return;
    if (!lt_changed_read(apply->changed, place, apply->buffer, size)) {
        note_unread(apply, place);
        return;
    }
    if (is_old(apply, place, (struct lt_cursor){.ptr = apply->buffer, .len = size}))
        return;
    put_runs(apply, item, &buffer, &problem);
    if (problem.set)
        note_broken(apply, &problem);
}

/* ---- inodes ------------------------------------------------------------------------------------------------------ */

static void put_inode(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_inode inode;
    struct lt_err problem = {0};
    if (lt_xfs_log_inode(item, &inode, &problem) != LT_OK) {
        note_broken(apply, &problem);
        return;
    }
    if (is_cancelled(apply, inode.sector, inode.sectors)) {
        apply->revoked++;
        return;
    }
    size_t inside = (size_t)(inode.place % LT_SECTOR), size = inside + apply->xfs.inode_size;
    uint64_t place = inode.place - inside;
    size += (LT_SECTOR - size % LT_SECTOR) % LT_SECTOR;
    if (!lt_changed_read(apply->changed, place, apply->buffer, size)) {
        note_unread(apply, place);
        return;
    }
    unsigned char *bytes = apply->buffer + inside;
    struct lt_cursor there = {.ptr = bytes, .len = apply->xfs.inode_size};
    if (inode.owner && apply->xfs.v5) { /* also if the inode is not put in place: its btree may be older than it */
        uint64_t *owner = lt_new(&apply->arena, uint64_t);
        *owner = inode.place;
        lt_list_add(&apply->owners, &apply->arena, owner);
    }
    if (lt_xfs_log_inode_is_old(&apply->xfs, &inode, apply->lsn, there))
        return;
    if (lt_xfs_log_put_inode(&apply->xfs, &inode, apply->lsn, bytes, &problem) == LT_OK)
        keep(apply, place, 0, size);
    else
        note_broken(apply, &problem);
}

/* The kernel frees inodes in clusters: 8 KiB, or as many inodes as 8 KiB had when inodes had 256 bytes, but never less
 * than a block (libxfs/xfs_ialloc.c, xfs_ialloc_setup_geometry()). */
static bool was_freed(const struct lt_xfs_apply *apply, const struct lt_xfs_log_icreate *create)
{
    enum { CLUSTER = 8192, SMALLEST = 256 };
    uint32_t sizes[] = {apply->xfs.block_size, CLUSTER, CLUSTER / SMALLEST * apply->xfs.inode_size};
    uint64_t bytes = (uint64_t)create->count * apply->xfs.inode_size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint64_t at = 0; at < bytes; at += sizes[i])
            if (is_cancelled(apply, (create->place + at) / LT_SECTOR, sizes[i] / LT_SECTOR))
                return true;
    return false;
}

static void put_icreate(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_icreate create;
    struct lt_err problem = {0};
    uint32_t each = apply->xfs.inode_size, together = LT_XFS_MAX_BLOCK / each;
    if (lt_xfs_log_icreate(&apply->xfs, item, &create, &problem) != LT_OK) {
        note_broken(apply, &problem);
        return;
    }
    if (was_freed(apply, &create)) {
        apply->revoked++;
        return;
    }
    for (uint32_t first = 0; first < create.count; first += together) {
        uint32_t count = create.count - first < together ? create.count - first : together;
        for (uint32_t i = 0; i < count; i++)
            lt_xfs_log_put_empty(&apply->xfs, &create, first + i, apply->buffer + (size_t)i * each);
        keep(apply, create.place + (uint64_t)first * each, 0, (size_t)count * each);
    }
}

/* ---- intents ----------------------------------------------------------------------------------------------------- */

static uint64_t *open_of(struct lt_xfs_apply *apply, unsigned kind)
{
    return &apply->open[(kind - LT_XFS_ITEM_EFI) / 2];
}

/* The number of an intent is free again when it was done. */
static void take_intent(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_intent intent;
    if (!lt_xfs_log_intent(item, &intent))
        return;
    struct pair key = {intent.kind, intent.id};
    bool *under_way = lt_map_get(&apply->intents, key_of(&key));
    if (!under_way && !intent.done && apply->intent_count < MAX_INTENTS) {
        struct pair *kept = lt_new(&apply->arena, struct pair);
        *kept = key;
        under_way = lt_new(&apply->arena, bool);
        lt_map_put(&apply->intents, &apply->arena, key_of(kept), under_way);
        apply->intent_count++;
    }
    if (!under_way || *under_way == !intent.done)
        return;
    *under_way = !intent.done;
    *open_of(apply, intent.kind) += intent.done ? UINT64_MAX : 1;
}

uint64_t lt_xfs_apply_intents(const struct lt_xfs_apply *apply, unsigned kind)
{
    return apply->open[(kind - LT_XFS_ITEM_EFI) / 2];
}

/* ---- transactions ------------------------------------------------------------------------------------------------ */

/* The order of a transaction's items: blocks that inodes may lie in, what lies in them, the lists of unlinked inodes
 * (an inode is free before it leaves its list), and at last what was freed: items before may need to know it. See
 * xlog_recover_reorder_trans(). */
enum stage { BLOCKS, ITEMS, LINKS, CANCELS, STAGES };

static enum stage stage_of(const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_buffer buffer;
    struct lt_err ignored = {0};
    if (item->type == LT_XFS_ITEM_ICREATE)
        return BLOCKS;
    if (item->type != LT_XFS_ITEM_BUFFER || lt_xfs_log_buffer(item, &buffer, &ignored) != LT_OK)
        return ITEMS;
    if (buffer.cancelled)
        return CANCELS;
    return buffer.inodes ? LINKS : BLOCKS;
}

static void note_unknown(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    struct lt_err problem = {0};
    lt_fail(&problem, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "the log has an item of the unknown kind %#x", item->type);
    note_broken(apply, &problem);
}

static void put_item(struct lt_xfs_apply *apply, const struct lt_xfs_log_item *item)
{
    switch (item->type) {
    case LT_XFS_ITEM_BUFFER:
        put_buffer(apply, item);
        break;
    case LT_XFS_ITEM_INODE:
        put_inode(apply, item);
        break;
    case LT_XFS_ITEM_ICREATE:
        put_icreate(apply, item);
        break;
    case LT_XFS_ITEM_DQUOT: /* quotas are not looked at */
    case LT_XFS_ITEM_QUOTAOFF:
        break;
    default:
        if (item->type < LT_XFS_ITEM_EFI || item->type > LT_XFS_ITEM_LAST || item->type == LT_XFS_ITEM_IUNLINK)
            note_unknown(apply, item);
        else
            take_intent(apply, item);
    }
}

void lt_xfs_apply(struct lt_xfs_apply *apply, const struct lt_xfs_log_transaction *transaction)
{
    apply->lsn = transaction->lsn;
    for (enum stage stage = BLOCKS; stage < STAGES; stage++)
        for (const struct lt_xfs_log_item *item = transaction->items; item && !apply->full; item = item->next)
            if (stage_of(item) == stage)
                put_item(apply, item);
    apply->transactions += !apply->full;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* The block at `number` of a btree, read into the buffer, gets its owner. False: it is none. `*right`: the one beside
 * it; `*down`: its first child. */
static bool own_block(struct lt_xfs_apply *apply, uint64_t number, uint64_t ino, uint64_t *right, uint64_t *down)
{
    enum { OWNER = 56 };
    struct lt_xfs_btree_block block;
    struct lt_xfs_map_node node;
    struct lt_err ignored = {0};
    uint64_t place;
    bool damaged;
    struct lt_cursor bytes = {.ptr = apply->buffer, .len = apply->xfs.block_size};
    if (!lt_xfs_block_place(&apply->xfs, number, &place) ||
        !lt_changed_read(apply->changed, place, apply->buffer, bytes.len) ||
        lt_xfs_btree_block(&apply->xfs, LT_XFS_BMBT, bytes, &block, &ignored) != LT_OK ||
        (block.damaged && !find_touched(apply, place)) ||
        lt_xfs_map_block(&apply->xfs, bytes, ino, block.level, &node, &damaged, &ignored) != LT_OK)
        return false;
    *right = block.right;
    *down = node.level && node.count ? lt_xfs_map_entry(&node, 0).block : UINT64_MAX;
    for (size_t i = 0; i < sizeof ino; i++)
        apply->buffer[OWNER + i] = (unsigned char)(ino >> (56 - 8 * i));
    keep(apply, place, OWNER, OWNER + sizeof ino);
    touch(apply, place, apply->xfs.block_size);
    return true;
}

/* A level of a btree, from its first block to the right. Returns the first block of the level below, UINT64_MAX: there
 * is none. An image that lies may go on for ever, so no more than `*left` blocks are looked at. */
static uint64_t own_level(struct lt_xfs_apply *apply, uint64_t first, uint64_t ino, uint64_t *left)
{
    uint64_t right, down, below = UINT64_MAX;
    for (uint64_t at = first; at != UINT64_MAX && *left; at = right) {
        --*left;
        if (!own_block(apply, at, ino, &right, &down))
            break;
        below = at == first ? down : below;
    }
    return below;
}

/* Two inodes exchanged their contents: see xfs_inode_item_recover.c, xfs_recover_inode_owner_change(). */
static void own_btree(struct lt_xfs_apply *apply, const struct lt_xfs_fork *fork, const struct lt_xfs_inode *inode)
{
    struct lt_xfs_map_node root;
    struct lt_err ignored = {0};
    uint64_t left = inode->blocks < MAX_OWNED ? inode->blocks : MAX_OWNED;
    if (fork->format != LT_XFS_BTREE || lt_xfs_map_root(fork, &root, &ignored) != LT_OK || !root.count)
        return;
    uint64_t first = lt_xfs_map_entry(&root, 0).block;
    while (first != UINT64_MAX)
        first = own_level(apply, first, inode->ino, &left);
}

static void own_btrees(struct lt_xfs_apply *apply, uint64_t place)
{
    unsigned char copy[LT_XFS_MAX_INODE], sectors[LT_XFS_MAX_INODE + LT_SECTOR];
    struct lt_xfs_inode inode;
    struct lt_err ignored = {0};
    size_t inside = (size_t)(place % LT_SECTOR), size = inside + apply->xfs.inode_size;
    struct lt_cursor bytes = {.ptr = copy, .len = apply->xfs.inode_size};
    if (!lt_changed_read(apply->changed, place - inside, sectors, size + (LT_SECTOR - size % LT_SECTOR) % LT_SECTOR))
        return;
    memcpy(copy, sectors + inside, bytes.len);
    uint64_t ino = lt_cursor_be(&bytes, 152, 8);
    if (lt_xfs_inode(&apply->xfs, bytes, ino, &inode, &ignored) != LT_OK || !inode.mode || inode.damaged)
        return;
    own_btree(apply, &inode.data, &inode);
    own_btree(apply, &inode.attr, &inode);
}

static void put_sum(struct lt_xfs_apply *apply, const struct touched *touched)
{
    static const unsigned char zeros[4] = {0};
    struct lt_cursor bytes = {.ptr = apply->buffer, .len = touched->size};
    if (!lt_changed_read(apply->changed, touched->place, apply->buffer, touched->size))
        return;
    size_t at = lt_xfs_stamp_sum(bytes);
    if (!at)
        return;
    memcpy(apply->buffer + at, zeros, sizeof zeros);
    uint32_t sum = ~lt_crc32c(~0u, apply->buffer, touched->size);
    for (size_t i = 0; i < sizeof sum; i++, sum >>= 8)
        apply->buffer[at + i] = (unsigned char)sum;
    keep(apply, touched->place, at, at + sizeof sum);
}

void lt_xfs_apply_end(struct lt_xfs_apply *apply)
{
    lt_each (const uint64_t, place, &apply->owners)
        own_btrees(apply, *place);
    lt_each (const struct touched, touched, &apply->in_order)
        put_sum(apply, touched);
}

void lt_xfs_apply_free(struct lt_xfs_apply *apply)
{
    lt_arena_free(&apply->arena);
}
