// SPDX-License-Identifier: Apache-2.0
/* Compares one entry of an image layer with its tar, and puts the differences into words. Differences that unpacking
 * makes by itself were measured: see tamper.h. */
#ifndef LT_OVERLAY_LAYER_COMPARE_H
#define LT_OVERLAY_LAYER_COMPARE_H

#include "base/crc64.h"
#include "overlay/layer_record.h"

enum { LT_COMPARE_CHUNK = 256 * 1024 };

/* State for comparisons within one layer. Initialise with lt_compare_init(). */
struct lt_compare {
    struct lt_ctx *ctx;
    bool copied; /* containerd copied the entry from the layer below: it sets times of directories before it fills them
                  */
    struct lt_time begin, end; /* interval of the unpacking: a ctime outside makes contents worth reading */
    struct lt_arena scratch;   /* for findings */
    struct lt_arena memory;    /* for `sums` */
    struct lt_map sums;        /* inode -> uint64_t *: contents of a file with several names are read once */
    struct lt_crc64 crc64;
    char buffer[LT_COMPARE_CHUNK];
};

/* Findings about one entry. Initialise with {0}. Facts live in compare->scratch. */
struct lt_finding {
    lt_tags tags;         /* LT_TAG_BIT()s */
    struct lt_list facts; /* of struct lt_str * */
};

/* Initialise. Call lt_compare_layer() before comparing. `ctx` is borrowed. */
void lt_compare_init(struct lt_compare *compare, struct lt_ctx *ctx);
void lt_compare_free(struct lt_compare *compare);

/* Begin with a new layer, which was unpacked between `begin` and `end`. */
void lt_compare_layer(struct lt_compare *compare, struct lt_time begin, struct lt_time end);

/* Add tags and a fact. */
void lt_finding_add(struct lt_finding *finding, struct lt_compare *compare, lt_tags tags, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Add the tags and facts to the event. The attributes live in compare->scratch. */
void lt_finding_apply(const struct lt_finding *finding, struct lt_compare *compare, struct lt_event *event);

/* Compare the node of the event, which is not a whiteout; or a whiteout. */
void lt_compare_entry(struct lt_compare *compare, const struct lt_event *event, const struct lt_record_entry *entry,
                      struct lt_finding *finding);
void lt_compare_whiteout(struct lt_compare *compare, const struct lt_record_entry *entry, struct lt_finding *finding);

/* Type of the entry in words: "a file", "a deletion"... */
const char *lt_record_word(const struct lt_record_entry *entry);

/* ISO 8601 in UTC, in compare->scratch. */
const char *lt_compare_time(struct lt_compare *compare, struct lt_time time);

#endif
