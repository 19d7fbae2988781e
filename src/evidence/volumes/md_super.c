// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/md_super.h"

enum { SECTOR = 512 };

static const uint32_t magic = 0xA92B4EFC;

/* The sum of all words, without that of the checksum itself, folded to 32 bits. */
static uint32_t sum(struct lt_cursor *bytes, size_t size, size_t checksum)
{
    uint64_t all = 0;
    for (size_t at = 0; at + 4 <= size; at += 4)
        all += at == checksum ? 0 : lt_le32(bytes, at);
    if (size % 4)
        all += lt_le16(bytes, size / 4 * 4);
    return (uint32_t)((all & UINT32_MAX) + (all >> 32));
}

static bool sectors_to_bytes(uint64_t sectors, uint64_t *out)
{
    *out = sectors * SECTOR;
    return sectors <= UINT64_MAX / 4 / SECTOR;
}

bool lt_md_super_1(struct lt_cursor bytes, uint64_t at, struct lt_md_super *out)
{
    enum { ROLES = 256, CHECKSUM = 216, RECOVERY = 2, MOST_ROLES = (LT_MD_SUPER - ROLES) / 2 };
    uint32_t roles = lt_le32(&bytes, 220), features = lt_le32(&bytes, 8);
    if (lt_le32(&bytes, 0) != magic || lt_le32(&bytes, 4) != 1 || roles > MOST_ROLES ||
        bytes.len < ROLES + (size_t)roles * 2 || lt_cursor_le(&bytes, 144, 8) != at / SECTOR ||
        sum(&bytes, ROLES + (size_t)roles * 2, CHECKSUM) != lt_le32(&bytes, CHECKSUM))
        return false;
    *out = (struct lt_md_super){
        .major = 1,
        .minor = at == 0             ? 1
                 : at == LT_MD_SUPER ? 2
                                     : 0,
        .name = {(const char *)bytes.ptr + 32, strnlen((const char *)bytes.ptr + 32, 32)},
        .level = (int32_t)lt_le32(&bytes, 72),
        .disks = lt_le32(&bytes, 92),
        .disk = lt_le32(&bytes, 160),
        .events = lt_cursor_le(&bytes, 200, 8),
        .chunk = (uint64_t)lt_le32(&bytes, 88) * SECTOR,
        .made = lt_le32(&bytes, 64) | (uint64_t)(lt_cursor_le(&bytes, 68, 1) & 0x1F) << 32,
    };
    memcpy(out->uuid, bytes.ptr + 16, sizeof out->uuid);
    memcpy(out->disk_uuid, bytes.ptr + 168, sizeof out->disk_uuid);
    out->role = out->disk < roles ? lt_le16(&bytes, ROLES + (size_t)out->disk * 2) : LT_MD_SPARE;
    out->synced = !(features & RECOVERY) || lt_cursor_le(&bytes, 152, 8) >= lt_cursor_le(&bytes, 80, 8);
    return sectors_to_bytes(lt_cursor_le(&bytes, 128, 8), &out->start) &&
           sectors_to_bytes(lt_cursor_le(&bytes, 80, 8), &out->size) &&
           sectors_to_bytes(lt_cursor_le(&bytes, 136, 8), &out->usable);
}

bool lt_md_super_0(struct lt_cursor bytes, struct lt_md_super *out)
{
    enum { CHECKSUM = 152, THIS = 3968, KIB = 1024, MOST = 27, ACTIVE = 1 << 1, SYNCED = 1 << 2 };
    static const size_t words[] = {20, 52, 56, 60};
    if (bytes.len < LT_MD_SUPER || lt_le32(&bytes, 0) != magic || lt_le32(&bytes, 4) != 0 ||
        sum(&bytes, LT_MD_SUPER, CHECKSUM) != lt_le32(&bytes, CHECKSUM))
        return false;
    uint32_t state = lt_le32(&bytes, THIS + 16);
    *out = (struct lt_md_super){
        .minor = lt_le32(&bytes, 8),
        .number = lt_le32(&bytes, 44),
        .level = (int32_t)lt_le32(&bytes, 28),
        .disks = lt_le32(&bytes, 40),
        .disk = lt_le32(&bytes, THIS),
        .role = state & ACTIVE ? lt_le32(&bytes, THIS + 12) : LT_MD_SPARE,
        .size = (uint64_t)lt_le32(&bytes, 32) * KIB,
        .events = lt_cursor_le(&bytes, 156, 8),
        .chunk = lt_le32(&bytes, 260),
        .made = lt_le32(&bytes, 24),
        .synced = state & SYNCED,
    };
    for (unsigned i = 0; i < sizeof out->uuid; i++)
        out->uuid[i] = (unsigned char)(lt_le32(&bytes, words[i / 4]) >> (24 - i % 4 * 8));
    return out->disks <= MOST;
}

bool lt_md_place_1_0(uint64_t size, uint64_t *at)
{
    enum { LEAST = 16, ALIGNED = 8 };
    uint64_t sectors = size / SECTOR;
    *at = sectors < LEAST ? 0 : (sectors - LEAST) / ALIGNED * ALIGNED * SECTOR;
    return sectors >= LEAST;
}

bool lt_md_place_0_90(uint64_t size, uint64_t *at)
{
    enum { RESERVED = 64 * 1024 };
    *at = size < RESERVED ? 0 : size / RESERVED * RESERVED - RESERVED;
    return size >= RESERVED;
}
