// SPDX-License-Identifier: Apache-2.0
/* Records that a store had and has no more, from wherever they still lie: deleted files, or free blocks. Who finds one
 * hands it to lt_recovered_take(); the runtime of the store reads it as it reads those that are there. */
#ifndef LT_READ_RECOVERED_H
#define LT_READ_RECOVERED_H

#include "read/context.h"

/* How it was found. */
enum lt_recovery {
    LT_RECOVERY_DELETED, /* an inode or a name that was freed tells of it */
    LT_RECOVERY_CARVED,  /* its own bytes, in blocks that no file owns */
};
extern const char *const lt_recovery_words[];

/* One state of a record. All is borrowed until the function that gets it returns. */
struct lt_recovered {
    enum lt_recovery method;
    struct lt_str path;     /* that it had on its host, from the root; "" if nothing tells */
    struct lt_str bytes;    /* its contents, whole; "" if they cannot be had, or nobody would read them */
    struct lt_str witness;  /* where all this was read, for people: "inode 611, transaction 362" */
    struct lt_time born;    /* may be unset */
    struct lt_time written; /* the last change of its contents; may be unset */
    struct lt_time deleted; /* when it was freed; may be unset */
    bool inferred;          /* of the path, that only the number of an inode links its steps */
};

/* Hand a record to the store of the current host that it was of: by its path, or without one by its contents. Events
 * come from the sources of the runtime, when they are called after this. False: no store knows it. */
bool lt_recovered_take(struct lt_ctx *ctx, const struct lt_recovered *record);

/* Look for records among the deleted files of the current host, and take them. Later calls only report again what could
 * not be read. */
void lt_recovered_find(struct lt_ctx *ctx);

#endif
