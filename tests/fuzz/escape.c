// SPDX-License-Identifier: Apache-2.0
/* Promises of escape.h: one line of valid UTF-8 that can be decoded without doubt, and JSON that a JSON parser reads.
 */
#include "base/escape.h"

#include "base/utf8.h"
#include "fuzz.h"
#include "parse/json.h"

/* Valid UTF-8 without control characters. */
static void check_line(struct lt_str text)
{
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        PROMISE(rune.valid);
        PROMISE(rune.code >= 0x20 && !(rune.code >= 0x7F && rune.code <= 0x9F));
        text = lt_str_skip(text, rune.size);
    }
}

/* \u{NNNN} at the start of `text`: its length, and the code in `*code`; 0 if there is none. */
static size_t code_escape(struct lt_str text, uint32_t *code)
{
    size_t length = 3;
    if (!lt_str_starts(text, LT_STR("\\u{")))
        return 0;
    for (*code = 0; length < text.len && hex_value(text.ptr[length]) >= 0; length++)
        *code = *code << 4 | (uint32_t)hex_value(text.ptr[length]);
    PROMISE(length < text.len && text.ptr[length] == '}');
    return length + 1;
}

/* First \u{NNNN} to UTF-8, then \xNN to bytes: a byte escape never makes up the first kind. */
static void unescape_terminal(struct lt_str text, struct lt_buf *out)
{
    uint32_t code;
    while (text.len) {
        size_t length = code_escape(text, &code);
        if (length) {
            lt_utf8_add(out, code);
        } else {
            length = is_byte_escape(text) ? 4 : 1;
            unescape_name((struct lt_str){text.ptr, length}, out);
        }
        text = lt_str_skip(text, length);
    }
}

static void check_name(struct lt_str text, bool terminal)
{
    struct lt_buf safe = {0}, back = {0};
    lt_escape_name(&safe, text, terminal);
    check_line(lt_buf_view(&safe));
    if (terminal)
        unescape_terminal(lt_buf_view(&safe), &back);
    else
        unescape_name(lt_buf_view(&safe), &back);
    PROMISE(lt_str_eq(lt_buf_view(&back), text));
    lt_buf_free(&safe);
    lt_buf_free(&back);
}

/* What the JSON form means: the text, each byte that is no UTF-8 written as \xNN. */
static void readable(struct lt_str text, struct lt_buf *out)
{
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        if (rune.valid)
            lt_buf_add(out, (struct lt_str){text.ptr, rune.size});
        else
            lt_buf_printf(out, "\\x%02x", (unsigned char)text.ptr[0]);
        text = lt_str_skip(text, rune.size);
    }
}

static void check_json(struct lt_str text)
{
    struct lt_buf json = {0}, expected = {0};
    struct json_t *root = NULL;
    const char *flaw;
    lt_buf_lit(&json, "[\"");
    lt_escape_json(&json, text);
    lt_buf_lit(&json, "\"]");
    for (size_t i = 0; i < json.len; i++)
        PROMISE(json.ptr[i] >= 0x20 && json.ptr[i] < 0x7F);
    PROMISE(lt_json_parse(lt_buf_view(&json), &root, &flaw, NULL) == LT_OK && !flaw);
    readable(text, &expected);
    PROMISE(lt_str_eq(lt_json_str(lt_json_item(root, 0), ""), lt_buf_view(&expected)));
    lt_json_free(root);
    lt_buf_free(&json);
    lt_buf_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    check_name(text, false);
    check_name(text, true);
    check_json(text);
    return 0;
}
