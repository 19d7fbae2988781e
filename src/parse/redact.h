// SPDX-License-Identifier: Apache-2.0
/* Secrets in the options of mounts, volume drivers and daemons: "addr=10.0.0.1,username=u,password=x" (options of
 * mount(2), as volumes/<name>/opts.json and metadata.db keep them), "//user:secret@server/share" (devices), "--log-opt
 * splunk-token=x" (daemons). */
#ifndef LT_PARSE_REDACT_H
#define LT_PARSE_REDACT_H

#include "base/str.h"

/* Does the name of an option suggest that its value is a secret? */
bool lt_is_secret_name(struct lt_str name);

/* Append `text` to `out` with "***" for each secret. These are secrets:
 *
 *   - The value of an option with a secret name. It ends at the next comma (two commas are one in the value: linux
 *     fs/smb/client/fs_context.c, 6.1), or at the quote that closes it, or, on a command line ("--password=x",
 *     "--password x"), at the end of the word.
 *   - What follows "%" in a user name (mount.cifs(8)).
 *   - The password in "//user:password@".
 *
 * An option may begin after a quote or an equals sign, as in "--log-opt=token=x". When in doubt, text is hidden. The
 * time is linear in the length of `text`. */
void lt_redact(struct lt_buf *out, struct lt_str text);

/* The same for "key=value" of a label or of the environment: all of the value is a secret if the name of the key is. */
void lt_redact_item(struct lt_buf *out, struct lt_str item);

#endif
