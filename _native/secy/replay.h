/* PN recovery and replay protection of one receive SA: the twin of macsec/secy/replay_check.py
   (10.6.2, 10.6.4, 10.6.5).

   `last` is nextPN - 1, and `floor` is lowestPN - 1: a PN above the floor is acceptable. */
#ifndef MACSEC_REPLAY_H
#define MACSEC_REPLAY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/inlining.h"
#include "base/status.h"

typedef struct replay_window {
    uint64_t last;
    uint64_t floor;
    uint64_t *seen; /* RFC 6479 bitmap with duplicates: reject, else NULL */
    uint64_t words; /* a power of two */
} replay_window;

typedef struct replay_rule {
    uint32_t window;
    uint8_t xpn;
    uint8_t from_next_pn; /* the profile's window_from_next_pn */
    uint8_t reject_duplicates;
} replay_rule;

static inline int replay_same_half(uint32_t a, uint32_t b) {
    return !((a ^ b) >> 31);
}

static inline uint32_t replay_lowest_half(const replay_rule *rule, const replay_window *w) {
    uint32_t next = (uint32_t)(w->last + 1);
    return next >= rule->window ? next - rule->window : 0;
}

static ALWAYS_INLINE uint64_t replay_recover(const replay_rule *rule, const replay_window *w,
                                             uint32_t field) {
    if (!rule->xpn) {
        return field;
    }
    uint64_t base = (rule->from_next_pn ? w->last : w->floor) + 1;
    uint32_t upper = (uint32_t)(base >> 32), lower = (uint32_t)base;
    if (rule->from_next_pn ? field < lower && !replay_same_half(field, lower)
                           : lower >> 31 && !(field >> 31)) {
        upper++;
    }
    return (uint64_t)upper << 32 | field;
}

static inline int replay_was_seen(const replay_window *w, uint64_t pn) {
    if (pn > w->last) {
        return 0;
    }
    return w->seen[(pn >> 6) & (w->words - 1)] >> (pn & 63) & 1;
}

static ALWAYS_INLINE int replay_late(const replay_rule *rule, const replay_window *w, uint64_t pn) {
    if (!rule->from_next_pn) {
        return pn <= w->floor || (rule->reject_duplicates && replay_was_seen(w, pn));
    }
    uint32_t low = (uint32_t)pn, lowest = replay_lowest_half(rule, w);
    if (low >= lowest) {
        return 0;
    }
    return !rule->xpn || replay_same_half((uint32_t)(w->last + 1), low) ||
           replay_same_half(lowest, low);
}

/* 10.6.5 takes a PN of zero as the one after the last PN. */
static ALWAYS_INLINE int replay_delayed(const replay_rule *rule, const replay_window *w,
                                        uint64_t pn) {
    if (rule->from_next_pn) {
        return (uint32_t)pn < replay_lowest_half(rule, w);
    }
    return pn != 0 && pn <= w->floor;
}

/* Raise `last`, and clear the words of the bitmap that are used again. */
static ALWAYS_INLINE void replay_raise_last(replay_window *w, uint64_t pn) {
    if (pn <= w->last) {
        return;
    }
    if (w->seen != NULL) {
        uint64_t steps = (pn >> 6) - (w->last >> 6);
        for (uint64_t i = 1; i <= steps && i <= w->words; i++) {
            w->seen[((w->last >> 6) + i) & (w->words - 1)] = 0;
        }
    }
    w->last = pn;
}

static ALWAYS_INLINE void replay_advance_from_next(const replay_rule *rule, replay_window *w,
                                                   uint64_t pn) {
    uint64_t next = w->last + 1;
    uint32_t upper = (uint32_t)(next >> 32), lower = (uint32_t)next, after = (uint32_t)pn + 1;
    if (after <= lower) {
        if (!rule->xpn || replay_same_half(after, lower)) {
            return;
        }
        upper++;
    }
    w->last = ((uint64_t)upper << 32 | after) - 1;
}

/* Record a PN whose ICV was good. */
static ALWAYS_INLINE void replay_advance(const replay_rule *rule, replay_window *w, uint64_t pn) {
    if (rule->from_next_pn) {
        replay_advance_from_next(rule, w, pn);
        return;
    }
    replay_raise_last(w, pn);
    if (w->last >= rule->window && w->last - rule->window > w->floor) {
        w->floor = w->last - rule->window;
    }
    if (w->seen != NULL) {
        w->seen[(pn >> 6) & (w->words - 1)] |= (uint64_t)1 << (pn & 63);
    }
}

static inline void replay_forget_seen(replay_window *w) {
    free(w->seen);
    w->seen = NULL;
}

/* Give a window a bitmap that covers `window` PNs, with the PNs seen so far. */
static inline macsec_status replay_keep_seen(replay_window *w, uint32_t window) {
    uint64_t words = 2;
    while (words * 64 < (uint64_t)window + 128) {
        words *= 2;
    }
    if (w->seen != NULL && w->words >= words) {
        return MACSEC_STATUS_DONE;
    }
    uint64_t *seen = calloc(words, sizeof *seen);
    if (seen == NULL) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    for (uint64_t pn = w->floor + 1; w->seen != NULL && pn <= w->last && pn != 0; pn++) {
        if (replay_was_seen(w, pn)) {
            seen[(pn >> 6) & (words - 1)] |= (uint64_t)1 << (pn & 63);
        }
    }
    free(w->seen);
    w->seen = seen;
    w->words = words;
    return MACSEC_STATUS_DONE;
}

#endif
