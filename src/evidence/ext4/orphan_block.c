// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/orphan_block.h"

enum { TAIL = 8 }; /* magic number, checksum */

static const uint32_t MAGIC = 0x0B10CA04;

bool lt_ext4_orphans_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint64_t number, uint32_t seed)
{
    unsigned char place[8];
    if (block.len < TAIL || lt_le32(&block, block.len - TAIL) != MAGIC)
        return true;
    if (!ext4->checksums)
        return false;
    for (unsigned i = 0; i < sizeof place; i++)
        place[i] = (unsigned char)(number >> (8 * i));
    uint32_t crc = lt_crc32c(lt_crc32c(seed, place, sizeof place), block.ptr, block.len - TAIL);
    return crc != lt_le32(&block, block.len - 4);
}

enum lt_status lt_ext4_next_orphan(struct lt_cursor block, size_t *at, uint32_t *ino)
{
    *ino = 0;
    for (; !*ino && *at + 4 + TAIL <= block.len; *at += 4)
        *ino = lt_le32(&block, *at);
    return *ino ? LT_OK : LT_END;
}
