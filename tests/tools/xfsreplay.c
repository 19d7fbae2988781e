// SPDX-License-Identifier: Apache-2.0
/* xfsreplay IMAGE COPY: replay the log of the XFS on IMAGE in memory, and write what that changes into COPY, a copy of
 * it. The kernel can then mount the copy without a replay of its own, and judge it. Prints what was done; exit 1 if not
 * all of the log could be replayed, 2 for a wrong call. */
#include "evidence/xfs/replay.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

static ssize_t read_file(void *arg, uint64_t offset, void *buffer, size_t size)
{
    return pread(*(const int *)arg, buffer, size, (off_t)offset);
}

static bool copy_changes(const struct lt_device *before, const struct lt_device *after, int copy)
{
    static unsigned char old[PIECE], fresh[PIECE];
    for (uint64_t at = 0; at < before->size; at += PIECE) {
        size_t size = before->size - at < PIECE ? (size_t)(before->size - at) : PIECE;
        if (!lt_device_read(before, at, old, size) || !lt_device_read(after, at, fresh, size))
            return false;
        if (memcmp(old, fresh, size) != 0 && pwrite(copy, fresh, size, (off_t)at) != (ssize_t)size)
            return false;
    }
    return true;
}

static void print_report(const struct lt_xfs_replay_report *report)
{
    const struct lt_journal_summary *journal = &report->journal;
    printf("dirty %d transactions %ju blocks %ju revoked %ju unfinished %ju\n", journal->present,
           (uintmax_t)journal->transactions, (uintmax_t)journal->blocks, (uintmax_t)journal->revoked,
           (uintmax_t)journal->unfinished);
    if (report->problem.set)
        printf("problem: %s\n", report->problem.text);
    if (report->missing.set)
        printf("missing: %s\n", report->missing.text);
}

int main(int argc, char **argv)
{
    unsigned char super[LT_XFS_MAX_SECTOR];
    struct lt_xfs xfs;
    struct lt_err err = {0};
    struct lt_xfs_replay_report report;
    struct lt_device after;
    int image = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    int copy = argc == 3 ? open(argv[2], O_RDWR | O_CLOEXEC) : -1;
    if (image < 0 || copy < 0)
        return 2;
    struct lt_device before = {.read = read_file, .arg = &image, .size = (uint64_t)lseek(image, 0, SEEK_END)};
    struct lt_cursor bytes = {.ptr = super, .len = sizeof super};
    if (!lt_device_read(&before, 0, super, sizeof super) || lt_xfs_super(bytes, &xfs, &err) != LT_OK)
        return 2;
    bool written = true;
    if (lt_xfs_replay(&before, &xfs, &after, &report) == LT_OK) {
        written = copy_changes(&before, &after, copy);
        lt_device_close(&after);
    }
    print_report(&report);
    close(image);
    close(copy);
    return report.problem.set || !written;
}
