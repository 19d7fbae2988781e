// SPDX-License-Identifier: Apache-2.0
/* What one process tells another: numbers and strings in a row, in the order in which they were put. The bytes may come
 * from a process that hostile evidence has taken over. A value that is not there is taken as 0 or "", and sets `bad`
 * for good, so that everything may be taken first and be checked once. */
#ifndef LT_CONTAIN_MESSAGE_H
#define LT_CONTAIN_MESSAGE_H

#include "base/str.h"

struct lt_message {
    struct lt_str rest; /* what is not yet taken; borrowed, like the strings that are */
    bool bad;
};

static inline void lt_put_number(struct lt_buf *out, uint64_t number)
{
    lt_buf_add(out, (struct lt_str){(const char *)&number, sizeof number});
}

static inline void lt_put_str(struct lt_buf *out, struct lt_str str)
{
    lt_put_number(out, str.len);
    lt_buf_add(out, str);
}

/* The next `size` bytes. */
static inline struct lt_str lt_take_bytes(struct lt_message *message, uint64_t size)
{
    struct lt_str bytes = {message->rest.ptr, (size_t)size};
    if (size > message->rest.len) {
        message->bad = true;
        return LT_STR("");
    }
    message->rest = lt_str_skip(message->rest, bytes.len);
    return bytes;
}

static inline uint64_t lt_take_number(struct lt_message *message)
{
    uint64_t number = 0;
    struct lt_str bytes = lt_take_bytes(message, sizeof number);
    if (bytes.len == sizeof number)
        memcpy(&number, bytes.ptr, sizeof number);
    return number;
}

static inline struct lt_str lt_take_str(struct lt_message *message)
{
    return lt_take_bytes(message, lt_take_number(message));
}

#endif
