// SPDX-License-Identifier: Apache-2.0
/* Libraries in processes of their own: questions, answers, questions back, and every way in which such a process ends.
 */
#include "contain/child.h"

#include "contain/library.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum question { ADD, REFUSE, ASK_BACK, DIE, EXIT, SAY_NOTHING, LARGE, READ };

struct state {
    struct lt_peer *parent;
    int fd;
};

static void *begin(struct lt_peer *parent, int fd)
{
    struct state *state = lt_realloc(NULL, sizeof *state);
    *state = (struct state){parent, fd};
    return state;
}

static const char *answer(void *arg, struct lt_message *question, struct lt_buf *out)
{
    enum { LARGE_ANSWER = 3 << 20 };
    struct state *state = arg;
    struct lt_message back;
    struct lt_buf number = {0};
    char byte = 0;
    switch (lt_take_number(question)) {
    case ADD:
        lt_put_number(out, lt_take_number(question) + lt_take_number(question));
        return NULL;
    case REFUSE:
        return "it may not be";
    case ASK_BACK:
        lt_put_number(&number, lt_take_number(question));
        if (lt_peer_ask(state->parent, &number, &back) == LT_PEER_ANSWER)
            lt_put_number(out, lt_take_number(&back) + 1);
        lt_buf_free(&number);
        return NULL;
    case DIE:
        raise(SIGTERM);
        return NULL;
    case EXIT:
        _exit(7);
    case LARGE:
        for (int i = 0; i < LARGE_ANSWER; i++)
            lt_buf_char(out, (char)i);
        return NULL;
    case READ:
        if (pread(state->fd, &byte, 1, 0) == 1)
            lt_buf_char(out, byte);
        return NULL;
    default:
        return NULL;
    }
}

static const struct lt_library library = {.name = "test reader", .begin = begin, .answer = answer, .end = free};
static const struct lt_library *const libraries[] = {&library, NULL};
static const struct lt_helper_args only_libraries = {.copies = true, .libraries = libraries};

/* What the library may ask back: twice the number. */
static const char *twice(void *arg, struct lt_message *question, struct lt_buf *out)
{
    (void)arg;
    lt_put_number(out, 2 * lt_take_number(question));
    return NULL;
}

static enum lt_status ask(struct lt_child *child, enum question what, uint64_t one, uint64_t other,
                          struct lt_message *out, struct lt_err *err)
{
    struct lt_buf question = {0};
    lt_put_number(&question, what);
    lt_put_number(&question, one);
    lt_put_number(&question, other);
    enum lt_status status = lt_child_ask(child, &question, out, err);
    lt_buf_free(&question);
    return status;
}

static void start(struct lt_child *child, const struct lt_helper *helper)
{
    struct lt_err err = {0};
    const struct lt_child_args args = {helper, -1, -1, -1, twice, NULL};
    assert_int_equal(lt_child_start(child, &library, &args, &err), LT_OK);
}

/* The same questions to a process and in this one. */
static void check_questions(const struct lt_helper *helper)
{
    struct lt_child child;
    struct lt_message out;
    struct lt_err err = {0};
    start(&child, helper);
    assert_int_equal(ask(&child, ADD, 2, 3, &out, &err), LT_OK);
    assert_int_equal(lt_take_number(&out), 5);
    assert_int_equal(ask(&child, ASK_BACK, 20, 0, &out, &err), LT_OK);
    assert_int_equal(lt_take_number(&out), 41);
    assert_int_equal(ask(&child, REFUSE, 0, 0, &out, &err), LT_SKIP);
    assert_string_equal(err.text, "it may not be");
    assert_int_equal(ask(&child, LARGE, 0, 0, &out, NULL), LT_OK);
    assert_int_equal(out.rest.len, 3 << 20);
    for (size_t i = 0; i < out.rest.len; i++)
        assert_int_equal(out.rest.ptr[i], (char)i);
    assert_int_equal(ask(&child, SAY_NOTHING, 0, 0, &out, NULL), LT_OK);
    assert_int_equal(lt_take_number(&out), 0);
    assert_true(out.bad);
    lt_child_end(&child);
}

static void test_questions(void **state)
{
    (void)state;
    struct lt_helper helper;
    assert_true(lt_helper_start(&helper, &only_libraries));
    check_questions(&helper);
    check_questions(NULL);
    lt_helper_end(&helper);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        enum question question;
        const char *reason;
    } ends[] = {{DIE, "test reader ended by signal 15"}, {EXIT, "test reader ended with code 7"}};
    struct lt_helper helper;
    assert_true(lt_helper_start(&helper, &only_libraries));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct lt_child child;
        struct lt_message out;
        struct lt_err first = {0}, second = {0};
        start(&child, &helper);
        assert_int_equal(ask(&child, ends[i].question, 0, 0, &out, &first), LT_SKIP);
        assert_string_equal(first.text, ends[i].reason);
        assert_int_equal(ask(&child, ADD, 1, 1, &out, &second), LT_SKIP);
        assert_string_equal(second.text, ends[i].reason);
        lt_child_end(&child);
        check_questions(&helper); /* another one can be started */
    }
    lt_helper_end(&helper);
}

static void test_distrust(void **state)
{
    (void)state;
    struct lt_helper helper;
    struct lt_child child;
    struct lt_message out;
    struct lt_err err = {0};
    assert_true(lt_helper_start(&helper, &only_libraries));
    start(&child, &helper);
    assert_int_equal(lt_child_distrust(&child, &err), LT_SKIP);
    lt_err_clear(&err);
    assert_int_equal(ask(&child, ADD, 1, 1, &out, &err), LT_SKIP);
    assert_string_equal(err.text, "test reader answers something else");
    lt_child_end(&child);
    lt_helper_end(&helper);
}

/* A copy that the helper made is all that the process reads. */
static void test_copy(void **state)
{
    (void)state;
    struct lt_helper helper;
    struct lt_child child;
    struct lt_message out;
    struct lt_err err = {0};
    int number;
    assert_true(lt_helper_start(&helper, &only_libraries));
    int fd = lt_helper_copy(&helper, &number);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    struct lt_child_args args = {&helper, -1, number, -1, NULL, NULL};
    assert_int_equal(lt_child_start(&child, &library, &args, &err), LT_OK);
    assert_int_equal(ask(&child, READ, 0, 0, &out, &err), LT_OK);
    assert_true(lt_str_eq(out.rest, LT_STR("x")));
    lt_child_end(&child);
    args.copy = number + 1; /* there is none */
    assert_int_equal(lt_child_start(&child, &library, &args, &err), LT_SKIP);
    lt_child_end(&child);
    lt_helper_drop(&helper, number);
    close(fd);
    lt_helper_end(&helper);
}

/* Nobody may be ended who was not started. */
static void test_strangers(void **state)
{
    (void)state;
    struct lt_helper helper;
    assert_true(lt_helper_start(&helper, &only_libraries));
    assert_int_equal(lt_helper_bury(&helper, getpid()), 0);
    assert_int_equal(lt_helper_bury(&helper, -1), 0);
    lt_helper_end(&helper);
}

static void test_messages(void **state)
{
    (void)state;
    struct lt_buf bytes = {0};
    lt_put_number(&bytes, UINT64_MAX);
    lt_put_str(&bytes, LT_STR("name"));
    for (size_t size = 0; size <= bytes.len; size++) {
        struct lt_message message = {.rest = {bytes.ptr, size}};
        uint64_t number = lt_take_number(&message);
        struct lt_str str = lt_take_str(&message);
        assert_int_equal(message.bad, size < bytes.len);
        assert_true(number == (size < sizeof number ? 0 : UINT64_MAX));
        assert_true(lt_str_eq(str, size < bytes.len ? LT_STR("") : LT_STR("name")));
    }
    lt_buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions), cmocka_unit_test(test_ends),      cmocka_unit_test(test_distrust),
        cmocka_unit_test(test_copy),      cmocka_unit_test(test_strangers), cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
