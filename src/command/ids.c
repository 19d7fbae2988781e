// SPDX-License-Identifier: Apache-2.0
/* All identifiers and paths of one container, and the witnesses of whether it ran when the evidence was taken. Paths
 * are those of the evidence. */
#include "command/command.h"
#include "command/pick.h"
#include "command/record.h"
#include "model/runtime.h"
#include "run/job.h"
#include "run/terminal.h"

/* The output being built. */
struct card {
    struct lt_ctx *ctx;
    struct lt_arena *arena;
    const struct lt_container *container;
    struct lt_record *record;
    struct lt_life life; /* what its runtime knows of it */
};

/* Does the path exist? A path that cannot be read is reported and counts as missing. */
static bool look(const struct card *card, struct lt_str path, struct lt_node *node)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(card->ctx->fs, path, card->ctx->scratch, node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(card->ctx, path, &problem);
    return status == LT_OK;
}

static void add_identifiers(struct lt_record *record, const struct lt_list *identifiers)
{
    lt_each (const struct lt_identifier, identifier, identifiers)
        lt_record_name(record, identifier->name, identifier->value);
}

static void add_identity(struct card *card)
{
    const struct lt_container *container = card->container;
    struct lt_record *record = card->record;
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    for (size_t i = 0; i < container->fact_count; i++)
        if (container->facts[i].key == LT_ATTR_IMAGE || container->facts[i].key == LT_ATTR_STATE)
            lt_record_attr(record, &container->facts[i]);
    lt_record_image(record, container);
    lt_record_traces(record, container);
    lt_record_place(record, container);
    lt_record_zones(record, container);
    add_identifiers(record, &container->identifiers);
}

/* Is the container mounted in the evidence itself? That is so on a live host only: on a dead disk the directory is
 * empty. */
static bool is_mounted(const struct card *card, struct lt_str merged)
{
    struct lt_node node;
    return merged.len && look(card, merged, &node) && node.mount_root;
}

static void add_rw(struct card *card)
{
    const struct lt_layer *rw = card->container->rw;
    if (!rw)
        return;
    struct lt_str merged = rw->merged;
    lt_record_name(card->record, "rw_layer_path", rw->path);
    if (merged.len) /* otherwise it is not a union: each layer is whole */
        lt_record_name(card->record, "upper_path", rw->content);
    lt_record_name(card->record, "work_path", rw->work);
    lt_record_name(card->record, "merged_path", merged);
    lt_record_bool(card->record, "live_mount", is_mounted(card, merged));
}

static void add_layer(struct card *card, struct lt_list *layers, const struct lt_layer *layer)
{
    if (!layer)
        return;
    struct lt_record *record = lt_record_new(card->arena);
    lt_record_name(record, "layer_role", lt_str_c(lt_role_names[layer->role]));
    lt_record_name(record, "diff_identifier", layer->diff_id);
    lt_record_name(record, "chain_identifier", lt_identifier_of(&layer->identifiers, "chain_identifier"));
    lt_record_name(record, "cache_identifier", layer->id);
    lt_record_name(record, "link_name", lt_identifier_of(&layer->identifiers, "link_name"));
    lt_record_name(record, "path", layer->path);
    lt_list_add(layers, card->arena, record);
}

/* Top first, the order of the kernel's lowerdir. */
static void add_layers(struct card *card)
{
    const struct lt_container *container = card->container;
    struct lt_list layers = {0};
    size_t wanted = container->image ? container->image->diff_ids.count : 0;
    add_layer(card, &layers, container->rw);
    add_layer(card, &layers, container->init);
    lt_each (const struct lt_layer, layer, &container->layers)
        add_layer(card, &layers, layer);
    if (container->layers.count < wanted)
        lt_skip(card->ctx, container->path, LT_CODE_MISSING, "only %zu of the %zu layers of its image are known",
                container->layers.count, wanted);
    lt_record_records(card->record, "layers", layers);
}

static void add_life(struct card *card)
{
    static const char *const words[] = {[LT_NO] = "no", [LT_YES] = "yes", [LT_UNKNOWN] = "unknown"};
    lt_record_text(card->record, "ran_at_seizure", lt_str_c(words[card->life.ran]));
    lt_record_list(card->record, "ran_evidence", card->life.witnesses);
}

static const struct lt_column columns[] = {
    {"ROLE", "layer_role", LT_SHOW_ALL},
    {"DIRECTORY (CACHE ID)", "cache_identifier", LT_SHOW_ALL},
    {"LINK", "link_name", LT_SHOW_ALL},
    {"DIFF ID", "diff_identifier", LT_SHOW_ALL},
    {"CHAIN ID", "chain_identifier", LT_SHOW_ALL},
    {"PATH", "path", LT_SHOW_ALL},
};

static enum lt_status write_card(struct lt_job *job, const struct card *card, struct lt_err *err)
{
    struct lt_buf *out = lt_output_buffer(&job->output);
    struct lt_list one = {0};
    struct lt_style style = lt_terminal_style(job->options);
    lt_list_add(&one, card->arena, card->record);
    if (job->options->table != LT_TABLE_TEXT)
        return lt_records_write(job, &one, NULL, 0, err);
    lt_record_sheet(out, card->record);
    lt_buf_lit(out, "layers, top first:\n");
    lt_records_table(out, &lt_record_get(card->record, "layers")->list, columns, sizeof columns / sizeof *columns,
                     &style, 2);
    job->rows++;
    return lt_output_flush(&job->output, err);
}

static enum lt_status run_ids(struct lt_job *job, struct lt_err *err)
{
    struct card card = {
        .ctx = &job->ctx,
        .arena = &job->arena,
        .record = lt_record_new(&job->arena),
        .life = {.ran = LT_UNKNOWN},
    };
    enum lt_status status = lt_pick_container(job, job->options->operands[0], &card.container, err);
    if (status != LT_OK)
        return status;
    lt_job_enter(job, card.container->root, "ids");
    add_identity(&card);
    if (card.container->root->runtime->life && !card.container->removed)
        card.container->root->runtime->life(card.ctx, card.container, card.arena, &card.life);
    add_identifiers(card.record, &card.life.files);
    add_rw(&card);
    add_life(&card);
    lt_record_root(card.record, card.container->root, card.container->runtime);
    add_layers(&card);
    return write_card(job, &card, err);
}

const struct lt_command lt_command_ids = {
    .name = "ids",
    .arguments = "CONTAINER EVIDENCE...",
    .summary = "every identifier and path of one container, its layers, and whether it ran at the end",
    .operands = 1,
    .options = LT_OPTIONS_JSON,
    .run = run_ids,
};
