// SPDX-License-Identifier: Apache-2.0
#include "evidence/disks/unread.h"

#include "evidence/evidence.h"

#include <stdio.h>

static const char *code_of(const struct lt_magic *magic)
{
    return magic->damaged ? LT_CODE_DAMAGED : LT_CODE_UNSUPPORTED;
}

/* "partition at sector 2048 (Linux (0x83))", "volume vg0/var". */
static struct lt_str title(const struct lt_area *area)
{
    bool told = area->use.len && area->kind == LT_AREA_PARTITION,
         cut = area->device.size && area->device.size < area->size;
    return lt_str_format(&area->evidence->arena, "%.*s%s%.*s%s%s", LT_ARG(area->name), told ? " (" : "",
                         told ? (int)area->use.len : 0, area->use.ptr, told ? ")" : "",
                         cut ? ", cut off by the end of the image," : "");
}

static bool is_for_boot(const struct lt_area *area, const struct lt_magic *magic)
{
    static const char *const uses[] = {"EFI system", "BIOS boot", "PReP boot", "Microsoft reserved"};
    bool plain = !magic->advice || strcmp(magic->name, "a FAT file system") == 0;
    for (size_t i = 0; plain && i < sizeof uses / sizeof *uses; i++)
        if (lt_str_eq(area->type, lt_str_c(uses[i])))
            return true;
    return false;
}

bool lt_unread_is_boot(struct lt_area *area)
{
    struct lt_magic magic = {0};
    lt_magic_find(&area->device, &area->evidence->arena, &magic);
    return is_for_boot(area, &magic);
}

/* No host can be there. What was never written is usual. If it is zeros because an acquisition failed, the table of
 * mounts tells what is missing. */
static bool is_no_host(const struct lt_area *area, const struct lt_magic *magic)
{
    bool zeros = area->kind != LT_AREA_IMAGE && strcmp(magic->name, "nothing but zeros") == 0;
    return zeros || strcmp(magic->name, "swap space") == 0 || is_for_boot(area, magic);
}

static void take_magic(struct lt_area *area, const struct lt_magic *magic)
{
    area->holds = lt_str_c(magic->name);
    area->uuid = magic->uuid;
    area->label = magic->label;
    area->detail = magic->detail;
    area->advice = magic->advice;
    area->no_host = is_no_host(area, magic);
}

void lt_unread_name(struct lt_area *area)
{
    struct lt_arena *arena = &area->evidence->arena;
    struct lt_magic magic = {.name = "something unknown"};
    struct lt_err err = {0};
    struct lt_str name = title(area);
    if (!area->device.size && area->kind == LT_AREA_PARTITION) {
        magic.name = "a partition that is cut off";
        lt_fail(&err, LT_SKIP, LT_CODE_TRUNCATED, 0, "%.*s begins behind the end of the image", LT_ARG(name));
    } else if (lt_magic_find(&area->device, arena, &magic)) {
        lt_fail(&err, LT_SKIP, code_of(&magic), 0, "%.*s holds %s", LT_ARG(name),
                lt_magic_text(&magic, true, arena).ptr);
    } else {
        lt_fail(&err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "%.*s holds no file system that is known", LT_ARG(name));
    }
    take_magic(area, &magic);
    if (area->no_host)
        return;
    area->problem = err;
    lt_evidence_note(area->evidence, &err);
}

void lt_unread_note(const struct lt_area *area, const struct lt_err *why)
{
    struct lt_err err = {0};
    lt_fail(&err, LT_SKIP, why->code, 0, "%.*s%s%s", LT_ARG(area->name), area->name.len ? ": " : "", why->text);
    lt_evidence_note(area->evidence, &err);
}

void lt_unread_report(struct lt_area *area)
{
    if (area->problem.set)
        lt_unread_note(area, &area->problem);
}

/* Bytes that nobody knows, for who looks them up. */
static enum lt_status fail_unknown(const struct lt_device *bytes, struct lt_err *err)
{
    enum { SHOWN = 16 };
    unsigned char first[SHOWN];
    char hex[2 * SHOWN + 1] = "";
    size_t size = bytes->size < SHOWN ? (size_t)bytes->size : SHOWN;
    if (!size)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "an empty file");
    if (!lt_device_read(bytes, 0, first, size))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "the start of the image cannot be read");
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", first[i]);
    return lt_fail(
        err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
        "no file system, partitions or format of images that is known; perhaps it is encrypted or damaged. It "
        "begins with the bytes %s",
        hex);
}

/* What is not read, for a summary. */
struct unread {
    struct lt_buf list; /* owned: "swap space at sector 2048, ..." */
    const char *advice; /* for the first of them that may hold files, static; or NULL */
    bool volumes;
};

/* Is nothing made of it? */
static bool is_leaf(const struct lt_area *area)
{
    lt_each (const struct lt_area, child, &area->children)
        if (child->kind != LT_AREA_GROUP || child->children.count)
            return false;
    return true;
}

static void list_unread(struct unread *unread, const struct lt_area *area)
{
    unread->volumes |= area->kind == LT_AREA_VOLUME;
    if (is_leaf(area) && area->kind != LT_AREA_GROUP) {
        lt_buf_printf(&unread->list, "%s%.*s %.*s", unread->list.len ? ", " : "",
                      LT_ARG(area->holds.len ? area->holds : LT_STR("nothing that can be reached")),
                      LT_ARG(area->device.place.len ? area->device.place : area->name));
        if (!unread->advice)
            unread->advice = area->advice;
    }
    lt_each (const struct lt_area, child, &area->children)
        list_unread(unread, child);
}

static enum lt_status fail_parts(const struct lt_area *image, struct lt_err *err)
{
    struct unread unread = {0};
    lt_each (const struct lt_area, child, &image->children)
        list_unread(&unread, child);
    lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "no %s can be read: %.*s%s%s",
            unread.volumes ? "volume or partition" : "partition", LT_ARG(lt_buf_view(&unread.list)),
            unread.advice ? ". For the first that may hold files: " : "", unread.advice ? unread.advice : "");
    lt_buf_free(&unread.list);
    return LT_SKIP;
}

enum lt_status lt_unread_fail(struct lt_area *image, const struct lt_magic *file, struct lt_err *err)
{
    struct lt_arena *arena = &image->evidence->arena;
    struct lt_magic magic;
    bool parts = !is_leaf(image);
    if (image->member && parts)
        return fail_parts(image, err);
    bool known = file || lt_magic_find(&image->device, arena, &magic);
    if (!file)
        file = &magic;
    if (known && !image->member)
        take_magic(image, file);
    if (known && (file->advice || !parts))
        return lt_fail(err, LT_SKIP, code_of(file), 0, "%s", lt_magic_text(file, true, arena).ptr);
    if (parts)
        return fail_parts(image, err);
    if (image->problem.set)
        return lt_fail(err, LT_SKIP, image->problem.code, 0, "%s", image->problem.text);
    return fail_unknown(&image->device, err);
}
