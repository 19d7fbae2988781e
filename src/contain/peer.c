// SPDX-License-Identifier: Apache-2.0
#include "contain/peer.h"

#include <errno.h>
#include <sys/socket.h>

enum {
    MOST = 256 << 20, /* bytes of a message: a directory of some million names */
    STEP = 1 << 20    /* bytes that are made room for at once: what comes is hostile, also in its length */
};

enum kind { QUESTION = 'q', ANSWER = 'a', REFUSAL = 'r' };

struct head {
    uint32_t kind;
    uint32_t size; /* bytes that follow */
};

static const char *answer(const struct lt_peer *peer, struct lt_str question, struct lt_buf *out)
{
    struct lt_message message = {.rest = question};
    return peer->answer ? peer->answer(peer->arg, &message, out) : "there is nothing to ask for";
}

/* --- over a socket ------------------------------------------------------------------------------------------------ */

static bool send_message(int socket, enum kind kind, struct lt_str bytes)
{
    struct head head = {.kind = kind, .size = (uint32_t)bytes.len};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)(size_t)bytes.ptr, bytes.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = bytes.len ? 2 : 1};
    if (bytes.len > MOST)
        return false;
    while (message.msg_iovlen) {
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        size_t done = sent > 0 ? (size_t)sent : 0;
        while (message.msg_iovlen && done >= message.msg_iov->iov_len) {
            done -= message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + done;
            message.msg_iov->iov_len -= done;
        }
    }
    return true;
}

static bool receive(int socket, void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(socket, (char *)bytes + done, size - done, MSG_WAITALL);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* The next message, in peer->in. */
static bool receive_message(struct lt_peer *peer, enum kind *kind)
{
    struct head head;
    peer->in.len = 0;
    if (!receive(peer->socket, &head, sizeof head) || head.size > MOST)
        return false;
    while (peer->in.len < head.size) {
        size_t step = head.size - peer->in.len < STEP ? head.size - peer->in.len : STEP;
        lt_buf_reserve(&peer->in, step);
        if (!receive(peer->socket, peer->in.ptr + peer->in.len, step))
            return false;
        peer->in.len += step;
    }
    *kind = (enum kind)head.kind;
    return true;
}

/* Answer the question in peer->in. What is asked back meanwhile takes that buffer. */
static bool answer_question(struct lt_peer *peer)
{
    struct lt_buf question = peer->in, out = {0};
    peer->in = (struct lt_buf){0};
    const char *refusal = answer(peer, lt_buf_view(&question), &out);
    bool sent = refusal ? send_message(peer->socket, REFUSAL, lt_str_c(refusal))
                        : send_message(peer->socket, ANSWER, lt_buf_view(&out));
    lt_buf_free(&question);
    lt_buf_free(&out);
    return sent;
}

static enum lt_peer_result ask_over_socket(struct lt_peer *peer, const struct lt_buf *question)
{
    enum kind kind;
    if (!send_message(peer->socket, QUESTION, lt_buf_view(question)))
        return LT_PEER_GONE;
    while (receive_message(peer, &kind)) {
        if (kind == ANSWER || kind == REFUSAL)
            return kind == ANSWER ? LT_PEER_ANSWER : LT_PEER_REFUSAL;
        if (kind != QUESTION || !answer_question(peer))
            return LT_PEER_GONE;
    }
    return LT_PEER_GONE;
}

void lt_peer_serve(struct lt_peer *peer, void (*before)(void))
{
    enum kind kind;
    while (receive_message(peer, &kind) && kind == QUESTION) {
        before();
        if (!answer_question(peer))
            return;
    }
}

/* --- in one process ----------------------------------------------------------------------------------------------- */

static enum lt_peer_result ask_here(struct lt_peer *peer, const struct lt_buf *question)
{
    peer->in.len = 0;
    const char *refusal = answer(peer->other, lt_buf_view(question), &peer->in);
    if (!refusal)
        return LT_PEER_ANSWER;
    peer->in.len = 0;
    lt_buf_add(&peer->in, lt_str_c(refusal));
    return LT_PEER_REFUSAL;
}

enum lt_peer_result lt_peer_ask(struct lt_peer *peer, const struct lt_buf *question, struct lt_message *answer)
{
    enum lt_peer_result result = peer->socket < 0 ? ask_here(peer, question) : ask_over_socket(peer, question);
    *answer = (struct lt_message){.rest = lt_buf_view(&peer->in)};
    return result;
}
