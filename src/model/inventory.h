// SPDX-License-Identifier: Apache-2.0
/* What the evidence holds and how it hangs together: hosts, stores, containers, images, layers, volumes. Sources fill
 * it in phase 1, the runtimes link it, lt_inventory_own() says who owns what, and from then on it is read-only.
 * Everything lives in the run arena.
 *
 * container -> rw layer -> init layer -> image layers (top to base) and image -> layers; a volume -> the containers
 * that mount it. A link that could not be read is NULL, never guessed, or marked inferred. */
#ifndef LT_MODEL_INVENTORY_H
#define LT_MODEL_INVENTORY_H

#include "base/map.h"
#include "model/event.h"
#include "parse/idmap.h"
#include "parse/tzif.h"

struct lt_fs;
struct lt_host;
struct lt_root;
struct lt_runtime;
struct lt_mechanics;

/* What a file is in its container or on the host: `layer_role` in the output. */
enum lt_role {
    LT_ROLE_RW,
    LT_ROLE_IMAGE,
    LT_ROLE_INIT,
    LT_ROLE_VOLUME,
    LT_ROLE_CONFIG,
    LT_ROLE_LOG,
    LT_ROLE_HOST,
    LT_ROLES
};
extern const char *const lt_role_names[LT_ROLES];

/* Whose an event is. Fields that do not apply are NULL; `host` and `role` are always there. */
struct lt_owner {
    const struct lt_host *host;
    const struct lt_root *root; /* the store that it belongs to */
    const struct lt_container *container;
    const struct lt_image *image;
    const struct lt_layer *layer;
    const struct lt_volume *volume;
    const struct lt_bind *bind;
    enum lt_role role;
};

/* What a runtime calls a thing, for people: "chain_identifier", "sha256:...". */
struct lt_identifier {
    const char *name; /* as in the output of `layertime ids` */
    struct lt_str value;
};

/* How the runtime came to know what lies below a layer is its own business: here only the outcome is told. */
struct lt_layer {
    struct lt_root *root;
    const struct lt_mechanics *mechanics; /* what its entries mean: store/mechanics.h */
    struct lt_str id;                     /* the store's own: name of its directory */
    struct lt_str path;                   /* of that directory */
    struct lt_str content;                /* of the tree of files, "" if it is elsewhere */
    struct lt_str work;                /* of the directory in which the kernel makes `work` at each mount, "" if none */
    struct lt_str merged;              /* where it is mounted while its container runs, "" if nowhere */
    struct lt_str diff_id;             /* "sha256:...", of image layers, "" if unknown */
    struct lt_time created;            /* birth of its directory */
    struct lt_layer *parent;           /* the next lower layer; NULL: none, or unknown */
    bool is_base;                      /* the store says that there is none */
    struct lt_container *container;    /* rw and init layers */
    struct lt_list containers, images; /* users: struct lt_container *, struct lt_image * */
    unsigned index;                    /* in owner.image, 0 is the base */
    uint64_t size;                     /* of what it adds, in bytes, as the store has it; if has_size */
    bool has_size, recorded;  /* recorded: the store's records name it, be it in one of its own or in a container's */
    struct lt_str tar_record; /* of the record of the tar that an image layer was made from, "" if there is none */
    struct lt_list unpacked;  /* of struct lt_str *: files that were written when that had been unpacked */
    lt_tags tags;             /* LT_TAG_BIT()s that hold for the layer as a whole */
    enum lt_role role;
    bool inferred;              /* the link to the container or image has an indirect witness */
    struct lt_map hidden;       /* entries that higher layers hide: see overlay/lower_stack.h */
    struct lt_list identifiers; /* of struct lt_identifier *: others that it has */
    void *own;                  /* of its runtime */
    struct lt_owner owner;
};

struct lt_history {
    struct lt_str created; /* text, as in the image configuration */
    struct lt_str created_by, comment;
    bool empty_layer;
    struct lt_str diff_id; /* of the layer that the step made, "" if none or unknown */
};

struct lt_image {
    struct lt_root *root;
    struct lt_str id;        /* "sha256:..." */
    struct lt_str config;    /* path of imagedb/content/sha256/<id> */
    struct lt_str updated;   /* path of lastUpdated, "" if there is none */
    struct lt_time created;  /* as its configuration says: the builder's clock */
    struct lt_time stamp;    /* that of all its build steps, if it was set for the build; else unset */
    struct lt_str parent;    /* image that a classic build made it from, "" if unknown */
    bool has_children;       /* other images name it as their parent */
    struct lt_list names;    /* of struct lt_str *: tags and digests from repositories.json */
    struct lt_list history;  /* of struct lt_history * */
    struct lt_list diff_ids; /* of struct lt_str *, base first */
    struct lt_list layers;   /* of struct lt_layer *, base first; shorter than diff_ids when some are unknown */
    struct lt_list users;    /* of struct lt_container *: those made from it */
    lt_tags tags;            /* LT_TAG_BIT()s that hold for the image as a whole */
    bool referenced_only;    /* a container names it, but imagedb does not have it */
    struct lt_owner owner;
};

/* What a container has mounted over its layers. */
struct lt_mount {
    struct lt_str type;        /* "volume", "bind", "tmpfs"..., as the runtime has it */
    struct lt_str name;        /* of a volume, else "" */
    struct lt_str driver;      /* of a volume: others than "local" keep their files elsewhere */
    struct lt_str source;      /* path on the host, "" for a volume whose name says where it lies */
    struct lt_str destination; /* path in the container */
    struct lt_str subpath;     /* of a volume: what of it is mounted, "" for all */
    bool writable;
    bool own; /* the runtime mounts it by itself in every container */
};

/* A time zone as the evidence tells it. */
struct lt_zone_info {
    struct lt_str name;   /* "Asia/Tokyo"; "" if unknown */
    struct lt_str from;   /* where that was read: "TZ in Config.Env", a path...; "" if nowhere */
    bool known;           /* are its rules? */
    struct lt_zone rules; /* UTC if not */
};

/* A directory that is walked for its files, besides those of layers. */
struct lt_tree {
    struct lt_str path;
    const struct lt_owner *owner;
    bool cross_mounts; /* the walk also enters what is mounted in it */
};

struct lt_container {
    struct lt_root *root;
    struct lt_str id, name;            /* name without its slash; "" if unknown */
    struct lt_str path;                /* of containers/<id>, "" if there is none */
    struct lt_str image_id;            /* as in the configuration */
    struct lt_str namespace;           /* of containerd, "" where there are none */
    struct lt_str pod;                 /* UID of the pod that it belongs to, "" if to none */
    struct lt_str driver;              /* storage driver, as in the configuration */
    bool driver_read;                  /* the layers of that driver are read */
    struct lt_str rw_id;               /* the store's ID of its rw layer, which may not be there; "" if unknown */
    struct lt_list identifiers, files; /* of struct lt_identifier *: others that it has; paths of its records */
    bool host_userns;                  /* it sees owners as the host does, though others do not */
    struct lt_time created, started, finished; /* of the configuration; unset where it has Go's zero time */
    bool found_dead; /* `finished` is when the daemon started and found it dead: see runtime/docker/container.c */
    int64_t pid;     /* of its first process, as the daemon saved it; 0 if none */
    bool running;    /* so the daemon saved it, be it paused or restarting */
    const struct lt_attr *facts; /* state, command, ports...: attributes of its events */
    size_t fact_count;
    struct lt_list mounts;        /* of struct lt_mount * */
    struct lt_map mount_at;       /* the same by their destination */
    struct lt_list findings;      /* of struct lt_exposure *: see host/exposure.h */
    struct lt_list limits;        /* of struct lt_str *: what of hostconfig.json bounds its use of the host, */
    bool limits_known, unlimited; /* if that could be read; memory or processes have no bound */
    struct lt_str cgroup_parent;  /* as in hostconfig.json, "" for the default */
    struct lt_str tz;             /* TZ in its environment, */
    const char *tz_field;         /* as this field of its configuration says; NULL: it is not set */
    struct lt_zone_info zone;
    lt_tags tags; /* LT_TAG_BIT()s that hold for the container as a whole */
    struct lt_image *image;
    struct lt_layer *rw, *init;
    struct lt_list layers;     /* its image layers, top first */
    void *own;                 /* of its runtime */
    struct lt_owner owner;     /* role config */
    struct lt_owner log_owner; /* role log */
};

/* Who sees files of the host through a mount. */
struct lt_mount_user {
    const struct lt_container *container;
    const struct lt_mount *mount;
    struct lt_str source; /* evidence path of what is mounted, "" for the root */
    bool nowhere;         /* but nothing is there */
};

struct lt_volume {
    struct lt_root *root;
    struct lt_str name, path;
    struct lt_time created; /* birth of its directory */
    bool removed;           /* known from freed records only, and in no list */
    struct lt_str data;     /* of its files: <path>/_data */
    struct lt_str device;   /* what is mounted over its data while a container runs, "" if nothing; may hold secrets */
    bool device_is_path;    /* and that is a bind of a path of the host */
    bool device_read_only;  /* by the options of that bind */
    struct lt_list options; /* of struct lt_str *: what its opts.json tells, without secrets */
    struct lt_list users;   /* of struct lt_mount_user *, those of one container together */
    struct lt_owner owner;
};

/* Files of the host that containers see through bind mounts: see files/binds.c. */
struct lt_bind {
    struct lt_str source; /* evidence path, without links */
    struct lt_list users; /* of struct lt_mount_user *, as those of a volume: all that see the source */
    struct lt_owner owner;
    bool told; /* the source itself was met */
};

/* A file system of a host. */
struct lt_mount_point {
    struct lt_fs *fs;
    struct lt_str at; /* where the host mounts it: "/" if it has the host's /etc, "" if nothing tells */
};

/* One machine. What exists once a machine hangs here, and what may exist many times hangs at its stores. */
struct lt_host {
    struct lt_list mounts;          /* of struct lt_mount_point *: its file systems; never empty */
    struct lt_fs *etc;              /* the one with its /etc; NULL: none has it */
    struct lt_str hostname;         /* "" if unknown */
    struct lt_zone_info zone;       /* its own */
    struct lt_str zone_conflict;    /* where the witnesses of its zone disagree, "" if they do not */
    struct lt_list offsets;         /* that daemons wrote beside times: see clock/zones.h */
    struct lt_str *subuid, *subgid; /* texts of /etc/subuid and /etc/subgid; NULL: not read so far */
    struct lt_time newest;          /* the newest change of a file that was met: this host's kernel alone dates these */
    struct lt_list roots;           /* of struct lt_root *: its stores */
    struct lt_owner owner;          /* role host, of no store */
};

/* One place where a runtime keeps what it has. */
struct lt_root {
    struct lt_host *host;
    struct lt_fs *fs;
    struct lt_str path; /* "" when the evidence itself is the data root */
    struct lt_str why;  /* how it was found: "default", "data-root in /etc/docker/daemon.json"... */
    const struct lt_runtime *runtime;
    bool rootless;                /* found where a rootless daemon keeps it */
    struct lt_idmap *uids, *gids; /* owners in its containers: NULL where they are the host's */
    struct lt_list containers, images, layers, volumes;
    struct lt_map gone_by_id; /* containers that only traces tell of: see lt_inventory_gone() */
    struct lt_map container_by_id, image_by_id, layer_by_id, volume_by_name;
    struct lt_list trees;   /* of struct lt_tree *: what is walked besides layers */
    struct lt_map owner_at; /* path -> struct lt_owner *: whose the directory there is, and what is in it */
    void *own;              /* of its runtime */
    struct lt_owner owner;  /* role host */
};

struct lt_inventory {
    struct lt_arena *arena; /* the run arena, borrowed */
    struct lt_list hosts;   /* of struct lt_host * */
    struct lt_list roots;   /* of struct lt_root *: those of all hosts */
};

/* A new host with one file system or none; see lt_host_add_fs(). */
struct lt_host *lt_inventory_host(struct lt_inventory *inventory);
/* `at` as in struct lt_mount_point; "/" makes it the one with the /etc. */
void lt_host_add_fs(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs, struct lt_str at);

/* A file of this host was met: see lt_host.newest. */
static inline void lt_host_met(struct lt_host *host, const struct lt_node *node)
{
    struct lt_time changed = node->time[LT_C];
    if (changed.set && !node->unallocated && (!host->newest.set || lt_time_cmp(changed, host->newest) > 0))
        host->newest = changed;
}

/* Get or make; the ID must have been checked (parse/ident.h), its bytes are copied. */
struct lt_root *lt_inventory_root(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs,
                                  struct lt_str path);
struct lt_container *lt_inventory_container(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
/* A container that is gone, of which a log or a database still tells (tag configuration_missing, role config): it is in
 * no list of containers. NULL when there are too many of them. */
struct lt_container *lt_inventory_gone(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
struct lt_image *lt_inventory_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
struct lt_layer *lt_inventory_layer(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);
struct lt_volume *lt_inventory_volume(struct lt_inventory *inventory, struct lt_root *root, struct lt_str name);

/* Have a directory of a store walked: its entries are the store's, but for those in directories that belong to somebody
 * (lt_root_give()). Paths are borrowed. */
void lt_root_add_tree(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, bool cross_mounts);
/* The directory at `path`, in one of the trees, belongs to a container or a volume. */
void lt_root_give(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, struct lt_owner *owner);

/* Note one more identifier, whose value is borrowed; nothing if it is empty. */
void lt_identifier_add(struct lt_inventory *inventory, struct lt_list *identifiers, const char *name,
                       struct lt_str value);
/* The value of an identifier, "" if there is none. */
struct lt_str lt_identifier_of(const struct lt_list *identifiers, const char *name);

/* Once a runtime has linked layers, images and containers: say who uses what, who owns what, and what is odd. */
void lt_inventory_own(struct lt_inventory *inventory, struct lt_root *root);

/* Who mounts what the owner's files belong to, a volume or a bind (of struct lt_mount_user *), or NULL. And the only
 * container among them, or NULL. */
const struct lt_list *lt_owner_users(const struct lt_owner *owner);
const struct lt_container *lt_only_user(const struct lt_list *users);

/* Is there a user namespace between the host and whoever sees the files of `owner` in a container? Files of layers,
 * volumes and binds only. */
bool lt_owner_is_mapped(const struct lt_owner *owner);

/* The runtime that a row names: that of its store; for what belongs to no store that of the host's first one. */
const struct lt_runtime *lt_owner_runtime(const struct lt_owner *owner);

/* First name of an image: a tag if it has one, else a digest, else "". */
struct lt_str lt_image_name(const struct lt_image *image);

/* A layer's name: diff ID of an image layer, else the storage driver's own ID. */
static inline struct lt_str lt_layer_name(const struct lt_layer *layer)
{
    return layer->diff_id.len ? layer->diff_id : layer->id;
}

/* Label for people: "name@0123456789ab", or the short ID alone; of a container, an image or an orphan layer; of a
 * volume its name, and behind a colon the container that mounts it ("2 containers" if they are more); "host" for the
 * rest. Written to `out`. */
void lt_owner_label(struct lt_buf *out, const struct lt_owner *owner);

#endif
