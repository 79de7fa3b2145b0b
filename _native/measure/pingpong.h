/* Round trips of datagrams, timed by the clock of the host: the sender and the echo. */
#ifndef MACSEC_PINGPONG_H
#define MACSEC_PINGPONG_H

#include <stdint.h>

#include "measure/histogram.h"

/* cdef: begin */

/* `octets` of each datagram, at least 8. One is due every `every_ns`; its answer may take up to
   `patience_ns`. */
typedef struct macsec_ping_plan {
    int64_t count;
    int64_t octets;
    int64_t every_ns;
    int64_t patience_ns;
} macsec_ping_plan;

/* Send on a connected socket, and record the time from when each datagram was due until its answer.
   Return the number of datagrams without an answer, or -errno where the socket failed. */
int64_t macsec_ping_run(int fd, const macsec_ping_plan *plan, macsec_histogram *histogram);

/* Answer with the same octets until `stop` (an eventfd) can be read. Return 0 or an errno. */
int macsec_echo_run(int fd, int stop);

/* cdef: end */
#endif
