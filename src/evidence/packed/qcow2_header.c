// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/qcow2_header.h"

#include "base/arena.h"

enum {
    BACKING_AT = 8,
    BACKING_SIZE = 16,
    CLUSTER_BITS = 20,
    DISK_SIZE = 24,
    CRYPT = 32,
    L1_COUNT = 36,
    L1_AT = 40,
    SNAPSHOT_COUNT = 60,
    SNAPSHOTS_AT = 64,
    HEADER_2 = 72, /* bytes of the header of version 2; what follows is of version 3 */
    INCOMPATIBLE = 72,
    HEADER_LENGTH = 100,
    HEADER_3 = 104,
    COMPRESSION = 104,
};
enum { DIRTY = 1, CORRUPT = 2, DATA_FILE = 4, COMPRESSION_TYPE = 8, EXTENDED_L2 = 16, KNOWN = 31 };
enum { LEAST_BITS = 9, LEAST_EXTENDED_BITS = 14, MOST_BITS = 21, MOST_NAME = 1023 };

#define fail(err, code, ...) lt_fail((err), LT_SKIP, (code), 0, __VA_ARGS__)

static struct lt_str text_at(struct lt_cursor *bytes, struct lt_arena *arena, uint64_t at, uint64_t size)
{
    if (at > bytes->len || size > bytes->len - at) {
        bytes->bad = true;
        return LT_STR("");
    }
    return lt_str_dup(arena, (struct lt_str){(const char *)bytes->ptr + at, (size_t)size});
}

/* --- what follows the header -------------------------------------------------------------------------------------- */

struct extension {
    uint32_t type;
    uint64_t at, size; /* of what it holds */
};

/* The one at `*at`, which becomes that of the next one. False: there are no more. */
static bool next_extension(struct lt_cursor *bytes, uint64_t *at, struct extension *out)
{
    if (*at + 8 > bytes->len)
        return false;
    *out = (struct extension){
        .type = (uint32_t)lt_cursor_be(bytes, *at, 4), .at = *at + 8, .size = lt_cursor_be(bytes, *at + 4, 4)};
    *at = out->at + (out->size + 7) / 8 * 8;
    return out->type && out->size <= bytes->len - out->at;
}

/* What an image calls a feature; "" if it does not say. Each entry of the table has a kind (0: incompatible), a bit,
 * and a name of 46 bytes. */
static struct lt_str feature_name(struct lt_cursor *bytes, const struct extension *names, unsigned bit)
{
    enum { ENTRY = 48, NAME = 2 };
    for (uint64_t i = 0; i + ENTRY <= names->size; i += ENTRY) {
        const char *entry = (const char *)bytes->ptr + names->at + i;
        if (entry[0] == 0 && (unsigned char)entry[1] == bit)
            return (struct lt_str){entry + NAME, strnlen(entry + NAME, ENTRY - NAME)};
    }
    return LT_STR("");
}

static enum lt_status refuse_features(struct lt_cursor *bytes, const struct extension *names, uint64_t features,
                                      struct lt_err *err)
{
    struct lt_buf text = {0};
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(features >> bit & 1))
            continue;
        struct lt_str name = feature_name(bytes, names, bit);
        lt_buf_printf(&text, "%s'%.*s' (bit %u)", text.len ? ", " : "", LT_ARG(name), bit);
    }
    fail(err, LT_CODE_UNSUPPORTED, "it has incompatible features that are not known: %.*s", LT_ARG(text));
    lt_buf_free(&text);
    return LT_SKIP;
}

/* Format of the backing file, name of the file for data, names of features. */
static enum lt_status read_extensions(struct lt_cursor *bytes, struct lt_arena *arena, uint64_t features,
                                      struct lt_qcow2_header *out, struct lt_err *err)
{
    static const uint32_t backing_format = 0xe2792aca, feature_names = 0x6803f857, data_name = 0x44415441;
    uint64_t at = out->version == 2 ? HEADER_2 : lt_cursor_be(bytes, HEADER_LENGTH, 4);
    struct extension extension, names = {0};
    while (next_extension(bytes, &at, &extension)) {
        if (extension.type == backing_format)
            out->backing_format = text_at(bytes, arena, extension.at, extension.size);
        if (extension.type == data_name)
            out->data = text_at(bytes, arena, extension.at, extension.size);
        if (extension.type == feature_names)
            names = extension;
    }
    return features & ~(uint64_t)KNOWN ? refuse_features(bytes, &names, features & ~(uint64_t)KNOWN, err) : LT_OK;
}

/* --- the header --------------------------------------------------------------------------------------------------- */

/* How the disk is divided. */
static enum lt_status read_sizes(struct lt_cursor *bytes, struct lt_qcow2_header *out, struct lt_err *err)
{
    out->cluster_bits = (unsigned)lt_cursor_be(bytes, CLUSTER_BITS, 4);
    out->size = lt_cursor_be(bytes, DISK_SIZE, 8);
    out->count = lt_cursor_be(bytes, L1_COUNT, 4);
    out->l1 = lt_cursor_be(bytes, L1_AT, 8);
    out->snapshot_count = (uint32_t)lt_cursor_be(bytes, SNAPSHOT_COUNT, 4);
    out->snapshots = lt_cursor_be(bytes, SNAPSHOTS_AT, 8);
    if (out->cluster_bits < LEAST_BITS || out->cluster_bits > MOST_BITS)
        return fail(err, LT_CODE_DAMAGED, "its clusters have 2^%u bytes", out->cluster_bits);
    if (out->extended && out->cluster_bits < LEAST_EXTENDED_BITS)
        return fail(err, LT_CODE_DAMAGED, "clusters of 2^%u bytes have no subclusters", out->cluster_bits);
    unsigned entry = out->extended ? 4 : 3, covers = 2 * out->cluster_bits - entry;
    uint64_t needed = (out->size >> covers) + (out->size & (((uint64_t)1 << covers) - 1) ? 1 : 0);
    if (out->size > INT64_MAX || out->count < needed)
        return fail(err, LT_CODE_DAMAGED, "a disk of %ju bytes does not fit its table of %ju entries",
                    (uintmax_t)out->size, (uintmax_t)out->count);
    return LT_OK;
}

static enum lt_status read_features(struct lt_cursor *bytes, uint64_t *features, struct lt_qcow2_header *out,
                                    struct lt_err *err)
{
    uint64_t length = lt_cursor_be(bytes, HEADER_LENGTH, 4);
    *features = lt_cursor_be(bytes, INCOMPATIBLE, 8);
    uint64_t compression = length > COMPRESSION ? lt_cursor_be(bytes, COMPRESSION, 1) : 0;
    if (length < HEADER_3)
        return fail(err, LT_CODE_DAMAGED, "its header of %ju bytes is too short", (uintmax_t)length);
    if (compression > 1)
        return fail(err, LT_CODE_UNSUPPORTED, "its clusters are compressed in a way that is not known (%ju)",
                    (uintmax_t)compression);
    out->dirty = *features & DIRTY;
    out->corrupt = *features & CORRUPT;
    out->has_data = *features & DATA_FILE;
    out->extended = *features & EXTENDED_L2;
    out->zstd = compression == 1;
    return LT_OK;
}

static enum lt_status read_backing(struct lt_cursor *bytes, struct lt_arena *arena, struct lt_qcow2_header *out,
                                   struct lt_err *err)
{
    uint64_t at = lt_cursor_be(bytes, BACKING_AT, 8), size = lt_cursor_be(bytes, BACKING_SIZE, 4);
    if (!at || !size)
        return LT_OK;
    out->has_backing = true;
    if (size <= MOST_NAME)
        out->backing = text_at(bytes, arena, at, size);
    return bytes->bad || size > MOST_NAME
               ? fail(err, LT_CODE_DAMAGED, "the name of its backing file lies outside of its header")
               : LT_OK;
}

static enum lt_status refuse_crypt(uint64_t method, struct lt_err *err)
{
    static const char *const methods[] = {"", "AES", "LUKS"};
    if (!method)
        return LT_OK;
    if (method < sizeof methods / sizeof *methods)
        return fail(err, LT_CODE_UNSUPPORTED, "it is encrypted with %s", methods[method]);
    return fail(err, LT_CODE_UNSUPPORTED, "it is encrypted with a method that is not known (%ju)", (uintmax_t)method);
}

enum lt_status lt_qcow2_header(struct lt_cursor *bytes, struct lt_arena *arena, struct lt_qcow2_header *out,
                               struct lt_err *err)
{
    uint64_t features = 0;
    *out = (struct lt_qcow2_header){.version = (uint32_t)lt_cursor_be(bytes, 4, 4)};
    if (out->version != 2 && out->version != 3)
        return fail(err, LT_CODE_UNSUPPORTED, "version %u of the format is not known", out->version);
    if (bytes->len < (out->version == 3 ? HEADER_3 : HEADER_2))
        return fail(err, LT_CODE_TRUNCATED, "its header is cut off");
    enum lt_status status = out->version == 3 ? read_features(bytes, &features, out, err) : LT_OK;
    if (status == LT_OK)
        status = read_extensions(bytes, arena, features, out, err);
    if (status == LT_OK)
        status = refuse_crypt(lt_cursor_be(bytes, CRYPT, 4), err);
    if (status == LT_OK)
        status = read_sizes(bytes, out, err);
    return status == LT_OK ? read_backing(bytes, arena, out, err) : status;
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

static void copy_text(struct lt_packed_table *table, uint64_t at, uint64_t size, char *out, size_t room)
{
    uint64_t byte;
    size_t length = size < room - 1 ? (size_t)size : room - 1, i = 0;
    while (i < length && lt_packed_be(table, at + i, 1, &byte))
        out[i++] = (char)byte;
    out[i] = 0;
}

bool lt_qcow2_snapshot(struct lt_packed_table *table, uint64_t *at, struct lt_qcow2_snapshot *out)
{
    enum { ID_SIZE = 12, NAME_SIZE = 14, SECONDS = 16, EXTRA_SIZE = 36, ENTRY = 40 };
    uint64_t id, name, seconds, extra;
    *out = (struct lt_qcow2_snapshot){0};
    if (*at > table->device->size || !lt_packed_be(table, *at + ID_SIZE, 2, &id) ||
        !lt_packed_be(table, *at + NAME_SIZE, 2, &name) || !lt_packed_be(table, *at + SECONDS, 4, &seconds) ||
        !lt_packed_be(table, *at + EXTRA_SIZE, 4, &extra))
        return false;
    uint64_t texts = *at + ENTRY + extra;
    copy_text(table, texts, id, out->id, sizeof out->id);
    copy_text(table, texts + id, name, out->name, sizeof out->name);
    out->seconds = (uint32_t)seconds;
    *at = (texts + id + name + 7) / 8 * 8;
    return true;
}
