// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/vhd_header.h"

#include "evidence/identity.h"

/* The sum of all bytes but its own four, with all bits inverted. */
static bool is_sound(struct lt_cursor *bytes, size_t size, size_t at)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size && i < bytes->len; i++)
        sum += i < at || i >= at + 4 ? bytes->ptr[i] : 0;
    return lt_cursor_be(bytes, at, 4) == (uint32_t)~sum;
}

bool lt_vhd_footer(struct lt_cursor *bytes, struct lt_vhd_footer *out)
{
    enum { HEADER_AT = 16, SIZE = 48, TYPE = 60, CHECKSUM = 64, UUID = 68 };
    static const char magic[] = "conectix";
    if (bytes->len < LT_VHD_FOOTER || memcmp(bytes->ptr, magic, sizeof magic - 1) != 0)
        return false;
    *out = (struct lt_vhd_footer){
        .header = lt_cursor_be(bytes, HEADER_AT, 8),
        .size = lt_cursor_be(bytes, SIZE, 8),
        .type = (uint32_t)lt_cursor_be(bytes, TYPE, 4),
        .sound = is_sound(bytes, LT_VHD_FOOTER, CHECKSUM),
    };
    memcpy(out->uuid, bytes->ptr + UUID, sizeof out->uuid);
    return true;
}

bool lt_vhd_header(struct lt_cursor *bytes, struct lt_vhd_header *out)
{
    enum { TABLE = 16, COUNT = 28, BLOCK = 32, CHECKSUM = 36, PARENT = 40 };
    static const char magic[] = "cxsparse";
    if (bytes->len < LT_VHD_HEADER || memcmp(bytes->ptr, magic, sizeof magic - 1) != 0)
        return false;
    *out = (struct lt_vhd_header){
        .table = lt_cursor_be(bytes, TABLE, 8),
        .count = lt_cursor_be(bytes, COUNT, 4),
        .block = lt_cursor_be(bytes, BLOCK, 4),
        .sound = is_sound(bytes, LT_VHD_HEADER, CHECKSUM),
    };
    memcpy(out->parent, bytes->ptr + PARENT, sizeof out->parent);
    return true;
}

/* Add the last part of a path of Windows or of UNIX. */
static void add_name(struct lt_str path, struct lt_arena *arena, struct lt_list *names)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '\\' && path.ptr[at - 1] != '/' && path.ptr[at - 1] != ':')
        at--;
    struct lt_str name = lt_str_skip(path, at);
    if (name.len && !lt_list_has_str(names, name))
        lt_list_add_str(names, arena, name);
}

/* The header has places for eight paths of the parent, each written as some platform does. Those of Windows are UTF-16,
 * little-endian. */
static void add_located(struct lt_cursor *bytes, const struct lt_device *device, size_t at, struct lt_arena *arena,
                        struct lt_list *names)
{
    enum { RELATIVE = 0x57327275, ABSOLUTE = 0x57326b75, LENGTH = 8, OFFSET = 16, MOST = 1024 };
    unsigned char path[MOST];
    uint64_t platform = lt_cursor_be(bytes, at, 4), size = lt_cursor_be(bytes, at + LENGTH, 4);
    bool known = platform == RELATIVE || platform == ABSOLUTE;
    if (known && size <= MOST && lt_device_read(device, lt_cursor_be(bytes, at + OFFSET, 8), path, (size_t)size))
        add_name(lt_utf16_text(arena, path, (size_t)size), arena, names);
}

void lt_vhd_parents(struct lt_cursor *bytes, const struct lt_device *device, struct lt_arena *arena,
                    struct lt_list *names)
{
    enum { NAME = 64, NAME_SIZE = 512, LOCATORS = 576, LOCATOR = 24, COUNT = 8 };
    unsigned char swapped[NAME_SIZE] = {0};
    for (size_t i = 0; i < COUNT; i++)
        add_located(bytes, device, LOCATORS + i * LOCATOR, arena, names);
    for (size_t i = 0; i < NAME_SIZE && bytes->len >= LT_VHD_HEADER; i++)
        swapped[i] = bytes->ptr[NAME + (i ^ 1)];
    add_name(lt_utf16_text(arena, swapped, sizeof swapped), arena, names);
}
