// SPDX-License-Identifier: Apache-2.0
#include "base/temporary.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *lt_temporary_directory(void)
{
    const char *directory = getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}

/* Open a file that never has a name or, if the file system cannot do that, one that is unlinked at once. */
int lt_temporary_open_in(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    struct lt_buf path = {0};
    lt_buf_printf(&path, "%s/layertime-XXXXXX", directory);
    lt_buf_char(&path, 0);
    fd = mkostemp(path.ptr, O_CLOEXEC); /* mode 0600 */
    if (fd >= 0 && unlink(path.ptr) < 0) {
        int sys = errno;
        close(fd);
        fd = -1;
        errno = sys;
    }
    lt_buf_free(&path);
    return fd;
}

int lt_temporary_named(char *path, size_t size)
{
    int length = snprintf(path, size, "%s/layertime-journal-XXXXXX", lt_temporary_directory());
    if (length < 0 || (size_t)length >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(path, O_CLOEXEC); /* mode 0600 */
}

int lt_temporary_open(struct lt_err *err)
{
    const char *directory = lt_temporary_directory();
    int fd = lt_temporary_open_in(directory);
    if (fd < 0)
        lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno,
                "cannot create a temporary file in %s (TMPDIR sets the place, --memory how much fits without)",
                directory);
    return fd;
}
