// SPDX-License-Identifier: Apache-2.0
#include "evidence/stream.h"

#include "base/packing.h"
#include "base/sha256.h"

#include <stdlib.h>

enum { CHUNK = 64 * 1024, MAX_RATIO = 1000, FREE_OUTPUT = 64 * 1024 * 1024, MAX_ZEROS = 1024 * 1024 * 1024 };

struct lt_stream {
    struct lt_file file;
    struct lt_str bytes;              /* of a file in memory, else "" */
    const struct lt_packing *packing; /* NULL: plain */
    struct lt_unpacker *unpacker;     /* of it; NULL: this build has none */
    struct lt_sha256 *hash;           /* of the bytes of the file as they lie; NULL: nobody asked */
    uint64_t in_offset;               /* next byte of the file to read */
    uint64_t out_offset;              /* of data.ptr[0] in the unpacked file */
    char input[CHUNK];
    struct lt_str pending; /* compressed bytes of `input` not yet used */
    struct lt_buf data;    /* unpacked bytes from `out_offset` on */
    size_t start;          /* of the unread bytes among them */
    uint64_t zeros;        /* how many of the bytes before were all zeros */
    bool at_end;
};

/* Find out from its first bytes how the file is packed. */
static void detect(struct lt_stream *stream, struct lt_str head)
{
    stream->packing = lt_packing_of(head);
    if (stream->packing && stream->packing->begin)
        stream->unpacker = stream->packing->begin();
}

enum lt_status lt_stream_open(struct lt_fs *fs, struct lt_str path, struct lt_stream **out, struct lt_err *err)
{
    *out = NULL;
    struct lt_file file;
    enum lt_status status = lt_file_open(fs, path, &file, err);
    if (status != LT_OK)
        return status;
    struct lt_stream *stream = lt_realloc(NULL, sizeof *stream);
    *stream = (struct lt_stream){.file = file};
    char magic[LT_PACKING_MAGIC];
    size_t have = 0;
    ssize_t got = 1;
    while (got > 0 && have < sizeof magic) {
        got = lt_file_read(&file, magic + have, sizeof magic - have, have, NULL);
        have += got > 0 ? (size_t)got : 0;
    }
    detect(stream, (struct lt_str){magic, have});
    *out = stream;
    return LT_OK;
}

struct lt_stream *lt_stream_of(struct lt_str bytes)
{
    struct lt_stream *stream = lt_realloc(NULL, sizeof *stream);
    *stream = (struct lt_stream){.bytes = bytes};
    detect(stream, bytes);
    return stream;
}

bool lt_stream_is_packed(const struct lt_stream *stream)
{
    return stream->packing;
}

void lt_stream_hash(struct lt_stream *stream)
{
    stream->hash = lt_sha256_new();
}

struct lt_str lt_stream_view(const struct lt_stream *stream)
{
    return lt_str_skip(lt_buf_view(&stream->data), stream->start);
}

uint64_t lt_stream_size(const struct lt_stream *stream)
{
    return stream->file.fs ? stream->file.size : stream->bytes.len;
}

uint64_t lt_stream_offset(const struct lt_stream *stream)
{
    return stream->out_offset + stream->start;
}

void lt_stream_consume(struct lt_stream *stream, size_t count)
{
    stream->start += count;
}

static ssize_t copy_chunk(const struct lt_stream *stream, char *buffer)
{
    struct lt_str rest = lt_str_skip(stream->bytes, (size_t)stream->in_offset);
    size_t size = rest.len < CHUNK ? rest.len : CHUNK;
    if (size)
        memcpy(buffer, rest.ptr, size);
    return (ssize_t)size;
}

static ssize_t read_chunk(struct lt_stream *stream, char *buffer, struct lt_err *err)
{
    ssize_t got = stream->file.fs ? lt_file_read(&stream->file, buffer, CHUNK, stream->in_offset, err)
                                  : copy_chunk(stream, buffer);
    if (got > 0) {
        stream->in_offset += (uint64_t)got;
        lt_sha256_add(stream->hash, (struct lt_str){buffer, (size_t)got});
    } else {
        stream->at_end = true;
    }
    return got;
}

/* A sparse file can claim any size, so a hole of this many bytes ends it. */
static enum lt_status check_zeros(struct lt_stream *stream, const char *bytes, size_t count, struct lt_err *err)
{
    bool zeros = !bytes[0] && memcmp(bytes, bytes + 1, count - 1) == 0;
    stream->zeros = zeros ? stream->zeros + count : 0;
    if (stream->zeros <= MAX_ZEROS)
        return LT_OK;
    stream->at_end = true;
    return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d MiB of zeros before offset %ju: not read further",
                   MAX_ZEROS >> 20, (uintmax_t)stream->in_offset);
}

static enum lt_status fill_plain(struct lt_stream *stream, struct lt_err *err)
{
    lt_buf_reserve(&stream->data, CHUNK);
    ssize_t got = read_chunk(stream, stream->data.ptr + stream->data.len, err);
    if (got <= 0)
        return got < 0 ? LT_SKIP : LT_END;
    stream->data.len += (size_t)got;
    return check_zeros(stream, stream->data.ptr + stream->data.len - got, (size_t)got, err);
}

/* A few bytes that unpack to gigabytes are no log. The limit of deflate is 1032 to 1, which only one repeated byte
 * reaches; zstd and xz have none. */
static enum lt_status check_ratio(const struct lt_stream *stream, struct lt_err *err)
{
    uint64_t unpacked = stream->out_offset + stream->data.len;
    if (unpacked <= FREE_OUTPUT || unpacked / MAX_RATIO <= stream->in_offset)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "%s data unpacks to more than %d times its size",
                   stream->packing->name, MAX_RATIO);
}

/* Unpack into the room that is reserved at the end of the window. */
static enum lt_status unpack(struct lt_stream *stream, struct lt_err *err)
{
    size_t got;
    char *room = stream->data.ptr + stream->data.len;
    enum lt_status status = stream->packing->unpack(stream->unpacker, &stream->pending, room, CHUNK, &got, err);
    stream->data.len += got;
    return status == LT_SKIP ? status : check_ratio(stream, err);
}

static enum lt_status fill_packed(struct lt_stream *stream, struct lt_err *err)
{
    if (!stream->unpacker) {
        stream->at_end = true;
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "packed with %s, which this build does not read",
                       stream->packing->name);
    }
    if (!stream->pending.len && !stream->unpacker->holds) {
        ssize_t got = read_chunk(stream, stream->input, err);
        if (got == 0 && stream->unpacker->inside)
            return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "%s data breaks off", stream->packing->name);
        if (got <= 0)
            return got < 0 ? LT_SKIP : LT_END;
        stream->pending = (struct lt_str){stream->input, (size_t)got};
    }
    lt_buf_reserve(&stream->data, CHUNK);
    enum lt_status status = unpack(stream, err);
    stream->at_end = status == LT_SKIP;
    return status;
}

enum lt_status lt_stream_fill(struct lt_stream *stream, struct lt_err *err)
{
    if (stream->at_end)
        return LT_END;
    if (stream->start) {
        memmove(stream->data.ptr, stream->data.ptr + stream->start, stream->data.len - stream->start);
        stream->data.len -= stream->start;
        stream->out_offset += stream->start;
        stream->start = 0;
    }
    return stream->packing ? fill_packed(stream, err) : fill_plain(stream, err);
}

enum lt_status lt_stream_digest(struct lt_stream *stream, struct lt_buf *out, struct lt_err *err)
{
    enum lt_status status = stream->hash ? LT_OK : LT_END;
    while (status == LT_OK) {
        ssize_t got = read_chunk(stream, stream->input, err);
        if (!got)
            break;
        status = got < 0 ? LT_SKIP : check_zeros(stream, stream->input, (size_t)got, err);
    }
    if (status != LT_OK)
        return status;
    lt_sha256_finish(stream->hash, out);
    stream->hash = NULL;
    return LT_OK;
}

void lt_stream_close(struct lt_stream *stream)
{
    if (!stream)
        return;
    lt_file_close(&stream->file);
    if (stream->unpacker)
        stream->packing->end(stream->unpacker);
    lt_sha256_finish(stream->hash, &stream->data); /* nobody wants it: this frees it */
    lt_buf_free(&stream->data);
    free(stream);
}
