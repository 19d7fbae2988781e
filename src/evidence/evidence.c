// SPDX-License-Identifier: Apache-2.0
#include "evidence/evidence.h"

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
