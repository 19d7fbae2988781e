// SPDX-License-Identifier: Apache-2.0
#include "evidence/magic/magic.h"

#include "evidence/magic/formats.h"

enum {
    PIECE = 64 * 1024,
    ZEROS = 1024, /* pieces that are looked at before something counts as empty */
};

/* --- looking ----------------------------------------------------------------------------------------------------- */

static bool has_magic(const struct lt_device *device, uint64_t offset, const struct lt_magic_format *format)
{
    unsigned char bytes[LT_MAGIC_SHOWN];
    return format->length <= sizeof bytes && offset <= device->size &&
           lt_device_read(device, offset, bytes, format->length) && memcmp(bytes, format->magic, format->length) == 0;
}

static bool matches(const struct lt_device *device, const struct lt_magic_format *format, struct lt_arena *arena,
                    struct lt_magic *out)
{
    unsigned char block[LT_MAGIC_BLOCK];
    uint64_t base = format->base < 0 ? device->size - (uint64_t)-format->base : (uint64_t)format->base;
    if (format->place)
        base = format->place(device->size);
    if (base > device->size || !has_magic(device, base + format->at, format))
        return false;
    uint64_t left = device->size - base;
    size_t size = left < sizeof block ? (size_t)left : sizeof block;
    if (!lt_device_read(device, base, block, size))
        return false;
    struct lt_magic_probe probe = {device, arena, base, {.ptr = block, .len = size}};
    *out = (struct lt_magic){.name = format->name, .advice = format->advice};
    return !format->look || format->look(&probe, out);
}

/* A disk that was wiped, a partition that was never written, an acquisition that failed. */
static bool is_empty(const struct lt_device *device, struct lt_magic *out)
{
    unsigned char bytes[PIECE];
    uint64_t at = 0;
    for (unsigned i = 0; i < ZEROS && at < device->size; i++) {
        size_t size = device->size - at < PIECE ? (size_t)(device->size - at) : PIECE;
        if (!lt_device_read(device, at, bytes, size) || bytes[0] || memcmp(bytes, bytes + 1, size - 1) != 0)
            return false;
        at += size;
    }
    *out = (struct lt_magic){.name = at < device->size ? "nothing but zeros at its start" : "nothing but zeros"};
    return device->size > 0;
}

static bool find(const struct lt_device *device, const struct lt_magic_format *table, struct lt_arena *arena,
                 struct lt_magic *out)
{
    for (const struct lt_magic_format *format = table; format->name; format++)
        if (matches(device, format, arena, out))
            return true;
    return false;
}

/* Volumes come first: a member of a RAID may have its mark at the end, and a file system at the start. */
bool lt_magic_find(const struct lt_device *device, struct lt_arena *arena, struct lt_magic *out)
{
    return find(device, lt_magic_volumes, arena, out) || find(device, lt_magic_images, arena, out) ||
           find(device, lt_magic_areas, arena, out) || is_empty(device, out);
}

/* --- telling ----------------------------------------------------------------------------------------------------- */

struct lt_str lt_magic_text(const struct lt_magic *magic, bool advice, struct lt_arena *arena)
{
    struct lt_buf text = {0};
    size_t start = strlen(magic->name) + 2;
    lt_buf_printf(&text, "%s (", magic->name);
    if (magic->detail.len)
        lt_buf_printf(&text, "%.*s", LT_ARG(magic->detail));
    if (magic->label.len) {
        int shown = magic->label.len < LT_MAGIC_SHOWN ? (int)magic->label.len : LT_MAGIC_SHOWN;
        lt_buf_printf(&text, "%slabel '%.*s'", text.len > start ? ", " : "", shown, magic->label.ptr);
    }
    if (magic->uuid.len)
        lt_buf_printf(&text, "%sUUID %.*s", text.len > start ? ", " : "", LT_ARG(magic->uuid));
    if (magic->size)
        lt_buf_printf(&text, "%s%ju bytes", text.len > start ? ", " : "", (uintmax_t)magic->size);
    if (text.len > start)
        lt_buf_char(&text, ')');
    else
        text.len -= 2;
    if (advice)
        lt_buf_printf(&text, ": %s", magic->advice ? magic->advice : "no file system");
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}
