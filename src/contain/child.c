// SPDX-License-Identifier: Apache-2.0
#include "contain/child.h"

#include "contain/library.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_here(struct lt_child *child, int fd)
{
    child->peer.socket = child->inner.socket = -1;
    child->peer.other = &child->inner;
    child->inner.other = &child->peer;
    child->inner.answer = child->library->answer;
    child->inner.arg = child->state = child->library->begin(&child->inner, fd);
}

enum lt_status lt_child_start(struct lt_child *child, const struct lt_library *library,
                              const struct lt_child_args *args, struct lt_err *err)
{
    bool apart = args->helper && args->helper->socket >= 0;
    *child = (struct lt_child){.library = library, .peer = {.answer = args->answer, .arg = args->arg}};
    if (!apart) {
        start_here(child, args->fd);
        return LT_OK;
    }
    child->peer.socket = lt_helper_child(args->helper, library, args->readable, args->copy, &child->pid);
    if (child->peer.socket < 0) {
        int sys = errno;
        *child = (struct lt_child){0};
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, sys, "no process for the %s", library->name);
    }
    child->helper = args->helper;
    return LT_OK;
}

static enum lt_status repeat(const struct lt_err *ended, struct lt_err *err)
{
    return lt_fail(err, LT_SKIP, ended->code, 0, "%s", ended->text);
}

/* Let the process end. Returns what waitpid() tells of it. */
static int bury(const struct lt_child *child)
{
    close(child->peer.socket);
    return lt_helper_bury(child->helper, child->pid);
}

static void tell_end(struct lt_child *child, int status)
{
    const char *name = child->library->name;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        lt_fail(&child->ended, LT_SKIP, LT_CODE_UNREADABLE, 0, "%s came to no end within a minute of processor time",
                name);
    else if (WIFSIGNALED(status))
        lt_fail(&child->ended, LT_SKIP, LT_CODE_UNREADABLE, 0, "%s ended by signal %d", name, WTERMSIG(status));
    else if (WEXITSTATUS(status) == LT_OUT_OF_MEMORY)
        lt_fail(&child->ended, LT_SKIP, LT_CODE_UNREADABLE, 0, "%s ran out of memory", name);
    else
        lt_fail(&child->ended, LT_SKIP, LT_CODE_UNREADABLE, 0, "%s ended with code %d", name, WEXITSTATUS(status));
}

enum lt_status lt_child_ask(struct lt_child *child, const struct lt_buf *question, struct lt_message *answer,
                            struct lt_err *err)
{
    *answer = (struct lt_message){0};
    if (child->ended.set)
        return repeat(&child->ended, err);
    switch (lt_peer_ask(&child->peer, question, answer)) {
    case LT_PEER_ANSWER:
        return LT_OK;
    case LT_PEER_REFUSAL:
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "%.*s", LT_ARG(answer->rest));
    default:
        tell_end(child, bury(child));
        return repeat(&child->ended, err);
    }
}

enum lt_status lt_child_distrust(struct lt_child *child, struct lt_err *err)
{
    if (child->helper && !child->ended.set)
        bury(child);
    lt_fail(&child->ended, LT_SKIP, LT_CODE_INTERNAL, 0, "%s answers something else", child->library->name);
    return repeat(&child->ended, err);
}

void lt_child_end(struct lt_child *child)
{
    if (child->helper && !child->ended.set)
        bury(child);
    else if (child->state)
        child->library->end(child->state);
    lt_buf_free(&child->peer.in);
    lt_buf_free(&child->inner.in);
    *child = (struct lt_child){0};
}
