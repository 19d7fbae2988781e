// SPDX-License-Identifier: Apache-2.0
/* What a container did to an entry: compares the entry of the rw layer with the one in the lower stack. The rules were
 * measured on Linux 6.18 (linux fs/overlayfs/copy_up.c): a copy-up keeps mtime, atime, mode and owner, makes a new
 * inode, and stores the inode it came from in trusted.overlay.origin. */
#ifndef LT_OVERLAY_CHANGE_H
#define LT_OVERLAY_CHANGE_H

#include "overlay/lower_stack.h"

/* An entry of an rw layer and what is known of it. */
struct lt_upper {
    const struct lt_layer *layer;
    const struct lt_dir *dir;
    const struct lt_node *node;
    struct lt_overlay_marks marks;
    bool marked; /* the kernel that wrote the layer stores origins: an entry without one is not a copy */
    bool fresh;  /* its directory was created anew: nothing in it was copied up */
};

/* How the entry differs from `lower`. Contents are compared if the metadata do not decide, up to 16 MiB; for larger
 * files an equal mtime stands for equal contents. LT_CHANGE_NONE only if the layer is a whole copy and the entry is as
 * it was copied. Fills in `hidden->capability`; lt_hidden_of() gives the rest. */
enum lt_change lt_change_of(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower,
                            struct lt_hidden *hidden);

/* The facts of a lower entry that a row shows. */
struct lt_hidden lt_hidden_of(const struct lt_lower *lower);

/* Was the entry copied up from the lower stack, and not created by the container? */
bool lt_was_copied_up(const struct lt_upper *upper, enum lt_change change);

/* Do the contents of two files differ? False as well if they are not compared: equal sizes above 16 MiB, or one cannot
 * be read, which is reported. */
bool lt_contents_differ(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower);

/* Would the runtime's own diff (`docker diff`) call it changed? It compares mode, owner, device number, capabilities
 * and, except for directories, mtime and size (moby pkg/archive/changes_unix.go statDifferent, 20.10 to 28.x). It does
 * not compare contents. */
bool lt_runtime_differs(const struct lt_node *node, const struct lt_hidden *lower);

#endif
