// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/volume.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

/* --- the superblock ---------------------------------------------------------------------------------------------- */

/* Where the copies of the superblock lie (linux fs/btrfs/disk-io.h, btrfs_sb_offset(), 6.18). */
static const uint64_t super_places[] = {LT_BTRFS_SUPER_AT, 64ull << 20, 256ull << 30};

enum { SUPER_COPIES = sizeof super_places / sizeof *super_places };

/* LT_END: there is none at this place. */
static enum lt_status read_super(struct lt_btrfs_volume *volume, unsigned copy, struct lt_err *err)
{
    uint64_t place = super_places[copy], size = volume->device.size;
    struct lt_cursor bytes = {.ptr = volume->super_bytes, .len = sizeof volume->super_bytes};
    if (size < place || size - place < bytes.len)
        return lt_fail(err, LT_END, LT_CODE_MISSING, 0, "the device ends before its superblock");
    if (!lt_device_read(&volume->device, place, volume->super_bytes, bytes.len))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the superblock");
    if (!lt_btrfs_is_super(bytes))
        return lt_fail(err, LT_END, LT_CODE_MISSING, 0, "no superblock of btrfs");
    enum lt_status status = lt_btrfs_read_super(bytes, &volume->super, err);
    if (status == LT_OK && !lt_btrfs_sum_is_right(volume->super.sum_type, bytes))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in the superblock");
    if (status == LT_OK && volume->super.at != place)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the superblock says that it is another's copy");
    return status;
}

enum lt_status lt_btrfs_volume_open(struct lt_btrfs_volume *volume, const struct lt_device *device, bool seek_copy,
                                    struct lt_err *err)
{
    *volume = (struct lt_btrfs_volume){.device = *device};
    enum lt_status status = read_super(volume, 0, &volume->super_problem);
    bool lost = status == LT_SKIP || (status == LT_END && seek_copy);
    for (unsigned copy = 1; lost && copy < SUPER_COPIES; copy++) {
        struct lt_err problem = {0};
        if (read_super(volume, copy, &problem) != LT_OK)
            continue;
        volume->super_copy = copy;
        return LT_OK;
    }
    const struct lt_err *problem = &volume->super_problem;
    return status == LT_OK ? LT_OK : lt_fail(err, status, problem->code, problem->sys, "%s", problem->text);
}

void lt_btrfs_volume_close(struct lt_btrfs_volume *volume)
{
    for (size_t i = 0; i < LT_BTRFS_SLOTS; i++)
        free(volume->slots[i]);
    free(volume->chunks);
    volume->chunks = NULL;
}

/* --- from logical addresses to the device ------------------------------------------------------------------------ */

static const struct lt_btrfs_chunk *chunk_of(const struct lt_btrfs_volume *volume, uint64_t logical)
{
    size_t low = 0, high = volume->chunk_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (volume->chunks[middle].logical <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    const struct lt_btrfs_chunk *chunk = low ? &volume->chunks[low - 1] : NULL;
    return chunk && logical - chunk->logical < chunk->size ? chunk : NULL;
}

/* Does it begin in another chunk, or hold the start of one? */
static bool overlaps(const struct lt_btrfs_volume *volume, const struct lt_btrfs_chunk *chunk)
{
    size_t at = lt_bisect(volume->chunks, volume->chunk_count, sizeof *volume->chunks, chunk->logical);
    return chunk_of(volume, chunk->logical) ||
           (at < volume->chunk_count && volume->chunks[at].logical - chunk->logical < chunk->size);
}

enum lt_status lt_btrfs_add_chunk(struct lt_btrfs_volume *volume, struct lt_cursor item, uint64_t logical, size_t *used,
                                  struct lt_err *err)
{
    struct lt_btrfs_chunk chunk;
    if (lt_btrfs_read_chunk(item, logical, volume->super.device, &chunk, used, err) != LT_OK)
        return LT_SKIP;
    const struct lt_btrfs_chunk *known = chunk_of(volume, logical);
    if (known && known->logical == logical && known->size == chunk.size)
        return LT_OK;
    if (overlaps(volume, &chunk))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "chunks overlap at logical address %ju", (uintmax_t)logical);
    if (volume->chunk_count == volume->chunk_cap) {
        volume->chunk_cap = volume->chunk_cap ? volume->chunk_cap * 2 : 16;
        volume->chunks = lt_realloc(volume->chunks, lt_array_size(volume->chunk_cap, sizeof chunk));
    }
    size_t at = lt_bisect(volume->chunks, volume->chunk_count, sizeof chunk, logical);
    memmove(volume->chunks + at + 1, volume->chunks + at, (volume->chunk_count - at) * sizeof chunk);
    volume->chunks[at] = chunk;
    volume->chunk_count++;
    return LT_OK;
}

enum lt_status lt_btrfs_read_copy(struct lt_btrfs_volume *volume, uint64_t logical, void *buffer, size_t size,
                                  unsigned copy, size_t *got, struct lt_err *err)
{
    const struct lt_btrfs_chunk *chunk = chunk_of(volume, logical);
    if (!chunk)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no chunk holds logical address %ju", (uintmax_t)logical);
    if (chunk->spread)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "logical address %ju is in a chunk of %s: not read",
                       (uintmax_t)logical, lt_btrfs_profile(chunk->type));
    if (!chunk->copies)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "logical address %ju lies on another device",
                       (uintmax_t)logical);
    if (copy >= chunk->copies)
        return LT_END;
    uint64_t inside = logical - chunk->logical;
    *got = size < chunk->size - inside ? size : (size_t)(chunk->size - inside);
    if (lt_device_read(&volume->device, chunk->physical[copy] + inside, buffer, *got))
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read %zu bytes at logical address %ju", *got,
                   (uintmax_t)logical);
}

/* Note that the first copy was not used, and why. */
static void note_copy(struct lt_btrfs_volume *volume, const struct lt_err *problem)
{
    if (!volume->copied++)
        volume->copy_problem = *problem;
}

static enum lt_status read_piece(struct lt_btrfs_volume *volume, uint64_t logical, void *buffer, size_t size,
                                 size_t *got, struct lt_err *err)
{
    struct lt_err problem = {0};
    for (unsigned copy = 0; copy < LT_BTRFS_MAX_COPIES; copy++) {
        enum lt_status status = lt_btrfs_read_copy(volume, logical, buffer, size, copy, got, &problem);
        if (status == LT_OK && copy)
            note_copy(volume, &problem);
        if (status == LT_OK)
            return LT_OK;
        if (status == LT_END)
            break;
    }
    return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
}

enum lt_status lt_btrfs_read_data(struct lt_btrfs_volume *volume, uint64_t logical, void *buffer, size_t size,
                                  struct lt_err *err)
{
    for (size_t done = 0, got = 0; done < size; done += got)
        if (read_piece(volume, logical + done, (char *)buffer + done, size - done, &got, err) != LT_OK)
            return LT_SKIP;
    return LT_OK;
}

/* --- nodes ------------------------------------------------------------------------------------------------------- */

/* A tree of files shares nodes with those that it is a snapshot of. */
static bool is_file_tree(uint64_t tree)
{
    return tree == LT_BTRFS_FS_TREE || (tree >= LT_BTRFS_FIRST_FREE && tree <= LT_BTRFS_LAST_FREE);
}

static bool may_own(uint64_t tree, uint64_t owner)
{
    if (is_file_tree(tree))
        return is_file_tree(owner) || owner == LT_BTRFS_RELOC_TREE;
    return owner == tree;
}

static struct lt_btrfs_key first_key(const struct lt_btrfs_node *node)
{
    struct lt_cursor bytes = node->bytes;
    return lt_btrfs_key(&bytes, LT_BTRFS_HEADER);
}

/* What of the node is not as its pointer says; NULL: nothing. */
static const char *contradiction(const struct lt_btrfs_node *node, const struct lt_btrfs_wanted *wanted)
{
    const struct lt_btrfs_header *header = &node->header;
    if (header->at != wanted->at)
        return "its address";
    if (header->level != wanted->level)
        return "its level";
    if (header->generation != wanted->generation)
        return "its generation";
    if (!may_own(wanted->tree, header->owner))
        return "its owner";
    if (wanted->first && (!header->count || lt_btrfs_key_cmp(first_key(node), *wanted->first) != 0))
        return "its first key";
    return NULL;
}

/* Is the node whole, and the one that is wanted? */
static bool check_node(const struct lt_btrfs_volume *volume, struct lt_btrfs_node *node,
                       const struct lt_btrfs_wanted *wanted, struct lt_err *err)
{
    enum { FSID = 32 };
    const char *other = NULL;
    struct lt_err problem = {0};
    node->header = lt_btrfs_read_header(node->bytes);
    if (!lt_btrfs_sum_is_right(volume->super.sum_type, node->bytes))
        other = "its checksum";
    else if (memcmp(node->bytes.ptr + FSID, volume->super.metadata_uuid, sizeof volume->super.metadata_uuid) != 0)
        other = "its file system";
    else
        other = contradiction(node, wanted);
    if (!other && !lt_btrfs_node_is_sound(node->bytes))
        other = "the place or order of its items";
    if (!other)
        return true;
    lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "node at logical address %ju of tree %ju: %s is wrong",
            (uintmax_t)wanted->at, (uintmax_t)wanted->tree, other);
    lt_fail(err, LT_SKIP, problem.code, 0, "%s", problem.text);
    return false;
}

static bool load_node(struct lt_btrfs_volume *volume, struct lt_btrfs_node *node, const struct lt_btrfs_wanted *wanted,
                      struct lt_err *err)
{
    size_t size = volume->super.node_size, got = 0;
    unsigned char *bytes = (unsigned char *)(node + 1);
    struct lt_err problem = {0};
    node->bytes = (struct lt_cursor){.ptr = bytes, .len = size};
    for (unsigned copy = 0; copy < LT_BTRFS_MAX_COPIES; copy++) {
        enum lt_status status = lt_btrfs_read_copy(volume, wanted->at, bytes, size, copy, &got, &problem);
        if (status == LT_END)
            break;
        if (status != LT_OK || got != size || !check_node(volume, node, wanted, &problem))
            continue;
        if (copy)
            note_copy(volume, &problem);
        return true;
    }
    if (!problem.set)
        lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "node at logical address %ju is cut off by its chunk",
                (uintmax_t)wanted->at);
    lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    return false;
}

/* Memory for a node: that of its slot, unless somebody looks at what is in there. */
static struct lt_btrfs_node *take_memory(struct lt_btrfs_volume *volume, struct lt_btrfs_node **slot)
{
    struct lt_btrfs_node *node = *slot;
    if (node && !node->users) {
        *slot = NULL;
        return node;
    }
    return lt_realloc(NULL, sizeof *node + volume->super.node_size);
}

struct lt_btrfs_node *lt_btrfs_get_node(struct lt_btrfs_volume *volume, const struct lt_btrfs_wanted *wanted,
                                        struct lt_err *err)
{
    struct lt_btrfs_node **slot = &volume->slots[wanted->at / volume->super.node_size % LT_BTRFS_SLOTS];
    if (*slot && (*slot)->header.at == wanted->at && !contradiction(*slot, wanted)) {
        (*slot)->users++;
        return *slot;
    }
    struct lt_btrfs_node *node = take_memory(volume, slot);
    *node = (struct lt_btrfs_node){.users = 1};
    if (!load_node(volume, node, wanted, err)) {
        free(node);
        return NULL;
    }
    node->kept = !*slot;
    if (node->kept)
        *slot = node;
    return node;
}

void lt_btrfs_put_node(struct lt_btrfs_node *node)
{
    if (node->kept)
        node->users--;
    else
        free(node);
}
