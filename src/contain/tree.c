// SPDX-License-Identifier: Apache-2.0
#include "contain/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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

/* Go into the directory `name` in `*at`, which is made if `make`. Closes `*at`. */
static bool step_into(int *at, const char *name, bool make)
{
    enum { OWN = 0700 };
    bool there = !make || mkdirat(*at, name, OWN) == 0 || errno == EEXIST;
    int next = there ? open_below(*at, name, O_PATH | O_DIRECTORY, 0) : -1;
    int sys = errno == ELOOP ? ENOTDIR : errno; /* a link is none, either */
    close(*at);
    *at = next;
    errno = sys;
    return next >= 0;
}

/* Open the directory that `path` is in, which is made if `make`. `copy` gets the path, `*name` its last component. -1:
 * errno tells why. */
static int open_above(int dir, const char *path, bool make, char copy[LT_TREE_PATH], char **name)
{
    if (!is_path(path)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(copy, path, strlen(path) + 1);
    int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    *name = copy;
    for (char *slash; at >= 0 && (slash = strchr(*name, '/')); *name = slash + 1) {
        *slash = 0;
        if (!step_into(&at, *name, make))
            return -1;
    }
    return at;
}

int lt_tree_begin(int dir)
{
    enum { OWN = 0600 };
    unlinkat(dir, LT_TREE_UNFINISHED, 0);
    return open_below(dir, LT_TREE_UNFINISHED, O_CREAT | O_EXCL | O_WRONLY, OWN);
}

int lt_tree_give_name(int dir, const char *path)
{
    char copy[LT_TREE_PATH], *name;
    int at = open_above(dir, path, true, copy, &name);
    if (at < 0)
        return -1;
    int done = renameat2(dir, LT_TREE_UNFINISHED, at, name, RENAME_NOREPLACE);
    if (done < 0 && errno == EINVAL) /* no RENAME_NOREPLACE here; link() does not replace, either */
        done = linkat(dir, LT_TREE_UNFINISHED, at, name, 0) < 0 ? -1 : unlinkat(dir, LT_TREE_UNFINISHED, 0);
    int sys = errno;
    close(at);
    errno = sys;
    return done;
}

int lt_tree_open(int dir, const char *path)
{
    char copy[LT_TREE_PATH], *name;
    struct stat status;
    int at = open_above(dir, path, false, copy, &name);
    if (at < 0)
        return -1;
    int fd = open_below(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), sys = errno;
    close(at);
    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        fd = -1;
        sys = EISDIR;
    }
    errno = sys;
    return fd;
}

void lt_tree_end(int dir)
{
    unlinkat(dir, LT_TREE_UNFINISHED, 0);
}
