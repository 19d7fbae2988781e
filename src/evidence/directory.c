// SPDX-License-Identifier: Apache-2.0
/* A mounted or live host as a directory. Every open is relative to one descriptor of the root, beneath it, through no
 * symbolic link (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), non-blocking, and read-only; only regular files
 * and directories are ever opened. With CAP_SYS_ADMIN the root is a detached clone of the mount with read-only,
 * noatime, nodev set, so that the kernel itself keeps the evidence unchanged (symbolic links' atimes included, which
 * O_NOATIME does not cover); without it O_NOATIME is used where the kernel allows. */
#include "evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    OPEN_SAFE = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
    OPEN_RETRIES = 128, /* openat2 may answer EAGAIN while directories are renamed on a live host */
    MAX_SEGMENT = 3500, /* a path is opened in pieces below PATH_MAX */
};

struct directory {
    int root;
};

static int open_once(int at, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = -1;
    for (int i = 0; i < OPEN_RETRIES; i++) {
        fd = syscall(SYS_openat2, at, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return (int)fd;
}

/* O_NOATIME is refused to those who neither own the file nor have CAP_FOWNER. */
static int open_quietly(int at, const char *path, int flags)
{
    int fd = flags & O_PATH ? -1 : open_once(at, path, flags | O_NOATIME);
    if (fd < 0 && (flags & O_PATH || errno == EPERM))
        fd = open_once(at, path, flags);
    return fd;
}

/* Open `path` below `root`, piece by piece where it is longer than the kernel takes at once. */
static int open_beneath(int root, struct lt_str path, int flags)
{
    path = lt_str_starts(path, LT_STR("/")) ? lt_str_skip(path, 1) : path;
    int at = root;
    char segment[MAX_SEGMENT + 256];
    while (path.len > MAX_SEGMENT) {
        size_t length = MAX_SEGMENT;
        while (length && path.ptr[length] != '/')
            length--;
        if (!length)
            break; /* a component of that length cannot exist: let the kernel say so */
        memcpy(segment, path.ptr, length);
        segment[length] = 0;
        int next = open_once(at, segment, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (at != root)
            close(at);
        if (next < 0)
            return -1;
        at = next;
        path = lt_str_skip(path, length + 1);
    }
    int fd = -1;
    if (path.len >= sizeof segment || (path.len && memchr(path.ptr, 0, path.len))) {
        errno = ENAMETOOLONG;
    } else {
        memcpy(segment, path.len ? path.ptr : ".", path.len ? path.len : 1);
        segment[path.len ? path.len : 1] = 0;
        fd = open_quietly(at, segment, flags);
    }
    int keep = errno;
    if (at != root)
        close(at);
    errno = keep;
    return fd;
}

static int root_of(struct lt_fs *fs)
{
    return ((struct directory *)fs->self)->root;
}

static struct lt_time time_of(const struct statx *status, unsigned mask, const struct statx_timestamp *stamp)
{
    /* The kernel never hands out a fraction of a second or more, but a network or FUSE file system may make it do so.
     */
    if (!(status->stx_mask & mask) || stamp->tv_nsec > 999999999)
        return (struct lt_time){0};
    return lt_time_at(stamp->tv_sec, stamp->tv_nsec);
}

/* Describe `name` below the directory `at` ("" is the directory itself). Returns errno, 0 if all is well. */
static int describe(int at, const char *name, struct lt_arena *arena, struct lt_node *node)
{
    struct statx status;
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
    if (statx(at, name, flags, STATX_BASIC_STATS | STATX_BTIME, &status) < 0)
        return errno;
    node->ino = status.stx_ino;
    node->size = status.stx_size;
    node->mode = status.stx_mode;
    node->uid = status.stx_uid;
    node->gid = status.stx_gid;
    node->nlink = status.stx_nlink;
    node->major = status.stx_rdev_major;
    node->minor = status.stx_rdev_minor;
    node->time[LT_M] = time_of(&status, STATX_MTIME, &status.stx_mtime);
    node->time[LT_A] = time_of(&status, STATX_ATIME, &status.stx_atime);
    node->time[LT_C] = time_of(&status, STATX_CTIME, &status.stx_ctime);
    node->time[LT_B] = time_of(&status, STATX_BTIME, &status.stx_btime);
    node->mount_root = status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
    if (!S_ISLNK(node->mode))
        return 0;
    char target[4097]; /* one more than any link can hold: a full buffer would mean a cut target */
    ssize_t length = readlinkat(at, name, target, sizeof target);
    if (length < 0)
        return errno;
    node->target = lt_str_dup(arena, (struct lt_str){target, (size_t)length});
    return 0;
}

/* LT_END for what is simply not there, LT_SKIP for all else. */
static enum lt_status refuse(struct lt_err *err, const char *what)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return LT_END;
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "%s", what);
}

static enum lt_status directory_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                     struct lt_err *err)
{
    *out = (struct lt_node){.name = lt_str_basename(path)};
    int fd = open_beneath(root_of(fs), path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return refuse(err, "cannot look at it");
    errno = describe(fd, "", arena, out);
    close(fd);
    return errno ? refuse(err, "cannot look at it") : LT_OK;
}

static int by_inode(const void *a, const void *b)
{
    const struct lt_node *left = a, *right = b;
    return (left->ino > right->ino) - (left->ino < right->ino);
}

static enum lt_status read_names(DIR *stream, struct lt_arena *arena, struct lt_listing *out, struct lt_err *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            break;
        struct lt_str name = lt_str_c(entry->d_name);
        if (lt_str_eq(name, LT_STR(".")) || lt_str_eq(name, LT_STR("..")))
            continue;
        lt_listing_add(out, arena, name, entry->d_ino);
    }
    return errno ? lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "the list of names breaks off") : LT_OK;
}

static void describe_all(int fd, struct lt_arena *arena, struct lt_listing *out)
{
    if (!out->count)
        return;
    /* In the order of inodes, so that a cold disk is read forwards. */
    qsort(out->nodes, out->count, sizeof *out->nodes, by_inode);
    for (size_t i = 0; i < out->count; i++) {
        struct lt_node *node = &out->nodes[i];
        int problem = describe(fd, node->name.ptr, arena, node);
        if (!problem)
            continue;
        struct lt_err *error = lt_new(arena, struct lt_err);
        lt_fail(error, LT_SKIP, LT_CODE_UNREADABLE, problem, "cannot look at it");
        node->error = error;
    }
    lt_listing_sort(out);
}

static enum lt_status directory_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                     struct lt_listing *out, struct lt_err *err)
{
    *out = (struct lt_listing){0};
    struct lt_buf path = {0};
    lt_dir_path(&path, dir);
    int fd = open_beneath(root_of(fs), lt_buf_view(&path), OPEN_SAFE | O_DIRECTORY);
    lt_buf_free(&path);
    if (fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the directory");
    DIR *stream = fdopendir(fd);
    if (!stream) {
        int problem = errno;
        close(fd);
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, problem, "cannot open the directory");
    }
    enum lt_status status = read_names(stream, arena, out, err);
    describe_all(dirfd(stream), arena, out);
    closedir(stream);
    return status;
}

static enum lt_status directory_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    /* Look first: opening a device, even without blocking, can have effects. */
    int look = open_beneath(root_of(fs), path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (look < 0)
        return refuse(err, "cannot open");
    struct stat seen, opened;
    int problem = fstat(look, &seen) < 0 ? errno : 0;
    close(look);
    if (problem)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, problem, "cannot open");
    if (!S_ISREG(seen.st_mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    out->fd = open_beneath(root_of(fs), path, OPEN_SAFE);
    if (out->fd < 0)
        return refuse(err, "cannot open");
    if (fstat(out->fd, &opened) < 0 || !S_ISREG(opened.st_mode) || opened.st_ino != seen.st_ino) {
        close(out->fd);
        out->fd = -1;
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "replaced while it was opened");
    }
    out->size = (uint64_t)opened.st_size;
    return LT_OK;
}

static ssize_t directory_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    ssize_t got;
    do
        got = pread(file->fd, buffer, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "read fails at offset %ju", (uintmax_t)offset);
    return got;
}

static void directory_close_file(struct lt_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static const struct lt_fs_ops directory_ops = {
    .stat = directory_stat,
    .list = directory_list,
    .open = directory_open,
    .read = directory_read,
    .close = directory_close_file,
};

/* A private read-only view of the mount below `path`, or -1 where the kernel or our rights do not allow one. */
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

static int directory_bid(const char *spec, const struct stat *status)
{
    (void)spec;
    return S_ISDIR(status->st_mode) ? 100 : 0;
}

static enum lt_status directory_open_evidence(struct lt_evidence *evidence, struct lt_err *err)
{
    struct directory *directory = lt_new(&evidence->arena, struct directory);
    directory->root = clone_readonly(evidence->spec);
    if (directory->root < 0)
        directory->root = open(evidence->spec, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory->root < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the evidence");
    evidence->self = directory;
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    *fs = (struct lt_fs){
        .ops = &directory_ops,
        .evidence = evidence,
        .label = LT_STR("directory"),
        .is_tree = true,
        .self = directory,
    };
    lt_list_add(&evidence->fs, &evidence->arena, fs);
    return LT_OK;
}

static void directory_close_evidence(struct lt_evidence *evidence)
{
    struct directory *directory = evidence->self;
    if (directory && directory->root >= 0)
        close(directory->root);
}

const struct lt_evidence_kind lt_evidence_directory = {
    .name = "directory",
    .summary = "root of a mounted or live host, or a bare Docker data root",
    .bid = directory_bid,
    .open = directory_open_evidence,
    .close = directory_close_evidence,
};
