// SPDX-License-Identifier: Apache-2.0
/* identities EVIDENCE: by which names the file systems of the evidence are known, a line for each, tab-separated:
 * number of the partition, PARTUUID, PARTLABEL, UUID, label, where it was mounted last. Exit 3 if there is no file
 * system. */
#include "evidence/evidence.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct lt_evidence evidence;
    const struct lt_evidence_args args = {0};
    struct lt_err err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: identities EVIDENCE\n");
        return 2;
    }
    if (lt_evidence_open(&evidence, argv[1], &args, &err) != LT_OK || lt_evidence_find(&evidence, &err) != LT_OK)
        fprintf(stderr, "%s\n", err.text);
    lt_each (struct lt_fs, fs, &evidence.fs) {
        const struct lt_fs_identity *id = &fs->identity;
        printf("%u\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\n", id->partition, LT_ARG(id->partuuid), LT_ARG(id->partlabel),
               LT_ARG(id->uuid), LT_ARG(id->label), LT_ARG(id->last_mounted));
    }
    int code = evidence.fs.count ? 0 : 3;
    lt_evidence_close(&evidence);
    return code;
}
