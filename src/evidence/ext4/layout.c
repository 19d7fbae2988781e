// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/layout.h"

#include <sys/stat.h>

enum {
    MAGIC = 0xEF53,
    SECTOR = 512,
    COMPAT_SPARSE_SUPER2 = 0x200,
    INCOMPAT_META_BG = 0x10,
    INCOMPAT_64BIT = 0x80,
    INCOMPAT_CSUM_SEED = 0x2000,
    RO_COMPAT_SPARSE_SUPER = 0x1,
    RO_COMPAT_GDT_CSUM = 0x10,
    RO_COMPAT_BIGALLOC = 0x200,
    RO_COMPAT_METADATA_CSUM = 0x400,
    SUPER_CHECKSUM = 0x3FC,
    OLD_INODE = 128, /* bytes of an inode without the extra fields */
};

static const uint32_t XATTR_MAGIC = 0xEA020000;

static bool plausible(const struct lt_ext4 *ext4)
{
    bool sizes = ext4->inode_size >= OLD_INODE && ext4->inode_size <= LT_EXT4_MAX_INODE &&
                 (ext4->inode_size & (ext4->inode_size - 1)) == 0 && ext4->inode_size <= ext4->block_size &&
                 ext4->desc_size >= 32 && ext4->desc_size <= LT_EXT4_MAX_DESC &&
                 (ext4->desc_size & (ext4->desc_size - 1)) == 0;
    if (!sizes)
        return false;
    bool counts = ext4->inodes && ext4->inodes_per_group && ext4->inodes_per_group <= ext4->block_size * 8 &&
                  ext4->inodes_per_group >= ext4->block_size / ext4->inode_size && ext4->blocks_per_group >= 256 &&
                  ext4->blocks_per_group && ext4->blocks_per_group / ext4->cluster_blocks <= ext4->block_size * 8 &&
                  ext4->blocks > ext4->first_data_block && ext4->blocks <= UINT64_MAX / ext4->block_size;
    if (!counts)
        return false;
    uint64_t groups = (ext4->blocks - ext4->first_data_block - 1) / ext4->blocks_per_group + 1;
    return groups <= UINT32_MAX && groups * ext4->inodes_per_group == ext4->inodes; /* as the kernel wants it */
}

/* Where the checksums of the metadata start, and whether the superblock's own is right. */
static void read_checksums(struct lt_cursor *bytes, struct lt_ext4 *out)
{
    out->checksums = out->ro_compat & RO_COMPAT_METADATA_CSUM;
    out->uninit_groups = out->ro_compat & (RO_COMPAT_METADATA_CSUM | RO_COMPAT_GDT_CSUM);
    if (!out->checksums || bytes->len < LT_EXT4_SUPER_SIZE)
        return;
    out->checksum_seed =
        out->incompat & INCOMPAT_CSUM_SEED ? lt_le32(bytes, 0x270) : lt_crc32c(~0u, bytes->ptr + 0x68, 16);
    out->damaged = lt_crc32c(~0u, bytes->ptr, SUPER_CHECKSUM) != lt_le32(bytes, SUPER_CHECKSUM);
}

/* s_uuid, s_volume_name and s_last_mounted. */
static void read_names(const struct lt_cursor *bytes, struct lt_ext4 *out)
{
    if (bytes->len < LT_EXT4_SUPER_SIZE)
        return;
    memcpy(out->uuid, bytes->ptr + 0x68, sizeof out->uuid);
    memcpy(out->label, bytes->ptr + 0x78, sizeof out->label);
    memcpy(out->last_mounted, bytes->ptr + 0x88, sizeof out->last_mounted);
}

enum { CLEAN = 1 }; /* EXT4_VALID_FS (linux fs/ext4/ext4.h) */

enum lt_status lt_ext4_super(struct lt_cursor bytes, struct lt_ext4 *out, struct lt_err *err)
{
    uint32_t log_size = lt_le32(&bytes, 0x18);
    if (lt_le16(&bytes, 0x38) != MAGIC || log_size > 6)
        return lt_fail(err, LT_END, LT_CODE_UNSUPPORTED, 0, "no ext2/3/4 superblock");
    bool dynamic = lt_le32(&bytes, 0x4C) >= 1; /* revision 0 has fixed sizes and no features */
    *out = (struct lt_ext4){
        .inodes = lt_le32(&bytes, 0x00),
        .free_inodes = lt_le32(&bytes, 0x10),
        .mount_time = lt_le32(&bytes, 0x2C),
        .blocks = lt_le32(&bytes, 0x04),
        .first_data_block = lt_le32(&bytes, 0x14),
        .block_size = 1024u << log_size,
        .blocks_per_group = lt_le32(&bytes, 0x20),
        .inodes_per_group = lt_le32(&bytes, 0x28),
        .inode_size = dynamic ? lt_le16(&bytes, 0x58) : OLD_INODE,
        .compat = dynamic ? lt_le32(&bytes, 0x5C) : 0,
        .incompat = dynamic ? lt_le32(&bytes, 0x60) : 0,
        .ro_compat = dynamic ? lt_le32(&bytes, 0x64) : 0,
        .first_meta_bg = lt_le32(&bytes, 0x104),
        .journal_inode = lt_le32(&bytes, 0xE0),
        .journal_device = lt_le32(&bytes, 0xE4),
        .clean = lt_le16(&bytes, 0x3A) & CLEAN,
        .last_orphan = lt_le32(&bytes, 0xE8),
        .orphan_file = lt_le32(&bytes, 0x280),
        .reserved_tables = lt_le16(&bytes, 0xCE),
        .cluster_blocks = 1,
        .group = lt_le16(&bytes, 0x5A),
        .first_inode = dynamic ? lt_le32(&bytes, 0x54) : 11,
        .backup_groups = {lt_le32(&bytes, 0x24C), lt_le32(&bytes, 0x250)},
        .desc_size = 32,
    };
    if (out->incompat & INCOMPAT_64BIT) {
        out->desc_size = lt_le16(&bytes, 0xFE);
        out->blocks |= (uint64_t)lt_le32(&bytes, 0x150) << 32;
    }
    uint32_t log_cluster = lt_le32(&bytes, 0x1C);
    if (out->ro_compat & RO_COMPAT_BIGALLOC && log_cluster > log_size && log_cluster - log_size < 20)
        out->cluster_blocks = 1u << (log_cluster - log_size);
    read_checksums(&bytes, out);
    read_names(&bytes, out);
    out->needs_recovery = out->incompat & LT_EXT4_INCOMPAT_RECOVER;
    if (bytes.bad || !plausible(out))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible values in the ext2/3/4 superblock");
    return LT_OK;
}

bool lt_ext4_has_super(const struct lt_ext4 *ext4, uint64_t group)
{
    if (group == 0)
        return true;
    if (ext4->compat & COMPAT_SPARSE_SUPER2)
        return group == ext4->backup_groups[0] || group == ext4->backup_groups[1];
    if (group == 1 || !(ext4->ro_compat & RO_COMPAT_SPARSE_SUPER))
        return true;
    for (uint64_t base = 3; base <= 7; base += 2) {
        uint64_t power = base;
        while (power < group)
            power *= base;
        if (power == group)
            return true;
    }
    return false;
}

uint64_t lt_ext4_super_blocks(const struct lt_ext4 *ext4, uint64_t group)
{
    uint64_t per_block = ext4->block_size / ext4->desc_size;
    uint64_t tables = (lt_ext4_groups(ext4) + per_block - 1) / per_block;
    if (!(ext4->incompat & INCOMPAT_META_BG))
        return 1 + tables + ext4->reserved_tables;
    return 1 + (group / per_block < ext4->first_meta_bg ? ext4->first_meta_bg : 1);
}

uint64_t lt_ext4_group_start(const struct lt_ext4 *ext4, uint64_t group)
{
    return ext4->first_data_block + group * ext4->blocks_per_group;
}

/* linux fs/ext4/super.c, descriptor_loc(). */
uint64_t lt_ext4_desc_offset(const struct lt_ext4 *ext4, uint32_t ino)
{
    uint64_t group = (ino - 1) / ext4->inodes_per_group;
    uint64_t per_block = ext4->block_size / ext4->desc_size;
    uint64_t meta_group = group / per_block;
    uint64_t super_block = LT_EXT4_SUPER_OFFSET / ext4->block_size;
    uint64_t block = super_block + 1 + meta_group;
    if (ext4->incompat & INCOMPAT_META_BG && meta_group >= ext4->first_meta_bg) {
        uint64_t first = meta_group * per_block;
        block = lt_ext4_group_start(ext4, first) + lt_ext4_has_super(ext4, first);
        /* With bigalloc block 0 is data even where blocks have 1 KiB, and the superblock is in block 1. */
        block += meta_group == 0 && super_block > ext4->first_data_block;
    }
    return block * ext4->block_size + group % per_block * ext4->desc_size;
}

/* The group with copy number `which` of the superblock, from 0, that of group 0 left out; 0: there are not as many. */
static uint64_t copy_group(const struct lt_ext4 *ext4, unsigned which)
{
    uint64_t groups = lt_ext4_groups(ext4), group = 1;
    if (ext4->compat & COMPAT_SPARSE_SUPER2)
        return which < 2 && ext4->backup_groups[which] < groups ? ext4->backup_groups[which] : 0;
    while (group < groups && (!lt_ext4_has_super(ext4, group) || which--))
        group++;
    return group < groups ? group : 0;
}

/* With meta_bg, the second and the last group of each meta group have the copies; else all groups with a superblock
 * do, right behind it (linux Documentation/filesystems/ext4/blockgroup.rst). */
bool lt_ext4_desc_copy(const struct lt_ext4 *ext4, uint64_t group, unsigned which, uint64_t *offset)
{
    uint64_t per_block = ext4->block_size / ext4->desc_size, meta_group = group / per_block, at, behind = 1;
    if (ext4->incompat & INCOMPAT_META_BG && meta_group >= ext4->first_meta_bg) {
        at = meta_group * per_block + (which ? per_block - 1 : 1);
        behind = lt_ext4_has_super(ext4, at);
        if (which > 1 || per_block < 2 || at >= lt_ext4_groups(ext4))
            return false;
    } else {
        at = copy_group(ext4, which);
        behind += meta_group;
        if (!at)
            return false;
    }
    *offset = (lt_ext4_group_start(ext4, at) + behind) * ext4->block_size + group % per_block * ext4->desc_size;
    return true;
}

uint64_t lt_ext4_inode_offset(const struct lt_ext4 *ext4, struct lt_cursor desc, uint32_t ino)
{
    uint64_t table = lt_le32(&desc, 0x08);
    if (ext4->desc_size >= 64)
        table |= (uint64_t)lt_le32(&desc, 0x28) << 32;
    return table * ext4->block_size + (uint64_t)((ino - 1) % ext4->inodes_per_group) * ext4->inode_size;
}

uint64_t lt_ext4_groups(const struct lt_ext4 *ext4)
{
    return ((uint64_t)ext4->inodes + ext4->inodes_per_group - 1) / ext4->inodes_per_group;
}

/* A number whose upper 32 bits were added later, at `high`. They are there in descriptors of 64 bytes and more. */
static uint64_t wide_field(struct lt_cursor *desc, size_t low, size_t high)
{
    return lt_le32(desc, low) | (desc->len >= 64 ? (uint64_t)lt_le32(desc, high) << 32 : 0);
}

/* CRC-16 as in linux lib/crc16.c, which nothing else here has. */
static uint16_t crc16(uint16_t crc, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}

/* linux fs/ext4/super.c, ext4_group_desc_csum(): with metadata_csum a CRC-32C, with gdt_csum a CRC-16. */
static bool group_damaged(const struct lt_ext4 *ext4, struct lt_cursor desc, uint64_t group)
{
    enum { SUM = 0x1E, BEHIND = 0x20 };
    static const unsigned char zeros[2] = {0};
    unsigned char number[4] = {(unsigned char)group, (unsigned char)(group >> 8), (unsigned char)(group >> 16),
                               (unsigned char)(group >> 24)};
    if (!ext4->uninit_groups || desc.len < BEHIND)
        return false;
    if (!ext4->checksums) {
        uint16_t sum = crc16(UINT16_MAX, ext4->uuid, sizeof ext4->uuid);
        sum = crc16(crc16(sum, number, sizeof number), desc.ptr, SUM);
        return crc16(sum, desc.ptr + BEHIND, desc.len - BEHIND) != lt_le16(&desc, SUM);
    }
    uint32_t crc = lt_crc32c(lt_crc32c(ext4->checksum_seed, number, sizeof number), desc.ptr, SUM);
    crc = lt_crc32c(crc, zeros, sizeof zeros);
    crc = lt_crc32c(crc, desc.ptr + BEHIND, desc.len - BEHIND);
    return (crc & 0xFFFF) != lt_le16(&desc, SUM);
}

void lt_ext4_group(const struct lt_ext4 *ext4, struct lt_cursor desc, uint64_t group, struct lt_ext4_group *out)
{
    *out = (struct lt_ext4_group){
        .block_bitmap = wide_field(&desc, 0x00, 0x20),
        .inode_bitmap = wide_field(&desc, 0x04, 0x24),
        .inode_table = wide_field(&desc, 0x08, 0x28),
        .block_sum = lt_le16(&desc, 0x18) | (desc.len >= 64 ? (uint32_t)lt_le16(&desc, 0x38) << 16 : 0),
        .inode_sum = lt_le16(&desc, 0x1A) | (desc.len >= 64 ? (uint32_t)lt_le16(&desc, 0x3A) << 16 : 0),
        .damaged = group_damaged(ext4, desc, group),
    };
    if (!ext4->uninit_groups)
        return;
    out->flags = lt_le16(&desc, 0x12);
    out->itable_unused = lt_le16(&desc, 0x1C) | (desc.len >= 64 ? (uint32_t)lt_le16(&desc, 0x32) << 16 : 0);
}

bool lt_ext4_bitmap_damaged(const struct lt_ext4 *ext4, struct lt_cursor bits, uint32_t sum)
{
    if (!ext4->checksums)
        return false;
    uint32_t mask = ext4->desc_size >= 64 ? UINT32_MAX : 0xFFFF;
    return (lt_crc32c(ext4->checksum_seed, bits.ptr, bits.len) & mask) != sum;
}

uint32_t lt_ext4_inode_seed(const struct lt_ext4 *ext4, uint32_t ino, uint32_t generation)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(ino >> (8 * i));
        bytes[4 + i] = (unsigned char)(generation >> (8 * i));
    }
    return lt_crc32c(ext4->checksum_seed, bytes, sizeof bytes);
}

enum { SUM_LOW = 0x7C, SUM_HIGH = 0x82 };

static bool has_wide_sum(struct lt_cursor *bytes)
{
    return bytes->len > OLD_INODE && lt_le16(bytes, 0x80) >= 4;
}

/* The checksum lies, in two halves, in the middle of the bytes that it covers. They count as zeros. */
static uint32_t inode_sum(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino)
{
    enum { FROM = 0x78, TO = 0x88 };
    unsigned char middle[TO - FROM];
    bool wide = has_wide_sum(&bytes);
    size_t end = bytes.len > OLD_INODE ? TO : OLD_INODE;
    memcpy(middle, bytes.ptr + FROM, end - FROM);
    memset(middle + (SUM_LOW - FROM), 0, 2);
    if (wide)
        memset(middle + (SUM_HIGH - FROM), 0, 2);
    uint32_t crc = lt_crc32c(lt_ext4_inode_seed(ext4, ino, lt_le32(&bytes, 0x64)), bytes.ptr, FROM);
    crc = lt_crc32c(lt_crc32c(crc, middle, end - FROM), bytes.ptr + end, bytes.len - end);
    return wide ? crc : crc & 0xFFFF;
}

bool lt_ext4_inode_damaged(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino)
{
    if (!ext4->checksums || bytes.len < OLD_INODE)
        return false;
    uint32_t stored = lt_le16(&bytes, SUM_LOW) | (has_wide_sum(&bytes) ? (uint32_t)lt_le16(&bytes, SUM_HIGH) << 16 : 0);
    return stored != inode_sum(ext4, bytes, ino);
}

void lt_ext4_seal_inode(const struct lt_ext4 *ext4, unsigned char *bytes, uint32_t ino)
{
    struct lt_cursor cursor = {.ptr = bytes, .len = ext4->inode_size};
    if (!ext4->checksums)
        return;
    uint32_t sum = inode_sum(ext4, cursor, ino);
    bytes[SUM_LOW] = (unsigned char)sum;
    bytes[SUM_LOW + 1] = (unsigned char)(sum >> 8);
    if (!has_wide_sum(&cursor))
        return;
    bytes[SUM_HIGH] = (unsigned char)(sum >> 16);
    bytes[SUM_HIGH + 1] = (unsigned char)(sum >> 24);
}

void lt_ext4_layout(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino, struct lt_ext4_inode *out)
{
    *out = (struct lt_ext4_inode){
        .ino = ino,
        .mode = lt_le16(&bytes, 0x00),
        .links = lt_le16(&bytes, 0x1A),
        .size = lt_le32(&bytes, 0x04),
        .deleted = lt_le32(&bytes, 0x14),
        .flags = lt_le32(&bytes, 0x20),
        .generation = lt_le32(&bytes, 0x64),
        .xattr_block = lt_le32(&bytes, 0x68) | (uint64_t)lt_le16(&bytes, 0x76) << 32,
    };
    out->blocks = lt_le32(&bytes, 0x1C) | (uint64_t)lt_le16(&bytes, 0x74) << 32;
    if (!(out->flags & LT_EXT4_HUGE_FILE_FL)) /* counted in sectors */
        out->blocks /= ext4->block_size / SECTOR;
    if (S_ISREG(out->mode) || (S_ISDIR(out->mode) && ext4->incompat & LT_EXT4_INCOMPAT_LARGEDIR))
        out->size |= (uint64_t)lt_le32(&bytes, 0x6C) << 32;
    if (bytes.len >= OLD_INODE)
        memcpy(out->body, bytes.ptr + 0x28, sizeof out->body);
    size_t extra = bytes.len > OLD_INODE ? OLD_INODE + (size_t)lt_le16(&bytes, 0x80) : bytes.len;
    if (extra > OLD_INODE && extra % 4 == 0 && extra + 4 <= bytes.len && lt_le32(&bytes, extra) == XATTR_MAGIC)
        out->xattrs = (struct lt_cursor){.ptr = bytes.ptr + extra + 4, .len = bytes.len - extra - 4};
}

/* Seconds are signed; the two low bits of the extra word extend them upwards, the other 30 are nanoseconds. */
static struct lt_time decode_time(struct lt_cursor *bytes, size_t base, size_t extra, size_t end, bool *bad_time)
{
    int64_t sec = (int32_t)lt_le32(bytes, base);
    if (extra + 4 > end)
        return lt_time_at(sec, 0);
    uint32_t word = lt_le32(bytes, extra);
    if (word >> 2 > 999999999) {
        *bad_time = true;
        return (struct lt_time){0};
    }
    return lt_time_at(sec + ((int64_t)(word & 3) << 32), word >> 2);
}

static void decode_times(struct lt_cursor *bytes, struct lt_node *out, bool *bad_time)
{
    size_t end = OLD_INODE;
    if (bytes->len > OLD_INODE)
        end += lt_le16(bytes, 0x80); /* i_extra_isize: how far the extra fields reach */
    if (end > bytes->len)
        end = OLD_INODE;
    *bad_time = false;
    out->time[LT_A] = decode_time(bytes, 0x08, 0x8C, end, bad_time);
    out->time[LT_C] = decode_time(bytes, 0x0C, 0x84, end, bad_time);
    out->time[LT_M] = decode_time(bytes, 0x10, 0x88, end, bad_time);
    if (0x90 + 4 <= end)
        out->time[LT_B] = decode_time(bytes, 0x90, 0x94, end, bad_time);
}

/* Old 16-bit device numbers lie in the first word of i_block, new ones in the second (linux include/linux/kdev_t.h). */
static void decode_device(struct lt_cursor *bytes, struct lt_node *out)
{
    uint32_t old = lt_le32(bytes, 0x28), wide = lt_le32(bytes, 0x2C);
    out->major = old ? old >> 8 & 0xFF : (wide & 0xFFF00) >> 8;
    out->minor = old ? old & 0xFF : (wide & 0xFF) | (wide >> 12 & 0xFFF00);
}

enum lt_status lt_ext4_inode(struct lt_cursor bytes, struct lt_node *out, bool *bad_time, struct lt_err *err)
{
    out->mode = lt_le16(&bytes, 0x00);
    out->uid = lt_le16(&bytes, 0x02) | (uint32_t)lt_le16(&bytes, 0x78) << 16;
    out->gid = lt_le16(&bytes, 0x18) | (uint32_t)lt_le16(&bytes, 0x7A) << 16;
    out->nlink = lt_le16(&bytes, 0x1A);
    out->size = lt_le32(&bytes, 0x04);
    if (S_ISREG(out->mode))
        out->size |= (uint64_t)lt_le32(&bytes, 0x6C) << 32;
    decode_times(&bytes, out, bad_time);
    if (S_ISCHR(out->mode) || S_ISBLK(out->mode))
        decode_device(&bytes, out);
    bool fast_link =
        S_ISLNK(out->mode) && out->size < LT_EXT4_FAST_LINK && !(lt_le32(&bytes, 0x20) & LT_EXT4_EXTENTS_FL);
    if (bytes.bad || !(out->mode & S_IFMT))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no inode where the directory entry points to");
    if (fast_link)
        out->target = (struct lt_str){(const char *)bytes.ptr + 0x28, (size_t)out->size};
    return LT_OK;
}
