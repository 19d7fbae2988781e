// SPDX-License-Identifier: Apache-2.0
/* LZO1X streams, and extents made of them, that lie about lengths and distances. Never more than there is room for, and
 * the same for the same bytes.
 *
 * Input: the room in units of 16 bytes, then the packed bytes. */
#include "evidence/btrfs/lzo.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SECTOR = 4096, UNIT = 16 };
    struct input input = {data, size};
    size_t room = take_byte(&input) * (size_t)UNIT, got = 0;
    struct lt_str in = take_rest(&input);
    struct lt_err err = {0};
    unsigned char *first = malloc(room + 1), *second = malloc(room + 1);
    long length = lt_lzo_unpack(in, first, room);
    PROMISE(length >= -1 && length <= (long)room);
    PROMISE(length == lt_lzo_unpack(in, second, room));
    PROMISE(length <= 0 || memcmp(first, second, (size_t)length) == 0);
    enum lt_status status = lt_btrfs_unpack_lzo(in, SECTOR, first, room, &got, &err);
    PROMISE(got <= room && (status == LT_OK || (status == LT_SKIP && err.set)));
    free(first);
    free(second);
    return 0;
}
