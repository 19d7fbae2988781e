// SPDX-License-Identifier: Apache-2.0
#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_AT = 256 * 1024, TRIES = 16 };

int lt_open_parent(const char *path, int access, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!slash)
        return open(".", access | O_DIRECTORY | O_CLOEXEC);
    char *parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = parent ? open(parent, access | O_DIRECTORY | O_CLOEXEC) : -1;
    free(parent);
    return fd;
}

bool lt_output_inside(const char *path, const char *evidence)
{
    struct stat target, at;
    const char *name;
    if (stat(evidence, &target) < 0)
        return false;
    if (stat(path, &at) == 0 && at.st_dev == target.st_dev && at.st_ino == target.st_ino)
        return true;
    int dir = lt_open_parent(path, O_PATH, &name);
    bool inside = false;
    while (dir >= 0 && fstat(dir, &at) == 0) {
        inside = at.st_dev == target.st_dev && at.st_ino == target.st_ino;
        int up = inside ? -1 : openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat above;
        bool top = up >= 0 && fstat(up, &above) == 0 && above.st_dev == at.st_dev && above.st_ino == at.st_ino;
        close(dir);
        dir = up;
        if (top)
            break;
    }
    if (dir >= 0)
        close(dir);
    return inside;
}

/* Is the entry `name` of an open directory a character device? False if it does not exist. */
static bool is_device(int dir, const char *name)
{
    struct stat status;
    return fstatat(dir, name, &status, 0) == 0 && S_ISCHR(status.st_mode);
}

bool lt_output_same(const char *a, const char *b)
{
    const char *name_a, *name_b;
    struct stat status_a, status_b;
    int dir_a = lt_open_parent(a, O_PATH, &name_a), dir_b = lt_open_parent(b, O_PATH, &name_b);
    bool same = dir_a >= 0 && dir_b >= 0 && strcmp(name_a, name_b) == 0 && fstat(dir_a, &status_a) == 0 &&
                fstat(dir_b, &status_b) == 0 && status_a.st_dev == status_b.st_dev &&
                status_a.st_ino == status_b.st_ino && !is_device(dir_a, name_a);
    if (dir_a >= 0)
        close(dir_a);
    if (dir_b >= 0)
        close(dir_b);
    return same;
}

static enum lt_status fail(struct lt_err *err, int sys, const char *what)
{
    return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, sys, "%s", what);
}

/* Open /dev/null or a named pipe, which cannot be replaced. A pipe must already have a reader, because no signal would
 * end the wait for one. */
static enum lt_status open_device(struct lt_output *output, struct lt_err *err)
{
    output->fd = openat(output->dir, output->name, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (output->fd < 0)
        return fail(err, errno, "cannot open the output");
    int flags = fcntl(output->fd, F_GETFL);
    return fcntl(output->fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? fail(err, errno, "cannot open the output") : LT_OK;
}

static const char PREFIX[] = ".layertime-", SUFFIX[] = ".tmp";

static bool is_temporary(struct lt_str name)
{
    enum { LENGTH = sizeof PREFIX - 1 + 16 + sizeof SUFFIX - 1 };
    return name.len == LENGTH && lt_str_starts(name, lt_str_c(PREFIX)) && lt_str_ends(name, lt_str_c(SUFFIX));
}

/* Remove the temporary file `name` if it is ours and nobody holds it: its run was killed. */
static void remove_dead(int dir, const char *name)
{
    struct stat held, named;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &held) == 0 && S_ISREG(held.st_mode) && held.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        named.st_ino == held.st_ino)
        unlinkat(dir, name, 0);
    close(fd);
}

static void remove_all_dead(int at)
{
    int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir && fd >= 0)
        close(fd);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_temporary(lt_str_c(entry->d_name)))
            remove_dead(at, entry->d_name);
    if (dir)
        closedir(dir);
}

/* Create a temporary file and hold it. Another run may take it for a dead one before it is held. */
static int create_held(int dir, char *name, size_t size)
{
    struct stat held, named;
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) < 0)
        return -1;
    snprintf(name, size, "%s%016jx%s", PREFIX, (uintmax_t)number, SUFFIX);
    /* A fixed mode, whatever the umask: evidence is for the analyst only. */
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    flock(fd, LOCK_EX | LOCK_NB); /* where there are no locks, nothing is removed, either */
    if (fstat(fd, &held) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino)
        return fd;
    unlinkat(dir, name, 0); /* or it is still there, where only the look at it failed */
    close(fd);
    errno = EAGAIN;
    return -1;
}

static enum lt_status open_temporary(struct lt_output *output, struct lt_err *err)
{
    struct stat existing;
    output->dir = lt_open_parent(output->path, O_RDONLY, &output->name);
    if (output->dir < 0)
        return fail(err, errno, "cannot open the directory of the output file");
    if (!*output->name)
        return fail(err, EISDIR, "the output is a directory");
    if (fstatat(output->dir, output->name, &existing, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISCHR(existing.st_mode) || S_ISFIFO(existing.st_mode))
            return open_device(output, err);
        if (!output->force)
            return fail(err, 0, "the output file exists (--force replaces it)");
        if (!S_ISREG(existing.st_mode))
            return fail(err, 0, "the output exists and is no regular file");
    }
    remove_all_dead(output->dir);
    for (int i = 0; i < TRIES && output->fd < 0; i++)
        output->fd = create_held(output->dir, output->temporary, sizeof output->temporary);
    if (output->fd >= 0)
        return LT_OK;
    output->temporary[0] = 0;
    return fail(err, errno, "cannot create a file in the output directory");
}

enum lt_status lt_output_open(struct lt_output *output, const struct lt_output_args *args, struct lt_err *err)
{
    bool to_stdout = !args->path || strcmp(args->path, "-") == 0;
    *output = (struct lt_output){
        .path = to_stdout ? NULL : args->path,
        .force = args->force,
        .fd = to_stdout ? STDOUT_FILENO : -1,
        .dir = -1,
        .signals = args->signals,
        .hash = args->hash ? lt_sha256_new() : NULL,
        .deflate = args->gzip ? lt_deflate_new() : NULL,
    };
    enum lt_status status = to_stdout ? LT_OK : open_temporary(output, err);
    struct stat kind = {0};
    if (status == LT_OK && fstat(output->fd, &kind) == 0)
        output->terminal = isatty(output->fd);
    output->waits = output->terminal || S_ISFIFO(kind.st_mode) || S_ISSOCK(kind.st_mode);
    return status;
}

/* Wait for a reader or a signal. With a reader, at least PIPE_BUF bytes can be written at once. */
static void wait_for_reader(struct lt_output *output)
{
    struct pollfd set[] = {{.fd = output->fd, .events = POLLOUT}, {.fd = output->signals, .events = POLLIN}};
    while (poll(set, 2, -1) < 0 && errno == EINTR)
        continue;
    if (set[1].revents)
        lt_fail(&output->failure, LT_FATAL, LT_CODE_INTERRUPTED, 0, "interrupted");
}

static enum lt_status write_all(struct lt_output *output, struct lt_str bytes)
{
    lt_sha256_add(output->hash, bytes);
    output->bytes += bytes.len;
    while (bytes.len) {
        if (output->waits)
            wait_for_reader(output);
        if (output->failure.set)
            break;
        ssize_t done = write(output->fd, bytes.ptr, output->waits && bytes.len > PIPE_BUF ? PIPE_BUF : bytes.len);
        if (done < 0 && errno != EINTR)
            fail(&output->failure, errno, "cannot write the output");
        else if (done > 0)
            bytes = lt_str_skip(bytes, (size_t)done);
    }
    return output->failure.set ? LT_FATAL : LT_OK;
}

static enum lt_status write_buffer(struct lt_output *output, bool last, struct lt_err *err)
{
    struct lt_buf *ready = &output->buffer;
    if (output->deflate) {
        lt_deflate(output->deflate, lt_buf_view(&output->buffer), last, &output->packed);
        ready = &output->packed;
    }
    enum lt_status status = write_all(output, lt_buf_view(ready));
    output->buffer.len = output->packed.len = 0;
    if (status != LT_OK && err && !err->set)
        *err = output->failure;
    return status;
}

enum lt_status lt_output_flush(struct lt_output *output, struct lt_err *err)
{
    return output->buffer.len < FLUSH_AT ? LT_OK : write_buffer(output, false, err);
}

int lt_output_give_name(const struct lt_output *output)
{
    unsigned flags = output->force ? 0 : RENAME_NOREPLACE;
    int renamed = renameat2(output->dir, output->temporary, output->dir, output->name, flags);
    if (renamed < 0 && errno == EINVAL && flags) /* no RENAME_NOREPLACE here; link() does not replace, either */
        renamed = linkat(output->dir, output->temporary, output->dir, output->name, 0) < 0
                      ? -1
                      : unlinkat(output->dir, output->temporary, 0);
    if (renamed < 0)
        return errno;
    fsync(output->dir);
    return 0;
}

void lt_output_remove(const struct lt_output *output)
{
    unlinkat(output->dir, output->temporary, 0);
}

static enum lt_status publish(struct lt_output *output, struct lt_err *err)
{
    if (close(output->fd) < 0) {
        output->fd = -1;
        return fail(err, errno, "cannot close the output");
    }
    output->fd = -1;
    if (!output->temporary[0])
        return LT_OK;
    const struct lt_namer *namer = output->namer;
    int sys = namer ? namer->name(namer->arg, output->number) : lt_output_give_name(output);
    if (sys)
        return fail(err, sys, "cannot give the output its name");
    output->temporary[0] = 0;
    return LT_OK;
}

enum lt_status lt_output_complete(struct lt_output *output, struct lt_buf *sha256, struct lt_err *err)
{
    struct lt_buf ignored = {0};
    enum lt_status status = write_buffer(output, true, err);
    if (status == LT_OK && output->path && fsync(output->fd) < 0 && errno != EINVAL && errno != EROFS)
        status = fail(err, errno, "cannot sync the output");
    lt_sha256_finish(output->hash, sha256 ? sha256 : &ignored);
    lt_buf_free(&ignored);
    output->hash = NULL;
    output->complete = true;
    return status;
}

enum lt_status lt_output_commit(struct lt_output *output, struct lt_buf *sha256, struct lt_err *err)
{
    enum lt_status status = output->complete ? LT_OK : lt_output_complete(output, sha256, err);
    if (status == LT_OK && output->path)
        status = publish(output, err);
    lt_output_abort(output);
    return status;
}

void lt_output_abort(struct lt_output *output)
{
    struct lt_buf ignored = {0};
    if (output->temporary[0] && output->namer)
        output->namer->remove(output->namer->arg, output->number);
    else if (output->temporary[0])
        lt_output_remove(output);
    output->temporary[0] = 0;
    if (output->path && output->fd >= 0)
        close(output->fd);
    if (output->path && output->dir >= 0)
        close(output->dir);
    output->fd = output->dir = -1;
    output->path = NULL;
    lt_sha256_finish(output->hash, &ignored);
    output->hash = NULL;
    lt_deflate_free(output->deflate);
    output->deflate = NULL;
    lt_buf_free(&ignored);
    lt_buf_free(&output->buffer);
    lt_buf_free(&output->packed);
}
