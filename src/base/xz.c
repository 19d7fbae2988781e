// SPDX-License-Identifier: Apache-2.0
/* xz, if the build found liblzma. */
#include "base/packing.h"

#define MAGIC                                                                                                          \
    {                                                                                                                  \
        "\xfd\x37\x7a\x58\x5a\0", 6                                                                                    \
    }

#ifdef WITH_LZMA

#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_MEMORY = 128 * 1024 * 1024 };

struct xz {
    struct lt_unpacker base;
    lzma_stream stream;
};

static struct lt_unpacker *xz_begin(void)
{
    struct xz *self = lt_realloc(NULL, sizeof *self);
    *self = (struct xz){.stream = LZMA_STREAM_INIT};
    return &self->base;
}

/* Begin with the next stream. The zeros before it are padding. */
static void begin_stream(struct xz *self, struct lt_str *in)
{
    while (in->len && !in->ptr[0])
        *in = lt_str_skip(*in, 1);
    if (!in->len)
        return;
    if (lzma_stream_decoder(&self->stream, MAX_MEMORY, 0) != LZMA_OK)
        lt_out_of_memory(sizeof *self);
    self->base.inside = true;
}

static const char *flaw(lzma_ret result)
{
    return result == LZMA_FORMAT_ERROR    ? "no xz stream"
           : result == LZMA_OPTIONS_ERROR ? "a filter that liblzma does not know"
                                          : "the data do not fit together";
}

static enum lt_status xz_unpack(struct lt_unpacker *base, struct lt_str *in, char *out, size_t room, size_t *got,
                                struct lt_err *err)
{
    struct xz *self = (struct xz *)base;
    lzma_stream *stream = &self->stream;
    *got = 0;
    if (!base->inside)
        begin_stream(self, in);
    if (!base->inside)
        return LT_END;
    stream->next_in = (const uint8_t *)in->ptr;
    stream->avail_in = in->len;
    stream->next_out = (uint8_t *)out;
    stream->avail_out = room;
    lzma_ret result = lzma_code(stream, LZMA_RUN);
    *in = lt_str_skip(*in, in->len - stream->avail_in);
    *got = room - stream->avail_out;
    base->inside = result != LZMA_STREAM_END;
    base->holds = base->inside && *got == room;
    if (result == LZMA_STREAM_END)
        return in->len ? LT_OK : LT_END;
    if (result == LZMA_OK || result == LZMA_BUF_ERROR) /* the latter: no input, or no room */
        return LT_OK;
    if (result == LZMA_MEMLIMIT_ERROR)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "xz data that need more than %d MiB of memory",
                       MAX_MEMORY >> 20);
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "xz data is damaged (%s)", flaw(result));
}

static void xz_end(struct lt_unpacker *base)
{
    struct xz *self = (struct xz *)base;
    if (self)
        lzma_end(&self->stream);
    free(self);
}

const struct lt_packing lt_xz = {
    .name = "xz",
    .magic = MAGIC,
    .begin = xz_begin,
    .unpack = xz_unpack,
    .end = xz_end,
    .version = lzma_version_string,
};

#else

const struct lt_packing lt_xz = {.name = "xz", .magic = MAGIC};

#endif
