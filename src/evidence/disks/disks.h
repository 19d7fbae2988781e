// SPDX-License-Identifier: Apache-2.0
/* What lies on the disks, from the bytes of an image down to the last file system. A device of bytes is one of: a file
 * system that a reader opens; a partition table, whose slices are devices; a part of a volume group, an array or an
 * encrypted volume, of which more devices are made; or something that is only named. Each device is an area, and the
 * areas are a tree. The map of this folder:
 *
 *   area.c     an area of the tree: what it is called, what was found on it
 *   search.c   what is on one: asks the readers of file systems, the partition tables and the kinds of volumes in turn
 *   join.c     makes volumes of their parts, which may lie on several images, and searches these
 *   unread.c   puts into words what cannot be read, and what helps
 *
 * Kinds of volumes are in evidence/volumes. Depth and number of areas have bounds (area.h): volumes of a hostile disk
 * may hold each other. */
#ifndef LT_EVIDENCE_DISKS_DISKS_H
#define LT_EVIDENCE_DISKS_DISKS_H

#include "evidence/disks/area.h"

/* Find what lies on the area and on its parts. Parts of volumes are added to area->disks, and wait for lt_disks_join().
 */
void lt_disks_search(struct lt_area *area);

/* Make the volumes of all the parts that were found on all evidence, search them, and report what cannot be made. Call
 * it once, when all evidence is searched. */
void lt_disks_join(struct lt_disks *disks);

#endif
