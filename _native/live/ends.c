/* Read and write frames in batches. */
#define _GNU_SOURCE

#include "live/ends.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/octets.h"
#include "live/tap.h"

enum {
    BATCH = MACSEC_ENDS_BATCH,
    ADDRESSES = 12,
    VLAN_TAG = 4, /* room before a frame: the kernel delivers the outermost tag apart from it */
    FRAME_MAX = MACSEC_ENDS_FRAME_MAX,
    ROW = MACSEC_ENDS_ROW,
    LINE = 64, /* of a cache */
    LARGE = sizeof(macsec_offload) + FRAME_MAX,
};

_Static_assert(ROW >= VLAN_TAG + FRAME_MAX, "a tag and the longest frame");
_Static_assert(sizeof(struct tpacket_auxdata) <= MACSEC_ENDS_AUX, "auxiliary data of the kernel");

static macsec_end end_of(int fd) {
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) {
        return (macsec_end){.fd = fd, .kind = MACSEC_END_SOCKET};
    }
    if (!macsec_tap_has_offloads(fd)) {
        return (macsec_end){.fd = fd, .kind = MACSEC_END_DEVICE};
    }
    const int datagrams = macsec_tap_offer(fd);
    return (macsec_end){.fd = fd, .kind = MACSEC_END_OFFLOADS, .datagrams = datagrams};
}

static void add(atomic_uint_least64_t *count, uint64_t more) {
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

macsec_status macsec_intake_make(macsec_intake *w, int fd) {
    w->from = end_of(fd);
    w->rows = malloc((size_t)BATCH * ROW);
    w->large = w->from.kind == MACSEC_END_OFFLOADS ? malloc(LARGE) : NULL;
    w->cut = (macsec_cut){.whole = 1};
    w->in = (macsec_frames){
        .arena = w->rows, .start = w->start, .length = w->length, .wire_length = w->wire_length};
    const int lacks = w->rows == NULL || (w->large == NULL && w->from.kind == MACSEC_END_OFFLOADS);
    return lacks ? MACSEC_STATUS_NO_MEMORY : MACSEC_STATUS_DONE;
}

void macsec_intake_free(macsec_intake *w) {
    free(w->rows);
    free(w->large);
}

void macsec_outlet_make(macsec_outlet *w, int fd) {
    w->to = end_of(fd);
}

/* ---------------------------------------------------------------- reading */

static uint8_t *row_of(const macsec_intake *w, int at) {
    return w->rows + (size_t)at * ROW + VLAN_TAG;
}

static void take(macsec_intake *w, int at, size_t length, size_t on_the_wire) {
    w->start[at] = (int64_t)(row_of(w, at) - w->rows);
    w->length[at] = (int64_t)length;
    w->wire_length[at] = (int64_t)on_the_wire;
}

/* Put back the tag that the kernel removed from a frame. */
static void put_tag(macsec_intake *w, int at, const struct tpacket_auxdata *aux) {
    const int named = (aux->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const uint16_t tpid = named ? aux->tp_vlan_tpid : 0x8100;
    uint8_t *frame = row_of(w, at);
    memmove(frame - VLAN_TAG, frame, ADDRESSES);
    store_be16(frame - VLAN_TAG + ADDRESSES, tpid);
    store_be16(frame - VLAN_TAG + ADDRESSES + 2, aux->tp_vlan_tci);
    w->start[at] -= VLAN_TAG;
    w->length[at] += VLAN_TAG;
    w->wire_length[at] += VLAN_TAG;
}

static void restore_tag(macsec_intake *w, int at, struct msghdr *message) {
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (c == NULL || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) {
        return;
    }
    struct tpacket_auxdata aux;
    memcpy(&aux, CMSG_DATA(c), sizeof aux);
    if ((aux.tp_status & TP_STATUS_VLAN_VALID) != 0 && w->length[at] >= ADDRESSES) {
        put_tag(w, at, &aux);
    }
}

int macsec_intake_gone(const macsec_intake *w) {
    struct sockaddr_ll at = {0};
    socklen_t length = sizeof at;
    return getsockname(w->from.fd, (struct sockaddr *)&at, &length) == 0 &&
           at.sll_family == AF_PACKET && at.sll_ifindex < 0;
}

/* Return 0 for an error that leaves the end usable, else the errno. A packet socket reports once
   that its interface is down, and does not report that it was deleted later: the loop has to check.
   */
static int reading_failed(macsec_intake *w) {
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    if (errno != ENETDOWN) {
        return errno;
    }
    w->is_down = 1;
    return macsec_intake_gone(w) ? ENODEV : 0;
}

static int read_messages(macsec_intake *w) {
    w->in.count = 0;
    for (int at = 0; at < BATCH; at++) {
        w->octets[at] = (struct iovec){row_of(w, at), FRAME_MAX};
        w->messages[at].msg_hdr = (struct msghdr){.msg_iov = &w->octets[at],
                                                  .msg_iovlen = 1,
                                                  .msg_control = w->aux[at],
                                                  .msg_controllen = sizeof w->aux[at]};
    }
    /* MSG_TRUNC: return the whole length of a frame that is longer than its row. */
    const int count = recvmmsg(w->from.fd, w->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (count < 0) {
        return reading_failed(w);
    }
    for (int at = 0; at < count; at++) {
        const size_t length = w->messages[at].msg_len;
        if (length == 0) { /* the other side of a pair was closed: no frame is that short */
            return ECONNRESET;
        }
        take(w, at, length < FRAME_MAX ? length : FRAME_MAX, length);
        restore_tag(w, at, &w->messages[at].msg_hdr);
    }
    w->in.count = count;
    w->is_down = 0;
    return 0;
}

static int read_calls(macsec_intake *w) {
    int at = 0;
    for (; at < BATCH; at++) {
        const ssize_t length = read(w->from.fd, row_of(w, at), FRAME_MAX);
        if (length < 0) {
            break;
        }
        take(w, at, (size_t)length, (size_t)length);
    }
    w->in.count = at;
    return at == BATCH ? 0 : reading_failed(w);
}

/* Read the next large segment or frame. Return 0, or -1 with errno. */
static int read_large(macsec_intake *w) {
    const ssize_t octets = read(w->from.fd, w->large, LARGE);
    if (octets < 0) {
        return -1;
    }
    if ((size_t)octets < sizeof(macsec_offload)) {
        errno = EIO;
        return -1;
    }
    macsec_offload offload;
    memcpy(&offload, w->large, sizeof offload);
    macsec_cut_begin(&w->cut, &offload, w->large + sizeof offload, (size_t)octets - sizeof offload);
    return 0;
}

/* Cut large segments into frames, one behind the other; the rest of the last one stays. */
static int read_offloads(macsec_intake *w) {
    int64_t end = 0;
    int at = 0;
    while (at < BATCH && (macsec_intake_ready(w) || read_large(w) == 0)) {
        const size_t length = macsec_cut_next_length(&w->cut);
        macsec_cut_next(&w->cut, w->rows + end);
        w->start[at] = end;
        w->length[at] = w->wire_length[at] = (int64_t)length;
        end += (int64_t)((length + LINE - 1) / LINE * LINE);
        at++;
    }
    w->in.count = at;
    return at == BATCH ? 0 : reading_failed(w);
}

int macsec_intake_read(macsec_intake *w) {
    return w->from.kind == MACSEC_END_SOCKET   ? read_messages(w)
           : w->from.kind == MACSEC_END_DEVICE ? read_calls(w)
                                               : read_offloads(w);
}

/* ---------------------------------------------------------------- writing */

/* Return 1 for an errno that means: this frame is lost, the next may be written. A queue is full,
   the interface is down, or a filter forbids the frame. */
static int is_drop(int error) {
    static const int drops[] = {ENOBUFS, ENETDOWN, EINVAL, EIO, ENOMEM, EPERM};
    for (size_t at = 0; at < sizeof drops / sizeof *drops; at++) {
        if (error == drops[at]) {
            return 1;
        }
    }
    return 0;
}

/* Handle the errno of a write: the next `frames` wait, are counted as lost, or the end is broken.
 */
static int writing_failed(macsec_outlet *w, int64_t frames, int *waits) {
    *waits = errno == EAGAIN;
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    if (errno != EMSGSIZE && !is_drop(errno)) {
        return errno;
    }
    add(errno == EMSGSIZE ? &w->too_long : &w->dropped, (uint64_t)frames);
    w->written += frames;
    return 0;
}

static void sent(macsec_outlet *w, int64_t frames) {
    uint64_t octets = 0;
    for (int64_t end_at = w->written + frames; w->written < end_at; w->written++) {
        octets += (uint64_t)w->length[w->written];
    }
    add(&w->frames_out, (uint64_t)frames);
    add(&w->octets_out, octets);
}

static int write_messages(macsec_outlet *w) {
    const int64_t first = w->written, rest = w->frames - first;
    for (int64_t at = 0; at < rest; at++) {
        w->octets[at] =
            (struct iovec){w->arena + w->start[first + at], (size_t)w->length[first + at]};
        w->messages[at].msg_hdr = (struct msghdr){.msg_iov = &w->octets[at], .msg_iovlen = 1};
    }
    int waits = 0;
    while (w->written < w->frames && !waits) {
        const int64_t done = w->written - first;
        const int count =
            sendmmsg(w->to.fd, w->messages + done, (unsigned)(rest - done), MSG_DONTWAIT);
        const int error = count < 0 ? writing_failed(w, 1, &waits) : 0;
        if (error != 0) {
            return error;
        }
        if (count > 0) {
            sent(w, count);
        }
    }
    return 0;
}

static int write_calls(macsec_outlet *w) {
    int waits = 0;
    while (w->written < w->frames && !waits) {
        const uint8_t *frame = w->arena + w->start[w->written];
        const ssize_t count = write(w->to.fd, frame, (size_t)w->length[w->written]);
        const int error = count < 0 ? writing_failed(w, 1, &waits) : 0;
        if (error != 0) {
            return error;
        }
        if (count >= 0) {
            sent(w, 1);
        }
    }
    return 0;
}

/* Gather a large segment, or a frame alone. Return the number of pieces. */
static int gather(macsec_outlet *w) {
    macsec_group *g = &w->group;
    w->octets[0] = (struct iovec){&g->offload, sizeof g->offload + g->head_octets};
    for (int64_t at = 0; at < g->frames; at++) {
        const int64_t row = w->written + at;
        w->octets[1 + at] = (struct iovec){w->arena + w->start[row] + g->payload,
                                           (size_t)w->length[row] - g->payload};
    }
    return (int)g->frames + 1;
}

static int write_offloads(macsec_outlet *w) {
    int waits = 0;
    while (w->written < w->frames && !waits) {
        macsec_coalesce(&w->group, w->arena, w->start, w->length, w->written, w->frames,
                        w->to.datagrams);
        const ssize_t count = writev(w->to.fd, w->octets, gather(w));
        const int error = count < 0 ? writing_failed(w, w->group.frames, &waits) : 0;
        if (error != 0) {
            return error;
        }
        if (count >= 0) {
            sent(w, w->group.frames);
        }
    }
    return 0;
}

int macsec_outlet_write(macsec_outlet *w) {
    return w->to.kind == MACSEC_END_SOCKET   ? write_messages(w)
           : w->to.kind == MACSEC_END_DEVICE ? write_calls(w)
                                             : write_offloads(w);
}
