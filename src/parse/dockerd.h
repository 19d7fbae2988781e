// SPDX-License-Identifier: Apache-2.0
/* dockerd's command line (moby cmd/dockerd/{options,config,config_unix}.go, 20.10 to 28.x, and older ones; pflag), and
 * the addresses that it listens on (moby opts/hosts.go; man 5 systemd.socket). */
#ifndef LT_PARSE_DOCKERD_H
#define LT_PARSE_DOCKERD_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

struct lt_dockerd_option {
    struct lt_str key;   /* as daemon.json calls it ("hosts" of -H and --host), else the option without dashes */
    struct lt_str value; /* "true" for a switch without value */
};

/* The next option in `words` (of struct lt_str *) from `*at` on, which is moved behind it; what is none (the program, a
 * variable, "daemon") is passed over. An option that is not known takes the next word, unless that is an option.
 * LT_END: there is none, or "--" came. Views are of the words or static. */
enum lt_status lt_dockerd_next(const struct lt_list *words, size_t *at, struct lt_dockerd_option *out);

/* Who can reach an address? */
enum lt_reach {
    LT_REACH_SOCKET, /* no TCP: a socket in the file system or of the system's own */
    LT_REACH_LOCAL,  /* this machine's own loopback */
    LT_REACH_NETWORK,
};

/* An item of "hosts". Without a scheme it is TCP; TCP without an address is on the loopback. */
enum lt_reach lt_dockerd_reach(struct lt_str host);

/* A value of ListenStream=: a port alone is on all addresses. */
enum lt_reach lt_listen_reach(struct lt_str value);

#endif
