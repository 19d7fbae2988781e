// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/fast_commit.h"

#include "evidence/ext4/fast_tags.h"

#include <stdlib.h>
#include <sys/stat.h>

enum {
    MAX_BLOCKS = 4096, /* of the area; mke2fs makes 256 */
    LINKS = 0x1A,      /* offsets in an inode */
    BODY = 0x28,
    GENERATION = 0x64,
};

struct replay {
    struct lt_ext4_volume *volume;
    struct lt_ext4_fast *fast;
    lt_fast_read *read;
    void *arg;
    unsigned char *block;
    uint32_t sequence;
    uint64_t tags; /* up to the last good tail */
    struct lt_err *err;
};

/* The inode as it is by now, to be changed. NULL: unreadable, or not an inode that a user's file can have. */
static struct lt_fast_inode *inode_of(struct replay *replay, uint32_t ino)
{
    const struct lt_ext4 *super = &replay->volume->super;
    struct lt_fast_inode *inode = lt_fast_inode(replay->fast, ino);
    struct lt_cursor bytes;
    struct lt_err problem = {0};
    if (inode || (ino < super->first_inode && ino != LT_EXT4_ROOT) ||
        lt_volume_inode(replay->volume, ino, &bytes, &problem) != LT_OK)
        return inode;
    return lt_fast_add_inode(replay->fast, ino, bytes.ptr, super->inode_size);
}

static struct lt_cursor bytes_of(const struct replay *replay, const struct lt_fast_inode *inode)
{
    return (struct lt_cursor){.ptr = inode->bytes, .len = replay->volume->super.inode_size};
}

/* The same, if it is in use. A kernel skips tags for others. */
static struct lt_fast_inode *living(struct replay *replay, uint32_t ino, struct lt_ext4_inode *layout)
{
    const struct lt_ext4 *super = &replay->volume->super;
    struct lt_fast_inode *inode = inode_of(replay, ino);
    if (!inode || inode->gone || lt_ext4_inode_damaged(super, bytes_of(replay, inode), ino))
        return NULL;
    lt_ext4_layout(super, bytes_of(replay, inode), ino, layout);
    return layout->links && layout->mode ? inode : NULL;
}

static void set_links(struct replay *replay, struct lt_fast_inode *inode, unsigned links)
{
    inode->bytes[LINKS] = (unsigned char)links;
    inode->bytes[LINKS + 1] = (unsigned char)(links >> 8);
    inode->gone = !links;
    inode->used = links;
    lt_ext4_seal_inode(&replay->volume->super, inode->bytes, inode->ino);
}

/* The entry for a name of a directory in use; it is made if there is none. NULL: no such directory. */
static struct lt_fast_name *name_of(struct replay *replay, const struct lt_fast_tag *tag)
{
    struct lt_ext4_inode layout;
    struct lt_fast_inode *inode = living(replay, tag->parent, &layout);
    if (inode && !S_ISDIR(layout.mode))
        lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0, "a fast commit has a name in inode %u, which is no directory",
                tag->parent);
    if (!inode || !S_ISDIR(layout.mode))
        return NULL;
    return lt_fast_add_name(replay->fast, inode->ino, tag->name);
}

static void add_name(struct replay *replay, const struct lt_fast_tag *tag)
{
    struct lt_ext4_inode layout;
    struct lt_fast_inode *inode = living(replay, tag->ino, &layout);
    struct lt_fast_name *name = inode ? name_of(replay, tag) : NULL;
    if (!name || name->ino)
        return;
    name->ino = tag->ino;
    if (tag->type == LT_FAST_LINK)
        set_links(replay, inode, layout.links + 1u);
    else if (!S_ISDIR(layout.mode))
        set_links(replay, inode, 1);
    else
        inode->fresh = true;
}

static void remove_name(struct replay *replay, const struct lt_fast_tag *tag)
{
    struct lt_ext4_inode layout;
    struct lt_fast_inode *inode = living(replay, tag->ino, &layout);
    struct lt_fast_name *name = inode ? name_of(replay, tag) : NULL;
    if (!name || (!name->ino && name->removed))
        return;
    if (!name->ino)
        name->removed = tag->ino;
    /* If another inode has the name by now, the kernel leaves that, but still takes the link away. */
    if (name->ino == tag->ino)
        name->ino = 0;
    set_links(replay, inode, layout.links - 1u);
}

/* The tag brings a whole new inode, except where its blocks are: tags of ranges tell that. */
static void set_inode(struct replay *replay, const struct lt_fast_tag *tag)
{
    enum { MAGIC_LOW = 0x0A, MAGIC_HIGH = 0xF3, EXTENTS = (LT_EXT4_BODY - 12) / 12 };
    size_t size = replay->volume->super.inode_size, len = tag->inode.len < size ? tag->inode.len : size;
    struct lt_fast_inode *inode = inode_of(replay, tag->ino);
    struct lt_ext4_inode layout;
    if (!inode)
        return;
    memcpy(inode->bytes, tag->inode.ptr, BODY);
    memcpy(inode->bytes + GENERATION, tag->inode.ptr + GENERATION, len - GENERATION);
    lt_ext4_layout(&replay->volume->super, bytes_of(replay, inode), tag->ino, &layout);
    unsigned char *body = inode->bytes + BODY;
    if (layout.flags & LT_EXT4_EXTENTS_FL && (body[0] != MAGIC_LOW || body[1] != MAGIC_HIGH)) {
        memset(body, 0, 12);
        body[0] = MAGIC_LOW;
        body[1] = MAGIC_HIGH;
        body[4] = EXTENTS;
    } else if (!(layout.flags & LT_EXT4_EXTENTS_FL) && layout.flags & LT_EXT4_INLINE_FL) {
        memcpy(body, tag->inode.ptr + BODY, LT_EXT4_BODY);
    }
    set_links(replay, inode, layout.links);
}

static void change_range(struct replay *replay, const struct lt_fast_tag *tag)
{
    struct lt_ext4_inode layout;
    struct lt_fast_inode *inode = living(replay, tag->ino, &layout);
    bool hole = tag->type == LT_FAST_DEL_RANGE;
    struct lt_fast_range range = {tag->logical, (uint64_t)tag->logical + tag->count, tag->block,
                                  hole || tag->unwritten};
    if (!inode || !tag->count || !(layout.flags & LT_EXT4_EXTENTS_FL))
        return;
    if (!lt_fast_set_range(inode, &range))
        lt_fail(replay->err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "fast commits change inode %u in too many places",
                tag->ino);
}

static void apply(struct replay *replay, const struct lt_fast_tag *tag)
{
    if (tag->type == LT_FAST_INODE)
        set_inode(replay, tag);
    else if (tag->type == LT_FAST_UNLINK)
        remove_name(replay, tag);
    else if (tag->type == LT_FAST_LINK || tag->type == LT_FAST_CREATE)
        add_name(replay, tag);
    else if (tag->type == LT_FAST_ADD_RANGE || tag->type == LT_FAST_DEL_RANGE)
        change_range(replay, tag);
}

/* The next tag of the area. */
struct place {
    uint32_t index; /* of the block behind the current one */
    size_t at;
};

static enum lt_status next_tag(struct replay *replay, struct place *place, struct lt_fast_tag *tag)
{
    struct lt_cursor block = {.ptr = replay->block, .len = replay->volume->super.block_size};
    for (;;) {
        enum lt_status status = place->index ? lt_fast_next(block, &place->at, tag) : LT_END;
        if (status != LT_END)
            return status;
        if (place->index == MAX_BLOCKS)
            lt_fail(replay->err, LT_SKIP, LT_CODE_TOO_LARGE, 0,
                    "more than %d blocks of fast commits: what is in the rest was not applied", MAX_BLOCKS);
        if (place->index == MAX_BLOCKS || !replay->read(replay->arg, place->index, replay->block))
            return LT_END;
        place->index++;
        place->at = 0;
    }
}

/* Count the tags up to the last tail with a right checksum. The area begins with a head, which names the transaction.
 */
static enum lt_status scan(struct replay *replay)
{
    struct place place = {0};
    struct lt_fast_tag tag;
    uint32_t sum = 0;
    bool ours = false;
    for (uint64_t count = 1; next_tag(replay, &place, &tag) == LT_OK; count++) {
        if (count == 1 && tag.type != LT_FAST_HEAD)
            break;
        if (tag.type == LT_FAST_HEAD && tag.sequence != replay->sequence)
            break;
        if (tag.type == LT_FAST_HEAD && tag.features)
            return lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0,
                           "fast commits with features that are not known (%#x) were not applied", tag.features);
        ours = true;
        sum = lt_crc32c(sum, tag.summed.ptr, tag.summed.len);
        if (tag.type != LT_FAST_TAIL)
            continue;
        if (tag.sequence != replay->sequence || tag.checksum != sum)
            break;
        replay->tags = count;
        replay->fast->commits++;
        sum = 0;
    }
    if (ours && !replay->fast->commits) /* a kernel refuses to mount that */
        return lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0,
                       "the first fast commit is torn or damaged: none was applied");
    return LT_OK;
}

enum lt_status lt_fast_replay(struct lt_ext4_volume *volume, lt_fast_read *read, void *arg, uint32_t sequence,
                              uint64_t *commits, struct lt_err *err)
{
    struct replay replay = {.volume = volume, .read = read, .arg = arg, .sequence = sequence, .err = err};
    struct place place = {0};
    struct lt_fast_tag tag;
    replay.block = lt_realloc(NULL, volume->super.block_size);
    replay.fast = volume->fast = lt_fast_new();
    enum lt_status status = scan(&replay);
    for (uint64_t i = 0; status == LT_OK && i < replay.tags && next_tag(&replay, &place, &tag) == LT_OK; i++)
        apply(&replay, &tag);
    *commits = replay.fast->commits;
    free(replay.block);
    return err->set ? LT_SKIP : status;
}
