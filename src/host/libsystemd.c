// SPDX-License-Identifier: Apache-2.0
#include "host/libsystemd.h"

#include "host/journal.h"

bool lt_journal_built_in(void)
{
#ifdef WITH_SYSTEMD
    return true;
#else
    return false;
#endif
}

#ifdef WITH_SYSTEMD

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>

enum {
    FIELD_NAME = 64,    /* bytes of the longest name that journald accepts */
    BATCH = 256 * 1024, /* bytes of entries in an answer, but for the last of them */
};

struct state {
    int fd;
    struct sd_journal *sd;
    struct lt_buf fields; /* of the current entry */
};

static const char *open_file(struct state *state, struct lt_buf *out)
{
    int code = state->sd ? -EBUSY : sd_journal_open_files_fd(&state->sd, &state->fd, 1, 0);
    if (code >= 0)
        code = sd_journal_set_data_threshold(state->sd, LT_MAX_MESSAGE_FIELD + FIELD_NAME + 1);
    if (code >= 0)
        code = sd_journal_seek_head(state->sd);
    lt_put_number(out, code < 0 ? (uint64_t)-code : 0);
    return NULL;
}

static void put_entry(struct state *state, struct lt_buf *out)
{
    uint64_t micros = 0, count = 0;
    const void *data;
    size_t length;
    char *cursor = NULL;
    state->fields.len = 0;
    int code = sd_journal_get_realtime_usec(state->sd, &micros);
    if (code >= 0)
        code = sd_journal_get_cursor(state->sd, &cursor);
    for (; code >= 0 && (code = sd_journal_enumerate_data(state->sd, &data, &length)) > 0; count++)
        lt_put_str(&state->fields, (struct lt_str){data, length});
    lt_put_number(out, LT_SYSTEMD_ENTRY);
    lt_put_number(out, micros);
    lt_put_str(out, lt_str_c(cursor));
    lt_put_number(out, count);
    lt_buf_add(out, lt_buf_view(&state->fields));
    lt_put_number(out, code < 0 ? (uint64_t)-code : 0);
    free(cursor);
}

static const char *put_entries(struct state *state, struct lt_buf *out)
{
    if (!state->sd)
        return "no journal is open";
    while (out->len < BATCH) {
        int code = sd_journal_next(state->sd);
        if (code > 0) {
            put_entry(state, out);
            continue;
        }
        lt_put_number(out, code ? LT_SYSTEMD_LOST : LT_SYSTEMD_END);
        if (code)
            lt_put_number(out, (uint64_t)-code);
        break;
    }
    return NULL;
}

static const char *answer(void *arg, struct lt_message *question, struct lt_buf *out)
{
    switch (lt_take_number(question)) {
    case LT_SYSTEMD_OPEN:
        return open_file(arg, out);
    case LT_SYSTEMD_NEXT:
        return put_entries(arg, out);
    default:
        return "an unknown question";
    }
}

static void *begin(struct lt_peer *parent, int fd)
{
    (void)parent;
    struct state *state = lt_realloc(NULL, sizeof *state);
    *state = (struct state){.fd = fd};
    return state;
}

static void end(void *arg)
{
    struct state *state = arg;
    sd_journal_close(state->sd);
    lt_buf_free(&state->fields);
    free(state);
}

#else

static const char *answer(void *arg, struct lt_message *question, struct lt_buf *out)
{
    (void)arg;
    (void)question;
    (void)out;
    return "built without libsystemd";
}

static void *begin(struct lt_peer *parent, int fd)
{
    (void)parent;
    (void)fd;
    return NULL;
}

static void end(void *arg)
{
    (void)arg;
}

#endif

const struct lt_library lt_library_systemd = {
    .name = "journal reader",
    .begin = begin,
    .answer = answer,
    .end = end,
};
