// SPDX-License-Identifier: Apache-2.0
/* Files of systemd's journal in /var/log/journal/<machine>/, and in /run/log/journal on a live host: *.journal, and
 * *.journal~ where journald found a file that was not closed. Entries by Docker's programs and entries by systemd and
 * the kernel about Docker are emitted, and the output of containers with Docker's log driver journald (moby
 * daemon/logger/journald/journald.go, 1.12 to 28.x). There priority 6 is stdout, 3 is stderr, and a line of more than
 * 16 KiB is split into pieces. */
#include "read/source.h"

#include "host/attribution.h"
#include "host/journal.h"
#include "host/names.h"
#include "model/told.h"
#include "parse/ident.h"
#include "parse/redact.h"
#include "parse/stamp.h"

#include <stdio.h>

enum { MAX_JOINED = 1024 * 1024, PENDING = 32 };

/* A container's line of which some pieces are still to come. */
struct pending {
    const struct lt_container *container; /* NULL: not in use */
    bool stderr_stream;
    struct lt_buf text;
    struct lt_time time;
    char cursor[256]; /* of the first piece; a cursor of journald has about 150 bytes */
};

struct job {
    struct lt_ctx *ctx;
    struct lt_attribution attribution;
    struct lt_str path; /* of the current file */
    uint64_t lacking;   /* entries that lack a program name or a message */
    struct pending pending[PENDING];
    struct lt_arena line;
};

static struct lt_str field(const struct lt_journal_entry *entry, enum lt_journal_field which)
{
    return entry->fields[which].ptr ? entry->fields[which] : LT_STR("");
}

/* A number of at most 18 digits; 0 if it is anything else. */
static uint64_t number_of(struct lt_str text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 18 || text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return number;
}

/* The time by the sender if the entry has one, else when journald received it. */
static struct lt_time source_time(const struct lt_journal_entry *entry)
{
    uint64_t micros = number_of(field(entry, LT_JOURNAL_SOURCE_TIME));
    return micros ? lt_time_at((int64_t)(micros / 1000000), (uint32_t)(micros % 1000000) * 1000) : entry->time;
}

static struct lt_str short_host(struct lt_str name)
{
    return lt_str_cut(&name, '.');
}

static void describe(struct job *job, const struct lt_journal_entry *entry, struct lt_host_line *out)
{
    static const char *const levels[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
    struct lt_str priority = field(entry, LT_JOURNAL_PRIORITY), host = field(entry, LT_JOURNAL_HOSTNAME);
    struct lt_str known = job->ctx->host->hostname;
    out->reporter = field(entry, LT_JOURNAL_IDENTIFIER);
    if (!out->reporter.len)
        out->reporter = field(entry, LT_JOURNAL_COMM);
    if (priority.len == 1 && priority.ptr[0] >= '0' && priority.ptr[0] <= '7')
        out->level = lt_str_c(levels[priority.ptr[0] - '0']);
    if (known.len && host.len && !lt_str_eq(short_host(host), short_host(known)))
        out->host = host;
    out->pid = number_of(field(entry, LT_JOURNAL_PID));
    out->text = field(entry, LT_JOURNAL_MESSAGE);
    out->where = (struct lt_where){.file = job->path};
}

static enum lt_status emit_daemon(struct job *job, const struct lt_journal_entry *entry, struct lt_err *err)
{
    struct lt_host_line line = {.time = source_time(entry)};
    struct lt_facts facts = {.arena = &job->line};
    int minutes;
    describe(job, entry, &line);
    line.unit = field(entry, LT_JOURNAL_UNIT);
    lt_facts_text(&facts, LT_ATTR_BODY, line.text);
    lt_attribution_choose(&line, lt_attribution_own_time(line.text, &minutes), "the journal's", &facts);
    lt_fact(&facts, "unit", line.unit);
    lt_fact(&facts, "cursor", entry->cursor);
    line.about = lt_names_learn(&job->attribution, &line);
    return lt_attribution_emit(&job->attribution, &line, &facts, err);
}

/* --- output of containers ----------------------------------------------------------------------------------------- */

/* What the options labels and env of the driver add: fields of their names, in capitals. */
static void add_attributes(const struct lt_journal_entry *entry, struct lt_facts *facts)
{
    struct lt_buf text = {0};
    lt_each (const struct lt_str, item, &entry->others) {
        text.len = 0;
        lt_redact_item(&text, *item);
        lt_facts_item(facts, LT_ATTR_LOG_ATTRIBUTES, "%.*s", LT_ARG(lt_buf_view(&text)));
    }
    lt_buf_free(&text);
}

static enum lt_status emit_output(struct job *job, const struct lt_journal_entry *entry, struct lt_host_line *line,
                                  const struct pending *pending, struct lt_err *err)
{
    struct lt_facts facts = {.arena = &job->line};
    const struct lt_container *container = line->output_of;
    struct lt_str name = field(entry, LT_JOURNAL_CONTAINER_NAME), tag = field(entry, LT_JOURNAL_CONTAINER_TAG);
    if (!container)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_LOG_SOURCE, lt_str_c(pending->stderr_stream ? "stderr" : "stdout"));
    lt_facts_text(&facts, LT_ATTR_BODY, line->text);
    if (!lt_str_eq(name, container->name))
        lt_fact(&facts, "container name", name);
    if (!container->image)
        lt_fact(&facts, "image name", field(entry, LT_JOURNAL_IMAGE_NAME));
    if (!lt_str_starts(container->id, tag) && !lt_str_eq(tag, name))
        lt_fact(&facts, "tag", tag);
    add_attributes(entry, &facts);
    lt_fact(&facts, "cursor", pending->cursor[0] ? lt_str_c(pending->cursor) : entry->cursor);
    return lt_attribution_emit(&job->attribution, line, &facts, err);
}

/* The slot for the pieces of this container's stream; NULL if all slots are taken by others. */
static struct pending *pending_of(struct job *job, const struct lt_container *container, bool stderr_stream)
{
    struct pending *unused = NULL;
    for (size_t i = 0; i < PENDING; i++) {
        struct pending *pending = &job->pending[i];
        if (pending->container == container && pending->stderr_stream == stderr_stream)
            return pending;
        if (!pending->container)
            unused = pending;
    }
    return unused;
}

/* Append a piece to those before it. Emits the line with its last piece, or as far as it fits. */
static enum lt_status add_piece(struct job *job, const struct lt_journal_entry *entry, struct lt_host_line *line,
                                struct lt_err *err)
{
    bool more = lt_str_eq(field(entry, LT_JOURNAL_PARTIAL), LT_STR("true"));
    struct pending own = {.stderr_stream = lt_str_eq(field(entry, LT_JOURNAL_PRIORITY), LT_STR("3"))};
    struct pending *pending = pending_of(job, line->output_of, own.stderr_stream);
    if (!pending || (!pending->container && !more)) {
        char *text = lt_arena_alloc(&job->line, line->text.len + 1);
        memcpy(text, line->text.ptr, line->text.len);
        text[line->text.len] = '\n'; /* omitted by the driver */
        line->text = (struct lt_str){text, line->text.len + 1};
        return emit_output(job, entry, line, &own, err);
    }
    if (!pending->container) {
        pending->container = line->output_of;
        pending->stderr_stream = own.stderr_stream;
        pending->time = line->time;
        snprintf(pending->cursor, sizeof pending->cursor, "%.*s", LT_ARG(entry->cursor));
    }
    lt_buf_add(&pending->text, line->text);
    if (more && pending->text.len < MAX_JOINED)
        return LT_OK;
    if (!more)
        lt_buf_char(&pending->text, '\n');
    line->text = lt_buf_view(&pending->text);
    line->time = pending->time;
    enum lt_status status = emit_output(job, entry, line, pending, err);
    pending->container = NULL;
    pending->text.len = 0;
    return status;
}

/* Emit the lines whose last piece is not in the file. */
static enum lt_status emit_pending(struct job *job, struct lt_err *err)
{
    const struct lt_journal_entry none = {.cut = LT_JOURNAL_FIELDS};
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < PENDING; i++) {
        struct pending *pending = &job->pending[i];
        struct lt_host_line line = {
            .time = pending->time,
            .text = lt_buf_view(&pending->text),
            .where = {.file = job->path},
            .output_of = pending->container,
        };
        if (pending->container && status == LT_OK)
            status = emit_output(job, &none, &line, pending, err);
        pending->container = NULL;
        lt_buf_free(&pending->text);
    }
    return status;
}

/* The driver tells the name of the container and that of its image with each line. */
static void learn_names(struct job *job, const struct lt_journal_entry *entry, struct lt_container *container)
{
    struct lt_inventory *inventory = job->ctx->inventory;
    struct lt_str by = lt_str_format(&job->line, "output passed on to %.*s", LT_ARG(job->path));
    lt_told_name(inventory, container, field(entry, LT_JOURNAL_CONTAINER_NAME), false, by);
    lt_told_image(inventory, container, field(entry, LT_JOURNAL_IMAGE_NAME), by);
}

/* The container whose output the entry is; NULL if it is not output. Other programs use the same fields for
 * containers. */
static const struct lt_container *output_of(struct job *job, const struct lt_journal_entry *entry)
{
    struct lt_str id = field(entry, LT_JOURNAL_CONTAINER_ID), comm = field(entry, LT_JOURNAL_COMM);
    if (comm.len && !lt_str_starts(comm, LT_STR("docker")))
        return NULL;
    if (!lt_is_id(id))
        return id.len ? lt_attribution_by_tag(&job->attribution, id) : NULL;
    const struct lt_owner *owner = lt_attribution_container(&job->attribution, id);
    if (owner && owner->container && owner->container->tags & LT_TAG_BIT(configuration_missing))
        learn_names(job, entry, lt_told_find(job->ctx->host, id));
    return owner ? owner->container : NULL;
}

/* Decide by the unit that journald recorded. */
static bool is_unit_wanted(struct lt_str unit)
{
    return lt_str_eq(unit, LT_STR("docker.service")) || lt_str_eq(unit, LT_STR("containerd.service")) ||
           (lt_str_starts(unit, LT_STR("docker-")) && lt_str_ends(unit, LT_STR(".scope")));
}

/* Does the entry lack the name of its program, or lack the message although the entry may be wanted? */
static bool is_lacking(const struct lt_journal_entry *entry, bool wanted)
{
    struct lt_str reporter = field(entry, LT_JOURNAL_IDENTIFIER);
    wanted = wanted || lt_str_eq(reporter, LT_STR("kernel")) || lt_str_eq(reporter, LT_STR("systemd"));
    return (!reporter.len && !field(entry, LT_JOURNAL_COMM).len) || (wanted && !entry->fields[LT_JOURNAL_MESSAGE].ptr);
}

static enum lt_status read_entry(struct job *job, const struct lt_journal_entry *entry, struct lt_err *err)
{
    lt_arena_reset(&job->line);
    struct lt_host_line line = {.output_of = output_of(job, entry)};
    struct lt_str text = field(entry, LT_JOURNAL_MESSAGE), comm = field(entry, LT_JOURNAL_COMM);
    struct lt_str reporter = field(entry, LT_JOURNAL_IDENTIFIER);
    bool wanted = line.output_of || lt_attribution_is_wanted(reporter, text) || lt_attribution_is_wanted(comm, text) ||
                  is_unit_wanted(field(entry, LT_JOURNAL_UNIT));
    job->lacking += is_lacking(entry, wanted);
    if (!wanted)
        return LT_OK;
    if (entry->cut != LT_JOURNAL_FIELDS)
        lt_skip(job->ctx, job->path, LT_CODE_TOO_LARGE, "a field over %d bytes is cut: entry %.*s",
                LT_MAX_MESSAGE_FIELD, LT_ARG(entry->cursor));
    if (!line.output_of)
        return emit_daemon(job, entry, err);
    describe(job, entry, &line);
    line.level = line.reporter = LT_STR("");
    line.pid = 0; /* it is the daemon's */
    if (lt_stamp_rfc3339(field(entry, LT_JOURNAL_TIME), &line.time, NULL) != LT_OK)
        line.time = source_time(entry);
    return add_piece(job, entry, &line, err);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static enum lt_status read_entries(struct job *job, struct lt_journal *journal, struct lt_err *err)
{
    struct lt_journal_entry entry;
    struct lt_err problem = {0};
    enum lt_status status;
    job->lacking = 0;
    while ((status = lt_journal_next(journal, &entry, &problem)) == LT_OK)
        if (read_entry(job, &entry, err) != LT_OK)
            return LT_FATAL;
    if (status == LT_SKIP)
        lt_skip_error(job->ctx, job->path, &problem);
    if (lt_journal_unread(journal))
        lt_skip(job->ctx, job->path, LT_CODE_DAMAGED, "%ju entries of any program cannot be reached",
                (uintmax_t)lt_journal_unread(journal));
    if (job->lacking)
        lt_skip(job->ctx, job->path, LT_CODE_DAMAGED, "entries without a message or the name of their program: %ju",
                (uintmax_t)job->lacking);
    return emit_pending(job, err);
}

static enum lt_status read_file(struct job *job, struct lt_str path, struct lt_err *err)
{
    struct lt_journal *journal;
    struct lt_err problem = {0};
    job->path = lt_str_dup(job->ctx->run, path);
    enum lt_status status = lt_journal_open(job->ctx->fs, path, job->ctx->reading->helper, &journal, &problem);
    if (status == LT_SKIP)
        lt_skip_error(job->ctx, path, &problem);
    if (status != LT_OK)
        return LT_OK;
    if (!job->attribution.ctx)
        lt_attribution_begin(&job->attribution, job->ctx);
    status = read_entries(job, journal, err);
    lt_journal_close(journal);
    return status;
}

/* Resolve a place; false if it does not exist or is one of the `count` found before. */
static bool find_place(struct lt_ctx *ctx, struct lt_str place, const struct lt_str *before, size_t count,
                       struct lt_str *out)
{
    enum lt_status status = lt_resolve_or_skip(ctx, place, out);
    for (size_t i = 0; i < count && status == LT_OK; i++)
        if (lt_str_eq(*out, before[i]))
            status = LT_END;
    return status == LT_OK;
}

static enum lt_status read_machine(struct job *job, struct lt_str directory, struct lt_err *err)
{
    struct lt_listing files;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, directory, &files);
    for (size_t i = 0; i < files.count && status == LT_OK; i++) {
        struct lt_str name = files.nodes[i].name;
        bool journal = lt_str_ends(name, LT_STR(".journal")) || lt_str_ends(name, LT_STR(".journal~"));
        if (journal && S_ISREG(files.nodes[i].mode))
            status = read_file(job, lt_path_join(job->ctx->scratch, directory, name), err);
    }
    return status;
}

static enum lt_status host_journal_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static const char *const places[] = {"/var/log/journal", "/run/log/journal", "/log/journal", "/journal"};
    struct lt_str found[sizeof places / sizeof *places];
    struct job job = {.ctx = ctx};
    size_t count = 0;
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct lt_str *path = &found[count];
        struct lt_listing machines;
        if (!find_place(ctx, lt_str_c(places[i]), found, count, path))
            continue;
        count++;
        lt_list_or_skip(ctx, *path, &machines);
        for (size_t j = 0; j < machines.count && status == LT_OK; j++)
            if (S_ISDIR(machines.nodes[j].mode))
                status = read_machine(&job, lt_path_join(ctx->scratch, *path, machines.nodes[j].name), err);
    }
    lt_attribution_end(&job.attribution);
    lt_arena_free(&job.line);
    return status;
}

const struct lt_source lt_source_host_journal = {
    .name = "host_journal",
    .summary =
        "/var/log/journal: dockerd, containerd, systemd and kernel on them, and output by the log driver journald",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_HOST_LOGS,
    .tells_removed = true,
    .events = host_journal_events,
};
