// SPDX-License-Identifier: Apache-2.0
/* Inside containers: what their programs wrote into layers, volumes and binds. The map of the folder:
 *
 *   inner_logs.c   histories of shells and logs, record by record: the source
 *   candidates.c   which files may be one: the walks show them all
 *   log_time.c     when a record was written, by the zone of its container
 */
#ifndef LT_INSIDE_INNER_LOGS_H
#define LT_INSIDE_INNER_LOGS_H

#include "parse/applog/applog.h"
#include "read/source.h"

/* A walk found this file; if its name and place are those of a log or a history, it is kept for the source, in
 * host->inner_logs. Returns what was kept, to which the caller may add what lies below it; NULL: it is none. Files that
 * a container binds count if the directory is not one of those in which a host keeps its own. */
struct lt_inner_log *lt_inner_log_note(struct lt_ctx *ctx, const struct lt_event *event);

/* Dates the records of a file, one after the other. Initialise `ctx`, `log` and `format`. */
struct lt_log_time {
    struct lt_ctx *ctx;
    const struct lt_inner_log *log;
    const struct lt_applog_format *format;
    const struct lt_zone_info *zone; /* that its program had; NULL: unknown */
    struct lt_years years;           /* of its records, counted from the first */
    bool years_searched, years_known;
    int64_t first_year;
    struct lt_time previous; /* of the record before, at the earliest; may be unset */
    struct lt_time next;     /* of the record after this one, if that is known */
    /* For the next file: the last image layer and its zone. */
    const struct lt_layer *layer;
    struct lt_zone_info layer_zone;
};

/* Find the zone: that of the container, or of an image layer. A volume or bind has that of the first container that
 * mounts it and has one. */
void lt_log_time_begin(struct lt_log_time *self);

/* Set the times of an event from a record, and say in `facts` (in `arena`) what they were inferred from. A record
 * without a time is bounded by the one before it, or the creation of the container or the volume, and by the one after
 * it or the last change of the file, of which only the mtime is known in an image layer. */
void lt_log_time_set(struct lt_log_time *self, const struct lt_applog_record *record, struct lt_event *event,
                     struct lt_arena *arena, struct lt_list *facts);

#endif
