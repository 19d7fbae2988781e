// SPDX-License-Identifier: Apache-2.0
/* A find as a record, named as in the timeline. */
#include "command/recover.h"

static const char *const lost_words[] = {
    [LT_LOST_USED] = "used by another file", [LT_LOST_LATER] = "used later by another file",
    [LT_LOST_SHARED] = "kept by the file",   [LT_LOST_ZEROS] = "all zeros",
    [LT_LOST_MAP] = "place unknown",
};

void lt_remains_lost_parts(const struct lt_remains *remains, struct lt_arena *arena, struct lt_list *parts)
{
    for (size_t i = 0; i < remains->lost_count; i++) {
        const struct lt_lost *lost = &remains->lost[i];
        if (lost->size)
            lt_list_add_str(parts, arena,
                            lt_str_format(arena, "%ju-%ju %s", (uintmax_t)lost->offset,
                                          (uintmax_t)(lost->offset + lost->size - 1), lost_words[lost->why]));
    }
}

/* Where it lies, in bytes of its file system: "4096 bytes at 168644608". */
static struct lt_list extents(struct lt_arena *arena, const struct lt_remains *remains)
{
    struct lt_list parts = {0};
    for (size_t i = 0; i < remains->extent_count; i++)
        lt_list_add_str(&parts, arena,
                        lt_str_format(arena, "%ju bytes at %ju", (uintmax_t)remains->extents[i].size,
                                      (uintmax_t)remains->extents[i].at));
    return parts;
}

static struct lt_list copy_list(struct lt_arena *arena, const struct lt_list *list)
{
    struct lt_list copy = {0};
    lt_each (const struct lt_str, item, list)
        lt_list_add_str(&copy, arena, lt_str_dup(arena, *item));
    return copy;
}

/* `layer` is the one that still has the contents; NULL: they are where they were. */
static void add_owner(struct lt_record *record, const struct lt_owner *owner, const struct lt_layer *layer)
{
    enum lt_role role = layer ? layer->role : owner->role;
    layer = layer ? layer : owner->layer;
    lt_record_text(record, "layer_role", lt_str_c(lt_role_names[role]));
    if (layer)
        lt_record_name(record, "layer_identifier", lt_layer_name(layer));
    if (owner->container) {
        lt_record_name(record, "container_identifier", owner->container->id);
        lt_record_name(record, "container_name", owner->container->name);
    }
    if (owner->image) {
        lt_record_name(record, "image_identifier", owner->image->id);
        lt_record_name(record, "image_name", lt_image_name(owner->image));
    }
    if (owner->volume)
        lt_record_name(record, "volume_name", owner->volume->name);
}

/* What its inode was, if there is one. */
static void add_node(struct lt_record *record, const struct lt_node *node)
{
    lt_record_int(record, "size", (int64_t)node->size);
    if (!node->mode)
        return;
    lt_record_int(record, "mode", node->mode & 07777);
    lt_record_int(record, "owner_identifier", node->uid);
    lt_record_int(record, "group_identifier", node->gid);
    lt_record_time(record, "modified", node->time[LT_M]);
    lt_record_time(record, "accessed", node->time[LT_A]);
    lt_record_time(record, "changed", node->time[LT_C]);
    lt_record_time(record, "born", node->time[LT_B]);
}

const char *lt_remains_left(const struct lt_remains *remains)
{
    uint64_t lost = lt_remains_lost(remains);
    if (remains->complete)
        return "whole";
    if ((remains->size_unknown || remains->unsettled) && !lost)
        return "all blocks";
    return remains->bare || lost >= remains->node->size ? "metadata" : "part";
}

struct lt_str lt_remains_words(const struct lt_remains *remains, struct lt_arena *arena)
{
    struct lt_str where = remains->method->where(remains, arena);
    return lt_str_format(arena, "%s, %.*s, %s", remains->method->name, LT_ARG(where), lt_remains_left(remains));
}

static void add_contents(struct lt_record *record, const struct lt_remains *remains)
{
    struct lt_list lost = {0};
    lt_remains_lost_parts(remains, record->arena, &lost);
    lt_record_bool(record, "complete", remains->complete);
    lt_record_text(record, "left", lt_str_c(lt_remains_left(remains)));
    lt_record_list(record, "lost", lost);
    lt_record_list(record, "extents", extents(record->arena, remains));
    if (remains->size_unknown)
        lt_record_bool(record, "size_unknown", true);
    if (remains->unsettled)
        lt_record_bool(record, "unsettled", true);
    if (remains->older)
        lt_record_bool(record, "older", true);
}

struct lt_record *lt_remains_record(const struct lt_remains *remains, struct lt_arena *arena)
{
    struct lt_record *record = lt_record_new(arena);
    const struct lt_owner *owner = remains->whose.owner;
    lt_record_text(record, "method", lt_str_c(remains->method->name));
    lt_record_name(record, "path", lt_str_dup(arena, remains->path));
    lt_record_name(record, "filename", lt_str_dup(arena, remains->whose.inside));
    if (remains->inferred && (remains->path.len || remains->whose.inside.len))
        lt_record_text(record, "confidence", LT_STR("inferred"));
    if (!remains->unattributed)
        add_owner(record, owner, remains->layer);
    if (remains->hints.count)
        lt_record_list(record, "hints", copy_list(arena, &remains->hints));
    add_node(record, remains->node);
    lt_record_time(record, "deleted", remains->node->deleted);
    lt_record_time(record, "time_first", remains->first);
    lt_record_time(record, "time_last", remains->last);
    add_contents(record, remains);
    remains->method->describe(remains, record);
    lt_record_name(record, "evidence", lt_str_c(remains->evidence->spec));
    lt_record_name(record, "hostname", owner->host->hostname);
    return record;
}
