// SPDX-License-Identifier: Apache-2.0
#include "findings/contents.h"

#include "base/sha256.h"
#include "files/binds.h"

#include <stdlib.h>

enum { PIECE = 64 * 1024, MOST_EQUAL = 8 };

struct lt_fs *lt_found_fs(const struct lt_owner *owner)
{
    if (owner->bind)
        return lt_bind_fs(owner->root);
    if (owner->layer)
        return owner->layer->root->fs;
    return owner->root ? owner->root->fs : NULL;
}

/* The SHA-256 of an open file, which is closed; in `arena`. "": it cannot be read, or this build has no hash. */
static struct lt_str hash_of(struct lt_file *file, struct lt_arena *arena, struct lt_err *err)
{
    char piece[PIECE];
    struct lt_buf hex = {0};
    struct lt_sha256 *hash = lt_sha256_new();
    uint64_t at = 0;
    while (hash && at < file->size) {
        ssize_t got = lt_file_read(file, piece, sizeof piece, at, err);
        if (got <= 0)
            break;
        lt_sha256_add(hash, (struct lt_str){piece, (size_t)got});
        at += (uint64_t)got;
    }
    bool whole = at >= file->size;
    lt_file_close(file);
    lt_sha256_finish(hash, &hex);
    if (!whole && hash && !err->set)
        lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "ends before its size");
    struct lt_str text = whole ? lt_str_dup(arena, lt_buf_view(&hex)) : LT_STR("");
    lt_buf_free(&hex);
    return text;
}

static int by_size(const void *a, const void *b)
{
    const struct lt_image_file *left = *(const struct lt_image_file *const *)a;
    const struct lt_image_file *right = *(const struct lt_image_file *const *)b;
    return left->size < right->size ? -1 : left->size > right->size;
}

void lt_contents_begin(struct lt_founds *founds)
{
    if (founds->image_files.count)
        qsort(founds->image_files.items, founds->image_files.count, sizeof *founds->image_files.items, by_size);
}

/* The first file of an image that has the size, or a larger one. */
static size_t first_of_size(const struct lt_list *files, uint64_t size)
{
    size_t low = 0, high = files->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lt_image_file *file = files->items[middle];
        if (file->size < size)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_layer(const struct lt_container *container, const struct lt_layer *layer)
{
    return container && lt_list_has(&container->layers, layer);
}

/* Is the layer one of the images of the containers that see what `owner` owns? */
static bool sees(const struct lt_owner *owner, const struct lt_layer *layer)
{
    const struct lt_list *users = lt_owner_users(owner);
    if (has_layer(owner->container, layer))
        return true;
    if (users)
        lt_each (const struct lt_mount_user, user, users)
            if (has_layer(user->container, layer))
                return true;
    if (owner->role == LT_ROLE_IMAGE && owner->layer)
        lt_each (const struct lt_container, container, &owner->layer->containers)
            if (has_layer(container, layer))
                return true;
    return false;
}

static void hash_image_file(struct lt_ctx *ctx, struct lt_founds *founds, struct lt_image_file *file)
{
    struct lt_file open;
    struct lt_err problem = {0};
    const struct lt_node node = {.name = file->name, .ino = file->ino, .size = file->size, .mode = S_IFREG};
    struct lt_ctx there = lt_ctx_on(ctx, lt_found_fs(file->owner));
    if (lt_file_open_entry(there.fs, file->dir, &node, &open, &problem) == LT_OK)
        file->sha256 = hash_of(&open, founds->arena, &problem);
    if (problem.set)
        lt_skip_entry(&there, file->dir, &node, &problem);
}

static struct lt_str label_of(struct lt_founds *founds, const struct lt_image_file *file)
{
    struct lt_buf text = {0};
    const struct lt_node node = {.name = file->name};
    const struct lt_event event = {.owner = file->owner, .dir = file->dir, .node = &node};
    lt_event_inside(&text, &event);
    lt_buf_lit(&text, " of image ");
    lt_owner_label(&text, file->owner);
    struct lt_str label = lt_str_dup(founds->arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return label;
}

static bool is_itself(const struct lt_found *found, const struct lt_image_file *file)
{
    struct lt_buf at = {0};
    const struct lt_node node = {.name = file->name};
    const struct lt_event event = {.owner = file->owner, .dir = file->dir, .node = &node};
    lt_event_path(&at, &event);
    bool same = lt_str_eq(lt_buf_view(&at), found->at);
    lt_buf_free(&at);
    return same;
}

static void find_equals(struct lt_ctx *ctx, struct lt_founds *founds, struct lt_found *found)
{
    const struct lt_list *files = &founds->image_files;
    for (size_t i = first_of_size(files, found->size); i < files->count && found->equals.count < MOST_EQUAL; i++) {
        struct lt_image_file *file = files->items[i];
        if (file->size != found->size)
            return;
        if (!sees(found->owner, file->owner->layer) || is_itself(found, file))
            continue;
        if (!file->sha256.len)
            hash_image_file(ctx, founds, file);
        if (file->sha256.len && lt_str_eq(file->sha256, found->sha256))
            lt_list_add_str(&found->equals, founds->arena, label_of(founds, file));
    }
}

void lt_contents_of(struct lt_ctx *ctx, struct lt_founds *founds, struct lt_found *found)
{
    struct lt_file file;
    struct lt_err problem = {0};
    struct lt_ctx there = lt_ctx_on(ctx, lt_found_fs(found->owner));
    if (!found->readable || !there.fs)
        return;
    if (found->size > LT_MOST_HASHED) {
        lt_found_fact(founds, found, "not read, since it is larger than %d bytes", LT_MOST_HASHED);
        return;
    }
    enum lt_status status = lt_file_open(there.fs, found->at, &file, &problem);
    if (status == LT_OK)
        found->sha256 = hash_of(&file, founds->arena, &problem);
    if (problem.set)
        lt_skip_error(&there, found->at, &problem);
    if (found->sha256.len && found->size)
        find_equals(ctx, founds, found);
    if (found->equals.count && found->rules & LT_FIND_BIT(program_new))
        lt_found_replace(found, LT_FIND_program_new, LT_FIND_program_copy);
}
