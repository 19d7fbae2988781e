// SPDX-License-Identifier: Apache-2.0
/* File systems. Besides libblkid: linux 6.18 fs/xfs/libxfs/xfs_format.h, include/uapi/linux/btrfs_tree.h,
 * include/linux/f2fs_fs.h, fs/erofs/erofs_fs.h, fs/squashfs/squashfs_fs.h, Documentation/filesystems/ext4; Apple File
 * System Reference (2020); Microsoft's FAT, exFAT and NTFS boot sectors. */
#include "evidence/magic/formats.h"

/* 0 if the product cannot be. */
static uint64_t product(uint64_t count, uint64_t size)
{
    return size && count <= UINT64_MAX / size ? count * size : 0;
}

static bool look_xfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 32);
    out->label = lt_magic_label(probe, 108, 12);
    out->size = product(lt_cursor_be(&probe->bytes, 8, 8), lt_cursor_be(&probe->bytes, 4, 4));
    return true;
}

static bool look_btrfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    static const uint64_t known = 0x10fff; /* features; see LT_BTRFS_INCOMPAT_KNOWN */
    uint64_t devices = lt_cursor_le(&probe->bytes, 0x88, 8), unknown = lt_cursor_le(&probe->bytes, 0xBC, 8) & ~known;
    out->uuid = lt_magic_uuid(probe, 32);
    out->label = lt_magic_label(probe, 0x12B, 256);
    out->size = lt_cursor_le(&probe->bytes, 0x70, 8);
    if (devices > 1)
        out->detail = lt_str_format(probe->arena, "one of %ju devices", (uintmax_t)devices);
    if (unknown)
        out->detail = lt_str_format(probe->arena, "with features that are not known, %#jx", (uintmax_t)unknown);
    return true;
}

static bool look_f2fs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { LABEL = 124 };
    uint32_t log_block = lt_le32(&probe->bytes, 16);
    out->uuid = lt_magic_uuid(probe, 108);
    if (probe->bytes.len == LT_MAGIC_BLOCK)
        out->label = lt_utf16_text(probe->arena, probe->bytes.ptr + LABEL, LT_MAGIC_BLOCK - LABEL);
    out->size = log_block < 32 ? product(lt_cursor_le(&probe->bytes, 36, 8), 1ull << log_block) : 0;
    return true;
}

static bool look_erofs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    uint64_t log_block = lt_cursor_le(&probe->bytes, 12, 1);
    out->uuid = lt_magic_uuid(probe, 48);
    out->label = lt_magic_label(probe, 64, 16);
    out->size = log_block < 32 ? (uint64_t)lt_le32(&probe->bytes, 36) << log_block : 0;
    return true;
}

static bool look_squashfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->size = lt_cursor_le(&probe->bytes, 40, 8);
    return true;
}

static bool look_apfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 72);
    out->size = product(lt_cursor_le(&probe->bytes, 40, 8), lt_le32(&probe->bytes, 36));
    return true;
}

static bool look_iso(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->label = lt_magic_label(probe, 40, 32);
    out->size = product(lt_le32(&probe->bytes, 80), lt_le16(&probe->bytes, 128));
    return true;
}

static bool look_ntfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_str_format(probe->arena, "%016jX", (uintmax_t)lt_cursor_le(&probe->bytes, 72, 8));
    out->size = product(lt_cursor_le(&probe->bytes, 40, 8), lt_le16(&probe->bytes, 11));
    return true;
}

static struct lt_str serial(struct lt_magic_probe *probe, size_t at)
{
    uint32_t number = lt_le32(&probe->bytes, at);
    return number ? lt_str_format(probe->arena, "%04X-%04X", number >> 16, number & 0xFFFF) : LT_STR("");
}

static bool look_exfat(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = serial(probe, 100);
    return true;
}

static bool look_fat(struct lt_magic_probe *probe, size_t at, struct lt_magic *out)
{
    out->uuid = serial(probe, at);
    out->label = lt_magic_label(probe, at + 4, 11);
    if (lt_str_eq(out->label, LT_STR("NO NAME")))
        out->label = LT_STR("");
    return true;
}

static bool look_fat16(struct lt_magic_probe *probe, struct lt_magic *out)
{
    return look_fat(probe, 39, out);
}

static bool look_fat32(struct lt_magic_probe *probe, struct lt_magic *out)
{
    return look_fat(probe, 67, out);
}

static bool look_reiserfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 84);
    out->label = lt_magic_label(probe, 100, 16);
    return true;
}

static bool look_jfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 136);
    out->label = lt_magic_label(probe, 152, 16);
    return true;
}

/* --- ext2, ext3 and ext4 ----------------------------------------------------------------------------------------- */

static bool look_ext(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { INCOMPAT = 0x60, JOURNAL_DEVICE = 0x8 };
    out->uuid = lt_magic_uuid(probe, 0x68);
    out->label = lt_magic_label(probe, 0x78, 16);
    out->damaged = !(lt_le32(&probe->bytes, INCOMPAT) & JOURNAL_DEVICE);
    if (!out->damaged) {
        out->name = "the external journal of an ext3 or ext4 file system";
        out->advice = NULL;
    }
    return true;
}

/* The copy of the superblock at the start of group 1, where mke2fs puts it unless it is told how large groups are. Such
 * a copy knows its group and the size of blocks. */
static bool look_ext_copy(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { LOG_BLOCK = 0x18, GROUP = 0x5A };
    uint32_t log_block = lt_le32(&probe->bytes, LOG_BLOCK);
    if (log_block > 2 || lt_le16(&probe->bytes, GROUP) != 1)
        return false;
    uint32_t size = 1024u << log_block, block = size * 8 + (log_block == 0);
    if (probe->base != (uint64_t)size * block)
        return false;
    out->detail =
        lt_str_format(probe->arena, "a copy of its superblock is in block %u, blocks have %u bytes", block, size);
    return look_ext(probe, out);
}

#define MOUNT   "mount it read-only and pass the directory"
#define REPLAY  "mount a copy of it, so that its log is replayed, and pass the directory"
#define NO_HOST "no host of containers lives there; if files on it matter, mount it read-only"
#define EXT_COPY                                                                                                       \
    "an ext2, ext3 or ext4 file system with a damaged superblock",                                                     \
        "repair a copy of the image (e2fsck -b BLOCK -B SIZE) and pass that"
#define BTRFS "a btrfs file system", "mount it read-only with all its devices, and pass the directory"
#define XFS   "an XFS file system", "mount a copy of it, repaired if it must be (xfs_repair), and pass the directory"
#define OCFS2 "an OCFS2 file system", MOUNT
#define UFS   "a UFS file system", MOUNT

const struct lt_magic_format lt_magic_areas[] = {
    {0, 0, LT_MAGIC("XFSB"), XFS, NULL, look_xfs},
    {65536, 64, LT_MAGIC("_BHRfS_M"), BTRFS, NULL, look_btrfs},
    {1024, 0, LT_MAGIC("\x10\x20\xf5\xf2"), "an f2fs file system", REPLAY, NULL, look_f2fs},
    {1024, 0, LT_MAGIC("\xe2\xe1\xf5\xe0"), "an EROFS file system", MOUNT, NULL, look_erofs},
    {0, 0, LT_MAGIC("hsqs"), "a squashfs file system", "unpack it (unsquashfs) or mount it, and pass the directory",
     NULL, look_squashfs},
    {0, 0, LT_MAGIC("\x45\x3d\xcd\x28"), "a cramfs file system", MOUNT, NULL, NULL},
    {65536, 52, LT_MAGIC("ReIsEr"), "a ReiserFS file system", REPLAY, NULL, look_reiserfs},
    {32768, 0, LT_MAGIC("JFS1"), "a JFS file system", REPLAY, NULL, look_jfs},
    {65536, 0, LT_MAGIC("\x01\x16\x19\x70\0\0\0\1"), "a GFS2 file system", MOUNT, NULL, NULL},
    {1024, 0, LT_MAGIC("OCFSV2"), OCFS2, NULL, NULL},
    {2048, 0, LT_MAGIC("OCFSV2"), OCFS2, NULL, NULL},
    {4096, 0, LT_MAGIC("OCFSV2"), OCFS2, NULL, NULL},
    {8192, 0, LT_MAGIC("OCFSV2"), OCFS2, NULL, NULL},
    {1048576, 0, LT_MAGIC("\x0d\xd0\x01\xc0"), "a VMFS datastore",
     "mount it (vmfs-fuse), pass the disk images of the virtual machines", NULL, NULL},
    {0, 32, LT_MAGIC("NXSB"), "an APFS container", NO_HOST, NULL, look_apfs},
    {1024, 0, LT_MAGIC("H+\0\4"), "an HFS+ file system", NO_HOST, NULL, NULL},
    {8192, 1372, LT_MAGIC("\x54\x19\x01\0"), UFS, NULL, NULL},
    {65536, 1372, LT_MAGIC("\x19\x01\x54\x19"), UFS, NULL, NULL},
    {0, 3, LT_MAGIC("NTFS    "), "an NTFS file system", NO_HOST, NULL, look_ntfs},
    {0, 3, LT_MAGIC("ReFS\0\0\0\0"), "a ReFS file system", NO_HOST, NULL, NULL},
    {0, 3, LT_MAGIC("EXFAT   "), "an exFAT file system", NO_HOST, NULL, look_exfat},
    {0, 82, LT_MAGIC("FAT32"), "a FAT file system", NO_HOST, NULL, look_fat32},
    {0, 54, LT_MAGIC("FAT1"), "a FAT file system", NO_HOST, NULL, look_fat16},
    {32768, 1, LT_MAGIC("CD001"), "an ISO 9660 file system", MOUNT, NULL, look_iso},
    {32768, 1, LT_MAGIC("BEA01"), "a UDF file system", MOUNT, NULL, NULL},
    {8193LL * 1024, 56, LT_MAGIC("\x53\xef"), EXT_COPY, NULL, look_ext_copy},
    {16384LL * 2048, 56, LT_MAGIC("\x53\xef"), EXT_COPY, NULL, look_ext_copy},
    {32768LL * 4096, 56, LT_MAGIC("\x53\xef"), EXT_COPY, NULL, look_ext_copy},
    {1024, 56, LT_MAGIC("\x53\xef"), "an ext2, ext3 or ext4 file system that cannot be read",
     "repair a copy of the image (e2fsck) and pass that", NULL, look_ext},
    {0},
};
