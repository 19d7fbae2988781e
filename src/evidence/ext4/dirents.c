// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/dirents.h"

#include <string.h>

enum {
    HEAD = 8,  /* inode, length of the entry, length of the name, type */
    TAIL = 12, /* the false entry that holds a block's checksum */
    TAIL_TYPE = 0xDE,
    MAX_TYPE = 7,
    DX_ROOT = 0x20, /* offset of the count of entries in the root of a hash tree */
    DX_NODE = 8,    /* the same in its other nodes */
};

struct entry {
    uint32_t ino, size, name_len;
    unsigned type;
    size_t at;
};

/* 64 KiB do not fit into 16 bits: linux fs/ext4/ext4.h, ext4_rec_len_from_disk(). */
static uint32_t entry_size(uint32_t stored, size_t block_size)
{
    if (block_size < 65536)
        return stored;
    return stored == 65535 || stored == 0 ? 65536 : (stored & 65532) | (stored & 3) << 16;
}

static struct entry read_entry(struct lt_cursor block, size_t at)
{
    struct entry entry = {
        .ino = lt_le32(&block, at),
        .size = entry_size(lt_le16(&block, at + 4), block.len),
        .name_len = lt_le16(&block, at + 6),
        .at = at,
    };
    /* Without the feature filetype the length of the name has 16 bits, but no name needs them. */
    entry.type = entry.name_len >> 8;
    entry.name_len &= 0xFF;
    return entry;
}

static size_t used_size(const struct entry *entry)
{
    return entry->ino ? (HEAD + (size_t)entry->name_len + 3) & ~(size_t)3 : HEAD;
}

static struct lt_str entry_name(struct lt_cursor block, const struct entry *entry)
{
    return (struct lt_str){(const char *)block.ptr + entry->at + HEAD, entry->name_len};
}

static bool is_dots(struct lt_str name)
{
    return lt_str_eq(name, LT_STR(".")) || lt_str_eq(name, LT_STR(".."));
}

static bool well_formed(const struct entry *entry, size_t end)
{
    size_t room = end - entry->at;
    return entry->size >= HEAD && entry->size % 4 == 0 && entry->size <= room &&
           entry->name_len + (size_t)HEAD <= entry->size;
}

/* Could a removed entry be here? It may reach over entries that came later, but not over the end of the block. */
static bool plausible(const struct lt_ext4 *ext4, struct lt_cursor block, const struct entry *entry, size_t end)
{
    if (!entry->name_len || entry->ino > ext4->inodes || entry->name_len + (size_t)HEAD > end - entry->at ||
        entry->size % 4 || entry->size < HEAD + entry->name_len || entry->size > block.len - entry->at ||
        entry->type > MAX_TYPE)
        return false;
    struct lt_str name = entry_name(block, entry);
    return !memchr(name.ptr, '/', name.len) && !memchr(name.ptr, 0, name.len) && !is_dots(name);
}

/* Most slack is zeros. Go to where an entry could begin: its inode may be zero, but not its length. */
static size_t skip_zeros(struct lt_cursor block, size_t at, size_t end)
{
    size_t start = at;
    for (uint64_t words[4]; at + sizeof words <= end; at += sizeof words) {
        memcpy(words, block.ptr + at, sizeof words);
        if (words[0] | words[1] | words[2] | words[3])
            break;
    }
    for (uint64_t word; at + sizeof word <= end; at += sizeof word) {
        memcpy(&word, block.ptr + at, sizeof word);
        if (word)
            break;
    }
    return at > start ? at - 4 : at;
}

static void slack_names(const struct lt_ext4 *ext4, struct lt_cursor block, size_t at, size_t end,
                        lt_ext4_each_name *each, void *arg)
{
    while ((at = skip_zeros(block, at, end)) + TAIL <= end) {
        struct entry entry = read_entry(block, at);
        if (!plausible(ext4, block, &entry, end)) {
            at += 4;
            continue;
        }
        struct lt_ext4_name name = {entry_name(block, &entry), entry.ino, entry.type, true};
        each(arg, &name);
        at += (HEAD + (size_t)entry.name_len + 3) & ~(size_t)3;
    }
}

/* The bytes of a block before its checksum, if it has one. */
static size_t without_tail(const struct lt_ext4 *ext4, struct lt_cursor block)
{
    if (!ext4->checksums || block.len < TAIL)
        return block.len;
    struct entry tail = read_entry(block, block.len - TAIL);
    return !tail.ino && tail.size == TAIL && !tail.name_len && tail.type == TAIL_TYPE ? block.len - TAIL : block.len;
}

/* Where a node of the hash tree has its limit and count; 0 if the block is no node. Code that does not know hash trees
 * sees one long entry in it: ".." in the root, a removed one in other nodes. */
static size_t hash_node(const struct lt_ext4 *ext4, struct lt_cursor block, bool first)
{
    if (block.len < 1024)
        return 0;
    size_t at = first ? DX_ROOT : DX_NODE;
    size_t room = (block.len - at - (ext4->checksums ? 8 : 0)) / 8;
    struct entry head = read_entry(block, first ? 12 : 0);
    if (head.size != block.len - head.at || (first ? lt_le32(&block, 0x18) != 0 || block.ptr[0x1D] != 8 : head.ino))
        return 0;
    return lt_le16(&block, at) == room && lt_le16(&block, at + 2) <= room ? at : 0;
}

enum lt_status lt_ext4_block_names(const struct lt_ext4 *ext4, struct lt_cursor block, bool first, bool indexed,
                                   bool slack, lt_ext4_each_name *each, void *arg, struct lt_err *err)
{
    bool node = indexed && hash_node(ext4, block, first);
    size_t end = node ? block.len : without_tail(ext4, block);
    for (size_t at = 0; at < end;) {
        if (end - at < HEAD)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a directory entry breaks off at byte %zu", at);
        struct entry entry = read_entry(block, at);
        if (!well_formed(&entry, end))
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible directory entry at byte %zu of a block", at);
        struct lt_ext4_name name = {entry_name(block, &entry), entry.ino, entry.type, false};
        if (entry.ino && !is_dots(name.name))
            each(arg, &name);
        if (slack && !node)
            slack_names(ext4, block, entry.ino ? at + used_size(&entry) : at, at + entry.size, each, arg);
        at += entry.size;
    }
    return LT_OK;
}

enum lt_status lt_ext4_inline_names(struct lt_cursor bytes, lt_ext4_each_name *each, void *arg, struct lt_err *err)
{
    for (size_t at = 0; bytes.len - at >= HEAD;) {
        struct entry entry = read_entry(bytes, at);
        if (!well_formed(&entry, bytes.len))
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible inline directory entry at byte %zu", at);
        struct lt_ext4_name name = {entry_name(bytes, &entry), entry.ino, entry.type, false};
        if (entry.ino && !is_dots(name.name))
            each(arg, &name);
        at += entry.size;
    }
    return LT_OK;
}

/* The checksum of a node covers the entries in use, and stands behind the room for all (linux fs/ext4/namei.c,
 * ext4_dx_csum()). */
static bool node_damaged(struct lt_cursor block, size_t at, uint32_t seed)
{
    static const unsigned char zeros[4] = {0};
    size_t limit = lt_le16(&block, at), count = lt_le16(&block, at + 2), tail = at + limit * 8;
    if (count > limit || tail + 8 > block.len)
        return true;
    uint32_t crc = lt_crc32c(seed, block.ptr, at + count * 8);
    crc = lt_crc32c(lt_crc32c(crc, block.ptr + tail, 4), zeros, sizeof zeros);
    return crc != lt_le32(&block, tail + 4);
}

bool lt_ext4_block_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint32_t seed)
{
    if (!ext4->checksums)
        return false;
    size_t node = hash_node(ext4, block, false);
    node = node ? node : hash_node(ext4, block, true);
    if (node) /* its end may still look like the tail of the block that was here before */
        return node_damaged(block, node, seed);
    size_t end = without_tail(ext4, block);
    return end == block.len || lt_crc32c(seed, block.ptr, end) != lt_le32(&block, block.len - 4);
}

void lt_ext4_dots(struct lt_cursor block, uint32_t *self, uint32_t *parent)
{
    struct entry first = read_entry(block, 0), second = read_entry(block, 12);
    *self = block.len >= 24 && first.size == 12 && first.name_len == 1 && block.ptr[8] == '.' ? first.ino : 0;
    *parent = *self && second.name_len == 2 && block.ptr[20] == '.' && block.ptr[21] == '.' ? second.ino : 0;
}
