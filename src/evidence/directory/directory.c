// SPDX-License-Identifier: Apache-2.0
/* A mounted or live host as a directory. Everything is opened beneath one descriptor of the root, through no symbolic
 * link (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), non-blocking and read-only. Only regular files and
 * directories are ever opened. */
#include "evidence/directory/beneath.h"
#include "evidence/directory/root.h"
#include "evidence/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    OPEN_SAFE = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
    OPEN_LOOK = O_PATH | O_CLOEXEC | O_NOFOLLOW,
    DIRENTS = 64 * 1024, /* bytes of names taken from the kernel at once */
};

static struct lt_beneath *beneath_of(const struct lt_fs *fs)
{
    return fs->self;
}

static struct lt_time time_of(const struct statx *status, unsigned mask, const struct statx_timestamp *stamp)
{
    /* A kernel's own file systems have no fraction of a second or more, but a network or FUSE file system may give one.
     */
    if (!(status->stx_mask & mask) || stamp->tv_nsec > 999999999)
        return (struct lt_time){0};
    return lt_time_at(stamp->tv_sec, stamp->tv_nsec);
}

/* Returns errno, 0 if all is well. */
static int read_target(int at, const char *name, struct lt_arena *arena, struct lt_node *node)
{
    LT_UNINITIALISED char target[4097]; /* one more than any link can hold, so that no target is cut */
    ssize_t length = readlinkat(at, name, target, sizeof target);
    if (length < 0)
        return errno;
    node->target = lt_str_dup(arena, (struct lt_str){target, (size_t)length});
    return 0;
}

/* Describe `name` below the directory `at` ("" is the directory itself). Returns errno, 0 if all is well. */
static int describe(int at, const char *name, struct lt_arena *arena, struct lt_node *node)
{
    struct statx status;
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | (*name ? 0 : AT_EMPTY_PATH);
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
    return S_ISLNK(node->mode) ? read_target(at, name, arena, node) : 0;
}

/* LT_END if it is simply not there, LT_SKIP for everything else. */
static enum lt_status refuse(struct lt_err *err, const char *what)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return LT_END;
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "%s", what);
}

/* What could be opened, or was listed, is there: a system that then knows nothing of it contradicts itself, or it was
 * removed from a live host meanwhile. */
static enum lt_status fail_opened(struct lt_err *err, int problem, const char *what)
{
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, problem, "%s", what);
}

static enum lt_status directory_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                     struct lt_err *err)
{
    *out = (struct lt_node){.name = lt_str_basename(path)};
    int fd = lt_beneath_open(beneath_of(fs), path, OPEN_LOOK);
    if (fd < 0 && !path.len) /* the root is there, whatever the system says: its descriptor is open */
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot look at the root");
    if (fd < 0)
        return refuse(err, "cannot look at it");
    int problem = describe(fd, "", arena, out);
    close(fd);
    return problem ? fail_opened(err, problem, "cannot look at it") : LT_OK;
}

/* Is it the root of its file system? Only ext2/3/4 tell by its number, also where the root is not what is mounted. */
static bool is_ext_root(struct lt_fs *fs, struct lt_str path, uint64_t ino)
{
    enum { EXT_ROOT = 2 };
    struct statfs status;
    int fd = ino == EXT_ROOT ? lt_beneath_open(beneath_of(fs), path, OPEN_LOOK) : -1;
    if (fd < 0)
        return false;
    bool is_ext = fstatfs(fd, &status) == 0 && status.f_type == EXT4_SUPER_MAGIC;
    close(fd);
    return is_ext;
}

static struct lt_time directory_made(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    struct lt_node node;
    while (directory_stat(fs, path, scratch, &node, NULL) == LT_OK) {
        if (is_ext_root(fs, path, node.ino))
            return node.time[LT_B];
        if (node.mount_root || !path.len) /* what is above is another file system, or no evidence */
            break;
        path = lt_str_dirname(path);
    }
    return (struct lt_time){0};
}

/* A name as the directory lists it. */
struct name {
    uint64_t head; /* its first bytes, as a number that sorts the same way */
    struct lt_str text;
    uint64_t ino;
    unsigned type; /* S_IFMT bits, 0 if unknown */
};

struct names {
    struct name *items;
    size_t count, cap;
};

static uint64_t head_of(struct lt_str text)
{
    uint64_t head = 0;
    memcpy(&head, text.ptr, text.len < sizeof head ? text.len : sizeof head);
    return be64toh(head);
}

static void add_name(struct names *names, struct lt_arena *arena, const struct dirent64 *entry)
{
    const char *text = entry->d_name;
    if (text[0] == '.' && (!text[1] || (text[1] == '.' && !text[2])))
        return;
    if (names->count == names->cap) {
        names->cap = names->cap ? names->cap * 2 : 32;
        struct name *items = lt_new_array(arena, struct name, names->cap);
        if (names->count)
            memcpy(items, names->items, names->count * sizeof *items);
        names->items = items;
    }
    struct lt_str copy = lt_str_dup(arena, lt_str_c(text));
    names->items[names->count++] = (struct name){head_of(copy), copy, entry->d_ino, (unsigned)entry->d_type << 12};
}

/* All names of a directory, unless there are more than `most`. Returns errno, 0 if all is well. */
static int read_names(int fd, size_t most, struct lt_arena *arena, struct names *out)
{
    LT_UNINITIALISED _Alignas(8) char buffer[DIRENTS];
    while (out->count <= most) {
        ssize_t got = getdents64(fd, buffer, sizeof buffer);
        if (got <= 0)
            return got < 0 ? errno : 0;
        const struct dirent64 *entry;
        for (ssize_t at = 0; at < got; at += entry->d_reclen) {
            entry = (const struct dirent64 *)(const void *)(buffer + at);
            add_name(out, arena, entry);
        }
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct name *left = a, *right = b;
    if (left->head != right->head)
        return left->head < right->head ? -1 : 1;
    return lt_str_cmp(left->text, right->text);
}

/* Where the node of an inode stands in the listing. */
struct place {
    uint64_t ino;
    size_t at;
};

static int by_inode(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->ino > right->ino) - (left->ino < right->ino);
}

static void describe_node(int fd, struct lt_arena *arena, struct lt_node *node)
{
    int problem = describe(fd, node->name.ptr, arena, node);
    if (!problem)
        return;
    struct lt_err *error = lt_new(arena, struct lt_err);
    lt_fail(error, LT_SKIP, LT_CODE_UNREADABLE, problem, "cannot look at it");
    node->error = error;
}

/* Turn names into nodes. They come out in the order of names, but are looked at in the order of inodes, so that a cold
 * disk is read forwards. */
static void describe_all(int fd, const struct names *names, struct lt_arena *arena, struct lt_listing *out)
{
    size_t count = names->count;
    if (!count)
        return;
    *out = (struct lt_listing){lt_new_array(arena, struct lt_node, count), count, count};
    struct place *places = lt_new_array(arena, struct place, count);
    qsort(names->items, count, sizeof *names->items, by_name);
    for (size_t i = 0; i < count; i++) {
        out->nodes[i].name = names->items[i].text;
        out->nodes[i].ino = names->items[i].ino;
        places[i] = (struct place){names->items[i].ino, i};
    }
    qsort(places, count, sizeof *places, by_inode);
    for (size_t i = 0; i < count; i++)
        describe_node(fd, arena, &out->nodes[places[i].at]);
}

static bool has_directory(const struct lt_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        if (S_ISDIR(listing->nodes[i].mode))
            return true;
    return false;
}

static enum lt_status directory_list_ahead(struct lt_fs *fs, const struct lt_dir *dir, size_t most,
                                           struct lt_arena *arena, struct lt_listing *out, struct lt_err *err)
{
    struct names names = {0};
    *out = (struct lt_listing){0};
    int fd = lt_beneath_list(beneath_of(fs), dir);
    if (fd < 0 && errno == ESTALE)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "another directory has taken its place");
    if (fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the directory");
    int problem = read_names(fd, most, arena, &names);
    bool too_many = names.count > most;
    if (!too_many)
        describe_all(fd, &names, arena, out);
    lt_beneath_keep(beneath_of(fs), dir, fd, has_directory(out));
    if (too_many)
        return LT_END;
    return problem ? lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, problem, "the list of names breaks off") : LT_OK;
}

static enum lt_status directory_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                     struct lt_listing *out, struct lt_err *err)
{
    return directory_list_ahead(fs, dir, SIZE_MAX, arena, out, err);
}

static enum lt_status directory_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                      struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct names names = {0};
    int fd = lt_beneath_list(beneath_of(fs), dir);
    if (fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the directory");
    int problem = read_names(fd, SIZE_MAX, &scratch, &names);
    lt_beneath_keep(beneath_of(fs), dir, fd, true);
    for (size_t i = 0; i < names.count; i++)
        each(arg, names.items[i].text, names.items[i].ino, names.items[i].type);
    lt_arena_free(&scratch);
    return problem ? lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, problem, "the list of names breaks off") : LT_OK;
}

static bool directory_stored(struct lt_fs *fs, struct lt_str path)
{
    return lt_beneath_stored(beneath_of(fs), path);
}

static enum lt_status directory_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                         struct lt_node *node, struct lt_err *err)
{
    struct lt_lease lease = lt_beneath_lease(beneath_of(fs), dir);
    if (lease.fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open its directory");
    int problem = describe(lease.fd, node->name.ptr, arena, node);
    lt_beneath_return(beneath_of(fs), lease);
    return problem ? fail_opened(err, problem, "cannot look at it") : LT_OK;
}

/* Read one attribute by the path of its entry in /proc/self/fd. */
static void read_xattr(const char *path, const char *name, struct lt_arena *arena, struct lt_list *out,
                       struct lt_err *err)
{
    LT_UNINITIALISED char value[XATTR_SIZE_MAX];
    ssize_t length = lgetxattr(path, name, value, sizeof value);
    if (length < 0 && errno == ENODATA)
        return; /* removed since it was listed */
    if (length < 0) {
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot read the attribute %s", name);
        return;
    }
    struct lt_xattr *xattr = lt_new(arena, struct lt_xattr);
    xattr->name = lt_str_dup(arena, lt_str_c(name));
    xattr->value = lt_str_dup(arena, (struct lt_str){value, (size_t)length});
    lt_list_add(out, arena, xattr);
}

static int by_xattr_name(const void *a, const void *b)
{
    const struct lt_xattr *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->name, (*right)->name);
}

static enum lt_status read_xattrs(const char *path, struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    LT_UNINITIALISED char names[XATTR_LIST_MAX + 1];
    ssize_t length = llistxattr(path, names, sizeof names - 1);
    if (length < 0 && errno == EOPNOTSUPP)
        return LT_OK;
    if (length < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot list the extended attributes");
    struct lt_err problem = {0};
    names[length] = 0;
    for (const char *name = names; name < names + length; name += strlen(name) + 1)
        read_xattr(path, name, arena, out, &problem);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_xattr_name);
    if (problem.set && err && !err->set)
        *err = problem;
    return problem.set ? LT_SKIP : LT_OK;
}

/* The calls that take a descriptor need one that is open for reading, and devices, FIFOs and links must not be opened
 * so. A path through /proc reaches an entry of an open directory, and these calls do not follow it if it is a link. */
static enum lt_status directory_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                       struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    char path[320];
    *out = (struct lt_list){0};
    struct lt_lease lease = lt_beneath_lease(beneath_of(fs), dir);
    if (lease.fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open its directory");
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d/%s", lease.fd, node->name.len ? node->name.ptr : ".");
    enum lt_status status = length < (int)sizeof path ? read_xattrs(path, arena, out, err)
                                                      : lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, ENAMETOOLONG,
                                                                "cannot list the extended attributes");
    lt_beneath_return(beneath_of(fs), lease);
    return status;
}

static enum lt_status directory_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    /* Look first: opening a device, even without blocking, can have effects. */
    int look = lt_beneath_open(beneath_of(fs), path, OPEN_LOOK);
    if (look < 0)
        return refuse(err, "cannot open");
    struct stat seen, opened;
    int problem = fstat(look, &seen) < 0 ? errno : 0;
    close(look);
    if (problem)
        return fail_opened(err, problem, "cannot open");
    if (!S_ISREG(seen.st_mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    out->fd = lt_beneath_open(beneath_of(fs), path, OPEN_SAFE);
    if (out->fd < 0)
        return fail_opened(err, errno, "cannot open");
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
    .made = directory_made,
    .list = directory_list,
    .list_ahead = directory_list_ahead,
    .names = directory_names,
    .stored = directory_stored,
    .describe = directory_describe,
    .xattrs = directory_xattrs,
    .open = directory_open,
    .read = directory_read,
    .close = directory_close_file,
};

/* The kernel hides attributes trusted.* from everybody but the host's root. */
static bool may_see_trusted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1u << CAP_SYS_ADMIN;
}

static int directory_bid(const char *spec, const struct stat *status)
{
    (void)spec;
    return S_ISDIR(status->st_mode) ? 100 : 0;
}

static enum lt_status directory_open_evidence(struct lt_evidence *evidence, struct lt_err *err)
{
    int root = lt_root_open(evidence->spec, &evidence->atimes_change);
    if (root < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the evidence");
    evidence->self = lt_beneath_new(&evidence->arena, root, &evidence->opened);
    return LT_OK;
}

/* How many inodes its file system has in use: about the entries that there are to read, if it is all of that. */
static uint64_t count_entries(const char *path)
{
    struct statvfs info;
    return statvfs(path, &info) == 0 && info.f_files > info.f_ffree ? info.f_files - info.f_ffree : 0;
}

/* How much its file system has in use; 0: not known. */
static uint64_t count_bytes(const char *path)
{
    struct statvfs info;
    return statvfs(path, &info) == 0 && info.f_blocks > info.f_bfree ? (info.f_blocks - info.f_bfree) * info.f_frsize
                                                                     : 0;
}

/* All that is mounted below it counts as one file system. */
static enum lt_status directory_find(struct lt_evidence *evidence, struct lt_err *err)
{
    (void)err;
    evidence->held = count_bytes(evidence->spec);
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    *fs = (struct lt_fs){
        .ops = &directory_ops,
        .evidence = evidence,
        .label = LT_STR("directory"),
        .medium = {.type = "OS"},
        .entries = count_entries(evidence->spec),
        .no_trusted = !may_see_trusted(),
        .is_tree = true,
        .self = evidence->self,
    };
    lt_list_add(&evidence->fs, &evidence->arena, fs);
    return LT_OK;
}

static void directory_close_evidence(struct lt_evidence *evidence)
{
    if (evidence->self)
        lt_beneath_close(evidence->self);
}

const struct lt_evidence_kind lt_evidence_directory = {
    .name = "directory",
    .summary = "root of a mounted or live host, or a bare Docker data root",
    .bid = directory_bid,
    .open = directory_open_evidence,
    .find = directory_find,
    .close = directory_close_evidence,
};
