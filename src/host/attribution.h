// SPDX-License-Identifier: Apache-2.0
/* Whose the lines of a host's logs are: the containers and images that they name. The map of this room, which reads
 * what a host has once:
 *
 *   daemon_config.c    how the daemons are configured: units, drop-ins, environment files, daemon.json
 *   daemon_settings.c  what a daemon was told, gathered from all of these; daemon_unit.c: units as systemd sees them
 *   cgroup_config.c    control groups that were configured for containers
 *   exposure.c         what exposes a host or a container; exposure.def: the rules
 *   host_log.c         text logs of daemons and kernel; log_files.c: which files there are, and in which years
 *   host_journal.c     the same in systemd's journal; journal.c: libsystemd, which no other file knows
 *   attribution.c      whose a line is
 *   sources.def        the sources among these
 */
#ifndef LT_HOST_ATTRIBUTION_H
#define LT_HOST_ATTRIBUTION_H

#include "read/facts.h"

/* All that can be named on a host. Initialise with {0}, then lt_attribution_begin(). */
struct lt_attribution {
    struct lt_ctx *ctx;
    struct lt_map containers; /* ID -> struct lt_owner *, role host; those that are gone too */
    struct lt_map images;     /* ID -> struct lt_owner *, role host */
    struct lt_map layers;     /* the storage driver's own ID -> struct lt_owner * of the container */
    struct lt_map shorts;     /* first twelve digits -> struct lt_owner *, or that of the root if not unique */
    struct lt_map names;      /* name -> struct lt_owner * */
    struct lt_map references; /* "alpine:3.19" and the like -> struct lt_owner * of the image */
};

/* One line of a log. */
struct lt_host_line {
    struct lt_time time, first, last; /* as in an event */
    struct lt_str host;               /* that wrote it, if it was another */
    struct lt_str reporter, level, text;
    struct lt_str unit; /* of systemd, to which the sender belongs; it may name a container */
    uint64_t pid;
    struct lt_where where;
    lt_tags tags;
    const struct lt_container *output_of; /* a container wrote it, and Docker passed it on; else NULL */
};

/* Learn what the roots of the evidence at hand hold. Everything lives in the run arena. */
void lt_attribution_begin(struct lt_attribution *mentions, struct lt_ctx *ctx);

/* The container with this ID, which is made (tag configuration_missing) if it is not known; NULL when there are too
 * many that are not. */
const struct lt_owner *lt_attribution_container(struct lt_attribution *mentions, struct lt_str id);

/* The container whose output has this tag, as Docker's syslog driver sets it (moby
 * daemon/logger/loggerutils/log_tag.go, 1.9 to 28.x): its short ID, maybe behind a slash; NULL if there is none. */
const struct lt_container *lt_attribution_tag(const struct lt_attribution *mentions, struct lt_str tag);

/* Is a reporter one of Docker's programs? A tag of a container's output with a slash is none, whatever it begins with.
 */
bool lt_attribution_program(const struct lt_attribution *mentions, struct lt_str reporter);

/* Is a line with this reporter and text one of Docker's programs, or by systemd or the kernel about Docker? */
bool lt_attribution_wanted(struct lt_str reporter, struct lt_str text);

/* The time with which logrus begins a message, as text or JSON; unset if there is none. That of a message that syslogd
 * repeats is of the first, and not taken. `*minutes` are those of its zone, that of the host. */
struct lt_time lt_attribution_own_time(struct lt_str text, int *minutes);

/* Choose between the daemon's own time, `own`, if it is set, and line->time, by the logging daemon `whose`: the one
 * with more digits, of equal ones the daemon's own. Is the daemon's taken? What is left out goes to `facts`, and tags
 * if they are more than a minute apart. */
bool lt_attribution_choose(struct lt_host_line *line, struct lt_time own, const char *whose, struct lt_facts *facts);

/* Emit the line with `facts`, to which the rest is added. Output of a container is its own; any other line belongs to
 * the first container it names, else to the first image, else to the host. */
enum lt_status lt_attribution_emit(struct lt_attribution *mentions, const struct lt_host_line *line,
                                   struct lt_facts *facts, struct lt_err *err);

#endif
