/* The pump: the loop between two ends and a SecY.

   Each direction holds one batch. While some of it waits to be written, only the writing end is
   polled for that direction, and nothing more is read: what cannot go on stays in the queue of the
   end it came from, as on a port. A batch is as long as what is there, up to BATCH: a single frame
   is not kept waiting, and under load system calls are shared. */
#define _GNU_SOURCE

#include "pump.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 64,
    ADDRESSES = 12,
    VLAN_TAG = 4, /* room before a frame: the kernel hands the outermost tag beside it */
    FRAME_MAX = 65536 + 64,
    /* An odd number of cache lines, so that the fronts of rows do not share the sets of a cache. */
    ROW = (VLAN_TAG + FRAME_MAX + 127) / 128 * 128 + 64,
    GROWS_BY = 32,
    LOOK_MS = 250, /* between two looks at an interface that is down */
    TOLD = CMSG_SPACE(sizeof(struct tpacket_auxdata)), /* its VLAN tag, for one */
    ENDS = 2
};

enum { CLEAR, WIRE };

typedef int macsec_batch_call(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);

typedef struct counts {
    atomic_uint_least64_t frames_in, octets_in, batches, frames_out, octets_out, too_long, dropped;
} counts;

typedef struct end {
    int fd;
    int is_socket;
} end;

/* One direction: the batch in hand, and what was read and written so far. */
typedef struct way {
    end from, to;
    macsec_batch_call *call;
    uint8_t *rows; /* BATCH of ROW octets */
    macsec_frames in;
    macsec_outcome out;
    int64_t written; /* of the frames of `out` */
    int is_down;     /* the interface it reads from, when last heard of */
    counts counts;
    int64_t start[BATCH], length[BATCH], wire_length[BATCH];
    int64_t wide[5 * BATCH];
    uint8_t narrow[2 * BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec octets[BATCH];
    _Alignas(struct cmsghdr) uint8_t told[BATCH][TOLD];
} way;

struct macsec_pump {
    macsec_secy *secy;
    pthread_mutex_t *lock;
    way ways[ENDS]; /* by the end they come from */
};

static void add(atomic_uint_least64_t *count, uint64_t more) {
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static uint64_t read_count(const atomic_uint_least64_t *count) {
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* ---------------------------------------------------------------- made and freed */

static end end_of(int fd) {
    struct stat status;
    return (end){.fd = fd, .is_socket = fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)};
}

static int way_make(way *w, int from, int to, macsec_batch_call *call) {
    const size_t out = (size_t)BATCH * (ROW + GROWS_BY);
    w->from = end_of(from);
    w->to = end_of(to);
    w->call = call;
    w->rows = malloc((size_t)BATCH * ROW);
    w->out.arena = malloc(out);
    w->out.capacity = (int64_t)out;
    macsec_outcome_columns(&w->out, w->wide, w->narrow, BATCH);
    w->in = (macsec_frames){
        .arena = w->rows, .start = w->start, .length = w->length, .wire_length = w->wire_length};
    return w->rows == NULL || w->out.arena == NULL;
}

macsec_pump *macsec_pump_new(macsec_secy *secy, uintptr_t lock, int clear, int wire) {
    macsec_pump *pump = calloc(1, sizeof *pump);
    if (pump == NULL)
        return NULL;
    pump->secy = secy;
    pump->lock = (pthread_mutex_t *)lock;
    if (way_make(&pump->ways[CLEAR], clear, wire, macsec_protect) |
        way_make(&pump->ways[WIRE], wire, clear, macsec_validate)) {
        macsec_pump_free(pump);
        return NULL;
    }
    return pump;
}

void macsec_pump_free(macsec_pump *pump) {
    if (pump == NULL)
        return;
    for (int from = 0; from < ENDS; from++) {
        free(pump->ways[from].rows);
        free(pump->ways[from].out.arena);
    }
    free(pump);
}

void macsec_pump_read(const macsec_pump *pump, int from_wire, macsec_pump_counts *told) {
    const counts *c = &pump->ways[from_wire ? WIRE : CLEAR].counts;
    *told = (macsec_pump_counts){
        .frames_in = read_count(&c->frames_in),
        .octets_in = read_count(&c->octets_in),
        .batches = read_count(&c->batches),
        .frames_out = read_count(&c->frames_out),
        .octets_out = read_count(&c->octets_out),
        .too_long = read_count(&c->too_long),
        .dropped = read_count(&c->dropped),
    };
}

/* ---------------------------------------------------------------- reading */

static uint8_t *row_of(const way *w, int at) {
    return w->rows + (size_t)at * ROW + VLAN_TAG;
}

static void take(way *w, int at, size_t length, size_t on_the_wire) {
    w->start[at] = (int64_t)(row_of(w, at) - w->rows);
    w->length[at] = (int64_t)length;
    w->wire_length[at] = (int64_t)on_the_wire;
}

/* Puts back the tag that the kernel took out of a frame. */
static void put_tag(way *w, int at, const struct tpacket_auxdata *told) {
    const int named = (told->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const unsigned tpid = named ? told->tp_vlan_tpid : 0x8100u, tci = told->tp_vlan_tci;
    const uint8_t tag[VLAN_TAG] = {(uint8_t)(tpid >> 8), (uint8_t)tpid, (uint8_t)(tci >> 8),
                                   (uint8_t)tci};
    uint8_t *frame = row_of(w, at);
    memmove(frame - VLAN_TAG, frame, ADDRESSES);
    memcpy(frame - VLAN_TAG + ADDRESSES, tag, VLAN_TAG);
    w->start[at] -= VLAN_TAG;
    w->length[at] += VLAN_TAG;
    w->wire_length[at] += VLAN_TAG;
}

static void restore_tag(way *w, int at, struct msghdr *message) {
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (c == NULL || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
        return;
    struct tpacket_auxdata told;
    memcpy(&told, CMSG_DATA(c), sizeof told);
    if ((told.tp_status & TP_STATUS_VLAN_VALID) != 0 && w->length[at] >= ADDRESSES)
        put_tag(w, at, &told);
}

static int interface_gone(const way *w) {
    struct sockaddr_ll at = {0};
    socklen_t length = sizeof at;
    return getsockname(w->from.fd, (struct sockaddr *)&at, &length) == 0 &&
           at.sll_family == AF_PACKET && at.sll_ifindex < 0;
}

/* 0 for an error that leaves the end as good as before. A packet socket tells once that its
   interface went down, and not that it went away after that: the loop has to look. */
static int reading_failed(way *w) {
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    if (errno != ENETDOWN)
        return errno;
    w->is_down = 1;
    return interface_gone(w) ? ENODEV : 0;
}

static int read_messages(way *w) {
    w->in.count = 0;
    for (int at = 0; at < BATCH; at++) {
        w->octets[at] = (struct iovec){row_of(w, at), FRAME_MAX};
        w->messages[at].msg_hdr = (struct msghdr){.msg_iov = &w->octets[at],
                                                  .msg_iovlen = 1,
                                                  .msg_control = w->told[at],
                                                  .msg_controllen = TOLD};
    }
    /* MSG_TRUNC: the length that a frame had, were it longer than its row. */
    const int count = recvmmsg(w->from.fd, w->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (count < 0)
        return reading_failed(w);
    for (int at = 0; at < count; at++) {
        const size_t length = w->messages[at].msg_len;
        if (length == 0) /* a pair whose other side was closed: no frame is that short */
            return ECONNRESET;
        take(w, at, length < FRAME_MAX ? length : FRAME_MAX, length);
        restore_tag(w, at, &w->messages[at].msg_hdr);
    }
    w->in.count = count;
    w->is_down = 0;
    return 0;
}

static int read_calls(way *w) {
    int at = 0;
    for (; at < BATCH; at++) {
        const ssize_t length = read(w->from.fd, row_of(w, at), FRAME_MAX);
        if (length < 0)
            break;
        take(w, at, (size_t)length, (size_t)length);
    }
    w->in.count = at;
    return at == BATCH ? 0 : reading_failed(w);
}

/* ---------------------------------------------------------------- writing */

/* The frame was lost at the end it was written to, and the next may go: a queue is full, the
   interface is down, a filter forbids it. */
static int is_drop(int error) {
    static const int drops[] = {ENOBUFS, ENETDOWN, EINVAL, EIO, ENOMEM, EPERM};
    for (size_t at = 0; at < sizeof drops / sizeof *drops; at++)
        if (error == drops[at])
            return 1;
    return 0;
}

/* What a write answered for the next frame: it waits, is counted as lost, or the end is broken. */
static int writing_failed(way *w, int *waits) {
    *waits = errno == EAGAIN;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    if (errno != EMSGSIZE && !is_drop(errno))
        return errno;
    add(errno == EMSGSIZE ? &w->counts.too_long : &w->counts.dropped, 1);
    w->written++;
    return 0;
}

static void sent(way *w, int frames) {
    uint64_t octets = 0;
    for (int64_t end_at = w->written + frames; w->written < end_at; w->written++)
        octets += (uint64_t)w->out.length[w->written];
    add(&w->counts.frames_out, (uint64_t)frames);
    add(&w->counts.octets_out, octets);
}

static int write_messages(way *w) {
    const int64_t first = w->written, rest = w->out.frames - first;
    for (int64_t at = 0; at < rest; at++) {
        w->octets[at] = (struct iovec){w->out.arena + w->out.start[first + at],
                                       (size_t)w->out.length[first + at]};
        w->messages[at].msg_hdr = (struct msghdr){.msg_iov = &w->octets[at], .msg_iovlen = 1};
    }
    int waits = 0;
    while (w->written < w->out.frames && !waits) {
        const int64_t done = w->written - first;
        const int count =
            sendmmsg(w->to.fd, w->messages + done, (unsigned)(rest - done), MSG_DONTWAIT);
        const int error = count < 0 ? writing_failed(w, &waits) : 0;
        if (error != 0)
            return error;
        if (count > 0)
            sent(w, count);
    }
    return 0;
}

static int write_calls(way *w) {
    int waits = 0;
    while (w->written < w->out.frames && !waits) {
        const uint8_t *frame = w->out.arena + w->out.start[w->written];
        const ssize_t count = write(w->to.fd, frame, (size_t)w->out.length[w->written]);
        const int error = count < 0 ? writing_failed(w, &waits) : 0;
        if (error != 0)
            return error;
        if (count >= 0)
            sent(w, 1);
    }
    return 0;
}

/* ---------------------------------------------------------------- the loop */

static int is_waiting(const way *w) {
    return w->written < w->out.frames;
}

static void count_in(way *w) {
    uint64_t octets = 0;
    for (int64_t at = 0; at < w->in.count; at++)
        octets += (uint64_t)w->length[at];
    add(&w->counts.frames_in, (uint64_t)w->in.count);
    add(&w->counts.octets_in, octets);
    add(&w->counts.batches, 1);
}

/* The batch that was read, through the SecY. It cannot fail: the arena has room for the longest. */
static void through_secy(macsec_pump *pump, way *w) {
    count_in(w);
    pthread_mutex_lock(pump->lock);
    (void)w->call(pump->secy, &w->in, &w->out);
    pthread_mutex_unlock(pump->lock);
    w->written = 0;
}

/* One step of a direction: what waits is written, or one batch read and written. The answer is the
   errno of the end that failed, negative for the wire's. */
static int step(macsec_pump *pump, way *w) {
    const int wire_writes = w == &pump->ways[CLEAR];
    if (!is_waiting(w)) {
        const int error = w->from.is_socket ? read_messages(w) : read_calls(w);
        if (error != 0)
            return wire_writes ? error : -error;
        if (w->in.count == 0)
            return 0;
        through_secy(pump, w);
    }
    const int error = w->to.is_socket ? write_messages(w) : write_calls(w);
    return wire_writes ? -error : error;
}

static struct pollfd awaited(const way *w) {
    return is_waiting(w) ? (struct pollfd){.fd = w->to.fd, .events = POLLOUT}
                         : (struct pollfd){.fd = w->from.fd, .events = POLLIN};
}

/* The interface below may come back, or be gone for good. */
static int look_below(const way *w) {
    return w->is_down && interface_gone(w) ? ENODEV : 0;
}

int macsec_pump_run(macsec_pump *pump, int stop) {
    way *ways = pump->ways;
    for (;;) {
        struct pollfd polled[1 + ENDS] = {
            {.fd = stop, .events = POLLIN}, awaited(&ways[CLEAR]), awaited(&ways[WIRE])};
        const int ready = poll(polled, 1 + ENDS, ways[WIRE].is_down ? LOOK_MS : -1);
        if (ready < 0 && errno != EINTR)
            return errno;
        if (polled[0].revents != 0)
            return 0;
        int failed = ready == 0 ? -look_below(&ways[WIRE]) : 0;
        for (int from = 0; from < ENDS && failed == 0; from++)
            failed = polled[1 + from].revents ? step(pump, &ways[from]) : 0;
        if (failed != 0)
            return failed;
    }
}
