// SPDX-License-Identifier: Apache-2.0
#include "evidence/image/tsk.h"

#include "contain/child.h"
#include "evidence/image/libtsk.h"
#include "evidence/path_index.h"

#include <stdlib.h>

/* --- formats of images -------------------------------------------------------------------------------------------- */

/* The format, told by magic numbers alone: libtsk's own guess would try every library on hostile bytes. The first
 * segment of a raw image is told by its name (".001", ".aa"); libtsk finds the others. */
static enum lt_packed packed_format(const struct lt_device *file, const char *spec)
{
    static const struct {
        const char *magic;
        size_t length;
        enum lt_packed format;
    } formats[] = {
        {"EVF\x09\x0D\x0A\xFF", 8, LT_PACKED_EWF},
        {"KDMV", 4, LT_PACKED_VMDK},
        {"# Disk DescriptorFile", 21, LT_PACKED_VMDK},
        {"vhdxfile", 8, LT_PACKED_VHD},
    };
    char bytes[32];
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].length <= file->size && lt_device_read(file, 0, bytes, formats[i].length) &&
            memcmp(bytes, formats[i].magic, formats[i].length) == 0)
            return formats[i].format;
    struct lt_str name = lt_str_c(spec);
    bool segment = lt_str_ends(name, LT_STR(".001")) || lt_str_ends(name, LT_STR(".000")) ||
                   lt_str_ends(name, LT_STR(".aa")) || lt_str_ends(name, LT_STR(".aaa"));
    return segment ? LT_PACKED_SEGMENTS : LT_PACKED_NONE;
}

/* Readers take small steps, and each question costs two changes of process: some bytes around what was asked for last
 * are kept. */
enum { WINDOW = 32 * 1024 };

struct unpacked {
    struct lt_child child;
    struct lt_buf question;
    uint64_t at;  /* offset of the window */
    size_t known; /* bytes in it */
    char window[WINDOW];
};

static bool take_window(const struct unpacked *unpacked, uint64_t offset, void *buffer, size_t size)
{
    uint64_t from = offset - unpacked->at;
    if (offset < unpacked->at || from > unpacked->known || size > unpacked->known - from)
        return false;
    memcpy(buffer, unpacked->window + from, size);
    return true;
}

static ssize_t ask_unpacked(struct unpacked *unpacked, uint64_t offset, void *buffer, size_t size)
{
    struct lt_message answer;
    lt_tsk_ask(&unpacked->question, LT_TSK_PACKED);
    lt_put_number(&unpacked->question, offset);
    lt_put_number(&unpacked->question, size);
    if (lt_child_ask(&unpacked->child, &unpacked->question, &answer, NULL) != LT_OK)
        return -1;
    size_t got = answer.rest.len < size ? answer.rest.len : size;
    memcpy(buffer, answer.rest.ptr, got);
    return (ssize_t)got;
}

static ssize_t read_unpacked(void *arg, uint64_t offset, void *buffer, size_t size)
{
    struct unpacked *unpacked = arg;
    if (take_window(unpacked, offset, buffer, size))
        return (ssize_t)size;
    if (size < WINDOW) {
        unpacked->at = offset / WINDOW * WINDOW;
        ssize_t got = ask_unpacked(unpacked, unpacked->at, unpacked->window, WINDOW);
        unpacked->known = got > 0 ? (size_t)got : 0;
        if (take_window(unpacked, offset, buffer, size))
            return (ssize_t)size;
    }
    return ask_unpacked(unpacked, offset, buffer, size < LT_TSK_PIECE ? size : LT_TSK_PIECE);
}

static void close_unpacked(void *arg)
{
    struct unpacked *unpacked = arg;
    lt_child_end(&unpacked->child);
    lt_buf_free(&unpacked->question);
}

/* Let the library open the image, and learn what it consists of. */
static enum lt_status open_packed(struct lt_evidence *evidence, struct unpacked *unpacked, enum lt_packed format,
                                  uint64_t *size, struct lt_err *err)
{
    const struct lt_child_args args = {evidence->args.helper, evidence->args.readable, -1, -1, NULL, NULL};
    struct lt_message answer;
    if (lt_child_start(&unpacked->child, &lt_library_tsk, &args, err) != LT_OK)
        return LT_SKIP;
    lt_tsk_ask(&unpacked->question, LT_TSK_UNPACK);
    lt_put_number(&unpacked->question, format);
    lt_put_str(&unpacked->question, lt_str_c(evidence->spec));
    if (lt_child_ask(&unpacked->child, &unpacked->question, &answer, err) != LT_OK)
        return LT_SKIP;
    *size = lt_take_number(&answer);
    for (uint64_t files = lt_take_number(&answer); files && !answer.bad; files--)
        lt_list_add_str(&evidence->files, &evidence->arena, lt_str_dup(&evidence->arena, lt_take_str(&answer)));
    return answer.bad ? lt_child_distrust(&unpacked->child, err) : LT_OK;
}

enum lt_status lt_tsk_unpack(struct lt_evidence *evidence, const struct lt_device *file, struct lt_device *out,
                             struct lt_err *err)
{
    static const char *const names[] = {
        [LT_PACKED_SEGMENTS] = "raw", [LT_PACKED_EWF] = "ewf", [LT_PACKED_VMDK] = "vmdk", [LT_PACKED_VHD] = "vhd"};
    enum lt_packed format = packed_format(file, evidence->spec);
    struct unpacked *unpacked = lt_new(&evidence->arena, struct unpacked);
    struct lt_err why = {0};
    uint64_t size = 0;
    if (format == LT_PACKED_NONE)
        return LT_END;
    if (open_packed(evidence, unpacked, format, &size, &why) != LT_OK) {
        close_unpacked(unpacked);
        return lt_fail(err, LT_SKIP, why.code, 0, "cannot open the %s image (%s)", names[format], why.text);
    }
    *out = (struct lt_device){
        .read = read_unpacked,
        .close = close_unpacked,
        .arg = unpacked,
        .size = size,
        .sector_size = file->sector_size,
        .failed = file->failed,
    };
    return LT_OK;
}

const char *lt_tsk_format(const struct lt_device *file, const char *spec)
{
    switch (packed_format(file, spec)) {
    case LT_PACKED_EWF:
        return "EWF";
    case LT_PACKED_VMDK:
        return "VMDK";
    case LT_PACKED_VHD:
        return "VHDI";
    default:
        return "RAW";
    }
}

/* --- a view of a device ------------------------------------------------------------------------------------------- */

/* A library that looks at a device. It has no file of its own: it asks for each piece. */
struct view {
    struct lt_device device;
    struct lt_child child;
    struct lt_buf question;
};

static const char *give_bytes(void *arg, struct lt_message *question, struct lt_buf *out)
{
    const struct view *view = arg;
    struct lt_device device = view->device;
    uint64_t what = lt_take_number(question), offset = lt_take_number(question), size = lt_take_number(question);
    if (lt_take_number(question))
        device.failed = NULL;
    if (question->bad || what != LT_TSK_DEVICE || size > LT_TSK_PIECE)
        return "an unknown question";
    lt_buf_reserve(out, (size_t)size);
    out->len += lt_device_read_some(&device, offset, out->ptr + out->len, (size_t)size);
    return NULL;
}

/* Start one, and begin the question that opens something on it. End it with close_view(), also after a failure. */
static enum lt_status open_view(struct view *view, const struct lt_evidence *evidence, const struct lt_device *device,
                                enum lt_tsk_question question, struct lt_err *err)
{
    const struct lt_child_args args = {evidence->args.helper, -1, -1, -1, give_bytes, view};
    view->device = *device;
    if (lt_child_start(&view->child, &lt_library_tsk, &args, err) != LT_OK)
        return LT_SKIP;
    lt_tsk_ask(&view->question, question);
    lt_put_number(&view->question, device->size);
    lt_put_number(&view->question, device->sector_size);
    return LT_OK;
}

static void close_view(struct view *view)
{
    lt_child_end(&view->child);
    lt_buf_free(&view->question);
}

/* --- partition tables --------------------------------------------------------------------------------------------- */

/* Call `each` for the partitions of an answer. */
static bool each_partition(const struct lt_device *disk, struct lt_message *answer, struct lt_arena *arena,
                           lt_each_partition *each, void *arg)
{
    uint64_t block = lt_take_number(answer);
    while (answer->rest.len) {
        uint64_t table = lt_take_number(answer), start = lt_take_number(answer), length = lt_take_number(answer);
        struct lt_str description = lt_str_dup(arena, lt_take_str(answer));
        if (answer->bad)
            return false;
        struct lt_str place = lt_str_format(arena, "at sector %ju", (uintmax_t)start);
        struct lt_device partition = lt_device_slice(disk, table + start * block, UINT64_MAX, place);
        partition.sector_size = (uint32_t)block;
        each(arg, &partition, length * block, description.ptr);
    }
    return !answer->bad;
}

enum lt_status lt_tsk_partitions(struct lt_evidence *evidence, const struct lt_device *disk,
                                 enum lt_partition_table promised, lt_each_partition *each, void *arg,
                                 struct lt_err *err)
{
    struct view view = {0};
    struct lt_message answer;
    bool damaged = false;
    enum lt_status status = open_view(&view, evidence, disk, LT_TSK_TABLE, err);
    if (status == LT_OK) {
        lt_put_number(&view.question, promised);
        status = lt_child_ask(&view.child, &view.question, &answer, err);
    }
    if (status == LT_OK) {
        damaged = lt_take_number(&answer);
        if (!each_partition(disk, &answer, &evidence->arena, each, arg))
            status = lt_child_distrust(&view.child, err);
    }
    close_view(&view);
    evidence->table_copy = damaged;
    if (status == LT_OK && damaged)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                         "the partition table (GPT) is damaged at the start of the disk: its copy at the end is used");
    return status;
}

/* --- file systems ------------------------------------------------------------------------------------------------- */

struct reader {
    struct view view;
    uint64_t root;              /* its inode */
    struct lt_path_index index; /* libtsk searches a directory from the start for every name */
};

static struct reader *state(struct lt_fs *fs)
{
    return fs->self;
}

/* Ask about an inode. */
static enum lt_status ask_inode(struct reader *self, enum lt_tsk_question question, uint64_t ino,
                                struct lt_message *answer, struct lt_err *err)
{
    lt_tsk_ask(&self->view.question, question);
    lt_put_number(&self->view.question, ino);
    return lt_child_ask(&self->view.child, &self->view.question, answer, err);
}

/* libtsk means "unknown" by 0. */
static struct lt_time take_time(struct lt_message *answer)
{
    int64_t sec = (int64_t)lt_take_number(answer);
    uint64_t nsec = lt_take_number(answer);
    return sec && nsec < 1000000000 ? lt_time_at(sec, (uint32_t)nsec) : (struct lt_time){0};
}

static enum lt_status describe(struct lt_fs *fs, struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
{
    struct lt_message answer;
    struct lt_err why = {0};
    if (ask_inode(state(fs), LT_TSK_DESCRIBE, node->ino, &answer, &why) != LT_OK)
        return lt_fail(err, LT_SKIP, why.code, 0, "cannot read inode %ju (%s)", (uintmax_t)node->ino, why.text);
    node->mode = (uint32_t)lt_take_number(&answer) & (S_IFMT | 07777);
    node->size = lt_take_number(&answer);
    node->uid = (uint32_t)lt_take_number(&answer);
    node->gid = (uint32_t)lt_take_number(&answer);
    node->nlink = (uint32_t)lt_take_number(&answer);
    node->time[LT_M] = take_time(&answer);
    node->time[LT_A] = take_time(&answer);
    node->time[LT_C] = take_time(&answer);
    node->time[LT_B] = take_time(&answer);
    struct lt_str target = lt_take_str(&answer);
    if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
        node->major = UINT32_MAX; /* libtsk gives no device number: never take one for a whiteout */
    if (S_ISLNK(node->mode) && target.len)
        node->target = lt_str_dup(arena, target);
    return answer.bad ? lt_child_distrust(&state(fs)->view.child, err) : LT_OK;
}

/* Call `each` for the names of an answer. What `each` asks takes the place of the answer, so this is a copy. */
static bool each_name(struct lt_buf *names, lt_each_name *each, void *arg, bool *impossible)
{
    struct lt_message answer = {.rest = lt_buf_view(names)};
    while (answer.rest.len) {
        struct lt_str name = lt_take_str(&answer);
        uint64_t ino = lt_take_number(&answer), type = lt_take_number(&answer);
        if (answer.bad)
            break;
        if (lt_fs_is_name(name))
            each(arg, name, ino, (unsigned)type & S_IFMT);
        else
            *impossible |= !lt_str_eq(name, LT_STR(".")) && !lt_str_eq(name, LT_STR(".."));
    }
    lt_buf_free(names);
    return !answer.bad;
}

/* See lt_names_of. */
static enum lt_status names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    uint64_t failed = fs->evidence->failed_reads;
    struct lt_message answer;
    struct lt_buf names = {0};
    struct lt_err why = {0};
    bool impossible = false;
    if (ask_inode(state(fs), LT_TSK_NAMES, ino, &answer, &why) != LT_OK)
        return lt_fail(err, LT_SKIP, why.code, 0, "cannot read the directory (%s)", why.text);
    lt_buf_add(&names, answer.rest);
    if (!each_name(&names, each, arg, &impossible))
        return lt_child_distrust(&state(fs)->view.child, err);
    if (impossible)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible name in a directory (inode %ju)", (uintmax_t)ino);
    if (fs->evidence->failed_reads != failed)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "a read failed: names may be missing");
    return LT_OK;
}

/* The same for the index, which may ask about something that is no directory. */
static enum lt_status indexed_names(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_node node = {.ino = ino};
    enum lt_status status = describe(fs, &scratch, &node, err);
    lt_arena_free(&scratch);
    if (status == LT_OK && !S_ISDIR(node.mode))
        return LT_END;
    return status == LT_OK ? names_of(fs, ino, each, arg, err) : status;
}

static enum lt_status reader_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                  struct lt_err *err)
{
    struct lt_found found;
    enum lt_status status = lt_path_find(&state(fs)->index, fs, state(fs)->root, indexed_names, path, &found, err);
    *out = (struct lt_node){.name = lt_str_basename(path), .ino = found.ino};
    return status == LT_OK ? describe(fs, arena, out, err) : status;
}

struct list_job {
    struct lt_arena *arena;
    struct lt_listing *out;
};

static void list_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    (void)type;
    struct list_job *job = arg;
    lt_listing_add(job->out, job->arena, name, ino);
}

static enum lt_status reader_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                  struct lt_listing *out, struct lt_err *err)
{
    *out = (struct lt_listing){0};
    struct list_job job = {arena, out};
    enum lt_status status = names_of(fs, dir->ino, list_name, &job, err);
    for (size_t i = 0; i < out->count; i++) {
        struct lt_err problem = {0};
        if (describe(fs, arena, &out->nodes[i], &problem) == LT_OK)
            continue;
        struct lt_err *error = lt_new(arena, struct lt_err);
        *error = problem;
        out->nodes[i].error = error;
    }
    lt_listing_sort(out);
    return status;
}

static enum lt_status reader_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                   struct lt_err *err)
{
    return names_of(fs, dir->ino, each, arg, err);
}

static enum lt_status reader_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                      struct lt_node *node, struct lt_err *err)
{
    (void)dir;
    return describe(fs, arena, node, err);
}

static enum lt_status reader_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_node node;
    enum lt_status status = reader_stat(fs, path, &scratch, &node, err);
    lt_arena_free(&scratch);
    if (status != LT_OK)
        return status;
    if (!S_ISREG(node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    out->handle = lt_realloc(NULL, sizeof node.ino);
    memcpy(out->handle, &node.ino, sizeof node.ino);
    out->size = node.size;
    return LT_OK;
}

static ssize_t reader_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    struct view *view = &state(file->fs)->view;
    const uint64_t *ino = file->handle;
    struct lt_message answer;
    struct lt_err why = {0};
    size = size < LT_TSK_PIECE ? size : LT_TSK_PIECE;
    lt_tsk_ask(&view->question, LT_TSK_CONTENT);
    lt_put_number(&view->question, *ino);
    lt_put_number(&view->question, offset);
    lt_put_number(&view->question, size);
    if (lt_child_ask(&view->child, &view->question, &answer, &why) != LT_OK) {
        lt_fail(err, LT_SKIP, why.code, 0, "read fails at offset %ju (%s)", (uintmax_t)offset, why.text);
        return -1;
    }
    size_t got = answer.rest.len < size ? answer.rest.len : size;
    memcpy(buffer, answer.rest.ptr, got);
    return (ssize_t)got;
}

static void reader_close(struct lt_file *file)
{
    free(file->handle);
    file->handle = NULL;
}

static void reader_release(struct lt_fs *fs)
{
    close_view(&state(fs)->view);
}

static const struct lt_fs_ops reader_ops = {
    .stat = reader_stat,
    .list = reader_list,
    .names = reader_names,
    .describe = reader_describe,
    .open = reader_open,
    .read = reader_read,
    .close = reader_close,
    .release = reader_release,
};

enum lt_status lt_tsk_fs(struct lt_fs *fs, const struct lt_device *disk, const struct lt_device *device,
                         const char **type, struct lt_err *err)
{
    struct lt_arena *arena = &fs->evidence->arena;
    struct reader *self = lt_new(arena, struct reader);
    struct lt_message answer = {0};
    if (device->arg != disk->arg)
        return LT_END;
    enum lt_status status = open_view(&self->view, fs->evidence, disk, LT_TSK_FS, err);
    if (status == LT_OK) {
        lt_put_number(&self->view.question, device->start - disk->start);
        status = lt_child_ask(&self->view.child, &self->view.question, &answer, err);
    }
    *type = lt_str_dup(arena, lt_take_str(&answer)).ptr;
    fs->medium.type = lt_take_number(&answer) ? "EXT" : "TSK";
    self->root = lt_take_number(&answer);
    if (status == LT_OK && answer.bad)
        status = lt_child_distrust(&self->view.child, err);
    if (status == LT_OK && !**type)
        status = LT_END;
    if (status != LT_OK)
        close_view(&self->view);
    fs->ops = &reader_ops;
    fs->self = self;
    return status;
}
