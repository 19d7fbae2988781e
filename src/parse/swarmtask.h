// SPDX-License-Identifier: Apache-2.0
/* What a node of a swarm keeps about its tasks (moby/swarmkit agent/storage.go; api/types.proto TaskStatus: 1
 * timestamp, 2 state, 3 message, 4 error, 5 container {1 ID, 2 pid, 3 exit code}; api/objects.proto Task: 1 ID, 2 meta
 * {2 created}, 5 slot, 6 node, 8 annotations of the service {1 name}). */
#ifndef LT_PARSE_SWARMTASK_H
#define LT_PARSE_SWARMTASK_H

#include "parse/protobuf.h"

struct lt_swarm_status {
    struct lt_time time;
    const char *state;                       /* "running"...; "" if unknown */
    struct lt_str message, error, container; /* borrowed */
    int64_t exit_code;
    bool has_exit_code;
};

struct lt_swarm_task {
    struct lt_str id, service, node; /* borrowed */
    uint64_t slot;                   /* 0: the service has one task on each node */
    struct lt_time created;
};

/* False: the message is truncated or invalid; `out` has the fields before that point. */
bool lt_swarm_status_parse(struct lt_str message, struct lt_swarm_status *out);
bool lt_swarm_task_parse(struct lt_str message, struct lt_swarm_task *out);

#endif
