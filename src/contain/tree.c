// SPDX-License-Identifier: Apache-2.0
#include "contain/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_component(const char *name, size_t length)
{
    return length && length <= NAME_MAX && !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

static bool is_path(const char *path)
{
    size_t depth = 0;
    if (strnlen(path, LT_TREE_PATH) == LT_TREE_PATH)
        return false;
    for (const char *at = path;; at++) {
        size_t length = strcspn(at, "/");
        if (!is_component(at, length) || ++depth > LT_TREE_DEPTH)
            return false;
        at += length;
        if (!*at)
            return true;
    }
}

/* The kernel itself is told not to leave the directory and to follow no link, whatever the path says. */
static int open_below(int dir, const char *path, uint64_t flags, uint64_t mode)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC | O_NOFOLLOW,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

/* Make the directory `name` in `*at` unless it exists, and go on from there. Closes `*at`. */
static bool step_into(int *at, const char *name)
{
    enum { OWN = 0700 };
    int next = mkdirat(*at, name, OWN) == 0 || errno == EEXIST ? open_below(*at, name, O_PATH | O_DIRECTORY, 0) : -1;
    int sys = errno;
    close(*at);
    *at = next;
    errno = sys;
    return next >= 0;
}

int lt_tree_create(int dir, const char *path)
{
    enum { OWN = 0600 };
    char copy[LT_TREE_PATH];
    if (!is_path(path)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(copy, path, strlen(path) + 1);
    int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    char *name = copy;
    for (char *slash; at >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        *slash = 0;
        if (!step_into(&at, name))
            return -1;
    }
    if (at < 0)
        return -1;
    int fd = open_below(at, name, O_CREAT | O_EXCL | O_WRONLY, OWN), sys = errno;
    close(at);
    errno = sys;
    return fd;
}
