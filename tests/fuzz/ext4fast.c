// SPDX-License-Identifier: Apache-2.0
/* A block of fast commits, all hostile: tags end, lie inside the block, one behind the other, and hold what their type
 * promises.
 *
 * Input: the block. */
#include "evidence/ext4/fast_tags.h"

#include "fuzz.h"

#include <string.h>

static void check_tag(const struct lt_fast_tag *tag)
{
    bool named = tag->type >= LT_FAST_CREATE && tag->type <= LT_FAST_UNLINK;
    PROMISE(tag->type >= LT_FAST_ADD_RANGE && tag->type <= LT_FAST_HEAD);
    PROMISE(named == (tag->name.len > 0) && tag->name.len <= 255);
    PROMISE((tag->type == LT_FAST_INODE) == (tag->inode.len > 0));
    PROMISE(!tag->inode.len || tag->inode.len >= 128);
    PROMISE(tag->type != LT_FAST_ADD_RANGE || (tag->count && tag->count <= 32768 && tag->block >> 48 == 0));
    if (named)
        (void)memchr(tag->name.ptr, 0, tag->name.len);
    (void)lt_crc32c(0, tag->summed.ptr, tag->summed.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_cursor block = {.ptr = data, .len = size};
    struct lt_fast_tag tag;
    size_t at = 0, before = 0;
    enum lt_status status;
    while ((status = lt_fast_next(block, &at, &tag)) == LT_OK) {
        PROMISE(at >= before + 4 && at <= size && tag.summed.ptr == data + before && before + tag.summed.len <= at);
        check_tag(&tag);
        before = at;
    }
    PROMISE(at == before && (status == LT_SKIP || (status == LT_END && size - at < 4)));
    return 0;
}
