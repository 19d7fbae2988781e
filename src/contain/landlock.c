// SPDX-License-Identifier: Apache-2.0
/* Landlock (linux Documentation/userspace-api/landlock.rst, 6.18). The headers of a distribution are older than its
 * kernels, so the numbers are written out here. */
#include "contain/landlock.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446, /* the same numbers on all architectures */
    ASK_VERSION = 1,
    BENEATH = 1, /* the kind of rule that names a directory or file */
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
};

/* The rights that a version knows: bits of files, of the network (bind and connect TCP), and of scopes (abstract
 * sockets, signals). */
static const struct {
    int since;
    uint64_t files, network, scopes;
} known[] = {
    {1, (1 << 13) - 1, 0, 0}, /* execute, read, write, and all that makes or removes entries */
    {2, 1 << 13, 0, 0},       /* link or rename to another directory */
    {3, 1 << 14, 0, 0},       /* truncate */
    {4, 0, 3, 0},             /* bind and connect TCP */
    {5, 1 << 15, 0, 0},       /* ioctl of devices */
    {6, 0, 0, 3},             /* connect to abstract sockets outside, send signals there */
};

struct ruleset {
    uint64_t files, network, scopes;
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int lt_landlock_version(void)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    return version > 0 ? (int)version : 0;
}

static int make_ruleset(int version)
{
    struct ruleset handled = {0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].since > version)
            break;
        handled.files |= known[i].files;
        handled.network |= known[i].network;
        handled.scopes |= known[i].scopes;
    }
    /* An older kernel takes a longer structure if the rest of it is zero. */
    return (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
}

/* /proc makes a new inode for the same directory when nobody holds the old one, and a rule is about an inode. */
static bool must_stay_open(int fd)
{
    struct statfs status;
    return fstatfs(fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/* A path that is not there needs no rule. */
static void allow(int ruleset, const char *path)
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    bool directory = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    struct beneath rule = {.allowed = READ_FILE | (directory ? READ_DIR : 0), .parent = fd};
    syscall(ADD_RULE, ruleset, BENEATH, &rule, 0);
    if (!must_stay_open(fd))
        close(fd);
}

int lt_landlock_enter(const struct lt_list *readable)
{
    int version = lt_landlock_version();
    int ruleset = version ? make_ruleset(version) : -1;
    if (ruleset < 0)
        return 0;
    lt_each (const struct lt_str, path, readable)
        allow(ruleset, path->ptr);
    long entered = syscall(RESTRICT_SELF, ruleset, 0);
    close(ruleset);
    return entered == 0 ? version : 0;
}
