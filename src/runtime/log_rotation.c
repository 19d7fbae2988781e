// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_rotation.h"

#include "evidence/stream.h"

#include <stdlib.h>

enum { MAX_COMPARED = 8 };

static int by_path(const struct lt_log_file *left, const struct lt_log_file *right)
{
    return lt_str_cmp(left->path, right->path);
}

/* Oldest first. Before an incomplete .1.gz comes the complete .1. */
static int by_age(const void *a, const void *b)
{
    const struct lt_log_file *left = a, *right = b;
    int order = lt_rotation_cmp(&left->rotation, &right->rotation);
    return order ? order : by_path(left, right);
}

/* The same, if numbers grow. */
static int by_mtime(const void *a, const void *b)
{
    const struct lt_log_file *left = a, *right = b;
    if (left->rotation.kind != LT_ROTATED_BY_NUMBER || right->rotation.kind != LT_ROTATED_BY_NUMBER)
        return by_age(a, b);
    int order = lt_time_cmp(left->written, right->written);
    order = order ? order : -lt_rotation_cmp(&left->rotation, &right->rotation);
    return order ? order : by_path(left, right);
}

/* A growing array of files. */
struct found {
    struct lt_log_file *files; /* owned */
    size_t count;
};

static void add_files(struct found *found, struct lt_arena *arena, struct lt_str directory, struct lt_str log,
                      const struct lt_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct lt_node *node = &listing->nodes[i];
        struct lt_log_file file = {.written = node->time[LT_M]};
        if (!lt_rotation_parse(node->name, log, &file.rotation) ||
            (S_ISDIR(node->mode) && file.rotation.kind == LT_ROTATED_OTHERWISE))
            continue; /* a directory in place of a log is an error of its reader */
        file.path = lt_path_join(arena, directory, node->name);
        found->files = lt_realloc(found->files, lt_array_size(found->count + 1, sizeof file));
        found->files[found->count++] = file;
    }
}

static void find_files(struct lt_ctx *ctx, struct lt_str directory, struct lt_str log, struct found *found)
{
    struct lt_listing listing, below;
    lt_list_or_skip(ctx, directory, &listing);
    add_files(found, ctx->scratch, directory, log, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        if (!S_ISDIR(listing.nodes[i].mode))
            continue;
        struct lt_str path = lt_path_join(ctx->scratch, directory, listing.nodes[i].name);
        if (lt_fs_list(ctx->fs, path, ctx->scratch, &below, NULL) != LT_END)
            add_files(found, ctx->scratch, path, log, &below);
    }
}

/* Does another file hold what this one does? Of two with the same number or date, one may be the packed copy of the
 * other. A file that somebody named by hand may be a copy of any; the newest are the likeliest. */
static bool is_copy(struct lt_ctx *ctx, const struct found *found, size_t index)
{
    const struct lt_log_file *file = &found->files[index], *before = index ? file - 1 : NULL;
    if (file->rotation.kind != LT_ROTATED_OTHERWISE)
        return before && lt_rotation_cmp(&before->rotation, &file->rotation) == 0 &&
               lt_log_is_copy(ctx, before->path, file->path,
                              file->rotation.way.len || lt_str_ends(file->path, LT_STR(".tmp")));
    for (size_t i = 1; i <= MAX_COMPARED && found->count - i > index; i++)
        if (lt_log_is_copy(ctx, found->files[found->count - i].path, file->path, false))
            return true;
    return false;
}

/* Sort what was found, and leave out copies. Frees it. */
static struct lt_list keep(struct lt_ctx *ctx, struct found *found, bool counts_up)
{
    struct lt_list kept = {0};
    const struct lt_log_file *before = NULL;
    if (found->count)
        qsort(found->files, found->count, sizeof *found->files, counts_up ? by_mtime : by_age);
    for (size_t i = 0; i < found->count; i++) {
        if (is_copy(ctx, found, i))
            continue;
        struct lt_log_file *file = lt_new(ctx->scratch, struct lt_log_file);
        *file = found->files[i];
        file->follows = before && (lt_rotation_follows(&before->rotation, &file->rotation) ||
                                   (counts_up && before->rotation.kind == LT_ROTATED_BY_NUMBER));
        lt_list_add(&kept, ctx->scratch, file);
        before = file;
    }
    free(found->files);
    return kept;
}

struct lt_list lt_log_files(struct lt_ctx *ctx, struct lt_str directory, struct lt_str name, bool counts_up)
{
    struct found found = {0};
    find_files(ctx, directory, name, &found);
    return keep(ctx, &found, counts_up);
}

struct lt_list lt_log_files_among(struct lt_ctx *ctx, struct lt_str directory, const struct lt_listing *listing,
                                  size_t at, struct lt_str name)
{
    struct found found = {0};
    const char *dot = name.len ? memrchr(name.ptr, '.', name.len) : NULL;
    struct lt_str stem = {name.ptr, dot ? (size_t)(dot - name.ptr) : name.len};
    size_t end = at + 1;
    while (at && lt_str_starts(listing->nodes[at - 1].name, stem))
        at--;
    while (end < listing->count && lt_str_starts(listing->nodes[end].name, stem))
        end++;
    add_files(&found, ctx->scratch, directory, name,
              &(struct lt_listing){.nodes = listing->nodes + at, .count = end - at});
    return keep(ctx, &found, false);
}

/* Two files that are compared. */
struct pair {
    struct lt_stream *whole, *copy;
    uint64_t lines; /* of the copy */
};

/* Are the next bytes of both the same? LT_END: the copy ends here. LT_SKIP: they differ, or cannot be compared. */
static enum lt_status compare(struct pair *pair, bool unfinished)
{
    struct lt_stream *const streams[] = {pair->whole, pair->copy};
    struct lt_err problem = {0};
    for (unsigned i = 0; i < 2; i++)
        if (!lt_stream_view(streams[i]).len)
            lt_stream_fill(streams[i], &problem);
    struct lt_str a = lt_stream_view(pair->whole), b = lt_stream_view(pair->copy);
    size_t count = a.len < b.len ? a.len : b.len;
    if (!b.len)
        return !problem.set || (unfinished && strcmp(problem.code, LT_CODE_TRUNCATED) == 0) ? LT_END : LT_SKIP;
    if (!count || memcmp(a.ptr, b.ptr, count) != 0)
        return LT_SKIP;
    for (const char *at = b.ptr; (at = memchr(at, '\n', (size_t)(b.ptr + count - at))); at++)
        pair->lines++;
    lt_stream_consume(pair->whole, count);
    lt_stream_consume(pair->copy, count);
    return LT_OK;
}

bool lt_log_is_copy(struct lt_ctx *ctx, struct lt_str path, struct lt_str other, bool unfinished)
{
    struct pair pair = {0};
    enum lt_status status = LT_SKIP;
    if (lt_stream_open(ctx->fs, path, &pair.whole, NULL) == LT_OK &&
        lt_stream_open(ctx->fs, other, &pair.copy, NULL) == LT_OK)
        while ((status = compare(&pair, unfinished)) == LT_OK)
            ;
    lt_stream_close(pair.whole);
    lt_stream_close(pair.copy);
    if (status == LT_END && pair.lines) {
        lt_seen(ctx, pair.lines);
        lt_report_counts(ctx->report, ctx->reader)->deduplicated += pair.lines;
    }
    return status == LT_END;
}
