// SPDX-License-Identifier: Apache-2.0
#include "evidence/packed/beside.h"

#include "base/arena.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_beside(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const int *fd = arg;
    ssize_t got;
    do
        got = pread(*fd, buffer, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static void close_beside(void *arg)
{
    const int *fd = arg;
    close(*fd);
}

bool lt_beside_is_protocol(struct lt_str name)
{
    const char *colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
    return colon && !memchr(name.ptr, '/', (size_t)(colon - name.ptr));
}

/* A regular file of that name in the directory of `spec`. -1, with errno: there is none. */
static int open_name(const char *spec, const char *name, struct stat *status)
{
    const char *ignored;
    int dir = lt_open_parent(spec, O_PATH, &ignored);
    int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int sys = errno;
    if (dir >= 0)
        close(dir);
    bool good = fd >= 0 && fstat(fd, status) == 0 && S_ISREG(status->st_mode);
    if (good)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = fd < 0 ? sys : EINVAL;
    return -1;
}

/* Does the name tell another directory than that of `spec`? It is compared as text: nothing that a name leads to is
 * looked at. */
static bool is_moved(const char *spec, struct lt_str name, struct lt_arena *arena)
{
    char resolved[PATH_MAX];
    struct lt_str told = lt_str_dirname(name), own = lt_str_dirname(lt_str_c(spec));
    if (!memchr(name.ptr, '/', name.len) || lt_str_eq(told, LT_STR(".")))
        return false;
    const char *folder = strchr(spec, '/') ? lt_path_join(arena, own, LT_STR(".")).ptr : ".";
    return !realpath(folder, resolved) || !lt_str_eq(told, lt_str_c(resolved));
}

static enum lt_status fail_open(struct lt_err *err)
{
    if (errno == ELOOP)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "is a symbolic link, which is not followed");
    if (errno == EINVAL)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "is no regular file");
    if (errno == ENOENT)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "is not beside the image");
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot be opened beside the image");
}

enum lt_status lt_beside_open(const char *spec, struct lt_str name, struct lt_arena *arena, struct lt_beside *out,
                              struct lt_err *err)
{
    struct lt_str last = lt_str_basename(name);
    struct stat status;
    bool whole = last.len && !memchr(name.ptr, 0, name.len) && !lt_beside_is_protocol(name) &&
                 !lt_str_eq(last, LT_STR(".")) && !lt_str_eq(last, LT_STR(".."));
    if (!spec || !whole)
        return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "is no file beside the image");
    struct lt_str kept = lt_str_dup(arena, last);
    int *fd = lt_new(arena, int);
    *fd = open_name(spec, kept.ptr, &status);
    if (*fd < 0)
        return fail_open(err);
    *out = (struct lt_beside){
        .device = {.read = read_beside,
                   .close = close_beside,
                   .arg = fd,
                   .size = (uint64_t)status.st_size,
                   .sector_size = LT_SECTOR},
        .path = strchr(spec, '/') ? lt_path_join(arena, lt_str_dirname(lt_str_c(spec)), kept) : kept,
        .moved = is_moved(spec, name, arena),
        .dev = status.st_dev,
        .ino = status.st_ino,
    };
    return LT_OK;
}
