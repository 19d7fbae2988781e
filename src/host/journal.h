// SPDX-License-Identifier: Apache-2.0
/* Files of systemd's journal, read with libsystemd (libsystemd.c), which runs in a process of its own where there is a
 * helper. libsystemd maps the file that it reads. A copy in $TMPDIR is opened instead, because a file in an image
 * cannot be mapped, and a live host may truncate the file meanwhile. */
#ifndef LT_HOST_JOURNAL_H
#define LT_HOST_JOURNAL_H

#include "contain/helper.h"
#include "evidence/evidence.h"

enum {
    LT_MAX_JOURNAL = 1024 * 1024 * 1024, /* journald starts a new file at 128 MiB by default */
    LT_MAX_MESSAGE_FIELD = 1024 * 1024,  /* bytes kept of one field; journald itself accepts up to 768 MiB */
};

/* The fields that are known (systemd.journal-fields(7), 252; the last ones: moby daemon/logger/journald/journald.go).
 */
enum lt_journal_field {
    LT_JOURNAL_MESSAGE,
    LT_JOURNAL_PRIORITY,
    LT_JOURNAL_IDENTIFIER, /* SYSLOG_IDENTIFIER: the name that the sender gives itself */
    LT_JOURNAL_COMM,       /* _COMM, _SYSTEMD_UNIT, _PID...: recorded by journald */
    LT_JOURNAL_UNIT,
    LT_JOURNAL_PID,
    LT_JOURNAL_HOSTNAME,
    LT_JOURNAL_TRANSPORT,
    LT_JOURNAL_SOURCE_TIME, /* _SOURCE_REALTIME_TIMESTAMP: microseconds since 1970, by the sender */
    LT_JOURNAL_CONTAINER_ID,
    LT_JOURNAL_CONTAINER_NAME,
    LT_JOURNAL_CONTAINER_TAG,
    LT_JOURNAL_IMAGE_NAME,
    LT_JOURNAL_PARTIAL, /* CONTAINER_PARTIAL_MESSAGE: "true" if the line continues in the next entry */
    LT_JOURNAL_TIME,    /* SYSLOG_TIMESTAMP: as the sender wrote it */
    LT_JOURNAL_FIELDS
};

struct lt_journal_entry {
    struct lt_time time;                     /* when journald received it */
    struct lt_str cursor;                    /* identifies the entry, for journalctl --cursor */
    struct lt_str fields[LT_JOURNAL_FIELDS]; /* .ptr is NULL if the entry lacks the field */
    struct lt_list others;                   /* of struct lt_str *: "NAME=value", further fields that its sender set */
    enum lt_journal_field cut; /* a field that was cut to LT_MAX_MESSAGE_FIELD; LT_JOURNAL_FIELDS if none */
};

struct lt_journal;

/* Is libsystemd built in? */
bool lt_journal_built_in(void);

/* Copy and open the file at `path`. LT_END if it is missing. LT_SKIP if it is larger than LT_MAX_JOURNAL or damaged,
 * cannot be copied, or libsystemd is not built in. `helper` makes the copy, if there is one, and must live as long as
 * `*out`, which is to be freed with lt_journal_close(). */
enum lt_status lt_journal_open(struct lt_fs *fs, struct lt_str path, const struct lt_helper *helper,
                               struct lt_journal **out, struct lt_err *err);

/* Read the next entry, borrowed until the next call. LT_END after the last one; LT_SKIP: the rest of the file is lost.
 * An entry lacks those of its fields that are damaged: libsystemd skips them silently (sd_journal_enumerate_data() in
 * src/libsystemd/sd-journal/sd-journal.c, 252). The object of a field is shared by all entries that have it. */
enum lt_status lt_journal_next(struct lt_journal *journal, struct lt_journal_entry *out, struct lt_err *err);

/* After LT_END or LT_SKIP: how many of the entries counted in the file's header were not reached. */
uint64_t lt_journal_unread(const struct lt_journal *journal);

void lt_journal_close(struct lt_journal *journal);

#endif
