// SPDX-License-Identifier: Apache-2.0
#include "choice_options.h"

#include "parse/stamp.h"
#include "timeline/choice.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define usage(err, ...) lt_fail((err), LT_SKIP, LT_CODE_USAGE, 0, __VA_ARGS__)

/* The index of `word` among `count` words, some of which may be NULL; `count` if it is not there. */
static unsigned find_word(struct lt_str word, const char *const *words, unsigned count)
{
    unsigned at = 0;
    while (at < count && !(words[at] && lt_str_eq(word, lt_str_c(words[at]))))
        at++;
    return at;
}

enum lt_status lt_set_tags(struct lt_options *options, const char *value, struct lt_err *err)
{
    for (struct lt_str rest = lt_str_c(value); rest.len;) {
        struct lt_str word = lt_str_cut(&rest, ',');
        unsigned tag = find_word(word, lt_tag_names, LT_TAGS);
        if (tag == LT_TAGS)
            return usage(err, "unknown tag '%.*s': see layertime-formats(5)", LT_ARG(word));
        options->choice.tags |= LT_SET_BIT(tag);
    }
    return options->choice.tags ? LT_OK : usage(err, "no tag given: see layertime-formats(5)");
}

enum lt_status lt_set_changes(struct lt_options *options, const char *value, struct lt_err *err)
{
    for (struct lt_str rest = lt_str_c(value); rest.len;) {
        struct lt_str word = lt_str_cut(&rest, ',');
        unsigned change = find_word(word, lt_change_names, LT_CHANGES);
        if (change == LT_CHANGES)
            return usage(err,
                         "unknown change '%.*s': give some of "
                         "added,copied-up,metadata,modified,replaced,renamed,opaque,deleted",
                         LT_ARG(word));
        options->choice.changes |= 1u << change;
    }
    return options->choice.changes ? LT_OK : usage(err, "no change given: see --help");
}

/* A pattern that fits no data type is a typing error. */
enum lt_status lt_set_kinds(struct lt_options *options, const char *value, struct lt_err *err)
{
    for (struct lt_str rest = lt_str_c(value); rest.len;) {
        char pattern[256];
        struct lt_str word = lt_str_cut(&rest, ',');
        unsigned kind = 0;
        snprintf(pattern, sizeof pattern, "%.*s", LT_ARG(word));
        while (kind < LT_KINDS && fnmatch(pattern, lt_kinds[kind].data_type, 0) != 0)
            kind++;
        if (kind == LT_KINDS)
            return usage(err, "unknown kind of event '%.*s': see layertime-formats(5)", LT_ARG(word));
    }
    options->choice.kinds = value;
    return *value ? LT_OK : usage(err, "no kind of event given: see layertime-formats(5)");
}

enum lt_status lt_set_last(struct lt_options *options, const char *value, struct lt_err *err)
{
    if (!lt_stamp_duration(lt_str_c(value), &options->choice.last) || options->choice.last <= 0)
        return usage(err, "'%s' is no length of time: give one such as 10m, 90s or 2d", value);
    return LT_OK;
}

enum lt_status lt_set_profile(struct lt_options *options, const char *value, struct lt_err *err)
{
    if (strcmp(value, "triage") != 0)
        return usage(err, "unknown profile '%s': the only one is triage", value);
    options->choice.triage = options->choice.no_atime = true;
    return LT_OK;
}

enum lt_status lt_choice_goes_with(const struct lt_choice *choice, const struct lt_format *format, struct lt_err *err)
{
    if (!format->event)
        return LT_OK;
    if (choice->last)
        return usage(err, "--last does not go with the format %s, which is written before the newest evidence is known",
                     format->name);
    return choice->tags & LT_ROW_TAGS
               ? usage(err, "this --tag does not go with the format %s, which is written before it is known",
                       format->name)
               : LT_OK;
}
