// SPDX-License-Identifier: Apache-2.0
/* The records of a container that exist, and witnesses for whether it ran at seizure. */
#include "read/facts.h"
#include "runtime/docker/driver/driver.h"
#include "store/containerd/containerd.h"
#include "store/containerd/tasks.h"

/* A container being examined. */
struct look {
    struct lt_ctx *ctx;
    struct lt_arena *arena;
    const struct lt_container *container;
    struct lt_life *life;
};

#define add_witness(look, ...)                                                                                         \
    lt_fact_add(&(look)->life->witnesses, (look)->arena, "", lt_str_format((look)->arena, __VA_ARGS__))
#define witness_time(look, time) time_text((look)->arena, (time)).ptr

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

/* Does it exist? If it cannot be examined, that is reported, and the answer is no. */
static bool is_there(const struct look *look, struct lt_str path, struct lt_node *node)
{
    return lt_stat_or_skip(look->ctx, path, node) == LT_OK;
}

static bool add_file(const struct look *look, const char *name, struct lt_str path)
{
    struct lt_node node;
    if (is_there(look, path, &node))
        lt_identifier_add(look->ctx->inventory, &look->life->files, name, path);
    return look->life->files.count && lt_str_eq(lt_identifier_of(&look->life->files, name), path);
}

static void find_files(const struct look *look)
{
    struct lt_str path = look->container->path;
    struct lt_str log;
    bool found = false;
    if (path.len) {
        add_file(look, "config_path", lt_docker_container(look->container)->config);
        add_file(look, "hostconfig_path", lt_path_join(look->arena, path, LT_STR("hostconfig.json")));
        /* The first of the three possible logs that exists. */
        for (size_t i = 0; !found && lt_docker_log_path(look->arena, look->container, i, &log); i++)
            found = add_file(look, "log_path", log);
    }
    lt_identifier_add(look->ctx->inventory, &look->life->files, "mount_record_path",
                      lt_docker_container(look->container)->mount_record);
}

/* The state as last saved. The daemon saves a stop as soon as it learns of it (moby daemon/container/state.go). */
static void add_state(const struct look *look)
{
    const struct lt_container *container = look->container;
    struct lt_str path = lt_docker_container(container)->config;
    struct lt_str config = path.len ? lt_str_basename(path) : LT_STR("config.v2.json");
    if (!container->fact_count)
        add_witness(look, "%.*s: not readable", LT_ARG(config));
    else if (container->running)
        add_witness(look, "%.*s: State.Running is true, process %jd", LT_ARG(config), (intmax_t)container->pid);
    else
        add_witness(look, "%.*s: State.Running is false", LT_ARG(config));
    if (container->found_dead)
        add_witness(look, "%.*s: State.FinishedAt, %s, is when the daemon started and found it dead: it ended before",
                    LT_ARG(config), witness_time(look, container->finished));
}

/* If the IPC mode can be shared, the daemon creates containers/<ID>/mounts/shm with mode 0700 and mounts a tmpfs of
 * mode 1777 on it (moby daemon/container_operations_unix.go, 20.10 to 28.x). A dead disk shows only the directory
 * below. With the default IPC mode, private, the directory does not exist; this was so on every host measured. */
static bool add_shm(const struct look *look)
{
    struct lt_node node;
    struct lt_str path = lt_path_join(look->arena, look->container->path, LT_STR("mounts/shm"));
    if (!look->container->path.len || !is_there(look, path, &node))
        return false;
    bool mounted = (node.mode & 07777) == 01777;
    add_witness(look, "mounts/shm: mode %04o, %s", node.mode & 07777,
                mounted ? "its tmpfs is mounted" : "no tmpfs is mounted, which tells nothing of a dead disk");
    return mounted;
}

/* Docker creates `merged` before it starts a container and removes it when it unmounts (since 18.09; before that, it
 * stayed; moby daemon/graphdriver/overlay2/overlay.go Get and Put). The kernel recreates work/work at each mount, so
 * its birth is the time of the last mount (linux fs/overlayfs/super.c). LT_UNKNOWN: the driver has no such
 * directory. */
static enum lt_answer add_merged(const struct look *look)
{
    const struct lt_layer *rw = look->container->rw;
    struct lt_node node;
    bool shared = rw && rw->root != look->container->root; /* in containerd's store */
    if (!rw || (!shared && !lt_docker_layer(rw)->driver->merged))
        return LT_UNKNOWN;
    bool there = is_there(look, rw->merged, &node);
    if (there)
        add_witness(look, "merged: there, born %s", witness_time(look, node.time[LT_B]));
    else
        add_witness(look, "merged: not there, as after an orderly end");
    struct lt_ctx store = lt_ctx_at(look->ctx, rw->root);
    struct lt_str work = lt_path_join(look->arena, rw->work, LT_STR("work"));
    if (rw->work.len && lt_stat_or_skip(&store, work, &node) == LT_OK)
        add_witness(look, "work/work: last mounted %s", witness_time(look, node.time[LT_B]));
    return there ? LT_YES : LT_NO;
}

/* Does the container have a directory in `directory`, which holds one for each running container? */
static bool add_task(const struct look *look, struct lt_str directory)
{
    struct lt_node node;
    struct lt_str path = lt_path_join(look->arena, directory, look->container->id);
    if (!is_there(look, directory, &node))
        return false;
    bool there = is_there(look, path, &node);
    if (there)
        add_witness(look, "%s: there, born %s", path.ptr, witness_time(look, node.time[LT_B]));
    else
        add_witness(look, "%s: not there", path.ptr);
    return there;
}

/* Docker 29 records a task in containerd's database before it starts a container, and removes the record after the end:
 * what is there ran when the database was last written. */
static enum lt_answer add_record(const struct look *look)
{
    const struct lt_container *container = look->container;
    const struct lt_layer *rw = container->rw;
    if (!rw || rw->root == container->root)
        return LT_UNKNOWN;
    const struct lt_containerd_record *record =
        lt_containerd_find(lt_containerd(rw->root), LT_CONTAINERD_CONTAINER, container->namespace, container->id);
    if (record)
        add_witness(look, "meta.db: a record of its task, made %s", witness_time(look, record->created));
    else
        add_witness(look, "meta.db: no record of a task, as after an end");
    return record ? LT_YES : LT_NO;
}

/* The directories in /run are lost at power-off. Those on disk stay, and were seen to stay over the next boot, so they
 * prove nothing. */
static bool add_tasks(const struct look *look)
{
    static const char *const in_memory[] = {
        "/run/containerd/" LT_TASKS_V2 "/moby",
        "/run/docker/" LT_OWN_CONTAINERD "/" LT_TASKS_V2 "/moby",
        "/run/docker/runtime-runc/moby",
    };
    bool runs = false;
    for (size_t i = 0; i < sizeof in_memory / sizeof *in_memory; i++)
        runs |= add_task(look, lt_str_c(in_memory[i]));
    add_task(look, LT_STR("/var/lib/containerd/" LT_TASKS_V2 "/moby"));
    add_task(look, lt_root_path(look->ctx, "execdriver/native")); /* v1.0.0 daemon/execdriver/native */
    add_task(look, LT_STR("/var/lib/containerd/" LT_TASKS_V1 "/moby"));
    add_task(look, lt_root_path(look->ctx, LT_OWN_CONTAINERD "/" LT_TASKS_V2 "/moby"));
    return runs;
}

/* Decide whether the container ran: by what all witnesses say that know. A mounted tmpfs or a task in /run proves that
 * it did. */
static enum lt_answer judge(const struct look *look, enum lt_answer merged, enum lt_answer recorded, bool live)
{
    const struct lt_container *container = look->container;
    enum lt_answer saved = container->fact_count ? (container->running ? LT_YES : LT_NO) : LT_UNKNOWN, answer = saved;
    const enum lt_answer others[] = {merged, recorded};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (answer == LT_UNKNOWN)
            answer = others[i];
        else if (others[i] != LT_UNKNOWN && others[i] != answer)
            return live ? LT_YES : LT_UNKNOWN;
    }
    return live ? LT_YES : answer;
}

void lt_docker_life(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena,
                    struct lt_life *out)
{
    const struct look look = {ctx, arena, container, out};
    find_files(&look);
    add_state(&look);
    enum lt_answer merged = add_merged(&look);
    enum lt_answer recorded = add_record(&look);
    bool shm = add_shm(&look), tasks = add_tasks(&look);
    out->ran = judge(&look, merged, recorded, shm || tasks);
}
