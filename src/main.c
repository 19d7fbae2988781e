// SPDX-License-Identifier: Apache-2.0
/* layertime turns the disk of a Docker host into one attributed timeline. The map:
 *
 *   main.c          options, signals, exit code
 *   options.c       the command line: one table
 *   job.c           a run: evidence, inventory, a command, exit code
 *   command/        what can be made of it           command.c; timeline.c (the main job), containers.c
 *                                                    images.c volumes.c ids.c diff.c who.c; pick.c
 *                                                    record.c (tables, JSON)
 *   pipeline.c      the main job, on one screen: everything below, in this order
 *
 *   evidence/       where bytes come from            evidence.c (kinds, links, slurp), stream.c lines.c walk.c lister.c
 *                   one file a kind                  directory.c (beneath.c); image.c, and in it path_index.c
 *                   ext2/3/4 in an image             ext4.c ext4_reader.c ext4_list.c ext4_volume.c ext4_journal.c
 *                                                    ext4_fast.c ext4_orphans.c
 *   discover.c      where the data roots are
 *   context.c       what every reader works with: emit, skip, read
 *   source/         readers of artifacts             source.c
 *     phase 1       fill the inventory               docker_userns.c docker_layer.c docker_device.c docker_image.c
 *                                                    docker_daemon.c docker_volume.c docker_network.c
 *                                                    docker_container.c (hostconfig.c docker_mounts.c; facts.c:
 *                                                    attributes); zones.c at its end
 *     phase 2       emit events                      the same, and docker_distribution.c docker_lifecycle.c
 *                                                    docker_runtime.c docker_buildkit.c docker_swarm.c
 *                                                    docker_exposure.c (exposure.c: rules), host_config.c
 *                                                    (daemon_settings.c daemon_unit.c),
 *                                                    cgroup_config.c, docker_log.c
 *                                                    (log_clock.c), host_log.c (host_files.c mentions.c),
 *                                                    host_journal.c (journal.c: systemd's)
 *                                                    files.c (walked.c layer_walk.c removals.c
 *                                                    filetimes.c mount_shadowing.c binds.c)
 *   files/checks/   what is found out about each entry of a layer: checks.def is their order
 *                                                    hidden_by.c marks.c clock_steps.c mount_shadowing.c tamper.c
 *                                                    lower.c removals.c changes.c hiding.c init_copy.c renames.c
 *                                                    file_times.c
 *   layer_record.c  what the tar of an image layer says of each path; record_ahead.c (on a thread)
 *   tamper.c        is that what lies in the layer?  layer_compare.c
 *   store/          layout of a storage driver       store.c; overlay2.c fuse_overlayfs.c (links.c), overlay.c aufs.c
 *                                                    vfs.c btrfs.c zfs.c devicemapper.c
 *   inventory.c     what hangs together: container, image, layers, volumes
 *   below.c         what lies below a directory of a layer, merged; who hides what
 *   mount_views.c   where containers see the files of a volume or bind
 *   change.c        what a container did to a file
 *   tag.c           words that make rows easy to find
 *   filter.c        what the user asked to see
 *   localzone.c     zones of this machine, for --timezone
 *   normalise.c     events to rows: whose clock, how exact
 *   sort.c          the total order
 *     batch.c       rows in memory: a radix sort    pack.c (events as bytes), spill.c (in a file), merge.c
 *   formats/        one writer a file                format.c fields.c message.c; text.c jsonl.c csv.c body.c l2tcsv.c
 *   output.c        a file that appears only when complete
 *   report.c        the account: seen = emitted + filtered + deduplicated + failed, and every error
 *   manifest.c      the record of the run
 *   show.c          --list-sources, and what answers a wrong -c
 *
 *   event.c         the record that all stages share
 *   parse/          pure decoders of hostile bytes   appclock.c apptime.c bbolt.c buildrecord.c cgconfig.c dockerd.c
 *                                                    envfile.c ext4.c ext4_dir.c ext4_map.c ext4_orphan.c ext4_xattr.c
 *                                                    ident.c idmap.c jbd2.c json.c locallog.c logline.c overlay.c
 *                                                    protobuf.c redact.c stamp.c swarmtask.c syslog.c tarhead.c
 *                                                    tarsplit.c tzif.c unitfile.c words.c
 *   base/           arena.c base64.c clock.c crc32c.c crc64.c err.c escape.c gz.c map.c sha256.c str.c
 *                                                    utf8.c
 */
#include "base/gz.h"
#include "base/sha256.h"
#include "evidence/image/image.h"
#include "command_line.h"
#include "run/job.h"
#include "parse/json.h"
#include "read/report.h"
#include "host/journal.h"
#include "base/version.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

static void print_version(void)
{
    const char *crypto = lt_sha256_version();
    printf("layertime %s\nlibtsk %s, jansson %s, zlib %s, libcrypto: %s, libsystemd: %s\n", LT_VERSION,
           lt_image_version(), lt_json_version(), lt_zlib_version(),
           crypto ? crypto : "not built in (no hash in the manifest)",
           lt_journal_built_in() ? "built in" : "not built in (its journal is not read)");
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

/* The pipeline ends in good order when one of these is pending, see lt_job_run(). */
static void hold_signals(void)
{
    sigset_t set;
    lt_signals_held(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Die of the signal that ended the run, so that the caller sees what happened. */
static void raise_again(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

/* The exit code `code`, unless stdout did not take what was printed. */
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
