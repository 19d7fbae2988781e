// SPDX-License-Identifier: Apache-2.0
/* The records of layers are unpacked and read on a thread of their own, each while the layer before is walked: that
 * takes as long as the walk. What is found, and in which order it is reported, does not depend on it. */
#ifndef LT_OVERLAY_RECORD_AHEAD_H
#define LT_OVERLAY_RECORD_AHEAD_H

#include "overlay/layer_record.h"

#include <pthread.h>

/* Initialise with zeros. At most one record is read ahead. */
struct lt_record_ahead {
    struct lt_layer_record *record; /* NULL: none */
    pthread_t thread;
};

/* Begin with the record of `layer`, as lt_record_ahead_take() will want it next; nothing, if it is not worth a thread.
 */
void lt_record_ahead_begin(struct lt_record_ahead *ahead, struct lt_ctx *ctx, const struct lt_layer *layer);

/* lt_layer_record_load(), of what was begun if it is that of `layer`. */
struct lt_layer_record *lt_record_ahead_take(struct lt_record_ahead *ahead, struct lt_ctx *ctx,
                                             const struct lt_layer *layer);

/* Wait for the thread, and forget what nobody took. */
void lt_record_ahead_end(struct lt_record_ahead *ahead);

#endif
