/* What a frame costs at a packet socket on each end of a cable, and what TCP costs at TAP devices
   alone: no MACsec here. `frame_cost.py` runs it.

   packets OCTETS SECONDS SENDS RECEIVES   files of two namespaces, each with the device `wire`
   relay SECONDS NEAR FAR                  a device `mw0` is made in each; TCP is the caller's */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ROW = 9216, LARGE = 1 << 17, QUEUE = 16 << 20, FORCE_RECEIVE = 33 };

static const int64_t NS_PER_S = 1000000000;
static atomic_int over;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * NS_PER_S + at.tv_nsec;
}

static void enter(const char *path) {
    const int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0) {
        fail(path);
    }
    close(namespace);
}

/* ---------------------------------------------------------------- packet sockets */

static int packet_socket(const char *path) {
    enter(path);
    const int fd = socket(AF_PACKET, SOCK_RAW, 0);
    const int on = 1, queue = QUEUE;
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(0x0003),
                             .sll_ifindex = (int)if_nametoindex("wire")};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, FORCE_RECEIVE, &queue, sizeof queue) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        fail("packet socket");
    }
    return fd;
}

typedef struct end {
    int fd;
    size_t octets;
    int64_t frames, cpu_ns;
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    uint8_t aux[BATCH][64];
    uint8_t rows[BATCH][ROW];
} end;

static void make_batch(end *e, int receives) {
    for (int at = 0; at < BATCH; at++) {
        e->pieces[at] = (struct iovec){e->rows[at], receives ? ROW : e->octets};
        e->messages[at].msg_hdr = (struct msghdr){.msg_iov = &e->pieces[at], .msg_iovlen = 1};
        if (receives) {
            e->messages[at].msg_hdr.msg_control = e->aux[at];
            e->messages[at].msg_hdr.msg_controllen = sizeof e->aux[at];
        }
    }
}

static void *sends(void *context) {
    end *e = context;
    for (int at = 0; at < BATCH; at++) {
        memset(e->rows[at], 0x02, 12);
        memcpy(e->rows[at] + 12, "\x88\xe5", 2);
    }
    make_batch(e, 0);
    while (!atomic_load(&over)) {
        const int count = sendmmsg(e->fd, e->messages, BATCH, 0);
        e->frames += count > 0 ? count : 0;
    }
    e->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static void *receives(void *context) {
    end *e = context;
    while (!atomic_load(&over)) {
        struct pollfd polled = {.fd = e->fd, .events = POLLIN};
        poll(&polled, 1, 10);
        make_batch(e, 1);
        const int count = recvmmsg(e->fd, e->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
        e->frames += count > 0 ? count : 0;
    }
    e->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static void run_threads(void *(*one)(void *), void *a, void *(*two)(void *), void *b, int seconds) {
    pthread_t threads[2];
    if (pthread_create(&threads[0], NULL, two, b) != 0 ||
        pthread_create(&threads[1], NULL, one, a) != 0) {
        fail("thread");
    }
    sleep((unsigned)seconds);
    atomic_store(&over, 1);
    for (int at = 0; at < 2; at++) {
        pthread_join(threads[at], NULL);
    }
}

static int packets(char **words) {
    static end near, far;
    near.octets = strtoul(words[0], NULL, 10);
    near.fd = packet_socket(words[2]);
    far.fd = packet_socket(words[3]);
    run_threads(sends, &near, receives, &far, atoi(words[1]));
    printf("{\"sent\": %lld, \"send_ns\": %.1f, \"received\": %lld, \"receive_ns\": %.1f}\n",
           (long long)near.frames, (double)near.cpu_ns / (double)near.frames, (long long)far.frames,
           (double)far.cpu_ns / (double)far.frames);
    return 0;
}

/* ---------------------------------------------------------------- TAP devices */

typedef struct way {
    int from, to;
    int64_t reads, octets, cpu_ns;
    uint8_t segment[LARGE];
} way;

static int tap_device(const char *path) {
    enter(path);
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    memcpy(request.ifr_name, "mw0", sizeof "mw0");
    const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    const unsigned long offers = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 || ioctl(fd, TUNSETOFFLOAD, offers) != 0) {
        fail("TAP device");
    }
    return fd;
}

static void *relays(void *context) {
    way *w = context;
    while (!atomic_load(&over)) {
        struct pollfd polled = {.fd = w->from, .events = POLLIN};
        if (poll(&polled, 1, 10) != 1) {
            continue;
        }
        const ssize_t octets = read(w->from, w->segment, LARGE);
        if (octets > 0 && write(w->to, w->segment, (size_t)octets) == octets) {
            w->reads++;
            w->octets += octets;
        }
    }
    w->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

/* Make both devices, say so, and move segments as they are, both ways. */
static int relay(char **words) {
    static way out, back;
    out.from = back.to = tap_device(words[1]);
    out.to = back.from = tap_device(words[2]);
    printf("ready\n");
    fflush(stdout);
    run_threads(relays, &out, relays, &back, atoi(words[0]));
    printf("{\"segments\": %lld, \"octets\": %lld, \"cpu_ns\": %lld}\n", (long long)out.reads,
           (long long)out.octets, (long long)(out.cpu_ns + back.cpu_ns));
    return 0;
}

int main(int count, char **words) {
    if (count == 6 && strcmp(words[1], "packets") == 0) {
        return packets(words + 2);
    }
    if (count == 5 && strcmp(words[1], "relay") == 0) {
        return relay(words + 2);
    }
    fprintf(stderr, "see the head of %s\n", __FILE__);
    return 2;
}
