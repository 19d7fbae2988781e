// SPDX-License-Identifier: Apache-2.0
#include "evidence/image/partition.h"

#include "base/cursor.h"
#include "evidence/identity.h"

enum {
    TABLE_SIZE = 512, /* bytes of a DOS table, also where sectors are larger */
    DISK_ID = 440,
    ENTRIES = 446,
    ENTRY = 16,
    FIRST_LOGICAL = 5,
    PROTECTIVE = 0xEE, /* type of the entry that stands for a GPT */
    MAX_LINKS = 100,   /* of extended partitions without a logical one; the kernel's limit */
    MAX_NUMBER = 255,  /* the kernel knows no more partitions (block/partitions/check.h, DISK_MAX_PARTS) */
    GPT_HEADER = 92,
    GPT_ENTRY = 128, /* the kernel takes no other size */
};

/* Types of GPT partitions (systemd 252, docs/DISCOVERABLE_PARTITIONS.md; the list of sfdisk 2.38). */
static const struct {
    const char *guid, *name;
} types[] = {
    {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI system"},
    {"21686148-6449-6e6f-744e-656564454649", "BIOS boot"},
    {"9e1a2d38-c612-4316-aa26-8b49521e5a8b", "PReP boot"},
    {"e3c9e316-0b5c-4db8-817d-f92df00215ae", "Microsoft reserved"},
    {"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Microsoft basic data"},
    {"0fc63daf-8483-4772-8e79-3d69d8477de4", "Linux file system"},
    {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "Linux root (x86-64)"},
    {"b921b045-1df0-41c3-af44-4c6f280d3fae", "Linux root (ARM-64)"},
    {"bc13c2ff-59e6-4262-a352-b275fd6f7172", "Linux extended boot"},
    {"4d21b016-b534-45c2-a9fb-5c16e091fd2d", "Linux /var"},
    {"933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux /home"},
    {"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap"},
    {"e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM"},
    {"a19d880f-05fc-4d3b-a006-743f0f84911e", "Linux RAID"},
    {"ca7d7ccb-63ed-4c53-861c-1742536059cc", "LUKS"},
};

/* What is looked for, and where. */
struct search {
    const struct lt_device *disk;
    uint32_t sector_size;
    uint64_t start; /* sector */
};

struct entry {
    unsigned type;
    uint64_t start, size; /* sectors */
};

static bool read_sector(const struct search *search, uint64_t sector, unsigned char *bytes, size_t size)
{
    return sector < search->disk->size / search->sector_size &&
           lt_device_read(search->disk, sector * search->sector_size, bytes, size);
}

/* --- DOS --------------------------------------------------------------------------------------------------------- */

static bool read_table(const struct search *search, uint64_t sector, unsigned char bytes[TABLE_SIZE])
{
    return read_sector(search, sector, bytes, TABLE_SIZE) && bytes[510] == 0x55 && bytes[511] == 0xAA;
}

static struct entry entry_of(const unsigned char table[TABLE_SIZE], unsigned slot)
{
    struct lt_cursor bytes = {.ptr = table + ENTRIES + (size_t)slot * ENTRY, .len = ENTRY};
    return (struct entry){bytes.ptr[4], lt_le32(&bytes, 8), lt_le32(&bytes, 12)};
}

static bool is_extended(const struct entry *entry)
{
    return entry->size && (entry->type == 0x05 || entry->type == 0x0F || entry->type == 0x85);
}

/* The third and fourth entry of an extended partition are sometimes garbage. `link` is that partition, `all` the first
 * of them. */
static bool is_garbage(const struct entry *entry, const struct entry *link, const struct entry *all)
{
    uint64_t start = link->start + entry->start;
    return entry->start + entry->size > link->size || start < all->start ||
           start + entry->size > all->start + all->size;
}

/* Look for the partition among the logical ones of one table. `*next` is the number of the first of them, and becomes
 * that of the one found, or of the first in the next table. */
static bool in_link(const struct search *search, const unsigned char table[TABLE_SIZE], const struct entry *link,
                    const struct entry *all, unsigned *next)
{
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS && *next <= MAX_NUMBER; slot++) {
        struct entry entry = entry_of(table, slot);
        if (!entry.size || is_extended(&entry) || (slot >= 2 && is_garbage(&entry, link, all)))
            continue;
        if (link->start + entry.start == search->start)
            return true;
        ++*next;
    }
    return false;
}

/* The next table begins behind the start of the first extended partition. */
static bool follow_link(const unsigned char table[TABLE_SIZE], const struct entry *all, struct entry *link)
{
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS; slot++) {
        struct entry entry = entry_of(table, slot);
        if (!is_extended(&entry))
            continue;
        *link = (struct entry){entry.type, all->start + entry.start, entry.size};
        return true;
    }
    return false;
}

static bool in_extended(const struct search *search, const struct entry *all, unsigned *next)
{
    unsigned char table[TABLE_SIZE];
    struct entry link = *all;
    for (unsigned links = 0; links < MAX_LINKS && *next <= MAX_NUMBER; links++) {
        unsigned first = *next;
        if (!read_table(search, link.start, table))
            return false;
        if (in_link(search, table, &link, all, next))
            return true;
        if (!follow_link(table, all, &link))
            return false;
        if (*next > first)
            links = 0;
    }
    return false;
}

/* 0: the table does not have it. */
static unsigned dos_number(const struct search *search, const unsigned char table[TABLE_SIZE])
{
    unsigned next = FIRST_LOGICAL;
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS; slot++) {
        struct entry entry = entry_of(table, slot);
        if (is_extended(&entry) && in_extended(search, &entry, &next))
            return next;
        if (entry.size && !is_extended(&entry) && entry.start == search->start)
            return slot + 1;
    }
    return 0;
}

static void identify_dos(const struct search *search, const unsigned char table[TABLE_SIZE], struct lt_arena *arena,
                         struct lt_fs_identity *out)
{
    struct lt_cursor bytes = {.ptr = table, .len = TABLE_SIZE};
    uint32_t disk = lt_le32(&bytes, DISK_ID);
    unsigned number = dos_number(search, table);
    if (!number)
        return;
    out->partition = number;
    if (disk) /* 0 would be the same on any disk, so blkid prints none */
        out->partuuid = lt_str_format(arena, "%08x-%02x", disk, number);
}

/* --- GPT --------------------------------------------------------------------------------------------------------- */

static bool is_unused(const unsigned char entry[GPT_ENTRY])
{
    static const unsigned char zeros[16] = {0};
    return memcmp(entry, zeros, sizeof zeros) == 0;
}

static const char *type_name(struct lt_str guid)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lt_str_eq(guid, lt_str_c(types[i].guid)))
            return types[i].name;
    return "";
}

static bool identify_gpt(const struct search *search, uint64_t sector, struct lt_arena *arena,
                         struct lt_fs_identity *out, const char **type)
{
    unsigned char bytes[GPT_HEADER], entry[GPT_ENTRY];
    if (!read_sector(search, sector, bytes, sizeof bytes) || memcmp(bytes, "EFI PART", 8) != 0)
        return false;
    struct lt_cursor header = {.ptr = bytes, .len = sizeof bytes}, fields = {.ptr = entry, .len = sizeof entry};
    uint64_t first = lt_cursor_le(&header, 72, 8);
    uint32_t count = lt_le32(&header, 80);
    if (lt_le32(&header, 84) != GPT_ENTRY || first >= search->disk->size / search->sector_size)
        return false;
    for (uint32_t i = 0; i < count && i < MAX_NUMBER; i++) {
        if (!lt_device_read(search->disk, first * search->sector_size + (uint64_t)i * GPT_ENTRY, entry, sizeof entry))
            return false;
        if (is_unused(entry) || lt_cursor_le(&fields, 32, 8) != search->start)
            continue;
        out->partition = i + 1;
        *type = type_name(lt_guid_text(arena, entry));
        out->partuuid = lt_guid_text(arena, entry + 16);
        out->partlabel = lt_utf16_text(arena, entry + 56, GPT_ENTRY - 56);
        return true;
    }
    return false;
}

/* --- both -------------------------------------------------------------------------------------------------------- */

static bool is_protective(const unsigned char table[TABLE_SIZE])
{
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS; slot++)
        if (entry_of(table, slot).type == PROTECTIVE)
            return true;
    return false;
}

/* A boot sector of a file system ends with the same two bytes, and holds code where entries would be. */
static bool is_dos(const struct lt_device *disk, const unsigned char table[TABLE_SIZE])
{
    bool inside = false;
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS; slot++) {
        struct entry entry = entry_of(table, slot);
        if (table[ENTRIES + slot * ENTRY] & 0x7F) /* the flag of the one to boot from, 0x80 or 0 */
            return false;
        inside |= entry.size && entry.start < disk->size / TABLE_SIZE;
    }
    return inside;
}

enum lt_partition_table lt_partition_table(const struct lt_device *disk)
{
    unsigned char table[TABLE_SIZE];
    const struct search search = {disk, TABLE_SIZE, 0};
    if (!read_table(&search, 0, table) || !is_dos(disk, table))
        return LT_PARTITION_NONE;
    return is_protective(table) ? LT_PARTITION_GPT : LT_PARTITION_DOS;
}

size_t lt_partition_starts(const struct lt_device *disk, uint64_t starts[LT_PARTITION_SLOTS])
{
    unsigned char table[TABLE_SIZE];
    const struct search search = {disk, TABLE_SIZE, 0};
    size_t count = 0;
    if (!read_table(&search, 0, table))
        return 0;
    for (unsigned slot = 0; slot < LT_PARTITION_SLOTS; slot++) {
        struct entry entry = entry_of(table, slot);
        if (entry.size && entry.start && !is_extended(&entry))
            starts[count++] = entry.start;
    }
    return count;
}

void lt_partition_identify(const struct lt_device *disk, const struct lt_device *partition, struct lt_arena *arena,
                           struct lt_fs_identity *out, const char **type)
{
    *type = "";
    uint32_t size = partition->sector_size;
    unsigned char table[TABLE_SIZE];
    if (size < TABLE_SIZE || disk->size < size)
        return;
    const struct search search = {disk, size, (partition->start - disk->start) / size};
    if (read_table(&search, 0, table) && !is_protective(table))
        identify_dos(&search, table, arena, out);
    else if (!identify_gpt(&search, 1, arena, out, type)) /* the copy at the end is for a damaged table at the start */
        identify_gpt(&search, disk->size / size - 1, arena, out, type);
}
