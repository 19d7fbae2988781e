// SPDX-License-Identifier: Apache-2.0
#include "contain/library.h"

#include "contain/contain.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_SECONDS = 60 };

/* SIGPROF ends a process that does not find an end. */
static void start_clock(void)
{
    const struct itimerval limit = {.it_value = {.tv_sec = MOST_SECONDS}};
    setitimer(ITIMER_PROF, &limit, NULL);
}

static void restore_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void lt_library_run(const struct lt_library *library, const struct lt_library_args *args)
{
    const struct lt_contain_args rights = {.readable = args->readable, .bare = true};
    const struct rlimit no_core = {0};
    struct lt_contained contained = {0};
    struct lt_peer parent = {.socket = args->socket, .answer = library->answer};
    restore_signals();
    setrlimit(RLIMIT_CORE, &no_core);      /* it would hold evidence, and lie wherever we are */
    lt_contain_enter(&rights, &contained); /* the parent has told what is lacking */
    lt_buf_free(&contained.lacks);
    parent.arg = library->begin(&parent, args->fd);
    lt_peer_serve(&parent, start_clock);
    _exit(0);
}
