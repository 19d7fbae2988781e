// SPDX-License-Identifier: Apache-2.0
/* That the checksums are right is tested with e2fsck, in tests/evidence/test_seal.py. */
#include "tests/fuzz/mutate/ext4image.h"

#include "mutants.h"

enum { MOST = 24576, SEEDS = 500 };

static struct input load(const char *name)
{
    return load_input("ext4image", name, MOST);
}

static void test_same_seed_same_mutant(void **state)
{
    (void)state;
    struct input start = load("ext4-csum");
    check_same_seed_same_mutant(&start, MOST, SEEDS);
}

/* An input that image.py made is written as it was; another stands for the same image. */
static void test_pieces_stand_for_the_image(void **state)
{
    (void)state;
    struct input start = load("ext4-csum"), other = load("tables-overlap"), out;
    struct image *image = read_pieces(start.bytes, start.size);
    out.size = write_pieces(image, out.bytes, MOST);
    assert_true(same(&start, &out));
    free_image(image);
    image = read_pieces(other.bytes, other.size);
    out.size = write_pieces(image, out.bytes, MOST);
    struct image *again = read_pieces(out.bytes, out.size);
    assert_int_equal(image->size, again->size);
    assert_memory_equal(image->bytes, again->bytes, image->size);
    free_image(image);
    free_image(again);
}

/* An image of which every kind of structure is known. */
static void test_finds_all_kinds(void **state)
{
    (void)state;
    static const char *const names[] = {"htree", "journal-csum3", "blockmap", "orphan-file", "ea-inode", "extents"};
    size_t found[KINDS] = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct input input = load(names[i]);
        struct image *image = read_pieces(input.bytes, input.size);
        find_parts(image);
        for (size_t j = 0; j < image->count; j++) {
            struct fields fields;
            list_fields(image, &image->parts[j], &fields);
            found[image->parts[j].kind]++;
            for (size_t k = 0; k < fields.count; k++)
                assert_true(in_image(image, fields.all[k].at, fields.all[k].width));
        }
        free_image(image);
    }
    for (size_t kind = 0; kind < KINDS; kind++)
        assert_true(found[kind] > 0);
}

/* Of the superblocks that were changed about half have a right checksum again. */
static void test_half_are_sealed(void **state)
{
    (void)state;
    enum { TRIES = 4000 };
    struct input start = load("ext4-csum");
    struct image *before = read_pieces(start.bytes, start.size);
    unsigned right = 0, wrong = 0;
    for (unsigned seed = 0; seed < TRIES; seed++) {
        struct input mutant = mutate(&start, MOST, seed);
        struct image *image = read_pieces(mutant.bytes, mutant.size);
        uint8_t *super = image->bytes + LT_EXT4_SUPER_OFFSET;
        struct lt_ext4 ext4 = {0};
        struct lt_err err = {0};
        lt_ext4_super((struct lt_cursor){.ptr = super, .len = LT_EXT4_SUPER_SIZE}, &ext4, &err);
        bool changed = memcmp(super, before->bytes + LT_EXT4_SUPER_OFFSET, LT_EXT4_SUPER_SIZE - 4) != 0;
        if (changed && ext4.checksums) {
            right += !ext4.damaged;
            wrong += ext4.damaged;
        }
        free_image(image);
    }
    free_image(before);
    assert_true(right > TRIES / 50 && wrong > TRIES / 50);
    assert_true(right < 2 * wrong && wrong < 2 * right);
}

/* Mutants of mutants, which are less and less of a file system, in memory that does not suffice for more, too. */
static void test_any_start(void **state)
{
    (void)state;
    static const char *const names[] = {"htree", "journal-csum3", "inline", "orphan-file", "ea-inode", "bigalloc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct input input = load(names[i]);
        for (unsigned seed = 0; seed < SEEDS; seed++)
            input = mutate(&input, seed % 2 ? MOST : input.size, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_mutant),
        cmocka_unit_test(test_pieces_stand_for_the_image),
        cmocka_unit_test(test_finds_all_kinds),
        cmocka_unit_test(test_half_are_sealed),
        cmocka_unit_test(test_any_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
