/* Round trips. Due times are absolute: a late answer makes the next datagrams late too, and none is
   left out (no coordinated omission). */
#define _GNU_SOURCE

#include "measure/pingpong.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { LONGEST = 65536, SPIN_NS = 60000 };

static const int64_t NS_PER_S = 1000000000;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Sleep, and spin for the rest: a thread that sleeps wakes up late. */
static void wait_until(int64_t due_ns) {
    const int64_t early = due_ns - SPIN_NS;
    if (now_ns() < early) {
        const struct timespec until = {.tv_sec = early / NS_PER_S, .tv_nsec = early % NS_PER_S};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    while (now_ns() < due_ns) {
    }
}

/* Return 1 if the answer with this number arrives in time, 0 if not, or -errno. Skip others. */
static int answered(int fd, int64_t number, int64_t until_ns, uint8_t *octets) {
    for (;;) {
        const ssize_t length = recv(fd, octets, LONGEST, MSG_DONTWAIT);
        if (length >= (ssize_t)sizeof number && memcmp(octets, &number, sizeof number) == 0) {
            return 1;
        }
        if (length >= 0) {
            continue;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) {
            return -errno;
        }
        const int64_t rest = until_ns - now_ns();
        if (rest <= 0) {
            return 0;
        }
        const struct timespec limit = {.tv_sec = rest / NS_PER_S, .tv_nsec = rest % NS_PER_S};
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        ppoll(&polled, 1, &limit, NULL);
    }
}

int64_t macsec_ping_run(int fd, const macsec_ping_plan *plan, macsec_histogram *histogram) {
    static _Thread_local uint8_t octets[LONGEST];
    int64_t lost = 0;
    prctl(PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L);
    int64_t due = now_ns() + plan->every_ns;
    for (int64_t number = 0; number < plan->count; number++, due += plan->every_ns) {
        memset(octets, 0, (size_t)plan->octets);
        memcpy(octets, &number, sizeof number);
        wait_until(due);
        if (send(fd, octets, (size_t)plan->octets, 0) < 0 && errno != ECONNREFUSED &&
            errno != ENOBUFS) {
            return -errno;
        }
        const int came = answered(fd, number, now_ns() + plan->patience_ns, octets);
        if (came < 0) {
            return came;
        }
        if (came) {
            macsec_histogram_record(histogram, now_ns() - due, 1);
        } else {
            lost++;
        }
    }
    return lost;
}

int macsec_echo_run(int fd, int stop) {
    static _Thread_local uint8_t octets[LONGEST];
    for (;;) {
        struct pollfd polled[] = {{.fd = stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (poll(polled, 2, -1) < 0 && errno != EINTR) {
            return errno;
        }
        if (polled[0].revents != 0) {
            return 0;
        }
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        const ssize_t length =
            recvfrom(fd, octets, LONGEST, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (length >= 0) {
            (void)sendto(fd, octets, (size_t)length, 0, (struct sockaddr *)&from, size);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) {
            return errno;
        }
    }
}
