// SPDX-License-Identifier: Apache-2.0
/* Reads of files that give less than was asked for, as POSIX allows (LD_PRELOAD). SHORT_READS is the seed. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t state;

__attribute__((constructor)) static void begin(void)
{
    const char *seed = getenv("SHORT_READS");
    state = seed ? strtoull(seed, NULL, 10) : 1;
}

/* From 1 to `size`, often very little. Threads may disturb each other here, which makes it no less random. */
static size_t shorter(int fd, size_t size)
{
    struct stat status;
    if (size < 2 || fstat(fd, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)))
        return size;
    state = state * 6364136223846793005U + 1442695040888963407U;
    uint64_t drawn = state >> 33;
    size_t most = drawn % 3 == 0 ? 16 : size;
    size_t length = 1 + drawn / 3 % most;
    return length < size ? length : size;
}

ssize_t read(int fd, void *buffer, size_t size)
{
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    return real(fd, buffer, shorter(fd, size));
}

ssize_t pread(int fd, void *buffer, size_t size, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    return real(fd, buffer, shorter(fd, size), at);
}

/* The name under which programs with 64-bit offsets call it. */
ssize_t pread64(int fd, void *buffer, size_t size, off_t at)
{
    return pread(fd, buffer, size, at);
}
