// SPDX-License-Identifier: Apache-2.0
/* Lines of a plain or gzip file whose reads come in pieces and may fail. Whatever is lost is told, offsets have no gaps
 * that were not told, and what is not lost is what zlib alone would have unpacked. Input: how to read, then the file.
 */
#include "evidence/lines.h"

#include "base/packing.h"
#include "fuzz.h"
#include "memory.h"

#include <zlib.h>

enum {
    MOST = 3 * LT_MAX_LINE, /* size of a repeated file */
    LONGEST = LT_MAX_LINE,
};

/* The whole file up to where reads fail, as one piece. */
static void whole(const struct memory *memory, struct lt_buf *out)
{
    for (size_t i = 0; i < memory->repeat && memory->len; i++)
        lt_buf_add(out, (struct lt_str){(const char *)memory->ptr, memory->len});
}

/* All members until the end or the first damage. */
static void unpack(struct lt_str in, struct lt_buf *out)
{
    z_stream stream = {.next_in = (Bytef *)(size_t)in.ptr, .avail_in = (uInt)in.len};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        abort();
    int result = Z_OK;
    while (result == Z_OK || (result == Z_STREAM_END && stream.avail_in)) {
        if (result == Z_STREAM_END)
            inflateReset(&stream);
        lt_buf_reserve(out, 4096);
        stream.next_out = (Bytef *)out->ptr + out->len;
        stream.avail_out = 4096;
        result = inflate(&stream, Z_NO_FLUSH);
        out->len += 4096 - stream.avail_out;
    }
    inflateEnd(&stream);
}

/* One line must be where it says it is, whole, and without anything left out before it. */
static void check_line(const struct lt_line *line, struct lt_str expected, uint64_t *end, bool *lost)
{
    PROMISE(line->text.len <= LONGEST);
    PROMISE(line->offset >= *end && (line->offset == *end || *lost));
    PROMISE(line->offset + line->text.len + line->complete <= expected.len);
    PROMISE(memcmp(line->text.ptr, expected.ptr + line->offset, line->text.len) == 0);
    PROMISE(!memchr(line->text.ptr, '\n', line->text.len));
    PROMISE(!line->complete || expected.ptr[line->offset + line->text.len] == '\n');
    PROMISE(line->complete || line->text.len);
    *end = line->offset + line->text.len + line->complete;
    *lost = false;
}

static void check_all(struct lt_fs *fs, struct lt_str expected, bool fails)
{
    struct lt_stream *stream = NULL;
    PROMISE(lt_stream_open(fs, LT_STR("/f"), &stream, NULL) == LT_OK);
    struct lt_lines lines = {.stream = stream};
    uint64_t end = 0, calls = 0;
    bool lost = false, ever = false;
    for (;;) {
        struct lt_line line = {.text = LT_STR("")};
        struct lt_err err = {0};
        enum lt_status status = lt_lines_next(&lines, &line, &err);
        PROMISE(calls++ <= expected.len * 2 + 16);
        PROMISE((status == LT_SKIP) == err.set);
        if (status == LT_END)
            break;
        PROMISE(status == LT_OK || status == LT_SKIP);
        if (status == LT_OK)
            check_line(&line, expected, &end, &lost);
        else
            lost = ever = true;
    }
    PROMISE(end == expected.len || ever || fails);
    lt_stream_close(stream);
}

static bool is_gzip(const struct memory *memory)
{
    return memory->len >= 3 && memcmp(memory->ptr, "\x1f\x8b\x08", 3) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t how = take_byte(&input), piece = take_byte(&input), fails = take_byte(&input);
    struct memory memory = {.ptr = input.ptr, .len = input.len, .repeat = 1, .piece = SIZE_MAX, .fails_at = UINT64_MAX};
    bool large = (how & 0x27) == 0x23 && input.len >= 256; /* long enough for overlong lines, so kept rare */
    if (how & 1 && input.len)
        memory.repeat = large ? MOST / input.len : 1u + how / 4;
    const struct lt_packing *packing = lt_packing_of((struct lt_str){(const char *)input.ptr, input.len});
    if (packing && packing != &lt_gzip)
        return 0; /* not what this target unpacks by itself */
    if (piece)
        memory.piece = how & 4 ? piece : piece * 1024u;
    if (how & 8)
        memory.fails_at = fails * (how & 16 ? 64u : 1u);
    if (is_gzip(&memory) && memory.repeat > 2)
        memory.repeat = 2; /* members may be bombs */
    struct lt_fs fs = {.ops = &memory_ops, .self = &memory};
    struct lt_buf file = {0}, text = {0};
    whole(&memory, &file);
    bool gzip = is_gzip(&memory) && memory.fails_at > 0 && memory.piece >= 3;
    if (gzip)
        unpack(lt_buf_view(&file), &text);
    check_all(&fs, lt_buf_view(gzip ? &text : &file), memory.fails_at < file.len);
    lt_buf_free(&file);
    lt_buf_free(&text);
    return 0;
}
