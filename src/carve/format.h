// SPDX-License-Identifier: Apache-2.0
/* What a format of carve.def provides, and the find that it makes. Private to carve/. */
#ifndef LT_CARVE_FORMAT_H
#define LT_CARVE_FORMAT_H

#include "base/packing.h"
#include "carve/block.h"
#include "carve/carve.h"
#include "carve/document.h"

/* A find while it grows. */
struct lt_carve_find {
    const struct lt_carve_format *format;
    uint64_t size;      /* bytes taken so far */
    uint64_t wanted;    /* of formats that know it from the begin */
    struct lt_buf kept; /* owned; its first bytes, as many as the format wants to see again */
    struct lt_buf rest; /* owned; what waits for the next block */
    struct lt_carve_document document;
    uint64_t unpacked;            /* bytes that the unpacker gave */
    struct lt_unpacker *unpacker; /* owned by the format, which ends it in drop() */
    bool fresh;                   /* nothing before it goes on in it */
    bool open_end;                /* its last block is full: what follows may belong to it */
    bool sound;                   /* a sum or a grammar held to its end */
    struct lt_arena arena;        /* of `said` */
    struct lt_carve_said said;
};

/* Where a text ends because another file begins, though no zeros lie between. */
enum lt_carve_cut {
    LT_CARVE_CUTS_NEVER,
    LT_CARVE_CUTS_LINE,  /* its begin is seldom in the midst of a text: only behind a line */
    LT_CARVE_CUTS_ALWAYS /* it is never there by accident */
};

enum lt_carve_step {
    LT_CARVE_MORE, /* all of the block belongs to it */
    LT_CARVE_DONE, /* `*used` bytes do, and it ends there */
    LT_CARVE_NOT,  /* nothing of the block does: it ended before */
};

struct lt_carve_format {
    const char *name; /* for the output */
    bool text;        /* it is one that text has: see lt_carve_block.text */
    enum lt_carve_cut cuts;
    size_t keep; /* bytes for lt_carve_find.kept */
    /* Can one begin here? `*skip` bytes in front, 0 at first, belong to something before. The cheaper, the better. */
    bool (*begins)(const struct lt_carve_block *block, size_t *skip);
    /* Take a block, or what follows `*skip` in the first. */
    enum lt_carve_step (*take)(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used);
    /* It has ended: fill in `said` and `sound`. False: it is none of this format. What is text then counts as other
     * text. NULL: nothing to do. */
    bool (*finish)(struct lt_carve_find *find);
    /* Give back what belongs to the format. NULL: nothing. */
    void (*drop)(struct lt_carve_find *find);
    const char *why; /* what is not `sound` is not known to be complete, since ... */
};

/* NULL-terminated table made from carve.def. */
extern const struct lt_carve_format *const lt_carve_formats[];

#endif
