// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target over files and directories of files, without libFuzzer: corpora are regression tests that way. If
 * the target has a mutator, a few mutants of each file are tried, too, always the same. */
#include "fuzz.h"
#include "mutate/mutate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MUTANTS = 8, MORE = 1024 /* bytes that a mutant may have more than its file */ };

static size_t ran;

#pragma weak LLVMFuzzerCustomMutator

/* Stands in for libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    (void)most;
    if (size)
        data[ran % size] ^= (uint8_t)(1u << ran % 8);
    return size;
}

/* Run a copy that has exactly the size of the input, so that a sanitizer sees each read beyond it. */
static void run_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    PROMISE(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    ran++;
}

static void run_mutant(const uint8_t *bytes, size_t size, unsigned seed)
{
    size_t most = size + MORE;
    uint8_t *mutant = malloc(most);
    PROMISE(mutant);
    memcpy(mutant, bytes, size);
    size = LLVMFuzzerCustomMutator(mutant, size, most, seed);
    PROMISE(size <= most);
    run_copy(mutant, size);
    free(mutant);
}

static void run_all(const char *path, const uint8_t *bytes, size_t size)
{
    run_copy(bytes, size);
    if (!LLVMFuzzerCustomMutator)
        return;
    fprintf(stderr, "%d mutants of %s\n", MUTANTS, path); /* who ends here is known */
    for (unsigned seed = 0; seed < MUTANTS; seed++)
        run_mutant(bytes, size, seed);
}

static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(size ? size : 1);
    bool good = file && bytes && fread(bytes, 1, size, file) == size;
    if (good)
        run_all(path, bytes, size);
    else
        fprintf(stderr, "cannot read %s\n", path);
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
