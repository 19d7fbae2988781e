// SPDX-License-Identifier: Apache-2.0
#include "base/xz.h"

#include <stdint.h>
#include <stdlib.h>

bool lt_is_xz(struct lt_str head)
{
    return lt_str_starts(head, LT_STR("\xfd\x37\x7a\x58\x5a\0"));
}

#ifdef WITH_LZMA

#include <lzma.h>

enum { MAX_MEMORY = 128 * 1024 * 1024 };

struct lt_xz {
    lzma_stream stream;
    bool inside; /* a stream has begun and has not ended */
    bool holds;  /* the last call filled all the room */
};

struct lt_xz *lt_xz_new(void)
{
    struct lt_xz *self = lt_realloc(NULL, sizeof *self);
    *self = (struct lt_xz){.stream = LZMA_STREAM_INIT};
    return self;
}

/* Begin with the next stream. The zeros before it are padding. */
static void begin(struct lt_xz *self, struct lt_str *in)
{
    while (in->len && !in->ptr[0])
        *in = lt_str_skip(*in, 1);
    if (!in->len)
        return;
    if (lzma_stream_decoder(&self->stream, MAX_MEMORY, 0) != LZMA_OK)
        abort();
    self->inside = true;
}

static const char *flaw(lzma_ret result)
{
    return result == LZMA_FORMAT_ERROR    ? "no xz stream"
           : result == LZMA_OPTIONS_ERROR ? "a filter that liblzma does not know"
                                          : "the data do not fit together";
}

enum lt_status lt_xz_unpack(struct lt_xz *self, struct lt_str *in, char *out, size_t room, size_t *got,
                            struct lt_err *err)
{
    lzma_stream *stream = &self->stream;
    *got = 0;
    if (!self->inside)
        begin(self, in);
    if (!self->inside)
        return LT_END;
    stream->next_in = (const uint8_t *)in->ptr;
    stream->avail_in = in->len;
    stream->next_out = (uint8_t *)out;
    stream->avail_out = room;
    lzma_ret result = lzma_code(stream, LZMA_RUN);
    *in = lt_str_skip(*in, in->len - stream->avail_in);
    *got = room - stream->avail_out;
    self->inside = result != LZMA_STREAM_END;
    self->holds = self->inside && *got == room;
    if (result == LZMA_STREAM_END)
        return in->len ? LT_OK : LT_END;
    if (result == LZMA_OK || result == LZMA_BUF_ERROR) /* the latter: no input, or no room */
        return LT_OK;
    if (result == LZMA_MEMLIMIT_ERROR)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "xz data that need more than %d MiB of memory",
                       MAX_MEMORY >> 20);
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "xz data is damaged (%s)", flaw(result));
}

bool lt_xz_holds(const struct lt_xz *self)
{
    return self->holds;
}

bool lt_xz_incomplete(const struct lt_xz *self)
{
    return self->inside;
}

void lt_xz_free(struct lt_xz *self)
{
    if (self)
        lzma_end(&self->stream);
    free(self);
}

const char *lt_xz_version(void)
{
    return lzma_version_string();
}

#else

struct lt_xz *lt_xz_new(void)
{
    return NULL;
}

enum lt_status lt_xz_unpack(struct lt_xz *xz, struct lt_str *in, char *out, size_t room, size_t *got,
                            struct lt_err *err)
{
    (void)xz, (void)in, (void)out, (void)room;
    *got = 0;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "packed with xz, which this build does not read");
}

bool lt_xz_holds(const struct lt_xz *xz)
{
    (void)xz;
    return false;
}

bool lt_xz_incomplete(const struct lt_xz *xz)
{
    (void)xz;
    return false;
}

void lt_xz_free(struct lt_xz *xz)
{
    (void)xz;
}

const char *lt_xz_version(void)
{
    return NULL;
}

#endif
