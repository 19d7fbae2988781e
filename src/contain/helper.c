// SPDX-License-Identifier: Apache-2.0
#include "contain/helper.h"

#include "base/temporary.h"
#include "contain/library.h"
#include "contain/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_OUTPUTS = 4,
    MOST_COPIES = 8, /* at once; one is enough today */
    OLD_LIMIT = 1024 /* descriptors to close one by one where the kernel has no close_range() */
};

enum what { NAME, REMOVE, COPY, DROP, START, BURY, BEGIN_FILE, NAME_FILE, OPEN_FILE };

struct request {
    enum what what;
    int number;              /* of an output, a copy, a library, a process */
    int readable, copy;      /* START: what the process may read, -1: nothing */
    char path[LT_TREE_PATH]; /* of a file; only as much of it is sent as there is */
};
enum { HEAD = offsetof(struct request, path) };

/* With a copy, its descriptor comes along; with a process, that of the socket to it. */
struct answer {
    int sys; /* errno, 0 if all is well */
    int number;
};

/* --- the process -------------------------------------------------------------------------------------------------- */

struct servant {
    int socket;
    struct lt_output outputs[MOST_OUTPUTS]; /* copies; `temporary` is "" when there is nothing left to do */
    struct lt_helper_args args;
    char copies[MOST_COPIES][PATH_MAX];
};

static void close_from_to(int from, int to)
{
    if (from > to || close_range((unsigned)from, (unsigned)to, 0) == 0)
        return;
    for (int fd = from; fd <= to && fd < OLD_LIMIT; fd++)
        close(fd);
}

static int by_number(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Close all but the `count` descriptors in `keep`. Whoever reads from a pipe of ours waits for its end. The first three
 * lead nowhere, as a library may write there. */
static void close_others(int *keep, size_t count)
{
    int nowhere = open("/dev/null", O_RDWR), from = STDERR_FILENO + 1;
    qsort(keep, count, sizeof *keep, by_number);
    for (int fd = 0; fd < from; fd++)
        if (!bsearch(&fd, keep, count, sizeof *keep, by_number))
            dup2(nowhere, fd);
    for (size_t i = 0; i < count; i++) {
        if (keep[i] < from)
            continue;
        close_from_to(from, keep[i] - 1);
        from = keep[i] + 1;
    }
    close_from_to(from, INT32_MAX);
}

/* The descriptor of a temporary file is kept for its lock. */
static void keep_needed(const struct servant *servant)
{
    int keep[2 + 2 * MOST_OUTPUTS] = {servant->socket};
    size_t count = 1;
    if (servant->args.has_tree)
        keep[count++] = servant->args.tree;
    for (size_t i = 0; i < servant->args.count; i++) {
        if (!servant->outputs[i].temporary[0])
            continue;
        keep[count++] = servant->outputs[i].fd;
        keep[count++] = servant->outputs[i].dir;
    }
    close_others(keep, count);
}

static int finish_output(struct servant *servant, int number, bool name)
{
    if (number < 0 || (size_t)number >= servant->args.count || !servant->outputs[number].temporary[0])
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
    answer->sys = number == MOST_COPIES ? EMFILE : servant->args.copies ? 0 : EACCES;
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

static bool is_copy(const struct servant *servant, int number)
{
    return number >= 0 && number < MOST_COPIES && servant->copies[number][0];
}

static int drop_copy(struct servant *servant, int number)
{
    if (!is_copy(servant, number))
        return EINVAL;
    unlink(servant->copies[number]);
    servant->copies[number][0] = 0;
    return 0;
}

/* Is this what the process is to be, and may it read that? */
static bool is_allowed(const struct servant *servant, const struct request *request)
{
    int libraries = 0;
    while (servant->args.libraries && servant->args.libraries[libraries])
        libraries++;
    return request->number >= 0 && request->number < libraries &&
           (request->readable < 0 || (size_t)request->readable < servant->args.readable_count) &&
           (request->copy < 0 || is_copy(servant, request->copy));
}

static _Noreturn void be_library(const struct servant *servant, const struct request *request, int socket)
{
    const struct lt_list nothing = {0};
    struct lt_library_args args = {.socket = socket, .fd = -1, .readable = &nothing};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (request->readable >= 0)
        args.readable = servant->args.readable[request->readable];
    if (request->copy >= 0)
        args.fd = open(servant->copies[request->copy], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    close_others((int[]){args.fd, socket}, 2);
    lt_library_run(servant->args.libraries[request->number], &args);
}

/* Returns our end of the socket, or -1. */
static int start_library(const struct servant *servant, const struct request *request, struct answer *answer)
{
    int ends[2];
    answer->sys = EINVAL;
    if (!is_allowed(servant, request))
        return -1;
    answer->sys = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
    if (answer->sys)
        return -1;
    answer->number = fork();
    if (answer->number == 0)
        be_library(servant, request, ends[1]);
    answer->sys = answer->number < 0 ? errno : 0;
    close(ends[1]);
    if (!answer->sys)
        return ends[0];
    close(ends[0]);
    return -1;
}

/* Only a process that was started here is touched. One that has ended of itself keeps the reason for that. */
static int bury(pid_t pid, struct answer *answer)
{
    siginfo_t ignored;
    if (pid <= 0 || waitid(P_PID, (id_t)pid, &ignored, WEXITED | WNOHANG | WNOWAIT) < 0)
        return ECHILD;
    kill(pid, SIGKILL);
    return waitpid(pid, &answer->number, 0) == pid ? 0 : ECHILD;
}

/* Files below the directory. Whoever asks may have read hostile evidence, so the path is checked here. Returns a
 * descriptor, or -1. */
static int serve_file(const struct servant *servant, const struct request *request, struct answer *answer)
{
    int dir = servant->args.tree, fd = -1, done = -1;
    errno = EINVAL;
    if (servant->args.has_tree && request->what == NAME_FILE)
        done = lt_tree_give_name(dir, request->path);
    else if (servant->args.has_tree)
        done = fd = request->what == BEGIN_FILE ? lt_tree_begin(dir) : lt_tree_open(dir, request->path);
    answer->sys = done < 0 ? errno : 0;
    return fd;
}

/* Send an answer, and `fd` with it unless that is -1. False: nobody gets it. */
static bool reply(int socket, struct answer answer, int fd)
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
    bool sent = sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof answer;
    if (fd >= 0)
        close(fd);
    return sent;
}

static bool answer_request(struct servant *servant, const struct request *request)
{
    struct answer answer = {EINVAL, 0};
    int fd = -1;
    switch (request->what) {
    case NAME:
    case REMOVE:
        answer.sys = finish_output(servant, request->number, request->what == NAME);
        break;
    case COPY:
        fd = make_copy(servant, &answer);
        break;
    case DROP:
        answer.sys = drop_copy(servant, request->number);
        break;
    case START:
        fd = start_library(servant, request, &answer);
        break;
    case BURY:
        answer.sys = bury(request->number, &answer);
        break;
    case BEGIN_FILE:
    case NAME_FILE:
    case OPEN_FILE:
        fd = serve_file(servant, request, &answer);
        break;
    }
    return reply(servant->socket, answer, fd);
}

static bool has_path(enum what what)
{
    return what == NAME_FILE || what == OPEN_FILE;
}

/* Wait for a request. False: there will be none, or it is none. Its path ends within its buffer. */
static bool receive(int socket, struct request *request)
{
    ssize_t got;
    do
        got = recv(socket, request, sizeof *request, 0);
    while (got < 0 && errno == EINTR);
    if (got < HEAD || (size_t)got >= sizeof *request || (!has_path(request->what) && got != HEAD))
        return false;
    request->path[got - HEAD] = 0;
    return true;
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
    while (receive(servant->socket, &request))
        if (!answer_request(servant, &request)) /* whoever waits for it is to see that we are gone */
            break;
    for (int i = 0; i < MOST_OUTPUTS; i++)
        finish_output(servant, i, false);
    for (int i = 0; i < MOST_COPIES; i++)
        drop_copy(servant, i);
    if (servant->args.has_tree)
        lt_tree_end(servant->args.tree);
    _exit(0);
}

/* --- its parent --------------------------------------------------------------------------------------------------- */

/* Ask, and wait for the answer. Returns errno, 0 if all is well. `*fd` is -1 unless a descriptor came. */
static int ask(const struct lt_helper *helper, const struct request *request, struct answer *answer, int *fd)
{
    char space[CMSG_SPACE(sizeof *fd)] __attribute__((aligned(_Alignof(struct cmsghdr))));
    struct iovec bytes = {answer, sizeof *answer};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    *fd = -1;
    size_t size = HEAD + (has_path(request->what) ? strlen(request->path) : 0);
    if (send(helper->socket, request, size, MSG_NOSIGNAL) != (ssize_t)size)
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

/* The same about one number, where no descriptor comes. */
static int ask_about(const struct lt_helper *helper, enum what what, int number, struct answer *answer)
{
    const struct request request = {.what = what, .number = number};
    int fd;
    return ask(helper, &request, answer, &fd);
}

/* The same where a descriptor comes. Returns it, or -1 with errno. It does not come if we have too many open: then what
 * was made is undone. */
static int ask_for(const struct lt_helper *helper, const struct request *request, struct answer *answer)
{
    struct answer ignored = {0};
    int fd, sys = ask(helper, request, answer, &fd);
    if (!sys && fd < 0) {
        if (request->what == COPY || request->what == START)
            ask_about(helper, request->what == COPY ? DROP : BURY, answer->number, &ignored);
        sys = EMFILE;
    }
    errno = sys;
    return fd;
}

static int ask_name(void *arg, unsigned number)
{
    struct answer answer = {0};
    return ask_about(arg, NAME, (int)number, &answer);
}

static void ask_remove(void *arg, unsigned number)
{
    struct answer answer = {0};
    ask_about(arg, REMOVE, (int)number, &answer);
}

bool lt_helper_start(struct lt_helper *helper, const struct lt_helper_args *args)
{
    int ends[2];
    struct lt_output *const *outputs = args->outputs;
    *helper = (struct lt_helper){.socket = -1};
    if (args->count > MOST_OUTPUTS || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    struct servant servant = {.socket = ends[1], .args = *args};
    for (size_t i = 0; i < args->count; i++)
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
    helper->libraries = args->libraries;
    helper->namer = (struct lt_namer){ask_name, ask_remove, helper};
    for (size_t i = 0; i < args->count; i++) {
        outputs[i]->namer = &helper->namer;
        outputs[i]->number = (unsigned)i;
    }
    return true;
}

int lt_helper_copy(const struct lt_helper *helper, int *number)
{
    const struct request request = {.what = COPY};
    struct answer answer = {0};
    int fd = ask_for(helper, &request, &answer);
    *number = answer.number;
    return fd;
}

void lt_helper_drop(const struct lt_helper *helper, int number)
{
    struct answer answer = {0};
    ask_about(helper, DROP, number, &answer);
}

int lt_helper_child(const struct lt_helper *helper, const struct lt_library *library, int readable, int copy,
                    pid_t *pid)
{
    struct request request = {.what = START, .readable = readable, .copy = copy};
    struct answer answer = {0};
    while (helper->libraries && helper->libraries[request.number] && helper->libraries[request.number] != library)
        request.number++;
    int fd = ask_for(helper, &request, &answer);
    *pid = answer.number;
    return fd;
}

int lt_helper_bury(const struct lt_helper *helper, pid_t pid)
{
    struct answer answer = {0};
    ask_about(helper, BURY, pid, &answer);
    return answer.number;
}

/* A request with a path. False, with errno: it is too long. */
static bool set_path(struct request *request, const char *path)
{
    size_t size = strlen(path);
    errno = EINVAL;
    if (size >= sizeof request->path)
        return false;
    memcpy(request->path, path, size);
    return true;
}

int lt_helper_begin_file(const struct lt_helper *helper)
{
    const struct request request = {.what = BEGIN_FILE};
    struct answer answer = {0};
    return ask_for(helper, &request, &answer);
}

int lt_helper_name_file(const struct lt_helper *helper, const char *path)
{
    struct request request = {.what = NAME_FILE};
    struct answer answer = {0};
    int fd;
    if (!set_path(&request, path))
        return -1;
    errno = ask(helper, &request, &answer, &fd);
    return errno ? -1 : 0;
}

int lt_helper_open_file(const struct lt_helper *helper, const char *path)
{
    struct request request = {.what = OPEN_FILE};
    struct answer answer = {0};
    return set_path(&request, path) ? ask_for(helper, &request, &answer) : -1;
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
