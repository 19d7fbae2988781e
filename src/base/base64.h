// SPDX-License-Identifier: Apache-2.0
/* Base64 (RFC 4648, section 4), strict: full groups of four with their padding, no white space, no leftover bits. */
#ifndef LT_BASE_BASE64_H
#define LT_BASE_BASE64_H

#include "base/str.h"

/* Decode `text` and append the bytes to `out`. False: `text` is not valid Base64; nothing was appended. */
bool lt_base64(struct lt_buf *out, struct lt_str text);

#endif
