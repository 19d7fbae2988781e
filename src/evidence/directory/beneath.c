// SPDX-License-Identifier: Apache-2.0
#include "evidence/directory/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    OPEN_RETRIES = 128, /* openat2 may answer EAGAIN while directories are renamed on a live host */
    MAX_SEGMENT = 3500, /* a path is opened in pieces below PATH_MAX */
    SLOTS = 128,        /* directories kept open; far below the usual limit of 1024 descriptors */
    LIST_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
    LEASE_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
};

/* An open directory, known by its address; a brief one is never kept. If it is moved on a live host, its descriptor
 * stays good: what is opened through it is still what was listed in it. */
struct slot {
    const struct lt_dir *dir; /* NULL: free */
    uint64_t ino;
    int fd;
    unsigned users; /* 0: may be closed */
};

struct lt_beneath {
    int root;
    _Atomic uint64_t *opened; /* without O_NOATIME */
    pthread_mutex_t lock;     /* of the slots */
    struct slot slots[SLOTS];
};

struct lt_beneath *lt_beneath_new(struct lt_arena *arena, int root, _Atomic uint64_t *opened)
{
    struct lt_beneath *beneath = lt_new(arena, struct lt_beneath);
    beneath->root = root;
    beneath->opened = opened;
    pthread_mutex_init(&beneath->lock, NULL);
    return beneath;
}

/* Close all directories that nobody uses. True if there were any. */
static bool close_unused(struct lt_beneath *beneath)
{
    bool any = false;
    pthread_mutex_lock(&beneath->lock);
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &beneath->slots[i];
        if (!slot->dir || slot->users)
            continue;
        close(slot->fd);
        slot->dir = NULL;
        any = true;
    }
    pthread_mutex_unlock(&beneath->lock);
    return any;
}

void lt_beneath_close(struct lt_beneath *beneath)
{
    close_unused(beneath);
    close(beneath->root);
    pthread_mutex_destroy(&beneath->lock);
}

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
static int open_quietly(struct lt_beneath *beneath, int at, const char *path, int flags)
{
    if (flags & O_PATH)
        return open_once(at, path, flags);
    int fd = open_once(at, path, flags | O_NOATIME);
    if (fd >= 0 || errno != EPERM)
        return fd;
    fd = open_once(at, path, flags);
    *beneath->opened += fd >= 0;
    return fd;
}

/* If descriptors run out, give up the cache and try again. */
static int open_at(struct lt_beneath *beneath, int at, const char *path, int flags)
{
    int fd = open_quietly(beneath, at, path, flags);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && close_unused(beneath))
        fd = open_quietly(beneath, at, path, flags);
    return fd;
}

static void close_quietly(int fd)
{
    int keep = errno;
    close(fd);
    errno = keep;
}

/* Open a piece of a path that fits into one call. */
static int open_piece(struct lt_beneath *beneath, int at, struct lt_str path, int flags)
{
    LT_UNINITIALISED char piece[MAX_SEGMENT + 256];
    if (path.len >= sizeof piece || (path.len && memchr(path.ptr, 0, path.len))) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(piece, path.len ? path.ptr : ".", path.len ? path.len : 1);
    piece[path.len ? path.len : 1] = 0;
    return open_at(beneath, at, piece, flags);
}

/* Open `path` below `from`, piece by piece where it is longer than the kernel takes at once. */
static int open_path(struct lt_beneath *beneath, int from, struct lt_str path, int flags)
{
    int at = from;
    path = lt_str_starts(path, LT_STR("/")) ? lt_str_skip(path, 1) : path;
    while (path.len > MAX_SEGMENT) {
        size_t length = MAX_SEGMENT;
        while (length && path.ptr[length] != '/')
            length--;
        if (!length)
            break; /* no name can be that long: let the kernel say so */
        int next = open_piece(beneath, at, (struct lt_str){path.ptr, length}, LEASE_FLAGS);
        if (at != from)
            close_quietly(at);
        if (next < 0)
            return -1;
        at = next;
        path = lt_str_skip(path, length + 1);
    }
    int fd = open_piece(beneath, at, path, flags);
    if (at != from)
        close_quietly(at);
    return fd;
}

int lt_beneath_open(struct lt_beneath *beneath, struct lt_str path, int flags)
{
    return open_path(beneath, beneath->root, path, flags);
}

/* `fd`, if it is the directory that was listed. On a live host another one may have its name by now. */
static int same_inode(int fd, const struct lt_dir *dir)
{
    struct stat status;
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0) {
        if (status.st_ino == dir->ino)
            return fd;
        errno = ESTALE;
    }
    close_quietly(fd);
    return -1;
}

static struct slot *slot_of(struct lt_beneath *beneath, const struct lt_dir *dir)
{
    return &beneath->slots[((uint64_t)(uintptr_t)dir * 0x9E3779B97F4A7C15u) >> 57];
}
_Static_assert(SLOTS == 1 << (64 - 57), "slot_of() yields that many numbers");

/* Borrow a directory that is in the cache. */
static struct lt_lease lease_cached(struct lt_beneath *beneath, const struct lt_dir *dir)
{
    struct lt_lease lease = {-1, -1};
    struct slot *slot = slot_of(beneath, dir);
    pthread_mutex_lock(&beneath->lock);
    if (slot->dir == dir && slot->ino == dir->ino) {
        slot->users++;
        lease = (struct lt_lease){slot->fd, (int)(slot - beneath->slots)};
    }
    pthread_mutex_unlock(&beneath->lock);
    return lease;
}

/* Give `fd` to the cache, with `users` users. False: its slot is in use, and `fd` is still the caller's. */
static bool put(struct lt_beneath *beneath, const struct lt_dir *dir, int fd, unsigned users)
{
    struct slot *slot = slot_of(beneath, dir);
    int old = -1;
    pthread_mutex_lock(&beneath->lock);
    bool room = !slot->dir || !slot->users;
    if (room) {
        old = slot->dir ? slot->fd : -1;
        *slot = (struct slot){dir, dir->ino, fd, users};
    }
    pthread_mutex_unlock(&beneath->lock);
    if (old >= 0)
        close(old);
    return room;
}

/* Open a directory by its path, from the nearest one above it that is open. */
static int open_from_above(struct lt_beneath *beneath, const struct lt_dir *dir, int flags)
{
    const struct lt_dir *from = dir->parent;
    struct lt_lease above = {-1, -1};
    for (; from; from = from->parent) {
        above = lease_cached(beneath, from);
        if (above.fd >= 0)
            break;
    }
    struct lt_buf path = {0};
    lt_dir_path(&path, dir);
    struct lt_str rest = lt_str_skip(lt_buf_view(&path), from ? from->path_len : 0);
    int fd = open_path(beneath, from ? above.fd : beneath->root, rest, flags);
    lt_beneath_return(beneath, above);
    int keep = errno;
    lt_buf_free(&path);
    errno = keep;
    return same_inode(fd, dir);
}

struct lt_lease lt_beneath_lease(struct lt_beneath *beneath, const struct lt_dir *dir)
{
    struct lt_lease lease = lease_cached(beneath, dir);
    if (lease.fd >= 0)
        return lease;
    lease.fd = open_from_above(beneath, dir, LEASE_FLAGS);
    if (lease.fd >= 0 && !dir->brief && put(beneath, dir, lease.fd, 1))
        lease.slot = (int)(slot_of(beneath, dir) - beneath->slots);
    return lease;
}

void lt_beneath_return(struct lt_beneath *beneath, struct lt_lease lease)
{
    if (lease.slot < 0) {
        if (lease.fd >= 0)
            close_quietly(lease.fd);
        return;
    }
    pthread_mutex_lock(&beneath->lock);
    beneath->slots[lease.slot].users--;
    pthread_mutex_unlock(&beneath->lock);
}

int lt_beneath_list(struct lt_beneath *beneath, const struct lt_dir *dir)
{
    if (!dir->parent)
        return open_from_above(beneath, dir, LIST_FLAGS);
    struct lt_lease parent = lt_beneath_lease(beneath, dir->parent);
    if (parent.fd < 0)
        return -1;
    int fd = open_piece(beneath, parent.fd, dir->name, LIST_FLAGS);
    lt_beneath_return(beneath, parent);
    return same_inode(fd, dir);
}

void lt_beneath_keep(struct lt_beneath *beneath, const struct lt_dir *dir, int fd, bool reuse)
{
    if (!reuse || dir->brief || !put(beneath, dir, fd, 0))
        close(fd);
}

/* The kernel's number of the file system at `path`, 0 if that is not known. */
static unsigned long type_at(struct lt_beneath *beneath, struct lt_str path)
{
    struct statfs status;
    int fd = lt_beneath_open(beneath, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    unsigned long type = fd >= 0 && fstatfs(fd, &status) == 0 ? (unsigned long)status.f_type : 0;
    if (fd >= 0)
        close(fd);
    return type;
}

/* Numbers of linux include/uapi/linux/magic.h, 6.18. What an overlay shows lies on other file systems. */
bool lt_beneath_stored(struct lt_beneath *beneath, struct lt_str path)
{
    static const unsigned long not_stored[] = {
        PROC_SUPER_MAGIC, SYSFS_MAGIC,        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,   DEBUGFS_MAGIC,
        TRACEFS_MAGIC,    SECURITYFS_MAGIC,   BPF_FS_MAGIC,       PSTOREFS_MAGIC,        EFIVARFS_MAGIC,
        NFS_SUPER_MAGIC,  SMB2_SUPER_MAGIC,   CIFS_SUPER_MAGIC,   CEPH_SUPER_MAGIC,      AFS_SUPER_MAGIC,
        V9FS_MAGIC,       DEVPTS_SUPER_MAGIC, BINFMTFS_MAGIC,     OVERLAYFS_SUPER_MAGIC, AUTOFS_SUPER_MAGIC,
    };
    unsigned long type = type_at(beneath, path);
    for (size_t i = 0; i < sizeof not_stored / sizeof *not_stored; i++)
        if (type == not_stored[i])
            return type == type_at(beneath, LT_STR("")); /* the evidence itself may lie on a server */
    return true;
}
