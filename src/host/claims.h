// SPDX-License-Identifier: Apache-2.0
/* Which directories settings name as stores of daemons.
 *
 * A daemon's settings claim directories. Those that are in force say where its store is; without any, the default does.
 * What is claimed otherwise (an option that a later one overrides, a file that the unit does not read) may be where the
 * store was before. */
#ifndef LT_HOST_CLAIMS_H
#define LT_HOST_CLAIMS_H

#include "host/daemon_service.h"

/* A directory that a setting, or a default, names as a daemon's store. */
struct lt_claim {
    struct lt_str path; /* on the host */
    struct lt_str key;  /* "data-root"; of a default: why it is one */
    struct lt_str file; /* that sets it; "": it is a default */
    const char *idle;   /* why it is not in force; NULL: it is */
    const char *doubt;  /* what is to be known of it though it is in force; NULL: nothing */
    struct lt_str real; /* the path without symbolic links, once it was tried; "" if nothing is there */
    bool reported;      /* that it names no store, or that needs no report */
};

/* A daemon, and where its store may be. */
struct lt_claimant {
    const char *runtime; /* name of the runtime whose store it is */
    bool rootless;
    struct lt_list claims; /* of struct lt_claim *: the later overrides the earlier */
};

/* What a file system says of its host's daemons. */
struct lt_host_settings {
    struct lt_fs *fs;
    struct lt_list homes;     /* of struct lt_str *: home directories of users, without symbolic links, each once */
    struct lt_list daemons;   /* of struct lt_daemon *: those whose settings have rows */
    struct lt_list claimants; /* of struct lt_claimant * */
};

/* For the files of this folder that read the settings of one kind of daemon: Docker's; containerd's, and those of
 * distributions of Kubernetes that run one; the host's mounts, which put one directory in the place of another. */
void lt_settings_of_docker(struct lt_ctx *ctx, struct lt_host_settings *settings);
void lt_settings_of_containerd(struct lt_ctx *ctx, struct lt_host_settings *settings);
void lt_settings_of_mounts(struct lt_ctx *ctx, struct lt_host_settings *settings);

/* Add a daemon, and one of its claims. Strings are borrowed; paths are taken from the root. */
struct lt_claimant *lt_claimant_add(struct lt_ctx *ctx, struct lt_host_settings *settings, const char *runtime,
                                    bool rootless);
struct lt_claim *lt_claim_add(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_str path, struct lt_str key,
                              struct lt_str file);

/* Does a setting that is in force make the claim? */
static inline bool lt_claim_is_set(const struct lt_claim *claim)
{
    return claim->file.len && !claim->idle;
}

/* The names, without their suffix, of the system's units that end in `suffix` and hold one of the `words` (ends with
 * NULL; NULL: any): of struct lt_str *. More than 256 are reported. */
struct lt_list lt_unit_names(struct lt_ctx *ctx, const char *const *words, const char *suffix);

/* The words of the command of a service of the system, in `arena`. Nothing is reported: it may be none of ours. */
struct lt_list lt_unit_words(const struct lt_ctx *ctx, struct lt_str name, struct lt_arena *arena);

#endif
