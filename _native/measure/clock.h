/* A clock for intervals of a few nanoseconds: the time stamp counter where it ticks evenly, else
   the monotonic clock. What stands between the markers is the cffi cdef too. */
#ifndef MACSEC_CLOCK_H
#define MACSEC_CLOCK_H

#include <stdint.h>

/* cdef: begin */
/* Whether ticks are those of an x86-64 time stamp counter that never stops or changes its pace; if
   not, a tick is a nanosecond. */
int macsec_clock_is_tsc(void);
/* Now. What was before is done, and what comes after has not begun. */
int64_t macsec_clock_ticks(void);
/* Nanoseconds of a tick, compared with the monotonic clock for so many nanoseconds. */
double macsec_clock_ns_per_tick(int64_t for_ns);
/* Ticks that pass between two readings with nothing between them: the fewest of `rounds`. */
int64_t macsec_clock_empty(int64_t rounds);
/* The steps in which the clock counts: the smallest difference of two such intervals. */
int64_t macsec_clock_step(int64_t rounds);
/* cdef: end */

#endif
