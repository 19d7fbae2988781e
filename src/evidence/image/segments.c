// SPDX-License-Identifier: Apache-2.0
#include "evidence/image/segments.h"

#include "base/output.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_DESCRIPTOR = 64 * 1024 };

/* --- segments, by their names ------------------------------------------------------------------------------------- */

/* Does the part behind the last dot begin a series? "001", "000", "aa", "aaa", "E01", "Ex01", "s01". */
static bool is_first(struct lt_str end)
{
    return lt_str_eq(end, LT_STR("000")) || lt_str_eq(end, LT_STR("aa")) || lt_str_eq(end, LT_STR("aaa")) ||
           (end.len >= 3 && end.len <= 4 && lt_str_ends(end, LT_STR("01")));
}

/* Can `end` go on a series in which `first` is the first? Numbers go on as numbers, and may grow by a digit; letters go
 * on as letters; E99 is followed by EAA. */
static bool goes_on(struct lt_str first, struct lt_str end)
{
    bool letters = first.ptr[first.len - 1] == 'a', numbers = first.ptr[0] == '0';
    bool good = end.len == first.len || (numbers && end.len == first.len + 1);
    for (size_t i = 0; good && i < end.len; i++) {
        unsigned char byte = (unsigned char)end.ptr[i];
        good = numbers ? isdigit(byte) : letters ? isalpha(byte) : isalnum(byte);
    }
    return good;
}

static size_t behind_dot(struct lt_str name)
{
    size_t at = name.len;
    while (at && name.ptr[at - 1] != '.')
        at--;
    return at;
}

static bool is_regular(int dir, const char *name)
{
    struct stat status;
    return fstatat(dir, name, &status, 0) == 0 && S_ISREG(status.st_mode);
}

static void add_beside(struct lt_list *files, struct lt_arena *arena, const char *spec, struct lt_str name)
{
    struct lt_str folder = lt_str_dirname(lt_str_c(spec));
    bool bare = !strchr(spec, '/');
    lt_list_add_str(files, arena, bare ? lt_str_dup(arena, name) : lt_path_join(arena, folder, name));
}

static void find_segments(const char *spec, struct lt_arena *arena, struct lt_list *files)
{
    struct lt_str name = lt_str_basename(lt_str_c(spec));
    size_t stem = behind_dot(name);
    struct lt_str first = lt_str_skip(name, stem);
    if (!stem || !is_first(first))
        return;
    const char *ignored;
    int fd = lt_open_parent(spec, O_RDONLY, &ignored);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        struct lt_str other = lt_str_c(entry->d_name);
        bool same = lt_str_starts(other, (struct lt_str){name.ptr, stem}) && !lt_str_eq(other, name);
        if (same && goes_on(first, lt_str_skip(other, stem)) && is_regular(dirfd(dir), entry->d_name))
            add_beside(files, arena, spec, other);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

/* --- extents, by a descriptor ------------------------------------------------------------------------------------- */

/* 'RW 4192256 FLAT "disk-f001.vmdk" 0'; beside the descriptor unless a path is given. */
static void add_extent(const char *spec, struct lt_str line, struct lt_arena *arena, struct lt_list *files)
{
    bool extent = lt_str_starts(line, LT_STR("RW ")) || lt_str_starts(line, LT_STR("RDONLY ")) ||
                  lt_str_starts(line, LT_STR("NOACCESS "));
    lt_str_cut(&line, '"');
    struct lt_str name = lt_str_cut(&line, '"');
    if (!extent || !name.len || memchr(name.ptr, 0, name.len))
        return;
    if (name.ptr[0] == '/')
        lt_list_add_str(files, arena, lt_str_dup(arena, name));
    else
        add_beside(files, arena, spec, name);
}

static void find_extents(const char *spec, struct lt_arena *arena, struct lt_list *files)
{
    char text[MOST_DESCRIPTOR];
    const struct lt_str magic = LT_STR("# Disk DescriptorFile");
    struct stat status;
    int fd = open(spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool small = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= MOST_DESCRIPTOR;
    ssize_t size = small ? pread(fd, text, sizeof text, 0) : 0;
    if (fd >= 0)
        close(fd);
    struct lt_str rest = {text, size > 0 ? (size_t)size : 0};
    if (!lt_str_starts(rest, magic))
        return;
    while (rest.len)
        add_extent(spec, lt_str_cut(&rest, '\n'), arena, files);
}

void lt_segments_find(const char *spec, struct lt_arena *arena, struct lt_list *files)
{
    find_segments(spec, arena, files);
    find_extents(spec, arena, files);
}
