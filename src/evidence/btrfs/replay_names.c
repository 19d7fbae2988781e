// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/replay.h"

static struct lt_btrfs_key first_of(uint64_t ino, enum lt_btrfs_type type)
{
    return (struct lt_btrfs_key){ino, 0, (uint8_t)type};
}

static struct lt_btrfs_key last_of(uint64_t ino, enum lt_btrfs_type type)
{
    return (struct lt_btrfs_key){ino, UINT64_MAX, (uint8_t)type};
}

/* The entry of an item of type DIR_INDEX, which has one. */
static bool read_entry(const struct lt_btrfs_item *item, struct lt_btrfs_entry *out)
{
    size_t at = 0;
    return lt_btrfs_next_entry(item->data, &at, out, NULL) == LT_OK;
}

/* A directory's size is the length of its names, twice: for the two items that each has. */
static void resize_dir(struct lt_btrfs_replay *replay, uint64_t dir, size_t name, bool more)
{
    enum { SIZE = 16, NUMBER = 8 };
    struct lt_btrfs_item item;
    if (!lt_btrfs_find_one(replay, &replay->tree, first_of(dir, LT_BTRFS_INODE), &item) ||
        item.data.len < SIZE + NUMBER)
        return;
    uint64_t size = lt_cursor_le(&item.data, SIZE, NUMBER);
    size = more ? size + 2 * name : size - 2 * name;
    struct lt_str copy = lt_str_dup(&replay->scratch, (struct lt_str){(const char *)item.data.ptr, item.data.len});
    for (unsigned i = 0; i < NUMBER; i++)
        ((char *)(size_t)copy.ptr)[SIZE + i] = (char)(size >> 8 * i);
    lt_btrfs_put(replay, item.key, copy);
}

/* --- references -------------------------------------------------------------------------------------------------- */

static bool has_name(const struct lt_btrfs_item *item, uint64_t parent, struct lt_str name)
{
    struct lt_btrfs_ref ref;
    for (size_t at = 0; lt_btrfs_next_ref(item, &at, &ref, NULL) == LT_OK;)
        if (ref.parent == parent && lt_str_eq(ref.name, name))
            return true;
    return false;
}

/* Take one name out of an item of references. */
static void remove_ref(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item, uint64_t parent,
                       struct lt_str name)
{
    struct lt_btrfs_ref ref;
    struct lt_buf rest = {0};
    for (size_t at = 0, start = 0; lt_btrfs_next_ref(item, &at, &ref, NULL) == LT_OK; start = at)
        if (ref.parent != parent || !lt_str_eq(ref.name, name))
            lt_buf_add(&rest, (struct lt_str){(const char *)item->data.ptr + start, at - start});
    if (rest.len)
        lt_btrfs_put(replay, item->key, lt_buf_view(&rest));
    else
        lt_btrfs_drop(replay, item->key);
    lt_buf_free(&rest);
}

/* Call remove_ref() for the reference of an inode to its name, in whatever item it is. */
static void forget_name(struct lt_btrfs_replay *replay, uint64_t ino, uint64_t parent, struct lt_str name)
{
    struct lt_btrfs_found found =
        lt_btrfs_find(replay, &replay->tree, first_of(ino, LT_BTRFS_INODE_REF), last_of(ino, LT_BTRFS_INODE_EXTREF));
    for (size_t i = 0; i < found.count; i++)
        if (has_name(&found.items[i], parent, name))
            remove_ref(replay, &found.items[i], parent, name);
}

/* Is there a reference to the name in the log? */
static bool is_in_log(struct lt_btrfs_replay *replay, uint64_t ino, uint64_t parent, struct lt_str name)
{
    struct lt_btrfs_found found =
        lt_btrfs_find(replay, &replay->log, first_of(ino, LT_BTRFS_INODE_REF), last_of(ino, LT_BTRFS_INODE_EXTREF));
    for (size_t i = 0; i < found.count; i++)
        if (has_name(&found.items[i], parent, name))
            return true;
    return false;
}

uint32_t lt_btrfs_count_names(struct lt_btrfs_replay *replay, uint64_t ino)
{
    struct lt_btrfs_ref ref;
    uint32_t count = 0;
    struct lt_btrfs_found found =
        lt_btrfs_find(replay, &replay->tree, first_of(ino, LT_BTRFS_INODE_REF), last_of(ino, LT_BTRFS_INODE_EXTREF));
    for (size_t i = 0; i < found.count; i++)
        for (size_t at = 0; lt_btrfs_next_ref(&found.items[i], &at, &ref, NULL) == LT_OK;)
            count++;
    return count;
}

/* --- entries ----------------------------------------------------------------------------------------------------- */

/* Remove an entry, unless it is a subvolume: those are made and removed with a commit, never in a log. */
static void unlink_entry(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    struct lt_btrfs_entry entry;
    if (!read_entry(item, &entry) || entry.location.type != LT_BTRFS_INODE)
        return;
    lt_btrfs_drop(replay, item->key);
    resize_dir(replay, item->key.objectid, entry.name.len, false);
    forget_name(replay, entry.location.objectid, item->key.objectid, entry.name);
    lt_btrfs_doubt(replay, entry.location.objectid);
}

/* Remove the entry of that name, if there is one. */
static void unlink_name(struct lt_btrfs_replay *replay, uint64_t dir, struct lt_str name)
{
    struct lt_btrfs_entry entry;
    struct lt_btrfs_found found =
        lt_btrfs_find(replay, &replay->tree, first_of(dir, LT_BTRFS_DIR_INDEX), last_of(dir, LT_BTRFS_DIR_INDEX));
    for (size_t i = 0; i < found.count; i++)
        if (read_entry(&found.items[i], &entry) && lt_str_eq(entry.name, name))
            unlink_entry(replay, &found.items[i]);
}

/* Add the bytes of an entry under an index. */
static void add_entry(struct lt_btrfs_replay *replay, struct lt_btrfs_key key, uint64_t ino, unsigned type,
                      struct lt_str name)
{
    enum { KEY = 17, NAME_LEN = 27, TYPE = 29, HEAD = 30 };
    struct lt_buf bytes = {0};
    char head[HEAD] = {0};
    for (unsigned i = 0; i < 8; i++)
        head[i] = (char)(ino >> 8 * i);
    head[8] = LT_BTRFS_INODE;
    head[NAME_LEN] = (char)name.len;
    head[NAME_LEN + 1] = (char)(name.len >> 8);
    head[TYPE] = (char)type;
    lt_buf_add(&bytes, (struct lt_str){head, HEAD});
    lt_buf_add(&bytes, name);
    lt_btrfs_put(replay, key, lt_buf_view(&bytes));
    lt_buf_free(&bytes);
    resize_dir(replay, key.objectid, name.len, true);
}

/* The type that an entry of this inode has; see lt_btrfs_entry_type(). */
static unsigned type_of(struct lt_btrfs_replay *replay, uint64_t ino)
{
    struct lt_btrfs_item item;
    struct lt_node node = {0};
    bool bad_time;
    unsigned type = 7;
    if (!lt_btrfs_find_one(replay, &replay->tree, first_of(ino, LT_BTRFS_INODE), &item) ||
        lt_btrfs_read_inode(item.data, &node, &bad_time, NULL) != LT_OK)
        return 0;
    while (type && lt_btrfs_entry_type(type) != (node.mode & S_IFMT))
        type--;
    return type;
}

void lt_btrfs_replay_deletes(struct lt_btrfs_replay *replay, uint64_t dir)
{
    struct lt_btrfs_found ranges = lt_btrfs_find(replay, &replay->log, first_of(dir, LT_BTRFS_DIR_LOG_INDEX),
                                                 last_of(dir, LT_BTRFS_DIR_LOG_INDEX));
    for (size_t i = 0; i < ranges.count; i++) {
        struct lt_btrfs_key from = {dir, ranges.items[i].key.offset, LT_BTRFS_DIR_INDEX}, to = from;
        to.offset = lt_cursor_le(&ranges.items[i].data, 0, 8);
        struct lt_btrfs_found found = lt_btrfs_find(replay, &replay->tree, from, to);
        for (size_t j = 0; j < found.count; j++) {
            struct lt_btrfs_entry ours, logged;
            struct lt_btrfs_item item;
            bool known = lt_btrfs_find_one(replay, &replay->log, found.items[j].key, &item);
            if (!known || !read_entry(&found.items[j], &ours) || !read_entry(&item, &logged) ||
                !lt_str_eq(ours.name, logged.name))
                unlink_entry(replay, &found.items[j]);
        }
    }
}

void lt_btrfs_empty_dir(struct lt_btrfs_replay *replay, uint64_t dir)
{
    struct lt_btrfs_found found =
        lt_btrfs_find(replay, &replay->tree, first_of(dir, LT_BTRFS_DIR_INDEX), last_of(dir, LT_BTRFS_DIR_INDEX));
    for (size_t i = 0; i < found.count; i++)
        unlink_entry(replay, &found.items[i]);
}

/* Is the inode at this index under this name already? What else is there, or has the name, is removed. */
static bool is_there(struct lt_btrfs_replay *replay, struct lt_btrfs_key key, uint64_t ino, struct lt_str name)
{
    struct lt_btrfs_item item;
    struct lt_btrfs_entry entry;
    bool any = lt_btrfs_find_one(replay, &replay->tree, key, &item);
    if (any && read_entry(&item, &entry) && entry.location.objectid == ino && lt_str_eq(entry.name, name))
        return true;
    if (any)
        unlink_entry(replay, &item);
    unlink_name(replay, key.objectid, name);
    return false;
}

/* A reference of one name. */
static void add_ref(struct lt_btrfs_replay *replay, uint64_t ino, struct lt_btrfs_key dir, struct lt_str name)
{
    enum { HEAD = 10 };
    struct lt_btrfs_key key = {ino, dir.objectid, LT_BTRFS_INODE_REF};
    struct lt_btrfs_item item = {0};
    struct lt_buf bytes = {0};
    char head[HEAD];
    for (unsigned i = 0; i < 8; i++)
        head[i] = (char)(dir.offset >> 8 * i);
    head[8] = (char)name.len;
    head[9] = (char)(name.len >> 8);
    if (lt_btrfs_find_one(replay, &replay->tree, key, &item))
        lt_buf_add(&bytes, (struct lt_str){(const char *)item.data.ptr, item.data.len});
    lt_buf_add(&bytes, (struct lt_str){head, HEAD});
    lt_buf_add(&bytes, name);
    lt_btrfs_put(replay, key, lt_buf_view(&bytes));
    lt_buf_free(&bytes);
}

void lt_btrfs_replay_entry(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    struct lt_btrfs_entry entry;
    if (!read_entry(item, &entry) || entry.location.type != LT_BTRFS_INODE)
        return;
    uint64_t ino = entry.location.objectid;
    if (!lt_btrfs_has_inode(replay, ino) || is_there(replay, item->key, ino, entry.name) ||
        is_in_log(replay, ino, item->key.objectid, entry.name))
        return;
    add_entry(replay, item->key, ino, entry.type, entry.name);
    add_ref(replay, ino, item->key, entry.name);
    lt_btrfs_doubt(replay, ino);
}

/* Remove the names that the inode had under this key, and that the log does not have. */
static void unlink_old(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *logged)
{
    struct lt_btrfs_item item;
    struct lt_btrfs_ref ref;
    if (!lt_btrfs_find_one(replay, &replay->tree, logged->key, &item))
        return;
    for (size_t at = 0; lt_btrfs_next_ref(&item, &at, &ref, NULL) == LT_OK;) {
        struct lt_btrfs_key key = {ref.parent, ref.index, LT_BTRFS_DIR_INDEX};
        struct lt_btrfs_item entry;
        if (!has_name(logged, ref.parent, ref.name) && lt_btrfs_find_one(replay, &replay->tree, key, &entry))
            unlink_entry(replay, &entry);
    }
}

void lt_btrfs_replay_refs(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    uint64_t ino = item->key.objectid;
    struct lt_btrfs_ref ref;
    unsigned type = type_of(replay, ino);
    bool any = false;
    if (!type || (item->key.type == LT_BTRFS_INODE_REF && item->key.offset == ino))
        return; /* the top of a subvolume names itself */
    unlink_old(replay, item);
    for (size_t at = 0; lt_btrfs_next_ref(item, &at, &ref, NULL) == LT_OK;) {
        struct lt_btrfs_key key = {ref.parent, ref.index, LT_BTRFS_DIR_INDEX};
        if (!lt_btrfs_has_inode(replay, ref.parent))
            continue; /* not all directories above it were logged */
        any = true;
        if (!is_there(replay, key, ino, ref.name))
            add_entry(replay, key, ino, type, ref.name);
    }
    if (any)
        lt_btrfs_put(replay, item->key, (struct lt_str){(const char *)item->data.ptr, item->data.len});
    lt_btrfs_doubt(replay, ino);
}
