// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target over files and directories of files, without libFuzzer: corpora are regression tests that way. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t ran;

/* The copy has exactly the size of the file, so that a sanitizer sees each read beyond it. */
static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(size ? size : 1);
    bool good = file && bytes && fread(bytes, 1, size, file) == size;
    if (good)
        LLVMFuzzerTestOneInput(bytes, size);
    else
        fprintf(stderr, "cannot read %s\n", path);
    ran += good;
    free(bytes);
    if (file)
        fclose(file);
    return good ? 0 : 1;
}

static int run_directory(const char *path);

static int run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        perror(path);
        return 1;
    }
    return S_ISDIR(status.st_mode) ? run_directory(path) : run_file(path, (size_t)status.st_size);
}

static int run_directory(const char *path)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, NULL, alphasort), failed = count < 0;
    for (int i = 0; i < count; i++) {
        struct lt_buf full = {0};
        lt_buf_printf(&full, "%s/%s%c", path, names[i]->d_name, 0);
        if (names[i]->d_name[0] != '.')
            failed |= run_path(full.ptr);
        lt_buf_free(&full);
        free(names[i]);
    }
    free(names);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= run_path(argv[i]);
    printf("%zu inputs\n", ran);
    return failed || !ran;
}
