// SPDX-License-Identifier: Apache-2.0
#include "overlay/record_tar.h"

#include "base/sha256.h"
#include "parse/tarstream.h"

#include <stdio.h>

/* The reading of one tar. */
struct reading {
    struct lt_layer_record *record;
    struct lt_tarstream tar;
    struct lt_sha256 *unpacked; /* of the unpacked bytes; NULL: they are those of the file, or nobody asks */
    uint64_t offset;            /* of the first byte that was not told: the header of the next member */
    bool whole;                 /* the unpacked bytes came to their end */
};

/* Take what is in the window. LT_END: more bytes are needed. */
static enum lt_status take(struct reading *reading)
{
    struct lt_stream *stream = reading->record->stream;
    struct lt_str view = lt_stream_view(stream);
    struct lt_tar_file file;
    struct lt_err problem = {0};
    size_t used;
    enum lt_status status = lt_tarstream_next(&reading->tar, view, &used, &file, &problem);
    lt_sha256_add(reading->unpacked, (struct lt_str){view.ptr, used});
    lt_stream_consume(stream, used);
    if (status == LT_SKIP)
        lt_record_loss(reading->record, reading->offset, &problem);
    if (status == LT_OK) {
        lt_record_add(reading->record, &file, reading->offset);
        reading->offset = lt_stream_offset(stream) + reading->tar.padding;
    }
    return status;
}

/* Read all members. What is lost of them, or whether the end is, is told. LT_END: the end of the archive itself is
 * missing, which may be as it was made. */
static enum lt_status read_members(struct reading *reading)
{
    struct lt_stream *stream = reading->record->stream;
    struct lt_err problem = {0};
    enum lt_status status = LT_OK;
    while (status == LT_OK) {
        if (take(reading) == LT_OK) {
            if (lt_record_is_full(reading->record, reading->offset))
                return LT_OK;
            continue;
        }
        status = lt_stream_fill(stream, &problem);
    }
    reading->whole = status == LT_END;
    if (status == LT_END)
        status = lt_tarstream_end(&reading->tar, lt_stream_view(stream).len, &problem);
    if (status == LT_SKIP && reading->tar.ended) /* nothing that counts came behind */
        lt_record_problem(reading->record, lt_stream_offset(stream), problem.code, problem.text);
    else if (status == LT_SKIP)
        lt_record_loss(reading->record, reading->offset, &problem);
    return status;
}

/* Is the digest the expected one? Unknown ones are. */
static bool check_digest(struct lt_layer_record *record, const struct lt_buf *digest, struct lt_str expected,
                         const char *what, const char *of)
{
    char text[200];
    if (!digest->len || !expected.len || lt_str_eq(lt_buf_view(digest), expected))
        return true;
    snprintf(text, sizeof text, "the SHA-256 of the %s is %.*s, which is not %s", what, LT_ARG(lt_buf_view(digest)),
             of);
    lt_record_problem(record, 0, LT_CODE_DAMAGED, text);
    record->doubtful = true;
    return false;
}

static struct lt_str hex_of(struct lt_str digest)
{
    return lt_str_starts(digest, LT_STR("sha256:")) ? lt_str_skip(digest, 7) : LT_STR("");
}

/* Verify both digests. True: that of the file is as its name says. */
static bool check_digests(struct reading *reading)
{
    struct lt_layer_record *record = reading->record;
    struct lt_buf file = {0}, unpacked = {0};
    bool packed = lt_stream_is_packed(record->stream);
    lt_stream_digest(record->stream, &file, NULL);
    lt_sha256_finish(reading->unpacked, &unpacked);
    bool good = check_digest(record, &file, hex_of(record->layer->blob->digest), "file", "its name");
    if (reading->whole)
        check_digest(record, packed ? &unpacked : &file, hex_of(record->layer->diff_id), "tar", "the layer's diff ID");
    good &= file.len > 0;
    lt_buf_free(&file);
    lt_buf_free(&unpacked);
    return good;
}

void lt_record_read_tar(struct lt_layer_record *record)
{
    struct reading reading = {.record = record};
    lt_tarstream_init(&reading.tar);
    lt_stream_hash(record->stream);
    if (lt_stream_is_packed(record->stream) && record->layer->diff_id.len)
        reading.unpacked = lt_sha256_new();
    enum lt_status status = read_members(&reading);
    if (!check_digests(&reading) && status == LT_END) {
        struct lt_err problem = {0};
        lt_fail(&problem, LT_SKIP, LT_CODE_TRUNCATED, 0, "the tar has no end");
        lt_record_loss(record, reading.offset, &problem);
    }
    lt_tarstream_free(&reading.tar);
}
