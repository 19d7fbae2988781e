// SPDX-License-Identifier: Apache-2.0
/* A directory of XFS in its inode, or a block of one. Names lie in the bytes, and do not overlap.
 *
 * Input: a byte of options, the bytes. */
#include "evidence/xfs/dirents.h"

#include "fuzz.h"

#include <string.h>

enum { V5 = 1, FTYPE = 2, SHORT = 4, SLACK = 8 };

struct names {
    struct lt_cursor bytes;
    uint8_t options;
    size_t end; /* of the name before, as an offset */
};

static void check_name(void *arg, const struct lt_xfs_name *name)
{
    struct names *names = arg;
    const unsigned char *start = (const unsigned char *)name->name.ptr;
    PROMISE(start >= names->bytes.ptr && start + name->name.len <= names->bytes.ptr + names->bytes.len);
    size_t at = (size_t)(start - names->bytes.ptr);
    PROMISE(name->name.len && name->name.len <= 255 && at >= names->end);
    names->end = at + name->name.len;
    PROMISE(!name->type || names->options & FTYPE);
    if (!(names->options & SHORT))
        PROMISE(!lt_str_eq(name->name, LT_STR(".")) && !lt_str_eq(name->name, LT_STR("..")));
    PROMISE(!name->half || (name->slack && name->ino <= UINT32_MAX));
    if (name->slack)
        PROMISE(names->options & SLACK && name->ino && !memchr(start, '/', name->name.len) &&
                !memchr(start, 0, name->name.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    struct lt_str rest = take_rest(&input);
    const struct lt_xfs xfs = {.v5 = options & V5, .ftype = options & FTYPE};
    struct names names = {.bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len}, .options = options};
    struct lt_err err = {0};
    enum lt_status status = options & SHORT
                                ? lt_xfs_short_names(&xfs, names.bytes, check_name, &names, &err)
                                : lt_xfs_block_names(&xfs, names.bytes, options & SLACK, check_name, &names, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    PROMISE(!lt_xfs_dir_block_damaged(&xfs, names.bytes) || xfs.v5);
    (void)lt_xfs_dir_block_owner(&xfs, names.bytes);
    return 0;
}
