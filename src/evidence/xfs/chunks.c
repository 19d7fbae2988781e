// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/chunks.h"

#include <stdlib.h>
#include <string.h>

/* Read block `in_ag` of the btree, which is borrowed from the volume. */
static enum lt_status read_node(struct lt_xfs_chunks *chunks, uint32_t ag, uint32_t in_ag, unsigned level,
                                struct lt_xfs_inobt *out, struct lt_err *err)
{
    const struct lt_xfs *super = &chunks->volume->super;
    const unsigned char *bytes = NULL;
    if (in_ag < lt_xfs_ag_blocks(super, ag))
        bytes = lt_xfs_volume_block(chunks->volume, lt_xfs_block(super, ag, in_ag));
    *out = (struct lt_xfs_inobt){0};
    if (!bytes) {
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %u of AG %u, of its inode btree", in_ag, ag);
        return LT_SKIP;
    }
    struct lt_cursor cursor = {.ptr = bytes, .len = super->block_size};
    struct lt_err problem = {0};
    if (lt_xfs_inobt(super, cursor, ag, level, out, &problem) != LT_OK)
        return lt_fail(err, LT_SKIP, problem.code, 0, "block %u of AG %u: %s", in_ag, ag, problem.text);
    if (out->damaged && !chunks->damaged++)
        lt_fail(&chunks->first, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %u of AG %u, of its inode btree",
                in_ag, ag);
    return LT_OK;
}

/* The leaf that must have inode `in_ag`, or if that is before all, the first one. */
static enum lt_status find_leaf(struct lt_xfs_chunks *chunks, uint32_t ag, uint32_t in_ag, struct lt_xfs_inobt *out,
                                struct lt_err *err)
{
    const struct lt_xfs_agi *agi = lt_xfs_volume_agi(chunks->volume, ag);
    if (!agi || !agi->level || agi->level > LT_XFS_MAX_BTREE_LEVELS) {
        lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the head of the inodes of AG %u is damaged or unreadable", ag);
        return LT_SKIP;
    }
    uint32_t block = agi->root;
    for (unsigned level = agi->level; level--;) {
        if (read_node(chunks, ag, block, level, out, err) != LT_OK)
            return LT_SKIP;
        if (!level)
            return LT_OK;
        unsigned at = lt_xfs_inobt_find(out, in_ag);
        if (!out->count)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an empty node in the inode btree of AG %u", ag);
        block = lt_xfs_inobt_child(out, at < out->count ? at : 0);
    }
    return LT_OK;
}

static bool holds(const struct lt_xfs_chunk *chunk, uint32_t in_ag)
{
    return in_ag >= chunk->start && in_ag - chunk->start < LT_XFS_CHUNK;
}

bool lt_xfs_is_free(struct lt_xfs_chunks *chunks, uint64_t ino)
{
    const struct lt_xfs *super = &chunks->volume->super;
    uint64_t ag = lt_xfs_ino_ag(super, ino);
    uint32_t in_ag = lt_xfs_ino_in_ag(super, ino);
    if (ag >= super->ag_count)
        return false;
    if (!chunks->known || chunks->ag != ag || !holds(&chunks->chunk, in_ag)) {
        struct lt_xfs_inobt leaf;
        chunks->known = false;
        if (find_leaf(chunks, (uint32_t)ag, in_ag, &leaf, NULL) != LT_OK)
            return false;
        unsigned at = lt_xfs_inobt_find(&leaf, in_ag);
        if (at == leaf.count)
            return false;
        chunks->chunk = lt_xfs_inobt_chunk(super, &leaf, at);
        chunks->ag = (uint32_t)ag;
        chunks->known = true;
    }
    return holds(&chunks->chunk, in_ag) && chunks->chunk.free >> (in_ag - chunks->chunk.start) & 1;
}

/* A walk over the leaves of an AG. */
struct leaves {
    struct lt_xfs_chunks *chunks;
    uint32_t ag;
    uint64_t least; /* the next chunk begins here at the earliest: a leaf that is reached again is out of order */
    enum lt_status (*each)(void *arg, uint32_t ag, const struct lt_xfs_chunk *chunk, struct lt_err *err);
    void *arg;
};

static enum lt_status each_of_leaf(struct leaves *leaves, const struct lt_xfs_inobt *leaf, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (unsigned i = 0; i < leaf->count && status == LT_OK; i++) {
        struct lt_xfs_chunk chunk = lt_xfs_inobt_chunk(&leaves->chunks->volume->super, leaf, i);
        if (chunk.start < leaves->least)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the inode btree of AG %u is out of order", leaves->ag);
        leaves->least = (uint64_t)chunk.start + LT_XFS_CHUNK;
        status = leaves->each(leaves->arg, leaves->ag, &chunk, err);
    }
    return status;
}

enum lt_status lt_xfs_each_chunk(struct lt_xfs_chunks *chunks, uint32_t ag,
                                 enum lt_status (*each)(void *arg, uint32_t ag, const struct lt_xfs_chunk *chunk,
                                                        struct lt_err *err),
                                 void *arg, struct lt_err *err)
{
    struct leaves leaves = {.chunks = chunks, .ag = ag, .each = each, .arg = arg};
    size_t size = chunks->volume->super.block_size;
    unsigned char *copy = lt_realloc(NULL, size); /* `each` reads other blocks */
    struct lt_xfs_inobt leaf;
    enum lt_status status = find_leaf(chunks, ag, 0, &leaf, err);
    while (status == LT_OK) {
        memcpy(copy, leaf.bytes.ptr, size);
        leaf.bytes.ptr = copy;
        status = each_of_leaf(&leaves, &leaf, err);
        if (status != LT_OK || leaf.right == UINT64_MAX)
            break;
        if (!leaf.count)
            status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an empty leaf in the inode btree of AG %u", ag);
        else
            status = read_node(chunks, ag, (uint32_t)leaf.right, 0, &leaf, err);
    }
    free(copy);
    return status;
}
