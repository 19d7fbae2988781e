// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/table.h"

#include "base/arena.h"
#include "base/cursor.h"

#include <stdlib.h>

enum { PAGE = 4096, PAGES = 1024 };

/* `number` counts from 1, so that zeroed memory holds none. */
struct lt_packed_page {
    uint64_t number;
    size_t known; /* bytes of it; fewer at the end of the device, or where a read failed */
    unsigned char bytes[PAGE];
};

static struct lt_packed_page *find_page(struct lt_packed_table *table, uint64_t number)
{
    if (!table->pages) {
        table->pages = lt_realloc(NULL, PAGES * sizeof *table->pages);
        for (size_t i = 0; i < PAGES; i++)
            table->pages[i].number = 0;
    }
    struct lt_packed_page *page = &table->pages[number % PAGES];
    if (page->number == number + 1)
        return page;
    uint64_t at = number * PAGE;
    uint64_t left = at < table->device->size ? table->device->size - at : 0;
    page->number = number + 1;
    page->known = lt_device_read_some(table->device, at, page->bytes, left < PAGE ? (size_t)left : PAGE);
    return page;
}

/* Does not depend on how the table is aligned: a number may lie on two pages. */
static bool take(struct lt_packed_table *table, uint64_t at, unsigned char *out, size_t size)
{
    while (size) {
        struct lt_packed_page *page = find_page(table, at / PAGE);
        size_t from = (size_t)(at % PAGE), piece = size < PAGE - from ? size : PAGE - from;
        if (from + piece > page->known)
            return false;
        memcpy(out, page->bytes + from, piece);
        at += piece;
        out += piece;
        size -= piece;
    }
    return true;
}

static bool fits(const struct lt_packed_table *table, uint64_t at, unsigned size)
{
    return at < table->device->size && size <= table->device->size - at;
}

bool lt_packed_be(struct lt_packed_table *table, uint64_t at, unsigned size, uint64_t *out)
{
    unsigned char bytes[8];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    if (!fits(table, at, size) || !take(table, at, bytes, size))
        return false;
    *out = lt_cursor_be(&cursor, 0, size);
    return true;
}

bool lt_packed_le(struct lt_packed_table *table, uint64_t at, unsigned size, uint64_t *out)
{
    unsigned char bytes[8];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    if (!fits(table, at, size) || !take(table, at, bytes, size))
        return false;
    *out = lt_cursor_le(&cursor, 0, size);
    return true;
}

void lt_packed_table_free(struct lt_packed_table *table)
{
    free(table->pages);
    table->pages = NULL;
}
