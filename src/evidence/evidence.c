// SPDX-License-Identifier: Apache-2.0
#include "evidence/evidence.h"

#include "evidence/disks/disks.h"

#include <errno.h>

#define EVIDENCE(name) extern const struct lt_evidence_kind lt_evidence_##name;
#include "evidence/evidence.def"
#undef EVIDENCE

const struct lt_evidence_kind *const lt_evidence_kinds[] = {
#define EVIDENCE(name) &lt_evidence_##name,
#include "evidence/evidence.def"
#undef EVIDENCE
    NULL,
};

enum lt_status lt_evidence_open(struct lt_evidence *evidence, const char *spec, const struct lt_evidence_args *args,
                                struct lt_err *err)
{
    *evidence = (struct lt_evidence){.spec = spec, .args = *args};
    struct stat status;
    if (stat(spec, &status) < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the evidence");
    int best = 0;
    for (size_t i = 0; lt_evidence_kinds[i]; i++) {
        int bid = lt_evidence_kinds[i]->bid(spec, &status);
        if (bid > best) {
            best = bid;
            evidence->kind = lt_evidence_kinds[i];
        }
    }
    if (!evidence->kind)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                       "neither a directory nor a disk image (a regular file or block device)");
    return evidence->kind->open(evidence, err);
}

void lt_evidence_close(struct lt_evidence *evidence)
{
    lt_each (struct lt_fs, fs, &evidence->fs)
        if (fs->ops->release)
            fs->ops->release(fs);
    if (evidence->kind)
        evidence->kind->close(evidence);
    lt_arena_free(&evidence->arena);
}

void lt_evidence_find_all(const struct lt_list *evidence, const struct lt_list *problems)
{
    struct lt_disks *disks = NULL;
    lt_each (struct lt_evidence, each, evidence) {
        struct lt_err *err = problems->items[each_at];
        if (!disks)
            disks = lt_new(&each->arena, struct lt_disks);
        each->disks = disks;
        if (!err->set && each->kind->find(each, err) == LT_FATAL)
            return;
    }
    if (disks)
        lt_disks_join(disks);
    lt_each (struct lt_evidence, each, evidence) {
        struct lt_err *err = problems->items[each_at];
        if (!err->set && each->kind->settle)
            each->kind->settle(each, err);
    }
}

enum lt_status lt_evidence_find(struct lt_evidence *evidence, struct lt_err *err)
{
    struct lt_err problem = {0}, *kept = err ? err : &problem;
    void *one = evidence, *its = kept;
    const struct lt_list all = {.items = &one, .count = 1}, problems = {.items = &its, .count = 1};
    lt_evidence_find_all(&all, &problems);
    return kept->set ? kept->status : LT_OK;
}
