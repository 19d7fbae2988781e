// SPDX-License-Identifier: Apache-2.0
/* ext4seal IMAGE: write the right checksums into a small ext4 image, as the mutator of the fuzz target does, so that
 * e2fsck can judge them. */
#include "tests/fuzz/mutate/ext4image.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    enum { MOST = 64 << 20 };
    FILE *file = argc == 2 ? fopen(argv[1], "r+b") : NULL;
    if (!file)
        return 2;
    struct image *image = lt_realloc(NULL, sizeof *image);
    image->bytes = lt_realloc(NULL, MOST);
    image->size = fread(image->bytes, 1, MOST, file);
    find_parts(image);
    seal_parts(image);
    rewind(file);
    bool written = fwrite(image->bytes, 1, image->size, file) == image->size;
    free(image->bytes);
    free(image);
    return fclose(file) == 0 && written ? 0 : 1;
}
