// SPDX-License-Identifier: Apache-2.0
#include "base/gz.h"

#include "base/packing.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 16 + MAX_WBITS, OUT_CHUNK = 64 * 1024 };

struct inflate {
    struct lt_unpacker base;
    z_stream stream;
};

struct lt_deflate {
    z_stream stream;
};

struct lt_str lt_gzip_extra(struct lt_str head)
{
    enum { FLAGS = 3, HAS_EXTRA = 4, HEAD = 10 };
    if (head.len < HEAD + 2 || !lt_str_starts(head, lt_gzip.magic) || !(head.ptr[FLAGS] & HAS_EXTRA))
        return LT_STR("");
    size_t length = (unsigned char)head.ptr[HEAD] | (size_t)(unsigned char)head.ptr[HEAD + 1] << 8;
    struct lt_str rest = lt_str_skip(head, HEAD + 2);
    return length <= rest.len ? (struct lt_str){rest.ptr, length} : LT_STR("");
}

static struct lt_unpacker *begin(int window_bits)
{
    struct inflate *self = lt_realloc(NULL, sizeof *self);
    *self = (struct inflate){0};
    if (inflateInit2(&self->stream, window_bits) != Z_OK)
        lt_out_of_memory(sizeof *self);
    return &self->base;
}

static struct lt_unpacker *gzip_begin(void)
{
    return begin(GZIP_ONLY);
}

/* zlib takes a negative number for data without header and trailer. */
static struct lt_unpacker *deflated_begin(void)
{
    return begin(-MAX_WBITS);
}

static struct lt_unpacker *zlib_begin(void)
{
    return begin(MAX_WBITS);
}

static enum lt_status gzip_unpack(struct lt_unpacker *base, struct lt_str *in, char *out, size_t room, size_t *got,
                                  struct lt_err *err)
{
    z_stream *stream = &((struct inflate *)base)->stream;
    *got = 0;
    if (!base->inside && in->len) {
        inflateReset(stream);
        base->inside = true;
    }
    stream->next_in = (Bytef *)(size_t)in->ptr;
    stream->avail_in = (uInt)in->len;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)room;
    int result = base->inside ? inflate(stream, Z_NO_FLUSH) : Z_BUF_ERROR;
    *in = lt_str_skip(*in, in->len - stream->avail_in);
    *got = room - stream->avail_out;
    base->inside = base->inside && result != Z_STREAM_END;
    base->holds = base->inside && *got == room;
    if (result == Z_STREAM_END)
        return in->len ? LT_OK : LT_END;
    /* Z_BUF_ERROR only means that the input is empty or the output is full. */
    if (result == Z_OK || result == Z_BUF_ERROR)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "gzip data is damaged (%s)",
                   stream->msg ? stream->msg : "no detail");
}

static void gzip_end(struct lt_unpacker *base)
{
    struct inflate *self = (struct inflate *)base;
    if (self)
        inflateEnd(&self->stream);
    free(self);
}

const struct lt_packing lt_gzip = {
    .name = "gzip",
    .magic = {"\x1f\x8b\x08", 3},
    .begin = gzip_begin,
    .unpack = gzip_unpack,
    .end = gzip_end,
    .version = zlibVersion,
};

const struct lt_packing lt_deflated = {
    .name = "deflate",
    .begin = deflated_begin,
    .unpack = gzip_unpack,
    .end = gzip_end,
    .version = zlibVersion,
};

const struct lt_packing lt_zlib = {
    .name = "zlib",
    .begin = zlib_begin,
    .unpack = gzip_unpack,
    .end = gzip_end,
    .version = zlibVersion,
};

struct lt_deflate *lt_deflate_new(void)
{
    struct lt_deflate *self = lt_realloc(NULL, sizeof *self);
    *self = (struct lt_deflate){0};
    if (deflateInit2(&self->stream, 1, Z_DEFLATED, GZIP_ONLY, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        lt_out_of_memory(sizeof *self);
    return self;
}

void lt_deflate(struct lt_deflate *self, struct lt_str in, bool finish, struct lt_buf *out)
{
    z_stream *stream = &self->stream;
    stream->next_in = (Bytef *)(size_t)in.ptr;
    stream->avail_in = (uInt)in.len;
    do {
        lt_buf_reserve(out, OUT_CHUNK);
        stream->next_out = (Bytef *)out->ptr + out->len;
        stream->avail_out = OUT_CHUNK;
        deflate(stream, finish ? Z_FINISH : Z_NO_FLUSH);
        out->len += OUT_CHUNK - stream->avail_out;
    } while (stream->avail_out == 0);
}

void lt_deflate_free(struct lt_deflate *self)
{
    if (self)
        deflateEnd(&self->stream);
    free(self);
}
