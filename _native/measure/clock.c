/* Time stamp counter and monotonic clock; see clock.h. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 199309L /* clock_gettime under -std=c11 */
#endif

#include "measure/clock.h"

#include <time.h>

enum { NEARNESS = 16 }; /* attempts to read both clocks at nearly the same time */

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <cpuid.h>
#include <stdatomic.h>

/* CPUID 80000007H, EDX: the counter is invariant (Intel SDM volume 3B, 19.17.1). */
#define LEAF_POWER 0x80000007u
#define INVARIANT (1u << 8)

int macsec_clock_is_tsc(void) {
    static _Atomic int known; /* 0: not yet; 1: no; 2: yes */
    int found = atomic_load_explicit(&known, memory_order_relaxed);
    if (found == 0) {
        uint32_t a;
        uint32_t b;
        uint32_t c;
        uint32_t d;
        found = __get_cpuid(LEAF_POWER, &a, &b, &c, &d) && (d & INVARIANT) ? 2 : 1;
        atomic_store_explicit(&known, found, memory_order_relaxed);
    }
    return found == 2;
}

int64_t macsec_clock_ticks(void) {
    uint32_t low;
    uint32_t high;
    if (!macsec_clock_is_tsc()) {
        return monotonic_ns();
    }
    /* RDTSC may run out of order: put a fence on either side. */
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (int64_t)((uint64_t)high << 32 | low);
}

#else

int macsec_clock_is_tsc(void) {
    return 0;
}

int64_t macsec_clock_ticks(void) {
    return monotonic_ns();
}

#endif

typedef struct {
    int64_t ticks;
    int64_t ns;
} moment;

/* Read both clocks: of a few attempts, the one with the least time between the readings. */
static moment both(void) {
    moment nearest = {0, 0};
    int64_t least = INT64_MAX;
    for (int attempt = 0; attempt < NEARNESS; attempt++) {
        const int64_t before = macsec_clock_ticks();
        const int64_t ns = monotonic_ns();
        const int64_t after = macsec_clock_ticks();
        if (after - before < least) {
            least = after - before;
            nearest = (moment){before + least / 2, ns};
        }
    }
    return nearest;
}

double macsec_clock_ns_per_tick(int64_t for_ns) {
    if (!macsec_clock_is_tsc()) {
        return 1;
    }
    const moment from = both();
    moment to = from;
    while (to.ns - from.ns < for_ns || to.ticks == from.ticks) {
        to = both();
    }
    return (double)(to.ns - from.ns) / (double)(to.ticks - from.ticks);
}

int64_t macsec_clock_empty(int64_t rounds) {
    int64_t least = INT64_MAX;
    for (int64_t round = 0; round < rounds; round++) {
        const int64_t before = macsec_clock_ticks();
        const int64_t after = macsec_clock_ticks();
        if (after - before < least) {
            least = after - before;
        }
    }
    return least;
}

/* Compare two intervals: the time of the reading itself is in both, and may be several steps. */
int64_t macsec_clock_step(int64_t rounds) {
    int64_t least = INT64_MAX;
    int64_t former = 0;
    for (int64_t round = 0; round < rounds; round++) {
        const int64_t before = macsec_clock_ticks();
        const int64_t interval = macsec_clock_ticks() - before;
        const int64_t difference = interval > former ? interval - former : former - interval;
        if (round != 0 && difference != 0 && difference < least) {
            least = difference;
        }
        former = interval;
    }
    return least == INT64_MAX ? 1 : least;
}
