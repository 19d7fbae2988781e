// SPDX-License-Identifier: Apache-2.0
#include "timeline/triage.h"

const char *const lt_triage_words[LT_TRIAGES] = {
#define TRIAGE(id, words) [LT_TRIAGE_##id] = (words),
#include "timeline/triage.def"
#undef TRIAGE
};

/* Tags of what stays wherever it lies. */
static const lt_tags STAYS = LT_TAG_BIT(layer_planted) | LT_TAG_BIT(layer_changed) | LT_TAG_BIT(layer_missing) |
                             LT_TAG_BIT(unallocated) | LT_TAG_BIT(recovered) | LT_TAG_BIT(bind) | LT_TAG_BIT(finding);

static enum lt_triage of_file(const struct lt_event *event)
{
    switch (event->owner->role) {
    case LT_ROLE_IMAGE:
    case LT_ROLE_INIT:
        return LT_TRIAGE_IMAGE_FILES;
    case LT_ROLE_CONFIG:
    case LT_ROLE_LOG:
    case LT_ROLE_HOST:
        return LT_TRIAGE_RECORD_FILES;
    default:
        return LT_TRIAGES;
    }
}

static enum lt_triage of_record(const struct lt_event *event)
{
    static const enum lt_kind kinds[] = {
        LT_KIND_LAYER_REGISTERED, LT_KIND_LAYER_USED,         LT_KIND_LAYER_MOUNTED, LT_KIND_LEASE,
        LT_KIND_BUILD_CACHE,      LT_KIND_BUILD_CACHE_USED,   LT_KIND_BUILD_RESULT,  LT_KIND_SNAPSHOT_PREPARED,
        LT_KIND_SNAPSHOT_GAP,     LT_KIND_SNAPSHOT_COMMITTED, LT_KIND_CONTENT_ADDED, LT_KIND_CONTENT_UPDATED,
    };
    static const enum lt_kind packages[] = {LT_KIND_DPKG_LOG, LT_KIND_APT_HISTORY, LT_KIND_APK_LOG, LT_KIND_RPM_LOG};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (event->kind == kinds[i])
            return LT_TRIAGE_BOOKKEEPING;
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
        if (event->kind == packages[i] && event->owner->role == LT_ROLE_IMAGE)
            return LT_TRIAGE_IMAGE_PACKAGES;
    return LT_TRIAGES;
}

enum lt_triage lt_triage(const struct lt_event *event)
{
    if (event->tags & STAYS)
        return LT_TRIAGES;
    if (event->kind == LT_KIND_FILE)
        return of_file(event);
    return lt_event_is_file(event) ? LT_TRIAGES : of_record(event);
}
