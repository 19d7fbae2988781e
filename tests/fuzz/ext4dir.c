// SPDX-License-Identifier: Apache-2.0
/* A block of a directory, or the inline part of one, all hostile. Names lie in the block and do not overlap, live ones
 * are found again by a second decoder that only follows the chain.
 *
 * Input: a byte of options, a byte for the size of the block, the block; where the input is shorter the rest is zeros.
 */
#include "evidence/ext4/dirents.h"

#include "fuzz.h"

#include <string.h>

enum { FIRST = 1, INDEXED = 2, SLACK = 4, CHECKSUMS = 8, INLINE = 32, ANY_SEED = 64 };

struct names {
    struct lt_cursor block;
    const struct lt_ext4 *ext4;
    bool slack;
    size_t end; /* of the name before, as an offset in the block */
    uint64_t live;
};

static void check_name(void *arg, const struct lt_ext4_name *name)
{
    struct names *names = arg;
    const unsigned char *start = (const unsigned char *)name->name.ptr;
    PROMISE(start >= names->block.ptr + 8 && start + name->name.len <= names->block.ptr + names->block.len);
    PROMISE(name->name.len <= 255 && !lt_str_eq(name->name, LT_STR(".")) && !lt_str_eq(name->name, LT_STR("..")));
    size_t at = (size_t)(start - names->block.ptr);
    PROMISE(at % 4 == 0 && at >= names->end);
    names->end = at + name->name.len;
    names->live += !name->slack;
    if (!name->slack) {
        PROMISE(name->ino);
        return;
    }
    PROMISE(names->slack && name->name.len && name->ino <= names->ext4->inodes);
    PROMISE(!memchr(start, '/', name->name.len) && !memchr(start, 0, name->name.len));
}

/* Live names up to the first entry that the kernel would refuse (fs/ext4/dir.c, __ext4_check_dir_entry); blocks of
 * less than 64 KiB. The end of the chain is told in `*end`. */
static uint64_t count_live(struct lt_cursor block, size_t limit, size_t *end)
{
    uint64_t count = 0;
    size_t at = 0;
    while (limit - at >= 8) {
        const unsigned char *entry = block.ptr + at;
        size_t size = entry[4] | (size_t)entry[5] << 8, name_len = entry[6];
        if (size < 8 || size % 4 || name_len + 8 > size || size > limit - at)
            break;
        bool dots = (name_len == 1 && entry[8] == '.') || (name_len == 2 && entry[8] == '.' && entry[9] == '.');
        count += !dots && (entry[0] || entry[1] || entry[2] || entry[3]);
        at += size;
    }
    *end = at;
    return count;
}

static bool has_tail(struct lt_cursor block)
{
    static const unsigned char tail[8] = {0, 0, 0, 0, 12, 0, 0, 0xDE};
    return memcmp(block.ptr + block.len - 12, tail, sizeof tail) == 0;
}

static void check_block(const struct lt_ext4 *ext4, struct lt_cursor block, uint8_t options)
{
    struct names names = {.block = block, .ext4 = ext4, .slack = options & SLACK};
    struct lt_err err = {0};
    uint32_t self = 1, parent = 1;
    enum lt_status status =
        lt_ext4_block_names(ext4, block, options & FIRST, options & INDEXED, options & SLACK, check_name, &names, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    if (block.len < 65536 && !(options & INDEXED)) {
        size_t end, limit = block.len - (options & CHECKSUMS && has_tail(block) ? 12 : 0);
        PROMISE(names.live == count_live(block, limit, &end));
        PROMISE((status == LT_OK) == (end == limit));
    }
    bool damaged = lt_ext4_block_damaged(ext4, block, ext4->checksum_seed);
    PROMISE(!damaged || options & CHECKSUMS);
    lt_ext4_dots(block, &self, &parent);
    PROMISE(!parent || self);
}

static void check_inline(const struct lt_ext4 *ext4, struct lt_cursor bytes)
{
    struct names names = {.block = bytes, .ext4 = ext4};
    struct lt_err err = {0};
    enum lt_status status = lt_ext4_inline_names(bytes, check_name, &names, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    size_t end;
    if (bytes.len < 65536)
        PROMISE(names.live == count_live(bytes, bytes.len, &end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input), log_size = take_byte(&input) % 7;
    size_t block_size = options & INLINE ? input.len : (size_t)1024 << log_size;
    const struct lt_ext4 ext4 = {
        .inodes = 1000, .checksums = options & CHECKSUMS, .checksum_seed = options & ANY_SEED ? 0x12345678 : 0};
    unsigned char *bytes = calloc(block_size ? block_size : 1, 1);
    PROMISE(bytes);
    memcpy(bytes, take_rest(&input).ptr, input.len < block_size ? input.len : block_size);
    struct lt_cursor block = {.ptr = bytes, .len = block_size};
    if (options & INLINE)
        check_inline(&ext4, block);
    else
        check_block(&ext4, block, options);
    free(bytes);
    return 0;
}
