// SPDX-License-Identifier: Apache-2.0
/* One entry of an image layer beside what its tar says of it: the differences in words. What is no difference, because
 * unpacking does it, was measured: see tamper.h. */
#ifndef LT_OVERLAY_LAYER_COMPARE_H
#define LT_OVERLAY_LAYER_COMPARE_H

#include "base/crc64.h"
#include "overlay/layer_record.h"

enum { LT_COMPARE_CHUNK = 256 * 1024 };

/* What comparisons within one layer need. Initialise with lt_compare_init(). */
struct lt_compare {
    struct lt_ctx *ctx;
    struct lt_time begin, end; /* of the unpacking: a ctime outside makes contents worth reading */
    struct lt_arena scratch;   /* of findings */
    struct lt_arena memory;    /* of `sums` */
    struct lt_map sums;        /* inode -> uint64_t *: contents with several names are read once */
    struct lt_crc64 crc64;
    char buffer[LT_COMPARE_CHUNK];
};

/* What was found about one entry. Initialise with {0}; facts are in the scratch of `compare`. */
struct lt_finding {
    lt_tags tags;         /* LT_TAG_BIT()s */
    struct lt_list facts; /* of struct lt_str * */
};

/* Ready for use, but for lt_compare_layer(). */
void lt_compare_init(struct lt_compare *compare, struct lt_ctx *ctx);
void lt_compare_free(struct lt_compare *compare);

/* A new layer, which was unpacked from `begin` to `end`. */
void lt_compare_layer(struct lt_compare *compare, struct lt_time begin, struct lt_time end);

/* Add tags and a fact. */
void lt_finding_add(struct lt_finding *finding, struct lt_compare *compare, lt_tags tags, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Give the event the tags and facts. The attributes are in the scratch. */
void lt_finding_apply(const struct lt_finding *finding, struct lt_compare *compare, struct lt_event *event);

/* Compare the node of the event, which is no whiteout, or one that is. */
void lt_compare_entry(struct lt_compare *compare, const struct lt_event *event, const struct lt_record_entry *entry,
                      struct lt_finding *finding);
void lt_compare_whiteout(struct lt_compare *compare, const struct lt_record_entry *entry, struct lt_finding *finding);

/* "a file", "a deletion"... */
const char *lt_record_word(const struct lt_record_entry *entry);

/* ISO 8601 in UTC, in scratch. */
const char *lt_compare_time(struct lt_compare *compare, struct lt_time time);

#endif
