// SPDX-License-Identifier: Apache-2.0
#include "timeline/filter.h"

#include "parse/ident.h"
#include "timeline/choice.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATTERN = 1024 };

/* Does the pattern fit? A name with a NUL inside fits by the part before it. */
static bool fits(struct lt_str pattern, struct lt_str name)
{
    char texts[2][MAX_PATTERN];
    if (pattern.len >= MAX_PATTERN || name.len >= MAX_PATTERN)
        return false;
    snprintf(texts[0], MAX_PATTERN, "%.*s", LT_ARG(pattern));
    snprintf(texts[1], MAX_PATTERN, "%.*s", LT_ARG(name));
    return fnmatch(texts[0], texts[1], 0) == 0;
}

/* Compare "above/below", each part with `same`. */
static enum lt_fit fit_parts(struct lt_str above, struct lt_str below, const struct lt_container *container,
                             bool (*same)(struct lt_str, struct lt_str))
{
    bool is_name = same(below, container->name);
    if (container->namespace.len && same(above, container->namespace) && (is_name || same(below, container->id)))
        return LT_FIT_WHOLE;
    bool of_pod =
        container->pod_namespace.len && same(above, container->pod_namespace) && same(below, container->pod_name);
    return of_pod || (is_name && container->pod_name.len && same(above, container->pod_name)) ? LT_FIT_POD
                                                                                              : LT_FIT_NONE;
}

enum lt_fit lt_filter_fit(const char *which, const struct lt_container *container)
{
    struct lt_str text = lt_str_c(which), below = text, above = lt_str_cut(&below, '/');
    if (!text.len)
        return LT_FIT_NONE;
    if (lt_str_eq(text, container->id) || lt_str_eq(text, container->name))
        return LT_FIT_WHOLE;
    enum lt_fit fit = below.len ? fit_parts(above, below, container, lt_str_eq) : LT_FIT_NONE;
    if (fit != LT_FIT_NONE)
        return fit;
    if (lt_is_id(container->id) && lt_str_starts(container->id, text))
        return LT_FIT_PREFIX;
    return fits(text, container->name) || (below.len && fit_parts(above, below, container, fits)) ? LT_FIT_PATTERN
                                                                                                  : LT_FIT_NONE;
}

bool lt_filter_container(const struct lt_options *options, const struct lt_container *container)
{
    enum lt_fit fit = lt_filter_fit(options->container, container);
    return fit != LT_FIT_NONE && fit >= options->container_fit;
}

static bool any_user(const struct lt_options *options, const struct lt_owner *owner)
{
    if (owner->container)
        return lt_filter_container(options, owner->container);
    if (owner->layer)
        lt_each (struct lt_container, container, &owner->layer->containers)
            if (lt_filter_container(options, container))
                return true;
    const struct lt_list *users = lt_owner_users(owner);
    if (users)
        lt_each (const struct lt_mount_user, user, users)
            if (lt_filter_container(options, user->container))
                return true;
    return owner->volume && owner->volume->pod && lt_filter_container(options, owner->volume->pod);
}

static bool owner_wanted(const struct lt_options *options, const struct lt_owner *owner)
{
    if (options->no_infra && owner->container && owner->container->infra)
        return false;
    if (options->roles && !(options->roles >> owner->role & 1))
        return false;
    return !options->container || any_user(options, owner);
}

bool lt_filter_event(const struct lt_options *options, const struct lt_event *event)
{
    if (options->no_deleted && event->tags & LT_TAG_BIT(unallocated))
        return false;
    return owner_wanted(options, event->owner) && lt_choice_event(&options->choice, event);
}

bool lt_filter_time(const struct lt_options *options, const struct lt_event *event, struct lt_time time)
{
    bool bounded = event->first.set || event->last.set;
    struct lt_time first = bounded ? event->first : time, last = bounded ? event->last : time;
    if (options->since.set && last.set && lt_time_cmp(last, options->since) < 0)
        return false;
    return !options->until.set || !first.set || lt_time_cmp(first, options->until) < 0;
}
