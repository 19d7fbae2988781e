// SPDX-License-Identifier: Apache-2.0
/* A file system of the evidence, whatever it is read from: a table of functions that each reader fills in, and what is
 * written once above it: following links, capping sizes, reading whole files.
 *
 * Paths are bytes, from the root of the file system: "" is the root, "/a/b" is below it. They never hold "." or "..",
 * and no component of a path given to a reader is followed as a link. */
#ifndef LT_EVIDENCE_FS_H
#define LT_EVIDENCE_FS_H

#include "base/map.h"
#include "model/event.h"

#include <sys/stat.h>
#include <sys/types.h>

struct lt_area;
struct lt_deleted;
struct lt_disks;
struct lt_evidence;
struct lt_evidence_kind;
struct lt_former;
struct lt_fs;
struct lt_helper;
struct lt_unowned;

/* An open regular file. */
struct lt_file {
    struct lt_fs *fs;
    uint64_t size; /* bytes, fixed at open: a file that grows meanwhile is read up to here */
    int fd;        /* of the reader of directories; owned until the reader's close() */
    void *handle;  /* of other readers; owned until the reader's close() */
};

/* An extended attribute as the kernel would hand it out: full name ("trusted.overlay.opaque"), value as bytes. */
struct lt_xattr {
    struct lt_str name, value;
};

enum { LT_MAX_LINKS = 40 }; /* symbolic links that are followed on the way to one path: the kernel's own limit */

/* The entries of one directory, in byte order of their names; "." and ".." are left out. */
struct lt_listing {
    struct lt_node *nodes;
    size_t count, cap;
};

/* Takes one name of a directory, which is borrowed, and what is under it: S_IFMT bits, 0 if the directory does not say.
 */
typedef void lt_each_name(void *arg, struct lt_str name, uint64_t ino, unsigned type);

/* What a reader provides. All of it is called from one thread, except `list_ahead`. A reader that has this also reads
 * and closes a file on any thread, if one thread has the file for itself. */
struct lt_fs_ops {
    /* Describe one path. LT_END: it does not exist (or a parent is no directory). LT_SKIP: it cannot be read. What is
     * damaged, but holds together, is described all the same, and becomes a flaw of the evidence. Strings of `out` go
     * to `arena`. */
    enum lt_status (*stat)(struct lt_fs *, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                           struct lt_err *);
    /* List a directory, found by its path and inode. Here and below, `dir` lives longer than the evidence unless
     * it is `brief`: then its address must not be remembered. On LT_SKIP `out` still holds what could be read, and the
     * caller must use it. An entry whose inode is unreadable is listed with `error` set. */
    enum lt_status (*list)(struct lt_fs *, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                           struct lt_err *);
    /* Optional: as `list`, but from any thread, and from several at a time. LT_END, and nothing is listed, if there are
     * more than `most` names. NULL: the file system is read by one thread. */
    enum lt_status (*list_ahead)(struct lt_fs *, const struct lt_dir *dir, size_t most, struct lt_arena *arena,
                                 struct lt_listing *out, struct lt_err *);
    /* Call `each` for every name in a directory that is not deleted, in any order. Cheaper than `list`, which also
     * gives names that lt_fs_is_name() refuses. LT_SKIP: names may be missing. */
    enum lt_status (*names)(struct lt_fs *, const struct lt_dir *dir, lt_each_name *each, void *arg, struct lt_err *);
    /* Optional: is what is at `path` on a disk, and not on a network or made up by the kernel, as /proc is? */
    bool (*stored)(struct lt_fs *, struct lt_str path);
    /* Describe an entry of `dir`. `node` holds its name and inode as names() gave them. LT_END: the entry is gone. On
     * LT_SKIP the node may still be filled; then its mode is not 0. */
    enum lt_status (*describe)(struct lt_fs *, const struct lt_dir *dir, struct lt_arena *arena, struct lt_node *node,
                               struct lt_err *);
    /* All extended attributes of an entry of `dir`, as struct lt_xattr * in byte order of their names. On LT_SKIP `out`
     * holds those that could be read. */
    enum lt_status (*xattrs)(struct lt_fs *, const struct lt_dir *dir, const struct lt_node *node,
                             struct lt_arena *arena, struct lt_list *out, struct lt_err *);
    /* Call `each` for every deleted inode that no directory listed so far still names, in the order of inode numbers.
     * Each node lives until `each` returns. If that returns anything but LT_OK, the search ends with this status. NULL:
     * the reader cannot find deleted inodes. */
    enum lt_status (*orphans)(struct lt_fs *,
                              enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *), void *arg,
                              struct lt_err *);
    /* Optional: call `each` (an lt_each_former: evidence/deleted.h) for every state of every inode that was deleted, in
     * the order of inode numbers, the newest state first. LT_SKIP: some may be missing. */
    enum lt_status (*former)(struct lt_fs *,
                             enum lt_status (*each)(void *arg, const struct lt_former *former, struct lt_err *),
                             void *arg, struct lt_err *);
    /* Optional: call `each` (an lt_each_deleted: evidence/deleted.h) for every deleted file of which there is still
     * more than a name, in the order of inode numbers, the newest state of each first. LT_SKIP: some may be missing. */
    enum lt_status (*deleted)(struct lt_fs *,
                              enum lt_status (*each)(void *arg, const struct lt_deleted *file, struct lt_err *),
                              void *arg, struct lt_err *);
    /* With `deleted`: the same for files and directories that are there no more, as far as `wants` (an
     * lt_wants_deleted) lets them pass. Of a directory nothing but its inode is told; of one whose inode is another's
     * by now, a former name: then it may be there today. Costs less the fewer these are. */
    enum lt_status (*deleted_if)(struct lt_fs *, bool (*wants)(void *arg, const struct lt_deleted *file),
                                 enum lt_status (*each)(void *arg, const struct lt_deleted *file, struct lt_err *),
                                 void *arg, struct lt_err *);
    /* With `deleted`: read what is left of a find, or of a copy of it. What is lost is read as it lies there today, and
     * as zeros if nothing tells where. As `read`. */
    ssize_t (*read_deleted)(const struct lt_deleted *, void *buffer, size_t size, uint64_t offset, struct lt_err *);
    /* Optional: call `each` (an lt_each_unowned: evidence/unowned.h) for every run of blocks that no file owns today,
     * in the order of their places. LT_SKIP: some may be missing. */
    enum lt_status (*unowned)(struct lt_fs *,
                              enum lt_status (*each)(void *arg, const struct lt_unowned *run, struct lt_err *),
                              void *arg, struct lt_err *);
    /* With `unowned`: read what lies at `at`, in bytes of the file system, which is the start of a block. The number of
     * bytes, which may be less than `size`; -1: the first block cannot be read. Cheaper the more is read at once. */
    ssize_t (*read_unowned)(struct lt_fs *, void *buffer, size_t size, uint64_t at, struct lt_err *);
    /* With `unowned`: where the contents of the file with that inode begin, in bytes of the file system. False: it has
     * none, or that is not known. */
    bool (*place)(struct lt_fs *, uint64_t ino, uint64_t *at);
    /* Optional: when the file system that holds `path` was made; not set if that is not known. It is the birth of its
     * root, which a mounted host tells as its image does: s_mkfs_time, moments before, is the image's alone. */
    struct lt_time (*made)(struct lt_fs *, struct lt_str path, struct lt_arena *scratch);
    /* Optional: which part of the file system holds `path`, if several have the same inode numbers: node->part there.
     */
    uint16_t (*part_at)(struct lt_fs *, struct lt_str path);
    /* Open a regular file; anything else is LT_SKIP with LT_CODE_TYPE, a missing one LT_END. */
    enum lt_status (*open)(struct lt_fs *, struct lt_str path, struct lt_file *out, struct lt_err *);
    /* Optional: as `open`, for the entry `node` of `dir`, where its inode is enough to find it. */
    enum lt_status (*open_entry)(struct lt_fs *, const struct lt_dir *dir, const struct lt_node *node,
                                 struct lt_file *out, struct lt_err *);
    /* Read at `offset`; the number of bytes, 0 at the end, -1 on failure. */
    ssize_t (*read)(struct lt_file *, void *buffer, size_t size, uint64_t offset, struct lt_err *);
    /* Close a file, also one that `open` could not open. */
    void (*close)(struct lt_file *);
    /* Optional: give back what the reader holds for the whole file system. Called once, after all files are closed. */
    void (*release)(struct lt_fs *);
};

/* What was done with the journal of a file system that needed recovery. It is `present` only then. */
struct lt_journal_summary {
    bool present, replayed;
    uint64_t first, next; /* transactions first .. next - 1 were complete; of XFS, LSNs of the first and last record */
    uint64_t transactions, blocks, revoked, fast_commits; /* how many of each were applied, or left out as revoked */
    uint64_t unfinished;         /* work that was under way, and that a mount would do again (XFS: intents) */
    uint64_t orphans, truncated; /* files that were being deleted or cut short; a mount would finish that */
};

/* By which names the tables of mounts of its host know a file system. Each text is "" where the disk does not tell, and
 * its bytes are hostile. */
struct lt_fs_identity {
    struct lt_str uuid;         /* in lower case, as blkid prints it */
    struct lt_str label;        /* cut at the first NUL */
    struct lt_str last_mounted; /* where it was mounted last, says its superblock */
    struct lt_str partuuid;     /* of its partition, in lower case, as in PARTUUID= */
    struct lt_str partlabel;    /* of its partition, as in PARTLABEL= */
    unsigned partition;         /* number as the kernel counts, 0: none */
    unsigned disk;              /* the disk of that in the evidence: 0 is the image, others are volumes */
    struct lt_list nodes;       /* of struct lt_str *: paths of its device, "/dev/mapper/vg0-var" */
    bool all_nodes;             /* it can have no other */
};

/* Copies that a reader used because what they are copies of is damaged. */
struct lt_copies {
    uint64_t super;  /* group of the copy of the superblock, 0: none was used */
    uint64_t groups; /* group descriptors taken from their copies */
};

/* A part of a file system that can be mounted by itself. */
struct lt_subvolume {
    uint64_t number;
    struct lt_str path; /* in the file system */
    bool by_default;    /* it is mounted unless an option says otherwise */
};

/* One file system of the evidence. */
struct lt_fs {
    const struct lt_fs_ops *ops;
    struct lt_evidence *evidence;
    struct lt_str label; /* what it is, for messages: "ext4 file system at sector 2048" */
    bool no_trusted;     /* the kernel hides attributes trusted.* from us, as if there were none */
    bool by_inode;       /* it finds directories and their entries by inode alone, whatever their paths */
    bool is_tree;        /* a kernel makes sure that no directory is reached twice; a hostile image may lie */
    bool lagging;        /* it was in use, and nothing brings it up to date: its parts may be of different times */
    struct lt_journal_summary journal;
    struct lt_copies copies;
    struct lt_map flawed; /* paths of what is damaged, but used all the same: see lt_fs_flaw() */
    struct lt_fs_identity identity;
    struct lt_medium medium;
    struct lt_list subvolumes; /* of struct lt_subvolume *, in the order of their numbers; without the top */
    struct lt_time mounted;    /* the last time, says its superblock; not set: it does not */
    struct lt_str features;    /* by their names, "" if unknown */
    bool unclean;              /* it was not unmounted in good order */
    uint64_t entries;          /* about how many inodes are in use, 0 if unknown */
    void *self;                /* state of the reader */
};

/* Room for what a packed image unpacks to. */
struct lt_room {
    const char *name; /* of the directory that it is in */
    int fd;           /* of an empty file without a name; -1: there is none */
    uint64_t most;    /* bytes that may be unpacked */
    enum lt_status (*poll)(void *arg,
                           struct lt_err *err); /* called from time to time; LT_FATAL: stop. NULL: nobody asks */
    void *arg;
};

/* How evidence is to be read. */
struct lt_evidence_args {
    bool no_journal; /* show the disk as it lies, without the changes that wait in a journal */
    bool seek_copy;  /* of what describes the file system, though nothing is known where the first one must be */
    const struct lt_helper *helper; /* starts processes for libraries; NULL, or not running: there are none */
    const struct lt_room *room;     /* NULL: nothing is unpacked */
    int readable;                   /* what those may open: a number in lt_helper_args.readable */
};

/* What was given to read, and what is known of it as a whole. Opened and closed by evidence.c. */
struct lt_evidence {
    const struct lt_evidence_kind *kind;
    const char *spec; /* as given on the command line; borrowed */
    struct lt_evidence_args args;
    struct lt_arena arena;  /* lives as long as the evidence */
    struct lt_list fs;      /* of struct lt_fs *, in the order in which they lie in the evidence */
    struct lt_list notes;   /* of struct lt_err *: what is wrong with the evidence as a whole */
    struct lt_list remarks; /* of struct lt_str *: what is worth knowing of it, and wrong with nothing */
    struct lt_list flaws;   /* of struct lt_flaw *: what is damaged, but was used all the same */
    struct lt_list files;   /* of struct lt_str *, NUL-terminated: paths of the files that an image consists of, besides
                             * `spec`: segments, extents. Known when it is open */
    bool table_copy;        /* the partition table at the start of the disk is damaged: its copy was used */
    struct lt_list databases; /* of struct lt_database_copy *: see below */
    uint64_t size;            /* bytes of an image, 0 for a directory */
    uint64_t held;            /* bytes that it may hold: its size, or what the file system of a directory has in use */
    bool atimes_change;       /* the kernel may set the access times of what is read: see evidence/directory/root.h */
    _Atomic uint64_t opened;  /* files and directories that were opened so, again and again; links are not counted */
    uint64_t failed_reads;    /* reads of the image that failed, even where a library kept quiet about it */
    struct lt_disks *disks;   /* all that is found on the evidence of a run; set by evidence.c */
    struct lt_area *area;     /* what lies on an image: evidence/disks/area.h. NULL: it is none */
    void *self;               /* state of the kind */
};

/* Record something wrong with the evidence as a whole (a short image, an unreplayed journal). `note` is copied. */
void lt_evidence_note(struct lt_evidence *evidence, const struct lt_err *note);

/* Record something that its reader should know, though nothing of the evidence is lost. */
void lt_evidence_remark(struct lt_evidence *evidence, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A database of which a copy of its meta page was used, or the state before the last one: see parse/bbolt.h. */
struct lt_database_copy {
    struct lt_str path;   /* in the evidence */
    unsigned meta_page;   /* that was used */
    uint64_t transaction; /* whose state that is */
};

/* Damage that cost nothing but belief. */
struct lt_flaw {
    struct lt_str path;
    struct lt_err problem;
};

/* Record damage of what is at `path`, which is used all the same. Both are copied. The run reports it at its end. */
void lt_fs_flaw(struct lt_fs *fs, struct lt_str path, const struct lt_err *problem);

/* Record something that is wrong with the file system as a whole: a note that begins with its label.
 * `code` is one of LT_CODE_*; `text` is copied. */
void lt_fs_note(const struct lt_fs *fs, const char *code, const char *text);

/* For readers: append an entry of which only the name (copied to `arena`) and the inode are known. The result lives
 * until the next call. lt_listing_sort() brings all entries into byte order of their names. */
struct lt_node *lt_listing_add(struct lt_listing *listing, struct lt_arena *arena, struct lt_str name, uint64_t ino);
void lt_listing_sort(struct lt_listing *listing);

/* Follow the symbolic links in `path` as if chrooted into the file system, at most 40 of them (the kernel's own limit:
 * linux include/linux/namei.h, MAXSYMLINKS). Writes the path without links to `out` (in `arena`). LT_END: nothing
 * there.
 */
enum lt_status lt_fs_resolve(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_str *out,
                             struct lt_err *);

/* Describe `path`. No link is followed; see lt_fs_ops.stat. */
enum lt_status lt_fs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                          struct lt_err *);

/* List the directory at `path`. Deleted entries are left out, so that no reader of artifacts takes them for living
 * ones. LT_END when it does not exist. See lt_fs_ops.list. */
enum lt_status lt_fs_list(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_listing *out,
                          struct lt_err *);

/* Can this be a name in a directory? An image may hold any bytes there, but what no kernel makes is no part of a path.
 */
bool lt_fs_is_name(struct lt_str name);

/* Open a regular file by its path, or as an entry of a directory; see lt_fs_ops.open. Close it with lt_file_close(),
 * also after a failure. lt_file_read() reads like pread(), but never beyond the size that the file had when it was
 * opened; -1: `err` says why. */
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
