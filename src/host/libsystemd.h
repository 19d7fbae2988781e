// SPDX-License-Identifier: Apache-2.0
/* libsystemd as a library that is run by a process of its own. This is what it is asked about the file that it is given
 * (fd of begin()); journal.c asks. A question is a number alone. */
#ifndef LT_HOST_LIBSYSTEMD_H
#define LT_HOST_LIBSYSTEMD_H

#include "contain/library.h"

enum lt_systemd_question {
    LT_SYSTEMD_OPEN, /* errno, 0 if all is well */
    LT_SYSTEMD_NEXT, /* the next entries, some hundred KiB of them, as items */
};

/* An item begins with its number. */
enum lt_systemd_item {
    LT_SYSTEMD_END = 1, /* there are no more */
    LT_SYSTEMD_LOST,    /* errno: libsystemd cannot go on */
    LT_SYSTEMD_ENTRY,   /* time of reception in microseconds since 1970, cursor, count of fields, each as "NAME=value"
                         * with no more than some bytes over LT_MAX_MESSAGE_FIELD, errno if the entry is damaged */
};

extern const struct lt_library lt_library_systemd;

#endif
