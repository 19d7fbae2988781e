// SPDX-License-Identifier: Apache-2.0
/* boltdump FILE: every item that the reader of bbolt databases finds, a line each: where it was found (live, older,
 * freed; known if it was told before), then the names of its buckets, its key and its value in hex. Then "= transaction
 * damages text". */
#include "parse/bbolt.h"

#include <stdio.h>
#include <stdlib.h>

static void put_hex(struct lt_str bytes, char end)
{
    for (size_t i = 0; i < bytes.len; i++)
        printf("%02x", (unsigned char)bytes.ptr[i]);
    putchar(end);
}

static enum lt_status each(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    (void)arg;
    (void)err;
    static const char *const origins[] = {"live", "older", "freed"};
    printf("%s ", item->known ? "known" : origins[item->origin]);
    for (size_t i = 0; i < item->depth; i++)
        put_hex(item->path[i], i + 1 < item->depth ? '/' : ' ');
    if (!item->depth)
        putchar(' ');
    put_hex(item->key, ' ');
    put_hex(item->value, '\n');
    return LT_OK;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    struct lt_buf bytes = {0};
    struct lt_bolt bolt;
    if (!file)
        return 2;
    for (int byte; (byte = getc(file)) != EOF;)
        lt_buf_char(&bytes, (char)byte);
    fclose(file);
    lt_bolt_read(lt_buf_view(&bytes), &bolt, each, NULL, NULL);
    printf("= %ju %ju %s\n", (uintmax_t)bolt.transaction, (uintmax_t)bolt.damages, bolt.damage);
    lt_buf_free(&bytes);
    return 0;
}
