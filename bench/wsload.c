/*
 * wsload - a single-threaded WebSocket load generator (RFC 6455 client side).
 *
 * One epoll loop, raw frames, no dependencies beyond libc.  It measures a
 * server; it is not a WebSocket library.  Modes:
 *
 *   fanout  subscribers receive what publishers send   (deliveries/s, latency)
 *   echo    every connection keeps W frames in flight  (replies/s, latency)
 *   idle    connections are opened and held            (memory per connection)
 *   storm   connections are opened and closed in a loop (connections/s)
 *   comeback  connections are opened, all cut at once, and opened again with a
 *           script of their own                        (connections/s, twice)
 *
 * Every payload carries a timestamp marker, so latency is measured end to end
 * and a delivery is recognised whatever protocol wraps it.  A small per
 * connection script (--send / --expect) performs logins and subscriptions, so
 * servers that speak an application protocol over WebSocket can be driven too.
 *
 * Build:  cc -O2 -Wall -Wextra -o wsload wsload.c
 * Usage:  wsload --help, and README.md beside this file.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------ limits */

#define MAX_STEPS 64            /* script steps per connection               */
#define MAX_REPLIES 8           /* automatic reply rules                     */
#define MAX_CAPTURES 4          /* texts a connection keeps for later        */
#define MAX_WINDOWS 4           /* windows measured one after the other      */
#define MAX_SEQS 4              /* sequence numbers in one message           */
#define MAX_IN_FLIGHT 1024      /* echo with --ack: per connection           */
#define MAX_PIDS 32             /* server processes to account for           */
#define MAX_HEADERS 16          /* extra request headers                     */
#define RBUF_SIZE (1u << 20)    /* receive buffer; also the largest frame    */
#define EVENTS 512              /* epoll events per wait                     */
#define MARK_LEN 18             /* "~@" and 16 hexadecimal digits            */
#define BATCH_BYTES (256u << 10) /* largest burst one publisher writes        */

/* RFC 6455 section 1.3 prints this key and its answer, so the handshake can
 * be verified without carrying a SHA-1 implementation. */
#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum { OP_CONT = 0, OP_TEXT = 1, OP_BIN = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum mode { FANOUT, ECHO, IDLE, STORM, COMEBACK };
enum role { SUBSCRIBER, PUBLISHER, RETURNER };  /* whose script is run */
enum state { CONNECTING, UPGRADING, SCRIPT, READY, CLOSING, DEAD };

/* ------------------------------------------------------------------- types */

struct bytes {
    uint8_t *p;
    size_t n;
};

enum verb { SEND, EXPECT, CAPTURE };

struct step {
    enum verb verb;             /* CAPTURE: EXPECT, and keep what follows    */
    struct bytes data;          /* escapes decoded, %-marks still in place   */
};

/* When the messages in flight on one connection were sent, oldest first. */
struct flight {
    unsigned head, count;
    uint64_t at[MAX_IN_FLIGHT];
};

struct conn {
    int fd;
    int index;                  /* within its role                           */
    uint8_t role, state;
    bool want_write;
    uint16_t step;
    uint8_t ncarry;             /* marker bytes split over two frames        */
    uint8_t carry[MARK_LEN];
    uint64_t t_start;           /* connect() called                          */
    uint64_t last_stamp;        /* order check                               */
    uint8_t *left;              /* incomplete input                          */
    uint32_t nleft;
    uint8_t *out;               /* unsent output                             */
    size_t nout, outcap;
    uint8_t ncaptures;
    char *captures[MAX_CAPTURES];
    struct flight *flight;      /* with --ack only                           */
};

/* Log-linear histogram of nanoseconds: 64 cells per power of two (<1.6 %). */
#define HIST_SUB 6
#define HIST_CELLS ((64 - HIST_SUB) << HIST_SUB)
struct hist {
    uint64_t count, max;
    double sum;
    uint64_t cell[HIST_CELLS];
};

struct cpu_mark {
    double server, server_user, self, machine, steal;
    uint64_t t;
};

/* ----------------------------------------------------------------- options */

static enum mode mode;
static struct {
    int conns, publishers, window, groups, stall, parallel, src_ips;
    int windows[MAX_WINDOWS], nwindows;
    double fan, rate, duration, warmup, drain, limit, stall_timeout, pause;
    size_t size;
    bool binary, json, abort_close, spin, trace;
    char *payload, *label, *subprotocol;
    char *headers[MAX_HEADERS];
    int nheaders;
    int pids[MAX_PIDS];
    int npids;
    char host[256], hostport[300], path[2048];
    int port;
} opt = {
    .conns = 100, .publishers = 1, .window = 16, .groups = 1, .parallel = 64,
    .src_ips = 1, .duration = 5, .warmup = 1, .drain = 1, .limit = 300,
    .stall_timeout = 2, .size = 128, .payload = "%m",
};

static struct step steps[3][MAX_STEPS];     /* by role */
static int nsteps[3];
static struct bytes ack, refusal;           /* --ack, --fail */
static char **values;                       /* --values, one a line */
static int nvalues;
static bool pub_script;
static struct { struct bytes match, answer; } replies[MAX_REPLIES];
static int nreplies;

/* ------------------------------------------------------------------- state */

static int ep;
static struct sockaddr_in server_addr;
static struct conn *subs, *pubs;
static uint8_t rbuf[RBUF_SIZE + 64];
static uint64_t run_id;             /* %u: another one in each run           */
static uint64_t rng = 0x9e3779b97f4a7c15u;

static int ready_count, failed_count, closed_count;
static char first_error[256];
static bool measuring, publishing;
static uint64_t now_ns;

static uint64_t sent_total;         /* messages since publishing began       */
static uint64_t sent_measured;
static uint64_t got_total;          /* deliveries to subscribers, ever       */
static uint64_t got_measured;
static uint64_t pub_got_measured;   /* deliveries to publishers themselves   */
static uint64_t ack_deliveries;     /* deliveries beside the answers counted */
static uint64_t frames_measured, bytes_measured;
static uint64_t lost_base;          /* deliveries given up after a stall     */
static uint64_t reordered;
static uint64_t last_delivery_ns;
static uint64_t last_stamp_sent;
static struct hist lat, setup;
static uint64_t storm_done;
static uint64_t polls, empty_polls;

/* ----------------------------------------------------------------- helpers */

static void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "wsload: ");
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static void *xrealloc(void *p, size_t n)
{
    p = realloc(p, n);
    if (!p)
        die("out of memory");
    return p;
}

static uint64_t clock_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t next_mask(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)rng;
}

static void note_error(const char *fmt, ...)
{
    if (first_error[0])
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(first_error, sizeof first_error, fmt, ap);
    va_end(ap);
}

/* --------------------------------------------------------------- histogram */

static void hist_add(struct hist *h, uint64_t v)
{
    unsigned cell = (unsigned)v;
    if (v >= (1u << HIST_SUB)) {
        unsigned shift = 63u - (unsigned)__builtin_clzll(v) - HIST_SUB;
        cell = ((shift + 1) << HIST_SUB) + (unsigned)((v >> shift) & ((1u << HIST_SUB) - 1));
    }
    h->cell[cell < HIST_CELLS ? cell : HIST_CELLS - 1]++;
    h->count++;
    h->sum += (double)v;
    if (v > h->max)
        h->max = v;
}

/* The q-quantile in microseconds (middle of its cell). */
static double hist_q(const struct hist *h, double q)
{
    uint64_t want = (uint64_t)(q * (double)h->count), seen = 0;
    if (!h->count)
        return 0;
    for (unsigned i = 0; i < HIST_CELLS; i++) {
        seen += h->cell[i];
        if (seen > want) {
            if (i < (1u << HIST_SUB))
                return i / 1e3;
            unsigned shift = (i >> HIST_SUB) - 1;
            uint64_t low = ((uint64_t)(i & ((1u << HIST_SUB) - 1)) + (1u << HIST_SUB)) << shift;
            double mid = (double)low + (double)((1ull << shift) - 1) / 2;
            return (mid < (double)h->max ? mid : (double)h->max) / 1e3;
        }
    }
    return (double)h->max / 1e3;
}

/* -------------------------------------------------------- /proc accounting */

static size_t slurp(const char *path, char *buf, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t n = 0;
    ssize_t r;
    while (n + 1 < cap && (r = read(fd, buf + n, cap - 1 - n)) > 0)
        n += (size_t)r;
    close(fd);
    buf[n] = 0;
    return n;
}

/* Calls fn for pid and every live descendant. */
static void each_process(int pid, void (*fn)(int, void *), void *arg)
{
    char path[64], kids[8192];
    fn(pid, arg);
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *d = opendir(path);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        char file[400];
        snprintf(file, sizeof file, "%s/%s/children", path, e->d_name);
        if (!slurp(file, kids, sizeof kids))
            continue;
        char *s = kids, *next;
        for (long kid; kid = strtol(s, &next, 10), next != s; s = next)
            each_process((int)kid, fn, arg);
    }
    closedir(d);
}

static void add_cpu(int pid, void *arg)
{
    char path[64], buf[1024];
    unsigned long ut, st;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!slurp(path, buf, sizeof buf))
        return;
    char *p = strrchr(buf, ')');    /* the command name may hold anything */
    if (p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st) == 2) {
        struct cpu_mark *m = arg;
        m->server += (double)(ut + st) / (double)sysconf(_SC_CLK_TCK);
        m->server_user += (double)ut / (double)sysconf(_SC_CLK_TCK);
    }
}

static void add_memory(int pid, void *arg)
{
    char path[64], buf[4096], *p;
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    if (slurp(path, buf, sizeof buf) && (p = strstr(buf, "\nPss:")))
        kib = atol(p + 5);
    else {
        snprintf(path, sizeof path, "/proc/%d/status", pid);
        if (slurp(path, buf, sizeof buf) && (p = strstr(buf, "\nVmRSS:")))
            kib = atol(p + 7);
    }
    *(double *)arg += (double)kib * 1024;
}

static double server_memory(void)
{
    double total = 0;
    for (int i = 0; i < opt.npids; i++)
        each_process(opt.pids[i], add_memory, &total);
    return total;
}

static struct cpu_mark cpu_now(void)
{
    struct cpu_mark m = {0};
    char buf[8192];
    unsigned long v[8] = {0};
    struct rusage ru;

    for (int i = 0; i < opt.npids; i++)
        each_process(opt.pids[i], add_cpu, &m);
    getrusage(RUSAGE_SELF, &ru);
    m.self = (double)ru.ru_utime.tv_sec + (double)ru.ru_stime.tv_sec
           + ((double)ru.ru_utime.tv_usec + (double)ru.ru_stime.tv_usec) / 1e6;
    slurp("/proc/stat", buf, sizeof buf);
    if (sscanf(buf, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4],
               &v[5], &v[6], &v[7]) == 8) {
        double hz = (double)sysconf(_SC_CLK_TCK);
        m.machine = (double)(v[0] + v[1] + v[2] + v[5] + v[6]) / hz;
        m.steal = (double)v[7] / hz;
    }
    m.t = clock_ns();
    return m;
}

/* --------------------------------------------------- templates and escapes */

static int hexval(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes \n \r \t \0 \\ \xHH. */
static struct bytes unescape(const char *s)
{
    struct bytes b = {xrealloc(NULL, strlen(s) + 1), 0};
    for (; *s; s++) {
        int c = (uint8_t)*s;
        if (c == '\\' && s[1]) {
            switch (*++s) {
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case '0': c = 0; break;
            case 'x':
                if (hexval(s[1]) < 0 || hexval(s[2]) < 0)
                    die("bad \\x escape");
                c = hexval(s[1]) * 16 + hexval(s[2]);
                s += 2;
                break;
            default: c = (uint8_t)*s;
            }
        }
        b.p[b.n++] = (uint8_t)c;
    }
    return b;
}

static size_t put_text(uint8_t *to, size_t room, const char *text)
{
    size_t n = strlen(text);
    if (n > room)
        die("script frame too large");
    memcpy(to, text, n);
    return n;
}

/* Expands %d (index), %g (group), %D and %G (the same, zero-padded to six and
 * four digits), %u (the run), %v (line of --values), %1 to %4 (captures of `c`, which may be
 * NULL), %% into a static buffer. */
static struct bytes expand(struct bytes t, int index, const struct conn *c)
{
    static uint8_t buf[65536];
    size_t n = 0;
    for (size_t i = 0; i < t.n && n + 16 < sizeof buf; i++) {
        if (t.p[i] != '%' || i + 1 == t.n) {
            buf[n++] = t.p[i];
            continue;
        }
        uint8_t k = t.p[++i];
        if (k == 'd')
            n += (size_t)sprintf((char *)buf + n, "%d", index);
        else if (k == 'D')
            n += (size_t)sprintf((char *)buf + n, "%06d", index);
        else if (k == 'g')
            n += (size_t)sprintf((char *)buf + n, "%d", index % opt.groups);
        else if (k == 'G')
            n += (size_t)sprintf((char *)buf + n, "%04d", index % opt.groups);
        else if (k == 'u')
            n += (size_t)sprintf((char *)buf + n, "%012" PRIx64, run_id);
        else if (k == 'v' && nvalues)
            n += put_text(buf + n, sizeof buf - 16 - n, values[index % nvalues]);
        else if (c && k >= '1' && k < '1' + c->ncaptures)
            n += put_text(buf + n, sizeof buf - 16 - n, c->captures[k - '1']);
        else if (k == '%')
            buf[n++] = '%';
        else {
            buf[n++] = '%';
            buf[n++] = k;
        }
    }
    return (struct bytes){buf, n};
}

/*
 * The message a connection sends, prepared once: only the stamp, the sequence
 * number and the mask change from one message to the next.
 */
struct message {
    uint8_t *p;
    size_t n, stamp_at, seq_at[MAX_SEQS];
    int nseqs;
};
static struct message *messages;    /* by publisher (or connection in echo) */

static void put_hex16(uint8_t *p, uint64_t v)
{
    for (int i = 15; i >= 0; i--, v >>= 4)
        p[i] = (uint8_t)"0123456789abcdef"[v & 15];
}

static struct message make_message(int index)
{
    struct bytes t = unescape(opt.payload), e = expand(t, index, NULL);
    struct message m = {.p = xrealloc(NULL, e.n + opt.size + 10 * MAX_SEQS), .stamp_at = SIZE_MAX};
    for (size_t i = 0; i < e.n; i++) {
        bool mark = e.p[i] == '%' && i + 1 < e.n;
        if (mark && e.p[i + 1] == 'm' && m.stamp_at == SIZE_MAX) {
            m.stamp_at = m.n + 2;
            m.p[m.n] = '~';
            m.p[m.n + 1] = '@';
            for (size_t k = MARK_LEN; k < opt.size; k++)
                m.p[m.n + k] = (uint8_t)('a' + k % 26);
            m.n += opt.size;
            i++;
        } else if (mark && e.p[i + 1] == 'n' && m.nseqs < MAX_SEQS) {
            m.seq_at[m.nseqs++] = m.n;
            m.n += 10;
            i++;
        } else
            m.p[m.n++] = e.p[i];
    }
    if (m.stamp_at == SIZE_MAX)
        die("--payload must contain %%m");
    free(t.p);
    return m;
}

/* ------------------------------------------------------------------ frames */

/* Writes one masked client frame to `to`, returns its length. */
static size_t put_frame(uint8_t *to, int opcode, const uint8_t *p, size_t n)
{
    uint32_t mask = next_mask();
    uint64_t mask8 = mask | (uint64_t)mask << 32, word;
    size_t h = 2, i = 0;
    to[0] = (uint8_t)(0x80 | opcode);
    if (n < 126)
        to[1] = (uint8_t)(0x80 | n);
    else if (n < 65536) {
        to[1] = 0x80 | 126;
        to[2] = (uint8_t)(n >> 8);
        to[3] = (uint8_t)n;
        h = 4;
    } else {
        to[1] = 0x80 | 127;
        for (int k = 0; k < 8; k++)
            to[2 + k] = (uint8_t)((uint64_t)n >> (56 - 8 * k));
        h = 10;
    }
    memcpy(to + h, &mask, 4);
    h += 4;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        word ^= mask8;
        memcpy(to + h + i, &word, 8);
    }
    for (; i < n; i++)
        to[h + i] = p[i] ^ ((const uint8_t *)&mask)[i & 3];
    return h + n;
}

static void watch(struct conn *c, bool write)
{
    struct epoll_event ev = {.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev) < 0)
        die("epoll_ctl: %s", strerror(errno));
    c->want_write = write;
}

static void conn_free(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->left);
    free(c->out);
    c->left = c->out = NULL;
    c->nleft = 0;
    c->nout = c->outcap = 0;
    c->fd = -1;
    c->state = DEAD;
}

static void conn_fail(struct conn *c, const char *why)
{
    if (c->state < READY)
        failed_count++;
    else
        closed_count++;
    note_error("%s %d: %s", c->role == PUBLISHER ? "publisher" : "connection", c->index, why);
    conn_free(c);
}

static void conn_write(struct conn *c, const uint8_t *p, size_t n)
{
    if (c->state == DEAD)
        return;
    if (!c->nout) {
        ssize_t r = send(c->fd, p, n, MSG_NOSIGNAL);
        if (r == (ssize_t)n)
            return;
        if (r < 0 && errno != EAGAIN && errno != EINTR) {
            conn_fail(c, strerror(errno));
            return;
        }
        if (r > 0) {
            p += r;
            n -= (size_t)r;
        }
    }
    if (c->nout + n > c->outcap) {
        c->outcap = (c->nout + n) * 2;
        c->out = xrealloc(c->out, c->outcap);
    }
    memcpy(c->out + c->nout, p, n);
    c->nout += n;
    if (!c->want_write)
        watch(c, true);
}

static void conn_flush(struct conn *c)
{
    ssize_t r = send(c->fd, c->out, c->nout, MSG_NOSIGNAL);
    if (r < 0) {
        if (errno != EAGAIN && errno != EINTR)
            conn_fail(c, strerror(errno));
        return;
    }
    c->nout -= (size_t)r;
    memmove(c->out, c->out + r, c->nout);
    if (!c->nout)
        watch(c, false);
}

/* --trace: shows what the first connection of each role sends and receives. */
static void trace(const struct conn *c, const char *what, const uint8_t *p, size_t n)
{
    static int lines;
    if (!opt.trace || c->index || c->state == READY || lines++ >= 60)
        return;
    fprintf(stderr, "%s %s ", c->role == PUBLISHER ? "publisher" : "connection", what);
    for (size_t i = 0; i < n && i < 400; i++)
        fprintf(stderr, p[i] >= 32 && p[i] < 127 ? "%c" : "\\x%02x", p[i]);
    fputs(n > 400 ? "...\n" : "\n", stderr);
}

static void send_frame(struct conn *c, int opcode, const uint8_t *p, size_t n)
{
    if (opcode < OP_CLOSE)
        trace(c, "sends", p, n);
    static uint8_t buf[65536 + 16];
    if (n > 65536)
        die("script frame too large");
    conn_write(c, buf, put_frame(buf, opcode, p, n));
}

/* Sends `count` messages in one write; `stamp` is used when not zero. */
static void send_messages(struct conn *c, struct message *m, int count, uint64_t stamp)
{
    static uint8_t buf[BATCH_BYTES];
    size_t n = 0;
    while (count > 0) {
        uint64_t t = stamp ? stamp : clock_ns();
        if (t <= last_stamp_sent)       /* unique stamps make order checkable */
            t = last_stamp_sent + 1;
        last_stamp_sent = t;
        put_hex16(m->p + m->stamp_at, t);
        char seq[16];
        snprintf(seq, sizeof seq, "%010" PRIu64, sent_total % 10000000000u);
        for (int i = 0; i < m->nseqs; i++)
            memcpy(m->p + m->seq_at[i], seq, 10);
        if (m->n + 14 > sizeof buf)
            die("message too large");
        if (n + m->n + 14 > sizeof buf) {
            conn_write(c, buf, n);
            n = 0;
        }
        if (c->flight) {
            if (c->flight->count == MAX_IN_FLIGHT)
                die("--ack with a window above %d", MAX_IN_FLIGHT);
            c->flight->at[(c->flight->head + c->flight->count++) % MAX_IN_FLIGHT] = t;
        }
        n += put_frame(buf + n, opt.binary ? OP_BIN : OP_TEXT, m->p, m->n);
        sent_total++;
        if (measuring)
            sent_measured++;
        count--;
    }
    if (n)
        conn_write(c, buf, n);
}

/* -------------------------------------------------------------- connecting */

static void start_connect(struct conn *c)
{
    static unsigned src;
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket: %s (raise the open-files limit?)", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (opt.src_ips > 1) {
        struct sockaddr_in a = {.sin_family = AF_INET};
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        a.sin_addr.s_addr = htonl(0x7f000001u + src++ % (unsigned)opt.src_ips);
        if (bind(c->fd, (struct sockaddr *)&a, sizeof a) < 0)
            die("bind: %s", strerror(errno));
    }
    c->state = CONNECTING;
    c->step = 0;
    while (c->role != RETURNER && c->ncaptures)
        free(c->captures[--c->ncaptures]);
    c->ncarry = 0;
    c->last_stamp = 0;
    c->want_write = true;
    c->t_start = clock_ns();
    if (connect(c->fd, (struct sockaddr *)&server_addr, sizeof server_addr) < 0
        && errno != EINPROGRESS) {
        conn_fail(c, strerror(errno));
        return;
    }
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

static void send_request(struct conn *c)
{
    char req[8192];
    struct bytes path = {(uint8_t *)opt.path, strlen(opt.path)};
    path = expand(path, c->index, c);
    int n = snprintf(req, sizeof req,
                     "GET %.*s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: " WS_KEY "\r\n"
                     "Sec-WebSocket-Version: 13\r\n", (int)path.n, (char *)path.p, opt.hostport);
    if (opt.subprotocol)
        n += snprintf(req + n, sizeof req - (size_t)n, "Sec-WebSocket-Protocol: %s\r\n",
                      opt.subprotocol);
    for (int i = 0; i < opt.nheaders && n < (int)sizeof req; i++) {
        struct bytes h = {(uint8_t *)opt.headers[i], strlen(opt.headers[i])};
        h = expand(h, c->index, c);
        n += snprintf(req + n, sizeof req - (size_t)n, "%.*s\r\n", (int)h.n, (char *)h.p);
    }
    if (n + 3 > (int)sizeof req)
        die("request too large");
    memcpy(req + n, "\r\n", 2);
    c->state = UPGRADING;
    watch(c, false);
    conn_write(c, (uint8_t *)req, (size_t)n + 2);
}

static void begin_close(struct conn *c)
{
    if (opt.abort_close) {
        struct linger l = {1, 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
        conn_free(c);
        return;
    }
    c->state = CLOSING;
    send_frame(c, OP_CLOSE, (const uint8_t *)"\x03\xe8", 2);
}

/* Runs script steps up to the next thing to wait for. */
static void run_script(struct conn *c)
{
    while (c->state == SCRIPT && c->step < nsteps[c->role]) {
        struct step *s = &steps[c->role][c->step];
        if (s->verb != SEND)
            return;
        struct bytes b = expand(s->data, c->index, c);
        send_frame(c, opt.binary ? OP_BIN : OP_TEXT, b.p, b.n);
        c->step++;
    }
    if (c->state != SCRIPT)
        return;
    c->state = READY;
    ready_count++;
    uint64_t t = clock_ns();
    hist_add(&setup, t - c->t_start);
    if (mode == STORM) {
        storm_done++;
        begin_close(c);
    } else if (mode == FANOUT && c->role == SUBSCRIBER && c->index >= opt.conns - opt.stall)
        epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);      /* never reads again */
}

/* ---------------------------------------------------------------- receiving */

static void count_arrival(uint64_t sent, uint64_t t)
{
    got_total++;
    last_delivery_ns = t;
    if (measuring) {
        got_measured++;
        hist_add(&lat, t > sent ? t - sent : 0);
    }
}

/* Counts the answers in a frame; they come in the order of the messages. */
static int count_acks(struct conn *c, const uint8_t *p, size_t n, uint64_t t)
{
    struct flight *f = c->flight;
    const uint8_t *end = p + n;
    int found = 0;
    for (; f->count && (p = memmem(p, (size_t)(end - p), ack.p, ack.n)); p += ack.n) {
        count_arrival(f->at[f->head], t);
        f->head = (f->head + 1) % MAX_IN_FLIGHT;
        f->count--;
        found++;
    }
    return found;
}

static void deliver(struct conn *c, const uint8_t *mark, uint64_t t)
{
    uint64_t stamp = 0;
    for (int i = 2; i < MARK_LEN; i++) {
        int v = hexval(mark[i]);
        if (v < 0)
            return;
        stamp = stamp << 4 | (uint64_t)v;
    }
    if (stamp <= c->last_stamp)
        reordered++;
    c->last_stamp = stamp;
    if (c->role == PUBLISHER && mode == FANOUT) {
        pub_got_measured += measuring;
        return;
    }
    if (c->flight)
        ack_deliveries += measuring;    /* answers are counted instead */
    else
        count_arrival(stamp, t);
}

/* Finds markers in a stream of payload bytes; one may span two frames. */
static int scan(struct conn *c, const uint8_t *p, size_t n, uint64_t t)
{
    int found = 0;
    const uint8_t *end = p + n;
    if (c->ncarry) {
        size_t take = MARK_LEN - c->ncarry;
        if (take > n)
            take = n;
        memcpy(c->carry + c->ncarry, p, take);
        c->ncarry = (uint8_t)(c->ncarry + take);
        if (c->ncarry < MARK_LEN)
            return 0;
        c->ncarry = 0;
        if (c->carry[1] == '@') {
            deliver(c, c->carry, t);
            found++;
            p += take;
        }
    }
    while (p < end && (p = memchr(p, '~', (size_t)(end - p)))) {
        if (end - p < MARK_LEN) {
            c->ncarry = (uint8_t)(end - p);
            memcpy(c->carry, p, c->ncarry);
            break;
        }
        if (p[1] == '@') {
            deliver(c, p, t);
            found++;
            p += MARK_LEN;
        } else
            p++;
    }
    return found;
}

/* Keeps what stands at `p`, up to the end of a JSON string or number. */
static void capture(struct conn *c, const uint8_t *p, const uint8_t *end)
{
    size_t n = 0;
    while (p + n < end && !strchr("\",}] \r\n", p[n]))
        n++;
    if (c->ncaptures == MAX_CAPTURES)
        die("more than %d captures", MAX_CAPTURES);
    char *text = xrealloc(NULL, n + 1);
    memcpy(text, p, n);
    text[n] = 0;
    c->captures[c->ncaptures++] = text;
}

static void on_data(struct conn *c, const uint8_t *p, size_t n, int *echoes, uint64_t t)
{
    if (measuring) {
        frames_measured++;
        bytes_measured += n;
    }
    trace(c, "receives", p, n);
    for (int i = 0; i < nreplies; i++)
        if (n >= replies[i].match.n && !memcmp(p, replies[i].match.p, replies[i].match.n))
            send_frame(c, opt.binary ? OP_BIN : OP_TEXT, replies[i].answer.p, replies[i].answer.n);
    if (refusal.n && memmem(p, n, refusal.p, refusal.n)) {
        char why[200];
        snprintf(why, sizeof why, "refused: %.*s", (int)(n < 180 ? n : 180), (const char *)p);
        conn_fail(c, why);
        return;
    }
    if (c->state == SCRIPT) {
        struct step *s = &steps[c->role][c->step];
        const uint8_t *hit = memmem(p, n, s->data.p, s->data.n);
        if (hit) {
            if (s->verb == CAPTURE)
                capture(c, hit + s->data.n, p + n);
            c->step++;
            /* A later step may wait for another part of the same frame. */
            while (c->step < nsteps[c->role] && steps[c->role][c->step].verb == CAPTURE) {
                s = &steps[c->role][c->step];
                if (!(hit = memmem(p, n, s->data.p, s->data.n)))
                    break;
                capture(c, hit + s->data.n, p + n);
                c->step++;
            }
            run_script(c);
        }
    } else if (c->state == READY) {
        int marks = scan(c, p, n, t);
        *echoes += c->flight ? count_acks(c, p, n, t) : marks;
    }
}

static void on_frames(struct conn *c, uint8_t *p, size_t n, uint64_t t)
{
    int echoes = 0;
    while (c->state != DEAD && n >= 2) {
        size_t h = 2, len = p[1] & 127;
        if (p[1] & 0x80) {
            conn_fail(c, "masked frame from server");
            return;
        }
        if (len == 126) {
            if (n < 4)
                break;
            len = (size_t)p[2] << 8 | p[3];
            h = 4;
        } else if (len == 127) {
            if (n < 10)
                break;
            len = 0;
            for (int i = 2; i < 10; i++)
                len = len << 8 | p[i];
            h = 10;
        }
        if (len > RBUF_SIZE - 16) {
            conn_fail(c, "frame too large for this tool");
            return;
        }
        if (n < h + len)
            break;
        switch (p[0] & 15) {
        case OP_CONT: case OP_TEXT: case OP_BIN:
            on_data(c, p + h, len, &echoes, t);
            break;
        case OP_PING:
            send_frame(c, OP_PONG, p + h, len);
            break;
        case OP_CLOSE:
            if (c->state != CLOSING) {
                char why[64];
                snprintf(why, sizeof why, "closed by server (code %d)",
                         len >= 2 ? p[h] << 8 | p[h + 1] : 0);
                conn_fail(c, why);
            } else
                conn_free(c);
            return;
        }
        p += h + len;
        n -= h + len;
    }
    if (c->state == DEAD)
        return;
    if (n) {
        c->left = xrealloc(c->left, n);
        memcpy(c->left, p, n);
    } else if (c->nleft) {
        free(c->left);
        c->left = NULL;
    }
    c->nleft = (uint32_t)n;
    if (mode == ECHO && publishing && echoes)
        send_messages(c, &messages[c->index], echoes, 0);
}

static void on_response(struct conn *c, uint8_t *p, size_t n, uint64_t t)
{
    uint8_t *end = memmem(p, n, "\r\n\r\n", 4);
    if (!end) {
        if (n > 16384) {
            conn_fail(c, "handshake response too large");
            return;
        }
        c->left = xrealloc(c->left, n);
        memcpy(c->left, p, n);
        c->nleft = (uint32_t)n;
        return;
    }
    size_t head = (size_t)(end - p) + 4;
    if (n < 12 || memcmp(p + 8, " 101", 4)) {
        char why[96];
        snprintf(why, sizeof why, "handshake refused: %.*s",
                 (int)((uint8_t *)memchr(p, '\r', n) - p) < 60 ?
                 (int)((uint8_t *)memchr(p, '\r', n) - p) : 60, (char *)p);
        conn_fail(c, why);
        return;
    }
    if (!memmem(p, head, WS_ACCEPT, strlen(WS_ACCEPT))) {
        conn_fail(c, "wrong Sec-WebSocket-Accept");
        return;
    }
    free(c->left);
    c->left = NULL;
    c->nleft = 0;
    c->state = SCRIPT;
    run_script(c);
    if (c->state != DEAD && n > head)
        on_frames(c, p + head, n - head, t);
}

static void on_event(struct conn *c, uint32_t events)
{
    if (c->state == DEAD)
        return;
    if (c->state == CONNECTING) {
        int err = 0;
        socklen_t len = sizeof err;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err)
            conn_fail(c, strerror(err));
        else
            send_request(c);
        return;
    }
    if (events & EPOLLOUT && c->nout)
        conn_flush(c);
    if (c->state == DEAD || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;

    size_t had = c->nleft;
    if (had)
        memcpy(rbuf, c->left, had);
    ssize_t r = recv(c->fd, rbuf + had, RBUF_SIZE - had, 0);
    if (r < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return;
        if (c->state == CLOSING)
            conn_free(c);
        else
            conn_fail(c, strerror(errno));
        return;
    }
    if (r == 0) {
        if (c->state == CLOSING)
            conn_free(c);
        else
            conn_fail(c, "connection closed by server");
        return;
    }
    uint64_t t = clock_ns();
    if (c->state == UPGRADING)
        on_response(c, rbuf, had + (size_t)r, t);
    else
        on_frames(c, rbuf, had + (size_t)r, t);
}

/* --------------------------------------------------------------- the phases */

static uint64_t deadline;       /* hard limit of the whole run */

/* Says what the run was waiting for when the time was up. */
static void out_of_time(void)
{
    static const char *const names[] = {"connecting", "waiting for the handshake", "in its script",
                                        "ready", "closing", "closed"};
    for (int kind = SUBSCRIBER; kind <= PUBLISHER; kind++) {
        struct conn *cs = kind == PUBLISHER ? pubs : subs;
        int n = kind == PUBLISHER ? (mode == FANOUT ? opt.publishers : 0) : opt.conns;
        for (int i = 0; mode != STORM && i < n; i++)
            if (cs[i].fd > 0 && cs[i].state < READY) {
                int role = cs[i].role;
                fprintf(stderr, "wsload: %s %d is %s", kind == PUBLISHER ? "publisher" : "connection",
                        i, names[cs[i].state]);
                if (cs[i].state == SCRIPT && cs[i].step < nsteps[role])
                    fprintf(stderr, ", waiting for \"%.*s\" (step %d); see --trace",
                            (int)steps[role][cs[i].step].data.n,
                            (char *)steps[role][cs[i].step].data.p, cs[i].step + 1);
                fputc('\n', stderr);
                kind = PUBLISHER;
                break;
            }
    }
    die("time limit reached (--limit), %d connections ready", ready_count);
}

static void poll_once(int timeout_ms)
{
    struct epoll_event ev[EVENTS];
    int n = epoll_wait(ep, ev, EVENTS, opt.spin ? 0 : timeout_ms);
    now_ns = clock_ns();
    if (measuring) {
        polls++;
        empty_polls += n == 0;
    }
    if (now_ns > deadline)
        out_of_time();
    for (int i = 0; i < n; i++)
        on_event(ev[i].data.ptr, ev[i].events);
}

/* Opens `n` connections, at most --parallel at a time. */
static void open_all(struct conn *cs, int n, int role)
{
    int opened = 0, ready0 = ready_count, failed0 = failed_count;
    while (ready_count - ready0 + failed_count - failed0 + closed_count < n) {
        while (opened < n
               && opened - (ready_count - ready0) - (failed_count - failed0) < opt.parallel) {
            cs[opened].role = (uint8_t)role;
            cs[opened].index = opened;
            if (ack.n && !cs[opened].flight && !(cs[opened].flight = calloc(1, sizeof(struct flight))))
                die("out of memory");
            start_connect(&cs[opened++]);
        }
        poll_once(100);
    }
    if (failed_count || closed_count)
        die("%d of %d connections failed: %s", failed_count + closed_count, n, first_error);
}

static double fan_per_message(void)
{
    return opt.fan > 0 ? opt.fan : (double)(opt.conns - opt.stall) / opt.groups;
}

/* Publishes what is due: a window of messages in flight, or a fixed rate. */
static int publish_due(uint64_t rate_start, uint64_t *rate_sent)
{
    static int turn;
    if (!publishing || mode != FANOUT || opt.publishers == 0)
        return 50;
    if (opt.rate > 0) {
        double gap = 1e9 / opt.rate;
        uint64_t t = clock_ns(), due;
        for (int guard = 0; guard < 4096; guard++) {
            due = rate_start + (uint64_t)((double)*rate_sent * gap);
            if (due > t)
                return due - t > 2000000 ? 1 : 0;   /* spin close to the time */
            send_messages(&pubs[turn], &messages[turn], 1, due);
            turn = (turn + 1) % opt.publishers;
            (*rate_sent)++;
        }
        return 0;
    }
    double done = (double)(got_total + lost_base) / fan_per_message();
    int room = opt.window - (int)((double)sent_total - done);
    if (room <= 0) {
        uint64_t t = clock_ns();
        if (t - last_delivery_ns > (uint64_t)(opt.stall_timeout * 1e9)) {
            lost_base = (uint64_t)((double)sent_total * fan_per_message()) - got_total;
            last_delivery_ns = t;
            return 0;
        }
        return 50;
    }
    int share = room / opt.publishers;
    for (int i = 0; i < opt.publishers && room > 0; i++) {
        int k = share ? share : 1;
        send_messages(&pubs[turn], &messages[turn], k, 0);
        turn = (turn + 1) % opt.publishers;
        room -= k;
    }
    return 50;
}

static void run_for(double seconds, uint64_t rate_start, uint64_t *rate_sent)
{
    uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);
    while ((now_ns = clock_ns()) < end) {
        if (closed_count && mode != STORM)
            die("%d connections lost: %s", closed_count, first_error);
        int wait = publish_due(rate_start, rate_sent);
        int left = (int)((end - now_ns) / 1000000) + 1;
        poll_once(wait < left ? wait : left);
    }
}

/* Keeps --parallel connection attempts going until `end`. */
static void run_storm(struct conn *cs, double seconds)
{
    uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);
    while ((now_ns = clock_ns()) < end) {
        for (int i = 0; i < opt.parallel; i++)
            if (cs[i].state == DEAD) {
                cs[i].index = i;
                start_connect(&cs[i]);
            }
        poll_once(10);
    }
}

/* ------------------------------------------------------------------ report */

static void print_json_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            putchar('\\');
        if ((unsigned char)*s >= 32)
            putchar(*s);
    }
    putchar('"');
}

static void field(const char *name, double v, const char *unit)
{
    if (opt.json)
        printf(",\"%s\":%.10g", name, v);
    else
        printf("%-24s %14.*f %s\n", name, v < 100 && v != (double)(long)v ? 3 : 0, v, unit);
}

static void report_begin(void)
{
    if (!opt.json)
        return;
    printf("{\"mode\":\"%s\",\"label\":",
           (const char *[]){"fanout", "echo", "idle", "storm", "comeback"}[mode]);
    print_json_string(opt.label ? opt.label : "");
}

static void report_end(void)
{
    puts(opt.json ? "}" : "");
    fflush(stdout);
}

static void quantiles(const struct hist *h, const char *prefix)
{
    static const struct { const char *name; double q; } qs[] = {
        {"p50_us", .5}, {"p90_us", .9}, {"p99_us", .99}, {"p999_us", .999},
    };
    char name[64];
    for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
        snprintf(name, sizeof name, "%s_%s", prefix, qs[i].name);
        field(name, hist_q(h, qs[i].q), "us");
    }
    snprintf(name, sizeof name, "%s_max_us", prefix);
    field(name, (double)h->max / 1e3, "us");
    snprintf(name, sizeof name, "%s_mean_us", prefix);
    field(name, h->count ? h->sum / (double)h->count / 1e3 : 0, "us");
}

static void report_cpu(struct cpu_mark a, struct cpu_mark b, double units, const char *unit)
{
    double s = (double)(b.t - a.t) / 1e9;
    char name[64];
    field("seconds", s, "s");
    if (opt.npids) {
        field("server_cpu_s", b.server - a.server, "s");
        field("server_user_cpu_s", b.server_user - a.server_user, "s");
        field("server_cpu_share", (b.server - a.server) / s, "cores");
        snprintf(name, sizeof name, "server_us_per_%s", unit);
        field(name, units > 0 ? (b.server - a.server) * 1e6 / units : 0, "us");
        snprintf(name, sizeof name, "server_user_us_per_%s", unit);
        field(name, units > 0 ? (b.server_user - a.server_user) * 1e6 / units : 0, "us");
    }
    field("wsload_cpu_share", (b.self - a.self) / s, "cores");
    if (opt.spin && polls)
        field("wsload_idle_polls", (double)empty_polls / (double)polls, "of all");
    double other = b.machine - a.machine - (b.self - a.self) - (b.server - a.server);
    field("other_cpu_share", (other > 0 ? other : 0) / s, "cores");
    field("steal_share", (b.steal - a.steal) / s, "cores");
}

/* ------------------------------------------------------------ measurements */

static void measure_storm(void)
{
    run_storm(subs, opt.warmup);
    memset(&setup, 0, sizeof setup);
    storm_done = 0;
    int failed0 = failed_count, closed0 = closed_count;
    struct cpu_mark a = cpu_now();
    run_storm(subs, opt.duration);
    struct cpu_mark b = cpu_now();
    report_begin();
    field("connections_per_s", (double)storm_done / ((double)(b.t - a.t) / 1e9), "1/s");
    field("failures", failed_count - failed0 + closed_count - closed0, "");
    quantiles(&setup, "setup");
    report_cpu(a, b, (double)storm_done, "connection");
    report_end();
    if (first_error[0])
        fprintf(stderr, "wsload: first error: %s\n", first_error);
}

/* How long the connections took to open, and what that cost the server. */
static void report_opening(struct cpu_mark a, struct cpu_mark b, const char *prefix)
{
    double s = (double)(b.t - a.t) / 1e9;
    double other = b.machine - a.machine - (b.self - a.self) - (b.server - a.server);
    const struct { const char *name; double value; const char *unit; } rows[] = {
        {"seconds", s, "s"},
        {"per_s", opt.conns / s, "1/s"},
        {"server_us_per_connection", (b.server - a.server) * 1e6 / opt.conns, "us"},
        {"server_cpu_share", (b.server - a.server) / s, "cores"},
        {"other_cpu_share", (other > 0 ? other : 0) / s, "cores"},
    };
    char name[64];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(name, sizeof name, "%s_%s", prefix, rows[i].name);
        field(name, rows[i].value, rows[i].unit);
    }
    snprintf(name, sizeof name, "%s_setup", prefix);
    quantiles(&setup, name);
}

static void measure_comeback(void)
{
    struct cpu_mark a = cpu_now();
    open_all(subs, opt.conns, SUBSCRIBER);
    struct cpu_mark b = cpu_now();
    report_begin();
    field("connections", opt.conns, "");
    report_opening(a, b, "open");

    uint64_t rate_sent = 0;
    run_for(opt.warmup, 0, &rate_sent);
    memset(&setup, 0, sizeof setup);
    opt.abort_close = true;
    struct cpu_mark c = cpu_now();
    for (int i = 0; i < opt.conns; i++)
        begin_close(&subs[i]);
    run_for(opt.pause, 0, &rate_sent);
    open_all(subs, opt.conns, RETURNER);
    struct cpu_mark d = cpu_now();
    report_opening(c, d, "back");
    report_end();
}

static void measure_idle(double mem0)
{
    uint64_t rate_sent = 0;
    struct cpu_mark c0 = cpu_now();
    open_all(subs, opt.conns, SUBSCRIBER);
    struct cpu_mark c1 = cpu_now();
    run_for(opt.warmup, 0, &rate_sent);
    double mem1 = server_memory();
    struct cpu_mark a = cpu_now();
    run_for(opt.duration, 0, &rate_sent);
    struct cpu_mark b = cpu_now();
    double mem2 = server_memory();
    report_begin();
    field("connections", opt.conns, "");
    report_opening(c0, c1, "open");
    field("memory_before_mib", mem0 / 1048576, "MiB");
    field("memory_open_mib", mem1 / 1048576, "MiB");
    field("memory_end_mib", mem2 / 1048576, "MiB");
    field("memory_per_connection_kib", (mem2 - mem0) / 1024 / opt.conns, "KiB");
    report_cpu(a, b, opt.conns * (double)(b.t - a.t) / 1e9, "connection_second");
    report_end();
}

static double messages_due(void)
{
    return (double)sent_total * (mode == ECHO ? 1 : fan_per_message());
}

/* What one measurement counts from zero; totals that carry a window over stay. */
static void forget_measured(void)
{
    sent_measured = got_measured = pub_got_measured = ack_deliveries = 0;
    frames_measured = bytes_measured = polls = empty_polls = reordered = 0;
    memset(&lat, 0, sizeof lat);
}

/* Waits until all that was sent has arrived, at most --drain seconds. */
static void drain(void)
{
    uint64_t end = clock_ns() + (uint64_t)(opt.drain * 1e9);
    while ((double)(got_total + lost_base) < messages_due() && clock_ns() < end && !closed_count)
        poll_once(10);
}

static void measure_traffic(int window, int nsubs, double mem0)
{
    uint64_t rate_sent = 0, rate_start, lost0 = lost_base;
    opt.window = window;
    publishing = true;
    last_delivery_ns = rate_start = clock_ns();
    if (mode == ECHO)
        for (int i = 0; i < nsubs; i++)
            send_messages(&subs[i], &messages[i], window, 0);
    run_for(opt.warmup, rate_start, &rate_sent);
    forget_measured();
    struct cpu_mark a = cpu_now();
    measuring = true;
    run_for(opt.duration, rate_start, &rate_sent);
    measuring = false;
    struct cpu_mark b = cpu_now();
    publishing = false;
    double mem2 = server_memory();
    drain();

    double s = (double)(b.t - a.t) / 1e9;
    double missing = messages_due() - (double)(got_total + lost_base);
    report_begin();
    field("connections", opt.conns, "");
    field("window", window, "");
    if (mode == FANOUT) {
        field("messages_per_s", (double)sent_measured / s, "1/s");
        field("deliveries_per_s", (double)got_measured / s, "1/s");
        field("publisher_deliveries_per_s", (double)pub_got_measured / s, "1/s");
    } else
        field("replies_per_s", (double)got_measured / s, "1/s");
    if (ack.n)
        field("deliveries_beside_per_s", (double)ack_deliveries / s, "1/s");
    field("frames_per_s", (double)frames_measured / s, "1/s");
    field("payload_mb_per_s", (double)bytes_measured / s / 1e6, "MB/s");
    field("undelivered", missing > 0 ? missing : 0, "");
    field("stalled_out", (double)(lost_base - lost0), "");
    if ((mode == ECHO && !ack.n) || (mode == FANOUT && opt.publishers == 1))
        field("out_of_order", (double)reordered, "");
    quantiles(&lat, "latency");
    report_cpu(a, b, (double)(got_measured + pub_got_measured), mode == ECHO ? "reply" : "delivery");
    if (opt.npids) {
        field("memory_before_mib", mem0 / 1048576, "MiB");
        field("memory_end_mib", mem2 / 1048576, "MiB");
    }
    report_end();
    lost_base += missing > 0 ? (uint64_t)missing : 0;
}

/* ------------------------------------------------------------ command line */

static const char usage[] =
"usage: wsload fanout|echo|idle|storm|comeback [options] ws://host:port/path\n"
"  -n, --conns N          subscribers, or connections               (100)\n"
"  -p, --publishers N     fanout: publishing connections              (1)\n"
"  -w, --window N[,N...]  messages in flight; echo: per connection   (16)\n"
"                         several are measured one after the other\n"
"  -r, --rate R           fanout: R messages/s in all, instead of a window\n"
"  -s, --size BYTES       size of the %m body                       (128)\n"
"  -d, --duration S       measured time                               (5)\n"
"  -W, --warmup S         unmeasured time before it                   (1)\n"
"      --payload T        message; %m body, %n sequence, %d publisher,\n"
"                         %g its group, %u the run                   (%m)\n"
"      --binary           send binary frames instead of text\n"
"      --send T           script: send this frame (%d index, %g group)\n"
"      --expect S         script: wait for a frame containing S\n"
"      --capture S        script: wait for a frame containing S and keep what\n"
"                         follows (up to \", comma or bracket) as %1, %2 ...\n"
"      --values FILE          %v is line %d of this file, over and over\n"
"      --pub-send, --pub-expect   the same, for publishers only\n"
"      --back-send, --back-expect the same, for the return in comeback\n"
"      --fail S           a frame containing S fails the connection\n"
"      --ack S            echo: a reply is a frame containing S, in order\n"
"      --pause S          comeback: time between loss and return      (0)\n"
"      --reply S=T        answer a frame beginning with S by T\n"
"      --groups G         %g is index modulo G                        (1)\n"
"      --fan K            deliveries per message              (conns/groups)\n"
"      --stall K          fanout: the last K subscribers never read   (0)\n"
"  -P, --pid PID          server process (with its descendants); repeatable\n"
"  -c, --parallel N       handshakes in progress at a time           (64)\n"
"      --subprotocol S    Sec-WebSocket-Protocol to ask for\n"
"  -H, --header 'A: b'    extra request header; repeatable\n"
"      --src-ips N        connect from 127.0.0.1 .. 127.0.0.N         (1)\n"
"      --spin             poll without sleeping: no wake-up cost in the server's\n"
"                         send(), steadier figures, uses its whole core\n"
"      --trace            show the script of the first connection of each role\n"
"      --abort-close      storm: reset instead of the closing handshake\n"
"      --drain S          wait for late deliveries at the end         (1)\n"
"      --limit S          give up after this long                   (300)\n"
"      --label TEXT       carried into the JSON output\n"
"      --json             one line of JSON instead of a table\n";

enum { O_PAYLOAD = 256, O_BINARY, O_SEND, O_EXPECT, O_PSEND, O_PEXPECT, O_REPLY, O_GROUPS, O_FAN,
       O_STALL, O_SUBPROTO, O_SRC, O_SPIN, O_TRACE, O_ABORT, O_DRAIN, O_LIMIT, O_LABEL, O_JSON, O_HELP,
       O_CAPTURE, O_BSEND, O_BEXPECT, O_FAIL, O_ACK, O_PAUSE, O_VALUES };

static const struct option longopts[] = {
    {"conns", 1, 0, 'n'}, {"publishers", 1, 0, 'p'}, {"window", 1, 0, 'w'}, {"rate", 1, 0, 'r'},
    {"size", 1, 0, 's'}, {"duration", 1, 0, 'd'}, {"warmup", 1, 0, 'W'},
    {"payload", 1, 0, O_PAYLOAD}, {"binary", 0, 0, O_BINARY}, {"send", 1, 0, O_SEND},
    {"expect", 1, 0, O_EXPECT}, {"pub-send", 1, 0, O_PSEND}, {"pub-expect", 1, 0, O_PEXPECT},
    {"reply", 1, 0, O_REPLY}, {"groups", 1, 0, O_GROUPS}, {"fan", 1, 0, O_FAN},
    {"stall", 1, 0, O_STALL}, {"pid", 1, 0, 'P'}, {"parallel", 1, 0, 'c'},
    {"subprotocol", 1, 0, O_SUBPROTO}, {"header", 1, 0, 'H'}, {"src-ips", 1, 0, O_SRC},
    {"capture", 1, 0, O_CAPTURE}, {"back-send", 1, 0, O_BSEND}, {"back-expect", 1, 0, O_BEXPECT},
    {"fail", 1, 0, O_FAIL}, {"ack", 1, 0, O_ACK}, {"pause", 1, 0, O_PAUSE}, {"values", 1, 0, O_VALUES},
    {"spin", 0, 0, O_SPIN}, {"trace", 0, 0, O_TRACE},
    {"abort-close", 0, 0, O_ABORT}, {"drain", 1, 0, O_DRAIN}, {"limit", 1, 0, O_LIMIT},
    {"label", 1, 0, O_LABEL}, {"json", 0, 0, O_JSON}, {"help", 0, 0, O_HELP}, {0, 0, 0, 0},
};

static void read_values(const char *path)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f = fopen(path, "r");
    if (!f)
        die("%s: %s", path, strerror(errno));
    while ((n = getline(&line, &cap, f)) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        values = xrealloc(values, (size_t)(nvalues + 1) * sizeof *values);
        values[nvalues++] = strdup(line);
    }
    free(line);
    fclose(f);
    if (!nvalues)
        die("%s is empty", path);
}

static void parse_windows(char *list)
{
    opt.nwindows = 0;
    for (char *w = strtok(list, ","); w; w = strtok(NULL, ",")) {
        if (opt.nwindows == MAX_WINDOWS || atoi(w) < 1)
            die("bad --window");
        opt.windows[opt.nwindows++] = atoi(w);
    }
    opt.window = opt.windows[0];
}

static void add_step(int role, enum verb verb, const char *text)
{
    if (nsteps[role] == MAX_STEPS)
        die("too many script steps");
    steps[role][nsteps[role]++] = (struct step){verb, unescape(text)};
}

static void parse_url(const char *url)
{
    const char *p = url;
    if (strncmp(p, "ws://", 5))
        die("the URL must begin with ws://");
    p += 5;
    size_t n = strcspn(p, "/");
    if (n >= sizeof opt.host)
        die("host name too long");
    snprintf(opt.hostport, sizeof opt.hostport, "%.*s", (int)n, p);
    snprintf(opt.path, sizeof opt.path, "%s", p[n] ? p + n : "/");
    memcpy(opt.host, opt.hostport, n + 1);
    char *colon = strchr(opt.host, ':');
    opt.port = colon ? atoi(colon + 1) : 80;
    if (colon)
        *colon = 0;
    if (!strcmp(opt.host, "localhost"))
        strcpy(opt.host, "127.0.0.1");
    server_addr.sin_family = AF_INET;
    server_addr.sin_port = htons((uint16_t)opt.port);
    if (inet_pton(AF_INET, opt.host, &server_addr.sin_addr) != 1)
        die("the host must be an IPv4 address");
}

static void parse_args(int argc, char **argv)
{
    if (argc < 2)
        die("no mode\n%s", usage);
    if (!strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        exit(0);
    }
    if (!strcmp(argv[1], "fanout")) mode = FANOUT;
    else if (!strcmp(argv[1], "echo")) mode = ECHO;
    else if (!strcmp(argv[1], "idle")) mode = IDLE;
    else if (!strcmp(argv[1], "storm")) mode = STORM;
    else if (!strcmp(argv[1], "comeback")) mode = COMEBACK;
    else die("unknown mode %s\n%s", argv[1], usage);
    argc--, argv++;
    for (int k; (k = getopt_long(argc, argv, "n:p:w:r:s:d:W:P:c:H:", longopts, NULL)) != -1;) {
        switch (k) {
        case 'n': opt.conns = atoi(optarg); break;
        case 'p': opt.publishers = atoi(optarg); break;
        case 'w': parse_windows(optarg); break;
        case 'r': opt.rate = atof(optarg); break;
        case 's': opt.size = (size_t)atol(optarg); break;
        case 'd': opt.duration = atof(optarg); break;
        case 'W': opt.warmup = atof(optarg); break;
        case 'c': opt.parallel = atoi(optarg); break;
        case 'P':
            if (opt.npids == MAX_PIDS)
                die("too many --pid");
            opt.pids[opt.npids++] = atoi(optarg);
            break;
        case 'H':
            if (opt.nheaders == MAX_HEADERS)
                die("too many --header");
            opt.headers[opt.nheaders++] = optarg;
            break;
        case O_PAYLOAD: opt.payload = optarg; break;
        case O_BINARY: opt.binary = true; break;
        case O_SEND: add_step(SUBSCRIBER, SEND, optarg); break;
        case O_EXPECT: add_step(SUBSCRIBER, EXPECT, optarg); break;
        case O_CAPTURE: add_step(SUBSCRIBER, CAPTURE, optarg); break;
        case O_PSEND: add_step(PUBLISHER, SEND, optarg); pub_script = true; break;
        case O_PEXPECT: add_step(PUBLISHER, EXPECT, optarg); pub_script = true; break;
        case O_BSEND: add_step(RETURNER, SEND, optarg); break;
        case O_BEXPECT: add_step(RETURNER, EXPECT, optarg); break;
        case O_FAIL: refusal = unescape(optarg); break;
        case O_ACK: ack = unescape(optarg); break;
        case O_VALUES: read_values(optarg); break;
        case O_PAUSE: opt.pause = atof(optarg); break;
        case O_REPLY: {
            char *eq = strchr(optarg, '=');
            if (!eq || nreplies == MAX_REPLIES)
                die("bad --reply");
            *eq = 0;
            replies[nreplies].match = unescape(optarg);
            replies[nreplies++].answer = unescape(eq + 1);
            break;
        }
        case O_GROUPS: opt.groups = atoi(optarg); break;
        case O_FAN: opt.fan = atof(optarg); break;
        case O_STALL: opt.stall = atoi(optarg); break;
        case O_SUBPROTO: opt.subprotocol = optarg; break;
        case O_SRC: opt.src_ips = atoi(optarg); break;
        case O_SPIN: opt.spin = true; break;
        case O_TRACE: opt.trace = true; break;
        case O_ABORT: opt.abort_close = true; break;
        case O_DRAIN: opt.drain = atof(optarg); break;
        case O_LIMIT: opt.limit = atof(optarg); break;
        case O_LABEL: opt.label = optarg; break;
        case O_JSON: opt.json = true; break;
        case O_HELP: fputs(usage, stdout); exit(0);
        default: exit(2);
        }
    }
    if (optind != argc - 1)
        die("exactly one URL is needed\n%s", usage);
    parse_url(argv[optind]);
    if (!opt.nwindows)
        opt.windows[opt.nwindows++] = opt.window;
    if (ack.n && mode != ECHO)
        die("--ack is for echo");
    if (opt.conns < 1 || opt.publishers < 0 || opt.window < 1 || opt.groups < 1
        || opt.parallel < 1 || opt.stall < 0 || opt.stall >= opt.conns || opt.src_ips < 1)
        die("a count is out of range");
    if (opt.size < MARK_LEN || opt.size > 60000)
        die("--size must be %d to 60000", MARK_LEN);
    if (!pub_script) {
        memcpy(steps[PUBLISHER], steps[SUBSCRIBER], sizeof steps[0]);
        nsteps[PUBLISHER] = nsteps[SUBSCRIBER];
    }
}

int main(int argc, char **argv)
{
    parse_args(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit rl;
    if (!getrlimit(RLIMIT_NOFILE, &rl)) {
        rl.rlim_cur = rl.rlim_max;
        setrlimit(RLIMIT_NOFILE, &rl);
    }
    ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0)
        die("epoll_create1: %s", strerror(errno));
    rng ^= clock_ns() | 1;
    run_id = clock_ns() & 0xffffffffffffu;
    deadline = clock_ns() + (uint64_t)(opt.limit * 1e9);

    int nsubs = mode == STORM ? opt.parallel : opt.conns;
    int npubs = mode == FANOUT ? opt.publishers : 0;
    subs = calloc((size_t)nsubs, sizeof *subs);
    pubs = calloc((size_t)npubs + 1, sizeof *pubs);
    if (!subs || !pubs)
        die("out of memory");
    for (int i = 0; i < nsubs; i++) {
        subs[i].fd = -1;
        subs[i].state = DEAD;
    }
    int nmsg = mode == FANOUT ? npubs : mode == ECHO ? nsubs : 0;
    messages = calloc((size_t)nmsg + 1, sizeof *messages);
    if (!messages)
        die("out of memory");
    for (int i = 0; i < nmsg; i++)
        messages[i] = make_message(i);

    double mem0 = server_memory();
    if (mode == STORM)
        measure_storm();
    else if (mode == COMEBACK)
        measure_comeback();
    else if (mode == IDLE)
        measure_idle(mem0);
    else {
        open_all(subs, nsubs, SUBSCRIBER);
        if (npubs)
            open_all(pubs, npubs, PUBLISHER);
        for (int i = 0; i < opt.nwindows; i++)
            measure_traffic(opt.windows[i], nsubs, mem0);
    }
    return 0;
}
