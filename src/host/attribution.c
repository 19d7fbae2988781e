// SPDX-License-Identifier: Apache-2.0
/* An ID names its container forever, even after removal. A name or a reference may have meant something else before, so
 * a row attributed by one is tagged owner_inferred, unless the reference has a digest. A container's name counts only
 * in lines written after the container was created. */
#include "host/attribution.h"

#include "host/removed.h"

#include "model/runtime.h"
#include "parse/ident.h"
#include "parse/stamp.h"
#include "parse/syslog.h"

enum { MAX_NAMED = 8, APART = 60 /* seconds */ };

static const int64_t SECOND = 1000000000;

static struct lt_owner *new_owner(struct lt_attribution *attribution, struct lt_owner owner)
{
    struct lt_owner *out = lt_new(attribution->ctx->run, struct lt_owner);
    owner.role = LT_ROLE_HOST;
    *out = owner;
    return out;
}

/* A key that two of them share names neither: it maps to the host's owner. */
static void put_unique(struct lt_attribution *attribution, struct lt_map *map, struct lt_str key,
                       struct lt_owner *owner)
{
    if (!key.len)
        return;
    struct lt_owner *old = lt_map_get(map, key);
    if (old && old != owner)
        owner = new_owner(attribution, attribution->ctx->host->owner);
    lt_map_put(map, attribution->ctx->run, key, owner);
}

static void add_container(struct lt_attribution *attribution, struct lt_container *container)
{
    struct lt_owner *owner = new_owner(attribution, container->owner);
    const struct lt_layer *layers[] = {container->rw, container->init};
    lt_map_put(&attribution->containers, attribution->ctx->run, container->id, owner);
    put_unique(attribution, &attribution->shorts, lt_short_id(container->id), owner);
    put_unique(attribution, &attribution->names, container->name, owner);
    for (size_t i = 0; i < 2; i++)
        if (layers[i])
            put_unique(attribution, &attribution->layers, layers[i]->id, owner);
}

static void add_image(struct lt_attribution *attribution, struct lt_image *image)
{
    static const char *const prefixes[] = {"docker.io/library/", "docker.io/"};
    struct lt_arena *run = attribution->ctx->run;
    struct lt_owner *owner = new_owner(attribution, image->owner);
    lt_map_put(&attribution->images, run, image->id, owner);
    lt_each (struct lt_str, name, &image->names) {
        put_unique(attribution, &attribution->references, *name, owner);
        for (size_t i = 0; i < 2; i++)
            put_unique(attribution, &attribution->references, lt_str_format(run, "%s%.*s", prefixes[i], LT_ARG(*name)),
                       owner);
    }
}

void lt_attribution_begin(struct lt_attribution *attribution, struct lt_ctx *ctx)
{
    attribution->ctx = ctx;
    lt_each (struct lt_root, root, &ctx->inventory->roots) {
        if (!lt_hosts_may_be_one(root->host, ctx->host))
            continue;
        lt_each (struct lt_container, container, &root->containers)
            add_container(attribution, container);
        lt_each (struct lt_image, image, &root->images)
            add_image(attribution, image);
    }
}

void lt_attribution_end(struct lt_attribution *attribution)
{
    lt_arena_free(&attribution->words);
}

const struct lt_owner *lt_attribution_container(struct lt_attribution *attribution, struct lt_str id)
{
    struct lt_ctx *ctx = attribution->ctx;
    struct lt_owner *owner = lt_map_get(&attribution->containers, id);
    struct lt_container *removed = owner ? NULL : lt_inventory_removed(ctx->inventory, ctx->host->roots.items[0], id);
    if (!removed)
        return owner;
    owner = new_owner(attribution, removed->owner);
    lt_map_put(&attribution->containers, ctx->run, removed->id, owner);
    put_unique(attribution, &attribution->shorts, lt_short_id(removed->id), owner);
    return owner;
}

const struct lt_container *lt_attribution_by_tag(const struct lt_attribution *attribution, struct lt_str tag)
{
    const struct lt_owner *owner = lt_map_get(&attribution->shorts, lt_str_basename(tag));
    return owner ? owner->container : NULL;
}

static bool contains(struct lt_str text, struct lt_str part)
{
    return text.len && memmem(text.ptr, text.len, part.ptr, part.len);
}

static bool is_program(struct lt_str reporter)
{
    static const char *const words[] = {"docker", "containerd", "rootlesskit", "buildkitd"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_starts(reporter, lt_str_c(words[i])))
            return true;
    return false;
}

bool lt_attribution_is_program(const struct lt_attribution *attribution, struct lt_str reporter)
{
    return is_program(reporter) && !memchr(reporter.ptr, '/', reporter.len) &&
           !lt_attribution_by_tag(attribution, reporter);
}

bool lt_attribution_is_wanted(struct lt_str reporter, struct lt_str text)
{
    if (is_program(reporter))
        return true;
    if (lt_str_eq(reporter, LT_STR("kernel")))
        return contains(text, LT_STR("docker")) || contains(text, LT_STR("veth"));
    return lt_str_eq(reporter, LT_STR("systemd")) &&
           (contains(text, LT_STR("docker")) || contains(text, LT_STR("containerd")) ||
            contains(text, LT_STR("Docker")));
}

static bool is_logrus(struct lt_str text)
{
    return lt_str_starts(text, LT_STR("time=")) || lt_str_starts(text, LT_STR("{"));
}

struct lt_time lt_attribution_own_time(struct lt_str text, int *minutes)
{
    struct lt_time time = {0};
    if (is_logrus(text))
        lt_stamp_zoned(lt_log_field(text, "time"), &time, minutes, NULL);
    return time;
}

bool lt_attribution_choose(struct lt_host_line *line, struct lt_time own, const char *whose, struct lt_facts *facts)
{
    struct lt_buf text = {0};
    bool finer = line->time.set && line->time.nsec && !own.nsec;
    struct lt_time other = finer ? own : line->time;
    int64_t apart = own.set && line->time.set ? lt_time_diff(own, line->time) / SECOND : 0;
    if (!own.set || !line->time.set) {
        line->time = own.set ? own : line->time;
        return own.set;
    }
    lt_buf_printf(&text, "%s time ", finer ? "the daemon's own" : whose);
    lt_time_iso(&text, other, other.nsec ? 9 : 0);
    lt_facts_item(facts, LT_ATTR_FACTS, "%.*sZ", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
    if (apart > APART || apart < -APART) {
        line->tags |= LT_TAG_BIT(time_anomaly);
        lt_facts_item(facts, LT_ATTR_FACTS, "%s time is %jd s after the daemon's", whose, (intmax_t)apart);
    }
    if (!finer)
        line->time = own;
    return !finer;
}

/* What a line names. */
struct named {
    const struct lt_owner *container, *image;
    bool inferred; /* the owner was found by a name that may have meant another one */
    struct lt_str others[MAX_NAMED];
    size_t count;
    bool no_room; /* an unknown container is named for which there was no room; its ID is in `others` */
};

static bool has(const struct named *named, struct lt_str id)
{
    for (size_t i = 0; i < named->count; i++)
        if (lt_str_eq(named->others[i], id))
            return true;
    return named->count == MAX_NAMED;
}

static void add_named(struct named *named, const struct lt_owner *owner, bool inferred)
{
    if (!owner || (!owner->container && !owner->image))
        return; /* the name is not unique */
    const struct lt_owner **place = owner->container ? &named->container : &named->image;
    struct lt_str id = owner->container ? owner->container->id : owner->image->id;
    if (!*place) {
        named->inferred = (named->inferred && !owner->container) || inferred;
        *place = owner;
    } else if (owner->container && owner != named->container && !has(named, id)) {
        named->others[named->count++] = id;
    }
}

static void add_mention(struct lt_attribution *attribution, const struct lt_mention *mention, struct named *named)
{
    struct lt_owner *owner = NULL;
    switch (mention->kind) {
    case LT_MENTION_CONTAINER:
        add_named(named, lt_attribution_container(attribution, mention->text), false);
        if (!lt_map_get(&attribution->containers, mention->text) && !has(named, mention->text)) {
            named->others[named->count++] = mention->text;
            named->no_room = true;
        }
        return;
    case LT_MENTION_ID:
        owner = lt_map_get(&attribution->containers, mention->text);
        add_named(named, owner ? owner : lt_map_get(&attribution->layers, mention->text), false);
        return;
    case LT_MENTION_DIGEST:
        add_named(named, lt_map_get(&attribution->images, mention->text), false);
        return;
    case LT_MENTION_SHORT:
        add_named(named, lt_map_get(&attribution->shorts, mention->text), false);
        return;
    }
}

/* Look up a name that is the value of a field. */
static void add_field(struct lt_attribution *attribution, struct lt_str key, struct lt_str value, struct lt_time time,
                      struct named *named)
{
    static const char *const containers[] = {"container", "containerName", "container_name", "name"};
    static const char *const images[] = {"image", "imageName", "ref", "reference", "remote"};
    const struct lt_owner *owner = NULL;
    for (size_t i = 0; i < sizeof containers / sizeof *containers && !named->container; i++)
        if (lt_str_eq(key, lt_str_c(containers[i])))
            owner = lt_map_get(&attribution->names, lt_str_skip(value, lt_str_starts(value, LT_STR("/"))));
    if (owner && owner->container && owner->container->created.set && lt_time_cmp(time, owner->container->created) >= 0)
        add_named(named, owner, true);
    for (size_t i = 0; i < sizeof images / sizeof *images && !named->image; i++)
        if (lt_str_eq(key, lt_str_c(images[i])))
            add_named(named, lt_map_get(&attribution->references, value), !memchr(value.ptr, '@', value.len));
}

static void find_named(struct lt_attribution *attribution, const struct lt_host_line *line, struct named *named)
{
    struct lt_mention mention;
    struct lt_str rest = line->text, key, value;
    bool is_message = is_logrus(rest) || lt_str_starts(rest, LT_STR("message repeated "));
    for (size_t at = 0; lt_mention_next(line->text, &at, &mention);)
        add_mention(attribution, &mention, named);
    for (size_t at = 0; lt_mention_next(line->unit, &at, &mention);)
        add_mention(attribution, &mention, named);
    /* Names on another host are meaningless here. In other messages they may be something else: the kernel's
     * name="/data" is a path. */
    if (line->host.len || !is_message || lt_str_eq(line->reporter, LT_STR("kernel")))
        return;
    while (lt_logfmt_next(&rest, &key, &value))
        if (value.len)
            add_field(attribution, key, value, line->time, named);
}

enum lt_status lt_attribution_emit(struct lt_attribution *attribution, const struct lt_host_line *line,
                                   struct lt_facts *facts, struct lt_err *err)
{
    struct named named = {0};
    if (!line->output_of)
        find_named(attribution, line, &named);
    add_named(&named, line->about, true);
    if (named.container)
        lt_removed_line(attribution->ctx, named.container->container, line);
    const struct lt_owner *owner = named.container ? named.container : named.image;
    struct lt_event event = {
        .kind = line->output_of ? line->output_of->root->runtime->log_line : LT_KIND_DAEMON_LINE,
        .time = {line->time},
        .first = line->first,
        .last = line->last,
        .owner = line->output_of ? &line->output_of->log_owner
                 : owner         ? owner
                                 : &attribution->ctx->host->owner,
        .where = line->where,
        .tags = line->tags,
    };
    if (named.inferred)
        event.tags |= LT_TAG_BIT(owner_inferred);
    if (named.no_room)
        event.tags |= LT_TAG_BIT(configuration_missing);
    lt_fact(facts, "reporter", line->reporter);
    if (line->pid)
        lt_facts_item(facts, LT_ATTR_FACTS, "pid %ju", (uintmax_t)line->pid);
    struct lt_str level = line->output_of || !is_logrus(line->text) ? LT_STR("") : lt_log_field(line->text, "level");
    lt_fact(facts, "level", level.len ? level : line->level); /* the daemon's own level takes precedence */
    lt_fact(facts, "written by host", line->host);
    for (size_t i = 0; i < named.count; i++)
        lt_fact(facts, "names container", named.others[i]);
    if (named.container && named.image && named.image->image != named.container->image)
        lt_fact(facts, "names image", named.image->image->id);
    return lt_facts_emit(facts, attribution->ctx, &event, err);
}
