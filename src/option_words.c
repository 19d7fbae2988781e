// SPDX-License-Identifier: Apache-2.0
#include "option_words.h"

#include "base/near.h"
#include "evidence/lister.h"
#include "parse/stamp.h"
#include "timeline/choice.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_MIN = 64 * 1024 };

#define usage(err, ...) lt_fail((err), LT_SKIP, LT_CODE_USAGE, 0, __VA_ARGS__)

enum lt_status lt_unknown_word(const char *what, const struct lt_near *near, const char *help, struct lt_err *err)
{
    if (near->best.len)
        return usage(err, "unknown %s '%.*s': did you mean '%.*s'?", what, LT_ARG(near->wanted), LT_ARG(near->best));
    return usage(err, "unknown %s '%.*s': %s", what, LT_ARG(near->wanted), help);
}

/* The words of a list that an option takes, some of which may be NULL. */
struct words {
    const char *what; /* what one is: "role" */
    const char *const *names;
    unsigned count;
    const char *help; /* where to look */
};

static enum lt_status unknown(const struct words *words, struct lt_str word, struct lt_err *err)
{
    struct lt_near near = {.wanted = word};
    for (unsigned i = 0; i < words->count; i++)
        if (words->names[i])
            lt_near_try(&near, lt_str_c(words->names[i]));
    return lt_unknown_word(words->what, &near, words->help, err);
}

/* The number of a word. */
static enum lt_status find_word(const struct words *words, struct lt_str word, unsigned *out, struct lt_err *err)
{
    for (*out = 0; *out < words->count; ++*out)
        if (words->names[*out] && lt_str_eq(word, lt_str_c(words->names[*out])))
            return LT_OK;
    return unknown(words, word, err);
}

/* The set of all words in a list with commas between them; at least one. */
static enum lt_status find_words(const struct words *words, const char *value, lt_set *out, struct lt_err *err)
{
    unsigned number;
    for (struct lt_str rest = lt_str_c(value); rest.len; *out |= LT_SET_BIT(number))
        if (find_word(words, lt_str_cut(&rest, ','), &number, err) != LT_OK)
            return LT_SKIP;
    return *out ? LT_OK : usage(err, "no %s given: %s", words->what, words->help);
}

enum lt_status lt_set_tags(struct lt_options *options, const char *value, struct lt_err *err)
{
    static const struct words words = {"tag", lt_tag_names, LT_TAGS, "see layertime-formats(5)"};
    return find_words(&words, value, &options->choice.tags, err);
}

enum lt_status lt_set_changes(struct lt_options *options, const char *value, struct lt_err *err)
{
    static const struct words words = {
        "change", lt_change_names, LT_CHANGES,
        "give some of added,copied-up,metadata,modified,replaced,renamed,opaque,deleted"};
    lt_set changes = 0;
    enum lt_status status = find_words(&words, value, &changes, err);
    options->choice.changes |= (unsigned)changes;
    return status;
}

enum lt_status lt_set_roles(struct lt_options *options, const char *value, struct lt_err *err)
{
    static const struct words words = {"role", lt_role_names, LT_ROLES,
                                       "give some of rw,image,init,volume,config,log,host"};
    lt_set roles = 0;
    enum lt_status status = find_words(&words, value, &roles, err);
    options->roles |= (unsigned)roles;
    return status;
}

enum lt_status lt_set_color(struct lt_options *options, const char *value, struct lt_err *err)
{
    static const char *const names[] = {"auto", "always", "never"};
    static const struct words words = {"word for --color", names, 3, "give auto, always or never"};
    unsigned number;
    if (find_word(&words, lt_str_c(value), &number, err) != LT_OK)
        return LT_SKIP;
    options->color = (enum lt_color)number;
    return LT_OK;
}

enum lt_status lt_set_progress(struct lt_options *options, const char *value, struct lt_err *err)
{
    static const char *const names[] = {"auto", "none", "line", "json"};
    static const struct words words = {"word for --progress", names, 4, "give auto, none, line or json"};
    unsigned number;
    if (find_word(&words, lt_str_c(value), &number, err) != LT_OK)
        return LT_SKIP;
    options->progress = (enum lt_progress_form)number;
    return LT_OK;
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

static enum lt_status read_size(const char *value, size_t *out, struct lt_err *err)
{
    static const char units[] = "KMG";
    char *end = NULL;
    errno = 0;
    unsigned long long size = isdigit((unsigned char)*value) ? strtoull(value, &end, 10) : 0;
    if (!size || errno)
        return usage(err, "'%s' is no size: give one such as 64M or 2G", value);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if ((*end && (!unit || end[1])) || size > SIZE_MAX >> shift)
        return usage(err, "'%s' is no size: give one such as 64M or 2G", value);
    *out = (size_t)size << shift;
    return LT_OK;
}

enum lt_status lt_set_memory(struct lt_options *options, const char *value, struct lt_err *err)
{
    enum lt_status status = read_size(value, &options->memory, err);
    if (status != LT_OK || options->memory >= MEMORY_MIN)
        return status;
    return usage(err, "--memory=%s is too little: at least 64K", value);
}

enum lt_status lt_set_limit(struct lt_options *options, const char *value, struct lt_err *err)
{
    return read_size(value, &options->limit, err);
}

enum lt_status lt_set_unpack_limit(struct lt_options *options, const char *value, struct lt_err *err)
{
    return read_size(value, &options->unpack_limit, err);
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

enum lt_status lt_set_threads(struct lt_options *options, const char *value, struct lt_err *err)
{
    char *end;
    unsigned long number = strspn(value, "0123456789") ? strtoul(value, &end, 10) : 0;
    if (!number || *end || number > LT_MAX_THREADS)
        return usage(err, "bad number of threads '%s': give 1 to %d", value, LT_MAX_THREADS);
    options->threads = (unsigned)number;
    return LT_OK;
}

enum lt_status lt_set_state(struct lt_options *options, const char *value, struct lt_err *err)
{
    enum { MOST_DIGITS = 6 };
    size_t digits = strspn(value, "0123456789");
    options->state = digits && digits <= MOST_DIGITS && !value[digits] ? strtoul(value, NULL, 10) : 0;
    return options->state ? LT_OK : usage(err, "'%s' is no state: give a number, 1 for the newest", value);
}
