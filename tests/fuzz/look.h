// SPDX-License-Identifier: Apache-2.0
/* A file system that lies, looked at in all ways: walked, every file read a little, every attribute and deleted inode
 * looked at. It must keep the promises of evidence/fs.h. */
#ifndef TESTS_FUZZ_LOOK_H
#define TESTS_FUZZ_LOOK_H

#include "evidence/deleted.h"
#include "evidence/walk.h"

#include "fuzz.h"

#include <string.h>

enum { MOST_ENTRIES = 4000 }; /* a hostile tree can be large: the rest of it would be more of the same */

struct seen {
    struct lt_fs *fs;
    struct lt_arena names, scratch;
    uint64_t announced, entries, failed, orphans, described, recoverable;
    const struct lt_dir *dir; /* of the entry before */
    struct lt_str name;
    bool stopped;
};

static inline void count_seen(void *arg, size_t count)
{
    struct seen *seen = arg;
    seen->announced += count;
}

static inline void count_failed(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    struct seen *seen = arg;
    (void)path;
    PROMISE(problem->set && problem->code && problem->text[0] && count <= 1);
    seen->failed += count;
}

/* What the kernel could have handed out. */
static inline void check_xattrs(struct seen *seen, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_list list = {0};
    struct lt_err err = {0};
    struct lt_str before = LT_STR("");
    enum lt_status status = seen->fs->ops->xattrs(seen->fs, dir, node, &seen->scratch, &list, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set && err.code));
    lt_each (const struct lt_xattr, xattr, &list) {
        PROMISE(xattr->name.len && !memchr(xattr->name.ptr, 0, xattr->name.len));
        PROMISE(lt_str_cmp(before, xattr->name) <= 0);
        PROMISE(xattr->value.len <= 2 * (size_t)UINT16_MAX + 8);
        if (xattr->value.len)
            (void)memchr(xattr->value.ptr, 0, xattr->value.len);
        before = xattr->name;
    }
}

/* A little at the start, in the middle and over the end. */
static inline void read_some(struct lt_file *file)
{
    const uint64_t places[] = {0, file->size / 2, file->size > 100 ? file->size - 100 : 0, file->size, UINT64_MAX};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char buffer[3000];
        struct lt_err problem = {0};
        ssize_t got = lt_file_read(file, buffer, sizeof buffer, places[i], &problem);
        PROMISE(got >= -1 && got <= (ssize_t)sizeof buffer && (got >= 0 || problem.set));
        PROMISE(got <= 0 || (uint64_t)got <= file->size - places[i]);
    }
}

/* By its path, which another entry may have, too, and by its inode. */
static inline void read_file(struct seen *seen, const struct lt_dir *dir, const struct lt_node *node,
                             struct lt_str path)
{
    struct lt_file file;
    for (int by_inode = 0; by_inode < 2; by_inode++) {
        struct lt_err err = {0};
        enum lt_status status =
            by_inode ? lt_file_open_entry(seen->fs, dir, node, &file, &err) : lt_file_open(seen->fs, path, &file, &err);
        PROMISE(status == LT_OK || status == LT_END || (status == LT_SKIP && err.set));
        if (status == LT_OK)
            read_some(&file);
        lt_file_close(&file);
    }
}

/* A name as a search sees it, with its inode. */
static inline void check_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    struct seen *seen = arg;
    struct lt_node node = {.name = name, .ino = ino};
    struct lt_err err = {0};
    PROMISE(lt_fs_is_name(name) && ino && !(type & ~(unsigned)S_IFMT));
    if (++seen->described > MOST_ENTRIES)
        return;
    enum lt_status status = seen->fs->ops->describe(seen->fs, NULL, &seen->scratch, &node, &err);
    PROMISE(status == LT_OK ? node.mode : status == LT_END || (status == LT_SKIP && err.set));
}

static inline void check_node(struct seen *seen, const struct lt_dir *dir, const struct lt_node *node)
{
    PROMISE(!memchr(node->name.ptr, '/', node->name.len) && !memchr(node->name.ptr, 0, node->name.len));
    PROMISE(!node->target.len || S_ISLNK(node->mode));
    PROMISE(!node->deleted.set || node->unallocated);
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        PROMISE(!node->time[slot].set || node->time[slot].nsec < 1000000000);
    check_xattrs(seen, dir, node);
}

static inline void check_path(struct seen *seen, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_buf path = {0};
    struct lt_node found;
    struct lt_err err = {0};
    lt_dir_path(&path, dir);
    PROMISE(path.len == dir->path_len);
    if (node->name.len) {
        lt_buf_char(&path, '/');
        lt_buf_add(&path, node->name);
    }
    enum lt_status status = lt_fs_stat(seen->fs, lt_buf_view(&path), &seen->scratch, &found, &err);
    PROMISE(status == LT_OK || status == LT_END || (status == LT_SKIP && err.set));
    if (S_ISREG(node->mode))
        read_file(seen, dir, node, lt_buf_view(&path));
    struct lt_dir self = {.name = lt_buf_view(&path), .path_len = path.len, .ino = node->ino, .brief = true};
    status = S_ISDIR(node->mode) ? seen->fs->ops->names(seen->fs, &self, check_name, seen, &err) : LT_OK;
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    lt_buf_free(&path);
}

static inline enum lt_status check_entry(void *arg, const struct lt_dir *dir, const struct lt_node *node,
                                         struct lt_err *err)
{
    struct seen *seen = arg;
    bool top = !seen->entries++;
    PROMISE(top ? !node->name.len : node->name.len);
    PROMISE(node->mode || node->unallocated); /* only of a deleted entry there may be nothing but its name */
    if (dir == seen->dir)
        PROMISE(lt_str_cmp(seen->name, node->name) <= 0);
    else
        lt_arena_reset(&seen->names);
    seen->dir = dir;
    seen->name = lt_str_dup(&seen->names, node->name);
    lt_arena_reset(&seen->scratch);
    check_node(seen, dir, node);
    if (!node->unallocated)
        check_path(seen, dir, node);
    seen->stopped = seen->entries >= MOST_ENTRIES;
    return seen->stopped ? lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "enough") : LT_OK;
}

static inline enum lt_status check_orphan(void *arg, const struct lt_node *node, struct lt_err *err)
{
    struct seen *seen = arg;
    const struct lt_dir dir = {.name = LT_STR("/$OrphanFiles")};
    PROMISE(node->ino && node->unallocated && lt_str_starts(node->name, LT_STR("OrphanFile-")));
    lt_arena_reset(&seen->scratch);
    check_node(seen, &dir, node);
    seen->stopped = ++seen->orphans >= MOST_ENTRIES;
    return seen->stopped ? lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "enough") : LT_OK;
}

/* What is said of a deleted file must be within it. */
static inline void check_parts(const struct lt_deleted *file)
{
    uint64_t before = 0;
    for (size_t i = 0; i < file->lost_count; i++) {
        const struct lt_lost *lost = &file->lost[i];
        PROMISE(lost->offset >= before && lost->size <= file->node->size - lost->offset);
        before = lost->offset;
    }
    for (size_t i = 0; i < file->extent_count; i++)
        PROMISE(file->extents[i].size && file->extents[i].size <= file->node->size - file->extents[i].offset);
    PROMISE(!file->complete || !file->lost_count);
}

static inline enum lt_status check_deleted(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct seen *seen = arg;
    const uint64_t size = file->node->size, places[] = {0, size / 2, size > 100 ? size - 100 : 0, size, UINT64_MAX};
    PROMISE(S_ISREG(file->node->mode) && file->node->ino && !memchr(file->path.ptr, 0, file->path.len));
    check_parts(file);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char buffer[3000];
        struct lt_err problem = {0};
        ssize_t got = file->fs->ops->read_deleted(file, buffer, sizeof buffer, places[i], &problem);
        PROMISE(got >= -1 && got <= (ssize_t)sizeof buffer && (got >= 0 || problem.set));
        PROMISE(got <= 0 || (uint64_t)got <= size - places[i]);
        PROMISE(got || places[i] >= size);
    }
    seen->stopped = ++seen->recoverable >= MOST_ENTRIES;
    return seen->stopped ? lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "enough") : LT_OK;
}

static inline void look_at_all(struct lt_fs *fs)
{
    struct seen seen = {.fs = fs};
    struct lt_arena run = {0};
    struct lt_err err = {0};
    struct lt_walk walk = {
        .fs = fs, .run = &run, .arg = &seen, .seen = count_seen, .entry = check_entry, .failed = count_failed};
    struct lt_time made = fs->ops->made(fs, LT_STR(""), &seen.scratch);
    PROMISE(!made.set || made.nsec < 1000000000);
    struct lt_dir *top = lt_new(&run, struct lt_dir);
    *top = (struct lt_dir){.name = LT_STR("")};
    enum lt_status status = lt_walk(&walk, top, &err);
    PROMISE(seen.stopped ? status == LT_FATAL : status == LT_OK);
    PROMISE(seen.stopped || seen.announced == seen.entries + seen.failed);
    lt_err_clear(&err);
    seen.stopped = false;
    status = fs->ops->orphans(fs, check_orphan, &seen, &err);
    PROMISE(status == LT_OK || ((status == LT_SKIP || seen.stopped) && err.set));
    lt_err_clear(&err);
    seen.stopped = false;
    status = fs->ops->deleted ? fs->ops->deleted(fs, check_deleted, &seen, &err) : LT_OK;
    PROMISE(status == LT_OK || ((status == LT_SKIP || seen.stopped) && err.set));
    lt_arena_free(&run);
    lt_arena_free(&seen.names);
    lt_arena_free(&seen.scratch);
}

#endif
