// SPDX-License-Identifier: Apache-2.0
/* What rules found, by what it is about: a file, which several rules may name, or one record. */
#ifndef LT_FINDINGS_FOUND_H
#define LT_FINDINGS_FOUND_H

#include "findings/findings.h"

enum {
    LT_FOUND_ROWS = 32,  /* that are kept of one finding */
    LT_FOUND_TEXT = 256, /* bytes that are kept of the text of one */
};

/* One time of an event, as the timeline has it. */
struct lt_found_row {
    struct lt_time time, first, last; /* bounds may be unset */
    const char *desc, *data_type;
    enum lt_change change;
    struct lt_str text; /* what happened, or the line of a log, as far as it is short; "" if the times say it */
};

/* One finding. */
struct lt_found {
    lt_finds rules;
    enum lt_find worst; /* the first of those with the worst severity */
    enum lt_severity severity;
    const struct lt_owner *owner;
    struct lt_str path; /* as containers see it, or of the host; "": it is about no file */
    struct lt_str at;   /* in the evidence, or where the record stands */
    struct lt_str action;
    bool readable; /* a regular file with contents that can be read at `at` */
    uint64_t size;
    struct lt_time birth;
    struct lt_time written;     /* its mtime, if nothing was done to it after that, such as to set the mtime */
    struct lt_time first, last; /* when it happened, by times that no process can set; unset: not known */
    struct lt_list facts;       /* of struct lt_str * */
    struct lt_list rows;        /* of struct lt_found_row * */
    size_t row_count;           /* as the timeline has, which may be more */
    struct lt_str sha256;       /* "" if it was not read */
    struct lt_list equals;      /* of struct lt_str *: files of images with the same contents */
};

/* A regular file of an image layer: it may be what a finding is a copy of. */
struct lt_image_file {
    const struct lt_owner *owner;
    const struct lt_dir *dir;
    struct lt_str name;
    uint64_t ino, size;
    struct lt_str sha256; /* "" until it is needed */
};

/* An image came, got a name, or lost its last one. */
struct lt_naming {
    const struct lt_image *image;
    struct lt_time time;
    bool named, lost; /* lost: a record says when it lost its last name */
};

/* The log that an engine keeps of a container. */
struct lt_output_log {
    const struct lt_host *host;
    struct lt_str path;
    struct lt_found *found; /* its file; NULL until that was seen */
    struct lt_time first;   /* of the record at `offset`, the first in the file */
    uint64_t offset;
};

/* Everything that was found. Initialise with {.arena = ...}. All lives in that arena. */
struct lt_founds {
    struct lt_arena *arena;
    struct lt_list list;        /* of struct lt_found * */
    struct lt_map by_key;       /* the same */
    struct lt_list image_files; /* of struct lt_image_file * */
    struct lt_list logs;        /* of struct lt_found *: see lt_is_own_log(); they are in no other list yet */
    struct lt_list namings;     /* of struct lt_naming * */
    struct lt_list outputs;     /* of struct lt_output_log * */
    struct lt_map output_at;    /* the same */
};

/* Look at one event, tagged as lt_emit() does. */
void lt_founds_take(struct lt_founds *founds, const struct lt_event *event);

/* The finding about a file at `at`, or a new one, which no rule has named yet. Both paths are copied. */
struct lt_found *lt_founds_file(struct lt_founds *founds, const struct lt_owner *owner, struct lt_str at,
                                struct lt_str path);

/* A new finding of one rule that is about no file. */
struct lt_found *lt_founds_add(struct lt_founds *founds, enum lt_find rule, const struct lt_owner *owner);

/* Add a rule to a finding; it is listed from then on. */
void lt_found_rule(struct lt_founds *founds, struct lt_found *found, enum lt_find rule, enum lt_severity severity);

/* Put one rule in the place of another. */
void lt_found_replace(struct lt_found *found, enum lt_find old, enum lt_find rule);

/* Add a fact. */
void lt_found_fact(struct lt_founds *founds, struct lt_found *found, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add a row, and widen the span of the finding to it if `counts`. */
void lt_found_row(struct lt_founds *founds, struct lt_found *found, const struct lt_found_row *row, bool counts);

/* Order the findings: the worst first, then by time. */
void lt_founds_sort(struct lt_founds *founds);

#endif
