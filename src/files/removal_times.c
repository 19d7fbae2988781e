// SPDX-License-Identifier: Apache-2.0
#include "files/removal_times.h"

#include "store/mechanics.h"

/* If the change and birth of a whiteout lie this close together, one removal made it. Measured on Linux 6.18. Other
 * times so close together are taken for those of one action. */
static const int64_t EXACT_WITHIN = 50000000;

/* A new directory that has the mtime of another: mv copies a directory that overlay cannot rename, gives the copy its
 * times, and then removes it. Some set whole seconds or microseconds only. */
struct copy {
    struct lt_str name;
    struct lt_time mtime, when;
    bool several; /* there are others, so it proves nothing */
};

void lt_removal_times_end(struct lt_removal_times *times)
{
    lt_arena_free(&times->arena);
}

static bool is_close(struct lt_time a, struct lt_time b)
{
    int64_t apart = lt_time_diff(a, b);
    return a.set && b.set && apart >= -EXACT_WITHIN && apart <= EXACT_WITHIN;
}

/* --- what the entries show --- */

static struct lt_str key_of(struct lt_arena *arena, const void *bytes, size_t size)
{
    return lt_str_dup(arena, (struct lt_str){bytes, size});
}

static struct lt_str dir_key(struct lt_arena *arena, const struct lt_dir *dir)
{
    uintptr_t address = (uintptr_t)dir;
    return key_of(arena, &address, sizeof address);
}

static void add_explainer(struct lt_explainers *list, uint64_t inode)
{
    for (size_t i = 0; i < LT_EXPLAINERS; i++)
        if (!list->inodes[i] || list->inodes[i] == inode) {
            list->inodes[i] = inode;
            return;
        }
}

static bool is_explained(const struct lt_explainers *list, uint64_t whiteout)
{
    for (size_t i = 0; i < LT_EXPLAINERS; i++)
        if (list->inodes[i] && list->inodes[i] != whiteout)
            return true;
    return false;
}

/* The key of a moment in `anew`: times of one key are close. `by` moves it on. */
static struct lt_str moment(struct lt_arena *arena, struct lt_time time, int64_t by)
{
    int64_t key[] = {time.sec, time.nsec / EXACT_WITHIN + by};
    const int64_t a_second = 1000000000 / EXACT_WITHIN;
    if (key[1] < 0 || key[1] >= a_second) {
        key[0] += by;
        key[1] -= by * a_second;
    }
    return key_of(arena, key, sizeof key);
}

static bool was_made_anew_at(struct lt_removal_times *times, struct lt_time time)
{
    for (int64_t by = -1; by <= 1; by++)
        if (lt_map_get(&times->anew, moment(&times->arena, time, by)))
            return true;
    return false;
}

static struct lt_str copy_key(struct lt_arena *arena, const struct lt_dir *dir, struct lt_time mtime, uint32_t mode)
{
    int64_t key[] = {(intptr_t)dir, mtime.sec, mode};
    return key_of(arena, key, sizeof key);
}

static void note_copy(struct lt_removal_times *times, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    struct lt_time birth = node->time[LT_B], mtime = node->time[LT_M];
    if (!S_ISDIR(node->mode) || !birth.set || !mtime.set || lt_time_cmp(mtime, birth) >= 0)
        return;
    struct lt_str key = copy_key(&times->arena, event->dir, mtime, node->mode);
    struct copy *copy = lt_map_get(&times->copies, key);
    if (copy) {
        copy->several = true;
        return;
    }
    copy = lt_new(&times->arena, struct copy);
    *copy = (struct copy){lt_str_dup(&times->arena, node->name), mtime, node->time[LT_C], false};
    lt_map_put(&times->copies, &times->arena, key, copy);
}

static void enter(struct lt_removal_times *times, const struct lt_dir *dir)
{
    if (times->at && times->at->dir == dir)
        return;
    if (!times->at || times->at->whiteouts)
        times->at = lt_new(&times->arena, struct lt_removal_dir);
    *times->at = (struct lt_removal_dir){.dir = dir};
}

static size_t *links_of(struct lt_removal_times *times, uint64_t inode)
{
    struct lt_str key = key_of(&times->arena, &inode, sizeof inode);
    size_t *count = lt_map_get(&times->links, key);
    if (count)
        return count;
    count = lt_new(&times->arena, size_t);
    lt_map_put(&times->links, &times->arena, key, count);
    return count;
}

/* Keep what is noted of the directory at hand. */
static void note_whiteout(struct lt_removal_times *times, const struct lt_event *event)
{
    ++*links_of(times, event->node->ino);
    if (times->at->whiteouts++)
        return;
    lt_map_put(&times->dirs, &times->arena, dir_key(&times->arena, event->dir), times->at);
}

void lt_removal_times_note(struct lt_removal_times *times, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    struct lt_time birth = node->time[LT_B];
    bool whiteout = event->tags & LT_TAG_BIT(whiteout);
    bool anew = event->change == LT_CHANGE_REPLACED || event->change == LT_CHANGE_OPAQUE;
    bool came = whiteout || anew || event->change == LT_CHANGE_ADDED || event->change == LT_CHANGE_RENAMED;
    enter(times, event->dir);
    if (came && is_close(birth, event->dir->modified))
        add_explainer(&times->at->changed, node->ino);
    if (is_close(birth, event->dir->born))
        add_explainer(&times->at->born, node->ino);
    if (anew && birth.set)
        lt_map_put(&times->anew, &times->arena, moment(&times->arena, birth, 0), times);
    if (event->change == LT_CHANGE_ADDED)
        note_copy(times, event);
    if (whiteout)
        note_whiteout(times, event);
}

/* --- bounds --- */

static void raise_first(struct lt_event *event, struct lt_time time)
{
    if (time.set && (!event->first.set || lt_time_cmp(time, event->first) > 0))
        event->first = time;
}

static void lower_last(struct lt_event *event, struct lt_time time)
{
    if (time.set && (!event->last.set || lt_time_cmp(time, event->last) < 0))
        event->last = time;
}

/* When the names of a directory last changed. That is its mtime, unless a process seems to have set it: it is in whole
 * seconds, later than the ctime, or earlier than something that must have come before. Nobody can set the ctime. */
static struct lt_time last_change(const struct lt_dir *dir, struct lt_time not_before)
{
    struct lt_time mtime = dir->modified;
    bool set = !mtime.set || !mtime.nsec || (not_before.set && lt_time_cmp(mtime, not_before) < 0) ||
               (dir->changed.set && lt_time_cmp(mtime, dir->changed) > 0);
    return set ? dir->changed : mtime;
}

static void bound_whiteout(const struct lt_removal_times *times, const struct lt_removal *removal,
                           struct lt_event *event)
{
    const struct lt_node *node = removal->witness;
    const struct lt_dir *dir = removal->dir;
    struct lt_time first = node->time[LT_M], last = node->time[LT_C];
    if (first.set && last.set && lt_time_cmp(first, last) > 0) {
        first = last;
        last = node->time[LT_M];
    }
    event->time[0] = first;
    /* The whiteouts of aufs are links to one file, which it makes when a layer is first mounted. */
    bool shared_name = times->layer->mechanics->named_marks && node->nlink > 1;
    if (!shared_name && is_close(node->time[LT_B].set ? node->time[LT_B] : first, last))
        return;
    raise_first(event, first);
    raise_first(event, dir->born); /* the directory was copied up before that */
    if (!shared_name)
        lower_last(event, last);
    lower_last(event, last_change(dir, event->first));
    if (times->mounted.set && lt_time_cmp(first, times->mounted) < 0)
        lower_last(event, times->mounted); /* a mount begins with a new whiteout */
}

/* The nearest directory that already existed when its contents were removed. */
static const struct lt_dir *copied_up_dir(const struct lt_dir *dir)
{
    while (dir->opaque && dir->parent)
        dir = dir->parent;
    return dir;
}

static void set_bounds(const struct lt_removal_times *times, const struct lt_removal *removal, struct lt_event *event)
{
    const struct lt_node *node = removal->witness;
    struct lt_time birth = node->time[LT_B].set ? node->time[LT_B] : node->time[LT_C];
    if (times->layer->role != LT_ROLE_RW) {
        event->last = removal->by == LT_REMOVAL_OPAQUE && removal->since.set ? removal->since : birth;
    } else if (removal->by == LT_REMOVAL_WHITEOUT) {
        bound_whiteout(times, removal, event);
    } else if (removal->by == LT_REMOVAL_OPAQUE) {
        raise_first(event, copied_up_dir(removal->dir)->born);
        lower_last(event, removal->since.set ? removal->since : birth);
    } else {
        /* The directory may have been made anew since. Only the copy of the whole layer certainly came before. */
        struct lt_dir whole = {0};
        if (!node->stale)
            whole = (struct lt_dir){.modified = node->time[LT_M], .changed = node->time[LT_C]};
        raise_first(event, times->layer->created);
        lower_last(event, last_change(&whole, node->time[LT_B]));
    }
    /* The clock was set back. Only the later bound holds. */
    if (event->first.set && event->last.set && lt_time_cmp(event->first, event->last) > 0)
        event->first = (struct lt_time){0};
}

/* --- the likeliest time between them --- */

/* The directory that `hidden` was copied to, if it was moved so. All directories of an image may have one mtime, so
 * only a new name in the same directory counts. */
static const struct copy *copy_of(struct lt_removal_times *times, const struct lt_hidden *hidden,
                                  const struct lt_event *event)
{
    if (!hidden || !S_ISDIR(hidden->mode))
        return NULL;
    int64_t nsec = hidden->modified.nsec;
    const struct copy *copy =
        lt_map_get(&times->copies, copy_key(&times->arena, event->dir, hidden->modified, hidden->mode));
    if (!copy || copy->several || lt_time_cmp(copy->when, event->first) < 0 || lt_time_cmp(copy->when, event->last) > 0)
        return NULL;
    return copy->mtime.nsec == nsec || copy->mtime.nsec == nsec / 1000 * 1000 || !copy->mtime.nsec ? copy : NULL;
}

static struct lt_str copy_text(struct lt_removal_times *times, const struct lt_dir *dir, const struct copy *copy)
{
    struct lt_buf text = {0};
    lt_buf_lit(&text, "moved by copying, when the copy was complete: ");
    lt_dir_inside(&text, dir);
    lt_buf_char(&text, '/');
    lt_buf_add(&text, copy->name);
    struct lt_str kept = lt_str_dup(&times->arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return kept;
}

/* Is the upper bound the time of something else: of another entry's coming to the directory, or of an entry that took
 * the place of a whiteout? While a layer is mounted, its whiteouts have one link more. The next mount removes that, and
 * what changes the links from then on is no removal. */
static bool is_last_explained(struct lt_removal_times *times, const struct lt_removal *removal,
                              const struct lt_removal_dir *dir, struct lt_time last)
{
    if (lt_time_same(last, removal->dir->modified))
        return is_explained(&dir->changed, removal->witness->ino);
    return *links_of(times, removal->witness->ino) == removal->witness->nlink || was_made_anew_at(times, last);
}

/* Choose between the bounds of a removal by a whiteout, of which both are known. */
static struct lt_str choose(struct lt_removal_times *times, const struct lt_removal *removal,
                            const struct lt_hidden *hidden, struct lt_event *event)
{
    static const struct lt_removal_dir nothing;
    const struct lt_removal_dir *dir = lt_map_get(&times->dirs, dir_key(&times->arena, removal->dir));
    const struct copy *copy = copy_of(times, hidden, event);
    if (!dir)
        dir = &nothing;
    event->time[0] = copy ? copy->when : event->last;
    if (copy)
        return copy_text(times, event->dir, copy);
    bool explained = is_last_explained(times, removal, dir, event->last);
    if (!explained && lt_time_same(event->last, removal->dir->modified)) /* which of several it was is not known */
        return dir->whiteouts > 1 ? LT_STR("") : LT_STR("when its directory was last changed");
    bool born = lt_time_same(event->first, removal->dir->born) && !is_explained(&dir->born, removal->witness->ino);
    if (!born && !explained)
        return LT_STR("");
    event->time[0] = event->first;
    return born ? LT_STR("when its directory was copied up")
                : LT_STR("at the lower bound, since something else explains the upper one");
}

struct lt_str lt_removal_times_set(struct lt_removal_times *times, const struct lt_removal *removal,
                                   const struct lt_hidden *hidden, struct lt_event *event)
{
    set_bounds(times, removal, event);
    if (!event->first.set && !event->last.set)
        return LT_STR(""); /* exact, or not known at all */
    bool by_whiteout = removal->by == LT_REMOVAL_WHITEOUT && times->layer->role == LT_ROLE_RW;
    if (by_whiteout && event->first.set && event->last.set)
        return choose(times, removal, hidden, event);
    lt_event_bound(event, event->first, event->last, (struct lt_time){0});
    return LT_STR("");
}
