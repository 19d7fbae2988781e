// SPDX-License-Identifier: Apache-2.0
/* Two sides that ask each other. Each may ask at any time, and whoever waits for an answer answers what it is asked
 * meanwhile: who is to open a disk asks back for its bytes. The sides are two processes with a socket between them, or
 * both are in this one. */
#ifndef LT_CONTAIN_PEER_H
#define LT_CONTAIN_PEER_H

#include "contain/message.h"

/* Answer a question by adding to `out`. Returns NULL, or the reason why there is no answer: it lives until the next
 * question. */
typedef const char *lt_answer(void *arg, struct lt_message *question, struct lt_buf *out);

/* One side. */
struct lt_peer {
    int socket;            /* to the other side; -1: that is in this process, */
    struct lt_peer *other; /* here */
    lt_answer *answer;     /* to what the other side asks; NULL: it may not */
    void *arg;
    struct lt_buf in; /* owned: what came last */
};

enum lt_peer_result {
    LT_PEER_ANSWER,
    LT_PEER_REFUSAL, /* the other side says why there is no answer */
    LT_PEER_GONE,    /* it has ended, or does not keep to the rules */
};

/* Ask, and wait for the answer, which is borrowed until the next question. A refusal is a message of one string. */
enum lt_peer_result lt_peer_ask(struct lt_peer *peer, const struct lt_buf *question, struct lt_message *answer);

/* Answer questions until the other side has gone. `before` is called before each. */
void lt_peer_serve(struct lt_peer *peer, void (*before)(void));

#endif
