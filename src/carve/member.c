// SPDX-License-Identifier: Apache-2.0
#include "carve/member.h"

/* Logs pack to a tenth or a thirtieth. What claims to be a far larger file would take longer than the whole search. */
enum { OUT = 64 * 1024, MOST_TIMES = 64, ALWAYS = 16 << 20 };

bool lt_carve_is_member(struct lt_str bytes)
{
    enum { FLAGS = 3, RESERVED = 0xE0, HEADER = 10 };
    return bytes.len > HEADER && lt_str_starts(bytes, lt_gzip.magic) && !(bytes.ptr[FLAGS] & RESERVED);
}

size_t lt_carve_member_head(struct lt_str bytes, char *head, size_t room)
{
    size_t got = 0;
    struct lt_err ignored = {0};
    struct lt_unpacker *unpacker = lt_gzip.begin();
    lt_gzip.unpack(unpacker, &bytes, head, room, &got, &ignored);
    lt_gzip.end(unpacker);
    return got;
}

static bool is_too_much(const struct lt_carve_find *find)
{
    return find->unpacked > ALWAYS && find->unpacked / MOST_TIMES > find->size;
}

/* Unpack what the block has of the current member. False: it is damaged, or too much. */
static bool take_member(struct lt_carve_find *find, struct lt_str *bytes)
{
    char out[OUT];
    size_t got;
    struct lt_err ignored = {0};
    do {
        if (lt_gzip.unpack(find->unpacker, bytes, out, sizeof out, &got, &ignored) == LT_SKIP || is_too_much(find))
            return false;
        find->unpacked += got;
    } while (find->unpacker->inside && (bytes->len || find->unpacker->holds));
    return true;
}

enum lt_carve_step lt_carve_take_members(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    struct lt_str rest = block->bytes;
    if (!find->unpacker)
        find->unpacker = lt_gzip.begin();
    find->sound = false;
    while (rest.len && (find->unpacker->inside || lt_carve_is_member(rest)))
        if (!take_member(find, &rest))
            return LT_CARVE_NOT;
    *used = block->bytes.len - rest.len;
    if (find->unpacker->inside)
        return LT_CARVE_MORE;
    find->sound = rest.len && lt_carve_is_zeros(rest);
    return *used ? LT_CARVE_DONE : LT_CARVE_NOT;
}

void lt_carve_drop_members(struct lt_carve_find *find)
{
    lt_gzip.end(find->unpacker);
    find->unpacker = NULL;
}
