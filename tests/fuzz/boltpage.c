// SPDX-License-Identifier: Apache-2.0
/* A leaf page of a database that is gone: keys and values lie within the page, behind each other. */
#include "parse/boltpage.h"

#include "fuzz.h"

struct seen {
    struct lt_str page;
    const char *end;
};

static enum lt_status check(void *arg, struct lt_str key, struct lt_str value, bool bucket, struct lt_err *err)
{
    struct seen *seen = arg;
    (void)bucket, (void)err;
    PROMISE(key.ptr >= seen->end && value.ptr == key.ptr + key.len);
    seen->end = value.ptr + value.len;
    PROMISE(seen->end <= seen->page.ptr + seen->page.len);
    return LT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str page = {(const char *)data, size};
    struct seen seen = {page, page.ptr};
    struct lt_err err = {0};
    size_t claimed = lt_bolt_page_size(page);
    PROMISE(claimed % LT_BOLT_PAGE == 0 && claimed <= (size_t)LT_BOLT_PAGE * LT_BOLT_PAGE_MOST);
    enum lt_status status = lt_bolt_page(page, check, &seen, &err);
    PROMISE(status == LT_OK || status == LT_SKIP);
    PROMISE((status == LT_SKIP) == err.set);
    return 0;
}
