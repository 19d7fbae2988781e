// SPDX-License-Identifier: Apache-2.0
#include "evidence/fs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lt_evidence_note(struct lt_evidence *evidence, const struct lt_err *note)
{
    struct lt_err *copy = lt_new(&evidence->arena, struct lt_err);
    *copy = *note;
    lt_list_add(&evidence->notes, &evidence->arena, copy);
}

void lt_evidence_remark(struct lt_evidence *evidence, const char *format, ...)
{
    struct lt_err text; /* a text of bounded length */
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text.text, sizeof text.text, format, args);
    va_end(args);
    if (length > 0)
        lt_list_add_str(&evidence->remarks, &evidence->arena, lt_str_dup(&evidence->arena, lt_str_c(text.text)));
}

void lt_fs_note(const struct lt_fs *fs, const char *code, const char *text)
{
    struct lt_err err = {0};
    lt_fail(&err, LT_SKIP, code, 0, "%.*s: %s", LT_ARG(fs->label), text);
    lt_evidence_note(fs->evidence, &err);
}

void lt_fs_flaw(struct lt_fs *fs, struct lt_str path, const struct lt_err *problem)
{
    struct lt_arena *arena = &fs->evidence->arena;
    struct lt_flaw *flaw = lt_new(arena, struct lt_flaw);
    *flaw = (struct lt_flaw){lt_str_dup(arena, path), *problem};
    lt_list_add(&fs->evidence->flaws, arena, flaw);
    lt_map_put(&fs->flawed, arena, flaw->path, flaw);
}

struct lt_node *lt_listing_add(struct lt_listing *listing, struct lt_arena *arena, struct lt_str name, uint64_t ino)
{
    if (listing->count == listing->cap) {
        size_t cap = listing->cap ? listing->cap * 2 : 64;
        struct lt_node *nodes = lt_new_array(arena, struct lt_node, cap);
        if (listing->count)
            memcpy(nodes, listing->nodes, listing->count * sizeof *nodes);
        listing->nodes = nodes;
        listing->cap = cap;
    }
    struct lt_node *node = &listing->nodes[listing->count++];
    *node = (struct lt_node){.name = lt_str_dup(arena, name), .ino = ino};
    return node;
}

static int by_name(const void *a, const void *b)
{
    const struct lt_node *left = a, *right = b;
    int order = lt_str_cmp(left->name, right->name);
    return order ? order : (left->ino > right->ino) - (left->ino < right->ino);
}

void lt_listing_sort(struct lt_listing *listing)
{
    if (listing->count)
        qsort(listing->nodes, listing->count, sizeof *listing->nodes, by_name);
}

enum lt_status lt_fs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                          struct lt_err *err)
{
    return fs->ops->stat(fs, path, arena, out, err);
}

enum lt_status lt_fs_list(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_listing *out,
                          struct lt_err *err)
{
    *out = (struct lt_listing){0};
    struct lt_node node;
    enum lt_status status = lt_fs_stat(fs, path, arena, &node, err);
    if (status != LT_OK)
        return status;
    if (!S_ISDIR(node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a directory");
    struct lt_dir dir = {.name = path, .path_len = path.len, .ino = node.ino, .brief = true};
    status = fs->ops->list(fs, &dir, arena, out, err);
    size_t living = 0;
    for (size_t i = 0; i < out->count; i++)
        if (!out->nodes[i].unallocated)
            out->nodes[living++] = out->nodes[i];
    out->count = living;
    return status;
}

/* Append one component to the resolved path. "." and ".." are handled here, so readers never see them. */
static void step(struct lt_arena *arena, struct lt_str *path, struct lt_str name)
{
    if (!name.len || lt_str_eq(name, LT_STR(".")))
        return;
    if (!lt_str_eq(name, LT_STR(".."))) {
        *path = lt_path_join(arena, *path, name);
        return;
    }
    while (path->len && path->ptr[path->len - 1] != '/')
        path->len--;
    if (path->len)
        path->len--;
}

enum lt_status lt_fs_resolve(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_str *out,
                             struct lt_err *err)
{
    struct lt_str done = LT_STR(""), todo = path;
    int links = 0;
    while (todo.len) {
        struct lt_str parent = done;
        step(arena, &done, lt_str_cut(&todo, '/'));
        struct lt_node node;
        enum lt_status status = lt_fs_stat(fs, done, arena, &node, err);
        if (status != LT_OK)
            return status;
        if (!S_ISLNK(node.mode))
            continue;
        if (++links > LT_MAX_LINKS)
            return lt_fail(err, LT_SKIP, LT_CODE_CYCLE, 0, "more than %d symbolic links", LT_MAX_LINKS);
        done = lt_str_starts(node.target, LT_STR("/")) ? LT_STR("") : parent;
        todo = lt_path_join(arena, node.target, todo);
    }
    *out = done;
    return LT_OK;
}

bool lt_fs_is_name(struct lt_str name)
{
    return name.len && !memchr(name.ptr, '/', name.len) && !memchr(name.ptr, 0, name.len) &&
           !lt_str_eq(name, LT_STR(".")) && !lt_str_eq(name, LT_STR(".."));
}

enum lt_status lt_file_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    *out = (struct lt_file){.fs = fs, .fd = -1};
    return fs->ops->open(fs, path, out, err);
}

enum lt_status lt_file_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                  struct lt_file *out, struct lt_err *err)
{
    *out = (struct lt_file){.fs = fs, .fd = -1};
    if (fs->ops->open_entry)
        return fs->ops->open_entry(fs, dir, node, out, err);
    struct lt_buf path = {0};
    lt_event_path(&path, &(struct lt_event){.dir = dir, .node = node});
    enum lt_status status = fs->ops->open(fs, lt_buf_view(&path), out, err);
    lt_buf_free(&path);
    return status;
}

ssize_t lt_file_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    if (offset >= file->size)
        return 0;
    if (size > file->size - offset)
        size = (size_t)(file->size - offset);
    return file->fs->ops->read(file, buffer, size, offset, err);
}

void lt_file_close(struct lt_file *file)
{
    if (file->fs)
        file->fs->ops->close(file);
    file->fs = NULL;
}

static enum lt_status slurp_file(struct lt_file *file, size_t cap, struct lt_arena *arena, struct lt_str *out,
                                 struct lt_err *err)
{
    if (file->size > cap)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "%ju bytes, more than the cap of %zu", (uintmax_t)file->size,
                       cap);
    size_t size = (size_t)file->size, done = 0;
    char *bytes = lt_arena_alloc(arena, size + 1);
    while (done < size) {
        ssize_t got = lt_file_read(file, bytes + done, size - done, done, err);
        if (got < 0)
            return LT_SKIP;
        if (got == 0)
            return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "ends after %zu of %zu bytes", done, size);
        done += (size_t)got;
    }
    *out = (struct lt_str){bytes, size};
    return LT_OK;
}

enum lt_status lt_slurp(struct lt_fs *fs, struct lt_str path, size_t cap, struct lt_arena *arena, struct lt_str *out,
                        struct lt_err *err)
{
    struct lt_file file;
    enum lt_status status = lt_file_open(fs, path, &file, err);
    if (status != LT_OK)
        return status;
    status = slurp_file(&file, cap, arena, out, err);
    lt_file_close(&file);
    return status;
}
