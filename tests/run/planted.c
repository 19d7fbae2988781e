// SPDX-License-Identifier: Apache-2.0
/* A stand-in for an exploit, loaded before libtsk and libsystemd (LD_PRELOAD): where the program calls them for the
 * first time, hostile code tries what it could want, and writes what came of it to the file that PLANTED_LOG names. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int records = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PLANTED_LOG");
    records = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    unsetenv("LD_PRELOAD"); /* not for what is executed */
}

static void record(const char *what, bool succeeded)
{
    dprintf(records, "%s %s\n", what, succeeded ? "yes" : "no");
}

static bool opens(const char *variable, int flags)
{
    int fd = open(getenv(variable), flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void *read_outside(void *unused)
{
    (void)unused;
    record("read-in-thread", opens("PLANTED_OUTSIDE", O_RDONLY));
    return NULL;
}

static bool executes(void)
{
    char *const words[] = {"true", NULL};
    pid_t child;
    int status = -1;
    return posix_spawn(&child, "/bin/true", NULL, NULL, words, NULL) == 0 && waitpid(child, &status, 0) == child &&
           status == 0;
}

static bool forks(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child > 0 && waitpid(child, NULL, 0) == child;
}

static bool connects(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, getenv("PLANTED_SOCKET"), sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static void attack(void)
{
    pthread_t thread;
    if (records < 0)
        return;
    record("read", opens("PLANTED_OUTSIDE", O_RDONLY));
    if (pthread_create(&thread, NULL, read_outside, NULL) == 0)
        pthread_join(thread, NULL);
    record("write-evidence", opens("PLANTED_EVIDENCE", O_WRONLY));
    record("create-in-output", opens("PLANTED_BESIDE", O_WRONLY | O_CREAT));
    record("rename-output", rename(getenv("PLANTED_BESIDE"), getenv("PLANTED_RENAMED")) == 0);
    record("chmod-evidence", chmod(getenv("PLANTED_EVIDENCE"), 0640) == 0);
    record("inet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    record("connect", connects());
    record("execute", executes());
    record("fork", forks());
    record("signal", kill(getppid(), 0) == 0);
    record("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    close(records);
    records = -1;
}

/* libtsk, at an image. */
void *tsk_img_open_external(void *info, off_t size, unsigned sector, void *read, void *end, void *print);
void *tsk_img_open_external(void *info, off_t size, unsigned sector, void *read, void *end, void *print)
{
    void *(*real)(void *, off_t, unsigned, void *, void *, void *);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    attack();
    return real(info, size, sector, read, end, print);
}

/* libsystemd, at a journal. */
int sd_journal_next(void *journal);
int sd_journal_next(void *journal)
{
    int (*real)(void *);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    attack();
    return real(journal);
}
