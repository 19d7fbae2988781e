// SPDX-License-Identifier: Apache-2.0
/* Base64 (RFC 4648, section 4), strict: full groups of four with their padding, no white space, no bits left over. */
#ifndef LT_BASE_BASE64_H
#define LT_BASE_BASE64_H

#include "base/str.h"

/* Append the bytes that `text` stands for to `out`; false, and nothing appended, if it is no base64. */
bool lt_base64(struct lt_buf *out, struct lt_str text);

#endif
