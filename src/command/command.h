// SPDX-License-Identifier: Apache-2.0
/* The commands. Each is one file here and one line in commands.def.
 *
 *   command.c      the table
 *   timeline.c     every event in order: the main job
 *   runs.c         when each container ran; run_signs.c: its witnesses, run_fold.c: what follows
 *   containers.c   every container, with its state and what sets it apart
 *                  removed_containers.c: those that were removed; removed_objects.c: images and volumes that were;
 *                  removed_record.c: what these share
 *   images.c       every image
 *   volumes.c      every volume, and who mounts it where
 *   networks.c     every network, and who is in it
 *   ids.c          all identifiers and paths of one container
 *   diff.c         what a container changed; diff_binds.c: in what it binds of the host; diff_freed.c: files that it
 *                  made and deleted again
 *   who.c          who owns a path; who_binds.c: what is bound of the host; who_change.c: what a container did to it;
 *                  who_freed.c: what freed inodes have of it; who_nearest.c: the answer if nothing has it;
 *                  who_parts.c: what these share
 *   cat.c          a file as a container saw it; cat_freed.c: one that no layer has any more; bytes.c writes it out
 *   findings.c     what deserves eyes
 *   recover.c      files that are gone, and what of them is left
 *   recover_search.c   by all methods: methods.def has a line for each, recover_hidden.c, recover_deleted.c,
 *                      recover_carved.c
 *   recover_record.c   describes what is found
 *   recover_files.c    writes its contents
 *   disks.c        what lies on the disks, and what is read of it
 *   pick.c         the one container that the user means
 *   record.c       an item as keys and values: a table row or a JSON object; record_csv.c: a line of CSV;
 *                  record_table.c: a table; record_write.c: the form that the user asked for
 *   mistakes.c     what a user may have meant with words that make no sense
 */
#ifndef LT_COMMAND_COMMAND_H
#define LT_COMMAND_COMMAND_H

#include "run/command.h"

/* NULL-terminated table made from commands.def. The first is the main job, whose name may be omitted. */
extern const struct lt_command *const lt_commands[];

/* The command with that name, or NULL. */
const struct lt_command *lt_command_named(const char *name);

#endif
