// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/lzo.h"

#include "base/cursor.h"

#include <string.h>

/* --- a stream ---------------------------------------------------------------------------------------------------- */

struct stream {
    struct lt_cursor in;
    size_t at;
    unsigned char *out;
    size_t room, len;
    unsigned literals; /* how many were copied before this instruction: 0 to 3, or 4 for more */
    bool bad, ended;
};

static unsigned take(struct stream *stream)
{
    return (unsigned)lt_cursor_le(&stream->in, stream->at++, 1);
}

/* A length that does not fit the bits of its instruction: zeros count 255 each, another byte ends it. */
static size_t take_length(struct stream *stream, unsigned bits, size_t most)
{
    size_t length = most;
    unsigned byte;
    if (bits)
        return bits;
    while (!(byte = take(stream)) && !stream->in.bad)
        length += 255;
    return length + byte;
}

static void copy_literals(struct stream *stream, size_t count)
{
    size_t left = stream->at <= stream->in.len ? stream->in.len - stream->at : 0;
    if (count > left || count > stream->room - stream->len) {
        stream->bad = true;
        return;
    }
    memcpy(stream->out + stream->len, stream->in.ptr + stream->at, count);
    stream->at += count;
    stream->len += count;
    stream->literals = count < 4 ? (unsigned)count : 4;
}

/* Repeat what was written `distance` bytes before, which may overlap; then copy literals. */
static void copy_match(struct stream *stream, size_t distance, size_t length, unsigned literals)
{
    if (stream->in.bad || distance > stream->len || length > stream->room - stream->len) {
        stream->bad = true;
        return;
    }
    for (size_t i = 0; i < length; i++, stream->len++)
        stream->out[stream->len] = stream->out[stream->len - distance];
    copy_literals(stream, literals);
}

/* Instructions from 0 to 15 depend on what came before. */
static void step_short(struct stream *stream, unsigned code)
{
    unsigned low = code >> 2 & 3;
    if (!stream->literals) {
        copy_literals(stream, 3 + take_length(stream, code, 15));
        stream->literals = 4;
        return;
    }
    size_t high = (size_t)take(stream) << 2;
    if (stream->literals < 4)
        copy_match(stream, high + low + 1, 2, code & 3);
    else
        copy_match(stream, high + low + 2049, 3, code & 3);
}

/* Instructions from 16 to 63 have their distance in the next two bytes. One of them is the end. */
static void step_far(struct stream *stream, unsigned code)
{
    enum { FAR = 16384 };
    bool far = code < 32;
    size_t length = 2 + (far ? take_length(stream, code & 7, 7) : take_length(stream, code & 31, 31));
    unsigned pair = take(stream);
    pair |= take(stream) << 8;
    size_t distance = far ? FAR + ((size_t)(code & 8) << 11) + (pair >> 2) : (pair >> 2) + 1u;
    stream->ended = far && distance == FAR;
    if (!stream->ended)
        copy_match(stream, distance, length, pair & 3);
}

static void step(struct stream *stream)
{
    unsigned code = take(stream);
    if (code < 16) {
        step_short(stream, code);
    } else if (code < 64) {
        step_far(stream, code);
    } else {
        size_t high = (size_t)take(stream) << 3, length = code < 128 ? 3 + (code >> 5 & 1) : 5 + (code >> 5 & 3);
        copy_match(stream, high + (code >> 2 & 7) + 1, length, code & 3);
    }
}

long lt_lzo_unpack(struct lt_str in, unsigned char *out, size_t room)
{
    enum { FIRST_LITERALS = 17 };
    struct stream stream = {.in = {.ptr = (const unsigned char *)in.ptr, .len = in.len}, .out = out, .room = room};
    if (in.len && stream.in.ptr[0] > FIRST_LITERALS) {
        unsigned count = take(&stream) - FIRST_LITERALS;
        copy_literals(&stream, count);
    }
    while (!stream.ended && !stream.bad && !stream.in.bad)
        step(&stream);
    return stream.bad || stream.in.bad ? -1 : (long)stream.len;
}

/* --- an extent --------------------------------------------------------------------------------------------------- */

enum { LENGTH = 4 };

static enum lt_status fail_lzo(struct lt_err *err)
{
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "LZO data is damaged");
}

enum lt_status lt_btrfs_unpack_lzo(struct lt_str in, uint32_t sector_size, unsigned char *out, size_t room, size_t *got,
                                   struct lt_err *err)
{
    struct lt_cursor bytes = {.ptr = (const unsigned char *)in.ptr, .len = in.len};
    size_t total = lt_le32(&bytes, 0), at = LENGTH;
    *got = 0;
    if (bytes.bad || total > in.len)
        return fail_lzo(err);
    while (at < total && *got < room) {
        size_t left = sector_size - at % sector_size;
        if (left < LENGTH) {
            at += left;
            continue;
        }
        size_t length = lt_le32(&bytes, at), most = room - *got < sector_size ? room - *got : sector_size;
        at += LENGTH;
        if (bytes.bad || at > in.len || length > in.len - at)
            return fail_lzo(err);
        long unpacked = lt_lzo_unpack((struct lt_str){in.ptr + at, length}, out + *got, most);
        if (unpacked < 0)
            return fail_lzo(err);
        *got += (size_t)unpacked;
        at += length;
    }
    return LT_OK;
}
