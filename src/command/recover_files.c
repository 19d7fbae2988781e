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

enum { PIECE = 64 * 1024, LONGEST_NAME = 200, SHORT_ID = 12, MOST_ALIKE = 1000 };

/* --- reading --- */

/* May so much still be read? Also what is a hole takes time. */
static bool afford(struct lt_recover_keeper *keeper, uint64_t size)
{
    if (size > keeper->left) {
        keeper->left_out++;
        return false;
    }
    keeper->left -= size;
    return true;
}

enum lt_status lt_recover_hash(struct lt_recover_keeper *keeper, const struct lt_remains *remains,
                               struct lt_buf *sha256, struct lt_err *err)
{
    char piece[PIECE];
    enum lt_status status = LT_OK;
    uint64_t at = 0;
    if (!afford(keeper, remains->node->size))
        return LT_OK;
    struct lt_sha256 *sum = lt_sha256_new();
    for (ssize_t got; status == LT_OK && (got = lt_remains_read(remains, piece, PIECE, at)) > 0; at += (uint64_t)got) {
        lt_sha256_add(sum, (struct lt_str){piece, (size_t)got});
        status = lt_job_poll(keeper->job, err);
    }
    lt_sha256_finish(sum, sha256);
    if (at < remains->node->size)
        lt_buf_free(sha256);
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

static int create(const struct lt_job *job, struct lt_buf *name)
{
    lt_buf_char(name, 0);
    const char *path = name->ptr;
    name->len--;
    return job->helper.socket >= 0 ? lt_helper_create(&job->helper, path) : lt_tree_create(job->tree, path);
}

/* Create the file. Another one has the name: then this one gets a number. A file is where a directory must be, or the
 * names of the evidence are none here: then it gets its label. */
static int create_apart(const struct lt_job *job, const struct lt_remains *remains, struct lt_buf *path)
{
    size_t length = path->len;
    int fd = create(job, path);
    if (fd < 0 && errno != EEXIST && errno != ENOSPC && errno != EACCES && errno != EROFS && errno != EDQUOT) {
        path->len = 0;
        lt_buf_printf(path, "path-impossible/%.*s", LT_ARG(remains->label));
        length = path->len;
        fd = create(job, path);
    }
    for (unsigned number = 2; fd < 0 && errno == EEXIST && number <= MOST_ALIKE; number++) {
        path->len = length;
        lt_buf_printf(path, "~%u", number);
        fd = create(job, path);
    }
    return fd;
}

static bool is_zeros(const char *bytes, size_t size)
{
    return !size || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* A file on its way out. */
struct writer {
    int fd;
    const struct lt_remains *remains;
    size_t lost; /* the first lost part that does not end before what is written now */
};

static bool is_lost(struct writer *writer, uint64_t at)
{
    const struct lt_remains *remains = writer->remains;
    while (writer->lost < remains->lost_count &&
           remains->lost[writer->lost].offset + remains->lost[writer->lost].size <= at)
        writer->lost++;
    return writer->lost < remains->lost_count && remains->lost[writer->lost].offset <= at;
}

/* Write a piece without its zeros, and without what is lost. That is whole blocks, and no block is smaller than a step.
 */
static bool write_piece(struct writer *writer, const char *piece, size_t size, uint64_t at)
{
    enum { STEP = 1024 };
    for (size_t done = 0; done < size;) {
        size_t step = STEP - (size_t)((at + done) % STEP);
        step = step < size - done ? step : size - done;
        bool hole = is_lost(writer, at + done) || is_zeros(piece + done, step);
        if (!hole && pwrite(writer->fd, piece + done, step, (off_t)(at + done)) != (ssize_t)step)
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
    char piece[PIECE];
    struct writer writer = {fd, remains, 0};
    enum lt_status status = LT_OK;
    uint64_t at = 0;
    for (ssize_t got; status == LT_OK && (got = lt_remains_read(remains, piece, PIECE, at)) > 0; at += (uint64_t)got) {
        if (!write_piece(&writer, piece, (size_t)got, at))
            return cannot_write(err);
        status = lt_job_poll(job, err);
    }
    return status == LT_OK && ftruncate(fd, (off_t)remains->node->size) < 0 ? cannot_write(err) : status;
}

enum lt_status lt_recover_keep(struct lt_recover_keeper *keeper, const struct lt_remains *remains, struct lt_str sha256,
                               struct lt_str *out, struct lt_err *err)
{
    struct lt_job *job = keeper->job;
    struct lt_buf path = {0};
    const struct lt_str *same = remains->complete && sha256.len ? lt_map_get(&keeper->kept, sha256) : NULL;
    if (same) {
        *out = *same;
        return LT_OK;
    }
    make_path(&path, remains);
    int fd = create_apart(job, remains, &path);
    if (fd < 0) {
        enum lt_status status = lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "%.*s: cannot be created: %s",
                                        LT_ARG(lt_buf_view(&path)), strerror(errno));
        lt_buf_free(&path);
        return status;
    }
    struct lt_str *kept = lt_new(&job->arena, struct lt_str);
    *out = *kept = lt_str_dup(&job->arena, lt_buf_view(&path));
    lt_buf_free(&path);
    if (remains->complete && sha256.len)
        lt_map_put(&keeper->kept, &job->arena, lt_str_dup(&job->arena, sha256), kept);
    enum lt_status status = write_all(job, fd, remains, err);
    return close(fd) < 0 && status == LT_OK ? cannot_write(err) : status;
}
