// SPDX-License-Identifier: Apache-2.0
/* The record of a run (--manifest). Everything about the run itself is here, so that outputs can be byte-identical
 * wherever and whenever they are made. */
#ifndef LT_RUN_MANIFEST_H
#define LT_RUN_MANIFEST_H

#include "contain/contain.h"
#include "read/report.h"
#include "run/options.h"

/* Events that the user did not ask to see, of one sort. */
struct lt_left_out {
    const char *words; /* "files of image and init layers", static */
    uint64_t events;
};

struct lt_manifest {
    const struct lt_options *options;
    const struct lt_report *report;
    const struct lt_inventory *inventory;
    const struct lt_list *evidence; /* of struct lt_evidence * */
    const struct lt_list *left_out; /* of struct lt_left_out * */
    int argc;
    char **argv;
    struct lt_time started, finished;
    uint64_t rows, bytes; /* of the output */
    struct lt_str sha256; /* of the output, "" if unknown */
    const struct lt_contained *contained;
};

/* Write the manifest as JSON. */
void lt_manifest_put(struct lt_buf *out, const struct lt_manifest *manifest);

#endif
