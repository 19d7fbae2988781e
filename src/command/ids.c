// SPDX-License-Identifier: Apache-2.0
/* All identifiers and paths of one container, and what tells whether it ran when the evidence was taken. Paths are
 * those of the evidence. */
#include "run/job.h"
#include "store/store.h"
#include "command/command.h"
#include "command/pick.h"
#include "command/record.h"

/* What is being put together. */
struct card {
    struct lt_ctx *ctx;
    struct lt_arena *arena;
    const struct lt_container *container;
    struct lt_record *record;
    struct lt_list witnesses; /* of struct lt_str *: of its life at seizure */
};

#define join(card, dir, name)    lt_path_join((card)->arena, (dir), lt_str_c(name))
#define add_witness(card, ...)   add_line((card), lt_str_format((card)->arena, __VA_ARGS__))
#define witness_time(card, time) time_text((card)->arena, (time)).ptr

static void add_line(struct card *card, struct lt_str text)
{
    struct lt_str *line = lt_new(card->arena, struct lt_str);
    *line = text;
    lt_list_add(&card->witnesses, card->arena, line);
}

static struct lt_str time_text(struct lt_arena *arena, struct lt_time time)
{
    struct lt_buf text = {0};
    if (time.set)
        lt_time_iso(&text, time, 9);
    lt_buf_add(&text, time.set ? LT_STR("+00:00") : LT_STR("at an unknown time"));
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

/* Is it there? What cannot be looked at is reported, and is not there. */
static bool look(const struct card *card, struct lt_str path, struct lt_node *node)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(card->ctx->fs, path, card->ctx->scratch, node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(card->ctx, path, &problem);
    return status == LT_OK;
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
    lt_record_name(record, "image_identifier", container->image_id);
    if (container->image) {
        lt_record_name(record, "image_name", lt_image_name(container->image));
        lt_record_list(record, "image_names", container->image->names);
    }
    lt_record_name(record, "storage_driver", container->driver);
    lt_record_name(record, "mount_identifier", container->mount_id);
    lt_record_name(record, "init_identifier", container->init_id);
}

/* The log that is there; of the three that the drivers leave, the first. */
static void add_log(struct card *card)
{
    const struct lt_container *container = card->container;
    const struct lt_str names[] = {lt_str_format(card->arena, "%.*s-json.log", LT_ARG(container->id)),
                                   LT_STR("local-logs/container.log"), LT_STR("container-cached.log")};
    struct lt_node node;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lt_str path = lt_path_join(card->arena, container->path, names[i]);
        if (!look(card, path, &node))
            continue;
        lt_record_name(card->record, "log_path", path);
        return;
    }
}

static void add_file(struct card *card, const char *key, const char *name)
{
    struct lt_node node;
    struct lt_str path = join(card, card->container->path, name);
    if (look(card, path, &node))
        lt_record_name(card->record, key, path);
}

static void add_files(struct card *card)
{
    if (card->container->path.len) {
        add_file(card, "config_path", "config.v2.json");
        add_file(card, "hostconfig_path", "hostconfig.json");
        add_log(card);
    }
    lt_record_name(card->record, "mount_record_path", card->container->mount_record);
}

/* Where the driver mounts the container while it runs, "" if it does not. */
static struct lt_str mount_point(const struct card *card)
{
    const struct lt_layer *rw = card->container->rw;
    if (rw->store->merged)
        return join(card, rw->path, rw->store->merged);
    if (rw->store->mounts)
        return lt_path_join(card->arena, lt_root_path(card->ctx, rw->store->mounts), rw->id);
    return LT_STR("");
}

/* Is the container mounted in the very evidence? So it is on a live host only: a dead disk has an empty directory. */
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
    struct lt_str merged = mount_point(card);
    lt_record_name(card->record, "rw_layer_path", rw->path);
    if (merged.len) /* else it is no union: each layer is whole */
        lt_record_name(card->record, "upper_path", rw->content);
    if (rw->store->work)
        lt_record_name(card->record, "work_path", join(card, rw->path, rw->store->work));
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
    lt_record_name(record, "chain_identifier", layer->chain_id);
    lt_record_name(record, "cache_identifier", layer->id);
    lt_record_name(record, "link_name", layer->link);
    lt_record_name(record, "path", layer->path);
    lt_list_add(layers, card->arena, record);
}

/* Top first, as the kernel's lowerdir has them. */
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

/* What the daemon saved last (moby daemon/container/state.go): it saves a stop as soon as it hears of it. */
static void tell_state(struct card *card)
{
    const struct lt_container *container = card->container;
    if (!container->fact_count)
        add_witness(card, "config.v2.json: not readable");
    else if (container->running)
        add_witness(card, "config.v2.json: State.Running is true, process %jd", (intmax_t)container->pid);
    else
        add_witness(card, "config.v2.json: State.Running is false");
}

/* With an IPC mode that can be shared, the daemon makes containers/<ID>/mounts/shm with mode 0700 and mounts a tmpfs of
 * mode 1777 on it (moby daemon/container_operations_unix.go, 20.10 to 28.x). A dead disk has the directory below only,
 * and with the default IPC mode, private, there is none: so was it on all hosts that were measured. */
static bool tell_shm(struct card *card)
{
    struct lt_node node;
    struct lt_str path = join(card, card->container->path, "mounts/shm");
    if (!card->container->path.len || !look(card, path, &node))
        return false;
    bool mounted = (node.mode & 07777) == 01777;
    add_witness(card, "mounts/shm: mode %04o, %s", node.mode & 07777,
                mounted ? "its tmpfs is mounted" : "no tmpfs is mounted, which tells nothing of a dead disk");
    return mounted;
}

/* Docker makes `merged` before it starts a container and removes it when it unmounts (18.09 and later; before, it
 * stayed; moby daemon/graphdriver/overlay2/overlay.go Get and Put). The kernel makes work/work anew at each mount, so
 * its birth is the last one's time (linux fs/overlayfs/super.c). UNKNOWN: the driver has no such directory. */
enum answer { NO, YES, UNKNOWN };

static enum answer tell_merged(struct card *card)
{
    const struct lt_layer *rw = card->container->rw;
    struct lt_node node;
    if (!rw || !rw->store->merged)
        return UNKNOWN;
    bool there = look(card, join(card, rw->path, rw->store->merged), &node);
    if (there)
        add_witness(card, "merged: there, born %s", witness_time(card, node.time[LT_B]));
    else
        add_witness(card, "merged: not there, as after an orderly end");
    if (rw->store->work && look(card, join(card, join(card, rw->path, rw->store->work), "work"), &node))
        add_witness(card, "work/work: last mounted %s", witness_time(card, node.time[LT_B]));
    return there ? YES : NO;
}

/* Is there a directory of the container in `directory`, which holds one for each that runs? */
static bool tell_task(struct card *card, struct lt_str directory)
{
    struct lt_node node;
    struct lt_str path = lt_path_join(card->arena, directory, card->container->id);
    if (!look(card, directory, &node))
        return false;
    bool there = look(card, path, &node);
    if (there)
        add_witness(card, "%s: there, born %s", path.ptr, witness_time(card, node.time[LT_B]));
    else
        add_witness(card, "%s: not there", path.ptr);
    return there;
}

/* Directories of a task, of containerd (core/runtime/v2/bundle.go) and runc. Those in /run go with the power; those on
 * disk stay, and were seen to stay over the next boot too, so they prove nothing. */
static bool tell_tasks(struct card *card)
{
    static const char *const volatile_places[] = {
        "/run/containerd/io.containerd.runtime.v2.task/moby",
        "/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby",
        "/run/docker/runtime-runc/moby",
    };
    bool runs = false;
    for (size_t i = 0; i < sizeof volatile_places / sizeof *volatile_places; i++)
        runs |= tell_task(card, lt_str_c(volatile_places[i]));
    tell_task(card, LT_STR("/var/lib/containerd/io.containerd.runtime.v2.task/moby"));
    tell_task(card, LT_STR("/var/lib/containerd/io.containerd.runtime.v1.linux/moby"));
    /* A containerd that dockerd started itself. */
    tell_task(card, lt_root_path(card->ctx, "containerd/daemon/io.containerd.runtime.v2.task/moby"));
    return runs;
}

/* The daemon's word counts, unless what the kernel and the runtime left speaks against it; without it, these count. */
static enum answer judge(const struct card *card, enum answer merged, bool live)
{
    const struct lt_container *container = card->container;
    if (live)
        return YES;
    if (!container->fact_count)
        return merged;
    enum answer said = container->running ? YES : NO;
    return merged == UNKNOWN || merged == said ? said : UNKNOWN;
}

static void add_life(struct card *card)
{
    static const char *const words[] = {[NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown"};
    tell_state(card);
    enum answer merged = tell_merged(card);
    bool shm = tell_shm(card), tasks = tell_tasks(card);
    lt_record_text(card->record, "ran_at_seizure", lt_str_c(words[judge(card, merged, shm || tasks)]));
    lt_record_list(card->record, "ran_evidence", card->witnesses);
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
    lt_list_add(&one, card->arena, card->record);
    if (job->options->json)
        return lt_records_write(job, &one, NULL, 0, err);
    lt_record_sheet(out, card->record);
    lt_buf_lit(out, "layers, top first:\n");
    lt_records_table(out, &lt_record_get(card->record, "layers")->list, columns, sizeof columns / sizeof *columns, 2);
    job->rows++;
    return lt_output_flush(&job->output, err);
}

static enum lt_status run_ids(struct lt_job *job, struct lt_err *err)
{
    struct card card = {.ctx = &job->ctx, .arena = &job->arena, .record = lt_record_new(&job->arena)};
    enum lt_status status = lt_pick_container(job, job->options->operand, &card.container, err);
    if (status != LT_OK)
        return status;
    lt_job_enter(job, card.container->root, "ids");
    add_identity(&card);
    add_files(&card);
    add_rw(&card);
    add_life(&card);
    lt_record_root(card.record, card.container->root);
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
