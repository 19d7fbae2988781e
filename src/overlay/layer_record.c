// SPDX-License-Identifier: Apache-2.0
#include "overlay/layer_record.h"

#include "evidence/lines.h"
#include "parse/tarsplit.h"

#include <limits.h>
#include <stdlib.h>

/* Names of moby go-archive/whiteouts.go. Names that begin with INTERNAL are aufs's own and are not unpacked. */
#define WHITEOUT LT_STR(".wh.")
#define INTERNAL LT_STR(".wh..wh.")
#define OPAQUE   LT_STR(".wh..wh..opq")

struct lt_record_entry *lt_layer_record_at(const struct lt_layer_record *record, struct lt_str path)
{
    return lt_map_get(&record->by_path, path);
}

/* Convert a name in a tar to a path: "./a//b/" is "/a/b". False: it leads out of the layer, or is longer than any
 * kernel accepts. */
static bool clean_path(struct lt_buf *out, struct lt_str name)
{
    if (name.len > PATH_MAX)
        return false;
    while (name.len) {
        struct lt_str part = lt_str_cut(&name, '/');
        if (lt_str_eq(part, LT_STR("..")))
            return false;
        if (!part.len || lt_str_eq(part, LT_STR(".")))
            continue;
        lt_buf_char(out, '/');
        lt_buf_add(out, part);
    }
    return true;
}

/* Add an entry. `path` lives in the record's arena. */
static struct lt_record_entry *add(struct lt_layer_record *record, struct lt_str path, uint64_t offset)
{
    struct lt_record_entry *entry = lt_new(&record->arena, struct lt_record_entry);
    entry->path = path;
    entry->offset = offset;
    lt_list_add(&record->entries, &record->arena, entry);
    lt_map_put(&record->by_path, &record->arena, path, entry);
    return entry;
}

/* Add the directories above `path`. Unpacking creates them even if the tar does not contain them. */
static void imply_parents(struct lt_layer_record *record, struct lt_str path, uint64_t offset)
{
    path = lt_str_dirname(path);
    if (lt_str_eq(path, record->parent))
        return; /* same parent as the entry before */
    record->parent = path;
    for (; path.len && !lt_layer_record_at(record, path); path = lt_str_dirname(path)) {
        struct lt_record_entry *entry = add(record, path, offset);
        entry->implied = true;
        entry->mode = S_IFDIR;
    }
}

static uint32_t type_of(char type)
{
    switch (type) {
    case '0':
    case 'S':
        return S_IFREG;
    case '2':
        return S_IFLNK;
    case '3':
        return S_IFCHR;
    case '4':
        return S_IFBLK;
    case '5':
        return S_IFDIR;
    case '6':
        return S_IFIFO;
    default:
        return 0;
    }
}

static void fill(struct lt_layer_record *record, struct lt_record_entry *entry, const struct lt_tarsplit_file *file)
{
    const struct lt_tarhead *head = &file->head;
    entry->size = file->size;
    entry->crc = file->crc;
    entry->has_crc = file->has_crc;
    entry->has_size = true;
    if (!file->has_head)
        return;
    entry->mode = type_of(head->type);
    entry->mode |= entry->mode ? head->mode : 0;
    entry->uid = head->uid;
    entry->gid = head->gid;
    entry->mtime = head->mtime;
    entry->major = head->major;
    entry->minor = head->minor;
    if (S_ISLNK(entry->mode))
        entry->target = lt_str_dup(&record->arena, head->target);
    if (head->sparse || head->type == 'S')
        entry->has_size = entry->has_crc = false; /* for these tar-split keeps other numbers */
    lt_each (struct lt_tar_xattr, xattr, &head->xattrs)
        entry->capability |= lt_str_eq(xattr->name, LT_STR("security.capability"));
}

/* Unpacking a hard link sets owner, mode and times of its file again, to those in the link's header. */
static void link_to(struct lt_layer_record *record, struct lt_record_entry *entry, const struct lt_tarsplit_file *file)
{
    const struct lt_tarhead *head = &file->head;
    struct lt_buf path = {0};
    struct lt_record_entry *of = NULL;
    if (clean_path(&path, head->target))
        of = lt_layer_record_at(record, lt_buf_view(&path));
    lt_buf_free(&path);
    of = of && of->of ? of->of : of;
    if (!of || of == entry || of->whiteout || of->implied) {
        entry->has_size = false; /* the file is in a lower layer: all that is known is that it must exist */
        return;
    }
    entry->of = of;
    of->loose |= (of->mode & 07777) != head->mode || of->uid != head->uid || of->gid != head->gid ||
                 lt_time_cmp(of->mtime, head->mtime) != 0;
}

/* The entry to fill in at `path`. One that is filled in already is not changed, since hard links may refer to it. */
static struct lt_record_entry *fresh(struct lt_layer_record *record, struct lt_str path, uint64_t offset)
{
    struct lt_record_entry *old = lt_layer_record_at(record, path);
    imply_parents(record, path, offset);
    if (!old)
        return add(record, path, offset);
    if (old->implied) {
        old->implied = false;
        old->offset = offset;
        return old;
    }
    struct lt_record_entry *entry = add(record, path, offset);
    old->replaced = true;
    entry->opaque = old->opaque || old->whiteout;
    return entry;
}

static void add_whiteout(struct lt_layer_record *record, struct lt_str path, const struct lt_tarsplit_file *file,
                         uint64_t offset)
{
    struct lt_record_entry *old = lt_layer_record_at(record, path);
    if (old && !old->whiteout) {
        old->opaque = true; /* deleted and created anew */
        return;
    }
    struct lt_record_entry *entry = fresh(record, path, offset);
    entry->whiteout = true;
    if (file->has_head)
        entry->mtime = file->head.mtime;
}

static void add_opaque(struct lt_layer_record *record, struct lt_str path, uint64_t offset)
{
    imply_parents(record, path, offset);
    struct lt_record_entry *parent = lt_layer_record_at(record, lt_str_dirname(path));
    if (!parent) {
        parent = add(record, LT_STR(""), offset);
        parent->implied = true;
    }
    parent->opaque = true;
}

/* Does an aufs-internal name occur anywhere in `path`, except for the opaque mark at its end? */
static bool is_internal(struct lt_str path)
{
    struct lt_str rest = path;
    while (rest.len) {
        struct lt_str part = lt_str_cut(&rest, '/');
        if (lt_str_starts(part, INTERNAL) && (rest.len || !lt_str_eq(part, OPAQUE)))
            return true;
    }
    return false;
}

/* A copy of the path in the record's arena. */
static struct lt_str keep(struct lt_layer_record *record, struct lt_str path)
{
    return lt_str_dup(&record->arena, path);
}

static void add_file(struct lt_layer_record *record, struct lt_str path, const struct lt_tarsplit_file *file,
                     uint64_t offset)
{
    struct lt_str name = lt_str_basename(path), subject = lt_str_skip(name, WHITEOUT.len);
    if (is_internal(path) || !path.len)
        return;
    if (lt_str_eq(name, OPAQUE)) {
        add_opaque(record, keep(record, path), offset);
    } else if (lt_str_starts(name, WHITEOUT) && subject.len) {
        add_whiteout(record, lt_path_join(&record->arena, lt_str_dirname(path), subject), file, offset);
    } else {
        struct lt_record_entry *entry = fresh(record, keep(record, path), offset);
        fill(record, entry, file);
        if (file->has_head && file->head.type == '1')
            link_to(record, entry, file);
    }
}

/* Add an error about one line. */
static void add_problem(struct lt_layer_record *record, uint64_t offset, const char *code, const char *text)
{
    struct lt_err *problem = lt_new(&record->arena, struct lt_err);
    lt_fail(problem, LT_SKIP, code, 0, "line at offset %ju: %s", (uintmax_t)offset, text);
    lt_list_add(&record->problems, &record->arena, problem);
}

/* The same for a line that is lost. The record is then incomplete. */
static void add_loss(struct lt_layer_record *record, uint64_t offset, const struct lt_err *problem)
{
    record->complete = false;
    add_problem(record, offset, problem->code, problem->text);
}

static void take_line(struct lt_layer_record *record, struct lt_tarsplit *split, const struct lt_line *line)
{
    struct lt_tarsplit_file file;
    struct lt_err problem = {0};
    struct lt_buf path = {0};
    enum lt_status status = lt_tarsplit_line(split, line->text, &file, &problem);
    if (status == LT_SKIP)
        add_loss(record, line->offset, &problem);
    if (status == LT_END || !file.name.len)
        return;
    if (clean_path(&path, file.name))
        add_file(record, lt_buf_view(&path), &file, line->offset);
    else
        add_problem(record, line->offset, LT_CODE_DAMAGED, "its name leads out of the layer, or is too long");
    lt_buf_free(&path);
}

void lt_layer_record_read(struct lt_layer_record *record)
{
    struct lt_lines lines = {.stream = record->stream, .most = LT_TARSPLIT_LINE};
    struct lt_tarsplit split = {0};
    struct lt_line line;
    for (;;) {
        struct lt_err problem = {0};
        uint64_t offset = lt_stream_offset(record->stream);
        enum lt_status status = lt_lines_next(&lines, &line, &problem);
        if (status == LT_END && lt_tarsplit_end(&split, &problem) != LT_OK)
            add_loss(record, offset, &problem);
        if (status == LT_END)
            break;
        if (status == LT_OK && record->arena.bytes > LT_MAX_RECORD) {
            lt_fail(&problem, LT_SKIP, LT_CODE_TOO_LARGE, 0, "the record takes more than %d MiB: not read further",
                    LT_MAX_RECORD >> 20);
            add_loss(record, line.offset, &problem);
            break;
        }
        if (status == LT_OK) {
            take_line(record, &split, &line);
            continue;
        }
        lt_tarsplit_lost(&split);
        add_loss(record, offset, &problem);
    }
    lt_tarsplit_free(&split);
    lt_stream_close(record->stream);
    lt_arena_free(&record->packed);
    record->stream = NULL;
}

static void earliest(struct lt_time *known, struct lt_time time)
{
    if (time.set && (!known->set || lt_time_cmp(time, *known) < 0))
        *known = time;
}

/* The layer was unpacked before the earliest time of any file of the record. All of them were written after unpacking,
 * and setting one of their times changes the ctime. */
static void set_window(struct lt_ctx *ctx, struct lt_layer_record *record)
{
    record->begin = record->layer->created;
    lt_each (const struct lt_str, path, &record->layer->unpacked) {
        struct lt_node node;
        if (lt_fs_stat(ctx->fs, *path, ctx->scratch, &node, NULL) != LT_OK)
            continue;
        earliest(&record->end, node.time[LT_M]);
        earliest(&record->end, node.time[LT_C]);
    }
}

static enum lt_status open_stream(struct lt_fs *fs, struct lt_layer_record *record, size_t most, struct lt_err *err)
{
    struct lt_str bytes;
    if (!most)
        return lt_stream_open(fs, record->path, &record->stream, err);
    enum lt_status status = lt_slurp(fs, record->path, most, &record->packed, &bytes, err);
    if (status == LT_OK)
        record->stream = lt_stream_of(bytes);
    return status;
}

struct lt_layer_record *lt_layer_record_open(struct lt_ctx *ctx, const struct lt_layer *layer, size_t most,
                                             struct lt_err *err)
{
    struct lt_layer_record *record = lt_realloc(NULL, sizeof *record);
    *record = (struct lt_layer_record){.layer = layer, .complete = true};
    record->path = layer->tar_record;
    if (open_stream(ctx->fs, record, most, err) == LT_OK) {
        set_window(ctx, record);
        return record;
    }
    lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "the record of the layer's tar is missing: no check of its files");
    lt_layer_record_free(record);
    return NULL;
}

void lt_layer_record_report(struct lt_ctx *ctx, const struct lt_layer_record *record)
{
    lt_each (struct lt_err, problem, &record->problems)
        lt_skip_error(ctx, record->path, problem);
}

struct lt_layer_record *lt_layer_record_load(struct lt_ctx *ctx, const struct lt_layer *layer)
{
    struct lt_err problem = {0};
    struct lt_layer_record *record = lt_layer_record_open(ctx, layer, 0, &problem);
    if (record) {
        lt_layer_record_read(record);
        lt_layer_record_report(ctx, record);
    } else {
        lt_skip_error(ctx, layer->tar_record, &problem);
    }
    return record;
}

void lt_layer_record_free(struct lt_layer_record *record)
{
    if (!record)
        return;
    lt_stream_close(record->stream);
    lt_arena_free(&record->packed);
    lt_arena_free(&record->arena);
    free(record);
}
