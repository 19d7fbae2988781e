// SPDX-License-Identifier: Apache-2.0
/* Lines of the logs of pods, and when these were rotated and linked. Every piece of a line has its own time; the line
 * has that of the first. */
#include "runtime/kubernetes/kubernetes.h"
#include "runtime/log_lines.h"
#include "runtime/log_rotation.h"

#include "parse/crilog.h"

enum { WEST = 12 * 3600, EAST = 14 * 3600 }; /* no zone is further from UTC */

static enum lt_status add_record(struct lt_log_lines *lines, const struct lt_crilog *line, uint64_t offset, bool cut,
                                 struct lt_err *err)
{
    struct lt_buf tags = {0};
    if (line->tags.len) {
        lt_buf_lit(&tags, "tags=");
        lt_buf_add(&tags, line->tags);
    }
    struct lt_str item = lt_buf_view(&tags);
    void *items[] = {&item};
    const struct lt_list attrs = {items, item.len > 0, 1};
    const struct lt_log_record record = {
        .stream = line->is_stderr,
        .text = line->text,
        .time = line->time,
        .offset = offset,
        .complete = !line->partial,
        .attrs = &attrs,
        .cut = cut,
    };
    enum lt_status status = lt_log_lines_add(lines, &record, err);
    lt_buf_free(&tags);
    return status;
}

/* Recover the text of a damaged line. If only a beginning is left, a whole line that was appended later may follow;
 * what follows on a text is text, whatever it looks like. */
static enum lt_status salvage(struct lt_log_lines *lines, struct lt_str text, uint64_t offset, bool cut,
                              struct lt_err *err)
{
    struct lt_err problem = {0};
    struct lt_crilog line;
    struct lt_log_half half = {.stream = LT_STR(""), .offset = offset};
    struct lt_str lost = {text.ptr, lt_crilog_find(text, 1)};
    if (lt_crilog_is_head(lt_log_without_nul(lost))) {
        half.text = lt_log_without_nul(lost);
    } else {
        lt_crilog_tail(lt_log_without_nul(text), &half.stream, &half.text);
        lost.len = text.len;
    }
    text = lt_str_skip(text, lost.len);
    if (text.len && lt_crilog_parse(text, &line, NULL) == LT_OK)
        half.next = line.time;
    lt_crilog_parse(lost, &line, &problem);
    lt_skip(lines->ctx, lines->path, LT_CODE_DAMAGED, "%zu bytes at offset %ju: %s", lost.len, (uintmax_t)offset,
            problem.text);
    enum lt_status status = lt_log_lines_half(lines, &half, err);
    if (status != LT_OK || !half.next.set)
        return status;
    lt_crilog_parse(text, &line, NULL);
    return add_record(lines, &line, offset + lost.len, cut, err);
}

static enum lt_status read_part(struct lt_log_lines *lines, struct lt_str text, uint64_t offset, bool cut,
                                struct lt_err *err)
{
    struct lt_crilog line;
    size_t zeros = lt_log_lines_nul(lines, text, offset);
    text = lt_str_skip(text, zeros);
    offset += zeros;
    if (!text.len)
        return LT_OK;
    if (lt_crilog_parse(text, &line, NULL) != LT_OK)
        return salvage(lines, text, offset, cut, err);
    return add_record(lines, &line, offset, cut, err);
}

/* Between NUL bytes, which a power loss leaves, there may be lines. */
static enum lt_status read_line(struct lt_log_lines *lines, const struct lt_line *line, struct lt_err *err)
{
    struct lt_str text = line->text;
    uint64_t offset = line->offset;
    enum lt_status status = LT_OK;
    for (size_t end; status == LT_OK && (end = lt_crilog_after_gap(text)) < text.len;) {
        struct lt_str part = lt_log_without_nul((struct lt_str){text.ptr, end});
        lt_skip(lines->ctx, lines->path, LT_CODE_DAMAGED, "%zu NUL bytes at offset %ju", end - part.len,
                (uintmax_t)(offset + part.len));
        status = read_part(lines, part, offset, true, err);
        text = lt_str_skip(text, end);
        offset += end;
    }
    if (status == LT_OK)
        status = read_part(lines, text, offset, !line->complete, err);
    if (!line->complete && status == LT_OK)
        lt_skip(lines->ctx, lines->path, LT_CODE_TRUNCATED, "the last line, at offset %ju, breaks off",
                (uintmax_t)offset);
    return status;
}

static enum lt_status read_stream(struct lt_log_lines *lines, struct lt_stream *stream, struct lt_err *err)
{
    struct lt_lines reader = {.stream = stream};
    struct lt_line line;
    enum lt_status status = LT_OK;
    lines->kind = LT_KIND_CRI_LOG_LINE;
    while (status == LT_OK && lt_line_or_skip(lines->ctx, lines->path, &reader, &line) == LT_OK)
        status = read_line(lines, &line, err);
    return status;
}

static enum lt_status read_file(struct lt_log_lines *lines, struct lt_str path, struct lt_err *err)
{
    struct lt_stream *stream;
    if (lt_log_lines_open(lines, path, &stream) != LT_OK)
        return LT_OK;
    enum lt_status status = read_stream(lines, stream, err);
    lt_stream_close(stream);
    return status;
}

lt_log_reader *lt_kube_log_of(struct lt_str head)
{
    struct lt_crilog line;
    head = lt_str_cut(&head, '\n');
    return lt_crilog_parse(head, &line, NULL) == LT_OK ? read_stream : NULL;
}

/* Set the time that the name of a rotated log holds. It is in the host's zone; if that is not known, the first line of
 * the log has the offset of that time. */
static void place_rotation(const struct lt_zone_info *zone, const struct lt_kube_log_file *file, struct lt_event *event,
                           struct lt_facts *facts)
{
    struct lt_time local = file->log.local;
    struct lt_buf text = {0};
    int64_t found[2];
    event->time[0] = local;
    if (zone->known) {
        unsigned count = lt_zone_instants(&zone->rules, local.sec, found);
        event->time[0].sec = count ? found[0] : local.sec - lt_zone_offset(&zone->rules, local.sec - 86400);
        if (count == 2)
            lt_event_bound(event, event->time[0], lt_time_at(found[1], 0), (struct lt_time){0});
        lt_fact(facts, "zone", zone->name);
        lt_fact(facts, "zones disagree:", zone->conflict);
    } else if (file->has_offset) {
        event->time[0].sec -= (int64_t)file->minutes * 60;
        lt_time_zone(&text, file->minutes * 60);
        lt_fact(facts, "zone by the first line: UTC", lt_buf_view(&text));
    } else {
        lt_event_bound(event, lt_time_at(local.sec - EAST, 0), lt_time_at(local.sec + WEST, 0), (struct lt_time){0});
        lt_facts_item(facts, LT_ATTR_FACTS, "zone unknown");
    }
    lt_buf_free(&text);
}

static enum lt_status emit_rotation(struct lt_ctx *ctx, const struct lt_kube_log *log,
                                    const struct lt_kube_log_file *file, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = {
        .kind = LT_KIND_POD_LOG_ROTATED,
        .owner = &log->container->log_owner,
        .where = {.file = file->path, .field = "name"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("rotate the log"));
    lt_fact(&facts, "written at", file->log.stamp);
    place_rotation(&ctx->host->zone, file, &event, &facts);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status read_log(struct lt_ctx *ctx, const struct lt_kube_log *log, struct lt_log_clock *clock,
                               struct lt_err *err)
{
    struct lt_log_lines lines = {.ctx = ctx, .container = log->container, .clock = clock, .kind = LT_KIND_CRI_LOG_LINE};
    const struct lt_kube_log_file *before = NULL;
    enum lt_status status = LT_OK;
    lt_each (const struct lt_kube_log_file, file, &log->files) {
        const struct lt_pod_log *name = &file->log;
        bool again = before && lt_rotation_cmp(&before->log.rotation, &name->rotation) == 0;
        if (status == LT_OK && name->stamp.len && !again)
            status = emit_rotation(ctx, log, file, err);
        if (before && !lt_rotation_follows(&before->log.rotation, &name->rotation))
            lt_log_clock_begin(clock);
        if (status == LT_OK && !(again && lt_log_is_copy(ctx, before->path, file->path, name->is_copy)))
            status = read_file(&lines, file->path, err);
        before = file;
    }
    if (status == LT_OK)
        status = lt_log_lines_end(&lines, err);
    lt_log_lines_free(&lines);
    return status;
}

static enum lt_status read_container(struct lt_ctx *ctx, const struct lt_kube_log *log, struct lt_err *err)
{
    const struct lt_layer *rw = log->container->rw;
    struct lt_ctx there = rw ? lt_ctx_at(ctx, rw->root) : *ctx; /* where the files of the container are */
    struct lt_log_clock clock = {.ctx = &there, .container = log->container, .end_field = "FinishedAt"};
    lt_arena_reset(ctx->scratch);
    lt_log_clock_begin(&clock);
    enum lt_status status = read_log(ctx, log, &clock, err);
    lt_log_clock_files(&clock);
    if (status == LT_OK)
        status = lt_log_clock_end(&clock, err);
    lt_log_clock_free(&clock);
    return status;
}

/* The kubelet makes the link once it has started the container (pkg/kubelet/kuberuntime/kuberuntime_container.go,
 * startContainer). It is removed later than the log, so one that leads nowhere tells of a removed pod. */
static enum lt_status emit_link(struct lt_ctx *ctx, const struct lt_kube_link *link, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = {
        .kind = LT_KIND_POD_LOG_LINKED,
        .time = {link->made},
        .owner = &link->container->log_owner,
        .where = {.file = link->path, .field = link->is_born ? "birth" : "mtime"},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("link the log of a started container"));
    lt_fact(&facts, "target", link->target);
    if (link->dangling)
        lt_facts_item(&facts, LT_ATTR_FACTS, "the target is not there");
    if (!link->name.id.len)
        lt_facts_item(&facts, LT_ATTR_FACTS, "the name is cut: the container's ID is missing");
    return lt_facts_emit(&facts, ctx, &event, err);
}

static void log_inventory(struct lt_ctx *ctx)
{
    struct lt_kube_root *own = lt_kube_root(ctx->root);
    own->is_log = lt_kube_is_log(ctx, ctx->root->path);
    if (own->is_log)
        lt_kube_logs_find(ctx);
}

static enum lt_status log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    const struct lt_kube_root *own = lt_kube_root(ctx->root);
    enum lt_status status = LT_OK;
    lt_each (const struct lt_kube_log, log, &own->logs)
        if (status == LT_OK)
            status = read_container(ctx, log, err);
    lt_each (const struct lt_kube_link, link, &own->links)
        if (status == LT_OK)
            status = emit_link(ctx, link, err);
    return status;
}

const struct lt_source lt_source_kubernetes_log = {
    .name = "kubernetes_log",
    .summary = "/var/log/pods: each line of a container's log, rotated and compressed ones too; /var/log/containers",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = log_inventory,
    .events = log_events,
};
