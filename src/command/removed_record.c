// SPDX-License-Identifier: Apache-2.0
/* What records of all kinds of removed things have in common. */
#include "command/record.h"
#include "command/removed.h"
#include "model/told.h"

void lt_record_witnesses(struct lt_record *record, const struct lt_list *witnesses)
{
    struct lt_list list = {0};
    lt_each (const struct lt_identifier, witness, witnesses) {
        struct lt_record *one = lt_record_new(record->arena);
        lt_record_text(one, "cell", lt_str_c(witness->name));
        lt_record_text(one, "by", witness->value);
        lt_list_add(&list, record->arena, one);
    }
    if (list.count)
        lt_record_records(record, "witnesses", list);
}

void lt_record_removal(struct lt_record *record, const struct lt_span *gone)
{
    const struct lt_span none = {0};
    bool exact = gone->first.set && gone->last.set && lt_time_same(gone->first, gone->last);
    const struct lt_span *bounds = exact ? &none : gone;
    if (exact)
        lt_record_time(record, "removed", gone->last);
    lt_record_time(record, "removed_first", bounds->first);
    lt_record_time(record, "removed_last", bounds->last);
}

void lt_each_known_container(const struct lt_host *host, void (*take)(void *arg, const struct lt_container *container),
                             void *arg)
{
    lt_each (const struct lt_root, root, &host->roots) {
        lt_each (const struct lt_container, container, &root->containers)
            take(arg, container);
        lt_each (const struct lt_container, container, &root->removed)
            if (!lt_told_exists(host, container->id))
                take(arg, container);
    }
}
