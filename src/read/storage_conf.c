// SPDX-License-Identifier: Apache-2.0
/* The keys: containers/storage types/options.go and docs/containers-storage.conf.5.md, 1.40 to 1.60; drop-ins:
 * container-libs common/pkg/configfile, 2025; CRI-O docs/crio.conf.5.md, 1.20 to 1.33. */
#include "read/storage_conf.h"

#include "parse/tomlkeys.h"

enum { MAX_CONFIG = 1024 * 1024 };

static const struct key {
    const char *key, *word;
    bool required, of_users; /* of_users: it is where a user's store is, though it stands in a file of the system */
} KEYS[] = {
    {"storage.graphroot", "graphroot", true, false},
    {"storage.imagestore", "imagestore", false, false},
    {"storage.rootless_storage_path", "rootless_storage_path", false, true},
    {"storage.options.additionalimagestores", "additionalimagestores", false, false},
    {"crio.root", "root", true, false},
};

/* A user, or the system if `home` is "". */
struct user {
    struct lt_ctx *ctx;
    struct lt_list *out;
    struct lt_str home;
};

static struct lt_str value_of(const struct user *user, struct lt_str name)
{
    struct lt_node node = {0};
    if (lt_str_eq(name, LT_STR("HOME")))
        return user->home;
    if (lt_str_eq(name, LT_STR("USER")))
        return lt_str_basename(user->home);
    lt_fs_stat(user->ctx->fs, user->home, user->ctx->scratch, &node, NULL);
    return lt_str_format(user->ctx->scratch, "%u", node.uid);
}

/* The path with the variables that it may hold. */
static struct lt_str expand(const struct user *user, struct lt_str path)
{
    static const char *const names[] = {"HOME", "USER", "UID"};
    struct lt_buf text = {0};
    while (path.len) {
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof *names && !known; i++) {
            struct lt_str name = lt_str_c(names[i]);
            known = path.ptr[0] == '$' && lt_str_starts(lt_str_skip(path, 1), name);
            if (known)
                lt_buf_add(&text, value_of(user, name));
            path = known ? lt_str_skip(path, 1 + name.len) : path;
        }
        if (!known) {
            lt_buf_char(&text, path.ptr[0]);
            path = lt_str_skip(path, 1);
        }
    }
    struct lt_str kept = lt_str_dup(user->ctx->scratch, lt_buf_view(&text));
    lt_buf_free(&text);
    return kept;
}

/* Is it where a store is looked for in any case? */
static bool is_usual(struct lt_str path)
{
    return lt_str_eq(path, LT_STR("/var/lib/containers/storage")) ||
           lt_str_ends(path, LT_STR("/.local/share/containers/storage"));
}

static void add(const struct user *user, const struct lt_storage_place *place)
{
    struct lt_storage_place *kept = lt_new(user->ctx->scratch, struct lt_storage_place);
    *kept = *place;
    kept->path = user->home.len ? expand(user, place->path) : place->path;
    if (kept->path.len && !is_usual(kept->path))
        lt_list_add(user->out, user->ctx->scratch, kept);
}

static void add_key(const struct user *user, struct lt_str text, const struct key *key, struct lt_str file)
{
    struct lt_list values = {0};
    lt_toml_strings(user->ctx->scratch, text, key->key, &values);
    lt_each (const struct lt_str, value, &values)
        add(user, &(struct lt_storage_place){*value, lt_str_c(key->word), file, key->required, key->of_users});
}

static void read_file(const struct user *user, struct lt_str file)
{
    struct lt_str real, text;
    if (lt_follow_or_skip(user->ctx, file, MAX_CONFIG, &real, &text) != LT_OK)
        return;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        add_key(user, text, &KEYS[i], file);
}

static void read_directory(const struct user *user, struct lt_str path)
{
    struct lt_listing listing = {0};
    struct lt_str real;
    if (lt_resolve_or_skip(user->ctx, path, &real) == LT_OK)
        lt_list_or_skip(user->ctx, real, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (lt_str_ends(listing.nodes[i].name, LT_STR(".conf")))
            read_file(user, lt_path_join(user->ctx->scratch, path, listing.nodes[i].name));
}

static void read_system(const struct user *user)
{
    static const char *const files[] = {"/usr/share/containers/storage.conf", "/etc/containers/storage.conf",
                                        "/etc/crio/crio.conf"};
    static const char *const directories[] = {
        "/usr/share/containers/storage.conf.d",    "/usr/share/containers/storage.rootful.conf.d",
        "/etc/containers/storage.conf.d",          "/etc/containers/storage.rootful.conf.d",
        "/etc/containers/storage.rootless.conf.d", "/etc/crio/crio.conf.d"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        read_file(user, lt_str_c(files[i]));
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        read_directory(user, lt_str_c(directories[i]));
}

/* Add what the system's files, whose places are given, and a user's own say of the user's stores. */
static void read_user(const struct user *user, const struct lt_list *system)
{
    struct lt_str file = lt_path_join(user->ctx->scratch, user->home, LT_STR(".config/containers/storage.conf"));
    lt_each (const struct lt_storage_place, place, system)
        if (place->of_users)
            add(user, place);
    read_file(user, file);
    read_directory(user, lt_str_format(user->ctx->scratch, "%.*s.d", LT_ARG(file)));
}

void lt_storage_places(struct lt_ctx *ctx, struct lt_list *out)
{
    struct lt_listing homes;
    struct lt_list system = {0};
    read_system(&(struct user){ctx, &system, LT_STR("")});
    lt_each (const struct lt_storage_place, place, &system)
        if (!place->of_users)
            lt_list_add(out, ctx->scratch, place);
    lt_fs_list(ctx->fs, LT_STR("/home"), ctx->scratch, &homes, NULL); /* the runtimes report a failure */
    for (size_t i = 0; i < homes.count; i++)
        if (S_ISDIR(homes.nodes[i].mode))
            read_user(&(struct user){ctx, out, lt_path_join(ctx->scratch, LT_STR("/home"), homes.nodes[i].name)},
                      &system);
    read_user(&(struct user){ctx, out, LT_STR("/root")}, &system);
}
