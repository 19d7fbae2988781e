// SPDX-License-Identifier: Apache-2.0
/* Sources of facts: QEMU 7.2, docs/interop and block (qcow, qed, vdi, vmdk, vhdx, parallels, vpc, dmg, bochs);
 * libewf's, libvmdk's and libvhdi's documentation of their formats; Android's sparse_format.h; the headers that
 * file(1) 5.44 knows for archives. */
#include "evidence/magic/formats.h"

#define CONVERT        "convert it (qemu-img convert -O raw IMAGE disk.raw) and pass disk.raw"
#define UNPACK(tool)   "unpack it (" tool ") and pass the disk image in it, or the directory of what it collects"
#define PACKED(tool)   UNPACK(tool " < FILE > disk.raw")
#define STREAMED(tool) "give --unpack DIR, or " PACKED(tool)

/* A size in sectors of 512 bytes; 0 if that many bytes cannot be. */
static uint64_t sectors(uint64_t count)
{
    return count <= UINT64_MAX / LT_SECTOR ? count * LT_SECTOR : 0;
}

static const char parent[] = "what it leaves to its parent";

static void look_parent(struct lt_magic_probe *probe, const char *what, uint64_t at, uint64_t size,
                        struct lt_magic *out)
{
    out->detail = lt_magic_quote(probe, what, at, size < SIZE_MAX ? (size_t)size : 0);
    out->lacks = parent;
}

/* Of a snapshot whose parent is named elsewhere. */
static void mark_snapshot(bool is_snapshot, struct lt_magic *out)
{
    if (!is_snapshot)
        return;
    out->detail = LT_STR("a snapshot, which needs its parent");
    out->lacks = parent;
}

/* Versions 1 to 3 have these fields in the same place. */
static bool look_qcow(struct lt_magic_probe *probe, struct lt_magic *out)
{
    struct lt_cursor *bytes = &probe->bytes;
    uint64_t at = lt_cursor_be(bytes, 8, 8);
    out->size = lt_cursor_be(bytes, 24, 8);
    if (at)
        look_parent(probe, "backing file", at, lt_cursor_be(bytes, 16, 4), out);
    return true;
}

static bool look_qed(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { BACKED = 1 };
    struct lt_cursor *bytes = &probe->bytes;
    out->size = lt_cursor_le(bytes, 48, 8);
    if (lt_cursor_le(bytes, 16, 8) & BACKED)
        look_parent(probe, "backing file", lt_le32(bytes, 56), lt_le32(bytes, 60), out);
    return true;
}

static bool look_vdi(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { VERSION = 0x00010001, DIFFERENCE = 4 };
    if (lt_le32(&probe->bytes, 68) != VERSION)
        return true;
    out->size = lt_cursor_le(&probe->bytes, 368, 8);
    mark_snapshot(lt_le32(&probe->bytes, 76) == DIFFERENCE, out);
    return true;
}

static bool look_parallels(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->size = sectors(lt_cursor_le(&probe->bytes, 36, 8));
    return true;
}

static bool look_vhd(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { DIFFERENCE = 4 };
    out->size = lt_cursor_be(&probe->bytes, 48, 8);
    mark_snapshot(lt_cursor_be(&probe->bytes, 60, 4) == DIFFERENCE, out);
    return true;
}

/* --- VHDX (Microsoft's MS-VHDX) ---------------------------------------------------------------------------------- */

enum { VHDX_ENTRY = 32, VHDX_GUID = 16, MAX_VHDX_ENTRIES = 2047 };

static uint64_t number_at(struct lt_magic_probe *probe, uint64_t offset, unsigned size)
{
    unsigned char bytes[8];
    struct lt_cursor cursor = {.ptr = bytes, .len = size};
    return lt_device_read(probe->device, offset, bytes, size) ? lt_cursor_le(&cursor, 0, size) : 0;
}

/* What an entry of a table of regions or of metadata points at; 0: there is none. `first` is where its entries begin.
 */
static uint64_t find_entry(struct lt_magic_probe *probe, uint64_t first, uint64_t count, const char *guid,
                           unsigned size)
{
    unsigned char entry[VHDX_GUID];
    for (uint64_t i = 0; i < count && i < MAX_VHDX_ENTRIES; i++) {
        uint64_t at = first + i * VHDX_ENTRY;
        if (!lt_device_read(probe->device, at, entry, sizeof entry))
            return 0;
        if (memcmp(entry, guid, sizeof entry) == 0)
            return number_at(probe, at + VHDX_GUID, size);
    }
    return 0;
}

/* Of two headers the one with the higher number counts. It names the log that its writer did not finish. */
static bool has_log(struct lt_magic_probe *probe)
{
    enum { FIRST = 0x10000, SECOND = 0x20000, NUMBER = 8, LOG = 48 };
    uint64_t header = number_at(probe, SECOND + NUMBER, 8) > number_at(probe, FIRST + NUMBER, 8) ? SECOND : FIRST;
    return number_at(probe, header + LOG, 8) || number_at(probe, header + LOG + 8, 8);
}

static bool look_vhdx(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { REGIONS = 0x30000, HAS_PARENT = 2 };
    static const char metadata[] = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e",
                      parameters[] = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b",
                      disk_size[] = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
    uint64_t table = find_entry(probe, REGIONS + 16, number_at(probe, REGIONS + 8, 4), metadata, 8);
    uint64_t count = number_at(probe, table + 10, 2);
    if (!table || table > probe->device->size)
        return true;
    out->size = number_at(probe, table + find_entry(probe, table + 32, count, disk_size, 4), 8);
    uint64_t flags = table + find_entry(probe, table + 32, count, parameters, 4) + 4;
    if (has_log(probe)) {
        out->detail = LT_STR("its log is not empty");
        out->lacks = "what is in its log";
        out->advice = "replay the log of a copy (qemu-img check -r all COPY), and pass that";
    }
    mark_snapshot(number_at(probe, flags, 4) & HAS_PARENT, out);
    return true;
}

/* --- VMDK, EWF, zip ---------------------------------------------------------------------------------------------- */

/* The text that describes a VMDK names the parent of a snapshot. An extent has none. */
static bool look_descriptor(struct lt_magic_probe *probe, uint64_t at, struct lt_magic *out)
{
    static const char start[] = "# Disk DescriptorFile", hint[] = "parentFileNameHint=\"";
    unsigned char text[4096];
    uint64_t left = at < probe->device->size ? probe->device->size - at : 0;
    size_t size = left < sizeof text ? (size_t)left : sizeof text;
    if (size < sizeof start || !lt_device_read(probe->device, at, text, size) ||
        memcmp(text, start, sizeof start - 1) != 0)
        return false;
    const unsigned char *found = memmem(text, size, hint, sizeof hint - 1);
    if (!found)
        return true;
    size_t from = (size_t)(found - text) + sizeof hint - 1;
    struct lt_str rest = {(const char *)text + from, size - from};
    look_parent(probe, "snapshot of", at + from, lt_str_cut(&rest, '"').len, out);
    return true;
}

static bool look_descriptor_file(struct lt_magic_probe *probe, struct lt_magic *out)
{
    return look_descriptor(probe, 0, out);
}

static bool look_vmdk(struct lt_magic_probe *probe, struct lt_magic *out)
{
    uint64_t descriptor = sectors(lt_cursor_le(&probe->bytes, 28, 8));
    out->size = sectors(lt_cursor_le(&probe->bytes, 12, 8));
    if (descriptor && look_descriptor(probe, descriptor, out))
        return true;
    out->name = "an extent of a VMDK disk image";
    out->advice = "pass the small VMDK file that describes the disk, with all its extents beside it";
    return true;
}

static bool look_ewf(struct lt_magic_probe *probe, struct lt_magic *out)
{
    out->detail = lt_str_format(probe->arena, "segment %u", lt_le16(&probe->bytes, 9));
    return true;
}

/* AFF4 lies in a zip archive whose first member is this one. */
static bool look_zip(struct lt_magic_probe *probe, struct lt_magic *out)
{
    enum { NAME = 30 };
    static const char member[] = "container.description";
    if (probe->bytes.len < NAME + sizeof member || memcmp(probe->bytes.ptr + NAME, member, sizeof member - 1) != 0)
        return true;
    out->name = "an AFF4 image";
    out->advice = "export its disk as a raw image (aff4imager) and pass that";
    return true;
}

const struct lt_magic_format lt_magic_images[] = {
    {0, 0, LT_MAGIC("QFI\xfb\0\0\0\1"), "a qcow disk image of version 1", CONVERT, NULL, look_qcow},
    {0, 0, LT_MAGIC("QFI\xfb"), "a qcow2 disk image", CONVERT, NULL, look_qcow},
    {0, 0, LT_MAGIC("QED\0"), "a QED disk image", CONVERT, NULL, look_qed},
    {0, 0, LT_MAGIC("vhdxfile"), "a VHDX disk image", CONVERT, NULL, look_vhdx},
    {0, 64, LT_MAGIC("\x7f\x10\xda\xbe"), "a VDI disk image", CONVERT, NULL, look_vdi},
    {0, 0, LT_MAGIC("WithoutFreeSpace"), "a Parallels disk image", CONVERT, NULL, look_parallels},
    {0, 0, LT_MAGIC("WithouFreSpacExt"), "a Parallels disk image", CONVERT, NULL, look_parallels},
    {0, 0, LT_MAGIC("KDMV"), "a VMDK disk image", CONVERT, NULL, look_vmdk},
    {0, 0, LT_MAGIC("COWD"), "an extent of a VMDK disk image of ESX (COWD)", CONVERT, NULL, NULL},
    {0, 0, LT_MAGIC("\xbe\xba\xfe\xca\0\0\0\0"), "an extent of a VMDK disk image of ESX (seSparse)", CONVERT, NULL,
     NULL},
    {0, 0, LT_MAGIC("# Disk DescriptorFile"), "a VMDK disk image", CONVERT, NULL, look_descriptor_file},
    {-512, 0, LT_MAGIC("conectix"), "a VHD disk image", CONVERT, NULL, look_vhd},
    {0, 0, LT_MAGIC("conectix"), "a VHD disk image", CONVERT, NULL, look_vhd},
    {-512, 0, LT_MAGIC("koly"), "a DMG disk image", CONVERT, NULL, NULL},
    {0, 0, LT_MAGIC("Bochs Virtual HD Image"), "a Bochs disk image", CONVERT, NULL, NULL},
    {0, 0, LT_MAGIC("EVF\x09\x0d\x0a\xff"), "an EWF image (E01)",
     "pass its first segment with all others beside it, or export it (ewfexport -f raw)", NULL, look_ewf},
    {0, 0, LT_MAGIC("EVF2\x0d\x0a\x81"), "an EWF image of version 2 (Ex01)",
     "export it (ewfexport -f raw) and pass the raw image", NULL, NULL},
    {0, 0, LT_MAGIC("LVF\x09\x0d\x0a\xff"), "a logical EWF image (L01), which holds files and no disk",
     "export its files and pass the directory", NULL, NULL},
    {0, 0, LT_MAGIC("AFF10\r\n"), "an AFF image", "convert it (affconvert -r) and pass the raw image", NULL, NULL},
    {0, 0, LT_MAGIC("\x3a\xff\x26\xed"), "a sparse image of Android",
     "convert it (simg2img IMAGE disk.raw) and pass disk.raw", NULL, NULL},
    {0, 0, LT_MAGIC("VMA\0"), "a backup of a virtual machine by Proxmox (VMA)",
     "unpack it (vma extract) and pass the disk images in it", NULL, NULL},
    {0, 0, LT_MAGIC("partclone-image"), "an image made by partclone",
     "restore it (partclone.restore -C -s IMAGE -O disk.raw) and pass disk.raw", NULL, NULL},
    {0, 0, LT_MAGIC("EMiL"), "a memory image of LiME", NULL, NULL, NULL},
    {0, 0, LT_MAGIC("\x1f\x8b\x08"), "a gzip file", STREAMED("gzip -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("\x28\xb5\x2f\xfd"), "a zstd file", STREAMED("zstd -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("\xfd\x37zXZ\0"), "an xz file", STREAMED("xz -dc"), NULL, NULL},
    {0, 4, LT_MAGIC("1AY&SY"), "a bzip2 file", PACKED("bzip2 -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("\x04\x22\x4d\x18"), "an lz4 file", PACKED("lz4 -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("\x89LZO\0\r\n\x1a\n"), "an lzop file", PACKED("lzop -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("LZIP\1"), "an lzip file", PACKED("lzip -dc"), NULL, NULL},
    {0, 0, LT_MAGIC("PK\3\4"), "a zip archive", UNPACK("unzip"), NULL, look_zip},
    {0, 0, LT_MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", UNPACK("7z x"), NULL, NULL},
    {0, 0, LT_MAGIC("Rar!\x1a\x07"), "a RAR archive", UNPACK("unrar x"), NULL, NULL},
    {0, 0, LT_MAGIC("070701"), "a cpio archive", UNPACK("cpio -id"), NULL, NULL},
    /* POSIX and GNU tar have the same five bytes (POSIX pax, ustar Interchange Format). */
    {0, 257, LT_MAGIC("ustar"), "a tar archive (saved images, an OCI layout, a collection)",
     "not read yet. Unpack a collection, and pass the directory", NULL, NULL},
    {0},
};
