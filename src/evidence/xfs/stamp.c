// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/stamp.h"

#include <string.h>

/* The place of each part; 0: there is none. */
struct form {
    unsigned lsn, uuid, sum;
};

static const struct form short_btree = {24, 32, 52}, long_btree = {32, 40, 64}, directory = {16, 24, 4},
                         da_block = {24, 32, 12}, agf = {208, 64, 216}, agfl = {24, 8, 32}, agi = {320, 296, 312},
                         link = {48, 16, 12}, super = {240, 32, 224};

static const struct kind {
    char magic[5];
    const struct form *form;
} kinds[] = {
    {"AB3B", &short_btree}, {"AB3C", &short_btree}, {"RMB3", &short_btree}, {"R3FC", &short_btree},
    {"FIB3", &short_btree}, {"IAB3", &short_btree}, {"BMA3", &long_btree},  {"XDB3", &directory},
    {"XDD3", &directory},   {"XDF3", &directory},   {"XAGF", &agf},         {"XAFL", &agfl},
    {"XAGI", &agi},         {"XSLM", &link},        {"XFSB", &super},
};

/* Blocks of the trees of directories and attributes begin with numbers of blocks, and have their magic behind them. */
static bool is_da_block(struct lt_cursor *block)
{
    uint16_t magic = (uint16_t)lt_cursor_be(block, 8, 2);
    return magic == 0x3DF1 || magic == 0x3DFF || magic == 0x3BEE || magic == 0x3EBE;
}

static const struct form *form_of(struct lt_cursor *block)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && block->len >= 4; i++)
        if (memcmp(block->ptr, kinds[i].magic, 4) == 0)
            return kinds[i].form;
    return is_da_block(block) ? &da_block : NULL;
}

uint64_t lt_xfs_stamp(const struct lt_xfs *xfs, struct lt_cursor block)
{
    enum { META_UUID = 248 };
    const struct form *form = xfs->v5 ? form_of(&block) : NULL;
    if (!form)
        return UINT64_MAX;
    size_t uuid = form == &super && xfs->incompat & LT_XFS_INCOMPAT_META_UUID ? META_UUID : form->uuid;
    uint64_t lsn = lt_cursor_be(&block, form->lsn, 8);
    if (block.bad || block.len < uuid + LT_XFS_UUID || memcmp(block.ptr + uuid, xfs->meta_uuid, LT_XFS_UUID) != 0)
        return UINT64_MAX;
    return lsn;
}

size_t lt_xfs_stamp_sum(struct lt_cursor block)
{
    const struct form *form = form_of(&block);
    return form && block.len >= form->sum + 4 ? form->sum : 0;
}
