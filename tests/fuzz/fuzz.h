// SPDX-License-Identifier: Apache-2.0
/* What the fuzz targets share: a broken promise ends the program, and numbers are taken off the input from the front.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer and the replay driver both take an abort for a finding. */
#define PROMISE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The input as a supply of values; when it is used up there are only zeros. */
struct input {
    const uint8_t *ptr;
    size_t len;
};

static inline uint8_t take_byte(struct input *input)
{
    if (!input->len)
        return 0;
    input->len--;
    return *input->ptr++;
}

static inline uint64_t take_number(struct input *input, unsigned bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | take_byte(input);
    return number;
}

/* At most `most` bytes, their number told by the first byte. */
static inline struct lt_str take_text(struct input *input, size_t most)
{
    size_t length = take_byte(input);
    if (length > most)
        length = most;
    if (length > input->len)
        length = input->len;
    struct lt_str text = {(const char *)input->ptr, length};
    input->ptr += length;
    input->len -= length;
    return length ? text : LT_STR("");
}

static inline struct lt_str take_rest(struct input *input)
{
    return (struct lt_str){input->len ? (const char *)input->ptr : "", input->len};
}

static inline int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Does `text` begin with \xNN? */
static inline bool is_byte_escape(struct lt_str text)
{
    return text.len >= 4 && text.ptr[0] == '\\' && text.ptr[1] == 'x' && hex_value(text.ptr[2]) >= 0 &&
           hex_value(text.ptr[3]) >= 0;
}

/* Undo lt_escape_name() without `terminal`: \xNN is a byte, all else stands for itself. */
static inline void unescape_name(struct lt_str text, struct lt_buf *out)
{
    while (text.len) {
        bool escape = is_byte_escape(text);
        int byte = escape ? hex_value(text.ptr[2]) * 16 + hex_value(text.ptr[3]) : text.ptr[0];
        lt_buf_char(out, (char)byte);
        text = lt_str_skip(text, escape ? 4 : 1);
    }
}

#endif
