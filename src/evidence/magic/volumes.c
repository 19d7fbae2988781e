// SPDX-License-Identifier: Apache-2.0
/* Besides libblkid: linux 6.18 include/uapi/linux/raid/md_p.h, drivers/md/bcache; lvm2 2.03 lib/format_text/layout.h;
 * cryptsetup 2.6 docs/on-disk-format*; OpenZFS 2.1 include/sys/vdev_impl.h and the XDR form of module/nvpair. */
#include "evidence/magic/formats.h"

/* --- LVM --------------------------------------------------------------------------------------------------------- */

/* 32 letters and digits, in groups of 6, 4, 4, 4, 4, 4 and 6. */
static struct lt_str lvm_uuid(struct lt_magic_probe *probe, size_t at)
{
    const char *id = (const char *)probe->bytes.ptr + at;
    if (at + 32 > probe->bytes.len || memchr(id, 0, 32))
        return LT_STR("");
    return lt_str_format(probe->arena, "%.6s-%.4s-%.4s-%.4s-%.4s-%.4s-%.6s", id, id + 6, id + 10, id + 14, id + 18,
                         id + 22, id + 26);
}

/* The newest copy of the metadata begins with the name of the volume group: "vg0 {". */
static struct lt_str volume_group(struct lt_magic_probe *probe, uint64_t area)
{
    enum { HEADER = 56, OFFSET = 40, LONGEST_NAME = 127 };
    unsigned char header[HEADER], text[LONGEST_NAME + 1];
    struct lt_cursor bytes = {.ptr = header, .len = sizeof header};
    if (!lt_device_read(probe->device, area, header, sizeof header) || memcmp(header + 4, " LVM2 x[5A%r0N*>", 16) != 0)
        return LT_STR("");
    uint64_t offset = lt_cursor_le(&bytes, OFFSET, 8);
    if (!offset || offset > UINT64_MAX - area || !lt_device_read(probe->device, area + offset, text, sizeof text))
        return LT_STR("");
    const unsigned char *end = memchr(text, ' ', sizeof text);
    return end ? lt_magic_quote(probe, "volume group", area + offset, (size_t)(end - text)) : LT_STR("");
}

/* Behind the UUID and the size come the areas of data and then those of metadata, two lists that end with zeros. */
static bool look_lvm(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { UUID = 32, SIZE = 8, AREA = 16, MAX_AREAS = 16 };
    struct lt_cursor *bytes = &probe->bytes;
    size_t at = lt_le32(bytes, 20);
    if (at > LT_MAGIC_BLOCK)
        return true;
    out->uuid = lvm_uuid(probe, at);
    out->size = lt_cursor_le(bytes, at + UUID, 8);
    at += UUID + SIZE;
    for (unsigned i = 0; i < MAX_AREAS && lt_cursor_le(bytes, at, 8); i++)
        at += AREA;
    uint64_t area = lt_cursor_le(bytes, at + AREA, 8);
    if (area)
        out->detail = volume_group(probe, area);
    return true;
}

/* --- RAID -------------------------------------------------------------------------------------------------------- */

static uint64_t place_md_0_90(uint64_t size)
{
    enum { RESERVED = 64 * 1024 };
    return size < RESERVED ? UINT64_MAX : size / RESERVED * RESERVED - RESERVED;
}

static uint64_t place_md_1_0(uint64_t size)
{
    uint64_t sectors = size / LT_SECTOR;
    return sectors < 16 ? UINT64_MAX : ((sectors - 16) & ~(uint64_t)7) * LT_SECTOR;
}

static struct lt_str array_text(struct lt_magic_probe *probe, uint32_t level, uint32_t disks)
{
    return lt_str_format(probe->arena, "level %d, %u devices", (int32_t)level, disks);
}

static bool look_md_0_90(struct lt_magic_probe *probe, struct lt_magic *out)
{
    static const size_t words[] = {20, 52, 56, 60};
    unsigned char uuid[16];
    struct lt_cursor *bytes = &probe->bytes;
    if (lt_le32(bytes, 4) != 0)
        return false;
    for (unsigned i = 0; i < sizeof uuid; i++)
        uuid[i] = (unsigned char)(lt_le32(bytes, words[i / 4]) >> (24 - i % 4 * 8));
    out->uuid = lt_uuid_text(probe->arena, uuid);
    out->detail = array_text(probe, lt_le32(bytes, 28), lt_le32(bytes, 40));
    return true;
}

/* A copy that was left behind elsewhere does not count. */
static bool look_md_1(struct lt_magic_probe *probe, struct lt_magic *out)
{
    struct lt_cursor *bytes = &probe->bytes;
    if (lt_le32(bytes, 4) != 1 || lt_cursor_le(bytes, 144, 8) != probe->base / LT_SECTOR)
        return false;
    out->uuid = lt_magic_uuid(probe, 16);
    out->label = lt_magic_label(probe, 32, 32);
    out->detail = array_text(probe, lt_le32(bytes, 72), lt_le32(bytes, 92));
    return true;
}

/* --- encryption, caches, pools ----------------------------------------------------------------------------------- */

static bool look_luks(struct lt_magic_probe *probe, struct lt_magic *out)
{
    if (lt_cursor_be(&probe->bytes, 6, 2) == 2)
        out->label = lt_magic_label(probe, 24, 48);
    else
        out->name = "a LUKS1 encrypted volume";
    out->uuid = lt_magic_label(probe, 168, 40);
    return true;
}

static bool look_bcache(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { BACKING = 1, BACKING_WITH_OFFSET = 4, DEFAULT_DATA = 16 };
    struct lt_cursor *bytes = &probe->bytes;
    uint64_t version = lt_cursor_le(bytes, 16, 8);
    uint64_t data = version == BACKING_WITH_OFFSET ? lt_cursor_le(bytes, 184, 8) : DEFAULT_DATA;
    out->uuid = lt_magic_uuid(probe, 40);
    out->label = lt_magic_label(probe, 72, 32);
    if (version == BACKING || version == BACKING_WITH_OFFSET)
        out->detail = lt_str_format(probe->arena, "a backing device, data from sector %ju on", (uintmax_t)data);
    else
        out->detail = LT_STR("a cache, which holds the newest data of its backing device");
    return true;
}

static bool look_bcachefs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 56);
    out->label = lt_magic_label(probe, 72, 32);
    return true;
}

/* A pair of the list: its size, its size in memory, length of the name, the name padded to 4 bytes, type, count, value.
 * A text has its length first. */
static void take_zfs_pair(struct lt_magic_probe *probe, struct lt_cursor pair, uint64_t offset, struct lt_magic *out)
{
    enum { NAME = 12, NUMBER = 8, TEXT = 9 };
    size_t length = (size_t)lt_cursor_be(&pair, 8, 4), value = NAME + (length + 3) / 4 * 4 + 8;
    if (length > pair.len || value > pair.len)
        return;
    struct lt_str name = {(const char *)pair.ptr + NAME, length};
    uint64_t type = lt_cursor_be(&pair, value - 8, 4), first = lt_cursor_be(&pair, value, 4);
    if (type == TEXT && lt_str_eq(name, LT_STR("name")))
        out->detail = lt_magic_quote(probe, "pool", offset + value + 4, (size_t)first);
    if (type == NUMBER && lt_str_eq(name, LT_STR("pool_guid")))
        out->uuid = lt_str_format(probe->arena, "%ju", (uintmax_t)lt_cursor_be(&pair, value, 8));
}

static bool look_zfs(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { FIRST = 12, LEAST = 20, MAX_PAIRS = 64 };
    struct lt_cursor *list = &probe->bytes;
    size_t at = FIRST;
    for (unsigned i = 0; i < MAX_PAIRS && at < list->len; i++) {
        uint64_t size = lt_cursor_be(list, at, 4);
        if (size < LEAST || size > list->len - at)
            break;
        take_zfs_pair(probe, (struct lt_cursor){.ptr = list->ptr + at, .len = (size_t)size}, probe->base + at, out);
        at += (size_t)size;
    }
    return out->uuid.len;
}

static bool look_bluestore(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_label(probe, 23, 36);
    return true;
}

static bool look_swap(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->uuid = lt_magic_uuid(probe, 12);
    out->label = lt_magic_label(probe, 28, 16);
    return true;
}

#define LVM                                                                                                            \
    "an LVM2 physical volume", "activate the group (losetup -fP IMAGE, vgchange -ay) and pass the volume /dev/VG/LV, " \
                               "or mount it and pass the directory"
#define MD                                                                                                             \
    "a member of a Linux md RAID", "assemble the array (mdadm --assemble --readonly --run /dev/md0 DEVICES) and "      \
                                   "pass /dev/md0"
#define LUKS "a LUKS2 encrypted volume", "unlock it (cryptsetup open --readonly IMAGE NAME) and pass /dev/mapper/NAME"
#define BITLOCKER                                                                                                      \
    "a BitLocker volume", "unlock it (cryptsetup open --type bitlk --readonly IMAGE NAME) and pass /dev/mapper/NAME"
#define ZFS "a ZFS pool", "import it (zpool import -o readonly=on -d DIRECTORY POOL) and pass the directory"
/* The mark ends the first page, whose size is that of the machine. */
#define SWAP(page, magic)                                                                                              \
    {                                                                                                                  \
        1024, (page)-10 - 1024, LT_MAGIC(magic), "swap space", NULL, NULL, look_swap                                   \
    }
#define SWAPS(magic) SWAP(4096, magic), SWAP(8192, magic), SWAP(16384, magic), SWAP(65536, magic)
#define HIBERNATED(magic)                                                                                              \
    {                                                                                                                  \
        1024, 4096 - 10 - 1024, LT_MAGIC(magic), "swap space with a sleeping system", NULL, NULL, look_swap            \
    }

const struct lt_magic_format lt_magic_volumes[] = {
    {0, 0, LT_MAGIC("LABELONE"), LVM, NULL, look_lvm},
    {512, 0, LT_MAGIC("LABELONE"), LVM, NULL, look_lvm},
    {1024, 0, LT_MAGIC("LABELONE"), LVM, NULL, look_lvm},
    {1536, 0, LT_MAGIC("LABELONE"), LVM, NULL, look_lvm},
    {0, 0, LT_MAGIC("\xfc\x4e\x2b\xa9"), MD, NULL, look_md_1},
    {4096, 0, LT_MAGIC("\xfc\x4e\x2b\xa9"), MD, NULL, look_md_1},
    {0, 0, LT_MAGIC("\xfc\x4e\x2b\xa9"), MD, place_md_1_0, look_md_1},
    {0, 0, LT_MAGIC("\xfc\x4e\x2b\xa9"), MD, place_md_0_90, look_md_0_90},
    {-1024, 0, LT_MAGIC("Intel Raid ISM Cfg Sig. "), MD, NULL, NULL},
    {-512, 0, LT_MAGIC("\xde\x11\xde\x11"), MD, NULL, NULL},
    {0, 0, LT_MAGIC("LUKS\xba\xbe"), LUKS, NULL, look_luks},
    {16384, 0, LT_MAGIC("SKUL\xba\xbe"), LUKS, NULL, look_luks},
    {0, 3, LT_MAGIC("-FVE-FS-"), BITLOCKER, NULL, NULL},
    {4096, 24, LT_MAGIC("\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"), "a bcache device",
     "register it with its cache (/sys/fs/bcache/register) and pass /dev/bcache0", NULL, look_bcache},
    {4096, 24, LT_MAGIC("\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"), "a bcachefs file system",
     "mount it read-only and pass the directory", NULL, look_bcachefs},
    {16384, 0, LT_MAGIC("\1\1\0\0\0\0\0\0\0\0\0\1"), ZFS, NULL, look_zfs},
    {16384, 0, LT_MAGIC("\1\0\0\0\0\0\0\0\0\0\0\1"), ZFS, NULL, look_zfs},
    {262144 + 16384, 0, LT_MAGIC("\1\1\0\0\0\0\0\0\0\0\0\1"), ZFS, NULL, look_zfs},
    {0, 0, LT_MAGIC("bluestore block device\n"), "a disk of Ceph (BlueStore)",
     "export its objects with Ceph's tools; it holds no file system", NULL, look_bluestore},
    {0, 0, LT_MAGIC("dmvdo001"), "a VDO volume", "activate it (vgchange -ay, or vdo start) and pass its device", NULL,
     NULL},
    {512, 4, LT_MAGIC("!Stra0tis\x86\xff\x02^\x41rh"), "a device of a Stratis pool",
     "start the pool (stratis pool start), mount its file system and pass the directory", NULL, NULL},
    SWAPS("SWAPSPACE2"),
    SWAPS("SWAP-SPACE"),
    HIBERNATED("S1SUSPEND\0"),
    HIBERNATED("S2SUSPEND\0"),
    HIBERNATED("ULSUSPEND\0"),
    {0},
};
