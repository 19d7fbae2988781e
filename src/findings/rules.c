// SPDX-License-Identifier: Apache-2.0
#include "findings/findings.h"

#include "files/bind_sources.h"
#include "findings/places.h"
#include "model/spans.h"
#include "parse/rotation.h"
#include "store/mechanics.h"

static const int64_t SECOND = 1000000000;

/* A volume is filled with the files of an image when it is mounted for the first time, soon after it was made. */
static const int64_t FILLED = 60 * INT64_C(1000000000);

/* The columns of findings.def. */
enum ground {
    RECORD = 1 << 0,
    RW = 1 << 1,
    VOLUME = 1 << 2,
    HOST = 1 << 3,
    IMAGE = 1 << 4,
    ENGINE = 1 << 5,
    JOINED = 0
};
enum deed {
    WRITTEN = 1 << 0,
    ALTERED = 1 << 1,
    MOVED = 1 << 2,
    REMOVED = 1 << 3,
    KEPT = 1 << 4,
    UNKNOWN = 1 << 5,
    MADE = WRITTEN | MOVED | UNKNOWN,
};

/* An event as rules look at it. */
struct sight {
    const struct lt_event *event;
    const struct lt_node *node;    /* NULL: the event is about no file */
    const struct lt_hidden *lower; /* what it hides or removes; NULL: nothing */
    unsigned ground, deed, places;
};

/* --- tests: is_NAME() for the column `test` --- */

static bool has_tag(const struct sight *sight, lt_tags tag)
{
    return sight->event->tags & tag;
}

#define TAG_TEST(name, tag)                                                                                            \
    static bool is_##name(const struct sight *sight)                                                                   \
    {                                                                                                                  \
        return has_tag(sight, LT_TAG_BIT(tag));                                                                        \
    }
TAG_TEST(planted, layer_planted)
TAG_TEST(changed, layer_changed)
TAG_TEST(missing, layer_missing)
TAG_TEST(device, device_node)
TAG_TEST(capability, capability)
TAG_TEST(odd, odd_name)
#undef TAG_TEST

static bool is_so(const struct sight *sight)
{
    (void)sight;
    return true;
}

/* A file or a link to one: directories are not what is started. */
static bool is_entry(const struct sight *sight)
{
    return S_ISREG(sight->node->mode) || S_ISLNK(sight->node->mode);
}

/* What is worse than touched is said already. */
static bool is_touched(const struct sight *sight)
{
    return has_tag(sight, LT_TAG_BIT(layer_touched)) &&
           !has_tag(sight, LT_TAG_BIT(layer_planted) | LT_TAG_BIT(layer_changed));
}

static bool may_run(uint32_t mode)
{
    return S_ISREG(mode) && mode & (S_IXUSR | S_IXGRP | S_IXOTH);
}

/* Engines make empty files with all bits to mount something over them. */
static bool is_program(const struct sight *sight)
{
    return may_run(sight->node->mode) && sight->node->size;
}

/* A link may stand for a program: those of busybox do. */
static bool hides_program(const struct sight *sight)
{
    const struct lt_hidden *lower = sight->lower;
    return lower && ((may_run(lower->mode) && lower->size) || (S_ISLNK(lower->mode) && is_program(sight)));
}

static bool is_program_new(const struct sight *sight)
{
    return is_program(sight) && !hides_program(sight);
}

static bool is_program_changed(const struct sight *sight)
{
    return is_entry(sight) && hides_program(sight);
}

static bool is_program_removed(const struct sight *sight)
{
    return sight->lower && may_run(sight->lower->mode) && sight->lower->size;
}

/* A deletion leaves no size. With mode 0 another file has the inode by now. */
static bool is_program_gone(const struct sight *sight)
{
    return sight->node->unallocated && may_run(sight->node->mode);
}

/* Bits with which a program runs as its owner or group. Without x for the group, S_ISGID means something else. */
static uint32_t id_bits(uint32_t mode)
{
    uint32_t bits = may_run(mode) ? mode & S_ISUID : 0;
    return bits | (S_ISREG(mode) && mode & S_IXGRP ? mode & S_ISGID : 0);
}

static bool is_setuid(const struct sight *sight)
{
    uint32_t before = sight->deed == ALTERED && sight->lower ? id_bits(sight->lower->mode) : 0;
    return id_bits(sight->node->mode) & ~before;
}

static bool is_forged(const struct sight *sight)
{
    return S_ISREG(sight->node->mode) && has_tag(sight, LT_TAG_BIT(time_anomaly)) &&
           !has_tag(sight, LT_TAG_BIT(clock_step));
}

/* Times of files of the host are not judged where they are read: an mtime before the birth is set there, too. */
static bool is_set(const struct sight *sight)
{
    const struct lt_time *time = sight->node->time;
    bool older =
        sight->ground == HOST && time[LT_M].set && time[LT_B].set && lt_time_diff(time[LT_M], time[LT_B]) >= 2 * SECOND;
    return S_ISREG(sight->node->mode) && (older || has_tag(sight, LT_TAG_BIT(time_set)));
}

static bool is_log_removed(const struct sight *sight)
{
    struct lt_str name = sight->node->name;
    uint32_t mode = sight->event->kind == LT_KIND_DELETED && sight->lower ? sight->lower->mode : sight->node->mode;
    return S_ISREG(mode) && lt_str_eq(lt_rotation_base(name), name);
}

/* A log that never had a line has been written to when it was made, and never since. */
static bool is_log_emptied(const struct sight *sight)
{
    const struct lt_node *node = sight->node;
    if (!S_ISREG(node->mode) || node->size)
        return false;
    if (sight->lower)
        return S_ISREG(sight->lower->mode) && sight->lower->size;
    return node->time[LT_M].set && node->time[LT_B].set && lt_time_diff(node->time[LT_B], node->time[LT_M]) >= SECOND;
}

/* Is it part of what the host runs or trusts? The table of exposure knows. */
static bool is_sensitive(const struct sight *sight)
{
    struct lt_buf path = {0};
    lt_event_path(&path, sight->event);
    struct lt_exposure exposure = lt_exposure_mount(lt_buf_view(&path), true, LT_STR(""));
    lt_buf_free(&path);
    return is_entry(sight) && exposure.severity >= LT_SEV_medium;
}

static enum lt_severity severity_of(lt_tags tags)
{
    static const lt_tags words[] = {LT_TAG_BIT(severity_info), LT_TAG_BIT(severity_low), LT_TAG_BIT(severity_medium),
                                    LT_TAG_BIT(severity_high), LT_TAG_BIT(severity_critical)};
    for (unsigned i = LT_SEV_critical; i >= LT_SEV_info; i--)
        if (tags & words[i - LT_SEV_info])
            return (enum lt_severity)i;
    return LT_SEV_none;
}

/* In force: what is not is told as `info`. */
static bool is_exposure(const struct sight *sight, enum lt_kind kind, bool grave)
{
    enum lt_severity severity = severity_of(sight->event->tags);
    return sight->event->kind == kind && severity > LT_SEV_info && (severity > LT_SEV_low) == grave;
}

static bool is_escape(const struct sight *sight)
{
    return is_exposure(sight, LT_KIND_EXPOSED, true);
}

static bool is_exposed(const struct sight *sight)
{
    return is_exposure(sight, LT_KIND_EXPOSED, false);
}

static bool is_daemon(const struct sight *sight)
{
    return is_exposure(sight, LT_KIND_HOST_EXPOSED, true) || is_exposure(sight, LT_KIND_HOST_EXPOSED, false);
}

static bool is_clock_step(const struct sight *sight)
{
    return sight->event->kind == LT_KIND_CLOCK_STEP;
}

static bool is_removal(const struct sight *sight)
{
    return sight->event->kind == LT_KIND_REMOVAL;
}

/* --- the table --- */

static const struct line {
    unsigned grounds, deeds, place;
    bool (*test)(const struct sight *sight);
} lines[LT_FINDS] = {
#define FINDING(word, severity, grounds, deeds, place, test, ...)                                                      \
    [LT_FIND_##word] = {(grounds), (deeds), LT_PLACE_##place, is_##test},
#include "findings/findings.def"
#undef FINDING
};

enum { LT_SEV_own = LT_SEV_none };

const struct lt_find_info lt_find_infos[LT_FINDS] = {
#define FINDING(word, severity, grounds, deeds, place, test, title, reason, reference)                                 \
    [LT_FIND_##word] = {#word, (enum lt_severity)LT_SEV_##severity, (title), (reason), (reference)},
#include "findings/findings.def"
#undef FINDING
};

const char *const lt_severity_words[] = {"", "info", "low", "medium", "high", "critical"};

/* --- from events to sights --- */

static unsigned ground_of(const struct lt_event *event)
{
    const struct lt_owner *owner = event->owner;
    if (!lt_event_is_file(event))
        return RECORD;
    if (event->tags & LT_TAG_BIT(bind))
        return owner->bind ? HOST : 0;
    if (owner->role == LT_ROLE_RW)
        return RW;
    if (owner->role == LT_ROLE_VOLUME)
        return owner->volume ? VOLUME : 0;
    if (owner->role == LT_ROLE_LOG || owner->role == LT_ROLE_CONFIG)
        return owner->container ? ENGINE : 0;
    return owner->role == LT_ROLE_IMAGE ? IMAGE : 0;
}

/* Was the file changed or born at `since` or later, by times that no process can set? */
static unsigned deed_since(const struct lt_node *node, struct lt_time since)
{
    struct lt_time changed = node->time[LT_C].set ? node->time[LT_C] : node->time[LT_B];
    if (!since.set || !changed.set)
        return UNKNOWN;
    return lt_time_cmp(changed, since) >= 0 ? WRITTEN : KEPT;
}

/* Did it change since the first container was made that may write there? */
static unsigned deed_on_host(const struct lt_bind *bind, const struct lt_node *node)
{
    struct lt_time first = {0};
    bool any = false, known = true;
    lt_each (const struct lt_mount_user, user, &bind->users) {
        struct lt_time since = lt_container_span(user->container).first;
        if (!lt_bind_is_writable(user->container, user->mount))
            continue;
        known = known && since.set;
        if (!any || lt_time_cmp(since, first) < 0)
            first = since;
        any = true;
    }
    return any ? deed_since(node, known ? first : (struct lt_time){0}) : KEPT;
}

static struct lt_time filled(const struct lt_volume *volume)
{
    return volume->created.set ? lt_time_add(volume->created, FILLED) : volume->created;
}

/* What is only in the rw layer was not compared if a lower layer is missing. What a whole copy has as it was copied
 * needs no word either. */
static unsigned deed_in_rw(const struct lt_event *event)
{
    switch (event->change) {
    case LT_CHANGE_ADDED:
    case LT_CHANGE_MODIFIED:
    case LT_CHANGE_REPLACED:
        return WRITTEN;
    case LT_CHANGE_METADATA:
        return ALTERED;
    case LT_CHANGE_RENAMED:
        return MOVED;
    case LT_CHANGE_NONE:
        return event->owner->layer && !event->owner->layer->mechanics->whole_rw ? UNKNOWN : KEPT;
    default:
        return KEPT;
    }
}

static unsigned deed_of(const struct lt_event *event, unsigned ground)
{
    if (lt_event_is_removed(event))
        return event->change == LT_CHANGE_RENAMED ? 0 : REMOVED;
    if (event->kind != LT_KIND_FILE || event->tags & LT_TAG_BIT(whiteout))
        return 0;
    if (ground == RW)
        return deed_in_rw(event);
    if (ground == HOST)
        return deed_on_host(event->owner->bind, event->node);
    return ground == VOLUME ? deed_since(event->node, filled(event->owner->volume)) : KEPT;
}

/* The places of a path of a volume, which each container may see elsewhere. */
static unsigned places_in_volume(const struct lt_volume *volume, struct lt_str path)
{
    struct lt_str rest;
    struct lt_buf text = {0};
    unsigned places = 1U << LT_PLACE_ANY;
    if (!volume->data.len || !lt_path_behind(path, volume->data, &rest))
        return places;
    if (!volume->users.count)
        places |= lt_places_of(rest);
    lt_each (const struct lt_mount_user, user, &volume->users) {
        struct lt_str below;
        text.len = 0;
        if (!lt_path_behind(path, user->source, &below))
            continue;
        lt_buf_add(&text, user->mount->destination);
        lt_buf_add(&text, below);
        places |= lt_places_of(lt_buf_view(&text));
    }
    lt_buf_free(&text);
    return places;
}

static unsigned places_of(const struct lt_event *event, unsigned ground)
{
    unsigned places = 1U << LT_PLACE_ANY;
    struct lt_buf path = {0};
    if (ground & ~(unsigned)(RW | VOLUME | HOST | ENGINE))
        return places;
    if (ground == RW)
        lt_event_inside(&path, event);
    else
        lt_event_path(&path, event);
    places = ground == VOLUME ? places_in_volume(event->owner->volume, lt_buf_view(&path))
                              : lt_places_of(lt_buf_view(&path));
    lt_buf_free(&path);
    return places;
}

/* False: no rule is about such events. */
static bool look_at(const struct lt_event *event, struct sight *sight)
{
    *sight = (struct sight){.event = event, .node = event->node, .lower = event->hides, .deed = KEPT};
    sight->ground = ground_of(event);
    if (!sight->ground || (sight->ground != RECORD && (sight->deed = deed_of(event, sight->ground)) == 0))
        return false;
    sight->places = 1U << LT_PLACE_ANY;
    if (sight->deed != KEPT || sight->ground == ENGINE)
        sight->places = places_of(event, sight->ground);
    return true;
}

static const char *doubt(const struct sight *sight)
{
    if (sight->deed != UNKNOWN)
        return NULL;
    return sight->ground == HOST ? "since when a container could write there is not known"
                                 : "whether an image has it, or since when it is there, is not known";
}

lt_finds lt_findings_of(const struct lt_event *event, const char **unsure)
{
    struct sight sight;
    lt_finds finds = 0;
    *unsure = NULL;
    if (!look_at(event, &sight))
        return finds;
    *unsure = doubt(&sight);
    for (unsigned rule = 0; rule < LT_FINDS; rule++) {
        const struct line *line = &lines[rule];
        if (line->grounds & sight.ground && line->deeds & sight.deed && sight.places & 1U << line->place &&
            line->test(&sight))
            finds |= LT_SET_BIT(rule);
    }
    return finds;
}

enum lt_severity lt_find_severity(enum lt_find rule, const struct lt_event *event)
{
    enum lt_severity severity = lt_find_infos[rule].severity;
    return severity ? severity : severity_of(event->tags);
}

/* Rules whose rows say themselves what is the matter, or have a tag of the same name. */
static const lt_finds SPEAKING = LT_FIND_BIT(escape) | LT_FIND_BIT(exposed) | LT_FIND_BIT(daemon) |
                                 LT_FIND_BIT(clock_step) | LT_FIND_BIT(removal) | LT_FIND_BIT(odd_name) |
                                 LT_FIND_BIT(layer_planted) | LT_FIND_BIT(layer_changed) | LT_FIND_BIT(layer_touched) |
                                 LT_FIND_BIT(layer_missing);

void lt_findings_mark(struct lt_event *event, struct lt_arena *arena)
{
    const char *unsure;
    lt_finds finds = lt_findings_of(event, &unsure);
    if (!finds)
        return;
    event->tags |= LT_TAG_BIT(finding);
    lt_set_each (rule, finds & ~SPEAKING) {
        const struct lt_find_info *info = &lt_find_infos[rule];
        lt_event_add_fact(event, arena, lt_str_format(arena, "finding %s: %s", info->word, info->title));
    }
    if (unsure)
        lt_event_add_fact(event, arena, lt_str_c(unsure));
}

/* Was it born where it is, and not copied there from an image? */
static bool is_born_here(const struct lt_event *event)
{
    if (event->owner->role != LT_ROLE_VOLUME)
        return event->change == LT_CHANGE_ADDED || event->change == LT_CHANGE_REPLACED;
    struct lt_time since = event->owner->volume ? filled(event->owner->volume) : (struct lt_time){0};
    return since.set && event->node->time[LT_B].set && lt_time_cmp(event->node->time[LT_B], since) >= 0;
}

bool lt_is_own_log(const struct lt_event *event)
{
    struct sight sight;
    return look_at(event, &sight) && sight.deed == WRITTEN && sight.ground & (RW | VOLUME) && is_born_here(event) &&
           sight.places & 1U << LT_PLACE_LOG && S_ISREG(event->node->mode) && event->node->size &&
           lt_str_eq(lt_rotation_base(event->node->name), event->node->name);
}
