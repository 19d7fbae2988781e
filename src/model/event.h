// SPDX-License-Identifier: Apache-2.0
/* The records that the stages of the pipeline share. A source fills an lt_event and lends it to emit(). The tagger adds
 * tags, the normaliser makes rows of it, the sorter copies it, and writers get it const. Only the records of this
 * folder pass between the stages. The map:
 *
 *   event.c        an event, the directory entry that it is about, and the row that is printed
 *   kinds.def      kinds of event that every runtime may have      attrs.def   further facts of an event
 *   inventory.c    hosts, stores, containers, images, layers, volumes, and the links between them
 *   life.c         the last sign of life of containers that were found dead
 *   spans.c        when containers may have run
 *   names.c        what images are called, and labels of owners for people
 *   network.c      networks, and the containers in them
 *   told.c         what logs and databases tell of a container without a configuration
 *   runtime.h      the interface of a runtime
 *   tag.c          tags that follow from the owner of an event; tags.def: the words
 */
#ifndef LT_MODEL_EVENT_H
#define LT_MODEL_EVENT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/set.h"
#include "base/str.h"

#include <sys/stat.h>

struct lt_lower_stack;
struct lt_layer;
struct lt_owner;
struct lt_zone;

/* The four times of a file, in mactime's order. An event that is not about a file uses slot 0 only. */
enum lt_slot { LT_M, LT_A, LT_C, LT_B, LT_SLOTS };

/* One directory entry as the file system describes it. Strings are borrowed from the arena of the listing. */
struct lt_node {
    struct lt_str name;   /* last component; "" for the root of a file system */
    struct lt_str target; /* of a symbolic link, else empty */
    uint64_t ino, size;
    uint32_t mode; /* S_IFMT and permission bits */
    uint32_t uid, gid, nlink;
    uint32_t major, minor; /* of a device node */
    struct lt_time time[LT_SLOTS];
    struct lt_time deleted;     /* of an unallocated entry: when its inode was freed */
    bool unallocated;           /* deleted: the name was left in the slack of its directory, or the inode in its table.
                                 * With mode 0 another file has the inode by now, and only the name is known; but if
                                 * it has times, only its type is not */
    bool inferred;              /* of an unallocated entry: only the inode number links the inode to this directory */
    bool stale;                 /* a directory whose names changed after its known times */
    bool mount_root;            /* another file system is mounted here */
    bool placeholder;           /* a directory that a kernel makes up where a subvolume was: there is nothing in it */
    bool damaged;               /* its checksum or a time is wrong, but what it says holds together */
    uint32_t part;              /* inodes of other file systems of the host, or of other subvolumes, have the same
                                 * numbers: 0 is the first */
    const struct lt_err *error; /* NULL, or what could not be read. With mode 0 only name and ino are known */
};

enum { LT_MAX_KEPT_PATH = 1024 };

/* A directory of the evidence. One that is walked lives for the whole run, so its entries need to keep only a name. One
 * that is only read on the way to another may be `brief`. A long path is not kept but composed from the parents: a
 * container can nest directories so deep that their paths would fill the memory. */
struct lt_dir {
    const struct lt_dir *parent; /* NULL: the top of a walk */
    struct lt_str name;          /* of the top: its path from the root of the evidence, "" for the root itself */
    struct lt_str path;          /* if has_path */
    struct lt_str place;         /* if `placed`: its path in the container ("" for the container's root); else, with
                                  * has_path, that of the nearest parent that is placed */
    size_t inside_at;            /* with has_path: where in `path` the part after `place` begins */
    bool has_path;
    bool placed;      /* otherwise its place in the container follows from its parent's */
    bool has_inside;  /* a container sees it */
    bool unallocated; /* deleted, with all that was in it */
    bool inferred;    /* see lt_node */
    bool brief;       /* freed before the evidence is closed. Another directory may then get its address,
                       * by which readers tell directories apart */
    size_t path_len;  /* bytes of its path */
    uint64_t ino;
    struct lt_time changed;        /* its own ctime, which no process can set: no name was deleted from it later */
    struct lt_time modified, born; /* its mtime and birth */
    unsigned depth;
    const struct lt_owner *owner; /* owner of its entries */
    bool opaque;                  /* it hides the lower stack, or is in a directory that does */
    struct lt_time opaque_since;  /* with `opaque`: since then at the latest */
    const struct lt_lower_stack
        *lower; /* the same directory in the lower stack of its layer, merged; NULL: none, or not looked up */
    const struct lt_list *hidden_by; /* see lt_event; applies to everything in it */
};

/* Keep the name of a directory that is otherwise complete in `arena`, and its path if that is not too long. */
void lt_dir_keep(struct lt_dir *dir, struct lt_arena *arena);

/* The directory `node` in `parent`, read outside a walk. It is brief if its parent is. Otherwise `arena` must be that
 * of the run, since readers tell directories apart by their address. */
struct lt_dir *lt_dir_child(struct lt_arena *arena, const struct lt_dir *parent, const struct lt_node *node);

/* Append the path of a directory in the evidence ("" for the root), or as the container sees it (has_inside). */
void lt_dir_path(struct lt_buf *out, const struct lt_dir *dir);
void lt_dir_inside(struct lt_buf *out, const struct lt_dir *dir);

/* What an event states. The table lt_kinds (kinds.def, and those of the runtimes) gives each kind its Plaso data type
 * and time description. */
enum lt_kind {
#define KIND(id, data_type, desc, source_short, source_long, flags) LT_KIND_##id,
#include "model/kinds.def"
#include "runtime/runtimes.def"
    LT_KINDS
};

enum lt_kind_flags {
    LT_IS_FILE = 1 << 0,    /* about a directory entry: `dir` and `node` are set */
    LT_FROM_TEXT = 1 << 1,  /* time read from RFC 3339 text: `timestamp` is truncated to microseconds, as Plaso does */
    LT_IS_CLAIM = 1 << 2,   /* the time is a claim by the author of the artifact */
    LT_BY_BUILDER = 1 << 3, /* made by the clock of the image's builder */
    LT_BY_APP = 1 << 4,     /* made by the clock of an application in a container */
    LT_IS_GUESS = 1 << 5,   /* that it happened is inferred, whatever bounds its time has */
    LT_OF_PROGRAM = LT_FROM_TEXT | LT_IS_CLAIM | LT_BY_APP, /* a program in a container wrote it down */
};

struct lt_kind_info {
    const char *data_type, *desc; /* Plaso's vocabulary: plaso/lib/definitions.py (2026-07) */
    const char *source_short;     /* LT_OF_RUNTIME: that of the runtime */
    const char *source_long;      /* a leading "*" stands for the title of the runtime */
    unsigned flags;
};
#define LT_OF_RUNTIME NULL
extern const struct lt_kind_info lt_kinds[LT_KINDS];

/* Description of a file time: "Content Modification Time"... */
extern const char *const lt_slot_desc[LT_SLOTS];

/* Whose clock made a time. */
enum lt_clock { LT_CLOCK_HOST, LT_CLOCK_BUILDER, LT_CLOCK_REGISTRY, LT_CLOCK_APPLICATION, LT_CLOCK_UNKNOWN, LT_CLOCKS };
extern const char *const lt_clock_names[LT_CLOCKS];

/* How far a time can be trusted. Exact: as a kernel or daemon wrote it. Bounded: between `first` and `last` of the
 * event. Inferred: from a witness that was not made to record it. Claimed: anybody could have set it. */
enum lt_confidence { LT_EXACT, LT_BOUNDED, LT_INFERRED, LT_CLAIMED, LT_CONFIDENCES };
extern const char *const lt_confidence_names[LT_CONFIDENCES];

/* What a container or an image layer did to a file. */
enum lt_change {
    LT_CHANGE_NONE,
    LT_CHANGE_ADDED,
    LT_CHANGE_COPIED_UP, /* copied from a lower layer and unchanged since */
    LT_CHANGE_METADATA,  /* mode, owner, mtime, attributes; the contents are those of the lower file */
    LT_CHANGE_MODIFIED,  /* contents of a file, entries of a directory */
    LT_CHANGE_REPLACED,  /* another type, or a new file under the name */
    LT_CHANGE_RENAMED,   /* at both names */
    LT_CHANGE_OPAQUE,    /* a directory created anew, which hides the lower one */
    LT_CHANGE_DELETED,
    LT_CHANGES
};
extern const char *const lt_change_names[LT_CHANGES]; /* [0] is NULL */

/* Short words for grep and Timesketch; one bit each. */
enum lt_tag {
#define TAG(id) LT_TAG_##id,
#include "model/tags.def"
#include "runtime/runtimes.def"
    LT_TAGS
};
extern const char *const lt_tag_names[LT_TAGS];
typedef lt_set lt_tags; /* a set of them */
_Static_assert(LT_TAGS <= LT_SET_SIZE, "a tag is a bit");
#define LT_TAG_BIT(id) LT_SET_BIT(LT_TAG_##id)

/* Further facts of an event, of which one about a file has FACTS alone, in the order in which the message shows them. A
 * key has one type for good: consumers fix the type when they first see it. */
enum lt_attr_key {
#define ATTR(id, name, type, label) LT_ATTR_##id,
#include "model/attrs.def"
#include "runtime/runtimes.def"
    LT_ATTRS /* also: no key */
};
enum lt_attr_type { LT_ATTR_STR, LT_ATTR_INT, LT_ATTR_LIST };
struct lt_attr_info {
    const char *name, *label; /* JSON key; words before the value in a message */
    enum lt_attr_type type;
};
extern const struct lt_attr_info lt_attr_infos[LT_ATTRS];

struct lt_attr {
    enum lt_attr_key key;
    int64_t number;       /* LT_ATTR_INT */
    struct lt_str text;   /* LT_ATTR_STR */
    struct lt_list items; /* LT_ATTR_LIST: of struct lt_str * */
};

/* The entry of a lower layer under the same name. It is hidden, or merged if both are directories. */
struct lt_hidden {
    const struct lt_layer *layer; /* the layer that holds it */
    uint64_t ino, size;
    uint32_t mode, uid, gid, major, minor;
    struct lt_time modified;
    bool capability; /* its attribute security.capability differs from that of the upper entry */
};

/* Where a time was read, so that an analyst can go back to the byte. Either `field` or `offset` gives the place in the
 * file. For a file event the inode does. */
struct lt_where {
    struct lt_str file; /* evidence path */
    const char *field;  /* static: "State.StartedAt"; NULL: see offset */
    uint64_t offset;    /* byte offset (in the unpacked stream if the file is compressed) */
    bool has_offset;
};

/* Where a file system lies, as dfVFS's path specifications say it. */
struct lt_medium {
    const char *type;     /* its type indicator: "OS" for a directory, "EXT"... (dfvfs/lib/definitions.py, 2026-09) */
    struct lt_str parent; /* the path specification of what it lies in, as JSON; "" for a directory */
};

/* One observation. Everything it points to is borrowed until emit() returns, except owner, dir, hidden_by and source,
 * which live as long as the run. */
struct lt_event {
    enum lt_kind kind;
    struct lt_time time[LT_SLOTS];
    struct lt_time first, last; /* bounds of an event whose exact time is unknown; either may be unset. Then time[0] is
                                 * the likeliest time: see lt_event_bound() */
    enum lt_change change;
    lt_tags tags;                    /* LT_TAG_BIT()s */
    const char *source;              /* name of the reader, set by lt_emit(); static */
    const struct lt_owner *owner;    /* never NULL after tagging */
    const struct lt_dir *dir;        /* file events: the directory... */
    const struct lt_node *node;      /* ...and the entry in it; else NULL */
    const struct lt_hidden *hides;   /* the entry in the lower stack, or that which a deletion removed; NULL: none */
    const struct lt_list *hidden_by; /* of struct lt_layer *: higher layers that hide the entry; NULL: none. Lives as
                                      * long as the run */
    struct lt_str inside;            /* its path in the container if that does not follow from `dir`; else "" */
    struct lt_where where;           /* for events that are not about a file */
    const struct lt_medium *medium;  /* of its file, set by lt_emit(); NULL: a directory. Lives as long as the run */
    const struct lt_attr *attrs;
    size_t attr_count;
};

/* What writers print: one time of an event, or several equal ones. */
struct lt_row {
    const struct lt_event *event;
    struct lt_time time;
    uint8_t slots; /* bits 1 << enum lt_slot */
    bool again;    /* the previous row written is of the same event */
    enum lt_clock clock;
    enum lt_confidence confidence;
    const struct lt_zone *zone; /* zone for the times of text output; NULL: UTC */
};

/* Append the evidence path of the event to `out`: that of the entry for files, otherwise that of the file it was read
 * from. */
void lt_event_path(struct lt_buf *out, const struct lt_event *event);

/* Append the path as the container sees it to `out`; the evidence path if no container does. */
void lt_event_inside(struct lt_buf *out, const struct lt_event *event);

/* When an event most likely happened that was not before `first` nor after `last`: at `witness`, if that is set and
 * lies between them. Otherwise at the upper bound, since nothing shows it earlier, or at the lower one if no upper one
 * is known. Any of the three may be unset; unset if both bounds are. */
struct lt_time lt_likeliest(struct lt_time first, struct lt_time last, struct lt_time witness);

/* Give the event bounds, and as its time the likeliest one between them: see lt_likeliest(). */
void lt_event_bound(struct lt_event *event, struct lt_time first, struct lt_time last, struct lt_time witness);

/* Is the event about a directory entry? */
static inline bool lt_event_is_file(const struct lt_event *event)
{
    return lt_kinds[event->kind].flags & LT_IS_FILE;
}

/* Was the subject of the event removed: deleted by a container, or unallocated in the file system? */
static inline bool lt_event_is_removed(const struct lt_event *event)
{
    return event->kind == LT_KIND_DELETED || (event->node && event->node->unallocated);
}

/* Does the entry hide the lower one? A directory that is merged with it does not. */
static inline bool lt_event_hides(const struct lt_event *event)
{
    return event->hides && event->change != LT_CHANGE_NONE &&
           !(S_ISDIR(event->hides->mode) &&
             (event->change == LT_CHANGE_COPIED_UP || event->change == LT_CHANGE_MODIFIED));
}

/* The attribute `key` of the event, or NULL. */
const struct lt_attr *lt_event_attr(const struct lt_event *event, enum lt_attr_key key);

/* Append `fact`, which is borrowed, to the facts of the event. The new array of attributes lives in `arena`. The old
 * array is not modified. */
void lt_event_add_fact(struct lt_event *event, struct lt_arena *arena, struct lt_str fact);

#endif
