// SPDX-License-Identifier: Apache-2.0
#include "parse/boltpage.h"

#include "base/cursor.h"

enum { HEADER = 16, ELEMENT = 16, LEAF = 2, FLAGS = 8, COUNT = 10, OVERFLOW = 12, FIRST_PAGE = 2 };

size_t lt_bolt_page_size(struct lt_str bytes)
{
    struct lt_cursor page = {.ptr = (const unsigned char *)bytes.ptr, .len = bytes.len};
    uint64_t number = lt_cursor_le(&page, 0, 8), count = lt_le16(&page, COUNT), more = lt_le32(&page, OVERFLOW);
    if (lt_le16(&page, FLAGS) != LEAF || number < FIRST_PAGE || number > UINT32_MAX || !count ||
        more >= LT_BOLT_PAGE_MOST)
        return 0;
    size_t size = (size_t)(more + 1) * LT_BOLT_PAGE;
    /* The first key lies right behind the elements. */
    bool fits = HEADER + count * ELEMENT < size && lt_le32(&page, HEADER + 4) == count * ELEMENT && !page.bad;
    return fits ? size : 0;
}

enum lt_status lt_bolt_page(struct lt_str bytes,
                            enum lt_status (*each)(void *arg, struct lt_str key, struct lt_str value, bool bucket,
                                                   struct lt_err *err),
                            void *arg, struct lt_err *err)
{
    struct lt_cursor page = {.ptr = (const unsigned char *)bytes.ptr, .len = bytes.len};
    struct lt_str last = LT_STR("");
    uint64_t count = lt_le16(&page, COUNT), end = HEADER + count * ELEMENT;
    if (!lt_bolt_page_size(bytes) || lt_bolt_page_size(bytes) > bytes.len)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no leaf page of a bbolt database");
    for (size_t i = 0; i < count; i++) {
        size_t at = HEADER + i * ELEMENT;
        uint32_t flags = lt_le32(&page, at), key_size = lt_le32(&page, at + 8), value_size = lt_le32(&page, at + 12);
        uint64_t key_at = at + lt_le32(&page, at + 4);
        if (page.bad || flags > 1 || key_at != end || key_at > bytes.len || key_size > bytes.len - key_at ||
            value_size > bytes.len - key_at - key_size)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "item %zu of the page lies outside of it", i);
        struct lt_str key = {bytes.ptr + key_at, key_size}, value = {bytes.ptr + key_at + key_size, value_size};
        if (i && lt_str_cmp(last, key) >= 0)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "item %zu of the page is out of order", i);
        enum lt_status status = each(arg, key, value, flags & 1, err);
        if (status != LT_OK)
            return status;
        last = key;
        end = key_at + key_size + value_size;
    }
    return LT_OK;
}
