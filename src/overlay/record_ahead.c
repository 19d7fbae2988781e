// SPDX-License-Identifier: Apache-2.0
#include "overlay/record_ahead.h"

enum {
    MOST_PACKED = 8 * 1024 * 1024, /* bytes of a record, some 100,000 entries: two larger ones would need much memory */
    MOST_TAR = 64 * 1024 * 1024,   /* bytes of a packed tar, of which only the headers are kept */
    WORTH_A_THREAD = 4096,         /* bytes: reading less takes no longer than starting a thread */
};

static void *read_record(void *arg)
{
    lt_layer_record_read(arg);
    return NULL;
}

void lt_record_ahead_begin(struct lt_record_ahead *ahead, struct lt_ctx *ctx, const struct lt_layer *layer)
{
    lt_record_ahead_end(ahead);
    if (ctx->reading->threads < 2)
        return;
    size_t most = layer->tar_record.len ? MOST_PACKED : MOST_TAR;
    if (ctx->fs->ops->list_ahead)
        most = 0; /* the thread can read the evidence */
    struct lt_layer_record *record = lt_layer_record_open(ctx, layer, most, NULL);
    if (!record)
        return; /* lt_record_ahead_take() will report why */
    if (lt_stream_size(record->stream) >= WORTH_A_THREAD &&
        pthread_create(&ahead->thread, NULL, read_record, record) == 0)
        ahead->record = record;
    else
        lt_layer_record_free(record);
}

/* Wait for the record being read. NULL: there is none. */
static struct lt_layer_record *join(struct lt_record_ahead *ahead)
{
    struct lt_layer_record *record = ahead->record;
    if (record)
        pthread_join(ahead->thread, NULL);
    ahead->record = NULL;
    return record;
}

struct lt_layer_record *lt_record_ahead_take(struct lt_record_ahead *ahead, struct lt_ctx *ctx,
                                             const struct lt_layer *layer)
{
    struct lt_layer_record *record = ahead->record && ahead->record->layer == layer ? join(ahead) : NULL;
    if (!record)
        return lt_layer_record_load(ctx, layer);
    lt_layer_record_report(ctx, record);
    return record;
}

void lt_record_ahead_end(struct lt_record_ahead *ahead)
{
    lt_layer_record_free(join(ahead));
}
