// SPDX-License-Identifier: Apache-2.0
#include "evidence/directory/root.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A private read-only view of the mount below `path`. -1: the kernel or our rights do not allow one. */
static int clone_readonly(const char *path)
{
    long tree =
        syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT);
    if (tree < 0)
        return -1;
    struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
        .attr_clr = MOUNT_ATTR__ATIME,
    };
    if (syscall(SYS_mount_setattr, (int)tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0) {
        close((int)tree);
        return -1;
    }
    return (int)tree;
}

/* Does the kernel set no access times below `path`, whoever reads? */
static bool keeps_atimes(const char *path)
{
    struct statvfs info;
    return statvfs(path, &info) == 0 && info.f_flag & (ST_RDONLY | ST_NOATIME);
}

int lt_root_open(const char *path, bool *atimes_change)
{
    int root = clone_readonly(path);
    *atimes_change = root < 0 && !keeps_atimes(path);
    return root < 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : root;
}
