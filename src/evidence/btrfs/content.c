// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/content.h"

#include "base/bisect.h"
#include "base/packing.h"
#include "evidence/btrfs/lzo.h"

#include <stdlib.h>
#include <string.h>

/* --- the extents of a file --------------------------------------------------------------------------------------- */

struct job {
    struct lt_btrfs_content *content;
    struct lt_err *err;
    bool failed;
};

static bool add_extent(void *arg, const struct lt_btrfs_item *item)
{
    struct job *job = arg;
    struct lt_btrfs_content *content = job->content;
    struct lt_btrfs_extent extent, *last = content->count ? &content->extents[content->count - 1] : NULL;
    job->failed = lt_btrfs_read_extent(item, &extent, job->err) != LT_OK;
    if (!job->failed && last && last->size > extent.offset - last->offset) {
        job->failed = true;
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "extents of inode %ju overlap at byte %ju",
                (uintmax_t)item->key.objectid, (uintmax_t)extent.offset);
    }
    if (job->failed)
        return false;
    if (!content->extents || content->count == content->cap) {
        content->cap = content->cap ? content->cap * 2 : 4;
        content->extents = lt_realloc(content->extents, lt_array_size(content->cap, sizeof extent));
    }
    if (extent.is_near) /* there is one, at the start */
        lt_buf_add(&content->near, extent.near);
    content->extents[content->count++] = extent;
    return true;
}

enum lt_status lt_btrfs_content_open(struct lt_btrfs_content *content, struct lt_btrfs_volume *volume,
                                     const struct lt_btrfs_tree *tree, uint64_t ino, struct lt_err *err)
{
    struct job job = {content, err, false};
    *content = (struct lt_btrfs_content){.volume = volume};
    enum lt_status status = lt_btrfs_items_of(volume, tree, ino, LT_BTRFS_EXTENT, add_extent, &job, err);
    return job.failed ? LT_SKIP : status;
}

void lt_btrfs_content_free(struct lt_btrfs_content *content)
{
    free(content->extents);
    free(content->unpacked);
    lt_buf_free(&content->near);
    content->extents = NULL;
    content->unpacked = NULL;
}

/* --- packed extents ---------------------------------------------------------------------------------------------- */

/* One frame or stream; what follows it fills the last sector. */
static enum lt_status unpack_with(const struct lt_packing *packing, struct lt_str in, unsigned char *out, size_t room,
                                  size_t *got, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    *got = 0;
    if (!packing->begin)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "this build cannot unpack %s", packing->name);
    struct lt_unpacker *unpacker = packing->begin();
    for (size_t piece = 1; status == LT_OK && piece && *got < room; *got += piece) {
        status = packing->unpack(unpacker, &in, (char *)out + *got, room - *got, &piece, err);
        if (!unpacker->inside)
            status = status == LT_SKIP ? LT_SKIP : LT_END;
    }
    packing->end(unpacker);
    return status == LT_SKIP ? LT_SKIP : LT_OK;
}

static enum lt_status unpack(struct lt_btrfs_content *content, const struct lt_btrfs_extent *extent, struct lt_str in,
                             struct lt_err *err)
{
    size_t room = (size_t)extent->unpacked, *got = &content->unpacked_size;
    switch (extent->packing) {
    case LT_BTRFS_ZLIB:
        return unpack_with(&lt_zlib, in, content->unpacked, room, got, err);
    case LT_BTRFS_ZSTD:
        return unpack_with(&lt_zstd, in, content->unpacked, room, got, err);
    default:
        return lt_btrfs_unpack_lzo(in, content->volume->super.sector_size, content->unpacked, room, got, err);
    }
}

/* The packed bytes of an extent from one copy. */
static enum lt_status read_packed(struct lt_btrfs_content *content, const struct lt_btrfs_extent *extent,
                                  unsigned char *bytes, unsigned copy, struct lt_err *err)
{
    size_t size = (size_t)extent->disk_size, got = 0;
    enum lt_status status = lt_btrfs_read_copy(content->volume, extent->at, bytes, size, copy, &got, err);
    if (status == LT_OK && got != size)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extent is cut off by its chunk");
    return status;
}

static enum lt_status unpack_far(struct lt_btrfs_content *content, const struct lt_btrfs_extent *extent,
                                 struct lt_err *err)
{
    unsigned char *bytes = lt_realloc(NULL, (size_t)extent->disk_size + 1);
    struct lt_err problem = {0};
    enum lt_status status = LT_SKIP;
    for (unsigned copy = 0; status == LT_SKIP && copy < LT_BTRFS_MAX_COPIES; copy++) {
        enum lt_status read = read_packed(content, extent, bytes, copy, &problem);
        if (read == LT_END)
            break;
        if (read == LT_OK)
            status = unpack(content, extent, (struct lt_str){(char *)bytes, (size_t)extent->disk_size}, &problem);
    }
    free(bytes);
    return status == LT_OK ? LT_OK : lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
}

/* Have the extent with that number unpacked. */
static bool hold(struct lt_btrfs_content *content, size_t number, struct lt_err *err)
{
    const struct lt_btrfs_extent *extent = &content->extents[number];
    if (content->of == number + 1)
        return true;
    content->of = 0;
    if (!content->unpacked)
        content->unpacked = lt_realloc(NULL, LT_BTRFS_MAX_EXTENT);
    enum lt_status status =
        extent->is_near ? unpack(content, extent, lt_buf_view(&content->near), err) : unpack_far(content, extent, err);
    content->of = status == LT_OK ? number + 1 : 0;
    return status == LT_OK;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* The number of the extent that holds `offset`, or the first one behind it. */
static size_t extent_at(const struct lt_btrfs_content *content, uint64_t offset)
{
    size_t at = lt_bisect(content->extents, content->count, sizeof *content->extents, offset);
    return at && offset - content->extents[at - 1].offset < content->extents[at - 1].size ? at - 1 : at;
}

/* Bytes that are in memory; behind their end are zeros. */
static void copy(struct lt_str from, uint64_t skip, void *buffer, size_t size)
{
    struct lt_str rest = skip < from.len ? lt_str_skip(from, (size_t)skip) : LT_STR("");
    size_t there = rest.len < size ? rest.len : size;
    memcpy(buffer, rest.ptr, there);
    memset((char *)buffer + there, 0, size - there);
}

/* Read within one extent, from `inside` on. */
static bool read_extent(struct lt_btrfs_content *content, size_t number, void *buffer, size_t size, uint64_t inside,
                        struct lt_err *err)
{
    const struct lt_btrfs_extent *extent = &content->extents[number];
    if (extent->packing && (extent->is_near || extent->at)) {
        if (!hold(content, number, err))
            return false;
        struct lt_str bytes = {(const char *)content->unpacked, content->unpacked_size};
        copy(bytes, extent->skip + inside, buffer, size);
        return true;
    }
    if (extent->is_near)
        copy(lt_buf_view(&content->near), inside, buffer, size);
    else if (extent->at)
        return lt_btrfs_read_data(content->volume, extent->at + extent->skip + inside, buffer, size, err) == LT_OK;
    else
        memset(buffer, 0, size);
    return true;
}

bool lt_btrfs_content_read(struct lt_btrfs_content *content, void *buffer, size_t size, uint64_t offset,
                           struct lt_err *err)
{
    while (size) {
        size_t number = extent_at(content, offset), piece = size;
        const struct lt_btrfs_extent *extent = number < content->count ? &content->extents[number] : NULL;
        bool hole = !extent || extent->offset > offset;
        uint64_t left = !extent ? size : hole ? extent->offset - offset : extent->size - (offset - extent->offset);
        piece = left < piece ? (size_t)left : piece;
        if (hole)
            memset(buffer, 0, piece);
        else if (!read_extent(content, number, buffer, piece, offset - extent->offset, err))
            return false;
        buffer = (char *)buffer + piece;
        offset += piece;
        size -= piece;
    }
    return true;
}
