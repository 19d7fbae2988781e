// SPDX-License-Identifier: Apache-2.0
#include "command/bytes.h"

#include "base/escape.h"

enum { PIECE = 64 * 1024, LONGEST_CHARACTER = 4 };

/* Text on its way to a terminal. */
struct screen {
    struct lt_buf kept; /* read, and not shown yet: it may end within a character */
    bool escaped;       /* something was shown otherwise than it is */
};

/* Number of bytes that can be shown before the next ones are known. */
static size_t ready(struct lt_str text, bool last)
{
    const char *line = text.len ? memrchr(text.ptr, '\n', text.len) : NULL;
    if (last)
        return text.len;
    if (line)
        return (size_t)(line - text.ptr) + 1;
    size_t at = text.len > LONGEST_CHARACTER ? text.len - LONGEST_CHARACTER : 0;
    for (int back = 1; at && back < LONGEST_CHARACTER && (text.ptr[at] & 0xC0) == 0x80; back++)
        at--;
    return at;
}

static void show(struct screen *screen, struct lt_buf *out, bool last)
{
    struct lt_str rest = lt_buf_view(&screen->kept);
    size_t size = ready(rest, last);
    while (size) {
        size_t start = out->len, length = 0;
        while (length < size && rest.ptr[length] != '\n' && rest.ptr[length] != '\t')
            length++;
        lt_escape_name(out, (struct lt_str){rest.ptr, length}, true);
        screen->escaped |= out->len - start != length;
        if (length < size)
            lt_buf_char(out, rest.ptr[length++]);
        rest = lt_str_skip(rest, length);
        size -= length;
    }
    struct lt_buf left = {0};
    lt_buf_add(&left, rest);
    lt_buf_free(&screen->kept);
    screen->kept = left;
}

/* Read the next piece, and pass it on. LT_END: the file ends too early, or cannot be read. */
static enum lt_status copy_piece(struct lt_job *job, const struct lt_bytes *bytes, uint64_t *at, struct screen *screen,
                                 struct lt_err *err)
{
    char piece[PIECE];
    struct lt_err problem = {0};
    struct lt_buf *out = lt_output_buffer(&job->output);
    ssize_t got = bytes->read(bytes->arg, piece, sizeof piece, *at, &problem);
    if (got <= 0)
        return lt_fail(err, LT_END, LT_CODE_TRUNCATED, 0, "cannot be read at byte %ju: %s", (uintmax_t)*at,
                       problem.set ? problem.text : "it ends before its size");
    *at += (uint64_t)got;
    lt_buf_add(job->output.terminal ? &screen->kept : out, (struct lt_str){piece, (size_t)got});
    if (job->output.terminal)
        show(screen, out, *at >= bytes->size);
    return lt_job_poll(job, err) == LT_OK ? lt_output_flush(&job->output, err) : LT_FATAL;
}

enum lt_status lt_bytes_write(struct lt_job *job, const struct lt_bytes *bytes, struct lt_err *err)
{
    struct screen screen = {0};
    enum lt_status status = LT_OK;
    uint64_t at = 0;
    while (status == LT_OK && at < bytes->size)
        status = copy_piece(job, bytes, &at, &screen, err);
    if (screen.escaped && !job->options->quiet)
        lt_say("escaped for the terminal: a file (-o) or a pipe gets the bytes as they are");
    lt_buf_free(&screen.kept);
    return status;
}

static ssize_t read_file(void *arg, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    return lt_file_read(arg, buffer, size, offset, err);
}

enum lt_status lt_bytes_write_file(struct lt_job *job, struct lt_fs *fs, struct lt_str path, struct lt_err *err)
{
    struct lt_file file = {0};
    struct lt_err problem = {0};
    enum lt_status status = lt_file_open(fs, path, &file, &problem);
    if (status == LT_OK)
        status = lt_bytes_write(job, &(struct lt_bytes){read_file, &file, file.size}, err);
    else
        status = lt_fail(err, LT_END, problem.set ? problem.code : LT_CODE_MISSING, 0, "cannot be opened: %s",
                         problem.set ? problem.text : "it is not there");
    lt_file_close(&file);
    return status;
}
