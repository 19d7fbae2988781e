// SPDX-License-Identifier: Apache-2.0
/* layertime turns the disk of a container host into one attributed timeline. The rooms, as data flows; the header that
 * opens each (tests/lint/rules.py, MAPS) has the map of its files:
 *
 *   main.c         signals and exit code; command_line.c: the table of options
 *   command/       the commands: the timeline and nine more
 *   findings/      rules: what deserves eyes
 *   run/           one run: opens evidence and outputs, calls the sources, determines the exit code
 *   evidence/      where bytes and directory entries come from: a directory, or an image and the ext4 in it
 *   carve/         what blocks that no file owns still hold: one format a file
 *   read/          what readers share: context, sources, discovery of stores, the account
 *   remains/       logs that were deleted, and those that only free blocks still have
 *   runtime/       one folder a runtime: where its stores are, what its records say
 *   host/          daemon configuration, control groups, system logs, and the attribution of their lines
 *   files/         walks over the files of layers, volumes and binds
 *   inside/        histories and logs that programs in containers wrote
 *   overlay/       a layer and its lower stack: changes, deletions, mounts, the record of an image layer's tar
 *   store/         what the entries of a layer mean, by the mechanics of its storage
 *   clock/         zones, clocks of applications, what file times prove
 *   model/         the records that all rooms share: event, inventory, runtime, tags
 *   timeline/      events to rows, in order
 *   formats/       one writer a file (beside src/)
 *   parse/         pure decoders of untrusted bytes
 *   contain/       the sandbox, the helper outside of it, processes for libraries
 *   base/          memory, strings, times, numbers, output files
 */
#include "base/packing.h"
#include "base/sha256.h"
#include "base/version.h"
#include "command_line.h"
#include "contain/contain.h"
#include "evidence/image/image.h"
#include "host/journal.h"
#include "parse/json.h"
#include "read/report.h"
#include "run/job.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static void print_version(void)
{
    const char *zstd = lt_packing_version(&lt_zstd), *xz = lt_packing_version(&lt_xz), *crypto = lt_sha256_version();
    printf("layertime %s\nlibtsk %s, jansson %s, zlib %s, libcrypto: %s, libsystemd: %s, libzstd: %s, liblzma: %s\n",
           LT_VERSION, lt_image_version(), lt_json_version(), lt_packing_version(&lt_gzip),
           crypto ? crypto : "not built in (no hash in the manifest)",
           lt_journal_built_in() ? "built in" : "not built in (its journal is not read)",
           zstd ? zstd : "not built in (what is packed with zstd is not read)",
           xz ? xz : "not built in (what is packed with xz is not read)");
    struct lt_buf sandbox = {0};
    lt_contain_describe(&sandbox);
    printf("sandbox: %.*s\n", LT_ARG(lt_buf_view(&sandbox)));
    lt_buf_free(&sandbox);
}

static void print_help(FILE *stream, const struct lt_command *command)
{
    struct lt_buf text = {0};
    lt_options_help(&text, command);
    fwrite(text.ptr, 1, text.len, stream);
    lt_buf_free(&text);
}

static void list_formats(void)
{
    for (size_t i = 0; lt_formats[i]; i++)
        printf("%-8s %-8s %s\n", lt_formats[i]->name, lt_formats[i]->suffix, lt_formats[i]->summary);
}

/* Block the signals that end a run in good order; see lt_job_run(). */
static void hold_signals(void)
{
    sigset_t set;
    lt_signals_held(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that gets too large is a failed write */
}

/* Die of the signal that ended the run, so that the caller sees it. */
static void raise_again(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

/* Returns `code`, or LT_EXIT_OUTPUT if writing to stdout failed. */
static int flushed(int code)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? code : LT_EXIT_OUTPUT;
}

int main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct lt_options options = {.now = lt_time_at(now.tv_sec, (uint32_t)now.tv_nsec)};
    struct lt_err err = {0};
    if (lt_options_parse(&options, argc, argv, &err) != LT_OK) {
        lt_say("%s", err.text);
        if (argc < 2)
            print_help(stderr, NULL);
        return LT_EXIT_USAGE;
    }
    if (options.help)
        print_help(stdout, options.command);
    else if (options.version)
        print_version();
    else if (options.list_formats)
        list_formats();
    if (options.help || options.version || options.list_formats)
        return flushed(LT_EXIT_COMPLETE);
    hold_signals();
    int code = lt_job_run(&options, argc, argv);
    if (code > LT_EXIT_SIGNAL)
        raise_again(code - LT_EXIT_SIGNAL);
    return flushed(code);
}
