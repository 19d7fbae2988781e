// SPDX-License-Identifier: Apache-2.0
#include "evidence/deleted.h"

bool lt_deleted_whole(const struct lt_deleted *file, size_t longest, struct lt_buf *out)
{
    struct lt_err ignored = {0};
    if (!file->complete || file->node->size > longest)
        return false;
    size_t size = (size_t)file->node->size, done = 0;
    lt_buf_reserve(out, size);
    while (done < size) {
        ssize_t got = file->fs->ops->read_deleted(file, out->ptr + out->len, size - done, done, &ignored);
        if (got <= 0)
            return false;
        out->len += (size_t)got;
        done += (size_t)got;
    }
    return size;
}
