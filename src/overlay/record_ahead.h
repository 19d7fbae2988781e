// SPDX-License-Identifier: Apache-2.0
/* Reads the record of a layer on a thread while the layer before it is walked: unpacking and reading take as long as
 * the walk. The results and the order of reports do not depend on it. */
#ifndef LT_OVERLAY_RECORD_AHEAD_H
#define LT_OVERLAY_RECORD_AHEAD_H

#include "overlay/layer_record.h"

#include <pthread.h>

/* Initialise with zeros. At most one record is read ahead. */
struct lt_record_ahead {
    struct lt_layer_record *record; /* NULL: none */
    pthread_t thread;
};

/* Begin to read the record of `layer`, which the next lt_record_ahead_take() will ask for. Does nothing if the record
 * is not worth a thread. */
void lt_record_ahead_begin(struct lt_record_ahead *ahead, struct lt_ctx *ctx, const struct lt_layer *layer);

/* lt_layer_record_load(), with the record that was read ahead if that is of `layer`. Free it with
 * lt_layer_record_free(). */
struct lt_layer_record *lt_record_ahead_take(struct lt_record_ahead *ahead, struct lt_ctx *ctx,
                                             const struct lt_layer *layer);

/* Wait for the thread, and free the record if it was not taken. */
void lt_record_ahead_end(struct lt_record_ahead *ahead);

#endif
