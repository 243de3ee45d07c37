/*
 * broadcast - the limit: a WebSocket server that hands every message to every
 * connection with as few system calls as the kernel allows.
 *
 * One thread, one epoll loop.  What arrives within one loop turn is framed once
 * into one shared buffer; at the end of the turn each connection gets that
 * buffer in a single send().  Nothing is parsed, stored or acknowledged, so no
 * server of the same shape can be cheaper.  With --echo a message goes back to
 * its sender alone.
 *
 * Build:  cc -O2 -Wall -Wextra -o broadcast broadcast.c
 * Usage:  broadcast [--echo] PORT        (127.0.0.1 only)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RBUF_SIZE (1u << 20)        /* receive buffer; also the largest frame  */
#define BACKLOG_LIMIT (16u << 20)   /* a connection that lags further is cut   */
#define EVENTS 512
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct buffer {
    uint8_t *p;
    size_t n, cap;
};

struct conn {
    int fd;
    bool open, dead;                /* handshake done; to be freed             */
    struct buffer in, out;          /* incomplete input, unsent output         */
};

static int ep;
static bool echo;
static struct conn **conns;
static size_t nconns, conns_cap;
static struct buffer turn;          /* what this loop turn has to say          */
static uint8_t rbuf[RBUF_SIZE];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void append(struct buffer *b, const void *p, size_t n)
{
    if (b->n + n > b->cap) {
        b->cap = (b->n + n) * 2;
        if (!(b->p = realloc(b->p, b->cap)))
            die("realloc");
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void release(struct buffer *b)
{
    free(b->p);
    *b = (struct buffer){0};
}

/* ---------------------------------------------------------------- handshake */

static uint32_t rol(uint32_t v, int k)
{
    return v << k | v >> (32 - k);
}

static void sha1_block(uint32_t h[5], const uint8_t *p)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16
             | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d
                   : (b & c) | (b & d) | (c & d);
        static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        uint32_t t = rol(a, 5) + f + e + w[i] + k[i / 20];
        e = d, d = c, c = rol(b, 30), b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/* The Sec-WebSocket-Accept of a key of 24 characters: base64 of a SHA-1. */
static void accept_of(const char *key, char out[29])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t block[128] = {0}, sum[21] = {0};
    memcpy(block, key, 24);
    memcpy(block + 24, GUID, 36);
    block[60] = 0x80;
    block[126] = 60 * 8 >> 8;
    block[127] = 60 * 8 & 255;
    sha1_block(h, block);
    sha1_block(h, block + 64);
    for (int i = 0; i < 20; i++)
        sum[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    for (int i = 0; i < 28; i++) {
        int bit = i * 6;
        unsigned pair = (unsigned)sum[bit / 8] << 8 | (bit / 8 < 20 ? sum[bit / 8 + 1] : 0);
        out[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    out[27] = '=';
    out[28] = 0;
}

/* -------------------------------------------------------------- connections */

static void watch(struct conn *c, bool write)
{
    struct epoll_event ev = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev) < 0)
        die("epoll_ctl");
}

static void drop(struct conn *c)
{
    c->dead = true;
}

/* Sends now what the kernel takes and keeps the rest. */
static void say(struct conn *c, const uint8_t *p, size_t n)
{
    if (!c->out.n) {
        ssize_t r = send(c->fd, p, n, MSG_NOSIGNAL);
        if (r == (ssize_t)n)
            return;
        if (r < 0 && errno != EAGAIN) {
            drop(c);
            return;
        }
        if (r > 0)
            p += r, n -= (size_t)r;
        watch(c, true);
    }
    append(&c->out, p, n);
    if (c->out.n > BACKLOG_LIMIT)
        drop(c);
}

static void flush(struct conn *c)
{
    ssize_t r = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);
    if (r < 0) {
        if (errno != EAGAIN)
            drop(c);
        return;
    }
    c->out.n -= (size_t)r;
    memmove(c->out.p, c->out.p + r, c->out.n);
    if (!c->out.n) {
        release(&c->out);
        watch(c, false);
    }
}

static void append_frame(struct buffer *b, int opcode, const uint8_t *p, size_t n)
{
    uint8_t head[10] = {(uint8_t)(0x80 | opcode)};
    size_t h = 2;
    if (n < 126)
        head[1] = (uint8_t)n;
    else if (n < 65536) {
        head[1] = 126;
        head[2] = (uint8_t)(n >> 8);
        head[3] = (uint8_t)n;
        h = 4;
    } else {
        head[1] = 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
        h = 10;
    }
    append(b, head, h);
    append(b, p, n);
}

static void on_message(struct conn *c, int opcode, const uint8_t *p, size_t n, struct buffer *own)
{
    if (opcode == 8) {
        append_frame(own, 8, p, n < 2 ? n : 2);
        say(c, own->p, own->n);
        own->n = 0;
        drop(c);
    } else if (opcode == 9)
        append_frame(own, 10, p, n);
    else if (opcode == 1 || opcode == 2)
        append_frame(echo ? own : &turn, opcode, p, n);
}

/* Reads whole frames; gives how many bytes they took. */
static size_t on_frames(struct conn *c, uint8_t *p, size_t n)
{
    static struct buffer own;
    size_t done = 0;
    own.n = 0;
    while (!c->dead && n - done >= 6) {
        uint8_t *f = p + done;
        size_t h = 2, len = f[1] & 127;
        if (!(f[1] & 0x80)) {
            drop(c);
            break;
        }
        if (len == 126) {
            len = (size_t)f[2] << 8 | f[3];
            h = 4;
        } else if (len == 127) {
            drop(c);            /* nothing that large belongs here */
            break;
        }
        if (n - done < h + 4 + len)
            break;
        uint8_t *mask = f + h, *body = mask + 4;
        for (size_t i = 0; i < len; i++)
            body[i] ^= mask[i & 3];
        on_message(c, f[0] & 15, body, len, &own);
        done += h + 4 + len;
    }
    if (own.n && !c->dead)
        say(c, own.p, own.n);
    return done;
}

static size_t on_request(struct conn *c, const uint8_t *p, size_t n)
{
    char answer[256], accept[29];
    const uint8_t *end = memmem(p, n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - p) + 4;
    static const char name[] = "\r\nsec-websocket-key: ";
    const uint8_t *key = NULL;
    for (const uint8_t *s = p; !key && s + sizeof name + 23 <= end; s++)
        if (!strncasecmp((const char *)s, name, sizeof name - 1))
            key = s + sizeof name - 1;
    if (!key) {
        drop(c);
        return 0;
    }
    accept_of((const char *)key, accept);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    say(c, (const uint8_t *)answer, (size_t)len);
    c->open = true;
    return head;
}

static void on_readable(struct conn *c)
{
    size_t had = c->in.n, done = 0;
    if (had)
        memcpy(rbuf, c->in.p, had);
    ssize_t r = recv(c->fd, rbuf + had, RBUF_SIZE - had, 0);
    if (r <= 0) {
        if (r == 0 || errno != EAGAIN)
            drop(c);
        return;
    }
    size_t n = had + (size_t)r;
    if (!c->open)
        done = on_request(c, rbuf, n);
    if (c->open)
        done += on_frames(c, rbuf + done, n - done);
    c->in.n = 0;
    if (n > done)
        append(&c->in, rbuf + done, n - done);
    else if (c->in.p)
        release(&c->in);
}

static void accept_all(int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (nconns == conns_cap) {
            conns_cap = conns_cap ? conns_cap * 2 : 1024;
            if (!(conns = realloc(conns, conns_cap * sizeof *conns)))
                die("realloc");
        }
        struct conn *c = calloc(1, sizeof *c);
        if (!c)
            die("calloc");
        c->fd = fd;
        conns[nconns++] = c;
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
            die("epoll_ctl");
    }
}

/* One send() per connection and turn, then the dead are buried. */
static void end_turn(void)
{
    for (size_t i = 0; turn.n && i < nconns; i++)
        if (conns[i]->open && !conns[i]->dead)
            say(conns[i], turn.p, turn.n);
    turn.n = 0;
    for (size_t i = 0; i < nconns;) {
        struct conn *c = conns[i];
        if (!c->dead) {
            i++;
            continue;
        }
        conns[i] = conns[--nconns];
        close(c->fd);
        release(&c->in);
        release(&c->out);
        free(c);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4096) < 0)
        die("bind");
    return fd;
}

int main(int argc, char **argv)
{
    echo = argc == 3 && !strcmp(argv[1], "--echo");
    if (argc != 2 && !echo) {
        fputs("usage: broadcast [--echo] PORT\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct rlimit rl;
    if (!getrlimit(RLIMIT_NOFILE, &rl)) {
        rl.rlim_cur = rl.rlim_max;
        setrlimit(RLIMIT_NOFILE, &rl);
    }
    int listener = listen_on(atoi(argv[argc - 1]));
    ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = {.events = EPOLLIN}, events[EVENTS];
    if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev) < 0)
        die("epoll");
    for (;;) {
        int n = epoll_wait(ep, events, EVENTS, -1);
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c) {
                accept_all(listener);
                continue;
            }
            if (events[i].events & EPOLLOUT && c->out.n && !c->dead)
                flush(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->dead)
                on_readable(c);
        }
        end_turn();
    }
}
