// SPDX-License-Identifier: Apache-2.0
/* A leaf page of a bbolt database: containerd's, Docker's networks and volumes, BuildKit's. Pages that transactions
 * freed are not wiped, and a file that was replaced leaves all of its own. Whose the items are is the reader's to
 * tell. */
#include "carve/format.h"
#include "parse/boltpage.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return lt_bolt_page_size(block->bytes) > 0;
}

static enum lt_carve_step take(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    if (!find->size)
        find->wanted = lt_bolt_page_size(block->bytes);
    uint64_t left = find->wanted - find->size;
    lt_buf_add(&find->rest, block->bytes);
    *used = left < block->bytes.len ? (size_t)left : block->bytes.len;
    return left <= block->bytes.len ? LT_CARVE_DONE : LT_CARVE_MORE;
}

static enum lt_status ignore(void *arg, struct lt_str key, struct lt_str value, bool bucket, struct lt_err *err)
{
    (void)arg, (void)key, (void)value, (void)bucket, (void)err;
    return LT_OK;
}

static bool finish(struct lt_carve_find *find)
{
    struct lt_err ignored = {0};
    return find->size == find->wanted && lt_bolt_page(lt_buf_view(&find->rest), ignore, NULL, &ignored) == LT_OK;
}

const struct lt_carve_format lt_carve_bolt_page = {
    .name = "bolt-page",
    .begins = begins,
    .take = take,
    .finish = finish,
    .why = "it is a page of a database",
};
