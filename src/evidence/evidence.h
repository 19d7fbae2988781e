// SPDX-License-Identifier: Apache-2.0
/* Evidence: where bytes and directory entries come from. A kind of evidence is one file here plus one line in
 * evidence.def; it fills in an lt_fs for each file system it finds. Everything that recurses, follows re-rooted links,
 * caps sizes or unpacks is written once, above the vtable, in evidence.c and walk.c.
 *
 * Paths are bytes, from the root of the file system: "" is the root, "/a/b" is below it. They never hold "." or "..",
 * and no component of a path given to a reader is followed as a link. */
#ifndef LT_EVIDENCE_EVIDENCE_H
#define LT_EVIDENCE_EVIDENCE_H

#include "model/event.h"

#include <sys/stat.h>
#include <sys/types.h>

struct lt_fs;

enum { LT_MAX_LINKS = 40 }; /* symbolic links that are followed on the way to one path: the kernel's own limit */

/* An open regular file of the evidence. */
struct lt_file {
    struct lt_fs *fs;
    uint64_t size; /* fixed at open: a file that grows meanwhile is read to here */
    int fd;        /* directory evidence */
    void *handle;  /* image evidence */
};

/* An extended attribute as the kernel would hand it out: full name ("trusted.overlay.opaque"), value as bytes. */
struct lt_xattr {
    struct lt_str name, value;
};

/* The entries of one directory, in byte order of their names; "." and ".." are left out. */
struct lt_listing {
    struct lt_node *nodes;
    size_t count, cap;
};

/* Takes one name of a directory; `name` is borrowed. */
typedef void lt_each_name(void *arg, struct lt_str name, uint64_t ino);

struct lt_fs_ops {
    /* Describe one path. LT_END: it does not exist (or a parent is no directory). LT_SKIP: it cannot be read. Strings
     * of `out` go to `arena`. */
    enum lt_status (*stat)(struct lt_fs *, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                           struct lt_err *);
    /* List a directory by its path and inode. Here and below, `dir` outlives the evidence unless it is `brief`: that
     * one's address must not be remembered. On LT_SKIP `out` holds what could be read all the same: the caller must use it. An entry whose inode is unreadable is listed
     * with `error` set. */
    enum lt_status (*list)(struct lt_fs *, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                           struct lt_err *);
    /* Optional: as `list`, but from any thread and several at a time; LT_END and nothing listed if there are more than
     * `most` names. NULL: the file system is read by one thread. */
    enum lt_status (*list_ahead)(struct lt_fs *, const struct lt_dir *dir, size_t most, struct lt_arena *arena,
                                 struct lt_listing *out, struct lt_err *);
    /* Call `each` for every name of a directory that is not deleted, in no order: cheaper than `list`. LT_SKIP: names
     * may be missing. */
    enum lt_status (*names)(struct lt_fs *, const struct lt_dir *dir, lt_each_name *each, void *arg, struct lt_err *);
    /* Describe the entry of `dir` of which `node` holds the name and the inode, as names() gave them. LT_END: it is not
     * there any more. On LT_SKIP the node may be filled all the same (then its mode is not 0). */
    enum lt_status (*describe)(struct lt_fs *, const struct lt_dir *dir, struct lt_arena *arena, struct lt_node *node,
                               struct lt_err *);
    /* All extended attributes of an entry of `dir`, as struct lt_xattr * in byte order of their names. On LT_SKIP `out`
     * holds those that could be read. */
    enum lt_status (*xattrs)(struct lt_fs *, const struct lt_dir *dir, const struct lt_node *node,
                             struct lt_arena *arena, struct lt_list *out, struct lt_err *);
    /* Deleted entries that no directory listed so far still names, in the order of their inodes; each node lives until
     * `each` returns. Any status of it but LT_OK ends the search and is returned. NULL: the kind cannot tell. */
    enum lt_status (*orphans)(struct lt_fs *,
                              enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *), void *arg,
                              struct lt_err *);
    /* Open a regular file; anything else is LT_SKIP with LT_CODE_TYPE, a missing one LT_END. */
    enum lt_status (*open)(struct lt_fs *, struct lt_str path, struct lt_file *out, struct lt_err *);
    /* Optional: as `open`, the entry of `dir` that `node` is, where it need not be looked for by its name. */
    enum lt_status (*open_entry)(struct lt_fs *, const struct lt_dir *dir, const struct lt_node *node,
                                 struct lt_file *out, struct lt_err *);
    /* Read at `offset`; the number of bytes, 0 at the end, -1 on failure. */
    ssize_t (*read)(struct lt_file *, void *buffer, size_t size, uint64_t offset, struct lt_err *);
    void (*close)(struct lt_file *);
};

/* What was done with the journal of a file system that needed recovery (else it is not `present`). */
struct lt_journal_summary {
    bool present, replayed;
    uint32_t first, next; /* transactions first .. next - 1 were complete */
    uint64_t transactions, blocks, revoked, fast_commits;
    uint64_t orphans, truncated; /* files that were being deleted or cut short: a mount finishes that */
};

/* One file system of the evidence. */
struct lt_fs {
    const struct lt_fs_ops *ops;
    struct lt_evidence *evidence;
    struct lt_str label; /* what it is, for messages: "ext4 file system at sector 2048" */
    bool no_trusted;     /* attributes trusted.* are kept from us, as if there were none */
    bool is_tree;        /* a kernel vouches that no directory is reached twice; a hostile image may lie */
    struct lt_journal_summary journal;
    struct lt_time made; /* when it was, where that is known */
    void *self;          /* state of the kind */
};

/* How evidence is to be read. */
struct lt_evidence_args {
    bool no_journal; /* show the disk as it lies, without the changes that wait in a journal */
};

struct lt_evidence {
    const struct lt_evidence_kind *kind;
    const char *spec; /* as given on the command line */
    struct lt_evidence_args args;
    struct lt_arena arena; /* lives as long as the evidence */
    struct lt_list fs;     /* of struct lt_fs * */
    struct lt_list notes;  /* of struct lt_err *: what is wrong with the evidence as a whole */
    uint64_t size;         /* bytes of an image, 0 for a directory */
    uint64_t failed_reads; /* reads of the image that failed, whoever swallowed them */
    void *self;            /* state of the kind */
};

struct lt_evidence_kind {
    const char *name, *summary;
    /* How sure the kind is that it can read the file at `spec`: 0 no, 100 certain. */
    int (*bid)(const char *spec, const struct stat *status);
    /* Fill evidence->fs and ->notes. LT_SKIP: nothing readable in it, `err` says why. */
    enum lt_status (*open)(struct lt_evidence *evidence, struct lt_err *);
    void (*close)(struct lt_evidence *evidence);
};

/* NULL-terminated table made from evidence.def. */
extern const struct lt_evidence_kind *const lt_evidence_kinds[];

/* For readers: append an entry of which name (copied to `arena`) and inode are known so far; and bring all in order. */
struct lt_node *lt_listing_add(struct lt_listing *listing, struct lt_arena *arena, struct lt_str name, uint64_t ino);
void lt_listing_sort(struct lt_listing *listing);

/* Open `spec` with the kind that bids highest. Close it with lt_evidence_close(), also after a failure. `spec` is
 * borrowed. */
enum lt_status lt_evidence_open(struct lt_evidence *evidence, const char *spec, const struct lt_evidence_args *args,
                                struct lt_err *);
void lt_evidence_close(struct lt_evidence *evidence);

/* Record something wrong with the evidence as a whole (a short image, an unreplayed journal). */
void lt_evidence_note(struct lt_evidence *evidence, const struct lt_err *note);

/* Follow the symbolic links in `path` re-rooted at the evidence, as if chrooted into it, at most LT_MAX_LINKS of
 * them, and write the path without links to `out` (in `arena`). LT_END: nothing there. */
enum lt_status lt_fs_resolve(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_str *out,
                             struct lt_err *);

/* Describe `path`, following no link; see lt_fs_ops.stat. */
enum lt_status lt_fs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                          struct lt_err *);

/* List the directory at `path`, without deleted entries, which no reader of artifacts may take for living ones; LT_END
 * when it does not exist. See lt_fs_ops.list. */
enum lt_status lt_fs_list(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_listing *out,
                          struct lt_err *);

/* Open a regular file; see lt_fs_ops.open. End it with lt_file_close(), also after a failure. lt_file_read() reads like
 * pread(), never beyond the size that the file had when it was opened. */
enum lt_status lt_file_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *);
enum lt_status lt_file_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                  struct lt_file *out, struct lt_err *);
ssize_t lt_file_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *);
void lt_file_close(struct lt_file *file);

/* Read a whole regular file of at most `cap` bytes into `arena`, NUL-terminated. LT_END when missing; LT_SKIP when
 * unreadable, no regular file, larger than `cap` (LT_CODE_TOO_LARGE) or shorter than its size (LT_CODE_TRUNCATED). */
enum lt_status lt_slurp(struct lt_fs *fs, struct lt_str path, size_t cap, struct lt_arena *arena, struct lt_str *out,
                        struct lt_err *);

#endif
