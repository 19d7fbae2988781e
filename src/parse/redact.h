// SPDX-License-Identifier: Apache-2.0
/* Secrets in what mounts, volume drivers and daemons were given: "addr=10.0.0.1,username=u,password=x" (options of
 * mount(2), as volumes/<name>/opts.json and metadata.db keep them), "//user:secret@server/share" (devices), "--log-opt
 * splunk-token=x" (daemons). */
#ifndef LT_PARSE_REDACT_H
#define LT_PARSE_REDACT_H

#include "base/str.h"

/* Does the value of an option of this name look like one that must not come out? */
bool lt_is_secret_name(struct lt_str name);

/* Append `text` to `out` with "***" in place of each secret: the values of such options, to the next comma (two commas
 * are one of the value: linux fs/smb/client/fs_context.c, 6.1) or behind the quotes around it, or, where a command line
 * has them as "--password=x" or "--password x", to the end of the word; what follows "%" in a user name
 * (mount.cifs(8)); and the password in "//user:password@". An option may begin in quotes and behind an equals sign, as
 * in "--log-opt=token=x". Rather too much is hidden than too little. It takes time in proportion to the length. */
void lt_redact(struct lt_buf *out, struct lt_str text);

#endif
