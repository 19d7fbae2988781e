// SPDX-License-Identifier: Apache-2.0
#include "timeline/filter.h"

#include "parse/ident.h"

#include <fnmatch.h>
#include <string.h>

bool lt_filter_exact(const char *which, const struct lt_container *container)
{
    struct lt_str text = lt_str_c(which);
    return lt_str_eq(text, container->id) || lt_str_eq(text, container->name);
}

bool lt_filter_container(const struct lt_options *options, const struct lt_container *container)
{
    const char *which = options->container;
    if (options->container_exact)
        return lt_filter_exact(which, container);
    if (lt_filter_exact(which, container))
        return true;
    if (*which && lt_is_id(container->id) && lt_str_starts(container->id, lt_str_c(which)))
        return true;
    /* Names are NUL-terminated copies in an arena. A name with a NUL inside matches by the part before it. */
    return *which && fnmatch(which, container->name.len ? container->name.ptr : "", 0) == 0;
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
    return false;
}

static bool owner_wanted(const struct lt_options *options, const struct lt_owner *owner)
{
    if (options->roles && !(options->roles >> owner->role & 1))
        return false;
    return !options->container || any_user(options, owner);
}

bool lt_filter_event(const struct lt_options *options, const struct lt_event *event)
{
    if (options->no_deleted && event->tags & LT_TAG_BIT(unallocated))
        return false;
    return owner_wanted(options, event->owner);
}

bool lt_filter_time(const struct lt_options *options, struct lt_time first, struct lt_time last)
{
    if (options->since.set && lt_time_cmp(last, options->since) < 0)
        return false;
    return !options->until.set || lt_time_cmp(first, options->until) < 0;
}
