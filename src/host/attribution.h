// SPDX-License-Identifier: Apache-2.0
/* Attribution: finding the containers and images that a line of a host's log names. The map of this room, which reads
 * what exists once per host:
 *
 *   host_config.c      how the daemons are configured: a row for each file, and for what exposes the host
 *   host_settings.c    the settings of all daemons of a file system, read once; of which
 *                      docker_settings.c are Docker's, containerd_settings.c containerd's and of distributions of
 *                      Kubernetes, mount_settings.c bind mounts over their stores
 *   claims.c           which directories they name; data_roots.c: the stores there, and what the settings say of them
 *   daemon_settings.c  the settings of a daemon; daemon_service.c: from its units and files of assignments;
 *                      daemon_unit.c: units as systemd loads them; daemon_json.c: from daemon.json;
 *                      daemon_conflicts.c: options that are set twice
 *   cgroup_config.c    control groups configured for containers
 *   exposure.c         what exposes a host or a container; exposure.def: the rules
 *   host_log.c         text logs of the daemons and the kernel; log_files.c: finds them and the years they cover
 *   volume_changes.c   logical volumes that were made, removed, renamed or resized
 *   unseen_ends.c      ends of containers that no daemon saw
 *   host_journal.c     the same in systemd's journal; journal.c: its files; libsystemd.c reads them, in a process of
 *                      its own
 *   attribution.c      whose a line is; removed.c: what lines tell of containers that were removed
 *   names.c            names that lines tell of containers without a configuration
 *   subids.c           ids that are set aside for user namespaces
 *   sources.def        the sources among these
 */
#ifndef LT_HOST_ATTRIBUTION_H
#define LT_HOST_ATTRIBUTION_H

#include "read/facts.h"

enum { LT_MOST_STARTS = 8 };

/* A start of a container that has not joined a network yet, as far as the lines tell. */
struct lt_start {
    char id[64];
    struct lt_time time;
};

/* What a line can name on a host. Initialise with {0}, then call lt_attribution_begin(), and at the end
 * lt_attribution_end(). */
struct lt_attribution {
    struct lt_ctx *ctx;
    struct lt_map containers;               /* ID -> struct lt_owner *, role host; includes removed ones */
    struct lt_map images;                   /* ID -> struct lt_owner *, role host */
    struct lt_map layers;                   /* the storage driver's own ID -> struct lt_owner * of the container */
    struct lt_map shorts;                   /* first twelve digits -> struct lt_owner *, of the host if not unique */
    struct lt_map names;                    /* name -> struct lt_owner * */
    struct lt_map references;               /* "alpine:3.19" and the like -> struct lt_owner * of the image */
    struct lt_start starts[LT_MOST_STARTS]; /* the oldest first; see host/names.c */
    size_t start_count;
    struct lt_arena words; /* for what the current line tells */
};

/* One line of a log. */
struct lt_host_line {
    struct lt_time time, first, last; /* as in an event */
    struct lt_str host;               /* the host that wrote it, if another one */
    struct lt_str reporter, level, text;
    struct lt_str unit; /* the sender's systemd unit; its name may contain a container ID */
    uint64_t pid;
    struct lt_where where;
    lt_tags tags;
    const struct lt_owner *about; /* whom it is about, by a name alone: see host/names.h; NULL: that is not known */
    const struct lt_container *output_of; /* the container that wrote it, if Docker passed its output on; else NULL */
};

/* Index the containers and images in all stores of the host. Everything lives in the run arena. */
void lt_attribution_begin(struct lt_attribution *attribution, struct lt_ctx *ctx);
void lt_attribution_end(struct lt_attribution *attribution);

/* The container with this ID. An unknown one is created with the tag configuration_missing; NULL if there are too many
 * of these. */
const struct lt_owner *lt_attribution_container(struct lt_attribution *attribution, struct lt_str id);

/* The container whose output carries this tag. Docker's syslog driver sets it (moby
 * daemon/logger/loggerutils/log_tag.go, 1.9 to 28.x) to the short ID, possibly after a slash. NULL if there is none. */
const struct lt_container *lt_attribution_by_tag(const struct lt_attribution *attribution, struct lt_str tag);

/* Is the reporter one of Docker's programs? The tag of a container's output is not, even if it begins like one. */
bool lt_attribution_is_program(const struct lt_attribution *attribution, struct lt_str reporter);

/* Is the line by one of Docker's programs, or by systemd or the kernel about Docker? */
bool lt_attribution_is_wanted(struct lt_str reporter, struct lt_str text);

/* The time at the start of a logrus message, as text or JSON; unset if there is none. A message that syslogd repeats
 * carries the time of the first occurrence, which is not used. `*minutes` is set to the time's offset from UTC, which
 * is that of the host. */
struct lt_time lt_attribution_own_time(struct lt_str text, int *minutes);

/* Set line->time to one of the daemon's own time, `own`, and the time by `whose`, the logging daemon, which line->time
 * holds. If both are set, the own time wins unless only the other has a fraction of a second. The time that lost
 * becomes a fact. If they differ by more than a minute, that becomes a fact too, and the line gets the tag
 * time_anomaly. Returns whether the own time was chosen. */
bool lt_attribution_choose(struct lt_host_line *line, struct lt_time own, const char *whose, struct lt_facts *facts);

/* Emit the line with `facts` and the facts added here. A container's output belongs to that container. Any other line
 * belongs to the first container it names, else to the first image, else to the host. */
enum lt_status lt_attribution_emit(struct lt_attribution *attribution, const struct lt_host_line *line,
                                   struct lt_facts *facts, struct lt_err *err);

#endif
