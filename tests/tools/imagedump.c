// SPDX-License-Identifier: Apache-2.0
/* imagedump IMAGE: the bytes of the disk in an image of a format that is read by ourselves (src/evidence/packed), to
 * stdout, which becomes a sparse file if it is one. Notes and remarks go to stderr. Exit 1 if a byte cannot be read, 3
 * if the image cannot. */
#include "evidence/packed/packed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static ssize_t read_file(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const int *fd = arg;
    return pread(*fd, buffer, size, (off_t)offset);
}

/* Read in pieces that fit no block. */
static int dump(const struct lt_device *disk)
{
    static char piece[PIECE + 777];
    for (uint64_t at = 0; at < disk->size;) {
        uint64_t left = disk->size - at;
        size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        if (!lt_device_read(disk, at, piece, size)) {
            fprintf(stderr, "unreadable within %zu bytes at %ju\n", size, (uintmax_t)at);
            return 1;
        }
        bool zeros = !piece[0] && memcmp(piece, piece + 1, size - 1) == 0;
        if (!zeros && pwrite(STDOUT_FILENO, piece, size, (off_t)at) != (ssize_t)size)
            return 2;
        at += size;
    }
    return ftruncate(STDOUT_FILENO, (off_t)disk->size) == 0 ? 0 : 2;
}

static void show_all(const struct lt_evidence *evidence)
{
    lt_each (const struct lt_err, note, &evidence->notes)
        fprintf(stderr, "note: %s: %s\n", note->code, note->text);
    lt_each (const struct lt_str, remark, &evidence->remarks)
        fprintf(stderr, "remark: %.*s\n", LT_ARG(*remark));
    lt_each (const struct lt_str, file, &evidence->files)
        fprintf(stderr, "file: %.*s\n", LT_ARG(*file));
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, code = 3;
    if (fd < 0) {
        fprintf(stderr, "usage: imagedump IMAGE\n");
        return 2;
    }
    struct lt_evidence evidence = {.spec = argv[1]};
    const struct lt_device file = {
        .read = read_file, .arg = &fd, .size = (uint64_t)lseek(fd, 0, SEEK_END), .sector_size = LT_SECTOR};
    struct lt_err err = {0};
    struct lt_device disk;
    struct lt_packed_disk *packed = lt_packed_find(&evidence, &file, true);
    if (!packed)
        fprintf(stderr, "raw, or of a format that is not known here\n");
    else if (lt_packed_open(packed, &disk, &err) != LT_OK)
        fprintf(stderr, "%s: %s\n", err.code, err.text);
    else
        code = dump(&disk);
    show_all(&evidence);
    lt_packed_close(packed);
    lt_arena_free(&evidence.arena);
    close(fd);
    return code;
}
