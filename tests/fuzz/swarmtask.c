// SPDX-License-Identifier: Apache-2.0
/* A task and its state: every text lies within the message. */
#include "parse/swarmtask.h"

#include "fuzz.h"

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str message = {(const char *)data, size};
    struct lt_swarm_status status;
    struct lt_swarm_task task;
    bool whole = lt_swarm_status_parse(message, &status);
    PROMISE(whole == lt_swarm_task_parse(message, &task));
    PROMISE(inside(status.message, message) && inside(status.error, message) && inside(status.container, message));
    PROMISE(inside(task.id, message) && inside(task.service, message) && inside(task.node, message) && status.state);
    return 0;
}
