// SPDX-License-Identifier: Apache-2.0
#include "parse/ident.h"

enum { ID_LENGTH = 64, LINK_LENGTH = 26, MAX_STORE_ID = 128, SHORT_LENGTH = 12 };

static bool all_of(struct lt_str text, bool (*is)(char))
{
    for (size_t i = 0; i < text.len; i++)
        if (!is(text.ptr[i]))
            return false;
    return true;
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool is_base32(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= '2' && byte <= '7');
}

static bool is_store(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-';
}

bool lt_is_id(struct lt_str text)
{
    return text.len == ID_LENGTH && all_of(text, is_hex);
}

struct lt_str lt_digest_hex(struct lt_str text)
{
    struct lt_str prefix = LT_STR("sha256:");
    struct lt_str hex = lt_str_skip(text, prefix.len);
    return lt_str_starts(text, prefix) && lt_is_id(hex) ? hex : LT_STR("");
}

bool lt_is_store_id(struct lt_str text)
{
    return text.len && text.len <= MAX_STORE_ID && text.ptr[0] != '-' && all_of(text, is_store);
}

bool lt_is_link_id(struct lt_str text)
{
    return text.len == LINK_LENGTH && all_of(text, is_base32);
}

/* Are the first 64 bytes hex digits? Each message asks, so all bytes are looked at, which compilers do many at once. */
static bool begins_with_id(const char *text)
{
    unsigned char other = 0;
    for (unsigned i = 0; i < ID_LENGTH; i++) {
        unsigned char byte = (unsigned char)text[i];
        other |= (unsigned char)(((unsigned char)(byte - '0') > 9) & ((unsigned char)(byte - 'a') > 5));
    }
    return !other;
}

struct lt_str lt_short_id(struct lt_str id)
{
    struct lt_str prefix = LT_STR("sha256:");
    if (lt_str_starts(id, prefix))
        id = lt_str_skip(id, prefix.len);
    if (id.len >= ID_LENGTH && begins_with_id(id.ptr))
        id.len = SHORT_LENGTH;
    return id;
}
