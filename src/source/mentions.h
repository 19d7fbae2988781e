// SPDX-License-Identifier: Apache-2.0
/* Whose the lines of a host's logs are: the containers and images that they name. */
#ifndef LT_SOURCE_MENTIONS_H
#define LT_SOURCE_MENTIONS_H

#include "facts.h"

/* All that can be named on a host. Initialise with {0}, then lt_mentions_begin(). */
struct lt_mentions {
    struct lt_ctx *ctx;
    struct lt_map containers; /* ID -> struct lt_owner *, role host; those that are gone too */
    struct lt_map images;     /* ID -> struct lt_owner *, role host */
    struct lt_map layers;     /* the storage driver's own ID -> struct lt_owner * of the container */
    struct lt_map shorts;     /* first twelve digits -> struct lt_owner *, or that of the root if not unique */
    struct lt_map names;      /* name -> struct lt_owner * */
    struct lt_map references; /* "alpine:3.19" and the like -> struct lt_owner * of the image */
    size_t gone;              /* containers that only logs know */
};

/* One line of a log. */
struct lt_host_line {
    struct lt_time time, first, last; /* as in an event */
    struct lt_str host;               /* that wrote it, if it was another */
    struct lt_str reporter, level, text;
    uint64_t pid;
    struct lt_where where;
    lt_tags tags;
    const struct lt_container *output_of; /* a container wrote it, and Docker passed it on; else NULL */
};

/* Learn what the roots of the evidence at hand hold. Everything lives in the run arena. */
void lt_mentions_begin(struct lt_mentions *mentions, struct lt_ctx *ctx);

/* The first data root of the evidence at hand is where its host's logs are read. */
bool lt_mentions_first_root(const struct lt_ctx *ctx);

/* The container with this ID, which is made (tag configuration_missing) if it is not known; NULL when there are too
 * many that are not. */
const struct lt_owner *lt_mentions_container(struct lt_mentions *mentions, struct lt_str id);

/* The container whose output has this tag, as Docker's syslog driver sets it (moby
 * daemon/logger/loggerutils/log_tag.go, 1.9 to 28.x): its short ID, maybe behind a slash; NULL if there is none. */
const struct lt_container *lt_mentions_tag(const struct lt_mentions *mentions, struct lt_str tag);

/* Emit the line with `facts`, to which the rest is added. Output of a container is its own; any other line belongs to
 * the first container it names, else to the first image, else to the host. */
enum lt_status lt_mentions_emit(struct lt_mentions *mentions, const struct lt_host_line *line, struct lt_facts *facts,
                                struct lt_err *err);

#endif
