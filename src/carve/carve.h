// SPDX-License-Identifier: Apache-2.0
/* Carving: what blocks that no file owns still hold, told by its contents alone. The map of this room, from bytes up; a
 * file calls only those above it:
 *
 *   block.c         what a block holds at first sight: zeros, text, anything else
 *   document.c      where a JSON document ends
 *   grown.c         how a find grows by text, and what formats share when it has ended
 *   member.c        how it grows by gzip
 *
 *   formats, one a file and a line in carve.def, which has them in the order in which they are asked
 *     container_config.c  the configuration of a container   host_config.c     its settings on the host
 *     image_config.c      the configuration of an image      manifest.c        manifests and indexes of OCI
 *     json_log.c          records of the json-file driver    cri_log.c         lines of the CRI
 *     local_log.c         records of the local driver        bolt_page.c       leaf pages of bbolt
 *     id_line.c           an identifier or digest, alone     layer_link.c      short names of layers
 *     network_file.c      hosts and resolv.conf
 *     tar_split.c         the record of a layer's tar        gzip.c            any other gzip file
 *     script.c            scripts, by their first line       shell_history.c   histories of shells
 *     program.c           programs and libraries (ELF)       document_file.c   other JSON documents
 *     plain_text.c        other text
 *
 *   carve.c         goes through the blocks, and gives out finds
 *
 *   stream.c        when something was written, by where it lies
 *   hints.c         whose a find may be that does not say so
 *
 * A find begins where a block does (logs: also behind a record that is torn), goes on in the blocks that follow as long
 * as its contents do, and ends where only zeros follow to the end of a block, which is what the kernel leaves behind
 * the end of a file. What has no mark of its end may be two files of whole blocks; what has none of its begin, a part
 * of one. So `complete` is said only of what its own contents prove. */
#ifndef LT_CARVE_CARVE_H
#define LT_CARVE_CARVE_H

#include "base/clock.h"
#include "evidence/deleted.h"
#include "evidence/unowned.h"

/* What the contents of a find say. Texts are "" where they say nothing. All of it is hostile. */
struct lt_carve_said {
    struct lt_str container;    /* ID of the container that it is a record of */
    struct lt_str name;         /* of that container, without the slash */
    struct lt_str image;        /* digits of the digest of the image that it is, or is of */
    struct lt_str layer;        /* name of a layer's directory or digest of a layer that stands alone in it */
    struct lt_time first, last; /* of records in a log: of those that were looked at, the first and the last */
};

struct lt_carve_format;

/* One find. All is borrowed until the function that gets it returns. */
struct lt_carved {
    struct lt_fs *fs;
    const char *format; /* a word: the line of carve.def */
    const struct lt_extent *extents;
    size_t extent_count;
    uint64_t size;   /* bytes */
    bool complete;   /* its contents prove that they are whole: a sum, or a grammar with a begin and an end */
    const char *why; /* if not: the reason, as a static text; NULL if complete */
    bool torn;       /* it begins within a block, behind the rest of a record */
    struct lt_carve_said said;
};

/* A range of bytes of the file system. */
struct lt_carve_range {
    uint64_t at, size;
};

struct lt_carve_search {
    struct lt_fs *fs; /* one whose reader has `unowned` */
    /* What finds of other methods own whole: passed over, as if a file owned it. In order of `at`, and apart. */
    const struct lt_carve_range *known;
    size_t known_count;
    /* Takes one find, in the order of their places. Anything but LT_OK ends the search. */
    enum lt_status (*each)(void *arg, const struct lt_carved *find, struct lt_err *err);
    /* Optional: called about every MiB that was read. Anything but LT_OK ends the search. */
    enum lt_status (*poll)(void *arg, struct lt_err *err);
    void *arg;
};

/* Search all blocks that no file owns, each read once. LT_SKIP: some could not be read or are not known to be free, and
 * `err` says which. Memory does not grow with the disk. */
enum lt_status lt_carve(const struct lt_carve_search *search, struct lt_err *err);

/* Read the contents of a find. The number of bytes, 0 at the end, -1 on failure. */
ssize_t lt_carve_read(const struct lt_carved *find, void *buffer, size_t size, uint64_t offset, struct lt_err *err);

#endif
