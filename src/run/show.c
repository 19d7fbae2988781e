// SPDX-License-Identifier: Apache-2.0
#include "run/show.h"

#include "base/escape.h"
#include "base/near.h"
#include "clock/zones.h"
#include "evidence/evidence.h"
#include "model/told.h"
#include "read/report.h"
#include "run/schedule.h"
#include "runtime/runtimes.h"

enum { ID_BEGINNING = 6 }; /* digits of an ID that nobody types by chance */

static void show_source(const struct lt_source *source)
{
    if (source->summary)
        printf("%-18s %s\n", source->name, source->summary);
}

static void show_drivers(const struct lt_runtime *runtime)
{
    const struct lt_driver *driver;
    for (size_t i = 0; runtime->driver && (driver = runtime->driver(i)); i++)
        printf("%-18s storage driver: %s\n", driver->name, driver->summary);
}

void lt_show_sources(void)
{
    lt_schedule_each(show_source);
    for (size_t i = 0; lt_runtimes[i]; i++)
        show_drivers(lt_runtimes[i]);
    for (size_t i = 0; lt_evidence_kinds[i]; i++)
        printf("%-18s evidence: %s\n", lt_evidence_kinds[i]->name, lt_evidence_kinds[i]->summary);
}

static void add_unique(struct lt_list *words, struct lt_arena *arena, const struct lt_str *word)
{
    if (word->len && !lt_list_has_str(words, *word))
        lt_list_add(words, arena, word);
}

/* The namespaces of containerd in which the store has anything, and the number of pods. */
static void add_namespaces(struct lt_buf *line, const struct lt_root *root)
{
    struct lt_arena arena = {0};
    struct lt_list namespaces = {0}, pods = {0};
    lt_each (const struct lt_container, container, &root->containers) {
        add_unique(&namespaces, &arena, &container->namespace);
        add_unique(&pods, &arena, &container->pod);
    }
    lt_each (const struct lt_image, image, &root->images)
        add_unique(&namespaces, &arena, &image->namespace);
    lt_each (const struct lt_layer, layer, &root->layers)
        add_unique(&namespaces, &arena, &layer->namespace);
    if (pods.count)
        lt_buf_printf(line, ", %zu pods", pods.count);
    lt_each (const struct lt_str, namespace, &namespaces) {
        lt_buf_add(line, namespace_at ? LT_STR(", ") : LT_STR("; namespaces "));
        lt_escape_name(line, *namespace, true);
    }
    lt_arena_free(&arena);
}

static void put_line(struct lt_buf *line, FILE *stream)
{
    lt_buf_char(line, '\n');
    fwrite(line->ptr, 1, line->len, stream);
    lt_buf_free(line);
}

/* "host NAME, machine ID ...: ", and the path of its root if that is a directory in the evidence. */
static void begin_host(struct lt_buf *line, const struct lt_host *host)
{
    lt_buf_lit(line, "host ");
    lt_escape_name(line, host->hostname.len ? host->hostname : LT_STR("without a name"), true);
    if (host->machine_id.len) {
        lt_buf_lit(line, ", machine ID ");
        lt_escape_name(line, host->machine_id, true);
    }
    lt_buf_lit(line, ": ");
}

static void show_placed(const struct lt_host *host, const struct lt_placed *placed, FILE *stream)
{
    struct lt_buf line = {0};
    begin_host(&line, host);
    lt_escape_name(&line, placed->at, true);
    lt_buf_lit(&line, " is ");
    if (placed->bind || !placed->fs)
        lt_escape_name(&line, placed->device, true);
    else
        lt_buf_printf(&line, "the %.*s of %s", LT_ARG(placed->fs->label), placed->fs->evidence->spec);
    lt_buf_add(&line, placed->fs || placed->there ? LT_STR("") : LT_STR(", which is not in the evidence"));
    lt_buf_lit(&line, " (");
    lt_escape_name(&line, placed->from, true);
    lt_buf_char(&line, ')');
    put_line(&line, stream);
}

/* How the file systems of the hosts were put together. */
static void show_hosts(const struct lt_inventory *inventory, FILE *stream)
{
    size_t count = 0;
    lt_each (const struct lt_host, host, &inventory->hosts)
        count += host->roots.count && host->etc;
    lt_each (const struct lt_host, host, &inventory->hosts) {
        struct lt_buf line = {0};
        if (!host->roots.count || !host->etc || (count < 2 && !host->placed.count))
            continue;
        begin_host(&line, host);
        lt_escape_name(&line, host->within.len ? host->within : LT_STR("/"), true);
        lt_buf_printf(&line, " of the %.*s of %s is its root", LT_ARG(host->root_part->label),
                      host->root_part->evidence->spec);
        put_line(&line, stream);
        lt_each (const struct lt_placed, placed, &host->placed)
            show_placed(host, placed, stream);
    }
}

/* The zone of each host, and what disagrees about it. */
static void show_zones(const struct lt_inventory *inventory, FILE *stream)
{
    lt_each (const struct lt_host, host, &inventory->hosts) {
        struct lt_buf line = {0}, text = {0};
        if (!host->roots.count || !host->zone.from.len)
            continue;
        begin_host(&line, host);
        lt_zone_describe(&text, &host->zone);
        lt_buf_lit(&line, "its time zone is ");
        lt_escape_name(&line, lt_buf_view(&text), true);
        if (host->zone.conflict.len) {
            lt_buf_lit(&line, "; zones disagree: ");
            lt_escape_name(&line, host->zone.conflict, true);
        }
        lt_buf_free(&text);
        put_line(&line, stream);
    }
}

void lt_show_roots(const struct lt_inventory *inventory, FILE *stream)
{
    show_hosts(inventory, stream);
    show_zones(inventory, stream);
    lt_each (struct lt_root, root, &inventory->roots) {
        struct lt_buf line = {0};
        lt_escape_name(&line, lt_str_c(root->part->evidence->spec), true);
        lt_buf_printf(&line, ": %s %s ", root->runtime->name, root->runtime->store);
        lt_escape_name(&line, root->host->within, true);
        lt_escape_name(&line, root->path.len ? root->path : LT_STR("/"), true);
        lt_buf_lit(&line, " (");
        lt_escape_name(&line, root->why, true);
        lt_buf_printf(&line, ", %.*s", LT_ARG(root->part->label));
        if (root->settings.len) {
            lt_buf_lit(&line, "; ");
            lt_escape_name(&line, root->settings, true);
        }
        lt_buf_printf(&line, "): %zu containers, %zu images, %zu layers, %zu volumes", root->containers.count,
                      root->images.count, root->layers.count, root->volumes.count);
        add_namespaces(&line, root);
        put_line(&line, stream);
    }
}

void lt_show_containers(const struct lt_inventory *inventory)
{
    struct lt_buf labels = {0};
    size_t traces = 0;
    lt_each (struct lt_root, root, &inventory->roots) {
        traces += lt_told_removed(root, inventory->arena).count;
        lt_each (struct lt_container, container, &root->containers) {
            lt_buf_char(&labels, ' ');
            lt_owner_label(&labels, &container->owner);
        }
    }
    lt_say("the containers are:%.*s", LT_ARG(lt_buf_view(&labels)));
    if (traces)
        lt_say("%zu more are known by traces only: see containers --all", traces);
    lt_buf_free(&labels);
}

enum lt_status lt_no_container(const struct lt_inventory *inventory, const char *which, struct lt_err *err)
{
    struct lt_near near = {.wanted = lt_str_c(which)};
    bool is_id = near.wanted.len >= ID_BEGINNING && !which[strspn(which, "0123456789abcdef")];
    lt_show_containers(inventory);
    lt_each (const struct lt_root, root, &inventory->roots)
        lt_each (const struct lt_container, container, &root->containers) {
            struct lt_str beginning = container->id;
            beginning.len = beginning.len < near.wanted.len ? beginning.len : near.wanted.len;
            lt_near_try(&near, container->name);
            lt_near_try(&near, container->pod_name);
            if (is_id)
                lt_near_try(&near, beginning);
        }
    if (near.best.len)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no container matches '%s': did you mean '%.*s'?", which,
                       LT_ARG(near.best));
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no container matches '%s'", which);
}

void lt_show_window(const struct lt_options *options)
{
    struct lt_buf text = {0};
    const struct {
        const char *word;
        struct lt_time time;
    } ends[] = {{" from ", options->since}, {" until before ", options->until}};
    for (size_t i = 0; i < 2; i++)
        if (ends[i].time.set) {
            lt_buf_add(&text, lt_str_c(ends[i].word));
            lt_time_iso(&text, ends[i].time, 9);
            lt_buf_char(&text, 'Z');
        }
    if (text.len && !options->quiet)
        lt_say("only rows%.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}
