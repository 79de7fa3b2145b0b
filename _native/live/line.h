/* A line: a virtual wire in real time, between two ends that carry frames as they are on the wire.

   A frame from one end is sent at the other when the calendar of that direction says so, or
   dropped. The caller may give the time, so that tests need no clock. */
#ifndef MACSEC_LINE_H
#define MACSEC_LINE_H

#include <stdint.h>

#include "base/status.h"
#include "wire/calendar.h"

/* cdef: begin */

/* Counts that no calendar has. `dropped`: arrived, but the end refused the frame. `refused`: longer
   than a frame can be, so it was not sent on the wire. */
typedef struct macsec_line_counts {
    uint64_t dropped;
    uint64_t refused;
} macsec_line_counts;

typedef struct macsec_line macsec_line;

/* Make a line, or return NULL where memory is short. Frames from end `a` take the wire `a2b`, those
   from end `b` the wire `b2a`. Ends and wires belong to the caller, and have to outlive the line.
   */
macsec_line *macsec_line_new(macsec_wire *a2b, macsec_wire *b2a, int a, int b);
void macsec_line_free(macsec_line *line);

/* Run one round at `now_ps` since the line began: read frames, and send all frames that are due.
   Returns 0, or an errno; `failed` says which end failed, NO_END: none, but memory is short or a
   frame would arrive after the end of time. */
int macsec_line_step(macsec_line *line, int64_t now_ps, macsec_which_end *failed);

/* Run rounds until `stop` (an eventfd) can be read. Returns as macsec_line_step() does. */
int macsec_line_run(macsec_line *line, int stop, macsec_which_end *failed);

/* Read the counts of a direction (0: a to b), at any time, from any thread. */
void macsec_line_read(macsec_line *line, int direction, macsec_wire_stats *stats,
                      macsec_line_counts *counts);

/* cdef: end */
#endif
