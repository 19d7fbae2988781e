// SPDX-License-Identifier: Apache-2.0
#include "evidence/identity.h"

#include "base/cursor.h"
#include "base/utf8.h"

enum { UUID = 16 };

/* `order` says which byte is printed in each place. */
static struct lt_str hex_text(struct lt_arena *arena, const unsigned char bytes[UUID], const unsigned char order[UUID])
{
    static const unsigned char zeros[UUID] = {0};
    struct lt_buf text = {0};
    if (memcmp(bytes, zeros, UUID) == 0)
        return LT_STR("");
    for (unsigned i = 0; i < UUID; i++)
        lt_buf_printf(&text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[order[i]]);
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

struct lt_str lt_uuid_text(struct lt_arena *arena, const unsigned char bytes[16])
{
    static const unsigned char order[UUID] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return hex_text(arena, bytes, order);
}

struct lt_str lt_guid_text(struct lt_arena *arena, const unsigned char bytes[16])
{
    static const unsigned char order[UUID] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    return hex_text(arena, bytes, order);
}

/* White space before the text is a part of it, as for blkid. */
static struct lt_str copy_label(struct lt_arena *arena, struct lt_str text)
{
    struct lt_str trimmed = lt_str_trim(text);
    text.len = trimmed.len ? (size_t)(trimmed.ptr - text.ptr) + trimmed.len : 0;
    return lt_str_dup(arena, text);
}

struct lt_str lt_label_text(struct lt_arena *arena, const unsigned char *bytes, size_t size)
{
    struct lt_str field = {(const char *)bytes, size};
    return copy_label(arena, lt_str_cut(&field, '\0'));
}

struct lt_str lt_utf16_text(struct lt_arena *arena, const unsigned char *bytes, size_t size)
{
    struct lt_cursor field = {.ptr = bytes, .len = size};
    struct lt_buf text = {0};
    for (size_t at = 0; at + 2 <= size; at += 2) {
        uint32_t code = lt_le16(&field, at), low = at + 4 <= size ? lt_le16(&field, at + 2) : 0;
        if (!code)
            break;
        if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
            at += 2;
        }
        lt_utf8_add(&text, code);
    }
    struct lt_str copy = copy_label(arena, text.len ? lt_buf_view(&text) : LT_STR(""));
    lt_buf_free(&text);
    return copy;
}
