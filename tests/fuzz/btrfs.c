// SPDX-License-Identifier: Apache-2.0
/* Structures of btrfs, all hostile: what a decoder gives out lies in its input, and sizes can be counted with.
 *
 * Input: a byte that says which structure, a byte for the type of keys, the bytes of the structure. */
#include "evidence/btrfs/layout.h"

#include "fuzz.h"

#include <string.h>

enum { SUPER, CHUNK, NODE, ITEM, KINDS };

static bool lies_in(struct lt_str part, struct lt_cursor whole)
{
    const unsigned char *start = (const unsigned char *)part.ptr;
    return !part.len || (start >= whole.ptr && part.len <= (size_t)(whole.ptr + whole.len - start));
}

static void check_super(struct lt_cursor bytes)
{
    struct lt_btrfs_super super;
    struct lt_err err = {0};
    enum lt_status status = lt_btrfs_read_super(bytes, &super, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    for (unsigned type = 0; type < 5; type++)
        (void)lt_btrfs_sum_is_right(type, bytes);
    if (status != LT_OK)
        return;
    PROMISE(super.node_size >= super.sector_size && super.node_size <= LT_BTRFS_MAX_NODE);
    PROMISE(super.root.level < LT_BTRFS_LEVELS && super.chunk_root.level < LT_BTRFS_LEVELS);
    PROMISE(lies_in(super.array, bytes));
}

static void check_chunk(struct lt_cursor bytes, uint64_t logical)
{
    struct lt_btrfs_chunk chunk;
    struct lt_err err = {0};
    size_t used;
    if (lt_btrfs_read_chunk(bytes, logical, 1, &chunk, &used, &err) != LT_OK) {
        PROMISE(err.set);
        return;
    }
    PROMISE(used <= bytes.len && chunk.size && chunk.size <= UINT64_MAX - logical);
    PROMISE(chunk.copies <= LT_BTRFS_MAX_COPIES && *lt_btrfs_profile(chunk.type));
    for (unsigned i = 0; i < chunk.copies; i++)
        PROMISE(chunk.physical[i] <= UINT64_MAX - chunk.size);
}

static void check_extent(const struct lt_btrfs_item *item)
{
    struct lt_btrfs_extent extent;
    struct lt_err err = {0};
    if (lt_btrfs_read_extent(item, &extent, &err) != LT_OK) {
        PROMISE(err.set);
        return;
    }
    PROMISE(extent.size && extent.size <= UINT64_MAX - extent.offset);
    PROMISE(!extent.packing || (extent.unpacked <= LT_BTRFS_MAX_EXTENT && extent.disk_size <= LT_BTRFS_MAX_EXTENT));
    PROMISE(!extent.is_near || lies_in(extent.near, item->data));
    if (extent.at && !extent.packing)
        PROMISE(extent.skip + extent.size <= extent.disk_size && extent.at <= UINT64_MAX - extent.disk_size);
}

static void check_names(const struct lt_btrfs_item *item)
{
    struct lt_btrfs_entry entry;
    struct lt_btrfs_ref ref;
    struct lt_err err = {0};
    for (size_t at = 0, before = 0; lt_btrfs_next_entry(item->data, &at, &entry, &err) == LT_OK; before = at) {
        PROMISE(at > before && at <= item->data.len);
        PROMISE(lies_in(entry.name, item->data) && lies_in(entry.value, item->data));
        PROMISE(!(lt_btrfs_entry_type(entry.type) & ~(unsigned)S_IFMT));
    }
    lt_err_clear(&err);
    for (size_t at = 0, before = 0; lt_btrfs_next_ref(item, &at, &ref, &err) == LT_OK; before = at)
        PROMISE(at > before && at <= item->data.len && lies_in(ref.name, item->data));
}

static void check_item(const struct lt_btrfs_item *item)
{
    struct lt_node node = {0};
    struct lt_btrfs_root root;
    struct lt_err err = {0};
    bool bad_time = false, deleted;
    check_extent(item);
    check_names(item);
    if (lt_btrfs_read_inode(item->data, &node, &bad_time, &err) == LT_OK)
        for (unsigned slot = 0; slot < LT_SLOTS; slot++)
            PROMISE(node.time[slot].set ? node.time[slot].nsec < 1000000000 : bad_time);
    if (lt_btrfs_read_root(item->data, &root, &deleted, &err) == LT_OK)
        PROMISE(root.level < LT_BTRFS_LEVELS);
}

static void check_node(struct lt_cursor bytes)
{
    struct lt_btrfs_header header = lt_btrfs_read_header(bytes);
    struct lt_btrfs_key before = {0};
    if (!lt_btrfs_node_is_sound(bytes))
        return;
    for (uint32_t i = 0; i < header.count; i++) {
        struct lt_btrfs_item item = {0};
        if (header.level)
            item.key = lt_btrfs_read_pointer(bytes, i).key;
        else
            item = lt_btrfs_read_item(bytes, i);
        PROMISE(!i || lt_btrfs_key_cmp(before, item.key) < 0);
        PROMISE(lies_in((struct lt_str){(const char *)item.data.ptr, item.data.len}, bytes));
        if (!header.level)
            check_item(&item);
        before = item.key;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned kind = take_byte(&input) % KINDS;
    struct lt_btrfs_item item = {.key = {256, 0, take_byte(&input)}};
    struct lt_str rest = take_rest(&input);
    item.data = (struct lt_cursor){.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
    if (kind == SUPER)
        check_super(item.data);
    else if (kind == CHUNK)
        check_chunk(item.data, 1 << 20);
    else if (kind == NODE)
        check_node(item.data);
    else
        check_item(&item);
    return 0;
}
