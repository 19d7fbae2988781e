// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/packed.h"

#include "evidence/packed/beside.h"
#include "evidence/packed/format.h"

#define PACKED(name) extern const struct lt_packed_format lt_packed_##name;
#include "evidence/packed/packed.def"
#undef PACKED

static const struct lt_packed_format *const formats[] = {
#define PACKED(name) &lt_packed_##name,
#include "evidence/packed/packed.def"
#undef PACKED
    NULL,
};

enum { MOST_FILES = 64 }; /* from the given one down to the last */

/* A file on the disk, however it is called. */
struct identity {
    dev_t dev;
    ino_t ino;
};

struct lt_packed_disk {
    struct lt_evidence *evidence;
    const char *spec; /* beside which the other files lie; NULL: nothing may be opened */
    struct lt_packed_file *files[MOST_FILES];
    struct identity identities[MOST_FILES];
    struct lt_device stored[MOST_FILES]; /* of each file the one for data beside it, if it has one */
    size_t count;
    struct lt_err problem; /* set: why the disk cannot be read */
};

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The last piece that a file stores may be cut off, and the rest of it is zeros. What lies behind that was lost. */
static ssize_t read_stored(const struct lt_packed_file *file, const struct lt_packed_run *run, char *buffer)
{
    size_t size = (size_t)run->length, got = lt_device_read_some(file->data, run->at, buffer, size);
    uint64_t at = run->at + got, stored = file->data->size, end = (stored + file->unit - 1) / file->unit * file->unit;
    if (got == size || at < stored || at >= end)
        return got ? (ssize_t)got : -1;
    size_t zeros = end - at < size - got ? (size_t)(end - at) : size - got;
    memset(buffer + got, 0, zeros);
    return (ssize_t)(got + zeros);
}

/* The disk below may be smaller. */
static ssize_t read_below(const struct lt_packed_file *file, uint64_t offset, void *buffer, size_t size)
{
    uint64_t left = offset < file->below.size ? file->below.size - offset : 0;
    if (file->lacks_below)
        return -1;
    if (!left) {
        memset(buffer, 0, size);
        return (ssize_t)size;
    }
    size_t got = lt_device_read_some(&file->below, offset, buffer, size < left ? size : (size_t)left);
    return got ? (ssize_t)got : -1;
}

/* See struct lt_device. It calls itself through `below`, at most MOST_FILES deep. */
static ssize_t read_file(void *arg, uint64_t offset, void *buffer, size_t size)
{
    struct lt_packed_file *file = arg;
    struct lt_packed_run run;
    if (!file->format->map(file, offset, size, &run))
        return -1;
    size_t length = run.length < size ? (size_t)run.length : size;
    run.length = length;
    switch (run.source) {
    case LT_PACKED_STORED:
        return read_stored(file, &run, buffer);
    case LT_PACKED_BELOW:
        return read_below(file, offset, buffer, length);
    case LT_PACKED_MEMORY:
        memcpy(buffer, run.memory, length);
        return (ssize_t)length;
    default:
        memset(buffer, 0, length);
        return (ssize_t)length;
    }
}

/* The disk that a file holds, whatever its format. */
static struct lt_device disk_of(struct lt_packed_file *file)
{
    struct lt_device disk = file->device;
    disk.close = NULL;
    if (!file->format)
        return disk;
    disk.read = read_file;
    disk.arg = file;
    disk.start = 0;
    disk.size = file->size;
    return disk;
}

/* --- from the image to the files below it ------------------------------------------------------------------------- */

static const struct lt_packed_format *format_of(const struct lt_device *device)
{
    size_t i = 0;
    while (formats[i] && !formats[i]->knows(device))
        i++;
    return formats[i];
}

/* What a file below is. An image that says it is raw must be believed: what its owner wrote at its start may look like
 * any header. */
static enum lt_status choose_format(const struct lt_packed_file *above, struct lt_packed_file *file, struct lt_err *err)
{
    file->format = format_of(&file->device);
    struct lt_str said = above->below_format;
    if (lt_str_eq(said, LT_STR("raw")))
        file->format = NULL;
    if (!said.len || lt_str_eq(said, LT_STR("raw")))
        return LT_OK;
    if (file->format && lt_str_eq(said, lt_str_c(file->format->name)))
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "is said to be of the format '%.*s', and is not, or that is not "
                   "read there",
                   LT_ARG(said));
}

static bool is_in_chain(const struct lt_packed_disk *disk, const struct identity *identity)
{
    for (size_t i = 0; i < disk->count; i++)
        if (disk->identities[i].dev == identity->dev && disk->identities[i].ino == identity->ino)
            return true;
    return false;
}

/* Take a file that is open into the chain, and decode its header. */
static enum lt_status add_file(struct lt_packed_disk *disk, struct lt_packed_file *file,
                               const struct identity *identity, struct lt_err *err)
{
    struct lt_arena *arena = &disk->evidence->arena;
    disk->identities[disk->count] = *identity;
    disk->files[disk->count++] = file;
    file->device.failed = NULL; /* who reads the disk counts */
    file->data = &file->device;
    file->table.device = &file->device;
    file->unit = 1;
    return file->format ? file->format->look(file, arena, err) : LT_OK;
}

/* Open what lies beside the image, as a file that the evidence consists of. */
static enum lt_status open_beside(struct lt_packed_disk *disk, struct lt_str name, const char *what,
                                  struct lt_beside *out, struct lt_err *err)
{
    struct lt_evidence *evidence = disk->evidence;
    struct lt_err why = {0};
    if (lt_beside_open(disk->spec, name, &evidence->arena, out, &why) != LT_OK)
        return lt_fail(err, LT_SKIP, why.code, 0, "%s '%.*s' %s", what, LT_ARG(name), why.text);
    lt_list_add_str(&evidence->files, &evidence->arena, out->path);
    if (out->moved)
        lt_evidence_remark(evidence, "%s '%.*s' is taken from beside the image", what, LT_ARG(name));
    return LT_OK;
}

static enum lt_status open_data(struct lt_packed_disk *disk, struct lt_packed_file *file, struct lt_err *err)
{
    struct lt_beside beside;
    if (!file->data_name.len)
        return LT_OK;
    if (open_beside(disk, file->data_name, "its data file", &beside, err) != LT_OK)
        return LT_SKIP;
    struct lt_device *stored = &disk->stored[disk->count - 1];
    *stored = beside.device;
    file->data = stored;
    return LT_OK;
}

/* The first of the names under which the file below may lie there; else the error of the first. */
static enum lt_status open_below(struct lt_packed_disk *disk, const struct lt_packed_file *file, struct lt_beside *out,
                                 struct lt_err *err)
{
    enum lt_status status = LT_SKIP;
    lt_each (const struct lt_str, name, &file->below_names)
        if (status != LT_OK)
            status = open_beside(disk, *name, "its backing file", out, err);
    if (status == LT_OK)
        lt_err_clear(err);
    return status;
}

/* Without what it leaves to another file, an image is less than the disk. What it has is read all the same. */
static void miss_below(struct lt_packed_disk *disk, struct lt_packed_file *file, const struct lt_err *why)
{
    struct lt_err note = {0};
    file->lacks_below = true;
    lt_fail(&note, LT_SKIP, LT_CODE_MISSING, 0, "%s: what the image leaves to it cannot be read", why->text);
    lt_evidence_note(disk->evidence, &note);
}

/* The file below `above`. LT_END: it has none that can be read, which was noted. */
static enum lt_status add_below(struct lt_packed_disk *disk, struct lt_packed_file *above, struct lt_packed_file **out,
                                struct lt_err *err)
{
    struct lt_arena *arena = &disk->evidence->arena;
    struct lt_packed_file *file = lt_new(arena, struct lt_packed_file);
    struct lt_beside beside;
    struct lt_err why = {0};
    if (open_below(disk, above, &beside, &why) != LT_OK) {
        miss_below(disk, above, &why);
        return LT_END;
    }
    struct identity identity = {beside.dev, beside.ino};
    file->device = beside.device;
    if (is_in_chain(disk, &identity))
        lt_fail(&why, LT_SKIP, LT_CODE_CYCLE, 0, "leads back to itself");
    else if (disk->count == MOST_FILES)
        lt_fail(&why, LT_SKIP, LT_CODE_TOO_LARGE, 0, "is below more than %d others", MOST_FILES);
    else if (choose_format(above, file, &why) == LT_OK && add_file(disk, file, &identity, &why) == LT_OK &&
             (!above->format->fits || above->format->fits(above, file, &why) == LT_OK))
        why.set = false;
    *out = file;
    if (!why.set)
        return LT_OK;
    if (!disk->count || disk->files[disk->count - 1] != file)
        lt_device_close(&file->device);
    return lt_fail(err, LT_SKIP, why.code, 0, "its backing file '%.*s' %s", LT_ARG(lt_str_basename(beside.path)),
                   why.text);
}

/* All files of the chain. */
static enum lt_status add_all(struct lt_packed_disk *disk, struct lt_packed_file *file, struct lt_err *err)
{
    enum lt_status status = open_data(disk, file, err);
    while (status == LT_OK && file->below_names.count) {
        struct lt_packed_file *below = NULL;
        status = add_below(disk, file, &below, err);
        if (status != LT_OK)
            return status == LT_END ? LT_OK : status;
        status = open_data(disk, below, err);
        file->below = disk_of(below);
        file = below;
    }
    return status;
}

struct lt_packed_disk *lt_packed_find(struct lt_evidence *evidence, const struct lt_device *file, bool beside)
{
    const struct lt_packed_format *format = format_of(file);
    if (!format)
        return NULL;
    struct lt_packed_disk *disk = lt_new(&evidence->arena, struct lt_packed_disk);
    struct lt_packed_file *first = lt_new(&evidence->arena, struct lt_packed_file);
    struct identity identity = {0};
    struct stat status;
    disk->evidence = evidence;
    disk->spec = beside ? evidence->spec : NULL;
    if (disk->spec && stat(disk->spec, &status) == 0)
        identity = (struct identity){status.st_dev, status.st_ino};
    first->format = format;
    first->device = *file;
    first->device.close = NULL; /* it is the caller's */
    if (add_file(disk, first, &identity, &disk->problem) == LT_OK)
        add_all(disk, first, &disk->problem);
    return disk;
}

enum lt_status lt_packed_open(struct lt_packed_disk *disk, struct lt_device *out, struct lt_err *err)
{
    if (disk->problem.set) {
        *err = disk->problem;
        return LT_SKIP;
    }
    for (size_t i = 0; i < disk->count; i++)
        if (disk->files[i]->format && disk->files[i]->format->tell)
            disk->files[i]->format->tell(disk->files[i], disk->evidence);
    *out = disk_of(disk->files[0]);
    out->failed = &disk->evidence->failed_reads;
    return LT_OK;
}

const char *lt_packed_type(const struct lt_packed_disk *disk)
{
    return disk->files[0]->format->type;
}

void lt_packed_close(struct lt_packed_disk *disk)
{
    for (size_t i = 0; disk && i < disk->count; i++) {
        struct lt_packed_file *file = disk->files[i];
        if (file->format && file->format->close)
            file->format->close(file);
        lt_packed_table_free(&file->table);
        lt_device_close(&disk->stored[i]);
        lt_device_close(&file->device);
    }
}
