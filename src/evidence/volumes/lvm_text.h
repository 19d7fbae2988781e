// SPDX-License-Identifier: Apache-2.0
/* The text in which LVM2 keeps what it knows of a volume group, as a tree: sections in braces, and values that are
 * numbers, texts in quotes, or lists of these. The bytes are hostile. Facts: lvm2 2.03.16 libdm/libdm-config.c. */
#ifndef LT_EVIDENCE_VOLUMES_LVM_TEXT_H
#define LT_EVIDENCE_VOLUMES_LVM_TEXT_H

#include "base/err.h"
#include "base/list.h"

enum {
    LT_LVM_DEPTH = 8,       /* sections in each other; LVM2 has five */
    LT_LVM_NODES = 1 << 18, /* of one text */
};

enum lt_lvm_type { LT_LVM_SECTION, LT_LVM_LIST, LT_LVM_TEXT, LT_LVM_NUMBER };

struct lt_lvm_node {
    struct lt_str name; /* "" in a list. A view of the text */
    enum lt_lvm_type type;
    struct lt_str text;
    int64_t number;
    struct lt_list nodes; /* of struct lt_lvm_node *, of a section or list */
};

/* Read a text up to its first NUL. `root` is the section of all that stands at its top; it lives in `arena`, and
 * borrows the bytes of `text`. LT_SKIP: the text breaks off or makes no sense; `root` holds what stands before that. */
enum lt_status lt_lvm_parse(struct lt_str text, struct lt_arena *arena, struct lt_lvm_node *root, struct lt_err *err);

/* What has that name in a section, or NULL. */
const struct lt_lvm_node *lt_lvm_get(const struct lt_lvm_node *section, const char *name);

/* The same as a section or list (NULL: there is none), a number that is not negative (`absent` if there is none), or a
 * text (""). */
const struct lt_lvm_node *lt_lvm_section(const struct lt_lvm_node *section, const char *name);
const struct lt_lvm_node *lt_lvm_list(const struct lt_lvm_node *section, const char *name);
uint64_t lt_lvm_number(const struct lt_lvm_node *section, const char *name, uint64_t absent);
struct lt_str lt_lvm_string(const struct lt_lvm_node *section, const char *name);

/* Is that text in the list of that name? */
bool lt_lvm_has(const struct lt_lvm_node *section, const char *name, const char *item);

#endif
