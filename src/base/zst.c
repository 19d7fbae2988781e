// SPDX-License-Identifier: Apache-2.0
/* zstd, if the build found libzstd. */
#include "base/packing.h"

static bool is_zstd(struct lt_str head)
{
    if (lt_str_starts(head, LT_STR("\x28\xb5\x2f\xfd")))
        return true;
    return head.len >= 4 && (head.ptr[0] & 0xf0) == 0x50 && lt_str_starts(lt_str_skip(head, 1), LT_STR("\x2a\x4d\x18"));
}

#ifdef WITH_ZSTD

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { MAX_WINDOW_LOG = 27 };

struct zstd {
    struct lt_unpacker base;
    ZSTD_DStream *stream;
};

static struct lt_unpacker *zstd_begin(void)
{
    struct zstd *self = lt_realloc(NULL, sizeof *self);
    *self = (struct zstd){.stream = ZSTD_createDStream()};
    if (!self->stream || ZSTD_isError(ZSTD_DCtx_setParameter(self->stream, ZSTD_d_windowLogMax, MAX_WINDOW_LOG)))
        lt_out_of_memory(sizeof *self);
    return &self->base;
}

static enum lt_status zstd_unpack(struct lt_unpacker *base, struct lt_str *in, char *out, size_t room, size_t *got,
                                  struct lt_err *err)
{
    ZSTD_inBuffer input = {in->ptr, in->len, 0};
    ZSTD_outBuffer output = {out, room, 0};
    *got = 0;
    if (!in->len && !base->inside)
        return LT_END;
    size_t result = ZSTD_decompressStream(((struct zstd *)base)->stream, &output, &input);
    *in = lt_str_skip(*in, input.pos);
    *got = output.pos;
    base->inside = result != 0;
    base->holds = base->inside && output.pos == room;
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "zstd data that needs a window of more than %d MiB",
                       1 << (MAX_WINDOW_LOG - 20));
    if (ZSTD_isError(result))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "zstd data is damaged (%s)", ZSTD_getErrorName(result));
    return base->inside || in->len ? LT_OK : LT_END;
}

static void zstd_end(struct lt_unpacker *base)
{
    struct zstd *self = (struct zstd *)base;
    if (self)
        ZSTD_freeDStream(self->stream);
    free(self);
}

const struct lt_packing lt_zstd = {
    .name = "zstd",
    .is = is_zstd,
    .begin = zstd_begin,
    .unpack = zstd_unpack,
    .end = zstd_end,
    .version = ZSTD_versionString,
};

#else

const struct lt_packing lt_zstd = {.name = "zstd", .is = is_zstd};

#endif
