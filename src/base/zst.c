// SPDX-License-Identifier: Apache-2.0
#include "base/zst.h"

#include <stdint.h>
#include <stdlib.h>

bool lt_is_zst(struct lt_str head)
{
    if (lt_str_starts(head, LT_STR("\x28\xb5\x2f\xfd")))
        return true;
    return head.len >= 4 && (head.ptr[0] & 0xf0) == 0x50 && lt_str_starts(lt_str_skip(head, 1), LT_STR("\x2a\x4d\x18"));
}

#ifdef WITH_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

enum { MAX_WINDOW_LOG = 27 };

struct lt_zst {
    ZSTD_DStream *stream;
    bool inside; /* a frame has begun and has not ended */
    bool holds;  /* the last call filled all the room */
};

struct lt_zst *lt_zst_new(void)
{
    struct lt_zst *self = lt_realloc(NULL, sizeof *self);
    *self = (struct lt_zst){.stream = ZSTD_createDStream()};
    if (!self->stream || ZSTD_isError(ZSTD_DCtx_setParameter(self->stream, ZSTD_d_windowLogMax, MAX_WINDOW_LOG)))
        abort();
    return self;
}

enum lt_status lt_zst_unpack(struct lt_zst *self, struct lt_str *in, char *out, size_t room, size_t *got,
                             struct lt_err *err)
{
    ZSTD_inBuffer input = {in->ptr, in->len, 0};
    ZSTD_outBuffer output = {out, room, 0};
    *got = 0;
    if (!in->len && !self->inside)
        return LT_END;
    size_t result = ZSTD_decompressStream(self->stream, &output, &input);
    *in = lt_str_skip(*in, input.pos);
    *got = output.pos;
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "zstd data that needs a window of more than %d MiB",
                       1 << (MAX_WINDOW_LOG - 20));
    if (ZSTD_isError(result))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "zstd data is damaged (%s)", ZSTD_getErrorName(result));
    self->inside = result != 0;
    self->holds = self->inside && output.pos == room;
    return self->inside || in->len ? LT_OK : LT_END;
}

bool lt_zst_holds(const struct lt_zst *self)
{
    return self->holds;
}

bool lt_zst_incomplete(const struct lt_zst *self)
{
    return self->inside;
}

void lt_zst_free(struct lt_zst *self)
{
    if (self)
        ZSTD_freeDStream(self->stream);
    free(self);
}

const char *lt_zst_version(void)
{
    return ZSTD_versionString();
}

#else

struct lt_zst *lt_zst_new(void)
{
    return NULL;
}

enum lt_status lt_zst_unpack(struct lt_zst *zst, struct lt_str *in, char *out, size_t room, size_t *got,
                             struct lt_err *err)
{
    (void)zst, (void)in, (void)out, (void)room;
    *got = 0;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "packed with zstd, which this build does not read");
}

bool lt_zst_holds(const struct lt_zst *zst)
{
    (void)zst;
    return false;
}

bool lt_zst_incomplete(const struct lt_zst *zst)
{
    (void)zst;
    return false;
}

void lt_zst_free(struct lt_zst *zst)
{
    (void)zst;
}

const char *lt_zst_version(void)
{
    return NULL;
}

#endif
