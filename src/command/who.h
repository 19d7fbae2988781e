// SPDX-License-Identifier: Apache-2.0
/* What the files of the command `who` share. */
#ifndef LT_COMMAND_WHO_H
#define LT_COMMAND_WHO_H

#include "command/record.h"
#include "overlay/lower_stack.h"

struct lt_job;

/* State of the search. */
struct lt_who {
    struct lt_job *job;
    struct lt_ctx *ctx;
    struct lt_arena *arena;
    struct lt_lower_reader reader;
    struct lt_str path;  /* in containers, "" for their root */
    struct lt_map added; /* paths of mounted files, and of volumes, that were told: several containers may mount them */
    struct lt_list records;
    bool deleted;          /* a container deleted or replaced it */
    enum lt_status status; /* LT_OK, or that of a run that must end, with */
    struct lt_err *err;
};

/* Is there an entry at `path` of the evidence? What cannot be read is reported. */
bool lt_who_look(struct lt_who *who, struct lt_str path, struct lt_node *node);

/* A record of the entry at `path`, which its containers see at `inside`. */
struct lt_record *lt_who_describe(struct lt_who *who, struct lt_str path, const struct lt_node *node,
                                  const struct lt_owner *owner, struct lt_str inside);

/* What a container sees of an entry. */
struct lt_who_seen {
    const struct lt_container *container;
    const char *status;
    struct lt_str path; /* in the container, "" if unknown */
    bool could_write;   /* the entry, which it binds for writing, changed while it may have run */
};

/* Add it to the list of records and to that of words. */
void lt_who_add_container(struct lt_who *who, const struct lt_who_seen *seen, struct lt_list *containers,
                          struct lt_list *words);

/* The path of the evidence at which the path searched for lies in what `user` mounts. False: it does not. */
bool lt_who_behind(struct lt_who *who, const struct lt_mount_user *user, struct lt_str *path);

/* What the container of the rw layer did to the path searched for, as its diff says; LT_CHANGE_NONE: nothing, or it is
 * not known. The whole layer is walked, since what was renamed shows only then. Its errors are not reported. */
enum lt_change lt_who_change(struct lt_who *who, const struct lt_layer *layer);

/* Search what containers of the host bind for the path, as one in containers and as one of the host. */
void lt_who_binds(struct lt_who *who, struct lt_host *host);

/* Add what freed inodes still have of files at the path, which the user gave as `given`: in any container, or on a
 * host. LT_FATAL: the run must end. */
enum lt_status lt_who_freed(struct lt_who *who, const char *given);

/* Say that nothing has the path, which the user gave as `given`, which paths come near, and what the containers bind.
 */
void lt_who_nothing(struct lt_who *who, const char *given);

#endif
