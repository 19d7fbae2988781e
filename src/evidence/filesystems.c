// SPDX-License-Identifier: Apache-2.0
#include "evidence/filesystems.h"

#define FILESYSTEM(name) extern const struct lt_fs_reader lt_fs_reader_##name;
#include "evidence/filesystems.def"
#undef FILESYSTEM

static const struct lt_fs_reader *const readers[] = {
#define FILESYSTEM(name) &lt_fs_reader_##name,
#include "evidence/filesystems.def"
#undef FILESYSTEM
    NULL,
};

void lt_fs_set_label(struct lt_fs *fs, const char *name, const struct lt_device *device)
{
    fs->label = lt_str_format(&fs->evidence->arena, "%s file system%s%.*s", name, device->place.len ? " " : "",
                              LT_ARG(device->place));
}

enum lt_status lt_fs_open(struct lt_fs *fs, const struct lt_device *device, const struct lt_evidence_args *args,
                          const struct lt_fs_reader **reader, struct lt_err *err)
{
    enum lt_status status = LT_END;
    *reader = NULL;
    for (size_t i = 0; status == LT_END && readers[i]; i++) {
        *reader = readers[i];
        lt_err_clear(err);
        lt_fs_set_label(fs, readers[i]->name, device);
        status = readers[i]->open(fs, device, args, err);
    }
    return status;
}
