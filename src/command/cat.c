// SPDX-License-Identifier: Apache-2.0
/* A file as a container saw it: through its layers, merged as the kernel does, with what it mounts over them. Or what
 * its rw layer hid (--deleted), or what one layer has (--layer), as this and the layers under it show it. */
#include "base/clock.h"
#include "command/bytes.h"
#include "command/cat_freed.h"
#include "command/command.h"
#include "command/pick.h"
#include "files/container_mounts.h"
#include "overlay/mount_views.h"

#include <stdlib.h>
#include <string.h>

/* What is looked for, and where. */
struct search {
    struct lt_job *job;
    const struct lt_container *container;
    struct lt_lower_reader reader;
    struct lt_map mounts;
    struct lt_view_root seen;  /* what the container sees */
    struct lt_view_root under; /* the same without its rw layer */
    struct lt_str path;
    struct lt_buf label; /* of the container */
};

/* `text` and the path, as an error without a file: exit 1. */
#define absent(err, ...) lt_fail((err), LT_END, LT_CODE_MISSING, 0, __VA_ARGS__)

static void begin(struct search *search, struct lt_job *job, const struct lt_container *container)
{
    bool whole = true;
    *search = (struct search){.job = job, .container = container, .reader = {.ctx = &job->ctx}};
    search->path = lt_str_c(job->options->operands[1]);
    lt_owner_label(&search->label, &container->owner);
    lt_job_enter(job, container->rw ? container->rw->root : container->root, "cat");
    lt_report_blind(&job->ctx);
    if (container->rw)
        search->under.layers = lt_lower_of_layer(&search->reader, container->rw, &whole);
    else
        lt_skip(&job->ctx, container->path, LT_CODE_MISSING, "the container's rw layer is not known");
    if (!whole)
        lt_skip(&job->ctx, container->path, LT_CODE_MISSING,
                "not all layers of its image are there: what it saw may be another file");
    search->mounts = lt_container_mounts(&search->reader, container, &job->arena);
    search->seen = lt_view_of_container(&search->reader, container);
    search->seen.mounts = search->under.mounts = &search->mounts;
}

static void end(struct search *search)
{
    lt_lower_end(&search->reader);
    lt_buf_free(&search->label);
}

/* Look the path up. LT_SKIP: it is unknown what is there, and `err` says why. */
static enum lt_status look(struct search *search, const struct lt_view_root *root, struct lt_view *out,
                           struct lt_err *err)
{
    enum lt_status status = lt_view_lookup(&search->reader, root, search->path, out, err);
    return status == LT_SKIP && out->node.mode ? LT_OK : status;
}

static bool is_same(const struct lt_view *a, const struct lt_view *b)
{
    return a->fs == b->fs && lt_str_eq(a->path, b->path);
}

/* --- nothing is there --- */

/* Which layer of the image has the path, if the container sees none; NULL: none has it. */
static const struct lt_layer *layer_with(struct search *search)
{
    lt_each (struct lt_layer, layer, &search->container->layers) {
        struct lt_view view = {0};
        const struct lt_view_root root = lt_view_from_layer(&search->reader, layer);
        if (look(search, &root, &view, NULL) == LT_OK)
            return layer;
    }
    return NULL;
}

/* Say that nothing is there, and what helps. */
static enum lt_status report_absent(struct search *search, const struct lt_view *seen, struct lt_err *err)
{
    struct lt_view below;
    struct lt_str label = lt_buf_view(&search->label), parent = seen->inside.len ? seen->inside : LT_STR("/");
    if (seen->target.len)
        lt_say("it is a symbolic link to '%.*s'", LT_ARG(seen->target));
    if (search->under.layers && look(search, &search->under, &below, NULL) == LT_OK)
        return absent(err,
                      "'%.*s' is not in %.*s any more: the container deleted or renamed it, and --deleted shows it",
                      LT_ARG(search->path), LT_ARG(label));
    const struct lt_layer *layer = layer_with(search);
    if (layer)
        return absent(err, "'%.*s' is not in %.*s: its image deletes it, and --layer=%u shows it", LT_ARG(search->path),
                      LT_ARG(label), layer->index);
    if (lt_str_starts(search->path, LT_STR("/proc/")) || lt_str_starts(search->path, LT_STR("/sys/")) ||
        lt_str_starts(search->path, LT_STR("/dev/")))
        return absent(err, "'%.*s' is not in %.*s: what the kernel shows there is on no disk", LT_ARG(search->path),
                      LT_ARG(label));
    return absent(err, "'%.*s' is not in %.*s: the nearest that is there is '%.*s'", LT_ARG(search->path),
                  LT_ARG(label), LT_ARG(parent));
}

/* --- which file --- */

static enum lt_status find_seen(struct search *search, struct lt_view *out, struct lt_err *err)
{
    enum lt_status status = look(search, &search->seen, out, err);
    return status == LT_END ? report_absent(search, out, err) : status;
}

static enum lt_status find_deleted(struct search *search, struct lt_view *out, struct lt_err *err)
{
    struct lt_view seen;
    struct lt_str label = lt_buf_view(&search->label);
    enum lt_status status = look(search, &search->under, out, err);
    if (status == LT_END)
        return absent(err, "'%.*s' is in no layer below the rw layer of %.*s: nothing was hidden there",
                      LT_ARG(search->path), LT_ARG(label));
    if (status == LT_OK && out->mounted)
        return absent(err, "'%.*s' lies in what %.*s mounts at '%.*s': no layer has what was deleted there",
                      LT_ARG(search->path), LT_ARG(label), LT_ARG(out->mounted->mount->destination));
    if (status == LT_OK && look(search, &search->seen, &seen, NULL) == LT_OK && is_same(&seen, out))
        return absent(err, "'%.*s' is neither deleted nor replaced in %.*s: leave out --deleted", LT_ARG(search->path),
                      LT_ARG(label));
    return status;
}

static bool is_number(const char *text)
{
    enum { MOST_DIGITS = 3 };
    size_t digits = strspn(text, "0123456789");
    return digits && digits <= MOST_DIGITS && !text[digits];
}

/* Does the user mean this layer of the container by a number or a prefix? */
static bool is_meant(const struct lt_layer *layer, const char *which)
{
    const struct lt_str sha = LT_STR("sha256:"), word = lt_str_c(which);
    struct lt_str digest = layer->diff_id;
    if (is_number(which))
        return layer->role == LT_ROLE_IMAGE && layer->index == strtoul(which, NULL, 10);
    if (lt_str_starts(layer->id, word) || (digest.len && lt_str_starts(digest, word)))
        return true;
    return lt_str_starts(digest, sha) && lt_str_starts(lt_str_skip(digest, sha.len), word);
}

/* The one layer of the container that the user means. An ID that is whole counts more than a prefix. */
static enum lt_status pick_layer(struct search *search, struct lt_layer **out, struct lt_err *err)
{
    const struct lt_container *container = search->container;
    const char *which = search->job->options->layer;
    struct lt_list all = {0}, found = {0}, matching = {0};
    struct lt_arena *arena = &search->job->arena;
    if (container->rw)
        lt_list_add(&all, arena, container->rw);
    if (container->init)
        lt_list_add(&all, arena, container->init);
    lt_each (struct lt_layer, layer, &container->layers)
        lt_list_add(&all, arena, layer);
    lt_each (struct lt_layer, layer, &all)
        if (lt_str_eq(layer->id, lt_str_c(which)))
            lt_list_add(&found, arena, layer);
    lt_each (struct lt_layer, layer, &all)
        if (*which && !found.count && is_meant(layer, which))
            lt_list_add(&matching, arena, layer);
    if (!found.count)
        found = matching;
    *out = found.count == 1 ? found.items[0] : NULL;
    if (*out)
        return LT_OK;
    lt_each (const struct lt_layer, layer, &all)
        lt_say("%-5s %2u  %.*s  %.*s", lt_role_names[layer->role], layer->role == LT_ROLE_IMAGE ? layer->index : 0,
               LT_ARG(layer->id), LT_ARG(layer->diff_id));
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, found.count ? "--layer=%s is ambiguous" : "no layer is '%s'", which);
}

static enum lt_status find_in_layer(struct search *search, struct lt_view *out, struct lt_err *err)
{
    struct lt_layer *layer;
    enum lt_status status = pick_layer(search, &layer, err);
    if (status != LT_OK || !layer)
        return status;
    const struct lt_view_root root = lt_view_from_layer(&search->reader, layer);
    struct lt_str name = lt_layer_name(layer);
    status = look(search, &root, out, err);
    if (status == LT_END)
        return absent(err, "'%.*s' is not in the layer %.*s, nor in those under it", LT_ARG(search->path),
                      LT_ARG(name));
    if (status == LT_OK && out->layer && out->layer != layer)
        return absent(err, "'%.*s' is not in the layer %.*s: below it %.*s has it", LT_ARG(search->path), LT_ARG(name),
                      LT_ARG(lt_layer_name(out->layer)));
    return status;
}

/* Say why it is unknown what is there. An error in reading is one of the evidence, too. */
static enum lt_status report_unknown(struct search *search, const struct lt_view *view, const struct lt_err *problem,
                                     struct lt_err *err)
{
    struct lt_buf mount = {0};
    if (view->mounted)
        lt_mount_label(&mount, view->mounted->mount);
    else if (strcmp(problem->code, LT_CODE_CYCLE) != 0)
        lt_skip_error(&search->job->ctx, search->path, problem);
    absent(err, "it cannot be told what is at '%.*s' in %.*s: %s%s%.*s", LT_ARG(search->path),
           LT_ARG(lt_buf_view(&search->label)), problem->text, mount.len ? ": " : "", LT_ARG(lt_buf_view(&mount)));
    lt_buf_free(&mount);
    return LT_END;
}

/* The file that the user asks for. LT_SKIP: none can be shown. LT_END: there is none. */
static enum lt_status find(struct search *search, struct lt_view *out, struct lt_err *err)
{
    const struct lt_options *options = search->job->options;
    struct lt_err problem = {0};
    enum lt_status status;
    if (options->deleted && options->layer)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "--deleted and --layer do not go together");
    if (options->layer)
        status = find_in_layer(search, out, &problem);
    else
        status = options->deleted ? find_deleted(search, out, &problem) : find_seen(search, out, &problem);
    if (status == LT_OK && problem.set) /* it was found in spite of it, and may be another file */
        lt_skip_error(&search->job->ctx, out->path, &problem);
    if (status == LT_OK)
        return LT_OK;
    if (status == LT_END || strcmp(problem.code, LT_CODE_USAGE) == 0) {
        *err = problem;
        return status;
    }
    return report_unknown(search, out, &problem, err);
}

/* --- what was found --- */

static void add_time(struct lt_buf *line, const char *word, struct lt_time time)
{
    enum { NANOSECONDS = 9 };
    if (!time.set)
        return;
    lt_buf_printf(line, ", %s ", word);
    lt_time_iso(line, time, NANOSECONDS);
    lt_buf_char(line, 'Z');
}

/* A mount in words, without its source: the path of the file is told. */
static void add_mount(struct lt_buf *line, const struct lt_mount *mount)
{
    lt_buf_add(line, mount->type);
    if (mount->name.len)
        lt_buf_printf(line, " %.*s", LT_ARG(mount->name));
    lt_buf_printf(line, " at %.*s", LT_ARG(mount->destination));
}

/* Say which file it is. */
static void announce(const struct search *search, const struct lt_view *view)
{
    struct lt_buf line = {0};
    const struct lt_layer *layer = view->layer;
    lt_buf_printf(&line, "%.*s of %.*s is ", LT_ARG(view->inside), LT_ARG(lt_buf_view(&search->label)));
    lt_buf_add(&line, view->path);
    lt_buf_lit(&line, ", in ");
    if (view->mounted)
        add_mount(&line, view->mounted->mount);
    else if (layer)
        lt_buf_printf(&line, "%s layer %.*s", lt_role_names[layer->role], LT_ARG(lt_layer_name(layer)));
    lt_buf_printf(&line, ", %ju bytes", (uintmax_t)view->node.size);
    add_time(&line, "modified", view->node.time[LT_M]);
    add_time(&line, "changed", view->node.time[LT_C]);
    add_time(&line, "born", view->node.time[LT_B]);
    if (!lt_str_eq(view->data, view->path))
        lt_buf_printf(&line, "; its contents are those of %.*s", LT_ARG(view->data));
    lt_say("%.*s", LT_ARG(lt_buf_view(&line)));
    lt_buf_free(&line);
}

static const char *type_word(uint32_t mode)
{
    return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : S_ISFIFO(mode) ? "a named pipe" : "a socket";
}

static enum lt_status write_file(struct search *search, const struct lt_view *view, struct lt_err *err)
{
    struct lt_err problem = {0};
    if (S_ISDIR(view->node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0,
                       "'%.*s' is a directory: layertime diff lists what the container changed in it, and layertime "
                       "who whose it is",
                       LT_ARG(search->path));
    if (!S_ISREG(view->node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "'%.*s' is %s", LT_ARG(search->path),
                       type_word(view->node.mode));
    if (!view->data.len)
        return absent(err, "%.*s has only the metadata of '%.*s', and the file below it with the contents is not there",
                      LT_ARG(view->path), LT_ARG(search->path));
    if (!search->job->options->quiet)
        announce(search, view);
    enum lt_status status = lt_bytes_write_file(search->job, view->fs, view->data, &problem);
    if (status == LT_END)
        return lt_fail(err, LT_END, problem.code, 0, "'%.*s' (%.*s) %s", LT_ARG(search->path), LT_ARG(view->data),
                       problem.text);
    if (problem.set)
        *err = problem;
    return status;
}

static enum lt_status run_cat(struct lt_job *job, struct lt_err *err)
{
    const struct lt_container *container;
    struct search search;
    struct lt_view view = {0};
    bool freed = job->options->deleted && !job->options->layer;
    if (freed && strcmp(job->options->operands[0], "-") == 0)
        return lt_cat_freed(job, NULL, job->options->operands[1], err);
    enum lt_status status = lt_pick_container(job, job->options->operands[0], &container, err);
    if (status != LT_OK)
        return status;
    if (freed && job->options->state)
        return lt_cat_freed(job, container, job->options->operands[1], err);
    begin(&search, job, container);
    status = find(&search, &view, err);
    if (status == LT_OK)
        status = write_file(&search, &view, err);
    end(&search);
    return status == LT_END && freed && !view.node.mode ? lt_cat_freed(job, container, job->options->operands[1], err)
                                                        : status;
}

const struct lt_command lt_command_cat = {
    .name = "cat",
    .arguments = "CONTAINER PATH EVIDENCE...",
    .summary = "a file as a container saw it, or what it deleted or replaced",
    .operands = 2,
    .options = LT_OPTIONS_BYTES,
    .run = run_cat,
};
