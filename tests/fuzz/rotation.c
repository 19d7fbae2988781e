// SPDX-License-Identifier: Apache-2.0
/* Names of rotated logs. Input: two names of the same log, separated by a line feed. Their order is one. */
#include "parse/rotation.h"

#include "fuzz.h"

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static bool parse(struct lt_str name, struct lt_str log, struct lt_rotation *out)
{
    if (!lt_rotation_parse(name, log, out))
        return false;
    PROMISE(inside(out->way, name));
    PROMISE((out->kind == LT_NOT_ROTATED) == lt_str_eq(name, log));
    PROMISE(lt_rotation_day(out).set == (out->kind == LT_ROTATED_BY_DATE));
    PROMISE(lt_rotation_cmp(out, out) == 0);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str second = {(const char *)data, size}, first = lt_str_cut(&second, '\n');
    struct lt_rotation a, b;
    struct lt_str log = lt_rotation_base(first);
    PROMISE(inside(log, first) && parse(first, log, &a));
    if (!parse(second, log, &b))
        return 0;
    PROMISE(lt_rotation_cmp(&a, &b) == -lt_rotation_cmp(&b, &a));
    PROMISE(!lt_rotation_follows(&a, &b) || lt_rotation_cmp(&a, &b) < 0);
    return 0;
}
