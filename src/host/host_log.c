// SPDX-License-Identifier: Apache-2.0
/* Text logs of the host: lines by dockerd, containerd and their helpers, by systemd about them, and by the kernel about
 * containers (OOM kills, network interfaces). logrotate renames them to .1 (newest), .2.gz ... or -YYYYMMDD.
 *
 *   /var/log/syslog, daemon.log, kern.log    Debian and Ubuntu      /var/log/messages      Red Hat, SUSE, BusyBox
 *   /var/log/docker.log, upstart/docker.log  stderr of dockerd, under sysvinit, OpenRC and upstart
 *
 * The time of a row is the one in the daemon's message, if present: it has a year, a zone and more digits. syslogd's
 * time is kept as a fact. If only syslogd's time is present, year and zone are often inferred: the row states from
 * what. */
#include "read/source.h"

#include "clock/zones.h"
#include "evidence/lines.h"
#include "host/attribution.h"
#include "host/log_files.h"
#include "host/names.h"
#include "parse/apptime.h"
#include "parse/syslog.h"

#include <stdlib.h>

enum { A_MINUTE = 60, A_QUARTER = 900, A_DAY = 86400 };
static const int64_t SECOND = 1000000000;

static const struct lt_log_family families[] = {
    {"", "syslog", false},          {"", "messages", false},      {"", "daemon.log", false},
    {"", "kern.log", false},        {"", "docker.log", true},     {"", "dockerd.log", true},
    {"", "docker", true},           {"", "containerd.log", true}, {"upstart", "docker.log", true},
    {"docker", "docker.log", true},
};

/* A log file being read. */
struct job {
    struct lt_ctx *ctx;
    struct lt_attribution attribution;
    struct lt_log_file file;
    struct lt_zone zone;      /* of the host */
    struct lt_years years;    /* of its lines, counted from the start of the file */
    int64_t year, first_year; /* of the current line, so counted; of the first line, if years_known */
    bool years_known, years_searched;
    struct lt_str years_from; /* the witness for first_year */
    int64_t off;              /* seconds by which the zone seems wrong: see note_off() */
    struct lt_time previous;  /* time of the previous line, at the earliest; may be unset */
    struct lt_time first;     /* that of its first line */
    struct lt_time limit;     /* first time in the next newer file */
    bool goes_on;             /* a line without a header goes on with the one before */
    struct lt_arena line;     /* for the facts of the current line */
    struct lt_arena mended;   /* for a line with another stamp */
};

static bool is_wanted(const struct job *job, const struct lt_syslog *line)
{
    return job->file.family->own || lt_attribution_is_wanted(line->reporter, line->body) ||
           lt_attribution_by_tag(&job->attribution, line->reporter);
}

/* --- times -------------------------------------------------------------------------------------------------------- */

static void note_zone(const struct job *job, struct lt_facts *facts)
{
    const struct lt_zone_info *zone = &job->ctx->host->zone;
    struct lt_buf text = {0};
    if (zone->known) {
        lt_zone_describe(&text, zone);
    } else {
        lt_buf_lit(&text, "UTC");
        if (job->zone.after.set)
            lt_time_zone(&text, job->zone.after.standard);
        lt_buf_add(&text, lt_str_c(job->zone.after.set ? " by the daemon's own times" : " assumed"));
    }
    lt_fact(facts, "zone", lt_buf_view(&text));
    lt_fact(facts, "zones disagree:", zone->conflict);
    if (job->off)
        lt_facts_item(facts, LT_ATTR_FACTS,
                      "zones disagree: syslog's times are %jd min %s the daemon's own in the lines before",
                      (intmax_t)llabs(job->off) / A_MINUTE, job->off > 0 ? "after" : "before");
    lt_buf_free(&text);
}

/* A line has both times, syslog's by the zone and the daemon's own. Where they are whole quarters of an hour apart, the
 * zone of the host was another when syslog wrote it. */
static void note_off(struct job *job, struct lt_time placed, struct lt_time own)
{
    int64_t apart = lt_time_diff(own, placed) / SECOND, half = A_QUARTER / 2;
    int64_t off = (apart + (apart < 0 ? -half : half)) / A_QUARTER * A_QUARTER;
    job->off = llabs(apart - off) <= A_MINUTE && llabs(off) <= A_DAY ? off : 0;
}

/* Convert a local time, given as if it were UTC. When clocks are put back it means two instants, of which the previous
 * line may rule out the first. Where no line does, the first is likelier: lines are in order. */
static void place_local(const struct job *job, struct lt_time local, struct lt_host_line *out)
{
    const struct lt_zone *zone = &job->zone;
    int64_t found[2];
    unsigned count = lt_zone_place(zone, local.sec, found);
    bool later = count == 2 && job->previous.set && job->previous.sec > found[0] + A_MINUTE;
    out->time = lt_time_at(found[later], local.nsec);
    out->tags |= LT_TAG_BIT(time_inferred);
    if (count < 2 || later)
        return;
    out->first = out->time;
    out->last = lt_time_at(found[1], local.nsec);
}

static void place_stamp(struct job *job, const struct lt_syslog *line, struct lt_host_line *out)
{
    out->time = line->time;
    if (line->time.set)
        return;
    if (!job->years_known && !job->years_searched)
        job->years_known = lt_log_year(&job->attribution, job->ctx->fs, &job->file, &job->zone, job->limit,
                                       &job->first_year, &job->years_from);
    job->years_searched = true;                        /* once per file, as it reads all of it */
    if (!job->years_known || job->year > LT_MAX_YEARS) /* a file that spans more is not a log */
        return;
    place_local(job, lt_time_at(lt_yearless_local(job->first_year + job->year, line->at), line->at.nsec), out);
}

/* The daemon's own time. Its offset serves as the host's zone if that is unknown. */
static struct lt_time own_time(struct job *job, struct lt_str text)
{
    int minutes = 0;
    struct lt_time time = lt_attribution_own_time(text, &minutes);
    if (time.set && !job->ctx->host->zone.known)
        job->zone = (struct lt_zone){.after = {.set = true, .standard = minutes * 60}};
    return time;
}

/* Set the time of the row, as described at the top of this file. */
static void choose_time(struct job *job, const struct lt_syslog *line, struct lt_host_line *out, struct lt_facts *facts)
{
    struct lt_time own = {0};
    if (job->file.family->own || lt_attribution_is_program(&job->attribution, line->reporter))
        own = own_time(job, line->body);
    if (line->stamp.len)
        place_stamp(job, line, out);
    else if (line->time.set && line->year)
        out->time = line->time;
    else if (line->time.set)
        place_local(job, line->time, out);
    bool inferred = out->tags & LT_TAG_BIT(time_inferred);
    if (own.set && line->stamp.len && !line->time.set && out->time.set)
        note_off(job, out->time, own);
    bool is_own = lt_attribution_choose(out, own, "syslog's", facts);
    if (is_own) {
        out->first = out->last = (struct lt_time){0};
        out->tags &= ~LT_TAG_BIT(time_inferred);
    }
    if (!inferred)
        return;
    lt_fact(facts, "written at", line->stamp);
    if (!is_own && line->stamp.len)
        lt_fact(facts, "year by", job->years_from);
    note_zone(job, facts);
}

/* A line without a time is bounded by the line before it and the last change of the file. Mostly it goes on with what
 * the line before began. */
static void bound_time(const struct job *job, struct lt_host_line *out)
{
    out->first = job->previous;
    out->last = job->file.written;
    if (out->first.set && out->last.set && lt_time_cmp(out->first, out->last) > 0)
        out->last = (struct lt_time){0};
    out->time = lt_likeliest(out->first, out->last, out->first);
}

/* When the line was written at the earliest; unset: not known. */
static struct lt_time earliest(const struct lt_host_line *line)
{
    return line->last.set ? line->first : line->time;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* The host name without its domain. */
static struct lt_str short_host(struct lt_str name)
{
    return lt_str_cut(&name, '.');
}

static enum lt_status emit_line(struct job *job, const struct lt_syslog *line, uint64_t offset, struct lt_err *err)
{
    struct lt_str host = job->ctx->host->hostname;
    struct lt_facts facts = {.arena = &job->line};
    struct lt_host_line out = {
        .reporter = line->reporter,
        .level = line->level,
        .text = line->body,
        .pid = line->pid,
        .where = {.file = job->file.path, .offset = offset, .has_offset = true},
        .output_of = lt_attribution_by_tag(&job->attribution, line->reporter),
    };
    lt_arena_reset(&job->line);
    lt_facts_text(&facts, LT_ATTR_BODY, line->body);
    if (host.len && line->host.len && !lt_str_eq(short_host(line->host), short_host(host)))
        out.host = line->host;
    choose_time(job, line, &out, &facts);
    if (!out.time.set)
        bound_time(job, &out);
    if (!out.time.set) {
        lt_skip(job->ctx, job->file.path, LT_CODE_BAD_TIME, "the line at offset %ju has no time", (uintmax_t)offset);
        return LT_OK;
    }
    job->previous = earliest(&out);
    if (!job->first.set)
        job->first = job->previous;
    if (!out.output_of)
        out.about = lt_names_learn(&job->attribution, &out);
    return lt_attribution_emit(&job->attribution, &out, &facts, err);
}

/* Read a line of a file that only Docker writes to. It has no header, but may begin with a time, as docker wrote it
 * until 1.6. */
static enum lt_status read_own(struct job *job, struct lt_str text, uint64_t offset, struct lt_err *err)
{
    struct lt_syslog line = {.body = text};
    struct lt_apptime found;
    if (!text.len)
        return LT_OK;
    if (!own_time(job, text).set && lt_apptime_find(text, job->file.written, &found)) {
        line.time = found.time;
        line.year = found.has_zone; /* any nonzero year: the time is in UTC */
    }
    return emit_line(job, &line, offset, err);
}

/* The line is none of ours. */
static enum lt_status leave(struct job *job)
{
    struct lt_counts *counts = lt_report_counts(job->ctx->report, job->ctx->reader);
    job->goes_on = false;
    lt_seen(job->ctx, 1);
    counts->filtered++;
    counts->foreign++;
    return LT_OK;
}

/* Read a line without a header: its stamp is damaged, or it goes on with what the line before began. */
static enum lt_status read_headless(struct job *job, struct lt_str text, uint64_t offset, struct lt_err *err)
{
    struct lt_syslog line = {.body = text};
    struct lt_str mended;
    lt_arena_reset(&job->mended);
    if (lt_syslog_damaged(text, &job->mended, &mended) && lt_syslog_parse(mended, &line)) {
        line = (struct lt_syslog){
            .host = line.host, .reporter = line.reporter, .level = line.level, .body = line.body, .pid = line.pid};
        if (!is_wanted(job, &line))
            return leave(job);
        lt_skip(job->ctx, job->file.path, LT_CODE_BAD_TIME, "the stamp of the line at offset %ju is damaged",
                (uintmax_t)offset);
        job->goes_on = true;
        return emit_line(job, &line, offset, err);
    }
    return job->goes_on && text.len ? emit_line(job, &line, offset, err) : leave(job);
}

/* Read what lies between NUL bytes, or all of a line. */
static enum lt_status read_piece(struct job *job, struct lt_str text, uint64_t offset, struct lt_err *err)
{
    struct lt_syslog line;
    if (!lt_syslog_parse(text, &line))
        return job->file.family->own ? read_own(job, text, offset, err) : read_headless(job, text, offset, err);
    job->year = lt_years_next(&job->years, line.at);
    if (line.year) {
        job->first_year = line.year - job->year;
        job->years_known = true;
        job->years_from = LT_STR("the stamps before it");
    }
    if (!is_wanted(job, &line))
        return leave(job);
    job->goes_on = true;
    return emit_line(job, &line, offset, err);
}

/* NUL bytes are space that a power loss left unwritten. */
static enum lt_status read_line(struct job *job, struct lt_str text, uint64_t offset, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    do {
        size_t zeros = 0, length = 0;
        while (zeros < text.len && !text.ptr[zeros])
            zeros++;
        if (zeros)
            lt_skip(job->ctx, job->file.path, LT_CODE_DAMAGED, "%zu NUL bytes at offset %ju", zeros, (uintmax_t)offset);
        text = lt_str_skip(text, zeros);
        offset += zeros;
        while (length < text.len && text.ptr[length])
            length++;
        if (length || !zeros)
            status = read_piece(job, (struct lt_str){text.ptr, length}, offset, err);
        text = lt_str_skip(text, length);
        offset += length;
    } while (status == LT_OK && text.len);
    return status;
}

static enum lt_status read_lines(struct job *job, struct lt_stream *stream, struct lt_err *err)
{
    struct lt_lines lines = {.stream = stream};
    struct lt_line line;
    while (lt_line_or_skip(job->ctx, job->file.path, &lines, &line) == LT_OK)
        if (read_line(job, line.text, line.offset, err) != LT_OK)
            return LT_FATAL;
    return LT_OK;
}

static enum lt_status read_file(struct job *job, struct lt_err *err)
{
    struct lt_stream *stream;
    struct lt_err problem = {0};
    enum lt_status status = lt_stream_open(job->ctx->fs, job->file.path, &stream, &problem);
    if (problem.set)
        lt_skip_error(job->ctx, job->file.path, &problem);
    if (status != LT_OK)
        return LT_OK;
    job->years = (struct lt_years){0};
    job->years_known = job->years_searched = false;
    job->previous = job->first = (struct lt_time){0};
    job->goes_on = false;
    status = read_lines(job, stream, err);
    lt_stream_close(stream);
    if (job->first.set)
        job->limit = job->first;
    return status;
}

static enum lt_status host_log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx, .zone = ctx->host->zone.rules};
    enum lt_status status = LT_OK;
    struct lt_log_files files = {0};
    lt_log_files_find(ctx, families, sizeof families / sizeof *families, &files);
    if (files.count)
        lt_attribution_begin(&job.attribution, ctx);
    for (size_t i = 0; i < files.count && status == LT_OK; i++) {
        if (files.items[i].family != job.file.family || files.items[i].by_hand)
            job.limit = (struct lt_time){0};
        job.file = files.items[i];
        status = read_file(&job, err);
    }
    free(files.items);
    lt_attribution_end(&job.attribution);
    lt_arena_free(&job.line);
    lt_arena_free(&job.mended);
    return status;
}

const struct lt_source lt_source_host_log = {
    .name = "host_log",
    .summary = "/var/log/syslog, messages, daemon.log, kern.log, docker.log: dockerd, containerd, kernel on containers",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_HOST_LOGS,
    .tells_removed = true,
    .events = host_log_events,
};
