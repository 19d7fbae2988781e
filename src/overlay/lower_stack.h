// SPDX-License-Identifier: Apache-2.0
/* What lies below a directory of a layer: the same place in the layers under it, merged as the kernel does when it
 * mounts them (linux Documentation/filesystems/overlayfs.rst): the topmost entry of a name is seen, directories are
 * merged down to one that is opaque, a whiteout ends the search. The map of this room, which knows how layers make
 * up what a container sees:
 *
 *   lower_stack.c      the layers under a directory, merged; who hides what
 *   lookup.c           a path as a container sees it, with its links
 *   change.c           what a container did to an entry
 *   mount_views.c      where containers see the files of a volume or a bind
 *   mount_shadowing.c  what they have mounted over the entries of their layers
 *   layer_record.c     what the tar of an image layer has; record_ahead.c reads it ahead, on a thread
 *   tamper.c           is that what lies in the layer? layer_compare.c: one entry of it
 */
#ifndef LT_OVERLAY_LOWER_STACK_H
#define LT_OVERLAY_LOWER_STACK_H

#include "parse/overlay.h"
#include "read/context.h"

/* A directory as the layers below show it. It and its parts live in the run arena, but those that lt_lower_lookup()
 * comes through in the reader's own. */
struct lt_lower_stack {
    size_t count;
    struct lt_lower_part {
        struct lt_layer *layer;
        const struct lt_dir *dir;
    } dirs[]; /* top first; never empty */
};

/* An entry as the layers below show it. */
struct lt_lower {
    size_t at; /* which of the directories holds it */
    const struct lt_layer *layer;
    const struct lt_dir *dir;
    struct lt_node node; /* strings borrowed from the reader's scratch */
};

/* Looks into lower directories. It keeps the names of one at a time, since the entries of an upper directory come
 * together. Initialise with `ctx`; end with lt_lower_end(). What cannot be read is reported, but not by lookups. */
struct lt_lower_reader {
    struct lt_ctx *ctx;
    struct lt_err *flaw; /* while a path is looked up: where the first thing goes that is wrong; else NULL */
    const struct lt_lower_stack *at; /* the directory whose names are at hand */
    struct lt_map *names;            /* of each of its parts: name -> uint64_t *, the inode */
    struct lt_arena arena;           /* names */
    struct lt_arena scratch;         /* what the last calls have handed out */
    /* Of lookups: the container of the last one, its root, and what is wrong with that. */
    const struct lt_container *container;
    const struct lt_lower_stack *root;
    struct lt_err root_flaw;
    struct lt_arena views; /* all that lookups in this container have made */
};
void lt_lower_end(struct lt_lower_reader *reader);

/* What lies below the root of a layer; NULL: nothing is known to. `*whole` tells whether all is known that must be
 * there: if not, nobody can say of an entry that it is new. */
const struct lt_lower_stack *lt_lower_of_layer(struct lt_lower_reader *reader, const struct lt_layer *layer,
                                               bool *whole);

/* The tree of one layer alone, in the run arena; NULL if it cannot be read, which its own walk reports. */
const struct lt_lower_stack *lt_lower_of_tree(struct lt_lower_reader *reader, struct lt_layer *layer);

/* The root of a container as it sees it: its rw layer, too. NULL: none of its layers is there. */
const struct lt_lower_stack *lt_lower_of_container(struct lt_lower_reader *reader,
                                                   const struct lt_container *container);

/* The entry `name` of the directory; false: there is none to be seen. It is good until the next call. */
bool lt_lower_find(struct lt_lower_reader *reader, const struct lt_lower_stack *below, struct lt_str name,
                   struct lt_lower *out);

/* The directory `lower` of `below`, merged; NULL if it is none. */
const struct lt_lower_stack *lt_lower_enter(struct lt_lower_reader *reader, const struct lt_lower_stack *below,
                                            const struct lt_lower *lower);

/* The entry at `path` ("a/b") from `top`, and the directory that it is in. */
bool lt_lower_path(struct lt_lower_reader *reader, const struct lt_lower_stack *top, struct lt_str path,
                   const struct lt_lower_stack **below, struct lt_lower *out);

/* What a container sees at a path. */
struct lt_view {
    const struct lt_layer *layer; /* the topmost that has it */
    struct lt_node node;          /* mode 0: nothing is to be seen */
    struct lt_str path;           /* in the evidence */
    struct lt_str inside;         /* in the container, without links; "" for its root */
    struct lt_str target;         /* what the path itself says if it is a link, "" if it is none */
};

/* What the layers of `container` show it at `path`, symbolic links followed as its root lets it: they begin there, and
 * ".." does not lead out of it. What is mounted over its layers is not looked at: lt_mount_over() of `inside` tells.
 *
 * LT_OK: `out` is what it sees. LT_END: it sees nothing; a layer that is not there counts as empty. LT_SKIP: `err` says
 * what is wrong on the way, the first of all, and nothing is reported: whoever walks the layer does. Then `out` is what
 * could be read in spite of that, or has mode 0: nobody can tell what the container sees, but of LT_CODE_CYCLE, which
 * stands for more than LT_MAX_LINKS links, that it cannot open it either.
 *
 * One entry after the other is described instead of whole directories. `out` lives in the reader until it looks into
 * another container, or ends. */
enum lt_status lt_lower_lookup(struct lt_lower_reader *reader, const struct lt_container *container, struct lt_str path,
                               struct lt_view *out, struct lt_err *err);

/* The names in all parts of the directory, sorted, each once, as struct lt_str * in `arena`. Some may be hidden:
 * lt_lower_find() tells. `out` is empty. */
void lt_lower_names(struct lt_lower_reader *reader, const struct lt_lower_stack *below, struct lt_arena *arena,
                    struct lt_list *out);

/* The names of one directory of the evidence, deleted ones left out, as a map to the inodes (uint64_t *) in `arena`. */
struct lt_map lt_names_in(struct lt_ctx *ctx, const struct lt_dir *dir, struct lt_arena *arena, struct lt_list *list);

/* Does a file in the directory mark it as opaque? Where the driver has such marks. */
bool lt_named_opaque(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir);

/* What overlay's extended attributes say of an entry in a layer of this kind; nothing where the driver has none. The
 * redirect lives in `arena`. */
struct lt_overlay_marks lt_marks_of(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir,
                                    const struct lt_node *node, struct lt_arena *arena);

/* Extended attributes of an entry, as struct lt_xattr *; what cannot be read is reported. */
void lt_xattrs_or_skip(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node, struct lt_arena *arena,
                       struct lt_list *out);

/* Report it, once for the root at hand, if overlay's attributes are kept from us: then nobody can tell what is hidden,
 * copied or renamed. To be called before layers are compared. */
void lt_report_blind(struct lt_ctx *ctx);

/* --- who hides what: struct lt_layer.hidden, filled in while the layers above are walked --- */

/* `by` hides the entry, and all that is in it, from whoever looks through that layer. A merged directory is hidden in
 * all its layers. */
void lt_hide(struct lt_lower_reader *reader, const struct lt_lower_stack *below, const struct lt_lower *lower,
             const struct lt_layer *by);

/* The layers that hide the entry `name` of `dir`, a directory of `layer`, or `dir` itself; NULL: none. A new list lives
 * in `arena`. */
const struct lt_list *lt_hidden_by(const struct lt_layer *layer, const struct lt_dir *dir, struct lt_str name,
                                   struct lt_arena *arena);

#endif
