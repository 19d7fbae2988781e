// SPDX-License-Identifier: Apache-2.0
/* VDI (QEMU 7.2, block/vdi.c; VirtualBox 7.0, src/VBox/Storage/VDICore.h; numbers are little-endian). A map tells of
 * each block of the disk which block of the file holds it. */
#include "base/cursor.h"
#include "evidence/identity.h"
#include "evidence/packed/format.h"

enum {
    MAGIC_AT = 64,
    VERSION = 68,
    TYPE = 76,
    MAP_AT = 340,
    DATA_AT = 344,
    DISK_SIZE = 368,
    BLOCK_SIZE = 376,
    BLOCK_EXTRA = 380, /* bytes before the data of each block */
    BLOCK_COUNT = 384,
    PARENT_UUID = 440,
    HEADER = 512,
};
enum { VERSION_1_1 = 0x00010001, DYNAMIC = 1, STATIC = 2, UNDO = 3, DIFFERENCE = 4, MOST_BLOCK = 1 << 28 };

struct vdi {
    uint64_t map_at, data_at, block, extra;
};

static bool knows(const struct lt_device *device)
{
    static const char magic[] = "\x7f\x10\xda\xbe";
    char bytes[sizeof magic - 1];
    return device->size >= HEADER && lt_device_read(device, MAGIC_AT, bytes, sizeof bytes) &&
           memcmp(bytes, magic, sizeof bytes) == 0;
}

/* The parent is known by its UUID alone, and its name is kept by VirtualBox elsewhere. */
static enum lt_status check_type(struct lt_cursor *bytes, struct lt_arena *arena, struct lt_err *err)
{
    uint32_t version = lt_le32(bytes, VERSION), type = lt_le32(bytes, TYPE);
    if (version != VERSION_1_1)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "version %u.%u of the format is not known", version >> 16,
                       version & 0xffff);
    if (type == DIFFERENCE || type == UNDO)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                       "it is a differencing image, which is not read, of the disk with the UUID %.*s",
                       LT_ARG(lt_guid_text(arena, bytes->ptr + PARENT_UUID)));
    if (type != DYNAMIC && type != STATIC)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "images of type %u are not known", type);
    return LT_OK;
}

static enum lt_status look(struct lt_packed_file *file, struct lt_arena *arena, struct lt_err *err)
{
    unsigned char header[HEADER];
    struct lt_cursor bytes = {.ptr = header, .len = sizeof header};
    struct vdi *self = lt_new(arena, struct vdi);
    if (!lt_device_read(&file->device, 0, header, sizeof header))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "its header cannot be read");
    if (check_type(&bytes, arena, err) != LT_OK)
        return LT_SKIP;
    *self = (struct vdi){lt_le32(&bytes, MAP_AT), lt_le32(&bytes, DATA_AT), lt_le32(&bytes, BLOCK_SIZE),
                         lt_le32(&bytes, BLOCK_EXTRA)};
    uint64_t count = lt_le32(&bytes, BLOCK_COUNT);
    file->size = lt_cursor_le(&bytes, DISK_SIZE, 8);
    if (!self->block || self->block % LT_SECTOR || self->block > MOST_BLOCK || self->extra > MOST_BLOCK ||
        file->size > count * self->block)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a disk of %ju bytes does not fit its %ju blocks of %ju bytes",
                       (uintmax_t)file->size, (uintmax_t)count, (uintmax_t)self->block);
    file->unit = self->block;
    file->self = self;
    return LT_OK;
}

static bool map_block(struct lt_packed_file *file, uint64_t offset, struct lt_packed_run *run)
{
    enum { DISCARDED = 2 }; /* so many of the highest numbers mean that a block has none */
    const struct vdi *self = file->self;
    uint64_t inside = offset % self->block, number;
    if (!lt_packed_le(&file->table, self->map_at + offset / self->block * 4, 4, &number))
        return false;
    bool none = number > UINT32_MAX - DISCARDED;
    *run = (struct lt_packed_run){
        .source = none ? LT_PACKED_ZERO : LT_PACKED_STORED,
        .length = self->block - inside,
        .at = self->data_at + (self->block + self->extra) * number + self->extra + inside,
    };
    return true;
}

static bool map(struct lt_packed_file *file, uint64_t offset, uint64_t most, struct lt_packed_run *run)
{
    struct lt_packed_run next;
    if (!map_block(file, offset, run))
        return false;
    while (run->length < most && map_block(file, offset + run->length, &next) && next.source == run->source &&
           (run->source == LT_PACKED_ZERO || next.at == run->at + run->length))
        run->length += next.length;
    return true;
}

/* dfVFS knows no VDI. */
const struct lt_packed_format lt_packed_vdi = {
    .name = "vdi",
    .type = "RAW",
    .knows = knows,
    .look = look,
    .map = map,
};
