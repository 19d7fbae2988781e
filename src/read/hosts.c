// SPDX-License-Identifier: Apache-2.0
#include "read/hosts.h"

#include "evidence/mounted.h"
#include "read/mount_table.h"
#include "read/ostree.h"
#include "read/subvolumes.h"
#include "read/systems.h"

#include <stdlib.h>
#include <string.h>

/* The file systems of all evidences. */
struct found {
    struct lt_ctx *ctx;
    const struct lt_list *evidence;
    const struct lt_runtime *const *runtimes;
    struct lt_list hosts; /* of struct lt_host *: those with an /etc */
    struct lt_list taken; /* of struct lt_fs *: those that a host has */
};

static bool is_taken(const struct found *found, const struct lt_fs *fs)
{
    return lt_list_has(&found->taken, fs);
}

static void take(struct found *found, struct lt_fs *fs)
{
    if (!is_taken(found, fs))
        lt_list_add(&found->taken, found->ctx->run, fs);
}

static bool has_etc(struct lt_fs *fs, struct lt_arena *scratch)
{
    struct lt_str path;
    return lt_fs_resolve(fs, LT_STR("/etc"), scratch, &path, NULL) == LT_OK;
}

/* Give a host the directory `path` of a file system; `at` as in struct lt_mount_point. */
static void add_fs(struct lt_ctx *ctx, struct lt_host *host, struct lt_fs *fs, struct lt_str path, struct lt_str at)
{
    lt_host_add_fs(ctx->inventory, host, lt_mounted_new(ctx->run, fs, path), at);
}

static struct lt_host *new_host(struct lt_ctx *ctx, const struct lt_evidence *evidence)
{
    struct lt_host *host = lt_inventory_host(ctx->inventory);
    host->evidence = evidence;
    return host;
}

/* May the table mean this file system, which its device name does not tell? It was last mounted there, and no other
 * host could have done that. */
static bool was_mounted_at(const struct found *found, const struct lt_host *host, const struct lt_fs *fs,
                           struct lt_str at)
{
    return lt_str_eq(fs->identity.last_mounted, at) && (fs->evidence == host->evidence || found->hosts.count == 1);
}

static bool is_named(struct lt_str name, struct lt_str value)
{
    return name.len && lt_str_eq(name, value);
}

/* Is this partition the node, if the host's root is that other partition of the same disk? */
static bool is_partition(const struct lt_host *host, const struct lt_fs *root, const struct lt_fs *fs,
                         struct lt_str node)
{
    size_t disk, root_disk;
    unsigned number = lt_fstab_partition(node, &disk);
    return number && number == fs->identity.partition && fs->evidence == root->evidence &&
           fs->identity.disk == root->identity.disk &&
           lt_fstab_partition(host->root_device, &root_disk) == root->identity.partition && disk == root_disk &&
           memcmp(node.ptr, host->root_device.ptr, disk) == 0;
}

/* Is that its device? A name that the disks do not tell may still be its. */
static bool is_node(const struct found *found, const struct lt_host *host, const struct lt_fs *fs,
                    const struct lt_placed *placed, struct lt_str node)
{
    const struct lt_fs_identity *identity = &fs->identity;
    if (lt_list_has_str(&identity->nodes, node) || is_partition(host, host->root_part, fs, node))
        return true;
    return !identity->all_nodes && was_mounted_at(found, host, fs, placed->at);
}

static bool is_meant(const struct found *found, const struct lt_host *host, const struct lt_fs *fs,
                     const struct lt_placed *placed)
{
    const struct lt_fs_identity *identity = &fs->identity;
    struct lt_str value;
    switch (lt_fstab_device(placed->device, &value)) {
    case LT_BY_UUID:
        return is_named(identity->uuid, lt_str_lower(found->ctx->scratch, value));
    case LT_BY_PARTUUID:
        return is_named(identity->partuuid, lt_str_lower(found->ctx->scratch, value));
    case LT_BY_LABEL:
        return is_named(identity->label, value);
    case LT_BY_PARTLABEL:
        return is_named(identity->partlabel, value);
    case LT_BY_NODE:
        return is_node(found, host, fs, placed, value);
    case LT_BY_NOTHING:
        break;
    }
    return false;
}

/* May the host mount yet another part of it? */
static bool has_part(const struct lt_host *host, const struct lt_fs *fs)
{
    bool has = fs->subvolumes.count && host->root_part == fs;
    lt_each (const struct lt_placed, placed, &host->placed)
        has |= fs->subvolumes.count && placed->fs == fs;
    return has;
}

/* The file system that an entry of a mount table means, of the host's own evidence if there are several. */
static struct lt_fs *find_meant(const struct found *found, const struct lt_host *host, const struct lt_placed *placed)
{
    struct lt_fs *best = NULL;
    lt_each (const struct lt_evidence, evidence, found->evidence)
        lt_each (struct lt_fs, fs, &evidence->fs)
            if ((!is_taken(found, fs) || has_part(host, fs)) && is_meant(found, host, fs, placed) &&
                (!best || (best->evidence != host->evidence && evidence == host->evidence)))
                best = fs;
    return best;
}

/* Does another host claim it as well? Disks of cloned machines have the same UUIDs. */
static bool is_contested(const struct found *found, const struct lt_host *host, const struct lt_fs *fs)
{
    if (fs->evidence == host->evidence)
        return false;
    lt_each (const struct lt_host, other, &found->hosts)
        lt_each (const struct lt_placed, placed, &other->placed)
            if (other != host && is_meant(found, other, fs, placed))
                return true;
    return false;
}

/* Has a directory of the host any entry but what mkfs makes? */
static bool is_empty(struct lt_ctx *ctx, const struct lt_host *host, struct lt_str at)
{
    struct lt_listing listing;
    size_t count = 0;
    lt_fs_list(host->etc, at, ctx->scratch, &listing, NULL);
    for (size_t i = 0; i < listing.count; i++)
        count += !lt_str_eq(listing.nodes[i].name, LT_STR("lost+found"));
    return !count;
}

/* Are the files there already? The directory that was given may be a host whose file systems are mounted. */
static bool is_there(struct lt_ctx *ctx, const struct lt_host *host, struct lt_str at)
{
    struct lt_node node;
    bool is_directory = strcmp(host->evidence->kind->name, "directory") == 0;
    if (!is_directory || lt_fs_stat(host->etc, at, ctx->scratch, &node, NULL) != LT_OK)
        return false;
    return node.mount_root || !is_empty(ctx, host, at);
}

/* Mount the directory `path` of a file system. What that hides is lost. */
static void mount_over(struct lt_ctx *ctx, const struct lt_host *host, struct lt_str at, struct lt_fs *fs,
                       struct lt_str path)
{
    struct lt_ctx there = lt_ctx_on(ctx, host->etc);
    if (!is_empty(ctx, host, at))
        lt_skip(&there, at, LT_CODE_UNSUPPORTED,
                "files here are hidden by what is mounted over them, and not read: give their file system by itself");
    lt_mounted_add(host->etc, at, fs, path, LT_MOUNTED_FS);
}

/* What a kernel makes of a mount point that leads through links. */
static struct lt_str mount_point(struct lt_ctx *ctx, struct lt_fs *view, struct lt_str at)
{
    struct lt_str real;
    return lt_fs_resolve(view, at, ctx->scratch, &real, NULL) == LT_OK ? real : at;
}

/* Where a subvolume is mounted, others hold what the host had: snapshots of it, or what it mounted by hand. Stores that
 * are known already are not found again. */
static void add_rest(struct lt_ctx *ctx, struct lt_host *host, struct lt_fs *fs)
{
    lt_each (const struct lt_mount_point, mount, &host->mounts) {
        struct lt_str inner;
        if (!mount->at.len && lt_mounted_part(mount->fs, LT_STR(""), ctx->scratch, &inner) == fs)
            return;
    }
    add_fs(ctx, host, fs, LT_STR(""), LT_STR(""));
}

static void mount_fs(struct found *found, struct lt_host *host, struct lt_placed *placed)
{
    struct lt_ctx *ctx = found->ctx;
    struct lt_fs *fs = find_meant(found, host, placed);
    if (!fs)
        return;
    if (is_contested(found, host, fs)) {
        lt_skip(ctx, placed->at, LT_CODE_BAD_ID,
                "the mount tables of several hosts name the %.*s (%.*s) of %s: it is of none of them",
                LT_ARG(fs->label), LT_ARG(placed->device), fs->evidence->spec);
        return;
    }
    struct lt_str part;
    struct lt_node node;
    if (lt_subvolume_meant(fs, placed->options, ctx->scratch, &part) != LT_OK ||
        lt_fs_stat(fs, part, ctx->scratch, &node, NULL) != LT_OK)
        return;
    placed->fs = fs;
    take(found, fs);
    mount_over(ctx, host, mount_point(ctx, host->etc, placed->at), fs, part);
    if (part.len)
        add_rest(ctx, host, fs);
}

/* Show a directory of the host at another path. */
static void mount_bind(struct lt_ctx *ctx, struct lt_host *host, struct lt_placed *placed)
{
    struct lt_str source, inner, at = mount_point(ctx, host->etc, placed->at);
    struct lt_node node = {0};
    placed->there = lt_str_eq(placed->at, placed->device);
    if (placed->there || lt_fs_resolve(host->etc, placed->device, ctx->scratch, &source, NULL) != LT_OK)
        return;
    lt_fs_stat(host->etc, at, ctx->scratch, &node, NULL);
    placed->there = lt_str_eq(at, source) || (!node.mount_root && !is_empty(ctx, host, at));
    if (placed->there)
        return; /* both are read: lt_settings_of_mounts() says which one was in use */
    placed->fs = lt_mounted_part(host->etc, source, ctx->scratch, &inner);
    if (!node.mount_root)
        lt_mounted_add(host->etc, at, placed->fs, inner, LT_MOUNTED_FS);
}

/* Paths above others first, as they are mounted. */
static int by_mount_point(const void *a, const void *b)
{
    const struct lt_placed *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->at, (*right)->at);
}

static void mount_all(struct found *found, struct lt_host *host)
{
    struct lt_ctx *ctx = found->ctx;
    if (host->placed.count)
        qsort(host->placed.items, host->placed.count, sizeof *host->placed.items, by_mount_point);
    lt_each (struct lt_placed, placed, &host->placed) {
        if (placed->bind)
            continue;
        placed->there = is_there(ctx, host, mount_point(ctx, host->etc, placed->at));
        if (!placed->there)
            mount_fs(found, host, placed);
    }
    lt_each (struct lt_placed, placed, &host->placed) /* what is bound may lie on any of them */
        if (placed->bind)
            mount_bind(ctx, host, placed);
}

/* Is this an empty directory of the host? */
static bool is_free(struct lt_ctx *ctx, struct lt_host *host, struct lt_str at)
{
    struct lt_node node;
    return at.len > 1 && at.ptr[0] == '/' && !lt_is_mounted_at(host->etc, at) &&
           lt_fs_stat(host->etc, at, ctx->scratch, &node, NULL) == LT_OK && S_ISDIR(node.mode) && !node.mount_root &&
           is_empty(ctx, host, at);
}

/* The mount point that a store at one of the places of its runtime tells. "": none does. */
static struct lt_str mount_point_of(struct lt_ctx *there, const struct lt_runtime *runtime)
{
    for (const struct lt_place *place = runtime->places; place->path; place++) {
        struct lt_str home = LT_STR(""), path = lt_str_c(place->path);
        if (runtime->bid(there, path) < LT_BID_CERTAIN)
            continue;
        if (runtime->home)
            home = runtime->home(there, path);
        if (!home.len)
            home = lt_str_c(runtime->places[0].path);
        if (lt_str_ends(home, path))
            return (struct lt_str){home.ptr, home.len - path.len};
    }
    return LT_STR("");
}

/* The entry of the table for this mount point whose device is not in the evidence; NULL: there is none. */
static struct lt_placed *unmet(const struct lt_host *host, struct lt_str at)
{
    lt_each (struct lt_placed, placed, &host->placed)
        if (!placed->fs && lt_str_eq(placed->at, at))
            return placed;
    return NULL;
}

/* Does the name tell that it is another file system? An image of a partition does not know the names of that. */
static bool is_contradicted(struct lt_str device)
{
    struct lt_str value;
    enum lt_device_tag tag = lt_fstab_device(device, &value);
    return tag == LT_BY_UUID || tag == LT_BY_LABEL;
}

static bool mount_at(struct found *found, struct lt_host *host, struct lt_fs *fs, struct lt_str at, const char *from)
{
    struct lt_ctx *ctx = found->ctx;
    struct lt_placed *placed = unmet(host, at);
    if (!is_free(ctx, host, at) || (placed && is_contradicted(placed->device)))
        return false;
    if (placed)
        placed->fs = fs;
    else
        lt_host_add_placed(ctx->inventory, host,
                           (struct lt_placed){.fs = fs, .at = lt_str_dup(ctx->run, at), .from = lt_str_c(from)});
    mount_over(ctx, host, at, fs, LT_STR(""));
    take(found, fs);
    return true;
}

/* Mount what no table names where its own bytes say. */
static void mount_by_itself(struct found *found, struct lt_host *host, struct lt_fs *fs)
{
    struct lt_ctx there = lt_ctx_on(found->ctx, fs);
    if (mount_at(found, host, fs, fs->identity.last_mounted, "its superblock"))
        return;
    for (size_t i = 0; found->runtimes[i]; i++)
        if (mount_at(found, host, fs, mount_point_of(&there, found->runtimes[i]), "the store on it"))
            return;
}

static void set_root(struct lt_ctx *ctx, struct lt_host *host, struct lt_fs *fs, struct lt_str path)
{
    host->root_part = fs;
    add_fs(ctx, host, fs, path, LT_STR("/"));
}

static struct lt_host *plain_host(struct lt_ctx *ctx, const struct lt_evidence *evidence, struct lt_fs *fs)
{
    struct lt_host *host = new_host(ctx, evidence);
    set_root(ctx, host, fs, LT_STR(""));
    return host;
}

/* A host of ostree has its root in a deployment, and a /var beside all of them. NULL: it is none. */
static struct lt_host *ostree_host(struct lt_ctx *ctx, const struct lt_evidence *evidence, struct lt_fs *fs)
{
    struct lt_ctx there = lt_ctx_on(ctx, fs);
    struct lt_str root, var;
    if (!lt_ostree_find(&there, &root, &var))
        return NULL;
    struct lt_host *host = new_host(ctx, evidence);
    set_root(ctx, host, fs, root);
    lt_mounted_add(host->etc, LT_STR("/sysroot"), fs, LT_STR(""), LT_MOUNTED_FS);
    lt_mounted_add(host->etc, LT_STR("/var"), fs, var, LT_MOUNTED_FS);
    return host;
}

/* A host whose root is a subvolume. NULL: it is none. */
static struct lt_host *subvolume_host(struct lt_ctx *ctx, const struct lt_evidence *evidence, struct lt_fs *fs)
{
    struct lt_ctx there = lt_ctx_on(ctx, fs);
    struct lt_str root;
    if (!lt_subvolume_root(&there, &root))
        return NULL;
    struct lt_host *host = new_host(ctx, evidence);
    set_root(ctx, host, fs, root);
    add_rest(ctx, host, fs);
    return host;
}

/* How many hosts an evidence has. Writes one of them to `out`, or NULL. */
static size_t hosts_of(const struct found *found, const struct lt_evidence *evidence, struct lt_host **out)
{
    size_t count = 0;
    *out = NULL;
    lt_each (struct lt_host, host, &found->hosts)
        if (host->evidence == evidence) {
            *out = host;
            count++;
        }
    return count;
}

/* Hosts of the file systems of an evidence that are the root of one. With `doubtful` an /etc is enough, if nothing in
 * the evidence is more. */
static void find_roots_in(struct found *found, const struct lt_evidence *evidence, bool doubtful)
{
    struct lt_ctx *ctx = found->ctx;
    struct lt_host *other;
    if (doubtful && hosts_of(found, evidence, &other))
        return;
    lt_each (struct lt_fs, fs, &evidence->fs) {
        struct lt_host *host = NULL;
        if (is_taken(found, fs))
            continue;
        if (doubtful ? has_etc(fs, ctx->scratch) : lt_is_system(fs, LT_STR(""), ctx->scratch))
            host = plain_host(ctx, evidence, fs);
        else if (!doubtful)
            host = ostree_host(ctx, evidence, fs);
        if (!host && !doubtful)
            host = subvolume_host(ctx, evidence, fs);
        if (!host)
            continue;
        take(found, fs);
        lt_list_add(&found->hosts, ctx->run, host);
    }
}

/* Hosts of all evidences, and what their mount tables claim. */
static void find_roots(struct found *found, bool doubtful)
{
    size_t first = found->hosts.count;
    lt_each (const struct lt_evidence, evidence, found->evidence)
        find_roots_in(found, evidence, doubtful);
    for (size_t i = first; i < found->hosts.count; i++)
        lt_mount_table_read(found->ctx, found->hosts.items[i]);
    for (size_t i = first; i < found->hosts.count; i++)
        mount_all(found, found->hosts.items[i]);
}

/* Hosts of the file systems that no mount table claims. */
static void find_others(struct found *found, const struct lt_evidence *evidence)
{
    struct lt_ctx *ctx = found->ctx;
    struct lt_host *host;
    size_t count = hosts_of(found, evidence, &host);
    struct lt_host *near = count == 1 ? host : found->hosts.count == 1 ? found->hosts.items[0] : NULL;
    lt_each (struct lt_fs, fs, &evidence->fs) {
        if (near && !is_taken(found, fs))
            mount_by_itself(found, near, fs);
        if (is_taken(found, fs))
            continue;
        if (!host || count > 1)
            host = new_host(ctx, evidence);
        add_fs(ctx, host, fs, LT_STR(""), LT_STR(""));
    }
}

void lt_hosts_find(struct lt_ctx *ctx, const struct lt_list *evidence, const struct lt_runtime *const *runtimes)
{
    struct found found = {.ctx = ctx, .evidence = evidence, .runtimes = runtimes};
    find_roots(&found, false);
    find_roots(&found, true);
    lt_each (const struct lt_evidence, each, evidence)
        find_others(&found, each);
}

struct lt_host *lt_hosts_nested(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_str inner;
    struct lt_fs *part = lt_mounted_part(ctx->fs, path, ctx->scratch, &inner);
    struct lt_host *host = new_host(ctx, part->evidence);
    struct lt_list none = {0};
    struct found found = {.ctx = ctx, .evidence = &none};
    set_root(ctx, host, part, inner);
    host->within = lt_str_format(ctx->run, "%.*s%.*s", LT_ARG(ctx->host->within), LT_ARG(path));
    lt_mount_table_read(ctx, host);
    mount_all(&found, host);
    return host;
}

/* Give what `from` has to `to`. */
static void merge_host(struct lt_inventory *inventory, struct lt_host *to, const struct lt_host *from)
{
    lt_each (const struct lt_mount_point, mount, &from->mounts)
        lt_host_add_fs(inventory, to, mount->fs, LT_STR(""));
    if (from->newest.set && (!to->newest.set || lt_time_cmp(from->newest, to->newest) > 0))
        to->newest = from->newest;
}

void lt_hosts_settle(struct lt_inventory *inventory)
{
    lt_each (struct lt_host, host, &inventory->hosts) {
        struct lt_host *best = NULL;
        lt_each (struct lt_host, other, &inventory->hosts)
            if (other->evidence == host->evidence && other->roots.count && !other->within.len &&
                (!best || (best->etc && !other->etc)))
                best = other;
        if (best && !host->roots.count)
            merge_host(inventory, best, host);
    }
}
