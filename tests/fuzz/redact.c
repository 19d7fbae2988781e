// SPDX-License-Identifier: Apache-2.0
/* Any text, then a secret in the places where one may stand: it does not come out, and what can hold none comes
 * out as it is. */
#include "parse/redact.h"

#include "fuzz.h"

static bool shows(struct lt_str text, struct lt_str secret)
{
    struct lt_buf shown = {0};
    lt_redact(&shown, text);
    bool found = memmem(shown.ptr ? shown.ptr : "", shown.len, secret.ptr, secret.len);
    lt_buf_free(&shown);
    return found;
}

/* The secret behind `before`, and something behind it. */
static void check_hidden(struct lt_str text, const char *before, const char *after)
{
    static const struct lt_str secret = {"\001hunter2\001", 9};
    struct lt_buf whole = {0};
    lt_buf_add(&whole, text);
    lt_buf_printf(&whole, "%s%.*s%s", before, LT_ARG(secret), after);
    PROMISE(memmem(text.ptr, text.len, secret.ptr, secret.len) || !shows(lt_buf_view(&whole), secret));
    lt_buf_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {size ? (const char *)data : "", size};
    struct lt_buf shown = {0};
    lt_redact(&shown, text);
    if (!memchr(text.ptr, '=', text.len) && !memchr(text.ptr, '@', text.len) && !memchr(text.ptr, '-', text.len))
        PROMISE(lt_str_eq(lt_buf_view(&shown), text));
    PROMISE(shown.len <= 4 * text.len);
    check_hidden(text, ",password=", ",ro");
    check_hidden(text, ",user=bob%", ",ro");
    check_hidden(text, ",a=token=", ",ro");
    check_hidden(text, ",\"token=", "\",ro");
    check_hidden(text, " --token ", " -D");
    check_hidden(text, "//bob:", "@server/share");
    lt_buf_free(&shown);
    return 0;
}
