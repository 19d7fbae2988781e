// SPDX-License-Identifier: Apache-2.0
/* The command line of dockerd (moby cmd/dockerd/{options,config,config_unix}.go, 20.10 to 28.x, and older ones; pflag),
 * and the addresses that it listens on (moby opts/hosts.go; man 5 systemd.socket). */
#ifndef LT_PARSE_DOCKERD_H
#define LT_PARSE_DOCKERD_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

struct lt_dockerd_option {
    struct lt_str key;   /* the name in daemon.json ("hosts" for -H and --host), else the option without dashes */
    struct lt_str value; /* "true" for an option without a value */
};

/* Read the next option in `words` (of struct lt_str *) from `*at` on, and move `*at` past it. Words that are not
 * options (the program, a variable, "daemon") are skipped. An unknown long option takes the next word as its value,
 * unless that begins with a dash; an unknown letter takes none. LT_END: there are no more, or "--" came. Views point
 * into the words or are static. */
enum lt_status lt_dockerd_next(const struct lt_list *words, size_t *at, struct lt_dockerd_option *out);

/* Who can reach an address? */
enum lt_reach {
    LT_REACH_SOCKET, /* not TCP: a socket in the file system or of the operating system */
    LT_REACH_LOCAL,  /* the loopback interface only */
    LT_REACH_NETWORK,
};

/* An item of "hosts". Without a scheme it is TCP; TCP without an address is on the loopback interface; an empty item is
 * the default socket. */
enum lt_reach lt_dockerd_reach(struct lt_str host);

/* A value of ListenStream=. A port alone is on all addresses. */
enum lt_reach lt_listen_reach(struct lt_str value);

#endif
