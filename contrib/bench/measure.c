// SPDX-License-Identifier: Apache-2.0
/* Run a command and say what it cost, for `make bench`:
 *
 *   measure FILE COMMAND [ARGUMENT]...
 *
 * FILE gets one line: exit status as of a shell, wall seconds, user and system CPU seconds, peak resident KiB. The CPU
 * is that of all processes below the command, the peak that of the largest of them (getrusage(2)). Its own program,
 * since what a process had resident before exec counts into its peak: an interpreter would add itself. SIGTERM to the
 * process group ends the command, and its cost until then is told. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        errx(2, "usage: measure FILE COMMAND [ARGUMENT]...");
    double start = now();
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (!child) {
        execvp(argv[2], argv + 2);
        warn("%s", argv[2]);
        _exit(127);
    }
    signal(SIGTERM, SIG_IGN);
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0)
        err(1, "wait4");
    double wall = now() - start;
    FILE *out = fopen(argv[1], "we");
    if (!out)
        err(1, "%s", argv[1]);
    fprintf(out, "%d %.6f %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
            seconds_of(usage.ru_utime), seconds_of(usage.ru_stime), usage.ru_maxrss);
    if (fclose(out))
        err(1, "%s", argv[1]);
    return 0;
}
