// SPDX-License-Identifier: Apache-2.0
#include "overlay/layer_compare.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    MAX_ZEROS = 1024 * 1024 * 1024, /* a longer run of zeros is not read to its end */
    NOBODY = 65534,                 /* ID that the kernel shows for an owner that the user namespace does not map */
};

/* A ctime may come from a coarser clock than the next one. */
static const int64_t SLACK = 100000000;

void lt_compare_init(struct lt_compare *compare, struct lt_ctx *ctx)
{
    memset(compare, 0, sizeof *compare);
    compare->ctx = ctx;
    lt_crc64_init(&compare->crc64);
}

void lt_compare_free(struct lt_compare *compare)
{
    lt_arena_free(&compare->scratch);
    lt_arena_free(&compare->memory);
}

void lt_compare_layer(struct lt_compare *compare, struct lt_time begin, struct lt_time end)
{
    compare->begin = begin;
    compare->end = end;
    compare->sums = (struct lt_map){0};
    lt_arena_reset(&compare->memory);
}

void lt_finding_add(struct lt_finding *finding, struct lt_compare *compare, lt_tags tags, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct lt_str *fact = lt_new(&compare->scratch, struct lt_str);
    *fact = lt_str_dup(&compare->scratch, lt_str_c(text));
    lt_list_add(&finding->facts, &compare->scratch, fact);
    finding->tags |= tags;
}

void lt_finding_apply(const struct lt_finding *finding, struct lt_compare *compare, struct lt_event *event)
{
    event->tags |= finding->tags;
    lt_each (struct lt_str, fact, &finding->facts)
        lt_event_add_fact(event, &compare->scratch, *fact);
}

#define changed(finding, compare, ...) lt_finding_add((finding), (compare), LT_TAG_BIT(layer_changed), __VA_ARGS__)

static const char *type_word(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "a file";
    case S_IFDIR:
        return "a directory";
    case S_IFLNK:
        return "a symbolic link";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    case S_IFIFO:
        return "a FIFO";
    default:
        return "a socket";
    }
}

const char *lt_record_word(const struct lt_record_entry *entry)
{
    return entry->whiteout ? "a deletion" : type_word((entry->of ? entry->of : entry)->mode);
}

const char *lt_compare_time(struct lt_compare *compare, struct lt_time time)
{
    struct lt_buf text = {0};
    lt_time_iso(&text, time, time.nsec ? 9 : 0);
    lt_buf_char(&text, 'Z');
    const char *copy = lt_str_dup(&compare->scratch, lt_buf_view(&text)).ptr;
    lt_buf_free(&text);
    return copy;
}

/* Unpacking sets times that do not fit into 64 bits of nanoseconds to 1970 (moby go-archive/time.go). A file system may
 * store whole seconds, or nothing after 2038. The tar of a layer built here has whole seconds. */
static bool same_time(struct lt_time here, struct lt_time there)
{
    int64_t nanos;
    if (there.sec < 0 || !lt_time_nanos(there, &nanos))
        return here.sec == 0 && here.nsec == 0;
    bool clamped = here.sec == INT32_MAX && there.sec > INT32_MAX;
    return clamped || (here.sec == there.sec && (here.nsec == there.nsec || !here.nsec || !there.nsec));
}

/* Does the host's `id` map to another ID in the container than the header's? False if the map is not known up to that
 * ID. `*inside` is the ID in the container. */
static bool id_differs(const struct lt_idmap *map, uint32_t id, uint64_t header, uint32_t *inside)
{
    uint64_t known = 0;
    *inside = id;
    if (!map)
        return id != header;
    for (size_t i = 0; i < map->count; i++)
        known += map->ranges[i].count;
    if (!lt_idmap_inside(map, id, inside))
        *inside = NOBODY;
    return header < known && *inside != header;
}

static void compare_header(struct lt_compare *compare, struct lt_finding *finding, const struct lt_node *node,
                           const struct lt_record_entry *entry)
{
    uint32_t uid, gid;
    bool device = S_ISCHR(node->mode) || S_ISBLK(node->mode);
    if (!S_ISLNK(node->mode) && (node->mode & 07777) != (entry->mode & 07777))
        changed(finding, compare, "mode %04o, in the layer's tar %04o", node->mode & 07777, entry->mode & 07777);
    const struct lt_root *root = compare->ctx->root;
    bool other_uid = id_differs(root->uids, node->uid, entry->uid, &uid);
    bool other_gid = id_differs(root->gids, node->gid, entry->gid, &gid);
    if (other_uid || other_gid)
        changed(finding, compare, "owner %u:%u, in the layer's tar %ju:%ju", uid, gid, (uintmax_t)entry->uid,
                (uintmax_t)entry->gid);
    if (device && (node->major != entry->major || node->minor != entry->minor))
        changed(finding, compare, "device %u:%u, in the layer's tar %u:%u", node->major, node->minor, entry->major,
                entry->minor);
    bool timeless = compare->copied && S_ISDIR(node->mode); /* containerd continuity fs/copy.go, copyDirectory */
    if (!timeless && !same_time(node->time[LT_M], entry->mtime))
        lt_finding_add(finding, compare, LT_TAG_BIT(layer_touched), "modified %s, in the layer's tar %s",
                       lt_compare_time(compare, node->time[LT_M]), lt_compare_time(compare, entry->mtime));
}

/* CRC-64 of a file. LT_SKIP: it cannot be read, which was reported. */
static enum lt_status sum_file(struct lt_compare *compare, const struct lt_event *event, uint64_t *sum)
{
    struct lt_err problem = {0};
    struct lt_file file;
    uint64_t offset = 0, zeros = 0;
    enum lt_status status = lt_file_open_entry(compare->ctx->fs, event->dir, event->node, &file, &problem);
    *sum = 0;
    while (status == LT_OK && offset < file.size) {
        ssize_t got = lt_file_read(&file, compare->buffer, LT_COMPARE_CHUNK, offset, &problem);
        if (got <= 0) {
            status = lt_fail(&problem, LT_SKIP, LT_CODE_TRUNCATED, 0, "the file is shorter than its size");
            break;
        }
        offset += (uint64_t)got;
        *sum = lt_crc64(&compare->crc64, *sum, compare->buffer, (size_t)got);
        bool zero = !compare->buffer[0] && memcmp(compare->buffer, compare->buffer + 1, (size_t)got - 1) == 0;
        zeros = zero ? zeros + (uint64_t)got : 0;
        if (zeros > MAX_ZEROS)
            status = lt_fail(&problem, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d MiB of zeros: contents not checked",
                             MAX_ZEROS >> 20);
    }
    if (status == LT_END)
        status = lt_fail(&problem, LT_SKIP, LT_CODE_MISSING, 0, "the file has vanished");
    if (status != LT_OK)
        lt_skip_entry(compare->ctx, event->dir, event->node, &problem);
    lt_file_close(&file);
    return status;
}

/* sum_file(), once for all names of an inode. */
static enum lt_status sum_of(struct lt_compare *compare, const struct lt_event *event, uint64_t *sum)
{
    const struct lt_node *node = event->node;
    struct lt_str key = {(const char *)&node->ino, sizeof node->ino};
    const uint64_t *known = node->nlink > 1 ? lt_map_get(&compare->sums, key) : NULL;
    if (known) {
        *sum = *known;
        return LT_OK;
    }
    enum lt_status status = sum_file(compare, event, sum);
    if (status == LT_OK && node->nlink > 1) {
        uint64_t *kept = lt_new(&compare->memory, uint64_t);
        *kept = *sum;
        lt_map_put(&compare->sums, &compare->memory, lt_str_dup(&compare->memory, key), kept);
    }
    return status;
}

static void compare_contents(struct lt_compare *compare, struct lt_finding *finding, const struct lt_event *event,
                             const struct lt_record_entry *entry)
{
    uint64_t sum;
    if (event->node->size && entry->has_crc && sum_of(compare, event, &sum) == LT_OK && sum != entry->crc)
        changed(finding, compare, "contents with CRC-64 %016jx, in the layer's tar %016jx", (uintmax_t)sum,
                (uintmax_t)entry->crc);
}

/* Find an overlay mark or a capability that is not part of the layer. */
static void compare_xattrs(struct lt_compare *compare, struct lt_finding *finding, const struct lt_event *event,
                           const struct lt_record_entry *entry)
{
    struct lt_fs *fs = compare->ctx->fs;
    struct lt_list xattrs = {0};
    if (!fs->ops->xattrs)
        return;
    fs->ops->xattrs(fs, event->dir, event->node, &compare->scratch, &xattrs, NULL);
    lt_each (struct lt_xattr, xattr, &xattrs) {
        bool opaque = lt_str_ends(xattr->name, LT_STR(".overlay.opaque")) && lt_str_eq(xattr->value, LT_STR("y"));
        if (opaque && !entry->opaque)
            changed(finding, compare,
                    "an opaque directory, which it is not in the layer's tar: it hides what is below");
        if (lt_str_eq(xattr->name, LT_STR("security.capability")) && !entry->capability)
            changed(finding, compare, "security.capability is set, which the layer's tar does not do");
    }
}

/* Was the inode changed after the layer was unpacked, or before? Also true if that is unknown. */
static bool is_outside(const struct lt_compare *compare, struct lt_time time)
{
    struct lt_time begin = compare->begin, end = compare->end;
    return !time.set || !end.set || lt_time_diff(end, time) > SLACK || (begin.set && lt_time_diff(time, begin) > SLACK);
}

void lt_compare_entry(struct lt_compare *compare, const struct lt_event *event, const struct lt_record_entry *entry,
                      struct lt_finding *finding)
{
    const struct lt_node *node = event->node;
    const struct lt_record_entry *file = entry->of ? entry->of : entry;
    bool exact = entry->mode && file->mode && !entry->implied;
    if (file->mode && (node->mode ^ file->mode) & S_IFMT) {
        changed(finding, compare, "%s, in the layer's tar %s", type_word(node->mode), lt_record_word(entry));
        return;
    }
    if (exact && !file->loose)
        compare_header(compare, finding, node, file);
    if (S_ISLNK(node->mode) && !lt_str_eq(node->target, file->target))
        changed(finding, compare, "it points to '%.*s', in the layer's tar to '%.*s'", LT_ARG(node->target),
                LT_ARG(file->target));
    bool sized = S_ISREG(node->mode) && file->has_size, same_size = sized && node->size == file->size;
    if (sized && !same_size)
        changed(finding, compare, "size %ju, in the layer's tar %ju", (uintmax_t)node->size, (uintmax_t)file->size);
    if (!finding->tags && !compare->ctx->reading->verify_layers && !is_outside(compare, node->time[LT_C]))
        return;
    if (same_size)
        compare_contents(compare, finding, event, file);
    if (exact && !S_ISLNK(node->mode))
        compare_xattrs(compare, finding, event, file);
}

void lt_compare_whiteout(struct lt_compare *compare, const struct lt_record_entry *entry, struct lt_finding *finding)
{
    if (!entry->whiteout)
        changed(finding, compare, "a deletion, in the layer's tar %s", lt_record_word(entry));
    else if (entry->mtime.set && entry->mtime.sec > 0)
        lt_finding_add(finding, compare, 0, "deleted before %s by the clock of the image's builder",
                       lt_compare_time(compare, entry->mtime));
}
