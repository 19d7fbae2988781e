// SPDX-License-Identifier: Apache-2.0
/* Lines of a tar-split record. What is told of a file is whole or not there, memory stays small, and base64 that is
 * taken is the one that the bytes stand for. */
#include "parse/tarsplit.h"

#include "base/base64.h"
#include "fuzz.h"

static void check_base64(struct lt_str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct lt_buf out = {0};
    if (lt_base64(&out, text)) {
        PROMISE(out.len <= text.len / 4 * 3 && out.len + 3 > text.len / 4 * 3);
        for (size_t at = 0; at < text.len; at++) {
            size_t bit = at * 6, byte = bit / 8;
            unsigned char first = byte < out.len ? (unsigned char)out.ptr[byte] : 0;
            unsigned char second = byte + 1 < out.len ? (unsigned char)out.ptr[byte + 1] : 0;
            unsigned pair = (unsigned)first << 8 | second;
            PROMISE(text.ptr[at] == (byte < out.len ? digits[pair >> (10 - bit % 8) & 63] : '='));
        }
    } else {
        PROMISE(!out.len && text.len);
    }
    lt_buf_free(&out);
}

static void check_file(const struct lt_tar_file *file, enum lt_status status)
{
    PROMISE(status != LT_OK || (file->name.len && file->has_head));
    PROMISE(!file->has_head || (file->head.mtime.set && file->head.mtime.nsec < 1000000000 && file->head.type));
    PROMISE(file->size <= INT64_MAX);
}

/* The same line with a blank in it, which only a whole JSON parser reads, must say the same. */
static void check_twin(struct lt_tarsplit *twin, struct lt_str line, const struct lt_tar_file *file,
                       enum lt_status status)
{
    struct lt_buf spaced = {0};
    struct lt_tar_file other;
    bool object = lt_str_starts(line, LT_STR("{"));
    lt_buf_add(&spaced, object ? LT_STR("{ ") : LT_STR(""));
    lt_buf_add(&spaced, object ? lt_str_skip(line, 1) : line);
    PROMISE(lt_tarsplit_line(twin, lt_buf_view(&spaced), &other, NULL) == status);
    PROMISE(lt_str_eq(other.name, file->name) && other.size == file->size && other.crc == file->crc);
    PROMISE(other.has_crc == file->has_crc && other.has_head == file->has_head);
    PROMISE(other.head.size == file->head.size && other.head.mtime.sec == file->head.mtime.sec);
    lt_buf_free(&spaced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str rest = {(const char *)data, size};
    struct lt_tarsplit split = {0}, twin = {0};
    while (rest.len) {
        struct lt_tar_file file;
        struct lt_err err = {0};
        struct lt_str line = lt_str_cut(&rest, '\n');
        enum lt_status status = lt_tarsplit_line(&split, line, &file, &err);
        PROMISE(status == LT_OK || status == LT_END || status == LT_SKIP);
        PROMISE((status == LT_SKIP) == err.set);
        PROMISE(split.raw.len <= LT_TARSPLIT_HEADERS);
        check_file(&file, status);
        check_twin(&twin, line, &file, status);
        check_base64(line);
    }
    struct lt_err err = {0};
    PROMISE((lt_tarsplit_end(&split, &err) == LT_SKIP) == err.set);
    lt_tarsplit_free(&split);
    lt_tarsplit_free(&twin);
    return 0;
}
