// SPDX-License-Identifier: Apache-2.0
/* fsdump [--deleted] [--large] [--no-journal] EVIDENCE: everything that the readers say about the file systems of the
 * evidence, as a table that can be compared with what the kernel says (tests/lib/ext4fs.py). Tab-separated columns:
 * inode type mode uid gid size nlink rdev atime mtime ctime birth blocks512 sha256 link xattrs path; "-" is absent
 * (blocks512 of all that is not deleted), and bytes below 0x20, from 0x7f on and the backslash are written \xHH.
 *
 *   --deleted      deleted entries too, as rows of type "!deleted", with the deletion time in place of blocks512;
 *                  those without a name are in the directory $OrphanFiles
 *   --large        of files of 64 MiB or more, hash the first and the last MiB (else they get no hash)
 *   --no-journal   the disk as it lies: replay no journal
 *
 * What cannot be read goes to stderr as "path: code: text", what is wrong as a whole as "note: code: text". Exit 1 if
 * any path could not be read, 3 without a file system, 2 for a wrong call. */
#include "base/map.h"
#include "base/sha256.h"
#include "evidence/evidence.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 40961, EDGE = 1 << 20, LARGE = 64 << 20, MAX_DEPTH = 4096 };

struct dump {
    struct lt_fs *fs;
    struct lt_arena dirs, entries, scratch; /* struct lt_dir; the directory at hand; one of its entries */
    struct lt_list todo;                    /* of struct lt_dir *: a stack */
    struct lt_map visited;                  /* inodes of directories */
    bool deleted, large, no_journal;
    size_t errors;
};

static void escape(struct lt_buf *out, struct lt_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\')
            lt_buf_char(out, (char)byte);
        else
            lt_buf_printf(out, "\\x%02x", byte);
    }
}

/* The path of an entry of `dir`, "/" for the root. */
static struct lt_str path_of(const struct lt_dir *dir, struct lt_str name, struct lt_arena *arena)
{
    struct lt_buf path = {0};
    lt_dir_path(&path, dir);
    if (name.len || !path.len)
        lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    struct lt_str kept = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    return kept;
}

static void complain(struct dump *dump, struct lt_str path, const struct lt_err *problem)
{
    struct lt_buf line = {0};
    escape(&line, path);
    lt_buf_printf(&line, ": %s: ", problem->code ? problem->code : "-");
    escape(&line, lt_str_c(problem->text));
    fprintf(stderr, "%.*s\n", LT_ARG(line));
    lt_buf_free(&line);
    dump->errors++;
}

static void add_time(struct lt_buf *out, struct lt_time time)
{
    if (!time.set) {
        lt_buf_lit(out, "-\t");
        return;
    }
    bool negative = time.sec < 0;
    uint64_t sec = negative ? (uint64_t)-time.sec : (uint64_t)time.sec;
    uint32_t nsec = time.nsec;
    if (negative && nsec) {
        sec--;
        nsec = 1000000000 - nsec;
    }
    lt_buf_printf(out, "%s%ju.%09u\t", negative ? "-" : "", (uintmax_t)sec, nsec);
}

/* Hash `from`..`to` of a file, in pieces that fit no block. */
static bool hash_range(struct lt_file *file, struct lt_sha256 *hash, uint64_t from, uint64_t to, struct lt_err *err)
{
    static char piece[PIECE];
    while (from < to) {
        size_t size = to - from < sizeof piece ? (size_t)(to - from) : sizeof piece;
        ssize_t got = lt_file_read(file, piece, size, from, err);
        if (got == 0)
            lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "ends after %ju of %ju bytes", (uintmax_t)from, (uintmax_t)to);
        if (got <= 0)
            return false;
        lt_sha256_add(hash, (struct lt_str){piece, (size_t)got});
        from += (uint64_t)got;
    }
    return true;
}

static bool hash_file(struct dump *dump, struct lt_str path, struct lt_buf *out, struct lt_err *err)
{
    struct lt_file file;
    if (lt_file_open(dump->fs, path, &file, err) != LT_OK) {
        if (!err->set)
            lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "listed, but not there to be opened");
        lt_file_close(&file);
        return false;
    }
    struct lt_sha256 *hash = lt_sha256_new();
    uint64_t edge = file.size < LARGE ? file.size : EDGE;
    bool good = hash_range(&file, hash, 0, edge, err);
    if (good && edge < file.size)
        good = hash_range(&file, hash, file.size - edge, file.size, err);
    lt_file_close(&file);
    lt_sha256_finish(hash, out);
    return good;
}

static void add_hash(struct dump *dump, const struct lt_node *node, struct lt_str path, struct lt_buf *out)
{
    struct lt_err problem = {0};
    size_t start = out->len;
    if (S_ISREG(node->mode) && !node->unallocated && (node->size < LARGE || dump->large) &&
        !hash_file(dump, path, out, &problem)) {
        complain(dump, path, &problem);
        out->len = start;
        lt_buf_char(out, '!');
    }
    if (out->len == start)
        lt_buf_char(out, '-');
    lt_buf_char(out, '\t');
}

static void add_xattrs(struct dump *dump, const struct lt_dir *dir, const struct lt_node *node, struct lt_str path,
                       struct lt_buf *out)
{
    struct lt_list xattrs = {0};
    struct lt_err problem = {0};
    if (dump->fs->ops->xattrs && !node->unallocated)
        dump->fs->ops->xattrs(dump->fs, dir, node, &dump->scratch, &xattrs, &problem);
    if (problem.set)
        complain(dump, path, &problem);
    size_t start = out->len;
    lt_each (struct lt_xattr, xattr, &xattrs) {
        if (out->len > start)
            lt_buf_char(out, ';');
        escape(out, xattr->name);
        lt_buf_char(out, '=');
        for (size_t i = 0; i < xattr->value.len; i++)
            lt_buf_printf(out, "%02x", (unsigned char)xattr->value.ptr[i]);
    }
    if (out->len == start)
        lt_buf_char(out, '-');
    lt_buf_char(out, '\t');
}

static const char *type_of(const struct lt_node *node)
{
    static const struct {
        mode_t type;
        const char *letter;
    } types[] = {{S_IFREG, "f"}, {S_IFDIR, "d"}, {S_IFLNK, "l"}, {S_IFCHR, "c"},
                 {S_IFBLK, "b"}, {S_IFIFO, "p"}, {S_IFSOCK, "s"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((node->mode & S_IFMT) == types[i].type)
            return node->unallocated ? "!deleted" : types[i].letter;
    return node->unallocated ? "!deleted" : "?";
}

static void print_row(struct dump *dump, const struct lt_dir *dir, const struct lt_node *node, struct lt_str path)
{
    struct lt_buf row = {0};
    lt_buf_printf(&row, "%ju\t%s\t%04o\t%u\t%u\t%ju\t%u\t", (uintmax_t)node->ino, type_of(node), node->mode & 07777,
                  node->uid, node->gid, (uintmax_t)node->size, node->nlink);
    if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
        lt_buf_printf(&row, "%u:%u\t", node->major, node->minor);
    else
        lt_buf_lit(&row, "-\t");
    add_time(&row, node->time[LT_A]);
    add_time(&row, node->time[LT_M]);
    add_time(&row, node->time[LT_C]);
    add_time(&row, node->time[LT_B]);
    add_time(&row, node->deleted);
    add_hash(dump, node, path, &row);
    if (S_ISLNK(node->mode))
        escape(&row, node->target);
    else
        lt_buf_char(&row, '-');
    lt_buf_char(&row, '\t');
    add_xattrs(dump, dir, node, path, &row);
    escape(&row, path);
    lt_buf_char(&row, '\n');
    fwrite(row.ptr, 1, row.len, stdout);
    lt_buf_free(&row);
}

/* Print an entry; false if it is none that can be entered. */
static bool entry(struct dump *dump, const struct lt_dir *dir, const struct lt_node *node)
{
    if (node->unallocated && !dump->deleted)
        return false;
    lt_arena_reset(&dump->scratch);
    struct lt_str path = path_of(dir, node->name, &dump->scratch);
    if (node->error)
        complain(dump, path, node->error);
    if (node->mode || node->unallocated)
        print_row(dump, dir, node, path);
    return S_ISDIR(node->mode) && !node->placeholder;
}

static void push(struct dump *dump, const struct lt_dir *parent, const struct lt_node *node)
{
    const uint64_t inode[] = {node->ino, node->part};
    struct lt_str key = lt_str_dup(&dump->dirs, (struct lt_str){(const char *)inode, sizeof inode});
    bool again = lt_map_get(&dump->visited, key) != NULL;
    if (again && node->unallocated)
        return; /* that inode lives again */
    if (again || (parent && parent->depth >= MAX_DEPTH)) {
        struct lt_err problem = {0};
        lt_fail(&problem, LT_SKIP, LT_CODE_CYCLE, 0, "directory inode %ju is too deep or reached again",
                (uintmax_t)node->ino);
        lt_arena_reset(&dump->scratch);
        complain(dump, path_of(parent, node->name, &dump->scratch), &problem);
        return;
    }
    struct lt_dir *dir = lt_new(&dump->dirs, struct lt_dir);
    *dir = (struct lt_dir){.parent = parent,
                           .name = lt_str_dup(&dump->dirs, node->name),
                           .ino = node->ino,
                           .unallocated = node->unallocated};
    if (parent) {
        dir->depth = parent->depth + 1;
        dir->path_len = parent->path_len + 1 + node->name.len;
    }
    lt_map_put(&dump->visited, &dump->dirs, key, dir);
    lt_list_add(&dump->todo, &dump->dirs, dir);
}

static void dump_dir(struct dump *dump, const struct lt_dir *dir)
{
    struct lt_listing listing = {0};
    struct lt_err problem = {0};
    lt_arena_reset(&dump->entries);
    dump->fs->ops->list(dump->fs, dir, &dump->entries, &listing, &problem);
    lt_arena_reset(&dump->scratch);
    if (problem.set)
        complain(dump, path_of(dir, LT_STR(""), &dump->scratch), &problem);
    for (size_t i = 0; i < listing.count; i++)
        if (entry(dump, dir, &listing.nodes[i]))
            push(dump, dir, &listing.nodes[i]);
}

static enum lt_status orphan(void *arg, const struct lt_node *node, struct lt_err *err)
{
    const struct lt_dir dir = {.name = LT_STR("/$OrphanFiles")};
    (void)err;
    entry(arg, &dir, node);
    return LT_OK;
}

static void dump_orphans(struct dump *dump)
{
    struct lt_err problem = {0};
    dump->fs->ops->orphans(dump->fs, orphan, dump, &problem);
    if (problem.set)
        complain(dump, LT_STR("/$OrphanFiles"), &problem);
}

static void dump_fs(struct dump *dump)
{
    struct lt_node root = {0};
    struct lt_dir top = {0};
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(dump->fs, LT_STR(""), &dump->dirs, &root, &problem);
    if (status == LT_END && !problem.set)
        lt_fail(&problem, LT_SKIP, LT_CODE_MISSING, 0, "no root directory");
    if (problem.set)
        complain(dump, LT_STR("/"), &problem);
    root.name = LT_STR("");
    if (status == LT_END || !entry(dump, &top, &root))
        return;
    push(dump, NULL, &root);
    while (dump->todo.count)
        dump_dir(dump, dump->todo.items[--dump->todo.count]);
    if (dump->deleted && dump->fs->ops->orphans)
        dump_orphans(dump);
}

/* Does the label of the file system end so? */
static bool is_wanted(const struct lt_fs *fs, const char *only)
{
    return !only || lt_str_ends(fs->label, lt_str_c(only));
}

static void dump_all(struct dump *dump, const struct lt_evidence *evidence, const char *only, size_t *count)
{
    lt_each (struct lt_fs, fs, &evidence->fs) {
        if (!is_wanted(fs, only))
            continue;
        ++*count;
        dump->fs = fs;
        dump_fs(dump);
        lt_arena_free(&dump->dirs);
        dump->visited = (struct lt_map){0};
        dump->todo = (struct lt_list){0};
    }
    lt_each (struct lt_err, note, &evidence->notes)
        fprintf(stderr, "note: %s: %s\n", note->code, note->text);
}

static void open_all(const struct dump *dump, char **specs, struct lt_arena *arena, struct lt_list *evidence,
                     struct lt_list *problems)
{
    const struct lt_evidence_args args = {.no_journal = dump->no_journal};
    for (size_t i = 0; specs[i]; i++) {
        struct lt_evidence *each = lt_new(arena, struct lt_evidence);
        struct lt_err *problem = lt_new(arena, struct lt_err);
        lt_evidence_open(each, specs[i], &args, problem);
        lt_list_add(evidence, arena, each);
        lt_list_add(problems, arena, problem);
    }
    lt_evidence_find_all(evidence, problems);
}

static int dump_evidence(struct dump *dump, char **specs, const char *only)
{
    struct lt_arena arena = {0};
    struct lt_list evidence = {0}, problems = {0};
    size_t count = 0;
    open_all(dump, specs, &arena, &evidence, &problems);
    lt_each (struct lt_err, problem, &problems)
        if (problem->set)
            fprintf(stderr, "note: %s: %s\n", problem->code, problem->text);
    puts(
        "#inode\ttype\tmode\tuid\tgid\tsize\tnlink\trdev\tatime\tmtime\tctime\tbirth\tblocks512\tsha256\tlink\txattrs\t"
        "path");
    lt_each (struct lt_evidence, each, &evidence)
        dump_all(dump, each, only, &count);
    int code = count ? dump->errors > 0 : 3;
    lt_each (struct lt_evidence, each, &evidence)
        lt_evidence_close(each);
    lt_arena_free(&arena);
    lt_arena_free(&dump->entries);
    lt_arena_free(&dump->scratch);
    return code;
}

int main(int argc, char **argv)
{
    struct dump dump = {0};
    struct {
        const char *word;
        bool *flag;
    } options[] = {{"--deleted", &dump.deleted}, {"--large", &dump.large}, {"--no-journal", &dump.no_journal}};
    const char *only = NULL;
    char **specs = argv;
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof options / sizeof *options; j++)
            if (strcmp(argv[i], options[j].word) == 0)
                known = *options[j].flag = true;
        if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (!known && argv[i][0] != '-')
            specs[count++] = argv[i];
        else if (!known)
            count = (size_t)argc;
        if (count < (size_t)argc)
            continue;
        fprintf(stderr, "usage: fsdump [--deleted] [--large] [--no-journal] [--only END-OF-LABEL] EVIDENCE...\n");
        return 2;
    }
    specs[count] = NULL;
    int code = count ? dump_evidence(&dump, specs, only) : 2;
    return fflush(stdout) == 0 && !ferror(stdout) ? code : 4;
}
