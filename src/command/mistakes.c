// SPDX-License-Identifier: Apache-2.0
#include "command/mistakes.h"

#include "base/near.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST = 65536 };

#define usage(err, ...) lt_fail((err), LT_SKIP, LT_CODE_USAGE, 0, __VA_ARGS__)

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Only letters, as commands have? Evidence mostly has a slash or a dot in its name. */
static bool is_word(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")];
}

static struct lt_str nearest_command(const char *word)
{
    struct lt_near near = {.wanted = lt_str_c(word)};
    for (size_t i = 0; lt_commands[i]; i++)
        lt_near_try(&near, lt_str_c(lt_commands[i]->name));
    lt_near_try(&near, LT_STR("help"));
    return near.best;
}

/* layertime disk.raw containers */
static enum lt_status command_last(const struct lt_words *words, struct lt_err *err)
{
    for (int i = words->named ? words->count : 0; i < words->count; i++) {
        const struct lt_command *command = lt_command_named(words->evidence[i]);
        if (exists(words->evidence[i]))
            continue;
        if (command)
            return usage(err, "'%s' is a command and no file. A command comes first: layertime %s %s", command->name,
                         command->name, i && !command->operands ? words->evidence[0] : command->arguments);
        if (strcmp(words->evidence[i], "help") == 0)
            return usage(err, "no file is called 'help': layertime help, or layertime COMMAND --help");
    }
    return LT_OK;
}

/* layertime contaners disk.raw */
static enum lt_status misspelt(const struct lt_words *words, struct lt_err *err)
{
    const char *word = words->named || !words->count ? "" : words->evidence[0];
    if (!is_word(word) || exists(word))
        return LT_OK;
    struct lt_str near = nearest_command(word);
    if (near.len)
        return usage(err, "no command and no file is called '%s': did you mean '%.*s'?", word, LT_ARG(near));
    return words->count > 1 ? usage(err, "no command and no file is called '%s': see --help", word) : LT_OK;
}

/* A directory, a device, or a file of the size of the smallest file system? */
static bool may_be_evidence(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 &&
           (S_ISDIR(info.st_mode) || S_ISBLK(info.st_mode) || (S_ISREG(info.st_mode) && info.st_size >= SMALLEST));
}

/* Words that ask for a path in containers: the machine that runs this may have it, too. */
static bool may_be_path(const struct lt_words *words, const char *last)
{
    return strncmp(words->command->arguments, "PATH", 4) == 0 && (*words->operand == '/' || *last != '/');
}

/* layertime diff disk.raw web */
static enum lt_status evidence_first(const struct lt_words *words, struct lt_err *err)
{
    const char *last = words->count ? words->evidence[words->count - 1] : "";
    if (!words->operand || !words->count || may_be_evidence(last) || !may_be_evidence(words->operand) ||
        may_be_path(words, last))
        return LT_OK;
    if (words->count > 1)
        return usage(err, "'%s' cannot be evidence, but '%s' can. The evidence comes last: layertime %s %s", last,
                     words->operand, words->command->name, words->command->arguments);
    return usage(err, "'%s' cannot be evidence, but '%s' can. The evidence comes last: layertime %s %s %s", last,
                 words->operand, words->command->name, last, words->operand);
}

enum lt_status lt_mistakes(const struct lt_words *words, struct lt_err *err)
{
    enum lt_status status = command_last(words, err);
    if (status == LT_OK)
        status = misspelt(words, err);
    return status == LT_OK ? evidence_first(words, err) : status;
}

enum lt_status lt_help_on(const char *name, const struct lt_command **out, struct lt_err *err)
{
    *out = lt_command_named(name);
    if (*out || strcmp(name, "help") == 0)
        return LT_OK;
    struct lt_str near = nearest_command(name);
    if (near.len)
        return usage(err, "no command is called '%s': did you mean '%.*s'?", name, LT_ARG(near));
    return usage(err, "no command is called '%s': see --help", name);
}
