// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/unpack.h"

#include "base/packing.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { IN = 256 * 1024, OUT = 1 << 20, HOLE = 4096 };
enum { RESERVE = 256 << 20, CHECK_EVERY = 64 << 20 }; /* bytes that stay free, and how often that is looked at */

struct job {
    const struct lt_device *file;
    const struct lt_room *room;
    const struct lt_packing *packing;
    struct lt_unpacker *unpacker;
    uint64_t in;        /* bytes of the file that were read */
    struct lt_str rest; /* of these, what was not used yet */
    uint64_t out;       /* bytes of the disk so far, */
    uint64_t written;   /* of which so many are no holes, */
    uint64_t checked;   /* and so many were written when the free space was looked at */
    char *input, *output;
};

static ssize_t read_room(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct lt_room *room = arg;
    ssize_t got;
    do
        got = pread(room->fd, buffer, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool is_hole(const char *bytes, size_t size)
{
    return !bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static enum lt_status write_all(struct job *job, const char *bytes, size_t size, uint64_t at, struct lt_err *err)
{
    job->written += size;
    while (size) {
        ssize_t done = pwrite(job->room->fd, bytes, size, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return lt_fail(err, LT_SKIP, LT_CODE_OUTPUT, errno, "cannot write what is unpacked to %s", job->room->name);
        bytes += done;
        size -= (size_t)done;
        at += (uint64_t)done;
    }
    return LT_OK;
}

/* Write what is not zeros. */
static enum lt_status write_sparse(struct job *job, size_t size, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t at = 0, end; status == LT_OK && at < size; at = end) {
        bool hole = is_hole(job->output + at, size - at < HOLE ? size - at : HOLE);
        end = at;
        while (end < size && is_hole(job->output + end, size - end < HOLE ? size - end : HOLE) == hole)
            end += HOLE;
        end = end < size ? end : size;
        if (!hole)
            status = write_all(job, job->output + at, end - at, job->out + at, err);
    }
    job->out += size;
    return status;
}

static enum lt_status check_room(struct job *job, struct lt_err *err)
{
    struct statvfs space;
    const struct lt_room *room = job->room;
    if (job->out > room->most)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0,
                       "it unpacks to more than %ju bytes, which --unpack-limit=SIZE can raise", (uintmax_t)room->most);
    if (room->poll && room->poll(room->arg, err) != LT_OK)
        return LT_FATAL;
    if (job->checked && job->written < job->checked + CHECK_EVERY)
        return LT_OK;
    job->checked = job->written + 1;
    if (fstatvfs(room->fd, &space) == 0 && space.f_bavail < RESERVE / (space.f_frsize ? space.f_frsize : 1))
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "less than %d MiB would stay free in %s", RESERVE >> 20,
                       room->name);
    return LT_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* LT_END: there is no more. */
static enum lt_status fill_input(struct job *job, struct lt_err *err)
{
    uint64_t left = job->file->size - job->in;
    size_t size = left < IN ? (size_t)left : IN;
    if (!size && job->unpacker->inside)
        return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "the %s file breaks off", job->packing->name);
    if (!size)
        return LT_END;
    size_t got = lt_device_read_some(job->file, job->in, job->input, size);
    if (got < size)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "the %s file cannot be read at offset %ju",
                       job->packing->name, (uintmax_t)(job->in + got));
    job->in += got;
    job->rest = (struct lt_str){job->input, got};
    return LT_OK;
}

/* Fill the output as far as that goes. `*lost` is set where the data end before their end. LT_END: it is complete. */
static enum lt_status fill_output(struct job *job, size_t *size, struct lt_err *lost)
{
    enum lt_status status = LT_OK;
    *size = 0;
    while (status == LT_OK && *size < OUT) {
        size_t got = 0;
        if (!job->rest.len && !job->unpacker->holds)
            status = fill_input(job, lost);
        if (status == LT_OK)
            status = job->packing->unpack(job->unpacker, &job->rest, job->output + *size, OUT - *size, &got, lost);
        *size += got;
        if (status == LT_END && job->in < job->file->size)
            status = LT_OK; /* a part ends with the input, and another may begin */
    }
    return status;
}

static enum lt_status unpack_all(struct job *job, struct lt_err *lost, struct lt_err *err)
{
    enum lt_status more = LT_OK, status = LT_OK;
    while (status == LT_OK && more == LT_OK) {
        size_t size;
        status = check_room(job, err);
        if (status != LT_OK)
            break;
        more = fill_output(job, &size, lost);
        status = write_sparse(job, size, err);
    }
    if (status == LT_OK && job->out <= job->room->most)
        return ftruncate(job->room->fd, (off_t)job->out) == 0
                   ? LT_OK
                   : lt_fail(err, LT_SKIP, LT_CODE_OUTPUT, errno, "cannot write what is unpacked to %s",
                             job->room->name);
    return status == LT_OK ? check_room(job, err) : status;
}

static const struct lt_packing *packing_of(const struct lt_device *file)
{
    char head[LT_PACKING_MAGIC];
    size_t size = file->size < sizeof head ? (size_t)file->size : sizeof head;
    const struct lt_packing *packing =
        lt_device_read(file, 0, head, size) ? lt_packing_of((struct lt_str){head, size}) : NULL;
    return packing && packing->begin ? packing : NULL;
}

enum lt_status lt_packed_unpack(struct lt_evidence *evidence, const struct lt_device *file, struct lt_device *out,
                                struct lt_err *err)
{
    struct job job = {.file = file, .room = evidence->args.room};
    struct lt_err lost = {0};
    job.packing = job.room && job.room->fd >= 0 ? packing_of(file) : NULL;
    if (!job.packing)
        return LT_END;
    job.unpacker = job.packing->begin();
    job.input = lt_pages(IN);
    job.output = lt_pages(OUT);
    enum lt_status status = unpack_all(&job, &lost, err);
    job.packing->end(job.unpacker);
    free(job.input);
    free(job.output);
    if (status == LT_OK && !job.out && lost.set)
        status = lt_fail(err, LT_SKIP, lost.code, 0, "%s", lost.text);
    if (status != LT_OK)
        return status;
    if (lost.set) {
        struct lt_err note = {0};
        lt_fail(&note, LT_SKIP, lost.code, 0, "%s: only the first %ju bytes of the disk could be unpacked", lost.text,
                (uintmax_t)job.out);
        lt_evidence_note(evidence, &note);
    }
    lt_evidence_remark(evidence, "%ju bytes were unpacked from the %s file", (uintmax_t)job.out, job.packing->name);
    *out = *file;
    out->read = read_room;
    out->close = NULL;
    out->arg = (void *)(size_t)job.room;
    out->start = 0;
    out->size = job.out;
    return LT_OK;
}
