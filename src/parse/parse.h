// SPDX-License-Identifier: Apache-2.0
/* Pure decoders of hostile bytes: they open no files and report nothing, and their results do not outlive the caller's
 * arena or bytes. Each has a fuzz target in tests/fuzz. This header includes what nearly every decoder needs. The map:
 *
 *   times           stamp.c       text to points in time          tzif.c        rules of a time zone
 *                   apptime.c     times in log lines              appclock.c    what they say of a clock
 *   containers      json.c        JSON (jansson)                  ident.c       grammar of identifiers
 *                   logline.c     a line of json-file             locallog.c    a record of the local driver
 *                   dockerd.c     dockerd's command line          redact.c      secrets in options
 *   databases       bbolt.c       bbolt                           protobuf.c    Protocol Buffers
 *                   boltpage.c    a page of bbolt, alone
 *                   buildrecord.c a build of BuildKit             swarmtask.c   a task of a swarm
 *                   snapshot.c    values of containerd
 *   layers          overlay.c     attributes of overlay           idmap.c       user namespaces
 *                   tarhead.c     headers of tar                  tarsplit.c    Docker's record of a tar
 *                   tarstream.c   a whole tar
 *   the host        syslog.c      lines of syslog and dockerd     cgconfig.c    control groups
 *                   unitfile.c    units of systemd                envfile.c     files of assignments
 *                   words.c       words of a command line         tomlkeys.c    settings in TOML
 *                   loosejson.c   text that is nearly JSON        uci.c         settings of OpenWrt
 *                   fstab.c       mount tables
 *   logs            rotation.c    names of rotated logs           naming.c      names of containers in lines
 *                   years.c       years of times without one      applog/       histories and logs in containers
 *   Kubernetes      crilog.c      a line of a pod's log           podname.c     names of its files
 *                   yamllines.c   lines of YAML
 */
#ifndef LT_PARSE_PARSE_H
#define LT_PARSE_PARSE_H

#include "base/base.h"

#endif
