// SPDX-License-Identifier: Apache-2.0
#include "command_line.h"

#include "base/near.h"
#include "command/command.h"
#include "command/mistakes.h"
#include "evidence/lister.h"
#include "option_words.h"
#include "parse/stamp.h"
#include "runtime/runtimes.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
    unsigned groups; /* the commands it goes with have one of these; 0: all commands */
    char letter;     /* 0: long form only */
    const char *name;
    const char *value; /* word for its argument in --help; NULL: it takes none; in brackets: it may be left out */
    const char *help;
    enum lt_status (*set)(struct lt_options *options, const char *value, struct lt_err *err);
};

/* Sizes of --memory. The sorter needs at least the first, and is slow with it; see sort.c. */
enum { MEMORY_DEFAULT = 512 * 1024 * 1024 };
#define UNPACK_DEFAULT ((size_t)256 << 30)

#define usage(err, ...) lt_fail((err), LT_SKIP, LT_CODE_USAGE, 0, __VA_ARGS__)

/* Setters of flags and plain strings, one line each. */
#define FLAG_OF(name, member)                                                                                          \
    static enum lt_status set_##name(struct lt_options *options, const char *value, struct lt_err *err)                \
    {                                                                                                                  \
        (void)value, (void)err;                                                                                        \
        options->member = true;                                                                                        \
        return LT_OK;                                                                                                  \
    }
#define STRING_OF(name, member)                                                                                        \
    static enum lt_status set_##name(struct lt_options *options, const char *value, struct lt_err *err)                \
    {                                                                                                                  \
        (void)err;                                                                                                     \
        options->member = value;                                                                                       \
        return LT_OK;                                                                                                  \
    }
#define FLAG(name)   FLAG_OF(name, name)
#define STRING(name) STRING_OF(name, name)
FLAG(app_times)
FLAG(carve)
FLAG(force)
FLAG(strict)
FLAG(stats)
FLAG(quiet)
FLAG(no_journal)
FLAG(no_deleted)
FLAG(no_infra)
FLAG(no_sandbox)
FLAG(verbose)
FLAG(help)
FLAG(version)
FLAG(list_sources)
FLAG(list_formats)
FLAG(json)
FLAG(all)
FLAG(removed)
FLAG(verify_layers)
FLAG(raw_csv)
FLAG(merge_times)
FLAG(wide)
FLAG(deleted)
FLAG(list)
FLAG_OF(no_atime, choice.no_atime)
STRING(output)
STRING(errors)
STRING(manifest)
STRING(data_root)
STRING(unpack)
STRING(container)
STRING(layer)
STRING(timezone)
STRING_OF(path, choice.path)
STRING_OF(image, choice.image)
STRING_OF(label, choice.label)

static enum lt_status set_format(struct lt_options *options, const char *value, struct lt_err *err)
{
    struct lt_near near = {.wanted = lt_str_c(value)};
    options->format = lt_format_named(value);
    for (size_t i = 0; lt_formats[i]; i++)
        lt_near_try(&near, lt_str_c(lt_formats[i]->name));
    return options->format ? LT_OK : lt_unknown_word("format", &near, "see --list-formats", err);
}

static enum lt_status set_since(struct lt_options *options, const char *value, struct lt_err *err)
{
    int64_t age;
    options->since_is_age = lt_stamp_duration(lt_str_c(value), &age);
    return lt_stamp_option(lt_str_c(value), options->now, &options->since, err);
}

static enum lt_status set_until(struct lt_options *options, const char *value, struct lt_err *err)
{
    return lt_stamp_option(lt_str_c(value), options->now, &options->until, err);
}

static enum lt_status set_around(struct lt_options *options, const char *value, struct lt_err *err)
{
    enum lt_status status = lt_stamp_around(lt_str_c(value), options->now, &options->since, &options->until, err);
    options->until = lt_time_add(options->until, 1); /* `until` is exclusive */
    return status;
}

static enum lt_status set_clock_skew(struct lt_options *options, const char *value, struct lt_err *err)
{
    bool slow = *value == '-';
    if (!lt_stamp_duration(lt_str_c(value + (slow || *value == '+')), &options->clock_skew))
        return usage(err, "'%s' is no length of time: give one such as 90s, -1h30m or 250ms", value);
    options->clock_skew *= slow ? -1 : 1;
    return LT_OK;
}

static enum lt_status set_binds(struct lt_options *options, const char *value, struct lt_err *err)
{
    if (value && strcmp(value, "all") != 0 && strcmp(value, "none") != 0)
        return usage(err, "unknown word '--binds=%s': give all or none", value);
    options->binds = value && strcmp(value, "none") == 0 ? LT_BINDS_NONE : LT_BINDS_ALL;
    return LT_OK;
}

enum {
    ALL = 0,
    ROW = LT_OPTIONS_ROWS,
    READ = LT_OPTIONS_FILES,
    JSON = LT_OPTIONS_JSON,
    INFRA = LT_OPTIONS_INFRA,
    TRACES = LT_OPTIONS_TRACES,
    BYTES = LT_OPTIONS_BYTES,
    CHOSEN = LT_OPTIONS_CHOSEN,
    TREE = LT_OPTIONS_TREE,
    REMOVED = LT_OPTIONS_REMOVED,
};

static const struct option_row table[] = {
    {ALL, 'o', "output", "FILE",
     "write to FILE ('-' is stdout), packed for .gz; .txt .jsonl .csv .body pick a format, .json a table's",
     set_output},
    {ROW, 'f', "format", "FORMAT", "text, jsonl, csv, body or l2tcsv (default: by the suffix of FILE, else text)",
     set_format},
    {ALL, 0, "raw-csv", NULL, "leave cells of CSV as they are, even if a spreadsheet would calculate them",
     set_raw_csv},
    {JSON, 0, "json", NULL, "an array of JSON objects instead of a table", set_json},
    {TRACES, 0, "all", NULL, "also the containers of which only traces are left, in logs and databases", set_all},
    {REMOVED, 0, "removed", NULL, "what was removed, as far as that can be told, and not what exists", set_removed},
    {ALL, 0, "no-journal", NULL, "show an ext3/4 disk as it lies, without what waits in its journal", set_no_journal},
    {ROW, 0, "no-deleted", NULL, "leave out deleted entries that the file system still knows of", set_no_deleted},
    {INFRA, 0, "no-infra", NULL, "leave out the containers that only hold a pod together (pause)", set_no_infra},
    {BYTES, 0, "deleted", NULL, "the file that it deleted or replaced, from layers, else from freed inodes",
     set_deleted},
    {BYTES, 0, "state", "N", "with --deleted: the Nth newest state in freed inodes (CONTAINER -: host)", lt_set_state},
    {BYTES, 0, "layer", "ID",
     "the file as one layer has it: its ID or diff ID, a prefix of these, or its number, 0 the base", set_layer},
    {TREE, 0, "list", NULL, "write no files, only the list of what can be recovered (-o is a file then)", set_list},
    {TREE, 0, "limit", "SIZE", "read at most so much contents (default: the size of the evidence)", lt_set_limit},
    {ALL, 0, "force", NULL, "replace output files that exist", set_force},
    {ALL, 0, "strict", NULL, "read no evidence whose access times could change through that", set_strict},
    {ALL, 0, "no-sandbox", NULL, "read without the sandbox that fences errors in libraries, met by hostile evidence",
     set_no_sandbox},
    {ROW | CHOSEN, 'c', "container", "WHICH",
     "only rows of containers with this ID or ID prefix, name, or pattern (web*); or namespace/name, pod/name",
     set_container},
    {ROW, 0, "role", "ROLES", "only rows of these roles: rw,image,init,volume,config,log,host", lt_set_roles},
    {ROW, 0, "tag", "TAGS", "only rows with one of these tags: exposure,whiteout", lt_set_tags},
    {ROW, 0, "change", "CHANGES",
     "only files so changed: added,copied-up,metadata,modified,replaced,renamed,opaque,deleted", lt_set_changes},
    {ROW, 0, "kind", "KINDS",
     "only rows of these data types, which may be patterns: fs:stat,container:exposure,*:log:*", lt_set_kinds},
    {ROW | CHOSEN, 0, "path", "GLOB", "only rows of paths that fit, or that lie below: /etc, '*.sh'", set_path},
    {ROW, 0, "image", "IMAGE", "only rows of images with this name, ID or pattern, and of their containers", set_image},
    {ROW, 0, "label", "KEY=VALUE", "only rows of containers with this label, or with KEY", set_label},
    {ROW, 0, "no-atime", NULL, "no rows for the last access of files", set_no_atime},
    {ROW, 0, "merge-times", NULL, "one row for equal times of one file, in every format", set_merge_times},
    {ROW, 0, "profile", "triage", "leave out the files of images and what engines record for themselves; says how many",
     lt_set_profile},
    {ROW, 0, "last", "DURATION", "only rows of so long before the newest evidence: 10m", lt_set_last},
    {ROW | TREE, 0, "since", "TIME",
     "only rows at or after TIME: 2026-11-23, 2026-11-23T17:46:04Z, @1795455964, or an age: 3d", set_since},
    {ROW | TREE, 0, "until", "TIME", "only rows before TIME", set_until},
    {ROW, 0, "around", "TIME+-DURATION", "only rows this close to TIME: 2026-11-23T17:46:04Z+-90s; also TIME,1h30m",
     set_around},
    {ALL, 0, "data-root", "PATH",
     "read the store at PATH in the evidence too, where no setting and no shape tells of it", set_data_root},
    {ALL, 0, "unpack", "DIR", "unpack images in gzip, zstd and xz files, into a nameless temporary file in DIR",
     set_unpack},
    {ALL, 0, "unpack-limit", "SIZE", "of each at most so much (default: 256G)", lt_set_unpack_limit},
    {ROW, 0, "binds", "[all|none]",
     "show all files of the host that containers bind, or none, instead of those that they may have written",
     set_binds},
    {ROW | REMOVED, 0, "carve", NULL,
     "look into blocks that no file owns, too: lines of deleted logs, records of removed containers", set_carve},
    {ROW, 0, "app-times", NULL, "times that applications wrote into their log lines become rows too", set_app_times},
    {ROW, 0, "timezone", "NAME", "show the times of text output in a zone of this machine's tz database: Europe/Berlin",
     set_timezone},
    {ROW, 0, "clock-skew", "DURATION",
     "the host's clock ran so much ahead (-DURATION: behind): correct its times, and only those", set_clock_skew},
    {ALL, 0, "errors", "FILE", "write what could not be read to FILE, one JSON object a line", set_errors},
    {ALL, 0, "manifest", "FILE", "write a JSON record of the run: arguments, sources, counts, hash of the output",
     set_manifest},
    {READ, 0, "threads", "N", "read with up to N threads (default 8); the output is the same with any N",
     lt_set_threads},
    {ROW, 0, "verify-layers", NULL, "read every file of the image layers and compare it with the record of its layer",
     set_verify_layers},
    {ALL, 0, "color", "WHEN", "colour text on a terminal by change and severity: auto, always or never", lt_set_color},
    {ALL, 0, "wide", NULL, "do not fit lines to the width of the terminal", set_wide},
    {ALL, 0, "progress", "FORM", "tell on stderr how far the run is: auto, none, line, or json (an object a second)",
     lt_set_progress},
    {ALL, 0, "stats", NULL, "print the account of every source to stderr", set_stats},
    {ROW | TREE, 0, "memory", "SIZE",
     "sort in so much memory (default: 512M), and beyond it in a temporary file; suffixes K, M, G", lt_set_memory},
    {ROW, 0, "list-sources", NULL, "show what is read, and with EVIDENCE what was found in it, and stop",
     set_list_sources},
    {ROW, 0, "list-formats", NULL, "show the output formats and stop", set_list_formats},
    {ALL, 'q', "quiet", NULL, "no messages on stderr but for what ends the run", set_quiet},
    {ALL, 'v', "verbose", NULL, "tell on stderr what is found", set_verbose},
    {ALL, 'h', "help", NULL, "show this help, or that of a command, and stop", set_help},
    {ALL, 'V', "version", NULL, "show versions of layertime and its libraries and stop", set_version},
};
enum { ROWS = sizeof table / sizeof *table, FIRST_LONG = 256 };

static void make_getopt_tables(struct option *longs, char *shorts)
{
    *shorts++ = ':'; /* tell a missing argument from an unknown option, and print nothing */
    for (int i = 0; i < ROWS; i++) {
        const struct option_row *row = &table[i];
        int argument = !row->value ? no_argument : *row->value == '[' ? optional_argument : required_argument;
        longs[i] = (struct option){row->name, argument, NULL, FIRST_LONG + i};
        if (!row->letter)
            continue;
        *shorts++ = row->letter;
        if (row->value)
            *shorts++ = ':';
    }
}

static const struct option_row *find_row(int code)
{
    if (code >= FIRST_LONG)
        return &table[code - FIRST_LONG];
    for (int i = 0; i < ROWS; i++)
        if (table[i].letter == code)
            return &table[i];
    return NULL;
}

static bool goes_with(const struct option_row *row, const struct lt_command *command)
{
    return !row->groups || row->groups & command->options;
}

/* layertime help [COMMAND] */
static enum lt_status take_help(struct lt_options *options, const char *name, struct lt_err *err)
{
    options->help = true;
    options->command = lt_commands[0];
    return name ? lt_help_on(name, &options->command, err) : LT_OK;
}

/* The words that are not options: [COMMAND] [OPERAND]... EVIDENCE... */
static enum lt_status take_words(struct lt_options *options, char **words, int count, struct lt_err *err)
{
    if (count && strcmp(*words, "help") == 0)
        return take_help(options, count > 1 ? words[1] : NULL, err);
    const struct lt_command *command = count ? lt_command_named(*words) : NULL;
    options->command = command ? command : lt_commands[0];
    int used = command ? 1 : 0;
    for (unsigned i = 0; i < options->command->operands && used < count; i++)
        options->operands[i] = words[used++];
    options->evidence = words + used;
    options->evidence_count = count - used;
    bool reads = !options->help && !options->version && !options->list_formats && !options->list_sources;
    const struct lt_words all = {options->command, command, options->operands[0], options->evidence,
                                 options->evidence_count};
    if (options->evidence_count || !reads)
        return reads ? lt_mistakes(&all, err) : LT_OK;
    if (options->command->operands)
        return usage(err, "too few words: layertime %s %s", options->command->name, options->command->arguments);
    return usage(err, "no evidence given: see --help");
}

/* Choose how a command other than the timeline prints, by --json or by the suffix of the output file. */
static enum lt_status choose_table(struct lt_options *options, struct lt_str name, struct lt_err *err)
{
    static const struct {
        const char *suffix;
        enum lt_table table;
    } kinds[] = {{".csv", LT_TABLE_CSV}, {".json", LT_TABLE_JSON}, {".jsonl", LT_TABLE_JSONL}};
    name.len -= options->gzip ? 3 : 0;
    options->table = options->json ? LT_TABLE_JSON : LT_TABLE_TEXT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (lt_str_ends(name, lt_str_c(kinds[i].suffix)))
            options->table = kinds[i].table;
    if (options->json && options->table == LT_TABLE_CSV)
        return usage(err, "--json and the name '%s' ask for two formats", options->output);
    if (lt_str_ends(name, LT_STR(".body")) || lt_str_ends(name, LT_STR(".l2tcsv")))
        return usage(err, "the name '%s' picks a format of the timeline: '%s' writes a table, .csv, .json or .jsonl",
                     options->output, options->command->name);
    return LT_OK;
}

/* Choose the format by the suffix of the output file, unless -f gave one. */
static enum lt_status choose_format(struct lt_options *options, struct lt_err *err)
{
    bool to_file = options->output && strcmp(options->output, "-") != 0;
    bool packs = !(options->command->options & LT_OPTIONS_BYTES) && !options->tree;
    options->gzip = to_file && packs && lt_str_ends(lt_str_c(options->output), LT_STR(".gz"));
    if (options->format)
        return LT_OK;
    options->format = lt_formats[0];
    if (options->tree)
        return LT_OK;
    if (options->command->options & LT_OPTIONS_JSON)
        return choose_table(options, to_file ? lt_str_c(options->output) : LT_STR(""), err);
    if (!to_file || !(options->command->options & LT_OPTIONS_ROWS))
        return LT_OK;
    options->format = lt_format_for(options->output);
    return options->format
               ? LT_OK
               : usage(err, "the name '%s' picks no format: use -f, or one of .txt .jsonl .csv .body .l2tcsv",
                       options->output);
}

/* An option that does not go with the command, and those with which it goes. */
static enum lt_status misplaced(const struct option_row *row, const struct lt_command *command, struct lt_err *err)
{
    struct lt_buf others = {0};
    for (size_t i = 0; lt_commands[i]; i++)
        if (goes_with(row, lt_commands[i]))
            lt_buf_printf(&others, "%s'%s'", others.len ? ", " : "", lt_commands[i]->name);
    bool by_name = row->set == set_format && command->options & LT_OPTIONS_JSON;
    enum lt_status status = usage(err, "option '--%s' does not go with '%s', but with %.*s%s", row->name, command->name,
                                  LT_ARG(lt_buf_view(&others)), by_name ? ": see -o x.csv and --json" : "");
    lt_buf_free(&others);
    return status;
}

/* An option with one letter that is not in the table. `word` is where the next one may be: whoever types -since means
 * --since. */
static enum lt_status unknown_letter(int letter, const char *word, struct lt_err *err)
{
    bool is_long = word && word[0] == '-' && word[1] == letter && word[2];
    struct lt_near near = {.wanted = is_long ? lt_str_c(word + 1) : LT_STR("")};
    for (int i = 0; i < ROWS; i++)
        lt_near_try(&near, lt_str_c(table[i].name));
    if (near.best.len)
        return usage(err, "unknown option '-%c': did you mean '--%.*s'?", letter, LT_ARG(near.best));
    return usage(err, "unknown option '-%c': see --help", letter);
}

/* A long option that is not in the table, is short for several, or takes no value but has one. */
static enum lt_status unknown_long(const char *word, struct lt_err *err)
{
    struct lt_str rest = lt_str_skip(lt_str_c(word), 2), name = lt_str_cut(&rest, '=');
    struct lt_near near = {.wanted = name};
    struct lt_buf several = {0};
    for (int i = 0; i < ROWS; i++) {
        if (lt_str_eq(name, lt_str_c(table[i].name)))
            return usage(err, "option '--%s' takes no value", table[i].name);
        if (lt_str_starts(lt_str_c(table[i].name), name))
            lt_buf_printf(&several, "%s'--%s'", several.len ? ", " : "", table[i].name);
        lt_near_try(&near, lt_str_c(table[i].name));
    }
    enum lt_status status = LT_SKIP;
    if (several.len)
        status = usage(err, "option '--%.*s' may be %.*s", LT_ARG(name), LT_ARG(lt_buf_view(&several)));
    else if (near.best.len)
        status = usage(err, "unknown option '--%.*s': did you mean '--%.*s'?", LT_ARG(name), LT_ARG(near.best));
    else
        status = usage(err, "unknown option '--%.*s': see --help", LT_ARG(name));
    lt_buf_free(&several);
    return status;
}

/* Recovered files go to a directory, with a list of them as lines of JSON and one as CSV. */
static enum lt_status choose_tree(struct lt_options *options, struct lt_err *err)
{
    if (!options->output || strcmp(options->output, "-") == 0)
        return usage(err, "'%s' needs a directory for the files: give -o DIR, or --list", options->command->name);
    if (options->json)
        return usage(err, "--json goes with --list: the files get their list as recovered.jsonl and recovered.csv");
    options->tree = options->output;
    options->table = LT_TABLE_JSONL;
    return LT_OK;
}

/* Checks and defaults that need all options. */
static enum lt_status complete(struct lt_options *options, const bool *given, struct lt_err *err)
{
    for (int i = 0; i < ROWS; i++)
        if (given[i] && !goes_with(&table[i], options->command))
            return misplaced(&table[i], options->command, err);
    bool asks = options->help || options->version;
    if (!asks && options->command->options & LT_OPTIONS_TREE && !options->list && choose_tree(options, err) != LT_OK)
        return LT_SKIP;
    if (!options->threads)
        options->threads = LT_DEFAULT_THREADS;
    if (!options->memory)
        options->memory = MEMORY_DEFAULT;
    if (!options->unpack_limit)
        options->unpack_limit = UNPACK_DEFAULT;
    enum lt_status status = choose_format(options, err);
    return status == LT_OK ? lt_choice_goes_with(&options->choice, options->format, err) : status;
}

enum lt_status lt_options_parse(struct lt_options *options, int argc, char **argv, struct lt_err *err)
{
    struct option longs[ROWS + 1] = {0};
    char shorts[2 * ROWS + 2] = "";
    bool given[ROWS] = {0};
    make_getopt_tables(longs, shorts);
    for (;;) {
        int code = getopt_long(argc, argv, shorts, longs, NULL);
        if (code < 0)
            break;
        const struct option_row *row = code == ':' || code == '?' ? NULL : find_row(code);
        if (code == ':')
            return usage(err, "option '%s' needs an argument", argv[optind - 1]);
        if (!row && optopt && optopt < FIRST_LONG)
            return unknown_letter(optopt, argv[optind], err);
        if (!row)
            return unknown_long(argv[optind - 1], err);
        enum lt_status status = row->set(options, optarg, err);
        if (status != LT_OK)
            return status;
        given[row - table] = true;
    }
    enum lt_status status = take_words(options, argv + optind, argc - optind, err);
    return status == LT_OK ? complete(options, given, err) : status;
}

static void help_options(struct lt_buf *out, const struct lt_command *command)
{
    for (int i = 0; i < ROWS; i++) {
        const struct option_row *row = &table[i];
        size_t start = out->len;
        if (command && !goes_with(row, command))
            continue;
        lt_buf_printf(out, row->letter ? "  -%c, " : "      ", row->letter);
        bool optional = row->value && *row->value == '[';
        lt_buf_printf(out, "--%s%s%s", row->name,
                      optional     ? "[="
                      : row->value ? "="
                                   : "",
                      row->value ? row->value + optional : "");
        while (out->len < start + 28)
            lt_buf_char(out, ' ');
        lt_buf_printf(out, " %s\n", row->help);
    }
}

static void help_program(struct lt_buf *out)
{
    lt_buf_lit(out, "layertime - one timeline of all that a ");
    lt_runtimes_list(out, false);
    lt_buf_lit(out, " host's disk tells\n\n"
                    "usage: layertime [timeline] [OPTION]... EVIDENCE...\n"
                    "       layertime COMMAND [OPTION]... [WHAT]... EVIDENCE...\n"
                    "       layertime help [COMMAND]\n\n"
                    "EVIDENCE is the root of a mounted or live host, a ");
    lt_runtimes_list(out, true);
    lt_buf_lit(out, ", or a disk image\n"
                    "(raw, split raw, E01, qcow2, VDI, VMDK, VHD, VHDX). One with the name of a command is given as\n"
                    "./NAME. The commands:\n\n");
    for (size_t i = 0; lt_commands[i]; i++)
        lt_buf_printf(out, "  %-10s %-26s %s\n", lt_commands[i]->name, lt_commands[i]->arguments,
                      lt_commands[i]->summary);
    lt_buf_lit(out, "\n  layertime /mnt/host                       text timeline on the terminal\n"
                    "  layertime disk.raw -o case.jsonl          for Timesketch\n"
                    "  layertime /mnt/host -c web --role rw,log  what one container wrote and said\n"
                    "  layertime disk.raw --since 2026-11-20 --until 2026-11-24 -o days.csv.gz\n"
                    "  layertime disk.raw -f body | mactime -d   into older tools\n"
                    "  layertime containers disk.raw --json      what ran on the host\n\n"
                    "The options; layertime COMMAND --help shows those that go with a command:\n\n");
    help_options(out, NULL);
    lt_buf_lit(out,
               "\nexit codes: 0 complete; 1 finished, but something could not be read (see --errors), or who found\n"
               "nothing; 2 usage; 3 no usable evidence; 4 output failed; 128+N ended by signal N\n");
}

void lt_options_help(struct lt_buf *out, const struct lt_command *command)
{
    if (!command || command == lt_commands[0]) {
        help_program(out);
        return;
    }
    lt_buf_printf(out, "layertime %s - %s\n\nusage: layertime %s [OPTION]... %s\n\n", command->name, command->summary,
                  command->name, command->arguments);
    help_options(out, command);
}
