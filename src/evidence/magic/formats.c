// SPDX-License-Identifier: Apache-2.0
#include "evidence/magic/formats.h"

struct lt_str lt_magic_uuid(struct lt_magic_probe *probe, size_t at)
{
    enum { UUID = 16 };
    return at + UUID <= probe->bytes.len ? lt_uuid_text(probe->arena, probe->bytes.ptr + at) : LT_STR("");
}

struct lt_str lt_magic_label(struct lt_magic_probe *probe, size_t at, size_t size)
{
    return at + size <= probe->bytes.len ? lt_label_text(probe->arena, probe->bytes.ptr + at, size) : LT_STR("");
}

struct lt_str lt_magic_quote(struct lt_magic_probe *probe, const char *what, uint64_t offset, size_t size)
{
    unsigned char bytes[LT_MAGIC_SHOWN];
    size = size < sizeof bytes ? size : sizeof bytes;
    if (!size || !lt_device_read(probe->device, offset, bytes, size))
        return LT_STR("");
    struct lt_str text = lt_label_text(probe->arena, bytes, size);
    text = lt_str_cut(&text, '\n');
    return text.len ? lt_str_format(probe->arena, "%s '%.*s'", what, LT_ARG(text)) : LT_STR("");
}
