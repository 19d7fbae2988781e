// SPDX-License-Identifier: Apache-2.0
#include "host/removed.h"

#include "model/spans.h"
#include "parse/syslog.h"

enum { MOST_BINDS = 64 };

/* Words of the daemons. Both are needed; NULL: the first is enough. */
static const struct word {
    const char *first, *second;
    enum lt_trace sign;
} words[] = {
    {"connecting to shim", NULL, LT_TRACE_START},
    {"starting signal loop", NULL, LT_TRACE_START},
    {"shim containerd-shim started", NULL, LT_TRACE_START},
    {"StartContainer for ", "returns successfully", LT_TRACE_START},
    {"shim disconnected", NULL, LT_TRACE_END},
    {"shim reaped", NULL, LT_TRACE_END},
    {"cleaning up dead shim", NULL, LT_TRACE_END},
    {"/tasks/delete", NULL, LT_TRACE_END},
    {"StopContainer for ", "returns successfully", LT_TRACE_END},
    {"RemoveContainer for ", "returns successfully", LT_TRACE_END},
};

static bool contains(struct lt_str text, const char *word)
{
    return text.len && memmem(text.ptr, text.len, word, strlen(word));
}

static enum lt_trace sign_of(struct lt_str text)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains(text, words[i].first) && (!words[i].second || contains(text, words[i].second)))
            return words[i].sign;
    return LT_TRACE_LIFE;
}

static bool has_bind(const struct lt_container *container, struct lt_str source)
{
    lt_each (const struct lt_mount, mount, &container->mounts)
        if (lt_str_eq(mount->source, source))
            return true;
    return container->mounts.count >= MOST_BINDS;
}

/* dockerd warns at a start of each bind of a directory that holds its data root, if the mount that it lies on is
 * private. The line names the source alone: neither where the container saw it, nor whether it could write. */
static void take_bind(struct lt_ctx *ctx, struct lt_container *container, const struct lt_host_line *line)
{
    static const char warning[] = "Falling back to default propagation for bind source in daemon root";
    struct lt_str source = lt_log_field(line->text, "source");
    if (!contains(line->text, warning) || !lt_str_starts(source, LT_STR("/")) || memchr(source.ptr, '\\', source.len) ||
        has_bind(container, source))
        return;
    struct lt_mount *mount = lt_new(ctx->run, struct lt_mount);
    *mount = (struct lt_mount){.type = LT_STR("bind"), .source = lt_str_dup(ctx->run, source), .writable = true};
    lt_list_add(&container->mounts, ctx->run, mount);
    container->traces.mounts_by = lt_str_dup(ctx->run, line->where.file);
}

void lt_removed_line(struct lt_ctx *ctx, const struct lt_container *container, const struct lt_host_line *line)
{
    struct lt_container *removed =
        container && container->removed ? lt_map_get(&container->root->removed_by_id, container->id) : NULL;
    if (!removed)
        return;
    lt_container_met(removed, line->time, sign_of(line->text));
    take_bind(ctx, removed, line);
}
