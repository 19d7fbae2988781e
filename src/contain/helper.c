// SPDX-License-Identifier: Apache-2.0
#include "contain/helper.h"

#include "base/temporary.h"

#include <errno.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_OUTPUTS = 3,
    MOST_COPIES = 8, /* at once; one is enough today */
    OLD_LIMIT = 1024 /* descriptors to close one by one where the kernel has no close_range() */
};

enum what { NAME = 'n', REMOVE = 'r', COPY = 'c', DROP = 'd' };

struct request {
    char what;
    unsigned char number;
};

/* With a copy, its descriptor comes along. */
struct answer {
    int sys; /* errno, 0 if all is well */
    int number;
};

/* --- the process -------------------------------------------------------------------------------------------------- */

struct servant {
    int socket;
    struct lt_output outputs[MOST_OUTPUTS]; /* copies; `temporary` is "" when there is nothing left to do */
    size_t count;
    bool may_copy;
    char copies[MOST_COPIES][PATH_MAX];
};

static void close_from_to(int from, int to)
{
    if (from > to || close_range((unsigned)from, (unsigned)to, 0) == 0)
        return;
    for (int fd = from; fd <= to && fd < OLD_LIMIT; fd++)
        close(fd);
}

/* Close all but the `count` descriptors in `keep`, in rising order. Whoever reads from a pipe of ours waits for its
 * end. */
static void close_others(const int *keep, size_t count)
{
    int from = 0;
    for (size_t i = 0; i < count; i++) {
        close_from_to(from, keep[i] - 1);
        from = keep[i] + 1;
    }
    close_from_to(from, INT32_MAX);
}

static int by_number(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The descriptor of a temporary file is kept for its lock. */
static void keep_needed(const struct servant *servant)
{
    int keep[1 + 2 * MOST_OUTPUTS] = {servant->socket};
    size_t count = 1;
    for (size_t i = 0; i < servant->count; i++) {
        if (!servant->outputs[i].temporary[0])
            continue;
        keep[count++] = servant->outputs[i].fd;
        keep[count++] = servant->outputs[i].dir;
    }
    qsort(keep, count, sizeof *keep, by_number);
    close_others(keep, count);
}

static int finish_output(struct servant *servant, unsigned number, bool name)
{
    if (number >= servant->count || !servant->outputs[number].temporary[0])
        return EINVAL;
    struct lt_output *output = &servant->outputs[number];
    int sys = 0;
    if (name)
        sys = lt_output_give_name(output);
    else
        lt_output_remove(output);
    if (sys)
        return sys;
    output->temporary[0] = 0;
    close(output->fd);
    return 0;
}

static int make_copy(struct servant *servant, struct answer *answer)
{
    int number = 0;
    while (number < MOST_COPIES && servant->copies[number][0])
        number++;
    answer->sys = number == MOST_COPIES ? EMFILE : servant->may_copy ? 0 : EACCES;
    if (answer->sys)
        return -1;
    char *path = servant->copies[number];
    int fd = lt_temporary_named(path, PATH_MAX);
    answer->sys = fd < 0 ? errno : 0;
    answer->number = number;
    if (fd < 0)
        path[0] = 0;
    return fd;
}

static int drop_copy(struct servant *servant, unsigned number)
{
    if (number >= MOST_COPIES || !servant->copies[number][0])
        return EINVAL;
    unlink(servant->copies[number]);
    servant->copies[number][0] = 0;
    return 0;
}

/* Send an answer, and `fd` with it unless that is -1. */
static void reply(int socket, struct answer answer, int fd)
{
    char space[CMSG_SPACE(sizeof fd)] __attribute__((aligned(_Alignof(struct cmsghdr)))) = {0};
    struct iovec bytes = {&answer, sizeof answer};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = space;
        message.msg_controllen = sizeof space;
        struct cmsghdr *control = CMSG_FIRSTHDR(&message);
        *control = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(control), &fd, sizeof fd);
    }
    sendmsg(socket, &message, MSG_NOSIGNAL);
    if (fd >= 0)
        close(fd);
}

static void answer_request(struct servant *servant, struct request request)
{
    struct answer answer = {EINVAL, 0};
    int fd = -1;
    if (request.what == NAME || request.what == REMOVE)
        answer.sys = finish_output(servant, request.number, request.what == NAME);
    else if (request.what == COPY)
        fd = make_copy(servant, &answer);
    else if (request.what == DROP)
        answer.sys = drop_copy(servant, request.number);
    reply(servant->socket, answer, fd);
}

static _Noreturn void serve(struct servant *servant)
{
    sigset_t all;
    struct request request;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid(); /* what ends the group of its parent must not end it before it has cleaned up */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    keep_needed(servant);
    while (recv(servant->socket, &request, sizeof request, 0) == sizeof request)
        answer_request(servant, request);
    for (unsigned i = 0; i < servant->count; i++)
        finish_output(servant, i, false);
    for (unsigned i = 0; i < MOST_COPIES; i++)
        drop_copy(servant, i);
    _exit(0);
}

/* --- its parent --------------------------------------------------------------------------------------------------- */

/* Ask, and wait for the answer. Returns errno, 0 if all is well. `*fd` is -1 unless a descriptor came. */
static int ask(const struct lt_helper *helper, enum what what, unsigned number, struct answer *answer, int *fd)
{
    const struct request request = {(char)what, (unsigned char)number};
    char space[CMSG_SPACE(sizeof *fd)] __attribute__((aligned(_Alignof(struct cmsghdr))));
    struct iovec bytes = {answer, sizeof *answer};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    *fd = -1;
    if (send(helper->socket, &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
        return ECHILD;
    ssize_t got;
    do
        got = recvmsg(helper->socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != sizeof *answer)
        return ECHILD;
    const struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    if (control && control->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(control), sizeof *fd);
    return answer->sys;
}

static int ask_name(void *arg, unsigned number)
{
    struct answer answer = {0};
    int fd;
    return ask(arg, NAME, number, &answer, &fd);
}

static void ask_remove(void *arg, unsigned number)
{
    struct answer answer = {0};
    int fd;
    ask(arg, REMOVE, number, &answer, &fd);
}

bool lt_helper_start(struct lt_helper *helper, struct lt_output *const *outputs, size_t count, bool copies)
{
    int ends[2];
    *helper = (struct lt_helper){.socket = -1};
    if (count > MOST_OUTPUTS || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    struct servant servant = {.socket = ends[1], .count = count, .may_copy = copies};
    for (size_t i = 0; i < count; i++)
        servant.outputs[i] = *outputs[i];
    helper->pid = fork();
    if (helper->pid == 0)
        serve(&servant);
    int sys = errno;
    close(ends[1]);
    if (helper->pid < 0) {
        close(ends[0]);
        errno = sys;
        return false;
    }
    helper->socket = ends[0];
    helper->namer = (struct lt_namer){ask_name, ask_remove, helper};
    for (size_t i = 0; i < count; i++) {
        outputs[i]->namer = &helper->namer;
        outputs[i]->number = (unsigned)i;
    }
    return true;
}

int lt_helper_copy(const struct lt_helper *helper, int *number)
{
    struct answer answer = {0};
    int fd;
    int sys = ask(helper, COPY, 0, &answer, &fd);
    *number = answer.number;
    if (!sys && fd < 0) { /* it does not come if we have too many open */
        lt_helper_drop(helper, answer.number);
        sys = EMFILE;
    }
    errno = sys;
    return fd;
}

void lt_helper_drop(const struct lt_helper *helper, int number)
{
    struct answer answer = {0};
    int fd;
    ask(helper, DROP, (unsigned)number, &answer, &fd);
}

void lt_helper_end(struct lt_helper *helper)
{
    if (helper->socket < 0)
        return;
    close(helper->socket);
    helper->socket = -1;
    while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}
