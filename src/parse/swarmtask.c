// SPDX-License-Identifier: Apache-2.0
#include "parse/swarmtask.h"

/* The states are numbered in steps of 64, except the last two. */
static const char *state_name(uint64_t state)
{
    static const char *const names[] = {"new",       "allocated", "pending",  "assigned", "accepted",
                                        "preparing", "ready",     "starting", "running",  "complete",
                                        "shutdown",  "failed",    "rejected"};
    if (state == 800)
        return "remove";
    if (state == 832)
        return "orphaned";
    return state % 64 == 0 && state / 64 < sizeof names / sizeof *names ? names[state / 64] : "";
}

/* The bytes of one field of a message; "" if it is missing. */
static struct lt_str bytes_of(struct lt_str message, uint64_t tag)
{
    struct lt_proto_field field;
    struct lt_str bytes = LT_STR("");
    while (lt_proto_next(&message, &field))
        if (field.tag == tag)
            bytes = field.bytes;
    return bytes;
}

static void take_container(struct lt_str message, struct lt_swarm_status *out)
{
    struct lt_proto_field field;
    while (lt_proto_next(&message, &field))
        if (field.tag == LT_PROTO(1, BYTES)) {
            out->container = field.bytes;
        } else if (field.tag == LT_PROTO(3, VARINT)) {
            out->exit_code = (int32_t)(uint32_t)field.number;
            out->has_exit_code = true;
        }
}

bool lt_swarm_status_parse(struct lt_str message, struct lt_swarm_status *out)
{
    struct lt_proto_field field;
    *out = (struct lt_swarm_status){.state = "new"}; /* proto3 omits a zero */
    while (lt_proto_next(&message, &field))
        if (field.tag == LT_PROTO(1, BYTES))
            out->time = lt_proto_time(field.bytes);
        else if (field.tag == LT_PROTO(2, VARINT))
            out->state = state_name(field.number);
        else if (field.tag == LT_PROTO(3, BYTES))
            out->message = field.bytes;
        else if (field.tag == LT_PROTO(4, BYTES))
            out->error = field.bytes;
        else if (field.tag == LT_PROTO(5, BYTES))
            take_container(field.bytes, out);
    return !message.len;
}

bool lt_swarm_task_parse(struct lt_str message, struct lt_swarm_task *out)
{
    struct lt_proto_field field;
    *out = (struct lt_swarm_task){0};
    while (lt_proto_next(&message, &field))
        if (field.tag == LT_PROTO(1, BYTES))
            out->id = field.bytes;
        else if (field.tag == LT_PROTO(2, BYTES))
            out->created = lt_proto_time(bytes_of(field.bytes, LT_PROTO(2, BYTES)));
        else if (field.tag == LT_PROTO(5, VARINT))
            out->slot = field.number;
        else if (field.tag == LT_PROTO(6, BYTES))
            out->node = field.bytes;
        else if (field.tag == LT_PROTO(8, BYTES))
            out->service = bytes_of(field.bytes, LT_PROTO(1, BYTES));
    return !message.len;
}
