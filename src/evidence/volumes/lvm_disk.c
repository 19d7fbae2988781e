// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/lvm_disk.h"

uint32_t lt_lvm_crc(const unsigned char *bytes, size_t size)
{
    static const uint32_t table[] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                     0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xf597a6cf;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 0xF];
        crc = crc >> 4 ^ table[crc & 0xF];
    }
    return crc;
}

struct lt_str lt_lvm_uuid(struct lt_arena *arena, const unsigned char letters[32])
{
    const char *id = (const char *)letters;
    for (unsigned i = 0; i < 32; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return LT_STR("");
    return lt_str_format(arena, "%.6s-%.4s-%.4s-%.4s-%.4s-%.4s-%.6s", id, id + 6, id + 10, id + 14, id + 18, id + 22,
                         id + 26);
}

/* Two lists that end with zeros: the areas of data, then those of metadata. */
static void take_areas(struct lt_cursor *sector, size_t at, struct lt_lvm_label *out)
{
    enum { SPAN = 16 };
    while (lt_cursor_le(sector, at, 8) && !sector->bad)
        at += SPAN;
    for (at += SPAN; out->count < LT_LVM_AREAS; at += SPAN) {
        struct lt_lvm_span span = {lt_cursor_le(sector, at, 8), lt_cursor_le(sector, at + 8, 8)};
        if (sector->bad || !span.start)
            return;
        out->areas[out->count++] = span;
    }
}

bool lt_lvm_label(struct lt_cursor sector, unsigned number, struct lt_arena *arena, struct lt_lvm_label *out)
{
    enum { CRC = 16, SUMMED = 20, OFFSET = 20, TYPE = 24, UUID = 32 };
    *out = (struct lt_lvm_label){0};
    if (sector.len < LT_LVM_HEADER || memcmp(sector.ptr, "LABELONE", 8) != 0 ||
        memcmp(sector.ptr + TYPE, "LVM2 001", 8) != 0)
        return false;
    size_t at = lt_le32(&sector, OFFSET);
    if (lt_cursor_le(&sector, 8, 8) != number || at > LT_LVM_HEADER - UUID - 8 ||
        lt_le32(&sector, CRC) != lt_lvm_crc(sector.ptr + SUMMED, LT_LVM_HEADER - SUMMED))
        return false;
    out->uuid = lt_lvm_uuid(arena, sector.ptr + at);
    out->size = lt_cursor_le(&sector, at + UUID, 8);
    take_areas(&sector, at + UUID + 8, out);
    return out->uuid.len;
}

bool lt_lvm_area(struct lt_cursor header, struct lt_lvm_span at, struct lt_lvm_area *out)
{
    enum { MAGIC = 4, VERSION = 20, START = 24, SIZE = 32, TEXT = 40, IGNORED = 1 };
    *out = (struct lt_lvm_area){0};
    if (header.len < LT_LVM_HEADER || memcmp(header.ptr + MAGIC, " LVM2 x[5A%r0N*>", 16) != 0 ||
        lt_le32(&header, VERSION) != 1 || lt_le32(&header, 0) != lt_lvm_crc(header.ptr + MAGIC, LT_LVM_HEADER - MAGIC))
        return false;
    out->span = (struct lt_lvm_span){lt_cursor_le(&header, START, 8), lt_cursor_le(&header, SIZE, 8)};
    out->text = (struct lt_lvm_span){lt_cursor_le(&header, TEXT, 8), lt_cursor_le(&header, TEXT + 8, 8)};
    out->crc = lt_le32(&header, TEXT + 16);
    out->ignored = lt_le32(&header, TEXT + 20) & IGNORED;
    if (!out->text.start)
        out->text.size = 0;
    uint64_t size = out->span.size;
    return out->span.start == at.start && size > LT_LVM_HEADER && size <= UINT64_MAX - at.start &&
           (!out->text.size ||
            (out->text.start >= LT_LVM_HEADER && out->text.start < size && out->text.size <= size - LT_LVM_HEADER));
}
