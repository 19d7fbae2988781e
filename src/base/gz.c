// SPDX-License-Identifier: Apache-2.0
#include "base/gz.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 16 + MAX_WBITS, OUT_CHUNK = 64 * 1024 };

struct lt_inflate {
    z_stream stream;
    bool inside; /* a member has begun and has not ended */
};

struct lt_deflate {
    z_stream stream;
};

bool lt_is_gzip(struct lt_str head)
{
    return lt_str_starts(head, LT_STR("\x1f\x8b\x08"));
}

struct lt_str lt_gzip_extra(struct lt_str head)
{
    enum { FLAGS = 3, HAS_EXTRA = 4, HEAD = 10 };
    if (head.len < HEAD + 2 || !lt_is_gzip(head) || !(head.ptr[FLAGS] & HAS_EXTRA))
        return LT_STR("");
    size_t length = (unsigned char)head.ptr[HEAD] | (size_t)(unsigned char)head.ptr[HEAD + 1] << 8;
    struct lt_str rest = lt_str_skip(head, HEAD + 2);
    return length <= rest.len ? (struct lt_str){rest.ptr, length} : LT_STR("");
}

struct lt_inflate *lt_inflate_new(void)
{
    struct lt_inflate *self = lt_realloc(NULL, sizeof *self);
    *self = (struct lt_inflate){0};
    if (inflateInit2(&self->stream, GZIP_ONLY) != Z_OK)
        abort();
    return self;
}

enum lt_status lt_inflate(struct lt_inflate *self, struct lt_str *in, char *out, size_t room, size_t *got,
                          struct lt_err *err)
{
    z_stream *stream = &self->stream;
    *got = 0;
    if (!self->inside && in->len) {
        inflateReset(stream);
        self->inside = true;
    }
    stream->next_in = (Bytef *)(size_t)in->ptr;
    stream->avail_in = (uInt)in->len;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)room;
    int result = self->inside ? inflate(stream, Z_NO_FLUSH) : Z_BUF_ERROR;
    *in = lt_str_skip(*in, in->len - stream->avail_in);
    *got = room - stream->avail_out;
    if (result == Z_STREAM_END) {
        self->inside = false;
        return in->len ? LT_OK : LT_END;
    }
    /* Z_BUF_ERROR only means that the input is empty or the output is full. */
    if (result == Z_OK || result == Z_BUF_ERROR)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "gzip data is damaged (%s)",
                   stream->msg ? stream->msg : "no detail");
}

bool lt_inflate_incomplete(const struct lt_inflate *self)
{
    return self->inside;
}

void lt_inflate_free(struct lt_inflate *self)
{
    if (self)
        inflateEnd(&self->stream);
    free(self);
}

struct lt_deflate *lt_deflate_new(void)
{
    struct lt_deflate *self = lt_realloc(NULL, sizeof *self);
    *self = (struct lt_deflate){0};
    if (deflateInit2(&self->stream, 1, Z_DEFLATED, GZIP_ONLY, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
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

const char *lt_zlib_version(void)
{
    return zlibVersion();
}
