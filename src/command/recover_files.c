// SPDX-License-Identifier: Apache-2.0
/* Contents of deleted files, and where they go: DIR/<container@id, image, volume or host>/<path as the container saw
 * it>. Names come from hostile evidence. What they may be is decided here; that nothing is written outside of DIR, in
 * contain/tree.c. */
#include "base/escape.h"
#include "base/sha256.h"
#include "command/recover.h"
#include "contain/tree.h"
#include "parse/ident.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, LONGEST_NAME = 200, SHORT_ID = 12, MOST_ALIKE = 10000 };

/* --- reading --- */

/* What is read of a find, from its begin to its end. */
struct reader {
    const struct lt_remains *remains;
    uint64_t at; /* of the next piece */
    size_t lost; /* the first lost part that does not end before that */
    char piece[PIECE];
};

/* Lost parts may hold anything: what is written has zeros there. */
static void clear_lost(struct reader *reader, size_t size)
{
    const struct lt_remains *remains = reader->remains;
    uint64_t end = reader->at + size;
    for (; reader->lost < remains->lost_count; reader->lost++) {
        const struct lt_lost *lost = &remains->lost[reader->lost];
        uint64_t from = lost->offset > reader->at ? lost->offset : reader->at;
        uint64_t to = lost->offset + lost->size < end ? lost->offset + lost->size : end;
        if (from < to)
            memset(reader->piece + (from - reader->at), 0, (size_t)(to - from));
        if (lost->offset + lost->size > end)
            return;
    }
}

/* The next piece; 0: the end, or it cannot be read. */
static size_t read_piece(struct reader *reader)
{
    ssize_t got = lt_remains_read(reader->remains, reader->piece, PIECE, reader->at);
    if (got <= 0)
        return 0;
    clear_lost(reader, (size_t)got);
    reader->at += (uint64_t)got;
    return (size_t)got;
}

/* May so much still be read? Also what is a hole takes time. What is written takes whole blocks. */
static bool afford(struct lt_recover_keeper *keeper, uint64_t size)
{
    enum { BLOCK = 4096 };
    if (!keeper->job->options->list && size <= UINT64_MAX - BLOCK)
        size = (size + BLOCK - 1) / BLOCK * BLOCK;
    if (size > keeper->left) {
        keeper->left_out++;
        return false;
    }
    keeper->left -= size;
    return true;
}

static enum lt_status hash(struct lt_job *job, const struct lt_remains *remains, struct lt_buf *sha256,
                           struct lt_err *err)
{
    struct reader reader;
    enum lt_status status = LT_OK;
    reader.remains = remains;
    reader.at = reader.lost = 0;
    struct lt_sha256 *sum = lt_sha256_new();
    for (size_t got; status == LT_OK && (got = read_piece(&reader));) {
        lt_sha256_add(sum, (struct lt_str){reader.piece, got});
        status = lt_job_poll(job, err);
    }
    lt_sha256_finish(sum, sha256);
    if (reader.at < remains->node->size)
        lt_buf_free(sha256);
    return status;
}

/* Several containers may hide one file of a layer, which is read once. */
enum lt_status lt_recover_hash(struct lt_recover_keeper *keeper, const struct lt_remains *remains,
                               struct lt_str *sha256, struct lt_err *err)
{
    struct lt_arena *arena = &keeper->job->arena;
    struct lt_buf made = {0};
    struct lt_str key =
        remains->layer ? lt_str_format(arena, "%s %.*s", remains->evidence->spec, LT_ARG(remains->path)) : LT_STR("");
    const struct lt_str *known = key.len ? lt_map_get(&keeper->read, key) : NULL;
    *sha256 = known ? *known : LT_STR("");
    if (known || !afford(keeper, remains->node->size))
        return LT_OK;
    enum lt_status status = hash(keeper->job, remains, &made, err);
    struct lt_str *kept = lt_new(arena, struct lt_str);
    *sha256 = *kept = lt_str_dup(arena, lt_buf_view(&made));
    if (key.len)
        lt_map_put(&keeper->read, arena, key, kept);
    lt_buf_free(&made);
    return status;
}

/* --- names --- */

/* A component that is safe to show and to make. */
static void add_component(struct lt_buf *out, struct lt_str name)
{
    size_t start = out->len;
    lt_escape_name(out, name, true);
    struct lt_str made = lt_str_skip(lt_buf_view(out), start);
    if (made.len <= LONGEST_NAME)
        return;
    made.len = LONGEST_NAME;
    while (made.len && (made.ptr[made.len] & 0xC0) == 0x80) /* within a character */
        made.len--;
    out->len = start + made.len;
    lt_buf_char(out, '~');
}

static void add_named(struct lt_buf *out, struct lt_str name, const char *otherwise, struct lt_str id)
{
    struct lt_buf both = {0};
    struct lt_str label = name.len ? name : lt_str_c(otherwise);
    id.len = id.len > SHORT_ID && lt_is_id(id) ? SHORT_ID : id.len;
    lt_buf_printf(&both, "%.*s@%.*s", LT_ARG(label), LT_ARG(id));
    for (size_t i = 0; i < both.len; i++)
        both.ptr[i] = both.ptr[i] == '/' ? '_' : both.ptr[i];
    add_component(out, lt_buf_view(&both));
    lt_buf_free(&both);
}

static void add_owner(struct lt_buf *out, const struct lt_owner *owner)
{
    if (owner->container)
        add_named(out, owner->container->name, "container", owner->container->id);
    else if (owner->volume)
        add_named(out, LT_STR("volume"), "", owner->volume->name);
    else if (owner->image)
        add_named(out, lt_image_name(owner->image), "image", owner->image->id);
    else if (owner->layer)
        add_named(out, LT_STR("layer"), "", lt_layer_name(owner->layer));
    else
        lt_buf_lit(out, "host");
}

/* The path below DIR. One that is too long or too deep, or of which nothing is known, gets its label. */
static void make_path(struct lt_buf *out, const struct lt_remains *remains)
{
    const struct lt_whose *whose = &remains->whose;
    struct lt_str rest = whose->inside;
    size_t depth = 1;
    if (remains->unattributed)
        lt_buf_lit(out, "unattributed");
    else
        add_owner(out, whose->owner);
    size_t start = out->len;
    if (!rest.len || rest.ptr[0] != '/')
        lt_buf_lit(out, "/path-unknown");
    while (rest.len && depth < LT_TREE_DEPTH && out->len < LT_TREE_PATH) {
        struct lt_str name = lt_str_cut(&rest, '/');
        if (!name.len)
            continue;
        lt_buf_char(out, '/');
        add_component(out, name);
        depth++;
    }
    enum { ROOM = 16 };
    if (whose->inside.len && !rest.len && out->len < LT_TREE_PATH - ROOM && depth < LT_TREE_DEPTH)
        return;
    out->len = start;
    lt_buf_printf(out, "/path-unknown/%.*s", LT_ARG(remains->label));
}

/* --- writing --- */

static bool is_zeros(const char *bytes, size_t size)
{
    return !size || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Write a piece without its zeros. */
static bool write_piece(int fd, const char *piece, size_t size, uint64_t at)
{
    enum { STEP = 1024 };
    for (size_t done = 0; done < size;) {
        size_t step = STEP - (size_t)((at + done) % STEP);
        step = step < size - done ? step : size - done;
        if (!is_zeros(piece + done, step) && pwrite(fd, piece + done, step, (off_t)(at + done)) != (ssize_t)step)
            return false;
        done += step;
    }
    return true;
}

static enum lt_status cannot_write(struct lt_err *err)
{
    return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "a recovered file cannot be written: %s", strerror(errno));
}

static enum lt_status write_all(struct lt_job *job, int fd, const struct lt_remains *remains, struct lt_err *err)
{
    struct reader reader;
    enum lt_status status = LT_OK;
    reader.remains = remains;
    reader.at = reader.lost = 0;
    for (size_t got; status == LT_OK && (got = read_piece(&reader));) {
        if (!write_piece(fd, reader.piece, got, reader.at - got))
            return cannot_write(err);
        status = lt_job_poll(job, err);
    }
    return status == LT_OK && ftruncate(fd, (off_t)remains->node->size) < 0 ? cannot_write(err) : status;
}

/* The three steps of contain/tree.h. */
static int begin_file(const struct lt_job *job)
{
    return job->helper.socket >= 0 ? lt_helper_begin_file(&job->helper) : lt_tree_begin(job->tree);
}

static int name_file(const struct lt_job *job, const char *path)
{
    return job->helper.socket >= 0 ? lt_helper_name_file(&job->helper, path) : lt_tree_give_name(job->tree, path);
}

static int open_file(const struct lt_job *job, const char *path)
{
    return job->helper.socket >= 0 ? lt_helper_open_file(&job->helper, path) : lt_tree_open(job->tree, path);
}

/* --- what is there already --- */

static void hash_file(int fd, struct lt_buf *sha256)
{
    char piece[PIECE];
    struct lt_sha256 *sum = lt_sha256_new();
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;)
        lt_sha256_add(sum, (struct lt_str){piece, (size_t)got});
    lt_sha256_finish(sum, sha256);
}

static void note_hash(struct lt_recover_keeper *keeper, struct lt_str path, struct lt_str sha256)
{
    struct lt_arena *arena = &keeper->job->arena;
    struct lt_str *kept = lt_new(arena, struct lt_str);
    *kept = lt_str_dup(arena, sha256);
    lt_map_put(&keeper->hashes, arena, lt_str_dup(arena, path), kept);
}

enum there { FREE, TAKEN, SAME, IMPOSSIBLE };

/* What has the name? */
static enum there what_is_there(struct lt_recover_keeper *keeper, struct lt_buf *path, struct lt_str sha256)
{
    struct lt_buf found = {0};
    const struct lt_str *known = lt_map_get(&keeper->hashes, lt_buf_view(path));
    if (known)
        return sha256.len && lt_str_eq(*known, sha256) ? SAME : TAKEN;
    lt_buf_char(path, 0);
    path->len--;
    int fd = open_file(keeper->job, path->ptr);
    if (fd < 0)
        return errno == ENOENT ? FREE : errno == ELOOP || errno == EISDIR || errno == EACCES ? TAKEN : IMPOSSIBLE;
    hash_file(fd, &found);
    close(fd);
    bool same = sha256.len && lt_str_eq(lt_buf_view(&found), sha256);
    note_hash(keeper, lt_buf_view(path), lt_buf_view(&found));
    lt_buf_free(&found);
    return same ? SAME : TAKEN;
}

/* Find a name. Another file has it: then this one gets a number. A file is where a directory must be, or the names of
 * the evidence are none here: then it gets its label. */
static enum there find_name(struct lt_recover_keeper *keeper, const struct lt_remains *remains, struct lt_str sha256,
                            struct lt_buf *path)
{
    enum there there = what_is_there(keeper, path, sha256);
    if (there == IMPOSSIBLE) {
        path->len = 0;
        lt_buf_printf(path, "path-impossible/%.*s", LT_ARG(remains->label));
        there = what_is_there(keeper, path, sha256);
    }
    size_t length = path->len;
    for (unsigned number = 2; there == TAKEN && number <= MOST_ALIKE; number++) {
        path->len = length;
        lt_buf_printf(path, "~%u", number);
        there = what_is_there(keeper, path, sha256);
    }
    return there;
}

static enum lt_status write_file(struct lt_recover_keeper *keeper, const struct lt_remains *remains,
                                 struct lt_buf *path, struct lt_err *err)
{
    struct lt_job *job = keeper->job;
    int fd = begin_file(job);
    if (fd < 0)
        return cannot_write(err);
    enum lt_status status = write_all(job, fd, remains, err);
    if (close(fd) < 0 && status == LT_OK)
        status = cannot_write(err);
    lt_buf_char(path, 0);
    path->len--;
    if (status == LT_OK && name_file(job, path->ptr) < 0)
        status = lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "%.*s: cannot be created: %s", LT_ARG(lt_buf_view(path)),
                         strerror(errno));
    return status;
}

enum lt_status lt_recover_keep(struct lt_recover_keeper *keeper, const struct lt_remains *remains, struct lt_str sha256,
                               struct lt_str *out, struct lt_err *err)
{
    struct lt_arena *arena = &keeper->job->arena;
    struct lt_buf path = {0};
    const struct lt_str *same = sha256.len ? lt_map_get(&keeper->kept, sha256) : NULL;
    *out = same ? *same : LT_STR("");
    if (same)
        return LT_OK;
    make_path(&path, remains);
    enum there there = find_name(keeper, remains, sha256, &path);
    if (there == TAKEN) {
        lt_skip(&keeper->job->ctx, remains->path, LT_CODE_TOO_LARGE, "%d other files have its name", MOST_ALIKE);
        lt_buf_free(&path);
        return LT_OK;
    }
    enum lt_status status = there == SAME ? LT_OK : write_file(keeper, remains, &path, err);
    struct lt_str *kept = lt_new(arena, struct lt_str);
    *out = *kept = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    note_hash(keeper, *out, sha256);
    if (sha256.len)
        lt_map_put(&keeper->kept, arena, lt_str_dup(arena, sha256), kept);
    return status;
}
