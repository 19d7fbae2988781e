// SPDX-License-Identifier: Apache-2.0
/* The shared records of the pipeline. Sources fill an lt_event and lend it to emit(); the tagger adds tags, the
 * normaliser makes rows of it, the sorter copies it, and writers get it const. Nothing but the records of this folder
 * passes between the stages. The map:
 *
 *   event.c        an event, the entry of a directory that it is about, and the row that is printed
 *   kinds.def      kinds of event that every runtime may have      attrs.def   further facts of an event
 *   inventory.c    hosts, stores, containers, images, layers, volumes, and how they hang together
 *   runtime.h      a runtime, as the rest of the program knows it
 *   tag.c          tags that follow from whose an event is; tags.def: the words
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

/* The four times of a file, in mactime's order. An event that is no file uses slot 0 alone. */
enum lt_slot { LT_M, LT_A, LT_C, LT_B, LT_SLOTS };

/* One directory entry as the file system tells it. Strings are borrowed from the arena of the listing. */
struct lt_node {
    struct lt_str name;   /* last component; "" for the root of a file system */
    struct lt_str target; /* of a symbolic link, else empty */
    uint64_t ino, size;
    uint32_t mode; /* S_IFMT and permission bits */
    uint32_t uid, gid, nlink;
    uint32_t major, minor; /* of a device node */
    struct lt_time time[LT_SLOTS];
    struct lt_time deleted;     /* of an unallocated entry: when its inode was freed */
    bool unallocated;           /* deleted: the name was left in the slack of its directory, or the inode in its table;
                                 * with mode 0 the inode serves another file by now, and only the name is known */
    bool inferred;              /* of an unallocated entry: only its number ties the inode to this directory */
    bool stale;                 /* a directory whose names changed after the times that are known of it */
    bool mount_root;            /* another file system is mounted here */
    const struct lt_err *error; /* NULL, or what could not be read; with mode 0 only name and ino are known */
};

enum { LT_MAX_KEPT_PATH = 1024 };

/* A directory of the evidence. One that is walked lives for the whole run, so that its entries need to keep a name
 * only; one that is only looked into on the way to something else may be `brief`. A long path is not kept but put
 * together from the parents: a container can nest directories so deep that their paths would fill the memory. */
struct lt_dir {
    const struct lt_dir *parent; /* NULL: the top of a walk */
    struct lt_str name;          /* of the top: its path from the root of the evidence, "" for the root itself */
    struct lt_str path;          /* if has_path */
    struct lt_str place;         /* where the container sees it ("" for the container's root), if `placed`; else, with
                                  * has_path, where it sees the last one above that is */
    size_t inside_at;            /* with has_path: what of the path comes behind `place` */
    bool has_path;
    bool placed;      /* else the container sees it in its parent, */
    bool has_inside;  /* unless no container sees it at all */
    bool unallocated; /* deleted, and so is all that was in it */
    bool inferred;    /* see lt_node */
    bool brief;       /* gone before the evidence is closed: another directory may get its address, by which readers
                       * know the others */
    size_t path_len;  /* bytes of its path */
    uint64_t ino;
    struct lt_time changed;        /* its own ctime, which nobody can set: no name was deleted from it later */
    struct lt_time modified, born; /* its mtime and birth */
    unsigned depth;
    const struct lt_owner *owner; /* whose the entries are */
    bool opaque;                  /* it hides what lies below it, or is in a directory that does; */
    struct lt_time opaque_since;  /* at the latest since then */
    const struct lt_lower_stack
        *below; /* what the layers under its own have in its place; NULL: nothing, or not looked for */
    const struct lt_list *hidden_by; /* see lt_event: holds for all that is in it */
};

/* Let a directory that is otherwise complete keep its path in `arena`, if it is not too long, and in any case its name.
 */
void lt_dir_keep(struct lt_dir *dir, struct lt_arena *arena);

/* The directory `node` in `parent`, to be looked at apart from a walk. It is as brief as its parent: unless that is,
 * `arena` must be that of the run, since readers know directories by their address. */
struct lt_dir *lt_dir_child(struct lt_arena *arena, const struct lt_dir *parent, const struct lt_node *node);

/* Append the path of a directory in the evidence ("" for the root), or as the container sees it (has_inside). */
void lt_dir_path(struct lt_buf *out, const struct lt_dir *dir);
void lt_dir_inside(struct lt_buf *out, const struct lt_dir *dir);

/* What an event tells. The table lt_kinds (kinds.def, and those of the runtimes) gives each its Plaso data type and
 * time description. */
enum lt_kind {
#define KIND(id, data_type, desc, source_short, source_long, flags) LT_KIND_##id,
#include "model/kinds.def"
#include "runtime/runtimes.def"
    LT_KINDS
};

enum lt_kind_flags {
    LT_IS_FILE = 1 << 0,    /* about a directory entry: `dir` and `node` are set */
    LT_FROM_TEXT = 1 << 1,  /* time read from RFC 3339 text: `timestamp` is cut to microseconds, as Plaso does */
    LT_IS_CLAIM = 1 << 2,   /* the time is a claim of whoever made the artifact */
    LT_BY_BUILDER = 1 << 3, /* made by the clock of the image's builder */
    LT_BY_APP = 1 << 4,     /* made by the clock of an application in a container */
};

struct lt_kind_info {
    const char *data_type, *desc; /* Plaso's vocabulary: plaso/lib/definitions.py (2026-07) */
    const char *source_short;     /* LT_OF_RUNTIME: that of the runtime */
    const char *source_long;      /* a "*" at its beginning stands for the title of the runtime */
    unsigned flags;
};
#define LT_OF_RUNTIME NULL
extern const struct lt_kind_info lt_kinds[LT_KINDS];

/* Description of a file time: "Content Modification Time"... */
extern const char *const lt_slot_desc[LT_SLOTS];

/* Whose clock made a time. */
enum lt_clock { LT_CLOCK_HOST, LT_CLOCK_BUILDER, LT_CLOCK_REGISTRY, LT_CLOCK_APPLICATION, LT_CLOCK_UNKNOWN, LT_CLOCKS };
extern const char *const lt_clock_names[LT_CLOCKS];

/* How far a time can be trusted: exact, as a kernel or daemon wrote it; bounded, between `first` and `last` of the
 * event; inferred from a witness that was not made to tell it; claimed by whoever could set it. */
enum lt_confidence { LT_EXACT, LT_BOUNDED, LT_INFERRED, LT_CLAIMED, LT_CONFIDENCES };
extern const char *const lt_confidence_names[LT_CONFIDENCES];

/* What a container or an image layer did to a file. */
enum lt_change {
    LT_CHANGE_NONE,
    LT_CHANGE_ADDED,
    LT_CHANGE_COPIED_UP, /* copied from a lower layer, and not changed since */
    LT_CHANGE_METADATA,  /* mode, owner, mtime, attributes; the contents are those of the lower file */
    LT_CHANGE_MODIFIED,  /* contents of a file, entries of a directory */
    LT_CHANGE_REPLACED,  /* something else has taken the name: another type, or a new file */
    LT_CHANGE_RENAMED,   /* at both names */
    LT_CHANGE_OPAQUE,    /* a directory made anew, which hides the lower one */
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

/* Further facts of an event that is no file, in the order in which the message tells them. One key has one type for
 * good: consumers freeze the type on first sight. */
enum lt_attr_key {
#define ATTR(id, name, type, label) LT_ATTR_##id,
#include "model/attrs.def"
#include "runtime/runtimes.def"
    LT_ATTRS /* also: none */
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

/* What a lower layer has under the name of an entry: hidden by it, or merged with it if both are directories. */
struct lt_hidden {
    const struct lt_layer *layer; /* that holds it */
    uint64_t ino, size;
    uint32_t mode, uid, gid, major, minor;
    struct lt_time modified;
    bool capability; /* its attribute security.capability differs from that of the upper entry */
};

/* Where a time was read, so that an analyst can go back to the byte. Either `field` or `offset` says where in the file;
 * for a file event the inode does. */
struct lt_where {
    struct lt_str file; /* evidence path */
    const char *field;  /* static: "State.StartedAt"; NULL: see offset */
    uint64_t offset;    /* byte offset (of the unpacked stream, if the file is compressed) */
    bool has_offset;
};

/* One observation. All it points to is borrowed until emit() returns, but owner and dir, which live as long as the run
 * does. */
struct lt_event {
    enum lt_kind kind;
    struct lt_time time[LT_SLOTS];
    struct lt_time first, last; /* bounds of an event whose exact time is not known; either may be unset */
    enum lt_change change;
    lt_tags tags;                    /* LT_TAG_BIT()s */
    const char *source;              /* name of the reader, set by the pipeline */
    const struct lt_owner *owner;    /* never NULL after tagging */
    const struct lt_dir *dir;        /* file events: the directory... */
    const struct lt_node *node;      /* ...and the entry in it; else NULL */
    const struct lt_hidden *hides;   /* what lies below the entry, or lay below what was deleted; NULL: nothing */
    const struct lt_list *hidden_by; /* of struct lt_layer *: in higher layers that hide the entry; NULL: none. Lives as
                                      * long as the run */
    struct lt_str inside;            /* its path in the container, where that is not its place in `dir`; else "" */
    struct lt_where where;           /* other events */
    const struct lt_attr *attrs;
    size_t attr_count;
};

/* What writers print: one time of an event, or several equal ones. */
struct lt_row {
    const struct lt_event *event;
    struct lt_time time;
    uint8_t slots; /* bits 1 << enum lt_slot */
    bool again;    /* of the same event as the row that was written last */
    enum lt_clock clock;
    enum lt_confidence confidence;
    const struct lt_zone *zone; /* what text output shows times in; NULL: UTC */
};

/* Evidence path of the event: of the entry for files, else of the file it was read from. Written to `out`. */
void lt_event_path(struct lt_buf *out, const struct lt_event *event);

/* Path as the container sees it (the evidence path where no container does), written to `out`. */
void lt_event_inside(struct lt_buf *out, const struct lt_event *event);

/* Is the event about a directory entry? */
static inline bool lt_event_is_file(const struct lt_event *event)
{
    return lt_kinds[event->kind].flags & LT_IS_FILE;
}

/* Is what the event is about no more there: deleted by a container, or from the file system? */
static inline bool lt_event_is_gone(const struct lt_event *event)
{
    return event->kind == LT_KIND_DELETED || (event->node && event->node->unallocated);
}

/* Does the entry hide what lies below it? A directory that is merged with it does not. */
static inline bool lt_event_hides(const struct lt_event *event)
{
    return event->hides && event->change != LT_CHANGE_NONE &&
           !(S_ISDIR(event->hides->mode) &&
             (event->change == LT_CHANGE_COPIED_UP || event->change == LT_CHANGE_MODIFIED));
}

/* The attribute `key` of the event, or NULL. */
const struct lt_attr *lt_event_attr(const struct lt_event *event, enum lt_attr_key key);

/* Append `fact`, which is borrowed, to the facts of the event. Its new array of attributes lives in `arena`; the one
 * that it had is left as it is. */
void lt_event_add_fact(struct lt_event *event, struct lt_arena *arena, struct lt_str fact);

#endif
