// SPDX-License-Identifier: Apache-2.0
/* The context of every reader: the current host, file system and store, the sink for events, and the report of what is
 * lost. The map of this folder:
 *
 *   context.c        emit, skip, and the readers of small files, directories, JSON and bbolt that report what fails
 *   source.h         what a source is: scope, stage, and its two calls
 *   hosts.c          file systems to hosts; mount_table.c: what a host mounts; ostree.c: hosts of ostree
 *   not_given.c      what a host mounts, and what is not in the evidence
 *   systems.c        roots of systems; subvolumes.c: those that are subvolumes of a btrfs
 *   discover.c       directories to stores; search.c: those that no place and no setting names; links.c: parts of a
 *                    store that are links; collected.c: stores that a collector copied
 *   unread.c         stores, and parts of stores, that no runtime reads yet; storage_conf.c: where settings of Podman
 *                    put those
 *   report.c         the account: seen = emitted + filtered + deduplicated + failed + untimed, and every error
 *   denied.c         what only root may read
 *   facts.c          attributes of an event that is being built
 *   values.c         values in databases of bbolt, and reports of those that are damaged
 *   volume_users.c   which containers mount which volume
 *   whose.c          whose a deleted file was
 *   recovered.c      records that a store has no more, handed to its runtime
 *   carving.c        what blocks that no file owns still hold, and whose it is
 */
#ifndef LT_READ_CONTEXT_H
#define LT_READ_CONTEXT_H

#include "evidence/evidence.h"
#include "evidence/lines.h"
#include "model/inventory.h"
#include "read/report.h"

/* What became of an event, for the account. */
enum lt_fate { LT_EMITTED, LT_FILTERED, LT_FAILED, LT_UNTIMED, LT_FATES };

/* Takes events, which are borrowed. `*fate` is LT_EMITTED on entry. A sink that sets LT_FAILED must report the event.
 * Any status but LT_OK is LT_FATAL and ends the run: output failed, or a signal arrived. */
struct lt_sink {
    enum lt_status (*take)(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err);
    void *arg;
};

/* Which files of the host that containers bind are read: see files/binds.h. */
enum lt_binds {
    LT_BINDS_WRITTEN, /* those that containers may have written */
    LT_BINDS_ALL,
    LT_BINDS_NONE,
};

/* What the user asked of the readers. */
struct lt_reading {
    unsigned threads; /* that may list directories; at least 1 */
    bool app_times;   /* times that applications wrote become events of their own */
    bool names_only;  /* the output has only names and times of files: changes by containers, and differences
                       * from an image's tar, are not looked for */
    bool no_files;    /* the files themselves are not walked: no source of that stage emits */
    enum lt_binds binds;
    uint64_t bind_most; /* entries of a bind source that shows all that changed since it was bound: see files/binds.h */
    bool no_deleted;    /* what only deleted entries of a file system tell is left out */
    bool carve;         /* look into blocks that no file owns */
    bool verify_layers; /* read all files of image layers: see overlay/tamper.h */
    const struct lt_helper *helper; /* makes files that a reader cannot make in the sandbox; NULL: there is none */
};

/* Checks for a pending signal. Long operations call it from time to time. LT_FATAL: the run must end. */
struct lt_poll {
    enum lt_status (*poll)(void *arg, struct lt_err *err);
    void *arg;
};

/* Everything that a reader gets; there are no globals. A copy may be set to another place: see lt_ctx_on(). */
struct lt_ctx {
    const struct lt_reading *reading;
    struct lt_inventory *inventory;
    struct lt_report *report;
    const struct lt_sink *sink;
    const struct lt_poll *poll;
    struct lt_arena *run;     /* for what outlives the reader */
    struct lt_arena *scratch; /* reset before each call of a reader */
    const char *reader;       /* name of the current reader: `parser` in the output is "layertime/<reader>" */
    struct lt_host *host;     /* the current host */
    struct lt_fs *fs;         /* the file system in which paths are looked up */
    struct lt_root *root;     /* the current store; NULL for a reader of what a host has once */
};

/* `count` records were read. Each of them will be emitted or skipped. */
void lt_seen(struct lt_ctx *ctx, size_t count);

/* Set source and tags of an event, and pass it to the sink. An event without any time is counted as untimed. */
enum lt_status lt_emit(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err);

/* lt_seen() of one record, then lt_emit(). */
enum lt_status lt_emit_one(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err);

/* One item at `path` is lost. Report it, and count it as seen and failed. */
void lt_skip(struct lt_ctx *ctx, struct lt_str path, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void lt_skip_error(struct lt_ctx *ctx, struct lt_str path, const struct lt_err *problem);

/* The same for an entry of a directory. */
void lt_skip_entry(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node,
                   const struct lt_err *problem);

/* May the file be missing without a report? */
enum lt_need { LT_OPTIONAL, LT_REQUIRED };

/* Read a small file of at most `cap` bytes into scratch. A failure is reported and its status returned. LT_END: it is
 * missing, which is reported if LT_REQUIRED. */
enum lt_status lt_read_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, enum lt_need need,
                               struct lt_str *out);

/* The same for an optional file of the host, whose path may lead through links. Writes the path without them to `real`.
 */
enum lt_status lt_follow_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, struct lt_str *real,
                                 struct lt_str *out);

/* What is wrong with a file that has no contents, in words; NULL: it has some. A power loss leaves files empty or full
 * of NULs whose names and sizes were on the disk before their contents. */
const char *lt_emptiness(struct lt_str text);

/* The same as lt_read_or_skip() for text that is never empty, without white space at its ends. LT_SKIP, and reported,
 * also if it is empty or all NULs. */
enum lt_status lt_read_text_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, enum lt_need need,
                                    struct lt_str *out);

/* List a directory into scratch. LT_END: it is missing. Unreadable entries are reported and have mode 0. `out` is what
 * could be read, whatever the status. */
enum lt_status lt_list_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_listing *out);

/* Is this entry of `directory` a directory, as it has to be? If not, that is reported. */
bool lt_is_folder_or_skip(struct lt_ctx *ctx, struct lt_str directory, const struct lt_node *node);

/* Has the directory no entry, or is it missing? False if it cannot be read, which is reported. */
bool lt_is_empty_or_skip(struct lt_ctx *ctx, struct lt_str path);

struct json_t;

/* Read and parse a JSON file. Flaws are reported. LT_SKIP: nothing is left to work with. Free with lt_json_free(). */
enum lt_status lt_read_json_or_skip(struct lt_ctx *ctx, struct lt_str path, enum lt_need need, struct json_t **out);
/* The same; reports of its contents begin with `origin`, words about the file, unless that is "". */
enum lt_status lt_read_json_of_or_skip(struct lt_ctx *ctx, struct lt_str path, enum lt_need need, const char *origin,
                                       struct json_t **out);

struct lt_bolt_item;

/* Takes an item of a bbolt database, which is borrowed (see parse/bbolt.h). */
typedef enum lt_status lt_take_bolt(void *arg, const struct lt_bolt_item *item, struct lt_err *err);

/* Call `take` for every item of a bbolt database. Damage is reported. LT_END: the file is missing. LT_SKIP: it cannot
 * be read. Otherwise the last status of `take`. */
enum lt_status lt_read_bolt_or_skip(struct lt_ctx *ctx, struct lt_str path, lt_take_bolt *take, void *arg,
                                    struct lt_err *err);
/* The same. The bytes are kept in the run arena, so that keys and values live as long as the run; `*bytes` is "" if the
 * file is missing or cannot be read. */
enum lt_status lt_keep_bolt_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_str *bytes, lt_take_bolt *take,
                                    void *arg, struct lt_err *err);

/* The same context, set to a store of the current host. */
static inline struct lt_ctx lt_ctx_at(const struct lt_ctx *ctx, struct lt_root *root)
{
    struct lt_ctx there = *ctx;
    there.root = root;
    there.fs = root->fs;
    return there;
}

/* lt_fs_resolve() on the current file system into scratch. LT_END: there is nothing. A failure is reported. */
enum lt_status lt_resolve_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_str *out);

/* Describe a path into scratch. LT_END: there is nothing. A failure is reported. */
enum lt_status lt_stat_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_node *out);

/* The next readable line of the file at `path`. What is lost before it is reported. LT_END: there are no more. */
enum lt_status lt_line_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_lines *lines, struct lt_line *out);

/* The same context, with paths looked up in `fs`, another file system of the current host. */
static inline struct lt_ctx lt_ctx_on(const struct lt_ctx *ctx, struct lt_fs *fs)
{
    struct lt_ctx there = *ctx;
    there.fs = fs;
    return there;
}

/* "<root>/<relative>" of the current store, in the run arena. */
struct lt_str lt_root_path(struct lt_ctx *ctx, const char *relative);

#endif
