// SPDX-License-Identifier: Apache-2.0
#include "clock/zone_rules.h"

enum { MAX_NAME = 256, MAX_TAB = 65536, MAX_DIRECTORIES = 256 };

/* Before this second of 2013 there were no containers. */
static const int64_t CONTAINERS = 1356998400;

/* 1980. Later versions of the database rarely change what clocks showed before. */
static const int64_t EIGHTIES = 315532800;

/* Where distributions keep the database, the last one where only the zone that is set is kept. */
static const char *const places[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
                                     "/etc/zoneinfo"};
enum { PLACES = sizeof places / sizeof *places };

/* A zone of the database. Of several with the same rules the one with the lowest rank gives the name. */
struct named {
    struct lt_str name;
    struct lt_zone_info zone;
    struct lt_time modified, changed;
    unsigned rank;
};

void lt_zone_rules_end(struct lt_zone_rules *rules)
{
    lt_arena_free(&rules->arena);
}

static enum lt_status parse(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_zone *out,
                            struct lt_err *err)
{
    struct lt_str bytes;
    enum lt_status status = lt_slurp(fs, path, LT_MAX_TZIF, arena, &bytes, err);
    return status == LT_OK ? lt_tzif_parse(bytes, out, err) : status;
}

bool lt_zone_read(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_zone_info *zone)
{
    struct lt_err problem = {0};
    enum lt_status status = parse(fs, path, ctx->run, &zone->rules, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    zone->known = status == LT_OK;
    return zone->known;
}

struct lt_str lt_zone_name_in(struct lt_str path)
{
    const struct lt_str mark = LT_STR("zoneinfo/"), posix = LT_STR("posix/");
    for (size_t at = 0; at + mark.len < path.len; at++) {
        struct lt_str name = lt_str_skip(path, at + mark.len);
        if (lt_str_starts(lt_str_skip(path, at), mark))
            return lt_str_starts(name, posix) ? lt_str_skip(name, posix.len) : name;
    }
    return LT_STR("");
}

bool lt_zone_is_name(struct lt_str name)
{
    for (struct lt_str rest = name; rest.len;)
        if (lt_str_starts(lt_str_cut(&rest, '/'), LT_STR(".")))
            return false;
    return name.len && name.len < MAX_NAME && name.ptr[0] != '/' && !memchr(name.ptr, 0, name.len);
}

/* --- rules by a name --- */

bool lt_zone_of_host(struct lt_ctx *ctx, struct lt_str name, struct lt_zone_info *zone)
{
    struct lt_str path;
    if (!lt_zone_is_name(name))
        return false;
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        for (size_t i = 0; i < PLACES; i++) {
            struct lt_str wanted = lt_path_join(ctx->scratch, lt_str_c(places[i]), name);
            if (lt_fs_resolve(mount->fs, wanted, ctx->scratch, &path, NULL) == LT_OK &&
                lt_zone_read(ctx, mount->fs, path, zone))
                return true;
        }
    return false;
}

static bool is_utc(struct lt_str name)
{
    static const char *const words[] = {"UTC", "UCT", "Universal", "Zulu", "GMT"};
    struct lt_str word = lt_str_starts(name, LT_STR("Etc/")) ? lt_str_skip(name, 4) : name;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_eq(word, lt_str_c(words[i])))
            return true;
    return false;
}

bool lt_zone_by_name(struct lt_ctx *ctx, struct lt_str name, struct lt_zone_info *zone)
{
    if (lt_zone_of_host(ctx, name, zone))
        return true;
    zone->known = lt_zone_posix(name, &zone->rules);
    if (!zone->known) {
        zone->rules = (struct lt_zone){0};
        zone->known = is_utc(name);
    }
    return zone->known;
}

/* --- a name by its rules --- */

/* zone1970.tab has one name for each zone: codes, coordinates, name, comments, with tabs between them. */
static bool is_in_tab(struct lt_str tab, struct lt_str name)
{
    while (tab.len) {
        struct lt_str line = lt_str_cut(&tab, '\n');
        for (size_t i = 0; i < 2; i++)
            lt_str_cut(&line, '\t');
        if (lt_str_eq(lt_str_trim(lt_str_cut(&line, '\t')), name))
            return true;
    }
    return false;
}

static unsigned rank_of(struct lt_str tab, struct lt_str name)
{
    struct lt_str plain = lt_str_starts(name, LT_STR("right/")) ? lt_str_skip(name, 6) : name;
    return is_in_tab(tab, plain) ? 0 : memchr(plain.ptr, '/', plain.len) ? 1 : 2;
}

/* The directory of a database that is being loaded. */
struct loading {
    struct lt_fs *fs;
    struct lt_str top, tab; /* its path, and zone1970.tab */
};

/* A file of the database. It has others besides zones, whose first bytes differ. */
static void add_zone(struct lt_zone_rules *rules, const struct loading *loading, struct lt_str path,
                     const struct lt_node *node)
{
    struct lt_zone_info zone = {.known = true};
    if (parse(loading->fs, path, &rules->arena, &zone.rules, NULL) != LT_OK)
        return;
    struct named *named = lt_new(&rules->arena, struct named);
    *named = (struct named){
        .name = lt_str_dup(&rules->arena, lt_str_skip(path, loading->top.len + 1)),
        .zone = zone,
        .modified = node->time[LT_M],
        .changed = node->time[LT_C],
    };
    named->rank = rank_of(loading->tab, named->name);
    lt_list_add(&rules->database, &rules->arena, named);
}

/* Are its files copies of others, or links to the zone that is set? */
static bool is_double(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("posix")) || lt_str_eq(name, LT_STR("posixrules")) ||
           lt_str_eq(name, LT_STR("localtime"));
}

/* Load the directory `top` and those in it, in the order in which they are found. */
static void load(struct lt_zone_rules *rules, struct lt_fs *fs, struct lt_str top)
{
    struct lt_arena *arena = &rules->arena;
    struct lt_list directories = {0};
    struct loading loading = {fs, top, LT_STR("")};
    lt_slurp(fs, lt_path_join(arena, top, LT_STR("zone1970.tab")), MAX_TAB, arena, &loading.tab, NULL);
    lt_list_add_str(&directories, arena, top);
    for (size_t i = 0; i < directories.count && i < MAX_DIRECTORIES; i++) {
        struct lt_str directory = *(const struct lt_str *)directories.items[i];
        struct lt_listing listing = {0};
        struct lt_err problem = {0};
        if (lt_fs_list(fs, directory, arena, &listing, &problem) == LT_SKIP)
            lt_skip_error(rules->ctx, directory, &problem);
        for (size_t at = 0; at < listing.count; at++) {
            const struct lt_node *node = &listing.nodes[at];
            struct lt_str path = lt_path_join(arena, directory, node->name);
            if (S_ISDIR(node->mode) && !is_double(node->name))
                lt_list_add_str(&directories, arena, path);
            else if (S_ISREG(node->mode) && !is_double(node->name))
                add_zone(rules, &loading, path, node);
        }
    }
}

static void load_database(struct lt_zone_rules *rules)
{
    if (rules->loaded)
        return;
    rules->loaded = true;
    lt_each (const struct lt_mount_point, mount, &rules->ctx->host->mounts)
        for (size_t i = 0; i < PLACES && !rules->database.count; i++) {
            struct lt_str top;
            if (lt_fs_resolve(mount->fs, lt_str_c(places[i]), &rules->arena, &top, NULL) == LT_OK)
                load(rules, mount->fs, top);
        }
}

/* The name of the host's database that fits the rules best, but not `except`; "" if none does. */
static struct lt_str name_of(struct lt_zone_rules *rules, const struct lt_zone *zone, struct lt_str except)
{
    const struct named *best = NULL;
    load_database(rules);
    lt_each (const struct named, named, &rules->database) {
        bool better =
            !best || named->rank < best->rank || (named->rank == best->rank && lt_str_cmp(named->name, best->name) < 0);
        if (better && !lt_str_eq(named->name, except) && !lt_zone_differ(zone, &named->zone.rules, NULL))
            best = named;
    }
    return best ? lt_str_dup(rules->ctx->run, best->name) : LT_STR("");
}

/* Words for rules without a name: their offset if there is only one, else their POSIX form; "" for files of version 1,
 * which have none. */
static struct lt_str label_of(struct lt_arena *arena, const struct lt_zone *rules)
{
    struct lt_buf text = {0};
    if (!lt_zone_is_fixed(rules)) {
        lt_buf_add(&text, rules->footer);
        lt_buf_add(&text, rules->leap_count && text.len ? LT_STR(" with leap seconds") : LT_STR(""));
    } else {
        lt_buf_lit(&text, "UTC");
        if (lt_zone_offset(rules, 0))
            lt_time_zone(&text, lt_zone_offset(rules, 0));
    }
    struct lt_str name = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return name;
}

/* Not by the name `wrong`, whose file has these rules by mistake. */
static void name_it(struct lt_zone_rules *rules, struct lt_zone_info *zone, struct lt_str wrong,
                    const struct lt_list *claims)
{
    lt_each (const struct lt_zone_info, claim, claims)
        if (!zone->name.len && claim->known && !lt_str_eq(claim->name, wrong) &&
            !lt_zone_differ(&zone->rules, &claim->rules, NULL))
            zone->name = claim->name;
    if (!zone->name.len && !lt_zone_is_fixed(&zone->rules))
        zone->name = name_of(rules, &zone->rules, wrong);
    zone->unnamed = !zone->name.len;
    if (zone->unnamed)
        zone->name = label_of(rules->ctx->run, &zone->rules);
}

/* Do two files of one name differ so much that they are no versions of one zone? */
static bool is_other_zone(const struct lt_zone *one, const struct lt_zone *other)
{
    struct lt_zone_difference difference;
    return lt_zone_differ(one, other, &difference) && difference.first < EIGHTIES && difference.since > CONTAINERS;
}

/* Was the file written after the other? Without another time of its own (cp -p) its ctime tells. */
static bool is_later(const struct named *one, const struct named *other)
{
    int order = lt_time_cmp(one->modified, other->modified);
    return order ? order > 0 : lt_time_cmp(one->changed, other->changed) > 0;
}

/* Of the zones in zone1970.tab no two are the same. If a file is the same as an older one, it was overwritten with
 * that.
 */
static bool is_copy(const struct lt_zone_rules *rules, const struct named *own)
{
    lt_each (const struct named, named, &rules->database)
        if (!own->rank && !named->rank && named != own && is_later(own, named) &&
            !lt_zone_differ(&named->zone.rules, &own->zone.rules, NULL))
            return true;
    return false;
}

/* Has the file that a link leads to been overwritten with another zone? `cp .../Asia/Tokyo /etc/localtime` does that to
 * the file that the link named before. */
static bool is_overwritten(struct lt_zone_rules *rules, const struct lt_zone_info *zone)
{
    static const struct lt_zone utc = {0};
    const struct lt_zone_info *host = &rules->ctx->host->zone;
    if (is_utc(zone->name))
        return lt_zone_differ(&zone->rules, &utc, NULL);
    load_database(rules);
    lt_each (const struct named, named, &rules->database)
        if (lt_str_eq(named->name, zone->name))
            return zone == host ? is_copy(rules, named)
                                : !is_copy(rules, named) && is_other_zone(&named->zone.rules, &zone->rules);
    return false;
}

/* --- witnesses beside each other --- */

void lt_zone_conflict(struct lt_ctx *ctx, struct lt_zone_info *zone, struct lt_str text)
{
    zone->conflict =
        lt_str_format(ctx->run, "%.*s%s%.*s", LT_ARG(zone->conflict), zone->conflict.len ? "; " : "", LT_ARG(text));
}

/* Only the rule of a POSIX zone, which is made for the present, not for all years? */
static bool is_rule_only(const struct lt_zone *zone)
{
    return !zone->infos.len && zone->after.has_summer;
}

static void add_difference(struct lt_buf *text, const struct lt_zone_difference *difference)
{
    bool began = difference->first > LT_ZONE_SINCE, ended = difference->since < LT_ZONE_UNTIL;
    if (!began && !ended)
        return;
    lt_buf_lit(text, " (");
    if (began) {
        lt_buf_lit(text, "different from ");
        lt_time_iso(text, lt_time_at(difference->first, 0), 0);
        lt_buf_lit(text, "Z on");
    }
    if (ended) {
        lt_buf_add(text, began ? LT_STR(", ") : LT_STR(""));
        lt_buf_lit(text, "the same since ");
        lt_time_iso(text, lt_time_at(difference->since, 0), 0);
        lt_buf_char(text, 'Z');
    }
    lt_buf_char(text, ')');
}

/* Do the witnesses agree, by their rules, or where these are unknown by their names? */
static bool agree(const struct lt_zone_info *zone, const struct lt_zone_info *claim,
                  struct lt_zone_difference *difference)
{
    *difference = (struct lt_zone_difference){LT_ZONE_SINCE, LT_ZONE_UNTIL};
    if (lt_str_eq(zone->name, claim->name))
        return true;
    if (!zone->known || !claim->known)
        return false;
    if (!lt_zone_differ(&zone->rules, &claim->rules, difference))
        return true;
    return (is_rule_only(&zone->rules) || is_rule_only(&claim->rules)) && difference->since <= CONTAINERS;
}

static void compare(struct lt_ctx *ctx, struct lt_zone_info *zone, const struct lt_zone_info *claim,
                    struct lt_buf *unsure)
{
    struct lt_zone_difference difference;
    struct lt_buf text = {0};
    bool is_witness = zone->known || zone->name.len;
    if (!is_witness || agree(zone, claim, &difference))
        return;
    if (zone->unnamed && !claim->known) {
        lt_buf_printf(unsure, "; %.*s says %.*s, whose rules are not in the evidence", LT_ARG(claim->from),
                      LT_ARG(claim->name));
        return;
    }
    struct lt_str name = zone->name.len ? zone->name : LT_STR("a zone without a name");
    lt_buf_printf(&text, "%.*s is %.*s, but %.*s says %.*s", LT_ARG(zone->from), LT_ARG(name), LT_ARG(claim->from),
                  LT_ARG(claim->name));
    add_difference(&text, &difference);
    lt_zone_conflict(ctx, zone, lt_buf_view(&text));
    lt_buf_free(&text);
}

void lt_zone_settle(struct lt_zone_rules *rules, struct lt_zone_info *zone, const struct lt_list *claims)
{
    struct lt_buf unsure = {0};
    struct lt_str wrong = LT_STR("");
    if (zone->known && zone->name.len && !zone->unnamed && is_overwritten(rules, zone)) {
        wrong = zone->name;
        zone->name = LT_STR("");
    }
    if (zone->known && !zone->name.len)
        name_it(rules, zone, wrong, claims);
    if (wrong.len)
        lt_zone_conflict(rules->ctx, zone,
                         lt_str_format(rules->ctx->scratch, "%.*s leads to %.*s, whose file has the rules of %.*s",
                                       LT_ARG(zone->from), LT_ARG(wrong), LT_ARG(zone->name)));
    lt_each (const struct lt_zone_info, claim, claims)
        compare(rules->ctx, zone, claim, &unsure);
    zone->from = lt_str_format(rules->ctx->run, "%.*s%.*s", LT_ARG(zone->from), LT_ARG(lt_buf_view(&unsure)));
    lt_buf_free(&unsure);
}
