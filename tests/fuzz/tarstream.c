// SPDX-License-Identifier: Apache-2.0
/* A tar whose bytes come in pieces. What is told does not depend on the pieces, all bytes are used or asked for again,
 * and members have no more data than there are bytes. With the first byte 1 the checksums are made right, or nearly
 * nothing would get past them. The second byte is the size of the pieces. */
#include "parse/tarstream.h"

#include "fuzz.h"
#include "tar.h"

static void add_told(struct lt_buf *told, const struct lt_tar_file *file)
{
    PROMISE(file->has_head && file->head.type && !strchr("gxLK", file->head.type));
    PROMISE(file->size <= INT64_MAX && file->head.mtime.set);
    lt_buf_add(told, file->name);
    lt_buf_printf(told, ":%c:%ju:%d:%jx:", file->head.type, (uintmax_t)file->size, file->has_crc, (uintmax_t)file->crc);
    lt_buf_add(told, file->head.target);
    lt_each (struct lt_tar_xattr, xattr, &file->head.xattrs)
        lt_buf_add(told, xattr->value);
}

/* All members, from a copy of each piece that is freed when it is used. */
static void read_tar(struct lt_str bytes, size_t piece, struct lt_buf *told)
{
    struct lt_tarstream tar;
    struct lt_buf window = {0};
    uint64_t contents = 0;
    struct lt_err err = {0};
    lt_tarstream_init(&tar);
    for (;;) {
        struct lt_tar_file file;
        size_t used;
        enum lt_status status = lt_tarstream_next(&tar, lt_buf_view(&window), &used, &file, &err);
        PROMISE(used <= window.len && (status != LT_SKIP || (err.set && used == window.len)));
        struct lt_buf next = {0};
        lt_buf_add(&next, lt_str_skip(lt_buf_view(&window), used));
        lt_buf_free(&window);
        window = next;
        if (status == LT_OK) {
            contents += file.size;
            add_told(told, &file);
        } else if (!bytes.len) {
            break;
        } else {
            struct lt_str some = {bytes.ptr, bytes.len < piece ? bytes.len : piece};
            lt_buf_add(&window, some);
            bytes = lt_str_skip(bytes, some.len);
        }
    }
    lt_buf_printf(told, "%d", lt_tarstream_end(&tar, window.len, &err));
    PROMISE(contents <= 1u << 20);
    lt_tarstream_free(&tar);
    lt_buf_free(&window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_buf bytes = {0}, whole = {0}, pieces = {0};
    if (size < 2 || size > 1u << 20)
        return 0;
    lt_buf_add(&bytes, (struct lt_str){(const char *)data, size});
    for (size_t at = 2; data[0] == 1 && at + LT_TAR_BLOCK <= bytes.len; at += LT_TAR_BLOCK)
        seal_header(&bytes, at);
    struct lt_str tar = lt_str_skip(lt_buf_view(&bytes), 2);
    read_tar(tar, tar.len + 1, &whole);
    read_tar(tar, data[1] + 1u, &pieces);
    PROMISE(lt_str_eq(lt_buf_view(&whole), lt_buf_view(&pieces)));
    lt_buf_free(&bytes);
    lt_buf_free(&whole);
    lt_buf_free(&pieces);
    return 0;
}
