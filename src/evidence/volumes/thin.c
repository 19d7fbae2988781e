// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/thin.h"

#include "evidence/volumes/thin_tree.h"

/* A node that was read last at its level. */
struct cached {
    uint64_t number; /* 0: none, as that is the superblock */
    struct lt_thin_node node;
    unsigned char bytes[LT_THIN_BLOCK];
};

struct thin {
    struct lt_device metadata, data, origin;
    bool has_origin;
    uint64_t root, block_size;
    uint64_t block, place; /* that were found last */
    bool found, known;
    struct cached levels[LT_THIN_LEVELS];
};

static bool read_block(const struct thin *thin, uint64_t number, unsigned char bytes[LT_THIN_BLOCK])
{
    return number < thin->metadata.size / LT_THIN_BLOCK &&
           lt_device_read(&thin->metadata, number * LT_THIN_BLOCK, bytes, LT_THIN_BLOCK);
}

static struct lt_thin_node *node_at(struct thin *thin, unsigned level, uint64_t number)
{
    struct cached *cached = &thin->levels[level];
    if (cached->number == number && number)
        return &cached->node;
    cached->number = 0;
    struct lt_cursor bytes = {.ptr = cached->bytes, .len = LT_THIN_BLOCK};
    if (!read_block(thin, number, cached->bytes) || !lt_thin_node(bytes, number, &cached->node))
        return NULL;
    cached->number = number;
    return &cached->node;
}

/* LT_END: the tree does not have the key. LT_SKIP: it is damaged. */
static enum lt_status look_up(struct thin *thin, uint64_t root, uint64_t key, uint64_t *value)
{
    uint64_t number = root;
    for (unsigned level = 0; level < LT_THIN_LEVELS; level++) {
        struct lt_thin_node *node = node_at(thin, level, number);
        if (!node)
            return LT_SKIP;
        bool leaf = node->leaf;
        if (!lt_thin_find(node, key, value))
            return LT_END;
        if (leaf)
            return LT_OK;
        number = *value;
    }
    return LT_SKIP;
}

/* Where a block lies in the pool. False: the metadata that tell are damaged. */
static bool find_block(struct thin *thin, uint64_t block)
{
    enum { TIME_BITS = 24 };
    uint64_t value = 0;
    if (thin->known && thin->block == block)
        return true;
    enum lt_status status = look_up(thin, thin->root, block, &value);
    thin->known = status != LT_SKIP;
    thin->block = block;
    thin->found = status == LT_OK;
    thin->place = value >> TIME_BITS;
    return thin->known;
}

static ssize_t read_thin(void *arg, uint64_t offset, void *buffer, size_t size)
{
    struct thin *thin = arg;
    uint64_t block = offset / thin->block_size, in = offset % thin->block_size, left = thin->block_size - in;
    size = size < left ? size : (size_t)left;
    if (!find_block(thin, block))
        return -1;
    if (thin->found) {
        if (thin->place > thin->data.size / thin->block_size)
            return -1;
        return (ssize_t)lt_device_read_some(&thin->data, thin->place * thin->block_size + in, buffer, size);
    }
    if (thin->has_origin && offset < thin->origin.size)
        return (ssize_t)lt_device_read_some(&thin->origin, offset, buffer, size);
    memset(buffer, 0, size);
    return (ssize_t)size;
}

enum lt_status lt_thin(struct lt_arena *arena, const struct lt_thin_args *args, struct lt_device *out,
                       struct lt_err *err)
{
    struct thin *thin = lt_new(arena, struct thin);
    unsigned char *bytes = thin->levels[0].bytes;
    struct lt_thin_super super;
    thin->metadata = *args->metadata;
    thin->data = *args->data;
    thin->has_origin = args->origin;
    if (args->origin)
        thin->origin = *args->origin;
    thin->metadata.failed = thin->data.failed = thin->origin.failed = NULL;
    if (!read_block(thin, 0, bytes) || !lt_thin_super((struct lt_cursor){.ptr = bytes, .len = LT_THIN_BLOCK}, &super))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the superblock of the thin pool is damaged");
    thin->block_size = super.block_size;
    enum lt_status status = look_up(thin, super.mappings, args->id, &thin->root);
    if (status != LT_OK)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the metadata of the thin pool %s volume %ju",
                       status == LT_END ? "do not know" : "are damaged where they tell of", (uintmax_t)args->id);
    *out = (struct lt_device){
        .read = read_thin,
        .arg = thin,
        .size = args->size,
        .sector_size = LT_SECTOR,
        .failed = args->data->failed,
    };
    return LT_OK;
}
