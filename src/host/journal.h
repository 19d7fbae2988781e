// SPDX-License-Identifier: Apache-2.0
/* Files of systemd's journal, read by libsystemd; journal.c is the only file that includes it. libsystemd maps the file
 * that it reads: so that no live host can cut it short meanwhile, and as an image has no file to map, it gets a copy in
 * $TMPDIR. */
#ifndef LT_HOST_JOURNAL_H
#define LT_HOST_JOURNAL_H

#include "evidence/evidence.h"

enum {
    LT_MAX_JOURNAL = 1024 * 1024 * 1024, /* journald begins a new file at 128 MiB, unless it is told otherwise */
    LT_MAX_MESSAGE_FIELD = 1024 * 1024,  /* of one field that is read; journald itself takes up to 768 MiB */
};

/* The fields that are read (systemd.journal-fields(7), 252; the last ones: moby daemon/logger/journald/journald.go). */
enum lt_journal_field {
    LT_JOURNAL_MESSAGE,
    LT_JOURNAL_PRIORITY,
    LT_JOURNAL_IDENTIFIER, /* SYSLOG_IDENTIFIER: what the sender calls itself */
    LT_JOURNAL_COMM,       /* _COMM, _SYSTEMD_UNIT, _PID...: what journald saw */
    LT_JOURNAL_UNIT,
    LT_JOURNAL_PID,
    LT_JOURNAL_HOSTNAME,
    LT_JOURNAL_TRANSPORT,
    LT_JOURNAL_SOURCE_TIME, /* _SOURCE_REALTIME_TIMESTAMP: microseconds since 1970, by the sender */
    LT_JOURNAL_CONTAINER_ID,
    LT_JOURNAL_CONTAINER_NAME,
    LT_JOURNAL_CONTAINER_TAG,
    LT_JOURNAL_IMAGE_NAME,
    LT_JOURNAL_PARTIAL, /* CONTAINER_PARTIAL_MESSAGE: "true" if the line goes on in the next entry */
    LT_JOURNAL_TIME,    /* SYSLOG_TIMESTAMP: as the sender wrote it */
    LT_JOURNAL_FIELDS
};

struct lt_journal_entry {
    struct lt_time time;                     /* when journald took it */
    struct lt_str cursor;                    /* its name, for journalctl --cursor */
    struct lt_str fields[LT_JOURNAL_FIELDS]; /* NULL if it lacks one */
    enum lt_journal_field cut;               /* a field that was too long, else LT_JOURNAL_FIELDS */
};

struct lt_journal;

/* Is libsystemd built in? */
bool lt_journal_built_in(void);

/* Copy and open the file at `path`. LT_END when missing; LT_SKIP when it is larger than LT_MAX_JOURNAL, damaged, or
 * libsystemd is not built in. Free `*out` with lt_journal_close(). */
enum lt_status lt_journal_open(struct lt_fs *fs, struct lt_str path, struct lt_journal **out, struct lt_err *err);

/* The next entry, borrowed until the next call. LT_END after the last; LT_SKIP: what follows is lost. An entry comes
 * without those of its fields that are damaged: libsystemd passes over them without a word (sd_journal_enumerate_data()
 * in src/libsystemd/sd-journal/sd-journal.c, 252), and a field's object is shared by all entries that have it. */
enum lt_status lt_journal_next(struct lt_journal *journal, struct lt_journal_entry *out, struct lt_err *err);

/* Of the entries that the file says it has: those that were not reached, after LT_END or LT_SKIP. */
uint64_t lt_journal_unread(const struct lt_journal *journal);

void lt_journal_close(struct lt_journal *journal);

#endif
