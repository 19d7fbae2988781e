// SPDX-License-Identifier: Apache-2.0
/* What the evidence holds, and the links between its parts: hosts, stores, containers, images, layers, volumes. Sources
 * fill it in phase 1 and the runtimes link it. lt_inventory_own() sets the owners; after that it is read-only.
 * Everything lives in the run arena.
 *
 * container -> rw layer -> init layer -> image layers (top to base) and image -> layers; a volume -> the containers
 * that mount it. A link that could not be read is NULL. It is never guessed, or it is marked inferred. */
#ifndef LT_MODEL_INVENTORY_H
#define LT_MODEL_INVENTORY_H

#include "base/map.h"
#include "model/event.h"
#include "model/owner.h"
#include "parse/idmap.h"
#include "parse/tzif.h"

struct lt_evidence;
struct lt_fs;
struct lt_host;
struct lt_root;
struct lt_runtime;
struct lt_mechanics;
struct lt_blob;

/* A sign of life. */
struct lt_life_sign {
    struct lt_time time;
    const char *what; /* static: "a line of its log" */
};

/* Only the result of linking is kept here. How a runtime finds the parent of a layer is its own business. */
struct lt_layer {
    struct lt_root *root;
    const struct lt_runtime *runtime;     /* that it serves: the store's, or that of its namespace */
    struct lt_str namespace;              /* of containerd, "" if there are none */
    const struct lt_mechanics *mechanics; /* what its entries mean: store/mechanics.h */
    struct lt_str id;                     /* the store's own: name of its directory, or key of its snapshot */
    struct lt_str path;                   /* of that directory */
    struct lt_str content;                /* of the tree of files, "" if that is elsewhere */
    struct lt_str work;     /* path of its work directory, in which the kernel makes `work` at each mount; "" if none */
    struct lt_str merged;   /* mount point while its container runs, "" if none */
    struct lt_str diff_id;  /* "sha256:...", of image layers, "" if unknown */
    struct lt_time created; /* birth of its directory */
    struct lt_layer *parent;           /* the next lower layer; NULL: none, or unknown */
    bool is_base;                      /* according to the store it has no parent */
    struct lt_container *container;    /* rw and init layers */
    struct lt_list containers, images; /* users: struct lt_container *, struct lt_image * */
    unsigned index;                    /* in owner.image, 0 is the base */
    uint64_t size;                     /* bytes that it adds, according to the store; if has_size */
    bool has_size, recorded;    /* recorded: the store's records name it, in one of its own or in a container's */
    struct lt_str tar_record;   /* path of the record of the tar that an image layer was unpacked from, "" if none */
    const struct lt_blob *blob; /* the packed layer that it was unpacked from; NULL: unknown */
    struct lt_list unpacked;    /* of struct lt_str *: files written after that tar was unpacked */
    struct lt_time unpacked_by; /* it was unpacked before this, by the host's clock; if set */
    lt_tags tags;               /* LT_TAG_BIT()s of the layer as a whole */
    enum lt_role role;
    bool inferred;              /* the link to the container or image has an indirect witness only */
    struct lt_map hidden;       /* entries that higher layers hide: see overlay/lower_stack.h */
    struct lt_list identifiers; /* of struct lt_identifier *: further ones */
    void *own;                  /* private to its runtime */
    struct lt_owner owner;
    struct lt_owner beside; /* of what is recorded beside its files: its container or image, else the store */
};

struct lt_history {
    struct lt_str created; /* text, as in the image configuration */
    const char *field;     /* where it stands there; NULL: in history[], as the steps are */
    struct lt_str created_by, comment;
    bool empty_layer;
    struct lt_str diff_id; /* of the layer that the step made, "" if none or unknown */
};

/* A time from `first` to `last`. An unset end is open: not known, or not yet over. */
struct lt_span {
    struct lt_time first, last;
};

struct lt_image {
    struct lt_root *root;
    const struct lt_runtime *runtime; /* as for a layer */
    struct lt_str namespace;
    struct lt_str id;       /* "sha256:...": digest of its configuration, or of the manifest or index that a name means;
                             * 64 hex digits alone before Docker 1.10 */
    struct lt_str config;   /* path of its configuration, "" if that is not there */
    struct lt_str updated;  /* path of lastUpdated, "" if there is none */
    struct lt_time tagged;  /* when it last got a name, if its store records that of names; else see `updated` */
    struct lt_time created; /* from its configuration: the builder's clock */
    struct lt_time arrived; /* mtime of its configuration, by the host's clock: the last time that it came here */
    struct lt_time stamp;   /* time of all its build steps if it was set for the build; otherwise unset */
    struct lt_str parent;   /* image that a classic build made it from, "" if unknown */
    bool has_children;      /* other images name it as their parent */
    struct lt_list names;   /* of struct lt_str *: tags and digests from repositories.json */
    struct lt_list history; /* of struct lt_history * */
    struct lt_list diff_ids; /* of struct lt_str *, base first */
    struct lt_list layers;   /* of struct lt_layer *, base first; shorter than diff_ids if some are unknown */
    struct lt_list blobs;   /* of struct lt_blob *: what its layers were unpacked from, as diff_ids; empty if unknown */
    struct lt_str platform; /* "linux/amd64", "" if unknown */
    struct lt_list variants; /* of struct lt_image *: the same image for other platforms; they are in no other list */
    bool packed;             /* its layers were never unpacked here, or are not any more */
    struct lt_list copies;   /* of struct lt_layer *: the same layers, unpacked by other snapshotters */
    struct lt_list identifiers; /* of struct lt_identifier *: further ones */
    void *own;                  /* private to its runtime */
    struct lt_list users;       /* of struct lt_container *: those made from it */
    lt_tags tags;               /* LT_TAG_BIT()s of the image as a whole */
    bool referenced_only;       /* a container names it, but imagedb does not have it */
    bool removed;               /* known from recovered records only; then: */
    struct lt_span gone;        /* it was removed between these; both the same: then */
    struct lt_list witnesses;   /* of struct lt_identifier *: who tells what of it, for people */
    struct lt_owner owner;
};

/* A blob of a content store. */
struct lt_blob {
    struct lt_str digest; /* "sha256:...", "" if unknown */
    struct lt_str path;   /* "" if it is not there */
    uint64_t size;        /* as its manifest says */
};

/* A mount of a container over its layers. */
struct lt_mount {
    struct lt_str type;        /* "volume", "bind", "tmpfs"..., the runtime's word */
    struct lt_str name;        /* of a volume, else "" */
    struct lt_str driver;      /* of a volume: other drivers than "local" keep their files elsewhere */
    struct lt_str source;      /* path on the host, "" for a volume that is found by its name */
    struct lt_str destination; /* path in the container */
    struct lt_str subpath;     /* of a volume: the part that is mounted, "" for all */
    bool writable;
    bool automatic; /* the runtime adds it to every container by itself */
    bool own;       /* the runtime made its source for this container or its pod: no path that somebody chose */
    bool idmapped;  /* the mount itself maps IDs: those on disk are those in the container */
};

/* A time zone as the evidence gives it. */
struct lt_zone_info {
    struct lt_str name;     /* "Asia/Tokyo"; "" if unknown */
    struct lt_str from;     /* its witness: "TZ in Config.Env", a path...; "" if none */
    bool known;             /* its rules are known */
    bool unnamed;           /* nothing in the evidence names them: `name` is their POSIX form, or their only offset */
    struct lt_str conflict; /* how its witnesses disagree, "" if they do not */
    struct lt_zone rules;   /* UTC if unknown */
};

/* A directory that is walked by itself: out of the store, or with what is mounted in it. */
struct lt_tree {
    struct lt_str path;
    const struct lt_owner *owner;
    bool cross_mounts; /* the walk also enters file systems mounted in it */
};

/* What traces tell of the life of a container that was removed: see lt_container_met(). */
struct lt_traces {
    struct lt_time first;        /* the earliest of them */
    struct lt_time began, ended; /* the last sign of a start, and of an end */
    struct lt_time gone;         /* it was removed by then */
    struct lt_span removed;      /* it was removed between these; both the same: then */
    struct lt_str mounts_by;     /* path of the file that tells its mounts, "" if none does */
};

struct lt_container {
    struct lt_root *root;
    const struct lt_runtime *runtime;          /* the store's, or that of its namespace */
    struct lt_str id, name;                    /* name without its slash; "" if unknown */
    struct lt_str path;                        /* of containers/<id>, "" if there is none */
    struct lt_str image_id;                    /* as in the configuration */
    struct lt_str namespace;                   /* of containerd, "" if there are none */
    struct lt_str pod;                         /* UID of its pod, "" if none */
    struct lt_str pod_name, pod_namespace;     /* of Kubernetes; "" if none */
    bool infra;                                /* it only holds the namespaces of its pod */
    struct lt_str driver;                      /* storage driver, as in the configuration */
    bool driver_read;                          /* the layers of that driver are read */
    struct lt_str rw_id;                       /* the store's ID of its rw layer, which may be missing; "" if unknown */
    struct lt_list identifiers;                /* of struct lt_identifier *: others that it has */
    bool host_userns;                          /* it uses the host's user IDs, even if other containers do not */
    struct lt_idmap *uids, *gids;              /* user and group IDs in it; NULL: those of its store */
    struct lt_time created, started, finished; /* from the configuration; unset for Go's zero time */
    bool found_dead; /* `finished` is when the daemon started and found it dead: see runtime/docker/container.c */
    struct lt_where found_dead_by; /* where `finished` was read then */
    struct lt_life_sign
        *last_sign;              /* if found_dead: that it lived before. Grows while events are emitted: model/life.h */
    int64_t pid;                 /* of its first process, as the daemon saved it; 0 if none */
    bool running;                /* as the daemon saved it; also if paused or restarting */
    const struct lt_attr *facts; /* state, command, ports...: attributes of its events */
    size_t fact_count;
    struct lt_list mounts;        /* of struct lt_mount * */
    struct lt_map mount_at;       /* the same, by destination */
    struct lt_list networks;      /* of struct lt_member *: by its configuration, see model/network.h */
    struct lt_list findings;      /* of struct lt_exposure *: see host/exposure.h */
    struct lt_list limits;        /* of struct lt_str *: limits in hostconfig.json on its use of the host, if known */
    bool limits_known, unlimited; /* `limits` could be read; memory or processes have no limit */
    struct lt_str cgroup_parent;  /* as in hostconfig.json, "" for the default */
    struct lt_str tz;             /* TZ in its environment */
    const char *tz_field;         /* field of its configuration that sets TZ; NULL: none does */
    struct lt_zone_info zone;
    lt_tags tags;                           /* LT_TAG_BIT()s of the container as a whole */
    bool removed;                           /* it is in no store: see lt_inventory_removed() */
    struct lt_time first_trace, last_trace; /* of one in no store: the span of what names it; see run/traces.h */
    struct lt_list traced_by;               /* of struct lt_str *: the sources of that */
    struct lt_list witnesses; /* of struct lt_identifier *: of one that was removed, who tells what of it, for people */
    struct lt_list told_by;   /* of struct lt_str *: without a configuration, who tells its name or image, for people */
    struct lt_image *image;   /* tag image_inferred: only its layers tell so */
    bool image_by_name;       /* it was found by a name, which may mean another one by now */
    struct lt_layer *rw, *init;
    struct lt_list layers;     /* its image layers, top first */
    struct lt_traces traces;   /* if `removed` */
    void *own;                 /* private to its runtime */
    struct lt_owner owner;     /* role config */
    struct lt_owner log_owner; /* role log */
};

/* A container that sees files of the host through a mount. */
struct lt_mount_user {
    const struct lt_container *container;
    const struct lt_mount *mount;
    struct lt_str source; /* evidence path of what is mounted, "" for the root */
    bool nowhere;         /* the source is missing */
};

struct lt_volume {
    struct lt_root *root;
    struct lt_str name, path;
    struct lt_time created;   /* birth of its directory */
    bool removed;             /* known from freed or recovered records only, and in root->removed_volumes; then: */
    bool in_database;         /* the store's database tells of its removal */
    struct lt_span gone;      /* it was removed between these; both the same: then */
    struct lt_list witnesses; /* of struct lt_identifier *: who tells what of it, for people */
    struct lt_str data;       /* of its files: <path>/_data */
    struct lt_str device; /* what is mounted over its data while a container runs, "" if nothing; may contain secrets */
    struct lt_str shown_device;     /* the same for people, without secrets: "/srv/data", "nfs :/export" */
    bool device_is_path;            /* `device` is a bind of a path of the host */
    bool by_path;                   /* containers name that path, not the volume: Docker before 1.7 */
    bool device_in_memory;          /* it is a tmpfs */
    bool device_read_only;          /* according to the options of that bind */
    const struct lt_container *pod; /* stands for the pod that it belongs to; NULL: it belongs to none */
    struct lt_list options;         /* of struct lt_str *: the contents of its opts.json, without secrets */
    struct lt_list users;           /* of struct lt_mount_user *, those of a container next to each other */
    struct lt_owner owner;
};

/* Files of the host that containers see through bind mounts: see files/binds.c. */
struct lt_bind {
    struct lt_str source; /* evidence path, without symbolic links */
    struct lt_list users; /* of struct lt_mount_user *, as for a volume: all that see the source */
    struct lt_owner owner;
};

/* What of a bind source the timeline shows: see files/binds.h. */
struct lt_bound {
    struct lt_str source;
    uint64_t entries;  /* in it, as far as it was walked; without those of stores */
    uint64_t shown;    /* of these */
    uint64_t left_out; /* changed since the first container that binds it for writing was made, but while none ran */
    const char *why;   /* these are left out; NULL: none is */
};

/* A file in which a program in a container may have kept a log or a history: see inside/inner_logs.h. */
struct lt_inner_log {
    struct lt_fs *fs;
    struct lt_str path, inside; /* in the evidence; as the container sees it, "" if none does */
    const struct lt_owner *owner;
    lt_tags tags;                    /* of the file that its records have, too */
    struct lt_time written, changed; /* mtime and ctime; may be unset */
    bool history;                    /* that of a shell, by its name */
    struct lt_fs *lower_fs;          /* what the layers below may show in its place: a path there, */
    struct lt_str lower;             /* "" if they show no file */
};

/* What a host mounts, by its own settings. */
struct lt_placed {
    struct lt_fs *fs;     /* where it is in the evidence; NULL: nowhere */
    struct lt_str at;     /* path on the host */
    struct lt_str device; /* as the setting names it: "UUID=...", or the directory of a bind; "" if none does */
    struct lt_str from;   /* who says so: "/etc/fstab"... */
    struct lt_str options;
    bool bind, there; /* there: a directory that was given as evidence holds its files */
    bool reported;    /* as missing */
};

/* A file system of a host, or several as the host mounts them (evidence/mounted.h). */
struct lt_mount_point {
    struct lt_fs *fs;
    struct lt_str at; /* its mount point on the host: "/" if it has the host's /etc, "" if unknown */
};

/* One machine. What a machine has once is here. What it may have many times is in its stores. */
struct lt_host {
    const struct lt_evidence *evidence; /* that its file systems are part of */
    struct lt_list mounts;              /* of struct lt_mount_point *: its file systems; never empty */
    struct lt_fs *etc;                  /* the one with its /etc; NULL: none has it */
    struct lt_fs *root_part;            /* the file system that is mounted at its root; NULL as `etc` */
    struct lt_str root_device;          /* its node in /dev, "" if unknown */
    struct lt_str within;               /* path of its root in another host's file system, "" if it is not in one */
    struct lt_list placed;              /* of struct lt_placed *: what it mounts besides */
    struct lt_str machine_id;           /* "" if unknown */
    bool collected;                     /* its files are copies: see read/collected.h */
    struct lt_str hostname;             /* "" if unknown */
    struct lt_zone_info zone;           /* its own */
    struct lt_list offsets;             /* that daemons wrote with times: see clock/zones.h */
    struct lt_str *subuid, *subgid;     /* texts of /etc/subuid and /etc/subgid; NULL: not read yet */
    struct lt_time newest;              /* the newest ctime of a file seen: only this host's kernel sets these */
    struct lt_list roots;               /* of struct lt_root *: its stores */
    struct lt_list searched;            /* of struct lt_searched *: see read/recovered.h */
    struct lt_list bound;               /* of struct lt_bound *: the bind sources that were walked */
    struct lt_list inner_logs;          /* of struct lt_inner_log *: found by the walks */
    struct lt_remains_found *remains;   /* see remains/remains.h; NULL: nobody looked */
    struct lt_known_lines *known_lines; /* those in deleted logs; NULL: nobody looked */
    struct lt_map unread;               /* paths of stores that nobody reads, and that are reported */
    struct lt_owner owner;              /* role host, of no store */
};

/* A symbolic link among the parts of a store. Readers see what it leads to at its place: evidence/mounted.h. */
struct lt_link {
    struct lt_str directory; /* path of that with the link */
    struct lt_node node;     /* the link itself */
    struct lt_str leads_to;  /* path of what it leads to, without links */
};

/* A layer that is gone with its container. */
struct lt_gone_layer {
    struct lt_str container; /* its ID */
    enum lt_role role;
    struct lt_owner owner; /* see lt_told_layer() */
};

/* A store: one place where a runtime keeps its data. */
struct lt_root {
    struct lt_host *host;
    struct lt_fs *fs;
    struct lt_str path;   /* "" if the evidence itself is the store */
    struct lt_fs *part;   /* the file system that holds that directory, of those that make up `fs` */
    struct lt_list links; /* of struct lt_link * */
    struct lt_str why;    /* how it was found: "default", "data-root in /etc/docker/daemon.json"... */
    const struct lt_runtime *runtime;
    const struct lt_container *outer; /* of another store: the store is in its rw layer or in a volume
                                       * that it alone mounts; NULL: none */
    bool rootless;                    /* found where a rootless daemon keeps it */
    bool abandoned;                   /* the settings in force name another store */
    struct lt_str settings;           /* what they say of it, for people; "" if they say nothing */
    struct lt_idmap *uids, *gids;     /* user and group IDs in its containers; NULL: the same as the host's */
    struct lt_list containers, images, layers, volumes;
    struct lt_map removed_by_id;                    /* containers known only from traces: see lt_inventory_removed() */
    struct lt_list removed;                         /* of struct lt_container *: the same */
    struct lt_list removed_images, removed_volumes; /* of struct lt_image *, struct lt_volume *: see `removed` there */
    struct lt_map removed_image_by_id, removed_volume_by_name;
    struct lt_list networks; /* of struct lt_network *: removed ones, too */
    struct lt_map network_by_id;
    struct lt_time networks_saved; /* when the database of networks changed last; unset: it tells nothing */
    struct lt_map gone_layers;     /* name of the directory of a layer that is gone -> struct lt_gone_layer * */
    struct lt_map container_by_id, image_by_id; /* keys: lt_namespaced() */
    struct lt_map layer_by_id, volume_by_name;
    struct lt_map snapshots; /* layers under the names by which other stores know them: see lt_host_snapshot() */
    struct lt_list trees;    /* of struct lt_tree *: walked besides layers and its own directory */
    struct lt_map owner_at;  /* path -> struct lt_owner *: owner of the directory and everything in it */
    bool owners_nest;        /* what is in such a directory may have another owner */
    void *own;               /* private to its runtime */
    struct lt_owner owner;   /* role host */
};

struct lt_inventory {
    struct lt_arena *arena;  /* the run arena, borrowed */
    struct lt_list hosts;    /* of struct lt_host * */
    struct lt_list roots;    /* of struct lt_root *: those of all hosts */
    struct lt_list settings; /* of struct lt_host_settings *: see host/host_settings.h */
};

/* A new host without file systems; see lt_host_add_fs(). */
struct lt_host *lt_inventory_host(struct lt_inventory *inventory);
/* `at` as in struct lt_mount_point; "/" makes `fs` the one with the host's /etc. */
void lt_host_add_fs(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs, struct lt_str at);

/* Add what a host mounts; copied, but for its strings. */
void lt_host_add_placed(struct lt_inventory *inventory, struct lt_host *host, struct lt_placed placed);

/* May both be one machine? The same one is; so may two of one evidence be, unless each has an /etc: nothing tells whose
 * a file system without one is. */
bool lt_hosts_may_be_one(const struct lt_host *a, const struct lt_host *b);

/* The daemon found the container dead when it started: `finished`, which is set, is when it did. `file`, which must
 * live for the run, and `field` (static) say so. */
void lt_container_found_dead(struct lt_inventory *inventory, struct lt_container *container, struct lt_str file,
                             const char *field);

/* A file of this host was seen: see lt_host.newest. */
static inline void lt_host_met(struct lt_host *host, const struct lt_node *node)
{
    struct lt_time changed = node->time[LT_C];
    if (changed.set && !node->unallocated && (!host->newest.set || lt_time_cmp(changed, host->newest) > 0))
        host->newest = changed;
}

/* Find or create. The ID must have been checked (parse/ident.h); its bytes and those of the namespace ("" if there are
 * none) are copied. The runtime of what is created is the store's. */
struct lt_root *lt_inventory_root(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs,
                                  struct lt_str path);
struct lt_container *lt_inventory_container(struct lt_inventory *inventory, struct lt_root *root,
                                            struct lt_str namespace, struct lt_str id);
/* A removed container that a log or a database still names (tag configuration_missing, role config). It is not in
 * root->containers, and there is one in all stores of the host. NULL: it is new, and the store already has 16384 of
 * them. */
struct lt_container *lt_inventory_removed(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
/* The same of an image or a volume: NULL if the store has one with that ID or name, too. */
struct lt_image *lt_inventory_removed_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
struct lt_volume *lt_inventory_removed_volume(struct lt_inventory *inventory, struct lt_root *root, struct lt_str name);
struct lt_image *lt_inventory_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str namespace,
                                    struct lt_str id);
struct lt_layer *lt_inventory_layer(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
struct lt_volume *lt_inventory_volume(struct lt_inventory *inventory, struct lt_root *root, struct lt_str name);

/* Add a directory to the walk of a store, all of whose own directory is walked in any case. Its entries belong to the
 * store, except in directories that have another owner (lt_root_give()). Paths are borrowed. */
void lt_root_add_tree(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, bool cross_mounts);
/* The directory or file at `path`, in the store or one of its trees, belongs to a container or a volume. Both are
 * borrowed. */
void lt_root_give(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, struct lt_owner *owner);

/* Add one more identifier, whose name and value are borrowed. Does nothing if the value is empty. */
void lt_identifier_add(struct lt_inventory *inventory, struct lt_list *identifiers, const char *name,
                       struct lt_str value);
/* The value of an identifier, "" if there is none. */
struct lt_str lt_identifier_of(const struct lt_list *identifiers, const char *name);

/* Once the runtimes have linked layers, images and containers: add the users of layers and images, first of all stores,
 * since a container may use layers of another one; then set owners and tags of everything in a store. */
void lt_inventory_link_users(struct lt_inventory *inventory, struct lt_root *root);
void lt_inventory_own(struct lt_root *root);

/* Set the container in which a store lies, if it lies in a volume of one or in its rw layer. The users of volumes must
 * be known. */
void lt_root_find_outer(struct lt_root *root);

/* Who mounts the files of `owner`, a volume or a bind (of struct lt_mount_user *); NULL: it is neither. And the only
 * container among `users`; NULL: none, or several. */
const struct lt_list *lt_owner_users(const struct lt_owner *owner);
const struct lt_container *lt_only_user(const struct lt_list *users);

/* How the user or group IDs that files of `owner` have on disk are seen in its containers. Only files of layers,
 * volumes and binds are mapped. NULL: the IDs are the same, or containers that share the files see different ones. The
 * maps of a container are those of its rw layer and of what it mounts; image layers, which any container may use, have
 * those of their store. */
const struct lt_idmap *lt_owner_idmap(const struct lt_owner *owner, bool group);

/* The key of an ID of a namespace in the maps of a store. In `arena` unless the namespace is "". */
struct lt_str lt_namespaced(struct lt_arena *arena, struct lt_str namespace, struct lt_str id);

/* The snapshot that a store of this host keeps for others, by its namespace, snapshotter and key. NULL: none has it. */
struct lt_layer *lt_host_snapshot(const struct lt_host *host, struct lt_arena *scratch, struct lt_str namespace,
                                  struct lt_str snapshotter, struct lt_str key);
/* Make `layer` known as such a snapshot. */
void lt_root_add_snapshot(struct lt_inventory *inventory, struct lt_layer *layer, struct lt_str snapshotter,
                          struct lt_str key);

/* The namespace of containerd to which what `owner` names belongs, "" if there is none. */
struct lt_str lt_owner_namespace(const struct lt_owner *owner);

/* The runtime that a row names: that of the owner's container, image or layer, else that of its store; without a store,
 * that of the host's first store. */
const struct lt_runtime *lt_owner_runtime(const struct lt_owner *owner);

/* First name of an image: a tag if it has one, otherwise a digest, otherwise "". */
struct lt_str lt_image_name(const struct lt_image *image);

/* The name of the owner's image by which its container was made, if it still has that one; else its first name. */
struct lt_str lt_owner_image_name(const struct lt_owner *owner);

/* The image by which its container was made, as it was typed then: a name, or an ID or the beginning of one; "" if
 * unknown. And does its image have that name now, or that ID? A tag may have moved to another image since. */
struct lt_str lt_container_typed(const struct lt_container *container);
bool lt_container_typed_holds(const struct lt_container *container);

/* The image of its store that has the typed name now; NULL: none. */
const struct lt_image *lt_container_typed_now(const struct lt_container *container);

/* Is its last known end that of an earlier run? Of one that does not run, it is not: the end of a short life may be
 * dated before the start, which the daemon notes later. */
static inline bool lt_container_ended_before(const struct lt_container *container)
{
    return container->running && container->started.set && container->finished.set &&
           lt_time_cmp(container->finished, container->started) < 0;
}

/* Name of a layer: the diff ID of an image layer, otherwise the storage driver's own ID. */
static inline struct lt_str lt_layer_name(const struct lt_layer *layer)
{
    return layer->diff_id.len ? layer->diff_id : layer->id;
}

/* Append "name@0123456789ab", or the short ID or the name alone if there is only that one. */
void lt_label(struct lt_buf *out, struct lt_str name, struct lt_str id);

/* Append a label for people: "name@0123456789ab", or the short ID alone, of a container, an image or an orphan layer.
 * For a volume: its name and after a colon the container that mounts it ("2 containers" if there are several).
 * Otherwise "host". */
void lt_owner_label(struct lt_buf *out, const struct lt_owner *owner);

#endif
