// SPDX-License-Identifier: Apache-2.0
/* qcow2 (QEMU 7.2, docs/interop/qcow2.txt, and block/qcow2-cluster.c for what is read where entries lie; numbers are
 * big-endian). A table of level 1 names those of level 2, which name clusters. Reference counts tell what is free, so
 * they are of no use here. */
#include "base/clock.h"
#include "base/packing.h"
#include "evidence/packed/format.h"
#include "evidence/packed/qcow2_header.h"

#include <stdlib.h>

#define OFFSET_BITS 0x00fffffffffffe00 /* of an entry; the others are flags, or reserved */

enum { CACHE = 4 << 20, LEAST_SLOTS = 2, MOST_SLOTS = 64, MOST_TOLD = 20 };

/* A cluster that was unpacked. */
struct slot {
    uint64_t entry; /* of the table of level 2; 0: none */
    unsigned char *bytes;
};

struct qcow2 {
    struct lt_qcow2_header header;
    uint64_t cluster;    /* bytes */
    unsigned entry_size; /* of the table of level 2: 8, or 16 with subclusters */
    unsigned entry_bits; /* log2 of how many entries such a table has */
    struct slot slots[MOST_SLOTS];
    size_t slot_count;
    unsigned char *packed; /* owned; room for what a packed cluster may take */
    const struct lt_packing *packing;
    struct lt_unpacker *unpacker;
};

static bool knows(const struct lt_device *device)
{
    static const char magic[] = "QFI\xfb";
    char bytes[8];
    return device->size >= sizeof bytes && lt_device_read(device, 0, bytes, sizeof bytes) &&
           memcmp(bytes, magic, sizeof magic - 1) == 0 && memcmp(bytes + 4, "\0\0\0\1", 4) != 0;
}

/* --- the header --------------------------------------------------------------------------------------------------- */

static enum lt_status take_names(struct lt_packed_file *file, const struct qcow2 *self, struct lt_arena *arena,
                                 struct lt_err *err)
{
    if (self->header.has_backing)
        lt_list_add_str(&file->below_names, arena, self->header.backing);
    file->below_format = self->header.backing_format;
    file->data_name = self->header.data;
    if (self->header.has_data && !self->header.data.len)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "its data lie in another file, which it does not name");
    if (!self->header.has_data)
        file->data_name = LT_STR("");
    return LT_OK;
}

static enum lt_status look(struct lt_packed_file *file, struct lt_arena *arena, struct lt_err *err)
{
    struct qcow2 *self = lt_new(arena, struct qcow2);
    uint64_t size = file->device.size < LT_PACKED_HEADER ? file->device.size : LT_PACKED_HEADER;
    unsigned char *bytes = lt_realloc(NULL, LT_PACKED_HEADER);
    struct lt_cursor cursor = {.ptr = bytes, .len = lt_device_read_some(&file->device, 0, bytes, (size_t)size)};
    enum lt_status status = lt_qcow2_header(&cursor, arena, &self->header, err);
    free(bytes);
    if (status != LT_OK)
        return status;
    self->packing = self->header.zstd ? &lt_zstd : &lt_deflated;
    if (!self->packing->begin)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                       "it is compressed with zstd, which this build does not read");
    uint64_t table = self->header.count * 8;
    if (self->header.size && (self->header.l1 > file->device.size || table > file->device.size - self->header.l1))
        return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "its table lies behind the end of the file");
    self->cluster = (uint64_t)1 << self->header.cluster_bits;
    self->entry_size = self->header.extended ? 16 : 8;
    self->entry_bits = self->header.cluster_bits - (self->header.extended ? 4 : 3);
    self->slot_count = (size_t)(CACHE / self->cluster);
    self->slot_count = self->slot_count < MOST_SLOTS ? self->slot_count : MOST_SLOTS;
    file->self = self;
    file->size = self->header.size;
    file->unit = self->cluster;
    return take_names(file, self, arena, err);
}

/* False: it cannot be read. */
static bool tell_snapshot(struct lt_packed_file *file, uint64_t *at, struct lt_evidence *evidence)
{
    struct lt_qcow2_snapshot snapshot;
    struct lt_buf time = {0};
    if (!lt_qcow2_snapshot(&file->table, at, &snapshot))
        return false;
    lt_time_iso(&time, lt_time_at(snapshot.seconds, 0), 0);
    lt_evidence_remark(evidence,
                       "the image holds an internal snapshot, which is not read: id '%s', name '%s', made %.*sZ",
                       snapshot.id, snapshot.name, LT_ARG(time));
    lt_buf_free(&time);
    return true;
}

static void tell_snapshots(struct lt_packed_file *file, struct lt_evidence *evidence)
{
    const struct qcow2 *self = file->self;
    uint64_t at = self->header.snapshots;
    uint32_t count = self->header.snapshot_count, told = 0;
    while (told < count && told < MOST_TOLD && tell_snapshot(file, &at, evidence))
        told++;
    if (told < count)
        lt_evidence_remark(evidence, "the image holds %u internal snapshots, of which %u are named here", count, told);
}

static void tell(struct lt_packed_file *file, struct lt_evidence *evidence)
{
    const struct qcow2 *self = file->self;
    struct lt_err note = {0};
    if (self->header.corrupt) {
        lt_fail(&note, LT_SKIP, LT_CODE_DAMAGED, 0, "the qcow2 image is marked as corrupt: its tables may be wrong");
        lt_evidence_note(evidence, &note);
    }
    if (self->header.dirty)
        lt_evidence_remark(evidence, "the qcow2 image was not closed (dirty): its reference counts, which are not read "
                                     "here, may be wrong");
    tell_snapshots(file, evidence);
}

/* --- packed clusters ---------------------------------------------------------------------------------------------- */

/* Unpack a whole cluster. What follows it in `in` is another's. */
static bool unpack(struct qcow2 *self, struct lt_str in, char *out)
{
    size_t done = 0, got = 1;
    if (!self->unpacker)
        self->unpacker = self->packing->begin();
    enum lt_status status = LT_OK;
    while (status == LT_OK && done < self->cluster && (in.len || got)) {
        status = self->packing->unpack(self->unpacker, &in, out + done, (size_t)self->cluster - done, &got, NULL);
        done += got;
        if (!self->unpacker->inside)
            break;
    }
    if (self->unpacker->inside) { /* the next cluster must begin anew */
        self->packing->end(self->unpacker);
        self->unpacker = NULL;
    }
    return done == self->cluster;
}

/* Where the bytes of a packed cluster lie: an offset in bytes, and a number of sectors behind the one that it is in. */
static struct lt_str read_packed(struct lt_packed_file *file, uint64_t entry)
{
    struct qcow2 *self = file->self;
    unsigned bits = 62 - (self->header.cluster_bits - 8);
    uint64_t at = entry & (((uint64_t)1 << bits) - 1);
    uint64_t more = (entry & (((uint64_t)1 << 62) - 1)) >> bits;
    uint64_t size = (more + 1) * LT_SECTOR - at % LT_SECTOR;
    uint64_t left = at < file->device.size ? file->device.size - at : 0;
    if (!self->packed)
        self->packed = lt_realloc(NULL, (size_t)self->cluster * 2 + LT_SECTOR);
    size_t got = lt_device_read_some(&file->device, at, self->packed, (size_t)(size < left ? size : left));
    return (struct lt_str){(const char *)self->packed, got};
}

static const unsigned char *unpacked(struct lt_packed_file *file, uint64_t entry, uint64_t cluster)
{
    struct qcow2 *self = file->self;
    struct slot *slot = &self->slots[cluster % self->slot_count];
    if (slot->entry == entry)
        return slot->bytes;
    if (!slot->bytes)
        slot->bytes = lt_pages((size_t)self->cluster);
    slot->entry = 0;
    if (file->data != &file->device || !unpack(self, read_packed(file, entry), (char *)slot->bytes))
        return NULL;
    slot->entry = entry;
    return slot->bytes;
}

/* --- where pieces of the disk lie --------------------------------------------------------------------------------- */

struct entry {
    uint64_t bits, subclusters;
};

/* The cluster at `host`, or a subcluster of it, from `inside` on. */
static bool stored(const struct qcow2 *self, uint64_t host, uint64_t inside, struct lt_packed_run *run)
{
    run->source = LT_PACKED_STORED;
    run->at = host + inside;
    return host % self->cluster == 0;
}

/* Each of the 32 subclusters of a cluster has two bits: is it stored, and does it read as zeros? */
static bool map_subcluster(const struct lt_packed_file *file, const struct entry *entry, uint64_t inside,
                           struct lt_packed_run *run)
{
    enum { SUBCLUSTERS = 32 };
    const struct qcow2 *self = file->self;
    uint64_t unit = self->cluster / SUBCLUSTERS, number = inside / unit, host = entry->bits & OFFSET_BITS;
    bool is_stored = entry->subclusters >> number & 1, zeros = entry->subclusters >> (number + SUBCLUSTERS) & 1;
    run->length = unit - inside % unit;
    run->source = zeros ? LT_PACKED_ZERO : LT_PACKED_BELOW;
    if (is_stored && (zeros || (!host && file->data == &file->device)))
        return false;
    return !is_stored || stored(self, host, inside, run);
}

/* Only where the data lie in a file of their own a cluster may be its first one, which a flag tells. */
static bool map_cluster(const struct lt_packed_file *file, const struct entry *entry, uint64_t inside,
                        struct lt_packed_run *run)
{
    const struct qcow2 *self = file->self;
    bool zeros = entry->bits & 1, first = file->data != &file->device && entry->bits >> 63;
    uint64_t host = entry->bits & OFFSET_BITS;
    run->length = self->cluster - inside;
    run->source = zeros ? LT_PACKED_ZERO : LT_PACKED_BELOW;
    if (zeros)
        return self->header.version > 2;
    return (!host && !first) || stored(self, host, inside, run);
}

static bool read_entry(struct lt_packed_file *file, uint64_t l2, uint64_t cluster, struct entry *out)
{
    const struct qcow2 *self = file->self;
    uint64_t at = l2 + (cluster & (((uint64_t)1 << self->entry_bits) - 1)) * self->entry_size;
    out->subclusters = 0;
    return lt_packed_be(&file->table, at, 8, &out->bits) &&
           (self->entry_size == 8 || lt_packed_be(&file->table, at + 8, 8, &out->subclusters));
}

/* The piece that `offset` is in: a cluster or subcluster, or all that a missing table would tell of. */
static bool map_piece(struct lt_packed_file *file, uint64_t offset, struct lt_packed_run *run)
{
    const struct qcow2 *self = file->self;
    uint64_t cluster = offset / self->cluster, inside = offset % self->cluster, l2;
    struct entry entry;
    if (!lt_packed_be(&file->table, self->header.l1 + (cluster >> self->entry_bits) * 8, 8, &l2))
        return false;
    l2 &= OFFSET_BITS;
    if (!l2) {
        uint64_t covered = self->cluster << self->entry_bits;
        *run = (struct lt_packed_run){.source = LT_PACKED_BELOW, .length = covered - offset % covered};
        return true;
    }
    if (l2 % self->cluster || !read_entry(file, l2, cluster, &entry))
        return false;
    if (entry.bits >> 62 & 1) {
        const unsigned char *bytes = unpacked(file, entry.bits, cluster);
        *run = (struct lt_packed_run){
            .source = LT_PACKED_MEMORY, .length = self->cluster - inside, .memory = bytes ? bytes + inside : NULL};
        return bytes;
    }
    return self->header.extended ? map_subcluster(file, &entry, inside, run) : map_cluster(file, &entry, inside, run);
}

static bool goes_on(const struct lt_packed_run *run, const struct lt_packed_run *next)
{
    return run->source == next->source && run->source != LT_PACKED_MEMORY &&
           (run->source != LT_PACKED_STORED || run->at + run->length == next->at);
}

static bool map(struct lt_packed_file *file, uint64_t offset, uint64_t most, struct lt_packed_run *run)
{
    struct lt_packed_run next = {0};
    *run = (struct lt_packed_run){0};
    if (!map_piece(file, offset, run))
        return false;
    while (run->length < most && run->source != LT_PACKED_MEMORY && map_piece(file, offset + run->length, &next) &&
           goes_on(run, &next))
        run->length += next.length;
    if (run->length > most)
        run->length = most;
    return true;
}

static void close_qcow2(struct lt_packed_file *file)
{
    struct qcow2 *self = file->self;
    if (!self)
        return;
    for (size_t i = 0; i < MOST_SLOTS; i++)
        free(self->slots[i].bytes);
    free(self->packed);
    if (self->unpacker)
        self->packing->end(self->unpacker);
}

const struct lt_packed_format lt_packed_qcow2 = {
    .name = "qcow2",
    .type = "QCOW",
    .knows = knows,
    .look = look,
    .tell = tell,
    .map = map,
    .close = close_qcow2,
};
