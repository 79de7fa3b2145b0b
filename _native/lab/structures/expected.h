/* Frames that a host expects, each with the times at which equal ones were sent: a table by CRC and
   octets. */
#ifndef MACSEC_LAB_EXPECTED_H
#define MACSEC_LAB_EXPECTED_H

#include <stdint.h>

#include "lab/structures/frame.h"

/* Equal frames that were sent and have not arrived: `flow` is that of the first of them. */
typedef struct awaited {
    struct awaited *next; /* in the row, or in the list of free ones */
    lab_frame *frame;
    int64_t *later_ps; /* the times behind the first: a queue */
    int64_t first_ps;
    uint32_t flow;
    uint32_t later_from, later_to, later_room;
} awaited;

typedef struct expected {
    awaited **rows;
    awaited *free;
    uint64_t count, mask;
} expected;

/* Expect a frame that is sent at a time. Return 0 where memory is short. */
int macsec_expected_add(expected *table, lab_frame *f, uint32_t flow, int64_t time_ps);

/* Return 1 if a frame equal to this one is expected, with its flow and the time of the oldest,
   which is expected no more. */
int macsec_expected_take(expected *table, frame_pool *pool, lab_frame *f, uint32_t *flow,
                         int64_t *time_ps);
void macsec_expected_free(expected *table, frame_pool *pool);

#endif
