// SPDX-License-Identifier: Apache-2.0
#include "parse/snapshot.h"

#include <ctype.h>

bool lt_uvarint(struct lt_str bytes, uint64_t *out)
{
    enum { MOST = 10 };
    *out = 0;
    for (size_t i = 0; i < bytes.len && i < MOST; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        if (i + 1 == MOST && byte > 1)
            return false;
        *out |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80)
            return i + 1 == bytes.len;
    }
    return false;
}

bool lt_zigzag(struct lt_str bytes, int64_t *out)
{
    uint64_t number;
    bool valid = lt_uvarint(bytes, &number);
    *out = valid ? (int64_t)(number >> 1 ^ -(number & 1)) : 0;
    return valid;
}

bool lt_snapshot_name_split(struct lt_str name, struct lt_snapshot_name *out)
{
    struct lt_str rest = name;
    uint64_t number;
    out->namespace = lt_str_cut(&rest, '/');
    out->number = lt_str_cut(&rest, '/');
    out->key = rest;
    return rest.len && lt_is_identifier(out->namespace) && lt_snapshot_number(out->number, &number);
}

bool lt_snapshot_number(struct lt_str name, uint64_t *out)
{
    enum { MOST = 18 };
    *out = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(name.ptr[i] - '0');
        if (i >= MOST)
            return false;
    }
    return name.len;
}

bool lt_is_identifier(struct lt_str text)
{
    enum { MOST = 76 };
    bool between = false; /* the byte before this one was a letter or a digit */
    for (size_t i = 0; i < text.len; i++) {
        bool word = isalnum((unsigned char)text.ptr[i]) && (unsigned char)text.ptr[i] < 0x80;
        bool mark = text.ptr[i] == '.' || text.ptr[i] == '_' || text.ptr[i] == '-';
        if (!word && !(between && mark))
            return false;
        between = word;
    }
    return between && text.len <= MOST;
}
