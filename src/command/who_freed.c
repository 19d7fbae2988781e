// SPDX-License-Identifier: Apache-2.0
#include "command/recover.h"
#include "command/who.h"
#include "run/job.h"

static void add(struct lt_who *who, const struct lt_remains *remains)
{
    struct lt_list words = {0};
    const struct lt_owner *owner = remains->whose.owner;
    struct lt_record *record = lt_remains_record(remains, who->arena);
    lt_record_text(record, "change", lt_str_c(lt_change_names[LT_CHANGE_DELETED]));
    lt_record_text(record, "content", lt_remains_words(remains, who->arena));
    if (owner->container)
        lt_list_add_str(&words, who->arena,
                        lt_str_format(who->arena, "%.*s deleted", LT_ARG(*lt_record_label(who->arena, owner))));
    lt_record_list(record, "seen_by", words);
    lt_list_add(&who->records, who->arena, record);
}

enum lt_status lt_who_freed(struct lt_who *who, const char *given)
{
    struct lt_recovery recovery = {.job = who->job, .freed_only = true};
    struct lt_str path = lt_str_c(given);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    path = path.len && path.ptr[0] == '/' ? path : lt_path_join(who->arena, LT_STR(""), path);
    enum lt_status status = lt_recovery_search(&recovery, who->err);
    if (status == LT_OK)
        lt_each (const struct lt_remains, remains, &recovery.finds)
            if (lt_str_eq(remains->path, path) || lt_str_eq(remains->whose.inside, path))
                add(who, remains);
    lt_recovery_end(&recovery);
    return status;
}
