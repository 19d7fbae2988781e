// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/layout.h"

#include "base/crc32c.h"

#include <string.h>

enum {
    VERSION_MASK = 0xF,
    VERSION_LOGV2 = 0x400,
    VERSION_SECTOR = 0x800,
    VERSION_DIRV2 = 0x2000,
    VERSION_MORE = 0x8000, /* sb_features2 counts */
    FEATURES2_FTYPE = 0x200,
    SUPER_SUM = 224,
    AGI_SUM = 312,
    INODE_SUM = 100,
    INODE_MAGIC = 0x494E,
    OLD_CORE = 100, /* bytes of an inode before its data: versions 1 and 2, and 3 */
    CORE = 176,
    FLAG2_BIGTIME = 0x8,
    FLAG2_NREXT64 = 0x10,
};

static const uint32_t SUPER_MAGIC = 0x58465342; /* "XFSB" */
static const uint32_t AGI_MAGIC = 0x58414749;   /* "XAGI" */
static const uint32_t NANO = 1000000000;

static uint16_t be16(struct lt_cursor *bytes, size_t at)
{
    return (uint16_t)lt_cursor_be(bytes, at, 2);
}

static uint32_t be32(struct lt_cursor *bytes, size_t at)
{
    return (uint32_t)lt_cursor_be(bytes, at, 4);
}

static uint64_t be64(struct lt_cursor *bytes, size_t at)
{
    return lt_cursor_be(bytes, at, 8);
}

static uint8_t byte(struct lt_cursor *bytes, size_t at)
{
    return (uint8_t)lt_cursor_be(bytes, at, 1);
}

bool lt_xfs_sum_wrong(struct lt_cursor bytes, size_t at)
{
    static const unsigned char zeros[4] = {0};
    uint32_t stored = lt_le32(&bytes, at);
    if (bytes.bad)
        return true;
    uint32_t crc = lt_crc32c(lt_crc32c(~0u, bytes.ptr, at), zeros, sizeof zeros);
    size_t behind = at + sizeof zeros;
    return ~lt_crc32c(crc, bytes.ptr + behind, bytes.len - behind) != stored;
}

static bool is_power(uint32_t size, unsigned log, unsigned least, unsigned most)
{
    return log >= least && log <= most && size == UINT32_C(1) << log;
}

/* As xfs_validate_sb_common() wants it. */
static bool plausible(const struct lt_xfs *xfs, unsigned sector_log, unsigned dir_log)
{
    enum { MIN_AG_BLOCKS = 16, MAX_AG_BYTES_LOG = 40 };
    bool sizes = is_power(xfs->block_size, xfs->block_log, 9, 16) && is_power(xfs->sector_size, sector_log, 9, 15) &&
                 is_power(xfs->inode_size, xfs->inode_log, 8, 11) && xfs->sector_size <= xfs->block_size &&
                 xfs->block_log == xfs->inode_log + xfs->inopb_log && dir_log <= 16u - xfs->block_log;
    if (!sizes)
        return false;
    bool groups = xfs->ag_count && xfs->ag_blocks >= MIN_AG_BLOCKS && xfs->ag_log < 32 &&
                  xfs->ag_blocks <= UINT64_C(1) << xfs->ag_log && xfs->ag_log + xfs->inopb_log <= 32 &&
                  xfs->ag_blocks <= UINT64_C(1) << (MAX_AG_BYTES_LOG - xfs->block_log);
    return groups && xfs->blocks > (uint64_t)(xfs->ag_count - 1) * xfs->ag_blocks &&
           xfs->blocks <= (uint64_t)xfs->ag_count * xfs->ag_blocks && xfs->blocks <= UINT64_MAX >> xfs->block_log;
}

static void read_features(struct lt_cursor *bytes, struct lt_xfs *out)
{
    out->log_v2 = out->versionnum & VERSION_LOGV2;
    out->features2 = out->versionnum & VERSION_MORE ? be32(bytes, 200) : 0;
    out->ftype = out->features2 & FEATURES2_FTYPE;
    memcpy(out->meta_uuid, out->uuid, sizeof out->uuid);
    if (!out->v5)
        return;
    out->compat = be32(bytes, 208);
    out->ro_compat = be32(bytes, 212);
    out->incompat = be32(bytes, 216);
    out->log_incompat = be32(bytes, 220);
    out->own_inodes[4] = be64(bytes, 232);
    out->lsn = be64(bytes, 240);
    out->log_v2 = true;
    out->ftype = out->incompat & LT_XFS_INCOMPAT_FTYPE;
    if (out->incompat & LT_XFS_INCOMPAT_META_UUID && bytes->len >= 264)
        memcpy(out->meta_uuid, bytes->ptr + 248, sizeof out->meta_uuid);
}

static void read_own_inodes(struct lt_cursor *bytes, struct lt_xfs *out)
{
    static const size_t places[] = {64, 72, 160, 168};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        out->own_inodes[i] = be64(bytes, places[i]);
    for (size_t i = 0; i < sizeof out->own_inodes / sizeof *out->own_inodes; i++)
        if (out->own_inodes[i] == UINT64_MAX) /* NULLFSINO */
            out->own_inodes[i] = 0;
}

enum lt_status lt_xfs_super(struct lt_cursor bytes, struct lt_xfs *out, struct lt_err *err)
{
    if (be32(&bytes, 0) != SUPER_MAGIC || bytes.len < LT_XFS_MIN_SECTOR)
        return lt_fail(err, LT_END, LT_CODE_UNSUPPORTED, 0, "no XFS superblock");
    uint16_t version = be16(&bytes, 100);
    unsigned dir_log = byte(&bytes, 192);
    *out = (struct lt_xfs){
        .v5 = (version & VERSION_MASK) == 5,
        .versionnum = version,
        .block_size = be32(&bytes, 4),
        .sector_size = be16(&bytes, 102),
        .inode_size = be16(&bytes, 104),
        .block_log = byte(&bytes, 120),
        .inode_log = byte(&bytes, 122),
        .inopb_log = byte(&bytes, 123),
        .ag_log = byte(&bytes, 124),
        .ag_blocks = be32(&bytes, 84),
        .ag_count = be32(&bytes, 88),
        .blocks = be64(&bytes, 8),
        .root = be64(&bytes, 56),
        .log_start = be64(&bytes, 48),
        .log_blocks = be32(&bytes, 96),
        .log_sector = version & VERSION_SECTOR && be16(&bytes, 194) ? be16(&bytes, 194) : LT_XFS_MIN_SECTOR,
        .log_unit = be32(&bytes, 196),
        .inodes = be64(&bytes, 128),
        .free_inodes = be64(&bytes, 136),
        .unfinished = byte(&bytes, 126),
    };
    memcpy(out->uuid, bytes.ptr + 32, sizeof out->uuid);
    memcpy(out->label, bytes.ptr + 108, sizeof out->label);
    read_features(&bytes, out);
    read_own_inodes(&bytes, out);
    if ((version & VERSION_MASK) < 4 || (version & VERSION_MASK) > 5 || !(version & VERSION_DIRV2))
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "XFS of version %u, or with directories of version 1",
                       version & VERSION_MASK);
    if (!plausible(out, byte(&bytes, 121), dir_log))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible values in the XFS superblock");
    out->dir_block_size = out->block_size << dir_log;
    bytes.len = out->sector_size < bytes.len ? out->sector_size : bytes.len;
    out->damaged = out->v5 && bytes.len == out->sector_size && lt_xfs_sum_wrong(bytes, SUPER_SUM);
    return LT_OK;
}

uint32_t lt_xfs_ag_blocks(const struct lt_xfs *xfs, uint32_t ag)
{
    uint64_t before = (uint64_t)ag * xfs->ag_blocks;
    if (before >= xfs->blocks)
        return 0;
    return xfs->blocks - before < xfs->ag_blocks ? (uint32_t)(xfs->blocks - before) : xfs->ag_blocks;
}

bool lt_xfs_block_place(const struct lt_xfs *xfs, uint64_t block, uint64_t *place)
{
    uint64_t ag = block >> xfs->ag_log, in_ag = block & ((UINT64_C(1) << xfs->ag_log) - 1);
    if (ag >= xfs->ag_count || in_ag >= lt_xfs_ag_blocks(xfs, (uint32_t)ag))
        return false;
    *place = lt_xfs_ag_place(xfs, (uint32_t)ag) + (in_ag << xfs->block_log);
    return true;
}

bool lt_xfs_ino_place(const struct lt_xfs *xfs, uint64_t ino, uint64_t *place)
{
    if (!lt_xfs_block_place(xfs, ino >> xfs->inopb_log, place))
        return false;
    *place += (ino & ((UINT64_C(1) << xfs->inopb_log) - 1)) << xfs->inode_log;
    return true;
}

enum lt_status lt_xfs_agi(const struct lt_xfs *xfs, struct lt_cursor sector, struct lt_xfs_agi *out, struct lt_err *err)
{
    *out = (struct lt_xfs_agi){
        .ag = be32(&sector, 8),
        .blocks = be32(&sector, 12),
        .inodes = be32(&sector, 16),
        .root = be32(&sector, 20),
        .level = be32(&sector, 24),
        .free = be32(&sector, 28),
    };
    for (size_t i = 0; i < LT_XFS_UNLINKED; i++)
        out->unlinked[i] = be32(&sector, 40 + 4 * i);
    if (be32(&sector, 0) != AGI_MAGIC || sector.bad)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no head of inodes");
    out->damaged = xfs->v5 && lt_xfs_sum_wrong(sector, AGI_SUM);
    return LT_OK;
}

/* A kind of btree: its magic number, the bytes of a number of a block, of the head and where its sum is. */
struct btree_form {
    uint32_t magic;
    unsigned pointer, head, owner, sum;
};

static const struct btree_form btree_forms[][2] = {
    [LT_XFS_INOBT] = {{0x49414254, 4, 16, 0, 0}, {0x49414233, 4, 56, 48, 52}}, /* "IABT", "IAB3" */
    [LT_XFS_BMBT] = {{0x424D4150, 8, 24, 0, 0}, {0x424D4133, 8, 72, 56, 64}},  /* "BMAP", "BMA3" */
};

enum lt_status lt_xfs_btree_block(const struct lt_xfs *xfs, enum lt_xfs_btree kind, struct lt_cursor bytes,
                                  struct lt_xfs_btree_block *out, struct lt_err *err)
{
    const struct btree_form *form = &btree_forms[kind][xfs->v5];
    uint64_t none = UINT64_MAX >> (64 - 8 * form->pointer);
    *out = (struct lt_xfs_btree_block){
        .level = be16(&bytes, 4),
        .count = be16(&bytes, 6),
        .right = lt_cursor_be(&bytes, 8 + form->pointer, form->pointer),
        .head = form->head,
        .bytes = bytes,
    };
    if (out->right == none)
        out->right = UINT64_MAX;
    if (xfs->v5)
        out->owner = lt_cursor_be(&bytes, form->owner, form->pointer);
    if (be32(&bytes, 0) != form->magic || bytes.bad || bytes.len < form->head || out->level >= LT_XFS_MAX_BTREE_LEVELS)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no block of the btree");
    out->damaged = xfs->v5 && lt_xfs_sum_wrong(bytes, form->sum);
    return LT_OK;
}

/* With bigtime: nanoseconds since 2^31 seconds before 1970. Else seconds are signed (xfs_inode_buf.c,
 * xfs_inode_from_disk_ts()). */
static struct lt_time decode_time(struct lt_cursor *bytes, size_t at, bool bigtime, bool *bad)
{
    if (bigtime) {
        uint64_t nanoseconds = be64(bytes, at);
        return lt_time_at((int64_t)(nanoseconds / NANO) - (INT64_C(1) << 31), (uint32_t)(nanoseconds % NANO));
    }
    uint32_t nanoseconds = be32(bytes, at + 4);
    if (nanoseconds >= NANO) {
        *bad = true;
        return (struct lt_time){0};
    }
    return lt_time_at((int32_t)be32(bytes, at), nanoseconds);
}

static void decode_times(struct lt_cursor *bytes, struct lt_xfs_inode *out)
{
    bool bigtime = out->flags2 & FLAG2_BIGTIME;
    out->time[LT_A] = decode_time(bytes, 32, bigtime, &out->bad_time);
    out->time[LT_M] = decode_time(bytes, 40, bigtime, &out->bad_time);
    out->time[LT_C] = decode_time(bytes, 48, bigtime, &out->bad_time);
    if (out->version >= 3)
        out->time[LT_B] = decode_time(bytes, 144, bigtime, &out->bad_time);
}

/* The forks share what is left of the inode; di_forkoff says where, in units of 8 bytes. */
static enum lt_status decode_forks(struct lt_cursor *bytes, struct lt_xfs_inode *out, struct lt_err *err)
{
    size_t core = out->version >= 3 ? CORE : OLD_CORE, split = (size_t)byte(bytes, 82) * 8;
    bool wide = out->flags2 & FLAG2_NREXT64;
    if (bytes->len < core || split > bytes->len - core)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the forks of inode %ju are not in it", (uintmax_t)out->ino);
    size_t data = split ? split : bytes->len - core;
    out->data = (struct lt_xfs_fork){
        .format = (enum lt_xfs_format)byte(bytes, 5),
        .extents = wide ? be64(bytes, 24) : be32(bytes, 76),
        .bytes = {.ptr = bytes->ptr + core, .len = data},
    };
    if (split)
        out->attr = (struct lt_xfs_fork){
            .format = (enum lt_xfs_format)byte(bytes, 83),
            .extents = wide ? be32(bytes, 76) : be16(bytes, 80),
            .bytes = {.ptr = bytes->ptr + core + split, .len = bytes->len - core - split},
        };
    return LT_OK;
}

/* The number of a device as System V had it: 14 bits and 18 (xfs_linux.h, sysv_decode_dev in linux/kdev_t.h). */
static void decode_device(struct lt_xfs_inode *out)
{
    uint32_t device = be32(&out->data.bytes, 0);
    out->major = device >> 18 & 0x3FFF;
    out->minor = device & 0x3FFFF;
}

enum lt_status lt_xfs_inode(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, struct lt_xfs_inode *out,
                            struct lt_err *err)
{
    *out = (struct lt_xfs_inode){
        .ino = ino,
        .size = be64(&bytes, 56),
        .blocks = be64(&bytes, 64),
        .mode = be16(&bytes, 2),
        .version = byte(&bytes, 4),
        .uid = be32(&bytes, 8),
        .gid = be32(&bytes, 12),
        .nlink = be32(&bytes, 16),
        .generation = be32(&bytes, 92),
        .next_unlinked = be32(&bytes, 96),
        .flags = be16(&bytes, 90),
    };
    unsigned most = xfs->v5 ? 3 : 2, least = xfs->v5 ? 3 : 1;
    if (be16(&bytes, 0) != INODE_MAGIC || bytes.bad || out->version < least || out->version > most)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no inode where inode %ju must be", (uintmax_t)ino);
    if (out->version == 1)
        out->nlink = be16(&bytes, 6);
    if (xfs->v5) {
        out->flags2 = be64(&bytes, 120);
        out->damaged = lt_xfs_sum_wrong(bytes, INODE_SUM);
        out->misplaced = be64(&bytes, 152) != ino;
    }
    decode_times(&bytes, out);
    enum lt_status status = decode_forks(&bytes, out, err);
    if (status == LT_OK && (S_ISCHR(out->mode) || S_ISBLK(out->mode)))
        decode_device(out);
    return status;
}
