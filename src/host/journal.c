// SPDX-License-Identifier: Apache-2.0
#include "host/journal.h"

#include "base/cursor.h"
#include "base/output.h"
#include "base/temporary.h"
#include "contain/child.h"
#include "host/libsystemd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CHUNK = 64 * 1024,
    HEADER = 208,        /* the first version's (systemd src/libsystemd/sd-journal/journal-def.h, 187) */
    ENTRIES_AT = 152,    /* le64 n_entries */
    SMALLEST_ENTRY = 64, /* bytes: the object header and the fixed part of an entry */
};

struct lt_journal {
    struct lt_child child;          /* the library that reads the copy */
    struct lt_message message;      /* what it told last, and is not yet taken */
    const struct lt_helper *helper; /* whose copy it is; NULL: our own */
    int number;                     /* of the helper's copy, -1: none */
    char copy[PATH_MAX];            /* path of our own, "" before it is created */
    int fd;                         /* of the copy */
    uint64_t entries;               /* according to the header */
    uint64_t max_entries;           /* entries that fit into the file */
    uint64_t read;
    struct lt_arena arena; /* of the current entry */
};

/* The copy is sparse where the file holds zeros, as journald allocates its files in large steps. */
static enum lt_status copy(struct lt_file *file, int fd, struct lt_err *err)
{
    char buffer[CHUNK];
    if (ftruncate(fd, (off_t)file->size) != 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "no room for a copy");
    for (uint64_t at = 0; at < file->size;) {
        ssize_t got = lt_file_read(file, buffer, sizeof buffer, at, err);
        if (got < 0)
            return LT_SKIP;
        if (got == 0)
            return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "the file ends at byte %ju", (uintmax_t)at);
        bool zeros = !buffer[0] && memcmp(buffer, buffer + 1, (size_t)got - 1) == 0;
        if (!zeros && pwrite(fd, buffer, (size_t)got, (off_t)at) != got)
            return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "no room for a copy");
        at += (uint64_t)got;
    }
    return LT_OK;
}

static int open_copy_file(struct lt_journal *journal)
{
    int number = -1;
    journal->fd = journal->helper ? lt_helper_copy(journal->helper, &number)
                                  : lt_temporary_named(journal->copy, sizeof journal->copy);
    if (journal->fd < 0)
        journal->copy[0] = 0;
    else
        journal->number = number;
    return journal->fd;
}

/* The copy keeps its name while in use: libsystemd refuses a file that has been unlinked. */
static enum lt_status make_copy(struct lt_journal *journal, struct lt_file *file, struct lt_err *err)
{
    const char *directory = lt_temporary_directory(), *spec = file->fs->evidence->spec;
    if (!lt_output_inside("/", spec) && lt_output_inside(directory, spec))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "the copy would lie inside the evidence: set TMPDIR");
    if (open_copy_file(journal) < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "no copy in %s", directory);
    return copy(file, journal->fd, err);
}

/* The answer is in journal->message. */
static enum lt_status ask(struct lt_journal *journal, enum lt_systemd_question question, struct lt_err *err)
{
    struct lt_buf words = {0};
    lt_put_number(&words, question);
    enum lt_status status = lt_child_ask(&journal->child, &words, &journal->message, err);
    lt_buf_free(&words);
    return status;
}

static enum lt_status start_reader(struct lt_journal *journal, struct lt_err *err)
{
    const struct lt_child_args args = {journal->helper, -1, journal->number, journal->fd, NULL, NULL};
    if (lt_child_start(&journal->child, &lt_library_systemd, &args, err) != LT_OK ||
        ask(journal, LT_SYSTEMD_OPEN, err) != LT_OK)
        return LT_SKIP;
    uint64_t sys = lt_take_number(&journal->message);
    return sys ? lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, (int)sys, "libsystemd cannot open it") : LT_OK;
}

static enum lt_status open_copy(struct lt_journal *journal, struct lt_file *file, struct lt_err *err)
{
    unsigned char header[HEADER];
    if (file->size > LT_MAX_JOURNAL)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "larger than %d MiB", LT_MAX_JOURNAL >> 20);
    enum lt_status status = make_copy(journal, file, err);
    if (status != LT_OK)
        return status;
    if (pread(journal->fd, header, sizeof header, 0) != sizeof header)
        return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "no journal file: shorter than its header");
    struct lt_cursor cursor = {.ptr = header, .len = sizeof header};
    journal->entries = lt_cursor_le(&cursor, ENTRIES_AT, 8);
    journal->max_entries = file->size / SMALLEST_ENTRY;
    return start_reader(journal, err);
}

enum lt_status lt_journal_open(struct lt_fs *fs, struct lt_str path, const struct lt_helper *helper,
                               struct lt_journal **out, struct lt_err *err)
{
    struct lt_file file;
    *out = NULL;
    if (!lt_journal_built_in())
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "not read: built without libsystemd");
    enum lt_status status = lt_file_open(fs, path, &file, err);
    if (status == LT_OK) {
        struct lt_journal *journal = lt_realloc(NULL, sizeof *journal);
        *journal = (struct lt_journal){.fd = -1, .helper = helper, .number = -1};
        status = open_copy(journal, &file, err);
        if (status == LT_OK)
            *out = journal;
        else
            lt_journal_close(journal);
    }
    lt_file_close(&file);
    return status;
}

/* Keep a field that is none of those below, if the sender set it, and it is not about the message itself. */
static void keep_other(struct lt_journal *journal, struct lt_str text, struct lt_journal_entry *out)
{
    static const char *const prefixes[] = {"_", "CONTAINER_", "SYSLOG_", "CODE_", "OBJECT_", "MESSAGE_"};
    enum { MOST = 64 * 1024 };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (lt_str_starts(text, lt_str_c(prefixes[i])))
            return;
    struct lt_str *item = lt_new(&journal->arena, struct lt_str);
    text.len = text.len < MOST ? text.len : MOST;
    *item = lt_str_dup(&journal->arena, text);
    lt_list_add(&out->others, &journal->arena, item);
}

/* Keep a field, "NAME=value". The container's full ID replaces the short one. */
static void keep_field(struct lt_journal *journal, struct lt_str text, struct lt_journal_entry *out)
{
    static const struct {
        const char *name;
        enum lt_journal_field field;
    } names[] = {
        {"MESSAGE", LT_JOURNAL_MESSAGE},
        {"PRIORITY", LT_JOURNAL_PRIORITY},
        {"SYSLOG_IDENTIFIER", LT_JOURNAL_IDENTIFIER},
        {"_COMM", LT_JOURNAL_COMM},
        {"_SYSTEMD_UNIT", LT_JOURNAL_UNIT},
        {"_PID", LT_JOURNAL_PID},
        {"_HOSTNAME", LT_JOURNAL_HOSTNAME},
        {"_TRANSPORT", LT_JOURNAL_TRANSPORT},
        {"_SOURCE_REALTIME_TIMESTAMP", LT_JOURNAL_SOURCE_TIME},
        {"CONTAINER_ID", LT_JOURNAL_CONTAINER_ID},
        {"CONTAINER_ID_FULL", LT_JOURNAL_CONTAINER_ID},
        {"CONTAINER_NAME", LT_JOURNAL_CONTAINER_NAME},
        {"CONTAINER_TAG", LT_JOURNAL_CONTAINER_TAG},
        {"IMAGE_NAME", LT_JOURNAL_IMAGE_NAME},
        {"CONTAINER_PARTIAL_MESSAGE", LT_JOURNAL_PARTIAL},
        {"SYSLOG_TIMESTAMP", LT_JOURNAL_TIME},
    };
    struct lt_str whole = text, name = lt_str_cut(&text, '=');
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lt_str *field = &out->fields[names[i].field];
        if (!lt_str_eq(name, lt_str_c(names[i].name)))
            continue;
        known = true;
        if (field->ptr && text.len <= field->len)
            continue;
        if (text.len > LT_MAX_MESSAGE_FIELD) {
            text.len = LT_MAX_MESSAGE_FIELD;
            out->cut = names[i].field;
        }
        *field = lt_str_dup(&journal->arena, text);
    }
    if (!known)
        keep_other(journal, whole, out);
}

static enum lt_status read_entry(struct lt_journal *journal, struct lt_journal_entry *out, struct lt_err *err)
{
    struct lt_message *message = &journal->message;
    *out = (struct lt_journal_entry){.cut = LT_JOURNAL_FIELDS};
    lt_arena_reset(&journal->arena);
    uint64_t micros = lt_take_number(message);
    out->time = lt_time_at((int64_t)(micros / 1000000), (uint32_t)(micros % 1000000) * 1000);
    out->cursor = lt_str_dup(&journal->arena, lt_take_str(message));
    for (uint64_t fields = lt_take_number(message); fields && !message->bad; fields--)
        keep_field(journal, lt_take_str(message), out);
    uint64_t sys = lt_take_number(message);
    if (message->bad)
        return lt_child_distrust(&journal->child, err);
    return sys ? lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, (int)sys, "an entry") : LT_OK;
}

enum lt_status lt_journal_next(struct lt_journal *journal, struct lt_journal_entry *out, struct lt_err *err)
{
    if (!journal->message.rest.len && ask(journal, LT_SYSTEMD_NEXT, err) != LT_OK)
        return LT_SKIP;
    enum lt_systemd_item item = (enum lt_systemd_item)lt_take_number(&journal->message);
    if (item == LT_SYSTEMD_END)
        return LT_END;
    if (item == LT_SYSTEMD_LOST)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, (int)lt_take_number(&journal->message),
                       "libsystemd cannot go on");
    if (item != LT_SYSTEMD_ENTRY)
        return lt_child_distrust(&journal->child, err);
    if (journal->read >= journal->max_entries)
        return lt_fail(err, LT_SKIP, LT_CODE_CYCLE, 0, "more entries than there is room for");
    journal->read++;
    return read_entry(journal, out, err);
}

uint64_t lt_journal_unread(const struct lt_journal *journal)
{
    return journal->entries > journal->read ? journal->entries - journal->read : 0;
}

void lt_journal_close(struct lt_journal *journal)
{
    if (!journal)
        return;
    lt_child_end(&journal->child);
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->number >= 0)
        lt_helper_drop(journal->helper, journal->number);
    if (journal->copy[0])
        unlink(journal->copy);
    lt_arena_free(&journal->arena);
    free(journal);
}
