// SPDX-License-Identifier: Apache-2.0
/* Where a line names an ID and its name, the name is certain. Else dockerd tells the name when it joins a container to
 * a network, right after containerd told the ID when it started it. If nothing else was started in that time, both are
 * one. */
#include "host/names.h"

#include "model/told.h"
#include "parse/naming.h"

/* On an idle host a join follows its start by 0.2 to 7 s. */
static const int64_t LONGEST = 30 * INT64_C(1000000000);

static void tell(struct lt_attribution *attribution, const struct lt_host_line *line, const struct lt_naming *found)
{
    struct lt_inventory *inventory = attribution->ctx->inventory;
    struct lt_container *container = lt_told_find(attribution->ctx->host, found->id), *sandbox;
    struct lt_str by =
        lt_str_format(&attribution->words, "a line of %.*s in %.*s", LT_ARG(line->reporter), LT_ARG(line->where.file));
    if (!container)
        return;
    lt_told_name(inventory, container, found->name, false, by);
    if (found->kind == LT_NAMING_POD) {
        container->infra = true;
        lt_told_pod(inventory, container, found->uid, found->name, found->namespace);
    }
    const struct lt_owner *owner = lt_map_get(&attribution->containers, found->sandbox);
    const struct lt_container *pod = owner ? owner->container : NULL;
    sandbox = lt_told_find(attribution->ctx->host, found->sandbox);
    pod = sandbox ? sandbox : pod;
    if (pod)
        lt_told_pod(inventory, container, pod->pod, pod->pod_name, pod->pod_namespace);
}

static void forget(struct lt_attribution *attribution, size_t at)
{
    for (size_t i = at + 1; i < attribution->start_count; i++)
        attribution->starts[i - 1] = attribution->starts[i];
    attribution->start_count--;
}

static void forget_id(struct lt_attribution *attribution, struct lt_str id)
{
    for (size_t i = attribution->start_count; i-- > 0;)
        if (memcmp(attribution->starts[i].id, id.ptr, sizeof attribution->starts[i].id) == 0)
            forget(attribution, i);
}

/* Those that were not joined in time never will be: they have the network of another container. */
static void forget_old(struct lt_attribution *attribution, struct lt_time now)
{
    for (size_t i = attribution->start_count; i-- > 0;) {
        int64_t delay = lt_time_diff(attribution->starts[i].time, now);
        if (delay < 0 || delay > LONGEST)
            forget(attribution, i);
    }
}

static void note_start(struct lt_attribution *attribution, struct lt_str id, struct lt_time time)
{
    forget_id(attribution, id);
    if (attribution->start_count == LT_MOST_STARTS)
        forget(attribution, 0);
    struct lt_start *start = &attribution->starts[attribution->start_count++];
    memcpy(start->id, id.ptr, sizeof start->id);
    start->time = time;
}

/* Who has joined a network under this name? */
static const struct lt_owner *take_join(struct lt_attribution *attribution, const struct lt_host_line *line,
                                        struct lt_str name)
{
    const struct lt_owner *owner = lt_map_get(&attribution->names, name);
    const struct lt_container *known = owner ? owner->container : NULL;
    forget_old(attribution, line->time);
    if (known && known->created.set && lt_time_cmp(line->time, known->created) >= 0) {
        forget_id(attribution, known->id);
        return owner;
    }
    if (attribution->start_count != 1)
        return NULL;
    struct lt_str id = {attribution->starts[0].id, sizeof attribution->starts[0].id};
    struct lt_container *container = lt_told_find(attribution->ctx->host, id);
    struct lt_str by = lt_str_format(&attribution->words,
                                     "joined to a network right after it was started, and nothing else was, says %.*s",
                                     LT_ARG(line->where.file));
    lt_told_name(attribution->ctx->inventory, container, name, true, by);
    owner = container ? lt_map_get(&attribution->containers, id) : NULL;
    forget(attribution, 0);
    return owner;
}

const struct lt_owner *lt_names_learn(struct lt_attribution *attribution, const struct lt_host_line *line)
{
    struct lt_naming found = lt_naming_find(line->text);
    if (found.kind == LT_NAMING_NONE || line->host.len)
        return NULL;
    lt_arena_reset(&attribution->words);
    if (found.kind == LT_NAMING_JOIN)
        return take_join(attribution, line, found.name);
    lt_attribution_container(attribution, found.id);
    if (found.kind == LT_NAMING_START)
        note_start(attribution, found.id, line->time);
    else
        tell(attribution, line, &found);
    return NULL;
}
