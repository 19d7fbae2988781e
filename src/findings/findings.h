// SPDX-License-Identifier: Apache-2.0
/* What deserves eyes: rules over what layertime knows of an event, which is more than its name: what the container did
 * to the file, in which layer it lies, its mode, its times, who may write there. A rule states a fact and says why it
 * is worth a look. It accuses nobody, and there is no score but the word of its severity. The map:
 *
 *   findings.def   the rules, one a line
 *   rules.c        which rules hold for an event by itself; no contents are read
 *   places.c       paths that mean something on any system; places.def: the table
 *   found.c        collects the events for which rules hold, by what they are about
 *   contents.c     SHA-256 of the files found, and which file of an image each equals
 *   joined.c       rules that need more than one event, or contents
 */
#ifndef LT_FINDINGS_FINDINGS_H
#define LT_FINDINGS_FINDINGS_H

#include "host/exposure.h"
#include "model/inventory.h"

enum lt_find {
#define FINDING(word, ...) LT_FIND_##word,
#include "findings/findings.def"
#undef FINDING
    LT_FINDS
};
_Static_assert(LT_FINDS <= LT_SET_SIZE, "a rule is a bit");

/* A set of rules. */
typedef lt_set lt_finds;
#define LT_FIND_BIT(word) LT_SET_BIT(LT_FIND_##word)

struct lt_find_info {
    const char *word;           /* "setuid" */
    enum lt_severity severity;  /* LT_SEV_none: that of the event */
    const char *title, *reason; /* the reason is "" if the event has its own */
    const char *reference;      /* "T1548.001", "" if none fits */
};
extern const struct lt_find_info lt_find_infos[LT_FINDS];

/* "critical"..., by enum lt_severity; [0] is "". */
extern const char *const lt_severity_words[LT_SEV_critical + 1];

/* The rules that hold for an event, which must be tagged already, by itself. `*unsure` is NULL, or says why the finding
 * may be none: a layer or a time is missing that would tell. */
lt_finds lt_findings_of(const struct lt_event *event, const char **unsure);

/* The severity of a rule that holds for the event. */
enum lt_severity lt_find_severity(enum lt_find rule, const struct lt_event *event);

/* Tag the event `finding` if a rule holds, and add a fact for each rule whose words the event does not have itself.
 * What is added lives in `arena`. */
void lt_findings_mark(struct lt_event *event, struct lt_arena *arena);

/* Is it a log, not a rotated one, which a container wrote as a whole: that is, born where it is? Its contents may show
 * more, see joined.h. */
bool lt_is_own_log(const struct lt_event *event);

#endif
