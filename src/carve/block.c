// SPDX-License-Identifier: Apache-2.0
#include "carve/block.h"

#include "base/utf8.h"

enum { STEP = 64, LAST_HIGH = 3 };

bool lt_carve_is_zeros(struct lt_str bytes)
{
    return !bytes.len || (!bytes.ptr[0] && memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

/* Tab to carriage return, and escape, which colours begin with. */
static bool is_control(unsigned char byte)
{
    return (byte < ' ' && !(byte >= '\b' && byte <= '\r') && byte != 0x1B) || byte == 0x7F;
}

/* The length of what has no control characters. The loop within has no branch, so that it becomes a few vector
 * instructions. `*high` is set if there are bytes beyond ASCII. */
static size_t plain_length(const unsigned char *bytes, size_t len, bool *high)
{
    size_t at = 0;
    unsigned char beyond = 0;
    for (; len - at >= STEP; at += STEP) {
        unsigned char bad = 0;
        for (size_t i = 0; i < STEP; i++) {
            unsigned char byte = bytes[at + i];
            bad |= (unsigned char)(((byte < ' ') & ((byte < '\b') | (byte > '\r')) & (byte != 0x1B)) | (byte == 0x7F));
            beyond |= byte;
        }
        if (bad)
            break;
    }
    while (at < len && !is_control(bytes[at]))
        beyond |= bytes[at++];
    *high = beyond & 0x80;
    return at;
}

/* Is it UTF-8, but for a character that is cut at either end? */
static bool is_utf8(struct lt_str text)
{
    size_t cut = 0;
    while (cut < LAST_HIGH && cut < text.len && (text.ptr[cut] & 0xC0) == 0x80)
        cut++;
    for (text = lt_str_skip(text, cut); text.len;) {
        struct lt_rune rune = lt_utf8_next(text);
        if (!rune.valid)
            return text.len <= LAST_HIGH && (unsigned char)text.ptr[0] >= 0xC0;
        text = lt_str_skip(text, rune.size);
    }
    return true;
}

size_t lt_carve_text(struct lt_str bytes)
{
    bool high;
    size_t length = plain_length((const unsigned char *)bytes.ptr, bytes.len, &high);
    if (!length || !lt_carve_is_zeros(lt_str_skip(bytes, length)))
        return 0;
    return high && !is_utf8((struct lt_str){bytes.ptr, length}) ? 0 : length;
}
