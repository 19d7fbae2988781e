// SPDX-License-Identifier: Apache-2.0
/* UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF). */
#ifndef LT_BASE_UTF8_H
#define LT_BASE_UTF8_H

#include "base/str.h"

struct lt_rune {
    uint32_t code; /* the byte itself if it is not valid */
    uint8_t size;  /* bytes that it takes; 1 if it is not valid */
    bool valid;
};

/* The first character of `text`, which must not be empty. */
struct lt_rune lt_utf8_next(struct lt_str text);

/* The number in the four hex digits at the start of `text`; false if they are not four hex digits. */
bool lt_hex4(struct lt_str text, uint32_t *code);

/* Append `code` as UTF-8; surrogates and codes beyond U+10FFFF become U+FFFD. */
void lt_utf8_add(struct lt_buf *out, uint32_t code);

#endif
