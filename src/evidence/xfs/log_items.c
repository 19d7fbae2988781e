// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/log_items.h"

#include "base/crc32c.h"

#include <string.h>

enum {
    PIECE = 128, /* bytes that one bit of a buffer's map stands for; XFS_BLF_CHUNK */
    MAP = 20,    /* where that begins */
    MAX_WORDS = 17,
    BUFFER_INODES = 0x1,
    BUFFER_CANCEL = 0x2,
    BUFFER_QUOTA = 0x1C,

    INODE_FORMAT = 56,    /* bytes of its description, */
    INODE_FORMAT_32 = 52, /* without the padding, as 32-bit x86 has it */
    FIELD_DATA = 0x002,
    FIELD_EXTENTS = 0x004,
    FIELD_ROOT = 0x008,
    FIELD_DEVICE = 0x010,
    FIELD_ATTR_DATA = 0x040,
    FIELD_ATTR_EXTENTS = 0x080,
    FIELD_ATTR_ROOT = 0x100,
    FIELD_OWNERS = 0x600,
    FIELDS_DATA = FIELD_DATA | FIELD_EXTENTS | FIELD_ROOT,
    FIELDS_ATTR = FIELD_ATTR_DATA | FIELD_ATTR_EXTENTS | FIELD_ATTR_ROOT,

    ICREATE_FORMAT = 28,
    MAX_TOGETHER = 256, /* inodes: those of the largest block */

    /* places in an inode */
    VERSION = 4,
    SIZES = 24,
    FLUSHES = 30,
    FORK = 82,
    LINK = 96,
    SUM = 100,
    LSN = 112,
    FLAGS2 = 120,
    OLD_CORE = 96, /* bytes that are logged of an inode, before and since version 3 */
    CORE = 176,
    OLD_HEAD = 100, /* bytes before its forks */

    FLAG2_BIGTIME = 0x8,
    FLAG2_NREXT64 = 0x10,
    MAX_FLUSHES = 0xFFFF,
    INODE_MAGIC = 0x494E,
};

static uint32_t get32(struct lt_cursor *bytes, size_t at)
{
    return (uint32_t)lt_cursor_be(bytes, at, 4);
}

static void put_be(unsigned char *at, unsigned count, uint64_t number)
{
    for (unsigned i = count; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

static void put_sum(const struct lt_xfs *xfs, unsigned char *inode)
{
    if (inode[VERSION] < 3)
        return;
    memset(inode + SUM, 0, 4);
    uint32_t sum = __builtin_bswap32(~lt_crc32c(~0u, inode, xfs->inode_size));
    put_be(inode + SUM, 4, sum);
}

static enum lt_status broken(struct lt_err *err, const char *what)
{
    return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log has an item for %s that cannot be", what);
}

enum lt_status lt_xfs_log_buffer(const struct lt_xfs_log_item *item, struct lt_xfs_log_buffer *out, struct lt_err *err)
{
    struct lt_cursor head = item->count ? item->regions[0] : (struct lt_cursor){0};
    unsigned flags = lt_le16(&head, 4);
    *out = (struct lt_xfs_log_buffer){
        .sector = lt_cursor_le(&head, 8, 8),
        .sectors = lt_le16(&head, 6),
        .cancelled = flags & BUFFER_CANCEL,
        .inodes = flags & BUFFER_INODES,
        .quota = flags & BUFFER_QUOTA,
        .words = lt_le32(&head, 16),
    };
    if (head.bad || head.len < MAP || out->words > MAX_WORDS || (size_t)out->words * 4 > head.len - MAP ||
        !out->sectors || out->sectors > LT_XFS_MAX_BLOCK / LT_XFS_MIN_SECTOR ||
        out->sector > INT64_MAX / LT_XFS_MIN_SECTOR)
        return broken(err, "a buffer");
    out->map = (struct lt_cursor){.ptr = head.ptr + MAP, .len = (size_t)out->words * 4};
    return LT_OK;
}

static bool is_set(const struct lt_xfs_log_buffer *buffer, unsigned piece)
{
    return piece / 8 < buffer->map.len && buffer->map.ptr[piece / 8] >> piece % 8 & 1;
}

/* Pieces beside each other are one region, unless the kernel's memory had a border between them: then a region is
 * shorter than the run of bits. */
enum lt_status lt_xfs_log_next_run(const struct lt_xfs_log_item *item, const struct lt_xfs_log_buffer *buffer,
                                   unsigned *at, unsigned *piece, struct lt_xfs_log_run *out, struct lt_err *err)
{
    while (*piece < buffer->words * 32 && !is_set(buffer, *piece))
        ++*piece;
    if (*piece >= buffer->words * 32)
        return LT_END;
    size_t count = 1;
    while (is_set(buffer, *piece + (unsigned)count))
        count++;
    if (++*at >= item->count)
        return broken(err, "a buffer, whose data are missing,");
    out->data = item->regions[*at];
    if (out->data.len / PIECE < count)
        count = out->data.len / PIECE;
    *out = (struct lt_xfs_log_run){.from = (size_t)*piece * PIECE, .size = count * PIECE, .data = out->data};
    *piece += (unsigned)count;
    if (!count || out->from + out->size > (size_t)buffer->sectors * LT_XFS_MIN_SECTOR)
        return broken(err, "a buffer");
    return LT_OK;
}

static struct lt_cursor region(const struct lt_xfs_log_item *item, unsigned number)
{
    return number < item->count ? item->regions[number] : (struct lt_cursor){.bad = true};
}

enum lt_status lt_xfs_log_inode(const struct lt_xfs_log_item *item, struct lt_xfs_log_inode *out, struct lt_err *err)
{
    struct lt_cursor head = region(item, 0);
    size_t less = head.len == INODE_FORMAT_32 ? INODE_FORMAT - INODE_FORMAT_32 : 0;
    uint64_t inside = lt_le32(&head, 52 - less);
    unsigned next = 2;
    *out = (struct lt_xfs_log_inode){
        .fields = lt_le32(&head, 4),
        .ino = lt_cursor_le(&head, 16 - less, 8),
        .device = lt_le32(&head, 24 - less),
        .sector = lt_cursor_le(&head, 40 - less, 8),
        .sectors = lt_le32(&head, 48 - less),
        .core = region(item, 1),
    };
    out->owner = out->fields & FIELD_OWNERS;
    if (out->fields & FIELDS_DATA)
        out->data = region(item, next++);
    if (out->fields & FIELDS_ATTR)
        out->attr = region(item, next);
    if (item->wanted == 2)
        out->data = out->attr = (struct lt_cursor){0};
    out->place = out->sector * LT_XFS_MIN_SECTOR + inside;
    if (head.bad || out->core.bad || out->data.bad || out->attr.bad ||
        out->sectors > LT_XFS_MAX_BLOCK / LT_XFS_MIN_SECTOR || out->sector > INT64_MAX / LT_XFS_MIN_SECTOR ||
        inside >= LT_XFS_MAX_BLOCK)
        return broken(err, "an inode");
    return LT_OK;
}

/* The counter of versions 1 and 2 wraps around. */
static bool flushed_more(uint16_t disk, uint16_t logged)
{
    return logged < disk && !(disk == MAX_FLUSHES && logged < MAX_FLUSHES / 2);
}

bool lt_xfs_log_inode_is_old(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, uint64_t lsn,
                             struct lt_cursor bytes)
{
    struct lt_cursor core = inode->core;
    if (!xfs->v5)
        return flushed_more((uint16_t)lt_cursor_be(&bytes, FLUSHES, 2), lt_le16(&core, FLUSHES));
    uint64_t there = lt_cursor_be(&bytes, LSN, 8);
    return there != UINT64_MAX && there > lsn;
}

/* Numbers that are the same on the disk but for the order of their bytes. */
static const struct {
    unsigned char at, size;
} numbers[] = {
    {0, 2},  {2, 2},  {6, 2},  {8, 4},  {12, 4}, {16, 4}, {20, 2},  {22, 2},  {56, 8},  {64, 8},  {72, 4},
    {76, 4}, {80, 2}, {84, 4}, {88, 2}, {90, 2}, {92, 4}, {104, 8}, {120, 8}, {128, 4}, {152, 8},
};

static void put_number(struct lt_cursor *core, unsigned char *bytes, size_t at, unsigned size)
{
    put_be(bytes + at, size, lt_cursor_le(core, at, size));
}

static void put_time(struct lt_cursor *core, unsigned char *bytes, size_t at, bool bigtime)
{
    put_number(core, bytes, at, bigtime ? 8 : 4);
    if (!bigtime)
        put_number(core, bytes, at + 4, 4);
}

/* What stands before the forks. The LSN of the item is not to be believed: see xlog_recover_inode_commit_pass2(). */
static void put_core(struct lt_cursor core, uint64_t lsn, unsigned char *bytes)
{
    bool v3 = core.ptr[VERSION] >= 3;
    uint64_t flags2 = v3 ? lt_cursor_le(&core, FLAGS2, 8) : 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].at + numbers[i].size <= (v3 ? CORE : OLD_CORE))
            put_number(&core, bytes, numbers[i].at, numbers[i].size);
    bytes[4] = core.ptr[4];
    bytes[5] = core.ptr[5];
    bytes[FORK] = core.ptr[FORK];
    bytes[FORK + 1] = core.ptr[FORK + 1];
    for (size_t at = 32; at <= 48; at += 8)
        put_time(&core, bytes, at, flags2 & FLAG2_BIGTIME);
    memset(bytes + SIZES, 0, 8); /* for versions 1 and 2 the kernel begins to count anew */
    if (!v3)
        return;
    if (flags2 & FLAG2_NREXT64)
        put_number(&core, bytes, SIZES, 8);
    put_be(bytes + LSN, 8, lsn);
    memset(bytes + 132, 0, 12);
    put_time(&core, bytes, 144, flags2 & FLAG2_BIGTIME);
    memcpy(bytes + 160, core.ptr + 160, 16);
}

/* The root of a btree is logged as the block that the kernel holds; in the inode its head is shorter, and the pointers
 * lie where the fork has room for them (xfs_bmap_btree.c, xfs_bmbt_to_bmdr()). */
static enum lt_status put_root(const struct lt_xfs *xfs, struct lt_cursor root, unsigned char *fork, size_t size,
                               struct lt_err *err)
{
    enum { KEY = 8, POINTER = 8, HEAD = 4 };
    size_t head = xfs->v5 ? 72 : 24, count = (size_t)lt_cursor_be(&root, 6, 2);
    size_t room = root.len > head ? (root.len - head) / (KEY + POINTER) : 0;
    size_t room_there = size > HEAD ? (size - HEAD) / (KEY + POINTER) : 0;
    if (root.bad || count > room || count > room_there)
        return broken(err, "the btree of an inode");
    memcpy(fork, root.ptr + 4, HEAD);
    memcpy(fork + HEAD, root.ptr + head, count * KEY);
    memcpy(fork + HEAD + room_there * KEY, root.ptr + head + room * KEY, count * POINTER);
    return LT_OK;
}

static enum lt_status put_fork(const struct lt_xfs *xfs, struct lt_cursor data, bool root, unsigned char *fork,
                               size_t size, struct lt_err *err)
{
    if (!data.len)
        return LT_OK;
    if (root)
        return put_root(xfs, data, fork, size, err);
    if (data.len > size)
        return broken(err, "an inode, whose fork is too large,");
    memcpy(fork, data.ptr, data.len);
    return LT_OK;
}

static bool plausible(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, struct lt_cursor bytes)
{
    struct lt_cursor core = inode->core;
    unsigned version = (unsigned)lt_cursor_le(&core, VERSION, 1);
    size_t wanted = version >= 3 ? CORE : OLD_CORE, head = version >= 3 ? CORE : OLD_HEAD;
    return lt_le16(&core, 0) == INODE_MAGIC && lt_cursor_be(&bytes, 0, 2) == INODE_MAGIC && version >= 1 &&
           version <= 3 && xfs->v5 == (version == 3) && core.len >= wanted &&
           lt_cursor_le(&core, FORK, 1) * 8 <= xfs->inode_size - head;
}

static enum lt_status put_all(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, uint64_t lsn,
                              unsigned char *bytes, struct lt_err *err)
{
    put_core(inode->core, lsn, bytes);
    size_t head = bytes[VERSION] >= 3 ? CORE : OLD_HEAD, room = xfs->inode_size - head, split = (size_t)bytes[FORK] * 8;
    if (inode->fields & FIELD_DEVICE)
        put_be(bytes + head, 4, inode->device);
    if (!split && inode->attr.len)
        return broken(err, "an inode without attributes");
    if (put_fork(xfs, inode->data, inode->fields & FIELD_ROOT, bytes + head, split ? split : room, err) != LT_OK ||
        put_fork(xfs, inode->attr, inode->fields & FIELD_ATTR_ROOT, bytes + head + split, room - split, err) != LT_OK)
        return LT_SKIP;
    put_sum(xfs, bytes);
    return LT_OK;
}

enum lt_status lt_xfs_log_put_inode(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, uint64_t lsn,
                                    unsigned char *bytes, struct lt_err *err)
{
    unsigned char result[LT_XFS_MAX_INODE];
    if (!plausible(xfs, inode, (struct lt_cursor){.ptr = bytes, .len = xfs->inode_size}))
        return broken(err, "an inode");
    memcpy(result, bytes, xfs->inode_size);
    if (put_all(xfs, inode, lsn, result, err) != LT_OK)
        return LT_SKIP;
    memcpy(bytes, result, xfs->inode_size);
    return LT_OK;
}

enum lt_status lt_xfs_log_icreate(const struct lt_xfs *xfs, const struct lt_xfs_log_item *item,
                                  struct lt_xfs_log_icreate *out, struct lt_err *err)
{
    struct lt_cursor head = region(item, 0);
    uint32_t ag = get32(&head, 4), block = get32(&head, 8);
    *out = (struct lt_xfs_log_icreate){
        .count = get32(&head, 12),
        .generation = get32(&head, 24),
    };
    uint64_t blocks = get32(&head, 20), first = (uint64_t)block << xfs->inopb_log;
    if (head.bad || head.len < ICREATE_FORMAT || get32(&head, 16) != xfs->inode_size || !out->count ||
        out->count > MAX_TOGETHER || blocks << xfs->inopb_log != out->count || ag >= xfs->ag_count ||
        block >= xfs->ag_blocks || first + out->count > UINT64_C(1) << (xfs->ag_log + xfs->inopb_log))
        return broken(err, "new inodes");
    out->ino = lt_xfs_ino(xfs, ag, (uint32_t)first);
    out->place = lt_xfs_ag_place(xfs, ag) + ((uint64_t)block << xfs->block_log);
    return LT_OK;
}

void lt_xfs_log_put_empty(const struct lt_xfs *xfs, const struct lt_xfs_log_icreate *create, uint32_t index,
                          unsigned char *bytes)
{
    memset(bytes, 0, xfs->inode_size);
    put_be(bytes, 2, INODE_MAGIC);
    bytes[VERSION] = xfs->v5 ? 3 : 2;
    put_be(bytes + 92, 4, create->generation);
    put_be(bytes + LINK, 4, LT_XFS_NO_INODE);
    if (!xfs->v5)
        return;
    put_be(bytes + 152, 8, create->ino + index);
    memcpy(bytes + 160, xfs->meta_uuid, sizeof xfs->meta_uuid);
    put_sum(xfs, bytes);
}

bool lt_xfs_log_put_link(const struct lt_xfs *xfs, const struct lt_xfs_log_run *run, size_t from, unsigned char *bytes)
{
    static const unsigned char none[4] = {0};
    size_t at = from + LINK;
    if (at < run->from || at + 4 > run->from + run->size || at - run->from + 4 > run->data.len)
        return false;
    const unsigned char *link = run->data.ptr + (at - run->from);
    if (memcmp(link, none, sizeof none) == 0) /* the kernel takes this for damage: inode 0 is in no list */
        return false;
    memcpy(bytes + LINK, link, 4);
    put_sum(xfs, bytes);
    return true;
}

bool lt_xfs_log_intent(const struct lt_xfs_log_item *item, struct lt_xfs_log_intent *out)
{
    struct lt_cursor head = region(item, 0);
    bool first = item->type == LT_XFS_ITEM_EFI || item->type == LT_XFS_ITEM_EFI + 1;
    if (!first && (item->type < LT_XFS_ITEM_RUI || item->type > LT_XFS_ITEM_LAST))
        return false;
    *out = (struct lt_xfs_log_intent){
        .kind = item->type & ~1u,
        .id = lt_cursor_le(&head, 8, 8),
        .done = item->type & 1,
    };
    return !head.bad;
}
