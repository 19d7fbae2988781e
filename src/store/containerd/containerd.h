// SPDX-License-Identifier: Apache-2.0
/* The store of containerd, which containerd itself, Docker since 29 and Kubernetes share: databases, snapshots and
 * content, each in namespaces. What is common to its users is read here; what is theirs alone in their folders of
 * src/runtime. The map:
 *
 *   metadata.c       meta.db: all records of all namespaces
 *   snapshotters.c   the snapshotters: where each keeps its directories, and what these mean
 *   snapshots.c      metadata.db of the snapshotters, and their directories: layers and their parents
 *   content.c        blobs: the indexes, manifests and configurations of images
 *   images.c         images, and the layers that they were unpacked to
 *   tasks.h          names of the directories of running containers
 */
#ifndef LT_STORE_CONTAINERD_CONTAINERD_H
#define LT_STORE_CONTAINERD_CONTAINERD_H

#include "model/inventory.h"
#include "model/runtime.h"
#include "read/context.h"

struct lt_mechanics;

/* The layout, below containerd's root (containerd plugins/{metadata,content,snapshots}, 1.6 to 2.3):
 *
 *   io.containerd.metadata.v1.bolt/meta.db                     records: see metadata.c
 *   io.containerd.content.v1.content/blobs/sha256/<digest>     indexes, manifests, configurations, packed layers
 *   io.containerd.content.v1.content/ingest/<hash>/            a blob that is still being fetched
 *   io.containerd.snapshotter.v1.<name>/{metadata.db,snapshots/<number>/}
 */
#define LT_SNAPSHOTTER_PREFIX LT_STR("io.containerd.snapshotter.v1.")

/* Before the name of a snapshotter: the label of a configuration that was unpacked by it; the chain ID of the top layer
 * (containerd core/unpack/unpacker.go). */
#define LT_UNPACKED_LABEL LT_STR("containerd.io/gc.ref.snapshot.")

/* A label or an extension. */
struct lt_containerd_pair {
    struct lt_str key, value;
};

enum lt_containerd_kind {
    LT_CONTAINERD_IMAGE,     /* id: its name */
    LT_CONTAINERD_CONTAINER, /* id: its ID */
    LT_CONTAINERD_SNAPSHOT,  /* id: its key */
    LT_CONTAINERD_BLOB,      /* id: its digest */
    LT_CONTAINERD_INGEST,    /* id: its reference */
    LT_CONTAINERD_LEASE,     /* id: its ID */
    LT_CONTAINERD_SANDBOX,   /* id: its ID */
    LT_CONTAINERD_KINDS
};

/* A record of meta.db. What does not apply to its kind is empty. All strings live as long as the run. */
struct lt_containerd_record {
    enum lt_containerd_kind kind;
    struct lt_str namespace, id;
    struct lt_time created, updated;
    uint64_t created_at, updated_at;  /* offsets of these in the database */
    uint64_t at;                      /* offset of its first key */
    bool older;                       /* from the database before its last transaction, since the last one is damaged */
    struct lt_list labels;            /* of struct lt_containerd_pair * */
    struct lt_str digest, media_type; /* image: what its name means */
    struct lt_str snapshotter;        /* snapshot and container */
    struct lt_str image, snapshot_key, sandbox, runtime, spec; /* container; spec: see below */
    struct lt_list extensions;                                 /* container and sandbox: of pairs, value as spec */
    struct lt_time expires;                                    /* ingest */
    int64_t size;                                              /* blob: bytes; -1: unknown */
};

/* What a snapshotter's database says of a snapshot. */
struct lt_containerd_snapshot {
    const struct lt_snapshotter *snapshotter;
    uint64_t number;                           /* of its directory; 0 if unknown */
    unsigned kind;                             /* 1 view, 2 active, 3 committed; 0 unknown */
    struct lt_str name, key, parent;           /* `name` in its database; `parent` is the name of that */
    struct lt_time created;                    /* of a committed one: when it was committed */
    uint64_t created_at;                       /* offset in `database` */
    struct lt_str database;                    /* path; "" if no database lists it */
    const struct lt_containerd_record *record; /* of meta.db; NULL: none */
};
enum { LT_SNAPSHOT_VIEW = 1, LT_SNAPSHOT_ACTIVE, LT_SNAPSHOT_COMMITTED };

/* The database of a snapshotter. */
struct lt_snapshot_database {
    const struct lt_snapshotter *snapshotter;
    struct lt_str path, bytes; /* metadata.db, and what it holds; "" if it cannot be read */
    uint64_t last;             /* the last number that was given out, whether or not the snapshot still exists */
};

/* A store: lt_root.own of containerd. */
struct lt_containerd {
    struct lt_str database, bytes;               /* path of meta.db, and what it holds; "" if it cannot be read */
    struct lt_list records[LT_CONTAINERD_KINDS]; /* of struct lt_containerd_record *, in the order of the database */
    struct lt_map record_by_name;                /* "<kind> <namespace> <id>" (snapshots: "<snapshotter>/<id>") */
    struct lt_list owners;                       /* of struct lt_owner *: those of namespaces */
    struct lt_list snapshot_databases;           /* of struct lt_snapshot_database * */
    struct lt_list numbered;                     /* of struct lt_layer *: the snapshots with a directory or a number */
};

static inline struct lt_containerd *lt_containerd(const struct lt_root *root)
{
    return root->own;
}

/* Of a layer in such a store: what is known of its snapshot. */
static inline struct lt_containerd_snapshot *lt_containerd_snapshot(const struct lt_layer *layer)
{
    return layer->own;
}

/* A snapshotter: a plug-in of containerd that keeps layers. */
struct lt_snapshotter {
    struct lt_driver driver; /* its name, as in io.containerd.snapshotter.v1.<name> */
    const struct lt_mechanics *mechanics;
    const char *const *folders; /* that hold a directory for each snapshot; ends with NULL */
    const char *content, *work; /* below that directory; NULL: the directory itself; none */
    const char *elsewhere; /* where files are that lie in no such directory: "in a thin pool"; NULL: nowhere else */
};

/* From snapshotters.c; ends with NULL. The last one, without a name, stands for those that are not known. */
extern const struct lt_snapshotter *const lt_snapshotters[];
const struct lt_snapshotter *lt_snapshotter_named(struct lt_str name);

/* Read meta.db of the current store into lt_containerd(). Reports what cannot be read. */
void lt_containerd_read_metadata(struct lt_ctx *ctx);

/* The record of this name; NULL: there is none. For a snapshot `id` is "<snapshotter>/<key>". */
struct lt_containerd_record *lt_containerd_find(const struct lt_containerd *store, enum lt_containerd_kind kind,
                                                struct lt_str namespace, struct lt_str id);

/* The value of a label or another pair; "" if there is none. */
struct lt_str lt_containerd_pair(const struct lt_list *pairs, const char *key);

/* The value in a google.protobuf.Any: field 1 is its type, field 2 the value, which is JSON in all that is read here.
 * `*whole`: the message has both, and no more; it may be NULL. */
struct lt_str lt_containerd_any(struct lt_str any, bool *whole);

/* Parse the JSON in the Any of `key` ("spec", "extensions/<name>") of a record. What is wrong with it is reported.
 * NULL: nothing is left, or `any` is "". Free with lt_json_free(). */
struct json_t *lt_containerd_json_or_skip(struct lt_ctx *ctx, const struct lt_containerd_record *record,
                                          const char *key, struct lt_str any);

/* Read the snapshotters' databases and directories of the current store: layers with parents and names, known to other
 * stores as lt_host_snapshot(). */
void lt_containerd_read_snapshots(struct lt_ctx *ctx);

/* The path of a blob, in the run arena, whether or not it is there; "" if the digest is none that has a place. */
struct lt_str lt_containerd_blob_path(struct lt_ctx *ctx, struct lt_str digest);

/* What a name or a container means by a digest. */
struct lt_containerd_target {
    struct lt_str digest;           /* of an index, a manifest or, in old Docker's words, an image */
    struct lt_list others;          /* of struct lt_containerd_pair *: manifest and configuration for other platforms */
    struct lt_str manifest, config; /* digests of the manifest that was chosen, and of its configuration; "" */
    struct lt_list layers;          /* of struct lt_blob *, base first */
    struct lt_list notes;           /* of struct lt_str *: other platforms, attestations */
    bool found;                     /* the blob of `digest` is there */
};

/* Read the index or manifest `digest` and choose the manifest of this machine: the one whose layers were unpacked, else
 * the first one that is there. Reports what is damaged. */
void lt_containerd_resolve(struct lt_ctx *ctx, struct lt_str namespace, struct lt_str digest,
                           struct lt_containerd_target *out);

/* Make images of the records of the current store, and of the digests that others named there (referenced_only). */
void lt_containerd_read_images(struct lt_ctx *ctx);
void lt_containerd_complete_images(struct lt_ctx *ctx);

/* Set the layers of all images of the current store, and what layers inherit from images: diff IDs and blobs. */
void lt_containerd_link_images(struct lt_ctx *ctx);

#endif
