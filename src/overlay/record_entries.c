// SPDX-License-Identifier: Apache-2.0
#include "overlay/record_entries.h"

#include <limits.h>

enum { MOST_STEPS = 50 * 1000 * 1000 }; /* some seconds; two million members in four directories each take 8 million */

/* Names of moby go-archive/whiteouts.go and containerd pkg/archive/tar.go (2.3). Names that begin with INTERNAL are
 * aufs's own, which Docker does not unpack. To containerd they are deletions like any other. */
#define WHITEOUT LT_STR(".wh.")
#define INTERNAL LT_STR(".wh..wh.")
#define OPAQUE   LT_STR(".wh..wh..opq")

struct lt_record_entry *lt_layer_record_at(const struct lt_layer_record *record, struct lt_str path)
{
    return lt_map_get(&record->by_path, path);
}

/* Convert a name in a tar to a path: "./a//b/" is "/a/b". False: it leads out of the layer, or is longer than any
 * kernel accepts. With `clamp`, ".." is the directory above, and that of the root is the root. */
static bool clean_path(struct lt_buf *out, struct lt_str name, bool clamp)
{
    if (name.len > PATH_MAX)
        return false;
    while (name.len) {
        struct lt_str part = lt_str_cut(&name, '/');
        if (lt_str_eq(part, LT_STR(".."))) {
            if (!clamp)
                return false;
            while (out->len && out->ptr[--out->len] != '/')
                continue;
            continue;
        }
        if (!part.len || lt_str_eq(part, LT_STR(".")))
            continue;
        lt_buf_char(out, '/');
        lt_buf_add(out, part);
    }
    return true;
}

/* The first symbolic link of the layer among the directories above `path`; NULL: there is none. */
static const struct lt_record_entry *link_above(struct lt_layer_record *record, struct lt_str path)
{
    struct lt_str parent = lt_str_dirname(path);
    const struct lt_record_entry *above = lt_layer_record_at(record, parent);
    if (above && S_ISDIR(above->mode))
        return NULL; /* links on the way to it were followed when it was added */
    for (size_t at = 1; at <= parent.len; at++) {
        if (at < parent.len && parent.ptr[at] != '/')
            continue;
        record->steps++;
        above = lt_layer_record_at(record, (struct lt_str){parent.ptr, at});
        above = above && above->of ? above->of : above;
        if (above && S_ISLNK(above->mode))
            return above;
    }
    return NULL;
}

/* Where unpacking puts the member `name`: it follows the links of the layer itself on the way, within the layer. Docker
 * refuses a name with "..", and containerd stays in the layer with it (containerd pkg/archive/tar.go, applyNaive). */
static bool place(struct lt_layer_record *record, struct lt_str name, struct lt_buf *out)
{
    if (!clean_path(out, name, record->is_tar))
        return false;
    for (unsigned links = 0; links < LT_MAX_LINKS && record->steps < MOST_STEPS; links++) {
        const struct lt_record_entry *link = link_above(record, lt_buf_view(out));
        if (!link)
            return true;
        struct lt_buf next = {0};
        if (!lt_str_starts(link->target, LT_STR("/")))
            lt_buf_add(&next, lt_str_dirname(link->path));
        lt_buf_char(&next, '/');
        lt_buf_add(&next, link->target);
        lt_buf_add(&next, lt_str_skip(lt_buf_view(out), link->path.len));
        out->len = 0;
        bool fits = clean_path(out, lt_buf_view(&next), true);
        lt_buf_free(&next);
        if (!fits)
            return false;
    }
    return false;
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

static void fill(struct lt_layer_record *record, struct lt_record_entry *entry, const struct lt_tar_file *file)
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
static void link_to(struct lt_layer_record *record, struct lt_record_entry *entry, const struct lt_tar_file *file)
{
    const struct lt_tarhead *head = &file->head;
    struct lt_buf path = {0};
    struct lt_record_entry *of = NULL;
    if (place(record, head->target, &path))
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

static void add_whiteout(struct lt_layer_record *record, struct lt_str path, const struct lt_tar_file *file,
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

static void add_file(struct lt_layer_record *record, struct lt_str path, const struct lt_tar_file *file,
                     uint64_t offset)
{
    struct lt_str name = lt_str_basename(path), subject = lt_str_skip(name, WHITEOUT.len);
    if ((!record->is_tar && is_internal(path)) || !path.len)
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

void lt_record_add(struct lt_layer_record *record, const struct lt_tar_file *file, uint64_t offset)
{
    struct lt_buf path = {0};
    if (place(record, file->name, &path))
        add_file(record, lt_buf_view(&path), file, offset);
    else
        lt_record_problem(record, offset, LT_CODE_DAMAGED,
                          "its name leads out of the layer, is too long, or has too many links");
    record->complete &= record->steps < MOST_STEPS;
    lt_buf_free(&path);
}

void lt_record_problem(struct lt_layer_record *record, uint64_t offset, const char *code, const char *text)
{
    struct lt_err *problem = lt_new(&record->arena, struct lt_err);
    lt_fail(problem, LT_SKIP, code, 0, "%s at offset %ju: %s", record->is_tar ? "tar" : "line", (uintmax_t)offset,
            text);
    lt_list_add(&record->problems, &record->arena, problem);
}

void lt_record_loss(struct lt_layer_record *record, uint64_t offset, const struct lt_err *problem)
{
    record->complete = false;
    lt_record_problem(record, offset, problem->code, problem->text);
}

bool lt_record_is_full(struct lt_layer_record *record, uint64_t offset)
{
    struct lt_err problem = {0};
    if (record->arena.bytes <= LT_MAX_RECORD)
        return false;
    lt_fail(&problem, LT_SKIP, LT_CODE_TOO_LARGE, 0, "the record takes more than %d MiB: not read further",
            LT_MAX_RECORD >> 20);
    lt_record_loss(record, offset, &problem);
    return true;
}
