// SPDX-License-Identifier: Apache-2.0
#include "read/systems.h"

bool lt_is_system(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    static const char *const made[] = {"hostname", "machine-id", "os-release", "passwd", "fstab"};
    struct lt_str etc, real;
    if (lt_fs_resolve(fs, lt_path_join(scratch, path, LT_STR("etc")), scratch, &etc, NULL) != LT_OK)
        return false;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (lt_fs_resolve(fs, lt_path_join(scratch, etc, lt_str_c(made[i])), scratch, &real, NULL) != LT_END)
            return true;
    return false;
}
