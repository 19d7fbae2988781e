// SPDX-License-Identifier: Apache-2.0
/* Expectations: magic numbers and fields by the formats' own documents (named in src/evidence/magic), written by hand
 * at their offsets; UUIDs in the form in which blkid 2.38 prints them. */
#include "evidence/magic/magic.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4, PIECE = 4096 };

/* A disk that is zero but for some pieces. */
struct disk {
    struct {
        uint64_t at;
        unsigned char bytes[PIECE];
    } pieces[MOST];
    size_t count;
};

static ssize_t read_pieces(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct disk *disk = arg;
    unsigned char *out = memset(buffer, 0, size);
    for (size_t i = 0; i < disk->count; i++)
        for (size_t at = 0; at < PIECE; at++)
            if (disk->pieces[i].at + at >= offset && disk->pieces[i].at + at - offset < size)
                out[disk->pieces[i].at + at - offset] = disk->pieces[i].bytes[at];
    return (ssize_t)size;
}

/* A new piece of the disk, at `at`. */
static unsigned char *piece(struct disk *disk, uint64_t at)
{
    assert_true(disk->count < MOST);
    disk->pieces[disk->count].at = at;
    return disk->pieces[disk->count++].bytes;
}

static void put_text(unsigned char *bytes, size_t at, const char *text)
{
    memcpy(bytes + at, text, strlen(text));
}

/* The text of what is found on a disk of so many bytes is that, without what helps; NULL: nothing is known. */
static void check(struct disk *disk, uint64_t size, const char *expected)
{
    struct lt_device device = {.read = read_pieces, .arg = disk, .size = size, .sector_size = LT_SECTOR};
    struct lt_arena arena = {0};
    struct lt_magic found = {0};
    assert_int_equal(lt_magic_find(&device, &arena, &found), expected != NULL);
    if (expected)
        assert_string_equal(lt_magic_text(&found, false, &arena).ptr, expected);
    lt_arena_free(&arena);
}

enum { MIB = 1 << 20 };

static const char uuid_hex[] = "00112233445566778899aabbccddeeff";
#define UUID "UUID 00112233-4455-6677-8899-aabbccddeeff"

/* A magic number alone is known at its place, and not one byte behind it. */
static void test_alone(void **state)
{
    static const struct {
        uint64_t at;
        const char *hex, *expected;
    } formats[] = {
        {0, "514649fb00000003", "a qcow2 disk image"},
        {0, "514649fb00000002", "a qcow2 disk image"},
        {0, "514649fb00000001", "a qcow disk image of version 1"},
        {0, "51454400", "a QED disk image"},
        {0, "7668647866696c65", "a VHDX disk image"},
        {64, "7f10dabe", "a VDI disk image"},
        {0, "576974686f7574467265655370616365", "a Parallels disk image"},
        {0, "576974686f75467265537061634578740000", "a Parallels disk image"},
        {0, "4b444d56", "an extent of a VMDK disk image"},
        {0, "434f5744", "an extent of a VMDK disk image of ESX (COWD)"},
        {0, "bebafeca00000000", "an extent of a VMDK disk image of ESX (seSparse)"},
        {0, "636f6e6563746978", "a VHD disk image"},
        {8 * MIB - 512, "636f6e6563746978", "a VHD disk image"},
        {8 * MIB - 512, "6b6f6c79", "a DMG disk image"},
        {0, "455646090d0aff00010200", "an EWF image (E01) (segment 2)"},
        {0, "455646320d0a8100", "an EWF image of version 2 (Ex01)"},
        {0, "4c5646090d0aff00", "a logical EWF image (L01), which holds files and no disk"},
        {0, "41464631300d0a00", "an AFF image"},
        {0, "3aff26ed", "a sparse image of Android"},
        {0, "1f8b0800", "a gzip file"},
        {0, "28b52ffd", "a zstd file"},
        {0, "fd377a585a00", "an xz file"},
        {0, "425a6839314159265359", "a bzip2 file"},
        {0, "04224d18", "an lz4 file"},
        {0, "504b0304", "a zip archive"},
        {0, "377abcaf271c", "a 7z archive"},
        {0, "526172211a0700", "a RAR archive"},
        {257, "7573746172003030", "a tar archive (saved images, an OCI layout, a collection)"},
        {257, "757374617220200000", "a tar archive (saved images, an OCI layout, a collection)"},
        {0, "58465342", "an XFS file system"},
        {65536 + 64, "5f42485266535f4d", "a btrfs file system"},
        {1024, "1020f5f2", "an f2fs file system"},
        {1024, "e2e1f5e0", "an EROFS file system"},
        {0, "68737173", "a squashfs file system"},
        {32, "4e585342", "an APFS container"},
        {32769, "4344303031", "an ISO 9660 file system"},
        {32769, "4245413031", "a UDF file system"},
        {3, "2d4656452d46532d", "a BitLocker volume"},
        {0, "eb58902d4656452d46532d", "a BitLocker volume"},
        {3, "5265465300000000", "a ReFS file system"},
        {54, "4641543132202020", "a FAT file system"},
        {82, "4641543332202020", "a FAT file system"},
        {4096 - 10, "53574150535041434532", "swap space"},
        {65536 - 10, "53574150535041434532", "swap space"},
        {4096 - 10, "533153555350454e4400", "swap space with a sleeping system"},
        {0, "4c554b53babe0002", "a LUKS2 encrypted volume"},
        {16384, "534b554cbabe0002", "a LUKS2 encrypted volume"},
        {0, "4c554b53babe0001", "a LUKS1 encrypted volume"},
        {8 * MIB - 1024, "496e74656c20526169642049534d20436667205369672e20", "a member of a Linux md RAID"},
        {0, "626c756573746f726520626c6f636b206465766963650a", "a disk of Ceph (BlueStore)"},
        {1080, "53ef", "an ext2, ext3 or ext4 file system that cannot be read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct disk disk = {0};
        unsigned char *bytes = piece(&disk, formats[i].at);
        put_hex(bytes, 0, formats[i].hex);
        check(&disk, 8 * MIB, formats[i].expected);
        disk.pieces[0].at += 1;
        check(&disk, 8 * MIB, NULL);
    }
}

static void test_sizes(void **state)
{
    struct disk vdi = {0}, qcow2 = {0}, vhd = {0}, squashfs = {0}, parallels = {0};
    (void)state;
    put_hex(piece(&vdi, 0), 64, "7f10dabe01000100");
    put_le(vdi.pieces[0].bytes, 368, 8, 25165824);
    check(&vdi, MIB, "a VDI disk image (25165824 bytes)");
    put_le(vdi.pieces[0].bytes, 76, 4, 4);
    check(&vdi, MIB, "a VDI disk image (a snapshot, which needs its parent, 25165824 bytes)");
    put_hex(piece(&qcow2, 0), 0, "514649fb00000003000000000000007000000008000000100000000001800000");
    put_text(qcow2.pieces[0].bytes, 0x70, "base.raw and more");
    check(&qcow2, MIB, "a qcow2 disk image (backing file 'base.raw', 25165824 bytes)");
    put_be(qcow2.pieces[0].bytes, 8, 8, UINT64_MAX);
    check(&qcow2, MIB, "a qcow2 disk image (25165824 bytes)");
    put_text(piece(&vhd, 0), 0, "conectix");
    put_be(vhd.pieces[0].bytes, 48, 8, 4096);
    put_be(vhd.pieces[0].bytes, 60, 4, 4);
    check(&vhd, MIB, "a VHD disk image (a snapshot, which needs its parent, 4096 bytes)");
    put_text(piece(&squashfs, 0), 0, "hsqs");
    put_le(squashfs.pieces[0].bytes, 40, 8, 3784);
    check(&squashfs, MIB, "a squashfs file system (3784 bytes)");
    put_text(piece(&parallels, 0), 0, "WithouFreSpacExt");
    put_le(parallels.pieces[0].bytes, 36, 8, 2);
    check(&parallels, MIB, "a Parallels disk image (1024 bytes)");
    put_le(parallels.pieces[0].bytes, 36, 8, UINT64_MAX / 512 + 2);
    check(&parallels, MIB, "a Parallels disk image");
}

/* Regions at 192 KiB lead to the metadata, these to size and parameters; the newer of two headers names the log. */
static void test_vhdx(void **state)
{
    struct disk disk = {0};
    unsigned char *file = piece(&disk, 0), *header = piece(&disk, 0x20000), *regions = piece(&disk, 0x30000),
                  *metadata = piece(&disk, 2 * MIB);
    (void)state;
    put_text(file, 0, "vhdxfile");
    check(&disk, 4 * MIB, "a VHDX disk image");
    put_le(regions, 8, 4, 1);
    put_hex(regions, 16, "06a27c8b90479a4bb8fe575f050f886e");
    put_le(regions, 32, 8, 2 * MIB);
    put_le(metadata, 10, 2, 2);
    put_hex(metadata, 32, "3767a1ca36fa434db3b633f0aa44e76b");
    put_le(metadata, 48, 4, 1024);
    put_hex(metadata, 64, "2442a52f1bcd7648b2115dbed83bf4b8");
    put_le(metadata, 80, 4, 1032);
    put_le(metadata, 1032, 8, 25165824);
    check(&disk, 4 * MIB, "a VHDX disk image (25165824 bytes)");
    put_le(header, 48, 8, 1); /* of an old header */
    check(&disk, 4 * MIB, "a VHDX disk image (25165824 bytes)");
    put_le(header, 8, 8, 7);
    check(&disk, 4 * MIB, "a VHDX disk image (its log is not empty, 25165824 bytes)");
    put_le(metadata, 1028, 4, 2);
    check(&disk, 4 * MIB, "a VHDX disk image (a snapshot, which needs its parent, 25165824 bytes)");
    put_le(regions, 32, 8, UINT64_MAX - 5);
    put_le(regions, 8, 4, UINT32_MAX);
    check(&disk, 4 * MIB, "a VHDX disk image");
}

static void test_vmdk(void **state)
{
    struct disk disk = {0};
    unsigned char *header = piece(&disk, 0), *text = piece(&disk, 512);
    (void)state;
    put_text(header, 0, "KDMV");
    put_le(header, 12, 8, 8);
    put_le(header, 28, 8, 1);
    check(&disk, MIB, "an extent of a VMDK disk image (4096 bytes)");
    put_text(text, 0, "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n");
    check(&disk, MIB, "a VMDK disk image (4096 bytes)");
    put_text(text, 200, "\nparentFileNameHint=\"base.vmdk\"\n");
    check(&disk, MIB, "a VMDK disk image (snapshot of 'base.vmdk', 4096 bytes)");
}

static void test_lvm(void **state)
{
    struct disk disk = {0};
    unsigned char *label = piece(&disk, 512), *area = piece(&disk, 4096);
    (void)state;
    put_text(label, 0, "LABELONE");
    put_le(label, 20, 4, 32);
    put_text(label, 24, "LVM2 001");
    put_text(label, 32, "jVcxnRM97gAOOZmNRFcBlwDeZyx3kr71");
    put_le(label, 64, 8, 67108864);
    put_le(label, 72, 8, MIB); /* one area of data, the end of the list, one of metadata */
    put_le(label, 104, 8, 4096);
    put_le(label, 112, 8, MIB - 4096);
    check(&disk, MIB, "an LVM2 physical volume (UUID jVcxnR-M97g-AOOZ-mNRF-cBlw-DeZy-x3kr71, 67108864 bytes)");
    put_text(area, 4, " LVM2 x[5A%r0N*>");
    put_le(area, 40, 8, 1024);
    put_text(area, 1024, "vg-0 {\nid = ");
    check(&disk, MIB,
          "an LVM2 physical volume (volume group 'vg-0', UUID jVcxnR-M97g-AOOZ-mNRF-cBlw-DeZy-x3kr71, 67108864 bytes)");
    put_le(area, 40, 8, UINT64_MAX);
    put_le(label, 20, 4, UINT32_MAX);
    check(&disk, MIB, "an LVM2 physical volume");
    disk.pieces[0].at = 1536;
    check(&disk, MIB, "an LVM2 physical volume");
    disk.pieces[0].at = 2048; /* the label is in one of the first four sectors */
    check(&disk, MIB, NULL);
}

/* Version 0.90 lies 64 KiB before the last multiple of 64 KiB, 1.0 8 KiB before the end, 1.1 at the start, 1.2 4 KiB
 * behind it. */
static void test_md(void **state)
{
    static const uint64_t size = MIB + 12 * 1024 + 512, places[] = {0, 4096, (MIB + 4 * 1024 + 512) & ~4095};
    struct disk old = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct disk disk = {0};
        unsigned char *super = piece(&disk, places[i]);
        put_hex(super, 0, "fc4e2ba901000000");
        put_hex(super, 16, uuid_hex);
        put_text(super, 32, "host:data");
        put_le(super, 72, 4, 5);
        put_le(super, 92, 4, 3);
        put_le(super, 144, 8, places[i] / 512);
        check(&disk, size, "a member of a Linux md RAID (level 5, 3 devices, label 'host:data', " UUID ")");
        put_le(super, 144, 8, places[i] / 512 + 8); /* a copy that was moved */
        check(&disk, size, NULL);
    }
    unsigned char *super = piece(&old, MIB - 65536);
    put_hex(super, 0, "fc4e2ba9000000005a000000");
    put_le(super, 20, 4, 0x00112233);
    put_le(super, 52, 4, 0x44556677);
    put_le(super, 56, 4, 0x8899AABB);
    put_le(super, 60, 4, 0xCCDDEEFF);
    put_le(super, 28, 4, 1);
    put_le(super, 40, 4, 2);
    check(&old, size, "a member of a Linux md RAID (level 1, 2 devices, " UUID ")");
    check(&old, 65535, "nothing but zeros");
}

static void test_encrypted(void **state)
{
    struct disk disk = {0};
    unsigned char *header = piece(&disk, 0);
    (void)state;
    put_hex(header, 0, "4c554b53babe0002");
    put_text(header, 24, "secret");
    put_text(header, 168, "00112233-4455-6677-8899-aabbccddeeff");
    check(&disk, MIB, "a LUKS2 encrypted volume (label 'secret', " UUID ")");
    header[7] = 1; /* there the name of the cipher begins */
    check(&disk, MIB, "a LUKS1 encrypted volume (" UUID ")");
}

static void test_file_systems(void **state)
{
    struct disk xfs = {0}, btrfs = {0}, fat = {0}, ntfs = {0}, f2fs = {0}, swap = {0}, erofs = {0}, apfs = {0};
    (void)state;
    put_text(piece(&xfs, 0), 0, "XFSB");
    put_be(xfs.pieces[0].bytes, 4, 4, 4096);
    put_be(xfs.pieces[0].bytes, 8, 8, 1000);
    put_hex(xfs.pieces[0].bytes, 32, uuid_hex);
    put_text(xfs.pieces[0].bytes, 108, "twelve-chars");
    check(&xfs, MIB, "an XFS file system (label 'twelve-chars', " UUID ", 4096000 bytes)");
    put_hex(piece(&btrfs, 65536), 32, uuid_hex);
    put_text(btrfs.pieces[0].bytes, 64, "_BHRfS_M");
    put_le(btrfs.pieces[0].bytes, 0x70, 8, 134217728);
    put_le(btrfs.pieces[0].bytes, 0x88, 8, 2);
    put_text(btrfs.pieces[0].bytes, 0x12B, "pool");
    check(&btrfs, MIB, "a btrfs file system (one of 2 devices, label 'pool', " UUID ", 134217728 bytes)");
    put_text(piece(&fat, 0), 71, "EFISYS     FAT32   ");
    put_le(fat.pieces[0].bytes, 67, 4, 0x2910DF40);
    check(&fat, MIB, "a FAT file system (label 'EFISYS', UUID 2910-DF40)");
    put_text(piece(&ntfs, 0), 3, "NTFS    ");
    put_le(ntfs.pieces[0].bytes, 11, 2, 512);
    put_le(ntfs.pieces[0].bytes, 40, 8, 8);
    put_le(ntfs.pieces[0].bytes, 72, 8, 0x72F40B6655025FE7);
    check(&ntfs, MIB, "an NTFS file system (UUID 72F40B6655025FE7, 4096 bytes)");
    put_hex(piece(&f2fs, 1024), 0, "1020f5f2");
    put_le(f2fs.pieces[0].bytes, 16, 4, 12);
    put_le(f2fs.pieces[0].bytes, 36, 8, 16384);
    put_hex(f2fs.pieces[0].bytes, 108, uuid_hex);
    put_hex(f2fs.pieces[0].bytes, 124, "6600e4000000");
    check(&f2fs, MIB, "an f2fs file system (label 'f\xc3\xa4', " UUID ", 67108864 bytes)");
    put_text(piece(&swap, 0), 4086, "SWAPSPACE2");
    put_hex(swap.pieces[0].bytes, 1036, uuid_hex);
    put_text(swap.pieces[0].bytes, 1052, "swaplab");
    check(&swap, MIB, "swap space (label 'swaplab', " UUID ")");
    put_hex(piece(&erofs, 1024), 0, "e2e1f5e0");
    erofs.pieces[0].bytes[12] = 12;
    put_le(erofs.pieces[0].bytes, 36, 4, 4);
    put_hex(erofs.pieces[0].bytes, 48, uuid_hex);
    put_text(erofs.pieces[0].bytes, 64, "layer");
    check(&erofs, MIB, "an EROFS file system (label 'layer', " UUID ", 16384 bytes)");
    put_text(piece(&apfs, 0), 32, "NXSB");
    put_le(apfs.pieces[0].bytes, 36, 4, 4096);
    put_le(apfs.pieces[0].bytes, 40, 8, 256);
    put_hex(apfs.pieces[0].bytes, 72, uuid_hex);
    check(&apfs, MIB, "an APFS container (" UUID ", 1048576 bytes)");
}

static void test_pools(void **state)
{
    struct disk bcache = {0}, bcachefs = {0}, zfs = {0};
    (void)state;
    put_hex(piece(&bcache, 4096), 24, "c68573f64e1a45ca8265f57f48ba6d81");
    put_hex(bcache.pieces[0].bytes, 40, uuid_hex);
    put_text(bcache.pieces[0].bytes, 72, "fast");
    put_le(bcache.pieces[0].bytes, 16, 8, 4);
    put_le(bcache.pieces[0].bytes, 184, 8, 2048);
    check(&bcache, MIB, "a bcache device (a backing device, data from sector 2048 on, label 'fast', " UUID ")");
    put_le(bcache.pieces[0].bytes, 16, 8, 3);
    check(&bcache, MIB,
          "a bcache device (a cache, which holds the newest data of its backing device, label 'fast', " UUID ")");
    put_hex(piece(&bcachefs, 4096), 24, "c68573f666ce90a9d96a60cf803df7ef");
    put_hex(bcachefs.pieces[0].bytes, 56, uuid_hex);
    check(&bcachefs, MIB, "a bcachefs file system (" UUID ")");
    /* XDR: encoding, version, flags; then pairs: sizes, length of the name, name, type, count, value */
    put_hex(piece(&zfs, 16384), 0, "010100000000000000000001");
    put_hex(zfs.pieces[0].bytes, 12,
            "000000240000002000000007"
            "76657273696f6e00"
            "00000008"
            "00000001"
            "0000000000001388");
    put_hex(zfs.pieces[0].bytes, 48,
            "000000240000002000000004"
            "6e616d65"
            "00000009"
            "00000001"
            "00000005"
            "7461696e74000000");
    put_hex(zfs.pieces[0].bytes, 84,
            "000000280000002800000009"
            "706f6f6c5f67756964000000"
            "00000008"
            "00000001"
            "0000000000003039");
    check(&zfs, MIB, "a ZFS pool (pool 'taint', UUID 12345)");
    put_be(zfs.pieces[0].bytes, 48 + 8, 4, UINT32_MAX);
    check(&zfs, MIB, "a ZFS pool (UUID 12345)");
    put_be(zfs.pieces[0].bytes, 48, 4, 3);
    check(&zfs, MIB, NULL);
}

/* A superblock that is wiped, and its copy in group 1; an external journal. */
static void test_ext(void **state)
{
    static const struct {
        unsigned log_block;
        uint64_t block;
        const char *expected;
    } copies[] = {{0, 8193, "a copy of its superblock is in block 8193, blocks have 1024 bytes"},
                  {1, 16384, "a copy of its superblock is in block 16384, blocks have 2048 bytes"},
                  {2, 32768, "a copy of its superblock is in block 32768, blocks have 4096 bytes"}};
    struct disk journal = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct disk disk = {0};
        char expected[300];
        unsigned char *super = piece(&disk, copies[i].block * (1024u << copies[i].log_block));
        put_hex(super, 0x38, "53ef");
        put_le(super, 0x18, 4, copies[i].log_block);
        put_le(super, 0x5A, 2, 1);
        put_hex(super, 0x68, uuid_hex);
        put_text(super, 0x78, "root");
        snprintf(expected, sizeof expected,
                 "an ext2, ext3 or ext4 file system with a damaged superblock (%s, label 'root', " UUID ")",
                 copies[i].expected);
        check(&disk, 256 * (uint64_t)MIB, expected);
        put_le(super, 0x5A, 2, 0); /* of another file system, in an image on this one */
        bool looked_at = copies[i].block * (1024u << copies[i].log_block) < 64 * (uint64_t)MIB;
        check(&disk, 256 * (uint64_t)MIB, looked_at ? NULL : "nothing but zeros at its start");
    }
    put_hex(piece(&journal, 1024), 0x38, "53ef");
    put_le(journal.pieces[0].bytes, 0x60, 4, 8);
    check(&journal, MIB, "the external journal of an ext3 or ext4 file system");
}

static void test_nothing(void **state)
{
    struct disk disk = {0};
    (void)state;
    check(&disk, 0, NULL);
    check(&disk, 1, "nothing but zeros");
    check(&disk, MIB, "nothing but zeros");
    check(&disk, (uint64_t)1 << 40, "nothing but zeros at its start");
    piece(&disk, MIB - 1)[0] = 1;
    check(&disk, MIB, NULL);
    check(&disk, MIB - 1, "nothing but zeros");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),     cmocka_unit_test(test_sizes),        cmocka_unit_test(test_vmdk),
        cmocka_unit_test(test_vhdx),      cmocka_unit_test(test_lvm),          cmocka_unit_test(test_md),
        cmocka_unit_test(test_encrypted), cmocka_unit_test(test_file_systems), cmocka_unit_test(test_pools),
        cmocka_unit_test(test_ext),       cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
