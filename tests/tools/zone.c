// SPDX-License-Identifier: Apache-2.0
/* zone FILE: what parse/tzif.c says about a zone. Reads lines "u SECONDS" and "l SECONDS" and answers each with a line:
 * the offset at that instant, or the instants at which clocks of the zone showed that local time. "p TEXT" replaces the
 * zone by a POSIX one and answers "ok" or "no". "d OTHER" compares with another file: "same", or the first instant at
 * which they differ and that since which they do not. Exit 1 if FILE is no zone. */
#include "parse/tzif.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static char bytes[LT_MAX_TZIF], others[LT_MAX_TZIF];

static void compare(const struct lt_zone *zone, const char *path)
{
    struct lt_zone_difference difference;
    struct lt_zone other;
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(others, 1, sizeof others, file) : 0;
    if (file)
        fclose(file);
    if (lt_tzif_parse((struct lt_str){others, length}, &other, NULL) != LT_OK)
        puts("no");
    else if (lt_zone_differ(zone, &other, &difference))
        printf("%" PRId64 " %" PRId64 "\n", difference.first, difference.since);
    else
        puts("same");
}

static void answer(struct lt_zone *zone, char verb, char *text)
{
    int64_t sec = strtoll(text, NULL, 10), found[2];
    text[strcspn(text, "\n")] = 0;
    if (verb == 'u') {
        printf("%" PRId32 "\n", lt_zone_offset(zone, sec));
    } else if (verb == 'l') {
        unsigned count = lt_zone_instants(zone, sec, found);
        for (unsigned i = 0; i < count; i++)
            printf("%s%" PRId64, i ? " " : "", found[i]);
        putchar('\n');
    } else if (verb == 'd') {
        compare(zone, text);
    } else {
        puts(lt_zone_posix(lt_str_c(text), zone) ? "ok" : "no");
    }
}

int main(int argc, char **argv)
{
    char line[256];
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    struct lt_zone zone;
    struct lt_err err = {0};
    if (!file)
        return 2;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (lt_tzif_parse((struct lt_str){bytes, length}, &zone, &err) != LT_OK) {
        fprintf(stderr, "%s: %s\n", err.code, err.text);
        return 1;
    }
    char zone_text[sizeof line];
    while (fgets(line, sizeof line, stdin)) {
        memcpy(zone_text, line, sizeof line);
        answer(&zone, line[0], zone_text + 2);
    }
    return 0;
}
