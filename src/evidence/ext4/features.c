// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/features.h"

enum { BITS = 32 };

static const char *const compat[BITS] = {
    "dir_prealloc", "imagic_inodes",        "has_journal",   "ext_attr",    "resize_inode",  "dir_index",
    "lazy_bg",      [8] = "exclude_bitmap", "sparse_super2", "fast_commit", "stable_inodes", [12] = "orphan_file",
};
static const char *const ro_compat[BITS] = {
    "sparse_super", "large_file",    [3] = "huge_file", "uninit_bg",      "dir_nlink", "extra_isize",
    "snapshot",     "quota",         "bigalloc",        "metadata_csum",  "replica",   "read-only",
    "project",      "shared_blocks", "verity",          "orphan_present",
};
static const char *const incompat[BITS] = {
    "compression", "filetype",    "needs_recovery", "journal_dev", "meta_bg",        [6] = "extent",
    "64bit",       "mmp",         "flex_bg",        "ea_inode",    [12] = "dirdata", "metadata_csum_seed",
    "large_dir",   "inline_data", "encrypt",        "casefold",
};

static void add(struct lt_buf *text, uint32_t bits, const char *const names[BITS], char set)
{
    for (unsigned bit = 0; bit < BITS; bit++) {
        if (!(bits >> bit & 1))
            continue;
        if (text->len)
            lt_buf_char(text, ' ');
        if (names[bit])
            lt_buf_add(text, lt_str_c(names[bit]));
        else
            lt_buf_printf(text, "FEATURE_%c%u", set, bit);
    }
}

struct lt_str lt_ext4_features(const struct lt_ext4 *super, struct lt_arena *arena)
{
    struct lt_buf text = {0};
    add(&text, super->compat, compat, 'C');
    add(&text, super->incompat, incompat, 'I');
    add(&text, super->ro_compat, ro_compat, 'R');
    struct lt_str copy = text.len ? lt_str_dup(arena, lt_buf_view(&text)) : LT_STR("");
    lt_buf_free(&text);
    return copy;
}
