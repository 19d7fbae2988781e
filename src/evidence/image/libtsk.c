// SPDX-License-Identifier: Apache-2.0
/* libtsk keeps quiet about failed reads, so it reads through what counts them. Its recursive walk stops at depth 128
 * without saying so, and is not used. */
#include "evidence/image/libtsk.h"

#include "base/arena.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <tsk/libtsk.h>

struct state {
    struct lt_peer *parent;
    TSK_IMG_INFO *packed;
    TSK_IMG_INFO view; /* of the parent's device */
    bool viewing;      /* `view` is open */
    bool quiet;        /* what cannot be read now is no failure */
    TSK_FS_INFO *fs;
    TSK_FS_FILE *file; /* that was read last */
    struct lt_buf buffer;
};

static const char *tsk_reason(void)
{
    const char *text = tsk_error_get_errno() ? tsk_error_get_errstr() : NULL;
    return text && *text ? text : "no detail";
}

const char *lt_tsk_version(void)
{
    return tsk_version_get_str();
}

/* --- packed images ------------------------------------------------------------------------------------------------ */

static const char *unpack(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    static const TSK_IMG_TYPE_ENUM types[] = {
        [LT_PACKED_SEGMENTS] = TSK_IMG_TYPE_RAW,
        [LT_PACKED_EWF] = TSK_IMG_TYPE_EWF_EWF,
        [LT_PACKED_VMDK] = TSK_IMG_TYPE_VMDK_VMDK,
        [LT_PACKED_VHD] = TSK_IMG_TYPE_VHD_VHD,
    };
    struct lt_arena arena = {0};
    uint64_t format = lt_take_number(question);
    const char *spec = lt_str_dup(&arena, lt_take_str(question)).ptr;
    if (format < sizeof types / sizeof *types && !state->packed)
        state->packed = tsk_img_open_utf8(1, &spec, types[format], 0);
    lt_arena_free(&arena);
    if (!state->packed)
        return tsk_reason();
    lt_put_number(out, (uint64_t)state->packed->size);
    lt_put_number(out, (uint64_t)state->packed->num_img);
    for (int i = 0; i < state->packed->num_img; i++)
        lt_put_str(out, lt_str_c(state->packed->images[i]));
    return NULL;
}

/* Room for `size` bytes behind what is in `out`. */
static char *make_room(struct lt_buf *out, uint64_t size)
{
    lt_buf_reserve(out, (size_t)size);
    return out->ptr + out->len;
}

static const char *read_packed(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    uint64_t offset = lt_take_number(question), size = lt_take_number(question);
    if (!state->packed || size > LT_TSK_PIECE)
        return "no image is open";
    ssize_t got = tsk_img_read(state->packed, (TSK_OFF_T)offset, make_room(out, size), (size_t)size);
    if (got < 0)
        return tsk_reason();
    out->len += (size_t)got;
    return NULL;
}

/* --- a view of the parent's device -------------------------------------------------------------------------------- */

static ssize_t view_read(TSK_IMG_INFO *info, TSK_OFF_T offset, char *buffer, size_t size)
{
    struct state *state = (struct state *)((char *)info - offsetof(struct state, view));
    struct lt_message answer;
    lt_tsk_ask(&state->buffer, LT_TSK_DEVICE);
    lt_put_number(&state->buffer, (uint64_t)offset);
    lt_put_number(&state->buffer, size);
    lt_put_number(&state->buffer, state->quiet);
    if (lt_peer_ask(state->parent, &state->buffer, &answer) != LT_PEER_ANSWER)
        return -1;
    size_t got = answer.rest.len < size ? answer.rest.len : size;
    memcpy(buffer, answer.rest.ptr, got);
    return got ? (ssize_t)got : -1;
}

static void view_close(TSK_IMG_INFO *info)
{
    (void)info; /* its memory is the state's */
}

static void view_stat(TSK_IMG_INFO *info, FILE *out)
{
    (void)info;
    (void)out;
}

/* Look at the device of the question: its size in bytes, and that of a sector. */
static bool open_view(struct state *state, struct lt_message *question)
{
    uint64_t size = lt_take_number(question), sector = lt_take_number(question);
    if (!state->viewing)
        state->viewing = tsk_img_open_external(&state->view, (TSK_OFF_T)size, (unsigned)sector, view_read, view_close,
                                               view_stat) != NULL;
    return state->viewing;
}

/* --- partition tables -------------------------------------------------------------------------------------------- */

/* libtsk refuses a table with a partition that begins behind the end of the image, so that nothing of an image that is
 * cut off could be read. Here it may look for tables where nothing is, which is no failure. */
static TSK_VS_INFO *open_cut_table(struct state *state, TSK_VS_TYPE_ENUM type)
{
    TSK_OFF_T size = state->view.size;
    state->view.size = INT64_MAX / 2;
    state->quiet = true;
    TSK_VS_INFO *table = tsk_vs_open(&state->view, 0, type);
    state->view.size = size;
    state->quiet = false;
    return table;
}

/* When libtsk guesses, it takes no GPT that is damaged at the start of the disk. When it is told, it takes the copy at
 * the end. */
static TSK_VS_INFO *open_table(struct state *state, uint64_t promised, bool *damaged)
{
    TSK_VS_INFO *table = tsk_vs_open(&state->view, 0, TSK_VS_TYPE_DETECT), *copy = NULL;
    *damaged = false;
    if (!table && promised == LT_PARTITION_DOS)
        return open_cut_table(state, TSK_VS_TYPE_DOS);
    if (promised != LT_PARTITION_GPT || (table && table->vstype == TSK_VS_TYPE_GPT))
        return table;
    copy = tsk_vs_open(&state->view, 0, TSK_VS_TYPE_GPT);
    *damaged = copy;
    if (!copy)
        copy = open_cut_table(state, TSK_VS_TYPE_GPT);
    if (!copy)
        return table;
    tsk_vs_close(table);
    return copy;
}

static const char *list_partitions(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    bool damaged, open = open_view(state, question);
    uint64_t promised = lt_take_number(question);
    if (!open)
        return tsk_reason();
    TSK_VS_INFO *table = open_table(state, promised, &damaged);
    lt_put_number(out, damaged);
    lt_put_number(out, table ? table->block_size : 0);
    for (TSK_PNUM_T i = 0; table && i < table->part_count; i++) {
        const TSK_VS_PART_INFO *part = tsk_vs_part_get(table, i);
        if (!part || !(part->flags & TSK_VS_PART_FLAG_ALLOC))
            continue;
        lt_put_number(out, (uint64_t)table->offset);
        lt_put_number(out, part->start);
        lt_put_number(out, part->len);
        lt_put_str(out, lt_str_c(part->desc));
    }
    tsk_vs_close(table);
    return NULL;
}

/* --- file systems ------------------------------------------------------------------------------------------------ */

/* libtsk's own guess also looks for YAFFS2, which no host has, and reads a hundredth of the disk for it. Two kinds at
 * one place are none, as there. */
static TSK_FS_INFO *guess_fs(struct state *state, TSK_OFF_T offset)
{
    static const TSK_FS_TYPE_ENUM kinds[] = {
        TSK_FS_TYPE_NTFS_DETECT, TSK_FS_TYPE_FAT_DETECT,  TSK_FS_TYPE_EXT_DETECT,     TSK_FS_TYPE_FFS_DETECT,
        TSK_FS_TYPE_HFS_DETECT,  TSK_FS_TYPE_APFS_DETECT, TSK_FS_TYPE_ISO9660_DETECT,
    };
    TSK_FS_INFO *found = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        TSK_FS_INFO *other = tsk_fs_open_img(&state->view, offset, kinds[i]);
        if (found && other) {
            tsk_fs_close(other);
            tsk_fs_close(found);
            return NULL;
        }
        found = other ? other : found;
    }
    return found;
}

static const char *open_fs(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    bool open = open_view(state, question);
    uint64_t offset = lt_take_number(question);
    if (open && !state->fs)
        state->fs = guess_fs(state, (TSK_OFF_T)offset);
    lt_put_str(out, state->fs ? lt_str_c(tsk_fs_type_toname(state->fs->ftype)) : LT_STR(""));
    lt_put_number(out, state->fs && TSK_FS_TYPE_ISEXT(state->fs->ftype));
    lt_put_number(out, state->fs ? state->fs->root_inum : 0);
    return NULL;
}

static mode_t type_of(TSK_FS_META_TYPE_ENUM type)
{
    switch (type) {
    case TSK_FS_META_TYPE_DIR:
        return S_IFDIR;
    case TSK_FS_META_TYPE_LNK:
        return S_IFLNK;
    case TSK_FS_META_TYPE_CHR:
        return S_IFCHR;
    case TSK_FS_META_TYPE_BLK:
        return S_IFBLK;
    case TSK_FS_META_TYPE_FIFO:
        return S_IFIFO;
    case TSK_FS_META_TYPE_SOCK:
        return S_IFSOCK;
    default:
        return S_IFREG;
    }
}

static unsigned name_type(TSK_FS_NAME_TYPE_ENUM type)
{
    return type == TSK_FS_NAME_TYPE_DIR ? S_IFDIR : type == TSK_FS_NAME_TYPE_REG ? S_IFREG : 0;
}

static void put_time(struct lt_buf *out, time_t sec, uint32_t nsec)
{
    lt_put_number(out, (uint64_t)sec);
    lt_put_number(out, nsec);
}

static const char *describe(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    TSK_FS_FILE *file = tsk_fs_file_open_meta(state->fs, NULL, lt_take_number(question));
    const TSK_FS_META *meta = file ? file->meta : NULL;
    if (!meta) {
        tsk_fs_file_close(file);
        return tsk_reason();
    }
    lt_put_number(out, type_of(meta->type) | ((uint32_t)meta->mode & 07777));
    lt_put_number(out, (uint64_t)meta->size);
    lt_put_number(out, meta->uid);
    lt_put_number(out, meta->gid);
    lt_put_number(out, (uint64_t)meta->nlink);
    put_time(out, meta->mtime, meta->mtime_nano);
    put_time(out, meta->atime, meta->atime_nano);
    put_time(out, meta->ctime, meta->ctime_nano);
    put_time(out, meta->crtime, meta->crtime_nano);
    lt_put_str(out, lt_str_c(meta->link));
    tsk_fs_file_close(file);
    return NULL;
}

static const char *list_names(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    TSK_FS_DIR *dir = tsk_fs_dir_open_meta(state->fs, lt_take_number(question));
    if (!dir)
        return tsk_reason();
    size_t count = tsk_fs_dir_getsize(dir);
    for (size_t i = 0; i < count; i++) {
        const TSK_FS_NAME *entry = tsk_fs_dir_get_name(dir, i);
        /* libtsk adds a directory of its own to the root, for inodes without a name. */
        if (!entry || !(entry->flags & TSK_FS_NAME_FLAG_ALLOC) || entry->meta_addr == TSK_FS_ORPHANDIR_INUM(state->fs))
            continue;
        lt_put_str(out, lt_str_c(entry->name));
        lt_put_number(out, entry->meta_addr);
        lt_put_number(out, name_type(entry->type));
    }
    tsk_fs_dir_close(dir);
    return NULL;
}

static const char *read_content(struct state *state, struct lt_message *question, struct lt_buf *out)
{
    uint64_t ino = lt_take_number(question), offset = lt_take_number(question), size = lt_take_number(question);
    if (state->file && state->file->meta && state->file->meta->addr != ino) {
        tsk_fs_file_close(state->file);
        state->file = NULL;
    }
    if (!state->file)
        state->file = tsk_fs_file_open_meta(state->fs, NULL, ino);
    if (!state->file || size > LT_TSK_PIECE)
        return tsk_reason();
    ssize_t got = tsk_fs_file_read(state->file, (TSK_OFF_T)offset, make_room(out, size), (size_t)size,
                                   TSK_FS_FILE_READ_FLAG_NONE);
    if (got < 0)
        return tsk_reason();
    out->len += (size_t)got;
    return NULL;
}

/* --- the table of questions --------------------------------------------------------------------------------------- */

static const char *answer(void *arg, struct lt_message *question, struct lt_buf *out)
{
    static const struct {
        const char *(*answer)(struct state *, struct lt_message *, struct lt_buf *);
        bool needs_fs;
    } questions[] = {
        [LT_TSK_UNPACK] = {unpack, false},         [LT_TSK_PACKED] = {read_packed, false},
        [LT_TSK_TABLE] = {list_partitions, false}, [LT_TSK_FS] = {open_fs, false},
        [LT_TSK_DESCRIBE] = {describe, true},      [LT_TSK_NAMES] = {list_names, true},
        [LT_TSK_CONTENT] = {read_content, true},
    };
    struct state *state = arg;
    uint64_t what = lt_take_number(question);
    if (what >= sizeof questions / sizeof *questions || !questions[what].answer)
        return "an unknown question";
    if (questions[what].needs_fs && !state->fs)
        return "no file system is open";
    if (what != LT_TSK_PACKED) /* who asks for that may be in the midst of a question about what lies above */
        tsk_error_reset();
    return questions[what].answer(state, question, out);
}

static void *begin(struct lt_peer *parent, int fd)
{
    (void)fd;
    struct state *state = lt_realloc(NULL, sizeof *state);
    memset(state, 0, sizeof *state);
    state->parent = parent;
    return state;
}

static void end(void *arg)
{
    struct state *state = arg;
    tsk_fs_file_close(state->file);
    if (state->fs)
        tsk_fs_close(state->fs);
    if (state->viewing)
        tsk_img_close(&state->view);
    if (state->packed)
        tsk_img_close(state->packed);
    lt_buf_free(&state->buffer);
    free(state);
}

const struct lt_library lt_library_tsk = {
    .name = "image reader",
    .begin = begin,
    .answer = answer,
    .end = end,
};
