// SPDX-License-Identifier: Apache-2.0
/* Headers of tar archives, one after the other as in an archive without data. Strings stay inside the input or the
 * arena, times are sound, and the parser gets on. With the first byte 1 the checksums are made right, or nearly nothing
 * would get past them. */
#include "parse/tarhead.h"

#include "fuzz.h"
#include "tar.h"

static void check(const struct lt_tarhead *head, size_t used, struct lt_str rest)
{
    PROMISE(used >= LT_TAR_BLOCK && used <= rest.len && used % LT_TAR_BLOCK == 0);
    PROMISE(head->mtime.set && head->mtime.nsec < 1000000000);
    PROMISE(head->mode <= 07777 && head->type && !strchr("xLK", head->type));
    PROMISE(head->name.len <= rest.len && head->target.len <= rest.len);
    unsigned sum = 0; /* touch every byte, for the sanitizers */
    for (size_t i = 0; i < head->name.len; i++)
        sum += (unsigned char)head->name.ptr[i];
    for (size_t i = 0; i < head->target.len; i++)
        sum += (unsigned char)head->target.ptr[i];
    lt_each (struct lt_tar_xattr, xattr, &head->xattrs) {
        PROMISE(xattr->name.len && xattr->value.len && xattr->value.ptr + xattr->value.len < rest.ptr + used);
        sum += (unsigned char)xattr->value.ptr[xattr->value.len - 1];
    }
    PROMISE(sum < UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_buf bytes = {0};
    struct lt_arena arena = {0};
    lt_buf_add(&bytes, (struct lt_str){(const char *)data, size});
    bool sealed = size && data[0] == 1;
    struct lt_str rest = lt_str_skip(lt_buf_view(&bytes), 1);
    for (size_t at = 1; sealed && at + LT_TAR_BLOCK <= bytes.len; at += LT_TAR_BLOCK)
        seal_header(&bytes, at);
    while (rest.len) {
        struct lt_tarhead head;
        struct lt_err err = {0};
        size_t used = 0;
        enum lt_status status = lt_tarhead_parse(rest, &arena, &head, &used, &err);
        PROMISE((status == LT_SKIP) == err.set);
        PROMISE(status == LT_OK || status == LT_SKIP || status == LT_END);
        if (status == LT_OK)
            check(&head, used, rest);
        size_t step = status == LT_OK ? used : LT_TAR_BLOCK;
        rest = lt_str_skip(rest, step < rest.len ? step : rest.len);
    }
    lt_buf_free(&bytes);
    lt_arena_free(&arena);
    return 0;
}
