// SPDX-License-Identifier: Apache-2.0
#include "base/packing.h"

static bool is_bzip2(struct lt_str head)
{
    return lt_str_starts(head, LT_STR("BZh")) && lt_str_starts(lt_str_skip(head, 4), LT_STR("1AY&SY"));
}

/* What no build reads, as file(1) 5.44 knows it. Of lzma, which has no magic, only files with the usual properties.
 * bzip2 is known by its header and that of its first block. */
static const struct lt_packing bzip2 = {.name = "bzip2", .is = is_bzip2},
                               lz4 = {.name = "lz4", .magic = {"\x04\x22\x4d\x18", 4}},
                               compress = {.name = "compress", .magic = {"\x1f\x9d", 2}},
                               lzma = {.name = "lzma", .magic = {"\x5d\0\0", 3}},
                               zip = {.name = "zip", .magic = {"PK\x03\x04", 4}},
                               seven_zip = {.name = "7z", .magic = {"7z\xbc\xaf\x27\x1c", 6}},
                               lzop = {.name = "lzop", .magic = {"\x89LZO\0", 5}};

static const struct lt_packing *const packings[] = {
    &lt_gzip, &lt_zstd, &lt_xz, &bzip2, &lz4, &compress, &lzma, &zip, &seven_zip, &lzop, NULL,
};

const struct lt_packing *lt_packing_of(struct lt_str head)
{
    const struct lt_packing *const *packing = packings;
    while (*packing && !((*packing)->is ? (*packing)->is(head) : lt_str_starts(head, (*packing)->magic)))
        packing++;
    return *packing;
}

const char *lt_packing_version(const struct lt_packing *packing)
{
    return packing->version ? packing->version() : NULL;
}
