// SPDX-License-Identifier: Apache-2.0
#include "overlay/tamper.h"

#include "overlay/layer_compare.h"
#include "overlay/record_ahead.h"
#include "store/mechanics.h"

#include <stdlib.h>

#define INTERNAL LT_STR(".wh..wh.")

struct lt_tamper {
    struct lt_ctx *ctx;
    struct lt_arena arena;      /* for the whole store */
    struct lt_map records;      /* if layers are copies of those below: by layer ID, so that each record is read once */
    struct lt_list kept, tried; /* of struct lt_layer_record *, those to be freed; of struct lt_layer *, those tried */
    const struct lt_layer *layer;   /* the layer being walked; NULL: none */
    const struct lt_layer *next;    /* the layer that will be walked after it */
    struct lt_record_ahead ahead;   /* the record of `next` */
    struct lt_layer_record *record; /* the record of `layer`; NULL: nothing to compare with */
    struct lt_list chain;           /* of struct lt_layer_record *: `record` and, if layers are copies, those below */
    bool complete;                  /* nothing of these is lost: what they do not contain was not in a tar */
    unsigned walk;
    bool root_seen; /* the layer's root was seen: there is a tree */
    struct lt_time root_changed;
    struct lt_compare compare;
};

struct lt_tamper *lt_tamper_new(struct lt_ctx *ctx)
{
    struct lt_tamper *tamper = lt_realloc(NULL, sizeof *tamper);
    memset(tamper, 0, sizeof *tamper);
    tamper->ctx = ctx;
    lt_compare_init(&tamper->compare, ctx);
    return tamper;
}

static void leave_layer(struct lt_tamper *tamper)
{
    if (tamper->layer && !tamper->layer->mechanics->copies)
        lt_layer_record_free(tamper->record);
    tamper->layer = NULL;
    tamper->record = NULL;
    tamper->chain = (struct lt_list){0};
}

void lt_tamper_free(struct lt_tamper *tamper)
{
    if (!tamper)
        return;
    leave_layer(tamper);
    lt_record_ahead_end(&tamper->ahead);
    lt_each (struct lt_layer_record, record, &tamper->kept)
        lt_layer_record_free(record);
    lt_arena_free(&tamper->arena);
    lt_compare_free(&tamper->compare);
    free(tamper);
}

static bool has_record(const struct lt_layer *layer)
{
    lt_tags partial = LT_TAG_BIT(removing) | LT_TAG_BIT(unfinished);
    bool named = layer->tar_record.len || (layer->blob && layer->blob->path.len);
    return layer->role == LT_ROLE_IMAGE && named && layer->content.len && !(layer->tags & partial);
}

static struct lt_layer_record *record_of(struct lt_tamper *tamper, const struct lt_layer *layer)
{
    if (!has_record(layer))
        return NULL;
    if (!layer->mechanics->copies)
        return lt_record_ahead_take(&tamper->ahead, tamper->ctx, layer);
    if (lt_list_has(&tamper->tried, layer))
        return lt_map_get(&tamper->records, layer->id);
    struct lt_layer_record *record = lt_layer_record_load(tamper->ctx, layer);
    lt_list_add(&tamper->tried, &tamper->arena, layer);
    if (record) {
        lt_map_put(&tamper->records, &tamper->arena, layer->id, record);
        lt_list_add(&tamper->kept, &tamper->arena, record);
    }
    return record;
}

/* If layers are copies of those below, the records of all layers below count as well. */
static void add_to_chain(struct lt_tamper *tamper, const struct lt_layer *layer)
{
    struct lt_layer_record *record = layer ? record_of(tamper, layer) : NULL;
    tamper->complete &= record && record->complete;
    if (record)
        lt_list_add(&tamper->chain, &tamper->arena, record);
}

void lt_tamper_expect(struct lt_tamper *tamper, const struct lt_layer *next)
{
    if (tamper)
        tamper->next = next;
}

bool lt_tamper_begin(struct lt_tamper *tamper, const struct lt_layer *layer)
{
    leave_layer(tamper);
    tamper->layer = layer;
    tamper->walk++;
    tamper->root_seen = false;
    tamper->record = record_of(tamper, layer);
    if (tamper->next && has_record(tamper->next) && !tamper->next->mechanics->copies)
        lt_record_ahead_begin(&tamper->ahead, tamper->ctx, tamper->next);
    if (!tamper->record)
        return false;
    /* A copy may share the inodes of the layer below, which are older. */
    struct lt_time begin = tamper->record->begin;
    begin.set &= !layer->mechanics->copies;
    lt_compare_layer(&tamper->compare, begin, tamper->record->end);
    lt_list_add(&tamper->chain, &tamper->arena, tamper->record);
    tamper->complete = tamper->record->complete;
    for (; layer && layer->mechanics->copies && !layer->is_base; layer = layer->parent)
        add_to_chain(tamper, layer->parent);
    return true;
}

/* --- what the tars contain at a path --- */

/* Does an entry of the record above `path` hide what lower records have at `path`? */
static bool hides(const struct lt_layer_record *record, struct lt_str path)
{
    for (size_t at = 1; at < path.len; at++) {
        if (path.ptr[at] != '/')
            continue;
        const struct lt_record_entry *above = lt_layer_record_at(record, (struct lt_str){path.ptr, at});
        if (above && (above->whiteout || above->opaque || (above->mode && !S_ISDIR(above->mode))))
            return true;
    }
    const struct lt_record_entry *root = lt_layer_record_at(record, LT_STR(""));
    return root && root->opaque;
}

static struct lt_record_entry *expected_at(const struct lt_tamper *tamper, struct lt_str path)
{
    lt_each (struct lt_layer_record, record, &tamper->chain) {
        struct lt_record_entry *entry = lt_layer_record_at(record, path);
        if (entry)
            return entry->whiteout && tamper->layer->mechanics->copies ? NULL : entry;
        if (record_at + 1 < tamper->chain.count && hides(record, path))
            return NULL;
    }
    return NULL;
}

/* Does the layer hide all lower entries at `path`? Where containerd cannot make overlay marks by itself, the kernel
 * makes a whiteout of each entry below an opaque directory (containerd core/diff/apply/apply_linux.go). */
static bool is_below_opaque(const struct lt_layer_record *record, struct lt_str path)
{
    do {
        path = lt_str_dirname(path);
        const struct lt_record_entry *above = lt_layer_record_at(record, path);
        if (above && above->opaque)
            return true;
    } while (path.len);
    return false;
}

/* Path inside the layer of the entry or, for a whiteout, of what it hides. */
static struct lt_str path_of(struct lt_tamper *tamper, const struct lt_event *event, struct lt_str subject)
{
    struct lt_buf path = {0};
    lt_dir_inside(&path, event->dir);
    lt_buf_char(&path, '/');
    lt_buf_add(&path, subject.len ? subject : event->node->name);
    struct lt_str copy = lt_str_dup(&tamper->compare.scratch, lt_buf_view(&path));
    lt_buf_free(&path);
    return copy;
}

/* A finding by a tar that is itself not as it was says so. */
static void add_doubt(const struct lt_layer_record *record, struct lt_compare *compare, struct lt_finding *finding)
{
    if (record->doubtful && finding->tags)
        lt_finding_add(finding, compare, 0, "the SHA-256 of that tar is wrong: it proves little");
}

void lt_tamper_check(struct lt_tamper *tamper, struct lt_event *event, struct lt_str subject)
{
    const struct lt_node *node = event->node;
    struct lt_finding finding = {0};
    if (!node->name.len) {
        tamper->root_seen = true;
        tamper->root_changed = node->time[LT_C];
    }
    if (!node->name.len || !node->mode)
        return;
    if (tamper->layer->mechanics->named_marks && lt_str_starts(node->name, INTERNAL))
        return;
    lt_arena_reset(&tamper->compare.scratch);
    struct lt_str path = path_of(tamper, event, subject);
    struct lt_record_entry *entry = expected_at(tamper, path);
    if (entry) {
        entry->seen = tamper->walk;
        entry->changed = node->time[LT_C];
    }
    if (!entry && tamper->complete && !(subject.len && is_below_opaque(tamper->record, path)))
        lt_finding_add(&finding, &tamper->compare, LT_TAG_BIT(layer_planted), "not in the layer's tar");
    else if (entry && subject.len)
        lt_compare_whiteout(&tamper->compare, entry, &finding);
    else if (entry) {
        tamper->compare.copied = tamper->record->is_tar && entry != lt_layer_record_at(tamper->record, path);
        lt_compare_entry(&tamper->compare, event, entry, &finding);
    }
    add_doubt(tamper->record, &tamper->compare, &finding);
    lt_finding_apply(&finding, &tamper->compare, event);
}

/* --- what is missing --- */

/* Is neither the entry nor, for a deletion, its whiteout there? False if that cannot be read (a damaged directory),
 * which the walk has reported. */
static bool is_removed(struct lt_tamper *tamper, const struct lt_record_entry *entry)
{
    struct lt_node node;
    struct lt_fs *fs = tamper->ctx->fs;
    struct lt_arena *arena = &tamper->compare.scratch;
    struct lt_str path = lt_str_format(arena, "%.*s%.*s", LT_ARG(tamper->layer->content), LT_ARG(entry->path));
    struct lt_str name = lt_str_basename(path);
    if (lt_fs_stat(fs, path, arena, &node, NULL) != LT_END)
        return false;
    if (!entry->whiteout)
        return true;
    struct lt_str mark = lt_str_format(arena, "%.*s.wh.%.*s", (int)(path.len - name.len), path.ptr, LT_ARG(name));
    return lt_fs_stat(fs, mark, arena, &node, NULL) == LT_END;
}

/* May unpacking itself have left out the entry? Devices cannot be created in a user namespace. containerd makes no
 * whiteouts in a base layer, where there is nothing to hide, and leaves them to the kernel where it cannot make
 * devices: then only what exists below gets one (containerd core/diff/apply/apply_linux.go, 2.3). A file in the place
 * of a directory took its entries away. */
static bool may_be_left_out(const struct lt_tamper *tamper, const struct lt_layer_record *record,
                            const struct lt_record_entry *entry)
{
    if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
        return true;
    if (record->is_tar && entry->whiteout && (record->layer->is_base || tamper->ctx->root->rootless))
        return true;
    for (struct lt_str path = lt_str_dirname(entry->path); path.len; path = lt_str_dirname(path)) {
        const struct lt_record_entry *above = lt_layer_record_at(record, path);
        if (above && (above->whiteout || (above->mode && !S_ISDIR(above->mode))))
            return true;
    }
    return false;
}

/* ctime of the nearest existing directory above `path`. Nothing was removed from it later. */
static struct lt_time last_change(const struct lt_tamper *tamper, struct lt_str path)
{
    while (path.len) {
        path.len -= lt_str_basename(path).len + 1;
        const struct lt_record_entry *above = path.len ? expected_at(tamper, path) : NULL;
        if (above && above->seen == tamper->walk)
            return above->changed;
    }
    return tamper->root_changed;
}

static enum lt_status emit_missing(struct lt_tamper *tamper, const struct lt_layer_record *record,
                                   const struct lt_record_entry *entry, struct lt_err *err)
{
    struct lt_finding finding = {0};
    struct lt_compare *compare = &tamper->compare;
    const struct lt_record_entry *file = entry->of ? entry->of : entry;
    struct lt_time first = tamper->record->end, last = last_change(tamper, entry->path);
    if (first.set && last.set && lt_time_cmp(first, last) > 0)
        first.set = false;
    struct lt_event event = {
        .kind = LT_KIND_LAYER_MISSING,
        .owner = &tamper->layer->owner,
        .inside = entry->path,
        .where = {.file = record->path, .offset = entry->offset, .has_offset = true},
    };
    lt_event_bound(&event, first, last, (struct lt_time){0});
    lt_finding_add(&finding, compare, LT_TAG_BIT(layer_missing), "missing: %.*s, in the layer's tar %s",
                   LT_ARG(entry->path), lt_record_word(entry));
    if (S_ISREG(file->mode) && file->has_size)
        lt_finding_add(&finding, compare, 0, "size %ju", (uintmax_t)file->size);
    if (file->mode && !entry->whiteout)
        lt_finding_add(&finding, compare, 0, "mode %04o, owner %ju:%ju", file->mode & 07777, (uintmax_t)file->uid,
                       (uintmax_t)file->gid);
    if (file->mtime.set)
        lt_finding_add(&finding, compare, 0, "modified %s", lt_compare_time(compare, file->mtime));
    add_doubt(record, compare, &finding);
    lt_finding_apply(&finding, compare, &event);
    return lt_emit_one(tamper->ctx, &event, err);
}

enum lt_status lt_tamper_end(struct lt_tamper *tamper, struct lt_err *err)
{
    if (!tamper->root_seen)
        return LT_OK; /* there is no tree, which the walk has reported */
    lt_each (struct lt_layer_record, record, &tamper->chain)
        lt_each (struct lt_record_entry, entry, &record->entries) {
            if (entry->seen == tamper->walk || entry->replaced || entry->implied ||
                may_be_left_out(tamper, record, entry))
                continue;
            lt_arena_reset(&tamper->compare.scratch);
            if (expected_at(tamper, entry->path) != entry || !is_removed(tamper, entry))
                continue;
            enum lt_status status = emit_missing(tamper, record, entry, err);
            if (status != LT_OK)
                return status;
        }
    return LT_OK;
}
