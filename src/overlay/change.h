// SPDX-License-Identifier: Apache-2.0
/* What a container did to an entry: the rw layer's entry beside what the layers below have under the same name. Rules
 * measured on Linux 6.18 (linux fs/overlayfs/copy_up.c): a copy-up keeps mtime, atime, mode and owner, makes a new
 * inode, and names the inode it came from in trusted.overlay.origin. */
#ifndef LT_OVERLAY_CHANGE_H
#define LT_OVERLAY_CHANGE_H

#include "overlay/lower_stack.h"

/* An entry of an rw layer and what is known of it. */
struct lt_upper {
    const struct lt_layer *layer;
    const struct lt_dir *dir;
    const struct lt_node *node;
    struct lt_overlay_marks marks;
    bool marked; /* the kernel that wrote the layer names the origins of its copies: an entry without one is none */
    bool fresh;  /* its directory was made anew: nothing in it was copied from below */
};

/* How the entry differs from `lower`, which is seen below it. Contents are compared where the metadata leave it open,
 * up to 16 MiB; of larger files an equal mtime is taken for equal contents. NONE only where the layer is a whole copy,
 * and the entry is as it was copied. `hidden->capability` is filled in, the rest of it by lt_hidden_of(). */
enum lt_change lt_change_of(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower,
                            struct lt_hidden *hidden);

/* The facts of a lower entry that its row tells. */
struct lt_hidden lt_hidden_of(const struct lt_lower *lower);

/* Was the entry copied up from the layers below (and not made by the container)? */
bool lt_was_copied_up(const struct lt_upper *upper, enum lt_change change);

/* Do the contents of two files differ? False where they are not compared: above 16 MiB, or if one cannot be read, which
 * is reported. */
bool lt_contents_differ(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower);

/* Would the runtime's own diff (`docker diff`) call it changed? It looks at mode, owner, device number, capabilities,
 * and but for directories at mtime and size (moby pkg/archive/changes_unix.go statDifferent, 20.10 to 28.x); the
 * contents are not compared. */
bool lt_runtime_differs(const struct lt_node *node, const struct lt_hidden *lower);

#endif
