// SPDX-License-Identifier: Apache-2.0
/* A partition table that lies. A partition that it names has a number that the kernel knows, and clean identifiers.
 *
 * Input: the size of the disk in KiB (2 bytes), log2 of the size of its sectors, where the partition begins (4 bytes,
 * in sectors), and the pieces of disk.h. */
#include "evidence/image/partition.h"

#include "disk.h"

enum { MOST_KIB = 4096, PARTUUID = 36, DOS_PARTUUID = 11, LABEL_UNITS = 36 };

static bool is_lower_hex(struct lt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '-' && (hex_value(text.ptr[i]) < 0 || (text.ptr[i] >= 'A' && text.ptr[i] <= 'F')))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t kib = 1 + take_number(&input, 2) % MOST_KIB;
    uint32_t sector_size = 1u << take_byte(&input) % 16;
    uint64_t start = take_number(&input, 4);
    struct disk disk = make_disk(&input, kib * 1024);
    struct lt_device device = device_of(&disk);
    struct lt_device partition = lt_device_slice(&device, start * sector_size, UINT64_MAX, LT_STR(""));
    partition.sector_size = sector_size;
    struct lt_arena arena = {0};
    struct lt_fs_identity identity = {0};
    const char *type;
    lt_partition_identify(&device, &partition, &arena, &identity, &type);
    uint64_t starts[LT_PARTITION_SLOTS];
    size_t length = identity.partuuid.len;
    PROMISE(lt_partition_starts(&device, starts) <= LT_PARTITION_SLOTS);
    PROMISE(lt_partition_table(&device) <= LT_PARTITION_GPT);
    PROMISE(identity.partition <= 255);
    PROMISE(identity.partition || (!length && !identity.partlabel.len));
    PROMISE(length == 0 || length == PARTUUID || length == DOS_PARTUUID);
    PROMISE(is_lower_hex(identity.partuuid) && identity.partlabel.len <= (size_t)LABEL_UNITS * 4);
    PROMISE(!identity.uuid.len && !identity.label.len);
    lt_arena_free(&arena);
    free_disk(&disk);
    return 0;
}
