// SPDX-License-Identifier: Apache-2.0
/* The lower stack of a directory: the same place in the layers under it, merged as the kernel does when it mounts them
 * (linux Documentation/filesystems/overlayfs.rst). The topmost entry of a name is seen. Directories are merged down to
 * one that is opaque. A whiteout ends the search. The map of this folder, which knows how layers make up what a
 * container sees:
 *
 *   lower_stack.c      the layers under a directory, merged; hidden.c: which layer hides what
 *   marks.c            the marks on entries of a layer
 *   lookup.c           a path as a container sees it, with its symbolic links and mounts
 *   change.c           what a container did to an entry
 *   mount_views.c      where containers see the files of a volume or a bind
 *   mount_shadowing.c  what they have mounted over the entries of their layers
 *   layer_record.c     what the tar of an image layer contains; record_ahead.c reads it ahead, on a thread
 *   record_entries.c   its members as paths; record_tar.c reads the tar itself
 *   tamper.c           does the layer match its tar? layer_compare.c: one entry of it
 */
#ifndef LT_OVERLAY_LOWER_STACK_H
#define LT_OVERLAY_LOWER_STACK_H

#include "parse/overlay.h"
#include "read/context.h"

/* A directory as the lower layers show it. It and its parts live in the run arena; those that lt_lower_lookup() makes
 * live in the reader's own. */
struct lt_lower_stack {
    size_t count;
    struct lt_lower_part {
        struct lt_layer *layer;
        const struct lt_dir *dir;
    } dirs[]; /* top first; never empty */
};

/* An entry as the lower layers show it. */
struct lt_lower {
    size_t at; /* index of the directory that holds it */
    const struct lt_layer *layer;
    const struct lt_dir *dir;
    struct lt_node node; /* strings are borrowed from the reader's scratch */
};

/* Reads lower directories. It keeps the names of one at a time, since the entries of an upper directory come one after
 * the other. Initialise `ctx`; end with lt_lower_end(). What cannot be read is reported, except in lookups. */
struct lt_lower_reader {
    struct lt_ctx *ctx;
    struct lt_err *flaw;             /* during a lookup: takes the first error; otherwise NULL */
    const struct lt_lower_stack *at; /* the directory whose names are loaded */
    struct lt_map *names;            /* for each of its parts: name -> uint64_t *, the inode */
    struct lt_arena arena;           /* for names */
    struct lt_arena scratch;         /* for what the last calls returned */
    /* For lookups: the container of the last one, its root, and the error in reading that. */
    const struct lt_container *container;
    const struct lt_lower_stack *root;
    struct lt_err root_flaw;
    struct lt_arena views;            /* for everything that lookups in this container made */
    const struct lt_lower_stack *top; /* during a lookup: the root of what is seen */
    struct lt_err view_flaw;          /* the first error of the last lookup */
};
void lt_lower_end(struct lt_lower_reader *reader);

/* The lower stack of the root of a layer; NULL: none is known. `*whole` is set to whether all layers that must be there
 * are known and readable. If not, it is unknown whether an entry is new. */
const struct lt_lower_stack *lt_lower_of_layer(struct lt_lower_reader *reader, const struct lt_layer *layer,
                                               bool *whole);

/* The tree of one layer alone, in the run arena; NULL: there is none. A read error is reported. */
const struct lt_lower_stack *lt_lower_of_tree(struct lt_lower_reader *reader, struct lt_layer *layer);

/* The layer and those under it, merged. NULL: none of them is there. */
const struct lt_lower_stack *lt_lower_from_layer(struct lt_lower_reader *reader, struct lt_layer *layer);

/* The root of a container as it sees it, including its rw layer. NULL: none of its layers is there. */
const struct lt_lower_stack *lt_lower_of_container(struct lt_lower_reader *reader,
                                                   const struct lt_container *container);

/* The entry `name` of the directory. False: none is visible. `out` is valid until the next call. */
bool lt_lower_find(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, struct lt_str name,
                   struct lt_lower *out);

/* The directory `lower` of `stack`, merged; NULL: it is not a directory. A lookup follows the redirects of renamed
 * directories (overlay's redirect_dir). */
const struct lt_lower_stack *lt_lower_enter(struct lt_lower_reader *reader, const struct lt_lower_stack *stack,
                                            const struct lt_lower *lower);

/* The entry at `path` ("a/b") from `top`, and in `*stack` the directory that contains it. False: none is visible. */
bool lt_lower_path(struct lt_lower_reader *reader, const struct lt_lower_stack *top, struct lt_str path,
                   const struct lt_lower_stack **stack, struct lt_lower *out);

/* In a lookup: the file that has the contents of `lower`, a regular file of `stack`. That is another one if only its
 * metadata were copied up (metacopy). False: it is not there. */
bool lt_lower_data(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, const struct lt_lower *lower,
                   struct lt_lower *out);

/* Append the names in all parts of the directory to `out`, sorted and each once, as struct lt_str * in `arena`. `out`
 * must be empty. Some names may be hidden: see lt_lower_find(). */
void lt_lower_names(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, struct lt_arena *arena,
                    struct lt_list *out);

/* The names of one directory of the evidence without deleted ones, as a map to their inodes (uint64_t *) in `arena`. If
 * `list` is not NULL, they are also appended to it as struct lt_str *. */
struct lt_map lt_names_in(struct lt_ctx *ctx, const struct lt_dir *dir, struct lt_arena *arena, struct lt_list *list);

/* Does a file in the directory mark it as opaque? False if the driver has no such marks. */
bool lt_named_opaque(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir);

/* Decode overlay's extended attributes of an entry in a layer of this kind; nothing is set if the driver has none. The
 * redirect lives in `arena`. */
struct lt_overlay_marks lt_marks_of(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir,
                                    const struct lt_node *node, struct lt_arena *arena);

/* The same of attributes that were read (of struct lt_xattr *). The redirect is borrowed from them. */
struct lt_overlay_marks lt_marks_in(const struct lt_layer *layer, const struct lt_list *xattrs);

/* Append the extended attributes of an entry to `out`, as struct lt_xattr * in `arena`. What cannot be read is
 * reported. */
void lt_xattrs_or_skip(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node, struct lt_arena *arena,
                       struct lt_list *out);

/* Report if overlay's attributes cannot be read in the current store. It is then unknown what is hidden, copied or
 * renamed. Call it once for each store, before its layers are compared. */
void lt_report_blind(struct lt_ctx *ctx);

/* --- which layer hides what: struct lt_layer.hidden, filled in while the layers above are walked --- */

/* The layer `by` hides the entry and everything in it from whoever looks through that layer. A merged directory is
 * hidden in all its layers. */
void lt_hide(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, const struct lt_lower *lower,
             const struct lt_layer *by);

/* The layers that hide the entry `name` of `dir`, a directory of `layer`, or `dir` itself; NULL: none. A new list lives
 * in `arena`. */
const struct lt_list *lt_hidden_by(const struct lt_layer *layer, const struct lt_dir *dir, struct lt_str name,
                                   struct lt_arena *arena);

#endif
