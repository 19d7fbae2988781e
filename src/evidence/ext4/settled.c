// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/settled.h"

enum { SETTLES = 45 /* seconds: the kernel takes 35 by default, and the device a little */ };

static const struct lt_ext4_piece *pieces_of(const struct lt_ext4_formers *formers, const struct lt_ext4_former *former)
{
    return formers->pieces.items + former->first_piece;
}

/* Does the older state have the whole piece, at the same place, and written? */
static bool has_piece(const struct lt_ext4_formers *formers, const struct lt_ext4_former *older,
                      const struct lt_ext4_piece *piece)
{
    const struct lt_ext4_piece *pieces = pieces_of(formers, older);
    size_t low = older->nodes, high = older->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pieces[middle].logical <= piece->logical)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == older->nodes || pieces[low - 1].unwritten)
        return false;
    uint64_t ahead = piece->logical - pieces[low - 1].logical;
    return ahead < pieces[low - 1].count && pieces[low - 1].block + ahead == piece->block &&
           piece->count <= pieces[low - 1].count - ahead;
}

static bool has_all(struct lt_ext4_formers *formers, const struct lt_ext4_former *older,
                    const struct lt_ext4_former *former)
{
    const struct lt_ext4_piece *pieces = pieces_of(formers, former);
    for (size_t i = former->nodes; i < former->count; i++)
        if (!formers->left || !--formers->left || (!pieces[i].unwritten && !has_piece(formers, older, &pieces[i])))
            return false;
    return true;
}

/* Has the journal a copy of the inode from before that transaction? Then the state began in it. */
static bool begins_there(const struct lt_ext4_history *history, const struct lt_ext4_former *state)
{
    size_t at = lt_history_find(history, state->copy.block);
    for (; at < history->copy_count && history->copies[at].block == state->copy.block; at++)
        if (lt_jbd2_is_before(history->copies[at].sequence, state->oldest))
            return true;
    return false;
}

/* The data went through the journal, too. */
static bool is_journaled(const struct lt_ext4_formers *formers, const struct lt_ext4_former *former)
{
    const struct lt_ext4_piece *pieces = pieces_of(formers, former);
    for (size_t i = 0; i < former->count; i++)
        if (!pieces[i].node && lt_history_at(&formers->history, pieces[i].block, former->sequence))
            return true;
    return false;
}

/* When the next state began, which the inode itself tells if it was freed; 0: not known. */
static uint64_t end_of(const struct lt_ext4_history *history, const struct lt_ext4_family *family, size_t at)
{
    const struct lt_ext4_former *next = at ? &family->states[at - 1] : NULL;
    if (!next)
        return lt_history_time(history, history->newest);
    if (!next->inode.links && next->inode.deleted)
        return next->inode.deleted;
    return next->copy.home ? 0 : lt_history_time(history, next->oldest);
}

/* Was it not written to since it had all its blocks? If the journal does not reach back to that, a file that was
 * written within a second of its birth counts as written at once. What
 * has no blocks may have waited for them, and fast commits change files without a copy of the inode. Where times are in
 * seconds, another write may have been within the same one, unless the transaction ended later. */
static bool is_fresh(struct lt_ext4_formers *formers, const struct lt_ext4_family *family, size_t at)
{
    const struct lt_ext4_former *former = &family->states[at], *first = former;
    if (former->count == former->nodes || formers->history.journal.fast_first)
        return false;
    while (++at < family->count && has_all(formers, &family->states[at], former))
        first = &family->states[at];
    if (former->modified != first->first_modified || !(former->at_once || begins_there(&formers->history, first)))
        return false;
    return former->fine || lt_history_time(&formers->history, first->oldest) > (uint32_t)former->modified;
}

bool lt_former_is_settled(struct lt_ext4_formers *formers, const struct lt_ext4_family *family, size_t at, bool cut)
{
    const struct lt_ext4_former *former = &family->states[at];
    uint64_t end = end_of(&formers->history, family, at);
    return (family->orphan && !at) || former->inode.flags & LT_EXT4_INLINE_FL || is_journaled(formers, former) ||
           (!cut && is_fresh(formers, family, at)) || (end > former->changed && end - former->changed >= SETTLES);
}
