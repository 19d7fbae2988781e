// SPDX-License-Identifier: Apache-2.0
#include "parse/tarstream.h"

/* Old GNU tar keeps the map of a sparse file in its header and in blocks behind it. These bytes tell whether one more
 * follows (manual of GNU tar, "Basic Tar Format": isextended). */
enum { HEADER_HAS_MORE = 482, BLOCK_HAS_MORE = 504 };

void lt_tarstream_init(struct lt_tarstream *tar)
{
    *tar = (struct lt_tarstream){.left = 0};
    lt_crc64_init(&tar->crc64);
}

static bool has_data(const struct lt_tarhead *head)
{
    return head->type < '1' || head->type > '6';
}

/* Extend `*used` by the blocks of the map of an old sparse file. LT_END: they are not all there. */
static enum lt_status skip_map(struct lt_str bytes, size_t *used)
{
    size_t flag = *used - LT_TAR_BLOCK + HEADER_HAS_MORE;
    while (bytes.ptr[flag]) {
        if (bytes.len - *used < LT_TAR_BLOCK)
            return LT_END;
        flag = *used + BLOCK_HAS_MORE;
        *used += LT_TAR_BLOCK;
    }
    return LT_OK;
}

/* The strings of the header point to bytes that the caller may move. */
static void keep(struct lt_tarstream *tar, struct lt_tarhead *head)
{
    head->name = lt_str_dup(&tar->arena, head->name);
    head->target = lt_str_dup(&tar->arena, head->target);
    lt_each (struct lt_tar_xattr, xattr, &head->xattrs) {
        xattr->name = lt_str_dup(&tar->arena, xattr->name);
        xattr->value = lt_str_dup(&tar->arena, xattr->value);
    }
}

/* LT_OK: the header of the next member. */
static enum lt_status take_header(struct lt_tarstream *tar, struct lt_str bytes, size_t *used, struct lt_err *err)
{
    struct lt_tarhead head;
    lt_arena_reset(&tar->arena);
    if (bytes.len < LT_TAR_BLOCK)
        return LT_END;
    if (lt_tar_is_zero((struct lt_str){bytes.ptr, LT_TAR_BLOCK})) {
        tar->ended = true;
        return LT_END;
    }
    enum lt_status status = lt_tarhead_parse(bytes, &tar->arena, &head, used, err);
    if (status == LT_OK && head.type == 'S')
        status = skip_map(bytes, used);
    if (status == LT_END) {
        *used = 0;
        return bytes.len <= LT_TARSTREAM_HEADERS
                   ? LT_END
                   : lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "a tar header of more than %d MiB",
                             LT_TARSTREAM_HEADERS >> 20);
    }
    if (status != LT_OK || head.type == 'g')
        return status;
    head.sparse |= head.type == 'S';
    keep(tar, &head);
    tar->file = (struct lt_tar_file){.name = head.name, .has_head = true, .head = head};
    tar->file.size = has_data(&head) ? head.size : 0;
    tar->left = tar->file.size;
    tar->padding = lt_tar_padding(tar->left);
    tar->crc = 0;
    tar->inside = true;
    return LT_OK;
}

/* Take the data of the member that are at `bytes`; returns how many. */
static size_t take_data(struct lt_tarstream *tar, struct lt_str bytes)
{
    size_t count = tar->left < bytes.len ? (size_t)tar->left : bytes.len;
    if (tar->file.head.type == '0' && !tar->file.head.sparse)
        tar->crc = lt_crc64(&tar->crc64, tar->crc, bytes.ptr, count);
    tar->left -= count;
    return count;
}

static size_t take_padding(struct lt_tarstream *tar, struct lt_str bytes)
{
    size_t count = tar->padding < bytes.len ? (size_t)tar->padding : bytes.len;
    tar->padding -= count;
    return count;
}

static void tell(struct lt_tarstream *tar, struct lt_tar_file *out)
{
    tar->inside = false;
    tar->file.crc = tar->crc;
    tar->file.has_crc = tar->file.size && tar->file.head.type == '0' && !tar->file.head.sparse;
    *out = tar->file;
}

enum lt_status lt_tarstream_next(struct lt_tarstream *tar, struct lt_str bytes, size_t *used, struct lt_tar_file *out,
                                 struct lt_err *err)
{
    *used = 0;
    while (!tar->ended && !tar->lost) {
        struct lt_str rest = lt_str_skip(bytes, *used);
        size_t header = 0;
        if (!tar->inside && tar->padding)
            *used += take_padding(tar, rest);
        else if (tar->inside && tar->left)
            *used += take_data(tar, rest);
        else if (!tar->inside) {
            enum lt_status status = take_header(tar, rest, &header, err);
            *used += header;
            tar->lost = status == LT_SKIP;
            if (tar->lost)
                *used = bytes.len;
            if (status != LT_OK && !tar->ended)
                return status;
        }
        if (tar->inside && !tar->left) {
            tell(tar, out);
            return LT_OK;
        }
        if (*used == bytes.len && (tar->left || tar->padding))
            return LT_END;
    }
    *used = bytes.len;
    return LT_END;
}

enum lt_status lt_tarstream_end(const struct lt_tarstream *tar, size_t rest, struct lt_err *err)
{
    if (tar->ended || tar->lost)
        return LT_OK;
    if (!tar->inside && !tar->padding && !rest)
        return LT_END;
    return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "the tar breaks off");
}

void lt_tarstream_free(struct lt_tarstream *tar)
{
    lt_arena_free(&tar->arena);
}
