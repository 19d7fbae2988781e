// SPDX-License-Identifier: Apache-2.0
#include "timeline/sort/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITE_AT = 256 * 1024 };

const char *lt_spill_directory(void)
{
    const char *directory = getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}

static enum lt_status fail(struct lt_err *err, int sys, const char *what)
{
    return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, sys, "cannot %s the temporary file of the sorter", what);
}

/* A file that never had a name, or one that loses it at once where the file system cannot do that. */
static int open_nameless(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    struct lt_buf path = {0};
    lt_buf_printf(&path, "%s/layertime-XXXXXX", directory);
    lt_buf_char(&path, 0);
    fd = mkostemp(path.ptr, O_CLOEXEC); /* mode 0600 */
    if (fd >= 0 && unlink(path.ptr) < 0) {
        int sys = errno;
        close(fd);
        fd = -1;
        errno = sys;
    }
    lt_buf_free(&path);
    return fd;
}

enum lt_status lt_spill_open(struct lt_spill *spill, const char *directory, struct lt_err *err)
{
    int fd = open_nameless(directory);
    if (fd < 0)
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno,
                       "cannot create a temporary file in %s (TMPDIR sets the place, --memory how much fits without)",
                       directory);
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
    if (spill->open)
        close(spill->fd);
    lt_buf_free(&spill->out);
    *spill = (struct lt_spill){0};
}

void lt_spill_reader_init(struct lt_spill_reader *reader, const struct lt_spill *spill, struct lt_run run, size_t size)
{
    *reader = (struct lt_spill_reader){.fd = spill->fd, .at = run.start, .end = run.end, .cap = size};
    reader->bytes = lt_realloc(NULL, size);
}

/* Have at least `need` bytes in the buffer. */
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
            return fail(err, count < 0 ? errno : EIO, "read"); /* the file is ours: an early end is no end */
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
