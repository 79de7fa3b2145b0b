/* A clock for intervals of a few nanoseconds: the time stamp counter where it ticks evenly, else
   the monotonic clock. The declarations between the markers are cffi's too. */
#ifndef MACSEC_CLOCK_H
#define MACSEC_CLOCK_H

#include <stdint.h>

/* cdef: begin */
/* Return 1 if ticks are those of an x86-64 time stamp counter that never stops or changes its rate;
   else a tick is a nanosecond. */
int macsec_clock_is_tsc(void);
/* Return the time in ticks. Earlier instructions are complete, and later ones have not started. */
int64_t macsec_clock_ticks(void);
/* Return the nanoseconds of a tick, compared with the monotonic clock for `for_ns` nanoseconds. */
double macsec_clock_ns_per_tick(int64_t for_ns);
/* Return the ticks between two readings with nothing between them: the fewest of `rounds`. */
int64_t macsec_clock_empty(int64_t rounds);
/* Return the step of the clock in ticks: the smallest difference between two such intervals. */
int64_t macsec_clock_step(int64_t rounds);
/* cdef: end */

#endif
