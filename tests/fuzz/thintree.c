// SPDX-License-Identifier: Apache-2.0
/* A block of the metadata of a thin pool, as its superblock and as a node. Checksums are made right, so that the rest
 * is reached. A value that is found is one of the node.
 *
 * Input: the key that is looked for (8 bytes), number of the block (8 bytes), the block. */
#include "evidence/volumes/thin_tree.h"

#include "base/crc32c.h"
#include "fuzz.h"

#include <string.h>

static void put_sum(uint8_t *block, uint32_t salt)
{
    uint32_t crc = lt_crc32c(~0u, block + 4, LT_THIN_BLOCK - 4) ^ salt;
    for (unsigned i = 0; i < 4; i++)
        block[i] = (uint8_t)(crc >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint64_t key = take_number(&input, 8), number = take_number(&input, 8), value = 0;
    uint8_t block[LT_THIN_BLOCK] = {0};
    struct lt_cursor bytes = {.ptr = block, .len = sizeof block};
    struct lt_thin_super super;
    struct lt_thin_node node;
    if (input.len)
        memcpy(block, input.ptr, input.len < sizeof block ? input.len : sizeof block);
    put_sum(block, 160774);
    if (lt_thin_super(bytes, &super))
        PROMISE(super.block_size && super.block_size % 512 == 0);
    put_sum(block, 121107);
    if (lt_thin_node(bytes, number, &node)) {
        PROMISE(node.count <= node.most && node.most <= 254);
        if (lt_thin_find(&node, key, &value))
            PROMISE(node.count && !node.block.bad);
    }
    return 0;
}
