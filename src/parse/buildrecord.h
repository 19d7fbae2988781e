// SPDX-License-Identifier: Apache-2.0
/* BuildKit's record of a build (moby/buildkit api/services/control/control.proto BuildHistoryRecord, 0.11 to 0.23; in
 * the bbolt file history.db, bucket _records): 1 Ref, 2 Frontend, 3 map of FrontendAttrs {1 key, 2 value}, 5 error {2
 * message}, 6 CreatedAt, 7 CompletedAt, 15 cached, 16 total and 17 completed steps. */
#ifndef LT_PARSE_BUILDRECORD_H
#define LT_PARSE_BUILDRECORD_H

#include "parse/protobuf.h"

enum { LT_BUILD_ATTRS = 64 };

struct lt_build_record {
    struct lt_str ref, frontend, error; /* borrowed from the message, like all texts here */
    struct lt_time created, completed;
    bool bad_time; /* one of the times cannot be decoded */
    uint64_t cached_steps, total_steps, completed_steps;
    struct {
        struct lt_str key, value;
    } attrs[LT_BUILD_ATTRS]; /* filename, target, build-arg:NAME... */
    size_t attr_count;
};

/* False: the message is truncated or invalid; `out` has the fields before that point. */
bool lt_build_record_parse(struct lt_str message, struct lt_build_record *out);

#endif
