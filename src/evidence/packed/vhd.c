// SPDX-License-Identifier: Apache-2.0
/* VHD (Microsoft, Virtual Hard Disk Image Format Specification 1.0). A footer ends the file, of which a copy begins it
 * unless it is fixed; a table says where the blocks of the disk lie. Before each block a bitmap tells which of its
 * sectors were written. Only a differencing image needs that: in a dynamic one the others are zeros.
 *
 * The size of the disk is the one that the footer gives in bytes, as Hyper-V and libvhdi 20210425 take it. QEMU 7.2
 * takes that of the geometry for what Virtual PC made, which is less. */
#include "evidence/identity.h"
#include "evidence/packed/format.h"
#include "evidence/packed/vhd_header.h"

enum { MOST_BLOCK = 1 << 28, UNUSED = -1 };

struct vhd {
    struct lt_vhd_footer footer;
    struct lt_vhd_header header;
    uint64_t bitmap; /* bytes before each block */
};

static bool read_footer(const struct lt_device *device, uint64_t at, struct lt_vhd_footer *out)
{
    unsigned char bytes[LT_VHD_FOOTER];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    return lt_device_read(device, at, bytes, sizeof bytes) && lt_vhd_footer(&cursor, out);
}

/* The footer, or its copy where that is damaged or was cut off. */
static bool find_footer(const struct lt_device *device, struct lt_vhd_footer *out)
{
    struct lt_vhd_footer copy;
    if (device->size < LT_VHD_FOOTER)
        return false;
    bool last = read_footer(device, device->size - LT_VHD_FOOTER, out);
    if (last && out->sound)
        return true;
    bool first = read_footer(device, 0, &copy);
    if (first && (copy.sound || !last))
        *out = copy;
    return first || last;
}

static bool knows(const struct lt_device *device)
{
    struct lt_vhd_footer footer;
    return find_footer(device, &footer);
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

static enum lt_status look_fixed(struct lt_packed_file *file, struct lt_err *err)
{
    if (file->size <= file->device.size)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a disk of %ju bytes does not fit a file of %ju",
                   (uintmax_t)file->size, (uintmax_t)file->device.size);
}

static enum lt_status look_blocks(struct lt_packed_file *file, struct lt_arena *arena, struct lt_err *err)
{
    struct vhd *self = file->self;
    struct lt_vhd_header *header = &self->header;
    unsigned char bytes[LT_VHD_HEADER];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    if (!lt_device_read(&file->device, self->footer.header, bytes, sizeof bytes) || !lt_vhd_header(&cursor, header))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "its header is not at offset %ju",
                       (uintmax_t)self->footer.header);
    if (!header->block || header->block % LT_SECTOR || header->block > MOST_BLOCK ||
        file->size > header->count * header->block)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a disk of %ju bytes does not fit its %ju blocks of %ju bytes",
                       (uintmax_t)file->size, (uintmax_t)header->count, (uintmax_t)header->block);
    if (header->table > file->device.size)
        return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "its table lies behind the end of the file");
    uint64_t bits = header->block / LT_SECTOR;
    self->bitmap = ((bits + 7) / 8 + LT_SECTOR - 1) / LT_SECTOR * LT_SECTOR;
    if (self->footer.type == LT_VHD_DIFFERENCE)
        lt_vhd_parents(&cursor, &file->device, arena, &file->below_names);
    if (self->footer.type == LT_VHD_DIFFERENCE && !file->below_names.count)
        lt_list_add_str(&file->below_names, arena, LT_STR(""));
    return LT_OK;
}

static enum lt_status look(struct lt_packed_file *file, struct lt_arena *arena, struct lt_err *err)
{
    struct vhd *self = lt_new(arena, struct vhd);
    file->self = self;
    if (!find_footer(&file->device, &self->footer))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "its footer cannot be read");
    file->size = self->footer.size;
    file->below_format = LT_STR("vpc");
    if (file->size > INT64_MAX)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a disk of %ju bytes cannot be", (uintmax_t)file->size);
    switch (self->footer.type) {
    case LT_VHD_FIXED:
        return look_fixed(file, err);
    case LT_VHD_DYNAMIC:
    case LT_VHD_DIFFERENCE:
        return look_blocks(file, arena, err);
    default:
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "images of type %u are not known", self->footer.type);
    }
}

/* The parent is the one with the UUID that the header names: another state of the disk would give wrong files. */
static enum lt_status fits(const struct lt_packed_file *file, const struct lt_packed_file *below, struct lt_err *err)
{
    const struct vhd *self = file->self, *parent = below->self;
    if (memcmp(self->header.parent, parent->footer.uuid, sizeof self->header.parent) == 0)
        return LT_OK;
    struct lt_arena scratch = {0};
    lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "has the UUID %.*s, and not that of its parent, %.*s",
            LT_ARG(lt_uuid_text(&scratch, parent->footer.uuid)), LT_ARG(lt_uuid_text(&scratch, self->header.parent)));
    lt_arena_free(&scratch);
    return LT_SKIP;
}

static void tell(struct lt_packed_file *file, struct lt_evidence *evidence)
{
    const struct vhd *self = file->self;
    struct lt_err note = {0};
    if (self->footer.sound && (self->footer.type == LT_VHD_FIXED || self->header.sound))
        return;
    lt_fail(&note, LT_SKIP, LT_CODE_DAMAGED, 0,
            "the %s of the VHD image has a wrong checksum, and is used all the same",
            self->footer.sound ? "header" : "footer");
    lt_evidence_note(evidence, &note);
}

/* --- where pieces of the disk lie --------------------------------------------------------------------------------- */

/* Sectors from `offset` of a block on that were written, or that were not: what the first one of them is. */
static bool map_sectors(struct lt_packed_file *file, uint64_t bitmap, uint64_t inside, uint64_t most,
                        struct lt_packed_run *run)
{
    uint64_t sector = inside / LT_SECTOR, end = (inside + most + LT_SECTOR - 1) / LT_SECTOR, byte, first;
    if (!lt_packed_be(&file->table, bitmap + sector / 8, 1, &byte))
        return false;
    first = byte >> (7 - sector % 8) & 1;
    while (++sector < end)
        if (!lt_packed_be(&file->table, bitmap + sector / 8, 1, &byte) || (byte >> (7 - sector % 8) & 1) != first)
            break;
    run->length = sector * LT_SECTOR - inside;
    run->source = first ? LT_PACKED_STORED : LT_PACKED_BELOW;
    return true;
}

static bool map(struct lt_packed_file *file, uint64_t offset, uint64_t most, struct lt_packed_run *run)
{
    const struct vhd *self = file->self;
    *run = (struct lt_packed_run){.source = LT_PACKED_STORED, .length = most, .at = offset};
    if (self->footer.type == LT_VHD_FIXED)
        return true;
    uint64_t block = offset / self->header.block, inside = offset % self->header.block, sector;
    if (!lt_packed_be(&file->table, self->header.table + block * 4, 4, &sector))
        return false;
    uint64_t left = self->header.block - inside;
    run->length = most < left ? most : left;
    run->at = sector * LT_SECTOR + self->bitmap + inside;
    if (sector == (uint32_t)UNUSED)
        run->source = LT_PACKED_BELOW;
    else if (self->footer.type == LT_VHD_DIFFERENCE)
        return map_sectors(file, sector * LT_SECTOR, inside, run->length, run);
    return true;
}

const struct lt_packed_format lt_packed_vhd = {
    .name = "vpc",
    .type = "VHDI",
    .knows = knows,
    .look = look,
    .fits = fits,
    .tell = tell,
    .map = map,
};
