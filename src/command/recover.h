// SPDX-License-Identifier: Apache-2.0
/* What remains of files that are gone, and what the files of the command `recover` share. Each method of methods.def
 * adds its finds to a struct lt_recovery; whose they are, which of them the user wants, and how they are described,
 * hashed and written is the same for all. */
#ifndef LT_COMMAND_RECOVER_H
#define LT_COMMAND_RECOVER_H

#include "command/record.h"
#include "evidence/deleted.h"
#include "read/whose.h"
#include "run/job.h"

struct lt_remains;
struct lt_recovery;

/* A way to find them. */
struct lt_recover_method {
    const char *name; /* `method` in the output: "deleted" */
    bool of_layers;   /* it finds files that layers still have */
    bool nameless;    /* its finds have no paths */
    /* Add what remains on recovery->host, with lt_recovery_add(). Losses are reported. LT_FATAL: the run must end. */
    enum lt_status (*search)(struct lt_recovery *recovery, struct lt_err *err);
    /* Read contents, as lt_fs_ops.read: what is lost may be anything, as remains->lost says which parts these are. */
    ssize_t (*read)(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset, struct lt_err *err);
    /* Where the contents are, in words, in `arena`: "map in journal". */
    struct lt_str (*where)(const struct lt_remains *remains, struct lt_arena *arena);
    /* Add what only this method knows of a find. */
    void (*describe)(const struct lt_remains *remains, struct lt_record *record);
};

/* What remains of one file, or of one of its states. */
struct lt_remains {
    const struct lt_recover_method *method;
    const struct lt_evidence *evidence;
    const struct lt_node *node; /* as it was: `size` is that of the contents, `deleted` when it went, if that is known.
                                 * Without an inode, mode 0: only the size and the name are known */
    struct lt_str path;    /* on its host: begins with a slash if it is whole; if not, steps near the root are lost;
                            * "": not known */
    struct lt_whose whose; /* owner NULL: lt_whose_is() tells by the path */
    bool unattributed;     /* nothing says whose it is: of its owner, only the host counts */
    const struct lt_owner *maybe;    /* whose it may be, where nothing says whose it is; NULL: nothing tells */
    const struct lt_layer *layer;    /* that still has the contents; NULL: none */
    struct lt_time first, last;      /* it went between these; unset: not known, or `deleted` is exact */
    struct lt_str label;             /* names it where its path cannot: "inode-12-3" */
    struct lt_list hints;            /* of struct lt_str *: whose it may be, where nothing says whose it is */
    bool inferred;                   /* of its path or owner, that nothing states it */
    bool older;                      /* an older state: a newer one of the same file is another find */
    bool size_unknown;               /* it may have been longer */
    bool unsettled;                  /* what lies there may be older than the last that was written */
    bool bare;                       /* nothing of its contents is left */
    bool complete;                   /* its contents are whole, and nothing speaks against any part of them */
    const struct lt_extent *extents; /* where it lies in its file system */
    size_t extent_count;
    const struct lt_lost *lost; /* in order of their offsets */
    size_t lost_count;
    const void *handle; /* of the method */
};

/* A search. Finds are kept until all methods have searched all hosts: what a deleted record tells of a layer, or of the
 * name of a container, is known only then. */
struct lt_recovery {
    struct lt_job *job;
    bool freed_only;                        /* without what layers still have, and what has no path */
    const struct lt_host *host;             /* that is searched */
    const struct lt_recover_method *method; /* that searches */
    void *state;                            /* of that */
    struct lt_arena arena;                  /* for what lives as long as the finds */
    struct lt_list finds;                   /* of struct lt_remains * */
    struct lt_list ends;                    /* see lt_recovery_defer() */
    struct lt_list searched; /* see lt_recovery_first(); if it is empty, no file system could be searched */
    uint64_t forgotten;      /* finds that there was no memory for */
};

/* Search all hosts by all methods. Afterwards recovery->finds has all finds, and each has its owner. `job`
 * must be set. LT_FATAL: the run must end. End with lt_recovery_end(), which frees the finds. */
enum lt_status lt_recovery_search(struct lt_recovery *recovery, struct lt_err *err);
void lt_recovery_end(struct lt_recovery *recovery);

/* The finds with contents whose path is `path`: in `container`, or on the host if that is NULL. The newest state comes
 * first. The list (of struct lt_remains *) is in `arena`. */
struct lt_list lt_recovery_states(const struct lt_recovery *recovery, const struct lt_container *container,
                                  struct lt_str path, struct lt_arena *arena);

/* For methods: keep a find; its method is set here. All that it points to is copied, but for its owner, the hints and
 * what the handle is. NULL: --memory is full, and the find is counted as forgotten. */
struct lt_remains *lt_recovery_add(struct lt_recovery *recovery, const struct lt_remains *remains);

/* For methods: call `end` when the finds are not needed any more. */
void lt_recovery_defer(struct lt_recovery *recovery, void (*end)(void *arg), void *arg);

/* For methods: is it the first time that this one comes to this file system? Hosts may share it. */
bool lt_recovery_first(struct lt_recovery *recovery, const struct lt_fs *fs);

/* The next bytes of the contents; 0 at their end, -1: they cannot be read. */
ssize_t lt_remains_read(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset);

/* Append the contents to `out`. False: they are not complete, not there, or longer than `longest`. */
bool lt_remains_whole(const struct lt_remains *remains, size_t longest, struct lt_buf *out);

/* Add the parts that are lost to `parts`, as "0-4095 used by another file" in `arena`. */
void lt_remains_lost_parts(const struct lt_remains *remains, struct lt_arena *arena, struct lt_list *parts);

/* How many bytes are lost. */
uint64_t lt_remains_lost(const struct lt_remains *remains);

/* Where the contents are, and what of them is left, in words in `arena`: "deleted, map in journal, whole". */
struct lt_str lt_remains_words(const struct lt_remains *remains, struct lt_arena *arena);

/* The same of what a layer still has, where the record names that layer. */
#define LT_HIDDEN_WHOLE "hidden, whole"

/* What of the contents is left, in a word: "whole", "part"... Static. */
const char *lt_remains_left(const struct lt_remains *remains);

/* A find as a record in `arena`, with all but the hash of its contents and where they were written. */
struct lt_record *lt_remains_record(const struct lt_remains *remains, struct lt_arena *arena);

/* Reads the contents of finds, and writes them below the directory that the user named. */
struct lt_recover_keeper {
    struct lt_job *job;
    struct lt_map kept;   /* SHA-256 -> struct lt_str *: path below the directory */
    struct lt_map hashes; /* path below the directory -> struct lt_str *: SHA-256 of the file there */
    struct lt_map read;   /* evidence and path of a file that is still there -> struct lt_str *: its SHA-256 */
    uint64_t left;        /* bytes that may still be read */
    uint64_t left_out;    /* finds that would have been too much */
};

/* The SHA-256 of the contents, with zeros for what is lost. "" if they cannot be read to their end, or are more than
 * may still be read. LT_FATAL: a signal came. */
enum lt_status lt_recover_hash(struct lt_recover_keeper *keeper, const struct lt_remains *remains,
                               struct lt_str *sha256, struct lt_err *err);

/* Write the contents, unless a file has them already, of this run or an earlier one. `out` is the path of that file
 * below the directory. Parts that are lost, and zeros, become holes. LT_FATAL: writing failed, or a signal came. */
enum lt_status lt_recover_keep(struct lt_recover_keeper *keeper, const struct lt_remains *remains, struct lt_str sha256,
                               struct lt_str *out, struct lt_err *err);

#endif
