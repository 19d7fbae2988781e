// SPDX-License-Identifier: Apache-2.0
/* How an init system starts a daemon: its units with their drop-ins, the files of assignments that they name or that
 * init scripts read, and the command line that comes of them.
 *
 * An option in a file of assignments is in force if the unit uses its variable. It is also in force if there is no
 * unit, because then an init script starts the daemon (moby contrib/init, Debian docker.io, RHEL docker-common, Alpine
 * and Gentoo conf.d, Void srcpkgs/moby). The same is true if /sbin/init is not systemd. */
#ifndef LT_HOST_DAEMON_SERVICE_H
#define LT_HOST_DAEMON_SERVICE_H

#include "host/daemon_unit.h"

/* Where the parts of a service are. Lists end with NULL. */
struct lt_service_place {
    const char *const *directories; /* of units; relative ones are below the daemon's home */
    struct lt_str name;             /* "docker": docker.service, docker.socket, docker.slice */
    const char *const *usual;       /* files of assignments that init scripts read; NULL: none */
    const char *const *scripts;     /* init scripts, which are read if there is no unit; NULL: none */
};

/* Initialise with {.daemon = ...}. */
struct lt_service {
    struct lt_daemon *daemon; /* gets the options as settings, and the files as origins */
    struct lt_unit unit, socket;
    struct lt_list variables;                      /* of struct variable * */
    struct lt_list scripts;                        /* of struct script * */
    struct lt_map by_name;                         /* name -> the last variable in force */
    struct lt_map used;                            /* names used in the unit's commands, as $NAME or ${NAME} */
    const char *is_masked, *is_unread, *is_unused; /* why something is not in force */
};

/* Directories of units in their order: those of the system, and those below a home. */
extern const char *const lt_system_units[], *const lt_user_units[];

/* Read a service. What cannot be read is reported. */
void lt_service_read(struct lt_service *service, const struct lt_service_place *place);

/* The words of the command that is in force, with variables expanded (of struct lt_str *). Without a unit, those of all
 * variables and of the init scripts: which of them are used only a shell could tell. */
struct lt_list lt_service_words(const struct lt_service *service);

/* The path that an option (as in lt_words_option()) names, as lt_daemon_path() has it, in the commands and variables
 * that are in force, or in the others. "": none does. `*file` is the path of the file in which it is written; "" if it
 * is put together from several. */
struct lt_str lt_service_option(const struct lt_service *service, const char *name, char letter, bool in_force,
                                struct lt_str *file);

/* The value of a variable that is in force, "" if there is none; `*file` is the path of the file that sets it. */
struct lt_str lt_service_variable(const struct lt_service *service, const char *name, struct lt_str *file);

/* A path of a setting, with ~, $HOME and systemd's %h replaced: the daemon's home, else /root. */
struct lt_str lt_daemon_path(const struct lt_daemon *daemon, struct lt_str path);

#endif
