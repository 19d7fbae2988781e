// SPDX-License-Identifier: Apache-2.0
#include "timeline/sort/spill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITE_AT = 256 * 1024 };

static enum lt_status fail(struct lt_err *err, int sys, const char *what)
{
    return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, sys, "cannot %s the temporary file of the sorter", what);
}

enum lt_status lt_spill_open(struct lt_spill *spill, int fd, struct lt_err *err)
{
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return fail(err, errno, "empty");
    *spill = (struct lt_spill){.fd = fd, .open = true};
    return LT_OK;
}

enum lt_status lt_spill_flush(struct lt_spill *spill, struct lt_err *err)
{
    for (size_t done = 0; done < spill->out.len;) {
        ssize_t count = write(spill->fd, spill->out.ptr + done, spill->out.len - done);
        if (count < 0 && errno != EINTR)
            return fail(err, errno, "write");
        done += count > 0 ? (size_t)count : 0;
    }
    spill->out.len = 0;
    return LT_OK;
}

enum lt_status lt_spill_put(struct lt_spill *spill, const struct lt_ref *ref, struct lt_str event, struct lt_err *err)
{
    struct lt_ref head = *ref;
    head.event = (uint32_t)event.len;
    lt_buf_reserve(&spill->out, sizeof head + event.len);
    memcpy(spill->out.ptr + spill->out.len, &head, sizeof head);
    memcpy(spill->out.ptr + spill->out.len + sizeof head, event.ptr, event.len);
    spill->out.len += sizeof head + event.len;
    spill->size += sizeof head + event.len;
    return spill->out.len < WRITE_AT ? LT_OK : lt_spill_flush(spill, err);
}

void lt_spill_close(struct lt_spill *spill)
{
    lt_buf_free(&spill->out);
    *spill = (struct lt_spill){0};
}

void lt_spill_reader_init(struct lt_spill_reader *reader, const struct lt_spill *spill, struct lt_run run, size_t size)
{
    *reader = (struct lt_spill_reader){.fd = spill->fd, .at = run.start, .end = run.end, .cap = size};
    reader->bytes = lt_realloc(NULL, size);
}

/* Read until at least `need` bytes are in the buffer. */
static enum lt_status fill(struct lt_spill_reader *reader, size_t need, struct lt_err *err)
{
    if (reader->len >= need)
        return LT_OK;
    memmove(reader->bytes, reader->bytes + reader->start, reader->len);
    reader->start = 0;
    if (reader->cap < need)
        reader->bytes = lt_realloc(reader->bytes, reader->cap = need);
    while (reader->len < need) {
        size_t room = reader->cap - reader->len;
        uint64_t left = reader->end - reader->at;
        ssize_t count =
            pread(reader->fd, reader->bytes + reader->len, left < room ? (size_t)left : room, (off_t)reader->at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return fail(err, count < 0 ? errno : EIO, "read"); /* the file is our own: it cannot end early */
        reader->len += (size_t)count;
        reader->at += (size_t)count;
    }
    return LT_OK;
}

static const char *take(struct lt_spill_reader *reader, size_t count)
{
    const char *bytes = reader->bytes + reader->start;
    reader->start += count;
    reader->len -= count;
    return bytes;
}

enum lt_status lt_spill_next(struct lt_spill_reader *reader, struct lt_ref *ref, struct lt_str *event,
                             struct lt_err *err)
{
    if (!reader->len && reader->at == reader->end)
        return LT_END;
    enum lt_status status = fill(reader, sizeof *ref, err);
    if (status != LT_OK)
        return status;
    memcpy(ref, take(reader, sizeof *ref), sizeof *ref);
    status = fill(reader, ref->event, err);
    *event = (struct lt_str){NULL, ref->event};
    if (status == LT_OK)
        event->ptr = take(reader, event->len);
    return status;
}

void lt_spill_reader_free(struct lt_spill_reader *reader)
{
    free(reader->bytes);
    *reader = (struct lt_spill_reader){0};
}
