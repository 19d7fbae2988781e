// SPDX-License-Identifier: Apache-2.0
/* A stand-in for an exploit, loaded before libtsk and libsystemd (LD_PRELOAD). Where their function PLANTED_AT is
 * called, hostile code tries what it could want, and writes what came of it to the file that PLANTED_LOG names; or,
 * with PLANTED_SIGNAL, the process dies of that signal, as it does when an attack fails. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 4096 };

/* The file is mapped: a process of its own for a library keeps no descriptor. */
static char *records;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PLANTED_LOG");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *mapped = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, ROOM) == 0)
        mapped = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    records = mapped == MAP_FAILED ? NULL : mapped;
    close(fd);
    unsetenv("LD_PRELOAD"); /* not for what is executed */
}

static void record(const char *what, bool succeeded)
{
    size_t used = strlen(records);
    snprintf(records + used, ROOM - used, "%s %s\n", what, succeeded ? "yes" : "no");
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
    if (!records || *records)
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
}

/* `function` is called. */
static void come(const char *function)
{
    const char *at = getenv("PLANTED_AT"), *number = getenv("PLANTED_SIGNAL");
    if (!at || strcmp(at, function) != 0)
        return;
    if (number)
        raise(atoi(number));
    attack();
}

/* The same function of the library. */
static void *real(const char *function)
{
    return dlsym(RTLD_NEXT, function);
}

/* Packed images. */
void *tsk_img_open_utf8(int count, const char *const paths[], int type, unsigned sector);
void *tsk_img_open_utf8(int count, const char *const paths[], int type, unsigned sector)
{
    void *(*open_image)(int, const char *const[], int, unsigned);
    *(void **)&open_image = real(__func__);
    come(__func__);
    return open_image(count, paths, type, sector);
}

ssize_t tsk_img_read(void *image, off_t offset, char *bytes, size_t size);
ssize_t tsk_img_read(void *image, off_t offset, char *bytes, size_t size)
{
    ssize_t (*read_image)(void *, off_t, char *, size_t);
    *(void **)&read_image = real(__func__);
    come(__func__);
    return read_image(image, offset, bytes, size);
}

/* Partition tables. */
void *tsk_vs_open(void *image, off_t offset, int type);
void *tsk_vs_open(void *image, off_t offset, int type)
{
    void *(*open_table)(void *, off_t, int);
    *(void **)&open_table = real(__func__);
    come(__func__);
    return open_table(image, offset, type);
}

/* File systems. */
void *tsk_fs_open_img(void *image, off_t offset, int type);
void *tsk_fs_open_img(void *image, off_t offset, int type)
{
    void *(*open_fs)(void *, off_t, int);
    *(void **)&open_fs = real(__func__);
    come(__func__);
    return open_fs(image, offset, type);
}

/* Journals. */
int sd_journal_next(void *journal);
int sd_journal_next(void *journal)
{
    int (*next)(void *);
    *(void **)&next = real(__func__);
    come(__func__);
    return next(journal);
}
