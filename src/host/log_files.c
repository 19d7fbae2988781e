// SPDX-License-Identifier: Apache-2.0
#include "host/log_files.h"

#include "evidence/lines.h"
#include "parse/rotation.h"
#include "parse/syslog.h"

#include <stdlib.h>

enum { DAY = 86400 };

/* The log directory, also if it is below or at the root of a file system of its own. */
static const char *const directories[] = {"/var/log", "/log", ""};

/* Is `name` a file of the log `log`? Its place among the files is set. What somebody named by hand counts as older than
 * all others. */
static bool parse_name(struct lt_str name, struct lt_str log, struct lt_log_file *file)
{
    static const char *const by_hand[] = {"", ".old", ".bak", ".orig", ".save", "~"};
    struct lt_rotation rotation;
    if (!lt_rotation_parse(name, log, &rotation))
        return false;
    bool known = false;
    name.len -= rotation.way.len ? rotation.way.len + 1 : 0;
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand && rotation.kind == LT_ROTATED_OTHERWISE; i++)
        known |= lt_str_eq(lt_str_skip(name, log.len), lt_str_c(by_hand[i]));
    file->by_hand = known;
    file->age = known                                   ? UINT64_MAX
                : rotation.kind == LT_ROTATED_BY_NUMBER ? rotation.number
                : rotation.kind == LT_ROTATED_BY_DATE   ? UINT64_MAX / 2 - rotation.date
                                                        : 0;
    file->dated = lt_rotation_day(&rotation);
    file->dated.sec += file->dated.set ? 2 * (int64_t)DAY : 0; /* the day has ended in every zone */
    return known || rotation.kind != LT_ROTATED_OTHERWISE;
}

/* By family, then the newest first. */
static int by_age(const void *a, const void *b)
{
    const struct lt_log_file *left = a, *right = b;
    if (left->family != right->family)
        return left->family < right->family ? -1 : 1;
    if (left->age != right->age)
        return left->age < right->age ? -1 : 1;
    return lt_str_cmp(left->path, right->path);
}

/* A search for log files. */
struct search {
    struct lt_ctx *ctx;
    const struct lt_log_family *families;
    size_t count;
    struct lt_map known; /* real paths found so far, as a link may lead to a file that has a name of its own */
    struct lt_log_files *out;
};

static void add_file(struct search *search, struct lt_str path, struct lt_log_file file)
{
    struct lt_ctx *ctx = search->ctx;
    struct lt_str real;
    struct lt_node node;
    if (lt_resolve_or_skip(ctx, path, &real) != LT_OK || lt_map_get(&search->known, real) ||
        lt_stat_or_skip(ctx, real, &node) != LT_OK || !S_ISREG(node.mode))
        return;
    real = lt_str_dup(ctx->run, real);
    lt_map_put(&search->known, ctx->run, real, search);
    file.path = real;
    file.written = node.time[LT_M];
    search->out->items = lt_realloc(search->out->items, lt_array_size(search->out->count + 1, sizeof file));
    search->out->items[search->out->count++] = file;
}

/* Add an entry if it belongs to a family in `below`, the directory below the log directory. */
static void match_entry(struct search *search, struct lt_str path, const char *below, struct lt_str name)
{
    struct lt_log_file file = {0};
    for (size_t i = 0; i < search->count; i++) {
        struct lt_str wanted = lt_str_c(search->families[i].name);
        if (strcmp(search->families[i].directory, below) != 0 || !parse_name(name, wanted, &file))
            continue;
        file.family = &search->families[i];
        add_file(search, path, file);
    }
}

/* Add the files in a directory; LT_END if it does not exist. */
static enum lt_status find_in(struct search *search, struct lt_str directory, const char *below,
                              struct lt_listing *listing)
{
    if (lt_list_or_skip(search->ctx, directory, listing) == LT_END)
        return LT_END;
    for (size_t i = 0; i < listing->count; i++)
        if (!S_ISDIR(listing->nodes[i].mode))
            match_entry(search, lt_path_join(search->ctx->scratch, directory, listing->nodes[i].name), below,
                        listing->nodes[i].name);
    return LT_OK;
}

/* Add the files in the subdirectories that hold families. */
static void find_below(struct search *search, struct lt_str directory, const struct lt_listing *above)
{
    static const char *const names[] = {"docker", "upstart"};
    struct lt_listing listing;
    for (size_t i = 0; i < above->count; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (S_ISDIR(above->nodes[i].mode) && lt_str_eq(above->nodes[i].name, lt_str_c(names[j])))
                find_in(search, lt_path_join(search->ctx->scratch, directory, above->nodes[i].name), names[j],
                        &listing);
}

void lt_log_files_find(struct lt_ctx *ctx, const struct lt_log_family *families, size_t count, struct lt_log_files *out)
{
    struct search search = {.ctx = ctx, .families = families, .count = count, .out = out};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        struct lt_str path;
        struct lt_listing listing;
        if (lt_resolve_or_skip(ctx, lt_str_c(directories[i]), &path) == LT_OK)
            if (find_in(&search, path, "", &listing) == LT_OK)
                find_below(&search, path, &listing);
    }
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_age);
}

/* --- the year ----------------------------------------------------------------------------------------------------- */

/* What is learned by reading a file once. */
struct survey {
    const struct lt_attribution *attribution;
    const struct lt_zone *zone;
    struct lt_year_survey years; /* of the lines with a stamp */
    bool known;
    int64_t first;    /* the year in which the file begins, if `known` */
    int64_t own;      /* the same by the majority of the daemon's own times */
    uint64_t votes;   /* number of times for `own` minus those against it */
    const char *from; /* the witness for `first` */
};

/* How far the stamp in that year is from the known time, in seconds. */
static int64_t distance(const struct lt_zone *zone, int64_t year, const struct lt_syslog *line, int64_t known)
{
    return llabs(lt_yearless_instant(zone, year, line->at) - known);
}

/* The year in which the line's stamp is closest to the known time. */
static int64_t nearest_year(const struct lt_zone *zone, const struct lt_syslog *line, int64_t known)
{
    int64_t best = lt_civil_from(known).year, year = best;
    for (int64_t other = year - 1; other <= year + 1; other++)
        if (distance(zone, other, line, known) < distance(zone, best, line, known))
            best = other;
    return best;
}

/* Count the time in a message of one of Docker's programs, if it is within a day of the stamp. Anyone can write to a
 * log, so the majority of the messages decides. */
static void count_message_time(struct survey *survey, const struct lt_syslog *line, int64_t year)
{
    int minutes;
    struct lt_time own = {0};
    if (lt_attribution_is_program(survey->attribution, line->reporter))
        own = lt_attribution_own_time(line->body, &minutes);
    if (!own.set)
        return;
    int64_t known = nearest_year(survey->zone, line, own.sec);
    if (distance(survey->zone, known, line, own.sec) > DAY)
        return;
    if (!survey->votes)
        survey->own = known - year;
    survey->votes += survey->own == known - year ? 1 : UINT64_MAX;
}

static void survey_line(struct survey *survey, struct lt_str text)
{
    struct lt_syslog line;
    if (!lt_syslog_parse(text, &line))
        return;
    int64_t year = lt_year_survey_add(&survey->years, line.at);
    if (!line.year) {
        count_message_time(survey, &line, year);
        return;
    }
    survey->first = line.year - year;
    survey->from = "a stamp with a year";
    survey->known = true;
}

static void survey_file(struct lt_fs *fs, struct lt_str path, struct survey *survey)
{
    struct lt_stream *stream;
    if (lt_stream_open(fs, path, &stream, NULL) != LT_OK)
        return;
    struct lt_lines lines = {.stream = stream};
    struct lt_line line;
    enum lt_status status;
    while ((status = lt_lines_next(&lines, &line, NULL)) !=
           LT_END) /* losses are reported when the file is read for events */
        if (status == LT_OK)
            survey_line(survey, line.text);
    lt_stream_close(stream);
}

/* Let `time` be the bound if it is earlier than `*end`. */
static void limit_by(struct lt_time time, const char *from, struct lt_time *end, struct survey *survey)
{
    if (!time.set || (end->set && lt_time_cmp(time, *end) >= 0))
        return;
    *end = time;
    survey->from = from;
}

bool lt_log_year(const struct lt_attribution *attribution, struct lt_fs *fs, const struct lt_log_file *file,
                 const struct lt_zone *zone, struct lt_time limit, int64_t *year, struct lt_str *from)
{
    struct survey survey = {.attribution = attribution, .zone = zone, .years = {.leap = -1}, .from = ""};
    struct lt_time end = {0};
    survey_file(fs, file->path, &survey);
    if (!survey.known) {
        limit_by(file->written, "the file's mtime", &end, &survey);
        limit_by(file->dated, "the file's name", &end, &survey);
        limit_by(limit, "the file after it", &end, &survey);
        survey.known = survey.years.any && end.set;
        if (survey.known)
            survey.first = lt_year_survey_first(&survey.years, zone, end);
        if (survey.votes && (!survey.known || survey.own <= survey.first + 1 || lt_time_is_stock(end))) {
            survey.known = true;
            survey.first = survey.own;
            survey.from = "the daemon's own times";
        }
    }
    *year = survey.first;
    *from = lt_str_c(survey.from);
    return survey.known && survey.first >= 1970 && survey.years.max_year <= LT_MAX_YEARS;
}
