// SPDX-License-Identifier: Apache-2.0
#include "command/diff_freed.h"

#include "command/recover.h"

static struct lt_record *record_of(const struct lt_remains *remains, struct lt_arena *arena)
{
    struct lt_record *record = lt_record_new(arena);
    lt_record_name(record, "path", lt_str_dup(arena, remains->whose.inside));
    lt_record_text(record, "change", lt_str_c(lt_change_names[LT_CHANGE_DELETED]));
    lt_record_time(record, "time", remains->node->deleted);
    lt_record_text(record, "content", lt_remains_words(remains, arena));
    return record;
}

static bool is_gone_file(const struct lt_remains *remains, const struct lt_container *container)
{
    const struct lt_owner *owner = remains->whose.owner;
    return owner->container == container && owner->role == LT_ROLE_RW && !remains->older &&
           remains->node->unallocated && lt_str_starts(remains->whose.inside, LT_STR("/"));
}

enum lt_status lt_diff_freed(struct lt_job *job, const struct lt_container *container, struct lt_list *records,
                             struct lt_err *err)
{
    struct lt_recovery recovery = {.job = job, .freed_only = true};
    enum lt_status status = lt_recovery_search(&recovery, err);
    if (status == LT_OK)
        lt_each (const struct lt_remains, remains, &recovery.finds)
            if (is_gone_file(remains, container))
                lt_list_add(records, &job->arena, record_of(remains, &job->arena));
    lt_recovery_end(&recovery);
    return status;
}
