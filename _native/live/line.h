/* A line: a virtual wire in real time, between two ends that carry frames as they are on the wire.

   What comes in at one end goes out at the other when the calendar of that direction says, or not
   at all. Times are those of a clock that the caller may give, so that tests need none. */
#ifndef MACSEC_LINE_H
#define MACSEC_LINE_H

#include <stdint.h>

#include "wire/calendar.h"

/* cdef: begin */

/* What no calendar counts. `dropped`: arrived, and the end it went to refused it. `refused`: not
   taken from the wire's end, since it was longer than a frame can be. */
typedef struct macsec_line_counts {
    uint64_t dropped;
    uint64_t refused;
} macsec_line_counts;

typedef struct macsec_line macsec_line;

/* From end `a` to end `b` by the wire `a2b`, and back by `b2a`; all stay the caller's, and outlive
   the line. NULL: out of memory. */
macsec_line *macsec_line_new(macsec_wire *a2b, macsec_wire *b2a, int a, int b);
void macsec_line_free(macsec_line *line);

/* One round at a time in ps since the line began: what is there is taken in, what is due goes out.
   The answer is 0, or the errno of the end that failed. */
int macsec_line_step(macsec_line *line, int64_t now_ps);

/* Rounds until `stop` (an eventfd) can be read: then 0. Else the errno of the end that failed. */
int macsec_line_run(macsec_line *line, int stop);

/* What a direction (0: a to b) did, at any time, from any thread. */
void macsec_line_read(macsec_line *line, int direction, macsec_wire_stats *stats,
                      macsec_line_counts *counts);

/* cdef: end */
#endif
