// SPDX-License-Identifier: Apache-2.0
/* Lists what can be carved out of an image: format, place, size, whether it is complete, what it says. */
#include "carve/carve.h"
#include "evidence/evidence.h"

#include <stdio.h>

static enum lt_status print(void *arg, const struct lt_carved *find, struct lt_err *err)
{
    (void)arg, (void)err;
    printf("%s\t%ju\t%ju\t%s\t%.*s\t%.*s\t%.*s\t%.*s\n", find->format, (uintmax_t)find->extents[0].at,
           (uintmax_t)find->size, find->complete ? "complete" : find->why, LT_ARG(find->said.container),
           LT_ARG(find->said.name), LT_ARG(find->said.image), LT_ARG(find->said.layer));
    return LT_OK;
}

int main(int argc, char **argv)
{
    struct lt_evidence evidence;
    struct lt_evidence_args args = {0};
    struct lt_err err = {0};
    bool good = argc == 2 && lt_evidence_open(&evidence, argv[1], &args, &err) == LT_OK &&
                lt_evidence_find(&evidence, &err) == LT_OK;
    if (good)
        lt_each (struct lt_fs, fs, &evidence.fs) {
            const struct lt_carve_search search = {.fs = fs, .each = print};
            if (fs->ops->unowned)
                lt_carve(&search, &err);
        }
    if (err.set)
        fprintf(stderr, "%s\n", err.text);
    return err.set;
}
