// SPDX-License-Identifier: Apache-2.0
#include "parse/tarhead.h"

#include <stdlib.h>

/* Fields of the block: offset and size (POSIX pax; the fields that GNU tar has in place of `prefix` are not read). */
#define NAME     0, 100
#define MODE     100, 8
#define UID      108, 8
#define GID      116, 8
#define SIZE     124, 12
#define MTIME    136, 12
#define CHECKSUM 148, 8
#define LINKNAME 157, 100
#define MAGIC    257, 8
#define MAJOR    329, 8
#define MINOR    337, 8
#define PREFIX   345, 155
enum { TYPE_AT = 156, CHECKSUM_AT = 148, CHECKSUM_LEN = 8, MAX_EXTENSION = 1024 * 1024 };

#define bad(err, ...) lt_fail((err), LT_SKIP, LT_CODE_DAMAGED, 0, __VA_ARGS__)

static struct lt_str field(struct lt_str block, size_t at, size_t size)
{
    return (struct lt_str){block.ptr + at, size};
}

/* The field up to its first NUL. */
static struct lt_str until_nul(struct lt_str field)
{
    const char *end = memchr(field.ptr, 0, field.len);
    return (struct lt_str){field.ptr, end ? (size_t)(end - field.ptr) : field.len};
}

/* Octal digits with spaces or NULs around them; an empty field is 0. */
static bool octal(struct lt_str digits, int64_t *out)
{
    while (digits.len && (*digits.ptr == ' ' || !*digits.ptr))
        digits = lt_str_skip(digits, 1);
    digits = until_nul(digits);
    while (digits.len && digits.ptr[digits.len - 1] == ' ')
        digits.len--;
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '7' || value >> 60)
            return false;
        value = value << 3 | (uint64_t)(digits.ptr[i] - '0');
    }
    *out = (int64_t)value;
    return true;
}

/* GNU's base-256: the first bit marks it, the rest is a big-endian number in two's complement. */
static bool base256(struct lt_str bytes, int64_t *out)
{
    unsigned char first = (unsigned char)bytes.ptr[0];
    unsigned char fill = first & 0x40 ? 0xFF : 0;
    uint64_t value = fill ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        if (i == 0)
            byte = (unsigned char)((first & 0x7F) | (fill & 0x80));
        if (bytes.len - i > 8 ? byte != fill : bytes.len - i == 8 && (byte ^ fill) & 0x80)
            return false; /* more than 64 bits */
        value = value << 8 | byte;
    }
    *out = (int64_t)value;
    return true;
}

static bool number(struct lt_str field, int64_t *out)
{
    return (unsigned char)*field.ptr & 0x80 ? base256(field, out) : octal(field, out);
}

/* Sum the bytes as unsigned and as signed numbers: some old writers took them for signed. */
static void add_up(const char *bytes, int count, int *plain, int *with_sign)
{
    int sum = 0, high = 0;
    for (int i = 0; i < count; i++) {
        sum += (unsigned char)bytes[i];
        high += (unsigned char)bytes[i] >> 7;
    }
    *plain += sum;
    *with_sign += sum - 256 * high;
}

/* Compare the checksum: the sum of all bytes, with those of the checksum itself as spaces. */
static bool checksum_fits(struct lt_str block)
{
    enum { AFTER = CHECKSUM_AT + CHECKSUM_LEN };
    int64_t wanted;
    int plain = CHECKSUM_LEN * ' ', with_sign = plain;
    add_up(block.ptr, CHECKSUM_AT, &plain, &with_sign);
    add_up(block.ptr + AFTER, LT_TAR_BLOCK - AFTER, &plain, &with_sign);
    return number(field(block, CHECKSUM), &wanted) && (wanted == plain || wanted == with_sign);
}

static bool is_ustar(struct lt_str block)
{
    return lt_str_starts(field(block, MAGIC), LT_STR("ustar\0"));
}

static bool has_devices(struct lt_str block)
{
    return is_ustar(block) || lt_str_eq(field(block, MAGIC), LT_STR("ustar  \0"));
}

/* Parse the header itself, without extensions. */
static enum lt_status parse_block(struct lt_str block, struct lt_arena *arena, struct lt_tarhead *out,
                                  struct lt_err *err)
{
    int64_t mode, uid, gid, size, mtime, major = 0, minor = 0;
    if (!checksum_fits(block))
        return bad(err, "no tar header: its checksum is wrong");
    if (!number(field(block, MODE), &mode) || !number(field(block, UID), &uid) || !number(field(block, GID), &gid) ||
        !number(field(block, SIZE), &size) || size < 0 || !number(field(block, MTIME), &mtime))
        return bad(err, "a tar header with a number that is none");
    out->type = block.ptr[TYPE_AT];
    if (has_devices(block) && (!number(field(block, MAJOR), &major) || !number(field(block, MINOR), &minor)))
        return bad(err, "a tar header with a device number that is none");
    out->name = until_nul(field(block, NAME));
    out->target = until_nul(field(block, LINKNAME));
    struct lt_str prefix = is_ustar(block) ? until_nul(field(block, PREFIX)) : LT_STR("");
    if (prefix.len)
        out->name = lt_path_join(arena, prefix, out->name);
    out->mode = (uint32_t)mode & 07777;
    out->uid = (uint64_t)uid;
    out->gid = (uint64_t)gid;
    out->size = (uint64_t)size;
    out->major = (uint32_t)major;
    out->minor = (uint32_t)minor;
    out->mtime = lt_time_at(mtime, 0);
    return LT_OK;
}

/* Take the digits at the start of `*rest`. False: there are none, or they exceed int64_t. */
static bool take_decimal(struct lt_str *rest, int64_t *out)
{
    size_t digits = 0;
    *out = 0;
    for (; digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, rest->ptr[digits] - '0', out))
            return false;
    *rest = lt_str_skip(*rest, digits);
    return digits;
}

static bool decimal(struct lt_str text, uint64_t *out)
{
    int64_t value;
    bool good = take_decimal(&text, &value) && !text.len;
    if (good)
        *out = (uint64_t)value;
    return good;
}

/* "[-]SECONDS[.FRACTION]"; digits of the fraction after the ninth are dropped. */
static bool pax_time(struct lt_str text, struct lt_time *out)
{
    int64_t sec;
    uint32_t nsec = 0;
    bool negative = lt_str_starts(text, LT_STR("-"));
    text = lt_str_skip(text, negative);
    if (!take_decimal(&text, &sec) || (text.len && text.ptr[0] != '.'))
        return false;
    struct lt_str fraction = lt_str_skip(text, 1);
    for (size_t i = 0; i < fraction.len || i < 9; i++) {
        char digit = i < fraction.len ? fraction.ptr[i] : '0';
        if (digit < '0' || digit > '9')
            return false;
        nsec = i < 9 ? nsec * 10 + (uint32_t)(digit - '0') : nsec;
    }
    if (negative) {
        sec = -sec - (nsec > 0);
        nsec = nsec ? 1000000000 - nsec : 0;
    }
    *out = lt_time_at(sec, nsec);
    return true;
}

/* What the extensions say; it overrides the header. */
struct extras {
    struct lt_str name, target;
    struct lt_list pax; /* of struct lt_tar_xattr *: key and value */
};

static enum lt_status apply_record(struct lt_tarhead *head, const struct lt_tar_xattr *record, struct lt_arena *arena,
                                   struct lt_err *err)
{
    static const struct lt_str xattr = {"SCHILY.xattr.", 13};
    struct lt_str key = record->name, value = record->value;
    bool good = true;
    if (lt_str_eq(key, LT_STR("GNU.sparse.name")) && value.len)
        head->sparse_name = value;
    if (lt_str_starts(key, LT_STR("GNU.sparse.")))
        head->sparse = true;
    else if (!value.len)
        return LT_OK; /* this revokes a value of a global header: the block counts */
    else if (lt_str_eq(key, LT_STR("path")))
        head->name = value;
    else if (lt_str_eq(key, LT_STR("linkpath")))
        head->target = value;
    else if (lt_str_eq(key, LT_STR("mtime")))
        good = pax_time(value, &head->mtime);
    else if (lt_str_eq(key, LT_STR("uid")))
        good = decimal(value, &head->uid);
    else if (lt_str_eq(key, LT_STR("gid")))
        good = decimal(value, &head->gid);
    else if (lt_str_eq(key, LT_STR("size")))
        good = decimal(value, &head->size);
    else if (lt_str_starts(key, xattr) && key.len > xattr.len) {
        struct lt_tar_xattr *out = lt_new(arena, struct lt_tar_xattr);
        *out = (struct lt_tar_xattr){lt_str_skip(key, xattr.len), value};
        lt_list_add(&head->xattrs, arena, out);
    }
    return good ? LT_OK : bad(err, "a PAX record '%.*s' that cannot be read", (int)key.len, key.ptr);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts the whole record. */
static enum lt_status take_record(struct lt_str *rest, struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    int64_t length;
    struct lt_str after = *rest;
    bool good = take_decimal(&after, &length) && lt_str_starts(after, LT_STR(" ")) &&
                (uint64_t)length > rest->len - after.len + 1 && (uint64_t)length <= rest->len &&
                rest->ptr[length - 1] == '\n';
    if (!good)
        return bad(err, "damaged PAX records");
    struct lt_str record = {after.ptr + 1, (size_t)length - (rest->len - after.len) - 2};
    const char *equals = memchr(record.ptr, '=', record.len);
    if (!equals)
        return bad(err, "a PAX record without a value");
    struct lt_tar_xattr *pair = lt_new(arena, struct lt_tar_xattr);
    pair->name = (struct lt_str){record.ptr, (size_t)(equals - record.ptr)};
    pair->value = lt_str_skip(record, pair->name.len + 1);
    lt_list_add(out, arena, pair);
    *rest = lt_str_skip(*rest, (size_t)length);
    return LT_OK;
}

static enum lt_status take_extension(char type, struct lt_str data, struct lt_arena *arena, struct extras *extras,
                                     struct lt_err *err)
{
    enum lt_status status = LT_OK;
    if (type == 'L')
        extras->name = until_nul(data);
    else if (type == 'K')
        extras->target = until_nul(data);
    else
        while (data.len && status == LT_OK)
            status = take_record(&data, arena, &extras->pax, err);
    return status;
}

static enum lt_status finish(struct lt_tarhead *head, const struct extras *extras, struct lt_arena *arena,
                             struct lt_err *err)
{
    enum lt_status status = LT_OK;
    if (extras->name.len)
        head->name = extras->name;
    if (extras->target.len)
        head->target = extras->target;
    lt_each (struct lt_tar_xattr, record, &extras->pax)
        if (status == LT_OK)
            status = apply_record(head, record, arena, err);
    if (head->sparse_name.len)
        head->name = head->sparse_name;
    if (!head->type || head->type == '7')
        head->type = '0';
    if (head->type == '0' && lt_str_ends(head->name, LT_STR("/")))
        head->type = '5'; /* this is how v7 wrote directories */
    return status;
}

enum lt_status lt_tarhead_parse(struct lt_str bytes, struct lt_arena *arena, struct lt_tarhead *out, size_t *used,
                                struct lt_err *err)
{
    struct extras extras = {0};
    size_t at = 0;
    for (;;) {
        *out = (struct lt_tarhead){.type = 0};
        if (bytes.len - at < LT_TAR_BLOCK)
            return LT_END;
        struct lt_str block = {bytes.ptr + at, LT_TAR_BLOCK};
        if (lt_tar_is_zero(block))
            return LT_END;
        enum lt_status status = parse_block(block, arena, out, err);
        if (status != LT_OK)
            return status;
        at += LT_TAR_BLOCK;
        if (!out->type || !strchr("xgLK", out->type)) {
            *used = at;
            return finish(out, &extras, arena, err);
        }
        if (out->size > MAX_EXTENSION)
            return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "a tar extension of %ju bytes", (uintmax_t)out->size);
        size_t size = (size_t)out->size;
        if (bytes.len - at < size + lt_tar_padding(size))
            return LT_END;
        if (out->type != 'g')
            status = take_extension(out->type, (struct lt_str){bytes.ptr + at, size}, arena, &extras, err);
        at += size + lt_tar_padding(size);
        *used = at;
        if (status != LT_OK || out->type == 'g')
            return status;
    }
}
